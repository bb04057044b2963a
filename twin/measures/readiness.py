"""Readiness: how complete, fine and consistent the twin's own data are."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import ArrayLike

from twin.errors import DataError, MissingData
from twin.measures.measure import measure
from twin.measures.places import Kinds, places
from twin.model import City, Raster
from twin.model.snap import LIMIT, snap_table

__all__ = ["attached", "cell_size", "covered", "filled", "match_quality", "model_level", "position_accuracy"]


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
    net, hung = city.network(network), city.snap(layer, network)
    near = hung.index[hung["offset"] <= within].nunique()
    if within > LIMIT:  # only what nothing else asks for is looked for farther away
        rest = table.iloc[np.setdiff1d(np.arange(len(table)), hung.index)]
        near += snap_table(net, rest, limit=within).index.nunique() if len(rest) else 0
    return float(near / len(table))


def position_accuracy(dx: ArrayLike, dy: ArrayLike) -> float:
    r"""Horizontal accuracy at 95 %, :math:`1.7308 \sqrt{\overline{dx^2 + dy^2}}` (NSSDA), in the unit of the errors.

    Parameters
    ----------
    dx, dy : (n,) errors at points checked on the ground; at least 20 of them.

    References
    ----------
    FGDC-STD-007.3-1998; the factor is :math:`\sqrt{-2 \ln 0.05} / \sqrt 2`, not 1.7808 as in some scripts.

    Examples
    --------
    >>> round(position_accuracy([1, -1, 2, 0] * 5, [0, 1, -1, 2] * 5), 3)
    2.998
    """
    x, y = np.asarray(dx, dtype=float), np.asarray(dy, dtype=float)
    if len(x) < 20:
        raise DataError(f"position_accuracy: at least 20 points are needed, not {len(x)}")
    return float(np.sqrt(-np.log(0.05)) * np.sqrt((x * x + y * y).mean()))


def match_quality(both: int, missed: int, false: int) -> tuple[float, float, float]:
    """Completeness, correctness and quality of a data set against the truth (Heipke 1997) [1].

    >>> [round(each, 6) for each in match_quality(90, 10, 5)]
    [0.9, 0.947368, 0.857143]
    """
    return both / (both + missed), both / (both + false), both / (both + missed + false)


@measure(unit="count", en="level of detail of the model", zh="模型精细度等级", reads=("buildings",))
def model_level(city: City) -> float:
    """Level of detail that every class of the twin's model reaches, from 1 to 4 [count].

    1: footprints of buildings; 2: and a terrain; 3: and heights of nine buildings in ten; 4: and storeys and uses of
    nine in ten. Levels from 5 (rooms, components, parts) are beyond what a city holds here.

    Raises
    ------
    MissingData : there are no buildings.

    References
    ----------
    CJJ/T 315-2022 names seven levels; which data make a level is ours.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> from twin.measures.land import with_buildings
    >>> model_level(with_buildings(grid_city(1)))  # no terrain
    1.0
    """
    if not len(city.table("buildings")):
        raise MissingData(f"{city.name}: there are no buildings to make a model of", layer="buildings")

    def known(column: str) -> bool:
        return filled(city, layer="buildings", column=column) >= 0.9

    steps = ("terrain" in city.layers, known("height"), known("levels") and known("use"))
    return 1.0 + (steps.index(False) if False in steps else len(steps))


def _raster(city: City, layer: str) -> Raster:
    found = city.layer(layer)
    if not isinstance(found, Raster):
        raise MissingData(f"{city.name}: {layer} is a table, and a raster is asked for", layer=layer)
    return found
