"""A city as one GeoPackage, for exchange: every table a layer, the description as a table of text."""

from __future__ import annotations

import tomllib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely
import tomli_w
from pyogrio.errors import DataLayerError, DataSourceError

from twin.errors import DataError, UnknownName, listed
from twin.gis.layers import read_layer
from twin.gis.lines import network_of_lines
from twin.gis.parts import Parts, assemble, take_apart
from twin.model import About, City, Network, Source
from twin.model.crs import projected, to_crs
from twin.model.schema import schema, validate

__all__ = ["read_geopackage", "write_geopackage"]

_STREETS = ("walk", "drive", "streets", "roads")


def write_geopackage(city: City, path: Path) -> None:
    """Write a city as a GeoPackage, beside the target first; rasters are left out (a folder holds all).

    Raises
    ------
    DataError : it cannot be written, or a GeoPackage cannot hold one of the layers; what was there is still there.
    """
    parts = take_apart(city)
    fresh = path.with_name(f".{path.stem}.partial.gpkg")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
        try:
            for name, frame in parts.tables.items():
                _add(frame, fresh, name)
            for name, edges in parts.edges.items():
                _add(parts.nodes[name], fresh, f"{name}_nodes")
                _add(edges, fresh, f"{name}_edges")
                if name in parts.turns:
                    _add(parts.turns[name], fresh, f"{name}_turns")
            note = pd.DataFrame({"key": ["city.toml"], "value": [tomli_w.dumps(parts.meta)]})
            _add(note, fresh, "twin_city")
            fresh.replace(path)
        finally:
            for left in (fresh, Path(f"{fresh}-journal"), Path(f"{fresh}-wal"), Path(f"{fresh}-shm")):
                left.unlink(missing_ok=True)
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror}); name a place that you may write to") from None
    except DataSourceError as error:
        raise DataError(f"{path}: cannot be written ({error}); name a place that you may write to") from None
    except DataLayerError as error:
        note_of = error.__notes__[0] if getattr(error, "__notes__", None) else "layer"
        raise DataError(
            f"{path}, {note_of}: it cannot be written to a GeoPackage ({error}); rename the column, or write a folder"
        ) from None


def _add(frame: pd.DataFrame, path: Path, layer: str) -> None:
    """One layer; GeoPackage has one geometry a layer, so that entrances go as text."""
    plain = frame.copy(deep=False)
    if "entrances" in plain.columns:
        doors = [d if isinstance(d, shapely.Geometry) else None for d in plain["entrances"]]
        texts = shapely.to_wkt(doors, rounding_precision=-1)
        plain = plain.drop(columns="entrances").assign(entrances=pd.Series(texts, index=plain.index, dtype=object))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "'crs' was not provided", UserWarning)  # a network need not have one
        try:
            pyogrio.write_dataframe(plain, path, layer=layer, driver="GPKG", append=path.exists())
        except DataLayerError as error:
            error.add_note(f"layer {layer}")
            raise


def read_geopackage(path: Path) -> City:
    """Read a city from a GeoPackage: one that `write_geopackage` wrote, or one whose layers have the schema's names.

    In a foreign one, line layers named walk, drive, streets or roads become networks; the city's CRS is that of the
    streets, or the UTM zone of the place where they are in degrees.

    Raises
    ------
    DataError : not a GeoPackage, no layer with a name that is known, or a layer is not as the schema says.
    """
    with _reading(path):
        names = [str(name) for name, _ in pyogrio.list_layers(path)]
    if "twin_city" in names:
        return _own(path, names)
    known = [name for name in names if name in schema() or name in _STREETS]
    if not known:
        raise DataError(
            f"{path}: no layer has a name that is known ({listed(names)}); call them {listed(schema())} or streets"
        )
    known.sort(key=lambda name: name not in _STREETS)
    frames: dict[str, Any] = {name: read_layer(path, layer=name) for name in known}
    first = frames[known[0]]
    crs = first.estimate_utm_crs() if first.crs.is_geographic else projected(first.crs, where=f"{path}, {known[0]}")
    networks: dict[str, Network] = {}
    tables: dict[str, Any] = {}
    for name, frame in frames.items():
        where = f"{path}, layer {name}"
        moved = to_crs(frame, crs, where=where)
        if name in _STREETS:
            networks |= _networks(name, moved, where)
        else:
            tables[name] = validate(moved, name, where=where)
    return City.build(
        path.stem,
        crs,
        networks=networks,
        facilities=tables.pop("facilities", None),
        population=tables.pop("population", None),
        layers=tables,
        about=About(sources=_sources(path, frames, networks)),
    )


def _networks(name: str, lines: gpd.GeoDataFrame, where: str) -> dict[str, Network]:
    """The network of a layer called walk or drive; both of them for streets, which are walked both ways."""
    if name in {"walk", "drive"}:
        return {name: network_of_lines(lines, on_foot=name == "walk", where=where)}
    return {
        "walk": network_of_lines(lines.drop(columns="oneway", errors="ignore"), on_foot=True, where=where),
        "drive": network_of_lines(lines, where=where),
    }


def _sources(path: Path, frames: dict[str, Any], networks: dict[str, Network]) -> dict[str, Source]:
    notes = {name: tuple(frame.attrs.get("notes", ())) for name, frame in frames.items() if name not in _STREETS}
    return {name: Source(path.name, notes=notes.get(name, ())) for name in (*notes, *networks)}


def _own(path: Path, names: list[str]) -> City:
    with _reading(path):
        told = pyogrio.read_dataframe(path, layer="twin_city")
        if "value" not in told.columns or not len(told):
            raise DataError(f"{path}: its description is missing; write the city again")
        try:
            meta = tomllib.loads(str(told["value"].iloc[0]))
        except tomllib.TOMLDecodeError as error:
            raise DataError(f"{path}: its description is not readable as TOML ({error})") from None
        networks = list(meta.get("networks", {}))
        pairs = [f"{name}_{part}" for name in networks for part in ("nodes", "edges")]
        for pair in pairs:
            if pair not in names:
                raise DataError(f"{path}: {UnknownName('layer', pair, names)}; write the city again", layer=pair)
        frames: dict[str, Any] = {
            name: pyogrio.read_dataframe(path, layer=name) for name in names if name != "twin_city"
        }
    for frame in frames.values():
        if "entrances" in frame.columns:
            frame["entrances"] = gpd.GeoSeries.from_wkt(frame["entrances"], crs=frame.crs, index=frame.index)
    turns = {name: frames[f"{name}_turns"] for name in networks if f"{name}_turns" in frames}
    taken = {*pairs, *(f"{name}_turns" for name in turns)}
    return assemble(
        Parts(
            meta,
            {name: frame for name, frame in frames.items() if name not in taken},
            {},
            {name: frames[f"{name}_nodes"] for name in networks},
            {name: frames[f"{name}_edges"] for name in networks},
            turns=turns,
        ),
        where=str(path),
    )


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except (DataSourceError, DataLayerError) as error:
        raise DataError(f"{path}: not readable as a GeoPackage ({error}); export it again") from None
