"""Areas: communities and circles, how many people live in each, and what each of them has."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.errors import MissingData, listed
from twin.measures.measure import Share, Statistic, measure
from twin.measures.places import Kinds, places, sites
from twin.model import City
from twin.model.snap import snap_table
from twin.routing.catchment import within as within_reach

__all__ = [
    "area_count",
    "areas_of",
    "areas_sized",
    "areas_with",
    "areas_without",
    "homes",
    "marked_within",
    "people_around",
    "single_use",
]

#: Homes that are asked for the people around them, evenly along the table; all of a small city.
ASKED = 400


@measure(unit="1", en="areas of a number of people", zh="规模合规的单元比例")
def areas_sized(
    city: City, *, layer: str = "communities", of: str = "households", least: float = 0.0, most: float = inf
) -> Share:
    """Share of the areas of a layer in which so many people, or households, live.

    Parameters
    ----------
    layer : polygons.
    least, most : number of them, both inclusive.

    Examples
    --------
    Two halves of a block: the corners on the line between them count in the first.

    >>> from twin.gis.grid import grid_city
    >>> areas_sized(with_communities(grid_city(1)), of="people", least=15).value
    1.0
    """
    table, who = city.table(layer), places(city, of)
    home = homes(city, layer)
    lives = np.bincount(home[home >= 0], weights=who.weight[home >= 0], minlength=len(table))
    return Share.of((lives >= least) & (lives <= most), np.ones(len(table)), layer=layer, persons=False)


@measure(unit="1", en="areas that have a facility", zh="设有设施的单元比例", reads=("facilities",))
def areas_with(city: City, *, facility: Sequence[Kinds] | str, layer: str = "communities", groups: int = 1) -> Share:
    """Share of the areas of a layer that have an open facility of so many of some groups of kinds in them.

    Parameters
    ----------
    facility : a kind, kinds, or groups of kinds; each entry of the list is a group.
    groups : of how many groups there must be one; 0 for all of them.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> areas_with(with_communities(grid_city(1)), facility="clinic").value
    0.5
    """
    table = city.table(layer)
    shapes = table.geometry.to_numpy()
    asked = [facility] if isinstance(facility, str) else list(facility)
    has = np.zeros(len(table), dtype=int)
    for group in asked:
        serving = sites(city, group)
        at = shapely.point_on_surface(city.facilities.geometry.to_numpy()[serving])
        found = np.zeros(len(table), dtype=bool)
        if len(at):
            found[shapely.STRtree(shapes).query(at, predicate="intersects")[1]] = True
        has += found
    return Share.of(has >= (groups or len(asked)), np.ones(len(table)), layer=layer, persons=False)


@measure(unit="1", en="areas that lack a facility", zh="缺少设施的单元比例", reads=("facilities",))
def areas_without(city: City, *, facility: Sequence[Kinds] | str, layer: str = "communities") -> Share:
    """Share of the areas of a layer that lack an open facility of one of the groups of kinds; less is better.

    Examples
    --------
    The clinic stands in the western half.

    >>> from twin.gis.grid import grid_city
    >>> areas_without(with_communities(grid_city(1)), facility="clinic").value
    0.5
    """
    found = areas_with(city, facility=facility, layer=layer, groups=0)
    return Share.of(~found.reached, found.weight, layer=layer, persons=False)


@measure(unit="count", en="number of areas", zh="单元数量")
def area_count(city: City, *, layer: str) -> float:
    """Areas of a layer that the city's land meets [count]; none where the layer is there and empty.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> area_count(with_communities(grid_city(1)), layer="communities")
    2.0
    """
    return float(shapely.intersects(city.land(), city.table(layer).geometry.to_numpy()).sum())


@measure(unit="1", en="areas of a size", zh="面积达标的单元比例", given={"least": "m2", "most": "m2"})
def areas_of(city: City, *, layer: str, least: float = 0.0, most: float = inf) -> Share:
    """Share of the polygons of a layer whose area is at least and at most so much, inclusive.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> areas_of(grid_city(1), layer="green", least=2000).value
    1.0
    """
    table = city.table(layer)
    if not len(table):
        raise MissingData(f"{city.name}: {layer} is empty", layer=layer)
    size = shapely.area(table.geometry.to_numpy())
    return Share.of((size >= least) & (size <= most), np.ones(len(table)), layer=layer, persons=False)


@measure(
    unit="1", en="footprints with a property in an area", zh="范围内具备某属性的建筑占地比例", reads=("buildings",)
)
def marked_within(city: City, *, layer: str, column: str) -> float:
    """Footprint of the buildings in the polygons of a layer that a column says yes (1) to, over that of all there [1].

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> from twin.measures.land import with_buildings
    >>> city = with_communities(with_buildings(grid_city(1)).with_columns("buildings", protected=[1.0]))
    >>> marked_within(city, layer="communities", column="protected")
    1.0
    """
    built, marks = city.table("buildings"), city.column("buildings", column)
    whole = shapely.union_all(city.table(layer).geometry.to_numpy())
    shapely.prepare(whole)
    shapes = built.geometry.to_numpy()
    inside = shapely.intersects(whole, shapely.point_on_surface(shapes))
    if not inside.any() or np.isnan(marks[inside]).any():
        raise MissingData(
            f"{city.name}: no building in {layer}, or some say no {column}", layer="buildings", column=column
        )
    size = shapely.area(shapes[inside])
    return float(size[marks[inside] > 0].sum() / size.sum())


@measure(unit="count", en="people around a home", zh="步行范围内人口", given={"within": "m"}, reads=("population",))
def people_around(
    city: City, *, within: float, share: float = 0.5, network: str = "walk", of: str = "people"
) -> Statistic:
    """People who live within a distance along a network of a home: of the median home, or another quantile [count].

    Asked at up to 400 homes, evenly along the table, weighted by who lives there.

    Parameters
    ----------
    within : distance [m], inclusive.
    share : 0.5 for the median, 0.1 for what nine homes in ten exceed [1].

    Examples
    --------
    On one block within 100 m: the home itself and two neighbours, 30 people.

    >>> from twin.gis.grid import grid_city
    >>> people_around(grid_city(1), within=100).value
    30.0
    """
    net, who = city.network(network), places(city, of)
    hung = snap_table(net, who.table)
    hung = hung[~hung.index.duplicated()]
    node = np.where(
        hung["start"].to_numpy() < 0.5, net.graph.tail[hung["edge"].to_numpy()], net.graph.head[hung["edge"].to_numpy()]
    )
    rows = hung.index.to_numpy()
    if not len(rows):
        raise MissingData(f"{city.name}: no home hangs on the {network} network", layer="population")

    def compute() -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        weight = np.bincount(node, weights=who.weight[rows], minlength=net.graph.count)
        lived = np.flatnonzero(who.weight[rows] > 0)
        chosen = lived[np.unique(np.linspace(0, len(lived) - 1, min(ASKED, len(lived))).astype(int))]
        start, back = np.unique(node[chosen], return_inverse=True)
        return rows[chosen], within_reach(net, weight, within, origins=net.ids[start])[back]

    asked, around = net.memory.of(("around", within, of), (who.table,), compute)
    order = np.argsort(around, kind="stable")
    part = np.cumsum(who.weight[asked][order]) / who.weight[asked].sum()
    value = float(around[order][np.searchsorted(part, share - 1e-12)])
    every = np.full(len(who.table), np.nan)
    every[asked] = around
    return Statistic(value, every, who.weight, who.layer, who.persons)


@measure(unit="1", en="land of blocks with one use", zh="单一功能街区用地比例", reads=("buildings",))
def single_use(city: City, *, layer: str = "communities", limit: float = 0.9) -> Share:
    """Share of the land of some areas whose floor is of one use alone.

    Parameters
    ----------
    layer : polygons that are asked: communities, districts.
    limit : share of the floor of one use from which an area counts as of that use alone [1].

    Examples
    --------
    The one building stands in the first half; the other half has none and is left out.

    >>> from twin.gis.grid import grid_city
    >>> from twin.measures.land import with_buildings
    >>> single_use(with_communities(with_buildings(grid_city(1)))).value
    1.0
    """
    table, built = city.table(layer), city.table("buildings")
    floors = city.column("buildings", "floor_area")
    shapes = table.geometry.to_numpy()
    at = shapely.point_on_surface(built.geometry.to_numpy())
    which, area = shapely.STRtree(shapes).query(at, predicate="intersects")
    uses, names = np.unique(built["use"].to_numpy().astype(str), return_inverse=True)
    total = np.zeros((len(table), len(uses)))
    np.add.at(total, (area, names[which]), np.nan_to_num(floors[which]))
    whole = total.sum(axis=1)
    counted = whole > 0
    if not counted.any():
        raise MissingData(f"{city.name}: no building stands in {listed([layer])}", layer="buildings")
    alone = np.zeros(len(table), dtype=bool)
    alone[counted] = total[counted].max(axis=1) >= limit * whole[counted]
    return Share.of(alone, np.where(counted, shapely.area(shapes), 0.0), layer=layer, persons=False)


def with_communities(city: City) -> City:
    """A city whose land is two communities, west and east, for examples."""
    import geopandas as gpd

    west, south, east, north = shapely.bounds(city.land())
    middle = (west + east) / 2
    halves = [shapely.box(west, south, middle, north), shapely.box(middle, south, east, north)]
    return city.with_layer("communities", gpd.GeoDataFrame({"id": [0, 1]}, geometry=halves, crs=city.crs))


def homes(city: City, layer: str) -> NDArray[np.intp]:
    """Area that each row of the population lies in, the first of several; -1 where it lies in none."""
    table = city.table(layer)

    def compute() -> NDArray[np.intp]:
        home = np.full(len(city.population), -1, dtype=np.intp)
        at = shapely.point_on_surface(city.population.geometry.to_numpy())
        which, area = shapely.STRtree(table.geometry.to_numpy()).query(at, predicate="intersects")
        home[which[::-1]] = area[::-1]
        return home

    return city.memory.of(("home", layer), (table, city.population), compute)
