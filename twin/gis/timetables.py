"""A timetable taken apart into plain tables, as folders and GeoPackages store it, and put together again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.errors import DataError
from twin.model import Timetable

__all__ = ["TABLES", "tables_of", "timetable_of"]

#: Tables of a timetable, and the columns that each must have.
TABLES: Mapping[str, tuple[str, ...]] = {
    "stops": ("id", "name", "x", "y", "station", "open"),
    "stations": ("id", "name", "x", "y"),
    "lines": ("id", "name", "mode", "agency", "open"),
    "trips": ("id", "service"),
    "patterns": ("line", "direction", "calls", "trips"),
    "calls": ("stop", "pickup", "drop_off", "hop"),
    "times": ("arrive", "depart"),
    "services": ("id", "first_day", "timezone", "runs"),
    "transfers": ("from_stop", "to_stop", "seconds"),
    "entrances": ("id", "name", "x", "y", "stop", "enter", "leave"),
}


def tables_of(table: Timetable) -> dict[str, pd.DataFrame]:
    """Take a timetable apart."""
    days = table.runs.astype(np.uint8) + ord("0")
    return {
        "stops": table.stops,
        "stations": table.stations,
        "lines": table.lines,
        "trips": table.trips,
        "patterns": pd.DataFrame(
            {
                "line": table.pattern_line,
                "direction": table.pattern_direction,
                "calls": np.diff(table.pattern_indptr),
                "trips": np.diff(table.trip_indptr),
            }
        ),
        "calls": pd.DataFrame(
            {"stop": table.pattern_stop, "pickup": table.pickup, "drop_off": table.drop_off, "hop": table.hop}
        ),
        "times": pd.DataFrame({"arrive": table.arrive, "depart": table.depart}),
        "services": pd.DataFrame(
            {
                "id": table.services,
                "first_day": table.first_day.isoformat(),
                "timezone": table.timezone,
                "runs": [row.tobytes().decode("ascii") for row in days],  # one 0 or 1 a day
            }
        ),
        "transfers": table.transfers,
        "entrances": table.entrances,
    }


def timetable_of(tables: Mapping[str, Mapping[str, Any]], *, edges: int, where: str) -> Timetable:
    """Put a timetable together; routing trusts its arrays, so every one is checked.

    Parameters
    ----------
    tables : those of `TABLES`, by name; frames, or arrays by column.
    edges : number of edges of the network that it belongs to.

    Raises
    ------
    DataError : a table or column is missing, or a number points to a row that is not there; `where` names the folder.
    """
    read = _Reader(tables, where)
    stops, stations, lines = (read.frame(name) for name in ("stops", "stations", "lines"))
    transfers, entrances, trips = (read.frame(name) for name in ("transfers", "entrances", "trips"))
    services, first_day = read.column("services", "id"), _first_day(read)
    size, count = read.numbers("patterns", "calls", least=2), read.numbers("patterns", "trips", least=1)
    calls = {name: read.column("calls", name) for name in ("pickup", "drop_off")}
    stop = read.numbers("calls", "stop", below=len(stops))
    arrive, depart = (read.numbers("times", name, least=-(2**31)) for name in ("arrive", "depart"))
    for found, wanted, name in (
        (len(stop), int(size.sum()), "calls"),
        (len(trips), int(count.sum()), "trips"),
        (len(arrive), int((size.astype(np.int64) * count).sum()), "times"),
    ):
        if found != wanted:
            read.fail(name, "", f"{found} rows, {wanted} belong to the patterns")
    for name, column, limit in (("trips", "service", len(services)), ("entrances", "stop", len(stops))):
        read.numbers(name, column, below=limit)
    for column in ("from_stop", "to_stop"):
        read.numbers("transfers", column, below=len(stops))
    read.numbers("stops", "station", least=-1, below=len(stations))
    table = Timetable.build(
        stops=stops,
        stations=stations,
        lines=lines,
        trips=pd.DataFrame({"id": [], "line": [], "service": []}),
        times=dict.fromkeys(("trip", "stop", "arrive", "depart"), np.zeros(0, dtype=np.int32)),
        calendar=(services, first_day, _runs(read)),
        timezone=str(read.column("services", "timezone")[0]),
        transfers=transfers,
        entrances=entrances,
    )
    return table.with_arrays(
        trips,
        pattern_indptr=_starts(size),
        pattern_stop=stop,
        pickup=np.asarray(calls["pickup"], dtype=bool),
        drop_off=np.asarray(calls["drop_off"], dtype=bool),
        hop=read.numbers("calls", "hop", least=-1, below=edges),
        pattern_line=read.numbers("patterns", "line", below=len(lines)),
        pattern_direction=read.numbers("patterns", "direction", least=-1),
        trip_indptr=_starts(count),
        time_indptr=_starts(size.astype(np.int64) * count),
        arrive=arrive,
        depart=depart,
    )


class _Reader:
    """Columns of tables that somebody else may have written."""

    def __init__(self, tables: Mapping[str, Mapping[str, Any]], where: str) -> None:
        self.tables, self.where = tables, where

    def fail(self, name: str, column: str, what: str) -> None:
        place = f"column '{column}': " if column else ""
        raise DataError(
            f"{self.where}, timetable, {name}: {place}{what}; read the feed again", layer=name, column=column
        )

    def column(self, name: str, column: str) -> NDArray[Any]:
        if name not in self.tables:
            self.fail(name, "", "the table is missing")
        if column not in self.tables[name]:
            self.fail(name, column, "it is missing")
        return np.asarray(self.tables[name][column])

    def frame(self, name: str) -> pd.DataFrame:
        return pd.DataFrame({column: self.column(name, column) for column in TABLES[name]})

    def numbers(self, name: str, column: str, *, least: int = 0, below: int = 2**31) -> NDArray[np.int32]:
        values = self.column(name, column)
        if values.ndim != 1 or (values.size and values.dtype.kind not in "iu"):
            self.fail(name, column, f"whole numbers are needed, not {values.dtype}")
        if values.size and (int(values.min()) < least or int(values.max()) >= below):
            self.fail(name, column, f"numbers from {least} to {below - 1} are needed")
        return values.astype(np.int32, copy=False)


def _first_day(read: _Reader) -> dt.date:
    texts = read.column("services", "first_day")
    try:
        return dt.date.fromisoformat(str(texts[0]))
    except (IndexError, ValueError):
        read.fail("services", "first_day", "a date is needed")
        raise


def _runs(read: _Reader) -> NDArray[np.bool_]:
    texts = [str(text) for text in read.column("services", "runs")]
    if len({len(text) for text in texts}) != 1 or any(set(text) - {"0", "1"} for text in texts):
        read.fail("services", "runs", "a 0 or 1 a day is needed, as many for each service")
    return np.array([np.frombuffer(text.encode("ascii"), dtype=np.uint8) == ord("1") for text in texts])


def _starts(sizes: NDArray[Any]) -> NDArray[np.int32]:
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int32)
