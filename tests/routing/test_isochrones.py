"""Isochrones, by hand: what is reached of each edge, and the land beside it."""

import dataclasses

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from strategies import networks
from town import DATE, EIGHT, ONE, TRAM, town

from twin.errors import DataError
from twin.gis.grid import grid_city
from twin.model import Network
from twin.routing import Transit, isochrones, matrix
from twin.units import hour, minute


def test_a_ring_is_reached_from_both_sides():
    # four sides of 100 m: within 150 m one reaches the two sides at the corner, and half of each of the others
    ring = Network.from_arrays([0, 100, 100, 0], [0, 0, 100, 100], [0, 1, 2, 3], [1, 2, 3, 0], crs=32631)
    found = isochrones(ring, [0], [150, 200, 50], beside=5)
    assert found["length"].tolist() == [300, 400, 100]
    assert found["limit"].tolist() == [150, 200, 50]
    assert found.crs == 32631
    small, whole = found.geometry[2], found.geometry[1]
    assert small.contains(shapely.Point(49, 0))
    assert not small.contains(shapely.Point(60, 0))
    assert not whole.contains(shapely.Point(50, 50))  # the block's middle is 50 m from every street


def test_two_ends_of_an_edge_that_do_not_meet():
    # 30 and 20 short arms lead to the ends of an edge of 100 m; with 60 to spend, 30 of it is reached from the tail
    # and 40 from the head
    net = Network.from_arrays([0, 0, 100, 100], [30, 0, 0, 20], [0, 1, 2], [1, 2, 3])
    loop = Network.from_arrays([0, 0, 100, 50], [30, 0, 0, 90], [3, 3, 1], [1, 2, 2], length=[30.0, 20.0, 100.0])
    assert isochrones(net, [0], [60], beside=1)["length"].tolist() == [30 + 30]
    found = isochrones(loop, [3], [60], beside=1)
    assert found["length"][0] == pytest.approx(np.hypot(50, 90) * 2 + 30 + 40)


def test_one_way_and_closed_edges():
    net = Network.from_arrays([0, 100, 200], [0, 0, 0], [1, 1], [0, 2], directed=[True, False])
    assert isochrones(net, [0], [500])["length"].tolist() == [0]
    assert isochrones(net, [1], [60])["length"].tolist() == [120]
    assert isochrones(net.close([1]), [1], [60])["length"].tolist() == [60]


def test_time_as_cost_and_several_origins():
    walk = grid_city(4).networks["walk"]  # blocks of 100 m, 75 s each
    found = isochrones(walk, walk.ids[[0, 12]], [150], cost="time")
    # from the corner two streets lead to two junctions, and from each of these two more; from the middle 4, and 4 x 3
    assert found["length"].tolist() == [600, 1600]
    assert list(found["origin"]) == walk.ids[[0, 12]].tolist()
    assert found.geometry.is_valid.all()


@given(st.data(), networks(turns=True), st.sampled_from([0, 4, 100]))
def test_a_wider_limit_contains_the_narrower_and_no_reached_node_lies_outside(data, net, limit):
    start = data.draw(st.integers(0, net.graph.count - 1))
    near, far = isochrones(net, [start], [limit, 2 * limit + 2]).geometry
    assert far.buffer(1e-6).contains(near)
    cost = matrix(net, [start])[0]
    inside = shapely.contains_xy(near, net.x, net.y)
    assert inside[cost <= limit].all()


def test_bad_input_is_named():
    net = Network.from_arrays([0, 100], [0, 0], [0], [1])
    with pytest.raises(DataError, match="beside is a distance above 0 m, not 0"):
        isochrones(net, [0], [10], beside=0)
    with pytest.raises(DataError, match="a limit is at least 0"):
        isochrones(net, [0], [-5])
    assert len(isochrones(net, [0], [])) == len(isochrones(net, [], [5])) == 0


# ── with a timetable: streets of 1000 m in a line, 1 m/s, a tram from node 0 over 2 (after 900 s) to 4 (1200 s) ──────


