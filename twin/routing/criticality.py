"""What closing one edge costs those who travel, for every edge at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from twin._kernels import criticality as kernel
from twin.errors import DataError, MissingData
from twin.model.network import SCALE, Network
from twin.routing.paths import in_chunks
from twin.routing.prepared import prepared
from twin.routing.weights import finite, node_weights

__all__ = ["Criticality", "criticality"]

_Rows = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.uint32], NDArray[np.int32]]

#: Origins that one call works off, and calls whose sums are added up in turn: neither depends on the threads.
_BATCH, _WAVE = 8, 32


@dataclass(frozen=True, eq=False)
class Criticality:
    """What happens when one edge alone closes, edge by edge.

    Attributes
    ----------
    added : (m,) float64, what those who still arrive pay more, in all [persons x unit of the cost].
    cut_off : (m,) float64, people who could go before and cannot now [persons].
    total : what all who can go pay with the edges as they are [persons x unit of the cost].
    """

    added: NDArray[np.float64]
    cut_off: NDArray[np.float64]
    total: float


def criticality(
    net: Network, demand: ArrayLike | pd.DataFrame, *, sites: ArrayLike | None = None, cost: str = "length"
) -> Criticality:
    """What the closure of each single edge adds to the cost of a demand, and whom it cuts off; turns are honoured.

    Parameters
    ----------
    demand : with `sites`, (n,) people at each node, who go to the nearest site; without, a table of journeys with the
        columns `origin`, `destination` (node ids) and `people`.
    sites : ids of the nodes that sites stand at.
    cost : edge column to travel by.

    Returns
    -------
    Criticality : closed edges cost nothing, and so do edges that somebody may use but nobody needs.

    Raises
    ------
    UnknownName : an origin, destination or site is no node of the network.
    MissingData, DataError : the table lacks a column; people are negative or not finite.

    Notes
    -----
    Everybody travels on one forest of cheapest ways. An edge outside it can close at no cost; an edge of it concerns
    those below it alone, who are labelled again from the arcs that enter from outside (exact; cf. Jenelius, Petersen &
    Mattsson 2006 for the measure). Ties between ways change the forest, not the result.

    Examples
    --------
    >>> ring = Network.from_arrays([0, 1, 1, 0], [0, 0, 1, 1], [0, 1, 2, 3], [1, 2, 3, 0], length=[1, 1, 1, 2])
    >>> criticality(ring, [0, 10, 0, 1], sites=[0]).added.tolist()
    [30.0, 0.0, 0.0, 1.0]
    """
    if sites is None:
        return _journeys(net, *_table(net, demand), cost)
    return _access(net, node_weights(net, demand, least=0.0), net.positions(sites), cost)


def _both(net: Network, cost: str, *, inward: bool) -> tuple[_Rows, _Rows]:
    """Rows to follow from the roots outward, and rows of the arcs that enter a node, the other way round."""
    ways = prepared(net)
    edge = {False: ways.edge, True: ways.edge[ways.arc_in]}
    rows = {way: (*ways.ends(inward=way), ways.costs(net, cost, inward=way), edge[way]) for way in edge}
    return rows[inward], rows[not inward]


def _access(net: Network, people: NDArray[np.float64], roots: NDArray[np.int32], cost: str) -> Criticality:
    ways, edges = prepared(net), len(net.graph.tail)
    count = ways.count
    added, cut = np.zeros(edges), np.zeros(edges)
    if not len(roots):
        return Criticality(added, cut, 0.0)
    out, into = _both(net, cost, inward=True)
    weight = np.zeros(count)
    weight[ways.leave] = people
    label = np.empty(count, dtype=np.uint32)
    up, node, place, size, again = (np.empty(count, dtype=np.int32) for _ in range(5))
    first = np.empty(edges, dtype=np.int32)
    forest = up, node, place, size, first, again
    reached = kernel.forest(*out, ways.arrive[roots], label, *forest)
    before = np.zeros(count + 1, dtype=np.int32)
    np.cumsum(weight[node[:reached]] != 0, out=before[1 : reached + 1])

    def part(chunk: slice) -> None:  # each edge is first met at one place: threads write to different rows
        kernel.closures(*out, *into, label, *forest, weight, before, chunk.start, chunk.stop, added, cut)

    in_chunks(part, reached, least=64, most=4096)
    some = node[:reached]
    return Criticality(added / SCALE, cut, float(weight[some] @ label[some]) / SCALE)


def _journeys(
    net: Network, origin: NDArray[np.int32], end: NDArray[np.int32], people: NDArray[np.float64], cost: str
) -> Criticality:
    edges = len(net.graph.tail)
    out, into = _both(net, cost, inward=False)
    ways = prepared(net)
    origin, end = ways.leave[origin], ways.arrive[end]
    order = np.argsort(origin, kind="stable")
    origin, end, people = origin[order], end[order], people[order]
    start = np.flatnonzero(np.diff(origin, prepend=-1))
    bounds = np.append(start, len(origin)).astype(np.int64)
    total = np.zeros(len(start))
    added, cut = np.zeros(edges), np.zeros(edges)
    for low in range(0, len(start), _BATCH * _WAVE):
        batches = range(low, min(low + _BATCH * _WAVE, len(start)), _BATCH)
        sums = np.zeros((len(batches), 2, edges))

        def part(chunk: slice, batches: range = batches, sums: NDArray[np.float64] = sums) -> None:
            for at in range(chunk.start, chunk.stop):
                some = slice(batches[at], min(batches[at] + _BATCH, len(start)))
                limits = bounds[some.start : some.stop + 1]
                kernel.journeys(
                    *out, *into, origin[start[some]], limits, end, people, sums[at, 0], sums[at, 1], total[some]
                )

        in_chunks(part, len(batches), least=1, most=1)
        for one in sums:  # in the order of the origins, whoever was done first
            added += one[0]
            cut += one[1]
    return Criticality(added / SCALE, cut, float(total.sum()) / SCALE)


def _table(
    net: Network, demand: ArrayLike | pd.DataFrame
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
    columns = ("origin", "destination", "people")
    if not isinstance(demand, pd.DataFrame):
        raise DataError(f"demand is a table with the columns {', '.join(columns)}, or people at each node with `sites`")
    for name in columns:
        if name not in demand:
            raise MissingData(f"the demand has no column {name!r}", layer="demand", column=name)
    people = demand["people"].to_numpy(dtype=float)
    finite(people, "people", 0.0)
    return net.positions(demand["origin"].to_numpy()), net.positions(demand["destination"].to_numpy()), people
