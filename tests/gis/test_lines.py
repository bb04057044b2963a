"""Lines that become a network: where they meet, where they only cross, and what they carry."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from twin import routing
from twin.errors import DataError
from twin.gis.lines import TOLERANCE, network_of_lines


def net(*lines, **columns):
    frame = gpd.GeoDataFrame(columns, geometry=[shapely.LineString(line) for line in lines], crs=32650)
    return network_of_lines(frame)


def parts(network):
    return len(np.unique(network.graph.parts))


def test_ends_that_meet():
    #  0 --30-- 1 --40-- 2 and 1 --50-- 3
    got = net([(0, 0), (30, 0)], [(30, 0), (70, 0)], [(30, 50), (30, 0)])
    assert len(got.x) == 4
    assert got.edges["length"].tolist() == [30, 40, 50]
    assert parts(got) == 1
    assert shapely.equals(got.shapes[2], shapely.LineString([(30, 50), (30, 0)]))


def test_an_end_on_a_vertex_of_another_cuts_it():
    got = net([(0, 0), (30, 0), (70, 0)], [(30, 50), (30, 0)])
    assert sorted(got.edges["length"]) == [30, 40, 50]
    assert parts(got) == 1


def test_lines_that_cross_do_not_meet():
    got = net([(0, 0), (100, 0)], [(50, -50), (50, 50)])
    assert (len(got.x), parts(got)) == (4, 2)


def test_an_end_in_the_middle_of_a_stretch_does_not_meet():
    got = net([(0, 0), (100, 0)], [(50, 0), (50, 50)])
    assert parts(got) == 2


def test_bends_are_kept():
    got = net([(0, 0), (30, 0), (30, 40)])
    assert got.edges["length"].tolist() == [70]
    assert shapely.get_num_points(got.shapes).tolist() == [3]


@pytest.mark.parametrize("start", np.linspace(0.0, TOLERANCE, 11))
def test_ends_within_five_centimetres_are_one_wherever_they_lie(start):
    got = net([(-100, 0), (start, 0)], [(start + 0.9 * TOLERANCE, 0), (100, 0)])
    assert (len(got.x), parts(got)) == (3, 1)


def test_ends_farther_apart_are_two():
    assert parts(net([(-100, 0), (0, 0)], [(1.1 * TOLERANCE, 0), (100, 0)])) == 2


def test_fine_curves_are_not_cut():
    curve = [(0.03 * i, 0.0) for i in range(1000)]
    got = net(curve, [(29.97, 0), (29.97, 10)])
    assert len(got.x) == 3
    assert got.edges["length"].tolist() == pytest.approx([29.97, 10], abs=2 * TOLERANCE)


def test_a_ring_and_a_line_that_comes_back():
    ring = [(0, 0), (10, 0), (10, 10), (0, 10), (0, 0)]
    got = net(ring, [(10, 10), (20, 10)])
    assert sorted(got.edges["length"]) == [10, 20, 20]
    assert parts(got) == 1


def test_parts_of_a_multiline_are_lines():
    both = shapely.MultiLineString([[(0, 0), (10, 0)], [(10, 0), (20, 0)]])
    frame = gpd.GeoDataFrame({"name": ["路"]}, geometry=[both], crs=32650)
    got = network_of_lines(frame)
    assert got.edges["name"].tolist() == ["路", "路"]
    assert parts(got) == 1


def test_columns_go_with_their_pieces():
    got = net(
        [(0, 0), (30, 0), (70, 0)],
        [(30, 50), (30, 0)],
        name=["东街", None],
        speed=[10.0, 5.0],
        oneway=["yes", "no"],
        bridge=[1, 0],
        note=["is", "dropped"],
    )
    edges = got.edges.sort_values("length")
    assert edges["name"].tolist() == ["东街", "东街", ""]
    assert edges["oneway"].tolist() == [True, True, False]
    assert edges["bridge"].tolist() == [True, True, False]
    assert edges["time"].tolist() == [3.0, 4.0, 10.0]
    assert "note" not in edges
    cost = routing.matrix(got, got.ids, cost="length")
    ends = [int(np.flatnonzero((got.x == x) & (got.y == 0))[0]) for x in (0, 70)]
    assert (cost[ends[0], ends[1]], cost[ends[1], ends[0]]) == (70, np.inf)


def test_a_speed_of_nothing_is_unknown():
    got = net([(0, 0), (30, 0)], speed=[0.0])
    assert (got.edges["estimated"].tolist(), got.edges["time"].tolist()) == ([True], pytest.approx([3.6]))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"speed": ["fast"]}, r"town: edges\.speed: 1 values are not numbers \(rows 0: fast\); write numbers in m/s"),
        ({"speed": [-1.0]}, r"town: edges\.speed: 1 values are below 0"),
        ({"oneway": ["maybe"]}, r"town: edges\.oneway: 1 values are neither yes nor no \(rows 0: maybe\)"),
    ],
)
def test_columns_that_are_wrong(columns, message):
    frame = gpd.GeoDataFrame(columns, geometry=[shapely.LineString([(0, 0), (9, 0)])], crs=32650)
    with pytest.raises(DataError, match=message):
        network_of_lines(frame, where="town")


def test_points_are_no_lines():
    shapes = [shapely.LineString([(0, 0), (9, 0)]), shapely.Point(0, 0)]
    with pytest.raises(DataError, match=r"town: 1 rows are no lines \(rows 1\)") as caught:
        network_of_lines(gpd.GeoDataFrame({}, geometry=shapes, crs=32650), where="town")
    assert caught.value.rows == (1,)


def test_through_streets_meet_at_the_vertices_that_they_share():
    """20 streets each way, drawn whole with a vertex at every crossing: 400 nodes, 2 x 20 x 19 blocks of 10 m."""
    lines = [[(i * 10, j * 10) for j in range(20)] for i in range(20)]
    lines += [[(j * 10, i * 10) for j in range(20)] for i in range(20)]
    got = net(*lines)
    assert (len(got.x), parts(got)) == (400, 1)
    assert got.edges["length"].tolist() == [10] * 760
