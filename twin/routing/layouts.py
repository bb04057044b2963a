"""Layouts compared: what each of many sets of sites means for everybody."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from twin._kernels import paths as kernel
from twin.errors import DataError, listed
from twin.model.network import SCALE, Network
from twin.routing.matrix import metric
from twin.routing.paths import fixed, in_chunks, labels
from twin.routing.prepared import prepared

__all__ = ["layouts"]


def layouts(
    net: Network, layouts: Sequence[ArrayLike], weights: ArrayLike, limit: float, *, cost: str = "length"
) -> pd.DataFrame:
    """How far everybody is from the nearest site of each layout; nothing is kept but the sums.

    Parameters
    ----------
    layouts : ids of the nodes that the sites of each layout stand at.
    weights : (n,) people at each node [persons].
    limit : cost up to which a site is near enough, inclusive.
    cost : edge column to travel by.

    Returns
    -------
    DataFrame : one row a layout: `mean`, the mean cost of those who reach a site, NaN where nobody does; `share` of all
        weights within the limit [1]; `unreached`, the weights that reach none.

    Raises
    ------
    DataError : weights are not finite and at least 0, or all zero.

    Examples
    --------
    >>> line = Network.from_arrays([0, 100, 200], [0, 0, 0], [0, 1], [1, 2])
    >>> layouts(line, [[0], [1]], [1, 1, 2], 100).to_numpy().tolist()
    [[125.0, 0.5, 0.0], [75.0, 1.0, 0.0]]
    """
    people = np.asarray(weights, dtype=float)
    if people.shape != (net.graph.count,):
        raise DataError(f"there are {net.graph.count} nodes and {people.size} weights")
    bad = np.flatnonzero(~(np.isfinite(people) & (people >= 0)))
    if bad.size or not people.sum() > 0:
        what = f"positions {listed(bad)}" if bad.size else "all are 0"
        raise DataError(f"weights are finite, at least 0, and not all 0 ({what})", rows=bad)
    ways, sites = prepared(net), [net.positions(layout) for layout in layouts]
    at = np.zeros(ways.count)
    at[ways.leave] = people
    nodes = [ways.arrive[each] for each in sites]
    weighed = metric(net, cost, searches=len(sites))
    found = (
        weighed.tallies(nodes, at, fixed(limit)) if weighed is not None else _one_by_one(net, nodes, at, limit, cost)
    )
    reached, near, travelled = found.T
    mean = np.divide(travelled / SCALE, reached, out=np.full(len(found), np.nan), where=reached > 0)
    return pd.DataFrame({"mean": mean, "share": near / people.sum(), "unreached": people.sum() - reached})


def _one_by_one(
    net: Network, sites: list[NDArray[np.int32]], people: NDArray[np.float64], limit: float, cost: str
) -> NDArray[np.float64]:
    """What `Metric.tallies` gives, by a sweep for each layout."""
    found = np.empty((len(sites), 3))

    def some(part: slice) -> None:
        for row in range(part.start, part.stop):
            nodes = sites[row]
            label = labels(net, (nodes, np.zeros(len(nodes)), np.zeros(len(nodes))), cost=cost, inward=True)
            found[row] = kernel.tally(label, people, fixed(limit))

    in_chunks(some, len(sites), least=1)
    return found
