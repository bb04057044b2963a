"""What is wrong with a pack's file: every mistake, with its line and the name that was probably meant."""

from __future__ import annotations

import inspect
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isinf
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from twin.errors import DataError, StandardError, TwinError, UnknownName, listed
from twin.measures import Measure, measures
from twin.standards.clause import (
    Band,
    Clause,
    Grade,
    Label,
    Limit,
    Origin,
    Pack,
    Phase,
    Standard,
    Validity,
    in_unit,
    limits_set,
)
from twin.units import shown

__all__ = ["Mistake", "examined"]

#: Keys that hold a table of their own.
_INNER: Mapping[Any, type[Any]] = {
    "about": Label,
    "classes": Band,
    "grade": Grade,
    "phase": Phase,
    "source": Origin,
    "standard": Standard,
    "title": Label,
    "valid": Validity,
}


#: Keys that hold a limit, and those that hold a lower one.
_LIMITS = ("at_least", "at_most", "more_than", "less_than", "between", "least")
_LOWER = ("at_least", "more_than")


@dataclass(frozen=True)
class Mistake:
    """A mistake in a pack: the line that it stands in, or where its clause begins (0: unknown), and the error."""

    line: int
    error: TwinError


def examined(path: Path) -> tuple[Pack | None, tuple[Mistake, ...]]:
    """A pack's file, and what is wrong with it."""
    try:
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        said = f"{path}: not readable as TOML ({error}); correct that line"
        number = re.search(r"at line (\d+)", str(error))
        return None, (Mistake(int(number[1]) if number else 0, StandardError(said, pack=path.stem)),)
    lines = text.splitlines()
    try:
        pack = Pack.model_validate(table)
    except ValidationError as error:
        return None, tuple(
            Mistake(_line(lines, _place(each)), StandardError(_explained(path, table, each), pack=path.stem))
            for each in error.errors()
        )
    found = [*_twice(pack, path, lines), *_odd(pack, path, lines), *_succession(pack, path, lines)]
    return pack, tuple(sorted(found, key=lambda mistake: mistake.line))


def _place(error: Mapping[str, Any]) -> tuple[Any, ...]:
    """Where a mistake stands: what is missing is missing from the table that should hold it."""
    place = tuple(error["loc"])
    return place[:-1] if error["type"] == "missing" else place


def _block(lines: Sequence[str], clause: int) -> tuple[int, int]:
    """First line of a clause and the line after its last, counted from 0; (0, 0) where it has no header of its own."""
    heads = [i for i, line in enumerate(lines) if re.match(r"\s*\[\[\s*clause\s*\]\]", line)]
    if clause >= len(heads):
        return 0, 0
    start = heads[clause]
    after = (i for i in range(start + 1, len(lines)) if re.match(r"\s*\[+\s*(clause|standard)\b", lines[i]))
    return start, next(after, len(lines))


def _line(lines: Sequence[str], place: Sequence[Any]) -> int:
    """Line of a key by its place in the file's table, counted from 1; of its clause where the key is not found."""
    start, end, rest = 0, len(lines), list(place)
    inside = len(rest) > 1 and rest[0] == "clause" and isinstance(rest[1], int)
    if inside:
        start, end = _block(lines, rest[1])
        rest = rest[2:]
    if len(rest) > 1 and rest[0] == "standard":  # its table is headed by the name, and clauses name it too
        rest = rest[1:]
    hit = start if inside and end else -1
    for key in [str(each) for each in rest if not isinstance(each, int)]:  # from the outer table to the inner one
        sign = re.compile(rf"(^|[\[{{,\s.\"]){re.escape(key)}\"?\s*(=|\])")
        hit = next((i for i in range(max(hit, start), end) if sign.search(lines[i])), hit)
    return hit + 1


def _twice(pack: Pack, path: Path, lines: Sequence[str]) -> Iterator[Mistake]:
    seen: set[str] = set()
    for i, clause in enumerate(pack.clause):
        if clause.key in seen:
            yield Mistake(
                _line(lines, ("clause", i, "id")),
                StandardError(
                    f"{path}: clause {clause.key} stands there twice; standard, edition and clause are the key",
                    pack=path.stem,
                ),
            )
        seen.add(clause.key)


