"""Stops, the stations they belong to, and how one gets from one to another within them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyproj
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from twin.errors import DataError
from twin.gis.gtfs.source import Source, Table

__all__ = ["Places", "read_places", "read_transfers"]

#: Walking between platforms: speed [m/s], and how much longer than the straight line the way is [1].
SPEED, DETOUR = 4.8 / 3.6, 1.3
#: Stops of a station that are joined to each other; where there are more, none is.
LARGEST = 500
#: What stops.txt means by location_type.
STOP, STATION, ENTRANCE, NODE, AREA = range(5)


@dataclass(frozen=True, eq=False)
class Places:
    """Rows of ``stops.txt`` sorted by what they are.

    Attributes
    ----------
    stops : id, name, x, y, station: where vehicles halt.
    stations : id, name, x, y.
    doors : id, name, x, y of entrances.
    known : ids of all other places, which vehicles do not halt at.
    """

    stops: pd.DataFrame
    stations: pd.DataFrame
    doors: pd.DataFrame
    known: list[str]


def read_places(source: Source, to_city: pyproj.Transformer) -> Places:
    """Read ``stops.txt``; stops without coordinates stand at their station, or are left out."""
    columns = ("stop_id", "stop_name", "stop_lat", "stop_lon", "location_type", "parent_station")
    table = source.table("stops.txt", columns, needed=True)
    table.need("stop_id", "stop_lat", "stop_lon")
    ids = table.text("stop_id")
    kept = table.first(ids, "stop")
    kind = table.parsed("location_type", _kind, "taken as a stop", blank=0.0, kind="location type").astype(int)
    x, y = _coordinates(table, to_city)
    parent = table.found("parent_station", ids)
    codes, texts = table.codes("parent_station")
    lost = np.flatnonzero((parent < 0) & (np.array([bool(t) for t in texts] or [False])[codes]))
    table.tell("parent_station is not known", lost, [texts[c] for c in codes[lost]], "the stop stands alone")
    parent = np.where(codes >= 0, parent, -1)
    for _ in range(2):  # a boarding area belongs to a platform, and that to a station
        up = (parent >= 0) & (kind[parent] != STATION)
        parent[up] = np.where(parent[parent[up]] >= 0, parent[parent[up]], -1)
    parent[kind == STATION] = -1
    bare = np.isnan(x)
    at_station = bare & (parent >= 0) & ~bare[parent]
    told = at_station & np.isin(kind, (STOP, ENTRANCE))  # places within a station need not have any
    table.tell("the stop has no coordinates", np.flatnonzero(told), ids[told], "it stands at its station")
    x[at_station], y[at_station] = x[parent[at_station]], y[parent[at_station]]
    bare = np.isnan(x) & np.isin(kind, (STOP, ENTRANCE))
    table.tell("the stop has no coordinates", np.flatnonzero(bare), ids[bare], "it is left out")
    names = table.text("stop_name")
    every = pd.DataFrame({"id": ids, "name": names, "x": x, "y": y, "parent": parent})
    stations = every[kept & (kind == STATION)]
    place = np.full(len(ids) + 1, -1, dtype=np.int32)
    place[stations.index] = np.arange(len(stations))
    every["station"] = place[parent]
    stops = every[kept & (kind == STOP) & ~bare]
    if not len(stops):
        raise DataError(f"{table.where}, stops.txt: no stop with coordinates in it", layer="stops.txt")
    doors = every[kept & (kind == ENTRANCE) & ~bare]
    others = kept & ~np.isin(np.arange(len(ids)), np.r_[stops.index, stations.index, doors.index])
    frames = [frame.drop(columns="parent").reset_index(drop=True) for frame in (stops, stations, doors)]
    return Places(frames[0], frames[1], frames[2], ids[others].tolist())


def _coordinates(table: Table, to_city: pyproj.Transformer) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    lat, lon = (table.parsed(c, float, "taken as missing", kind="coordinate") for c in ("stop_lat", "stop_lon"))
    with np.errstate(invalid="ignore"):
        wild = (np.abs(lat) > 90) | (np.abs(lon) > 180) | ((lat == 0) & (lon == 0))
    rows = np.flatnonzero(wild)
    table.tell("the coordinates are nowhere", rows, [f"{lat[r]:g} {lon[r]:g}" for r in rows], "taken as missing")
    good = ~wild & ~np.isnan(lat) & ~np.isnan(lon)
    x, y = np.full(len(lat), np.nan), np.full(len(lat), np.nan)
    if good.any():
        x[good], y[good] = to_city.transform(lon[good], lat[good])
    return np.where(np.isfinite(x), x, np.nan), np.where(np.isfinite(x), y, np.nan)


def _kind(text: str) -> int:
    return ("0", "1", "2", "3", "4").index(text)


def read_transfers(source: Source, places: Places) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Transfers and entrances; see `twin.model.Timetable`.

    ``transfers.txt`` goes before ``pathways.txt``, and that before the straight walk (times `DETOUR`) between stops of
    one station. Where a transfer is recommended (type 0) or waited for (type 1), the straight walk is its time. A
    transfer from or to a station holds for all of its stops. Those of some lines or trips only are listed and left out.
    """
    found = _within_stations(source, places)
    ways, entrances = _pathways(source, places)
    found.update(ways)
    found.update(_stated(source, places))
    pairs = np.array(sorted(found), dtype=np.int32).reshape(-1, 2)
    seconds = np.array([found[int(a), int(b)] for a, b in pairs], dtype=np.int32)
    return pd.DataFrame({"from_stop": pairs[:, 0], "to_stop": pairs[:, 1], "seconds": seconds}), entrances


