"""What a single closure takes away: bridges, articulation nodes, and who stands on the lighter side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin._kernels import connectivity as kernel
from twin.model.network import Network
from twin.routing.weights import node_weights

__all__ = ["articulation", "bridges", "cut_off"]


def bridges(net: Network) -> NDArray[np.bool_]:
    """(m,) bool, the open edges whose closure alone parts what is connected, whichever way edges run (Tarjan 1974).

    One of two parallel edges is no bridge, and neither is a loop; turns play no part.

    Examples
    --------
    >>> ring_and_tail = Network.from_arrays([0, 1, 1, 2], [0, 0, 1, 0], [0, 1, 2, 1], [1, 2, 0, 3])
    >>> bridges(ring_and_tail).tolist()
    [False, False, False, True]
    """
    return _cuts(net).bridge


def articulation(net: Network) -> NDArray[np.bool_]:
    """(n,) bool, the nodes whose loss alone parts what is connected by open edges (Tarjan 1972); turns play no part.

    Examples
    --------
    >>> ring_and_tail = Network.from_arrays([0, 1, 1, 2], [0, 0, 1, 0], [0, 1, 2, 1], [1, 2, 0, 3])
    >>> articulation(ring_and_tail).tolist()
    [False, True, False, False]
    """
    return _cuts(net).node


def cut_off(net: Network, weights: ArrayLike | None = None) -> NDArray[np.float64]:
    """(m,) float64, weight on the lighter side of each bridge: those whom its closure parts from the others.

    Turns play no part.

    Parameters
    ----------
    weights : (n,) people at each node, at least 0; 1 each where not given: the result counts nodes.

    Returns
    -------
    (m,) float64 : in the unit of the weights; 0 where the edge is no bridge.

    Examples
    --------
    >>> line = Network.from_arrays([0, 1, 2], [0, 0, 0], [0, 1], [1, 2])
    >>> cut_off(line, [5, 1, 3]).tolist()
    [4.0, 3.0]
    """
    return _search(net, node_weights(net, weights, least=0.0)).cut


@dataclass(frozen=True, eq=False)
class _Cuts:
    bridge: NDArray[np.bool_]
    node: NDArray[np.bool_]
    cut: NDArray[np.float64]


def _cuts(net: Network) -> _Cuts:
    return net.memory.of("cuts", (net,), lambda: _search(net, np.ones(net.graph.count)))


def _search(net: Network, weights: NDArray[np.float64]) -> _Cuts:
    graph, edges = net.graph, len(net.graph.tail)
    found = _Cuts(np.zeros(edges, dtype=bool), np.zeros(graph.count, dtype=bool), np.zeros(edges))
    kernel.bridges(
        graph.tail,
        graph.head,
        np.ascontiguousarray(net.open).view(np.uint8),
        weights,
        found.bridge.view(np.uint8),
        found.node.view(np.uint8),
        found.cut,
    )
    for array in (found.bridge, found.node, found.cut):
        array.flags.writeable = False  # remembered, so shared
    return found
