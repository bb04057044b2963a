"""Topology: which node is next to which, as compressed sparse rows shared by all variants of a network."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.model.memory import Memory
from twin.model.turns import Turns

__all__ = ["Arcs", "Graph"]

Ints = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Arcs:
    """Directed arcs in compressed sparse rows.

    Attributes
    ----------
    indptr : (n + 1,) int32, where the arcs of each node begin.
    target : (m,) int32, the node an arc leads to.
    edge : (m,) int32, the row of the edge that the arc runs along.
    backward : (m,) bool, true where the arc runs from the edge's head to its tail.
    """

    indptr: Ints
    target: Ints
    edge: Ints
    backward: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Graph:
    """Topology of a network: `count` nodes and edges that run from `tail` to `head`.

    An edge is one row, whether it is passed in both directions or, where `oneway`, from tail to head only.
    Parallel edges and loops are allowed; kernels take the cheapest. `turns` lists what it costs to change from one
    edge to another where that is not free; None: every turn is.
    """

    count: int
    tail: Ints
    head: Ints
    oneway: NDArray[np.bool_]
    turns: Turns | None = None
    memory: Memory = field(default_factory=Memory, repr=False)

    @cached_property
    def arcs(self) -> Arcs:
        """Arcs leaving each node: follow them to travel away from a place."""
        return self._rows(self.tail, self.head)

    @cached_property
    def arcs_in(self) -> Arcs:
        """Arcs entering each node, turned round: follow them to travel towards a place."""
        if self.oneway.any():
            return self._rows(self.head, self.tail)
        out = self.arcs  # the same arcs, each now passed the other way
        return Arcs(out.indptr, out.target, out.edge, ~out.backward)

    def _rows(self, start: Ints, end: Ints) -> Arcs:
        two_way = np.flatnonzero(~self.oneway).astype(np.int32)
        every = np.arange(len(start), dtype=np.int32)
        source = np.concatenate([start, end[two_way]])
        target = np.concatenate([end, start[two_way]])
        edge = np.concatenate([every, two_way])
        second = np.zeros(len(source), dtype=bool)
        second[len(start) :] = True
        order = np.argsort(source, kind="stable")
        indptr = np.zeros(self.count + 1, dtype=np.int32)
        np.cumsum(np.bincount(source, minlength=self.count), out=indptr[1:])
        return Arcs(indptr, target[order], edge[order], second[order])

    @cached_property
    def parts(self) -> NDArray[np.int32]:
        """(n,) label of the strongly connected part of each node: within a part, everybody can go and come back."""
        arcs = self.arcs
        from scipy.sparse import csr_matrix
        from scipy.sparse.csgraph import connected_components

        matrix: Any = csr_matrix(
            (np.ones(len(arcs.target), dtype=np.int8), arcs.target, arcs.indptr), shape=(self.count, self.count)
        )
        _, labels = connected_components(matrix, directed=True, connection="strong")
        return np.asarray(labels, dtype=np.int32)
