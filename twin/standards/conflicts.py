"""Clauses that ask different things of the same measure, side by side."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from twin.errors import listed
from twin.measures import measures
from twin.model import Verdicts
from twin.standards.check import in_force
from twin.standards.clause import Clause, limits_of
from twin.standards.pack import load
from twin.standards.words import limit_words
from twin.units import shown

__all__ = ["given_words", "rivals", "side_by_side"]

#: Measures that answer one question, by different kinds of distance or time.
_QUESTION = {
    **dict.fromkeys(("distance_within", "share_within", "straight_within", "walk_within"), "near enough"),
    **dict.fromkeys(("area_per_head", "area_per_household", "room_for_share"), "room for each"),
}

_CHINESE = {"near enough": "可达范围", "room for each": "人均面积"}


def _question(name: str, language: str) -> str:
    """A question as people read it: the measure's label where it has no name of its own."""
    if name in _CHINESE:
        return _CHINESE[name] if language == "zh" else name
    return measures[name].zh if language == "zh" else measures[name].en


#: What is asked of a thing: its area and its gates, its distance from fuel and from gas are questions of their own.
_PARTS = ("size", "hazard", "near", "to")

#: Figures that a clause sets by what it gives, though it says not how many people they must hold for.
_FIGURES = ("area_each",)

#: What a clause speaks of where it names no kind of facility, the narrowest first.
_THINGS = ("record", "matter", "sector", "put_in", "column", "part", "network", "layer", "use")


def side_by_side(
    packs: str | Path | Iterable[str | Path],
    *,
    on: dt.date | None = None,
    traits: Mapping[str, str] | None = None,
    verdicts: Verdicts | None = None,
    language: str = "en",
) -> pd.DataFrame:
    """Clauses in force that put the same question of the same thing and do not ask the same.

    The question is the measure (the kinds of distance count as one question: near enough), the thing is the kind of
    facility, or the record, column, network or layer where there is none. Clauses that set no figure, and those that
    another one overrides, are left out.

    Parameters
    ----------
    on : date whose law holds; today where not given.
    traits : of the city, which grades are chosen by.
    verdicts : of `twin.check` on the same packs; then status and value stand beside.
    language : of question and limit, ``en`` or ``zh``.

    Returns
    -------
    DataFrame : question, of, clause, strength, evidence, asks, limit (and status, value); a row for each clause.
    """
    day = on or dt.date.today()
    clauses = [clause for pack in load(packs) for clause in pack.clause]
    judged = {each.key: each for each in verdicts or ()}
    holding = [clause for clause in clauses if in_force(clause, day) is None]
    overridden = {old for clause in holding for old in clause.overrides}
    rows: dict[tuple[tuple[str, ...], str], list[dict[str, str]]] = {}
    for clause in holding:
        limits = limits_of(clause, traits or {}, day)
        if clause.key in overridden or not (limits or _sets(clause)):
            continue
        row = {
            "clause": clause.key,
            "strength": clause.strength,
            "evidence": clause.source.evidence,
            "asks": _asks(clause),
            "limit": limit_words(limits or {}, clause.meter.unit)[language == "zh"],
        }
        if verdicts is not None and clause.key in judged:
            found = judged[clause.key]
            row |= {"status": found.status, "value": shown(found.value, found.unit)}
        for thing in _things(clause):
            rows.setdefault((_put(clause), thing), []).append(row)
    seen: set[tuple[str, ...]] = set()
    found_rows = []
    for (question, thing), group in rows.items():
        asked = _question(question[0], language)
        keys = tuple(row["clause"] for row in group)
        if len({(row["asks"], row["limit"]) for row in group}) > 1 and keys not in seen:
            seen.add(keys)  # the same clauses, met again by another of their kinds, are listed once
            found_rows += [{"question": asked, "of": thing, **row} for row in group]
    columns = ["question", "of", "clause", "strength", "evidence", "asks", "limit"]
    return pd.DataFrame(found_rows, columns=[*columns, *(("status", "value") if verdicts is not None else ())])


def rivals(
    clause: Clause, others: Iterable[Clause], *, on: dt.date | None = None, traits: Mapping[str, str] | None = None
) -> tuple[Clause, ...]:
    """Clauses in force that put the question of one clause, of the same thing, and do not ask the same.

    Parameters
    ----------
    clause : it need not be in force itself.
    on, traits : as in `side_by_side`.
    """
    day = on or dt.date.today()
    question, things = _put(clause), set(_things(clause))
    asked = _asks(clause), limits_of(clause, traits or {}, day)
    found = {}
    for other in others:
        if _put(other) != question or not things & set(_things(other)) or in_force(other, day) is not None:
            continue
        limits = limits_of(other, traits or {}, day)
        if (limits or _sets(other)) and other.key != clause.key and (_asks(other), limits) != asked:
            found[other.key] = other
    return tuple(found.values())


def _put(clause: Clause) -> tuple[str, ...]:
    """The question that a clause puts: what is measured, and of which part of the thing."""
    takes = clause.meter.parameters
    parts = [clause.given.get(key, takes[key].default if key in takes else "") for key in _PARTS]
    said = (listed(part) if isinstance(part, list | tuple) else str(part) for part in parts)
    return _QUESTION.get(clause.measure, clause.measure), *said


def _sets(clause: Clause) -> bool:
    return any(key in clause.given for key in _FIGURES)


def _things(clause: Clause) -> tuple[str, ...]:
    if clause.kinds:
        return clause.kinds
    return tuple(str(clause.given[key]) for key in _THINGS if key in clause.given)[:1] or ("city",)


def _asks(clause: Clause) -> str:
    """The figures of `given`, and of whom; the kinds and the network stand elsewhere."""
    return ", ".join(filter(None, [clause.measure if clause.measure in _QUESTION else "", given_words(clause)]))


def given_words(clause: Clause) -> str:
    """What a clause gives its measure, as people read it, without kinds of facility, network and layer."""
    parts, units = [], clause.meter.given
    for key, value in clause.arguments().items():
        if key not in {"facility", "network", "layer"}:
            text = shown(value, units[key]) if key in units else listed(value) if isinstance(value, tuple) else value
            parts.append(f"{key} {text}")
    return ", ".join(parts)
