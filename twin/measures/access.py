"""Access: how far people are from what serves them, and which share is near enough."""

from __future__ import annotations

import pandas as pd

from twin.errors import DataError
from twin.measures.measure import Share, Statistic, measure, weighted_percentile
from twin.measures.places import Kinds, nearest_cost, places, straight_distance
from twin.model import City

__all__ = [
    "distance_within",
    "response_time",
    "share_within",
    "straight_within",
    "travel_distance",
    "travel_time",
    "walk_within",
]

_READS = ("population", "facilities")


@measure(unit="s", en="travel time to the nearest", zh="到最近设施的行程时间", reads=_READS)
def travel_time(city: City, *, facility: Kinds, network: str = "walk", of: str = "people") -> pd.Series:
    """Travel time from each place to the nearest open facility, at the network's own speeds, free of traffic [s].

    Parameters
    ----------
    facility : kind, or several of which the nearest counts.
    network : network that people use.
    of : see `twin.measures.places.places`.

    Returns
    -------
    Series : aligned with the rows of `of`; `inf` where none is reached.

    Raises
    ------
    MissingData : no such kind, network or column.

    References
    ----------
    Ingram (1971), Regional Studies 5(2): relative accessibility.

    Examples
    --------
    On a grid of 100 m blocks walked at 4/3 m/s, with the clinic in the corner, the far corner of five blocks by five
    is 1,000 m or 750 s away.

    >>> from twin.gis.grid import grid_city
    >>> float(travel_time(grid_city(5), facility="clinic").max())
    750.0
    """
    return pd.Series(nearest_cost(city, facility, network, of=of), name="travel_time")


@measure(unit="m", en="distance to the nearest", zh="到最近设施的距离", reads=_READS)
def travel_distance(city: City, *, facility: Kinds, network: str = "walk", of: str = "people") -> pd.Series:
    """Distance along a network from each place to the nearest open facility [m]; otherwise as `travel_time`.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> float(travel_distance(grid_city(5), facility="clinic").max())
    1000.0
    """
    return pd.Series(nearest_cost(city, facility, network, cost="length", of=of), name="travel_distance")


@measure(
    unit="1",
    en="share within a travel time",
    zh="行程时间覆盖率",
    given={"within": "s", "least_area": "m2"},
    reads=_READS,
)
def share_within(
    city: City,
    *,
    facility: Kinds,
    network: str,
    within: float,
    of: str = "people",
    outward: bool = False,
    least_area: float = 0.0,
    grade: Kinds = (),
) -> Share:
    r"""Share of a population that reaches the nearest open facility within a travel time.

    .. math:: S = \sum_i p_i [c_i \le c_{max}] / \sum_i p_i

    Parameters
    ----------
    facility : kind, or several of which the nearest counts.
    network : network that is used, at its own speeds.
    within : largest travel time that counts, inclusive [s].
    of : what the share is of; see `twin.measures.places.places`.
    outward : True where the facility sends out (fire engine, ambulance), which one-way streets make a difference to.
    least_area : smaller facilities do not count [m2].
    grade : grades that count, such as tertiary hospitals; all where empty.

    Returns
    -------
    Share : value in [0, 1]; people who reach none count as not reached, closed facilities do not serve.

    Raises
    ------
    MissingData : no such kind, network, column or area.
    DataError : the weights sum to zero.

    References
    ----------
    Hansen (1959), Journal of the American Institute of Planners 25(2).

    Examples
    --------
    Of 6 x 6 corners, those within 150 s or 200 m of the clinic's corner are 1 + 2 + 3 = 6.

    >>> from twin.gis.grid import grid_city
    >>> round(share_within(grid_city(5), facility="clinic", network="walk", within=150).value, 6) == round(6 / 36, 6)
    True
    """
    cost = nearest_cost(
        city, facility, network, of=of, outward=outward, least_area=least_area, limit=within, grade=grade
    )
    who = places(city, of)
    return Share.of(cost <= within, who.weight, layer=who.layer, persons=who.persons)


