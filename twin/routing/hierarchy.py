"""A customizable contraction hierarchy: topology prepared once, every scenario only re-weights it.

The nodes are eliminated in a nested-dissection order (twin/routing/dissection.py), which joins the neighbours of each
that are eliminated later. The graph with these arcs depends on topology alone. A metric gives each of them the cost of
the cheapest way through lower nodes, by going through the lower triangles once (Dibbelt, Strasser & Wagner 2016); then
every cheapest way has a twin that first only climbs and then only descends, and one pass over the arcs, from the top
down, labels all nodes (Delling, Goldberg, Nowatzyk & Werneck 2013). Sixteen origins go in one pass.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from hashlib import blake2b
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin._kernels import elimination
from twin._kernels import hierarchy as kernel
from twin.errors import DataError
from twin.model.network import SCALE
from twin.routing.dissection import neighbours, order
from twin.routing.paths import in_chunks

__all__ = ["Hierarchy", "Metric"]

Ints = NDArray[np.int32]
Costs = NDArray[np.uint32]
Result = TypeVar("Result", Costs, NDArray[np.float64])

_LANES = 16  # origins in one sweep
_PARTS = 32  # stretches of ranks that are settled side by side


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """What elimination made of a topology; arrays alone, and nothing that depends on a cost.

    Attributes
    ----------
    rank : (n,) int32, place of each node in the order of elimination.
    parent : (n,) int32, by rank: the lowest rank that it has an arc up to; -1 at a root.
    first, head : (n+1,) and (a,) int32: rank r has the arcs first[r]..first[r+1]-1, up to the ranks head[·], ascending.
    row, row_tail, row_arc : the same arcs by the rank that they lead up to: where they come from, and which they are.
    given, given_arc, given_slot : the topology's arcs by their lower end: which they are, and 2 x the arc of the
        hierarchy that they run along, + 1 where they run down.
    fingerprint : (4,) int64, of the topology: how many nodes and arcs, and a digest.
    """

    rank: Ints
    parent: Ints
    first: Ints
    head: Ints
    row: Ints
    row_tail: Ints
    row_arc: Ints
    given: Ints
    given_arc: Ints
    given_slot: Ints
    fingerprint: NDArray[np.int64]

    @classmethod
    def build(cls, indptr: Ints, target: Ints, x: ArrayLike | None = None, y: ArrayLike | None = None) -> Hierarchy:
        """Prepare a topology.

        Parameters
        ----------
        indptr, target : (n+1,) and (m,) int32, compressed rows of directed arcs; loops and parallel arcs are welcome.
        x, y : (n,) coordinates, which make the order better and quicker to find.

        Raises
        ------
        DataError : elimination would take more arcs than int32 can count; no road network comes near.
        """
        indptr, target = np.ascontiguousarray(indptr, np.int32), np.ascontiguousarray(target, np.int32)
        count = len(indptr) - 1
        begin, near = neighbours(indptr, target)
        places = [None if c is None else np.asarray(c, dtype=float) for c in (x, y)]
        sequence = order(begin, near, *places)
        parent, rank, one, other = np.empty((4, count), dtype=np.int32)
        elimination.tree(begin, near, sequence, one, other, parent, rank)
        node = np.empty(count, dtype=np.int32)
        node[rank] = np.arange(count)
        ends, rows = np.empty((2, count + 1), dtype=np.int64)
        elimination.count_arcs(begin, near, rank, node, parent, one, ends, rows)
        if 2 * ends[-1] > np.iinfo(np.int32).max:
            raise DataError(
                f"a hierarchy of this network would hold {ends[-1]} arcs: too many streets cross one another without "
                "any order. Ask for fewer origins and no hierarchy"
            )
        first, row = ends.astype(np.int32), rows.astype(np.int32)
        head, row_tail, row_arc = np.empty((3, first[-1]), dtype=np.int32)
        elimination.fill_arcs(begin, near, rank, node, parent, one, first[:-1].copy(), row, head, row_tail, row_arc)
        slot = np.empty(len(target), dtype=np.int32)
        elimination.slots(indptr, target, rank, first, head, slot)
        given, given_arc = _by_owner(indptr, target, rank, slot)
        return cls(
            *(rank.copy(), parent.copy(), first, head, row, row_tail, row_arc),
            *(given, given_arc, slot[given_arc]),
            _fingerprint(indptr, target),
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays by name, to be written one to a file; `from_arrays` takes them back, memory-mapped if need be."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], indptr: Ints, target: Ints) -> Hierarchy:
        """The hierarchy of these arrays, if they were made for this topology.

        Raises
        ------
        DataError : an array is missing or does not fit the others, or they were made for another topology.
        """
        names = [field.name for field in fields(cls)]
        missing = sorted(set(names) - set(arrays))
        if missing:
            raise DataError(f"the stored hierarchy has no {', '.join(missing)}: build it again")
        loaded = cls(**{name: np.asarray(arrays[name]) for name in names})
        loaded.check(indptr, target)
        return loaded

    def check(self, indptr: Ints, target: Ints) -> None:
        """Refuse another topology than the one that this was built for, and arrays that do not fit one another."""
        if not np.array_equal(self.fingerprint, _fingerprint(indptr, target)):
            raise DataError(
                f"the hierarchy was built for another topology ({self.fingerprint[0]} nodes, {self.fingerprint[1]} "
                f"arcs) than this one ({len(indptr) - 1} nodes, {len(target)} arcs): build it again"
            )
        for fault in self._faults(len(indptr) - 1, len(target)):
            raise DataError(f"the stored hierarchy is damaged, {fault}: build it again")

    def _faults(self, count: int, arcs: int) -> Iterator[str]:
        """What is wrong with the arrays, in turn; the kernels trust them, and files are not to be trusted."""
        many = len(self.head)
        sizes = dict.fromkeys(("first", "row", "given"), count + 1) | dict.fromkeys(("rank", "parent"), count)
        sizes |= dict.fromkeys(("head", "row_tail", "row_arc"), many)
        sizes |= dict.fromkeys(("given_arc", "given_slot"), len(self.given_arc))
        for name, size in sizes.items():
            if getattr(self, name).shape != (size,) or getattr(self, name).dtype != np.int32:
                yield f"{name} is not of {size} int32"
        inside = ("row_arc", 0, many), ("row_tail", 0, count), ("rank", 0, count), ("given_slot", 0, 2 * many)
        for name, low, high in (*inside, ("given_arc", 0, arcs)):
            values = getattr(self, name)
            if len(values) and (values.min() < low or values.max() >= high):
                yield f"{name} points outside"
        for name, size in (("first", many), ("row", many), ("given", len(self.given_arc))):
            values = getattr(self, name)
            if values[0] != 0 or values[-1] != size or (np.diff(values) < 0).any():
                yield f"{name} does not ascend"
        tail = np.repeat(np.arange(count), np.diff(self.first))
        lowest = self.first[:-1][np.diff(self.first) > 0]
        above = np.full(count, -1, dtype=np.int32)
        above[tail[lowest]] = self.head[lowest]
        if (self.head <= tail).any() or (many and self.head.max() >= count) or not np.array_equal(above, self.parent):
            yield "the arcs do not lead up a tree"
        if not np.array_equal(self.row_tail, tail[self.row_arc]) or (
            not np.array_equal(self.head[self.row_arc], np.repeat(np.arange(count), np.diff(self.row)))
        ):
            yield "the rows are not those of the arcs"
        if not np.array_equal(tail[self.given_slot >> 1], np.repeat(np.arange(count), np.diff(self.given))):
            yield "the topology's arcs are not those of their ranks"
        if len(np.unique(self.rank)) != count:
            yield "two nodes share a rank"

    @cached_property
    def work(self) -> NDArray[np.int64]:
        """(n,) lower triangles of each rank, and one for itself: how long it takes to settle."""
        triangles = self.first[self.row_tail + 1] - self.row_arc - 1
        total = np.concatenate([[0], np.cumsum(triangles, dtype=np.int64)])
        return np.asarray(np.diff(total[self.row]) + 1)

    @cached_property
    def _stretches(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Stretches of ranks that join nothing in one another, and those above, in turn: both as (low, high)."""
        lowest = np.empty(len(self.parent), dtype=np.int32)
        elimination.subtrees(self.parent, lowest)
        done = np.concatenate([[0], np.cumsum(self.work)])
        most = done[-1] / _PARTS
        apart: list[tuple[int, int]] = []
        above: list[int] = []
        large = [(0, 0, len(self.parent))]  # (-work, low, high): a forest
        while large:
            _, low, high = heapq.heappop(large)
            last = high
            while last > low:  # its trees, from the last; small ones together
                begin = int(lowest[last - 1])
                while begin > low and done[last] - done[lowest[begin - 1]] <= most:
                    begin = int(lowest[begin - 1])
                if done[last] - done[begin] <= most:
                    apart.append((begin, last))
                else:
                    above.append(last - 1)
                    heapq.heappush(large, (int(done[begin] - done[last]), begin, last - 1))
                last = begin
        runs: list[tuple[int, int]] = []
        for r in sorted(above):
            if runs and runs[-1][1] == r:
                runs[-1] = (runs[-1][0], r + 1)
            else:
                runs.append((r, r + 1))
        return sorted(apart), runs

    @property
    def rows(self) -> tuple[Ints, Ints, Ints]:
        """The arcs by the rank that they lead up to, as the kernels take them."""
        return self.row, self.row_tail, self.row_arc

    @property
    def inputs(self) -> tuple[Ints, Ints, Ints]:
        """The topology's arcs by their lower end, as the kernels take them."""
        return self.given, self.given_arc, self.given_slot

    def customise(self, arc_cost: Costs) -> Metric:
        """Weigh the hierarchy with costs (m,) uint32 in fixed point; 0xFFFFFFFF closes an arc."""
        cost = np.ascontiguousarray(arc_cost, dtype=np.uint32)
        if cost.shape != (self.fingerprint[1],):
            raise DataError(f"the hierarchy's topology has {self.fingerprint[1]} arcs, but there are {cost.size} costs")
        up, down = np.empty((2, len(self.head)), dtype=np.uint32)
        apart, above = self._stretches

        def settle(stretches: list[tuple[int, int]]) -> None:
            arc_to = np.zeros(len(self.parent), dtype=np.int32)  # inside the arrays, whatever a file held
            for low, high in stretches:
                kernel.settle(self.first, self.head, self.rows, self.inputs, cost, low, high, arc_to, up, down)

        in_chunks(lambda part: settle(apart[part]), len(apart), least=1)
        settle(above)
        return Metric(self, cost, up, down)


