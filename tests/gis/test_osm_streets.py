"""Networks: where ways are split, loops, barriers, squares. Lengths by hand from the grid of conftest.py."""

import numpy as np
import pytest
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from twin.gis.osm import read_osm

EAST, NORTH = 111.3195, 110.5743  # a thousandth of a degree at the equator [m]
HOME = {"highway": "residential"}
FOOT = {"highway": "footway"}


def table(streets):
    """Edges as (way, from, to, length), by OSM ids."""
    edges = streets.edges
    ids = streets.ids
    return sorted(
        (int(way), int(ids[tail]), int(ids[head]), round(float(length), 1))
        for way, tail, head, length in zip(edges["osm"], edges["tail"], edges["head"], edges["length"], strict=True)
    )


def check(streets):
    """What holds for every network: geometries start at their tail and end at their head."""
    coords = [np.array(line.coords) for line in streets.edges.geometry]
    places = np.column_stack([streets.x, streets.y])
    tails, heads = streets.edges["tail"].to_numpy(), streets.edges["head"].to_numpy()
    assert np.allclose([each[0] for each in coords], places[tails])
    assert np.allclose([each[-1] for each in coords], places[heads])
    assert len(np.unique(streets.ids)) == len(streets.ids) == len(np.unique(np.concatenate([tails, heads])))


def test_split_at_junctions_only(osm):
    #   4
    #   |
    # 1-2-3 : node 2 is shared, node 5 between 2 and 3 is a bend and no junction
    nodes = {1: (0, 0), 2: (1, 0), 5: (2, 1), 3: (3, 1), 4: (1, 2)}
    extract = osm(nodes, [(10, [1, 2, 5, 3], HOME | {"name": "Långgatan"}), (11, [4, 2], HOME)])
    diagonal = float(np.hypot(EAST, NORTH))
    assert table(extract.drive) == [
        (10, 1, 2, round(EAST, 1)),
        (10, 2, 3, round(diagonal + EAST, 1)),
        (11, 4, 2, round(2 * NORTH, 1)),
    ]
    assert extract.crs.to_epsg() == 32631
    assert extract.drive.edges["name"].tolist() == ["Långgatan", "Långgatan", ""]
    check(extract.drive)


def test_lengths_are_on_the_ground_not_on_the_map(osm):
    extract = osm({1: (0, 0), 2: (10, 0)}, [(10, [1, 2], HOME)])
    edge = extract.drive.edges.iloc[0]
    assert edge["length"] == pytest.approx(1113.195, abs=0.01)
    assert edge.geometry.length == pytest.approx(1113.195 * 0.9996, abs=0.01)  # UTM in the middle of its zone


def test_a_junction_counts_ways_of_the_same_mode(osm):
    nodes = {1: (0, 0), 2: (1, 0), 3: (2, 0), 4: (1, 1)}
    extract = osm(nodes, [(10, [1, 2, 3], HOME), (11, [4, 2], FOOT)])
    assert table(extract.drive) == [(10, 1, 3, round(2 * EAST, 1))]
    assert len(extract.walk.edges) == 3


def test_a_way_that_crosses_itself_is_split_there(osm):
    # a loop back through node 2: 1-2-3-4-2-5
    nodes = {1: (0, 0), 2: (1, 0), 3: (2, 0), 4: (2, 1), 5: (1, -1)}
    extract = osm(nodes, [(10, [1, 2, 3, 4, 2, 5], HOME)])
    found = [(tail, head) for _, tail, head, _ in table(extract.drive)]
    assert found == [(1, 2), (2, 3), (2, 5), (3, 4), (4, 2)]  # the loop 2-3-4-2 is cut in three
    check(extract.drive)


def test_a_closed_way_is_cut_in_three(osm):
    nodes = {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1), 9: (-1, 0)}
    extract = osm(nodes, [(10, [1, 2, 3, 4, 1], HOME | {"junction": "roundabout"}), (11, [9, 1], HOME)])
    assert table(extract.drive) == [
        (10, 1, 2, round(EAST, 1)),
        (10, 2, 3, round(NORTH, 1)),
        (10, 3, 1, round(EAST + NORTH, 1)),
        (11, 9, 1, round(EAST, 1)),
    ]
    assert extract.drive.edges.set_index("osm")["oneway"].to_dict() == {10: True, 11: False}


def test_a_way_out_and_back_on_itself_and_parallel_ways_stay(osm):
    nodes = {1: (0, 0), 2: (1, 0), 3: (0, 1)}
    extract = osm(nodes, [(10, [1, 2, 1], HOME), (11, [1, 3], HOME), (12, [1, 3], FOOT)])
    assert [each[:3] for each in table(extract.walk)] == [(10, 1, 2), (10, 2, 1), (11, 1, 3), (12, 1, 3)]


