"""An order in which to eliminate a graph's nodes that adds few arcs: nested dissection by inertial flow.

What has at most two neighbours goes first. What is left is cut by the fewest nodes that part the first fifth along a
direction from the last (Schild & Sommer 2015): of four directions by that which takes the fewest nodes for what it
cuts off. So are the parts, down to cells of 64 nodes, which minimum degree orders; what separates comes after what it
separates (George 1973).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin._kernels import dissection, elimination
from twin.routing.paths import in_chunks

__all__ = ["neighbours", "order"]

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]
Cells = tuple[tuple[int, int], ...]

_SMALL = 1024  # cells that one thread takes whole


def neighbours(indptr: Ints, target: Ints) -> tuple[Ints, Ints]:
    """Where each node's neighbours begin, and they: the undirected graph without loops and twins."""
    count = len(indptr) - 1
    first, seen = np.empty(count + 1, dtype=np.int32), np.empty(count, dtype=np.int32)
    near = np.empty(2 * len(target), dtype=np.int32)
    kept = elimination.simple(indptr, target, seen, first, near)
    return first, near[:kept].copy()


def order(first: Ints, near: Ints, x: Floats | None = None, y: Floats | None = None) -> Ints:
    """The nodes in an order of elimination (n,); the same for any number of threads.

    Parameters
    ----------
    first, near : neighbours as `neighbours` gives them.
    x, y : (n,) coordinates in any unit; without them, or where all are one point, numbers of edges from far ends of
        the graph stand in.
    """
    count = len(first) - 1
    near, degree = near.copy(), np.diff(first)
    peeled, touched, one, other = np.empty((4, count), dtype=np.int32)
    gone = elimination.peel(first, near, degree, peeled, one, other, touched)
    left = np.ones(count, dtype=bool)
    left[peeled[:gone]] = False
    kept = np.flatnonzero(left)
    if len(kept) == 0:
        return peeled
    if x is None or y is None or not _spread(x[kept], y[kept]):
        x, y = _unfold(*_core(first, near, degree, kept))
    else:
        x, y = x[kept].astype(float), y[kept].astype(float)
    curve = np.argsort(_morton(x, y), kind="stable")
    indptr, close = _core(first, near, degree, kept[curve])
    return np.concatenate([peeled[:gone], kept[curve][_dissect(indptr, close, x[curve], y[curve])]]).astype(np.int32)


def _spread(x: Floats, y: Floats) -> bool:
    """Whether the coordinates are numbers, and not all the same."""
    return bool(np.isfinite(x).all() and np.isfinite(y).all() and max(np.ptp(x), np.ptp(y)) > 0)


def _core(first: Ints, near: Ints, degree: Ints, kept: NDArray[np.int64]) -> tuple[Ints, Ints]:
    """The graph among the nodes that are kept, numbered as they come."""
    new = np.full(len(first) - 1, -1, dtype=np.int32)
    new[kept] = np.arange(len(kept))
    many = degree[kept]
    indptr = np.concatenate([[0], np.cumsum(many)]).astype(np.int32)
    at = np.repeat(first[kept] - indptr[:-1], many) + np.arange(indptr[-1])
    return indptr, new[near[at]]


def _morton(x: Floats, y: Floats) -> NDArray[np.uint64]:
    """Place along a curve that keeps neighbours together (Morton 1966), on a grid of 2**16 x 2**16."""
    key = np.zeros(len(x), dtype=np.uint64)
    scale = 65535 / (max(np.ptp(x), np.ptp(y)) or 1.0)
    for shift, along in ((0, x), (1, y)):
        cell = ((along - along.min()) * scale).astype(np.uint64)
        for spread, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
            cell = (cell | cell << np.uint64(spread)) & np.uint64(mask)
        key |= cell << np.uint64(shift)
    return key


def _unfold(indptr: Ints, near: Ints) -> tuple[Floats, Floats]:
    """Stand-ins for coordinates: how much nearer, in edges, each node is to one far end than to its opposite."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    count = len(indptr) - 1
    graph = csr_matrix((np.ones(len(near), dtype=np.int8), near, indptr), shape=(count, count))
    parts, part = connected_components(graph, directed=False)
    queue = np.empty(count, dtype=np.int32)

    def hops(seeds: Ints) -> Floats:
        found = np.empty(count, dtype=np.int32)
        elimination.hops(indptr, near, seeds, queue, found)
        return found.astype(float)

    def farthest(value: Floats) -> Ints:
        """Of each part, the node of the largest value."""
        last = np.lexsort((value, part))
        return last[np.searchsorted(part[last], np.arange(parts), side="right") - 1].astype(np.int32)

    start = farthest(hops(farthest(np.zeros(count))))
    west = hops(start)
    east = hops(farthest(west))
    x = west - east
    aside = farthest(np.minimum(west, east) - np.abs(x))
    south = hops(aside)
    y = south - hops(farthest(south - np.abs(x)))
    return x, y


def _dissect(indptr: Ints, near: Ints, x: Floats, y: Floats) -> Ints:
    count = len(indptr) - 1
    along = np.empty((4, count), dtype=np.int32)
    directions = (x, y, x + y, x - y)

    def sort(part: slice) -> None:
        for way in range(part.start, part.stop):
            along[way] = np.argsort(directions[way], kind="stable")

    in_chunks(sort, 4, least=1)
    node, room = np.zeros((count, 7), dtype=np.int32), np.empty((3, count), dtype=np.int32)
    cells, done = [(0, count)], []
    while cells:  # large cells are cut side by side; their parts are the next round's cells
        parts: list[Cells] = [()] * len(cells)

        def split(part: slice, cells: Cells = tuple(cells), parts: list[Cells] = parts) -> None:
            for i in range(part.start, part.stop):
                low, high = cells[i]
                if high - low > max(_SMALL, count // 64):
                    first, second = dissection.cut(indptr, near, along, node, room, low, high)
                    parts[i] = ((low, first), (first, second))

        in_chunks(split, len(cells), least=1)
        done += [cell for cell, halves in zip(cells, parts, strict=True) if not halves]
        cells = [half for halves in parts for half in halves]

    def finish(part: slice) -> None:
        for low, high in done[part]:
            dissection.dissect(indptr, near, along, node, room, low, high)

    in_chunks(finish, len(done), least=1)
    found: Ints = along[0]
    return found
