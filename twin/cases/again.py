"""What a run wrote as data, read back: ``page.json`` as a `Page`, the place of ``run.json`` as a `Place`."""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from twin.errors import DataError
from twin.report.content import Page
from twin.report.metadata import Place

__all__ = ["page_from", "place_from"]


def page_from(table: Mapping[str, Any]) -> Page:
    """The page that was written; numbers that JSON cannot hold (null) are NaN again, and there is no map.

    Raises
    ------
    DataError : a field is missing or of another shape, as of a file that was edited.
    """
    found: Page = _built(Page, {**table, "map": None, "manifest": {}}, "page.json")
    return found


def place_from(table: Mapping[str, Any]) -> Place:
    """The place that a manifest holds."""
    found: Place = _built(Place, table, "run.json, place")
    return found


@cache
def _types(record: type) -> Mapping[str, Any]:
    return typing.get_type_hints(record)


def _built(wanted: Any, value: Any, where: str) -> Any:
    """`value`, as JSON holds it, as the type `wanted`."""
    origin, parts = typing.get_origin(wanted), typing.get_args(wanted)
    if isinstance(wanted, type) and is_dataclass(wanted):
        return _record(wanted, value, where)
    if origin in {typing.Union, types.UnionType}:
        if isinstance(value, tuple(part for part in parts if isinstance(part, type))):
            return value
        return _built(next(part for part in parts if part is not type(None)), value, where)
    if origin is tuple:
        if not isinstance(value, list):
            raise DataError(f"{where}: a list is expected, not {value!r}; write the run again")
        each = parts[0]
        return tuple(_built(each, one, f"{where} {number}") for number, one in enumerate(value, 1))
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(value, dict):
            raise DataError(f"{where}: a table is expected, not {value!r}; write the run again")
        return {_built(parts[0], key, where): _built(parts[1], one, f"{where}, {key}") for key, one in value.items()}
    return _plain(wanted, value, where)


def _record(wanted: Any, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise DataError(f"{where}: a table is expected, not {value!r}; write the run again")
    known = {field.name for field in fields(wanted)}
    missing = sorted(known - set(value))
    if missing:
        raise DataError(f"{where}: {', '.join(missing)} is missing, as of an older run; write the run again")
    kinds = _types(wanted)
    return wanted(**{name: _built(kinds[name], value[name], f"{where}, {name}") for name in known})


def _plain(wanted: Any, value: Any, where: str) -> Any:
    if wanted is float and value is None:
        return math.nan
    try:
        if wanted is int and not isinstance(value, bool):
            return int(value)
        if wanted is float and not isinstance(value, bool):
            return float(value)
    except (TypeError, ValueError):
        pass
    else:
        if wanted is not Any and not isinstance(value, wanted):
            raise DataError(f"{where}: {value!r} is no {wanted.__name__}; write the run again")
        return value
    raise DataError(f"{where}: {value!r} is no number; write the run again")
