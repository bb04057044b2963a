"""Blocks: how far apart streets run, who lives behind a single way in, and where a line runs often."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from twin.errors import MissingData
from twin.measures.measure import Share, Statistic, measure
from twin.measures.places import places
from twin.model import City
from twin.model.snap import snap_table
from twin.routing.bridges import cut_off
from twin.routing.faces import faces
from twin.routing.reach import reach

__all__ = ["behind_one_way", "block_side", "frequent_within"]


@measure(unit="m", en="length of a block", zh="街区边长", reads=("drive",))
def block_side(city: City, *, network: str = "drive", share: float = 1.0, on: str = "area") -> Statistic:
    """Longer side of the blocks between streets, over a share of their land: 1 for the longest, 0.5 for the median [m].

    A block is a face of the open streets; its sides are those of the smallest rectangle around it.

    Parameters
    ----------
    on : ``area`` (all blocks within the land) or ``residential_land`` (those with homes in their middle).

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> round(block_side(grid_city(3)).value, 6)
    100.0
    """
    net = city.network(network)
    owners = (net, city.layers.get("boundary", city.population), city.layers.get("land_use", city.population))
    side, area = city.memory.of(("blocks", on), owners, lambda: _blocks(city, network, on))
    if not len(side):
        raise MissingData(f"{city.name}: the streets of {network} close no block", layer=network)
    order = np.argsort(side, kind="stable")
    part = np.cumsum(area[order]) / area.sum()
    value = float(side[order][min(int(np.searchsorted(part, share - 1e-12)), len(side) - 1)])
    return Statistic(value, side, area, "blocks", persons=False)


@measure(unit="count", en="most people behind one way in", zh="单一通道后的最大户数", reads=("population", "drive"))
def behind_one_way(city: City, *, network: str = "drive", of: str = "people") -> float:
    """Most people, or households, whom the closure of a single street parts from the rest [count].

    Parameters
    ----------
    of : column of the population, such as households for dwellings.

    References
    ----------
    Tarjan (1974), Information Processing Letters 2(6): bridges; they pass on the lighter side.

    Examples
    --------
    In a grid every corner has two ways.

    >>> from twin.gis.grid import grid_city
    >>> behind_one_way(grid_city(3))
    0.0
    """
    net, who = city.network(network), places(city, of)
    hung = snap_table(net, who.table)
    hung = hung[~hung.index.duplicated()]
    edge = hung["edge"].to_numpy()
    node = np.where(hung["start"].to_numpy() < 0.5, net.graph.tail[edge], net.graph.head[edge])
    weight = np.bincount(node, weights=np.nan_to_num(who.weight[hung.index.to_numpy()]), minlength=net.graph.count)
    return float(net.memory.of(("behind", of), (who.table,), lambda: cut_off(net, weight).max(initial=0.0)))


@measure(
    unit="1",
    en="share near a frequent line",
    zh="高频线路覆盖率",
    given={"within": "m", "headway": "s"},
    reads=("population", "transit"),
)
def frequent_within(
    city: City,
    *,
    within: float,
    headway: float,
    network: str = "walk",
    of: str = "people",
    classes: tuple[str, ...] = (),
) -> Share:
    """Share of a population within a distance on foot of a stop where some line leaves at least so often.

    Parameters
    ----------
    within : distance along the walk network, inclusive [m].
    headway : longest time between two departures of the best line at the stop, inclusive [s].
    classes : classes of line that count; all where empty.

    Raises
    ------
    MissingData : there are no lines, or they have no headways.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> frequent_within(grid_city(5), within=500, headway=1200)  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    twin.errors.MissingData: grid of 5 x 5: no network 'transit'
    """
    lines, net, who = city.network("transit"), city.network(network), places(city, of)
    if "headway" not in lines.columns:
        raise MissingData(f"{city.name}: the lines of transit have no headway", layer="transit", column="headway")
    every = np.asarray(lines.columns["headway"], dtype=float)
    kind = np.asarray(lines.columns["class"]).astype(str)
    rides = lines.open & (kind != "transfer") & (np.isin(kind, classes) if classes else True)
    if not rides.any() or np.isnan(every[rides]).all():
        raise MissingData(f"{city.name}: no open line of transit has a headway", layer="transit", column="headway")
    best = np.full(lines.graph.count, np.inf)
    for ends in (lines.graph.tail, lines.graph.head):
        np.minimum.at(best, ends[rides], np.nan_to_num(every[rides], nan=np.inf))
    stops = city.memory.of(
        "stops", (lines,), lambda: gpd.GeoDataFrame(geometry=shapely.points(lines.x, lines.y), crs=city.crs)
    )

    def compute() -> NDArray[np.float64]:
        hung, mine = snap_table(net, stops), snap_table(net, who.table)
        serving = best <= headway
        return reach(net, mine, hung, count=len(who.table), cost="length", serving=serving, limit=within).cost

    cost = net.memory.of(("frequent", within, headway, classes), (who.table, lines), compute)
    return Share.of(cost <= within, who.weight, layer=who.layer, persons=who.persons)


def _blocks(city: City, network: str, on: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    net = city.network(network)
    blocks = faces(net)
    middle = shapely.point_on_surface(blocks)
    land = city.land()
    shapely.prepare(land)
    inside = shapely.intersects(land, middle)
    if on != "area":
        table = city.table("land_use")
        homes = table.geometry.to_numpy()[(table["use"] == "residential").to_numpy()]
        found, _ = shapely.STRtree(homes).query(middle, predicate="intersects")
        inside[np.setdiff1d(np.arange(len(blocks)), found)] = False
    blocks = blocks[inside]
    if not len(blocks):
        return np.zeros(0), np.zeros(0)
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(blocks)).reshape(len(blocks), 5, 2)
    first, second = (np.hypot(*(corners[:, i + 1] - corners[:, i]).T) for i in (0, 1))
    return np.maximum(first, second), shapely.area(blocks)
