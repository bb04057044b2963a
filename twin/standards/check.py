"""Judge a city, clause by clause."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.errors import MissingData
from twin.measures import Measure, Share, Statistic, measures
from twin.model import City, Trace, Verdict, Verdicts
from twin.model.noted import Known
from twin.routing.paths import in_chunks
from twin.standards.clause import Clause, in_unit, limits_of, limits_set
from twin.standards.pack import load
from twin.standards.words import SIGNS, beside, compared, doubts, limit_text, limit_words, missing, trait_words

__all__ = ["check", "holds", "in_force", "judge", "measured", "verdict_on"]

_NAN = float("nan")


def check(
    city: City,
    packs: str | Path | Iterable[str | Path],
    *,
    trace: Trace | None = None,
    on: dt.date | None = None,
) -> Verdicts:
    """Judge a city by every clause of some packs.

    Parameters
    ----------
    packs : names of packs, files, or ``"all"``.
    trace : result of a simulation, for clauses that need one; without it they are *unknown*.
    on : date whose law holds; today where not given.

    Returns
    -------
    Verdicts : *unknown* where data is missing, never *pass*; *not applicable* where the clause does not speak of
        such a city or not at that date; *value* where it sets no limit.

    Raises
    ------
    UnknownName, StandardError : a pack that does not exist or is not well formed.
    """
    day = on or dt.date.today()
    clauses = [clause for pack in load(packs) for clause in pack.clause]
    overridden = {old: clause.key for clause in clauses if in_force(clause, day) is None for old in clause.overrides}
    found: list[Verdict] = []

    known = city.memory.of("verdicts", (), Known)

    def one(clause: Clause) -> Verdict:
        def judged(of: City) -> Verdict:
            return verdict_on(of, clause, day, overridden=overridden, trace=trace)

        meters = clause.meter, measures[clause.beside] if clause.beside else None
        if trace is not None and any(meter is not None and "trace" in meter.parameters for meter in meters):
            return judged(city)
        return known.of((id(clause), meters, day, overridden.get(clause.key)), city, judged, keep=clause)

    def some(part: slice) -> list[Verdict]:
        return [one(clause) for clause in clauses[part]]

    in_chunks(some, len(clauses), least=1, then=lambda _, verdicts: found.extend(verdicts))
    return Verdicts(tuple(found))


def verdict_on(
    city: City,
    clause: Clause,
    day: dt.date,
    *,
    overridden: Mapping[str, str] | None = None,
    trace: Trace | None = None,
) -> Verdict:
    """The verdict of one clause by the law of a day; `overridden` names the clauses that another takes the place of."""
    idle = in_force(clause, day)
    if idle is None and overridden and clause.key in overridden:
        idle = (f"{overridden[clause.key]} takes its place", f"以{overridden[clause.key]}为准")
    if idle is None:
        idle = _outside(city, clause)
    if idle is not None:
        return _verdict(clause, "not applicable", reason=idle[0], reason_zh=idle[1])
    state = _stateless(city, clause)
    if state is not None:
        return _verdict(clause, "unknown", reason=state[0], reason_zh=state[1])
    if trace is None and "trace" in clause.meter.parameters:
        return _verdict(
            clause,
            "unknown",
            reason="this clause is judged on a simulated run, and there is no trace",
            reason_zh="本条依据仿真结果判定，未提供仿真轨迹",
        )
    try:
        found = measured(city, clause, clause.meter, trace)
    except MissingData as gap:
        en, zh = missing(city, gap)
        return _verdict(clause, "unknown", reason=en, reason_zh=zh)
    extra = _joined(_level(clause, day), _beside(city, clause, trace), _run(clause, trace))
    return judge(city, clause, found, limits_of(clause, city.about.traits, day) or {}, extra=extra)


def judge(
    city: City, clause: Clause, found: Any, limits: Mapping[str, float], *, extra: tuple[str, str] = ("", "")
) -> Verdict:
    """The verdict on a measured value.

    Parameters
    ----------
    found : float, `Share`, `Statistic`, or Series aligned with a layer (then each row is held against the limit).
    limits : in the measure's unit, by ``at_least``, ``at_most``, ``more_than``, ``less_than``.
    """
    value = float(found.value) if isinstance(found, Share | Statistic) else float(found)
    if np.isnan(value):
        return _verdict(clause, "unknown", reason="the value is not a number", reason_zh="无法得出数值")
    margin = _margin(value, limits)
    status = "value" if not limits else "pass" if holds(value, limits) else "fail"
    short, people = _short(found, limits)
    en, zh = compared(clause, value, limits, people if status != "pass" or people > 0 else 0.0)
    if clause.classes:
        band = max(
            (b for b in clause.classes if value >= in_unit(b.least, clause.meter)),
            key=lambda b: in_unit(b.least, clause.meter),
            default=None,
        )
        en, zh = f"class {band.name if band else 'none'}: {en}", f"等级{band.name if band else '无'}：{zh}"
    tail_en, tail_zh = doubts(city, clause)
    return _verdict(
        clause,
        status,
        value=value,
        limit=limit_text(limits),
        margin=margin,
        people=people,
        reason="; ".join(filter(None, (en, extra[0], tail_en))),
        reason_zh="；".join(filter(None, (zh, extra[1], tail_zh))),
        layer=getattr(found, "layer", "population") if short is not None else "",
        short=short,
    )


def _verdict(clause: Clause, status: str, **parts: Any) -> Verdict:
    return Verdict(clause.standard, clause.id, clause.domain, status, unit=clause.meter.unit, **parts)


def in_force(clause: Clause, day: dt.date) -> tuple[str, str] | None:
    """None where a clause holds on that day, else why it does not, in English and Chinese."""
    valid = clause.valid
    if valid.since is not None and day < valid.since:
        return f"in force from {valid.since}", f"自{valid.since}起施行"
    if valid.until is not None and day > valid.until:
        after = f", replaced by {valid.replaced_by}" if valid.replaced_by else ""
        return f"ended on {valid.until}{after}", f"已于{valid.until}废止" + (
            f"，由{valid.replaced_by}代替" if valid.replaced_by else ""
        )
    if clause.phase and not any(phase.since <= day <= phase.until for phase in clause.phase):
        return f"sets no limit for {day}", f"对{day}未设限值"
    return None


def _outside(city: City, clause: Clause) -> tuple[str, str] | None:
    for trait, values in clause.applies.items():
        own = city.about.traits.get(trait)
        if own is not None and own not in values:
            asked, mine = trait_words(trait, *values), trait_words(trait, own)
            return f"speaks of cities with {asked[0]}, this is {own}", f"适用于{asked[1]}的城市，本市{mine[1]}"
    return None


def _level(clause: Clause, day: dt.date) -> tuple[str, str]:
    """What a goal asked for whose year has passed."""
    if not clause.expired(day) or not limits_set(clause):
        return "", ""
    asked = {key: in_unit(value, clause.meter) for key, value in limits_set(clause).items()}
    en, zh = limit_words(asked, clause.meter.unit)
    return f"{en} was the goal, its year has passed", f"目标为{zh}，目标年已过"


def _run(clause: Clause, trace: Trace | None) -> tuple[str, str]:
    """Which run a verdict rests on."""
    if trace is None or "trace" not in clause.meter.parameters:
        return "", ""
    hours = f"{trace.until / 3600:g}"
    early, early_zh = (" that was ended early", "（提前终止）") if trace.partial else ("", "")
    return (
        f"by one simulated run of {hours} h{early}, seed {trace.seed}",
        f"依据一次{hours}小时仿真{early_zh}，随机种子{trace.seed}",
    )


def _joined(*texts: tuple[str, str]) -> tuple[str, str]:
    return "; ".join(filter(None, (en for en, _ in texts))), "；".join(filter(None, (zh for _, zh in texts)))


def _stateless(city: City, clause: Clause) -> tuple[str, str] | None:
    """A trait that the clause asks for and the city does not state."""
    needed = {*clause.applies, *(trait for grade in clause.grade for trait in grade.when)}
    gone = sorted(trait for trait in needed if trait not in city.about.traits)
    if gone:
        names = "、".join(f"{trait_words(trait)[1]}（{trait}）" for trait in gone)
        return (
            f"the city does not state its {', '.join(gone)}; add it under [traits] in city.toml",
            f"城市未说明{names}；请在city.toml的[traits]中补充",
        )
    if clause.grade and limits_of(clause, city.about.traits) is None:
        return "no grade of the clause speaks of such a city", "条文没有适用于该类城市的等级"
    return None


def measured(city: City, clause: Clause, meter: Measure, trace: Trace | None = None) -> Any:
    """What a measure says of a city with what the clause gives; `MissingData` where the city lacks what it reads."""
    arguments = clause.arguments(of=meter)
    if "trace" in meter.parameters:
        if trace is None:
            raise MissingData("this clause is judged on a simulation, and there is no trace")
        arguments["trace"] = trace
    return meter.function(city, **arguments)


def _beside(city: City, clause: Clause, trace: Trace | None) -> tuple[str, str]:
    """The same question by another kind of distance, reported beside the verdict."""
    if not clause.beside:
        return "", ""
    meter = measures[clause.beside]
    try:
        found = measured(city, clause, meter, trace)
    except MissingData:
        return "", ""
    return beside(meter, float(getattr(found, "value", found)))


def holds(value: float, limits: Mapping[str, float]) -> bool:
    """Whether a value meets every limit, both in the measure's unit.

    >>> holds(0.8, {"at_least": 0.8}), holds(0.8, {"more_than": 0.8})
    (True, False)
    """
    return all(_holds(value, key, limit) for key, limit in limits.items())


def _holds(value: float, key: str, limit: float) -> bool:
    slack = 1e-9 * max(1.0, abs(limit))  # a value on an inclusive limit holds in spite of rounding
    return {
        "at_least": value >= limit - slack,
        "at_most": value <= limit + slack,
        "more_than": value > limit + slack,
        "less_than": value < limit - slack,
    }[key]


def _margin(value: float, limits: Mapping[str, float]) -> float:
    gaps = [value - limit if SIGNS[key].startswith((">", "≥")) else limit - value for key, limit in limits.items()]
    return min(gaps) if gaps else _NAN


def _short(found: Any, limits: Mapping[str, float]) -> tuple[NDArray[np.bool_] | None, float]:
    """Which rows fall short, and how many persons live there."""
    if isinstance(found, Share):
        return ~found.reached, found.people
    if isinstance(found, Statistic) and limits:
        with np.errstate(invalid="ignore"):
            over = np.any([~_each(found.rows, key, limit) for key, limit in limits.items()], axis=0) & (
                found.weight > 0
            )
        return over, float(found.weight[over].sum()) if found.persons else _NAN
    return None, _NAN


def _each(rows: NDArray[np.float64], key: str, limit: float) -> NDArray[np.bool_]:
    compare = {"at_least": np.greater_equal, "at_most": np.less_equal, "more_than": np.greater, "less_than": np.less}[
        key
    ]
    return np.asarray(compare(rows, limit)) | pd.isna(rows)
