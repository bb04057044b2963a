"""Facilities as agents ask for them: which is the nearest, and whether there is still room."""

from __future__ import annotations

from math import inf

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.errors import MissingData
from twin.model import City
from twin.routing.paths import floating, sweep
from twin.simulation.crowd import Goals

__all__ = ["Places"]

_Hung = tuple[NDArray[np.int64], NDArray[np.int32]]  # rows of facilities, and the nodes that they hang on
_Ways = tuple[NDArray[np.float64], NDArray[np.int32]]  # (nodes,) how far the nearest is [s], and which


class Places:
    """The facilities of a city, and how many got into each; what is asked again is not looked up again."""

    def __init__(self, city: City) -> None:
        self.taken: dict[int, int] = {}
        self.change(city)

    def change(self, city: City) -> None:
        """The city is another; who is inside stays there."""
        self.city = city
        table = city.facilities
        self._open = table["open"].to_numpy(dtype=bool)
        places = table["capacity"].to_numpy(dtype=float) if "capacity" in table.columns else np.full(len(table), np.nan)
        self._capacity = np.where(np.isnan(places), inf, places)
        self._hung: dict[tuple[str, str], _Hung] = {}
        self._ways: dict[tuple[str, str, bytes], _Ways] = {}

    def room(self) -> NDArray[np.float64]:
        """(facilities,) places left in each; unlimited where the capacity is unknown, none where it is closed."""
        left = self._capacity.copy()
        for row, taken in self.taken.items():
            left[row] -= taken
        return np.where(self._open, left, 0.0)

    def nearest(self, kind: str, node: ArrayLike, network: str, *, room: bool) -> Goals:
        """The nearest open facility of a kind from each node, by travel time; see `Simulation.nearest`."""
        start = np.atleast_1d(np.asarray(node, dtype=np.int32))
        rows, nodes = self._of(kind, network)
        usable = self._open[rows] & (self.room()[rows] > 0) if room else self._open[rows]
        if not usable.any():
            return Goals(np.full(len(start), -1, np.int32), np.full(len(start), -1, np.int64))
        key = kind, network, usable.tobytes()
        if key not in self._ways:
            at = nodes[usable]
            seeds = at, np.zeros(len(at), np.uint32), np.flatnonzero(usable).astype(np.int32)
            label, way = sweep(self.city.network(network), seeds, cost="time", inward=True)
            self._ways[key] = floating(label), np.asarray(way, dtype=np.int32)
        cost, way = self._ways[key]
        found = np.where(np.isfinite(cost[start]), way[start], -1)
        goal = np.where(found >= 0, nodes[found], -1).astype(np.int32)
        return Goals(goal, np.where(found >= 0, rows[found], -1))

    def admit(self, facility: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Let one after the other into a facility (row; -1: none) while there is room; who got in."""
        inside = np.zeros(len(facility), dtype=bool)
        room = self.room()
        for position, row in enumerate(facility.tolist()):
            if row >= 0 and room[row] > 0:
                room[row] -= 1
                self.taken[row] = self.taken.get(row, 0) + 1
                inside[position] = True
        return inside

    def _of(self, kind: str, network: str) -> _Hung:
        """The facilities of a kind that hang on a network."""
        if (kind, network) not in self._hung:
            mine = self.city.rows("facilities", kind=kind)
            if not mine.any():
                raise MissingData(f"{self.city.name}: no {kind} in the data", layer="facilities", column="kind")
            hung = self.city.snap("facilities", network)
            hung = hung[mine[hung.index]]
            self._hung[kind, network] = hung.index.to_numpy(dtype=np.int64), hung["node"].to_numpy(dtype=np.int32)
        return self._hung[kind, network]
