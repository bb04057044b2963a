"""Access on cities whose answers can be worked out with a pencil."""

import geopandas as gpd
import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.errors import DataError, MissingData
from twin.gis.grid import grid_city
from twin.hazards import Blockage
from twin.interventions import AddFacility, CloseFacility
from twin.measures import (
    Share,
    distance_within,
    response_time,
    share_within,
    straight_within,
    travel_distance,
    travel_time,
    walk_within,
)
from twin.model import City, Network
from twin.routing.nx import to_networkx
from twin.units import kmh, minute


def corners(reached: int, blocks: int = 5) -> float:
    return reached / (blocks + 1) ** 2


def test_distance_on_a_grid_is_manhattan_distance():
    city = grid_city(7)
    expected = (city.population.geometry.x + city.population.geometry.y).to_numpy()  # the clinic is at (0, 0)
    assert travel_distance(city, facility="clinic").tolist() == expected.tolist()
    assert travel_time(city, facility="clinic").tolist() == (expected * 0.75).tolist()


@pytest.mark.parametrize(("within", "reached"), [(0, 1), (99, 1), (100, 3), (200, 6), (300, 10), (1000, 36)])
def test_a_limit_is_inclusive(within, reached):
    assert distance_within(grid_city(5), facility="clinic", within=within).value == pytest.approx(corners(reached))


def test_straight_distance_reaches_across_the_block():
    # within 150 m of (0, 0): itself, two at 100 m, one at 141 m; along the streets that one is 200 m away
    city = grid_city(5)
    assert straight_within(city, facility="clinic", within=150).value == pytest.approx(corners(4))
    assert distance_within(city, facility="clinic", within=150).value == pytest.approx(corners(3))


def test_a_polygon_is_measured_from_its_rim():
    # the park is 25 m .. 75 m in both directions; (100, 0) is 25 m off in each, 35.4 m straight
    city = grid_city(5)
    assert straight_within(city, facility="park", within=35).value == 0.0
    assert straight_within(city, facility="park", within=36).value == pytest.approx(corners(4))


def test_fire_cover_on_a_cross():
    """One station amid a 4 km cross: in 4 min at 30 km/h the whole 2 km of each arm, at 20 km/h 1.333 km."""
    points = np.arange(-2000.0, 2001.0, 10.0)
    x = np.concatenate([points, np.zeros(len(points))])
    y = np.concatenate([np.zeros(len(points)), points])
    first = np.arange(len(points) - 1)
    tail, head = np.concatenate([first, first + len(points)]), np.concatenate([first + 1, first + len(points) + 1])
    middle = len(points) // 2
    head[head == middle + len(points)], tail[tail == middle + len(points)] = middle, middle  # one crossing
    for speed, expected in ((30 * kmh, 4 * 200 + 1), (20 * kmh, 4 * 133 + 1)):
        net = Network.from_arrays(x, y, tail, head, time=10.0 / speed, crs=32631)
        city = City.from_network(net)
        city = city.with_rows("population", _points(x, y)).with_rows("facilities", _station(0, 0))
        share = share_within(city, facility="fire_station", network="drive", within=4 * minute, outward=True)
        reached = share.reached.sum() - 1  # the crossing stands in both arms
        assert reached == expected


def _points(x, y):
    return gpd.GeoDataFrame({"id": np.arange(len(x)), "people": 1.0}, geometry=gpd.points_from_xy(x, y), crs=32631)


def _station(x, y):
    return gpd.GeoDataFrame({"id": ["f"], "kind": ["fire_station"]}, geometry=gpd.points_from_xy([x], [y]), crs=32631)


def test_one_way_streets_tell_going_from_coming():
    # a ring of 4 x 100 m, clockwise only: the neighbour behind is 100 m away for the engine, 300 m for the patient
    net = Network.from_arrays([0, 0, 100, 100], [0, 100, 100, 0], [0, 1, 2, 3], [1, 2, 3, 0], directed=True, time=10.0)
    city = City.from_network(net).with_rows("population", _points([0], [100]).set_crs(None, allow_override=True))
    city = city.with_rows("facilities", _station(0, 0).set_crs(None, allow_override=True))
    assert travel_time(city, facility="fire_station", network="drive").tolist() == [30.0]
    assert response_time(city, facility="fire_station", share=1.0).value == 10.0


