"""Travel by public transport and on foot, by the timetable of a day, for departures of a window of time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable
from dataclasses import KW_ONLY, dataclass, fields
from functools import cached_property
from math import ceil
from typing import TYPE_CHECKING, Any, NoReturn, cast

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from twin.errors import DataError
from twin.model.city import City
from twin.model.network import SCALE, Network
from twin.model.timetable import Timetable
from twin.routing.footways import Footways, footways
from twin.routing.paths import fixed, in_chunks
from twin.routing.service import NEVER, Service, seconds
from twin.routing.weights import node_weights
from twin.units import day, hour, kmh, minute

__all__ = ["Transit", "profile"]

Ints = NDArray[np.int32]
_OF_A_NETWORK = {each.name for each in fields(Network)} | {name for name in vars(Network) if name[0] != "_"}
_BATCH = 64  # origins whose walks are held at once, and
_HOLD = 2**22  # their walks to all nodes, at most


@dataclass(frozen=True, eq=False)
class Transit:
    r"""Streets and lines at a time of day: takes the place of a network in `matrix`, `within` and `isochrones`.

    A journey is a walk to a stop, up to `max_rides` rides with at most one walk between two of them, and a walk from a
    stop; or a walk all the way. The travel time between two nodes of the walk network is the percentile over all
    departures :math:`t` of the window of :math:`a(t) - t`, with :math:`a(t)` the earliest arrival: the smallest of
    them that at least that share of the departures does not exceed. A departure without a way counts as `inf`.

    Parameters
    ----------
    source : a city with networks ``walk`` and ``transit``, or these two.
    date : day of the timetable; a date, or ``"2026-11-20"``. A trip that began the day before runs on past midnight.
    depart : first departure, since the start of the day [s].
    window, step : departures are `depart`, `depart` + `step`, … before `depart` + `window` [s]; one where it is 0.
    percentile : of the departures' travel times, above 0 and up to 100 [%].
    walk_speed : [m/s].
    max_walk : longest walk to a stop, between stops, and from a stop [s]. A walk all the way may be longer.
    max_rides : boardings at most.

    Raises
    ------
    MissingData : there is no such network, or it has no timetable.
    DataError : the date is outside of the calendar, the window outside of the day, or an option out of range.

    Notes
    -----
    Who gets off at a stop may get on there again, after the least time for a change that the feed gives; at another
    stop after the feed's transfer time or the walk, whichever is shorter, unless the feed forbids the change.

    References
    ----------
    Delling, Pajor & Werneck (2012), Round-Based Public Transit Routing, ALENEX; the departures of a window from the
    last to the first with labels kept (rRAPTOR) as in their section 4.2.

    Examples
    --------
    >>> matrix(Transit(city, "2019-05-13", depart=7 * hour), origins, clinics)  # doctest: +SKIP
    """

    source: City | tuple[Network, Network]
    date: dt.date | str
    _: KW_ONLY
    depart: float = 8 * hour
    window: float = 1 * hour
    step: float = 1 * minute
    percentile: float = 50.0
    walk_speed: float = 4.8 * kmh
    max_walk: float = 15 * minute
    max_rides: int = 5

    def __post_init__(self) -> None:
        for name, low in (
            ("step", 1 / SCALE),
            ("walk_speed", 1e-6),
            ("max_walk", 0.0),
            ("max_rides", 1),
            ("window", 0.0),
        ):
            if not low <= getattr(self, name) < 1e6:
                raise DataError(f"transit: {name} is at least {low:g}, not {getattr(self, name)}", column=name)
        if not 0 < self.percentile <= 100:
            raise DataError(f"transit: percentile is above 0 and up to 100, not {self.percentile}", column="percentile")
        if self.max_rides % 1 or self.max_rides > 100:
            raise DataError(f"transit: max_rides is a whole number up to 100, not {self.max_rides}", column="max_rides")
        if not (0 <= self.depart <= day and self.depart + self.window <= day):
            raise DataError(
                f"transit: departures are within the day, 0 to {day:.0f} s, not from {self.depart:.0f} to "
                f"{self.depart + self.window:.0f} s; for those after midnight give the date that follows",
                column="window",
            )
        if self.walk.crs != self.lines.crs:
            raise DataError("transit: the walk and the transit network are in different CRS; read them into one city")
        self.lines.day(self.date)  # says what is wrong with the date, or that there is no timetable

    if not TYPE_CHECKING:  # a type checker says it before

        def __getattr__(self, name: str) -> NoReturn:
            """Say what takes a `Transit` where it was given for a network; that is asked for something of its own."""
            if name in _OF_A_NETWORK:
                raise DataError(
                    "a Transit stands for a network in `matrix`, `within` and `isochrones` only; give its streets, "
                    "`transit.walk`, or measure with `matrix(transit, …)` first"
                )
            raise AttributeError(f"'Transit' object has no attribute {name!r}")

    @property
    def walk(self) -> Network:
        """The streets; origins and destinations are its nodes."""
        return self.source.network("walk") if isinstance(self.source, City) else self.source[0]

    @property
    def lines(self) -> Network:
        """The network of the lines, with their timetable."""
        return self.source.network("transit") if isinstance(self.source, City) else self.source[1]

    @property
    def timetable(self) -> Timetable:
        """The lines' timetable."""
        return cast("Timetable", self.lines.timetable)  # it was looked for when this was made

    @property
    def departures(self) -> NDArray[np.float64]:
        """(m,) departures of the window [s]."""
        return np.asarray(self.ticks / SCALE)

    @cached_property
    def ticks(self) -> Ints:
        """(m,) int32, the departures in hundredths of a second."""
        count = max(1, ceil(self.window / self.step - 1e-9))
        return np.asarray(np.rint((self.depart + np.arange(count) * self.step) * SCALE), dtype=np.int32)

    @property
    def unsnapped(self) -> pd.DataFrame:
        """Stops that no street is near, as a table to list: nobody walks to them or from them."""
        return self.timetable.stops.iloc[self.footways.unsnapped]

    @property
    def footways(self) -> Footways:
        """The ways on foot, remembered with the walk network."""
        return footways(self.walk, self.timetable, speed=self.walk_speed, limit=self.max_walk)

    @property
    def service(self) -> Service:
        """What the kernel travels by, remembered with the day."""
        made, ways = self.lines.day(self.date), self.footways
        return made.memory.of(("service", self.max_rides), (ways,), lambda: Service.of(made, ways, self.max_rides))

    # ── what `matrix` and `within` do with it ────────────────────────────────────────────────────────────────────

    def matrix(self, origins: ArrayLike, destinations: ArrayLike | None = None) -> NDArray[np.float64]:
        """(o, d) travel times [s]; see `twin.routing.matrix`."""
        start = self.walk.positions(origins)
        end = None if destinations is None else self.walk.positions(destinations)
        result = np.empty((len(start), self.walk.graph.count if end is None else len(end)))

        def keep(rows: slice, times: Ints) -> None:
            result[rows] = seconds(times)

        self._each(start, end, NEVER, keep)
        return result

    def within(
        self,
        weights: ArrayLike,
        limit: float,
        *,
        origins: ArrayLike | None = None,
        decay: Callable[[NDArray[np.float64]], ArrayLike] | None = None,
    ) -> NDArray[np.float64]:
        """(o,) sum of the weights of the nodes within a travel time [s]; see `twin.routing.within`."""
        weight = node_weights(self.walk, weights)
        count = self.walk.graph.count
        start = np.arange(count, dtype=np.int32) if origins is None else self.walk.positions(origins)
        end = np.flatnonzero(weight).astype(np.int32)
        latest = min(fixed(limit), NEVER - 1)
        total = np.empty(len(start))

        def add(rows: slice, times: Ints) -> None:
            near = times <= latest
            faded = 1.0 if decay is None else np.asarray(decay(np.where(near, times / SCALE, 0.0)))
            total[rows] = np.where(near, weight[end] * faded, 0.0).sum(axis=1)

        self._each(start, end, latest, add)
        return total

    def towards(self, end: Ints | None) -> tuple[Service, Any]:
        """The service towards these nodes, and which of its destinations each of them is."""
        if end is None:
            return self.service, slice(None)
        places, back = np.unique(end, return_inverse=True)
        return self.service.to(places.astype(np.int32)), back

    def _each(self, start: Ints, end: Ints | None, latest: int, take: Callable[[slice, Ints], None]) -> None:
        """Hand the travel times of some origins at a time to `take`, in hundredths of a second."""
        service, back = self.towards(end)
        rank = np.array([max(0, ceil(self.percentile / 100 * len(self.ticks) - 1e-9) - 1)], dtype=np.int32)

        most = max(1, min(_BATCH, _HOLD // max(1, service.streets.graph.count)))
        for low in range(0, len(start), most):
            access, direct = service.walks(start[low : low + most], self.max_walk)
            found = np.empty((len(access), 1, direct.shape[1]), dtype=np.int32)

            def some(part: slice, work: tuple[Ints, Ints, Ints] = (access, direct, found)) -> None:
                access, direct, times = (each[part] for each in work)
                service.kernel.travel_times(access, direct, self.ticks, latest, rank, times)

            in_chunks(some, len(access), least=1, most=8)
            take(slice(low, low + len(access)), found[:, 0][:, back])


def profile(transit: Transit, origin: Hashable, destinations: ArrayLike | None = None) -> NDArray[np.float64]:
    """Travel time to each destination for each departure of the window.

    Parameters
    ----------
    origin, destinations : node ids of the walk network; all nodes where no destinations are given.

    Returns
    -------
    (m, d) float64 : travel times [s] for ``transit.departures``; inf where there is no way.
    """
    service, back = transit.towards(None if destinations is None else transit.walk.positions(destinations))
    access, direct = service.walks(transit.walk.positions([origin]), transit.max_walk)  # type: ignore[arg-type]
    found = np.empty((1, len(transit.ticks), direct.shape[1]), dtype=np.int32)
    service.kernel.travel_times(access, direct, transit.ticks, NEVER, np.zeros(0, dtype=np.int32), found)
    return seconds(found[0][:, back])
