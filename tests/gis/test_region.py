"""The synthetic region: the same on every run, whole, said to be synthetic, and shaped as a prefecture is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely

import twin
from twin.errors import DataError
from twin.gis.gtfs import read_feed
from twin.gis.synthetic.region import region, write_region
from twin.model.schema import schema, validate
from twin.model.snap import snap_table

BUNDLED = Path(__file__).parents[2] / "gis_data" / "region"
AGES = ["age_0_2", "age_3_5", "age_6_11", "age_12_14", "age_15_59", "age_60"]


@pytest.fixture(scope="module")
def made():
    return region()


@pytest.fixture(scope="module")
def bundled():
    return twin.read(BUNDLED)


def test_the_bundled_folder_is_what_the_generator_makes(made, bundled):
    assert made.people == bundled.people
    for name, net in made.networks.items():
        other = bundled.network(name)
        np.testing.assert_allclose(net.x, other.x, atol=0.05)
        np.testing.assert_allclose(net.columns["length"], other.columns["length"], atol=0.05)
        assert (net.columns["class"] == other.columns["class"]).all()
    assert (made.facilities["id"] == bundled.facilities["id"]).all()
    assert (made.facilities["grade"] == bundled.facilities["grade"]).all()
    gap = shapely.distance(made.facilities.geometry.to_numpy(), bundled.facilities.geometry.to_numpy())
    assert gap.max() < 0.05
    np.testing.assert_array_equal(made.network("transit").timetable.arrive, bundled.network("transit").timetable.arrive)
    assert set(made.layers) == set(bundled.layers)


def test_another_seed_founds_other_villages_on_the_same_plan(made):
    other = region(2)
    assert list(other.table("villages")["name"]) != list(made.table("villages")["name"])
    assert list(other.table("districts")["name"]) == list(made.table("districts")["name"])


def test_it_is_small_and_says_that_it_is_synthetic(bundled):
    assert sum(path.stat().st_size for path in BUNDLED.rglob("*") if path.is_file()) < 1.5e6
    about = bundled.about
    assert about.synthetic
    assert "no real place" in about.description
    for name in ("facilities", "population", *bundled.networks, *bundled.layers):
        assert about.sources[name].source.startswith("synthetic"), name
    assert "This region is synthetic" in (BUNDLED / "README.md").read_text(encoding="utf-8")
    west, south, east, north = shapely.bounds(bundled.land())
    assert 166_000 < west < east < 834_000  # within the zone of EPSG:32631,
    assert 0 < south < north < 400_000  # and south of the coast of Togo at 6 degrees north: the open sea


def test_tables_keep_to_the_schema_and_groups_sum_to_people(bundled):
    for name in ("facilities", "population"):
        validate(getattr(bundled, name), name)
    for name, layer in bundled.layers.items():
        if name in schema():
            validate(layer, name)
        assert "geometry" not in layer.columns or layer.geometry.is_valid.all(), name
    people = bundled.population
    np.testing.assert_array_equal(people[AGES].sum(axis=1), people["people"])
    villages = bundled.table("villages")
    assert people["rural"].sum() == villages["people"].sum()


def test_units_hold_their_seats_towns_and_villages(bundled):
    districts = bundled.table("districts").set_index("id")
    assert list(districts["rank"]) == ["prefecture", "county", "county"]
    whole = shapely.union_all(districts.geometry.to_numpy())
    assert shapely.area(shapely.symmetric_difference(whole, bundled.land())) < 1e-3 * shapely.area(whole)
    towns = bundled.table("townships")
    for layer in (towns, bundled.table("villages")):
        inside = shapely.intersection(layer.geometry.to_numpy(), districts.geometry[layer["unit"]].to_numpy())
        np.testing.assert_allclose(shapely.area(inside), shapely.area(layer.geometry.to_numpy()), rtol=1e-4)
    assert shapely.area(towns.geometry.to_numpy()).sum() == pytest.approx(shapely.area(whole), rel=1e-3)
    halls = bundled.facilities[bundled.facilities["kind"] == "town_hall"]
    assert sorted(halls["grade"]) == ["county", "county", "prefecture"]


def test_the_expressway_is_entered_at_its_interchanges_only(bundled):
    net = bundled.network("drive")
    kind = net.columns["class"].astype(str)
    ends = {
        name: set(net.graph.tail[kind == name]) | set(net.graph.head[kind == name])
        for name in ("motorway", "motorway_link")
    }
    roads = ~np.isin(kind, ["motorway", "motorway_link"])
    others = set(net.graph.tail[roads]) | set(net.graph.head[roads])
    assert not ends["motorway"] & others
    assert len(ends["motorway"] & ends["motorway_link"]) == len(ends["motorway_link"] & others) == 4
    assert net.columns["fixed"][~roads].all()


def test_everything_hangs_on_a_street_and_all_roads_are_one_network(bundled):
    for name in ("walk", "drive"):
        net = bundled.network(name)
        assert len(np.unique(net.graph.parts)) == 1
        for table in (bundled.population, bundled.facilities):
            lost = np.setdiff1d(np.arange(len(table)), snap_table(net, table).index)
            kinds = set(table["kind"].iloc[lost]) if "kind" in table.columns else set(lost)
            assert not kinds, (name, kinds)


def test_the_feed_is_clean_and_calls_at_every_village(bundled):
    feed = read_feed(BUNDLED / "gtfs.zip", bundled.crs)
    assert not len(feed.problems)
    modes = feed.timetable.lines["mode"].value_counts()
    assert modes["rail"] == 1
    assert modes["bus"] >= 20
    stations = bundled.facilities[bundled.facilities["kind"] == "rail_station"]
    assert set(stations["grade"]) == {"high-speed", "conventional"}


def test_a_folder_of_something_else_is_not_replaced(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(DataError, match="no city folder"):
        write_region(tmp_path)
