"""Try clauses out on cities before they bind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.errors import DataError, TwinError, UnknownName
from twin.model import City
from twin.report.content import Text
from twin.scenario import Scenario
from twin.standards import Clause, load, rivals
from twin.standards.check import in_force, measured, verdict_on
from twin.standards.clause import limits_of, limits_set
from twin.standards.conflicts import given_words
from twin.standards.words import doubts, limit_words
from twin.trial.cost import cost_of
from twin.trial.curve import sweep
from twin.trial.doubts import variants_of
from twin.trial.groups import PartValue, groups_of, part_values, reached_of
from twin.trial.near import near_of
from twin.trial.parts import Gap, Outcome, Rival, Trial
from twin.trial.stress import Shaken, bundled, shaken, stress_of
from twin.trial.words import word

__all__ = ["trial"]

Mask = NDArray[np.bool_]


def trial(  # noqa: PLR0913 -- what a trial varies is its subject
    packs: str | Path | Iterable[str | Path],
    cities: City | Iterable[City],
    *,
    clauses: str | Iterable[str] = (),
    on: dt.date | None = None,
    points: int = 50,
    span: tuple[float, float] | None = None,
    under: Iterable[Scenario] | None = None,
    runs: int = 20,
    seed: int = 0,
    progress: Callable[[str, int, int], None] | None = None,
) -> Trial:
    """Try clauses out on cities: the limit swept, who is left out, what complying costs, and how sure all that is.

    A clause that is not in force on the day is tried all the same, by the limits of the nearest day on which it is.

    Parameters
    ----------
    packs : names of packs, or files of drafts.
    cities : one or several.
    clauses : keys ("GB 50180-2018, C.0.2 kindergarten") or ids of the clauses to try; all of the packs where not given.
    on : date whose law holds for the other clauses; today where not given.
    points : limits that are tried along each curve.
    span : smallest and largest limit of the curves, in the unit that is swept; around each limit where not given.
    under : shocks; the city's own floods and a random blockage where not given.
    runs : runs of a shock with chance in it, each with its own seed.
    seed : of the first run, and of the draws of doubtful data.
    progress : called with clause and city, number and total.

    Returns
    -------
    Trial : an outcome for each clause and city. What cannot be computed is a `Gap` that says why.

    Raises
    ------
    UnknownName : no such pack or clause, with the nearest there is.
    StandardError : a draft that is not well formed.
    DataError : no city, two of one name, fewer than three points or two runs, a range that is none.
    """
    names = [packs] if isinstance(packs, str | Path) else list(packs)
    places = (cities,) if isinstance(cities, City) else tuple(cities)
    _check(places, points, runs, span)
    chosen = _chosen(names, [clauses] if isinstance(clauses, str) else list(clauses))
    others = {clause.key: clause for pack in (*load("all"), *load(names)) for clause in pack.clause}
    day = on or dt.date.today()
    outcomes: dict[tuple[int, int], Outcome] = {}
    for number, city in enumerate(places):
        shocks = shaken(city, bundled(city) if under is None else under, runs=runs, seed=seed)
        one = _Bench(city, day, tuple(others.values()), shocks, points, span, runs, seed)
        for position, clause in enumerate(chosen):
            outcomes[position, number] = one(clause)
            if progress is not None:
                progress(f"{clause.id}, {city.name}", len(outcomes), len(chosen) * len(places))
    options = {"points": points, "span": span, "runs": runs, "seed": seed}
    ordered = tuple(outcomes[key] for key in sorted(outcomes))
    return Trial(tuple(str(name) for name in names), places, ordered, day, options)


def _check(places: Sequence[City], points: int, runs: int, span: tuple[float, float] | None) -> None:
    if not places:
        raise DataError("trial: give at least one city")
    if points < 3:
        raise DataError(f"trial: a curve needs at least 3 points, not {points}")
    if runs < 2:
        raise DataError(f"trial: an interval needs at least 2 runs, not {runs}")
    if span is not None and not span[0] < span[1] < inf:
        raise DataError(f"trial: a range of limits goes from smaller to larger, not from {span[0]:g} to {span[1]:g}")
    names = [city.name for city in places]
    if len(set(names)) < len(names):
        raise DataError(f"trial: two cities have one name ({', '.join(names)}); rename one")


def _chosen(packs: Sequence[str | Path], wanted: Sequence[str]) -> list[Clause]:
    known = [clause for pack in load(packs) for clause in pack.clause]
    found: list[Clause] = []
    for name in wanted:
        mine = [clause for clause in known if name in {clause.key, clause.id}]
        if not mine:
            near = [each for clause in known for each in (clause.key, clause.id)]
            raise UnknownName("clause", name, near, where=", ".join(map(str, packs)))
        found += [clause for clause in mine if clause not in found]
    return found if wanted else known


@dataclass(frozen=True, eq=False)
class _Bench:
    """A city and what all clauses tried on it share."""

    city: City
    day: dt.date
    others: tuple[Clause, ...]
    shocks: list[Shaken]
    points: int
    span: tuple[float, float] | None
    runs: int
    seed: int

    def __call__(self, clause: Clause) -> Outcome:
        """Try one clause."""
        day, validity = _tried_on(clause, self.day)
        verdict = verdict_on(self.city, clause, day)
        limits = limits_of(clause, self.city.about.traits, day) or {}
        if verdict.status in {"not applicable", "unknown"}:
            gap = Gap(Text(verdict.reason, verdict.reason_zh or verdict.reason))
            parts: dict[str, Any] = dict.fromkeys(("curve", "groups", "cost", "variants", "stress"), gap)
        else:
            parts = self._parts(clause, day, limits)
        return Outcome(
            clause,
            self.city,
            day,
            validity,
            verdict,
            limits,
            rivals=self._rivals(clause),
            notes=self._notes(clause, limits),
            **parts,
        )

    def _parts(self, clause: Clause, day: dt.date, limits: Mapping[str, float]) -> dict[str, Any]:
        city = self.city
        found = measured(city, clause, clause.meter)
        near = near_of(city, clause, limits)
        cost, after = cost_of(city, clause, found, limits, near)
        reached = reached_of(found, limits, near)
        then = None if after is None or reached is None else _reached(after, clause, limits)
        values = part_values(city, clause) if reached is None else []
        parts = {
            "curve": lambda: sweep(
                city, clause, found, limits, near, points=self.points, span=self.span, parts=_by_people(values)
            ),
            "groups": lambda: groups_of(city, clause, found, limits, reached, then, parts=values),
            "variants": lambda: variants_of(city, clause, found, limits, near, seed=self.seed),
            "stress": lambda: stress_of(city, clause, day, self.shocks, runs=self.runs, seed=self.seed),
        }
        return {"cost": cost, **{name: _guarded(part) for name, part in parts.items()}}

    def _rivals(self, clause: Clause) -> tuple[Rival, ...]:
        """Other clauses in force that ask something else of the same, with the city's verdict on each."""
        traits = self.city.about.traits
        found = rivals(clause, self.others, on=self.day, traits=traits)
        return tuple(
            Rival(other, _asks(other, traits, self.day), verdict_on(self.city, other, self.day)) for other in found
        )

    def _notes(self, clause: Clause, limits: Mapping[str, float]) -> tuple[Text, ...]:
        notes = [Text(*doubts(self.city, clause))]
        near = near_of(self.city, clause, limits)
        if near is None:
            notes.append(word("note_no_way"))
        elif near.unit != "s":
            notes.append(word("note_no_speed"))
        takes = [o.key for o in self.others if clause.key in o.overrides and in_force(o, self.day) is None]
        notes += [word("note_overridden", key=key) for key in takes]
        if clause.source.note:
            notes.append(Text(clause.source.said.en, clause.source.said.zh))
        return tuple(note for note in notes if note.en)


