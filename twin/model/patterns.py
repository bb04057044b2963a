"""Trips arranged into patterns that nobody overtakes in, and the patterns of one day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from twin.errors import DataError, listed

if TYPE_CHECKING:
    from twin.model.timetable import Timetable

__all__ = ["DAY", "Patterns", "arranged", "chains", "day_of", "families"]

Ints = NDArray[np.int32]
#: Seconds of a service day [s].
DAY = 86_400


@dataclass(frozen=True, eq=False)
class Patterns:
    """Patterns under construction: the arrays of a timetable, and which trip stands where.

    Attributes
    ----------
    order : (t,) row of each trip as it was given, in the order of the patterns.
    """

    order: Ints
    pattern_indptr: Ints
    pattern_stop: Ints
    pickup: NDArray[np.bool_]
    drop_off: NDArray[np.bool_]
    hop: Ints
    pattern_line: Ints
    pattern_direction: Ints
    trip_indptr: Ints
    time_indptr: Ints
    arrive: Ints
    depart: Ints

    def arrays(self) -> dict[str, Any]:
        """The fields that a timetable has too, read-only."""
        fields = {name: np.ascontiguousarray(value) for name, value in vars(self).items() if name != "order"}
        for value in fields.values():
            value.flags.writeable = False
        return fields


def arranged(line: Ints, direction: Ints, times: Mapping[str, NDArray[Any]]) -> Patterns:
    """Arrange trips into patterns.

    Parameters
    ----------
    line, direction : (t,) of each trip.
    times : trip, stop, arrive, depart, and pickup, drop_off, hop where known; trip by trip in the order of travel.
    """
    count = len(times["trip"])
    trip = times["trip"].astype(np.int32)
    arrive, depart = times["arrive"].astype(np.int32), times["depart"].astype(np.int32)
    stop = times["stop"].astype(np.int32)
    pickup, drop_off = (times.get(k, np.ones(count)).astype(bool) for k in ("pickup", "drop_off"))
    hop = times.get("hop", np.full(count, -1)).astype(np.int32)
    start = np.flatnonzero(np.r_[True, trip[1:] != trip[:-1]]) if count else np.zeros(0, dtype=np.intp)
    size = np.diff(np.append(start, count))
    _check(trip, start, size, arrive, depart, len(line))
    # what trips of a pattern share: line, direction, stops, and what one may do there
    what = np.stack([stop, pickup + 2 * drop_off.astype(np.int32), hop], axis=1).astype(np.int32)
    groups: dict[tuple[int, int, bytes], list[int]] = {}
    for k, (row, first, length) in enumerate(zip(trip[start].tolist(), start.tolist(), size.tolist(), strict=True)):
        groups.setdefault((int(line[row]), int(direction[row]), what[first : first + length].tobytes()), []).append(k)
    made = _Maker()
    for (of_line, way, _), members in groups.items():
        rows = start[members]
        at = rows[:, None] + np.arange(size[members[0]])
        head = at[0]
        made.add(
            (stop[head], pickup[head], drop_off[head], hop[head]), (of_line, way), trip[rows], arrive[at], depart[at]
        )
    return made.done()


def _check(trip: Ints, start: NDArray[Any], size: NDArray[Any], arrive: Ints, depart: Ints, trips: int) -> None:
    rows = trip[start]
    if len(np.unique(rows)) != len(rows) or (len(rows) and (rows.min() < 0 or rows.max() >= trips)):
        raise DataError("timetable: times stand trip by trip, each trip once", layer="transit", column="trip")
    if (size < 2).any():
        raise DataError(
            f"timetable: {listed(rows[size < 2])} have fewer than two stops", layer="transit", rows=rows[size < 2]
        )
    same = trip[1:] == trip[:-1]
    bad = np.r_[depart < arrive] | np.r_[False, same & (arrive[1:] < depart[:-1])]
    if bad.any():
        raise DataError(
            f"timetable: times of {int(bad.sum())} calls run backwards (calls {listed(np.flatnonzero(bad))})",
            layer="transit",
            column="arrive",
            rows=np.flatnonzero(bad),
        )


def chains(arrive: Ints, depart: Ints) -> list[NDArray[np.intp]]:
    """Split trips of the same stops into as few rows as a first fit needs, so that nobody overtakes in a row.

    Parameters
    ----------
    arrive, depart : (k, L) times of each trip [s].

    Returns
    -------
    list of positions of the trips, each sorted: at every stop a trip comes and goes no earlier than the one before.
    """
    both = np.concatenate([arrive, depart], axis=1)
    # a trip that is nowhere later than another comes before it in this order
    order = np.lexsort((both.sum(axis=1, dtype=np.int64), depart[:, 0]))
    sorted_ = both[order]
    if (sorted_[1:] >= sorted_[:-1]).all():
        return [order]
    found: list[list[int]] = []
    tails = np.empty((0, both.shape[1]), dtype=both.dtype)
    for row, times in zip(order.tolist(), sorted_, strict=True):
        fits = np.flatnonzero((tails <= times).all(axis=1))
        if fits.size:
            found[int(fits[0])].append(row)
            tails[int(fits[0])] = times
        else:
            found.append([row])
            tails = np.vstack([tails, times])
    return [np.array(rows) for rows in found]


class _Maker:
    """Collects patterns, split where trips overtake."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.counts: list[int] = []
        self.calls: list[tuple[Any, ...]] = []
        self.of: list[tuple[int, int]] = []
        self.trips: list[Any] = []
        self.times: list[tuple[Any, Any]] = []

    def add(self, calls: tuple[Any, ...], of: tuple[int, int], trips: Any, arrive: Any, depart: Any) -> None:
        for rows in chains(arrive, depart):
            self.sizes.append(arrive.shape[1])
            self.counts.append(len(rows))
            self.calls.append(calls)
            self.of.append(of)
            self.trips.append(trips[rows])
            self.times.append((arrive[rows].ravel(), depart[rows].ravel()))

    def done(self) -> Patterns:
        sizes, counts = np.array(self.sizes, dtype=np.int64), np.array(self.counts, dtype=np.int64)
        stop, pickup, drop_off, hop = (
            _joined([c[k] for c in self.calls], kind) for k, kind in enumerate((np.int32, bool, bool, np.int32))
        )
        of = np.array(self.of, dtype=np.int32).reshape(-1, 2)
        return Patterns(
            order=_joined(self.trips, np.int32),
            pattern_indptr=_starts(sizes),
            pattern_stop=stop,
            pickup=pickup,
            drop_off=drop_off,
            hop=hop,
            pattern_line=of[:, 0],
            pattern_direction=of[:, 1],
            trip_indptr=_starts(counts),
            time_indptr=_starts(sizes * counts),
            arrive=_joined([t[0] for t in self.times], np.int32),
            depart=_joined([t[1] for t in self.times], np.int32),
        )


