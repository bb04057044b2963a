"""Days: trips that follow each other, by the modes that were chosen for them.

Each trip is an agent of the engine, which wakes the next one of the same person when it arrives: so a day costs no more
than its trips, and nothing but the kernel is asked in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.errors import SimulationError
from twin.model import City
from twin.simulation.agents import Agents, Trips
from twin.simulation.movement import STATUS, TRAVELLING, WAITING
from twin.simulation.physics import Freely, Physics
from twin.simulation.rerouting import Rerouting

if TYPE_CHECKING:
    from twin.simulation.crowd import Columns
    from twin.simulation.engine import Simulation

__all__ = ["Days", "Diaries", "Mode", "Parts", "Sequel"]


@dataclass(frozen=True)
class Mode:
    """A way to travel.

    Attributes
    ----------
    network : that one moves on.
    physics : how: `Freely`, `Crowded` on foot, or `Queued` as vehicles.
    speed : constant speed [m/s]; the network's travel time counts where not given.
    rerouting : who hears of delays on the way, if anybody.
    """

    network: str = "walk"
    physics: Physics = field(default_factory=Freely)
    speed: float | None = None
    rerouting: Rerouting | None = None


class Days(Agents):
    """People whose trips of a day are known when it begins; subclass it and override `spawn`.

    Attributes
    ----------
    modes : ways to travel, by the name that trips call them by.
    """

    modes: ClassVar[Mapping[str, Mode]] = {"walk": Mode()}

    def spawn(self, city: City, rng: np.random.Generator) -> pd.DataFrame:
        """One row a trip, those of a person one below the other, in their order.

        Columns: ``person`` (number), ``mode`` (a name in `modes`), ``node`` and ``goal`` (positions in the network of
        the mode), ``depart`` (when one would set out [s]), and optionally ``stay`` (how long after the trip before
        one sets out at the earliest [s]; 0), ``ride`` (a trip that takes so long whatever is on the streets [s]; 0:
        it goes by them), ``purpose``.
        """
        raise NotImplementedError


class Diaries(Days):
    """Days that are given as a table.

    Parameters
    ----------
    table : one row a trip; the columns that `Days.spawn` says.
    modes : ways to travel, by the name that the table calls them by.
    """

    def __init__(self, table: pd.DataFrame, modes: Mapping[str, Mode] | None = None) -> None:
        object.__setattr__(self, "table", table)
        object.__setattr__(self, "modes", dict(modes or Days.modes))

    def spawn(self, city: City, rng: np.random.Generator) -> pd.DataFrame:
        """The table."""
        del city, rng
        table: pd.DataFrame = self.table  # type: ignore[attr-defined]
        return table


class _Leg(Trips):
    """The trips of a crowd by one mode; `Columns` takes them for trips whose decisions stand in arrays."""

    def __init__(self, crowd: Days, mode: Mode) -> None:
        for name in ("network", "physics", "speed", "rerouting"):
            object.__setattr__(self, name, getattr(mode, name))
        object.__setattr__(self, "name", getattr(crowd, "name", type(crowd).__name__))


class Parts:
    """The trips of one crowd of `Days`, by mode."""

    def __init__(self, crowd: Days, table: pd.DataFrame, place: int) -> None:
        self.place, self.name = place, getattr(crowd, "name", type(crowd).__name__)
        self.table = table = _checked(crowd, table, self.name)
        person = table["person"].to_numpy()
        self.first = np.append(True, person[1:] != person[:-1])[: len(table)]
        self.trips = [
            (_Leg(crowd, crowd.modes[mode]), table.assign(leg=np.arange(len(table)))[table["mode"] == mode])
            for mode in sorted(set(table["mode"]))
        ]
        self.states: list[Columns] = []

    def numbers(self) -> NDArray[np.int64]:
        """(trips,) number of each in the engine."""
        number = np.empty(len(self.table), dtype=np.int64)
        for state in self.states:
            number[state.column("leg")] = state.numbers(np.arange(len(state)))
        return number


class Sequel:
    """What follows what in a run: for each trip the next of the same person, and when."""

    def __init__(self, sim: Simulation) -> None:
        self.sim = sim
        self.parts: list[Parts] = []
        self.then = np.zeros(0, dtype=np.int32)
        self.start = self.stay = self.ride = np.zeros(0)

    def begin(self, parts: Parts) -> None:
        """The trips of a crowd stand in the engine: link them, and send off the first of each person."""
        self.parts.append(parts)
        self.widen()
        number, table = parts.numbers(), parts.table
        follows = np.flatnonzero(~parts.first)
        self.then[number[follows - 1]] = number[follows]
        for name in ("stay", "ride"):
            if name in table.columns:
                getattr(self, name)[number] = table[name].to_numpy(dtype=float)
        self.start[number] = table["depart"].to_numpy(dtype=float)
        for state in parts.states:
            self._send(state, parts.first[state.column("leg")])

    def widen(self) -> None:
        """Room for as many agents as there are."""
        size, movement = len(self.sim.movement.time), self.sim.movement
        if not self.parts or size <= len(self.then):
            return
        more = size - len(self.then)
        self.then = np.pad(self.then, (0, more), constant_values=-1)
        self.start, self.stay, self.ride = (np.pad(a, (0, more)) for a in (self.start, self.stay, self.ride))
        movement.engine.days(self.then, self.start, self.stay, self.ride)

    def _send(self, state: Columns, first: NDArray[np.bool_]) -> None:
        movement, numbers = self.sim.movement, state.numbers(np.arange(len(state)))
        state.goal[:] = state.column("goal")
        movement.row[numbers] = row = self.rows(state, np.arange(len(state)))
        movement.state[numbers], movement.time[numbers] = WAITING, inf
        leave = state.depart[first]
        movement.engine.depart(
            numbers[first].astype(np.uint32), leave + self.ride[numbers[first]], row[first].astype(np.uint32)
        )
        movement.time[numbers[first]] = leave
        there = movement.reach(row)
        nodes = state.node[there], state.goal[there]
        state.leg[there] = self.sim.legs.add(state.place, state.row[there], nodes, state.depart[there])

    def rows(self, state: Columns, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The row at which each of some trips sets out; a ride ends where it begins, after its time."""
        layer, rides = state.layer, self.ride[state.numbers(rows)] > 0
        found = layer.stop + layer.ways.leave[state.goal[rows]].astype(np.int64)
        by_street = rows[~rides]
        found[~rides] = self.sim.reroutes.rows(state, by_street, (state.node[by_street], state.goal[by_street]))
        return found

    def settle(self, state: Columns, rows: NDArray[np.int64]) -> None:
        """Enter when trips were begun: later than planned, or not yet."""
        numbers = state.numbers(rows)
        begun = np.isfinite(self.sim.movement.time[numbers])
        under_way = begun & (state.status[rows] == WAITING) & (self.start[numbers] <= self.sim.time)
        state.status[rows[under_way & (self.ride[numbers] > 0)]] = TRAVELLING
        real = state.leg[rows] >= 0
        self.sim.legs.depart(state.leg[rows[real]], np.where(begun, self.start[numbers], inf)[real])

    def trips(self, table: pd.DataFrame) -> pd.DataFrame:
        """The trips of a trace with persons for agents, the crowd as it was given, mode and purpose."""
        for parts in self.parts:
            for state in parts.states:
                mine = (table["crowd"] == state.place).to_numpy()
                leg = np.empty(len(state), dtype=np.int64)
                leg[state.row] = state.column("leg")
                rows = parts.table.iloc[leg[table.loc[mine, "agent"].to_numpy(dtype=np.int64)]]
                for name in ("mode", "purpose"):
                    if name in rows.columns:
                        table.loc[mine, name] = rows[name].to_numpy(dtype=object)
                table.loc[mine, "agent"] = rows["person"].to_numpy(dtype=np.int64)
        return table

    def end(self, parts: Parts) -> pd.DataFrame:
        """One row a person: the trip that was begun last, and where it is or led."""
        number, now = parts.numbers(), self.sim.time
        movement = self.sim.movement
        begun = (movement.time[number] <= now) | (np.isfinite(movement.time[number]) & (self.start[number] <= now))
        place = np.empty(len(number), dtype=object)
        for state in parts.states:
            ids = self.sim.city.network(state.agents.network).ids
            place[state.column("leg")] = ids[state.where()]
        last = pd.DataFrame({"person": parts.table["person"].to_numpy(), "leg": np.arange(len(number))})
        current = last[begun].groupby("person")["leg"].max()
        leg = current.reindex(pd.unique(last["person"]))
        first = last[parts.first].set_index("person")["leg"]
        rows = leg.fillna(first).to_numpy(dtype=np.int64)
        status = movement.state[number[rows]]
        time = movement.time[number[rows]]
        return pd.DataFrame(
            {
                "crowd": parts.name,
                "agent": first.index.to_numpy(),
                "number": parts.place,
                "status": STATUS[status],
                "node": place[rows],
                "facility": None,
                "time": np.where(begun[rows], time, 0.0),
            }
        )


