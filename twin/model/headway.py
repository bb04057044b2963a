"""A line at another headway."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.model.patterns import arranged
from twin.model.timetable import Timetable

__all__ = ["respaced"]


def respaced(table: Timetable, line: NDArray[np.int64], headway: float, between: tuple[float, float]) -> Timetable:
    """The timetable with a line's departures put at equal distances in time.

    Trips of one direction and service that leave their first stop within the window are replaced: from the first of
    them on, one leaves every headway before the window ends, or up to the last of them where none leaves later. Where
    they are of several patterns (branches, short turns), each pattern keeps its share and they take turns as evenly as
    can be. A new trip has the running times of the trip of its pattern that left nearest in time (the earlier of two).

    Parameters
    ----------
    line : rows of the lines.
    headway : time between two departures, above 0 [s].
    between : start and end of the window, seconds of the service day; a departure at the end is outside [s].
    """
    calls = _calls(table)
    start = np.flatnonzero(np.r_[True, calls["trip"][1:] != calls["trip"][:-1]]) if len(calls["trip"]) else np.zeros(0)
    size = np.diff(np.append(start, len(calls["trip"]))).astype(int)
    leaves = table.leaves
    pattern = table.pattern_of
    service = table.trips["service"].to_numpy()
    inside = np.isin(table.pattern_line[pattern], line) & (leaves >= between[0]) & (leaves < between[1])
    copies, shifts = [], []  # rows of the trips that are copied, and by how much each is moved
    group = pd.DataFrame(
        {"line": table.pattern_line[pattern], "way": table.pattern_direction[pattern], "service": service}
    )
    number = group.groupby(list(group.columns)).ngroup().to_numpy()
    for one in np.unique(number[inside]):
        every = np.flatnonzero(number == one)
        old = every[inside[every]]
        old = old[np.argsort(leaves[old], kind="stable")]
        later = (leaves[every] >= between[1]).any()
        times = np.arange(leaves[old[0]], between[1] if later else leaves[old[-1]] + 1, headway)
        for at, which in zip(times, _turns(table.family_of[pattern[old]], len(times)), strict=True):
            near = old[table.family_of[pattern[old]] == which]
            copied = near[np.argmin(np.abs(leaves[near] - at))]
            copies.append(int(copied))
            shifts.append(round(at) - int(leaves[copied]))
    kept = np.flatnonzero(~inside)
    source = np.concatenate([kept, np.array(copies, dtype=int)])
    shift = np.concatenate([np.zeros(len(kept), dtype=int), np.array(shifts, dtype=int)])
    long = size[source]
    at = np.repeat(start[source] - np.cumsum(long) + long, long) + np.arange(long.sum())
    picked = {name: values[at.astype(int)] for name, values in calls.items()}
    moved = np.repeat(shift, long).astype(np.int32)
    picked |= {"arrive": picked["arrive"] + moved, "depart": picked["depart"] + moved}
    picked["trip"] = np.repeat(np.arange(len(source), dtype=np.int32), long)
    ids = table.trips["id"].to_numpy(dtype=object)[source]
    for k in np.flatnonzero(shift):
        ids[k] = f"{ids[k]} ({shift[k]:+d} s)"
    trips = pd.DataFrame({"id": ids, "service": service[source]})
    made = arranged(table.pattern_line[pattern[source]], table.pattern_direction[pattern[source]], picked)
    return table.with_arrays(trips.iloc[made.order], **made.arrays())


def _calls(table: Timetable) -> dict[str, NDArray[Any]]:
    """Every call of every trip, as `Timetable.build` takes them."""
    count, size = np.diff(table.trip_indptr), np.diff(table.pattern_indptr)
    first = np.repeat(table.pattern_indptr[:-1], count)
    long = np.repeat(size, count)
    trip = np.repeat(np.arange(len(first), dtype=np.int32), long)
    at = np.repeat(first - np.cumsum(long) + long, long) + np.arange(long.sum())
    per_call = {"stop": "pattern_stop", "pickup": "pickup", "drop_off": "drop_off", "hop": "hop"}
    return {
        "trip": trip,
        "arrive": np.asarray(table.arrive),
        "depart": np.asarray(table.depart),
        **{name: getattr(table, field)[at] for name, field in per_call.items()},
    }


def _turns(kinds: NDArray[Any], count: int) -> list[int]:
    """Kinds of `count` departures: in the shares of those given, spread evenly, the first of them first.

    >>> _turns(np.array([7, 7, 9, 7, 7, 9]), 6)
    [7, 9, 7, 7, 9, 7]
    """
    names = list(dict.fromkeys(kinds.tolist()))
    weight = np.array([np.count_nonzero(kinds == name) for name in names])
    credit = np.zeros(len(names), dtype=int)
    turns: list[Any] = []
    for _ in range(count):
        credit += weight
        chosen = int(np.argmax(credit)) if turns else 0
        credit[chosen] -= weight.sum()
        turns.append(names[chosen])
    return turns
