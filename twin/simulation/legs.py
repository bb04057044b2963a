"""The trips of a run, as columns that grow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["Legs"]

_ROW = np.dtype(
    [("crowd", "i8"), ("agent", "i8"), ("origin", "i8"), ("destination", "i8"), ("depart", "f8"), ("arrive", "f8")]
)


class Legs:
    """One row a trip: crowd, agent, origin and destination (node positions), depart and arrive [s].

    A trip that is on the way has no arrival (NaN); one that will not be made after all has no departure.
    """

    def __init__(self, whole: NDArray[Any] | None = None) -> None:
        self._table = np.zeros(64, dtype=_ROW) if whole is None else whole
        self._used = 0 if whole is None else len(whole)

    def whole(self) -> NDArray[Any]:
        """All of them, as records."""
        return self._table[: self._used]

    def add(
        self,
        crowd: int,
        agents: NDArray[np.int64],
        nodes: tuple[NDArray[np.int32], NDArray[np.int32]],
        depart: NDArray[np.float64] | float,
    ) -> NDArray[np.int64]:
        """Enter trips; their numbers."""
        first, self._used = self._used, self._used + len(agents)
        if self._used > len(self._table):
            grown = np.zeros(2 * self._used, dtype=_ROW)
            grown[:first] = self._table[:first]
            self._table = grown
        mine = self._table[first : self._used]
        mine["crowd"], mine["agent"], mine["depart"], mine["arrive"] = crowd, agents, depart, np.nan
        mine["origin"], mine["destination"] = nodes
        return np.arange(first, self._used)

    def depart(self, legs: NDArray[np.int64], time: NDArray[np.float64]) -> None:
        """These set out at a time [s]; not yet, where it is infinite."""
        self._table["depart"][legs] = time

    def arrive(self, legs: NDArray[np.int64], time: NDArray[np.float64] | float) -> None:
        """These arrived."""
        self._table["arrive"][legs] = time

    def divert(self, legs: NDArray[np.int64], node: NDArray[np.int64]) -> None:
        """These end at another node."""
        self._table["destination"][legs] = node

    def forget(self, legs: NDArray[np.int64]) -> None:
        """These are not made after all."""
        self._table["depart"][legs] = np.nan

    def to_frame(self, time: float) -> pd.DataFrame:
        """The trips that were begun up to a time, by departure, crowd and agent."""
        rows = self._table[: self._used]
        rows = rows[rows["depart"] <= time]
        rows = rows[np.lexsort((rows["agent"], rows["crowd"], rows["depart"]))]
        return pd.DataFrame({name: rows[name] for name in _ROW.names or ()})
