"""Forbidden and costly turns, in every query, against a search over (node, edge travelled last)."""

from __future__ import annotations

from math import inf

import numpy as np
import pandas as pd
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st
from strategies import closures, hung, networks, sites, weights

from twin.errors import DataError
from twin.model import Network
from twin.routing import matrix, nearest, reach, three_step, two_step, within
from twin.routing.prepared import prepared


def cross(**turn):
    """Four arms of 100 m and 10 s around node 0; edges 0 to 3 lead from the arms' ends 1 to 4 into it."""
    listed = pd.DataFrame(turn) if turn else None
    return Network.from_arrays(
        [0, -100, 0, 100, 0], [0, 0, 100, 0, -100], [1, 2, 3, 4], [0, 0, 0, 0], time=10.0, turns=listed
    )


def test_a_forbidden_turn_by_hand():
    net = cross(from_edge=[0], node=[0], to_edge=[1], cost=[inf])
    # from 1 one may not turn to 2, unless one turns round in the arm of 3 or 4: 100 + 100 + 100 + 100
    assert matrix(net, [1], [0, 2, 3, 4]).tolist() == [[100, 400, 200, 200]]
    assert matrix(net, [2], [1]).tolist() == [[200]]  # the other way it is free
    assert matrix(net, [0], [2]).tolist() == [[100]]  # and so for whoever sets out at the junction
    # with every way round barred as well, there is no way
    none = cross(from_edge=[0] * 4, node=[0] * 4, to_edge=[0, 1, 2, 3], cost=[inf] * 4)
    assert matrix(none, [1], [0, 2, 3, 4]).tolist() == [[100, inf, inf, inf]]


def test_a_turn_that_costs_time_costs_no_length():
    net = cross(from_edge=[0], node=[0], to_edge=[1], cost=[7.5])
    assert matrix(net, [1], [2], cost="time").tolist() == [[27.5]]
    assert matrix(net, [1], [2]).tolist() == [[200]]
    dear = cross(from_edge=[0], node=[0], to_edge=[1], cost=[60.0])
    assert matrix(dear, [1], [2], cost="time").tolist() == [[40]]  # round by another arm is cheaper


def test_who_stands_on_a_street_turns_out_of_it():
    net = cross(from_edge=[0], node=[0], to_edge=[1], cost=[inf])
    half = pd.DataFrame({"edge": [0], "start": [0.5], "end": [0.5], "offset": [0.0]}, index=[0])
    there = pd.DataFrame({"edge": [1], "start": [0.5], "end": [0.5], "offset": [0.0]}, index=[0])
    # half an arm, two arms to turn round in, half an arm: 50 + 200 + 50
    assert reach(net, half, there, count=1).cost.tolist() == [300]
    assert reach(net, half, there, count=1, outward=True).cost.tolist() == [100]  # from there to here it is free


@given(st.data(), networks(back=True, turns=True), st.sampled_from(["length", "time"]))
def test_every_query_is_the_oracle(data, net, cost):
    if cost not in net.columns:
        cost = "length"
    net = net.close(np.array(data.draw(closures(net)), dtype=bool))
    every = np.arange(net.graph.count)
    assert matrix(net, every, cost=cost).tolist() == reference.matrix(net, every, cost=cost)
    where, people = data.draw(sites(net)), data.draw(weights(net))
    for k in (1, 3):
        found = nearest(net, where, k=k, cost=cost)
        costs, which = reference.nearest(net, where, k, cost=cost)
        assert found.cost.tolist() == costs
        assert found.site.tolist() == which
    limit = data.draw(st.sampled_from([0, 4, 10, 5000, inf]))
    assert within(net, people, limit, cost=cost).tolist() == reference.within(net, people, limit, cost=cost)
    supply = np.ones(len(where))
    expected = reference.two_step(net, people, where, supply, limit, cost=cost)
    assert two_step(net, people, where, supply, limit, cost=cost) == pytest.approx(expected, rel=1e-9)
    expected = reference.three_step(net, people, where, supply, limit, cost=cost)
    assert three_step(net, people, where, supply, limit, cost=cost) == pytest.approx(expected, rel=1e-9)


@given(st.data(), networks(most=6, edges=8, back=True, turns=True), st.booleans())
def test_reach_is_the_oracle(data, net, outward):
    places, there = data.draw(hung(net)), data.draw(hung(net))
    found = reach(net, places, there, count=6, outward=outward)
    costs, which = reference.reach(net, places, there, 6, outward=outward)
    assert found.cost.tolist() == costs
    assert found.site.tolist() == which


@given(networks(back=True, turns=True))
def test_arcs_in_are_the_arcs_out_turned_round(net):
    ways = prepared(net)
    for cost in ("length", "time") if "time" in net.columns else ("length",):
        out = sorted(zip(ways.source, ways.target, ways.costs(net, cost), strict=True))
        source = np.repeat(np.arange(ways.count), np.diff(ways.indptr_in))
        assert sorted(zip(ways.target_in, source, ways.costs(net, cost, inward=True), strict=True)) == out


@given(networks(turns=True), st.integers(0, 1))
def test_the_arcs_along_an_edge(net, backward):
    ways, edges = prepared(net), np.arange(len(net.graph.tail))
    row, arc = ways.instances(edges, backward=bool(backward))
    assert np.array_equal(ways.edge[arc], row)
    assert (ways.backward[arc] == bool(backward)).all()
    assert len(set(arc)) == len(arc) == int(((ways.edge >= 0) & (ways.backward == bool(backward))).sum())


def test_a_turn_table_is_checked():
    whole = {"from_edge": [0], "node": [0], "to_edge": [1], "cost": [1.0]}
    for change, match in (
        ({"node": [2]}, "turns.from_edge: 1 name an edge that does not touch"),
        ({"to_edge": [9]}, "turns.to_edge: 1 name an edge that does not touch"),
        ({"cost": [-1.0]}, "turns.cost: 1 are negative or missing"),
        ({"cost": [np.nan]}, "turns.cost: 1 are negative or missing"),
        ({"from_edge": [0.5]}, "turns.from_edge: positions are whole numbers"),
    ):
        with pytest.raises(DataError, match=match):
            cross(**{**whole, **change})
    with pytest.raises(DataError, match=r"turns\.cost: no such column"):
        cross(from_edge=[0], node=[0], to_edge=[1])
    assert cross(from_edge=[], node=[], to_edge=[], cost=[]).graph.turns is None
