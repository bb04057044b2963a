"""Trips: how long people of a run were on the way, how far, by how much longer than on empty streets, and who got out.

Legs that follow each other without a pause are one trip: whoever finds the way closed turns off and goes on.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.errors import DataError, MissingData
from twin.measures.measure import measure
from twin.measures.samples import percentile
from twin.model import City, Trace
from twin.routing import matrix

__all__ = [
    "clearance_time",
    "mean_delay",
    "mean_trip",
    "shelter_overflow",
    "total_delay",
    "trip_percentile",
    "trips_within",
    "way_length",
]

Kinds = str | Sequence[str]
_CHUNK = 256  # origins whose costs are held at a time


def legs_of(trace: Trace, crowd: str, purpose: str = "") -> pd.DataFrame:
    """Legs of a run, of one crowd and for one purpose (all where empty), by agent and departure.

    Raises
    ------
    MissingData : there is none, or nobody says what trips are for.
    """
    legs = trace["trips"] if "trips" in trace else pd.DataFrame({"crowd": []})
    if crowd:
        legs = legs[legs["crowd"].isin(trace.numbers(crowd))]
    if purpose:
        if "purpose" not in legs.columns:
            raise MissingData(
                "this run does not say what trips are for; a crowd of Days tells it by a column 'purpose'"
            )
        legs = legs[legs["purpose"] == purpose]
    if not len(legs):
        raise MissingData(f"this run has no trip{f' to {purpose}' if purpose else ''}{f' of {crowd}' if crowd else ''}")
    return legs.sort_values(["crowd", "agent", "depart"], kind="stable", ignore_index=True)


def trips_of(trace: Trace, crowd: str, purpose: str = "") -> pd.DataFrame:
    """Trips of a run with origin, destination, depart and arrive [s]; NaN for those that were on the way at its end."""
    legs = legs_of(trace, crowd, purpose)
    before = legs.shift()
    same = (legs["crowd"] == before["crowd"]) & (legs["agent"] == before["agent"])
    trip = (~(same & (legs["depart"] == before["arrive"]))).cumsum().to_numpy()
    first, last = np.flatnonzero(np.diff(trip, prepend=0)), np.flatnonzero(np.diff(trip, append=trip[-1] + 1))
    found = legs.iloc[first][["crowd", "agent", "origin", "depart"]].reset_index(drop=True)
    return found.assign(**{name: legs[name].to_numpy()[last] for name in ("destination", "arrive")})


def _times(trace: Trace, crowd: str, purpose: str) -> NDArray[np.float64]:
    trips = trips_of(trace, crowd, purpose)
    return (trips["arrive"] - trips["depart"]).to_numpy(dtype=float)


@measure(unit="1", en="trips in time in a run", zh="仿真按时到达出行比例", given={"within": "s"})
def trips_within(city: City, *, trace: Trace, within: float, crowd: str = "", purpose: str = "") -> float:
    """Share of the trips of a run that took at most a time [1].

    Parameters
    ----------
    within : longest time that counts, inclusive [s].
    crowd, purpose : whose trips, and what for; all where empty.

    Notes
    -----
    Who has been on the way for longer when the run ends counts as late; who has not is left out.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> trips_within(grid_city(1), trace=with_trips([75, 150, 225, 300]), within=150)
    0.5
    """
    del city
    if not within >= 0:
        raise DataError(f"trips_within: a time of at least 0 s, not {within}", column="within")
    trips = trips_of(trace, crowd, purpose)
    time = (trips["arrive"].fillna(trace.until) - trips["depart"]).to_numpy(dtype=float)
    known = trips["arrive"].notna().to_numpy() | (time > within)
    return float((time <= within + 1e-6)[known].mean()) if known.any() else float("nan")


@measure(unit="s", en="mean travel time of a run", zh="仿真平均出行时间")
def mean_trip(city: City, *, trace: Trace, crowd: str = "", purpose: str = "") -> float:
    """Mean time of the trips of a run that arrived [s].

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> mean_trip(grid_city(1), trace=with_trips([75, 150, 225, 300]))
    187.5
    """
    del city
    time = _times(trace, crowd, purpose)
    made = time[np.isfinite(time)]
    return float(made.mean()) if len(made) else float("nan")


@measure(unit="s", en="travel time percentile of a run", zh="仿真出行时间分位数", given={"share": "1"})
def trip_percentile(city: City, *, trace: Trace, share: float, crowd: str = "", purpose: str = "") -> float:
    """Time that a share of the trips of a run do not exceed [s]; those that were on the way at its end are left out.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> trip_percentile(grid_city(1), trace=with_trips([75, 150, 225, 300]), share=0.75)
    225.0
    """
    del city
    time = _times(trace, crowd, purpose)
    return percentile(time[np.isfinite(time)], share, what="trip_percentile")


def _delays(city: City, trace: Trace, network: str, crowd: str) -> NDArray[np.float64]:
    """Delay of each trip that arrived [s], against the empty network; those with no way on it are left out."""
    made = trips_of(trace, crowd).dropna(subset=["arrive"])
    free = _costs(city, network, made, "time")
    late = (made["arrive"] - made["depart"]).to_numpy(dtype=float) - free
    return np.asarray(np.maximum(0.0, late[np.isfinite(free)]))


def _costs(city: City, network: str, trips: pd.DataFrame, cost: str) -> NDArray[np.float64]:
    """Least cost from the origin to the destination of each trip."""
    net = city.network(network)
    start, of = np.unique(net.positions(trips["origin"].to_numpy()), return_inverse=True)
    goal, to = np.unique(net.positions(trips["destination"].to_numpy()), return_inverse=True)
    found = np.empty(len(trips))
    for begin in range(0, len(start), _CHUNK):
        mine = (of >= begin) & (of < begin + _CHUNK)
        costs = matrix(net, net.ids[start[begin : begin + _CHUNK]], net.ids[goal], cost=cost)
        found[mine] = costs[of[mine] - begin, to[mine]]
    return found


@measure(unit="s", en="mean delay of a run", zh="仿真平均延误")
def mean_delay(city: City, *, trace: Trace, network: str = "drive", crowd: str = "") -> float:
    r"""Mean time that the trips of a run took longer than on an empty network [s].

    .. math:: \frac{1}{n} \sum_i \max(0, t_i - t^0_i)

    Parameters
    ----------
    network : that the trips were made on; its own times are those of an empty one.
    crowd : whose trips; all where empty.

    Examples
    --------
    A block takes 10 s of driving; trips of one block took 10, 15 and 35 s.

    >>> from twin.gis.grid import grid_city
    >>> mean_delay(grid_city(1), trace=with_trips([10, 15, 35]))
    10.0
    """
    late = _delays(city, trace, network, crowd)
    return float(late.mean()) if len(late) else float("nan")


@measure(unit="s", en="total delay of a run", zh="仿真总延误")
def total_delay(city: City, *, trace: Trace, network: str = "drive", crowd: str = "") -> float:
    """Time that all trips of a run together took longer than on an empty network [s]; 3,600 s are one vehicle-hour.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> total_delay(grid_city(1), trace=with_trips([10, 15, 35]))
    30.0
    """
    return float(_delays(city, trace, network, crowd).sum())


def _end(trace: Trace, crowd: str) -> pd.DataFrame:
    trace.numbers(crowd)  # it is there
    return trace["end"][trace["end"].index.get_level_values("crowd") == crowd]


@measure(unit="s", en="clearance time of a run", zh="仿真疏散清空时间", given={"share": "1"})
def clearance_time(city: City, *, trace: Trace, crowd: str, share: float = 1.0) -> float:
    """Time of a run by which a share of a crowd was where it wanted to be [s]; `inf` where fewer ever were.

    Parameters
    ----------
    crowd : such as Evacuees.
    share : which part of its agents [1].

    References
    ----------
    NIST TN 1822, RiMEA 3.0: total evacuation time, from the alarm (the start of the run) on.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> run = with_trips([75, 150, 225, 300])
    >>> clearance_time(grid_city(1), trace=run, crowd="Walkers"), clearance_time(
    ...     grid_city(1), trace=run, crowd="Walkers", share=0.5
    ... )
    (300.0, 150.0)
    """
    del city
    end = _end(trace, crowd)
    there = np.where(end["status"] == "finished", end["time"].to_numpy(dtype=float), np.inf)
    return percentile(there, share, what="clearance_time")


@measure(unit="m", en="way percentile of a run", zh="仿真行走距离分位数", given={"share": "1"})
def way_length(city: City, *, trace: Trace, crowd: str, network: str = "walk", share: float = 1.0) -> float:
    """Way that a share of a crowd did not exceed until it was where it wanted to be [m], by the shortest of each leg.

    Parameters
    ----------
    share : which part of the agents that have finished; at 1 it is the longest way [1].

    Examples
    --------
    Trips of one block of 100 m each.

    >>> from twin.gis.grid import grid_city
    >>> way_length(grid_city(1), trace=with_trips([75, 150]), crowd="Walkers")
    100.0
    """
    end = _end(trace, crowd)
    legs = legs_of(trace, crowd).dropna(subset=["arrive"])
    way = pd.Series(_costs(city, network, legs, "length")).groupby([legs["crowd"], legs["agent"]]).sum()
    done = end[end["status"] == "finished"].reset_index().set_index(["number", "agent"]).index
    lengths = np.asarray(way.reindex(done, fill_value=0.0), dtype=np.float64)
    return percentile(lengths, share, what="way_length")


@measure(unit="1", en="shelter overflow of a run", zh="仿真避难场所未容纳比例")
def shelter_overflow(city: City, *, trace: Trace, crowd: str, facility: Kinds) -> float:
    """Share of a crowd that no shelter had taken in when the run ended [1].

    Parameters
    ----------
    facility : kinds that count as shelters.

    Examples
    --------
    Two of four walkers ended at the clinic.

    >>> from twin.gis.grid import grid_city
    >>> run = with_trips([75, 150, 225, 300], inside=2)
    >>> shelter_overflow(grid_city(1), trace=run, crowd="Walkers", facility="clinic")
    0.5
    """
    end = _end(trace, crowd)
    kinds = (facility,) if isinstance(facility, str) else tuple(facility)
    ids = city.facilities.loc[city.rows("facilities", kind=kinds), "id"]
    inside = (end["status"] == "finished") & end["facility"].isin(ids)
    return float(1.0 - inside.mean()) if len(end) else float("nan")


def with_trips(times: Sequence[float], *, inside: int = 0) -> Trace:
    """A run for examples: walkers who go one block of a grid, from node 0 to node 1, in so much time each [s].

    Parameters
    ----------
    inside : so many of them end at the clinic, c1.
    """
    arrive = np.asarray(times, dtype=float)
    count = np.arange(len(arrive))
    trips = pd.DataFrame({"crowd": 0, "agent": count, "origin": 0, "destination": 1, "depart": 0.0, "arrive": arrive})
    index = pd.MultiIndex.from_arrays([["Walkers"] * len(arrive), count], names=["crowd", "agent"])
    where = ["c1" if number < inside else None for number in count]
    end = pd.DataFrame({"number": 0, "status": "finished", "node": 1, "facility": where, "time": arrive}, index=index)
    return Trace({"trips": trips, "end": end}, 3600.0, 0, crowds=("Walkers",))
