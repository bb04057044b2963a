"""Ways of trips written out, where tables to every destination would not fit: a metropolis has a million of them.

Trips that end, or begin, at one place share a tree. One whose trips are near is searched for; the others are swept many
at a time through the network's hierarchy, and their ways are read off the costs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from twin._kernels.chains import Chains
from twin.model import Network
from twin.routing.matrix import metric
from twin.routing.paths import in_chunks
from twin.routing.prepared import Prepared

__all__ = ["Written", "written"]

Rows = NDArray[np.int64]
Written = tuple[NDArray[np.int32], Rows]
#: Places that a search may visit before a sweep through the hierarchy is quicker, as a share of all, and at least.
_SHARE, _LEAST = 1 / 24, 4096
_TRIED = 256  # trees after which one knows whether most are too far to be searched for
_SWEPT = 64  # trees at a time: a cost for each and every place


def written(
    ways: Prepared, net: Network, cost: str, ends: tuple[NDArray[np.int32], NDArray[np.int32]], first: int
) -> Written:
    """A cheapest way of each trip, as rows that follow each other.

    Parameters
    ----------
    cost : column that is least.
    ends : (n,) positions in `ways` at which each trip begins and ends; they differ.
    first : added to the numbers of arcs.

    Returns
    -------
    (k,) int32, rows as the engine reads them; (n,) int64, where the way of each trip begins, -1 where there is none.
    """
    begin, end = ends
    row = np.full(len(begin), -1, dtype=np.int64)
    inward = np.bincount(end, minlength=ways.count)[end] >= np.bincount(begin, minlength=ways.count)[begin]
    indptr, target, costs, shift, buckets = ways.weighed(net, cost)
    into = (ways.indptr_in, ways.target_in, ways.arc_in)
    make = partial(Chains, (indptr, target), into, ways.source, costs, (shift, buckets), first)
    free: list[Chains] = []  # threads come and go; what they write with stays
    parts: list[NDArray[np.int32]] = []
    for side in (True, False):
        trips = np.flatnonzero(inward == side)
        root, other = (end, begin) if side else (begin, end)
        trips = trips[np.lexsort((other[trips], root[trips]))]
        edges = np.flatnonzero(np.diff(root[trips], prepend=-1, append=-1))
        book = _Book(parts, row, trips, edges, root, other, side, make, free)
        far = book.far(max(_LEAST, int(ways.count * _SHARE)))
        weighed = metric(net, cost, searches=len(far)) if len(far) else None
        if weighed is None:
            book.near(ways.count, far)
            continue
        whole = replace(weighed, up=weighed.down, down=weighed.up) if side else weighed
        table = np.empty((_SWEPT, ways.count), dtype=np.uint32)
        room: list[NDArray[np.int32]] = []
        for part in range(0, len(far), _SWEPT):
            some = far[part : part + _SWEPT]
            book.swept(some, whole.fill(table[: len(some)], root[trips[edges[some]]], room=room))
    return np.concatenate([np.zeros(0, np.int32), *parts]), row


@dataclass
class _Book:
    """Trees of one side of the trips, that are written one after another.

    Attributes
    ----------
    parts, row : rows that were written so far, and where the way of each trip begins.
    trips, edges : trips by their root, and where those of each root begin.
    root, other : (n,) the end of each trip that is the tree's root, and its other end.
    inward : whether the root is where trips end.
    make, free : what threads write with, and those that no thread has now: threads come and go.
    """

    parts: list[NDArray[np.int32]]
    row: Rows
    trips: Rows
    edges: Rows
    root: NDArray[np.int32]
    other: NDArray[np.int32]
    inward: bool
    make: Callable[[], Chains]
    free: list[Chains]
    used: int = 0

    def __post_init__(self) -> None:
        self.used = sum(map(len, self.parts))

    def far(self, most: int) -> Rows:
        """Search for all trees; left are those whose trips are farther than `most` places, and all where most are."""
        trees = np.arange(len(self.edges) - 1)
        tried = self.near(most, trees[:_TRIED])
        if 2 * len(tried) > _TRIED:
            return np.concatenate([tried, trees[_TRIED:]])
        return np.concatenate([tried, self.near(most, trees[_TRIED:])])

    def near(self, most: int, wanted: Rows) -> Rows:
        """Search for some trees; those whose trips are farther than `most` places are left."""
        left: list[int] = []

        def some(part: slice) -> tuple[NDArray[np.int32], list[Rows], list[int]]:
            chains, rows, over = self._chains(), [], []
            for tree in wanted[part]:
                trips = self._trips(tree)
                row = np.full(len(trips), -1, dtype=np.int64)
                if chains.search(int(self.root[trips[0]]), self.other[trips], self.inward, most):
                    chains.write(int(self.root[trips[0]]), self.other[trips], row)
                else:
                    over.append(int(tree))
                chains.forget()
                rows.append(row)
            found = chains.taken(), rows, over
            self.free.append(chains)
            return found

        def then(part: slice, found: tuple[NDArray[np.int32], list[Rows], list[int]]) -> None:
            self._keep(wanted[part], found[0], found[1])
            left.extend(found[2])

        in_chunks(some, len(wanted), least=1, then=then)
        return np.array(left, dtype=np.int64)

    def swept(self, trees: Rows, label: NDArray[np.uint32]) -> None:
        """Write some trees by the costs of every place, a row a tree."""

        def some(part: slice) -> tuple[NDArray[np.int32], list[Rows]]:
            chains, rows = self._chains(), []
            for place in range(part.start, part.stop):
                trips = self._trips(trees[place])
                root, row = int(self.root[trips[0]]), np.full(len(trips), -1, dtype=np.int64)
                chains.take(label[place], self.inward)
                if not chains.write(root, self.other[trips], row):  # arcs that cost nothing: a search knows
                    chains.search(root, self.other[trips], self.inward, label.shape[1])
                    chains.write(root, self.other[trips], row)
                    chains.forget()
                rows.append(row)
            found = chains.taken(), rows
            self.free.append(chains)
            return found

        in_chunks(some, len(trees), least=1, then=lambda part, found: self._keep(trees[part], *found))

    def _chains(self) -> Chains:
        try:
            return self.free.pop()
        except IndexError:
            return self.make()

    def _trips(self, tree: int) -> Rows:
        return self.trips[self.edges[tree] : self.edges[tree + 1]]

    def _keep(self, trees: Rows, rows: NDArray[np.int32], begin: list[Rows]) -> None:
        for tree, row in zip(trees, begin, strict=True):
            self.row[self._trips(tree)] = np.where(row >= 0, row + self.used, -1)
        self.parts.append(rows)
        self.used += len(rows)
