"""Isochrones: the land that can be reached from a place within a cost."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import shapely
import shapely.ops
from numpy.typing import ArrayLike, NDArray

from twin.errors import DataError
from twin.model.network import CLOSED, Network
from twin.routing.paths import fixed, spread
from twin.routing.prepared import prepared

__all__ = ["isochrones"]

#: Land beside a street that counts as reached with it [m].
BESIDE = 40.0


def isochrones(
    net: Network, origins: ArrayLike, limits: Sequence[float], *, cost: str = "length", beside: float = BESIDE
) -> gpd.GeoDataFrame:
    """The land within each limit of each origin: the streets reached, to the point on an edge, and what lies beside.

    Parameters
    ----------
    origins : node ids.
    limits : largest costs, in the unit of `cost`.
    beside : how far from a street land counts as reached with it [m]; blocks whose middle is farther stay holes.

    Returns
    -------
    GeoDataFrame : `origin` (id), `limit`, `length` of the streets reached [m] and the polygon, one row for each origin
        and limit, in the network's CRS. The wider limit contains the narrower.

    Raises
    ------
    DataError : `beside` is not above 0, or a limit is below 0.

    Examples
    --------
    From the end of a street of 100 m one reaches half of it for 50, and 10 m around.

    >>> street = Network.from_arrays([0, 100], [0, 0], [0], [1])
    >>> half = isochrones(street, [0], [50], beside=10)
    >>> float(half["length"].iloc[0]), half.total_bounds.round().tolist()
    (50.0, [-10.0, -10.0, 60.0, 10.0])
    """
    if not beside > 0:
        raise DataError(f"beside is a distance above 0 m, not {beside}")
    names, starts = np.atleast_1d(np.asarray(origins, dtype=object)), net.positions(origins)
    ways, zero = prepared(net), np.zeros(1)
    rows = []
    for name, start in zip(names, starts, strict=True):
        label, _ = spread(net, (ways.leave[[start]], zero, zero), cost=cost, limit=max(limits, default=0), inward=False)
        land, found = shapely.buffer(shapely.points(net.x[start], net.y[start]), beside), {}
        for limit in sorted(limits):  # rounded ends are polygons: the wider land is made to contain the narrower
            lines = _reached(net, label, limit, cost)
            land = shapely.union_all(np.append(shapely.buffer(lines, beside, quad_segs=4), land))
            found[limit] = float(shapely.length(lines).sum()), land
        rows += [(name, float(limit), *found[limit]) for limit in limits]
    origin, most, length, shapes = zip(*rows, strict=True) if rows else ([], [], [], [])
    table = {"origin": list(origin), "limit": np.array(most, float), "length": np.array(length, float)}
    return gpd.GeoDataFrame(table, geometry=list(shapes), crs=net.crs)


def _reached(net: Network, label: NDArray[np.uint32], limit: float, cost: str) -> NDArray[np.object_]:
    """The parts of the edges that are reached, each from the end or ends that one comes from."""
    ways, most = prepared(net), fixed(limit)
    costs = ways.costs(net, cost)
    arcs = np.flatnonzero((label[ways.source] <= most) & (costs != CLOSED) & (ways.edge >= 0))
    left = most - label[ways.source[arcs]].astype(np.int64)
    share = np.minimum(left / np.maximum(costs[arcs], 1), 1.0)
    share[costs[arcs] == 0] = 1.0
    from_tail, from_head = np.zeros(ways.edges), np.zeros(ways.edges)
    back = ways.backward[arcs]
    np.maximum.at(from_tail, ways.edge[arcs[~back]], share[~back])
    np.maximum.at(from_head, ways.edge[arcs[back]], share[back])
    whole = from_tail + from_head >= 1.0
    head, tail = np.flatnonzero(~whole & (from_tail > 0)), np.flatnonzero(~whole & (from_head > 0))
    return np.concatenate(
        [
            net.shapes[whole],
            _part(net.shapes[head], np.zeros(len(head)), from_tail[head]),
            _part(net.shapes[tail], 1.0 - from_head[tail], np.ones(len(tail))),
        ]
    )


def _part(lines: NDArray[np.object_], start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.object_]:
    """Each line between two shares of its length."""
    cut = [shapely.ops.substring(line, a, b, normalized=True) for line, a, b in zip(lines, start, end, strict=True)]
    return np.array(cut, dtype=object)
