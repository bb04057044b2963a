"""Cheapest ways between nodes: to the nearest sites, and to the nearest of each group."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from math import inf
from threading import local
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin._kernels import paths as kernel
from twin.errors import DataError
from twin.model.network import SCALE, Network
from twin.routing.prepared import prepared

__all__ = [
    "LANES",
    "MOST",
    "Nearest",
    "cores",
    "fixed",
    "floating",
    "in_chunks",
    "labels",
    "nearest",
    "nearest_each",
    "per_thread",
    "spread",
    "sweep",
    "unpacked",
]

_FAR = 0xFFFFFFFF
#: Searches from places that stand near each other go together, so many at once (`ext/lanes.pxd`).
LANES = 16
#: Labels in lanes are signed; costs beyond this are left to the plain search.
MOST = 2**30 - 1

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Nearest:
    """The nearest sites of every node.

    Attributes
    ----------
    cost : (n, k) float64, in the unit of the cost; inf where there is none.
    site : (n, k) int32, position in the sites that were given; -1 where there is none.
    """

    cost: NDArray[np.float64]
    site: NDArray[np.int32]


def nearest(net: Network, sites: ArrayLike, *, k: int = 1, limit: float = inf, cost: str = "length") -> Nearest:
    """Cost from every node to its nearest sites, by open edges.

    Parameters
    ----------
    sites : ids of the nodes that the sites stand at; two sites may share a node.
    k : how many different sites to name for each node, nearest first.
    limit : largest cost that counts, inclusive, in the unit of `cost`.
    cost : edge column to travel by: ``"length"`` [m], ``"time"`` [s] or another.

    Returns
    -------
    Nearest : ties go to the site that was given first; unreachable is `inf` and -1.

    Raises
    ------
    UnknownName : a site is no node of the network.
    DataError : a cost is negative, missing or beyond the fixed point's range, or k is less than 1.

    Examples
    --------
    >>> line = Network.from_arrays([0, 100, 200, 900], [0, 0, 0, 0], [0, 1], [1, 2])
    >>> nearest(line, [0]).cost[:, 0].tolist()
    [0.0, 100.0, 200.0, inf]
    """
    if k < 1 or k % 1:
        raise DataError(f"k is the number of sites to name for each node, whole and at least 1, not {k}")
    if k == 1:
        return nearest_each(net, [sites], limit=limit, cost=cost)
    nodes = net.positions(sites)
    zero = np.zeros(len(nodes), dtype=np.uint32)
    order = np.arange(len(nodes), dtype=np.int32)
    ways = prepared(net)
    held = np.empty((ways.count, k), dtype=np.uint64)
    kernel.nearest_k(*ways.weighed(net, cost, inward=True), ways.arrive[nodes], zero, order, fixed(limit), held)
    label, site = unpacked(held[ways.leave])
    return Nearest(floating(label), site)


def nearest_each(net: Network, groups: Sequence[ArrayLike], *, limit: float = inf, cost: str = "length") -> Nearest:
    """Cost from every node to the nearest site of each group: schools, clinics, shops.

    Parameters
    ----------
    groups : ids of the nodes that the sites of each group stand at.
    limit, cost : as in `nearest`.

    Returns
    -------
    Nearest : one column a group; `site` is the position in its own group.

    Examples
    --------
    >>> line = Network.from_arrays([0, 100, 200], [0, 0, 0], [0, 1], [1, 2])
    >>> nearest_each(line, [[0], [2, 1]]).site.tolist()
    [[0, 1], [0, 1], [0, 0]]
    """
    sites = [net.positions(group) for group in groups]
    size = net.graph.count, len(sites)
    found = Nearest(np.empty(size, order="F"), np.empty(size, np.int32, order="F"))
    ways = prepared(net)

    def some(part: slice) -> None:
        for column in range(part.start, part.stop):
            nodes = sites[column]
            seeds = ways.arrive[nodes], np.zeros(len(nodes)), np.arange(len(nodes))
            label = labels(net, seeds, cost=cost, limit=limit, inward=True)
            kernel.read(label, ways.leave, SCALE, found.cost[:, column], found.site[:, column])

    in_chunks(some, len(sites), least=1)
    return found


def sweep(
    net: Network, seeds: tuple[ArrayLike, ArrayLike, ArrayLike], *, cost: str, limit: float = inf, inward: bool
) -> tuple[NDArray[np.uint32], NDArray[np.int32]]:
    """Label every node with its cost from the nearest seed, in fixed point, and that seed's root.

    Parameters
    ----------
    seeds : node positions, fixed-point costs, and the root that each seed stands for.
    inward : True: travel is from the nodes towards the seeds; False: from the seeds to the nodes.
    """
    ways = prepared(net)
    begin, end = (ways.arrive, ways.leave) if inward else (ways.leave, ways.arrive)
    return unpacked(labels(net, (begin[np.asarray(seeds[0])], *seeds[1:]), cost=cost, limit=limit, inward=inward)[end])


def spread(
    net: Network, seeds: tuple[ArrayLike, ArrayLike, ArrayLike], *, cost: str, limit: float = inf, inward: bool
) -> tuple[NDArray[np.uint32], NDArray[np.int32]]:
    """`sweep` in the positions of `prepared`, which tell the copies of a junction apart."""
    label = labels(net, seeds, cost=cost, limit=limit, inward=inward)
    return unpacked(label)


def labels(
    net: Network, seeds: tuple[ArrayLike, ArrayLike, ArrayLike], *, cost: str, limit: float = inf, inward: bool
) -> NDArray[np.uint64]:
    """`spread` as the kernel gives it: cost and root in one number."""
    node, start, root = (np.asarray(each) for each in seeds)
    order = np.argsort(start, kind="stable")
    ways = prepared(net)
    label = np.empty(ways.count, dtype=np.uint64)
    kernel.sweep(
        *ways.weighed(net, cost, inward=inward),
        node[order].astype(np.int32),
        start[order].astype(np.uint32),
        root[order].astype(np.int32),
        fixed(limit),
        label,
    )
    return label


def unpacked(label: NDArray[np.uint64]) -> tuple[NDArray[np.uint32], NDArray[np.int32]]:
    """Costs in fixed point, and roots; nothing is copied."""
    halves = label.view(np.uint32).reshape(*label.shape, 2)
    low, high = (0, 1) if sys.byteorder == "little" else (1, 0)
    return halves[..., high], halves[..., low].view(np.int32)


def fixed(limit: float) -> int:
    """A limit in the kernels' fixed point, inclusive; infinity is the largest cost there is."""
    if not limit >= 0:
        raise DataError(f"a limit is at least 0, not {limit}")
    return int(min(np.floor(limit * SCALE + 1e-6), _FAR - 1)) if limit < inf else _FAR - 1


