"""Isochrones: the land that can be reached from a place within a cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
import shapely.ops
from numpy.typing import ArrayLike, NDArray

from twin.errors import DataError
from twin.model.network import CLOSED, SCALE, Network
from twin.routing.footways import footing
from twin.routing.paths import fixed, spread
from twin.routing.prepared import prepared

if TYPE_CHECKING:
    from twin.routing.transit import Transit

__all__ = ["isochrones"]

#: Land beside a street that counts as reached with it [m].
BESIDE = 40.0


#: Column of the time that an edge takes on foot at a transit's speed [s]; `time` and `time_back` may mean another.
_AFOOT = "on foot"


def isochrones(
    net: Network | Transit,
    origins: ArrayLike,
    limits: Sequence[float],
    *,
    cost: str = "length",
    beside: float = BESIDE,
) -> gpd.GeoDataFrame:
    """The land within each limit of each origin: the streets reached, to the point on an edge, and what lies beside.

    Parameters
    ----------
    net : a network, or `Transit`: the land within a travel time by timetable [s], whatever the `cost`.
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

    Notes
    -----
    With `Transit`, the streets are walked on, at its speed, for what a limit leaves of a node's travel time, which is
    the percentile over the window. The percentile of a point within an edge can be less than that: where a stop
    stands in mid-street, or where one comes by now one end and now the other. So no street is shown that lies beyond
    the limit, and the last stretches of some that lie within it are missing.

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
    if isinstance(net, Network):
        streets = net
    else:
        streets, cost = net.walk.with_columns(**{_AFOOT: footing(net.walk, net.walk_speed)}), _AFOOT
    names, starts = np.atleast_1d(np.asarray(origins, dtype=object)), streets.positions(origins)
    rows, last = [], max(limits, default=0)
    for name, start in zip(names, starts, strict=True):
        label = _travelled(net, start, cost, last) if isinstance(net, Network) else _ridden(net, name)
        land, found = shapely.buffer(shapely.points(streets.x[start], streets.y[start]), beside), {}
        for limit in sorted(limits):  # rounded ends are polygons: the wider land is made to contain the narrower
            lines = _reached(streets, label, limit, cost)
            land = shapely.union_all(np.append(shapely.buffer(lines, beside, quad_segs=4), land))
            found[limit] = float(shapely.length(lines).sum()), land
        rows += [(name, float(limit), *found[limit]) for limit in limits]
    origin, most, length, shapes = zip(*rows, strict=True) if rows else ([], [], [], [])
    table = {"origin": list(origin), "limit": np.array(most, float), "length": np.array(length, float)}
    return gpd.GeoDataFrame(table, geometry=list(shapes), crs=streets.crs)


def _travelled(net: Network, start: int, cost: str, limit: float) -> NDArray[np.uint32]:
    """Fixed-point cost of every position of `prepared` from a node."""
    zero = np.zeros(1)
    return spread(net, (prepared(net).leave[[start]], zero, zero), cost=cost, limit=limit, inward=False)[0]


def _ridden(transit: Transit, origin: object) -> NDArray[np.uint32]:
    """Fixed-point travel time of every position of `prepared`, given where all edges of a node are left to."""
    ways, times = prepared(transit.walk), transit.matrix(np.array([origin], dtype=object))[0]
    label = np.full(ways.count, CLOSED)
    label[ways.leave] = np.where(np.isfinite(times), np.rint(times * SCALE), CLOSED)
    return label


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
