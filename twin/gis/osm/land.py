"""Buildings, land use, green, water and districts: the areas of an extract, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from twin.gis.osm.areas import Areas
from twin.gis.osm.ground import Ground
from twin.gis.osm.tags import Rules, Tags, length, number, settings, text

__all__ = ["buildings", "districts", "floors", "green", "ground_area", "land_use", "water"]

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
    uses = {row: said.first(tags) for row, tags in enumerate(areas.tags) if "building" in tags}
    rows = [row for row, use in uses.items() if use != "none"]
    use = np.array([uses[row] or told.first(areas.tags[row]) for row in rows], object)
    geometry = areas.geometry[rows]
    open_question = np.flatnonzero(use == "")
    use[open_question] = _by_land(geometry[open_question], land)
    levels, height, storeys = floors([areas.tags[row] for row in rows])
    columns = {"use": use, "levels": levels, "height": height}
    columns["floor_area"] = ground_area(geometry, ground) * storeys
    return _frame(areas, rows, columns, crs)


def floors(tags: Sequence[Tags]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Levels and height [m] as tagged, NaN where they are not, and the storeys that a floor area counts."""
    levels = np.array([number(each.get("building:levels"), most=250) for each in tags], np.float64)
    tall = [each.get("height") or each.get("building:height") for each in tags]
    height = np.array([length(each, most=1000) for each in tall], np.float64)
    guess = np.where(np.isnan(height), STOREYS, np.maximum(height / STOREY, 1.0))
    return levels, height, np.where(np.isnan(levels), guess, levels)


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
    tags = [areas.tags[row] for row in rows]
    public = [each.get("access") not in CLOSED and each.get("garden:type") not in PRIVATE_GARDENS for each in tags]
    columns = {"kind": kind, "name": _names(tags), "public": np.array(public, bool)}
    return _frame(areas, rows, columns, crs)


def water(areas: Areas, crs: pyproj.CRS) -> gpd.GeoDataFrame:
    """Water surfaces; the sea is mapped by its coast, not as an area, and is not among them."""
    rows, _ = _matching(areas, "water")
    return _frame(areas, rows, {"name": _names([areas.tags[row] for row in rows])}, crs)


def districts(areas: Areas, crs: pyproj.CRS) -> gpd.GeoDataFrame:
    """Administrative areas that have a name and a level and are complete in the extract."""
    levels = [
        number(tags.get("admin_level"), most=15) if tags.get("boundary") == "administrative" else np.nan
        for tags in areas.tags
    ]
    rows = [row for row, level in enumerate(levels) if level >= 0 and text(areas.tags[row].get("name"))]
    columns = {
        "name": _names([areas.tags[row] for row in rows]),
        "admin_level": np.array([levels[row] for row in rows], np.int64),
    }
    return _frame(areas, rows, columns, crs)


def _matching(areas: Areas, table: str) -> tuple[list[int], NDArray[np.object_]]:
    """Rows that a table of `osm.toml` has an outcome for, and the outcomes."""
    rules = Rules(settings()[table])
    found = [(row, outcome) for row, tags in enumerate(areas.tags) if (outcome := rules.first(tags))]
    return [row for row, _ in found], np.array([outcome for _, outcome in found], object)


def _names(tags: Sequence[Tags]) -> NDArray[np.object_]:
    return np.array([text(each.get("name")) for each in tags], object)


def _frame(areas: Areas, rows: Sequence[int], columns: dict[str, Any], crs: pyproj.CRS) -> gpd.GeoDataFrame:
    ids = np.array([areas.id[row] for row in rows], object)
    frame = gpd.GeoDataFrame({"id": ids} | columns, geometry=areas.geometry[list(rows)], crs=crs)
    return frame.drop_duplicates("id", ignore_index=True)
