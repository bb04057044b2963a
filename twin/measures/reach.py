"""Reach: several services at once, one facility from another, and mean times of response."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.errors import DataError, MissingData
from twin.measures.measure import Share, Statistic, measure, weighted_percentile
from twin.measures.places import Kinds, nearest_cost, places, sites
from twin.model import City
from twin.model.snap import snap_table
from twin.routing.reach import Reach, reach

__all__ = ["all_within", "facilities_within", "kth_time", "mean_time", "time_between"]

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
def time_between(
    city: City, *, facility: Kinds, to: Kinds, network: str = "drive", grade: Kinds = (), to_grade: Kinds = ()
) -> Statistic:
    """Travel time from each open facility of some kinds to the nearest open one of others: the longest [s].

    Parameters
    ----------
    to : kinds that are travelled to, such as rail_station.
    grade, to_grade : grades that count at either end, such as county for a town hall; all where empty.

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
    start, goal = sites(city, facility, grade=grade), sites(city, to, grade=to_grade)
    net = city.network(network)
    if not start.any():
        raise MissingData(f"{city.name}: no open {facility} to start from", layer="facilities", column="kind")
    if facility == to and grade == to_grade:
        raise DataError("time_between: two different kinds or grades are asked for", column="to")
    hung, count = snap_table(net, city.facilities), len(city.facilities)
    time = np.full(count, np.inf)
    if goal.any():
        time = reach(net, hung, hung, count=count, cost="time", serving=goal).cost
    rows = np.where(start, time, np.nan)
    return Statistic(float(rows[start].max()), rows, start.astype(float), "facilities", persons=False)


@measure(unit="s", en="time of the k-th nearest station", zh="第k近站点的响应时间", given={"share": "1"}, reads=_READS)
def kth_time(
    city: City, *, facility: Kinds, kth: int = 2, share: float = 0.9, network: str = "drive", of: str = "people"
) -> Statistic:
    """Time within which a share of the places is reached by the k-th nearest station: the second company [s].

    Parameters
    ----------
    kth : 2 for the second nearest.
    share : which part of the weight; 0.9 is the 90th percentile, which is more than the mean [1].

    Examples
    --------
    Of the two bus stops of one block the farther is one block or two away: 75 s or 150 s, at both of them 75 s.

    >>> from twin.gis.grid import grid_city
    >>> kth_time(grid_city(1), facility="bus_stop", network="walk", share=1.0).value
    150.0
    """
    net, who, serving = city.network(network), places(city, of), sites(city, facility)
    hung, mine, count = snap_table(net, city.facilities), snap_table(net, who.table), len(who.table)

    def to_some(some: NDArray[np.bool_]) -> Reach:
        return reach(net, mine, hung, count=count, cost="time", outward=True, serving=some)

    def compute() -> NDArray[np.float64]:
        if kth == 2:
            return _second(to_some, serving)
        best = np.full((kth, count), np.inf)
        for row in np.flatnonzero(serving):
            best = np.sort(np.vstack([best, to_some(np.arange(len(serving)) == row).cost]), axis=0)[:kth]
        return np.asarray(best[-1], dtype=np.float64)

    shapes = city.facilities.geometry.to_numpy()[serving]
    marks = tuple(map(id, shapes))
    time = net.memory.of(("kth", kth, marks), (who.table,), compute, keep=shapes)
    return Statistic(weighted_percentile(time, who.weight, share), time, who.weight, who.layer, who.persons)


def _second(to_some: Callable[[NDArray[np.bool_]], Reach], serving: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Cost of the second nearest site: the nearest of those whose number differs from the first's in some binary digit.

    Of a thousand sites this asks twenty times for the nearest of some, and not a thousand times for each.
    """
    number = np.cumsum(serving) - 1
    first = to_some(serving)
    second = np.full(len(first.cost), np.inf)
    reached = first.site >= 0
    for bit in range(int(serving.sum() - 1).bit_length() if serving.any() else 0):
        digit = (number >> bit) & 1
        for side in (0, 1):
            other = reached & (digit[first.site] != side)
            found = to_some(serving & (digit == side)).cost
            second[other] = np.minimum(second[other], found[other])
    return second
