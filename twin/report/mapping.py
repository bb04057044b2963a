"""What the report's map shows, in degrees: the city's ground, its people, its facilities, and what is closed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pyproj
import rasterio.features
import shapely
from numpy.typing import NDArray
from rasterio import Affine

from twin.gis.kinds import kinds
from twin.model import City, Raster
from twin.report.content import MapData, Points
from twin.scenario import Scenario

if TYPE_CHECKING:
    from twin.report.gather import Judged, Results
    from twin.standards import Clause

__all__ = ["map_of"]

#: Depths at which a flood changes colour [m]; below the first it is not drawn.
DEPTHS = (0.05, 0.15, 0.3, 0.6, 1.0)
#: Lines and rims are drawn to within this [m].
TOLERANCE = 1.5


def map_of(study: Results, clauses: Sequence[Clause]) -> MapData:
    """Gather the map; clauses that speak of people show who falls short."""
    city = study.city
    to = pyproj.Transformer.from_crs(city.crs, "EPSG:4326", always_xy=True)
    points = shapely.point_on_surface(city.population.geometry.to_numpy())
    lon, lat = to.transform(shapely.get_x(points), shapely.get_y(points))
    people = city.population["people"].to_numpy(dtype=float)
    unserved = {
        (number, position): verdict.short
        for number, cell in enumerate(study.cells)
        for position, verdict in enumerate(cell.verdicts)
        if verdict.layer == "population" and verdict.short is not None and len(verdict.short) == len(people)
    }
    used = {k for clause in clauses for k in clause.kinds}
    base = {
        name: _table(city, name, to) for name in ("green", "water", "buildings", "districts") if name in city.layers
    }
    if "drive" in city.networks:
        net = city.networks["drive"]
        base["streets"] = _lines(net.shapes, to)
    bounds = _bounds(city, to)
    hazards = {number: found for number, cell in enumerate(study.cells) if (found := _hazard(cell, to)) is not None}
    closed = {
        number: found for number, cell in enumerate(study.cells) if (found := _closed(cell.city, city, to)) is not None
    }
    return MapData(
        bounds=bounds,
        base=base,
        points=Points(np.asarray(lon), np.asarray(lat), people),
        unserved=unserved,
        facilities=_facilities(study.cells, used, to),
        closed=closed,
        hazards=hazards,
    )


def _bounds(city: City, to: pyproj.Transformer) -> tuple[float, float, float, float]:
    west, south, east, north = shapely.total_bounds(city.population.geometry.to_numpy())
    lon, lat = to.transform([west, east, west, east], [south, north, north, south])
    return min(lon), min(lat), max(lon), max(lat)


def _degrees(shapes: NDArray[Any], to: pyproj.Transformer) -> NDArray[Any]:
    moved: Any = shapely.transform(shapes, lambda xy: np.column_stack(to.transform(xy[:, 0], xy[:, 1])))
    return np.asarray(moved, dtype=object)


def _collection(shapes: NDArray[Any], properties: Sequence[dict[str, Any]] | None = None) -> dict[str, Any]:
    rows = properties if properties is not None else [{}] * len(shapes)
    features = [
        {"type": "Feature", "properties": row, "geometry": shapely.geometry.mapping(shape)}
        for shape, row in zip(shapes, rows, strict=True)
        if shape is not None and not shape.is_empty
    ]
    return {"type": "FeatureCollection", "features": features}


def _table(city: City, name: str, to: pyproj.Transformer) -> dict[str, Any]:
    table = city.table(name)
    shapes = shapely.simplify(table.geometry.to_numpy(), TOLERANCE / 3)
    rows = None
    if name == "districts" and "name" in table.columns:
        chinese = table["name_zh"] if "name_zh" in table.columns else table["name"]
        rows = [{"name": str(en), "name_zh": str(zh)} for en, zh in zip(table["name"], chinese, strict=True)]
    return _collection(_degrees(shapes, to), rows)


def _lines(shapes: NDArray[Any], to: pyproj.Transformer) -> dict[str, Any]:
    """All lines as few features: the map draws them alike, and one feature costs less than thousands."""
    parts = [
        shapely.multilinestrings(list(shapely.simplify(shapes[i : i + 500], TOLERANCE)))
        for i in range(0, len(shapes), 500)
    ]
    return _collection(_degrees(np.array(parts, dtype=object), to))


def _closed(city: City, before: City, to: pyproj.Transformer) -> dict[str, Any] | None:
    shapes = [
        net.shapes[~net.open & before.networks[name].open]
        for name, net in city.networks.items()
        if name in {"walk", "drive"} and len(net.open) == len(before.networks[name].open)
    ]
    lines = np.concatenate(shapes) if shapes else np.empty(0, dtype=object)
    return _lines(lines, to) if len(lines) else None


def _facilities(cells: Sequence[Judged], used: set[str], to: pyproj.Transformer) -> dict[str, Any]:
    """Facilities of the kinds that some clause names; "-" marks the cells that do not have it."""
    label = kinds()
    states: dict[tuple[str, bytes], list[str]] = {}
    found: dict[tuple[str, bytes], tuple[Any, dict[str, Any]]] = {}
    for number, cell in enumerate(cells):
        table = cell.city.facilities
        mine = table[table["kind"].isin(used)] if len(table) else table
        points = shapely.point_on_surface(mine.geometry.to_numpy()) if len(mine) else []
        for point, name, kind, key, is_open in zip(
            points, mine["name"], mine["kind"], mine["id"], mine["open"], strict=True
        ):
            mark = (f"{kind} {key}", shapely.to_wkb(point))
            if mark not in found:
                labels = label.get(kind)
                row = {
                    "name": str(name),
                    "kind": kind,
                    "kind_en": labels.en if labels else kind,
                    "kind_zh": labels.zh if labels else kind,
                }
                found[mark] = (point, row)
                states[mark] = ["-"] * len(cells)
            states[mark][number] = "1" if is_open else "0"
    rows = [{**row, "open": "".join(states[mark])} for mark, (_, row) in found.items()]
    shapes = np.array([point for point, _ in found.values()], dtype=object)
    return _collection(_degrees(shapes, to) if len(shapes) else shapes, rows)


def _hazard(cell: Judged, to: pyproj.Transformer) -> dict[str, Any] | None:
    """Water of a cell's floods, as polygons of a depth class."""
    shapes, depths = [], []
    for layer in _depths(cell.scenario, cell.city):
        if isinstance(layer, gpd.GeoDataFrame):
            placed = layer if layer.crs is None else layer.to_crs(cell.city.crs)
            shapes += list(placed.geometry)
            depths += placed["depth"].astype(float).tolist()
            continue
        classes = np.digitize(np.nan_to_num(layer.values), DEPTHS).astype("uint8")
        transform = Affine(layer.cell, 0.0, layer.west, 0.0, -layer.cell, layer.north)
        for shape, value in rasterio.features.shapes(classes, mask=classes > 0, transform=transform):
            shapes.append(shapely.geometry.shape(shape))
            depths.append(DEPTHS[int(value) - 1])
    if not shapes:
        return None
    rows = [{"depth": round(depth, 3)} for depth in depths]
    return _collection(_degrees(np.array(shapes, dtype=object), to), rows)


def _depths(scenario: Scenario, city: City) -> list[Raster | gpd.GeoDataFrame]:
    found = []
    for change in scenario.changes:
        depth = getattr(change, "depth", None)
        layer = city.layers.get(depth) if isinstance(depth, str) else depth
        if isinstance(layer, Raster | gpd.GeoDataFrame):
            found.append(layer)
    return found
