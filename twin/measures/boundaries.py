"""Boundaries: whose services people use, those of their own unit or those that lie over a boundary."""

from __future__ import annotations

from math import inf

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.errors import MissingData
from twin.measures.areas import homes
from twin.measures.measure import Share, measure
from twin.measures.places import Kinds, nearest_cost, places, sites
from twin.model import City
from twin.model.snap import snap_table
from twin.routing.reach import reach

__all__ = ["across_within", "nearest_across", "own_within"]

_READS = ("population", "facilities")


@measure(unit="1", en="share served within its own unit", zh="本区域内设施覆盖率", given={"within": "s"}, reads=_READS)
def own_within(
    city: City,
    *,
    facility: Kinds,
    within: float,
    network: str = "drive",
    layer: str = "districts",
    of: str = "people",
    grade: Kinds = (),
) -> Share:
    r"""Share of a population with an open facility of its own unit within a travel time.

    .. math:: S_{own} = \sum_i p_i [\min_{j: u_j = u_i} c_{ij} \le c_{max}] / \sum_i p_i

    Parameters
    ----------
    facility, grade : kinds and grades that count.
    within : largest travel time that counts, inclusive [s].
    layer : polygons of the units; who lives in none has no services of their own.

    References
    ----------
    Share of services within a boundary beside all that are reached: Hu & Downs (2019), Computers, Environment and
    Urban Systems 78 (edge effects; recalled).

    Examples
    --------
    The clinic stands in the western half of a block; the two corners on the line between the halves and in the west
    have it 0 s and 10 s away, those in the east have none of their own.

    >>> from twin.gis.grid import grid_city
    >>> from twin.measures.areas import with_communities
    >>> own_within(with_communities(grid_city(1)), facility="clinic", within=30, layer="communities").value
    0.5
    """
    who = places(city, of)
    cost = _own_cost(city, facility, network, layer, of, grade)
    return Share.of(cost <= within, who.weight, layer=who.layer, persons=who.persons)


@measure(
    unit="1", en="share served over a boundary only", zh="跨界共享服务人口比例", given={"within": "s"}, reads=_READS
)
def across_within(
    city: City,
    *,
    facility: Kinds,
    within: float,
    network: str = "drive",
    layer: str = "districts",
    of: str = "people",
    grade: Kinds = (),
) -> Share:
    r"""Share of a population that has an open facility within a travel time only because it may cross a boundary.

    .. math:: S_{across} = S_{all} - S_{own}

    With `share_within` for all services and `own_within` for a unit's own: the difference is what sharing gives.

    Parameters
    ----------
    facility, within, layer, grade : see `own_within`.

    Examples
    --------
    Both corners in the east reach the clinic of the west within 20 s.

    >>> from twin.gis.grid import grid_city
    >>> from twin.measures.areas import with_communities
    >>> across_within(with_communities(grid_city(1)), facility="clinic", within=30, layer="communities").value
    0.5
    """
    who = places(city, of)
    own = _own_cost(city, facility, network, layer, of, grade)
    every = nearest_cost(city, facility, network, of=of, limit=within, grade=grade)
    return Share.of((every <= within) & ~(own <= within), who.weight, layer=who.layer, persons=who.persons)


@measure(unit="1", en="share whose nearest lies over a boundary", zh="最近设施在邻区的人口比例", reads=_READS)
def nearest_across(
    city: City,
    *,
    facility: Kinds,
    network: str = "drive",
    layer: str = "districts",
    of: str = "people",
    grade: Kinds = (),
) -> Share:
    """Share of a population whose nearest open facility lies in another unit than its home.

    Parameters
    ----------
    facility, layer, grade : see `own_within`. Where one of the own unit is as near, it counts as the nearest.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> from twin.measures.areas import with_communities
    >>> nearest_across(with_communities(grid_city(1)), facility="clinic", layer="communities").value
    0.5
    """
    who = places(city, of)
    own = _own_cost(city, facility, network, layer, of, grade)
    every = nearest_cost(city, facility, network, of=of, grade=grade)
    return Share.of(every < own, who.weight, layer=who.layer, persons=who.persons)


def _own_cost(city: City, facility: Kinds, network: str, layer: str, of: str, grade: Kinds) -> NDArray[np.float64]:
    """Travel time from each home to the nearest open facility of its own unit [s]; `inf` where there is none."""
    net, who, serving = city.network(network), places(city, of), sites(city, facility, grade=grade)
    if who.layer != "population":
        raise MissingData(f"{city.name}: units are asked for the homes of people, not for {of}", layer="population")
    unit, table = homes(city, layer), city.table(layer)
    shapes = city.facilities.geometry.to_numpy()

    def compute() -> NDArray[np.float64]:
        time = np.full(len(who.table), inf)
        hung, mine = snap_table(net, city.facilities), snap_table(net, who.table)
        at = shapely.point_on_surface(shapes)
        for number, area in enumerate(table.geometry.to_numpy()):
            here = serving & shapely.intersects(area, at)
            if here.any():
                cost = reach(net, mine, hung, count=len(who.table), cost="time", serving=here).cost
                time[unit == number] = cost[unit == number]
        return time

    marks = tuple(map(id, shapes[serving]))
    return net.memory.of(("own", layer, marks), (who.table, table), compute, keep=shapes)
