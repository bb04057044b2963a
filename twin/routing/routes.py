"""Cheapest routes, as nodes, edges and lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from twin._kernels import paths as kernel
from twin.errors import DataError
from twin.model.network import SCALE, Network
from twin.routing.paths import fixed, in_chunks, unpacked
from twin.routing.prepared import Prepared, prepared

__all__ = ["Route", "routes"]

_FAR = 0xFFFFFFFF


@dataclass(frozen=True, eq=False)
class Route:
    """A way from one node to another.

    Attributes
    ----------
    cost : in the unit of the cost; inf where there is no way.
    nodes : (k + 1,) ids from the origin to the destination; empty where there is no way.
    edges : (k,) rows of the edges, in order.
    backward : (k,) bool, true where an edge is passed from its head to its tail.
    """

    cost: float
    nodes: NDArray[np.generic]
    edges: NDArray[np.int32]
    backward: NDArray[np.bool_]
    net: Network = field(repr=False)

    @property
    def line(self) -> shapely.LineString:
        """The route on the map, from the origin to the destination; a point's line where they are one node."""
        shapes = self.net.shapes[self.edges]
        shapes[self.backward] = shapely.reverse(shapes[self.backward])
        points = [shapely.get_coordinates(shape) for shape in shapes]
        if not points:
            at = self.net.positions(self.nodes[:1])
            points = [np.repeat(np.c_[self.net.x[at], self.net.y[at]], 2, axis=0)] if len(at) else []
        if not points:
            return shapely.LineString()
        # a line begins where the one before it ends
        return shapely.LineString(np.concatenate([points[0], *(each[1:] for each in points[1:])]))


def routes(net: Network, origins: ArrayLike, destinations: ArrayLike, *, cost: str = "length") -> list[Route]:
    """The cheapest route of each pair of an origin and a destination, by open edges and permitted turns.

    Parameters
    ----------
    origins, destinations : (p,) node ids, pair by pair.
    cost : edge column to travel by.

    Returns
    -------
    list of Route, in the order of the pairs; one search serves all pairs with the same destination.

    Raises
    ------
    UnknownName : an id is no node of the network.
    DataError : there are not as many origins as destinations.

    Examples
    --------
    >>> square = Network.from_arrays([0, 100, 100, 0], [0, 0, 100, 100], [0, 1, 2, 3], [1, 2, 3, 0])
    >>> [route] = routes(square, [0], [2])
    >>> route.nodes.tolist(), route.edges.tolist(), route.line.length
    ([0, 1, 2], [0, 1], 200.0)
    """
    start, end = net.positions(origins), net.positions(destinations)
    if len(start) != len(end):
        raise DataError(f"pairs are meant: there are {len(start)} origins and {len(end)} destinations")
    ways = prepared(net)
    goals, which = np.unique(end, return_inverse=True)
    pairs = np.split(np.argsort(which, kind="stable"), np.cumsum(np.bincount(which, minlength=len(goals)))[:-1])
    found: list[Route | None] = [None] * len(start)

    def some(part: slice) -> None:
        for goal in range(part.start, part.stop):
            label, via = _tree(net, ways, int(goals[goal]), cost)
            for pair in pairs[goal]:
                found[pair] = _follow(net, ways, label, via, int(start[pair]))

    in_chunks(some, len(goals) if len(start) else 0, least=1)
    return [route for route in found if route is not None]


def _tree(net: Network, ways: Prepared, goal: int, cost: str) -> tuple[NDArray[np.uint32], NDArray[np.int32]]:
    """Cost from every position to a goal, and the arc by which one goes on, among the arcs that enter."""
    label, via = np.empty(ways.count, np.uint64), np.empty(ways.count, np.int32)
    kernel.sweep(
        *ways.weighed(net, cost, inward=True),
        ways.arrive[[goal]],
        np.zeros(1, np.uint32),
        np.zeros(1, np.int32),
        fixed(inf),
        label,
        via,
    )
    return unpacked(label)[0], via


def _follow(net: Network, ways: Prepared, label: NDArray[np.uint32], via: NDArray[np.int32], start: int) -> Route:
    at = int(ways.leave[start])
    if label[at] == _FAR:
        return Route(inf, net.ids[:0], np.zeros(0, np.int32), np.zeros(0, bool), net)
    cost, arcs = float(label[at]) / SCALE, []
    while via[at] >= 0:
        arc = int(ways.arc_in[via[at]])
        arcs.append(arc)
        at = int(ways.target[arc])
    passed = np.array(arcs, dtype=np.int64)
    passed = passed[ways.edge[passed] >= 0]
    edges, backward = ways.edge[passed], ways.backward[passed]
    after = np.where(backward, net.graph.tail[edges], net.graph.head[edges])
    return Route(cost, net.ids[np.concatenate([[start], after])], edges, backward, net)