def _joined(arrays: list[Any], dtype: Any) -> NDArray[Any]:
    return np.concatenate(arrays).astype(dtype) if arrays else np.zeros(0, dtype=dtype)


def _starts(sizes: NDArray[Any]) -> Ints:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)


def day_of(table: Timetable, number: int, blocked: NDArray[np.bool_] | None) -> dict[str, Any]:
    """The arrays of a day, by its number in the calendar; see `Timetable.on`."""
    today = table.runs[:, number]
    before = table.runs[:, number - 1] if number else np.zeros(len(today), dtype=bool)
    service = table.trips["service"].to_numpy()
    stop_open = table.stops["open"].to_numpy(dtype=bool)
    line_open = table.lines["open"].to_numpy(dtype=bool)
    made = _Maker()
    for family in families(table):
        if not line_open[table.pattern_line[family[0]]]:
            continue
        rows, arrive, depart = _family(table, family)
        late = before[service[rows]] & (arrive[:, -1] >= DAY)
        runs = today[service[rows]]
        if not (late.any() or runs.any()):
            continue
        rows = np.concatenate([rows[late], rows[runs]])
        arrive = np.concatenate([arrive[late] - DAY, arrive[runs]])
        depart = np.concatenate([depart[late] - DAY, depart[runs]])
        first, last = table.pattern_indptr[family[0] : family[0] + 2]
        calls = tuple(a[first:last] for a in (table.pattern_stop, table.pickup, table.drop_off, table.hop))
        for part in _parts(calls, stop_open, blocked):
            made.add(
                tuple(c[part] for c in calls),
                (int(table.pattern_line[family[0]]), 0),
                rows,
                arrive[:, part],
                depart[:, part],
            )
    patterns = made.done()
    arrays = patterns.arrays()
    for gone in ("hop", "pattern_direction"):
        arrays.pop(gone)
    flags = {name: arrays[name].astype(np.uint8) for name in ("pickup", "drop_off")}
    found = {"stops": len(table.stops), **arrays, **flags, "trip": patterns.order, **_transfers(table, stop_open)}
    for value in found.values():
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
    return found


