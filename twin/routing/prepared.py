"""Topology made ready for the kernels, once for all variants of a network.

Near nodes stand near in memory, and turns that cost something are arcs of their own. Kernels know positions of their
own. Where turns are listed at a junction, every arc that arrives there and may not go on freely ends at a copy of the
junction, from which the permitted turns lead on at their cost; so every query honours turns without knowing of them.
One *leaves* a junction from its free copy, and has *arrived* at it on its last one:

    arcs that arrive freely ─▶ leave ──────────▶ arrive        copy of a barred arc ─▶ arrive
                               leave ─▶ all arcs out                               ─▶ the arcs it may take
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import breadth_first_order, connected_components, depth_first_order

from twin._kernels import paths as kernel
from twin.model import Graph, Network, Turns
from twin.model.network import CLOSED, SCALE

__all__ = ["Prepared", "Weighed", "prepared"]

Ints = NDArray[np.int32]
#: What a search takes: arcs in compressed rows, their costs, shift and number of the buckets that fit these.
Weighed = tuple[Ints, Ints, NDArray[np.uint32], int, int]
_FAR = np.int64(CLOSED)


@dataclass(frozen=True, eq=False)
class Prepared:
    """Arcs in the kernels' own numbering, in compressed sparse rows, out of each position and into it.

    Attributes
    ----------
    count, edges : number of positions (of the nodes, and of the copies of those with listed turns), and of edges.
    node : (count,) int32, the node that each position stands for.
    leave, arrive : (n,) int32, the position at which one sets out from a node, and at which one has come to it.
    indptr, target : (count + 1,), (a,) int32, arcs leaving each position.
    edge : (a,) int32, row of the edge that an arc runs along; -1 for the arc between two copies, which is free.
    backward : (a,) bool, true where the arc runs from the edge's head to its tail.
    turn : (a,) float64, what the turn before the arc costs [s]; None where no turn costs anything.
    indptr_in, target_in, arc_in : the same arcs turned round; `arc_in` is the position of each among those leaving.
    plain : whether every arc has its twin the other way, so that both rows of arcs are the same.
    """

    count: int
    edges: int
    node: Ints
    leave: Ints
    arrive: Ints
    indptr: Ints
    target: Ints
    edge: Ints
    backward: NDArray[np.bool_]
    turn: NDArray[np.float64] | None
    indptr_in: Ints
    target_in: Ints
    arc_in: Ints
    plain: bool

    def ends(self, *, inward: bool) -> tuple[Ints, Ints]:
        """`indptr` and `target` of the arcs to follow: inward, the way of those who travel here."""
        return (self.indptr_in, self.target_in) if inward else (self.indptr, self.target)

    def costs(self, net: Network, cost: str, *, inward: bool = False) -> NDArray[np.uint32]:
        """Fixed-point cost of each arc of `ends`; `CLOSED` where it cannot be passed. Remembered per network."""
        if inward and not (self.plain and f"{cost}_back" not in net.columns):
            return net.memory.of(("costs in", cost), (net,), lambda: self.costs(net, cost)[self.arc_in])
        return net.memory.of(("costs", cost), (net,), lambda: self._costs(net, cost))

    def weighed(self, net: Network, cost: str, *, inward: bool = False) -> Weighed:
        """What searches take: `ends`, `costs`, and the shape of the ring of buckets that fits these costs."""
        costs = self.costs(net, cost, inward=inward)
        shift, buckets = net.graph.memory.of(
            ("ring", cost),
            tuple(net.columns[name] for name in _columns(net, cost)),
            lambda: kernel.shape(self._whole(net, cost)),
        )
        indptr, target = self.ends(inward=inward)
        return indptr, target, costs, shift, buckets

    def _costs(self, net: Network, cost: str) -> NDArray[np.uint32]:
        """Those of the topology with every edge open, which its variants share, less what is closed."""
        names = _columns(net, cost)
        shut = np.flatnonzero(~net.open)
        if len(shut) * 4 > self.edges:  # then closing them is no less work than gathering the others
            return self._gathered([net.fixed_cost(name) for name in names], cost)
        for name in names:
            net.check_cost(name)
        value = self._whole(net, cost).copy()
        for backward in (False, True):
            value[self.instances(shut, backward=backward)[1]] = CLOSED
        return value

    def _whole(self, net: Network, cost: str) -> NDArray[np.uint32]:
        """Costs of the arcs with every edge open; remembered for all variants that share the columns."""
        names = _columns(net, cost)
        return net.graph.memory.of(
            ("costs", cost),
            tuple(net.columns[name] for name in names),
            lambda: self._gathered([net.fixed_cost(name, shut=False) for name in names], cost),
        )

    def _gathered(self, ways: list[NDArray[np.uint32]], cost: str) -> NDArray[np.uint32]:
        forward, against = np.append(ways[0], np.uint32(0)), np.append(ways[-1], np.uint32(0))  # at -1 an arc is free
        value = forward[self.edge]
        if len(ways) > 1:
            value = np.where(self.backward, against[self.edge], value)
        turn = self.turns(cost)
        if turn is None:
            return value
        total = value + turn
        return np.where((value == CLOSED) | (total >= _FAR), CLOSED, total).astype(np.uint32)

    def turns(self, cost: str) -> NDArray[np.int64] | None:
        """(a,) fixed-point cost of the turn before each arc; None where none counts: a turn takes time, not length."""
        if self.turn is None or not cost.startswith("time"):
            return None
        return np.rint(np.minimum(self.turn, 2.0**31) * SCALE).astype(np.int64)

    def instances(self, edge: NDArray[np.integer], *, backward: bool) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The arcs along each of some edges in one direction, as (row among `edge`, arc).

        There are several where listed turns lead into the edge, and none against a one-way edge.
        """
        order, indptr = self._along
        key = 2 * edge.astype(np.intp) + backward
        many = indptr[key + 1] - indptr[key]
        row = np.repeat(np.arange(len(key)), many)
        first = np.cumsum(many) - many
        return row, order[indptr[key][row] + np.arange(len(row)) - first[row]]

    @cached_property
    def _along(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Arcs grouped by edge and direction; the free arcs between copies (edge -1) come first and are in no group."""
        key = 2 * self.edge.astype(np.intp) + self.backward
        order = np.argsort(key, kind="stable")
        return order, np.searchsorted(key[order], np.arange(2 * self.edges + 1))

    @cached_property
    def first(self) -> Ints:
        """(n + 1,) int32, where the positions of each node begin, nodes in the order in which their positions come.

        The first of them is where one leaves, the last where one arrives.
        """
        return np.append(np.sort(self.leave), np.int32(self.count))

    @cached_property
    def source(self) -> Ints:
        """(a,) int32, the position that each arc leaves."""
        return np.repeat(np.arange(self.count, dtype=np.int32), np.diff(self.indptr))


def _columns(net: Network, cost: str) -> list[str]:
    """The columns of a cost: the one it is named by, and that against the edges' direction where it differs."""
    back = f"{cost}_back"
    return [cost, back] if back in net.columns else [cost]


def prepared(net: Network) -> Prepared:
    """The prepared topology of a network, made when first needed and shared by all its variants."""
    return net.graph.memory.of("prepared", (), lambda: _prepare(net.graph))


@dataclass
class _Rows:
    """Arcs as rows, before they are sorted."""

    source: NDArray[np.int64]
    target: NDArray[np.int64]
    edge: NDArray[np.int64]
    backward: NDArray[np.bool_]
    turn: NDArray[np.float64]


def _prepare(graph: Graph) -> Prepared:
    rows = _arcs(graph)
    owner = np.arange(graph.count)
    leave = arrive = owner
    if graph.turns is not None:
        rows, owner, arrive = _turned(graph, graph.turns, rows)
    rank = _rank(graph)
    place = np.empty(len(owner), dtype=np.int32)  # copies of a junction stand beside it
    place[np.sort(rank[owner].astype(np.int64) << 32 | np.arange(len(owner))) & 0xFFFFFFFF] = np.arange(len(owner))
    source, target = place[rows.source], place[rows.target]
    indptr, order = _grouped(source, len(owner))
    edge, backward = rows.edge[order].astype(np.int32), rows.backward[order]
    plain = graph.turns is None and not graph.oneway.any()
    if plain:  # follow the arcs out of a position: each stands for its twin, which comes in
        indptr_in, target_in, arc_in = indptr, target[order], _twins(edge, backward)
    else:
        indptr_in, back = _grouped(target[order], len(owner))
        target_in, arc_in = source[order][back], back
    node = np.empty(len(owner), dtype=np.int32)
    node[place] = owner
    return Prepared(
        count=len(owner),
        edges=len(graph.tail),
        node=node,
        leave=place[leave],
        arrive=place[arrive],
        indptr=indptr,
        target=target[order],
        edge=edge,
        backward=backward,
        turn=rows.turn[order] if rows.turn.any() else None,
        indptr_in=indptr_in,
        target_in=target_in,
        arc_in=arc_in.astype(np.int32),
        plain=plain,
    )


def _arcs(graph: Graph) -> _Rows:
    """Every edge along its direction, and after them those that are not one-way against it."""
    both = np.flatnonzero(~graph.oneway)
    tail, head = graph.tail.astype(np.int64), graph.head.astype(np.int64)
    edge = np.concatenate([np.arange(len(tail)), both])
    return _Rows(
        np.concatenate([tail, head[both]]),
        np.concatenate([head, tail[both]]),
        edge,
        np.arange(len(edge)) >= len(tail),
        np.zeros(len(edge)),
    )


def _turned(graph: Graph, turns: Turns, rows: _Rows) -> tuple[_Rows, NDArray[np.int64], NDArray[np.int64]]:
    """Give each arc that may not go on freely a copy of the junction it ends at.

    Returns the arcs, the node that each copy stands for, and the position at which one has come to each node.
    """
    come, go, cost = _pairs(turns, rows, len(graph.tail))
    barred = np.unique(come)
    junction = rows.target[barred]
    last = np.unique(junction)
    count = graph.count
    copy = count + np.arange(len(barred))
    end = count + len(barred) + np.arange(len(last))
    owner = np.concatenate([np.arange(count), junction, last])
    arrive = np.arange(count)
    arrive[last] = end
    target = rows.target.copy()
    target[barred] = copy
    # from each copy, every arc out of its junction, but for those that are forbidden
    indptr, order = _grouped(rows.source, count)
    many = indptr[junction + 1] - indptr[junction]
    which = np.repeat(np.arange(len(barred)), many)
    out = order[indptr[junction][which] + np.arange(len(which)) - (np.cumsum(many) - many)[which]]
    size = len(rows.edge)
    asked = np.searchsorted(come * size + go, barred[which] * size + out)
    asked = np.minimum(asked, len(come) - 1)
    hit = (come[asked] == barred[which]) & (go[asked] == out)
    extra = np.where(hit, cost[asked], 0.0)
    may = np.isfinite(extra)
    which, out, extra = which[may], out[may], extra[may]
    free = np.concatenate([last, copy])
    to_end = arrive[np.concatenate([last, junction])]
    none = np.full(len(free), -1)
    return (
        _Rows(
            np.concatenate([rows.source, copy[which], free]),
            np.concatenate([target, target[out], to_end]),
            np.concatenate([rows.edge, rows.edge[out], none]),
            np.concatenate([rows.backward, rows.backward[out], none == 0]),
            np.concatenate([rows.turn, extra, np.zeros(len(free))]),
        ),
        owner,
        arrive,
    )


def _pairs(turns: Turns, rows: _Rows, edges: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Listed turns as pairs of arcs, sorted, the dearest of those that are listed twice.

    A loop touches its node with both ends; a turn that speaks of it means both.
    """
    against = np.full(edges, -1, dtype=np.int64)  # the arc against each edge
    against[rows.edge[rows.backward]] = np.flatnonzero(rows.backward)
    come, go, cost = [], [], []
    for first in (turns.from_edge.astype(np.int64), against[turns.from_edge]):
        for second in (turns.to_edge.astype(np.int64), against[turns.to_edge]):
            meets = (first >= 0) & (second >= 0)
            meets &= (rows.target[first] == turns.node) & (rows.source[second] == turns.node) & (turns.cost > 0)
            come.append(first[meets])
            go.append(second[meets])
            cost.append(turns.cost[meets])
    pairs = np.concatenate(come), np.concatenate(go), np.concatenate(cost)
    order = np.lexsort((-pairs[2], pairs[1], pairs[0]))
    kept = order[np.diff(pairs[0][order] * len(rows.edge) + pairs[1][order], prepend=-1) > 0]
    return pairs[0][kept], pairs[1][kept], pairs[2][kept]


def _grouped(key: NDArray[Any], count: int) -> tuple[Ints, NDArray[np.int64]]:
    """Where each group begins, and the rows in order of their group."""
    indptr = np.zeros(count + 1, dtype=np.int32)
    np.cumsum(np.bincount(key, minlength=count), out=indptr[1:])
    return indptr, np.sort(key.astype(np.int64) << 32 | np.arange(len(key))) & 0xFFFFFFFF


def _twins(edge: Ints, backward: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each arc of a graph without one-way edges, the arc along the same edge the other way."""
    forward_of = np.empty(len(edge) // 2, dtype=np.int64)
    backward_of = np.empty_like(forward_of)
    forward_of[edge[~backward]] = np.flatnonzero(~backward)
    backward_of[edge[backward]] = np.flatnonzero(backward)
    return np.where(backward, forward_of[edge], backward_of[edge])


def _rank(graph: Graph) -> NDArray[np.int64]:
    """A place of each node in a line on which near nodes stand near.

    It is the order in which one comes by the nodes on a walk along the breadth-first tree of each part, branch by
    branch. It needs no coordinates; where there are some, it serves as well as their Morton (1966) order.
    """
    count = graph.count
    ends = np.concatenate([graph.tail, graph.head]), np.concatenate([graph.head, graph.tail])
    _, part = connected_components(_matrix(ends, count), directed=False)
    _, first = np.unique(part, return_index=True)
    root = np.full(len(first), count)  # a node that is not there, next to one of each part
    ends = np.concatenate([root, ends[0]]), np.concatenate([first, ends[1]])
    found, before = breadth_first_order(_matrix(ends, count + 1), count)
    branches = _matrix((before[found[1:]], found[1:]), count + 1)
    rank = np.empty(count, dtype=np.int64)
    rank[depth_first_order(branches, count, return_predecessors=False)[1:]] = np.arange(count)
    return rank


def _matrix(ends: tuple[NDArray[Any], NDArray[Any]], count: int) -> Any:
    return csr_matrix((np.ones(len(ends[0]), dtype=np.int8), ends), shape=(count, count))