def floating(label: NDArray[np.uint32]) -> NDArray[np.float64]:
    """Fixed-point costs in their unit; `inf` where there is no way."""
    value = label / SCALE
    value[label == _FAR] = inf
    return value


def per_thread(make: Callable[[], T]) -> Callable[[], T]:
    """Something that each thread makes once and then uses again."""
    held = local()

    def mine() -> T:
        if not hasattr(held, "value"):
            held.value = make()
        return held.value  # type: ignore[no-any-return]

    return mine


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_chunks(
    work: Callable[[slice], T],
    count: int,
    *,
    least: int = 16,
    most: int | None = None,
    then: Callable[[slice, T], object] | None = None,
) -> None:
    """Run `work` on independent slices of 0..count-1, on as many threads as there are cores.

    Chunks are small, so that Ctrl-C is answered between them, and a multiple of `least` long, so that what depends on
    how things are grouped by `least` does not depend on the number of threads; `most` caps them where one item takes
    long. `then` takes the results in the order of the slices, in the calling thread.
    """
    threads = min(cores(), 16)
    size = least * max(1, -(-count // (threads * 8 * least)))
    size = size if most is None else max(1, min(size, most))
    parts = [slice(low, min(low + size, count)) for low in range(0, count, size)]
    if threads == 1 or len(parts) <= 1:
        for part in parts:
            result = work(part)
            if then is not None:
                then(part, result)
        return
    pool = ThreadPoolExecutor(threads)
    try:
        ahead = deque((part, pool.submit(work, part)) for part in parts[: 2 * threads])
        following = iter(parts[2 * threads :])
        while ahead:
            part, done = ahead.popleft()
            result = done.result()
            if then is not None:
                then(part, result)
            ahead.extend((part, pool.submit(work, part)) for part in islice(following, 1))
    finally:
        pool.shutdown(cancel_futures=True)  # after Ctrl-C or an error, nothing waits for the parts not yet begun
