"""Matrices and layouts by the hierarchy: the same numbers as by single searches, whatever a scenario did."""

import numpy as np
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st
from strategies import closures, networks, sites, weights

from twin.errors import MissingData
from twin.model import Network
from twin.routing import layouts, matrix, prepare
from twin.routing.matrix import BUILD, SMALL, WEIGH, metric


def grid(side, seed=0):
    """A square grid with random lengths, some of it one-way."""
    rng = np.random.default_rng(seed)
    node = np.arange(side * side).reshape(side, side)
    tail = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
    head = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
    x, y = np.meshgrid(np.arange(side) * 100.0, np.arange(side) * 100.0)
    length = rng.integers(50, 150, len(tail))
    return Network.from_arrays(x.ravel(), y.ravel(), tail, head, length=length, directed=rng.random(len(tail)) < 0.2)


@given(st.data(), networks(back=True, turns=True))
def test_a_prepared_network_answers_as_the_oracle(data, net):
    prepare(net)
    many = np.arange(net.graph.count).tolist() * WEIGH  # enough of them that the hierarchy is asked
    shut = net.close(np.array(data.draw(closures(net)), dtype=bool))
    for variant in (net, shut):
        found = matrix(variant, many)
        assert metric(variant, "length", searches=1) is not None
        assert found.tolist() == reference.matrix(variant, range(net.graph.count)) * WEIGH
        some = data.draw(sites(net))
        assert matrix(variant, many, some).tolist() == found[:, some].tolist()


@given(st.data(), networks(back=True, turns=True))
def test_layouts_are_the_same_to_the_last_bit(data, net):
    people = np.array(data.draw(weights(net)), dtype=float) / 3
    people[0] += 0.1
    groups = [data.draw(sites(net)) for _ in range(WEIGH + 7)]
    alone = layouts(net, groups, people, 10)
    prepare(net)
    together = layouts(net, groups, people, 10)
    assert net.memory.held(("metric", "length")) is not None
    assert together.to_numpy().tobytes() == alone.to_numpy().tobytes()


def test_it_is_asked_where_it_pays():
    small = grid(20)
    matrix(small, np.zeros(BUILD, dtype=int))
    assert metric(small, "length", searches=BUILD) is None
    net = grid(75)
    assert net.graph.count >= SMALL
    few = matrix(net, np.arange(0, 5000, 500))
    assert net.graph.memory.held("hierarchy") is None
    many = matrix(net, np.arange(0, 5000, 10))
    assert net.graph.memory.held("hierarchy") is not None
    assert np.array_equal(many[::50], few)
    shut = net.close(np.random.default_rng(1).random(len(net.graph.tail)) < 0.01)
    assert metric(shut, "length", searches=1) is None
    again = matrix(shut, np.arange(0, 5000, 100))
    assert metric(shut, "length", searches=1) is not None
    shut.graph.memory.__init__()  # forget the hierarchy
    shut.memory.__init__()
    assert np.array_equal(matrix(shut, np.arange(0, 5000, 1000)), again[::10])


def test_other_costs_have_their_own_weights():
    net = grid(75).with_columns(time=np.full(2 * 75 * 74, 7.0))
    prepare(net)
    hops = matrix(net, np.arange(20), cost="time")
    assert (hops[np.isfinite(hops)] % 7 == 0).all()
    assert matrix(net, np.arange(20))[0, 1] != hops[0, 1]
    with pytest.raises(MissingData, match="no cost 'money'"):
        matrix(net, np.arange(20), cost="money")
