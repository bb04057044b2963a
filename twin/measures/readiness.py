"""Readiness: how complete, fine and consistent the twin's own data are."""

from __future__ import annotations

import numpy as np
import shapely

from twin.errors import MissingData
from twin.measures.measure import measure
from twin.measures.places import Kinds, places
from twin.model import City, Raster

__all__ = ["attached", "cell_size", "covered", "filled"]


@measure(unit="1", en="share of values filled in", zh="数据完整率")
def filled(city: City, *, layer: str, column: str, facility: Kinds = ()) -> float:
    """Rows of a layer that have a value in a column, over all rows; an empty text is no value [1].

    Parameters
    ----------
    facility : of ``facilities``, only the rows of these kinds.

    References
    ----------
    ISO 19157 and GB/T 36344: completeness = items that qualify over all items.

    Examples
    --------
    Of four facilities only the clinic has a capacity.

    >>> from twin.gis.grid import grid_city
    >>> filled(grid_city(5), layer="facilities", column="capacity")
    0.25
    """
    table = city.table(layer)
    if facility:
        kinds = (facility,) if isinstance(facility, str) else tuple(facility)
        table = table[table["kind"].isin(kinds)]
    if not len(table):
        raise MissingData(f"{city.name}: {layer} has no such row", layer=layer)
    if column not in table.columns:
        return 0.0
    values = table[column]
    return float((values.notna() & (values.astype(str) != "")).mean())


@measure(unit="m", en="cell size", zh="栅格分辨率")
def cell_size(city: City, *, layer: str = "terrain") -> float:
    """Edge of a cell of a raster [m].

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> from twin.measures.exposure import with_flood
    >>> cell_size(with_flood(grid_city(5)), layer="flood_100")
    100.0
    """
    return float(_raster(city, layer).cell)


@measure(unit="1", en="share of land covered by a layer", zh="图层覆盖率")
def covered(city: City, *, layer: str = "terrain") -> float:
    """Share of the city's land where a raster has a value, asked at points [1].

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> from twin.measures.exposure import with_flood
    >>> covered(with_flood(grid_city(5)), layer="flood_100")
    1.0
    """
    raster, land = _raster(city, layer), places(city, "area")
    points = land.table.geometry.to_numpy()
    known = ~np.isnan(raster.at(shapely.get_x(points), shapely.get_y(points)))
    return float(land.weight[known].sum() / land.weight.sum())


@measure(unit="1", en="share of rows attached to a network", zh="与路网关联率", given={"within": "m"})
def attached(city: City, *, layer: str, network: str = "walk", within: float = 250.0) -> float:
    """Rows of a layer that lie within a distance of an edge of a network, over all rows [1].

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> attached(grid_city(5), layer="facilities")
    1.0
    """
    table = city.table(layer)
    if not len(table):
        raise MissingData(f"{city.name}: {layer} is empty", layer=layer)
    return 1.0 - len(city.unsnapped(layer, network, limit=within)) / len(table)


def _raster(city: City, layer: str) -> Raster:
    found = city.layer(layer)
    if not isinstance(found, Raster):
        raise MissingData(f"{city.name}: {layer} is a table, and a raster is asked for", layer=layer)
    return found
