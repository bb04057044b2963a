"""Routes: what they cost is what their edges cost, and they are as cheap as can be."""

from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import closures, networks, sites

from twin.errors import DataError, UnknownName
from twin.model import Network
from twin.routing import matrix, routes


def test_by_hand():
    #  a ──10── b
    #  │        │      from a to d by b and c, since the edge from a to d may only be passed upwards
    #  10       10
    #  d ──10── c
    net = Network.from_arrays(
        [0, 10, 10, 0],
        [10, 10, 0, 0],
        [0, 1, 3, 3],
        [1, 2, 2, 0],
        directed=[False, False, False, True],
        ids=list("abcd"),
    )
    [there, back] = routes(net, ["a", "d"], ["d", "a"])
    assert (there.cost, there.nodes.tolist(), there.edges.tolist()) == (30, list("abcd"), [0, 1, 2])
    assert there.backward.tolist() == [False, False, True]
    assert list(there.line.coords) == [(0, 10), (10, 10), (10, 0), (0, 0)]
    assert (back.cost, back.nodes.tolist(), back.edges.tolist()) == (10, list("da"), [3])


def test_no_way_and_no_distance():
    net = Network.from_arrays([0, 10, 20], [5, 5, 5], [0], [1])
    [none, here] = routes(net, [0, 2], [2, 2])
    assert (none.cost, none.nodes.tolist(), none.edges.tolist(), none.line.is_empty) == (inf, [], [], True)
    assert (here.cost, here.nodes.tolist(), here.edges.tolist(), here.line.length) == (0, [2], [], 0)
    assert routes(net, [], []) == []


def test_bad_input_is_named():
    net = Network.from_arrays([0, 10], [0, 0], [0], [1])
    with pytest.raises(DataError, match="2 origins and 1 destinations"):
        routes(net, [0, 1], [1])
    with pytest.raises(UnknownName, match="no node '7'"):
        routes(net, [0], [7])


@given(st.data(), networks(back=True, turns=True))
def test_a_route_costs_what_the_matrix_says_and_what_its_edges_sum_to(data, net):
    net = net.close(np.array(data.draw(closures(net)), dtype=bool))
    start, end = data.draw(sites(net)), data.draw(sites(net))
    pairs = [(a, b) for a in start for b in end]
    table = matrix(net, start, end).ravel().tolist()
    listed = set()
    if net.graph.turns is not None:
        barred = net.graph.turns.to_frame().query("cost == inf")
        listed = set(barred[["from_edge", "node", "to_edge"]].itertuples(index=False, name=None))
    found = routes(net, [a for a, _ in pairs], [b for _, b in pairs])
    for (a, b), cost, route in zip(pairs, table, found, strict=True):
        assert route.cost == cost
        if cost == inf:
            assert not len(route.nodes)
            continue
        assert (route.nodes[0], route.nodes[-1]) == (a, b)
        assert net.open[route.edges].all()
        assert not (route.backward & net.graph.oneway[route.edges]).any()
        ends = np.c_[net.graph.tail, net.graph.head][route.edges]
        ends[route.backward] = ends[route.backward, ::-1]
        assert ends[:, 0].tolist() == route.nodes[:-1].tolist()
        assert ends[:, 1].tolist() == route.nodes[1:].tolist()
        assert not listed & set(zip(route.edges[:-1], route.nodes[1:-1], route.edges[1:], strict=True))
        forward, against = net.columns["length"][route.edges], net.columns["length_back"][route.edges]
        assert np.where(route.backward, against, forward).sum() == cost
