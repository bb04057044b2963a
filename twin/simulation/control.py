"""The control room: which unit goes where, at one moment of a run."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.routing.paths import floating, sweep
from twin.simulation.chance import uniform
from twin.simulation.crowd import Columns, Crowd
from twin.simulation.incidents import doors
from twin.simulation.movement import STRANDED, TRAVELLING, WAITING

if TYPE_CHECKING:
    from twin.simulation.emergency import Emergency
    from twin.simulation.engine import Simulation
    from twin.simulation.services import Service

__all__ = ["Control"]

#: What a unit does; whoever is idle at its station or on the way back can be sent. ROUND: a patrol at a beat.
IDLE, TURN_OUT, DRIVING, ON_SCENE, BRINGING, HANDING_OVER, BACK, ROUND = range(8)
NOBODY = -1
_READY = np.isin(np.arange(8), (IDLE, BACK))


class Control:
    """Columns of a crowd of units and requests, and what is decided on them now.

    Columns: ``phase`` of a unit; ``job``, the request of a unit and the unit of a request; of a request ``due`` (put
    through and not over), ``lost`` (left to others), ``cut`` (nobody has a way) and the times of its unit.
    """

    def __init__(self, crowd: Emergency, state: Columns, sim: Simulation) -> None:
        self.crowd, self.state, self.sim = crowd, state, sim
        self.unit = state.column("base") >= 0
        self.asked = np.zeros(len(state), dtype=bool)  # units that are told where to go in this moment anyway

    def _get(self, name: str, rows: Any) -> NDArray[Any]:
        return np.asarray(self.state.column(name)[rows])

    def _set(self, name: str, rows: Any, values: Any) -> None:
        self.state.put(name, rows, values)

    # ── what happens ─────────────────────────────────────────────────────────────────────────────────────────────

    def choose(self, rows: NDArray[np.int64]) -> NDArray[np.int32]:
        """Where units go from here; requests stay where they are."""
        units, requests = rows[self.unit[rows]], rows[~self.unit[rows]]
        self.asked[units] = True
        self._set("due", requests[~self._get("lost", requests) & np.isnan(self._get("leave", requests))], True)
        self._end(units)
        self._give_back(units)
        self._set("phase", units[self._get("phase", units) == ROUND], BACK)
        self._send()
        self._leave_to_others(requests)
        goal = np.full(len(self.state), NOBODY, dtype=np.int32)
        self._set_goals(units, goal)
        return goal[rows]

    def arrive(self, rows: NDArray[np.int64]) -> None:
        """Units came to where they went."""
        for row in rows:
            unit, job, phase = self._some(row), self._get("job", [row]), self._get("phase", row)
            if phase == DRIVING:
                self._set("there", job, self.sim.time)
                self._set("phase", row, ON_SCENE)
                unit.retry(after=self._stay(job, self.crowd.scene, 0))
            elif phase == BRINGING:
                self._set("phase", row, HANDING_OVER)
                unit.retry(after=self._stay(job, self.crowd.handover, 1))
            elif self.crowd.beats:
                self._set("phase", row, ROUND)
                unit.retry()
            else:
                self._set("phase", row, IDLE)
                unit.finish()

    def _some(self, rows: Any) -> Crowd:
        return Crowd(self.state, np.atleast_1d(rows), self.sim)

    def _stay(self, job: NDArray[np.int64], what: Service, count: int) -> float:
        """How long, drawn by the request, so that every plan meets the same calls [s]."""
        request = job - np.count_nonzero(self.unit)
        return float(what.times(uniform(self.sim.seed, self.state.of, request, count))[0])

    def _end(self, units: NDArray[np.int64]) -> None:
        """What these units did is over: turning out, the scene, the handover."""
        now, phase = self.sim.time, self._get("phase", units).copy()
        out, over, done = (units[phase == each] for each in (TURN_OUT, ON_SCENE, HANDING_OVER))
        self._set("start", self._get("job", out), now)
        self._set("phase", out, DRIVING)
        jobs = self._get("job", over)
        self._set("leave", jobs, now)
        self._set("due", jobs, False)
        self._some(jobs).finish()
        if self.crowd.brings:
            self._set("phase", over, BRINGING)
        else:
            self._free(over)
        self._free(done)

    def _free(self, units: NDArray[np.int64]) -> None:
        self._set("free", self._get("job", units), self.sim.time)
        self._set("job", units, NOBODY)
        self._set("phase", units, BACK)

    def _give_back(self, units: NDArray[np.int64]) -> None:
        """Units whose way to the call has closed, with no other one, are free; their calls wait again."""
        units = units[self._get("phase", units) == DRIVING]
        if not len(units):
            return
        jobs = self._get("job", units)
        lost = ~self._some(units).reaches(self.state.node[jobs])
        for name in ("order", "start"):
            self._set(name, jobs[lost], np.nan)
        self._set("job", jobs[lost], NOBODY)
        self.state.status[jobs[lost]] = STRANDED
        self._set("job", units[lost], NOBODY)
        self._set("phase", units[lost], BACK)

    # ── whom to send ─────────────────────────────────────────────────────────────────────────────────────────────

    def _waiting(self) -> NDArray[np.int64]:
        """Requests without a unit, the most urgent first, then the oldest."""
        rows = np.flatnonzero(self.state.column("due") & (self.state.column("job") < 0))
        return rows[np.lexsort((rows, self._get("depart", rows), self._get("priority", rows)))]

    def _send(self) -> None:
        """Send free units to the requests that wait."""
        waiting = self._waiting()
        if not len(waiting):
            return
        open_ = self.sim.city.facilities["open"].to_numpy(dtype=bool)
        serving = np.flatnonzero(self.unit & open_[self.state.column("base")])
        where = self._where(serving)
        ready = _READY[self._get("phase", serving)]
        self._set("cut", waiting, not len(serving))
        times: dict[int, NDArray[np.float64]] = {}
        for request in waiting:
            if not ready.any():
                break
            node = int(self.state.node[request])
            if node not in times:
                times[node] = self._times(node)[where] + self._mobilised(serving)
            time = times[node]
            self._set("cut", request, not np.isfinite(time).any())
            fit = np.where(ready, self._fitness(time, serving, request), inf)
            best = int(np.argmin(fit))
            if fit[best] < inf:
                ready[best] = False
                self._order(serving[best], request)

    def _fitness(self, time: NDArray[np.float64], units: NDArray[np.int64], request: int) -> NDArray[np.float64]:
        fit = self.crowd.fitness(time, self._get("base", units), int(self._get("priority", request)), self.sim)
        return np.where(np.isfinite(time), fit, inf)

    def _order(self, unit: np.int64, request: np.int64) -> None:
        """One unit goes to one request: now where it is on the road, after turning out where it stands at home."""
        now = self.sim.time
        self._set("job", request, unit)
        self._set("job", unit, request)
        self._set("order", request, now)
        self.state.status[request] = WAITING
        if self.asked[unit] or self.state.status[unit] == TRAVELLING:
            self._set("phase", unit, DRIVING)
            self._set("start", request, now)
            if not self.asked[unit]:
                self._some(unit).turn()
        else:
            wait = float(self._mobilised(np.array([unit]))[0])
            self._set("phase", unit, TURN_OUT)
            self._some(unit).retry(after=wait)

    def _mobilised(self, units: NDArray[np.int64]) -> NDArray[np.float64]:
        """How long each takes until it moves [s]: on the road, nothing."""
        standing = (self._get("phase", units) == IDLE) & ~self.asked[units] & (self.crowd.beats == 0)
        return np.where(standing, self.crowd.turn_out, 0.0)

    def _where(self, units: NDArray[np.int64]) -> NDArray[np.int64]:
        """Node of each unit, or that it comes to next."""
        node = self.state.node[units].astype(np.int64)
        moving = (self.state.status[units] == TRAVELLING) & ~self.asked[units]
        if moving.any():
            node[moving] = self._some(units[moving]).ahead
        return node

    def _times(self, node: int) -> NDArray[np.float64]:
        """(n,) how long it takes from every node to one [s]."""
        seed = np.array([node]), np.zeros(1, np.uint32), np.zeros(1, np.int32)
        layer = self.state.layer
        cost, _ = sweep(layer.net, seed, cost=layer.cost, inward=True)
        return floating(cost) * layer.pace

    def _leave_to_others(self, requests: NDArray[np.int64]) -> None:
        """Of the new calls, those that find too many waiting are lost."""
        if self.crowd.held is None or not len(requests):
            return
        waiting = self._waiting()
        if len(waiting) <= self.crowd.held:
            return
        over = waiting[np.isin(waiting, requests)][::-1][: len(waiting) - self.crowd.held]
        self._set("lost", over, True)
        self._set("due", over, False)
        self._some(over).finish()

    # ── where to ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _set_goals(self, units: NDArray[np.int64], goal: NDArray[np.int32]) -> None:
        """Write where each unit goes; who has nowhere to go stays, and can be sent from there."""
        phase, node = self._get("phase", units), self.state.node
        driving, bringing = units[phase == DRIVING], units[phase == BRINGING]
        goal[driving] = node[self._get("job", driving)]
        if len(bringing):
            goal[bringing] = self.sim.nearest(self.crowd.brings, node[bringing], self.crowd.network).node
            self._free(bringing[goal[bringing] < 0])  # there is no way to any: they are done here
        back = units[_READY[self._get("phase", units)]]
        if not len(back):
            return
        self._set("phase", back, BACK)
        goal[back] = self._beats(back) if self.crowd.beats else self._get("home", back)
        home = back[goal[back] == node[back]]
        self._set("phase", home, IDLE)
        there = self._some(back).reaches(goal[back])
        stays = np.concatenate([home, back[~there]])
        goal[stays] = NOBODY
        self._some(stays).finish()

    def _beats(self, units: NDArray[np.int64]) -> NDArray[np.int32]:
        """The next place of each on its round that it can reach; where it is, if there is none."""
        hung = doors(self.sim.city, "population", self.crowd.network)
        people = np.cumsum(self.sim.city.column("population", "people")[hung.index])
        chance = uniform(self.sim.seed, self.state.of, len(self.state) + np.arange(self.crowd.beats), 0)
        beat = hung.to_numpy()[np.searchsorted(people, chance * people[-1], side="right")]
        goal = self.state.node[units].copy()
        for i, unit in enumerate(units):
            for turn in int(self._get("round", unit)) + 1 + np.arange(self.crowd.beats):
                way = beat[[(turn + unit) % self.crowd.beats]]
                if way[0] != goal[i] and self._some(unit).reaches(way)[0]:
                    goal[i] = way[0]
                    self._set("round", unit, turn)
                    break
        return goal

    # ── what is left ─────────────────────────────────────────────────────────────────────────────────────────────

    def to_frame(self) -> pd.DataFrame:
        """A row a unit that a call asked for, in the order of the calls."""
        rows = np.flatnonzero(~self.unit & (self.state.column("called") <= self.sim.time))
        rows = rows[np.lexsort((rows, self._get("called", rows)))]
        unit = self._get("job", rows)
        sent, cut, lost = unit >= 0, self._get("cut", rows), self._get("lost", rows)
        reached = np.isfinite(self._get("there", rows))
        base = np.where(sent, self._get("base", np.maximum(unit, 0)), NOBODY)
        ids = self.sim.city.facilities["id"].to_numpy(dtype=object)
        outcome = np.select([reached, sent, lost, cut], ["reached", "on the way", "lost", "cut off"], "waiting")
        table = {
            "call": self._get("call", rows),
            "service": self.crowd.station,
            "priority": self._get("priority", rows),
            "time": self._get("called", rows),
            "node": self.state.layer.net.ids[self.state.node[rows]],
            "unit": unit,
            "station": np.array([ids[row] if row >= 0 else None for row in base], dtype=object),
        }
        names = {"order": "order", "start": "start", "there": "arrive", "leave": "leave", "free": "free"}
        table |= {name: self._get(column, rows) for column, name in names.items()}
        return pd.DataFrame(table | {"outcome": outcome.astype(object)})
