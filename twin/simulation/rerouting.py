"""Those who hear of delays on their way, and go on by what is quickest then.

They follow tables of their own, one set for all of a network who hear equally often. When they hear, the tables are
written anew where they stand: so everybody who is on the way goes on by the new ones without being touched.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import floor, inf
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from twin.errors import DataError
from twin.simulation.chance import uniform
from twin.simulation.movement import TRAVELLING, WAITING, Layer

if TYPE_CHECKING:
    from twin.simulation.crowd import Columns
    from twin.simulation.engine import Simulation

__all__ = ["Heard", "Reroutes", "Rerouting"]

_DRAW = 0xFFFF_FFFF  # number of the draw of who hears: far from those of decisions


@dataclass(frozen=True)
class Rerouting:
    """Routes are planned again at intervals, by a share of a crowd that hears of the delays on the streets.

    What they hear of an edge is how long it would take whoever enters it now: on foot, at the speed of its density; of
    vehicles, as many as are on it leave at the rate at which the last as many did. They turn at the next node. That
    is what the streets are like, not what they will be when one comes there.

    Attributes
    ----------
    share : of a crowd, drawn once for each [1].
    every : how often they hear [s].
    """

    share: float = 0.3
    every: float = 300.0

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise DataError(f"Rerouting.share is from 0 to 1, not {self.share}")
        if not 0 < self.every < inf:
            raise DataError(f"Rerouting.every is a time above 0 s, not {self.every}")


@dataclass(eq=False)
class Heard:
    """What those know of one network who hear equally often.

    Attributes
    ----------
    base, own : the layer that they move on, and the same with their tables.
    every, next : how often they hear, and when again [s].
    delay : (lanes,) what they heard last [s].
    fresh : (n,) whether the table to each node is by what they heard last.
    """

    base: Layer
    own: Layer
    every: float
    next: float
    delay: NDArray[np.float64]
    fresh: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        self.fresh = np.zeros(len(self.own.table), dtype=bool)

    def listen(self, delay: NDArray[np.float64]) -> None:
        """Costs are those of the network as it is, and delays."""
        base, own = self.base, self.own
        self.delay, self.fresh[:] = delay, False
        columns = {}
        for side, name in enumerate((base.cost, f"{base.cost}_back")):
            if side == 0 or not base.net.graph.oneway.all():
                free = base.net.columns[name if name in base.net.columns else base.cost]
                columns[name] = np.asarray(free, dtype=float) + delay[side::2] / base.pace
        own.net = base.net.with_columns(**columns)

    def restore(self, delay: NDArray[np.float64], fresh: NDArray[np.bool_], when: float) -> None:
        """Take the place of another in a run that was saved."""
        self.listen(delay)
        self.fresh[:], self.next = fresh, when


class Reroutes:
    """All who hear, in a run."""

    def __init__(self, sim: Simulation) -> None:
        self.sim = sim
        self.heard: list[Heard] = []

    @property
    def next(self) -> float:
        """When somebody hears next [s]."""
        return min((heard.next for heard in self.heard), default=inf)

    def begin(self, state: Columns) -> None:
        """Draw who of a crowd hears."""
        rerouting: Rerouting | None = getattr(state.agents, "rerouting", None)
        if rerouting is None or rerouting.share == 0:
            return
        who = state.column("person") if state.sequel else np.arange(len(state))
        state.informed = uniform(self.sim.seed, state.of, who, _DRAW) < rerouting.share
        self.of(state.layer, rerouting.every)

    def of(self, layer: Layer, every: float) -> Heard:
        """What those know of a layer who hear so often; from now on they hear."""
        for heard in self.heard:
            if heard.base is layer and heard.every == every:
                break
        else:
            heard = Heard(layer, self.sim.movement.beside(layer), every, inf, np.zeros(2 * layer.ways.edges))
            self.heard.append(heard)
        if heard.next == inf:
            heard.next = every * (1 + floor(self.sim.time / every))
        return heard

    def rows(
        self, state: Columns, rows: NDArray[np.int64], nodes: tuple[NDArray[np.int32], NDArray[np.int32]]
    ) -> NDArray[np.int64]:
        """The row at which each of some agents sets out from a node to another."""
        movement = self.sim.movement
        if state.informed is None:
            return movement.rows(state.layer, *nodes)
        found = np.empty(len(rows), dtype=np.int64)
        hears = state.informed[rows]
        start, goal = nodes
        found[~hears] = movement.rows(state.layer, start[~hears], goal[~hears])
        if hears.any():
            heard = self.of(state.layer, state.agents.rerouting.every)  # type: ignore[union-attr]
            wanted = np.unique(goal[hears])
            old = wanted[(heard.own.table[wanted] >= 0) & ~heard.fresh[wanted]]
            movement.fill(heard.own, old)
            found[hears] = movement.rows(heard.own, start[hears], goal[hears])
            heard.fresh[wanted] = True
        return found

    def hear(self) -> None:
        """It is time: those who hear now go on by what they hear."""
        sim, now = self.sim, self.sim.time
        engine = sim.movement.engine
        through, late = engine.through(now)
        changed = False
        for heard in self.heard:
            if heard.next > now:
                continue
            heard.next = heard.next + heard.every if engine.waiting or sim.heap else inf
            part = slice(heard.base.lanes, heard.base.lanes + len(heard.delay))
            more = np.where(through[part] > 0, through[part] - _empty(heard.base), 0.0)
            delay = np.maximum(late[part], more)
            if not np.array_equal(delay, heard.delay):
                heard.listen(delay)
            changed |= self._write(heard)
        if changed:
            engine.step_aside(now)

    def change(self) -> None:
        """The city has changed: their tables lead by its streets, with the delays that they heard of last."""
        for heard in self.heard:
            heard.listen(heard.delay)
            self._write(heard)

    def _write(self, heard: Heard) -> bool:
        """Write the tables that somebody follows, or will before hearing again; whether there were any to write."""
        sim, wanted = self.sim, np.zeros(len(heard.own.table), dtype=bool)
        for state in sim.crowds:
            if state.informed is None or state.agents.rerouting.every != heard.every:  # type: ignore[union-attr]
                continue
            start = sim.sequel.start[state.numbers(np.arange(len(state)))] if state.sequel else state.changed
            soon = (state.status == WAITING) & (start <= sim.time + heard.every)
            wanted[state.goal[state.informed & ((state.status == TRAVELLING) | soon) & (state.goal >= 0)]] = True
        goals = np.flatnonzero(wanted & (heard.own.table >= 0) & ~heard.fresh).astype(np.int32)
        sim.movement.fill(heard.own, goals)
        heard.fresh[goals] = True
        return len(goals) > 0


def _empty(layer: Layer) -> NDArray[np.float64]:
    """(lanes,) how long each takes when nobody is on it [s]."""
    found = np.empty(2 * layer.ways.edges)
    columns = layer.net.columns
    found[0::2] = columns[layer.cost]
    found[1::2] = columns.get(f"{layer.cost}_back", columns[layer.cost])
    return found * layer.pace