@dataclass(frozen=True, eq=False)
class Metric:
    """A hierarchy with costs.

    Attributes
    ----------
    cost : (m,) uint32, of the topology's arcs.
    up, down : (a,) uint32, cost of each arc of the hierarchy from its lower end to its upper, and back.
    """

    hierarchy: Hierarchy
    cost: Costs
    up: Costs
    down: Costs

    def update(self, arcs: ArrayLike, costs: ArrayLike) -> Metric:
        """The metric with other costs on some arcs, the same as if all were customised afresh.

        Parameters
        ----------
        arcs : positions in the topology.
        costs : (len(arcs),) uint32 in fixed point, or one for all; 0xFFFFFFFF closes.
        """
        h = self.hierarchy
        cost = self.cost.copy()
        cost[np.asarray(arcs, dtype=np.int64)] = costs
        changed = cost != self.cost
        if not changed.any():
            return self
        stale = np.zeros(len(h.parent), dtype=np.uint8)
        owner = np.repeat(np.arange(len(h.parent), dtype=np.int32), np.diff(h.given))[changed[h.given_arc]]
        reached = np.zeros_like(stale)
        kernel.ancestors(h.parent, owner, reached)
        if 5 * int(h.work[reached > 0].sum()) > 3 * int(h.work.sum()):
            return h.customise(cost)
        stale[owner] = 1
        up, down = self.up.copy(), self.down.copy()
        arc_to = np.zeros(len(h.parent), dtype=np.int32)
        old = np.empty(2 * int(np.diff(h.first).max(initial=0)), dtype=np.uint32)
        kernel.settle_again(h.first, h.head, h.rows, h.inputs, cost, stale, arc_to, old, up, down)
        return Metric(h, cost, up, down)

    def table(self, origins: ArrayLike, destinations: ArrayLike | None = None) -> Costs:
        """Cost from each origin to each destination, or to all nodes: (o, d) uint32, 0xFFFFFFFF where there is no way.

        Parameters
        ----------
        origins, destinations : positions of nodes.
        """
        start = np.asarray(origins, dtype=np.int32)
        size = len(self.hierarchy.rank) if destinations is None else len(np.asarray(destinations))
        return self.fill(np.empty((len(start), size), dtype=np.uint32), start, destinations)

    def fill(
        self,
        result: Result,
        origins: ArrayLike,
        destinations: ArrayLike | None = None,
        *,
        room: list[Ints] | None = None,
    ) -> Result:
        """Write the table into `result` (o, d): of uint32 in fixed point, or of float64 in the cost's unit and inf.

        Beyond the result itself this takes 64 bytes a node and thread. Whoever asks again and again hands in a list,
        empty at first, in which that `room` is kept from one time to the next: fresh pages are dear.
        """
        h = self.hierarchy
        begin = h.rank[np.asarray(origins, dtype=np.int64)]
        ends = h.rank if destinations is None else h.rank[np.asarray(destinations, dtype=np.int64)]
        count = len(h.parent)
        nodes = np.empty(0, dtype=np.int32)
        if destinations is not None:
            marked = np.zeros(count, dtype=np.uint8)
            if kernel.ancestors(h.parent, ends, marked) < count:
                nodes = np.flatnonzero(marked)[::-1].astype(np.int32)
        rows = np.argsort(begin, kind="stable")  # neighbours share most of what is above them
        batches = -(-len(begin) // _LANES)

        def sweep(part: slice) -> None:
            climbed, marked = np.empty(count, dtype=np.int32), np.zeros(count, dtype=np.uint8)
            label = room.pop() if room else _lines(count)
            for batch in range(part.start, part.stop):
                some = rows[_LANES * batch : _LANES * (batch + 1)]
                arrays = h.first, h.head, self.up, self.down, h.parent, begin[some], some
                kernel.lanes(*arrays, nodes, ends, SCALE, climbed, marked, label, result)
            if room is not None:
                room.append(label)

        in_chunks(sweep, batches, least=1)
        return result

    def tallies(self, sites: Sequence[Ints], weight: NDArray[np.float64], limit: int) -> NDArray[np.float64]:
        """Sums over all nodes, for the way from each node to the nearest of each set of sites.

        Parameters
        ----------
        sites : positions of nodes, a set of them each.
        weight : (n,) of each node.
        limit : in fixed point.

        Returns
        -------
        (len(sites), 3) float64 : weight that reaches a site, weight within the limit, weight x cost in fixed point.
        """
        h = self.hierarchy
        begin = np.concatenate([[0], np.cumsum([len(each) for each in sites])]).astype(np.int64)
        ranks = h.rank[np.concatenate([np.zeros(0, np.int64), *sites]).astype(np.int64)]
        count, result = len(h.parent), np.zeros((len(sites), 3))

        def sweep(part: slice) -> None:
            climbed, room = np.empty(count, dtype=np.int32), np.zeros(count, dtype=np.uint8)
            label = _lines(count)
            for low in range(part.start, part.stop, _LANES):
                some = slice(low, min(low + _LANES, part.stop))
                of = begin[low : some.stop + 1]
                arrays = h.first, h.head, self.down, self.up, h.parent, of, ranks, h.rank
                kernel.tallies(*arrays, weight, limit, climbed, room, label, result[some])

        in_chunks(sweep, len(sites), least=_LANES)
        return result


def _by_owner(indptr: Ints, target: Ints, rank: Ints, slot: Ints) -> tuple[Ints, Ints]:
    """The topology's arcs but for loops, by their lower end: where those of each rank begin, and which they are."""
    tail = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    owner = np.minimum(rank[tail], rank[target])
    arc = np.flatnonzero(slot >= 0)
    arc = arc[np.argsort(owner[arc], kind="stable")]
    many = np.bincount(owner[arc], minlength=len(rank))
    return np.concatenate([[0], np.cumsum(many)]).astype(np.int32), arc.astype(np.int32)


def _lines(count: int) -> Ints:
    """(count, 16) int32, each row in one line of the cache."""
    room = np.empty(16 * (count + 1), dtype=np.int32)
    start = -room.ctypes.data % 64 // 4
    return room[start : start + 16 * count].reshape(count, 16)


def _fingerprint(indptr: Ints, target: Ints) -> NDArray[np.int64]:
    digest = blake2b(digest_size=16)
    for array in (indptr, target):
        digest.update(np.ascontiguousarray(array, dtype="<i4").data)
        digest.update(b"|")
    return np.array([len(indptr) - 1, len(target), *np.frombuffer(digest.digest(), dtype="<i8")], dtype=np.int64)
