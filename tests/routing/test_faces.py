"""Faces: the plane that streets cut up, against shapely where no street passes over another."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import Delaunay

from twin.gis.grid import grid_city
from twin.model import Network
from twin.routing import faces


def same(found, lines):
    """Whether polygons are those that shapely makes of the lines."""
    asked = shapely.get_parts(shapely.polygonize(lines))
    mine, theirs = (sorted(shapely.to_wkb(shapely.normalize(shapely.set_precision(p, 1e-6)))) for p in (found, asked))
    return mine == theirs


def test_blocks_of_a_grid():
    net = grid_city(4).networks["walk"]
    assert shapely.area(faces(net)).tolist() == [10_000.0] * 16
    inner = int(np.flatnonzero((net.graph.tail == 6) & (net.graph.head == 7))[0])
    assert sorted(shapely.area(faces(net.close([inner])))) == [10_000.0] * 14 + [20_000.0]


def test_dead_ends_and_islands():
    """A yard of 10 m x 10 m at the end of a lane within a block of 100 m x 100 m is a face, and a hole of the block."""
    x = [0, 100, 100, 0, 45, 55, 55, 45, 20]
    y = [0, 0, 100, 100, 45, 45, 55, 55, 80]
    tail, head = [0, 1, 2, 3, 4, 5, 6, 7, 0, 3], [1, 2, 3, 0, 5, 6, 7, 4, 4, 8]
    net = Network.from_arrays(x, y, tail, head, crs=32631)
    assert sorted(shapely.area(faces(net))) == pytest.approx([100.0, 9900.0])
    assert same(faces(net), net.shapes)
    alone = net.close([8])  # without the lane the yard touches nothing, and is a hole all the same
    assert sorted(shapely.area(faces(alone))) == pytest.approx([100.0, 9900.0])


def test_a_yard_that_touches_its_block_at_one_corner():
    x, y = [0, 100, 100, 0, 40, 20], [0, 0, 100, 100, 20, 40]
    net = Network.from_arrays(x, y, [0, 1, 2, 3, 0, 4, 5], [1, 2, 3, 0, 4, 5, 0], crs=32631)
    yard = shapely.area(shapely.Polygon([(0, 0), (40, 20), (20, 40)]))
    assert sorted(shapely.area(faces(net))) == pytest.approx([yard, 10_000 - yard])


def test_two_ways_on_one_line_close_in_nothing():
    net = Network.from_arrays([0, 100, 50], [0, 0, 80], [0, 1, 1, 2], [1, 0, 2, 0], directed=True, crs=32631)
    assert shapely.area(faces(net)).tolist() == [4000.0]


def test_two_arcs_between_the_same_nodes():
    lines = [shapely.LineString([(0, 0), (50, side), (100, 0)]) for side in (-30, 30)]
    net = Network.from_arrays([0, 100], [0, 0], [0, 0], [1, 1], shapes=lines, crs=32631)
    assert shapely.area(faces(net)).tolist() == [3000.0]
    ring = [shapely.LineString([(0, 0), (50, -30), (50, 30), (0, 0)])]
    loop = Network.from_arrays([0], [0], [0], [0], length=[180.0], shapes=ring, crs=32631)
    assert shapely.area(faces(loop)).tolist() == [1500.0]


def test_a_ring_that_crosses_itself_is_no_face():
    bow = Network.from_arrays([0, 100, 0, 100], [0, 100, 100, 0], [0, 1, 3, 2], [1, 3, 2, 0], crs=32631)
    assert len(faces(bow)) == 0


def test_no_street_no_face():
    net = grid_city(1).networks["walk"]
    assert len(faces(net.close(np.ones(len(net.graph.tail), dtype=bool)))) == 0
    assert len(faces(net.close([0]))) == 0


@given(st.integers(0, 10_000), st.floats(0.0, 0.6))
def test_as_shapely_finds_them(seed, share):
    """Delaunay's triangles with some edges gone: faces of every shape, dead ends, islands, corners that touch."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(0, 1000, (40, 2)).round(1)
    points = np.unique(points, axis=0)
    triangles = Delaunay(points).simplices
    edges = np.unique(np.sort(triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1), axis=0)
    net = Network.from_arrays(points[:, 0], points[:, 1], edges[:, 0], edges[:, 1], crs=32631)
    net = net.close(rng.random(len(edges)) < share)
    found = faces(net)
    asked = shapely.get_parts(shapely.polygonize(net.shapes[net.open]))
    assert len(found) == len(asked)
    assert np.sort(shapely.area(found)) == pytest.approx(np.sort(shapely.area(asked)))
    middle = shapely.point_on_surface(found)
    assert len(np.unique(shapely.STRtree(asked).query(middle, predicate="within")[1])) == len(asked)
