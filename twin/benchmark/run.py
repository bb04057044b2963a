"""The indicator library on several cities."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.benchmark.align import Alignment, Code, alignments
from twin.benchmark.comparable import city_notes, indicator_notes
from twin.benchmark.intervals import DRAWS, blocks_of, drawn, places, spread
from twin.benchmark.parts import Benchmark, Indicator, Reading
from twin.benchmark.words import word
from twin.benchmark.yardstick import better_of, scored
from twin.errors import MissingData, ScenarioError
from twin.measures import Share, Statistic
from twin.model import City, Verdicts
from twin.report.content import Text
from twin.standards import Clause, check, load
from twin.standards.check import measured
from twin.standards.clause import limits_of
from twin.standards.words import missing

__all__ = ["benchmark"]

_NAN = float("nan")


def benchmark(
    cities: Iterable[City],
    packs: str | Path | Iterable[str | Path] = "all",
    *,
    on: dt.date | None = None,
    seed: int = 0,
    progress: Callable[[str, int, int], None] | None = None,
) -> Benchmark:
    """Put the same questions to several cities and hold the answers beside each other.

    Clauses that ask for one measure with the same parameters are one indicator, whichever standards they stand in.

    Parameters
    ----------
    cities : two or more, each with its own name.
    packs : as `twin.check` takes them.
    on : date whose law gives the limits; today where not given.
    seed : of the draws behind the intervals.
    progress : called with an indicator's name, its number and the number of all.

    Returns
    -------
    Benchmark : values with 95 % intervals where the measure has rows to draw again, *unknown* with the reason where
        data is missing, scores on stated yardsticks only, ranks as intervals only, and what keeps cities apart.

    Raises
    ------
    ScenarioError : fewer than two cities, or two with one name.
    """
    places_ = tuple(cities)
    names = [city.name for city in places_]
    if len(names) < 2:
        raise ScenarioError(f"benchmark: it compares two or more cities, not {len(names)}; for one use twin.check")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ScenarioError(f"benchmark: two cities are called '{twice[0]}'; give each its own name in city.toml")
    day, wanted = on or dt.date.today(), [packs] if isinstance(packs, str | Path) else list(packs)
    groups = _groups([clause for pack in load(wanted) for clause in pack.clause])
    verdicts = [check(city, wanted, on=day) for city in places_]
    judged = [_by_key(each) for each in verdicts]
    found = []
    for number, clauses in enumerate(groups):
        found.append(_indicator(places_, clauses, judged, day, (seed, number)))
        if progress is not None:
            progress(clauses[0].key, number + 1, len(groups))
    options = {"seed": seed, "draws": DRAWS, "on": day.isoformat()}
    return Benchmark(places_, tuple(found), tuple(map(str, wanted)), day, options, tuple(city_notes(places_)))


def _by_key(verdicts: Verdicts) -> dict[str, Any]:
    return {verdict.key: verdict for verdict in verdicts}


def _groups(clauses: Sequence[Clause]) -> list[tuple[Clause, ...]]:
    """Clauses by what they measure; a clause that is told of in the alignments leads its group."""
    found: dict[str, list[Clause]] = {}
    for clause in clauses:
        asked = json.dumps([clause.measure, clause.arguments()], sort_keys=True, default=str)
        found.setdefault(asked, []).append(clause)
    known = alignments()
    return [tuple(sorted(some, key=lambda each: each.key not in known)) for some in found.values()]


def _indicator(
    cities: Sequence[City], clauses: tuple[Clause, ...], judged: Sequence[Any], day: dt.date, seed: tuple[int, int]
) -> Indicator:
    lead = clauses[0]
    told = alignments().get(lead.key)
    values, reasons, draws = [], [], []
    for position, city in enumerate(cities):
        value, reason, again = _value(city, lead, np.random.default_rng([*seed, position]))
        values.append(value)
        reasons.append(reason)
        draws.append(again)
    asks = [_asked(city, clauses, verdicts, day) for city, verdicts in zip(cities, judged, strict=True)]
    better = better_of({key: 0.0 for _, limits in asks for key in limits}, told)
    ranks = _ranks(values, draws, better)
    readings = []
    for position, city in enumerate(cities):
        clause, limits = asks[position]
        value, (low, high) = values[position], spread(draws[position], values[position])
        score, yardstick = scored(value, lead.meter.unit, limits, clause.key, told)
        status = "unknown" if np.isnan(value) else judged[position][clause.key].status if limits else "value"
        reason = reasons[position]
        if not reason.en and np.isnan(low):
            reason = word("no_interval")
        readings.append(
            Reading(
                status, value, low, high, reason, score, yardstick, ranks[position],
                {layer: city.about.source(layer).year for layer in lead.meter.reads},
            )
        )  # fmt: skip
    codes = (*(Code(framework=each.standard, code=each.id) for each in clauses), *_codes(told))
    title = Text(lead.title.en, lead.title.zh)
    notes = tuple(indicator_notes(cities, lead, readings, [clause.key + str(limits) for clause, limits in asks]))
    return Indicator(told.id if told else lead.key, title, clauses, codes, better, tuple(readings), notes)


def _codes(told: Alignment | None) -> tuple[Code, ...]:
    return () if told is None else told.code


def _value(city: City, clause: Clause, rng: np.random.Generator) -> tuple[float, Text, NDArray[np.float64]]:
    """Value, why there is none, and draws of it."""
    nothing = np.zeros(0)
    try:
        found = measured(city, clause, clause.meter)
    except MissingData as gap:
        return _NAN, Text(*missing(city, gap)), nothing
    value = float(getattr(found, "value", found))
    if np.isnan(value):
        return value, word("no_number"), nothing
    if not isinstance(found, Share | Statistic) or not np.isfinite(value):
        return value, Text("", ""), nothing
    try:
        return value, Text("", ""), drawn(found, blocks_of(city, found.layer), rng)
    except MissingData:
        return value, Text("", ""), nothing


def _asked(city: City, clauses: Sequence[Clause], verdicts: Any, day: dt.date) -> tuple[Clause, dict[str, float]]:
    """The first clause that sets a limit for this city on this day, and the limit; else the leading clause and none."""
    for clause in clauses:
        limits = limits_of(clause, city.about.traits, day)
        if limits and verdicts[clause.key].status in {"pass", "fail"}:
            return clause, dict(limits)
    return clauses[0], {}


def _ranks(values: Sequence[float], draws: Sequence[Any], better: str) -> list[tuple[int, int] | None]:
    """Places of the cities that have an interval; none at all where one that is known has none."""
    known = [position for position, value in enumerate(values) if not np.isnan(value)]
    ranks: list[tuple[int, int] | None] = [None] * len(values)
    if better and len(known) > 1 and all(len(draws[position]) for position in known):
        for position, rank in zip(known, places(np.array([draws[p] for p in known]), better), strict=True):
            ranks[position] = rank
    return ranks
