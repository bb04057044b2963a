"""Ensembles of failures: edges fail at random, many times over, and access is measured each time."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin._kernels import failures as kernel
from twin.errors import DataError, listed
from twin.model.network import SCALE, Network
from twin.routing.paths import fixed, in_chunks
from twin.routing.prepared import prepared
from twin.routing.weights import node_weights

__all__ = ["Failures", "failed", "failures"]

#: Binary digits of a draw that is compared with a chance.
_CERTAIN = 2.0**53


@dataclass(frozen=True, eq=False)
class Failures:
    """Access in each realisation of an ensemble.

    Attributes
    ----------
    within : (r,) float64 share of the people within the limit of a site [1].
    mean : (r,) float64 mean cost of those who reach a site, in the unit of the cost; NaN where nobody does.
    cut_off : (r,) float64 people who reach no site [persons].
    largest : (r,) int32 nodes in the largest part that open edges join, whichever way they run.
    chance : (n,) float64 share of the realisations in which a node is within the limit of a site [1].
    """

    within: NDArray[np.float64]
    mean: NDArray[np.float64]
    cut_off: NDArray[np.float64]
    largest: NDArray[np.int32]
    chance: NDArray[np.float64]


def failures(
    net: Network,
    sites: ArrayLike,
    *,
    share: ArrayLike = 0.05,
    runs: int = 1000,
    seed: int = 0,
    cost: str = "length",
    limit: float = inf,
    weights: ArrayLike | None = None,
) -> Failures:
    """Let each open edge fail by chance, `runs` times, and find the nearest site of every node each time.

    Turns are honoured on the way to a site; they play no part in what the largest part is.

    Parameters
    ----------
    sites : ids of the nodes that sites stand at.
    share : chance that an open edge fails [1]: one for all, or (m,) edge by edge.
    runs : number of realisations.
    seed : of the draws, 0 to 2**64 - 1. A draw depends on (seed, run, row of the edge) alone: neither threads nor the
        number of runs change it, a network with other sites meets the same failures, and what fails at 5 % also
        fails at 10 % (common random numbers).
    limit : largest cost that counts as reached, inclusive, in the unit of `cost`.
    weights : (n,) people at each node, at least 0; 1 each where not given.

    Raises
    ------
    UnknownName : a site is no node of the network.
    DataError : a chance lies outside 0 to 1, a number of runs or a seed is no whole number within its range.

    Examples
    --------
    >>> line = Network.from_arrays([0, 100, 200], [0, 0, 0], [0, 1], [1, 2])
    >>> found = failures(line, [0], share=[0, 1], runs=2)
    >>> found.cut_off.tolist(), found.largest.tolist(), found.chance.tolist()
    ([1.0, 1.0], [2, 2], [1.0, 1.0, 0.0])
    """
    people = node_weights(net, weights, least=0.0)
    if runs < 1 or runs % 1:
        raise DataError(f"runs is a whole number, at least 1, not {runs}")
    runs, count, edges = int(runs), net.graph.count, len(net.graph.tail)
    ways = prepared(net)
    (indptr, target), costs = ways.ends(inward=True), ways.costs(net, cost, inward=True)
    tail, head = ways.leave[net.graph.tail], ways.leave[net.graph.head]
    order = np.lexsort((head, tail)).astype(np.int32)
    tail, head = tail[order], head[order]
    along, arc_of = _arcs(ways.edge[ways.arc_in], order, edges)
    threshold, key, roots = _threshold(net, share)[order], _key(seed), ways.arrive[net.positions(sites)]
    weight = np.zeros(ways.count)
    weight[ways.leave] = people
    reached, mean, cut = np.empty(runs), np.empty(runs), np.empty(runs)
    largest = np.empty(runs, dtype=np.int32)
    within: list[NDArray[np.int64]] = []

    def some(chunk: slice) -> None:
        times = np.zeros(ways.count, dtype=np.int64)
        kernel.failures(
            indptr,
            target,
            costs,
            along,
            arc_of,
            order,
            tail,
            head,
            threshold,
            roots,
            weight,
            fixed(limit),
            key,
            chunk.start,
            reached[chunk],
            mean[chunk],
            cut[chunk],
            largest[chunk],
            times,
        )
        within.append(times)

    in_chunks(some, runs, most=max(1, 2**23 // max(1, count)))
    total = people.sum()
    return Failures(
        within=reached / total if total > 0 else np.full(runs, np.nan),
        mean=np.where(mean < 0, np.nan, mean / SCALE),
        cut_off=cut,
        largest=largest,
        chance=np.asarray(np.sum(within, axis=0)[ways.leave] / runs, dtype=np.float64),
    )


def _arcs(edge: NDArray[np.int32], order: NDArray[np.int32], edges: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The arcs along each edge, edges in an order: where those of each begin, and all of them."""
    rank = np.full(edges + 1, -1, dtype=np.int32)  # the last is that of edge -1: free arcs between copies of a junction
    rank[order] = np.arange(edges)
    rank = rank[edge]
    arc = np.argsort(rank, kind="stable").astype(np.int32)
    return np.searchsorted(rank[arc], np.arange(edges + 1)).astype(np.int32), arc


def failed(net: Network, *, share: ArrayLike = 0.05, run: int = 0, seed: int = 0) -> NDArray[np.bool_]:
    """(m,) bool, the open edges that fail in one run of `failures`: hand them to `close` to look at it closely."""
    if run < 0 or run % 1:
        raise DataError(f"run is a whole number, at least 0, not {run}")
    drawn = np.empty(len(net.graph.tail))
    kernel.draws(_key(seed), int(run), drawn)
    return net.open & (drawn * _CERTAIN < _chance(net, share) * _CERTAIN)


def _chance(net: Network, share: ArrayLike) -> NDArray[np.float64]:
    """(m,) chance of each edge to fail."""
    edges = len(net.graph.tail)
    chance = np.asarray(share, dtype=float)
    if chance.shape not in {(), (edges,)}:
        raise DataError(f"there are {edges} edges and {chance.size} chances to fail")
    chance = np.broadcast_to(chance, edges)
    bad = np.flatnonzero(~((chance >= 0) & (chance <= 1)))
    if bad.size:
        raise DataError(f"a chance to fail lies between 0 and 1, not {listed(chance[bad])} (edges {listed(bad)})")
    return chance


def _threshold(net: Network, share: ArrayLike) -> NDArray[np.uint64]:
    """(m,) draws below these fail, in 2**-53; all draws where the edge is closed anyway."""
    return np.where(net.open, np.ceil(_chance(net, share) * _CERTAIN), _CERTAIN).astype(np.uint64)


def _key(seed: int) -> int:
    if not 0 <= seed < 2**64 or seed % 1:
        raise DataError(f"a seed is a whole number from 0 to 2**64 - 1, not {seed}")
    return int(seed)
