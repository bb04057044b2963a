"""Individuals among the crowds: agents that are objects, whose methods are called as things happen to them.

For the engine they are crowds like others, one a class; only that it calls a method when one of them sets out or enters
an edge, and that they say themselves where they go and when. What they say takes effect when the events of that time
are through. Nothing here knows Mesa.
"""

from __future__ import annotations

from math import isnan, nan
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.errors import SimulationError
from twin.model import City
from twin.simulation.agents import Agents
from twin.simulation.crowd import Columns, Crowd
from twin.simulation.movement import FINISHED, STRANDED, TRAVELLING, WAITING, Layer
from twin.simulation.physics import Physics

if TYPE_CHECKING:
    from twin.simulation.engine import Simulation

__all__ = ["Member", "Members", "Watch"]

_ONE = np.dtype([("since", "<f8"), ("till", "<f8"), ("arc", "<i4"), ("hears", "<i4")])  # Watched in ext/moving.pxd
_DEPARTS, _ENTERS, _HALTS = 1, 2, 4
_NOBODY = -1


class Member(Protocol):
    """An individual, as far as it is known here."""

    unique_id: int

    def on_depart(self) -> None: ...  # noqa: D102
    def on_enter_edge(self, edge: int) -> None: ...  # noqa: D102
    def on_arrive(self) -> None: ...  # noqa: D102
    def on_event(self) -> None: ...  # noqa: D102


class Members(Agents):
    """All individuals of one class, as a crowd.

    Attributes
    ----------
    who : the individuals; those that left the model stay, so that numbers do.
    begins : how many of the class there were before these.
    goal, plan : position of the node that each goes to, or -1; and when it sets out [s], NaN where it does not.
    state : their columns in the simulation, once they are in it.
    """

    def __init__(
        self, name: str, methods: set[str], way: tuple[str, Physics, float | None], *, begins: int = 0
    ) -> None:
        network, physics, speed = way
        fields: dict[str, Any] = {"name": name, "network": network, "physics": physics, "speed": speed}
        fields |= {
            "methods": methods,
            "begins": begins,
            "who": [],
            "at": [],
            "goal": [],
            "plan": [],
            "fresh": [],
            "gone": set(),
        }
        for field, value in fields.items():
            object.__setattr__(self, field, value)
        self.join(None, 0.0)

    name: str
    methods: set[str]
    begins: int
    speed: float | None
    who: list[Any]
    at: list[int]
    goal: list[int]
    plan: list[float]
    fresh: list[int]  #: whose plans are new
    gone: set[int]
    state: Columns | None
    start: float

    def join(self, state: Columns | None, start: float) -> None:
        """Be in a simulation, from a time on."""
        object.__setattr__(self, "state", state)
        object.__setattr__(self, "start", start)

    def add(self, member: Member, node: int) -> int:
        """A further individual, at a node; its row."""
        self.who.append(member)
        self.at.append(node)
        self.goal.append(_NOBODY)
        self.plan.append(nan)
        return len(self.who) - 1

    def spawn(self, city: City, rng: np.random.Generator) -> pd.DataFrame:
        """Everybody stands where it was put."""
        del city, rng
        return pd.DataFrame({"node": np.array(self.at, dtype=np.int32), "depart": self.start})

    def choose(self, who: Crowd, sim: Simulation) -> NDArray[np.int32]:
        """Where each said that it goes."""
        del sim
        for row in who.id:
            self.plan[row] = nan
        return np.array([self.goal[row] for row in who.id], dtype=np.int32)

    def arrive(self, who: Crowd, sim: Simulation) -> None:
        """Each hears of it, and stays unless it goes on."""
        who.finish()
        if "on_arrive" in self.methods:
            for row in who.id:
                call(self.who[row], "on_arrive", sim.time)


def call(member: Member, method: str, time: float) -> None:
    """Call a method of an individual; an error says whose, which and when."""
    try:
        getattr(member, method)()
    except (SimulationError, KeyboardInterrupt):
        raise
    except Exception as error:
        raise _failure(member, method, time, error) from error


def _failure(member: Member, method: str, time: float, error: BaseException) -> SimulationError:
    name = f"{type(member).__name__} {member.unique_id}"
    return SimulationError(f"{name}: {method} failed at {time:.1f} s: {error}", time=time, agents=name)


