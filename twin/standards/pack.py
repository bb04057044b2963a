"""Packs: standards as TOML files, checked when they are loaded."""

from __future__ import annotations

import datetime as dt
import inspect
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from twin.errors import DataError, StandardError, TwinError, UnknownName, listed
from twin.measures import Measure, measures
from twin.registry import Registry
from twin.units import dimension_of, quantity

__all__ = ["Clause", "Label", "Limit", "Pack", "domains", "load", "packs", "sources"]

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
    """When a clause holds. `goal` is the year that a policy aims at: it passes, and the figure stays as a level."""

    since: dt.date | None = Field(default=None, alias="from")
    until: dt.date | None = None
    replaced_by: str = ""
    goal: int | None = None


class Origin(_Strict):
    """Where the figure was read, and how sure it is."""

    ref: str
    evidence: Evidence
    note: str = ""


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
    classes: tuple[Band, ...] = ()
    applies: dict[str, list[str]] = Field(default_factory=dict)
    overrides: tuple[str, ...] = ()
    valid: Validity = Validity()
    source: Origin

    @model_validator(mode="after")
    def _sound(self) -> Clause:
        if any(not 1 <= number <= 12 for number in self.domain):
            raise ValueError(f"domain: numbers from 1 to 12, not {list(self.domain)}")
        kinds = [bool(_limits(self)), bool(self.grade), bool(self.classes)]
        if sum(kinds) > 1:
            raise ValueError("give one of a limit (at_least, at_most, …), grade and classes")
        return self

    @property
    def key(self) -> str:
        """Standard and clause in one."""
        return f"{self.standard}, {self.id}"

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of facility that it asks for; none where it asks for something else."""
        facility = self.given.get("facility", ())
        return (facility,) if isinstance(facility, str) else tuple(facility)

    @property
    def meter(self) -> Measure:
        """The measure that it names."""
        return measures[self.measure]

    def arguments(self, *, of: Measure | None = None) -> dict[str, Any]:
        """`given` in SI, for the measure's function."""
        meter = of or self.meter
        return {
            key: _argument(value, meter.given.get(key), f"{self.key}, given.{key}")
            for key, value in self.given.items()
            if key in meter.parameters
        }


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


#: Keys that hold a table of their own.
_INNER: Mapping[Any, type[_Strict]] = {
    "about": Label,
    "classes": Band,
    "grade": Grade,
    "source": Origin,
    "standard": Standard,
    "title": Label,
    "valid": Validity,
}


def _load_own() -> None:
    for entry in sorted(files("twin.standards").joinpath("packs").iterdir(), key=lambda each: each.name):
        path = Path(str(entry))
        if path.suffix == ".toml":
            packs.add(path.stem, path)


#: Names of the packs to the files that hold them.
packs: Registry[Path] = Registry("standards pack", "twin.packs", _load_own)


def load(names: str | Path | Iterable[str | Path]) -> tuple[Pack, ...]:
    """Load packs by name, by file, or ``"all"`` of them.

    Raises
    ------
    UnknownName : no such pack, standard, measure or parameter, with the nearest that exists.
    StandardError : a file that is no pack, or an unknown key or unit; says which clause and what is wrong.
    """
    return tuple(sources(names).values())


def sources(names: str | Path | Iterable[str | Path]) -> dict[Path, Pack]:
    """Packs as `load` finds them, by the file that each stands in."""
    wanted = [names] if isinstance(names, str | Path) else list(names)
    found: dict[Path, Pack] = {}
    for name in wanted:
        if name == "all":
            found |= {packs[each]: _load(packs[each]) for each in packs}
            continue
        path = Path(name) if str(name).endswith(".toml") else packs[str(name)]
        found[path] = _load(path)
    return found


@cache
def _parsed(path: Path, changed: int) -> Pack:
    del changed  # part of the cache's key: an edited file is read again
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StandardError(f"{path}: not readable as TOML ({error}); correct that line", pack=path.stem) from None
    try:
        pack = Pack.model_validate(table)
    except ValidationError as error:
        raise StandardError(_explained(path, table, error), pack=path.stem) from None
    keys = [clause.key for clause in pack.clause]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise StandardError(
            f"{path}: clause {listed(twice)} stands there twice; standard, edition and clause are the key",
            pack=path.stem,
        )
    for clause in pack.clause:
        _check(clause, pack, path)
    return pack