def test_a_reversed_one_way_runs_from_tail_to_head(osm):
    extract = osm({1: (0, 0), 2: (1, 0), 3: (1, 1)}, [(10, [1, 2, 3], HOME | {"oneway": "-1"})])
    assert table(extract.drive) == [(10, 3, 1, round(EAST + NORTH, 1))]
    assert table(extract.walk) == [(10, 1, 3, round(EAST + NORTH, 1))]
    check(extract.drive)


def test_repeated_vertices_and_vertices_outside_the_extract(osm):
    # node 7 is not in the file: the way falls into 1-2 and 3-4; nothing leads over the gap
    extract = osm({1: (0, 0), 2: (1, 0), 3: (3, 0), 4: (4, 0)}, [(10, [1, 2, 2, 7, 3, 3, 4], HOME)])
    assert table(extract.drive) == [(10, 1, 2, round(EAST, 1)), (10, 3, 4, round(EAST, 1))]
    assert "1 ways leave the extract; what lies outside was left out" in extract.notes


def test_a_bollard_cuts_a_street_for_cars(osm):
    nodes = {1: (0, 0), 2: (1, 0), 3: (2, 0)}
    extract = osm(nodes, [(10, [1, 2, 3], HOME)], tags={2: {"barrier": "bollard"}})
    assert table(extract.drive) == [(10, -2, 3, round(EAST, 1)), (10, 1, 2, round(EAST, 1))]
    assert table(extract.walk) == [(10, 1, 3, round(2 * EAST, 1))]
    assert "1 barriers (bollards, closed gates) cut streets of the drive network" in extract.notes
    check(extract.drive)


@pytest.mark.parametrize(
    ("barrier", "walk", "drive"),
    [
        ({"barrier": "gate"}, False, False),
        ({"barrier": "gate", "access": "private"}, True, True),
        ({"barrier": "gate", "access": "private", "foot": "yes"}, False, True),
        ({"barrier": "bollard", "motor_vehicle": "yes"}, False, False),
        ({"barrier": "kerb"}, False, False),
    ],
)
def test_where_two_ways_meet_at_a_barrier(osm, barrier, walk, drive):
    nodes = {1: (0, 0), 2: (1, 0), 3: (2, 0)}
    extract = osm(nodes, [(10, [1, 2], HOME), (11, [2, 3], HOME)], tags={2: barrier})
    assert {mode: -2 in getattr(extract, mode).ids for mode in ("walk", "drive")} == {"walk": walk, "drive": drive}
    check(extract.drive)


def test_a_barrier_at_a_crossing_cuts_nothing(osm):
    nodes = {1: (0, 0), 2: (1, 0), 3: (2, 0), 4: (1, 1)}
    extract = osm(nodes, [(10, [1, 2, 3], HOME), (11, [2, 4], HOME)], tags={2: {"barrier": "bollard"}})
    assert extract.drive.ids.tolist() == [1, 2, 3, 4]


# A square of 2 x 2 with the rim 1-2-3-4-5-6-7-8 (1 bottom left, 2 bottom middle, then counter-clockwise), and three
# footways that enter it at 2, 4 and 6: bottom, right and top middle.
RIM = {1: (0, 0), 2: (1, 0), 3: (2, 0), 4: (2, 1), 5: (2, 2), 6: (1, 2), 7: (0, 2), 8: (0, 1)}
DOORS = {22: (1, -1), 24: (3, 1), 26: (1, 3)}
INTO = [(22, [22, 2], FOOT), (24, [24, 4], FOOT), (26, [26, 6], FOOT)]
ROUND = [1, 2, 3, 4, 5, 6, 7, 8, 1]


def chords(extract, owner):
    return [each for each in table(extract.walk) if each[0] == owner and {each[1], each[2]} <= {2, 4, 6}]


@pytest.mark.parametrize("tags", [{"highway": "pedestrian", "area": "yes"}, {"place": "square"}])
def test_a_square_is_crossed_on_foot(osm, tags):
    extract = osm(RIM | DOORS, [(10, ROUND, tags), *INTO])
    diagonal = round(float(np.hypot(EAST, NORTH)), 1)
    around = round(EAST + NORTH, 1)
    assert chords(extract, 10) == [
        (10, 2, 4, diagonal), (10, 2, 4, around), (10, 2, 6, round(2 * NORTH, 1)),
        (10, 4, 6, diagonal), (10, 4, 6, around),
    ]  # fmt: skip
    assert "3 straight lines across squares and platforms were added to the walk network" in extract.notes
    assert not len(extract.drive.edges)
    check(extract.walk)