def test_the_land_by_tram():
    found = isochrones(Transit(town(TRAM), DATE, window=0, **ONE), [0], [1100, 1300, 800, 0], beside=5)
    # 1100: 0-1 on foot and 100 m more; 200 m either way from 2. 1300: 300 and 400 m of 1-2, 400 of 2-3, 100 back from 4
    assert found["length"].tolist() == [1000 + 100 + 200 + 200, 1000 + 300 + 400 + 400 + 100, 800, 0]
    assert found["limit"].tolist() == [1100, 1300, 800, 0]
    assert found["origin"].tolist() == [0] * 4
    assert found.crs == 32631
    land = found.geometry[1]
    for x, inside in (
        (1299, True),
        (1400, False),
        (1601, True),
        (2399, True),
        (2500, False),
        (3850, False),
        (3901, True),
    ):
        assert shapely.contains_xy(land, x, 0) == inside, x


def test_the_land_by_tram_is_that_of_the_median():
    # to node 2 in 900, 300, 900, 300, … s, to node 4 in 1200, 600, …: 300 and 600; the 75th percentile: 900 and 1200
    window = {"window": 1 * hour, "step": 10 * minute, **ONE}
    found = isochrones(Transit(town(TRAM), DATE, **window), [0], [650])
    assert found["length"].tolist() == [650 + 350 + 350 + 50]
    assert isochrones(Transit(town(TRAM), DATE, percentile=75, **window), [0], [950])["length"].tolist() == [
        950 + 50 + 50
    ]


def test_the_land_by_tram_where_streets_are_closed_or_one_way():
    walk, lines = town(TRAM)
    options = {"window": 0, **ONE}
    shut = Transit((walk.close([3]), lines), DATE, **options)
    assert isochrones(shut, [0], [1300])["length"].tolist() == [1000 + 300 + 400 + 400]
    ring = Network.from_arrays(walk.x, walk.y, [0, 1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 0], directed=True, crs=32631)
    # 300 m on from 1, 400 on from 2, 100 on from 4, and nothing back
    found = isochrones(Transit((ring, lines), DATE, **options), [0], [1300])
    assert found["length"].tolist() == [pytest.approx(1000 + 300 + 400 + 100)]


def test_the_land_by_tram_is_walked_at_the_speed_of_the_transit():
    walk, lines = town(TRAM)
    other = walk.with_columns(time=1.0, time_back=7.0)  # whatever the network says of times
    transit = Transit((other, lines), DATE, window=0, **ONE)
    assert isochrones(transit, [0], [1100], cost="time")["length"].tolist() == [1500]
    quick = Transit((other, lines), DATE, window=0, walk_speed=2.0, max_walk=1000.0)
    # on foot 2000 m in 1000 s; from 2 at 900 (tram), 400 m of 2-3 in 200 s; 1-2 is reached whole
    assert isochrones(quick, [0], [1100])["length"].tolist() == [2000 + 400]


def test_a_stop_in_mid_street_is_left_by_the_ends_of_the_street():
    # D stands half-way between 2 and 3, and a bus is there after 900 s: at both ends after 1400
    trips = [(0, ((0, EIGHT + 600, EIGHT + 600), (3, EIGHT + 900, EIGHT + 900)))]
    transit = Transit(town(trips, island=(2500.0, 0.0)), DATE, window=0, **ONE)
    assert matrix(transit, [0], [2, 3]).tolist() == [[1400, 1400]]
    assert isochrones(transit, [0], [1300, 1500])["length"].tolist() == [1300, 1500 + 4 * 100]


@given(st.data(), networks().filter(lambda net: len(net.open)), st.sampled_from([0, 4, 100]), st.booleans())
def test_by_timetable_no_reached_node_lies_outside_and_where_nothing_runs_one_walks(data, net, limit, running):
    start = data.draw(st.integers(0, net.graph.count - 1))
    _, lines = town(TRAM if running else [])
    net = dataclasses.replace(net, x=200 * net.x, crs=lines.crs)  # stops are at the first, second and third node
    transit = Transit((net, lines), DATE, depart=EIGHT + 590, window=0, **ONE)
    found = isochrones(transit, [start], [limit, 8 * limit + 2])
    near, far = found.geometry
    assert far.buffer(1e-6).contains(near)
    inside = shapely.contains_xy(near, net.x, net.y)
    assert inside[matrix(transit, [start])[0] <= limit].all()
    afoot = isochrones(net, [start], [limit, 8 * limit + 2])  # at 1 m/s, metres are seconds
    if running:
        assert (found["length"] >= afoot["length"]).all()
    else:
        assert found["length"].tolist() == afoot["length"].tolist()
        assert found.geometry.geom_equals(afoot.geometry).all()
