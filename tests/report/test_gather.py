"""From a study to the page: doubts, losses and the map, on cities whose numbers are known."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

import twin
from twin.gis.grid import grid_city
from twin.hazards import Blockage, Flood
from twin.interventions import AddFacility, CloseFacility
from twin.model import About, City, Source
from twin.report.gather import page_of


def study_of(city, *shocks, plans=()):
    return twin.study(city, plans, under=shocks, standards=["service-coverage", "parks"])


def test_verdicts_and_scenarios():
    done = study_of(grid_city(6), twin.Scenario("shut", CloseFacility("clinic")), plans=[twin.Scenario("as it is")])
    page = page_of(done)
    assert [card.label.en for card in page.scenarios] == ["as it is", "as it is + shut"]
    assert [text.zh for text in page.scenarios[1].changes] == ["关闭设施（设施：门诊部）"]
    assert len(page.verdicts) == 2 * len(page.clauses)
    assert {cell.status for cell in page.verdicts} <= {"pass", "fail", "value", "unknown", "not applicable"}
    assert page.city.people == 490
    assert page.city.area_km2 == pytest.approx(0.36)


def test_doubts_are_told():
    city = grid_city(6)
    far = gpd.GeoDataFrame({"id": ["hut"], "people": [7.0]}, geometry=[shapely.Point(5000, 5000)], crs=32631)
    city = city.with_columns("population", id=city.population["id"].astype(str)).with_rows("population", far)
    about = About(synthetic=True, sources={"population": Source(estimated=True, notes=("a guess",))})
    page = page_of(study_of(City(**{**vars(city), "about": about})))
    text = " ".join(doubt.en for doubt in page.doubts)
    assert "synthetic" in text
    assert "estimated, not counted (a guess)" in text
    assert "1 of 50 population points (7 people) lie more than 250 m from every walkable street" in text
    assert "clauses are unknown for want of data" in text
    assert all(doubt.zh for doubt in page.doubts)


def test_the_map_is_in_degrees_and_aligned():
    city = grid_city(6)
    water = gpd.GeoDataFrame({"depth": [0.5]}, geometry=[shapely.box(-50, 250, 999, 350)], crs=32631)
    plan = twin.Scenario("second clinic", AddFacility("clinic", at=(600.0, 600.0)))
    shocks = (twin.Scenario("flood", Flood(water)), twin.Scenario("storm", Blockage(share=0.1, seed=1)))
    done = study_of(city, *shocks, plans=[twin.Scenario("as it is"), plan])
    shown = page_of(done).map
    west, south, east, north = shown.bounds
    assert -1.6 < west < east < -1.4  # easting 0 m … 600 m of UTM zone 31 lies 4.5 degrees west of 3° E
    assert -0.001 < south < north < 0.01
    assert len(shown.points.lon) == 49
    assert set(shown.hazards) == {1, 4}
    assert set(shown.closed) == {1, 2, 4, 5}
    for (cell, clause), short in shown.unserved.items():
        assert np.array_equal(short, done.cells[cell].verdicts[clause].short)
    states = {f["properties"]["name"]: f["properties"]["open"] for f in shown.facilities["features"]}
    assert states["new clinic 4"] == "---111"  # not yet built, which is not closed
    assert states["Corner clinic"] == "111111"


def test_a_city_of_streets_alone():
    net = grid_city(3).networks["walk"]
    page = page_of(twin.study(twin.City.from_network(net), standards="all"))
    assert page.map is None
    assert {cell.status for cell in page.verdicts} <= {"unknown", "not applicable"}
    assert np.isnan(page.city.area_km2)