def families(table: Timetable) -> list[list[int]]:
    """Patterns that differ in their trips only: split over the whole calendar, they may fit together on a day."""

    def compute() -> list[list[int]]:
        found: dict[tuple[Any, ...], list[int]] = {}
        for p, (first, last) in enumerate(zip(table.pattern_indptr[:-1], table.pattern_indptr[1:], strict=True)):
            calls = (a[first:last].tobytes() for a in (table.pattern_stop, table.pickup, table.drop_off, table.hop))
            found.setdefault((int(table.pattern_line[p]), int(table.pattern_direction[p]), *calls), []).append(p)
        return list(found.values())

    return table.memory.of("families", (table.pattern_stop,), compute)  # variants with closed stops share it


def _family(table: Timetable, family: list[int]) -> tuple[Any, Any, Any]:
    """Rows of the trips of a family, and their times (k, L)."""
    length = int(table.pattern_indptr[family[0] + 1] - table.pattern_indptr[family[0]])
    rows = np.concatenate([np.arange(table.trip_indptr[p], table.trip_indptr[p + 1]) for p in family])
    arrive, depart = (
        np.concatenate([a[table.time_indptr[p] : table.time_indptr[p + 1]] for p in family]).reshape(-1, length)
        for a in (table.arrive, table.depart)
    )
    return rows, arrive, depart


def _parts(
    calls: tuple[Any, ...], stop_open: NDArray[np.bool_], blocked: NDArray[np.bool_] | None
) -> list[NDArray[np.intp]]:
    """Positions of a pattern that vehicles still serve, in the parts between blocked hops."""
    stop, _, _, hop = calls
    here = stop_open[stop]
    if blocked is None:
        cuts = np.zeros(0, dtype=np.intp)
    else:
        shut = np.zeros(len(hop), dtype=bool)
        known = (hop >= 0) & (hop < len(blocked))
        shut[known] = blocked[hop[known]]
        cuts = np.flatnonzero(shut[:-1]) + 1
    pieces = np.split(np.arange(len(stop)), cuts)
    parts = [piece[here[piece]] for piece in pieces]
    return [part for part in parts if len(part) > 1]


def _transfers(table: Timetable, stop_open: NDArray[np.bool_]) -> dict[str, Ints]:
    count = len(table.stops)
    a, b, seconds = (table.transfers[c].to_numpy(dtype=np.int32) for c in ("from_stop", "to_stop", "seconds"))
    keep = stop_open[a] & stop_open[b]
    a, b, seconds = a[keep], b[keep], seconds[keep]
    change = np.zeros(count, dtype=np.int32)
    own = (a == b) & (seconds >= 0)
    np.maximum.at(change, a[own], seconds[own])
    no = (seconds < 0) & (a != b)
    yes = (seconds >= 0) & (a != b)
    order = np.lexsort((b[yes], a[yes]))
    return {
        "transfer_indptr": _starts(np.bincount(a[yes], minlength=count)),
        "transfer_stop": b[yes][order],
        "transfer_time": seconds[yes][order],
        "change": change,
        "forbidden": np.ascontiguousarray(np.stack([a[no], b[no]], axis=1)),
    }
