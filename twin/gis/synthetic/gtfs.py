"""The timetable as a GTFS feed, the same bytes on every run."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import shapely

from twin.gis.synthetic.ground import CRS
from twin.gis.synthetic.places import Places
from twin.gis.synthetic.transit import DWELL, Line

__all__ = ["write_gtfs"]

_YEAR = ("20260101", "20261231")
#: Days on which the weekend's timetable replaces the weekday's.
_HOLIDAYS = ("20260101", "20260501", "20261225")
_SERVICES = {"weekday": (1, 1, 1, 1, 1, 0, 0), "weekend": (0, 0, 0, 0, 0, 1, 1)}
#: How much longer the headway is at weekends [1].
_SPARSE = {"weekday": 1.0, "weekend": 1.6}
_STAMP = (1980, 1, 1, 0, 0, 0)


#: Types of route, as GTFS numbers them; what is not here is a bus.
_TYPES = {"tram": 0, "rail": 2}


def write_gtfs(lines: list[Line], places: Places, path: Path, *, of: str = "Harbour", what: str = "town") -> None:
    """Write the feed of a synthetic place; ids of stops are those of the facilities.

    Parameters
    ----------
    of, what : name of the place, and what it is.
    """
    own, page = of.lower(), f"https://example.org/{of.lower()}"
    to_degrees = pyproj.Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
    trips, times, frequencies = _runs(lines)
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    tables: dict[str, tuple[tuple[str, ...], Iterable[tuple[Any, ...]]]] = {
        "agency": (
            ("agency_id", "agency_name", "agency_url", "agency_timezone", "agency_lang"),
            [(own, f"{of} Transit (synthetic)", page, "Etc/UTC", "en")],
        ),
        "feed_info": (
            (
                "feed_publisher_name",
                "feed_publisher_url",
                "feed_lang",
                "feed_start_date",
                "feed_end_date",
                "feed_version",
            ),
            [(f"Synthetic {what} of {of}: no real place", page, "en", *_YEAR, "synthetic-1")],
        ),
        "stops": (("stop_id", "stop_name", "stop_lat", "stop_lon"), list(_stops(lines, places, to_degrees))),
        "routes": (
            ("route_id", "agency_id", "route_short_name", "route_long_name", "route_type", "route_color"),
            [(line.id, own, line.id, line.name, _TYPES.get(line.mode, 3), line.color) for line in lines],
        ),
        "trips": (("route_id", "service_id", "trip_id", "trip_headsign", "direction_id", "shape_id"), trips),
        "stop_times": (("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence"), times),
        "calendar": (
            ("service_id", *days, "start_date", "end_date"),
            [(name, *flags, *_YEAR) for name, flags in _SERVICES.items()],
        ),
        "calendar_dates": (
            ("service_id", "date", "exception_type"),
            [row for day in _HOLIDAYS for row in (("weekday", day, 2), ("weekend", day, 1))],
        ),
        "frequencies": (("trip_id", "start_time", "end_time", "headway_secs", "exact_times"), frequencies),
        "shapes": (("shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence"), list(_shapes(lines, to_degrees))),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target:
        for name, (header, rows) in tables.items():
            text = io.StringIO()
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows)
            entry = zipfile.ZipInfo(f"{name}.txt", date_time=_STAMP)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            target.writestr(entry, text.getvalue())


def _runs(lines: list[Line]) -> tuple[list[Any], list[Any], list[Any]]:
    """Trips, their stop times, and the headways of lines that run by frequency."""
    trips: list[Any] = []
    times: list[Any] = []
    frequencies: list[Any] = []
    for line in lines:
        first, last = (int(h * 3600) for h in line.hours)
        for service, sparse in _SPARSE.items():
            headway = int(line.headway * 60 * sparse)
            for direction in (0, 1):
                starts = [first] if line.frequency else list(range(first + direction * headway // 2, last + 1, headway))
                stops = line.stops if direction == 0 else line.stops[::-1]
                legs = np.diff(line.times) if direction == 0 else np.diff(line.times)[::-1]
                offset = np.concatenate([[0], np.cumsum(legs)])
                head = line.name.rpartition(" – ")[2] if direction == 0 else line.name.partition(" – ")[0]
                for number, start in enumerate(starts):
                    trip = f"{line.id}-{service}-{direction}-{number + 1}"
                    trips.append((line.id, service, trip, head, direction, f"{line.id}-{direction}"))
                    for k, (stop, passed) in enumerate(zip(stops, offset, strict=True)):
                        leave = start + int(passed)
                        arrive = leave if k == 0 else leave - DWELL
                        times.append(
                            (trip, _clock(arrive), _clock(leave if k < len(stops) - 1 else arrive), stop, k + 1)
                        )
                    if line.frequency:
                        frequencies.append((trip, _clock(first), _clock(last), headway, 0))
    return trips, times, frequencies


def _clock(seconds: int) -> str:
    """Time of the service day; hours run on past 24."""
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _stops(lines: list[Line], places: Places, to_degrees: pyproj.Transformer) -> Iterable[tuple[Any, ...]]:
    called = {stop for line in lines for stop in line.stops}
    for row in places.rows:
        if row["id"] in called:
            lon, lat = to_degrees.transform(row["geometry"].x, row["geometry"].y)
            yield row["id"], row["name"], f"{lat:.6f}", f"{lon:.6f}"


def _shapes(lines: list[Line], to_degrees: pyproj.Transformer) -> Iterable[tuple[Any, ...]]:
    for line in lines:
        points = shapely.get_coordinates(line.way.simplify(2.0))
        for direction, run in enumerate((points, points[::-1])):
            lon, lat = to_degrees.transform(*run.T)
            for k in range(len(run)):
                yield f"{line.id}-{direction}", f"{lat[k]:.6f}", f"{lon[k]:.6f}", k + 1
