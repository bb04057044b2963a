"""Mesa's sides of the workloads of `agents.py`: a model that steps every second, and Mesa's scheduler of events."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from math import exp
from typing import Any

import mesa
import numpy as np
from agents_cases import Case
from agents_steps import ways
from mesa.experimental.devs import DEVSimulator
from scipy.sparse.csgraph import dijkstra


def prepare(side: str, workload: str, given: Case) -> Callable[[Any], Callable[[], dict[str, Any]]]:
    """Nothing but the arrays; tables of ways are scipy's, and made within the time."""
    warnings.simplefilter("ignore")
    job = {("Mesa, steps", "walkers"): _steps, ("Mesa, events", "walkers"): _events, ("Mesa, events", "events"): _events,
           ("Mesa, events", "shelters"): _shelters}[side, workload]  # fmt: skip
    return lambda clock: job(given, clock)


class _Walker(mesa.Agent):
    """Goes from node to node along the table of its goal."""

    def __init__(self, model: Any, node: int, goal: int, onward: list[int]) -> None:
        super().__init__(model)
        self.node, self.target, self.goal, self.onward, self.clock = node, node, goal, onward, 0.0

    def step(self) -> None:
        """A second has passed."""
        while self.clock <= self.model.tick + 1e-9:
            self.node = self.target
            if self.node == self.goal:
                self.model.sum += int(np.ceil(self.clock - 1e-9))
                self.remove()
                return
            self.target = self.onward[self.node]
            self.clock += self.model.seconds[self.node, self.target]
            self.model.moves += 1

    def arrive(self) -> None:
        """It has come to the next node."""
        self.node = self.target
        if self.node == self.goal:
            self.model.sum += int(np.ceil(self.clock - 1e-9))
            return
        self.target = self.onward[self.node]
        self.clock += self.model.seconds[self.node, self.target]
        self.model.moves += 1
        self.model.simulator.schedule_event_absolute(self.arrive, self.clock)


class _Model(mesa.Model):
    def __init__(self, given: Case, simulator: Any = None) -> None:
        super().__init__(seed=0)
        self.simulator, self.tick, self.sum, self.moves = simulator, 0, 0, 0
        places, before, matrix = ways(given, given.goal)
        rows = matrix.tocoo()
        self.seconds = {
            (i, j): length / 1.4
            for i, j, length in zip(rows.col.tolist(), rows.row.tolist(), rows.data.tolist(), strict=True)
        }
        table = dict(zip(places.tolist(), before.tolist(), strict=True))
        for node, goal in zip(given.origin.tolist(), given.goal.tolist(), strict=True):
            _Walker(self, node, goal, table[goal])

    def step(self) -> None:
        """Everybody's second."""
        self.agents.do("step")
        self.tick += 1


def _steps(given: Case, clock: Any) -> Callable[[], dict[str, Any]]:
    with clock:
        model = _Model(given)
        while len(model.agents):
            model.step()
    return lambda: {"sum": model.sum, "events": model.moves}


def _events(given: Case, clock: Any) -> Callable[[], dict[str, Any]]:
    with clock:
        simulator = DEVSimulator()
        model = _Model(given, simulator)
        simulator.setup(model)
        for walker in model.agents:
            simulator.schedule_event_absolute(walker.arrive, 0.0)
        simulator.run_until(1e6)
    return lambda: {"sum": model.sum, "events": model.moves}


class _Evacuee(mesa.Agent):
    """Walks at the speed of the density to a shelter, and on where that is full."""

    def __init__(self, model: Any, node: int, site: int) -> None:
        super().__init__(model)
        self.node, self.site, self.lane = node, site, None

    def arrive(self) -> None:
        """It has come to the next node."""
        model, now = self.model, self.model.simulator.time
        if self.lane is not None:
            model.on[self.lane] -= 1
        if self.node == model.places[self.site]:
            if model.room[self.site] == 0:
                self.site = next(other for other in model.order[self.site] if model.room[other] > 0)
                model.sent_on += 1
            else:
                model.room[self.site] -= 1
                model.sum += now
                return
        ahead = model.onward[self.site][self.node]
        self.lane = (self.node, ahead)
        on, length = model.on.get(self.lane, 0) + 1, model.length[self.lane]
        speed = max(0.1, 1.34 * (1 - exp(-1.913 * (length * 4.0 / on - 1 / 5.4))))
        leave = max(now + length / speed, model.last.get(self.lane, 0.0))
        model.on[self.lane], model.last[self.lane], self.node = on, leave, ahead
        model.moves += 1
        model.simulator.schedule_event_absolute(self.arrive, leave)


def _shelters(given: Case, clock: Any) -> Callable[[], dict[str, Any]]:
    with clock:
        simulator = DEVSimulator()
        model: Any = mesa.Model(seed=0)
        model.simulator, model.sum, model.moves, model.sent_on = simulator, 0.0, 0, 0
        places, before, matrix = ways(given, given.sites)
        far = dijkstra(matrix, indices=places)
        model.places, model.onward = places.tolist(), before.tolist()
        model.room = [given.room] * len(places)
        model.order = np.argsort(far[:, places], axis=1, kind="stable").tolist()
        rows = matrix.tocoo()
        model.length = dict(
            zip(zip(rows.col.tolist(), rows.row.tolist(), strict=True), rows.data.tolist(), strict=True)
        )
        model.on, model.last = {}, {}
        simulator.setup(model)
        for node in given.origin.tolist():
            one = _Evacuee(model, node, int(far[:, node].argmin()))
            simulator.schedule_event_absolute(one.arrive, 0.0)
        simulator.run_until(1e6)
    mean = model.sum / len(given.origin)
    return lambda: {"mean": mean, "sent on": model.sent_on, "events": model.moves}
