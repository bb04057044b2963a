"""Seats, main roads, commuting, boundaries and villages, on a region of a few edges; every figure by hand."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

import twin
from twin.errors import DataError, MissingData
from twin.gis.grid import grid_city
from twin.measures import (
    across_within,
    areas_called,
    areas_joined,
    areas_within,
    commute_within,
    nearest_across,
    own_within,
    seats_within,
    share_within,
    time_between,
    time_to_road,
)
from twin.measures.region import with_line
from twin.model import City, Network

CRS = 32631
#: node: x [m]; a road along them: 0 -track- 1 -secondary- 2 -trunk- 3 -motorway_link- 4 -motorway- 5
X = [0.0, 1000.0, 3000.0, 6000.0, 6500.0, 9500.0]
KIND = ["track", "secondary", "trunk", "motorway_link", "motorway"]
TIME = [200.0, 160.0, 150.0, 45.0, 100.0]


def county(**columns):
    """A county seat at 1 km, the prefecture's at 5.5 km, a village at 0 km, a hospital of each grade at the seats."""
    edge = np.arange(5)
    kinds = {"class": np.array(KIND, dtype=object), "paved": [0.0, 1.0, 1.0, 1.0, 1.0]} | columns
    drive = Network.from_arrays(
        X,
        np.zeros(6),
        edge,
        edge + 1,
        crs=CRS,
        time=np.array(TIME),
        fixed=np.isin(KIND, ["motorway_link", "motorway"]),
        **kinds,
    )
    facilities = gpd.GeoDataFrame(
        {
            "id": ["h1", "h2", "k1", "k2", "s1"],
            "kind": ["town_hall", "town_hall", "hospital", "hospital", "convenience_store"],
            "grade": ["county", "prefecture", "secondary", "tertiary", ""],
        },
        geometry=shapely.points([1000.0, 6000.0, 2000.0, 6000.0, 0.0], np.zeros(5)),
        crs=CRS,
    )
    population = gpd.GeoDataFrame(
        {"id": [0, 1, 2], "people": [100.0, 300.0, 600.0]},
        geometry=shapely.points([0.0, 1000.0, 6000.0], np.zeros(3)),
        crs=CRS,
    )
    boxes = [shapely.box(-500, -500, 2999, 500), shapely.box(2999, -500, 10000, 500)]
    return City.build(
        "county",
        CRS,
        networks={"drive": drive, "walk": drive},
        facilities=facilities,
        population=population,
        layers={
            "boundary": gpd.GeoDataFrame({"id": [0]}, geometry=[shapely.union_all(boxes)], crs=CRS),
            "districts": gpd.GeoDataFrame({"id": [0, 1], "name": ["county", "city"]}, geometry=boxes, crs=CRS),
            "villages": gpd.GeoDataFrame(
                {"id": [0, 1], "name": ["far", "near"]},
                geometry=[shapely.box(-100, -50, 100, 50), shapely.box(1900, -50, 2100, 50)],
                crs=CRS,
            ),
        },
    )


def test_the_seat_to_the_gate_of_the_expressway_and_to_the_national_road():
    """From 1 km: 160 s of secondary and 150 s of trunk to the ramp's foot; the trunk road begins after 160 s."""
    city = county()
    assert time_to_road(city, facility="town_hall", grade="county", classes=["motorway"]).value == 310.0
    assert time_to_road(city, facility="town_hall", grade="county", classes=["trunk"]).value == 160.0
    assert time_to_road(city, facility="town_hall", grade="county", classes="trunk").value == 160.0
    assert time_to_road(city, facility="town_hall", classes=["motorway"]).rows.tolist()[:2] == [310.0, 0.0]


def test_a_closed_ramp_is_no_entrance_and_no_motorway_is_unknown():
    city = county()
    net = city.network("drive")
    shut = city.with_network("drive", net.close([3]))
    assert time_to_road(shut, facility="town_hall", grade="county", classes=["motorway"]).value == np.inf
    cut = city.with_network("drive", net.close([1]))
    assert time_to_road(cut, facility="town_hall", grade="county", classes=["motorway"]).value == np.inf
    with pytest.raises(MissingData, match="no raceway in the drive network"):
        time_to_road(city, facility="town_hall", classes=["raceway"])


def test_grades_select_and_a_grade_that_nobody_has_is_unknown():
    """County seat to prefecture seat 310 s; to the secondary hospital half of 160 s, to the tertiary one 310 s."""
    city = county()
    halls = {"facility": "town_hall", "grade": "county"}
    assert time_between(city, **halls, to="town_hall", to_grade="prefecture").value == 310.0
    assert time_between(city, **halls, to="hospital", to_grade="secondary").value == 80.0
    assert time_between(city, **halls, to="hospital", to_grade=["tertiary"]).value == 310.0
    with pytest.raises(MissingData, match="no town_hall of grade township"):
        time_between(city, facility="town_hall", grade="township", to="hospital")
    with pytest.raises(DataError, match="different kinds or grades"):
        time_between(city, facility="town_hall", to="town_hall")
    bare = city.with_columns("facilities", grade="")
    with pytest.raises(MissingData, match="grade county"):
        time_between(bare, **halls, to="hospital")


