"""Clauses and packs as data: what may stand in a pack's file, and the limits that hold on a day."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from twin.errors import DataError
from twin.measures import Measure, measures
from twin.units import quantity

__all__ = ["Band", "Clause", "Grade", "Label", "Limit", "Origin", "Pack", "Phase", "Standard", "Validity", "domains"]

#: How far a recalled figure may be trusted is said in every output.
Evidence = Literal["read", "partly read", "recalled"]
Strength = Literal["mandatory", "recommended", "policy-target", "indicative"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Label(_Strict):
    """A text in English and Chinese."""

    en: str
    zh: str


class Validity(_Strict):
    """When a clause holds, both days inclusive.

    `goal` is the year that a policy aims at: after it the figure stays as a level, and judges no more. `replaced_by`
    names what holds after `until`: a clause ("GB 3095-2026, 4.1") or a standard.
    """

    since: dt.date | None = Field(default=None, alias="from")
    until: dt.date | None = None
    replaced_by: str = ""
    goal: int | None = None


class Origin(_Strict):
    """Where the figure was read, and how sure it is; a `note` in one language is shown in both."""

    ref: str
    evidence: Evidence
    note: str | Label = ""

    @property
    def said(self) -> Label:
        """The note in both languages; empty texts where there is none."""
        return Label(en=self.note, zh=self.note) if isinstance(self.note, str) else self.note


Number = float | str | dict[str, float | str]


class Limit(_Strict):
    """A limit on a measure's value; in the measure's unit, or ``{ value = 15, unit = "minute" }``."""

    at_least: Number | None = None
    at_most: Number | None = None
    more_than: Number | None = None
    less_than: Number | None = None
    between: tuple[Number, Number] | None = None


class Grade(Limit):
    """A limit for cities of some class only; `when` names traits of the city and the values they may have."""

    when: dict[str, list[str]]


class Phase(Limit):
    """A limit for some years only, both days inclusive; the phases of a clause do not overlap."""

    since: dt.date = Field(default=dt.date.min, alias="from")
    until: dt.date = dt.date.max


class Band(_Strict):
    """A class of values: from `least` upwards."""

    name: str
    least: Number


class Clause(Limit):
    """One clause: what is measured, how, and what is asked of the value; without any limit it is a value to report."""

    id: str
    standard: str
    title: Label
    domain: tuple[int, ...] = Field(min_length=1)
    strength: Strength
    measure: str
    given: dict[str, Any] = Field(default_factory=dict)
    beside: str = ""
    grade: tuple[Grade, ...] = ()
    phase: tuple[Phase, ...] = ()
    classes: tuple[Band, ...] = ()
    applies: dict[str, list[str]] = Field(default_factory=dict)
    overrides: tuple[str, ...] = ()
    valid: Validity = Validity()
    source: Origin

    @model_validator(mode="after")
    def _sound(self) -> Clause:
        if any(not 1 <= number <= 12 for number in self.domain):
            raise ValueError(f"domain: numbers from 1 to 12, not {list(self.domain)}")
        kinds = [bool(limits_set(self)), bool(self.grade), bool(self.phase), bool(self.classes)]
        if sum(kinds) > 1:
            raise ValueError("give one of a limit (at_least, at_most, …), grade, phase and classes")
        valid = self.valid
        if valid.since is not None and valid.until is not None and valid.until < valid.since:
            raise ValueError(f"valid: it ends on {valid.until}, before it begins on {valid.since}")
        if valid.replaced_by and valid.until is None:
            raise ValueError("valid: 'replaced_by' needs 'until', the last day that the clause holds")
        _apart(self.phase)
        return self

    @property
    def key(self) -> str:
        """Standard and clause in one."""
        return f"{self.standard}, {self.id}"

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of facility that it asks for, those of groups too; none where it asks for something else."""
        facility = self.given.get("facility", ())
        if isinstance(facility, str):
            return (facility,)
        return tuple(kind for group in facility for kind in ((group,) if isinstance(group, str) else group))

    @property
    def meter(self) -> Measure:
        """The measure that it names."""
        return measures[self.measure]

    def expired(self, day: dt.date) -> bool:
        """Whether it is the goal of a year before that day: a level to compare with, and no limit any more."""
        return self.valid.goal is not None and day.year > self.valid.goal

    def arguments(self, *, of: Measure | None = None) -> dict[str, Any]:
        """`given` in SI, for the measure's function."""
        meter = of or self.meter
        return {
            key: _argument(value, meter.given.get(key), f"{self.key}, given.{key}")
            for key, value in self.given.items()
            if key in meter.parameters
        }


def _apart(phases: tuple[Phase, ...]) -> None:
    """Refuse phases that end before they begin, or that overlap: two limits would hold on one day."""
    for each in phases:
        if each.until < each.since:
            raise ValueError(f"phase: it ends on {each.until}, before it begins on {each.since}")
    inner = sorted(phases, key=lambda each: each.since)
    for first, second in pairwise(inner):
        if second.since <= first.until:
            raise ValueError(f"phase: on {second.since} two limits hold; end the first a day before the second begins")


class Standard(_Strict):
    """A standard in one edition."""

    title: Label
    issued: str = ""


class Pack(_Strict):
    """Clauses of one or several standards, under a name."""

    name: str
    title: Label
    about: Label
    standard: dict[str, Standard]
    clause: tuple[Clause, ...]


@cache
def domains() -> Mapping[int, Label]:
    """The twelve domains of city standards, by number."""
    table = tomllib.loads((files("twin.standards") / "domains.toml").read_text(encoding="utf-8"))
    return {int(number): Label(**label) for number, label in table.items()}


def in_unit(value: Any, meter: Measure, where: str = "") -> float:
    """A limit in the measure's unit."""
    return quantity(value, unit=meter.unit, where=where)


def limits_set(limit: Limit) -> dict[str, Any]:
    """The limits that are set, by key; ``between`` as its two ends."""
    keys = {key: getattr(limit, key) for key in ("at_least", "at_most", "more_than", "less_than")}
    if limit.between is not None:
        keys["at_least"], keys["at_most"] = limit.between
    return {key: value for key, value in keys.items() if value is not None}


def limits_of(clause: Clause, traits: Mapping[str, str], day: dt.date | None = None) -> dict[str, float] | None:
    """The limits that hold for a city of these traits on a day (today where not given), in the measure's unit.

    Returns
    -------
    dict : empty where the clause sets no limit, or its goal has passed; None where it grades by a trait that the city
        does not state, or none of its phases holds on that day.
    """
    day = day or dt.date.today()
    if clause.expired(day):
        return {}
    chosen: Limit | None = clause
    if clause.phase:
        chosen = next((phase for phase in clause.phase if phase.since <= day <= phase.until), None)
    if clause.grade:
        chosen = next((g for g in clause.grade if all(traits.get(t) in values for t, values in g.when.items())), None)
    if chosen is None:
        return None
    return {key: in_unit(value, clause.meter) for key, value in limits_set(chosen).items()}


def _argument(value: Any, unit: str | None, where: str) -> Any:
    if unit is not None:
        return quantity(value, unit=unit, where=where)
    if isinstance(value, Mapping):
        raise DataError(f"{where}: a plain value is expected, it has no unit; not {dict(value)}")
    return tuple(value) if isinstance(value, list) else value
