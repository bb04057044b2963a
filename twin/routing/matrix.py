"""Costs between all pairs, by single searches or, where that pays, by the network's hierarchy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin._kernels import paths as kernel
from twin.errors import DataError
from twin.model.network import Network
from twin.routing.hierarchy import Hierarchy, Metric
from twin.routing.paths import floating, in_chunks
from twin.routing.prepared import prepared

if TYPE_CHECKING:
    from twin.routing.transit import Transit

__all__ = ["matrix", "metric", "prepare"]

#: So many searches cost as much as weighing a hierarchy that is there, and as building one (docs/benchmarks.md).
WEIGH, BUILD = 12, 400
#: Below so many nodes a search is as quick as a look at the hierarchy.
SMALL = 5000


def matrix(
    net: Network | Transit, origins: ArrayLike, destinations: ArrayLike | None = None, *, cost: str = "length"
) -> NDArray[np.float64]:
    """Cost from each origin to each destination.

    Parameters
    ----------
    net : a network, or `Transit`: travel times by timetable [s], whatever the `cost`.
    origins, destinations : node ids; all nodes where no destinations are given.

    Returns
    -------
    (o, d) float64 : in the unit of `cost`; inf where there is no way.

    Notes
    -----
    Many origins are answered by a customizable contraction hierarchy (see `prepare`), with the same numbers.

    Examples
    --------
    >>> line = Network.from_arrays([0, 100, 200], [0, 0, 0], [0, 1], [1, 2])
    >>> matrix(line, [0, 2], [0, 1]).tolist()
    [[0.0, 100.0], [200.0, 100.0]]
    """
    if not isinstance(net, Network):
        return net.matrix(origins, destinations)
    start = net.positions(origins)
    end = np.arange(net.graph.count) if destinations is None else net.positions(destinations)
    ways = prepared(net)
    here, there = ways.leave[start], ways.arrive[end]
    result = np.empty((len(start), len(end)))
    climbed = metric(net, cost, searches=len(start))
    if climbed is not None:
        return climbed.fill(result, here, there)
    weighed = ways.weighed(net, cost)

    def rows(part: slice) -> None:
        label, room = np.empty((1, ways.count), dtype=np.uint32), np.empty(ways.count, dtype=np.uint64)
        for row in range(part.start, part.stop):
            kernel.distances(*weighed, here[row : row + 1], room, label)
            result[row] = floating(label[0, there])

    in_chunks(rows, len(start), least=1)
    return result


def prepare(net: Network) -> None:
    """Build the hierarchy of a network now, rather than when a question is large enough to pay for it.

    It depends on topology and turns alone, serves every scenario and every cost, and is kept with the city on disk:
    New York's 264,346 nodes take about a second, a near-regular grid of a million nodes 15 s.

    Examples
    --------
    >>> line = Network.from_arrays([0, 100, 200], [0, 0, 0], [0, 1], [1, 2])
    >>> prepare(line)
    >>> matrix(line.close([1]), [0]).tolist()
    [[0.0, 100.0, inf]]
    """
    _hierarchy(net)


def metric(net: Network, cost: str, *, searches: int) -> Metric | None:
    """The hierarchy weighed with a network's costs, if it is there already or so many searches pay for it; else None.

    A variant is weighed from the first network of its topology: what a scenario leaves as it is, is not gone through.
    """
    held: Metric | None = net.memory.held(("metric", cost))
    if held is not None:
        return held
    ready = any(net.graph.memory.held(name) is not None for name in ("hierarchy", "stored hierarchy"))
    pays = searches >= WEIGH if ready else searches >= BUILD and net.graph.count >= SMALL
    return _weighed(net, cost) if pays else None


def _weighed(net: Network, cost: str) -> Metric:
    def weigh() -> Metric:
        costs = prepared(net).costs(net, cost)
        first: Metric = net.graph.memory.of(("metric", cost), (), lambda: _hierarchy(net).customise(costs))
        changed = np.flatnonzero(first.cost != costs)
        return first.update(changed, costs[changed])

    return net.memory.of(("metric", cost), (), weigh)


def _hierarchy(net: Network) -> Hierarchy:
    return net.graph.memory.of("hierarchy", (), lambda: _built(net))


def _built(net: Network) -> Hierarchy:
    """The hierarchy that came with the city, if it was made for this very topology; else a fresh one."""
    ways = prepared(net)
    stored = net.graph.memory.held("stored hierarchy")
    if stored is not None:
        try:
            return Hierarchy.from_arrays(stored, ways.indptr, ways.target)
        except DataError:
            pass  # made for a topology that was numbered otherwise, or damaged: it is no data, only made before
    return Hierarchy.build(ways.indptr, ways.target, net.x[ways.node], net.y[ways.node])
