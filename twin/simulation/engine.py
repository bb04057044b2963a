"""The event loop: agents choose, travel and arrive; the city may change under them.

Events are ordered by (time, sequence), so a run does not depend on how agents are stored. An agent travels along a
cheapest way of the city as it is when it chooses; when the city changes, those whose way ahead changed choose
again at the next node they come to. Travel is free of other agents.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from twin.errors import DataError, MissingData, SimulationError
from twin.model import City, Network, Trace
from twin.routing.paths import floating, sweep
from twin.simulation.agents import Agents

__all__ = ["Crowd", "Goals", "Simulation", "simulate"]

_WAITING, _TRAVELLING, _FINISHED, _STRANDED = range(4)
_STATUS = np.array(["waiting", "on the way", "finished", "stranded"], dtype=object)
_CHOOSE, _ARRIVE, _CHANGE = range(3)
Change = Callable[[City], City]


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

    def __init__(self, state: _State, rows: NDArray[np.int64], sim: Simulation) -> None:
        self._state, self._rows, self._sim = state, rows, sim

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, what: Any) -> Any:
        """A column of these agents by name, or some of them by a boolean mask."""
        if isinstance(what, str):
            return self._state.table[what].to_numpy()[self._rows]
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
        return self._rows

    def finish(self) -> None:
        """They are done, and stay where they are."""
        self._state.status[self._rows] = _FINISHED
        self._state.changed[self._rows] = self._sim.time

    def retry(self, *, after: float = 0.0) -> None:
        """They choose again after a while [s]."""
        self._state.status[self._rows] = _WAITING
        self._state.changed[self._rows] = self._sim.time
        self._sim.push(self._sim.time + float(after), _CHOOSE, self._state, self._rows)


class _State:
    """Columns of one crowd."""

    def __init__(self, agents: Agents, table: pd.DataFrame, place: int) -> None:
        for column in ("node", "depart"):
            if column not in table.columns:
                raise SimulationError(
                    f"{type(agents).__name__}.spawn returned no column '{column}'",
                    time=0.0,
                    agents=type(agents).__name__,
                )
        self.agents, self.table, self.place = agents, table.reset_index(drop=True), place
        count = len(table)
        self.node = table["node"].to_numpy(dtype=np.int32).copy()
        self.facility = np.full(count, -1, dtype=np.int64)
        self.goal = np.full(count, -1, dtype=np.int32)
        self.status = np.full(count, _WAITING)
        self.changed = np.zeros(count)
        self.turn = np.zeros(count, dtype=np.int64)  # an arrival of an older turn was overtaken by another choice
        self.trip = np.full(count, -1, dtype=np.int64)


class Simulation:
    """A running simulation: the only thing that changes. It lives inside `simulate`; decisions receive it as `sim`."""

    def __init__(self, city: City, agents: Sequence[Agents], *, seed: int = 0) -> None:
        self.city, self.time, self.seed = city, 0.0, seed
        self._heap: list[tuple[float, int, int, Any, Any, Any]] = []
        self._sequence = 0
        self._trips: list[list[Any]] = []
        self._taken: dict[int, int] = {}
        self._labels: dict[Any, Any] = {}
        self._states = []
        for place, crowd in enumerate(agents):
            table = crowd.spawn(city, np.random.default_rng([seed, place]))
            state = _State(crowd, table, place)
            self._states.append(state)
            depart = table["depart"].to_numpy(dtype=float)
            if not (np.isfinite(depart).all() and (depart >= 0).all()):
                raise SimulationError(
                    f"{type(crowd).__name__}: departures are finite and not before 0 s",
                    time=0.0,
                    agents=type(crowd).__name__,
                )
            for when in np.unique(depart):
                self.push(float(when), _CHOOSE, state, np.flatnonzero(depart == when))

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
        label, root = self._sweep(network, usable["node"].to_numpy(), ("near", network, kind, serving.tobytes()), None)
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

    def push(self, time: float, kind: int, state: Any, rows: Any, turn: Any = None) -> None:
        """Put an event into the queue; events of one time keep the order in which they were put."""
        heapq.heappush(self._heap, (time, self._sequence, kind, state, rows, turn))
        self._sequence += 1

    def until(self, time: float) -> None:
        """Run all events up to a time, inclusive [s]."""
        while self._heap and self._heap[0][0] <= time:
            self.time, _, kind, state, rows, turn = heapq.heappop(self._heap)
            if kind == _CHANGE:
                self._change(state)
            elif kind == _CHOOSE:
                self._choose(state, rows)
            else:
                current = rows[state.turn[rows] == turn]
                if len(current):
                    self._arrive(state, current)
        self.time = max(self.time, time)

    def _ask(self, state: _State, method: str, rows: NDArray[np.int64]) -> Any:
        try:
            return getattr(state.agents, method)(Crowd(state, rows, self), self)
        except (SimulationError, KeyboardInterrupt):
            raise
        except Exception as error:
            name = type(state.agents).__name__
            raise SimulationError(
                f"{name}.{method} failed at {self.time:.1f} s: {error}", time=self.time, agents=name
            ) from error

    def _choose(self, state: _State, rows: NDArray[np.int64]) -> None:
        answer = self._ask(state, "choose", rows)
        goals = (
            answer if isinstance(answer, Goals) else Goals(np.asarray(answer, dtype=np.int32), np.full(len(rows), -1))
        )
        if goals.node.shape != rows.shape:
            name = type(state.agents).__name__
            raise SimulationError(
                f"{name}.choose returned {goals.node.size} goals for {len(rows)} agents", time=self.time, agents=name
            )
        self._set_out(state, rows, goals)

    def _set_out(self, state: _State, rows: NDArray[np.int64], goals: Goals) -> None:
        state.turn[rows] += 1
        state.changed[rows] = self.time
        state.goal[rows], state.facility[rows] = goals.node, goals.facility
        cost = np.full(len(rows), inf)
        for goal in np.unique(goals.node[goals.node >= 0]):
            mine = goals.node == goal
            cost[mine] = self._label(state.agents, int(goal))[state.node[rows[mine]]]
        there = np.isfinite(cost)
        state.status[rows] = np.where(there, _TRAVELLING, _STRANDED)
        for position in np.flatnonzero(there):
            row = int(rows[position])
            state.trip[row] = len(self._trips)
            self._trips.append([state.place, row, state.node[row], goals.node[position], self.time, np.nan])
            self.push(self.time + float(cost[position]), _ARRIVE, state, rows[position : position + 1], state.turn[row])

    def _arrive(self, state: _State, rows: NDArray[np.int64]) -> None:
        state.node[rows] = state.goal[rows]
        state.changed[rows] = self.time
        for trip in state.trip[rows]:
            self._trips[trip][5] = self.time
        self._ask(state, "arrive", rows)

    def _change(self, change: Change) -> None:
        """Swap the city; whoever's way ahead changed goes on to the next node and chooses again there."""
        before, self.city = self.city, change(self.city)
        labels, self._labels = self._labels, {}
        for state in self._states:
            name = state.agents.network
            old, new = before.network(name), self.city.network(name)
            shut = set(np.flatnonzero(~self.city.facilities["open"].to_numpy(dtype=bool)).tolist())
            for row in np.flatnonzero(state.status == _TRAVELLING).tolist():
                ahead = self._way(state, row, old, labels)
                blocked = any(not new.open[edge] for edge, _, _ in ahead[1:]) or state.facility[row] in shut
                if blocked and ahead:
                    _, node, when = ahead[0]
                    state.turn[row] += 1
                    trip = self._trips[state.trip[row]]
                    trip[3], trip[5] = node, when
                    state.node[row] = node
                    self.push(when, _CHOOSE, state, np.array([row]))
            waiting = np.flatnonzero(state.status == _STRANDED)
            if len(waiting):
                self.push(self.time, _CHOOSE, state, waiting)

    def _way(self, state: _State, row: int, net: Network, labels: dict[Any, Any]) -> list[tuple[int, int, float]]:
        """The edges that an agent still has before it: (edge, node at its end, time there), the one it is on first."""
        label = labels[state.agents.network, _cost(state.agents), int(state.goal[row])]
        arcs, costs = net.graph.arcs, net.arc_cost(_cost(state.agents)[0])
        rate = _cost(state.agents)[1]
        node, time = int(state.node[row]), float(self._trips[state.trip[row]][4])
        ahead = []
        while node != state.goal[row]:
            some = range(arcs.indptr[node], arcs.indptr[node + 1])
            step = min(some, key=lambda a: (float(costs[a]) / 100.0 * rate + label[arcs.target[a]], a))
            time += float(costs[step]) / 100.0 * rate
            node = int(arcs.target[step])
            if time > self.time:
                ahead.append((int(arcs.edge[step]), node, time))
        return ahead

    def _label(self, agents: Agents, goal: int) -> NDArray[np.float64]:
        """Travel time from every node to a goal [s]."""
        label: NDArray[np.float64]
        label, _ = self._sweep(agents.network, np.array([goal]), (agents.network, _cost(agents), goal), agents)
        return label

    def _sweep(self, network: str, nodes: NDArray[Any], key: Any, agents: Agents | None) -> tuple[Any, Any]:
        if key not in self._labels:
            column, rate = ("time", 1.0) if agents is None else _cost(agents)
            seeds = (nodes, np.zeros(len(nodes), np.uint32), np.arange(len(nodes)))
            label, root = sweep(self.city.network(network), seeds, cost=column, inward=True)
            self._labels[key] = floating(label) * rate if agents is not None else (floating(label), root)
        found = self._labels[key]
        return found if isinstance(found, tuple) else (found, None)

    def trace(self, until: float, *, partial: bool = False) -> Trace:
        """What has happened so far, as tables."""
        trips = pd.DataFrame(self._trips, columns=["crowd", "agent", "origin", "destination", "depart", "arrive"])
        ends = []
        for state in self._states:
            ids = self.city.network(state.agents.network).ids
            mine = trips["crowd"].to_numpy() == state.place
            if mine.any():
                for column in ("origin", "destination"):
                    if trips[column].dtype != ids.dtype:
                        trips[column] = trips[column].astype(object)
                    trips.loc[mine, column] = ids[trips.loc[mine, column].to_numpy(dtype=np.int64)]
            ends.append(
                pd.DataFrame(
                    {
                        "crowd": type(state.agents).__name__,
                        "agent": np.arange(len(state.node)),
                        "status": _STATUS[state.status],
                        "node": ids[state.node],
                        "facility": _ids(self.city, state.facility),
                        "time": state.changed,
                    }
                )
            )
        columns = ["crowd", "agent", "status", "node", "facility", "time"]
        end = pd.concat(ends, ignore_index=True) if ends else pd.DataFrame(columns=columns)
        end = end.set_index(["crowd", "agent"])
        return Trace({"trips": trips, "end": end}, until, self.seed, partial)


def _ids(city: City, rows: NDArray[np.int64]) -> NDArray[Any]:
    """Ids of facilities; None where there is none."""
    ids = city.facilities["id"].to_numpy(dtype=object)
    return np.array([ids[row] if row >= 0 else None for row in rows], dtype=object)


def _cost(agents: Agents) -> tuple[str, float]:
    """The cost column that a crowd travels by, and seconds for each unit of it."""
    speed = getattr(agents, "speed", None)
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
        sim.push(float(time), _CHANGE, change, None)
    try:
        sim.until(until)
    except KeyboardInterrupt:
        return sim.trace(until, partial=True)
    return sim.trace(until)
