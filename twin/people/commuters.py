"""Commuters: home, work and on the way back a shop, by the mode that this city's travel times suggest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.model import City
from twin.people.choice import draw, logit
from twin.people.fitting import gravity, impedance, whole
from twin.people.persons import persons
from twin.people.sites import nearest_site, nodes_of, whole_days
from twin.people.zones import Zones
from twin.routing import Transit
from twin.simulation import Days, Freely, Mode, Queued
from twin.units import hour, minute

__all__ = ["Commuters"]

_MODES = ("walk", "car", "transit")
SHOPS = ("supermarket", "convenience_store", "marketplace", "mall")


@dataclass(frozen=True)
class Commuters(Days):
    """Who works, from door to desk and back; the parameters are assumptions until they are calibrated.

    Where one works is drawn from a doubly constrained gravity model between zones (as many come as there are jobs), how
    one gets there from a logit over walking, a car if one has one, and public transport if a day is given.
    Cars queue; public transport takes the time of its timetable, whatever is on the streets, and always has room.

    Attributes
    ----------
    share : of the workers that are simulated, drawn at random [1].
    leave, spread : when one sets out for work, mean and standard deviation since midnight [s].
    work : how long one stays at work, at the least [s].
    shop, errand : share that shops on the way home [1], and how long that takes [s].
    beta : how travel time deters from a job [1/s]; 0.05 a minute.
    value : utility of travel time [1/s], negative; -0.06 a minute.
    car, transit : utility of a car over walking, beside its time; the same for public transport.
    cars : share of workers who can take a car [1].
    access : to a car and from where it is parked [s].
    walk_speed : [m/s].
    day : date of the timetable, such as ``"2026-03-03"``; none: nobody takes public transport.
    zones : about how many zones destinations and modes are chosen between.
    """

    share: float = 1.0
    leave: float = 7.6 * hour
    spread: float = 0.7 * hour
    work: float = 8.5 * hour
    shop: float = 0.25
    errand: float = 20 * minute
    beta: float = 0.05 / minute
    value: float = -0.06 / minute
    car: float = -0.4
    transit: float = -0.6
    cars: float = 0.5
    access: float = 5 * minute
    walk_speed: float = 1.34
    day: str | None = None
    zones: int = 400
    modes: ClassVar[Mapping[str, Mode]] = {
        "walk": Mode("walk", Freely(), 1.34),
        "car": Mode("drive", Queued()),
        "transit": Mode("walk", Freely(), 1.34),
    }

    def spawn(self, city: City, rng: np.random.Generator) -> pd.DataFrame:
        """Trips of all workers."""
        who = persons(city)
        who = who[who["works"]].sample(frac=self.share, random_state=rng).sort_index()
        zones = Zones(city, self.zones)
        times = self._times(city, zones)
        home = who["home"].to_numpy()
        job = self._jobs(city, zones, home, times["car"], rng)
        pair = zones.of[home], zones.of[job]
        mode = self._mode(times, pair, rng)
        ride = np.where(mode == 2, times["transit"][pair], 0.0) if "transit" in times else np.zeros(len(home))
        depart = np.clip(rng.normal(self.leave, self.spread, len(home)), 0.0, 20 * hour)
        shops = rng.random(len(home)) < self.shop
        return self._trips(city, (home, job), mode, (depart, ride), shops & (mode < 2))

    def _times(self, city: City, zones: Zones) -> dict[str, NDArray[np.float64]]:
        times = {"walk": zones.times(city.network("walk"), self.walk_speed)}
        times["car"] = zones.times(city.network("drive")) + self.access
        if self.day is not None:
            timetable = Transit(city, self.day, depart=self.leave, window=1 * hour, step=5 * minute)
            times["transit"] = zones.times(timetable)
        return times

    def _jobs(
        self, city: City, zones: Zones, home: NDArray[np.int64], time: NDArray[np.float64], rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """(n,) row of the population at which each one works."""
        start = np.bincount(zones.of[home], minlength=len(zones)).astype(float)
        jobs = np.nan_to_num(city.column("population", "jobs"))
        end = zones.total(jobs)
        pull = np.maximum(impedance(time, beta=self.beta), 1e-12)  # where no way leads somebody may still have to go
        table = whole(gravity(start, end * start.sum() / end.sum(), pull), rng)
        found = np.empty(len(home), dtype=np.int64)
        by_zone = np.argsort(zones.of, kind="stable")
        first = np.searchsorted(zones.of[by_zone], np.arange(len(zones) + 1))
        order = np.argsort(zones.of[home], kind="stable")
        edges = np.searchsorted(zones.of[home][order], np.arange(len(zones) + 1))
        goal = np.empty(len(home), dtype=np.int64)
        for zone in np.flatnonzero(start):
            mine = order[edges[zone] : edges[zone + 1]]
            row = np.repeat(np.arange(len(zones)), table[zone])
            spare = rng.choice(len(zones), size=max(0, len(mine) - len(row)), p=end / end.sum())
            goal[mine] = rng.permutation(np.append(row, spare)[: len(mine)])
        for zone in np.unique(goal):
            mine = np.flatnonzero(goal == zone)
            rows = by_zone[first[zone] : first[zone + 1]]
            found[mine] = rng.choice(rows, size=len(mine), p=jobs[rows] / jobs[rows].sum())
        return found

    def _mode(
        self,
        times: Mapping[str, NDArray[np.float64]],
        pair: tuple[NDArray[np.int64], NDArray[np.int64]],
        rng: np.random.Generator,
    ) -> NDArray[np.int64]:
        """(n,) positions in walk, car, transit."""
        extra = {"walk": 0.0, "car": self.car, "transit": self.transit}
        utility = np.stack(
            [extra[m] + self.value * times[m][pair] if m in times else np.full(len(pair[0]), -np.inf) for m in _MODES],
            axis=1,
        )
        utility[rng.random(len(pair[0])) >= self.cars, 1] = -np.inf
        utility[np.isneginf(utility).all(axis=1), 0] = 0.0  # who has no way at all walks, and is stranded
        return draw(logit(utility), rng.random(len(pair[0])))

    def _trips(
        self,
        city: City,
        ends: tuple[NDArray[np.int64], NDArray[np.int64]],
        mode: NDArray[np.int64],
        times: tuple[NDArray[np.float64], NDArray[np.float64]],
        shops: NDArray[np.bool_],
    ) -> pd.DataFrame:
        """One row a trip: out, to a shop for some, and home."""
        (depart, ride), many = times, len(mode)
        name = np.array(_MODES, dtype=object)[mode]
        at: dict[str, Any] = {m: nodes_of(city, "population", n) for m, n in (("walk", "walk"), ("car", "drive"))}
        at["transit"] = at["walk"]
        start = np.select([mode == 0, mode == 1], [at["walk"][ends[0]], at["car"][ends[0]]], at["walk"][ends[0]])
        desk = np.select([mode == 0, mode == 1], [at["walk"][ends[1]], at["car"][ends[1]]], at["walk"][ends[1]])
        shop = np.where(shops, self._shop(city, ends[0], mode == 1), -1)
        shops = shop >= 0
        out = pd.DataFrame({"person": np.arange(many), "step": 0, "mode": name, "node": start, "goal": desk})
        out = out.assign(depart=depart, stay=0.0, ride=ride, purpose="work")
        errand = out.assign(step=1, node=desk, goal=shop, stay=self.work, purpose="shop")[shops]
        back = out.assign(step=2, node=np.where(shops, shop, desk), goal=start, purpose="home")
        back["stay"] = np.where(shops, self.errand, self.work)
        trips = pd.concat([out, errand, back]).sort_values(["person", "step"], kind="stable", ignore_index=True)
        return whole_days(trips).drop(columns="step")

    def _shop(self, city: City, home: NDArray[np.int64], drives: NDArray[np.bool_]) -> NDArray[np.int64]:
        """(n,) node of the shop nearest to each one's home, on the network that one moves on; -1: none."""
        found = np.full(len(home), -1, dtype=np.int64)
        for network, mine in (("walk", ~drives), ("drive", drives)):
            if mine.any():
                found[mine] = nearest_site(city, SHOPS, network)[home[mine]]
        return found
