"""How many ways there are: what a network still offers when some of it is gone."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_flow

from twin._kernels import connectivity as kernel
from twin.errors import DataError
from twin.model.network import Network
from twin.routing.paths import in_chunks

__all__ = ["disjoint_ways", "edge_connectivity"]


def disjoint_ways(net: Network, origins: NDArray[np.int32], exits: NDArray[np.int32]) -> int:
    """Number of ways from any of the origins to any of the exits that share no open edge (Menger 1927, by max-flow).

    Turns play no part.

    Parameters
    ----------
    origins, exits : positions of nodes; a node that is both is no way and is left out of the exits.

    Examples
    --------
    >>> ring = Network.from_arrays([0, 1, 1, 0], [0, 0, 1, 1], [0, 1, 2, 3], [1, 2, 3, 0])
    >>> disjoint_ways(ring, np.array([0]), np.array([2]))
    2
    """
    origins = np.unique(origins)
    out = np.setdiff1d(exits, origins)
    if not len(out) or not len(origins):
        return 0
    arcs, count = net.graph.arcs, net.graph.count
    usable = net.open[arcs.edge]
    tail = np.repeat(np.arange(count), np.diff(arcs.indptr))[usable]
    head = arcs.target[usable]
    source, sink, many = count, count + 1, len(tail) + 1
    rows = np.concatenate([tail, np.full(len(origins), source), out])
    columns = np.concatenate([head, origins, np.full(len(out), sink)])
    capacity = np.concatenate([np.ones(len(tail)), np.full(len(origins) + len(out), many)]).astype(np.int32)
    graph = csr_matrix(
        (capacity, (rows, columns)), shape=(count + 2, count + 2), dtype=np.int32
    )  # parallel edges add up
    return int(maximum_flow(graph, source, sink).flow_value)


def edge_connectivity(net: Network, origins: ArrayLike, destinations: ArrayLike) -> NDArray[np.int32]:
    """Number of ways from each origin to its destination that share no open edge (Menger 1927; Edmonds & Karp 1972).

    Turns play no part.

    Parameters
    ----------
    origins, destinations : (k,) node ids, pair by pair.

    Returns
    -------
    (k,) int32 : as many edges must close, at the least, before there is no way; 0 where there is none now, or where
        both are the same node, which no closure parts.

    Examples
    --------
    >>> ring = Network.from_arrays([0, 1, 1, 0], [0, 0, 1, 1], [0, 1, 2, 3], [1, 2, 3, 0])
    >>> edge_connectivity(ring, [0, 0], [1, 2]).tolist()
    [2, 2]
    """
    start, end = net.positions(origins), net.positions(destinations)
    if len(start) != len(end):
        raise DataError(f"origins and destinations are pairs: there are {len(start)} and {len(end)}")
    graph, found = net.graph, np.zeros(len(start), dtype=np.int32)
    apart = np.flatnonzero(start != end)
    start, end = start[apart], end[apart]
    ways = np.zeros(len(start), dtype=np.int32)
    oneway, usable = (np.ascontiguousarray(each).view(np.uint8) for each in (graph.oneway, net.open))

    def part(some: slice) -> None:
        kernel.disjoint(graph.tail, graph.head, oneway, usable, start[some], end[some], graph.count, ways[some])

    in_chunks(part, len(start), most=256)
    found[apart] = ways
    return found
