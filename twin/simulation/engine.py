"""Agents choose, travel and arrive; the city may change under them.

The compiled engine moves everybody from edge to edge; here are decisions, which are asked for all agents of a crowd at
one time together. Events are ordered by (time, number of the agent); those who arrive at a time come before those who
set out at it, and before a change of the city. An agent travels along a cheapest way of the city as it is when it
chooses; when the city changes, those whose way ahead is closed choose again at the next node they come to.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from twin.errors import DataError, MissingData, SimulationError
from twin.model import City, Trace
from twin.routing.paths import floating, sweep
from twin.simulation.agents import Agents
from twin.simulation.crowd import Columns, Crowd, Goals
from twin.simulation.legs import Legs
from twin.simulation.movement import FINISHED, STATUS, STRANDED, TRAVELLING, WAITING, Layer, Movement
from twin.simulation.physics import Crowded, Freely, Physics, Queued
from twin.simulation.watch import Watch

__all__ = ["Simulation", "simulate"]

Change = Callable[[City], City]


class Simulation:
    """A running simulation: the only thing that changes. It lives inside `simulate`; decisions receive it as `sim`."""

    def __init__(self, city: City, agents: Sequence[Agents], *, seed: int = 0) -> None:
        self.city, self.time, self.seed = city, 0.0, seed
        self._heap: list[tuple[float, int, Any, Any]] = []
        self._sequence = 0
        self._legs = Legs()
        self._taken: dict[int, int] = {}
        self._labels: dict[Any, Any] = {}
        self._layers: dict[Any, list[Layer]] = {}  # the last is that of the city as it is
        self._crowds: list[Columns] = []
        first = 0
        for place, crowd in enumerate(agents):
            self._crowds.append(Columns(crowd, crowd.spawn(city, np.random.default_rng([seed, place])), place, first))
            first += len(self._crowds[-1])
        self._first = np.array([crowd.first for crowd in self._crowds], dtype=np.int64)
        self.movement = Movement(first)
        self.watch: Watch | None = None
        for state in self._crowds:
            self._begin(state)

    def join(self, agents: Agents) -> Columns:
        """A further crowd, which departs from now on."""
        place = len(self._crowds)
        table = agents.spawn(self.city, np.random.default_rng([self.seed, place]))
        state = Columns(agents, table, place, self.movement.count)
        self.movement.grow(len(state))
        for other in self._crowds:
            other.attach(self.movement)
        self._crowds.append(state)
        self._first = np.append(self._first, state.first)
        self._begin(state)
        return state

    def _begin(self, state: Columns) -> None:
        state.attach(self.movement)
        state.layer = self._layer(state.agents)
        state.asks[:] = not state.silent
        if type(state.agents).enter is not Agents.enter:
            self.movement.entered = self._entered
            self.movement.engine.note(True)
            self.movement.ordered = True
        if state.settled:
            self._settle(state)
            return
        self.movement.ordered = True
        order = np.argsort(state.depart, kind="stable")
        order = order[np.isfinite(state.depart[order])]  # the others wait until they are called
        for rows in np.split(order, np.flatnonzero(np.diff(state.depart[order])) + 1):
            if len(rows):
                self.ask_later(float(state.depart[rows[0]]), state, rows)

    def _layer(self, agents: Agents) -> Layer:
        """The network that a crowd moves on, in its way."""
        key = (agents.network, *_cost(agents), _physics(agents))
        if key not in self._layers:
            column, pace, physics = key[1:]
            self._layers[key] = [self.movement.layer(self.city.network(agents.network), column, pace, physics)]
        return self._layers[key][-1]

    def _settle(self, state: Columns) -> None:
        """Send off a crowd whose decisions stand in arrays, each at its time."""
        rows = np.arange(len(state))  # sorted by departure
        state.goal[:] = state.column("goal")
        ends = state.node[rows], state.goal[rows]
        there = self.movement.send(state.numbers(rows), state.layer, ends, state.depart[rows], stranded=True)
        state.leg[rows[there]] = self._legs.add(
            state.place, state.row[there], (ends[0][there], ends[1][there]), state.depart[there]
        )

    @property
    def crowds(self) -> Sequence[Columns]:
        """The columns of all crowds."""
        return self._crowds

    @property
    def busy(self) -> bool:
        """Whether anything is still to happen."""
        planned = self.watch is not None and self.watch.planned
        return bool(self._heap) or self.movement.engine.waiting > 0 or planned

    def layers(self) -> list[Layer]:
        """All networks that somebody moves on, in the order of their arcs."""
        return sorted((layer for layers in self._layers.values() for layer in layers), key=lambda layer: layer.arcs)

    # ── what decisions may ask ───────────────────────────────────────────────────────────────────────────────────

    def nearest(self, kind: str, node: ArrayLike, network: str, *, room: bool = False) -> Goals:
        """The nearest open facility of a kind from each node, by travel time.

        Parameters
        ----------
        room : only those that still have room for one more.
        """
        facilities = self.city.facilities
        serving = self.city.rows("facilities", kind=kind) & facilities["open"].to_numpy(dtype=bool)
        if not self.city.rows("facilities", kind=kind).any():
            raise MissingData(f"{self.city.name}: no {kind} in the data", layer="facilities", column="kind")
        if room:
            serving &= self._room() > 0
        start = np.atleast_1d(np.asarray(node, dtype=np.int32))
        hung = self.city.snap("facilities", network)
        usable = hung[serving[hung.index]]
        if not len(usable):
            return Goals(np.full(len(start), -1, np.int32), np.full(len(start), -1, np.int64))
        key = network, kind, serving.tobytes()
        if key not in self._labels:
            nodes = usable["node"].to_numpy()
            seeds = nodes, np.zeros(len(nodes), np.uint32), np.arange(len(nodes))
            cost, way = sweep(self.city.network(network), seeds, cost="time", inward=True)
            self._labels[key] = floating(cost), way
        label, root = self._labels[key]
        way = root[start]
        found = np.where(way >= 0, usable.index.to_numpy()[np.maximum(way, 0)], -1)
        at = np.where(way >= 0, usable["node"].to_numpy()[np.maximum(way, 0)], -1)
        return Goals(np.where(np.isfinite(label[start]), at, -1).astype(np.int32), found)

    def admit(self, who: Crowd) -> NDArray[np.bool_]:
        """Let agents into the facility they came to, in their order, while there is room; who got in."""
        inside = np.zeros(len(who), dtype=bool)
        room = self._room()
        for position, facility in enumerate(who.facility):
            if facility >= 0 and room[facility] > 0:
                room[facility] -= 1
                self._taken[int(facility)] = self._taken.get(int(facility), 0) + 1
                inside[position] = True
        return inside

    def _room(self) -> NDArray[np.float64]:
        """Places left in each facility; unlimited where the capacity is unknown, none where it is closed."""
        table = self.city.facilities
        capacity = (
            table["capacity"].to_numpy(dtype=float) if "capacity" in table.columns else np.full(len(table), np.nan)
        )
        left = np.where(np.isnan(capacity), inf, capacity)
        for row, taken in self._taken.items():
            left[row] -= taken
        return np.where(table["open"].to_numpy(dtype=bool), left, 0.0)

    # ── the loop ─────────────────────────────────────────────────────────────────────────────────────────────────

    def ask_later(self, time: float, state: Columns, rows: NDArray[np.int64]) -> None:
        """Some agents choose at a time; those of one time in the order in which they were named."""
        self._push(time, state, rows)

    def change_later(self, time: float, change: Change) -> None:
        """The city changes at a time."""
        self._push(time, None, change)

    def _push(self, time: float, state: Columns | None, what: Any) -> None:
        heapq.heappush(self._heap, (time, self._sequence, state, what))
        self._sequence += 1

    def until(self, time: float) -> None:
        """Run all events up to a time, inclusive [s]."""
        while True:
            if self.watch is not None:
                self.watch.before(self)
            coming = self._heap[0][0] if self._heap else inf
            told = self.movement.run(min(coming, time))
            if len(told):
                self.time = float(self.movement.time[told[0]])
                self._told(told.astype(np.int64))
            if (self.watch is not None and self.watch.after(self)) or len(told):
                continue
            if coming > time:
                break
            self.time, _, state, what = heapq.heappop(self._heap)
            if state is None:
                self._change(what)
                continue
            rows = what if self.watch is None else self.watch.due(state, what, self.time)
            if len(rows):
                self._choose(state, rows)
        self.time = max(self.time, float(time))

    def _ask(self, state: Columns, method: str, rows: NDArray[np.int64], *what: NDArray[Any]) -> Any:
        try:
            return getattr(state.agents, method)(Crowd(state, rows, self), *what, self)
        except (SimulationError, KeyboardInterrupt):
            raise
        except Exception as error:
            name = type(state.agents).__name__
            raise SimulationError(
                f"{name}.{method} failed at {self.time:.1f} s: {error}", time=self.time, agents=name
            ) from error

    def _choose(self, state: Columns, rows: NDArray[np.int64]) -> None:
        state.changed[rows] = self.time
        state.status[rows] = STRANDED  # unless they say where they go, or that they finish or retry
        answer = self._ask(state, "choose", rows)
        goals = (
            answer if isinstance(answer, Goals) else Goals(np.asarray(answer, dtype=np.int32), np.full(len(rows), -1))
        )
        if goals.node.shape != rows.shape:
            name = type(state.agents).__name__
            raise SimulationError(
                f"{name}.choose returned {goals.node.size} goals for {len(rows)} agents", time=self.time, agents=name
            )
        state.goal[rows], state.facility[rows] = goals.node, goals.facility
        going = rows[goals.node >= 0]
        if len(going):
            ends = state.node[going], state.goal[going]
            there = self.movement.send(state.numbers(going), state.layer, ends, np.full(len(going), self.time))
            going = going[there]
            state.leg[going] = self._legs.add(
                state.place, state.row[going], (ends[0][there], ends[1][there]), self.time
            )

    def _told(self, numbers: NDArray[np.int64]) -> None:
        """Some agents came to where they are asked: to their goals, or to where they turn off their way."""
        for state, rows in self._split(numbers):
            state.changed[rows] = self.time
            turned = state.diverted[rows]
            off, there = rows[turned], rows[~turned]
            self._legs.arrive(state.leg[rows], self.time)
            if len(off):
                state.node[off] = self.movement.nodes(self.movement.row[state.numbers(off)])
                self._legs.divert(state.leg[off], state.node[off])
                state.diverted[off] = False
                state.asks[off] = not state.silent
            if len(there):
                state.node[there] = state.goal[there]
                state.status[there] = TRAVELLING  # until they say that they are done
                self._ask(state, "arrive", there)
            if len(off):
                self._choose(state, off)

    def _entered(self, entries: NDArray[Any]) -> None:
        """Tell crowds that want to know who entered which edge."""
        if not len(entries):
            return
        edge = np.concatenate([layer.ways.edge for layer in self.layers()])[entries["arc"]]
        crowd = np.searchsorted(self._first, entries["agent"], side="right") - 1
        for place, state in enumerate(self._crowds):
            mine = crowd == place
            if type(state.agents).enter is not Agents.enter and mine.any():
                rows = entries["agent"][mine].astype(np.int64) - state.first
                self._ask(state, "enter", rows, edge[mine], entries["time"][mine])

    def _split(self, numbers: NDArray[np.int64]) -> list[tuple[Columns, NDArray[np.int64]]]:
        """Agents by crowd."""
        edges = np.searchsorted(numbers, self._first)
        parts = np.split(numbers, edges[1:])
        return [(state, part - state.first) for state, part in zip(self._crowds, parts, strict=True) if len(part)]

    def _change(self, change: Change) -> None:
        """Swap the city; whoever's way ahead is closed goes on to the next node and chooses again there."""
        self.city, self._labels = change(self.city), {}
        shut = ~self.city.facilities["open"].to_numpy(dtype=bool)
        for key, layers in self._layers.items():
            fresh = self.city.network(key[0])
            if fresh is layers[-1].net:
                continue
            for layer in layers:
                self.movement.change(layer, fresh)
            if layers[-1].net is not fresh:  # it has new edges: those who choose from now on know them
                layers.append(self.movement.layer(fresh, *key[1:]))
        for state in self._crowds:
            state.layer = self._layer(state.agents)
        blocked, row = self.movement.blocked(), self.movement.engine.rows()
        concerned, target = np.zeros(len(row), dtype=bool), row.astype(np.int64)
        for state in self._crowds:
            part = slice(state.first, state.first + len(state))
            gone = (state.facility >= 0) & shut[state.facility] if len(shut) else np.zeros(len(state), dtype=bool)
            off = (state.status == TRAVELLING) & (blocked[row[part]] | gone) & ~state.diverted
            target[part] = self.movement.stops(row[part])
            concerned[part] = off
            state.diverted |= off
            state.asks[off] = 1
            if state.settled:
                self._settle_again(state, target, concerned)
            stranded = np.flatnonzero(state.status == STRANDED)
            if len(stranded):
                self.ask_later(self.time, state, stranded)
        self.movement.ordered = True
        self.movement.turn(concerned, target)
        if self.watch is not None:
            self.watch.changed(self)

    def turn(self, state: Columns, rows: NDArray[np.int64]) -> None:
        """Have agents turn off their way at the next node that they come to; see `Crowd.turn`."""
        rows = rows[(state.status[rows] == TRAVELLING) & ~state.diverted[rows]]
        numbers, row = state.numbers(rows), self.movement.engine.rows()
        concerned, target = np.zeros(len(row), dtype=bool), row.astype(np.int64)
        concerned[numbers] = True
        target[numbers] = self.movement.stops(row[numbers])
        state.diverted[rows], state.asks[rows] = True, 1
        self.movement.turn(concerned, target)

    def _settle_again(self, state: Columns, target: NDArray[np.int64], concerned: NDArray[np.bool_]) -> None:
        """Those who have not set out will go by the ways of the new city."""
        rows = np.flatnonzero(state.status == WAITING)
        if not len(rows):
            return
        numbers = state.numbers(rows)
        target[numbers] = self.movement.rows(state.layer, state.node[rows], state.goal[rows])
        concerned[numbers] = True
        reach = self.movement.reach(target[numbers])
        lost, found = rows[~reach & (state.leg[rows] >= 0)], rows[reach & (state.leg[rows] < 0)]
        self._legs.forget(state.leg[lost])
        state.leg[lost] = -1
        state.leg[found] = self._legs.add(
            state.place, state.row[found], (state.node[found], state.goal[found]), state.depart[found]
        )

    def settle(self, state: Columns, rows: NDArray[np.int64]) -> None:
        """Enter the arrivals of those who were not asked on theirs."""
        if state.silent:
            done = rows[(state.status[rows] == FINISHED) & (state.leg[rows] >= 0)]
            self._legs.arrive(state.leg[done], state.changed[done])
            if not state.settled:
                state.node[done] = state.goal[done]

    def trace(self, until: float, *, partial: bool = False) -> Trace:
        """What has happened so far, as tables."""
        for state in self._crowds:
            self.settle(state, np.arange(len(state)))
        trips = self._legs.to_frame(self.time)
        ends = []
        for state in self._crowds:
            ids = self.city.network(state.agents.network).ids
            mine = trips["crowd"].to_numpy() == state.place
            if mine.any():
                trips.loc[mine, "agent"] += state.begins
                for column in ("origin", "destination"):
                    if trips[column].dtype != ids.dtype:
                        trips[column] = trips[column].astype(object)
                    trips.loc[mine, column] = ids[trips.loc[mine, column].to_numpy(dtype=np.int64)]
            back = np.argsort(state.row)
            ends.append(
                pd.DataFrame(
                    {
                        "crowd": state.name,
                        "agent": np.arange(len(state)) + state.begins,
                        "status": STATUS[state.status[back]],
                        "node": ids[state.where()[back]],
                        "facility": _ids(self.city, state.facility[back]),
                        "time": np.where(state.changed > self.time, 0.0, state.changed)[back],
                    }
                )
            )
        columns = ["crowd", "agent", "status", "node", "facility", "time"]
        end = pd.concat(ends, ignore_index=True) if ends else pd.DataFrame(columns=columns)
        end = end.set_index(["crowd", "agent"])
        tables = {"trips": trips, "end": end, "gridlock": self._gridlock()}
        return Trace(tables | self._own_tables(), until, self.seed, partial)

    def _own_tables(self) -> dict[str, pd.DataFrame]:
        """Tables that crowds keep of their own; those of one name stand one below the other."""
        parts: dict[str, list[pd.DataFrame]] = {}
        for state in self._crowds:
            for name, table in state.agents.tables(Crowd(state, np.arange(len(state)), self), self).items():
                table.insert(0, "crowd", state.place)
                parts.setdefault(name, []).append(table)
        return {name: pd.concat(tables, ignore_index=True) for name, tables in parts.items()}

    def _gridlock(self) -> pd.DataFrame:
        """Edges on which vehicles wait for each other in a circle, where nobody can move any more."""
        on = self.movement.engine.on() if self.movement.engine.waiting == 0 else np.zeros(0, np.int32)
        lanes = np.flatnonzero(on)
        tables = []
        for (network, *_), layers in self._layers.items():
            for layer in layers:
                mine = lanes[(lanes >= layer.lanes) & (lanes < layer.lanes + 2 * layer.ways.edges)]
                if len(mine) and isinstance(layer.physics, Queued):
                    place = mine - layer.lanes
                    tables.append(
                        pd.DataFrame(
                            {
                                "network": network,
                                "edge": place // 2,
                                "backward": place % 2 == 1,
                                "vehicles": on[mine],
                                "since": self.movement.engine.last(),
                            }
                        )
                    )
        columns = ["network", "edge", "backward", "vehicles", "since"]
        return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)


