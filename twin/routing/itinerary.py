"""One journey leg by leg: what explains a travel time to those who doubt it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from twin.errors import DataError
from twin.model.network import SCALE
from twin.routing.service import NEVER, Service
from twin.routing.transit import Transit
from twin.units import day

__all__ = ["itinerary", "journeys"]

COLUMNS = ("mode", "line", "trip", "start", "end", "depart", "arrive")


def itinerary(transit: Transit, origin: Hashable, destination: Hashable, at: float | None = None) -> pd.DataFrame:
    """The journey that arrives first; of those that arrive together, one with the fewest rides.

    Parameters
    ----------
    origin, destination : node ids of the walk network.
    at : departure, since the start of the day [s]; the first of the window where not given.

    Returns
    -------
    DataFrame : a row a leg, with mode (walk, or that of the line: bus, tram, …), line, trip (as the timetable names
        it), start, end (names of stops; ids of nodes at the ends), depart, arrive [s]. Who waits, does so between
        the arrival of a leg and the departure of the next. Empty where there is no way.

    Raises
    ------
    UnknownName : no such node.
    DataError : `at` is outside of the day.
    """
    start = transit.depart if at is None else at
    ends = transit.walk.positions(np.array([origin, destination], dtype=object))
    legs = next(_journeys(transit, ends[:1], ends[1:], np.array([start])))
    if not legs:
        return pd.DataFrame(columns=list(COLUMNS))
    legs[0] = (*legs[0][:3], origin, *legs[0][4:])
    legs[-1] = (*legs[-1][:4], destination, *legs[-1][5:])
    return _told(transit, legs)


def journeys(transit: Transit, origins: ArrayLike, destinations: ArrayLike, at: ArrayLike) -> pd.DataFrame:
    """The rides of many journeys, each as `itinerary` finds it.

    Parameters
    ----------
    origins, destinations : (n,) node ids of the walk network.
    at : (n,) departures, since the start of the day [s].

    Returns
    -------
    DataFrame : a row a ride, in the order of the journeys: journey, pattern, trip (row of the day's trips), board and
        alight (stops), depart and arrive [s]. Who walks all the way, or has no way, has none.
    """
    start, end = transit.walk.positions(origins), transit.walk.positions(destinations)
    found = _journeys(transit, start, end, np.asarray(at, dtype=float))
    rows = [
        (journey, pattern, trip, board, alight, depart / SCALE, arrive / SCALE)
        for journey, legs in enumerate(found)
        for mode, pattern, trip, board, alight, depart, arrive in legs
        if mode == "ride"
    ]
    return pd.DataFrame(rows, columns=["journey", "pattern", "trip", "board", "alight", "depart", "arrive"])


def _journeys(transit: Transit, start: Any, end: Any, at: NDArray[np.float64]) -> Iterator[list[tuple[Any, ...]]]:
    """The legs of each journey: mode, pattern, trip, from, to (stops; -1 at its ends), departure and arrival."""
    wrong = ~((at >= 0) & (at <= day))
    if wrong.any():
        raise DataError(f"an itinerary begins within the day, 0 to {day:.0f} s, not at {at[wrong][0]} s", column="at")
    service = transit.service
    ride = np.empty((service.ways.stops, service.rides + 1), dtype=np.int32)
    reach = np.empty_like(ride)
    walks: dict[int, tuple[Any, Any]] = {}
    exits: dict[int, tuple[Any, Any]] = {}
    for here, there, when in zip(start.tolist(), end.tolist(), np.rint(at * SCALE).astype(int).tolist(), strict=True):
        if here not in walks:
            access, direct = service.walks(np.array([here], dtype=np.int32), transit.max_walk)
            walks[here] = np.ascontiguousarray(access[0]), direct[0]
        if there not in exits:
            exits[there] = _ways_to(service, there)
        access, afoot = walks[here][0], int(walks[here][1][there])
        service.kernel.labels(access, when, ride, reach)
        yield _legs(service, (ride, reach), exits[there], afoot, when)


def _legs(
    service: Service, labels: tuple[Any, Any], exits: tuple[Any, Any], afoot: int, leave: int
) -> list[tuple[Any, ...]]:
    (ride, reach), (stop, walk) = labels, exits
    arrival = np.where(ride[stop] == NEVER, NEVER, ride[stop].astype(np.int64) + walk[:, None])
    best = int(arrival.min(initial=NEVER))
    if min(best, afoot) == NEVER:
        return []
    if afoot <= best - leave:
        return [("walk", -1, -1, -1, -1, leave, leave + afoot)]
    rides, which = (int(i[0]) for i in np.nonzero(np.equal(arrival.T, best)))
    here = int(stop[which])
    legs: list[tuple[Any, ...]] = [("walk", -1, -1, here, -1, int(ride[here, rides]), best)]
    while True:
        found = _ridden(service, reach, here, rides, int(ride[here, rides]))
        legs.append(found)
        board, present = found[3], int(reach[found[3], rides - 1])
        rides = int(np.argmax(reach[board] == present))
        if rides == 0:
            return [*legs, ("walk", -1, -1, -1, board, leave, present)][::-1]
        here, began = _changed(service, ride[:, rides], board, present)
        if here != board:
            legs.append(("walk", -1, -1, here, board, began, present))


def _ways_to(service: Service, node: int) -> tuple[Any, Any]:
    """Stops from which one walks to a node, and how long."""
    rows = np.flatnonzero(service.ways.egress.to == node)
    return np.searchsorted(service.ways.egress.begin, rows, side="right") - 1, service.ways.egress.time[rows]


def _ridden(service: Service, reach: Any, here: int, rides: int, when: int) -> tuple[Any, ...]:
    """A ride that ends at a stop at this time; of those, the one boarded where one can be earliest."""
    first, stop, pickup, drop_off, trips, times, arrive, depart = service.patterns
    choices: list[tuple[int, ...]] = []
    for call in np.flatnonzero((stop == here) & (drop_off > 0)):
        pattern = int(np.searchsorted(first, call, side="right")) - 1
        low, length = int(first[pattern]), int(first[pattern + 1] - first[pattern])
        count, i = int(trips[pattern + 1] - trips[pattern]), int(call) - low
        table = slice(int(times[pattern]), int(times[pattern]) + count * length)
        for k in np.flatnonzero(arrive[table].reshape(count, length)[:, i] == when):
            leaves = depart[table].reshape(count, length)[k, :i]
            present = reach[stop[low:call], rides - 1]
            fits = np.flatnonzero((pickup[low:call] > 0) & (present <= leaves))
            trip = int(trips[pattern] + k)
            choices += [(int(present[b]), -int(b), pattern, trip, int(stop[low + b]), int(leaves[b])) for b in fits]
    _, _, pattern, trip, board, left = min(choices)
    return "ride", pattern, trip, board, here, left, when


def _changed(service: Service, ride: Any, board: int, present: int) -> tuple[int, int]:
    """The stop that one came from to be present at this time, and when one got off there; the nearest of several."""
    rows = np.flatnonzero(service.feet.to == board)
    origin = np.searchsorted(service.feet.begin, rows, side="right") - 1
    fits = (ride[origin] != NEVER) & (ride[origin].astype(np.int64) + service.feet.time[rows] == present)
    nearest = np.flatnonzero(fits)[np.argmin(service.feet.time[rows[fits]])]
    return int(origin[nearest]), int(ride[origin[nearest]])


def _told(transit: Transit, legs: list[tuple[Any, ...]]) -> pd.DataFrame:
    """Legs in the timetable's names, and in seconds."""
    made, table = transit.lines.day(transit.date), transit.timetable
    rows = []
    for number, (mode, pattern, trip, start, end, depart, arrive) in enumerate(legs):
        line = table.lines.iloc[made.pattern_line[pattern]] if mode == "ride" else None
        rows.append(
            (
                "walk" if line is None else line["mode"] or "ride",
                "" if line is None else line["name"] or line["id"],
                "" if line is None else table.trips["id"].iloc[made.trip[trip]],
                start if number == 0 else _stop_name(table.stops, start),
                end if number == len(legs) - 1 else _stop_name(table.stops, end),
                depart / SCALE,
                arrive / SCALE,
            )
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _stop_name(stops: pd.DataFrame, position: int) -> Any:
    return stops["name"].iloc[position] or stops["id"].iloc[position]