def _walk(at: NDArray[np.float64], a: Any, b: Any) -> Any:
    """Time of the straight walk between stops, with its detour [s]."""
    return np.ceil(DETOUR * np.hypot(*(at[a] - at[b]).T) / SPEED).astype(int)


def _within_stations(source: Source, places: Places) -> dict[tuple[int, int], int]:
    """The straight walk between every two stops of a station."""
    at, station = places.stops[["x", "y"]].to_numpy(), places.stops["station"].to_numpy()
    order = np.argsort(station, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(station[order])) + 1)
    found: dict[tuple[int, int], int] = {}
    for group in groups:
        if station[group[0]] < 0:
            continue
        if len(group) > LARGEST:
            name = places.stations["id"].iloc[station[group[0]]]
            source.problems.add(f"a station has more than {LARGEST} stops", "stops.txt", 0, [name], "none is joined")
            continue
        a, b = (each.ravel() for each in np.meshgrid(group, group, indexing="ij"))
        a, b = a[a != b], b[a != b]
        found.update(zip(zip(a.tolist(), b.tolist(), strict=True), _walk(at, a, b).tolist(), strict=True))
    return found


def _stated(source: Source, places: Places) -> dict[tuple[int, int], int]:
    columns = ("from_stop_id", "to_stop_id", "transfer_type", "min_transfer_time")
    narrow = ("from_route_id", "to_route_id", "from_trip_id", "to_trip_id")
    table = source.table("transfers.txt", (*columns, *narrow))
    if not table.rows:
        return {}
    table.need("from_stop_id", "to_stop_id")
    kind = table.parsed("transfer_type", _transfer, "taken as 0", blank=0.0, kind="transfer type").astype(int)
    least = table.parsed("min_transfer_time", _seconds, "the straight walk is taken", kind="number of seconds")
    members: dict[str, list[int]] = {name: [row] for row, name in enumerate(places.stops["id"])}
    for row, name in enumerate(places.stations["id"]):
        members.setdefault(name, np.flatnonzero(places.stops["station"] == row).tolist())
    ends = [table.text(c) for c in ("from_stop_id", "to_stop_id")]
    special = np.zeros(table.rows, dtype=bool)
    for column in narrow:
        special |= table.text(column) != ""
    special |= kind > 3
    rows = np.flatnonzero(special)
    table.tell("a transfer is for some lines or trips only", rows, ends[0][rows], "it is left out")
    found: dict[tuple[int, int], int] = {}
    at = places.stops[["x", "y"]].to_numpy()
    for row in np.flatnonzero(~special).tolist():
        starts, goals = (members.get(end[row]) for end in ends)
        if starts is None or goals is None:
            gone = ends[0][row] if starts is None else ends[1][row]
            table.tell("stop is not known", [row], [gone], "the transfer is left out")
            continue
        if kind[row] == 2 and np.isnan(least[row]):
            table.tell("min_transfer_time is missing", [row], [ends[0][row]], "the straight walk is taken")
        for a in starts:
            for b in goals:
                straight = int(_walk(at, a, b))
                stated = straight if np.isnan(least[row]) or kind[row] != 2 else int(least[row])
                found[a, b] = -1 if kind[row] == 3 else stated
    return found


