"""Topology by hand: arcs out and in, parts."""

import numpy as np
from hypothesis import given
from strategies import networks

from twin.model import Graph, Network


def graph(count, tail, head, oneway):
    return Graph(count, np.array(tail, dtype=np.int32), np.array(head, dtype=np.int32), np.array(oneway, dtype=bool))


def test_arcs_by_hand():
    #   0 == 1 -> 2, and a loop at 1
    g = graph(3, [0, 1, 1], [1, 2, 1], [False, True, False])
    out = g.arcs
    assert out.indptr.tolist() == [0, 1, 5, 5]
    assert out.target.tolist() == [1, 2, 1, 0, 1]
    assert out.edge.tolist() == [0, 1, 2, 0, 2]
    assert out.backward.tolist() == [False, False, False, True, True]
    inward = g.arcs_in
    assert inward.indptr.tolist() == [0, 1, 4, 5]
    assert inward.target.tolist() == [1, 0, 1, 1, 1]
    assert inward.edge.tolist() == [0, 0, 2, 2, 1]
    assert inward.backward.tolist() == [True, False, False, True, False]
    assert {a.dtype for a in (out.indptr, out.target, out.edge)} == {np.dtype(np.int32)}


def test_two_way_arcs_are_shared_and_turned_round():
    g = graph(2, [0], [1], [False])
    assert g.arcs.target is g.arcs_in.target
    assert g.arcs.backward.tolist() == [False, True]
    assert g.arcs_in.backward.tolist() == [True, False]


def test_parts_are_strongly_connected():
    g = graph(6, [0, 1, 2, 3, 5], [1, 2, 0, 4, 3], [True, True, True, False, True])
    a, b, c, d, e, f = g.parts.tolist()
    assert a == b == c  # a one-way ring
    assert d == e != a
    assert f not in {a, d}  # one can leave it, and not come back


def test_nothing_there():
    empty = graph(0, [], [], [])
    assert empty.arcs.indptr.tolist() == [0]
    assert empty.parts.tolist() == []
    assert graph(2, [], [], []).parts.tolist() == [0, 1]


@given(networks(back=True))
def test_arcs_in_are_arcs_out_turned_round(net):
    def listed(arcs):
        start = np.repeat(np.arange(net.graph.count), np.diff(arcs.indptr))
        return list(zip(start, arcs.target, arcs.edge, arcs.backward, strict=True))

    out = sorted(listed(net.graph.arcs))
    assert sorted((t, s, e, b) for s, t, e, b in listed(net.graph.arcs_in)) == out
    assert out == sorted(
        (s, t, e, b)
        for e, (tail, head, oneway) in enumerate(zip(net.graph.tail, net.graph.head, net.graph.oneway, strict=True))
        for s, t, b in [(tail, head, False)] + [(head, tail, True)] * (not oneway)
    )


def test_variants_share_the_graph():
    net = Network.from_arrays([0, 1], [0, 0], [0], [1])
    assert net.close([0]).graph is net.graph
    assert net.close([0]).graph.arcs is net.graph.arcs
