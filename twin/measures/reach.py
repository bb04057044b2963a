"""Reach: several services at once, one facility from another, and mean times of response."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from twin.errors import DataError, MissingData
from twin.measures.measure import Share, Statistic, measure
from twin.measures.places import Kinds, nearest_cost, places, sites
from twin.model import City
from twin.model.snap import snap_table
from twin.routing.reach import reach

__all__ = ["all_within", "facilities_within", "mean_time", "time_between"]

_READS = ("population", "facilities")


@measure(unit="1", en="share that reaches every service", zh="各类设施均可达比例", given={"within": "m"}, reads=_READS)
def all_within(
    city: City, *, facility: Sequence[Kinds], within: float, network: str = "walk", of: str = "people"
) -> Share:
    """Share of a population with an open facility of every group within a distance along a network.

    Parameters
    ----------
    facility : groups of kinds; of each group one facility must be near.
    within : largest distance that counts, inclusive [m].

    References
    ----------
    Moreno et al. (2021), Smart Cities 4(1): the 15-minute city.

    Examples
    --------
    Within 200 m of the clinic's corner lie 6 corners; all of them have a bus stop within 200 m but (0, 2), which
    the second stop at (1, 5) and the first at (1, 0) leave out at 300 m each.

    >>> from twin.gis.grid import grid_city
    >>> round(all_within(grid_city(5), facility=["clinic", "bus_stop"], within=200).value * 36, 6)
    5.0
    """
    who = places(city, of)
    reached = np.ones(len(who.table), dtype=bool)
    for group in facility:
        reached &= nearest_cost(city, group, network, cost="length", of=of, limit=within) <= within
    return Share.of(reached, who.weight, layer=who.layer, persons=who.persons)


@measure(
    unit="1", en="share of facilities near another", zh="设施邻近覆盖率", given={"within": "m"}, reads=("facilities",)
)
def facilities_within(city: City, *, facility: Kinds, near: Kinds, within: float) -> Share:
    """Share of the open facilities of some kinds with an open one of other kinds within a straight distance of the rim.

    Parameters
    ----------
    near : kinds that must be near, such as telecom_tower.

    Examples
    --------
    The first bus stop lies 100 m from the clinic, the second far away.

    >>> from twin.gis.grid import grid_city
    >>> facilities_within(grid_city(5), facility="bus_stop", near="clinic", within=100).value
    0.5
    """
    asked, other = sites(city, facility), sites(city, near)
    if not asked.any():
        raise MissingData(f"{city.name}: no open {facility} to ask for", layer="facilities", column="kind")
    shapes = city.facilities.geometry.to_numpy()
    reached = np.zeros(len(shapes), dtype=bool)
    if other.any():
        (which, _), gap = shapely.STRtree(shapes[other]).query_nearest(
            shapes[asked], return_distance=True, all_matches=False
        )
        reached[np.flatnonzero(asked)[which]] = gap <= within
    return Share.of(reached, asked.astype(float), layer="facilities", persons=False)


@measure(unit="s", en="mean response time", zh="平均响应时间", given={"turn_out": "s"}, reads=_READS)
def mean_time(
    city: City, *, facility: Kinds, network: str = "drive", turn_out: float = 0.0, of: str = "people"
) -> Statistic:
    """Mean time from the nearest station to the places, weighted by who is there [s]; `inf` where some are not reached.

    Parameters
    ----------
    turn_out : time from the call to the start, added to the travel time [s].

    References
    ----------
    ISO 37120:2018, 15.7: sum of response times over number of responses; here every person calls as often.

    Examples
    --------
    On one block the corners lie 0, 75, 75 and 150 s away.

    >>> from twin.gis.grid import grid_city
    >>> mean_time(grid_city(1), facility="clinic", network="walk").value
    75.0
    """
    who = places(city, of)
    time = nearest_cost(city, facility, network, of=of, outward=True) + turn_out
    counted = who.weight > 0
    return Statistic(
        float(np.average(time[counted], weights=who.weight[counted])), time, who.weight, who.layer, who.persons
    )


@measure(unit="s", en="travel time between facilities", zh="设施间行程时间", reads=("facilities",))
def time_between(city: City, *, facility: Kinds, to: Kinds, network: str = "drive") -> Statistic:
    """Travel time from each open facility of some kinds to the nearest open one of others: the longest [s].

    Parameters
    ----------
    to : kinds that are travelled to, such as rail_station.

    Raises
    ------
    MissingData : no open facility of the kinds to start from.

    Examples
    --------
    From the bus stops to the clinic: 100 m and 100 + 500 m at 10 m/s.

    >>> from twin.gis.grid import grid_city
    >>> time_between(grid_city(5), facility="bus_stop", to="clinic").value
    60.0
    """
    start, goal, net = sites(city, facility), sites(city, to), city.network(network)
    if not start.any():
        raise MissingData(f"{city.name}: no open {facility} to start from", layer="facilities", column="kind")
    if facility == to:
        raise DataError("time_between: two different kinds are asked for", column="to")
    hung, count = snap_table(net, city.facilities), len(city.facilities)
    time = np.full(count, np.inf)
    if goal.any():
        time = reach(net, hung, hung, count=count, cost="time", serving=goal).cost
    rows = np.where(start, time, np.nan)
    return Statistic(float(rows[start].max()), rows, start.astype(float), "facilities", persons=False)
