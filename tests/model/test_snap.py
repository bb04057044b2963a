"""Snapping by hand: the nearest point of the nearest edge, what is passed over, and what polygons touch."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from twin.errors import DataError, MissingData
from twin.model import City, Network
from twin.model.snap import FRAGMENT, LIMIT, NEAR, snap_shapes, snap_table
from twin.routing import reach

# A street of 2 km from node 0 at (0, 0) to node 2 at (2000, 0): two edges that meet at node 1 in the middle. A third
# runs from there to node 3, 900 m to the north.
CROSS = Network.from_arrays([0, 1000, 2000, 1000], [0, 0, 0, 900], [0, 1, 1], [1, 2, 3], crs=32631)


def shapes(*given):
    return np.array(given, dtype=object)


def snapped(net, *given, limit=LIMIT):
    """(row, edge, start, end, offset, node) of each way in, rounded to millionths."""
    found = snap_shapes(net, shapes(*given), limit=limit)
    return [(row, int(e), round(s, 6), round(t, 6), round(o, 6), int(n)) for row, e, s, t, o, n in found.itertuples()]


def layer(*given, **columns):
    count = len(given)
    frame = {"id": range(count), "kind": ["clinic"] * count, **columns}
    return gpd.GeoDataFrame(frame, geometry=list(given), crs=32631)


# ── points ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_nearest_edge_not_the_nearest_node():
    # (1100, 880) is 100 m from edge 2 and 102 m from node 3, but (300, 20) is 700 m from any node
    assert snapped(CROSS, shapely.Point(300, 20)) == [(0, 0, 0.3, 0.3, 20, 0)]
    assert snapped(CROSS, shapely.Point(1100, 880)) == [(0, 2, 0.977778, 0.977778, 100, 3)]


def test_the_nearer_end_is_the_node():
    assert [n for *_, n in snapped(CROSS, *(shapely.Point(x, 5) for x in (0, 499, 500, 501, 1400, 1600)))] == [
        0, 0, 0, 1, 1, 2
    ]  # fmt: skip


def test_beyond_the_end_of_a_street():
    assert snapped(CROSS, shapely.Point(2030, 40)) == [(0, 1, 1, 1, 50, 2)]


def test_the_limit_is_inclusive_and_what_lies_beyond_is_absent():
    far = [shapely.Point(300, -y) for y in (249.999, 250, 250.001)]
    assert [row for row, *_ in snapped(CROSS, *far)] == [0, 1]
    assert [row for row, *_ in snapped(CROSS, *far, limit=500)] == [0, 1, 2]
    assert [row for row, *_ in snapped(CROSS, *far, limit=10)] == []
    assert snap_shapes(CROSS, shapes(*far), limit=10).index.name == "row"
    for limit in (0, -1, np.nan):
        with pytest.raises(DataError, match="above 0"):
            snapped(CROSS, *far, limit=limit)


def test_the_share_is_along_a_bent_street():
    bent = shapely.LineString([(0, 0), (0, 600), (400, 600)])
    net = Network.from_arrays([0, 400], [0, 600], [0], [1], shapes=[bent], length=5000)
    assert snapped(net, shapely.Point(-10, 300)) == [(0, 0, 0.3, 0.3, 10, 0)]
    assert snapped(net, shapely.Point(200, 610)) == [(0, 0, 0.8, 0.8, 10, 1)]


def test_edges_of_no_length():
    net = Network.from_arrays([0, 0, 2000], [0, 0, 0], [0, 1], [1, 2])
    # some versions of GEOS find no share of a line that has no length
    assert snapped(net, shapely.Point(0, 5)) == [(0, 1, 0, 0, 5, 1)]
    assert snapped(net, shapely.box(-5, -5, 5, 5)) == [(0, 1, 0, 0.0175, 0, 1)]
    assert snapped(Network.from_arrays([0, 0], [0, 0], [0], [1]), shapely.Point(3, 4), shapely.box(0, 0, 1, 1)) == []


# ── what is passed over ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("column", ["fixed", "tunnel"])
def test_tunnels_motorways_and_ferries_are_passed_over(column):
    # edge 0 lies nearest, but cannot be left along the way
    net = Network.from_arrays([0, 2000, 0, 2000], [0, 0, 100, 100], [0, 2], [1, 3], **{column: [True, False]})
    assert snapped(net, shapely.Point(500, 10)) == [(0, 1, 0.25, 0.25, 90, 2)]
    ((_, edge, _, _, offset, _),) = snapped(net, shapely.box(400, -20, 600, 20))  # it lies across edge 0
    assert (edge, offset) == (1, 80)
    nothing = Network.from_arrays([0, 2000], [0, 0], [0], [1], **{column: True})
    assert snapped(nothing, shapely.Point(500, 10), shapely.box(0, 0, 9, 9)) == []


def test_a_bridge_may_be_left_unless_it_is_fixed():
    net = Network.from_arrays([0, 2000], [0, 0], [0], [1], bridge=True)
    assert snapped(net, shapely.Point(500, 10)) == [(0, 0, 0.25, 0.25, 10, 0)]


def test_fragments_are_passed_over():
    def with_a_fragment(length):
        return Network.from_arrays([0, 5000, 0, length], [0, 0, 50, 50], [0, 2], [1, 3])

    assert snapped(with_a_fragment(FRAGMENT - 1), shapely.Point(10, 49))[0][1] == 0
    assert snapped(with_a_fragment(FRAGMENT), shapely.Point(10, 49))[0][1] == 1
    # where there is nothing longer, the longest part is the city
    small = Network.from_arrays([0, 50, 0, 40], [0, 0, 50, 50], [0, 2], [1, 3])
    assert snapped(small, shapely.Point(10, 49))[0][1] == 0


def test_what_cannot_be_come_back_from_is_a_fragment():
    # a one-way street out of a two-way one: once there, there is no way back
    net = Network.from_arrays([0, 2000, 2000], [0, 0, 1500], [0, 1], [1, 2], directed=[False, True])
    assert snapped(net, shapely.Point(1990, 700), limit=1000) == [(0, 0, 0.995, 0.995, 700, 1)]


def test_a_closed_edge_is_still_where_a_place_hangs():
    place, site = layer(shapely.Point(300, 20)), layer(shapely.Point(1500, 0))
    net = CROSS.close([0])
    hung = snap_table(net, place)
    assert hung["edge"].tolist() == [0]
    assert reach(CROSS, hung, snap_table(CROSS, site), count=1).cost.tolist() == [20 + 700 + 500]
    assert reach(net, hung, snap_table(net, site), count=1).cost.tolist() == [np.inf]


def test_a_network_without_edges():
    net = Network.from_arrays([0, 1], [0, 0], [], [])
    with pytest.raises(MissingData, match="no edges"):
        snapped(net, shapely.Point(0, 0))
    with pytest.raises(MissingData, match="no edges"):
        snap_table(net, layer(shapely.Point(0, 0)))


# ── polygons ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_polygon_by_the_stretch_that_comes_near_never_its_centre():
    # 400 m deep, its rim 10 m from the street: the centre is 210 m away
    park = shapely.box(200, 10, 600, 410)
    ((row, edge, start, end, offset, node),) = snapped(CROSS, park)
    # beside its sides the street is within 30 m as far as sqrt(30^2 - 10^2) = 28.28 m beyond them; the rounded
    # corner is drawn with 4 chords a quarter, which lie at most 30 (1 - cos(pi / 16)) = 0.58 m inside it
    beyond = np.sqrt(NEAR**2 - 10**2)
    assert (row, edge, offset, node) == (0, 0, 0, 0)
    assert 200 - beyond <= 1000 * start <= 200 - beyond + 0.7
    assert 600 + beyond - 0.7 <= 1000 * end <= 600 + beyond


def test_a_polygon_across_a_street_and_round_a_corner():
    assert snapped(CROSS, shapely.box(400, -300, 600, 300)) == [(0, 0, 0.37, 0.63, 0, 0)]
    square = snap_shapes(CROSS, shapes(shapely.box(900, -100, 1100, 100)))
    assert square["edge"].tolist() == [0, 1, 2]
    assert square["start"].round(6).tolist() == [0.87, 0, 0]
    assert square["end"].round(6).tolist() == [1, 0.13, round(130 / 900, 6)]
    assert square["node"].tolist() == [1, 1, 1]


def test_a_polygon_that_is_not_near_hangs_like_a_point():
    found = snapped(CROSS, shapely.box(200, 31, 600, 400))
    assert [(r, e, o) for r, e, _, _, o, _ in found] == [(0, 0, 31)]
    assert found[0][2] == found[0][3]
    assert 0.2 <= found[0][2] <= 0.6
    assert snapped(CROSS, shapely.box(200, 251, 600, 400)) == []


def test_a_polygon_by_its_entrances():
    park = shapely.box(200, 10, 600, 410)
    gates = shapely.MultiPoint([(250, 10), (600, 10), (400, 410)])
    found = snap_shapes(CROSS, shapes(park, park), shapes(gates, None))
    mapped = found.loc[[0]]
    assert mapped["start"].tolist() == mapped["end"].tolist()
    assert sorted(mapped["start"].round(6)) == [0.25, 0.6]  # the third lies beyond the limit
    assert mapped["offset"].tolist() == [10, 10]
    assert found.loc[[1], "end"].iloc[0] > 0.6
    one = snap_shapes(CROSS, shapes(park), shapes(shapely.Point(600, 10)))
    assert one["start"].round(6).tolist() == [0.6]
    for none in (None, np.nan, shapely.MultiPoint()):
        assert snap_shapes(CROSS, shapes(park), shapes(none))["end"].iloc[0] > 0.6


def test_a_ring_road_is_touched_all_round():
    ring = shapely.Point(0, 0).buffer(500).exterior
    start = ring.coords[0]
    net = Network.from_arrays([start[0]], [start[1]], [0], [0], shapes=[ring], length=[ring.length])
    found = snap_shapes(net, shapes(shapely.box(490, -20, 520, 20), shapely.Point(-510, 0)))
    assert found[["start", "end"]].round(3).to_numpy().tolist() == [[0, 1], [0.5, 0.5]]


# ── remembered ───────────────────────────────────────────────────────────────────────────────────────────────────────


def random_places(count, seed):
    rng = np.random.default_rng(seed)
    points = shapely.points(rng.uniform(-100, 2100, count), rng.uniform(-100, 300, count))
    return [shapely.box(p.x, p.y, p.x + 40, p.y + 30) if i % 3 == 0 else p for i, p in enumerate(points)]


def test_appended_rows_are_snapped_alone_and_as_if_together():
    given = random_places(60, 1)
    city = City.build("x", 32631, networks={"walk": CROSS}, facilities=layer(*given[:40]))
    before = city.snap("facilities", "walk")
    grown = city.with_rows("facilities", layer(*given[40:], id=range(40, 60)))
    found = grown.snap("facilities", "walk")
    pd.testing.assert_frame_equal(found, snap_shapes(CROSS, shapes(*given)))
    pd.testing.assert_frame_equal(found.loc[:39], before)
    assert city.snap("facilities", "walk") is before
    shut = grown.with_columns("facilities", open=False)
    assert shut.snap("facilities", "walk") is found  # the shapes are the same: nothing is computed


def test_other_shapes_other_answer():
    first, second = layer(shapely.Point(300, 20)), layer(shapely.Point(700, 20))
    assert snap_table(CROSS, first)["start"].tolist() == [0.3]
    assert snap_table(CROSS, second)["start"].tolist() == [0.7]
    assert snap_table(CROSS, first, limit=10).empty
    assert snap_table(CROSS, first)["start"].tolist() == [0.3]


def test_new_entrances_are_new_ways_in():
    park = shapely.box(200, 10, 600, 410)
    bare = layer(park)
    west, east = (layer(park, entrances=[shapely.MultiPoint([(x, 10)])]) for x in (200, 600))
    assert snap_table(CROSS, bare)["end"].iloc[0] > 0.6
    assert snap_table(CROSS, west)["start"].round(6).tolist() == [0.2]
    assert snap_table(CROSS, east)["start"].round(6).tolist() == [0.6]
    city = City.build("x", 32631, networks={"walk": CROSS}, facilities=west)
    other = city.with_columns("facilities", entrances=east["entrances"].to_numpy())
    assert other.snap("facilities", "walk")["start"].round(6).tolist() == [0.6]
    assert city.snap("facilities", "walk")["start"].round(6).tolist() == [0.2]


def test_edges_that_become_fixed_are_left():
    place = layer(shapely.Point(1300, 20))
    net = CROSS.with_columns(fixed=[False, True, False])
    assert snap_table(CROSS, place)["edge"].tolist() == [1]
    assert snap_table(net, place, limit=400)["edge"].tolist() == [2]
    assert snap_table(net, place).empty
    assert snap_table(CROSS, place)["edge"].tolist() == [1]


def test_closing_an_edge_computes_nothing_anew():
    place = layer(*random_places(10, 2))
    assert snap_table(CROSS.close([1]), place) is snap_table(CROSS, place)