def test_seats_within():
    city = county()
    assert seats_within(city, facility="town_hall", to="convenience_store", within=200).value == 0.5
    assert seats_within(city, facility="town_hall", to="convenience_store", within=510).value == 1.0
    assert seats_within(city, facility="town_hall", grade="county", to="hospital", within=79).value == 0.0


def test_services_of_the_own_unit_and_over_the_boundary():
    """Tertiary hospital: in the city only. From 0 km 200 + 160 + 150 = 510 s, from 1 km 310 s, at 6 km 0 s."""
    city = county()
    third = {"facility": "hospital", "grade": "tertiary"}
    assert own_within(city, **third, within=510).value == 0.6
    assert across_within(city, **third, within=510).value == 0.4
    assert across_within(city, **third, within=309).value == 0.0
    assert across_within(city, **third, within=310).value == 0.3
    assert nearest_across(city, **third).value == 0.4
    assert nearest_across(city, facility="hospital").value == 0.0
    every = share_within(city, **third, network="drive", within=510).value
    own, across = (of(city, **third, within=510).value for of in (own_within, across_within))
    assert every == pytest.approx(own + across)


def test_commuting_by_car_to_the_prefecture():
    city = county()
    shares = [
        commute_within(city, within=within, grade="prefecture", modes=["drive"]).value for within in (0, 310, 510)
    ]
    assert shares == [0.6, 0.9, 1.0]
    with pytest.raises(DataError, match="modes are drive and transit"):
        commute_within(city, within=60, modes=["boat"])
    with pytest.raises(MissingData, match="no network 'transit'"):
        commute_within(city, within=60)
    assert commute_within(city, within=510, grade="prefecture").value == 1.0  # no timetable could change that


def test_commuting_by_whichever_is_faster():
    """By car 10 s a block, by bus 50 s for five blocks after a wait of 4 min at the median: the car is never slower."""
    city = with_line(grid_city(5))
    car, bus, best = (
        commute_within(city, facility="clinic", within=290, modes=modes).value * 36
        for modes in (["drive"], ["transit"], ["drive", "transit"])
    )
    assert (round(car, 6), round(bus, 6), round(best, 6)) == (36.0, 11.0, 36.0)
    slow = city.network("drive").with_columns(time=400.0)
    crawl = city.with_network("drive", slow)
    best = commute_within(crawl, facility="clinic", within=290).value * 36
    assert round(best, 6) == 11.0  # by car only who stands in the corner is there, and by bus and on foot eleven are


def test_villages_that_a_paved_road_and_a_hospital_reach():
    """The far village lies on the track; from its middle to the seat 200 s, to the secondary hospital 280 s."""
    city = county()
    joined = areas_joined(city, to="town_hall", paved=True)
    assert joined.reached.tolist() == [False, True]
    assert areas_joined(city, to="town_hall").value == 1.0
    assert areas_joined(city, to="town_hall", classes=["track"]).reached.tolist() == [True, False]
    near = {"facility": "hospital", "grade": ["secondary", "tertiary"]}
    assert areas_within(city, **near, within=279).value == 0.5
    assert areas_within(city, **near, within=280).value == 1.0
    with pytest.raises(MissingData, match="5 roads of drive do not say"):
        areas_joined(county(paved=np.nan), to="town_hall", paved=True)


def test_a_village_that_no_line_in_service_calls_at():
    from twin.interventions import CloseStop, RemoveLine

    city = with_line(grid_city(5))
    boxes = [shapely.box(-50, -50, 50, 50), shapely.box(200, 200, 300, 300)]
    villages = gpd.GeoDataFrame({"id": [0, 1]}, geometry=boxes, crs=CRS)
    city = city.with_layer("villages", villages)
    assert areas_called(city).reached.tolist() == [True, False]
    assert areas_called(city, within=282).value == 0.5
    assert areas_called(city, within=283).value == 1.0  # from the corner (300, 200) to the stop at (500, 0)
    assert areas_called(RemoveLine("1")(city)).value == 0.0
    assert areas_called(CloseStop("west")(city)).value == 0.0
    with pytest.raises(MissingData, match="no line is a rail"):
        areas_called(city, modes=["rail"])


@pytest.fixture(scope="module")
def mingchuan():
    return twin.read(Path(__file__).parents[2] / "gis_data" / "region")


