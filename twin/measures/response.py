"""Response: how soon units were there, from the calls of a run (``trace["calls"]``).

A call counts as reached when the unit in question arrived. One that nobody could reach, that was left to others, or
that still waited for a unit when the run ended was not reached: its time is `inf`. One whose unit was on the way when
the run ended is left out, as nobody knows its time.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.errors import DataError, MissingData, UnknownName, listed
from twin.measures.measure import measure
from twin.measures.samples import percentile
from twin.model import City, Trace

__all__ = ["mean_response", "response_percentile", "response_within", "unit_workload"]

Kinds = str | Sequence[str]
_FROM = {"call": "time", "order": "order", "start": "start"}
_GIVEN = {"share": "1"}


def response_times(
    trace: Trace, service: Kinds, *, since: str, until: str = "arrive", priority: int = 0, unit: int = 1
) -> NDArray[np.float64]:
    """Time of each call of some services that counts [s]; see the module.

    Parameters
    ----------
    service : kind of station, or several.
    since : ``call``, ``order`` or ``start``: from when on the time counts, for the unit in question.
    until : ``arrive``, or ``start`` (until the unit leaves its station).
    priority : only calls of this one; all where 0.
    unit : 1 for the unit that arrives first, 2 for the second …; 0 for the last one, of calls that ask for several.

    Raises
    ------
    MissingData : the run has no such call, or they ask for fewer units.
    """
    if since not in _FROM:
        raise UnknownName("moment", since, _FROM, where="since")
    if until not in {"arrive", "start"}:
        raise UnknownName("moment", until, ("arrive", "start"), where="until")
    kinds = (service,) if isinstance(service, str) else tuple(service)
    calls = trace["calls"] if "calls" in trace else pd.DataFrame({"service": [], "priority": []})
    calls = calls[calls["service"].isin(kinds)]
    if priority:
        calls = calls[calls["priority"] == priority]
    if not len(calls):
        of = f" of priority {priority}" if priority else ""
        raise MissingData(f"this run has no call{of} for {listed(kinds)}; let a crowd such as Emergency answer some")
    calls = calls.sort_values(until, kind="stable", na_position="last")
    place, many = (calls.groupby(["crowd", "call"])["call"].transform(what) for what in ("cumcount", "size"))
    chosen = calls[(place == unit - 1) if unit else (many > 1) & (place == many - 1)]
    if not len(chosen):
        raise MissingData(f"this run has no call that asks for {unit or 2} units of {listed(kinds)}")
    moment = chosen[until].to_numpy(dtype=float)
    going = (chosen["outcome"] == "on the way").to_numpy() & np.isnan(moment)
    time = np.where(np.isnan(moment), np.inf, moment - chosen[_FROM[since]].to_numpy(dtype=float))
    return np.asarray(time[~going])


@measure(unit="s", en="response time percentile of a run", zh="仿真响应时间分位数", given=_GIVEN)
def response_percentile(
    city: City,
    *,
    trace: Trace,
    service: Kinds,
    share: float = 0.9,
    since: str = "call",
    priority: int = 0,
    unit: int = 1,
) -> float:
    r"""Time within which a share of the calls of a run was reached [s].

    .. math:: t_q = \min \{ t : |\{ i : t_i \le t \}| \ge q n \}

    Parameters
    ----------
    service, since, priority, unit : see `twin.measures.response.response_times`.
    share : which part of the calls, q; 0.9 is the 90th percentile [1].

    Returns
    -------
    float : `inf` where fewer were reached at all.

    Raises
    ------
    MissingData : the run has no such call.

    References
    ----------
    NFPA 1710: the 90th percentile of travel time (``since="start"``); NHS England ARP 2017: from the call on.

    Examples
    --------
    Ten calls, reached 60 s, 120 s … 600 s after the call, each unit 30 s after it underway.

    >>> from twin.gis.grid import grid_city
    >>> run = with_answers(range(60, 601, 60))
    >>> response_percentile(grid_city(1), trace=run, service="fire_station", share=0.9)
    540.0
    >>> response_percentile(grid_city(1), trace=run, service="fire_station", share=0.9, since="start")
    510.0
    """
    del city
    times = response_times(trace, service, since=since, priority=priority, unit=unit)
    return percentile(times, share, what="response_percentile")


@measure(unit="s", en="mean response time of a run", zh="仿真平均响应时间")
def mean_response(
    city: City, *, trace: Trace, service: Kinds, since: str = "call", priority: int = 0, unit: int = 1
) -> float:
    """Mean time until calls of a run were reached [s]; `inf` where one was not.

    Parameters
    ----------
    service, since, priority, unit : see `twin.measures.response.response_times`.

    References
    ----------
    ISO 37120:2018: sum of the response times over their number.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> mean_response(grid_city(1), trace=with_answers([60, 120, 240]), service="fire_station")
    140.0
    """
    del city
    times = response_times(trace, service, since=since, priority=priority, unit=unit)
    return float(times.mean()) if len(times) else float("nan")


@measure(unit="1", en="calls reached in time in a run", zh="仿真按时到达率", given={"within": "s"})
def response_within(
    city: City,
    *,
    trace: Trace,
    service: Kinds,
    within: float,
    since: str = "call",
    until: str = "arrive",
    priority: int = 0,
    unit: int = 1,
) -> float:
    """Share of the calls of a run that were reached within a time, or whose unit left its station within it [1].

    Parameters
    ----------
    service, since, until, priority, unit : see `twin.measures.response.response_times`.
    within : longest time that counts, inclusive [s].

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> run = with_answers([60, 120, 240, float("nan")])
    >>> response_within(grid_city(1), trace=run, service="fire_station", within=120)
    0.5
    >>> response_within(grid_city(1), trace=run, service="fire_station", within=30, until="start")
    0.75
    """
    del city
    if not within >= 0:
        raise DataError(f"response_within: a time of at least 0 s, not {within}", column="within")
    times = response_times(trace, service, since=since, until=until, priority=priority, unit=unit)
    return float((times <= within + 1e-6).mean()) if len(times) else float("nan")


@measure(unit="1", en="workload of units in a run", zh="仿真单元忙碌率")
def unit_workload(city: City, *, trace: Trace, service: str) -> float:
    r"""Share of a run that the units of a service were busy, from the order until they were free [1].

    .. math:: \rho = \sum_j (t^{free}_j - t^{order}_j) / (n T)

    Parameters
    ----------
    service : kind of station, whose open sites have n units (``servers``).

    References
    ----------
    Larson (1974), Computers & Operations Research 1(1): workload of the units of a hypercube.

    Examples
    --------
    Three calls of 660 s, 720 s and 840 s from the order until the unit was free, two units, an hour.

    >>> from twin.gis.grid import grid_city
    >>> city = grid_city(1).with_columns("facilities", kind=["fire_station", "b", "c", "d"], servers=[2.0, 1, 1, 1])
    >>> round(unit_workload(city, trace=with_answers([60, 120, 240]), service="fire_station"), 4)
    0.3083
    """
    calls = trace["calls"] if "calls" in trace else pd.DataFrame({"service": []})
    calls = calls[calls["service"] == service]
    if not len(calls):
        raise MissingData(f"this run has no call for {service}; let a crowd such as Emergency answer some")
    standing = city.rows("facilities", kind=service) & city.facilities["open"].to_numpy(dtype=bool)
    units = float(np.nansum(city.column("facilities", "servers")[standing]))
    if not units > 0:
        raise MissingData(f"{city.name}: no open {service} with units", layer="facilities", column="servers")
    busy = calls["free"].fillna(trace.until) - calls["order"]
    return float(busy.sum() / (units * trace.until))


def with_answers(times: Sequence[float], *, service: str = "fire_station") -> Trace:
    """A run for examples: calls at 0 s that a unit each reaches so late, or never (NaN); it starts after 30 s."""
    arrive = np.asarray(list(times), dtype=float)
    start = np.where(np.isnan(arrive), np.nan, 30.0)
    calls = pd.DataFrame(
        {
            "crowd": 0,
            "call": np.arange(len(arrive)),
            "service": service,
            "priority": 1,
            "time": 0.0,
            "node": 0,
            "unit": np.where(np.isnan(arrive), -1, 0),
            "station": "s1",
            "order": np.where(np.isnan(arrive), np.nan, 0.0),
            "start": start,
            "arrive": arrive,
            "leave": arrive + 600.0,
            "free": arrive + 600.0,
            "outcome": np.where(np.isnan(arrive), "cut off", "reached"),
        }
    )
    return Trace({"calls": calls}, 3600.0, 0)