def test_a_closed_way_without_area_is_no_square(osm):
    extract = osm(RIM | DOORS, [(10, ROUND, {"highway": "pedestrian"}), *INTO])
    around = round(EAST + NORTH, 1)
    assert [each for each in chords(extract, 10) if each[3] != around] == []


def test_a_square_with_a_hole_is_not_crossed_through_the_hole(osm):
    # the hole 31-32-33-34 lies in the middle and stops the chord 2-6; a relation carries the tags
    hole = {31: (0.7, 0.7), 32: (1.3, 0.7), 33: (1.3, 1.3), 34: (0.7, 1.3)}
    square = (90, [("outer", 10), ("inner", 11)], {"type": "multipolygon", "highway": "pedestrian"})
    ways = [(10, ROUND, {}), (11, [31, 32, 33, 34, 31], {}), *INTO]
    extract = osm(RIM | DOORS | hole, ways, [square])
    diagonal = round(float(np.hypot(EAST, NORTH)), 1)
    straight = [each for each in chords(extract, -90) if each[3] in {diagonal, round(2 * NORTH, 1)}]
    assert straight == [(-90, 2, 4, diagonal), (-90, 4, 6, diagonal)]
    assert not set(extract.walk.ids) & set(hole)  # the rim of the hole leads nowhere
    check(extract.walk)


def test_a_private_square_is_not_crossed(osm):
    extract = osm(RIM | DOORS, [(10, ROUND, {"highway": "pedestrian", "area": "yes", "access": "private"}), *INTO])
    assert set(extract.walk.edges["osm"]) == {22, 24, 26}


def test_a_square_that_nothing_enters_is_left_out(osm):
    away = {41: (9, 9), 42: (9, 8)}
    extract = osm(RIM | away, [(10, ROUND, {"highway": "pedestrian", "area": "yes"}), (41, [41, 42], FOOT)])
    assert set(extract.walk.edges["osm"]) == {41}
    assert "1 squares and platforms that no walkable way enters were left out of the walk network" in extract.notes


@pytest.mark.parametrize("count", [40, 300])
def test_no_way_across_is_much_longer_than_the_straight_line(osm, count):
    # a round square with many doors: few of all the straight lines are enough
    turn = 2 * np.pi * np.arange(count) / count
    rim = {i + 1: (np.cos(a), np.sin(a)) for i, a in enumerate(turn)}
    doors = {i + 1001: (1.2 * np.cos(a), 1.2 * np.sin(a)) for i, a in enumerate(turn)}
    ways = [(i + 1001, [i + 1001, i + 1], FOOT) for i in range(count)]
    square = (10, [*range(1, count + 1), 1], {"highway": "pedestrian", "area": "yes"})
    streets = osm(rim | doors, [square, *ways]).walk
    edges, size = streets.edges, len(streets.ids)
    if count > 250:  # of the 150 * 149 / 2 lines between every second door
        assert (edges["osm"] == 10).sum() - count < 0.4 * 11175
    graph = csr_array((edges["length"], (edges["tail"], edges["head"])), shape=(size, size))
    on_rim = np.flatnonzero(streets.ids <= 1000)
    cost = dijkstra(graph, directed=False, indices=on_rim)[:, on_rim]
    x, y = streets.x[on_rim], streets.y[on_rim]
    straight = np.hypot(x[:, None] - x, y[:, None] - y) / 0.9996
    if count <= 250:
        assert (cost <= 1.021 * straight + 1e-6).all()
    else:  # every second door has lines of its own; the others go two sides of the rim further
        assert (cost <= 1.021 * straight + 4 * 2 * np.pi * EAST / count).all()


def test_another_crs(osm, tmp_path):
    osm({1: (0, 0), 2: (10, 0)}, [(10, [1, 2], HOME)])
    extract = read_osm(tmp_path / "city.osm", crs="EPSG:3857")
    edge = extract.drive.edges.iloc[0]
    assert edge["length"] == pytest.approx(1113.195, abs=0.01)
    assert edge.geometry.length == pytest.approx(1113.195, abs=0.01)  # web Mercator is true at the equator
    assert shapely.get_srid(edge.geometry) == 0


def test_columns_are_those_of_the_schema(osm):
    edges = osm({1: (0, 0), 2: (1, 0)}, [(10, [1, 2], HOME)]).drive.edges
    assert edges.columns.tolist() == [
        "tail", "head", "length", "time", "oneway", "name", "class", "speed", "lanes", "width", "bridge", "tunnel",
        "level", "fixed", "estimated", "osm", "geometry",
    ]  # fmt: skip
    whole = ["tail", "head", "level", "osm"]
    assert (edges[whole].dtypes == "int64").all()
    assert (edges[["oneway", "bridge", "tunnel", "fixed", "estimated"]].dtypes == "bool").all()
