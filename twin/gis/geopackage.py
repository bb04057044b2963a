"""A city as one GeoPackage, for exchange: every table a layer, the description as a table of text."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import tomli_w

from twin.errors import DataError, listed
from twin.gis.layers import read_layer, repaired
from twin.gis.lines import network_of_lines
from twin.gis.parts import Parts, assemble, take_apart
from twin.model import City, Network, Raster
from twin.model.crs import check_numbers, projected
from twin.model.schema import schema

__all__ = ["read_geopackage", "write_geopackage"]

_STREETS = ("walk", "drive", "streets", "roads")


def write_geopackage(city: City, path: Path) -> None:
    """Write a city as a GeoPackage, beside the target first; rasters are left out (a folder holds all)."""
    parts = take_apart(city)
    fresh = path.with_name(f".{path.stem}.partial.gpkg")
    fresh.unlink(missing_ok=True)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for name, frame in parts.tables.items():
            _add(frame, fresh, name)
        for name, edges in parts.edges.items():
            _add(parts.nodes[name], fresh, f"{name}_nodes")
            _add(edges, fresh, f"{name}_edges")
        note = pd.DataFrame({"key": ["city.toml"], "value": [tomli_w.dumps(parts.meta)]})
        pyogrio.write_dataframe(note, fresh, layer="twin_city", driver="GPKG", append=fresh.exists())
        fresh.replace(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror}); name a place that you may write to") from None
    finally:
        fresh.unlink(missing_ok=True)


def _add(frame: pd.DataFrame, path: Path, layer: str) -> None:
    """One layer; GeoPackage has one geometry a layer and one type a column."""
    plain = frame.drop(columns="entrances", errors="ignore")
    for column in plain.columns:
        if plain[column].dtype == object and column != "geometry":
            plain[column] = plain[column].map(lambda v: None if v is None or v != v else str(v))  # noqa: PLR0124
    pyogrio.write_dataframe(plain, path, layer=layer, driver="GPKG", append=path.exists())


def read_geopackage(path: Path) -> City:
    """Read a city from a GeoPackage: one that `write_geopackage` wrote, or one whose layers have the schema's names.

    In a foreign one, line layers named walk, drive, streets or roads become networks.

    Raises
    ------
    DataError : no layer with a name that is known.
    """
    names = [str(name) for name, _ in pyogrio.list_layers(path)]
    if "twin_city" in names:
        return _own(path, names)
    known = [name for name in names if name in schema() or name in _STREETS]
    if not known:
        raise DataError(
            f"{path}: no layer has a name that is known ({listed(names)}); call them {listed(schema())} or streets"
        )
    frames: dict[str, Any] = {name: read_layer(path, layer=name) for name in known}
    first = next(iter(frames.values()))
    crs = first.estimate_utm_crs() if first.crs.is_geographic else projected(first.crs, where=str(path))
    for name, frame in frames.items():
        check_numbers(frame, where=f"{path}, layer {name}")
    moved = {name: frame.to_crs(crs) for name, frame in frames.items()}
    streets = {name: moved.pop(name) for name in _STREETS if name in moved}
    networks: dict[str, Network] = {}
    for name, lines in streets.items():
        net = network_of_lines(lines, where=f"{path}, layer {name}")
        networks |= {name: net} if name in {"walk", "drive"} else {"walk": net, "drive": net}
    special = {name: moved.pop(name, None) for name in ("facilities", "population")}
    return City.build(path.stem, crs, networks=networks, layers=moved, **special)


def _own(path: Path, names: list[str]) -> City:
    meta = tomllib.loads(pyogrio.read_dataframe(path, layer="twin_city")["value"].iloc[0])
    networks = list(meta.get("networks", {}))
    pairs = {f"{name}_{part}" for name in networks for part in ("nodes", "edges")}
    frames: dict[str, Any] = {name: pyogrio.read_dataframe(path, layer=name) for name in names if name != "twin_city"}
    tables = {
        name: repaired(frame, where=f"{path}, layer {name}") if isinstance(frame, gpd.GeoDataFrame) else frame
        for name, frame in frames.items()
        if name not in pairs and not isinstance(frame, Raster)
    }
    nodes = {name: frames[f"{name}_nodes"] for name in networks}
    edges = {name: frames[f"{name}_edges"] for name in networks}
    return assemble(Parts(meta, tables, {}, nodes, edges), where=str(path))
