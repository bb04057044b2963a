"""What closing an edge costs: by hand, and by closing every edge in turn."""

import os
from math import inf

import numpy as np
import pandas as pd
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import networks, sites, weights

from twin.errors import DataError, MissingData, UnknownName
from twin.model import Network
from twin.routing import bridges, criticality, cut_off, matrix, nearest


def table(*rows):
    return pd.DataFrame(rows, columns=["origin", "destination", "people"])


def town(seed=0, side=20):
    """Most of a grid of streets, some of them one-way."""
    rng = np.random.default_rng(seed)
    node = np.arange(side**2).reshape(side, side)
    tail = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
    head = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
    kept = rng.random(len(tail)) < 0.9
    return Network.from_arrays(
        np.zeros(side**2),
        np.zeros(side**2),
        tail[kept],
        head[kept],
        length=rng.integers(80, 121, kept.sum()).astype(float),
        directed=rng.random(kept.sum()) < 0.1,
    )


#  0 --1-- 1 --1-- 2
#  |               |        and 4 hangs on 2 by 7
#  2       3 ------1
#  +---------------+        (0-3 costs 2, 2-3 costs 1)
RING = {"tail": [0, 1, 2, 3, 2], "head": [1, 2, 3, 0, 4], "length": [1, 1, 1, 2, 7]}


def ring():
    return Network.from_arrays([0] * 5, [0] * 5, **RING)


def test_access_by_hand():
    found = criticality(ring(), [100, 10, 5, 1, 2], sites=[0])
    # 0-1 shut: 1 pays 4 instead of 1, 2 3 instead of 2, 4 one more; 1-2 shut: 2 pays 3, 4 one more;
    # 0-3 shut: 3 pays 3 instead of 2; 2-4 shut: 4 is cut off
    assert found.added.tolist() == [10 * 3 + 5 + 2, 5 + 2, 0, 1, 0]
    assert found.cut_off.tolist() == [0, 0, 0, 0, 2]
    assert found.total == 10 * 1 + 5 * 2 + 2 + 2 * 9


def test_journeys_by_hand():
    found = criticality(ring(), table((0, 2, 10), (0, 1, 1), (4, 3, 3), (0, 0, 9)))
    # 0-2 costs 2 by 1, 3 by 3; 0-1 1 or 4; 4-3 8 or 7 + 4
    assert found.added.tolist() == [10 * 1 + 3, 10 * 1, 3 * 3, 0, 0]
    assert found.cut_off.tolist() == [0, 0, 0, 0, 3]
    assert found.total == 10 * 2 + 1 + 3 * 8


def test_a_forbidden_turn():
    # from 0 one may not go on from edge 0 into edge 1: 0 to 2 leads by 3 (3), or round again at 1 (1 + 1 + 3)
    banned = pd.DataFrame({"from_edge": [0], "node": [1], "to_edge": [1], "cost": [inf]})
    net = Network.from_arrays([0] * 5, [0] * 5, **RING, turns=banned)
    found = criticality(net, table((0, 2, 10), (2, 0, 1)))
    # there: 0-3 or 3-2 shut, nothing is left; back by 1 at a cost of 2: 0-1 or 1-2 shut, 3 instead
    assert found.added.tolist() == [1, 1, 0, 0, 0]
    assert found.cut_off.tolist() == [0, 0, 10, 10, 0]
    assert found.total == 10 * 3 + 2
    access = criticality(net, [10, 0, 0, 0, 0], sites=[2])
    assert access.cut_off.tolist() == [0, 0, 10, 10, 0]
    assert access.total == 30


def test_an_edge_passed_both_ways():
    # arms 1, 2, 3 of 1, 1 and 5 around 0; from arm 1 one turns into arm 2 at the end of arm 3 only
    banned = pd.DataFrame({"from_edge": [0, 0], "node": 0, "to_edge": [1, 0], "cost": inf})
    net = Network.from_arrays([0] * 4, [0] * 4, [1, 2, 3], [0, 0, 0], length=[1, 1, 5], turns=banned)
    for found in (criticality(net, table((1, 2, 7))), criticality(net, [0, 7, 0, 0], sites=[2])):
        assert found.total == 7 * (1 + 5 + 5 + 1)
        assert found.cut_off.tolist() == [7, 7, 7]
        assert found.added.tolist() == [0, 0, 0]


def test_who_cannot_go_now_is_not_cut_off():
    net = ring().close([4])
    found = criticality(net, table((4, 0, 50), (0, 1, 1)))
    assert found.cut_off.tolist() == [0] * 5
    assert found.total == 1
    assert criticality(net, [0, 0, 0, 0, 50], sites=[0]).cut_off.tolist() == [0] * 5


def test_nobody_travels():
    for found in (
        criticality(ring(), np.ones(5), sites=[]),
        criticality(ring(), np.zeros(5), sites=[0]),
        criticality(ring(), table()),
    ):
        assert not found.added.any()
        assert not found.cut_off.any()
        assert found.total == 0
    none = Network.from_arrays([0, 1], [0, 0], [], [])
    assert criticality(none, [1, 1], sites=[0]).added.tolist() == []
    assert criticality(none, table((0, 1, 2), (0, 0, 2))).total == 0


