"""Isochrones, by hand: what is reached of each edge, and the land beside it."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from strategies import networks

from twin.errors import DataError
from twin.gis.grid import grid_city
from twin.model import Network
from twin.routing import isochrones, matrix


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
