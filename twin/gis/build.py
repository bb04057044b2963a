"""From an OpenStreetMap extract to a city: cut to its boundary, peopled, with every doubt written down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from twin.errors import DataError
from twin.gis.layers import read_layer
from twin.gis.osm import Extract, Streets
from twin.gis.population import estimated, from_file, from_layer
from twin.model import About, City, Network, Raster, Source
from twin.model.crs import to_crs

__all__ = ["ATTRIBUTION", "MARGIN", "WALKING_SPEED", "city_of", "network_of"]

ATTRIBUTION = "© OpenStreetMap contributors, ODbL 1.0"
#: Networks reach this far beyond the boundary, so that ways around are found [m].
MARGIN = 500.0
#: Speed between a door and the street, as on the walk network: 4.8 km/h [m/s].
WALKING_SPEED = 4.8 / 3.6


def city_of(
    extract: Extract,
    *,
    name: str,
    year: str = "",
    population: float | str | Path | gpd.GeoDataFrame | Raster | None = None,
    boundary: str | Path | gpd.GeoDataFrame | None = None,
) -> City:
    """Make a city of an extract.

    Parameters
    ----------
    year : date of the data, for the sources.
    population : a layer (or its file), a total to spread by residential floor area, or None to estimate that too.
    boundary : polygons of the land that the city answers for; facilities, people and areas outside are left out,
        networks go on for `MARGIN` and to the next junction beyond.
    """
    area = None if boundary is None else _boundary(boundary, extract.crs)
    land = None if area is None else shapely.union_all(area.geometry.to_numpy())
    keep = None if land is None else shapely.buffer(land, MARGIN)
    networks = {
        "walk": network_of(extract.walk, extract.crs, keep, approach=WALKING_SPEED),
        "drive": network_of(extract.drive, extract.crs, keep),
    }
    tables = {
        key: _inside(getattr(extract, key), land)
        for key in ("facilities", "buildings", "land_use", "green", "water", "districts")
    }
    people, source = _people(population, extract.crs, tables["buildings"])
    people = _inside(people, land)
    osm = Source("OpenStreetMap", year, "ODbL 1.0")
    sources = dict.fromkeys((*tables, "walk", "drive"), osm)
    sources["facilities"] = Source("OpenStreetMap", year, "ODbL 1.0", notes=tuple(extract.notes))
    sources["population"] = source
    layers = {key: frame for key, frame in tables.items() if key != "facilities" and len(frame)}
    if area is not None:
        layers["boundary"] = area
    return City.build(
        name,
        extract.crs,
        networks=networks,
        facilities=tables["facilities"],
        population=people,
        layers=layers,
        about=About(attribution=(ATTRIBUTION,), sources=sources),
    )


def network_of(streets: Streets, crs: pyproj.CRS, keep: Any = None, *, approach: float = float("inf")) -> Network:
    """A network of the streets that touch `keep` (all of them where it is None), each to its next junction."""
    edges = streets.edges
    tail, head = edges["tail"].to_numpy(), edges["head"].to_numpy()
    chosen = np.ones(len(tail), dtype=bool)
    if keep is not None:
        shapely.prepare(keep)
        chosen = np.asarray(shapely.intersects(keep, edges.geometry.to_numpy()), dtype=bool)
    if not chosen.any():
        raise DataError("no street lies inside the boundary; check that boundary and streets are of the same place")
    used = np.unique(np.concatenate([tail[chosen], head[chosen]]))
    place = np.full(len(streets.x), -1)
    place[used] = np.arange(len(used))
    columns = {c: edges[c].to_numpy()[chosen] for c in edges.columns if c not in {"tail", "head", "oneway", "geometry"}}
    return Network.from_arrays(
        streets.x[used],
        streets.y[used],
        place[tail[chosen]],
        place[head[chosen]],
        directed=edges["oneway"].to_numpy(dtype=bool)[chosen],
        crs=crs,
        ids=streets.ids[used],
        shapes=edges.geometry.to_numpy()[chosen],
        approach=approach,
        turns=_turns(streets, chosen, place),
        **columns,
    )


def _turns(streets: Streets, chosen: Any, place: Any) -> pd.DataFrame | None:
    """Turns between chosen edges, which are numbered anew; None where there are none."""
    if not len(streets.turns):
        return None
    table, row = streets.turns, np.cumsum(chosen) - 1
    come, node, go = (table[name].to_numpy() for name in ("from_edge", "node", "to_edge"))
    table = table.assign(from_edge=row[come], node=place[node], to_edge=row[go])
    kept: pd.DataFrame = table[chosen[come] & chosen[go]].reset_index(drop=True)
    return kept


def _boundary(given: str | Path | gpd.GeoDataFrame, crs: pyproj.CRS) -> gpd.GeoDataFrame:
    layer = given if isinstance(given, gpd.GeoDataFrame) else read_layer(given)
    where = "boundary" if isinstance(given, gpd.GeoDataFrame) else str(given)
    if isinstance(layer, Raster) or not (shapely.get_dimensions(layer.geometry.to_numpy()) == 2).all():
        raise DataError(f"{where}: a boundary is made of polygons; give it as such", layer="boundary")
    land = shapely.union_all(to_crs(layer, crs, where=where).geometry.to_numpy())
    return gpd.GeoDataFrame({"id": [0]}, geometry=[land], crs=crs)


def _inside(frame: gpd.GeoDataFrame, land: Any) -> gpd.GeoDataFrame:
    if land is None or not len(frame):
        return frame
    shapely.prepare(land)
    return frame[shapely.intersects(land, shapely.point_on_surface(frame.geometry.to_numpy()))].reset_index(drop=True)


def _people(given: Any, crs: pyproj.CRS, buildings: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, Source]:
    if given is None or isinstance(given, int | float):
        return estimated(buildings, total=None if given is None else float(given))
    if isinstance(given, str | Path):
        return from_file(Path(given), crs)
    notes = () if isinstance(given, Raster) else tuple(given.attrs.get("notes", ()))
    return from_layer(given, crs, where="population"), Source("population", notes=notes)