def _guarded(part: Callable[[], Any]) -> Any:
    """A part of a trial, or why it is not there."""
    try:
        return part()
    except TwinError as error:
        return Gap(Text(str(error), str(error)))


def _reached(city: City, clause: Clause, limits: Mapping[str, float]) -> Mask | None:
    return reached_of(measured(city, clause, clause.meter), limits, near_of(city, clause, limits))


def _by_people(values: list[PartValue]) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Value and people of each of the smallest parts of a city."""
    if not values:
        return None
    mine = [row for row in values if row[0] == values[-1][0]]
    return np.array([value for *_, value in mine]), np.array([people for _, _, people, _ in mine])


def _asks(clause: Clause, traits: Mapping[str, str], day: dt.date) -> Text:
    """What a clause asks, with the figures it gives."""
    given, limit = given_words(clause), limit_words(limits_of(clause, traits, day) or {}, clause.meter.unit)
    tail = f" ({given})" if given else ""
    asked = [f"{sign}{words}" if words else "" for sign, words in zip((": ", "："), limit, strict=True)]
    return Text(f"{clause.meter.en}{tail}{asked[0]}", f"{clause.meter.zh}{tail}{asked[1]}")


def _tried_on(clause: Clause, day: dt.date) -> tuple[dt.date, Text]:
    """The nearest day on which a clause sets its limit, and what is to be said of that."""
    valid = clause.valid
    if valid.since is not None and day < valid.since:
        return valid.since, word("valid_later", day=valid.since)
    if valid.until is not None and day > valid.until:
        after = Text(f", replaced by {valid.replaced_by}", f"，由{valid.replaced_by}代替")
        return valid.until, word("valid_ended", day=valid.until, after=after if valid.replaced_by else Text("", ""))
    if clause.expired(day) and limits_set(clause):
        return dt.date(int(valid.goal or day.year), 12, 31), word("valid_goal", year=valid.goal)
    if clause.phase and in_force(clause, day) is not None:
        ends = [each.since if day < each.since else each.until for each in clause.phase]
        near = min(ends, key=lambda each: abs((each - day).days))
        return near, word("valid_phase", day=day, near=near)
    return day, word("valid_now", day=day)
