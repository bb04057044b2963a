"""People at places: from a layer that somebody counted, else estimated from residential floor area."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pyproj
import shapely

from twin.errors import DataError, MissingData
from twin.gis.layers import read_layer
from twin.model import Raster, Source
from twin.model.crs import to_crs
from twin.model.schema import validate

__all__ = ["FLOOR_AREA_PER_PERSON", "estimated", "from_file", "from_layer"]

#: Residential floor area a person where no total is known [m2/person]; a round figure near the 2020 average of urban
#: China (recalled); see docs/population.md for what it gives in cities whose population is known.
FLOOR_AREA_PER_PERSON = 40.0

_PEOPLE = ("people", "population", "pop", "asukkaita", "pop_total", "total")


def from_file(path: Path, crs: pyproj.CRS) -> tuple[gpd.GeoDataFrame, Source]:
    """A population table from a file, and where it comes from; cells of a raster count as they are, in any CRS."""
    if path.suffix.lower() in {".tif", ".tiff"} and path.exists():
        from twin.gis.raster import read_cells

        cells = read_cells(path).rename(columns={"value": "people"})
        return from_layer(cells[cells["people"] != 0], crs, where=str(path)), Source(path.name)
    layer = cast("gpd.GeoDataFrame", read_layer(path))
    return from_layer(layer, crs, where=str(path)), Source(path.name, notes=tuple(layer.attrs.get("notes", ())))


def from_layer(layer: gpd.GeoDataFrame | Raster, crs: pyproj.CRS, *, where: str) -> gpd.GeoDataFrame:
    """A population table from points, polygons (each stands for its middle) or a raster of persons a cell.

    Raises
    ------
    DataError : no column of people, or people negative or missing.
    """
    if isinstance(layer, Raster):
        rows, columns = np.nonzero(np.nan_to_num(layer.values) != 0)
        x, y = layer.west + (columns + 0.5) * layer.cell, layer.north - (rows + 0.5) * layer.cell
        people = layer.values[rows, columns].astype(float)
        layer = gpd.GeoDataFrame({"people": people}, geometry=gpd.points_from_xy(x, y), crs=layer.crs)
    lower = {str(c).lower(): c for c in layer.columns}
    column = next((lower[name] for name in _PEOPLE if name in lower), None)
    if column is None:
        raise DataError(
            f"{where}: no column of people among {', '.join(map(str, layer.columns))}; call it 'people'",
            layer="population",
        )
    frame = to_crs(layer, crs, where=where).rename(columns={column: "people"}).reset_index(drop=True)
    frame = frame.rename_geometry("geometry") if frame.geometry.name != "geometry" else frame
    flat = frame.set_geometry(gpd.GeoSeries(shapely.point_on_surface(frame.geometry.to_numpy()), crs=crs))
    if "id" not in flat.columns or flat["id"].duplicated().any() or flat["id"].isna().any():
        flat["id"] = np.arange(len(flat))
    return cast("gpd.GeoDataFrame", validate(flat, "population", where=where))


def estimated(buildings: gpd.GeoDataFrame, *, total: float | None = None) -> tuple[gpd.GeoDataFrame, Source]:
    r"""People of each residential building, by its share of floor area, :math:`p_b = P F_b / \sum F`.

    Parameters
    ----------
    total : residents of the whole place; where not given, floor area over `FLOOR_AREA_PER_PERSON`.

    Returns
    -------
    table, source : one row a residential building; the source says that it is an estimate and how it was made.

    Raises
    ------
    MissingData : there is no residential building.
    DataError : the total is negative or no number.
    """
    if total is not None and not 0 <= total < float("inf"):
        raise DataError(f"population: a total of residents is at least 0, not {total}", layer="population")
    homes = buildings[(buildings["use"] == "residential") & (buildings["floor_area"] > 0)]
    if not len(homes):
        raise MissingData(
            "no residential building to estimate a population from; give population=… (a layer or a total)"
        )
    floor = homes["floor_area"].to_numpy(dtype=float)
    people = floor / FLOOR_AREA_PER_PERSON if total is None else total * floor / floor.sum()
    middle: Any = shapely.point_on_surface(homes.geometry.to_numpy())
    table = gpd.GeoDataFrame({"id": homes["id"].to_numpy(), "people": people}, geometry=middle, crs=buildings.crs)
    how = (
        f"{FLOOR_AREA_PER_PERSON:g} m2 of floor a person"
        if total is None
        else f"a total of {total:,.0f} spread by floor area"
    )
    note = f"population estimated from {len(homes):,} residential buildings: {how}; no age groups"
    return table, Source(source="estimated from building footprints and storeys", estimated=True, notes=(note,))
