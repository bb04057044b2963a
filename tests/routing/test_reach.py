"""Costs between places on edges: by hand, and against real nodes put where the places are."""

from math import inf

import numpy as np
import pandas as pd
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st
from strategies import closures, hung, networks

from twin.errors import MissingData
from twin.model import Network
from twin.routing import matrix, nearest, reach


def table(*rows):
    """Rows of (row, edge, start, end, offset), as `City.snap` gives them."""
    frame = pd.DataFrame(rows, columns=["row", "edge", "start", "end", "offset"])
    return frame.astype({"row": np.int64, "edge": np.int32, "start": float, "end": float, "offset": float}).set_index(
        "row"
    )


def point(row, edge, at, offset=0.0):
    return (row, edge, at, at, offset)


def line(*lengths, **more):
    count = len(lengths) + 1
    return Network.from_arrays(
        np.arange(count), np.zeros(count), np.arange(count - 1), np.arange(1, count), length=lengths, **more
    )


def test_three_places_by_hand():
    #   0 ---- 100 ---- 1 ---- 200 ---- 2      places at 25 and 200, the site at 150 from the left, 7 off its edge
    places = table(point(0, 0, 0.25, offset=3), point(1, 1, 0.5), point(3, 1, 0.25))
    found = reach(line(100, 200), places, table(point(5, 1, 0.25, offset=7)), count=5)
    assert found.cost.tolist() == [3 + 75 + 50 + 7, 50 + 7, inf, 7, inf]  # rows 2 and 4 hang on nothing
    assert found.site.tolist() == [5, 5, -1, 5, -1]


def test_straight_along_the_edge_or_round_by_its_ends():
    # a ring of two edges between the same nodes: 100 one way, 10 the other
    net = Network.from_arrays([0, 1], [0, 0], [0, 0], [1, 1], length=[100, 10])
    found = reach(net, table(point(0, 0, 0.0), point(1, 0, 0.5), point(2, 0, 1.0)), table(point(0, 0, 0.875)), count=3)
    assert found.cost.tolist() == [10 + 12.5, 37.5, 12.5]


def test_one_way_streets_have_no_way_back():
    net = Network.from_arrays([0, 1], [0, 0], [0, 1], [1, 0], length=[100, 40], directed=True)  # a loop, clockwise
    place, site = table(point(0, 0, 0.75)), table(point(0, 0, 0.25))
    assert reach(net, place, site, count=1).cost.tolist() == [25 + 40 + 25]
    assert reach(net, place, site, count=1, outward=True).cost.tolist() == [50]
    assert reach(net.close([1]), place, site, count=1).cost.tolist() == [inf]


def test_a_closed_edge_keeps_what_hangs_on_it():
    net = line(100, 100)
    places, site = table(point(0, 0, 0.5), point(1, 0, 1.0), point(2, 1, 0.5)), table(point(0, 1, 0.75))
    assert reach(net, places, site, count=3).cost.tolist() == [125, 75, 25]
    shut = reach(net.close([0]), places, site, count=3)
    assert shut.cost.tolist() == [inf, 75, 25]  # the second stands at a junction, which other streets leave too
    assert shut.site.tolist() == [-1, 0, 0]
    assert reach(net.close([1]), places, site, count=3).cost.tolist() == [inf] * 3
    assert reach(net.close([1]), places, table(point(0, 1, 0.75), point(4, 0, 0.25)), count=3).site.tolist() == [
        4,
        4,
        -1,
    ]


def test_a_stretch_is_entered_where_it_is_near():
    # a park along 20 to 60 of an edge of 100
    park = table((0, 0, 0.2, 0.6, 0.0))
    places = table(point(0, 0, 0.0), point(1, 0, 0.3), point(2, 0, 0.9))
    assert reach(line(100), places, park, count=3).cost.tolist() == [20, 0, 30]
    assert reach(line(100), park, table(point(0, 0, 0.9)), count=1).cost.tolist() == [30]
    assert reach(line(100), park, table((0, 0, 0.5, 1.0, 0.0)), count=1).cost.tolist() == [0]


def test_a_stretch_is_no_short_cut():
    # the park touches both ends of a long street; people may not be carried through it
    park = table((0, 0, 0.0, 1.0, 0.0))
    places = table(point(0, 1, 0.0), point(1, 2, 1.0))
    net = Network.from_arrays([0] * 4, [0] * 4, [0, 2, 1], [1, 0, 3], length=[1000, 10, 20])
    assert reach(net, places, park, count=2).cost.tolist() == [10, 20]
    assert reach(net, table(point(0, 1, 0.0)), table(point(0, 2, 1.0)), count=1).cost.tolist() == [1030]


def test_the_best_of_several_ways_in():
    places = table(point(0, 0, 0.0), point(0, 1, 0.5))
    sites = table(point(3, 1, 1.0), point(3, 0, 0.25), point(7, 1, 0.75, offset=100))
    found = reach(line(100, 100), places, sites, count=1)
    assert (found.cost.tolist(), found.site.tolist()) == ([25], [3])


def test_ties_go_to_the_first_site():
    net = line(100)
    middle = table(point(0, 0, 0.5))
    for first, second in ((0.25, 0.75), (0.75, 0.25)):  # both 25 away, along the edge
        assert reach(net, middle, table(point(1, 0, first), point(2, 0, second)), count=1).site.tolist() == [1]
    net = line(100, 100, 100)  # both 100 away, by either end
    middle = table(point(0, 1, 0.5))
    for first, second in ((0, 2), (2, 0)):
        assert reach(net, middle, table(point(1, first, 0.5), point(2, second, 0.5)), count=1).site.tolist() == [1]
    # one by an end, the other along the edge
    for along, by_end in ((1, 2), (2, 1)):
        sites = table(*sorted([point(along, 1, 0.75), point(by_end, 0, 0.75)]))
        assert reach(net, table(point(0, 1, 0.25)), sites, count=1).site.tolist() == [1]


