"""A crowd in bulk, with the verbs of Mesa's `AgentSet`: columns of all, where an `AgentSet` has attributes of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.errors import UnknownName
from twin.simulation.crowd import Columns
from twin.simulation.movement import STATUS

if TYPE_CHECKING:
    from twin.simulation.engine import Simulation

__all__ = ["CrowdSet"]

_OWN = ("id", "status", "node", "facility", "time")


class CrowdSet:
    """Some agents of one crowd, by their order in the crowd.

    ``id``, ``status``, ``node`` (id), ``facility`` (row, or -1) and ``time`` (of the last change [s]) are the engine's
    and can be read; all others are the crowd's own: those of `spawn`, and what `set` adds. Its decisions see them.
    """

    def __init__(self, state: Columns, sim: Simulation, rows: NDArray[np.int64] | None = None) -> None:
        self._state, self._sim = state, sim
        self._rows = np.argsort(state.row) if rows is None else rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._column(name)

    def get(self, names: str | list[str]) -> Any:
        """A column as an array, or a list of them."""
        return self._column(names) if isinstance(names, str) else [self._column(name) for name in names]

    def set(self, name: str, value: ArrayLike) -> CrowdSet:
        """Set a column: one value for all, or one each."""
        if name in _OWN or name == "depart":
            raise UnknownName("column to set", name, self._names())
        self._state.put(name, self._rows, value)
        return self

    def select(
        self, of: Callable[[CrowdSet], ArrayLike] | ArrayLike | None = None, at_most: float = np.inf
    ) -> CrowdSet:
        """Those for whom a mask is true, given or made by a function of this set; the first so many, or a share."""
        mask = np.ones(len(self), bool) if of is None else np.asarray(of(self) if callable(of) else of, dtype=bool)
        most = int(len(self) * at_most) if isinstance(at_most, float) and at_most <= 1 else at_most
        rows = self._rows[mask]
        return CrowdSet(self._state, self._sim, rows if most >= len(rows) else rows[: int(most)])

    def do(self, act: Callable[..., Any], *args: Any, **kwargs: Any) -> CrowdSet:
        """Call a function with the whole set, once."""
        act(self, *args, **kwargs)
        return self

    def agg(self, name: str, how: Callable[[NDArray[Any]], Any]) -> Any:
        """One figure of a column."""
        return how(self._column(name))

    def _names(self) -> list[str]:
        return [name for name in self._state.names() if name not in (*_OWN, "depart")]

    def _column(self, name: str) -> NDArray[Any]:
        state, rows = self._state, self._rows
        if name == "status":
            return np.asarray(STATUS[state.status[rows]])
        if name == "node":
            return np.asarray(self._sim.city.network(state.agents.network).ids[state.where(rows)])
        if name == "time":
            return np.where(state.changed[rows] > self._sim.time, 0.0, state.changed[rows])
        if name == "id":
            return state.row[rows]
        if name == "facility":
            return state.facility[rows]
        if name not in state.names():
            raise UnknownName("column", name, [*_OWN, *self._names()])
        return state.column(name)[rows]