def by_scipy(city, start, goals):
    """Times from points to the nearest of some nodes [s], by scipy and shapely alone: along the edge, then by nodes."""
    net = city.network("drive")
    tail, head, time = net.graph.tail, net.graph.head, np.asarray(net.columns["time"])
    graph = coo_matrix((np.r_[time, time], (np.r_[tail, head], np.r_[head, tail])), shape=(len(net.x),) * 2).tocsr()
    cost = dijkstra(graph, indices=goals, min_only=True)
    roads = np.flatnonzero(~net.columns["fixed"])
    found = []
    for point in start:
        edge = roads[int(np.argmin(shapely.distance(net.shapes[roads], point)))]
        share = shapely.line_locate_point(net.shapes[edge], point, normalized=True)
        gap = shapely.distance(net.shapes[edge], point) / (20 / 3.6)
        found.append(gap + min(share * time[edge] + cost[tail[edge]], (1 - share) * time[edge] + cost[head[edge]]))
    return found


def test_seats_to_the_expressway_by_another_program(mingchuan):
    net = mingchuan.network("drive")
    kind = net.columns["class"].astype(str)
    ramp = np.isin(kind, ["motorway", "motorway_link"])
    ends = [set(net.graph.tail[rows]) | set(net.graph.head[rows]) for rows in (ramp, ~ramp)]
    halls = mingchuan.facilities[mingchuan.facilities["kind"] == "town_hall"]
    expected = by_scipy(mingchuan, halls.geometry, sorted(ends[0] & ends[1]))
    found = time_to_road(mingchuan, facility="town_hall", classes=["motorway"]).rows[halls.index]
    np.testing.assert_allclose(found, expected, atol=0.2)  # costs are whole hundredths of a second on each edge
    county = time_to_road(mingchuan, facility="town_hall", grade="county", classes=["motorway"]).value
    assert county == pytest.approx(
        max(e for e, g in zip(expected, halls["grade"], strict=True) if g == "county"), abs=0.2
    )


def test_hospitals_of_the_own_county_by_another_program(mingchuan):
    """Homes of Shiguan County: the nearest hospital within it, by its nearer end of the street where it stands."""
    districts = mingchuan.table("districts").set_index("id")
    homes = mingchuan.population[mingchuan.population.within(districts.geometry["shiguan"])]
    net = mingchuan.network("drive")
    (hospital,) = mingchuan.facilities[
        (mingchuan.facilities["kind"] == "hospital") & mingchuan.facilities.within(districts.geometry["shiguan"])
    ].geometry
    node = int(np.argmin(np.hypot(net.x - hospital.x, net.y - hospital.y)))
    expected = np.array(by_scipy(mingchuan, homes.geometry, [node]))
    own = own_within(mingchuan, facility="hospital", within=900)
    near = own.reached[homes.index]
    clear = np.abs(expected - 900) > 15  # the hospital stands some metres from that corner
    np.testing.assert_array_equal(near[clear], expected[clear] < 900)
    assert clear.mean() > 0.9
    assert 0 < near.mean() < 1


def test_the_centre_of_the_region_by_its_timetable(mingchuan):
    """A train leaves Linhe every half an hour: who lives at its station is within the hour, hill villages are not."""
    share = commute_within(mingchuan, within=3600, grade="prefecture", modes=["transit"])
    here = mingchuan.population["settlement"]
    station = mingchuan.facilities[mingchuan.facilities["name"] == "Linhe Station"].geometry.iloc[0]
    near = ((here == "linhe") & (mingchuan.population.distance(station) < 700)).to_numpy()
    assert share.reached[near].all()
    assert near.sum() > 5
    hills = here.isin(["laowan", "beiwan"]).to_numpy()
    assert not share.reached[hills].any()
    car = commute_within(mingchuan, within=3600, grade="prefecture", modes=["drive"])
    both = commute_within(mingchuan, within=3600, grade="prefecture")
    np.testing.assert_array_equal(both.reached, share.reached | car.reached)


@settings(max_examples=40, deadline=None)
@given(shut=st.sets(st.integers(0, 4)), within=st.floats(0, 700))
def test_closing_a_road_never_brings_anything_nearer(shut, within):
    city = county()
    net = city.network("drive")
    after = city.with_network("drive", net.close(sorted(shut))) if shut else city
    seat = {"facility": "town_hall", "grade": "county", "classes": ["trunk"]}
    assert time_to_road(after, **seat).value >= time_to_road(city, **seat).value
    third = {"facility": "hospital", "grade": "tertiary", "within": within}
    for measure in (own_within, areas_within):
        assert measure(after, **third).value <= measure(city, **third).value
    own, across = own_within(after, **third), across_within(after, **third)
    every = share_within(after, network="drive", **third)
    np.testing.assert_array_equal(every.reached, own.reached | across.reached)
    assert not (own.reached & across.reached).any()
