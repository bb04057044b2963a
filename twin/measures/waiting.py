"""Waiting: how soon calls are answered, from the staff and the calls of each hour, where there is no log of calls."""

from __future__ import annotations

from math import exp

import numpy as np

from twin.errors import DataError
from twin.measures.measure import measure
from twin.model import City

__all__ = ["answered_within", "calls_connected", "erlang_a", "erlang_c", "mean_wait", "staffed_time"]


def erlang_c(load: float, agents: int) -> float:
    """Probability that a call waits, with `load` erlang on so many agents; 1 where the load is too much (Erlang 1917).

    Examples
    --------
    360 calls in 30 min of 240 s each are 48 erlang.

    >>> round(erlang_c(48.0, 55), 6)
    0.238701
    """
    if agents < 1 or load < 0:
        raise DataError(f"erlang_c: at least one agent and a load of at least 0, not {agents} and {load:g}")
    if load >= agents:
        return 1.0
    blocked = 1.0
    for number in range(1, agents + 1):
        blocked = load * blocked / (number + load * blocked)
    return blocked / (1.0 - load / agents * (1.0 - blocked))


def erlang_a(rate: float, handling: float, agents: int, patience: float) -> float:
    """Share of calls that are given up before they are answered (Palm 1946; Garnett et al. 2002).

    Parameters
    ----------
    rate : calls a second [1/s].
    handling, patience : mean time of a call, and that a caller waits [s].

    Examples
    --------
    200 calls an hour of 180 s, callers who wait 120 s, 10 agents.

    >>> round(erlang_a(200 / 3600, 180.0, 10, 120.0), 6)
    0.137464
    """
    if agents < 1 or min(rate, handling, patience) <= 0:
        raise DataError("erlang_a: at least one agent, and a rate, a handling time and a patience above 0")
    weight, total, queued, number = 1.0, 1.0, 0.0, 0
    while number < agents or weight > 1e-15 * total:
        number += 1
        weight *= rate / (min(number, agents) / handling + max(number - agents, 0) / patience)
        total += weight
        queued += max(number - agents, 0) * weight
        if total > 1e200:  # rescaled: only ratios matter
            weight, total, queued = weight / total, 1.0, queued / total
    return queued / total / patience / rate


@measure(unit="1", en="calls answered in time", zh="按时接听率", given={"within": "s"})
def answered_within(city: City, *, layer: str, within: float) -> float:
    r"""Share of calls that are answered within a time, in a steady state of each hour without callers who give up [1].

    .. math:: 1 - C e^{-(c - A) t / h}

    Hours with more load than agents answer none in time: their queue grows without end.

    Parameters
    ----------
    layer : table with a row for each hour: ``calls`` [1/h], ``handling`` [s], ``agents``.
    within : longest wait that counts [s].

    References
    ----------
    Erlang (1917); M/M/c.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> round(answered_within(with_calls(grid_city(1)), layer="hotline", within=15), 6)
    0.845883
    """
    calls, handling, agents = (city.column(layer, name) for name in ("calls", "handling", "agents"))
    share = []
    for rate, mean, count in zip(calls / 3600.0, handling, agents.astype(int), strict=True):
        free = count - rate * mean
        share.append(1.0 - erlang_c(rate * mean, count) * exp(-free * within / mean) if free > 0 else 0.0)
    return float(np.average(share, weights=calls))


@measure(unit="1", en="calls connected", zh="接通率")
def calls_connected(city: City, *, layer: str) -> float:
    """Share of calls that are answered before the caller gives up, in a steady state of each hour [1].

    Parameters
    ----------
    layer : table with a row for each hour: ``calls`` [1/h], ``handling`` [s], ``agents``, ``patience`` [s].

    References
    ----------
    Palm (1946); Garnett, Mandelbaum & Reiman (2002), M&SOM 4(3): Erlang A.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> round(calls_connected(with_calls(grid_city(1)), layer="hotline"), 3)
    0.983
    """
    names = ("calls", "handling", "agents", "patience")
    calls, handling, agents, patience = (city.column(layer, name) for name in names)
    lost = [
        erlang_a(rate, mean, count, wait)
        for rate, mean, count, wait in zip(calls / 3600.0, handling, agents.astype(int), patience, strict=True)
    ]
    return 1.0 - float(np.average(lost, weights=calls))


@measure(unit="s", en="mean wait", zh="平均等候时间")
def mean_wait(city: City, *, layer: str) -> float:
    r"""Mean wait until a server is free, over all who come, in a steady state of each hour, :math:`C h / (c - A)` [s].

    `inf` where more come in some hour than can be served: their queue grows without end.

    Parameters
    ----------
    layer : table with a row for each hour: ``calls`` [1/h], ``handling`` [s], ``agents``: calls, or visitors of a hall.

    References
    ----------
    Erlang (1917); M/M/c.

    Examples
    --------
    40 visitors an hour of 5 minutes each at 4 counters wait 4.933 minutes.

    >>> from twin.gis.grid import grid_city
    >>> hall = with_calls(grid_city(1), calls=40.0, handling=300.0, agents=4)
    >>> round(mean_wait(hall, layer="hotline") / 60, 3)
    4.933
    """
    calls, handling, agents = (city.column(layer, name) for name in ("calls", "handling", "agents"))
    waits = []
    for rate, mean, count in zip(calls / 3600.0, handling, agents.astype(int), strict=True):
        free = count - rate * mean
        waits.append(erlang_c(rate * mean, count) * mean / free if free > 0 else float("inf"))
    counted = calls > 0
    return float(np.average(np.array(waits)[counted], weights=calls[counted]))


@measure(unit="s", en="staffed time a day", zh="每日人工服务时间")
def staffed_time(city: City, *, layer: str) -> float:
    """Time of a day with somebody at work: the hours of a table with at least one agent [s].

    Parameters
    ----------
    layer : table with a row for each hour of the day that it speaks of: ``agents``.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> staffed_time(with_calls(grid_city(1)), layer="hotline") / 3600
    1.0
    """
    return float((city.column(layer, "agents") >= 1).sum() * 3600.0)


def with_calls(city: City, *, calls: float = 720.0, handling: float = 240.0, agents: int = 55) -> City:
    """A city with a hotline of one hour, for examples: 360 calls in 30 min of 240 s each, 55 agents."""
    import geopandas as gpd
    import shapely

    table = gpd.GeoDataFrame(
        {"id": [0], "calls": [calls], "handling": [handling], "agents": [float(agents)], "patience": [120.0]},
        geometry=[shapely.Point(0, 0)],
        crs=city.crs,
    )
    return city.with_layer("hotline", table)
