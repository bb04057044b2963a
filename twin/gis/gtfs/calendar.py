"""On which days each service runs: ``calendar.txt``, and the exceptions of ``calendar_dates.txt``."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.errors import DataError
from twin.gis.gtfs.source import Source, Table

__all__ = ["Calendar", "read_calendar"]

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
#: A calendar goes on for at most this long: some feeds end in the year 9999 [day].
LONGEST = 7305
#: Services times days that are held, a byte each.
LARGEST = 1 << 30
_EPOCH = dt.date(1970, 1, 1)

#: ids of the services, the first day, and (v, d) bool which runs when.
Calendar = tuple[list[str], dt.date, NDArray[np.bool_]]


def read_calendar(source: Source, today: dt.date | None = None) -> Calendar:
    """Read both files, either of which may be missing.

    Raises
    ------
    DataError : there is neither, or no service ever runs.
    """
    week = source.table("calendar.txt", ("service_id", *_DAYS, "start_date", "end_date"))
    single = source.table("calendar_dates.txt", ("service_id", "date", "exception_type"))
    if "calendar.txt" not in source and "calendar_dates.txt" not in source:
        raise DataError(
            f"{source.path}: neither calendar.txt nor calendar_dates.txt in it, so that no day is known on which "
            "anything runs; fetch the whole feed",
            layer="calendar.txt",
        )
    weekly, span = _weekly(week)
    extra, at, kind = _exceptions(single)
    names = list(dict.fromkeys([*weekly, *extra]))
    days = [*(d for pair in span for d in pair), *at.tolist()]
    if not days:
        raise DataError(f"{source.path}: no service of its calendar runs on any day", layer="calendar.txt")
    first, last = int(min(days)), int(max(days))
    if last - first >= LONGEST:
        last = first + LONGEST - 1
        source.problems.add(
            "the calendar goes on too long", "calendar.txt", 0, [_day(int(max(days)))], f"until {_day(last)}"
        )
    if len(names) * (last - first + 1) > LARGEST:
        raise DataError(
            f"{source.path}: {len(names):,} services over {last - first + 1:,} days are too many; cut it to a year",
            layer="calendar.txt",
        )
    runs = np.zeros((len(names), last - first + 1), dtype=bool)
    weekday = (np.arange(first, last + 1) + 3) % 7  # 1970-01-01 was a Thursday
    for row, (name, (start, end)) in enumerate(zip(weekly, span, strict=True)):
        inside = slice(start - first, min(end, last) - first + 1)
        runs[row, inside] = np.array(weekly[name])[weekday[inside]]
    where = {name: row for row, name in enumerate(names)}
    for name, day, what in zip(extra, at.tolist(), kind.tolist(), strict=True):
        if day <= last:
            runs[where[name], int(day) - first] = what == 1
    if today is not None and _day(last) < today:
        source.problems.add("the calendar has expired", source.path.name, 0, [_day(last)], "choose a date within it")
    return names, _day(first), runs


def _weekly(table: Table) -> tuple[dict[str, list[bool]], list[tuple[int, int]]]:
    """Services of ``calendar.txt``: the days of the week they run on, and from when to when."""
    if not table.rows:
        return {}, []
    table.need("service_id", *_DAYS, "start_date", "end_date")
    fix = "the service is left out"
    start, end = (table.parsed(f"{c}_date", _date, fix, kind="date") for c in ("start", "end"))
    flags = np.stack([table.parsed(day, _flag, "taken as 0", blank=0.0, kind="0 or 1") for day in _DAYS], axis=1) > 0
    names = table.text("service_id")
    good = ~np.isnan(start) & ~np.isnan(end)
    turned = good & (end < start)
    table.tell("the service ends before it starts", np.flatnonzero(turned), names[turned], fix)
    keep = table.first(names, "service") & good & ~turned
    rows = np.flatnonzero(keep)
    weekly = {str(names[row]): flags[row].tolist() for row in rows}
    return weekly, [(int(start[row]), int(end[row])) for row in rows]


def _exceptions(table: Table) -> tuple[list[str], NDArray[Any], NDArray[Any]]:
    if not table.rows:
        return [], np.zeros(0), np.zeros(0)
    table.need("service_id", "date", "exception_type")
    day = table.parsed("date", _date, "the exception is left out", kind="date")
    kind = table.parsed("exception_type", _exception, "the exception is left out", kind="1 or 2")
    names = table.text("service_id")
    key = np.array([f"{n} on {d:g}" for n, d in zip(names, day, strict=True)], dtype=object)
    rows = np.flatnonzero(table.first(key, "exception") & ~np.isnan(day) & ~np.isnan(kind))
    return names[rows].tolist(), day[rows], kind[rows]


def _date(text: str) -> int:
    """Days since 1970-01-01."""
    if len(text) != 8 or not text.isascii():
        raise ValueError(f"{text!r} is no date; write it as 20261120")
    return (dt.datetime.strptime(text, "%Y%m%d").date() - _EPOCH).days


def _flag(text: str) -> int:
    return ("0", "1").index(text)


def _exception(text: str) -> int:
    return ("", "1", "2").index(text)


def _day(number: int) -> dt.date:
    return _EPOCH + dt.timedelta(days=number)
