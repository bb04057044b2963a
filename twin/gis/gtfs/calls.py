"""When each trip calls where: times read, missing ones interpolated, impossible trips listed and left out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.gis.gtfs.source import Source, Table

__all__ = ["Calls", "clock", "clock_text", "read_calls"]

_CLOCK = re.compile(r"(\d{1,3}):([0-5]\d):([0-5]\d)")
COLUMNS = (
    "trip_id",
    "arrival_time",
    "departure_time",
    "stop_id",
    "stop_sequence",
    "pickup_type",
    "drop_off_type",
    "shape_dist_traveled",
)


def clock(text: str) -> int:
    """Seconds of the service day [s]; hours run on past 24, and may have one digit.

    >>> clock("25:10:00"), clock("8:05:00")
    (90600, 29100)
    """
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no time; write it as 08:05:00")
    hours, minutes, seconds = map(int, found.groups())
    return hours * 3600 + minutes * 60 + seconds


def clock_text(seconds: int) -> str:
    """The same, as text.

    >>> clock_text(90600)
    '25:10:00'
    """
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


@dataclass(frozen=True, eq=False)
class Calls:
    """Calls of trips at stops, trip by trip in the order of travel.

    Attributes
    ----------
    trip, stop : (n,) rows of the trips and stops.
    arrive, depart : (n,) int32 [s].
    pickup, drop_off : (n,) bool.
    along : (n,) distance along the shape as the feed tells it, in its own unit; NaN where it does not.
    """

    trip: NDArray[np.int32]
    stop: NDArray[np.int32]
    arrive: NDArray[np.int32]
    depart: NDArray[np.int32]
    pickup: NDArray[np.bool_]
    drop_off: NDArray[np.bool_]
    along: NDArray[np.float64]

    def take(self, rows: Any) -> Calls:
        """Some of the calls."""
        return Calls(**{name: value[rows] for name, value in vars(self).items()})

    def of(self, trips: NDArray[Any]) -> Calls:
        """Calls of some trips only: (t,) new row of each trip, -1 where it is left out."""
        kept = self.take(trips[self.trip] >= 0)
        return Calls(**{**vars(kept), "trip": trips[kept.trip].astype(np.int32)})


def read_calls(source: Source, trips: Any, stops: Any) -> Calls:
    """Read ``stop_times.txt``.

    Parameters
    ----------
    trips, stops : ids, in the order of their rows.
    """
    table = source.table("stop_times.txt", COLUMNS, needed=True)
    table.need("trip_id", "stop_id", "stop_sequence", "arrival_time", "departure_time")
    trip, stop = table.found("trip_id", trips), table.found("stop_id", stops)
    for name, found in (("trip", trip), ("stop", stop)):
        codes, texts = table.codes(f"{name}_id")
        lost = np.flatnonzero(found < 0)
        table.tell(f"{name} is not known", lost, [texts[c] for c in codes[lost]], "the call is left out")
    order = table.parsed("stop_sequence", _whole, "the call is left out", kind="whole number")
    times = [
        table.parsed(f"{name}_time", clock, "interpolated between its neighbours", kind="time")
        for name in ("arrival", "departure")
    ]
    rows = np.flatnonzero((trip >= 0) & (stop >= 0) & ~np.isnan(order))
    if not _rising(trip[rows], order[rows]).all():
        rows = rows[np.lexsort((order[rows], trip[rows]))]
    same = np.zeros(len(rows), dtype=bool)
    same[1:] = (trip[rows][1:] == trip[rows][:-1]) & (order[rows][1:] == order[rows][:-1])
    table.tell("stop_sequence is there twice in a trip", rows[same], order[rows[same]].astype(int), "the first counts")
    rows = rows[~same]
    arrive, depart = (t[rows] for t in times)
    arrive, depart = np.where(np.isnan(arrive), depart, arrive), np.where(np.isnan(depart), arrive, depart)
    along = table.parsed("shape_dist_traveled", float, "distances of this trip are not used")[rows]
    rows, arrive, depart, along = _timed(table, rows, trip, (arrive, depart, along))
    bad = _backwards(trip[rows], arrive, depart)
    if bad.any():
        _tell_trips(table, "times run backwards", rows[bad], trips, trip)
    short = np.bincount(trip[rows], minlength=len(trips))[trip[rows]] < 2
    alone = short & np.r_[True, trip[rows][1:] != trip[rows][:-1]][: len(rows)]
    _tell_trips(table, "the trip has fewer than two stops", rows[alone], trips, trip)
    good = ~np.isin(trip[rows], np.unique(trip[rows][bad])) & ~short
    rows = rows[good]
    return Calls(
        trip[rows],
        stop[rows],
        arrive[good].astype(np.int32),
        depart[good].astype(np.int32),
        _allowed(table, "pickup_type")[rows],
        _allowed(table, "drop_off_type")[rows],
        along[good],
    )


def _whole(text: str) -> int:
    value = int(text)
    if not 0 <= value < 2**31:
        raise ValueError(text)
    return value


def _rising(trip: NDArray[Any], order: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether each call comes after the one before it, trips standing together in the order of their rows."""
    rising: NDArray[np.bool_] = (trip[1:] > trip[:-1]) | ((trip[1:] == trip[:-1]) & (order[1:] >= order[:-1]))
    return rising