def test_the_gap_costs_time_at_the_speed_of_approach():
    net = line(100, time=75, toll=9, approach=4 / 3)
    place, site = table(point(0, 0, 0.0, offset=20)), table(point(0, 0, 1.0, offset=40))
    assert reach(net, place, site, count=1).cost.tolist() == [160]
    assert reach(net, place, site, count=1, cost="time").cost.tolist() == [15 + 75 + 30]
    assert reach(net, place, site, count=1, cost="toll").cost.tolist() == [9]
    assert reach(line(100, time=75), place, site, count=1, cost="time").cost.tolist() == [75]  # a drive: no time at all


def test_uphill_and_downhill():
    net = line(100, time=60, time_back=90)
    places, site = table(point(0, 0, 0.0), point(1, 0, 1.0)), table(point(0, 0, 0.5))
    assert reach(net, places, site, count=2, cost="time").cost.tolist() == [30, 45]
    assert reach(net, places, site, count=2, cost="time", outward=True).cost.tolist() == [45, 30]


def test_edges_of_no_length():
    found = reach(line(0, 0), table(point(0, 0, 0.0)), table(point(0, 1, 0.5, offset=2)), count=1)
    assert found.cost.tolist() == [2]


def test_nothing_there():
    net, place = line(100), table(point(0, 0, 0.5))
    assert reach(net, table(), place, count=0).cost.shape == (0,)
    assert reach(net, table(), place, count=2).cost.tolist() == [inf, inf]
    none = reach(net, place, table(), count=1)
    assert (none.cost.tolist(), none.site.tolist()) == ([inf], [-1])
    assert none.site.dtype == np.int64
    with pytest.raises(MissingData, match="no cost 'time'"):
        reach(net, place, place, count=1, cost="time")


@given(st.data(), networks(most=6, edges=8, back=True), st.booleans())
def test_reach_is_the_oracle(data, net, outward):
    places, sites = data.draw(hung(net)), data.draw(hung(net))
    found = reach(net, places, sites, count=7, outward=outward)
    costs, which = reference.reach(net, places, sites, 7, outward=outward)
    assert found.cost.tolist() == costs
    assert found.site.tolist() == which


@given(st.data(), networks(most=6, edges=8, back=True), st.booleans(), st.integers(0, 60))
def test_a_limit_only_leaves_out_what_lies_beyond(data, net, outward, limit):
    places, sites = data.draw(hung(net)), data.draw(hung(net))
    whole = reach(net, places, sites, count=7, outward=outward)
    near = reach(net, places, sites, count=7, outward=outward, limit=limit)
    assert near.cost.tolist() == np.where(whole.cost <= limit, whole.cost, inf).tolist()
    assert near.site.tolist() == np.where(whole.cost <= limit, whole.site, -1).tolist()


@given(st.data(), networks(back=True))
def test_places_at_nodes_reach_what_the_nodes_reach(data, net):
    def at_a_node(most):
        return st.lists(st.tuples(st.integers(0, len(net.graph.tail) - 1), st.booleans()), max_size=most)

    if not len(net.graph.tail):
        return
    some, goals = data.draw(at_a_node(5)), data.draw(at_a_node(4))
    places = table(*(point(i, edge, float(end)) for i, (edge, end) in enumerate(some)))
    sites = table(*(point(i, edge, float(end)) for i, (edge, end) in enumerate(goals)))
    start = [int((net.graph.head if end else net.graph.tail)[edge]) for edge, end in some]
    goal = [int((net.graph.head if end else net.graph.tail)[edge]) for edge, end in goals]
    found, by_node = reach(net, places, sites, count=len(some)), nearest(net, goal)
    assert found.cost.tolist() == by_node.cost[start, 0].tolist()
    assert found.site.tolist() == by_node.site[start, 0].tolist()
    if goal and start:
        out = reach(net, places, sites, count=len(some), outward=True)
        assert out.cost.tolist() == matrix(net, goal, start).min(axis=0).tolist()


@given(st.data(), networks(most=6, edges=8))
def test_closing_an_edge_never_brings_a_place_nearer(data, net):
    places, sites = data.draw(hung(net)), data.draw(hung(net))
    shut = net.close(np.array(data.draw(closures(net)), dtype=bool))
    assert (reach(shut, places, sites, count=7).cost >= reach(net, places, sites, count=7).cost).all()


@given(st.data(), networks(most=6, edges=8, shut=False))
def test_splitting_the_edges_changes_nothing(data, net):
    places, sites = data.draw(hung(net)), data.draw(hung(net))
    count, many = net.graph.count, len(net.graph.tail)
    middle = count + np.arange(many)
    halves = Network.from_arrays(
        np.zeros(count + many),
        np.zeros(count + many),
        np.concatenate([net.graph.tail, middle]),
        np.concatenate([middle, net.graph.head]),
        length=np.tile(net.columns["length"] / 2, 2),
        directed=np.tile(net.graph.oneway, 2),
    )

    def moved(given_table):
        rows = []
        for row, edge, start, end, gap in given_table.itertuples():
            if start <= 0.5:
                rows.append((row, edge, 2 * start, 2 * min(end, 0.5), gap))
            if end >= 0.5:
                rows.append((row, edge + many, 2 * max(start, 0.5) - 1, 2 * end - 1, gap))
        return table(*rows)

    for outward in (False, True):
        before = reach(net, places, sites, count=7, outward=outward)
        after = reach(halves, moved(places), moved(sites), count=7, outward=outward)
        assert after.cost.tolist() == before.cost.tolist()
        assert after.site.tolist() == before.site.tolist()
