"""Zones: where people live and work, gathered so that travel times between all of them fit in a table."""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from twin.model import City, Network
from twin.routing import Transit, matrix

__all__ = ["Zones"]


class Zones:
    """Squares of a grid over the homes and jobs of a city, about as many as asked for.

    Attributes
    ----------
    of : (population rows,) zone of each.
    x, y : (z,) where the people and jobs of each have their middle [m].
    """

    def __init__(self, city: City, count: int = 400) -> None:
        points = city.population.geometry
        x, y = points.x.to_numpy(), points.y.to_numpy()
        area = max((x.max() - x.min()) * (y.max() - y.min()), 1.0)
        self.size = sqrt(area / count)
        key = np.stack([(x - x.min()) // self.size, (y - y.min()) // self.size], axis=1)
        _, self.of = np.unique(key, axis=0, return_inverse=True)
        self.of = self.of.reshape(-1)
        weight = np.bincount(self.of).astype(float)
        self.x, self.y = (np.bincount(self.of, weights=v) / weight for v in (x, y))

    def __len__(self) -> int:
        return len(self.x)

    def total(self, value: NDArray[np.float64]) -> NDArray[np.float64]:
        """(z,) sum of a value of population rows."""
        return np.asarray(np.bincount(self.of, weights=np.nan_to_num(value), minlength=len(self)), dtype=float)

    def times(self, net: Network | Transit, speed: float | None = None) -> NDArray[np.float64]:
        """(z, z) travel time between the middles of zones [s]; within one, half of that to the nearest other.

        Parameters
        ----------
        speed : [m/s] where the network's own travel time is not to count.
        """
        streets = net if isinstance(net, Network) else net.walk
        at = KDTree(np.stack([streets.x, streets.y], axis=1)).query(np.stack([self.x, self.y], axis=1))[1]
        node, back = np.unique(at, return_inverse=True)
        ids = streets.ids[node]
        found = matrix(net, ids, ids, cost="time" if speed is None else "length")
        found = (found if speed is None else found / speed)[np.ix_(back, back)]
        own = np.where(np.eye(len(self), dtype=bool), np.inf, found).min(axis=1)
        np.fill_diagonal(found, np.where(np.isfinite(own), own / 2, 0.0))
        return found
