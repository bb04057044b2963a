"""Weights of nodes, checked: people, jobs, places."""

from __future__ import annotations

from math import inf

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.errors import DataError, listed
from twin.model.network import Network

__all__ = ["finite", "node_weights"]


def node_weights(net: Network, weights: ArrayLike | None = None, *, least: float = -inf) -> NDArray[np.float64]:
    """(n,) float64 weights, 1 each where none are given; `DataError` unless they are finite and at least `least`."""
    if weights is None:
        return np.ones(net.graph.count)
    array = np.ascontiguousarray(weights, dtype=float)
    if array.shape != (net.graph.count,):
        raise DataError(f"there are {net.graph.count} nodes and {array.size} weights")
    finite(array, "weights", least)
    return array


def finite(array: NDArray[np.float64], what: str, least: float) -> None:
    """A single NaN would spread to every sum that it is in, and a site with such a load would serve nobody."""
    bad = np.flatnonzero(~np.isfinite(array) | (array < least))
    if bad.size:
        floor = "" if least == -inf else f" and at least {least:g}"
        raise DataError(
            f"{bad.size} {what} are not finite{floor} (positions {listed(bad)}: {listed(array[bad])}); 0 is none",
            rows=bad,
        )