def _odd(pack: Pack, path: Path, lines: Sequence[str]) -> Iterator[Mistake]:
    for i, clause in enumerate(pack.clause):
        try:
            _check(clause, pack, path)
        except TwinError as error:
            named = re.search(rf"given\.(\w+)|: ({'|'.join(_LIMITS)}):", str(error))
            word = named[1] or named[2] if named else str(getattr(error, "name", ""))
            yield Mistake(_holding(lines, i, word), error)


def _holding(lines: Sequence[str], clause: int, word: str) -> int:
    """Line of a clause that has a word in it, or where the clause begins."""
    start, end = _block(lines, clause)
    hit = (i + 1 for i in range(start, end) if word and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", lines[i]))
    return next(hit, start + 1 if end else 0)


def _succession(pack: Pack, path: Path, lines: Sequence[str]) -> Iterator[Mistake]:
    """Clauses that replace each other in a circle, and those that still hold when their successor does already."""
    by_key = {clause.key: clause for clause in pack.clause}
    for i, clause in enumerate(pack.clause):
        if not clause.valid.replaced_by:
            continue
        line = _line(lines, ("clause", i, "replaced_by"))
        where = f"{path}, clause {clause.id}"
        after = by_key.get(clause.valid.replaced_by)
        if after is not None and clause.valid.until is not None:
            since = after.valid.since
            if since is None or since <= clause.valid.until:
                yield Mistake(
                    line,
                    StandardError(
                        f"{where}: valid: it holds until {clause.valid.until}, and {after.key}, which replaces it, "
                        f"{'at all times' if since is None else f'from {since}'}: their validity overlaps; end it a "
                        "day before",
                        pack=path.stem,
                        clause=clause.id,
                    ),
                )
        chain = [clause.key]
        while after is not None and after.key not in chain:
            chain.append(after.key)
            after = by_key.get(after.valid.replaced_by)
        if after is not None and after.key == clause.key:
            yield Mistake(
                line,
                StandardError(
                    f"{where}: valid: 'replaced_by' goes in a circle, {' -> '.join([*chain, clause.key])}; the newest "
                    "clause is replaced by none",
                    pack=path.stem,
                    clause=clause.id,
                ),
            )


def _explained(path: Path, table: Mapping[str, Any], first: Mapping[str, Any]) -> str:
    """A mistake with the clause it stands in and the key that was probably meant."""
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
        for limit in (clause, *clause.grade, *clause.phase):
            _check_limit(limit, clause.meter)
        for band in clause.classes:
            _number("least", band.least, clause.meter)
    except TwinError as error:
        raise StandardError(
            f"{where}: {error}" if where not in str(error) else str(error), pack=pack.name, clause=clause.id
        ) from None


def _check_limit(limit: Limit, meter: Measure) -> None:
    """The limits are numbers of the measure's unit, and some value can meet them."""
    asked = {}
    for key, value in limits_set(limit).items():
        word = "between" if limit.between is not None and key in {"at_least", "at_most"} else key
        asked[key] = word, _number(word, value, meter)
    low = max((number for key, (_, number) in asked.items() if key in _LOWER), default=-inf)
    high = min((number for key, (_, number) in asked.items() if key not in _LOWER), default=inf)
    strict = any(key in asked and asked[key][1] in {low, high} for key in ("more_than", "less_than"))
    word = next(iter(asked.values()))[0] if asked else ""
    if low > high or (low == high and strict):
        raise DataError(f"{word}: no value is above {shown(low, meter.unit)} and below {shown(high, meter.unit)}")
    least, most = meter.bounds
    if low > most or (low == most and "more_than" in asked):
        raise DataError(
            f"{word}: {low:g} can never be met, {meter.name} gives a share from 0 to 1; "
            'write a percentage as { value = 80, unit = "%" }'
        )
    if high < least or (high == least and "less_than" in asked):
        raise DataError(f"{word}: {shown(high, meter.unit)} can never be met, {meter.name} is never below 0")


def _number(word: str, value: Any, meter: Measure) -> float:
    try:
        number = in_unit(value, meter)
    except TwinError as error:
        raise DataError(f"{word}: {error}") from None
    if isinf(number):
        raise DataError(f"{word}: {value} is no limit; leave it out")
    return number


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