def test_bad_demand():
    net = ring()
    with pytest.raises(DataError, match="table with the columns origin, destination, people"):
        criticality(net, np.ones(5))
    with pytest.raises(MissingData, match="no column 'people'"):
        criticality(net, table((0, 1, 2)).drop(columns="people"))
    with pytest.raises(DataError, match="at least 0"):
        criticality(net, table((0, 1, -2)))
    with pytest.raises(UnknownName, match="99"):
        criticality(net, table((0, 99, 2)))
    with pytest.raises(UnknownName, match="99"):
        criticality(net, np.ones(5), sites=[99])


@given(st.data(), networks(back=True), st.just("length"))
def test_closing_every_edge_in_turn_access(data, net, cost):
    access_is_the_oracle(data, net, cost)


@settings(max_examples=150)
@given(st.data(), networks(most=6, edges=10, back=True, turns=True), st.sampled_from(["length", "time"]))
def test_closing_every_edge_in_turn_access_with_turns(data, net, cost):
    access_is_the_oracle(data, net, cost if cost in net.columns else "length")


def access_is_the_oracle(data, net, cost):
    people, there = data.draw(weights(net)), data.draw(sites(net, least=1))
    journeys = [
        (lambda other, node=node: reference.nearest(other, there, cost=cost)[0][node][0], p)
        for node, p in enumerate(people)
    ]
    added, cut, total = reference.criticality(net, journeys)
    found = criticality(net, people, sites=there, cost=cost)
    assert found.added.tolist() == pytest.approx(added)
    assert found.cut_off.tolist() == cut
    assert found.total == pytest.approx(total)


@given(st.data(), networks(back=True), st.just("length"))
def test_closing_every_edge_in_turn_journeys(data, net, cost):
    journeys_are_the_oracle(data, net, cost)


@settings(max_examples=150)
@given(st.data(), networks(most=6, edges=10, back=True, turns=True), st.sampled_from(["length", "time"]))
def test_closing_every_edge_in_turn_journeys_with_turns(data, net, cost):
    journeys_are_the_oracle(data, net, cost if cost in net.columns else "length")


def journeys_are_the_oracle(data, net, cost):
    node = st.integers(0, net.graph.count - 1)
    rows = data.draw(st.lists(st.tuples(node, node, st.integers(0, 9)), max_size=6))
    journeys = [(lambda other, a=a, b=b: reference.matrix(other, [a], [b], cost)[0][0], p) for a, b, p in rows]
    added, cut, total = reference.criticality(net, journeys)
    found = criticality(net, table(*rows), cost=cost)
    assert found.added.tolist() == pytest.approx(added)
    assert found.cut_off.tolist() == cut
    assert found.total == pytest.approx(total)


def test_a_town():
    net = town()
    rng = np.random.default_rng(1)
    people, there = rng.integers(0, 9, net.graph.count), rng.choice(net.graph.count, 3, replace=False)
    demand = table(*zip(*rng.integers(0, net.graph.count, (2, 40)), rng.integers(1, 9, 40), strict=True))
    access, journeys = criticality(net, people, sites=there), criticality(net, demand)
    base = nearest(net, there).cost[:, 0]
    for edge in rng.choice(len(net.graph.tail), 60, replace=False):
        cost = nearest(net.close([edge]), there).cost[:, 0]
        kept = cost < inf
        assert access.added[edge] == pytest.approx(people[kept] @ (cost - base)[kept])
        assert access.cut_off[edge] == people[~kept & (base < inf)].sum()
        before, after = (np.diag(matrix(each, demand.origin, demand.destination)) for each in (net, net.close([edge])))
        kept = after < inf
        assert journeys.added[edge] == pytest.approx(demand.people[kept] @ (after - before)[kept])
        assert journeys.cut_off[edge] == demand.people[~kept & (before < inf)].sum()


def test_a_bridge_cuts_off_those_behind_it():
    # with one site, on a two-way network, who is cut off stands on the far side of a bridge: nobody but there
    rng = np.random.default_rng(3)
    tail, head = np.arange(1, 300), np.array([rng.integers(max(0, i - 5), i) for i in range(1, 300)])
    net = Network.from_arrays(
        np.zeros(300),
        np.zeros(300),
        np.append(tail, rng.integers(0, 300, 40)),
        np.append(head, rng.integers(0, 300, 40)),
        length=1.0,
    )
    found = criticality(net, np.ones(300), sites=[0]).cut_off
    assert np.array_equal(found > 0, bridges(net))
    assert np.array_equal(np.minimum(found, 300 - found), cut_off(net))


def test_threads_change_nothing(monkeypatch):
    net = town()
    rng = np.random.default_rng(2)
    count = net.graph.count
    people = rng.random(count)
    demand = table(*zip(*rng.integers(0, count, (2, 600)), rng.random(600), strict=True))
    results = []
    for cores in ({0}, {0, 1, 2, 3}):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, cores=cores: cores, raising=False)
        results.append((criticality(net, people, sites=[0, 77]), criticality(net, demand)))
    for one, other in zip(*results, strict=True):
        assert np.array_equal(one.added, other.added)
        assert np.array_equal(one.cut_off, other.cut_off)
        assert one.total == other.total
