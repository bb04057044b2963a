"""One day's lines and ways on foot, as the kernel takes them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin._kernels import transit as kernel
from twin.errors import DataError, listed
from twin.model.network import SCALE, Network
from twin.model.timetable import Day
from twin.routing.footways import Footways, Rows, rows_of
from twin.routing.matrix import matrix as on_foot
from twin.routing.paths import fixed

__all__ = ["NEVER", "Service", "seconds"]

Ints = NDArray[np.int32]
#: The kernel's time for what cannot be reached.
NEVER = 0x7FFFFFFF


def seconds(times: Ints) -> NDArray[np.float64]:
    """Hundredths of a second as seconds; `inf` where there is no way."""
    return np.where(times == NEVER, inf, times / SCALE)


@dataclass(frozen=True, eq=False)
class Service:
    """One day's lines and ways on foot as the kernel takes them.

    Attributes
    ----------
    kernel : rides, changes, and walks to the destinations.
    patterns, feet : what it was made of; times in hundredths of a second.
    places : (d,) int32, the destinations' nodes; all where None.
    """

    kernel: kernel.Service
    patterns: tuple[Any, ...]
    calls: tuple[Ints, Ints, Ints]
    feet: Rows
    ways: Footways
    rides: int
    places: Ints | None = None

    @classmethod
    def of(cls, made: Day, ways: Footways, rides: int) -> Service:
        """From a day of the timetable."""
        trips = np.ascontiguousarray(made.trip_indptr)
        patterns = (
            made.pattern_indptr,
            made.pattern_stop,
            made.pickup,
            made.drop_off,
            trips,
            made.time_indptr.astype(np.int64),
            _hundredths(made.arrive),
            _hundredths(made.depart),
        )
        calls = _calls(made)
        feet = _feet(made, ways, np.diff(calls[0]) > 0)
        egress = ways.egress.arrays
        return cls(kernel.Service(patterns, calls, feet.arrays, egress, rides), patterns, calls, feet, ways, rides)

    @property
    def streets(self) -> Network:
        """The streets with the stops on them."""
        return self.ways.streets

    def to(self, places: Ints) -> Service:
        """The same towards some nodes only."""
        where = np.full(self.ways.nodes, -1, dtype=np.int32)
        where[places] = np.arange(len(places))
        out = self.ways.egress
        to = where[out.to]
        kept = to >= 0
        origin = np.repeat(np.arange(self.ways.stops, dtype=np.int32), np.diff(out.begin))[kept]
        egress = rows_of(origin, to[kept], out.time[kept], self.ways.stops)
        fresh = kernel.Service(self.patterns, self.calls, self.feet.arrays, egress.arrays, self.rides)
        return replace(self, kernel=fresh, places=places)

    def walks(self, start: Ints, limit: float) -> tuple[Ints, Ints]:
        """(o, s) and (o, d) int32, times on foot to the stops within the limit and all the way to the destinations."""
        nodes, stops = self.ways.nodes, self.ways.stops
        found = on_foot(self.streets, start, cost="time")
        ticks = np.where(found < NEVER / SCALE, np.rint(found * SCALE), NEVER).astype(np.int32)
        access = ticks[:, nodes : nodes + stops] if stops else np.full((len(ticks), 1), NEVER, dtype=np.int32)
        direct = ticks[:, :nodes] if self.places is None else ticks[:, self.places]
        return np.where(access <= fixed(limit), access, np.int32(NEVER)), np.ascontiguousarray(direct)


def _calls(made: Day) -> tuple[Ints, Ints, Ints]:
    """At each stop, the patterns that one may get on and at which position; none where a pattern ends."""
    length = np.diff(made.pattern_indptr)
    pattern = np.repeat(np.arange(len(length), dtype=np.int32), length)
    position = np.arange(len(pattern), dtype=np.int32) - made.pattern_indptr[pattern]
    useful = np.flatnonzero((made.pickup > 0) & (position + 1 < length[pattern]))
    useful = useful[np.argsort(made.pattern_stop[useful], kind="stable")]
    rows = rows_of(made.pattern_stop[useful], pattern[useful], position[useful], made.stops)
    return rows.arrays


def _feet(made: Day, ways: Footways, served: NDArray[np.bool_]) -> Rows:
    """Changes between stops: the feed's transfer or the walk, whichever is shorter, where it is not forbidden.

    Only to stops where one may get on that day: nobody changes to the others.
    """
    count = made.stops
    every = np.arange(count, dtype=np.int64)
    feet = ways.feet
    origin = np.concatenate(
        [every, np.repeat(every, np.diff(feet.begin)), np.repeat(every, np.diff(made.transfer_indptr))]
    )
    to = np.concatenate([every, feet.to, made.transfer_stop])
    time = np.concatenate([_hundredths(made.change), feet.time, _hundredths(made.transfer_time)])
    key = origin * count + to
    order = np.lexsort((time, key))
    first = np.r_[True, np.diff(key[order]) > 0][: len(order)]
    order = order[first]
    no = made.forbidden.astype(np.int64)
    order = order[served[to[order]] & ~np.isin(key[order], no[:, 0] * count + no[:, 1])]
    return rows_of(origin[order], to[order], time[order], count)


def _hundredths(times: Ints) -> Ints:
    """Seconds of a timetable in hundredths."""
    late = np.flatnonzero(np.abs(times) >= NEVER // int(2 * SCALE))
    if late.size:
        raise DataError(f"timetable: {late.size} times lie beyond 100 days ({listed(times[late])} s)", layer="transit")
    return times * np.int32(SCALE)