def _timed(table: Table, rows: Any, trip: Any, told: tuple[Any, Any, Any]) -> tuple[Any, Any, Any, Any]:
    """Interpolate times between those that the feed gives, by distance along the shape or, without it, evenly.

    Calls before the first or after the last time of a trip have none to interpolate: they are listed and left out.
    """
    arrive, depart, along = told
    known = np.flatnonzero(~np.isnan(arrive))
    blank = np.flatnonzero(np.isnan(arrive))
    if not blank.size:
        return rows, arrive, depart, along
    of = trip[rows]
    after = np.searchsorted(known, blank)
    before = np.clip(after - 1, 0, max(len(known) - 1, 0))
    after = np.clip(after, 0, max(len(known) - 1, 0))
    held = np.zeros(len(blank), dtype=bool)
    if known.size:
        first, last = known[before], known[after]
        held = (first < blank) & (blank < last) & (of[first] == of[blank]) & (of[last] == of[blank])
        b, f, n = blank[held], first[held], last[held]
        share = (b - f) / (n - f)
        span = along[n] - along[f]
        with np.errstate(invalid="ignore", divide="ignore"):
            by_distance = (along[b] - along[f]) / span
        share = np.where((span > 0) & (by_distance >= 0) & (by_distance <= 1), by_distance, share)
        arrive[b] = np.floor(depart[f] + share * (arrive[n] - depart[f]) + 0.5)
        depart[b] = arrive[b]
    lost = rows[blank[~held]]
    codes, texts = table.codes("trip_id")
    table.tell("no time before or after it in the trip", lost, [texts[c] for c in codes[lost]], "the call is left out")
    keep = ~np.isnan(arrive)
    return rows[keep], arrive[keep], depart[keep], along[keep]


def _backwards(trip: Any, arrive: Any, depart: Any) -> NDArray[np.bool_]:
    bad = np.array(depart < arrive, dtype=bool)
    bad[1:] |= (trip[1:] == trip[:-1]) & (arrive[1:] < depart[:-1])
    return bad


def _tell_trips(table: Table, problem: str, rows: Any, trips: Any, trip: Any) -> None:
    table.tell(problem, rows, [trips[t] for t in trip[rows]], "the trip is left out")


def _allowed(table: Table, column: str) -> NDArray[np.bool_]:
    """Whether one may get on (or off): types 0, 2 and 3 allow it, the latter after a call or a word; 1 does not."""
    return np.asarray(table.parsed(column, _whole, "taken as allowed", blank=0.0) != 1)
