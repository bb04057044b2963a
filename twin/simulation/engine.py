"""Agents choose, travel and arrive; the city may change under them.

The compiled engine moves everybody from edge to edge; here are decisions, which are asked for all agents of a crowd at
one time together. Events are ordered by (time, number of the agent); those who arrive at a time come before those who
set out at it, and before a change of the city. An agent travels along a cheapest way of the city as it is when it
chooses; when the city changes, those whose way ahead is closed choose again at the next node they come to.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from math import inf
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.model import City, Trace
from twin.simulation.agents import Agents
from twin.simulation.crowd import Columns, Crowd, Goals
from twin.simulation.days import Days, Parts, Sequel
from twin.simulation.decisions import ask, goals, placed
from twin.simulation.legs import Legs
from twin.simulation.movement import FINISHED, STRANDED, TRAVELLING, WAITING, Layer, Movement
from twin.simulation.physics import Crowded, Freely, Physics
from twin.simulation.places import Places
from twin.simulation.record import end, gridlock, own, trips, visits
from twin.simulation.rerouting import Reroutes
from twin.simulation.services import LEFT, SERVED, Desks, Service
from twin.simulation.watch import Watch

__all__ = ["Change", "Simulation"]

Change = Callable[[City], City]


class Simulation:
    """A running simulation: the only thing that changes. It lives inside `simulate`; decisions receive it as `sim`."""

    def __init__(self, city: City, agents: Sequence[Agents], *, seed: int = 0) -> None:
        self.city, self.time, self.seed = city, 0.0, seed
        self.heap: list[tuple[float, int, Any, Any]] = []
        self.sequence = 0
        self.legs = Legs()
        self.places = Places(city)
        self.networks: dict[Any, list[Layer]] = {}  # the last is that of the city as it is
        self._crowds: list[Columns] = []
        first = 0
        days = []
        for place, crowd in enumerate(agents):
            table = ask(crowd, "spawn", 0.0, (), city, np.random.default_rng([seed, place]))
            parts = Parts(crowd, table, place) if isinstance(crowd, Days) else None
            for one, rows in [(crowd, table)] if parts is None else parts.trips:
                self._crowds.append(Columns(one, rows, len(self._crowds), first, of=place))
                first += len(self._crowds[-1])
                if parts is not None:
                    parts.states.append(self._crowds[-1])
            days += [] if parts is None else [parts]
        self._first = np.array([crowd.first for crowd in self._crowds], dtype=np.int64)
        self.movement = Movement(first)
        self.desks = Desks(self.movement, seed)
        self.watch: Watch | None = None
        self.changes: list[tuple[float, int]] = []  # time and place in line of all that were asked for
        self.changed = 0  # how many of them have happened
        self.edges = np.zeros(0, dtype=np.int32)  # of the arcs of all networks, once somebody wants to know
        self.sequel = Sequel(self)
        self.reroutes = Reroutes(self)
        for state in self._crowds:
            self._begin(state)
        for parts in days:
            self.sequel.begin(parts)

    def join(self, agents: Agents) -> Columns:
        """A further crowd, which departs from now on."""
        place = len(self._crowds)
        of = 1 + max((state.of for state in self._crowds), default=-1)
        table = ask(agents, "spawn", self.time, (), self.city, np.random.default_rng([self.seed, of]))
        state = Columns(agents, table, place, self.movement.count, of=of)
        self.movement.grow(len(state))
        self.sequel.widen()
        for other in self._crowds:
            other.attach(self.movement)
        self._crowds.append(state)
        self._first = np.append(self._first, state.first)
        self._begin(state)
        return state

    def _begin(self, state: Columns) -> None:
        state.attach(self.movement)
        state.layer = self._layer(state.agents)
        placed(state.agents, state.row, state.node, state.layer.net.graph.count, self.time)
        state.asks[:] = not state.silent
        self.reroutes.begin(state)
        if type(state.agents).enter is not Agents.enter:
            self.movement.entered = self._entered
            self.movement.engine.note(True)
            self.movement.ordered = True
        if state.settled:
            if not state.sequel:
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
        if key not in self.networks:
            column, pace, physics = key[1:]
            self.networks[key] = [self.movement.layer(self.city.network(agents.network), column, pace, physics)]
        return self.networks[key][-1]

    def _settle(self, state: Columns) -> None:
        """Send off a crowd whose decisions stand in arrays, each at its time."""
        rows = np.arange(len(state))  # sorted by departure
        state.goal[:] = state.column("goal")
        ends = state.node[rows], state.goal[rows]
        row = self.reroutes.rows(state, rows, ends)
        there = self.movement.set_out(state.numbers(rows), row, state.depart[rows], stranded=True)
        state.leg[rows[there]] = self.legs.add(
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
        return bool(self.heap) or self.movement.engine.waiting > 0 or planned

    def layers(self) -> list[Layer]:
        """All networks that somebody moves on, in the order of their arcs."""
        return sorted((layer for layers in self.networks.values() for layer in layers), key=lambda layer: layer.arcs)

    # ── what decisions may ask ───────────────────────────────────────────────────────────────────────────────────

    def nearest(self, kind: str, node: ArrayLike, network: str, *, room: bool = False) -> Goals:
        """The nearest open facility of a kind from each node, by travel time.

        Parameters
        ----------
        room : only those that still have room for one more.
        """
        return self.places.nearest(kind, node, network, room=room)

    def admit(self, who: Crowd) -> NDArray[np.bool_]:
        """Let agents into the facility they came to, in their order, while there is room; who got in."""
        return self.places.admit(who.facility)

    def queue(self, who: Crowd, service: Service, appointment: NDArray[np.bool_]) -> None:
        """Agents stand in line at the facility they came to; see `Crowd.queue`."""
        state, rows = who.columns, who.rows
        numbers = state.numbers(rows)
        places = state.of, state.row[rows], state.facility[rows]
        away = self.desks.join(self.city, numbers, places, service, appointment=appointment, time=self.time)
        self._served(state, rows[away])

    def _served(self, state: Columns, rows: NDArray[np.int64]) -> None:
        """The visits of some agents are over: they say what they do next."""
        if not len(rows):
            return
        self.desks.over(state.numbers(rows), state.of, state.row[rows], state.facility[rows])
        happy = state.status[rows] == SERVED
        for method, some in (("served", rows[happy]), ("gave_up", rows[~happy])):
            if len(some):
                state.changed[some] = self.time
                state.status[some] = TRAVELLING  # until they say what they do
                self._ask(state, method, some)

    # ── the loop ─────────────────────────────────────────────────────────────────────────────────────────────────

    def ask_later(self, time: float, state: Columns, rows: NDArray[np.int64]) -> None:
        """Some agents choose at a time; those of one time in the order in which they were named."""
        self._push(time, state, rows)

    def change_later(self, time: float, change: Change) -> None:
        """The city changes at a time."""
        self.changes.append((time, self.sequence))
        self._push(time, None, change)

    def _push(self, time: float, state: Columns | None, what: Any) -> None:
        self.push(time, self.sequence, state, what)
        self.sequence += 1

    def push(self, time: float, order: int, state: Columns | None, what: Any) -> None:
        """Something is to happen at a time, in this place among what happens then."""
        heapq.heappush(self.heap, (time, order, state, what))

    def until(self, time: float) -> None:
        """Run all events up to a time, inclusive [s]."""
        while True:
            if self.watch is not None:
                self.watch.before(self)
            coming, hears = self.heap[0][0] if self.heap else inf, self.reroutes.next
            told = self.movement.run(min(coming, hears, time))
            if len(told):
                self.time = float(self.movement.time[told[0]])
                self._told(told.astype(np.int64))
            if (self.watch is not None and self.watch.after(self)) or len(told):
                continue
            if hears <= min(coming, time):
                self.time = hears
                self.reroutes.hear()
                continue
            if coming > time:
                break
            self.time, _, state, what = heapq.heappop(self.heap)
            if state is None:
                self._change(what)
                continue
            rows = what if self.watch is None else self.watch.due(state, what, self.time)
            if len(rows):
                self._choose(state, rows)
        self.time = max(self.time, float(time))

    def _ask(self, state: Columns, method: str, rows: NDArray[np.int64], *what: NDArray[Any]) -> Any:
        return ask(state.agents, method, self.time, state.row[rows], Crowd(state, rows, self), *what, self)

    def _choose(self, state: Columns, rows: NDArray[np.int64]) -> None:
        state.changed[rows] = self.time
        state.status[rows] = STRANDED  # unless they say where they go, or that they finish or retry
        answer = self._ask(state, "choose", rows)
        count = self.city.network(state.agents.network).graph.count
        given = goals(answer, state.agents, state.row[rows], count, self.time)
        state.goal[rows], state.facility[rows] = given.node, given.facility
        going = rows[given.node >= 0]
        if len(going):
            ends = state.node[going], state.goal[going]
            row = self.reroutes.rows(state, going, ends)
            there = self.movement.set_out(state.numbers(going), row, np.full(len(going), self.time))
            going = going[there]
            state.leg[going] = self.legs.add(state.place, state.row[going], (ends[0][there], ends[1][there]), self.time)

    def _told(self, numbers: NDArray[np.int64]) -> None:
        """Some agents came to where they are asked: to their goals, or to where they turn off their way."""
        for state, rows in self._split(numbers):
            over = (state.status[rows] >= SERVED) & (state.status[rows] <= LEFT)
            self._served(state, rows[over])
            rows = rows[~over]  # noqa: PLW2901  the others have come to where they went
            if not len(rows):
                continue
            state.changed[rows] = self.time
            turned = state.diverted[rows]
            off, there = rows[turned], rows[~turned]
            self.legs.arrive(state.leg[rows], self.time)
            if len(off):
                state.node[off] = self.movement.nodes(self.movement.row[state.numbers(off)])
                self.legs.divert(state.leg[off], state.node[off])
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
        if len(self.edges) != len(self.movement.arc):
            self.edges = np.concatenate([layer.ways.edge for layer in self.layers()])
        edge = self.edges[entries["arc"]]
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

    def swap(self, change: Change) -> None:
        """Put another city in the place of the one there is; nobody has noticed yet."""
        self.changed += 1
        self.city = change(self.city)
        self.places.change(self.city)
        for key, layers in self.networks.items():
            fresh = self.city.network(key[0])
            if fresh is layers[-1].net:
                continue
            for layer in layers:
                self.movement.change(layer, fresh)
            if layers[-1].net is not fresh:  # it has new edges: those who choose from now on know them
                layers.append(self.movement.layer(fresh, *key[1:]))
        for state in self._crowds:
            state.layer = self._layer(state.agents)
        self.reroutes.change()

    def _change(self, change: Change) -> None:
        """Swap the city; whoever's way ahead is closed goes on to the next node and chooses again there."""
        self.swap(change)
        shut = ~self.city.facilities["open"].to_numpy(dtype=bool)
        blocked, row = self.movement.blocked(), self.movement.engine.rows()
        concerned, target = np.zeros(len(row), dtype=bool), row.astype(np.int64)
        for state in self._crowds:
            part = slice(state.first, state.first + len(state))
            gone = (state.facility >= 0) & shut[state.facility] if len(shut) else np.zeros(len(state), dtype=bool)
            lost = blocked[row[part]] | gone
            if state.informed is not None:  # whose tables lead by no closed street, if anywhere
                lost |= state.informed & ~self.movement.reach(row[part])
            off = (state.status == TRAVELLING) & lost & ~state.diverted
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
        for state, rows in self._split(self.desks.change(self.city, self.time)):
            self._served(state, rows)
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
        if state.sequel:
            target[numbers] = self.sequel.rows(state, rows)
        else:
            target[numbers] = self.reroutes.rows(state, rows, (state.node[rows], state.goal[rows]))
        concerned[numbers] = True
        reach = self.movement.reach(target[numbers])
        lost, found = rows[~reach & (state.leg[rows] >= 0)], rows[reach & (state.leg[rows] < 0)]
        self.legs.forget(state.leg[lost])
        state.leg[lost] = -1
        state.leg[found] = self.legs.add(
            state.place, state.row[found], (state.node[found], state.goal[found]), state.depart[found]
        )

    def settle(self, state: Columns, rows: NDArray[np.int64]) -> None:
        """Enter the arrivals of those who were not asked on theirs."""
        if state.sequel:
            self.sequel.settle(state, rows)
        if state.silent:
            done = rows[(state.status[rows] == FINISHED) & (state.leg[rows] >= 0)]
            self.legs.arrive(state.leg[done], state.changed[done])
            if not state.settled:
                state.node[done] = state.goal[done]

    def trace(self, until: float, *, partial: bool = False) -> Trace:
        """What has happened so far, as tables."""
        for state in self._crowds:
            self.settle(state, np.arange(len(state)))
        tables = {"trips": trips(self), "end": end(self), "visits": visits(self), "gridlock": gridlock(self)}
        names = {state.of: state.name for state in self._crowds}
        return Trace(
            tables | own(self),
            until,
            self.seed,
            partial,
            tuple(names.get(number, "") for number in range(1 + max(names, default=-1))),
        )


def _physics(agents: Agents) -> Physics:
    return getattr(agents, "physics", None) or Freely()


def _cost(agents: Agents) -> tuple[str, float]:
    """The cost column that a crowd travels by, and seconds for each unit of it."""
    physics, speed = _physics(agents), getattr(agents, "speed", None)
    if isinstance(physics, Crowded):
        return "length", 1.0 / physics.speed
    return ("length", 1.0 / float(speed)) if isinstance(speed, int | float) else ("time", 1.0)
