"""One GTFS feed as plain tables, and several of one city as one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray

from twin.errors import DataError
from twin.gis.gtfs.calendar import Calendar, read_calendar
from twin.gis.gtfs.calls import Calls, clock, clock_text, read_calls
from twin.gis.gtfs.source import Problems, Source, Table
from twin.gis.gtfs.stations import read_places, read_transfers
from twin.model import Timetable
from twin.model.crs import projected

__all__ = ["Feed", "merged", "read_feed"]

#: Departures that one row of frequencies.txt may stand for: one every 5 s, day and night.
MOST = 86_400 // 5
_MODES = {
    0: "tram",
    1: "subway",
    2: "rail",
    3: "bus",
    4: "ferry",
    5: "cable_tram",
    6: "aerial_lift",
    7: "funicular",
    11: "trolleybus",
    12: "monorail",
}
#: Hundreds of the extended route types, and the words for them.
_EXTENDED = {1: "rail", 2: "coach", 4: "subway", 7: "bus", 8: "trolleybus", 9: "tram", 10: "ferry", 11: "air"} | {
    12: "ferry",
    13: "aerial_lift",
    14: "funicular",
    15: "taxi",
}


@dataclass(frozen=True, eq=False)
class Feed:
    """A feed in the city's CRS.

    Attributes
    ----------
    stops, stations, lines, transfers, entrances : as in `twin.model.Timetable`.
    trips : id, line, service, direction, shape (row of `shapes`, -1 where there is none).
    calls : when each trip calls where.
    calendar : ids of the services, first day, (v, d) bool.
    shapes : (k,) lines that vehicles take.
    problems : what is wrong with it, and what was done about it: problem, file, line, value, fix.
    notes : the same, a sentence a kind of problem.
    """

    name: str
    stops: pd.DataFrame
    stations: pd.DataFrame
    lines: pd.DataFrame
    trips: pd.DataFrame
    calls: Calls
    calendar: Calendar
    timezone: str
    transfers: pd.DataFrame
    entrances: pd.DataFrame
    shapes: NDArray[Any]
    problems: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def first_day(self) -> dt.date:
        """The first day of the calendar."""
        return self.calendar[1]

    @property
    def last_day(self) -> dt.date:
        """The last day of the calendar."""
        return self.first_day + dt.timedelta(days=self.calendar[2].shape[1] - 1)

    @property
    def timetable(self) -> Timetable:
        """The feed as a timetable."""
        calls = {name: value for name, value in vars(self.calls).items() if name != "along"}
        return Timetable.build(
            stops=self.stops,
            lines=self.lines,
            trips=self.trips,
            times=calls,
            calendar=self.calendar,
            timezone=self.timezone,
            transfers=self.transfers,
            entrances=self.entrances,
            stations=self.stations,
        )


def read_feed(path: str | Path, crs: Any, *, today: dt.date | None = None) -> Feed:
    """Read a GTFS feed.

    Parameters
    ----------
    path : a .zip file, or a folder with the files of one.
    crs : the city's CRS, projected, in metres.
    today : list a calendar that has expired by then.

    Raises
    ------
    DataError : no feed, a required file or column is missing, or nothing in it runs; names file, column and line.
    """
    path, problems = Path(path), Problems()
    to_city = pyproj.Transformer.from_crs("EPSG:4326", projected(crs), always_xy=True)
    with Source(path, problems) as source:
        places = read_places(source, to_city)
        lines, timezone = _lines(source)
        calendar = read_calendar(source, today)
        trips, table = _trips(source, lines, calendar)
        shapes, shape_ids = _shapes(source, to_city)
        trips["shape"] = table.found("shape_id", shape_ids)[trips.pop("row")]
        calls = read_calls(source, trips["id"].to_numpy(), places.stops["id"].to_numpy())
        trips, calls = _repeated(source, trips, calls)
        trips, calls = _used(trips, calls)
        transfers, entrances = read_transfers(source, places)
    if not len(trips):
        listed_ = "; ".join(problems.notes()[:3])
        raise DataError(
            f"{path}: no trip in it can be used ({listed_ or 'stop_times.txt has none'})", layer="trips.txt"
        )
    return Feed(
        path.name.removesuffix(".zip"),
        places.stops,
        places.stations,
        lines,
        trips,
        calls,
        calendar,
        timezone,
        transfers,
        entrances,
        shapes,
        problems.frame(),
        tuple(f"{path.name}, {note}" for note in problems.notes()),
    )


def _lines(source: Source) -> tuple[pd.DataFrame, str]:
    agency = source.table("agency.txt", ("agency_id", "agency_name", "agency_timezone"))
    zones = list(dict.fromkeys(z for z in agency.text("agency_timezone") if z))
    if not zones:
        source.problems.add("no time zone is known", "agency.txt", 0, ["-"], "times are taken as those of the place")
    elif len(zones) > 1:
        source.problems.add("several time zones", "agency.txt", 0, zones, f"all times are taken as {zones[0]}")
    columns = ("route_id", "agency_id", "route_short_name", "route_long_name", "route_type")
    table = source.table("routes.txt", columns, needed=True)
    table.need("route_id", "route_type")
    ids = table.text("route_id")
    kept = table.first(ids, "route")
    kind = table.parsed("route_type", _route_type, "its mode is unknown", blank=-1.0, kind="route type").astype(int)
    short, long = table.text("route_short_name"), table.text("route_long_name")
    names = np.where(short != "", short, np.where(long != "", long, ids))
    whose = dict(zip(agency.text("agency_id"), agency.text("agency_name"), strict=True))
    only = next(iter(whose.values())) if len(whose) == 1 else ""
    frame = pd.DataFrame(
        {
            "id": ids,
            "name": names,
            "mode": [_mode(k) for k in kind],
            "agency": [whose.get(a, only) for a in table.text("agency_id")],
        }
    )
    return frame[kept].reset_index(drop=True), zones[0] if zones else "Etc/UTC"


def _route_type(text: str) -> int:
    value = int(text)
    if not _mode(value):
        raise ValueError(text)
    return value


def _mode(kind: int) -> str:
    """The mode in words; empty where it is unknown."""
    return _MODES.get(kind) or (_EXTENDED.get(kind // 100, "") if kind >= 100 else "")


def _trips(source: Source, lines: pd.DataFrame, calendar: Calendar) -> tuple[pd.DataFrame, Table]:
    columns = ("route_id", "service_id", "trip_id", "direction_id", "shape_id")
    table = source.table("trips.txt", columns, needed=True)
    table.need("route_id", "service_id", "trip_id")
    ids = table.text("trip_id")
    good = table.first(ids, "trip")
    found = {}
    for name, column, known in (("line", "route_id", lines["id"]), ("service", "service_id", calendar[0])):
        found[name] = table.found(column, known)
        codes, texts = table.codes(column)
        lost = np.flatnonzero((found[name] < 0) & good)
        table.tell(f"{column} is not known", lost, [texts[c] for c in codes[lost]], "the trip is left out")
        good &= found[name] >= 0
    way = table.parsed("direction_id", _direction, "taken as unknown", blank=-1.0, kind="0 or 1").astype(np.int32)
    frame = pd.DataFrame({"id": ids, **found, "direction": way, "row": np.arange(table.rows)})
    return frame[good].reset_index(drop=True), table


def _direction(text: str) -> int:
    return ("0", "1").index(text)


def _shapes(source: Source, to_city: pyproj.Transformer) -> tuple[NDArray[Any], list[str]]:
    """Lines of ``shapes.txt`` and their ids."""
    table = source.table("shapes.txt", ("shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence"))
    if not table.rows:
        return np.empty(0, dtype=object), []
    table.need("shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence")
    fix = "the point is left out"
    lat, lon = (table.parsed(f"shape_pt_{c}", float, fix, kind="coordinate") for c in ("lat", "lon"))
    order = table.parsed("shape_pt_sequence", float, fix)
    codes, texts = table.codes("shape_id")
    with np.errstate(invalid="ignore"):
        rows = np.flatnonzero((np.abs(lat) <= 90) & (np.abs(lon) <= 180) & ~np.isnan(order))
    rows = rows[np.lexsort((order[rows], codes[rows]))]
    x, y = to_city.transform(lon[rows], lat[rows])
    at, of = np.stack([x, y], axis=1), codes[rows]
    fine = np.isfinite(at).all(axis=1)
    at, of = at[fine], of[fine]
    enough = np.bincount(of, minlength=len(texts))[of] > 1
    found, number = np.unique(of[enough], return_inverse=True)
    lines = shapely.linestrings(at[enough], indices=number) if enough.any() else np.empty(0, dtype=object)
    return np.asarray(lines, dtype=object), [texts[k] for k in found]


def _repeated(source: Source, trips: pd.DataFrame, calls: Calls) -> tuple[pd.DataFrame, Calls]:
    """Put trips at the departures that ``frequencies.txt`` stands for.

    A vehicle leaves the first stop at start_time and every headway after it before end_time. Where the times are not
    exact (``exact_times`` 0) the same departures stand for a service whose true ones nobody knows: a median over a
    window of departures tells its waiting times truthfully, a single departure does not.
    """
    table = source.table("frequencies.txt", ("trip_id", "start_time", "end_time", "headway_secs"))
    if not table.rows:
        return trips, calls
    table.need("trip_id", "start_time", "end_time", "headway_secs")
    trip = table.found("trip_id", trips["id"])
    fix = "the row is left out"
    start, end = (table.parsed(f"{c}_time", clock, fix, kind="time") for c in ("start", "end"))
    headway = table.parsed("headway_secs", _headway, fix, kind="number of seconds above 0")
    names = table.text("trip_id")
    table.tell("trip is not known", np.flatnonzero(trip < 0), names[trip < 0], fix)
    counts = np.bincount(calls.trip, minlength=len(trips))
    first = np.concatenate([[0], np.cumsum(counts)])
    parts, fresh = [], []
    count = len(trips)
    for row in np.flatnonzero((trip >= 0) & ~np.isnan(start + end + headway)):
        here = int(trip[row])
        if not counts[here] or end[row] <= start[row]:
            continue
        leave = np.arange(int(start[row]), int(end[row]), int(headway[row]))
        if len(leave) > MOST:
            table.tell(f"more than {MOST:,} departures", [row], [names[row]], fix)
            continue
        own = calls.take(np.tile(np.arange(first[here], first[here + 1]), len(leave)))
        shift = np.repeat(leave - calls.depart[first[here]], counts[here]).astype(np.int32)
        number = np.repeat(np.arange(count, count + len(leave)), counts[here]).astype(np.int32)
        parts.append(replace(own, trip=number, arrive=own.arrive + shift, depart=own.depart + shift))
        again = trips.iloc[np.full(len(leave), here)].copy()
        again["id"] = [f"{trips['id'][here]}@{clock_text(int(t))}" for t in leave]
        fresh.append(again)
        count += len(leave)
    kept = np.arange(len(trips))
    kept[np.unique(trip[trip >= 0])] = -1  # the trip itself only tells the running times
    plain = calls.take(kept[calls.trip] >= 0)
    together = {k: np.concatenate([getattr(plain, k), *(getattr(p, k) for p in parts)]) for k in vars(plain)}
    return pd.concat([trips, *fresh], ignore_index=True), Calls(**together)


def _headway(text: str) -> int:
    value = int(text)
    if value <= 0:
        raise ValueError(text)
    return value


def _used(trips: pd.DataFrame, calls: Calls) -> tuple[pd.DataFrame, Calls]:
    """Only trips that call somewhere."""
    used = np.unique(calls.trip)
    place = np.full(len(trips), -1)
    place[used] = np.arange(len(used))
    return trips.iloc[used].reset_index(drop=True), calls.of(place)


def merged(feeds: Sequence[Feed]) -> Feed:
    """Several feeds of one city as one; an id that an earlier feed has too gets the feed's name before it."""
    if len(feeds) == 1:
        return feeds[0]
    if not feeds:
        raise DataError("no feed was given; name at least one", layer="transit")
    first = min(feed.calendar[1] for feed in feeds)
    ends = [(feed.first_day, feed.last_day) for feed in feeds]
    days = (max(end for _, end in ends) - first).days + 1
    names: dict[str, dict[str, None]] = {key: {} for key in ("stops", "stations", "lines", "trips", "services")}
    parts: dict[str, list[Any]] = {key: [] for key in ("stops", "stations", "lines", "trips", "transfers", "entrances")}
    calls, runs = [], []
    start = dict.fromkeys((*parts, "services", "shapes"), 0)
    for feed in feeds:
        for key in ("stops", "stations", "lines", "trips"):
            frame = getattr(feed, key)
            parts[key].append(frame.assign(id=_apart(frame["id"], names[key], feed.name)))
        services = _apart(feed.calendar[0], names["services"], feed.name)
        row = parts["stops"][-1]
        parts["stops"][-1] = row.assign(station=np.where(row["station"] >= 0, row["station"] + start["stations"], -1))
        row = parts["trips"][-1]
        shape = np.where(row["shape"] >= 0, row["shape"] + start["shapes"], -1)
        moved = {"line": row["line"] + start["lines"], "service": row["service"] + start["services"], "shape": shape}
        parts["trips"][-1] = row.assign(**moved)
        for key, columns in (("transfers", ("from_stop", "to_stop")), ("entrances", ("stop",))):
            frame = getattr(feed, key)
            parts[key].append(frame.assign(**{c: frame[c] + start["stops"] for c in columns}))
        own = feed.calls
        calls.append(replace(own, trip=own.trip + start["trips"], stop=own.stop + start["stops"]))
        wide = np.zeros((len(services), days), dtype=bool)
        offset = (feed.calendar[1] - first).days
        wide[:, offset : offset + feed.calendar[2].shape[1]] = feed.calendar[2]
        runs.append(wide)
        for key in ("stops", "stations", "lines", "trips"):
            start[key] += len(getattr(feed, key))
        start["services"] += len(services)
        start["shapes"] += len(feed.shapes)
    frames = {key: pd.concat(frames, ignore_index=True) for key, frames in parts.items()}
    notes = [note for feed in feeds for note in feed.notes]
    begin, end = max(s for s, _ in ends), min(e for _, e in ends)
    if (begin, end) != (min(s for s, _ in ends), max(e for _, e in ends)):
        told = "; ".join(f"{f.name} from {s} to {e}" for f, (s, e) in zip(feeds, ends, strict=True))
        notes.append(f"the feeds are not valid on the same days ({told}); choose a day that all of them cover")
    zones = dict.fromkeys(feed.timezone for feed in feeds)
    if len(zones) > 1:
        notes.append(f"the feeds tell their times in several zones ({', '.join(zones)}); all are taken as one")
    return Feed(
        name=" + ".join(feed.name for feed in feeds),
        calls=Calls(**{k: np.concatenate([getattr(c, k) for c in calls]) for k in vars(calls[0])}),
        calendar=(list(names["services"]), first, np.concatenate(runs)),
        timezone=next(iter(zones)),
        shapes=np.concatenate([feed.shapes for feed in feeds]),
        problems=pd.concat(
            [f.problems.assign(file=f.name + "/" + f.problems["file"]) for f in feeds], ignore_index=True
        ),
        notes=tuple(notes),
        **frames,
    )


def _apart(ids: Any, taken: dict[str, None], prefix: str) -> list[str]:
    """Ids of one more feed, made different from those that are `taken`, which they join."""
    fresh = []
    for name in ids:
        unique = name if name not in taken else f"{prefix}:{name}"
        while unique in taken:
            unique += "'"
        fresh.append(unique)
    taken.update(dict.fromkeys(fresh))
    return fresh