class Watch:
    """The individuals of a simulation, and what the engine needs in order to call them."""

    def __init__(self, sim: Simulation) -> None:
        self.first = sim.movement.count
        self.blocks: list[Members] = []
        self.waiting: list[Members] = []  # to be in the simulation
        self.one = np.zeros(0, dtype=_ONE)
        self.who: list[Any] = []
        self.departs: list[Any] = []
        self.enters: list[Any] = []
        self.edge = np.zeros(0, dtype=np.int32)
        self.layers: list[Layer] = []

    # ── around the engine's turns ────────────────────────────────────────────────────────────────────────────────

    def before(self, sim: Simulation) -> None:
        """Whoever is new comes in, and plans go into the calendar."""
        for block in self.waiting:
            block.join(None, self.now(sim))
            block.join(sim.join(block), self.now(sim))
            if block.state is not None and "on_arrive" not in block.methods:
                block.state.silent, block.state.asks[:] = True, 0
            self.blocks.append(block)
        if self.waiting or len(self.edge) != len(sim.movement.arc):
            self._show(sim)
        self.waiting = []
        for block in self.blocks:
            if not block.fresh or block.state is None:
                continue
            rows = np.array(sorted(set(block.fresh)), dtype=np.int64)
            block.fresh.clear()
            when = np.array([block.plan[row] for row in rows])
            order = np.argsort(when, kind="stable")
            cuts = np.flatnonzero(np.diff(when[order])) + 1
            for some in np.split(rows[order], cuts):
                if not isnan(block.plan[some[0]]):
                    sim.ask_later(block.plan[some[0]], block.state, some)

    def after(self, sim: Simulation) -> bool:
        """Whether somebody has a new plan; what a method raised is raised here."""
        for block in self.blocks:
            if block.gone and block.state is not None:
                rows = np.array(sorted(block.gone), dtype=np.int64)
                rows = rows[block.state.status[rows] == STRANDED]
                block.state.status[rows], block.state.goal[rows] = FINISHED, block.state.node[rows]
        failure = sim.movement.engine.failure
        if failure is not None:
            error, member, method = failure
            sim.time = self.now(sim)
            if isinstance(error, (SimulationError, KeyboardInterrupt)):
                raise error
            raise _failure(member, method, sim.time, error) from error
        return self.planned

    @property
    def planned(self) -> bool:
        """Whether somebody is new, or has a new plan."""
        return bool(self.waiting) or any(block.fresh for block in self.blocks)

    def changed(self, sim: Simulation) -> None:
        """The city changed: whoever wants to know hears of it."""
        for block in self.blocks:
            if "on_event" in block.methods:
                for row, member in enumerate(block.who):
                    if row not in block.gone:
                        call(member, "on_event", sim.time)

    @staticmethod
    def due(state: Columns, rows: NDArray[np.int64], time: float) -> NDArray[np.int64]:
        """Those of some agents who are to choose now: individuals may have changed their plans."""
        if not isinstance(state.agents, Members):
            return rows
        plan = np.array([state.agents.plan[row] for row in rows])
        mine = np.isnan(plan) & (state.status[rows] == STRANDED)  # the city changed: perhaps there is a way now
        mine |= (plan == time) & (state.status[rows] != TRAVELLING)
        return np.asarray(rows[mine])

    def _show(self, sim: Simulation) -> None:
        """Tell the engine who is watched, and which edge each arc is."""
        moves = sim.movement
        one = np.zeros(max(1, len(moves.time) - self.first), dtype=_ONE)
        one["arc"] = _NOBODY
        one[: len(self.one)] = self.one
        self.one = one
        self.who, self.departs, self.enters = ([None] * len(one) for _ in range(3))
        for block in self.blocks:
            kind = type(block.who[0])
            begin = self._one(block, 0)
            part = slice(begin, begin + len(block.who))
            self.who[part] = block.who
            self.departs[part] = [kind.on_depart] * len(block.who)
            self.enters[part] = [kind.on_enter_edge] * len(block.who)
            hears = _DEPARTS * ("on_depart" in block.methods) + _ENTERS * ("on_enter_edge" in block.methods)
            mine = one["hears"][part]
            mine[:] = (mine & _HALTS) | hears
            for row in block.gone:
                mine[row] &= _HALTS
        self.layers = sim.layers()
        self.edge = np.concatenate([layer.ways.edge for layer in self.layers]).astype(np.int32)
        moves.engine.watch(self.first, one, self.edge, self.who, self.departs, self.enters)

    # ── what an individual asks for ──────────────────────────────────────────────────────────────────────────────

    @staticmethod
    def now(sim: Simulation) -> float:
        """The time, also while the engine runs [s]."""
        return max(sim.time, sim.movement.engine.now)

    def _one(self, block: Members, row: int) -> int:
        return (0 if block.state is None else block.state.first) + row - self.first

    def go(self, sim: Simulation, block: Members, row: int, goal: int, after: float) -> None:
        """Set out for a node after a while, or turn to it at the next node."""
        block.goal[row] = goal
        state = block.state
        if state is not None and state.status[row] == TRAVELLING:
            state.diverted[row], state.asks[row] = True, 1
            self.one["hears"][self._one(block, row)] |= _HALTS
            return
        if state is not None:
            sim.settle(state, np.array([row]))
            state.status[row], state.changed[row] = WAITING, self.now(sim)
        block.plan[row] = self.now(sim) + after
        block.fresh.append(row)
        sim.movement.engine.pause()

    def remove(self, block: Members, row: int) -> None:
        """Out of the model: at once where it stands, else at the node that it comes to next."""
        block.gone.add(row)
        block.plan[row], block.goal[row] = nan, _NOBODY
        if block.state is None:
            return
        place = self._one(block, row)
        self.one["hears"][place] = 0
        if block.state.status[row] == TRAVELLING:
            block.state.diverted[row], block.state.asks[row] = True, 1
            self.one["hears"][place] = _HALTS
        else:
            block.state.status[row] = FINISHED

    def arc(self, block: Members, row: int) -> tuple[Layer, int, float, float] | None:
        """The arc that an individual is on, within its layer, with the times at which it came and could leave [s]."""
        if block.state is None:
            return None
        since, till, arc, _ = self.one[self._one(block, row)].tolist()
        if arc < 0:
            return None
        layer = next(layer for layer in reversed(self.layers) if layer.arcs <= arc)
        return layer, arc - layer.arcs, since, till
