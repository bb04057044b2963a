"""Who or what is asked for: people, a group, jobs, or points of land; and how far the nearest facility is from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.errors import DataError, MissingData, listed
from twin.model import City
from twin.model.snap import snap_table
from twin.routing.reach import reach

__all__ = ["Places", "nearest_cost", "places", "several", "sites", "straight_distance"]

#: Land is asked at about so many points, on a square grid between 25 and 250 m.
POINTS = 4000

Kinds = str | Sequence[str]


@dataclass(frozen=True, eq=False)
class Places:
    """Rows with a weight: the denominator of a share.

    Attributes
    ----------
    table : points (or polygons) that stand for them.
    weight : (n,) persons, or m2 of land.
    layer : what the rows are: population, area or residential_land.
    persons : whether the weight counts persons.
    """

    table: gpd.GeoDataFrame
    weight: NDArray[np.float64]
    layer: str
    persons: bool


def places(city: City, of: str) -> Places:
    """The denominator that a clause names.

    Parameters
    ----------
    of : a column of the population (``people``, ``jobs``, ``age_3_5`` …), several joined by ``+``
        (``people+jobs``), ``area`` (all land) or ``residential_land``.

    Raises
    ------
    MissingData : the city does not have it.
    DataError : the weights sum to zero.
    """
    if of in {"area", "residential_land"}:
        owner = city.layers.get("boundary" if of == "area" else "land_use", city.population)
        return city.memory.of(("land", of), (owner,), lambda: _land(city, of))
    if not len(city.population):
        raise MissingData(f"{city.name}: there is no population", layer="population")
    return city.memory.of(("people", of), (city.population,), lambda: _people(city, of))


def _people(city: City, of: str) -> Places:
    weight = np.nansum([city.column("population", name.strip()) for name in of.split("+")], axis=0)
    if not weight.sum() > 0:
        raise DataError(
            f"population.{of}: all weights are zero; a share of nobody is not defined", layer="population", column=of
        )
    return Places(city.population, weight, "population", persons=True)


def _land(city: City, of: str) -> Places:
    if of == "area":
        land = city.land()
    else:
        use = city.table("land_use")
        homes = use.geometry[use["use"] == "residential"].to_numpy()
        if not len(homes):
            raise MissingData(f"{city.name}: land_use has no residential land", layer="land_use", column="use")
        land = shapely.union_all(homes)
    west, south, east, north = shapely.bounds(land)
    cell = float(np.clip(np.sqrt(shapely.area(land) / POINTS), 25.0, 250.0))
    x, y = np.meshgrid(np.arange(west + cell / 2, east, cell), np.arange(south + cell / 2, north, cell))
    shapely.prepare(land)
    inside = shapely.contains_xy(land, x, y)
    if not inside.any():
        raise MissingData(f"{city.name}: the land is too small to be asked at points {cell:.0f} m apart", layer=of)
    table = gpd.GeoDataFrame(geometry=shapely.points(x[inside], y[inside]), crs=city.crs)
    return Places(table, np.full(len(table), cell * cell), of, persons=False)


def several(names: Kinds) -> tuple[str, ...]:
    """One name or several, as a tuple.

    >>> several("clinic"), several(["clinic", "hospital"])
    (('clinic',), ('clinic', 'hospital'))
    """
    return (names,) if isinstance(names, str) else tuple(names)


def sites(city: City, facility: Kinds, *, least_area: float = 0.0, grade: Kinds = ()) -> NDArray[np.bool_]:
    """Which facilities serve: of the kind, open, large enough where an area is asked for, of a grade where one is.

    Parameters
    ----------
    grade : grades that count, such as tertiary hospitals; all where empty.

    Raises
    ------
    MissingData : the city's data has no facility of such a kind (and is not said to be complete), no area or no grade.
    """
    kinds = several(facility)
    table = city.facilities
    rows: dict[str, NDArray[np.intp]] = city.memory.of("kinds", (table,), lambda: _by_kind(table))
    found = [rows[kind] for kind in kinds if kind in rows]
    if not found and not city.about.source("facilities").complete:
        raise MissingData(
            f"{city.name}: no {listed(kinds)} in the data, which does not mean that there is none; add them, or set "
            "'complete' for facilities in city.toml",
            layer="facilities",
            column="kind",
        )
    here = np.concatenate(found) if found else np.zeros(0, dtype=np.intp)
    serving = np.zeros(len(table), dtype=bool)
    serving[here] = table["open"].to_numpy(dtype=bool)[here] if len(here) else False
    if least_area > 0 and len(here):
        area = table["area"].to_numpy(dtype=float) if "area" in table.columns else np.full(len(table), np.nan)
        if np.isnan(area[here]).all():
            raise MissingData(f"{city.name}: no {listed(kinds)} has an area", layer="facilities", column="area")
        serving &= np.nan_to_num(area) >= least_area
    if grade:
        serving &= _graded(city, here, kinds, several(grade))
    return serving


def _graded(city: City, here: NDArray[np.intp], kinds: tuple[str, ...], grades: tuple[str, ...]) -> NDArray[np.bool_]:
    """Which facilities are of some grades; `MissingData` where none of the kinds is, open or closed."""
    table = city.facilities
    told = table["grade"].to_numpy().astype(str) if "grade" in table.columns else np.full(len(table), "")
    if not np.isin(told[here], grades).any():
        raise MissingData(
            f"{city.name}: no {listed(kinds)} of grade {listed(grades)} in the data, which does not mean that there is "
            "none; fill facilities.grade, or read the region around",
            layer="facilities",
            column="grade",
        )
    return np.isin(told, grades)


def _by_kind(table: gpd.GeoDataFrame) -> dict[str, NDArray[np.intp]]:
    """Rows of each kind of facility."""
    codes, kinds = pd.factorize(table["kind"])
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=len(kinds)))
    return dict(zip(map(str, kinds), np.split(order, ends[:-1]), strict=True)) if len(kinds) else {}


def nearest_cost(  # noqa: PLR0913 -- what every question of access may ask
    city: City,
    facility: Kinds,
    network: str,
    *,
    cost: str = "time",
    of: str = "people",
    outward: bool = False,
    least_area: float = 0.0,
    limit: float = inf,
    grade: Kinds = (),
) -> NDArray[np.float64]:
    """Cost between each place and the nearest open facility, along a network.

    Parameters
    ----------
    grade : grades that count; see `sites`.
    limit : largest cost that is looked for, inclusive; what lies beyond is `inf`.

    Returns
    -------
    (n,) float64 : [s] for ``time``, [m] for ``length``; `inf` where none is reached. Aligned with ``places(city, of)``.
    """
    net = city.network(network)
    who = places(city, of)
    serving = sites(city, facility, least_area=least_area, grade=grade)

    def compute() -> NDArray[np.float64]:
        if not serving.any():
            return np.full(len(who.table), inf)
        hung = snap_table(net, city.facilities)
        mine = snap_table(net, who.table)
        count = len(who.table)
        return reach(net, mine, hung, count=count, cost=cost, outward=outward, serving=serving, limit=limit).cost

    shapes = city.facilities.geometry.to_numpy()[serving]
    return net.memory.of(("nearest", cost, outward, limit, _marks(shapes)), (who.table,), compute, keep=shapes)


def straight_distance(
    city: City, facility: Kinds, *, of: str = "people", least_area: float = 0.0, limit: float = inf
) -> NDArray[np.float64]:
    """Straight distance from each place to the rim of the nearest open facility [m]; `inf` where none is so near."""
    who = places(city, of)
    serving = sites(city, facility, least_area=least_area)
    shapes = city.facilities.geometry.to_numpy()[serving]

    def compute() -> NDArray[np.float64]:
        if not len(shapes):
            return np.full(len(who.table), inf)
        points = city.memory.of("points", (who.table,), lambda: shapely.point_on_surface(who.table.geometry.to_numpy()))
        gap = np.full(len(points), inf)
        most = max(limit * (1 + 1e-9), 1e-9) if limit < inf else None  # above 0, and never short of the limit itself
        (which, _), found = shapely.STRtree(shapes).query_nearest(
            points, max_distance=most, return_distance=True, all_matches=False
        )
        gap[which] = found
        return gap

    return city.memory.of(("straight", limit, _marks(shapes)), (who.table,), compute, keep=shapes)


def _marks(shapes: NDArray[np.object_]) -> bytes:
    """Identity of each site: plans that serve a kind from the same sites share what was computed for them."""
    return np.fromiter(map(id, shapes), dtype=np.int64, count=len(shapes)).tobytes()
