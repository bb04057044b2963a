"""How many ways there are: what a network still offers when some of it is gone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_flow

from twin.model.network import Network

__all__ = ["disjoint_ways"]


def disjoint_ways(net: Network, origins: NDArray[np.int32], exits: NDArray[np.int32]) -> int:
    """Number of ways from any of the origins to any of the exits that share no open edge (Menger 1927, by max-flow).

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
