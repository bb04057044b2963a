"""Buildings, land use, green, water and districts: the areas of an extract, layer by layer."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from twin.gis.osm.areas import Areas
from twin.gis.osm.ground import Ground
from twin.gis.osm.tagged import Tagged
from twin.gis.osm.tags import Rules, Tags, length, number, settings, text

__all__ = ["buildings", "districts", "floors", "green", "ground_area", "land_use", "water"]

Indices = NDArray[np.intp]

STOREY = 3.0  # height of a storey where only the building's height is known [m]
STOREYS = 2.0  # storeys of a building of which nothing is known [1]
CLOSED = {"private", "no"}
PRIVATE_GARDENS = {"residential", "private"}


def buildings(areas: Areas, land: gpd.GeoDataFrame, ground: Ground, crs: pyproj.CRS) -> gpd.GeoDataFrame:
    """Footprints with `building=*`; parts of buildings (`building:part`) are left out, their building is there.

    Notes
    -----
    `use` is that of the `building` value where it says one. ``building=yes`` and values that no rule of `osm.toml`
    knows take it from the other tags (a shop is commercial), then from the smallest area of land use that they lie in
    (a building on railway land is *other*), and are residential otherwise.
    """
    said, told = Rules(settings()["buildings"]), Rules(settings()["building_tags"])
    houses = np.flatnonzero(areas.tags.has("building"))
    use = areas.tags.take(houses).each(said.first, said.reads)
    rows = houses[use != "none"]
    use, tags = use[use != "none"], areas.tags.take(rows)
    unsaid = np.flatnonzero(use == "")
    use[unsaid] = tags.take(unsaid).each(told.first, told.reads)
    geometry = areas.geometry[rows]
    open_question = np.flatnonzero(use == "")
    use[open_question] = _by_land(geometry[open_question], land)
    levels, height, storeys = floors(tags)
    columns = {"use": use, "levels": levels, "height": height}
    columns["floor_area"] = ground_area(geometry, ground) * storeys
    return _frame(areas, rows, columns, crs)


def floors(tags: Tagged) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Levels and height [m] as tagged, NaN where they are not, and the storeys that a floor area counts."""
    levels = tags.each(lambda said: number(said.get("building:levels"), most=250), ["building:levels"], np.float64)
    height = tags.each(_height, ["height", "building:height"], np.float64)
    guess = np.where(np.isnan(height), STOREYS, np.maximum(height / STOREY, 1.0))
    return levels, height, np.where(np.isnan(levels), guess, levels)


def _height(tags: Tags) -> float:
    return length(tags.get("height") or tags.get("building:height"), most=1000)


def ground_area(geometry: NDArray[np.object_], ground: Ground) -> NDArray[np.float64]:
    """Area on the ground [m2]."""
    middle = shapely.get_coordinates(shapely.centroid(geometry))
    area: NDArray[np.float64] = shapely.area(geometry) / ground.area_scale(middle[:, 0], middle[:, 1])
    return area


def _by_land(geometry: NDArray[np.object_], land: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Use of buildings by the smallest area of land use that holds a point of them."""
    by_land = settings()["building_land"]
    found = np.full(len(geometry), "residential", object)
    spots = shapely.point_on_surface(geometry)
    plots = np.asarray(land.geometry)
    which, plot = shapely.STRtree(plots).query(spots, predicate="intersects")
    order = np.argsort(-shapely.area(plots[plot]), kind="stable")  # the smallest is written last
    found[which[order]] = [by_land.get(use, "residential") for use in land["use"].to_numpy()[plot[order]]]
    return found


def land_use(areas: Areas, crs: pyproj.CRS) -> gpd.GeoDataFrame:
    """What land is used for; areas may lie in one another, as they are mapped."""
    rows, use = _matching(areas, "land_use")
    return _frame(areas, rows, {"use": use}, crs)


def green(areas: Areas, crs: pyproj.CRS) -> gpd.GeoDataFrame:
    """Vegetated or open land; closed to the public by `access` or as a garden of a home."""
    rows, kind = _matching(areas, "green")
    tags = areas.tags.take(rows)
    public = ~(tags.has("access", *CLOSED) | tags.has("garden:type", *PRIVATE_GARDENS))
    return _frame(areas, rows, {"kind": kind, "name": _names(tags), "public": public}, crs)


def water(areas: Areas, crs: pyproj.CRS) -> gpd.GeoDataFrame:
    """Water surfaces; the sea is mapped by its coast, not as an area, and is not among them."""
    rows, _ = _matching(areas, "water")
    return _frame(areas, rows, {"name": _names(areas.tags.take(rows))}, crs)


def districts(areas: Areas, crs: pyproj.CRS) -> gpd.GeoDataFrame:
    """Administrative areas that have a name and a level and are complete in the extract."""
    rows = np.flatnonzero(areas.tags.has("boundary", "administrative"))
    tags = areas.tags.take(rows)
    names = _names(tags)
    levels = tags.each(lambda said: number(said.get("admin_level"), most=15), ["admin_level"], np.float64)
    told = (levels >= 0) & (names != "")
    return _frame(areas, rows[told], {"name": names[told], "admin_level": levels[told].astype(np.int64)}, crs)


def _matching(areas: Areas, table: str) -> tuple[Indices, NDArray[np.object_]]:
    """Rows that a table of `osm.toml` has an outcome for, and the outcomes."""
    rules = Rules(settings()[table])
    outcome = areas.tags.each(rules.first, rules.reads)
    rows = np.flatnonzero(outcome != "")
    return rows, outcome[rows]


def _names(tags: Tagged) -> NDArray[np.object_]:
    return tags.each(lambda said: text(said.get("name")), ["name"])


def _frame(areas: Areas, rows: Indices, columns: dict[str, Any], crs: pyproj.CRS) -> gpd.GeoDataFrame:
    ids = np.array(areas.ids(rows), object)
    frame = gpd.GeoDataFrame({"id": ids} | columns, geometry=areas.geometry[rows], crs=crs)
    return frame.drop_duplicates("id", ignore_index=True)