def _checked(crowd: Days, table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The table of trips; raise where a day makes no sense."""
    for column in ("person", "mode", "node", "goal", "depart"):
        if column not in table.columns:
            raise SimulationError(f"{name}.spawn returned no column '{column}'", time=0.0, agents=name)
    table = table.reset_index(drop=True)
    unknown = sorted(set(table["mode"]) - set(crowd.modes))
    if unknown:
        raise SimulationError(f"{name}: trips by {unknown}, modes are {sorted(crowd.modes)}", time=0.0, agents=name)
    for column in ("depart", "stay", "ride"):
        values = table[column].to_numpy(dtype=float) if column in table.columns else np.zeros(0)
        bad = np.flatnonzero(~((values >= 0) & np.isfinite(values)))
        if len(bad):
            raise SimulationError(
                f"{name}: trips {bad[:5].tolist()}: {column} is {values[bad[0]]}, not a time from 0 s on",
                time=0.0,
                agents=name,
            )
    for column in ("node", "goal"):
        bad = np.flatnonzero(table[column].to_numpy() < 0)
        if len(bad):
            raise SimulationError(
                f"{name}: trips {bad[:5].tolist()}: no {column} on the network of their mode", time=0.0, agents=name
            )
    person = table["person"].to_numpy()
    starts = np.append(True, person[1:] != person[:-1])[: len(person)]
    if starts.sum() != len(np.unique(person)):
        raise SimulationError(f"{name}: the trips of a person stand one below the other", time=0.0, agents=name)
    return table
