"""Agents on edges: the arrays of the compiled engine, and the tables that lead each agent to its goal.

Whoever goes to one destination shares one table, which names for each place the arc to go on by. Rows of all tables
stand one after another; an agent is at, or coming to, one row. So the engine needs to know neither networks nor goals.
Where there are too many destinations for that, ways are written out, arc by arc; see `twin.simulation.ways`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin._kernels import paths as kernel
from twin._kernels.engine import Engine
from twin.errors import SimulationError
from twin.model import Network
from twin.routing.paths import in_chunks, per_thread
from twin.routing.prepared import Prepared, prepared
from twin.simulation.physics import Freely, Physics, figures
from twin.simulation.ways import written

__all__ = ["FINISHED", "STATUS", "STRANDED", "TRAVELLING", "WAITING", "Layer", "Movement", "Part"]

WAITING, TRAVELLING, FINISHED, STRANDED = range(4)
STATUS = np.array(["waiting", "on the way", "finished", "stranded", "in line", "in service"], dtype=object)
_HERE, _CUT_OFF = -1, -2
_UNWATCHED, _JUNCTION = -1, -2
_FAR = 0xFFFFFFFF
_ARC_BITS, _JOINS = 0x3FFFFFFF, -3  # of rows of ways that are written out
#: Rows of tables [of 4 bytes] up to which there is a table to every destination.
DENSE = 1 << 27
_TOPOLOGY = {"tail", "head", "oneway"}
_ARC = np.dtype([("seconds", "<f8"), ("step", "<i4"), ("lane", "<i4")])


@dataclass(eq=False)
class Layer:
    """A network as some agents move on it.

    Attributes
    ----------
    net, ways : the network as it is now, and its prepared topology.
    cost, pace : the column that ways are chosen by, and seconds for each unit of it.
    physics : how one moves.
    arcs, lanes : positions of its first arc and of its first lane among those of all layers.
    table : (n,) int64, the first row of the table to each node; -1 where there is none yet.
    stop : first row of the table in which every place is the goal.
    nowhere : first row of the table in which no place has a way; -1 where there is none yet.
    """

    net: Network
    ways: Prepared
    cost: str
    pace: float
    physics: Physics
    arcs: int
    lanes: int
    table: NDArray[np.int64]
    stop: int = -1
    nowhere: int = -1

    def seconds(self) -> NDArray[np.float64]:
        """(a,) how long each arc takes when empty; inf where it is closed."""
        fixed = self.ways.costs(self.net, self.cost)
        return np.where(fixed == _FAR, inf, fixed / 100.0 * self.pace)


class Part(NamedTuple):
    """Rows from `first` on: whole tables of a layer, or ways on it that are written out."""

    first: int
    layer: Layer
    written: bool


class Movement:
    """All agents of a simulation, by number; the engine moves them.

    Parameters
    ----------
    agents : how many.
    edge : how long an edge takes, about [s]; a matter of speed alone.
    """

    def __init__(self, agents: int, *, edge: float = 60.0) -> None:
        self.count, self.edge, self._fits = 0, edge, max(1, agents)
        self.engine = Engine(self._fits, self._width(self._fits))
        self.time = np.zeros(0)
        self.row = np.zeros(0, dtype=np.uint32)
        self.on = np.zeros(0, dtype=np.int32)
        self.state = np.zeros(0, dtype=np.uint8)
        self.asks = np.zeros(0, dtype=np.uint8)
        self.site = np.zeros(0, dtype=np.int32)
        self.grow(agents)
        self.arc = np.zeros(0, dtype=_ARC)
        self.next = np.zeros(0, dtype=np.int32)
        self.used = 0
        self.lanes = 0
        self.parts: list[Part] = []
        self.entered: Callable[[NDArray[Any]], None] | None = None  # is told of entries into edges, many at a time
        self.ordered = False  # whether events are to come in the order of their times: where agents meet, or are asked

    def grow(self, agents: int) -> None:
        """Room for further agents, numbered on from those there are; the columns are new arrays where they grew."""
        self.count += agents
        if self.count > len(self.time) or not len(self.time):
            size = max(1, self.count, 2 * len(self.time))
            for name, blank in (("time", 0.0), ("row", 0), ("on", -1), ("state", WAITING), ("asks", 0), ("site", -1)):
                old = getattr(self, name)
                column = np.full(size, blank, dtype=old.dtype)
                column[: len(old)] = old
                setattr(self, name, column)
            self.engine.agents(self.time, self.row, self.on, self.state, self.asks, self.site)
            if size > 4 * self._fits:
                self._fits = size
                self.engine.widen(self._width(size))

    def _width(self, agents: int) -> float:
        """Of the buckets of the calendar, so that a few events fall into each [s]."""
        return self.edge * max(1 / 4096, 6 / agents)

    # ── layers and tables ────────────────────────────────────────────────────────────────────────────────────────

    def layer(self, net: Network, cost: str, pace: float, physics: Physics | None = None) -> Layer:
        """A network to move on; see `Layer`."""
        physics = Freely() if physics is None else physics
        ways = prepared(net)
        found = Layer(
            net, ways, cost, pace, physics, len(self.arc), self.lanes, np.full(net.graph.count, -1, dtype=np.int64)
        )
        arc = np.zeros(len(ways.target), dtype=_ARC)
        arc["step"] = ways.target - ways.source
        free = isinstance(physics, Freely)
        lane = self.lanes + 2 * ways.edge.astype(np.int64) + ways.backward
        arc["lane"] = np.where(ways.edge < 0, _JUNCTION, _UNWATCHED if free else lane)
        arc["seconds"] = found.seconds()
        self.arc = np.concatenate([self.arc, arc])
        if not free:
            self._lanes(found)
            self.ordered = True
        found.stop = self._place(found, ways.count)
        self.next[found.stop : found.stop + ways.count] = _HERE
        self.engine.ways(self.next, self.arc)
        return found

    def _lanes(self, layer: Layer) -> None:
        """Lanes of a network on which agents meet: 2 x edge along it, and 2 x edge + 1 against it."""
        columns, physics = layer.net.columns, layer.physics
        if isinstance(physics, Freely):
            return
        length = np.repeat(np.asarray(columns["length"], dtype=float), 2)
        free = np.repeat(np.asarray(columns[layer.cost], dtype=float), 2) * layer.pace
        if f"{layer.cost}_back" in columns:
            free[1::2] = np.asarray(columns[f"{layer.cost}_back"], dtype=float) * layer.pace
        many = None
        if "lanes" in columns:  # of both directions together: each has half of those of a street that goes both ways
            many = np.repeat(np.asarray(columns["lanes"], dtype=float) / (2 - layer.net.graph.oneway), 2)
        green = None
        if "green" in columns:
            green = np.ones(2 * len(layer.net.graph.tail))
            for side, column in enumerate(name for name in ("green", "green_back") if name in columns):
                green[side::2] = columns[column]
        self.engine.lanes(*figures(physics, length, free, many, green), getattr(physics, "walk", None))
        self.lanes += len(length)

    def change(self, layer: Layer, net: Network) -> None:
        """Move on another variant of the network; one that has further edges counts as far as the layer knows them.

        Tables that were made before stay as they are, for those who follow them; see `blocked`.
        """
        if net.graph is not layer.net.graph:
            edges = layer.ways.edges
            known = {name: column[:edges] for name, column in net.columns.items() if name not in _TOPOLOGY}
            net = layer.net.with_columns(**known)
        layer.net = net
        layer.table[:] = -1
        part = slice(layer.arcs, layer.arcs + len(layer.ways.target))
        self.arc["seconds"][part] = layer.seconds()

    def beside(self, layer: Layer) -> Layer:
        """The same network for those who have tables of their own on it: same arcs and lanes, no table yet."""
        return replace(layer, table=np.full_like(layer.table, -1))

    def blocked(self) -> NDArray[np.bool_]:
        """(rows,) whether the way that a row leads passes a closed arc."""
        return self.engine.blocked(self.used).view(bool)

    def tables(self, layer: Layer, goals: NDArray[np.int32]) -> NDArray[np.int64]:
        """First row of the table to each goal (node positions), made where there is none."""
        found = layer.table[goals]
        if len(found) and found.min() < 0:
            wanted = np.zeros(len(layer.table), dtype=bool)
            wanted[goals] = True
            wanted &= layer.table < 0
            self._make(layer, np.flatnonzero(wanted).astype(np.int32))
            found = layer.table[goals]
        return found

    def _make(self, layer: Layer, goals: NDArray[np.int32]) -> None:
        size = layer.ways.count
        layer.table[goals] = self._place(layer, size * len(goals)) + size * np.arange(len(goals))
        self.fill(layer, goals)
        self.engine.ways(self.next, self.arc)

    def fill(self, layer: Layer, goals: NDArray[np.int32]) -> None:
        """Write the tables to some goals, by the costs as they are; whoever follows one goes on by what it says now."""
        ways, first = layer.ways, layer.table[goals]
        size = ways.count
        weighed = ways.weighed(layer.net, layer.cost, inward=True)
        onward = np.append(ways.arc_in + np.int32(layer.arcs), np.int32(_CUT_OFF)).astype(np.int32)  # -1: no arc
        zero, root = np.zeros(1, dtype=np.uint32), np.zeros(1, dtype=np.int32)
        mine = per_thread(lambda: (np.empty(size, np.uint64), np.empty(size, np.int32)))

        def some(part: slice) -> None:
            for place in range(part.start, part.stop):
                goal = ways.arrive[goals[place] : goals[place] + 1]
                label, via = mine()
                kernel.sweep(*weighed, goal, zero, root, _FAR - 1, label, via)
                begin = int(first[place])
                np.take(onward, via, out=self.next[begin : begin + size], mode="wrap")
                self.next[begin + int(goal[0])] = _HERE

        in_chunks(some, len(goals), least=1)

    def _place(self, layer: Layer, rows: int, *, written: bool = False) -> int:
        """Room for so many rows of a layer; the first of them."""
        if not self.parts or self.parts[-1].layer is not layer or self.parts[-1].written != written:
            self.parts.append(Part(self.used, layer, written))
        first, self.used = self.used, self.used + rows
        if self.used >= 2**32 - 2:  # the last two stand for what happens at desks
            raise SimulationError(
                f"{self.used:,} rows of ways: too many destinations for a network of this size",
                time=0.0,
                agents="all",
            )
        if self.used > len(self.next):
            grown = np.empty(max(self.used, 2 * len(self.next)), dtype=np.int32)
            grown[:first] = self.next[:first]
            self.next = grown
        return first

    # ── agents ───────────────────────────────────────────────────────────────────────────────────────────────────

    def rows(self, layer: Layer, start: NDArray[np.int32], goal: NDArray[np.int32]) -> NDArray[np.int64]:
        """The row at which one sets out from a node to another."""
        fresh = layer.table[goal] < 0
        if not fresh.any() or self._fit(layer, goal[fresh]):
            return self.tables(layer, goal) + layer.ways.leave[start]
        row = layer.table[goal] + layer.ways.leave[start]
        row[fresh] = self._written(layer, start[fresh], goal[fresh])
        return row

    def _fit(self, layer: Layer, goals: NDArray[np.int32]) -> bool:
        """Whether there is to be a table to each of some goals."""
        new = np.zeros(len(layer.table), dtype=bool)
        new[goals] = True
        return self.used + int(new.sum()) * layer.ways.count <= DENSE

    def _written(self, layer: Layer, start: NDArray[np.int32], goal: NDArray[np.int32]) -> NDArray[np.int64]:
        """The row at which the way of each trip begins, which is written out."""
        ways = layer.ways
        row = layer.stop + ways.leave[start].astype(np.int64)
        trips = np.flatnonzero(start != goal)
        ends = ways.leave[start[trips]], ways.arrive[goal[trips]]
        rows, begin = written(ways, layer.net, layer.cost, ends, layer.arcs)
        first = self._place(layer, len(rows), written=True)
        self.next[first : first + len(rows)] = rows
        if (begin < 0).any() and layer.nowhere < 0:
            layer.nowhere = self._place(layer, ways.count)
            self.next[layer.nowhere : layer.nowhere + ways.count] = _CUT_OFF
        row[trips] = np.where(begin >= 0, first + begin, layer.nowhere + ends[0])
        self.engine.ways(self.next, self.arc)
        return row

    def reach(self, rows: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Whether the goal of each row can be reached from it."""
        return np.asarray(self.next[rows] != _CUT_OFF)

    def send(
        self,
        who: NDArray[np.int64],
        layer: Layer,
        nodes: tuple[NDArray[np.int32], NDArray[np.int32]],
        depart: NDArray[np.float64],
        *,
        stranded: bool = False,
    ) -> NDArray[np.bool_]:
        """Send agents from a node to a node each, at a time; who has a way there.

        Those who have none are not touched, or find themselves stranded when they would leave.
        """
        return self.set_out(who, self.rows(layer, *nodes), depart, stranded=stranded)

    def set_out(
        self, who: NDArray[np.int64], row: NDArray[np.int64], depart: NDArray[np.float64], *, stranded: bool = False
    ) -> NDArray[np.bool_]:
        """The same from a row each."""
        there = self.reach(row)
        sent = slice(None) if stranded else there
        self.engine.depart(who[sent].astype(np.uint32), np.ascontiguousarray(depart[sent]), row[sent].astype(np.uint32))
        return there

    def run(self, until: float) -> NDArray[np.uint32]:
        """Run up to a time, inclusive, or until somebody arrived who is to be asked; their numbers."""
        while not self.engine.run(until, self.ordered):  # Ctrl-C is answered here
            if self.entered is not None:
                self.entered(self.engine.noted())
        if self.entered is not None:
            self.entered(self.engine.noted())
        return self.engine.told()

    def turn(self, who: NDArray[np.bool_], row: NDArray[np.int64]) -> None:
        """Send agents elsewhere from the place that they come to next: the row of another table, for each agent."""
        self.engine.turn(who.astype(np.uint8), row.astype(np.uint32))

    def _stand(self, rows: NDArray[np.integer]) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
        """The part that each row is in, and the position in `Prepared` that it stands for."""
        begin = np.array([part.first for part in self.parts])
        which = np.searchsorted(begin, rows, side="right") - 1
        count = np.array([part.layer.ways.count for part in self.parts])
        found = (rows.astype(np.int64) - begin[which]) % count[which]
        for number in np.flatnonzero([part.written for part in self.parts]):
            mine = which == number
            found[mine] = self._on_way(self.parts[number].layer, rows[mine].astype(np.int64))
        return which, found

    def _on_way(self, layer: Layer, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The position that each row of a way that is written out stands for."""
        while (joins := self.next[rows] <= _JOINS).any():
            rows = np.where(joins, rows + self.next[rows] + 2, rows)
        there = self.next[rows] == _HERE  # where the arc before it ends
        arc = (self.next[rows - there] & _ARC_BITS) - layer.arcs
        return np.asarray(np.where(there, layer.ways.target[arc], layer.ways.source[arc]))

    def stops(self, rows: NDArray[np.integer]) -> NDArray[np.int64]:
        """The row, for each of some, at which one is at the same place and has arrived."""
        which, position = self._stand(rows)
        return np.array([part.layer.stop for part in self.parts])[which] + position

    def nodes(self, rows: NDArray[np.integer]) -> NDArray[np.int64]:
        """The node that each row stands for."""
        which, position = self._stand(rows)
        found = np.empty(len(rows), dtype=np.int64)
        for one in np.unique(which):
            mine = which == one
            found[mine] = self.parts[one].layer.ways.node[position[mine]]
        return found

    def sites(self, layer: Layer, nodes: NDArray[np.int32], room: NDArray[np.int64]) -> NDArray[np.int64]:
        """Sites that hold so many and send on to the nearest with room; the first row of the table to each."""
        row = self.tables(layer, nodes)
        held = np.ascontiguousarray(room, dtype=np.int64)
        label, room_for_one = np.empty((len(nodes), layer.ways.count), np.uint32), np.empty(layer.ways.count, np.uint64)
        kernel.distances(*layer.ways.weighed(layer.net, layer.cost), layer.ways.leave[nodes], room_for_one, label)
        order = np.argsort(label[:, layer.ways.arrive[nodes]], axis=1, kind="stable").astype(np.int32)
        self.engine.sites(row.astype(np.uint32), np.ascontiguousarray(order), held)
        self.ordered = True
        return row