def _transfer(text: str) -> int:
    return ("0", "1", "2", "3", "4", "5").index(text)


def _seconds(text: str) -> int:
    value = int(text)
    if not 0 <= value < 86_400:
        raise ValueError(text)
    return value


def _pathways(source: Source, places: Places) -> tuple[dict[tuple[int, int], int], pd.DataFrame]:
    """Shortest ways over ``pathways.txt`` from platform to platform, and between entrances and platforms."""
    columns = ("from_stop_id", "to_stop_id", "is_bidirectional", "traversal_time", "length")
    table = source.table("pathways.txt", columns)
    none = pd.DataFrame({c: [] for c in ("id", "name", "x", "y", "stop", "enter", "leave")})
    if not table.rows:
        return {}, none
    table.need("from_stop_id", "to_stop_id", "is_bidirectional")
    ids = [*places.stops["id"], *places.doors["id"], *places.known, *places.stations["id"]]
    tail, head = table.found("from_stop_id", ids), table.found("to_stop_id", ids)
    time = table.parsed("traversal_time", _seconds, "its length is taken", kind="number of seconds")
    length = table.parsed("length", float, "taken as unknown")
    time = np.where(np.isnan(time), np.ceil(np.abs(length) / SPEED), time)
    both = table.parsed("is_bidirectional", _both, "taken as 0", blank=0.0, kind="0 or 1") > 0
    lost, untold = (tail < 0) | (head < 0), np.isnan(time)
    names = table.text("from_stop_id")
    table.tell("stop is not known", np.flatnonzero(lost), names[lost], "the pathway is left out")
    x, y = (
        np.r_[places.stops[c], places.doors[c], np.full(len(places.known), np.nan), places.stations[c]] for c in "xy"
    )
    with np.errstate(invalid="ignore"):
        straight = np.ceil(DETOUR * np.hypot(x[tail] - x[head], y[tail] - y[head]) / SPEED)
    time = np.where(np.isnan(time), straight, time)
    table.tell(
        "a pathway has neither time nor length",
        np.flatnonzero(untold & ~lost),
        names[untold & ~lost],
        "the straight walk is taken, or none where places are unknown",
    )
    keep = ~lost & ~np.isnan(time)
    a, b = np.r_[tail[keep], head[keep & both]], np.r_[head[keep], tail[keep & both]]
    cost = np.r_[time[keep], time[keep & both]]
    order = np.lexsort((cost, b, a))
    a, b, cost = a[order], b[order], cost[order]
    first = np.r_[True, (a[1:] != a[:-1]) | (b[1:] != b[:-1])][: len(a)]  # of parallel pathways the shortest
    matrix: Any = csr_matrix((cost[first] + 1e-6, (a[first], b[first])), shape=(len(ids),) * 2)  # a 0 would be no link
    platforms, count = len(places.stops), len(places.stops) + len(places.doors)
    roots = np.unique(np.r_[a, b])
    roots = roots[roots < count]
    found: dict[tuple[int, int], int] = {}
    enter: dict[tuple[int, int], int] = {}
    leave: dict[tuple[int, int], int] = {}
    for root in roots.tolist():  # one at a time: all at once, a country's stations would fill the memory
        reach = dijkstra(matrix, indices=root)[roots]
        for other, cost_ in zip(roots[np.isfinite(reach)].tolist(), reach[np.isfinite(reach)].tolist(), strict=True):
            if root == other or (root >= platforms and other >= platforms):
                continue
            if root < platforms and other < platforms:
                found[root, other] = int(cost_)
            elif root >= platforms:
                enter[root - platforms, other] = int(cost_)
            else:
                leave[other - platforms, root] = int(cost_)
    pairs = sorted(enter.keys() | leave.keys())
    doors = places.doors.iloc[[door for door, _ in pairs]]
    frame = doors[["id", "name", "x", "y"]].reset_index(drop=True)
    frame["stop"] = [stop for _, stop in pairs]
    frame["enter"] = [enter.get(pair, -1) for pair in pairs]
    frame["leave"] = [leave.get(pair, -1) for pair in pairs]
    return found, frame


def _both(text: str) -> int:
    return ("0", "1").index(text)
