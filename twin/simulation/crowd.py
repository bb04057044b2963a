"""Some agents of one crowd, as their decisions see them, and the columns behind."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from twin.errors import SimulationError, listed
from twin.simulation.agents import Agents, Trips
from twin.simulation.movement import FINISHED, WAITING, Layer, Movement

if TYPE_CHECKING:
    from twin.simulation.engine import Simulation
    from twin.simulation.services import Service

__all__ = ["Columns", "Crowd", "Goals"]


@dataclass(frozen=True, eq=False)
class Goals:
    """Where some agents are going.

    Attributes
    ----------
    node : (n,) int32 position of the node; -1 where there is nowhere to go.
    facility : (n,) row of the facility; -1 where the goal is none.
    """

    node: NDArray[np.int32]
    facility: NDArray[np.int64]


class Crowd:
    """Some agents of one crowd, as the engine hands them to their decisions; index it with a mask to split it."""

    def __init__(self, state: Columns, rows: NDArray[np.int64], sim: Simulation) -> None:
        self._state, self._rows, self._sim = state, rows, sim

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, what: Any) -> Any:
        """A column of these agents by name, or some of them by a boolean mask."""
        if isinstance(what, str):
            return self._state.column(what)[self._rows]
        return Crowd(self._state, self._rows[np.asarray(what)], self._sim)

    @property
    def node(self) -> NDArray[np.int32]:
        """(n,) node position where each one is."""
        return self._state.node[self._rows]

    @property
    def facility(self) -> NDArray[np.int64]:
        """(n,) row of the facility each one came to; -1 where it is none."""
        return self._state.facility[self._rows]

    @property
    def id(self) -> NDArray[np.int64]:
        """(n,) number of each agent within its crowd."""
        return self._state.row[self._rows]

    @property
    def columns(self) -> Columns:
        """The columns of the whole crowd."""
        return self._state

    @property
    def rows(self) -> NDArray[np.int64]:
        """(n,) rows of these agents among the columns."""
        return self._rows

    @property
    def ahead(self) -> NDArray[np.int64]:
        """(n,) node that each one comes to next; where it is, if it does not travel."""
        movement = self._sim.movement
        return movement.nodes(movement.engine.rows()[self._state.numbers(self._rows)])

    def reaches(self, node: NDArray[np.int32]) -> NDArray[np.bool_]:
        """(n,) whether each one has a way to a node, in the city as it is."""
        movement = self._sim.movement
        return movement.reach(movement.rows(self._state.layer, self.node, node))

    def turn(self) -> None:
        """They turn off their way at the next node they come to, and choose again there."""
        self._sim.turn(self._state, self._rows)

    def queue(self, service: Service, *, appointment: ArrayLike = False) -> None:
        """They come to be served at the facility they are at, and stand in line where all its servers are busy.

        When served, `Agents.served` is asked; when they are turned away, run out of patience, or the facility closes,
        `Agents.gave_up`.

        Parameters
        ----------
        service : how long it takes, and how long they wait.
        appointment : (n,) or one, who goes before all those without.
        """
        self._sim.queue(self, service, np.broadcast_to(np.asarray(appointment, dtype=bool), self._rows.shape))

    def finish(self) -> None:
        """They are done, and stay where they are."""
        self._state.status[self._rows] = FINISHED
        self._state.changed[self._rows] = self._sim.time

    def wait(self) -> None:
        """They stay where they are until a decision of their crowd has them `retry`."""
        self._state.status[self._rows] = WAITING
        self._state.changed[self._rows] = self._sim.time

    def retry(self, *, after: float = 0.0) -> None:
        """They choose again after a while [s]."""
        if not 0 <= after < inf:
            raise ValueError(f"retry after a time from 0 s on, not {after}")
        self._state.status[self._rows] = WAITING
        self._state.changed[self._rows] = self._sim.time
        self._sim.ask_later(self._sim.time + float(after), self._state, self._rows)


class Columns:
    """Columns of one crowd, whose agents are a slice of those of the engine.

    Attributes
    ----------
    first, place : number of its first agent in the engine, and of the columns.
    of : number of the crowd as it was given; one of `Days` has columns for each of its modes.
    row : (n,) the row of `spawn`'s table that each agent came from.
    name, begins : that the trace calls the crowd by, and the number of its first agent there.
    settled : its decisions stand in arrays from the start, so that nobody is asked unless the city changes.
    sequel : they are trips of days, which follow each other; see `twin.simulation.days`.
    silent : who arrives is not asked, and stays; what arrivals change is looked up later.
    """

    def __init__(self, agents: Agents, table: pd.DataFrame, place: int, first: int, *, of: int) -> None:
        self.name = name = getattr(agents, "name", type(agents).__name__)
        self.begins: int = getattr(agents, "begins", 0)
        for column in ("node", "depart"):
            if column not in table.columns:
                raise SimulationError(f"{name}.spawn returned no column '{column}'", time=0.0, agents=name)
        self.depart = table["depart"].to_numpy(dtype=float)
        for column, values in (("depart", self.depart), ("node", table["node"].to_numpy(dtype=float))):
            bad = np.flatnonzero(~(values >= 0))
            if len(bad):
                what = "a time from 0 s on" if column == "depart" else "the position of a node"
                raise SimulationError(
                    f"{name}.spawn: {column} of agents {listed(bad, most=4)} is {values[bad[0]]:g}, not {what}",
                    time=0.0,
                    agents=name,
                )
        self.agents, self.place, self.first, self.of = agents, place, first, of
        self.settled = type(agents).choose is Trips.choose and type(agents).arrive is Agents.arrive
        self.silent = self.settled
        self.sequel = "leg" in table.columns and self.settled
        count = len(table)
        self.row = np.arange(count)
        if self.settled:  # numbers of agents decide between events of one time: so they go by what the agents do
            self.row = np.lexsort((table["goal"], table["node"], self.depart))
        self.table, self.depart = table.iloc[self.row].reset_index(drop=True), self.depart[self.row]
        self.node = self.table["node"].to_numpy(dtype=np.int32).copy()
        self.facility = np.full(count, -1, dtype=np.int64)
        self.goal = np.full(count, -1, dtype=np.int32)
        self.informed: NDArray[np.bool_] | None = None  # who hears of delays on the way
        self.diverted = np.zeros(count, dtype=bool)  # turned off its way: where it comes to next, it chooses again
        self.leg = np.full(count, -1, dtype=np.int64)
        self.status = np.zeros(0, dtype=np.uint8)
        self.changed = np.zeros(0)
        self._held: dict[str, NDArray[Any]] = {}
        self._own: set[str] = set()  # of these, those that may be written to
        self.layer: Layer

    def __len__(self) -> int:
        return len(self.node)

    def attach(self, movement: Movement) -> None:
        """Look at the engine's own columns: status, time of the last change, and who is asked."""
        part = slice(self.first, self.first + len(self))
        self.status, self.changed, self.asks = movement.state[part], movement.time[part], movement.asks[part]

    def column(self, name: str) -> NDArray[Any]:
        """A column of `spawn`'s table."""
        if name not in self._held:
            self._held[name] = self.table[name].to_numpy()
        return self._held[name]

    def where(self, rows: Any = slice(None)) -> NDArray[np.int32]:
        """Node at which some agents are, or were last asked."""
        come = self.silent & (self.status[rows] == FINISHED) & (self.leg[rows] >= 0)
        return np.asarray(np.where(come, self.goal[rows], self.node[rows]))

    def names(self) -> list[str]:
        """Columns of `spawn`'s table, and those that were added."""
        return list(dict.fromkeys([*self.table.columns, *self._held]))

    def put(self, name: str, rows: NDArray[np.int64], values: Any) -> None:
        """Set a column of some agents; one that there was not is 0, or empty, for the others."""
        given = np.asarray(values)
        held = (
            self.column(name) if name in self._held or name in self.table.columns else np.zeros(len(self), given.dtype)
        )
        wide = np.promote_types(held.dtype, given.dtype)
        if name not in self._own or wide != held.dtype:
            self._own.add(name)
            self._held[name] = held = held.astype(wide)  # a copy: spawn's is its own
        held[rows] = given

    def owned(self) -> list[str]:
        """Columns that were set since they were spawned."""
        return sorted(self._own)

    def own(self, name: str) -> NDArray[Any]:
        """One of them."""
        return self._held[name]

    def numbers(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Numbers of agents in the engine."""
        return rows + self.first
