"""A clause under shocks: those that come with a city, or others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import inf

import numpy as np

from twin.errors import TwinError
from twin.hazards import Blockage, Flood
from twin.model import City, Raster
from twin.report.content import Text
from twin.scenario import Scenario
from twin.standards import Clause
from twin.standards.check import verdict_on
from twin.standards.ensemble import interval, settled
from twin.trial.parts import Stress
from twin.trial.words import word

__all__ = ["OUT", "Shaken", "bundled", "shaken", "stress_of"]

_NAN = float("nan")
#: Shares of the streets that are blocked, and of a kind's facilities that fail, at random [1].
BLOCKED, OUT = 0.05, 0.1


@dataclass(frozen=True, eq=False)
class Shaken:
    """A shock and the cities that it leaves, one a run."""

    name: Text
    cities: tuple[City, ...]
    reason: Text | None = None


@dataclass(frozen=True)
class _Failed:
    """A share of the open facilities of some kinds out of service, drawn at random."""

    kinds: tuple[str, ...]
    share: float
    seed: int = 0

    def __call__(self, city: City) -> City:
        mine = np.flatnonzero(city.rows("facilities", kind=self.kinds) & city.facilities["open"].to_numpy(dtype=bool))
        gone = np.random.default_rng(self.seed).choice(mine, _part(len(mine), self.share), replace=False)
        is_open = city.facilities["open"].to_numpy(dtype=bool).copy()
        is_open[gone] = False
        return city.with_columns("facilities", open=is_open)


def _part(count: int, share: float) -> int:
    """How many a share of some facilities are; at least one."""
    return max(1, round(share * count))


def bundled(city: City) -> tuple[Scenario, ...]:
    """The shocks that come with a city: every flood among its layers, and streets blocked at random.

    A layer is a flood where its name begins with ``flood`` and it is a raster of depths or has a column ``depth``.
    """
    floods = [
        Scenario(name, Flood(name))
        for name, layer in sorted(city.layers.items(), key=lambda each: _years(each[0]))
        if name.startswith("flood") and (isinstance(layer, Raster) or "depth" in layer.columns)
    ]
    streets = {"walk", "drive"} & set(city.networks)
    return (*floods, *((Scenario("blockage", Blockage(share=BLOCKED, seed=0)),) if streets else ()))


def shaken(city: City, shocks: Iterable[Scenario], *, runs: int, seed: int) -> list[Shaken]:
    """Each shock applied once, or in `runs` seeded runs where it draws at random."""
    found = []
    for shock in shocks:
        count = runs if shock.random else 1
        name = _name(shock)
        try:
            cities = tuple((shock if count == 1 else shock.seeded(seed + run))(city) for run in range(count))
        except TwinError as error:
            found.append(Shaken(name, (), Text(str(error), str(error))))
            continue
        found.append(Shaken(name, cities))
    return found


def _years(name: str) -> tuple[float, str]:
    """Return period in a layer's name, and the name."""
    last = name.rpartition("_")[2]
    return float(last) if last.isdigit() else inf, name


def _name(shock: Scenario) -> Text:
    (change, *more) = shock.changes or (None,)
    if shock.name == "blockage" and isinstance(change, Blockage) and not more:
        return word("shock_blockage", share=f"{change.share:.0%}".replace("%", " %"))
    if isinstance(change, Flood) and not more and shock.name == change.depth:
        years = shock.name.rpartition("_")[2]
        return word("shock_flood", years=years) if years.isdigit() else word("shock_flood_named", layer=shock.name)
    return Text(shock.name, shock.name)


def stress_of(
    city: City, clause: Clause, day: dt.date, shocks: Iterable[Shaken], *, runs: int, seed: int
) -> tuple[Stress, ...]:
    """The verdict on a clause after each shock, and with a tenth of the facilities that it asks for out of service."""
    rows = [_one(clause, day, shock) for shock in shocks]
    mine = city.facilities["kind"].isin(clause.kinds) & city.facilities["open"]
    there = int(mine.sum())
    if there > 1:
        failed = _Failed(tuple(city.facilities["kind"][mine].unique()), OUT)
        (shock,) = shaken(city, [Scenario("out of service", failed)], runs=runs, seed=seed)
        name = word("shock_failed", n=_part(there, OUT), of=there)
        rows.append(_one(clause, day, replace(shock, name=name)))
    return tuple(rows)


def _one(clause: Clause, day: dt.date, shock: Shaken) -> Stress:
    if not shock.cities:
        return Stress(shock.name, 0, _NAN, _NAN, _NAN, "unknown", _NAN, shock.reason or shock.name)
    verdicts = [verdict_on(city, clause, day) for city in shock.cities]
    found = verdicts[0] if len(verdicts) == 1 else settled(verdicts, clause, shock.cities[0], on=day)
    values = np.array([verdict.value for verdict in verdicts])
    low = high = _NAN
    if len(values) > 1 and np.isfinite(values).all():
        low, _, high = interval(values)
    reason = Text(found.reason, found.reason_zh or found.reason)
    return Stress(shock.name, len(values), found.value, low, high, found.status, found.people, reason)
