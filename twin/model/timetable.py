"""A timetable: which vehicle is where and when, on every day that it is valid for; and one day of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from twin.errors import DataError, UnknownName
from twin.model.memory import Memory
from twin.model.patterns import DAY, arranged, day_of, families

__all__ = ["DAY", "Day", "Timetable"]

Ints = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Day:
    """One service day of a timetable, as routing reads it; every array is contiguous and read-only.

    Trips of a pattern are sorted and never overtake: each comes and goes at every position no earlier than the one
    before it. A trip of the day before that runs past midnight is there with its times less 24 h, so times may be
    negative; a trip of this day may run past 86,400. Trips of the day after are not there: who sets out shortly before
    midnight finds the night's vehicles only as far as the feed counts them to this day.

    Attributes
    ----------
    stops : number of stops; positions are those of the timetable.
    pattern_indptr : (p + 1,) int32, where the positions of each pattern start in `pattern_stop`.
    pattern_stop : (n,) int32, stops of the patterns in order.
    pickup, drop_off : (n,) uint8, 1 where one may get on or off there.
    pattern_line : (p,) int32, line of each pattern.
    trip_indptr : (p + 1,) int32, where the trips of each pattern start.
    time_indptr : (p + 1,) int32, where the times of each pattern start: those of its k-th trip are
        ``time_indptr[p] + k * L`` and the ``L - 1`` that follow, where L is the number of positions of the pattern.
    arrive, depart : int32, seconds since the start of the day [s].
    trip : (t,) int32, row of each trip in ``Timetable.trips``.
    transfer_indptr : (stops + 1,) int32, where the transfers from each stop start.
    transfer_stop, transfer_time : int32, where to, and how long it takes [s]; never from a stop to itself.
    change : (stops,) int32, least time between getting off and getting on at the same stop [s].
    forbidden : (k, 2) int32, pairs of stops between which one must not change, though they may lie close.
    """

    stops: int
    pattern_indptr: Ints
    pattern_stop: Ints
    pickup: NDArray[np.uint8]
    drop_off: NDArray[np.uint8]
    pattern_line: Ints
    trip_indptr: Ints
    time_indptr: Ints
    arrive: Ints
    depart: Ints
    trip: Ints
    transfer_indptr: Ints
    transfer_stop: Ints
    transfer_time: Ints
    change: Ints
    forbidden: Ints
    memory: Memory = field(default_factory=Memory, repr=False)


@dataclass(frozen=True, eq=False)
class Timetable:
    """Stops, lines, trips and the days on which they run; a value that is never changed.

    A pattern is the ordered list of stops that trips of one line and direction share, with what one may do at each.
    Its trips are sorted by departure and never overtake: trips that do stand in a further pattern of the same stops.

    Attributes
    ----------
    stops : frame of id, name, x, y [m], station (row of `stations`, -1 where it belongs to none), open.
    stations : frame of id, name, x, y [m].
    lines : frame of id, name, mode (such as bus, tram, rail), agency, open.
    trips : frame of id, service (position in `services`); in the order of their patterns.
    pattern_indptr : (p + 1,) int32, where the positions of each pattern start in `pattern_stop`.
    pattern_stop : (n,) int32, stops of the patterns in order.
    pickup, drop_off : (n,) bool, whether one may get on or off there.
    hop : (n,) int32, edge of the transit network that leads from here to the next position; -1 at the end of a pattern
        and where no network is known.
    pattern_line, pattern_direction : (p,) int32, line, and direction as the line counts them (-1 where it does not).
    trip_indptr, time_indptr : (p + 1,) int32, where the trips and the times of each pattern start.
    arrive, depart : int32, seconds since the start of the service day [s]; may exceed 24 h. The times of the k-th trip
        of pattern p with L positions start at ``time_indptr[p] + k * L``.
    services : (v,) ids of the services.
    first_day : date of the first column of `runs`.
    runs : (v, d) bool, which service runs on which day.
    timezone : IANA name of the time zone that all times are told in.
    transfers : frame of from_stop, to_stop, seconds [s]; -1: one must not change there. From a stop to itself: the
        least time for a change at that stop.
    entrances : frame of id, name, x, y [m], stop, enter, leave [s]: ways between the street and a platform where the
        feed has pathways; -1: not that way. A stop without any row is entered where it is.

    Notes
    -----
    Times count from noon less 12 h, as GTFS has it; the days on which clocks change are taken as 24 h long.
    """

    stops: pd.DataFrame
    stations: pd.DataFrame
    lines: pd.DataFrame
    trips: pd.DataFrame
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
    services: NDArray[Any]
    first_day: dt.date
    runs: NDArray[np.bool_]
    timezone: str
    transfers: pd.DataFrame
    entrances: pd.DataFrame
    memory: Memory = field(default_factory=Memory, repr=False)

    @classmethod
    def build(
        cls,
        *,
        stops: pd.DataFrame,
        lines: pd.DataFrame,
        trips: pd.DataFrame,
        times: Mapping[str, ArrayLike],
        calendar: tuple[ArrayLike, dt.date, ArrayLike],
        **more: Any,
    ) -> Timetable:
        """Arrange trips into patterns.

        Parameters
        ----------
        stops : id, x, y; name, station, open where known.
        lines : id; name, mode, agency, open where known.
        trips : id, line (row of `lines`), service (position in the calendar); direction where known.
        times : trip (row of `trips`), stop (row of `stops`), arrive, depart [s]; pickup, drop_off where known. One
            value a call, trip by trip in the order of travel.
        calendar : ids of the services, first day, (v, d) bool which runs on which day.
        **more : timezone, transfers, entrances, stations.

        Raises
        ------
        DataError : a row that is not there is named, a trip runs backwards in time, or has fewer than two stops.
        """
        services, first_day, runs = calendar
        given = {name: np.asarray(values) for name, values in times.items()}
        made = arranged(
            trips["line"].to_numpy(dtype=np.int32),
            trips["direction"].to_numpy(dtype=np.int32) if "direction" in trips else np.full(len(trips), -1, np.int32),
            given,
        )
        _inside(given["stop"], len(stops), "stop")
        _inside(trips["line"].to_numpy(), len(lines), "line")
        _inside(trips["service"].to_numpy(), len(np.asarray(services)), "service")
        return cls(
            stops=_framed(
                stops, {"id": "", "name": "", "x": np.nan, "y": np.nan, "station": np.int32(-1), "open": True}
            ),
            stations=_framed(more.get("stations"), {"id": "", "name": "", "x": np.nan, "y": np.nan}),
            lines=_framed(lines, {"id": "", "name": "", "mode": "", "agency": "", "open": True}),
            trips=_framed(trips.iloc[made.order], {"id": "", "service": np.int32(0)}),
            **made.arrays(),
            services=_frozen(np.asarray(services, dtype=object)),
            first_day=first_day,
            runs=_frozen(np.atleast_2d(np.asarray(runs, dtype=bool))),
            timezone=str(more.get("timezone", "Etc/UTC")),
            transfers=_framed(
                more.get("transfers"), {"from_stop": np.int32(0), "to_stop": np.int32(0), "seconds": np.int32(0)}
            ),
            entrances=_framed(
                more.get("entrances"),
                {
                    "id": "",
                    "name": "",
                    "x": np.nan,
                    "y": np.nan,
                    "stop": np.int32(0),
                    "enter": np.int32(0),
                    "leave": np.int32(0),
                },
            ),
        )

    @property
    def last_day(self) -> dt.date:
        """The last day that the timetable is valid for."""
        return self.first_day + dt.timedelta(days=self.runs.shape[1] - 1)

    @property
    def pattern_of(self) -> Ints:
        """(t,) pattern of each trip."""
        return np.repeat(np.arange(len(self.pattern_line), dtype=np.int32), np.diff(self.trip_indptr))

    @cached_property
    def leaves(self) -> Ints:
        """(t,) departure of each trip from its first stop [s]."""
        leaves: Ints = self.depart[self._first_call]
        return _frozen(leaves)

    @cached_property
    def reaches(self) -> Ints:
        """(t,) arrival of each trip at its last stop [s]."""
        size = np.repeat(np.diff(self.pattern_indptr), np.diff(self.trip_indptr))
        reaches: Ints = self.arrive[self._first_call + size - 1]
        return _frozen(reaches)

    @property
    def _first_call(self) -> NDArray[np.int64]:
        """(t,) where the times of each trip start."""
        size, count = np.diff(self.pattern_indptr), np.diff(self.trip_indptr)
        number = np.arange(len(self.trips)) - np.repeat(self.trip_indptr[:-1], count)
        return np.asarray(np.repeat(self.time_indptr[:-1], count) + number * np.repeat(size, count), dtype=np.int64)

    @cached_property
    def family_of(self) -> Ints:
        """(p,) number of the list of stops that each pattern has; patterns of one number differ in their trips only."""
        found = np.zeros(len(self.pattern_line), dtype=np.int32)
        for number, members in enumerate(families(self)):
            found[members] = number
        return _frozen(found)

    @cached_property
    def trips_by_day(self) -> NDArray[np.int64]:
        """(d,) number of trips that start on each day, closed lines left out."""
        counted = self.lines["open"].to_numpy(dtype=bool)[self.pattern_line[self.pattern_of]]
        per_service = np.bincount(self.trips["service"].to_numpy()[counted], minlength=len(self.runs))
        return np.asarray(per_service @ self.runs, dtype=np.int64)

    @property
    def busiest(self) -> dt.date:
        """The first of the days with the most trips: a full working day of the timetable."""
        return self.first_day + dt.timedelta(days=int(np.argmax(self.trips_by_day)))

    def number(self, date: dt.date | str) -> int:
        """Column of `runs` that a date is; `DataError` where it is no date, or lies outside of the calendar."""
        day = _date(date)
        number = (day - self.first_day).days
        if not 0 <= number < self.runs.shape[1]:
            raise DataError(
                f"the timetable is valid from {self.first_day} to {self.last_day}, not on {day}; choose a day within, "
                f"such as {self.busiest}",
                layer="transit",
                column="date",
            )
        return number

    def on(self, date: dt.date | str, *, blocked: ArrayLike | None = None) -> Day:
        """The timetable of one day.

        Parameters
        ----------
        date : a date, or ``"2026-11-20"``.
        blocked : (m,) bool, edges of the transit network that no vehicle passes; a trip that would is cut there and
            runs in parts.

        Returns
        -------
        Day : only trips that run; closed stops are passed without a halt, closed lines are left out.

        Raises
        ------
        DataError : the date is none, or lies outside of the calendar.
        """
        number = self.number(date)
        shut = None if blocked is None else np.asarray(blocked, dtype=bool)
        key = ("day", number, None if shut is None or not shut.any() else shut.tobytes())
        return self.memory.of(key, (self,), lambda: Day(**day_of(self, number, shut)))

    def with_arrays(self, trips: pd.DataFrame, **arrays: Any) -> Timetable:
        """The same timetable with other trips; the arrays are trusted."""
        fresh: dict[str, Any] = {name: _frozen(values) for name, values in arrays.items()}
        return replace(self, trips=_framed(trips, {"id": "", "service": np.int32(0)}), **fresh, memory=Memory())

    def with_closed(self, *, stops: ArrayLike = (), lines: ArrayLike = ()) -> Timetable:
        """The same timetable with further stops and lines closed, given by position; the trips are shared."""
        changed = {}
        for name, rows in (("stops", np.asarray(stops, dtype=int)), ("lines", np.asarray(lines, dtype=int))):
            frame = getattr(self, name)
            _inside(rows, len(frame), name)
            flags = frame["open"].to_numpy(dtype=bool).copy()
            flags[rows] = False
            changed[name] = frame.assign(open=flags)
        return replace(self, **changed)

    def line(self, name: object) -> NDArray[np.int64]:
        """Rows of the lines with this id, else of those with this name; `UnknownName` where there is none."""
        for column in ("id", "name"):
            found = np.flatnonzero((self.lines[column] == name).to_numpy())
            if found.size:
                return found
        raise UnknownName("line", name, [*self.lines["id"], *self.lines["name"]])

    def stop(self, name: object) -> NDArray[np.int64]:
        """Rows of the stop with this id, else all stops of the station with this id, else stops with this name."""
        found = np.flatnonzero((self.stops["id"] == name).to_numpy())
        if not found.size:
            station = np.flatnonzero((self.stations["id"] == name).to_numpy())
            found = np.flatnonzero(np.isin(self.stops["station"].to_numpy(), station))
        if not found.size:
            found = np.flatnonzero((self.stops["name"] == name).to_numpy())
        if not found.size:
            raise UnknownName("stop", name, [*self.stops["id"], *self.stops["name"]])
        return found


def _date(date: Any) -> dt.date:
    if isinstance(date, dt.datetime):
        return date.date()
    if isinstance(date, dt.date):
        return date
    try:
        return dt.date.fromisoformat(date)
    except (TypeError, ValueError):
        raise DataError(f"{date!r} is no date; write it as 2026-11-20", layer="transit", column="date") from None


def _inside(rows: NDArray[Any], count: int, name: str) -> None:
    bad = np.flatnonzero((rows < 0) | (rows >= count))
    if bad.size:
        raise DataError(
            f"timetable: {name} {rows[bad[0]]} is not there; rows run from 0 to {count - 1}",
            layer="transit",
            column=name,
        )


def _framed(frame: pd.DataFrame | None, columns: Mapping[str, Any]) -> pd.DataFrame:
    """A frame with exactly these columns, of the type of their defaults."""
    given = pd.DataFrame() if frame is None else frame
    made = {}
    for name, default in columns.items():
        dtype: Any = object if isinstance(default, str) else np.asarray(default).dtype
        values = given[name].to_numpy() if name in given else np.full(len(given), default, dtype=dtype)
        made[name] = pd.Series(values).astype(dtype)
    return pd.DataFrame(made)


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view