def _load(path: Path) -> Pack:
    if not path.is_file():
        raise StandardError(f"{path}: no such file", pack=path.stem)
    return _parsed(path, path.stat().st_mtime_ns)


def _explained(path: Path, table: Mapping[str, Any], error: ValidationError) -> str:
    """The first mistake, with the clause it stands in and the key that was probably meant."""
    first = error.errors()[0]
    place = list(first["loc"])
    where = str(path)
    if len(place) > 1 and place[0] == "clause" and isinstance(place[1], int):
        entry = table["clause"][place[1]]
        where += f", clause {entry.get('id', place[1] + 1) if isinstance(entry, dict) else place[1] + 1}"
        place = place[2:]
    if first["type"] == "extra_forbidden":
        outer = Clause if len(place) < len(first["loc"]) else Pack
        model = next((_INNER[key] for key in reversed(place[:-1]) if key in _INNER), outer)
        known = [field.alias or name for name, field in model.model_fields.items()]
        return str(UnknownName("key", place[-1] if place else "", known, where=where))
    return f"{where}: {'.'.join(map(str, place))}: {first['msg']}" if place else f"{where}: {first['msg']}"


def _check(clause: Clause, pack: Pack, path: Path) -> None:
    """What the types cannot say: that the measure exists, its parameters fit, and the limits have its unit."""
    where = f"{path}, clause {clause.id}"
    if clause.standard not in pack.standard:
        raise UnknownName("standard", clause.standard, pack.standard, where=where)
    for name in filter(None, (clause.measure, clause.beside)):
        if name not in measures:
            raise UnknownName("measure", name, measures, where=where)
    meters = (clause.meter, measures[clause.beside]) if clause.beside else (clause.meter,)
    _check_given(clause, meters, where)
    try:
        for each in meters:
            clause.arguments(of=each)
        for limit in (clause, *clause.grade):
            for value in _limits(limit).values():
                in_unit(value, clause.meter, where)
        for band in clause.classes:
            in_unit(band.least, clause.meter, where)
    except TwinError as error:
        raise StandardError(
            f"{where}: {error}" if where not in str(error) else str(error), pack=pack.name, clause=clause.id
        ) from None
    dimension_of(clause.meter.unit)


def _check_given(clause: Clause, meters: tuple[Measure, ...], where: str) -> None:
    """Every parameter belongs to the measure or to the one beside it, and none that they need is missing."""
    known = {name for each in meters for name in each.parameters}
    for key in clause.given:
        if key not in known:
            raise UnknownName(f"parameter of {' or '.join(each.name for each in meters)}", key, known, where=where)
    for each in meters:
        needed = {n for n, p in each.parameters.items() if p.default is inspect.Parameter.empty}
        missing = sorted(needed - set(clause.given) - {"trace"})
        if missing:
            raise StandardError(f"{where}: given.{listed(missing)} is missing; {each.name} needs it", clause=clause.id)


def in_unit(value: Any, meter: Measure, where: str = "") -> float:
    """A limit in the measure's unit."""
    return quantity(value, unit=meter.unit, where=where)


def _limits(limit: Limit) -> dict[str, Any]:
    """The limits that are set, by key; ``between`` as its two ends."""
    keys = {key: getattr(limit, key) for key in ("at_least", "at_most", "more_than", "less_than")}
    if limit.between is not None:
        keys["at_least"], keys["at_most"] = limit.between
    return {key: value for key, value in keys.items() if value is not None}


def limits_of(clause: Clause, traits: Mapping[str, str]) -> dict[str, float] | None:
    """The limits that hold for a city of these traits, in the measure's unit.

    Returns
    -------
    dict : empty where the clause sets no limit; None where it grades by a trait that the city does not state.
    """
    chosen: Limit | None = clause
    if clause.grade:
        chosen = next((g for g in clause.grade if all(traits.get(t) in values for t, values in g.when.items())), None)
    if chosen is None:
        return None
    return {key: in_unit(value, clause.meter) for key, value in _limits(chosen).items()}


def _argument(value: Any, unit: str | None, where: str) -> Any:
    if unit is not None:
        return quantity(value, unit=unit, where=where)
    if isinstance(value, Mapping):
        raise DataError(f"{where}: a plain value is expected, it has no unit; not {dict(value)}")
    return tuple(value) if isinstance(value, list) else value