def _ids(city: City, rows: NDArray[np.int64]) -> NDArray[Any]:
    """Ids of facilities; None where there is none."""
    ids = city.facilities["id"].to_numpy(dtype=object)
    return np.array([ids[row] if row >= 0 else None for row in rows], dtype=object)


def _physics(agents: Agents) -> Physics:
    return getattr(agents, "physics", None) or Freely()


def _cost(agents: Agents) -> tuple[str, float]:
    """The cost column that a crowd travels by, and seconds for each unit of it."""
    physics, speed = _physics(agents), getattr(agents, "speed", None)
    if isinstance(physics, Crowded):
        return "length", 1.0 / physics.speed
    return ("length", 1.0 / float(speed)) if isinstance(speed, int | float) else ("time", 1.0)


def simulate(
    city: City, agents: Iterable[Agents], *, until: float, events: Iterable[tuple[float, Change]] = (), seed: int = 0
) -> Trace:
    """Let agents live in a city.

    Parameters
    ----------
    agents : crowds.
    until : end of the run [s].
    events : (time [s], change): the engine swaps its city and asks the agents concerned again.
    seed : of everything random; the same seed gives the same trace.

    Returns
    -------
    Trace : ``trips`` and ``end``; marked partial where Ctrl-C ended the run.

    Raises
    ------
    SimulationError : a decision raised; says which crowd, method and time.
    DataError : `until` or an event's time is no time.
    """
    crowds = list(agents)
    if not 0 <= until < inf:
        raise DataError(f"until: a time from 0 s on, not {until}")
    sim = Simulation(city, crowds, seed=seed)
    for time, change in events:
        if not 0 <= time < inf:
            raise DataError(f"events: a time from 0 s on, not {time}")
        sim.change_later(float(time), change)
    try:
        sim.until(until)
    except KeyboardInterrupt:
        return sim.trace(until, partial=True)
    return sim.trace(until)