@measure(
    unit="1",
    en="share within a network distance",
    zh="路网距离覆盖率",
    given={"within": "m", "least_area": "m2"},
    reads=_READS,
)
def distance_within(
    city: City, *, facility: Kinds, within: float, network: str = "walk", of: str = "people", least_area: float = 0.0
) -> Share:
    """Share of a population with an open facility within a distance along a network [m]; else as `share_within`.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> distance_within(grid_city(5), facility="clinic", network="walk", within=1000).value
    1.0
    """
    cost = nearest_cost(city, facility, network, cost="length", of=of, least_area=least_area, limit=within)
    who = places(city, of)
    return Share.of(cost <= within, who.weight, layer=who.layer, persons=who.persons)


@measure(
    unit="1",
    en="share within a straight distance",
    zh="直线距离覆盖率",
    given={"within": "m", "least_area": "m2"},
    reads=_READS,
)
def straight_within(
    city: City, *, facility: Kinds, within: float, of: str = "people", least_area: float = 0.0
) -> Share:
    """Share of a population with an open facility within a straight distance of its rim ("service radius") [m].

    Examples
    --------
    Within 200 m of the corner: itself, two at 100 m, two at 200 m, one at 141 m.

    >>> from twin.gis.grid import grid_city
    >>> round(straight_within(grid_city(5), facility="clinic", within=200).value, 6) == round(6 / 36, 6)
    True
    """
    distance = straight_distance(city, facility, of=of, least_area=least_area, limit=within)
    who = places(city, of)
    return Share.of(distance <= within, who.weight, layer=who.layer, persons=who.persons)


@measure(
    unit="1",
    en="share within a walk at a stated speed",
    zh="按给定步速的步行覆盖率",
    given={"within": "s", "speed": "m/s", "least_area": "m2"},
    reads=_READS,
)
def walk_within(
    city: City,
    *,
    facility: Kinds,
    within: float,
    speed: float,
    network: str = "walk",
    of: str = "people",
    least_area: float = 0.0,
) -> Share:
    """Share of a population that walks to an open facility within a time, at the speed that the clause states.

    Parameters
    ----------
    within : largest walking time, inclusive [s].
    speed : walking speed [m/s]; the distance is taken along the network.

    Examples
    --------
    Two blocks in 200 s at 1 m/s: six corners of 36.

    >>> from twin.gis.grid import grid_city
    >>> round(walk_within(grid_city(5), facility="clinic", within=200, speed=1.0).value, 6) == round(6 / 36, 6)
    True
    """
    if not speed > 0:
        raise DataError(f"walk_within: a speed above 0 m/s, not {speed}", column="speed")
    return distance_within(
        city, facility=facility, network=network, within=within * speed, of=of, least_area=least_area
    )


@measure(
    unit="s", en="response time percentile", zh="响应时间分位数", given={"turn_out": "s", "share": "1"}, reads=_READS
)
def response_time(
    city: City,
    *,
    facility: Kinds,
    network: str = "drive",
    share: float = 0.9,
    turn_out: float = 0.0,
    of: str = "people",
) -> Statistic:
    """Time within which a share of the places is reached from the nearest station [s].

    Parameters
    ----------
    facility : kind of station that sends out.
    share : which part of the weight; 0.9 is the 90th percentile [1].
    turn_out : time from the alarm to the start, added to the travel time [s].

    Returns
    -------
    Statistic : the smallest time t such that at least `share` of the weight has a time of at most t; `inf` where fewer
        are reached at all.

    References
    ----------
    NFPA 1710: the 90th percentile of travel time.

    Examples
    --------
    Of 36 corners 90 % are 33; the last three lie 9, 9 and 10 blocks away, so 8 blocks or 600 s hold 33.

    >>> from twin.gis.grid import grid_city
    >>> response_time(grid_city(5), facility="clinic", network="walk", share=0.9).value
    600.0
    """
    if not 0 < share <= 1:
        raise DataError(f"response_time: a share above 0 and up to 1, not {share}", column="share")
    who = places(city, of)
    time = nearest_cost(city, facility, network, of=of, outward=True) + turn_out
    return Statistic(weighted_percentile(time, who.weight, share), time, who.weight, who.layer, who.persons)
