"""Exposure: who and what lies in the water, in bad air, or within reach of a hazard."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from twin.errors import MissingData
from twin.measures.measure import measure
from twin.measures.places import Kinds, places, sites
from twin.model import City, Raster

__all__ = ["buildings_exposed", "concentration", "facilities_exposed", "people_exposed", "streets_passable"]


@measure(unit="1", en="people exposed", zh="受影响人口比例", given={"over": "m"}, reads=("population",))
def people_exposed(city: City, *, layer: str, over: float = 0.0, of: str = "people") -> float:
    """Share of a population that lives where a raster (a flood depth) is above a value [1].

    Parameters
    ----------
    layer : raster; outside it, and where it has no value, nobody is exposed.
    over : exposed is what lies above it, exclusive [m].

    Raises
    ------
    MissingData : there is no such layer.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> people_exposed(with_flood(grid_city(5)), layer="flood_100")  # 6 of 36 corners
    0.16666666666666666
    """
    who = places(city, of)
    wet = _at(city, layer, who.table.geometry.to_numpy()) > over
    return float(who.weight[wet].sum() / who.weight.sum())


@measure(unit="1", en="buildings exposed", zh="受影响建筑比例", given={"over": "m"}, reads=("buildings",))
def buildings_exposed(
    city: City, *, layer: str, over: float = 0.0, use: str | Sequence[str] = (), by: str = "count"
) -> float:
    """Share of the buildings of some uses whose middle lies where a raster is above a value [1].

    Parameters
    ----------
    by : ``count`` or ``floor_area``.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> from twin.measures.land import with_buildings
    >>> buildings_exposed(with_flood(with_buildings(grid_city(5))), layer="flood_100")
    1.0
    """
    table = city.table("buildings")
    uses = (use,) if isinstance(use, str) else tuple(use)
    kept = table["use"].isin(uses).to_numpy() if uses else np.ones(len(table), dtype=bool)
    weight = np.ones(len(table)) if by == "count" else city.column("buildings", by)
    total = float(np.nansum(weight[kept]))
    if not total > 0:
        raise MissingData(f"{city.name}: there is no building of {uses}", layer="buildings", column="use")
    wet = _at(city, layer, table.geometry.to_numpy()) > over
    return float(np.nansum(weight[kept & wet]) / total)


@measure(unit="1", en="facilities exposed", zh="受影响设施比例", given={"over": "m"}, reads=("facilities",))
def facilities_exposed(city: City, *, facility: Kinds, layer: str, over: float = 0.0) -> float:
    """Share of the open facilities of some kinds that stand where a raster is above a value [1].

    Raises
    ------
    MissingData : there is no such layer, or no open facility of the kinds.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> facilities_exposed(with_flood(grid_city(5)), facility="clinic", layer="flood_100")
    1.0
    """
    serving = sites(city, facility)
    if not serving.any():
        raise MissingData(f"{city.name}: no open {facility} could be exposed", layer="facilities", column="kind")
    wet = _at(city, layer, city.facilities.geometry.to_numpy()[serving]) > over
    return float(wet.mean())


@measure(unit="1", en="streets passable", zh="道路可通行比例", given={"depth": "m"}, reads=("drive",))
def streets_passable(city: City, *, layer: str, depth: float, network: str = "drive") -> float:
    """Length of the open edges whose middle lies in water of at most a depth, over the length of all; bridges pass [1].

    Examples
    --------
    The street along the west side, five blocks of sixty, lies in 1 m of water.

    >>> from twin.gis.grid import grid_city
    >>> round(streets_passable(with_flood(grid_city(5)), layer="flood_100", depth=0.3), 6) == round(55 / 60, 6)
    True
    """
    net = city.network(network)
    length = np.asarray(net.columns["length"], dtype=float)
    middle = city.memory.of(
        ("middle", network), (net.graph,), lambda: shapely.line_interpolate_point(net.shapes, 0.5, normalized=True)
    )
    dry = ~(_at(city, layer, middle) > depth) | np.asarray(net.columns["bridge"], dtype=bool)
    return float(length[net.open & dry].sum() / length.sum())


@measure(unit="kg/m3", en="mean concentration where people live", zh="人口加权平均浓度", reads=("population",))
def concentration(city: City, *, layer: str, of: str = "people") -> float:
    """Mean of a raster of a pollutant, weighted by the people who live there [kg/m3].

    Raises
    ------
    MissingData : there is no such layer, or it has no value where more than a tenth of the people live.

    References
    ----------
    UN SDG indicator 11.6.2: population-weighted annual mean.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> round(concentration(with_flood(grid_city(5)), layer="flood_100"), 6)  # 1 at 6 corners of 36, else 0
    0.166667
    """
    who = places(city, of)
    value = _at(city, layer, who.table.geometry.to_numpy())
    known = ~np.isnan(value) & (who.weight > 0)
    share = float(who.weight[known].sum() / who.weight.sum())
    if share < 0.9:
        raise MissingData(f"{city.name}: {layer} has a value for {share:.0%} of the people, 90% is needed", layer=layer)
    return float(np.average(value[known], weights=who.weight[known]))


def with_flood(city: City, depth: float = 1.0) -> City:
    """A city with a raster ``flood_100``: a depth west of 50 m, else 0; for examples."""
    west, south, east, north = shapely.bounds(city.land())
    count = int((max(east - west, north - south) + 100) // 100) + 1
    values = np.zeros((count, count), dtype=np.float32)
    values[:, 0] = depth
    return city.with_layer(
        "flood_100", Raster(values, west=west - 50.0, north=north + 50.0, cell=100.0, crs=pyproj.CRS(city.crs))
    )


def _at(city: City, layer: str, shapes: NDArray[np.object_]) -> NDArray[np.float64]:
    """Value of a raster at a point on each shape; NaN outside."""
    raster = city.layer(layer)
    if not isinstance(raster, Raster):
        raise MissingData(f"{city.name}: {layer} is a table, and a raster is asked for", layer=layer)
    points = shapely.point_on_surface(shapes)
    return raster.at(shapely.get_x(points), shapely.get_y(points))
