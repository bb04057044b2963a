"""What people tell of a case beside its numbers: the table ``[case]`` of a scenario file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from twin.errors import DataError
from twin.standards.clause import Label

__all__ = ["Cost", "Told", "told_from", "told_in"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Cost(_Strict):
    """One item of what a measure costs.

    Attributes
    ----------
    plan : name of the plan that it belongs to, in English; empty: of all of them.
    amount : in units of `currency`; not stated where it is missing.
    each : once, or every year.
    source : where the figure comes from.
    estimated : the figure is an estimate or an assumption, not a price paid or offered.
    """

    item: Label
    plan: str = ""
    amount: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    currency: str = "CNY"
    each: Literal["once", "year"] = "once"
    year: int | None = None
    source: Label | None = None
    estimated: bool = True


class Told(_Strict):
    """What is told; what is missing is *not stated* in the dossier.

    Attributes
    ----------
    title : of the dossier; the scenario's name where not given.
    problem : what was wrong, and for whom.
    context : the place and its conditions.
    lesson : what others can take from it, and what it does not show.
    assumptions : what the scenarios take for granted.
    authors, contact, licence : who answers for the dossier, and under which terms it may be used.
    """

    title: Label | None = None
    problem: Label | None = None
    context: Label | None = None
    lesson: Label | None = None
    assumptions: tuple[Label, ...] = ()
    authors: tuple[str, ...] = ()
    contact: str = ""
    licence: str = ""
    cost: tuple[Cost, ...] = ()


def told_in(path: Path) -> Told:
    """The table ``[case]`` of a TOML file, nothing told where there is none; `about` stands for a problem not told.

    Raises
    ------
    DataError : the file cannot be read, or a key is unknown, missing or of the wrong type.
    """
    try:
        file: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: not readable ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not readable as TOML ({error}); correct that line") from None
    told = told_from(file.get("case", {}), path)
    about = file.get("about")
    if told.problem is None and isinstance(about, dict) and set(about) == {"en", "zh"}:
        told = told.model_copy(update={"problem": Label(en=str(about["en"]), zh=str(about["zh"]))})
    return told


def told_from(table: Any, path: Path) -> Told:
    """What a table tells; `path` is named where it is not well formed."""
    try:
        return Told.model_validate(table)
    except ValidationError as error:
        raise DataError(f"{path}: {_mistake(error)}") from None


def _mistake(error: ValidationError) -> str:
    """The first mistake, where it stands and what to do."""
    first = error.errors()[0]
    place = ".".join(["case", *(str(part + 1) if isinstance(part, int) else part for part in first["loc"])])
    if first["type"] == "extra_forbidden":
        return f"no key '{place}'; docs/cases.md lists the keys of [case]"
    if first["type"] == "missing":
        return f'{place} is missing; texts are given in both languages, {{ en = "…", zh = "…" }}'
    if first["type"] in {"model_type", "model_attributes_type"}:
        return f'{place}: {first["input"]!r} is in one language; write {{ en = "…", zh = "…" }}'
    return f"{place}: {first['msg']}, not {first['input']!r}"
