"""Cheapest ways between nodes: to the nearest site, to the k nearest, and between all pairs."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin._kernels import paths as kernel
from twin.errors import DataError
from twin.model.network import SCALE, Network

__all__ = ["Nearest", "fixed", "floating", "in_chunks", "matrix", "nearest", "sweep"]

_FAR = 0xFFFFFFFF


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
    nodes = net.positions(sites)
    zero = np.zeros(len(nodes), dtype=np.uint32)
    order = np.arange(len(nodes), dtype=np.int32)
    if k == 1:
        label, site = sweep(net, (nodes, zero, order), cost=cost, limit=limit, inward=True)
        return Nearest(floating(label)[:, None], site[:, None])
    arcs = net.graph.arcs_in
    labels = np.empty((net.graph.count, k), dtype=np.uint32)
    found = np.empty((net.graph.count, k), dtype=np.int32)
    costs = net.arc_cost(cost, inward=True)
    kernel.nearest_k(arcs.indptr, arcs.target, costs, nodes, zero, order, fixed(limit), labels, found)
    return Nearest(floating(labels), found)


def matrix(
    net: Network, origins: ArrayLike, destinations: ArrayLike | None = None, *, cost: str = "length"
) -> NDArray[np.float64]:
    """Cost from each origin to each destination.

    Parameters
    ----------
    origins, destinations : node ids; all nodes where no destinations are given.

    Returns
    -------
    (o, d) float64 : in the unit of `cost`; inf where there is no way.
    """
    start = net.positions(origins)
    end = None if destinations is None else net.positions(destinations)
    arcs, costs = net.graph.arcs, net.arc_cost(cost)
    result = np.empty((len(start), net.graph.count if end is None else len(end)))

    def rows(part: slice) -> None:
        size = max(1, 2**22 // max(1, net.graph.count))  # keep the table of a chunk below 16 MB
        for low in range(part.start, part.stop, size):
            some = start[low : min(low + size, part.stop)]
            label = np.empty((len(some), net.graph.count), dtype=np.uint32)
            kernel.distances(arcs.indptr, arcs.target, costs, some, label)
            result[low : low + len(some)] = floating(label if end is None else label[:, end])

    in_chunks(rows, len(start))
    return result


def sweep(
    net: Network, seeds: tuple[ArrayLike, ArrayLike, ArrayLike], *, cost: str, limit: float = inf, inward: bool
) -> tuple[NDArray[np.uint32], NDArray[np.int32]]:
    """Label every node with its cost from the nearest seed, in fixed point, and that seed's root.

    Parameters
    ----------
    seeds : node positions, fixed-point costs, and the root that each seed stands for.
    inward : True: travel is from the nodes towards the seeds; False: from the seeds to the nodes.
    """
    node, start, root = (np.asarray(each) for each in seeds)
    order = np.argsort(start, kind="stable")
    arcs = net.graph.arcs_in if inward else net.graph.arcs
    label = np.empty(net.graph.count, dtype=np.uint32)
    found = np.empty(net.graph.count, dtype=np.int32)
    kernel.sweep(
        arcs.indptr,
        arcs.target,
        net.arc_cost(cost, inward=inward),
        node[order].astype(np.int32),
        start[order].astype(np.uint32),
        root[order].astype(np.int32),
        fixed(limit),
        label,
        found,
    )
    return label, found


def fixed(limit: float) -> int:
    """A limit in the kernels' fixed point, inclusive; infinity is the largest cost there is."""
    if not limit >= 0:
        raise DataError(f"a limit is at least 0, not {limit}")
    return int(min(np.floor(limit * SCALE + 1e-6), _FAR - 1)) if limit < inf else _FAR - 1


def floating(label: NDArray[np.uint32]) -> NDArray[np.float64]:
    """Fixed-point costs in their unit; `inf` where there is no way."""
    return np.where(label == _FAR, inf, label / SCALE)


def in_chunks(work: Callable[[slice], Any], count: int, *, least: int = 16, most: int | None = None) -> None:
    """Run `work` on independent slices of 0..count-1, on as many threads as there are cores.

    Chunks are small, so that Ctrl-C is answered between them; results do not depend on how they are cut.
    `most` caps a chunk where one item takes long.
    """
    threads = min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, 16)
    size = max(least, -(-count // (threads * 8)))
    size = size if most is None else max(1, min(size, most))
    parts = [slice(low, min(low + size, count)) for low in range(0, count, size)]
    if threads == 1 or len(parts) <= 1:
        for part in parts:
            work(part)
        return
    pool = ThreadPoolExecutor(threads)
    try:
        for done in [pool.submit(work, part) for part in parts]:
            done.result()
    finally:
        pool.shutdown(cancel_futures=True)  # after Ctrl-C or an error, nothing waits for the parts not yet begun
