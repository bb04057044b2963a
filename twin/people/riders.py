"""People in vehicles that hold so many: who finds one full waits for the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import KDTree

from twin.errors import DataError, SimulationError
from twin.model import City
from twin.model.timetable import Day, Timetable
from twin.routing import Transit
from twin.routing.itinerary import journeys
from twin.simulation import Agents, Crowd, Simulation
from twin.units import minute

__all__ = ["PLACES", "Riders"]

#: Assumed places of a vehicle, seats and standing room together, by mode; others have those of a bus.
PLACES = {"bus": 80, "trolleybus": 80, "tram": 200, "metro": 1200, "subway": 1200, "rail": 800, "ferry": 200}
_WALKS, _WAITS, _RIDES, _THERE, _VEHICLE = range(5)
#: What is entered of each ride: when one stood at the stop, got in and got out, by which trip, and how many were full.
_OF_A_RIDE = {"since": np.nan, "on": np.nan, "off": np.nan, "by": -1, "full": 0}
_TIMES = {"depart", "since", "on", "off"}
_TIMES_OF = ("since", "on", "off", "full")


class Riders(Agents):
    """Journeys by the timetable of a day, in vehicles with room for so many.

    Each plans the journey that arrives first if there is always room, walks to the stop, waits for a vehicle of the
    line's pattern, first come first served, and stays behind where it is full. Vehicles keep to their timetable.

    Parameters
    ----------
    origin, destination : (n,) node ids of the walk network.
    depart : (n,) or one for all [s].
    day : date of the timetable, such as ``"2026-03-03"``.
    places : of a vehicle, by mode; `PLACES` for modes that it does not name.
    speed : on foot [m/s].
    max_walk : longest walk to, from and between stops when the journey is planned [s].

    Notes
    -----
    The agents are the travellers and, after them, the vehicles. `tables` gives ``rides``, a row a ride with agent,
    ride, line, board and alight (stop ids), trip, since (when one stood at the stop), depart, arrive [s] (NaN: not
    yet) and full (how many vehicles drove off without one); and ``vehicles``, a row a trip with trip, line, places,
    most (people in it at a time) and full (how often somebody could not get in).
    """

    def __init__(
        self,
        origin: ArrayLike,
        destination: ArrayLike,
        depart: ArrayLike,
        *,
        day: str,
        places: Mapping[str, int] | None = None,
        speed: float = 1.34,
        max_walk: float = 15 * minute,
    ) -> None:
        start, end = np.atleast_1d(np.asarray(origin)), np.atleast_1d(np.asarray(destination))
        if start.shape != end.shape:
            raise DataError(f"{len(start)} origins and {len(end)} destinations: one of each a journey")
        room = {**PLACES, **(places or {})}
        if min(room.values()) < 1:
            raise DataError(f"places: at least one in a vehicle, not {min(room.values())}")
        leave = np.broadcast_to(np.asarray(depart, dtype=float), start.shape).copy()
        named = {"origin": start, "destination": end, "depart": leave, "day": day, "places": room, "speed": speed}
        for name, value in {"network": "walk", "max_walk": max_walk, **named}.items():
            object.__setattr__(self, name, value)

    origin: NDArray[Any]
    destination: NDArray[Any]
    depart: NDArray[np.float64]
    day: str
    places: Mapping[str, int]
    speed: float
    max_walk: float

    def spawn(self, city: City, rng: np.random.Generator) -> pd.DataFrame:
        """Travellers, then the vehicles of the day."""
        del rng
        transit = Transit(city, self.day, walk_speed=self.speed, max_walk=self.max_walk)
        made, streets = transit.lines.day(self.day), transit.walk
        found = journeys(transit, self.origin, self.destination, self.depart)
        many = len(self.origin)
        number = found.groupby("journey").cumcount().to_numpy()
        rides = int(number.max(initial=-1)) + 1
        at = KDTree(np.stack([streets.x, streets.y], axis=1)).query(transit.timetable.stops[["x", "y"]].to_numpy())[1]
        columns: dict[str, NDArray[Any]] = {}
        for ride in range(rides):
            mine = found[number == ride]
            for name in ("pattern", "board", "alight"):
                columns[f"{name}{ride}"] = _blank(many, mine["journey"], mine[name])
            columns[f"door{ride}"] = _blank(many, mine["journey"], at[mine["board"]])
            columns[f"exit{ride}"] = _blank(many, mine["journey"], at[mine["alight"]])
            columns |= {f"{name}{ride}": np.full(many, value) for name, value in _OF_A_RIDE.items()}
        people = pd.DataFrame(columns | {"node": streets.positions(self.origin), "depart": self.depart})
        people = people.assign(
            goal=streets.positions(self.destination),
            rides=np.bincount(found["journey"].to_numpy(dtype=int), minlength=many),
            phase=_WALKS,
            vehicle=-1,
        )
        table = pd.concat([people, self._vehicles(made, at, transit)], ignore_index=True)
        whole = [name for name in columns if name[:-1] not in _TIMES]
        blank = dict.fromkeys(("goal", "trip", "pattern", "vehicle", *whole), -1)
        table = table.fillna(blank | dict.fromkeys(("rides", "ride", "call", "load", "most", "full", "places"), 0))
        numbers = [name for name in table.columns if name not in _TIMES and name[:-1] not in _TIMES]
        return table.astype(dict.fromkeys(numbers, np.int64))

    def _vehicles(self, made: Day, at: NDArray[np.int64], transit: Transit) -> pd.DataFrame:
        trips = np.arange(made.trip_indptr[-1])
        pattern = np.searchsorted(made.trip_indptr, trips, side="right") - 1
        first = np.array([_times(made, p, t)[0, 0] for p, t in zip(pattern, trips, strict=True)], dtype=float)
        mode = transit.timetable.lines["mode"].to_numpy(dtype=object)[made.pattern_line[pattern]]
        return pd.DataFrame(
            {
                "node": at[made.pattern_stop[made.pattern_indptr[pattern]]],
                "depart": np.maximum(first, 0.0),
                "phase": _VEHICLE,
                "trip": trips,
                "pattern": pattern,
                "places": np.array([self.places.get(each, PLACES["bus"]) for each in mode], dtype=np.int64),
                **dict.fromkeys(("ride", "call", "load", "most", "full"), 0),
            }
        )

    def choose(self, who: Crowd, sim: Simulation) -> NDArray[np.int32]:
        """Travellers walk to their next stop, or to where they are going; vehicles let people out and in."""
        return Boarding(self, who, sim).choose()

    def arrive(self, who: Crowd, sim: Simulation) -> None:
        """Travellers stand at a stop, or are there."""
        Boarding(self, who, sim).arrive()

    def tables(self, who: Crowd, sim: Simulation) -> dict[str, pd.DataFrame]:
        """``rides`` and ``loads``."""
        return Boarding(self, who, sim).to_frames()


class Boarding:
    """Columns of travellers and vehicles, and what happens to some of them now."""

    def __init__(self, crowd: Riders, who: Crowd, sim: Simulation) -> None:
        self.crowd, self.who, self.sim, self.state = crowd, who, sim, who.columns
        self.made = sim.city.network("transit").day(crowd.day)
        self.vehicles = np.flatnonzero(self.state.column("trip") >= 0)
        if len(self.vehicles) != self.made.trip_indptr[-1]:
            raise SimulationError(
                "the timetable changed during the run, and vehicles on their way cannot follow it: change it before",
                time=sim.time,
                agents=self.state.name,
            )
        self.most = sum(name.startswith("pattern") for name in self.state.names()) - 1

    def _get(self, name: str, rows: Any) -> NDArray[Any]:
        return np.asarray(self.state.column(name)[rows])

    def _of_ride(self, name: str, rows: NDArray[np.int64]) -> NDArray[Any]:
        """A column of the ride that each of some travellers is at."""
        ride = self._get("ride", rows)
        found = np.full(len(rows), -1.0)
        for number in range(self.most):
            mine = ride == number
            found[mine] = self._get(f"{name}{number}", rows[mine])
        return found

    def _set_of_ride(self, name: str, rows: NDArray[np.int64], values: Any) -> None:
        given = np.broadcast_to(values, rows.shape)
        ride = self._get("ride", rows)
        for number in np.unique(ride):
            mine = ride == number
            self.state.put(f"{name}{number}", rows[mine], given[mine])

    # ── what happens ─────────────────────────────────────────────────────────────────────────────────────────────

    def choose(self) -> NDArray[np.int32]:
        """Where travellers go from here; vehicles stay in their columns."""
        rows = self.who.rows
        goal = np.full(len(rows), -1, dtype=np.int32)
        drives = self._get("phase", rows) == _VEHICLE
        people = rows[~drives]
        goal[~drives] = np.where(
            self._get("ride", people) < self._get("rides", people),
            self._of_ride("door", people),
            self._get("goal", people),
        )
        for vehicle in rows[drives]:
            self._call(int(vehicle))
        return goal

    def arrive(self) -> None:
        """Travellers came to a stop, or to where they were going."""
        rows = self.who.rows
        waits = self._get("ride", rows) < self._get("rides", rows)
        self.state.put("phase", rows, np.where(waits, _WAITS, _THERE))
        self._set_of_ride("since", rows[waits], self.sim.time)
        Crowd(self.state, rows[~waits], self.sim).finish()
        Crowd(self.state, rows[waits], self.sim).wait()

    def _call(self, vehicle: int) -> None:
        """A vehicle stands at a stop: people get out when it comes, and in when it goes."""
        pattern, trip = int(self._get("pattern", vehicle)), int(self._get("trip", vehicle))
        times = _times(self.made, pattern, trip)
        begin = int(self.made.pattern_indptr[pattern])
        call = int(self._get("call", vehicle))
        while call < 2 * len(times) and times[call // 2, call % 2] <= self.sim.time:
            stop = int(self.made.pattern_stop[begin + call // 2])
            if times[call // 2, call % 2] >= 0:
                if call % 2 == 0:
                    self._alight(vehicle, stop)
                elif call // 2 + 1 < len(times) and self.made.pickup[begin + call // 2]:
                    self._board(vehicle, pattern, stop)
            call += 1
        self.state.put("call", np.array([vehicle]), call)
        one = Crowd(self.state, np.array([vehicle]), self.sim)
        if call == 2 * len(times):
            one.finish()
        else:
            one.retry(after=float(times[call // 2, call % 2] - self.sim.time))

    def _alight(self, vehicle: int, stop: int) -> None:
        inside = np.flatnonzero((self.state.column("vehicle") == vehicle) & (self.state.column("phase") == _RIDES))
        out = inside[self._of_ride("alight", inside) == stop]
        if not len(out):
            return
        self._set_of_ride("off", out, self.sim.time)
        self.state.node[out] = self._of_ride("exit", out)
        self.state.put("ride", out, self._get("ride", out) + 1)
        self.state.put("phase", out, _WALKS)
        self.state.put("vehicle", out, -1)
        one = np.array([vehicle])
        self.state.put("load", one, self._get("load", one) - len(out))
        Crowd(self.state, out, self.sim).retry()

    def _board(self, vehicle: int, pattern: int, stop: int) -> None:
        waiting = np.flatnonzero(self.state.column("phase") == _WAITS)
        waiting = waiting[self._of_ride("pattern", waiting) == pattern]
        waiting = waiting[self._of_ride("board", waiting) == stop]
        waiting = waiting[np.lexsort((waiting, self._of_ride("since", waiting)))]
        load, places = int(self._get("load", vehicle)), int(self._get("places", vehicle))
        into, left = waiting[: places - load], waiting[places - load :]
        self._set_of_ride("on", into, self.sim.time)
        self._set_of_ride("by", into, self._get("trip", vehicle))
        self._set_of_ride("full", left, self._of_ride("full", left) + 1)
        self.state.put("phase", into, _RIDES)
        self.state.put("vehicle", into, vehicle)
        one = np.array([vehicle])
        self.state.put("load", one, load + len(into))
        self.state.put("most", one, np.maximum(self._get("most", one), load + len(into)))
        self.state.put("full", one, self._get("full", one) + len(left))

    # ── what is left ─────────────────────────────────────────────────────────────────────────────────────────────

    def to_frames(self) -> dict[str, pd.DataFrame]:
        """A row a ride that somebody has come to the stop for, and a row a vehicle."""
        table = cast("Timetable", self.sim.city.network("transit").timetable)  # it has made a day
        trip, line = table.trips["id"].to_numpy(dtype=object), table.lines["id"].to_numpy(dtype=object)
        stop, of = table.stops["id"].to_numpy(dtype=object), self.made.pattern_line
        parts = []
        for ride in range(self.most):
            rows = np.flatnonzero(~np.isnan(self.state.column(f"since{ride}")))
            at = {name: self._get(f"{name}{ride}", rows) for name in ("pattern", "board", "alight", "by", *_TIMES_OF)}
            by = at["by"].astype(int)
            parts.append(
                pd.DataFrame(
                    {
                        "agent": rows,
                        "ride": ride,
                        "line": line[of[at["pattern"].astype(int)]],
                        "board": stop[at["board"].astype(int)],
                        "alight": stop[at["alight"].astype(int)],
                        "trip": np.where(by >= 0, trip[self.made.trip[np.maximum(by, 0)]], None),
                        "since": at["since"],
                        "depart": at["on"],
                        "arrive": at["off"],
                        "full": at["full"],
                    }
                )
            )
        rides = pd.concat(parts).sort_values(["agent", "ride"], ignore_index=True) if parts else pd.DataFrame()
        cars = self.vehicles
        vehicles = pd.DataFrame(
            {
                "trip": trip[self.made.trip[self._get("trip", cars)]],
                "line": line[of[self._get("pattern", cars)]],
                **{name: self._get(name, cars) for name in ("places", "most", "full")},
            }
        )
        return {"rides": rides, "vehicles": vehicles}


def _blank(many: int, at: pd.Series, values: Any) -> NDArray[np.int64]:
    """(many,) values where they are, -1 elsewhere."""
    found = np.full(many, -1, dtype=np.int64)
    found[at.to_numpy(dtype=int)] = np.asarray(values)
    return found


def _times(made: Day, pattern: int, trip: int) -> NDArray[np.int32]:
    """(stops, 2) when a trip of a pattern comes to each stop and leaves it [s]."""
    length = int(made.pattern_indptr[pattern + 1] - made.pattern_indptr[pattern])
    first = int(made.time_indptr[pattern]) + (trip - int(made.trip_indptr[pattern])) * length
    return np.stack([made.arrive[first : first + length], made.depart[first : first + length]], axis=1)