def test_walking_time_at_a_stated_speed():
    city = grid_city(5)
    slow = walk_within(city, facility="clinic", within=5 * minute, speed=0.5)  # 150 m
    assert slow.value == pytest.approx(corners(3))
    with pytest.raises(DataError, match="speed above 0"):
        walk_within(city, facility="clinic", within=60, speed=0)


def test_percentile_of_response_time():
    # 36 corners, Manhattan counts 1 2 3 4 5 6 5 4 3 2 1: half of the weight (18) is reached within 5 blocks (21)
    city = grid_city(5)
    found = response_time(city, facility="clinic", network="walk", share=0.5, turn_out=60)
    assert found.value == 5 * 75.0 + 60.0
    assert (found.rows <= found.value).sum() == 21


def test_a_closed_facility_serves_nobody_and_a_missing_kind_is_not_known():
    city = grid_city(5)
    closed = CloseFacility("clinic")(city)
    assert share_within(closed, facility="clinic", network="walk", within=1e6).value == 0.0
    with pytest.raises(MissingData, match="no hospital in the data"):
        share_within(city, facility="hospital", network="walk", within=60)
    with pytest.raises(MissingData, match="did you mean 'jobs'"):
        share_within(city, facility="clinic", network="walk", within=60, of="job")
    with pytest.raises(MissingData, match="network 'wlk'; did you mean 'walk'"):
        share_within(city, facility="clinic", network="wlk", within=60)


def test_groups_jobs_and_land_are_denominators_of_their_own():
    city = grid_city(5)
    jobs = city.population["jobs"].to_numpy(dtype=float).copy()
    jobs[1:] = 0.0  # all jobs at the clinic's corner
    city = city.with_columns("population", jobs=jobs)
    within = {"facility": "clinic", "network": "walk", "within": 0.0}
    assert share_within(city, of="jobs", **within).value == 1.0
    assert share_within(city, of="people", **within).value == pytest.approx(1 / 36)
    assert share_within(city, of="people+jobs", **within).value == pytest.approx((10 + 5) / (360 + 5))
    land = straight_within(city, facility="clinic", within=250.0, of="area")
    assert not land.persons
    assert np.isnan(land.people)
    assert land.value == pytest.approx(np.pi * 250**2 / 4 / 500**2, abs=0.01)  # a quarter circle of a square


def test_nobody_is_not_a_denominator():
    city = grid_city(2).with_columns("population", people=np.zeros(9))
    with pytest.raises(DataError, match="all weights are zero"):
        share_within(city, facility="clinic", network="walk", within=60)
    assert np.isnan(Share.of(np.array([True]), np.array([0.0])).value)


def test_costs_agree_with_networkx():
    city = Blockage(share=0.25, seed=3)(grid_city(9))
    graph = to_networkx(city.networks["walk"])
    expected = networkx.single_source_dijkstra_path_length(graph.to_undirected(), 0, weight="length")
    found = travel_distance(city, facility="clinic")
    assert found.tolist() == [expected.get(node, float("inf")) for node in range(100)]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.05, 0.6))
def test_closing_edges_never_shortens_a_trip(seed, share):
    city = grid_city(6)
    after = Blockage(share=share, seed=seed)(city)
    assert (travel_time(after, facility="clinic") >= travel_time(city, facility="clinic")).all()


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 600), st.floats(0, 600))
def test_a_new_facility_never_lengthens_a_trip(x, y):
    city = grid_city(6)
    after = AddFacility("clinic", at=(x, y))(city)
    assert (travel_time(after, facility="clinic") <= travel_time(city, facility="clinic")).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 48), st.floats(0.1, 0.9))
def test_splitting_a_place_in_two_changes_no_share(row, part):
    city = grid_city(6)
    people = city.population["people"].to_numpy(dtype=float).copy()
    twice = city.population.iloc[[row]].assign(id="split", people=people[row] * part)
    people[row] *= 1 - part
    split = city.with_columns("population", people=people, id=city.population["id"].astype(str)).with_rows(
        "population", twice
    )
    for within in (0.0, 150.0, 300.0):
        whole = share_within(city, facility="clinic", network="walk", within=within).value
        assert share_within(split, facility="clinic", network="walk", within=within).value == pytest.approx(whole)
