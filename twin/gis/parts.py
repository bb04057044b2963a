"""A city taken apart into plain tables, rasters and a description, and put together again.

Folders, GeoPackages and databases store the same parts; only the container differs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from twin.errors import DataError, listed
from twin.model import About, City, Network, Raster, Source
from twin.model.schema import schema, validate

__all__ = ["Parts", "assemble", "take_apart"]

#: Format of a city on disk; a reader refuses a newer one than it knows.
FORMAT = 1


@dataclass(frozen=True, eq=False)
class Parts:
    """What a city is stored as.

    Attributes
    ----------
    meta : what ``city.toml`` holds.
    tables : facilities, population, dependencies and every table layer.
    rasters : raster layers.
    nodes, edges : tables of each network; edges may come without geometry, see `shapes`.
    shapes : loads the geometry of a network's edges when it is first needed.
    """

    meta: dict[str, Any]
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    rasters: Mapping[str, Raster] = field(default_factory=dict)
    nodes: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    edges: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    shapes: Mapping[str, Callable[[], Any]] = field(default_factory=dict)


def take_apart(city: City) -> Parts:
    """Take a city apart; what a scenario closed stays closed, and the log is kept."""
    about = city.about
    meta: dict[str, Any] = {
        "format": FORMAT,
        "name": city.name,
        "crs": "" if city.crs is None else _crs_text(city.crs),
        "description": about.description,
        "synthetic": about.synthetic,
        "attribution": list(about.attribution),
        "log": list(city.log),
        "traits": dict(about.traits),
        "sources": {layer: _plain(asdict(source)) for layer, source in about.sources.items()},
        "networks": {name: {"approach": net.approach} for name, net in city.networks.items()},
    }
    tables: dict[str, pd.DataFrame] = {
        name: frame
        for name, frame in (
            ("facilities", city.facilities),
            ("population", city.population),
            ("dependencies", city.dependencies),
        )
        if len(frame)
    }
    tables |= {name: layer for name, layer in city.layers.items() if not isinstance(layer, Raster)}
    nodes = {
        name: gpd.GeoDataFrame(
            {"id": net.ids, "x": net.x, "y": net.y}, geometry=shapely.points(net.x, net.y), crs=net.crs
        )
        for name, net in city.networks.items()
    }
    return Parts(
        meta,
        tables,
        {name: layer for name, layer in city.layers.items() if isinstance(layer, Raster)},
        nodes,
        {name: net.to_frame() for name, net in city.networks.items()},
    )


def assemble(parts: Parts, *, where: str) -> City:
    """Put a city together from its parts, checked against the schema.

    Raises
    ------
    DataError : the description lacks a name or CRS, or a table is not as the schema says; `where` names the file.
    """
    meta = parts.meta
    for key in ("name", "crs"):
        if not isinstance(meta.get(key), str):
            raise DataError(f"{where}: '{key}' is missing; write {key} = \"…\"")
    if int(meta.get("format", FORMAT)) > FORMAT:
        raise DataError(f"{where}: written in format {meta['format']}, this version reads up to {FORMAT}; update twin")
    networks = {}
    for name in parts.edges:
        networks[name] = _network(parts, name, where)
    tables = {
        name: frame for name, frame in parts.tables.items() if name in schema() or isinstance(frame, gpd.GeoDataFrame)
    }
    special = {name: tables.pop(name, None) for name in ("facilities", "population", "dependencies")}
    for name, frame in special.items():
        if frame is not None:
            special[name] = validate(frame, name, where=where)
    layers: dict[str, Any] = {
        name: validate(f, name, where=where) if name in schema() else f for name, f in tables.items()
    }
    city = City.build(
        meta["name"],
        meta["crs"] or None,
        networks=networks,
        layers={**layers, **parts.rasters},
        about=_about(meta, where),
        **special,
    )
    return city if not meta.get("log") else _with_log(city, meta["log"])


def _with_log(city: City, log: list[str]) -> City:
    for name in log:
        city = city.renamed(str(name))
    return city


def _network(parts: Parts, name: str, where: str) -> Network:
    nodes = validate(pd.DataFrame(parts.nodes[name]).drop(columns="geometry", errors="ignore"), "nodes", where=where)
    edges = parts.edges[name]
    given = parts.shapes.get(name)
    if given is None and isinstance(edges, gpd.GeoDataFrame):
        lines = edges.geometry.to_numpy()
        given = lambda: lines  # noqa: E731 -- the same shape as a loader from disk
    columns = {c: edges[c].to_numpy() for c in edges.columns if c != "geometry"}
    missing = [c for c in ("tail", "head", "length") if c not in columns]
    if missing:
        raise DataError(
            f"{where}: the edges of network '{name}' have no column {listed(missing)}", layer="edges", column=missing[0]
        )
    tail, head, length = (columns.pop(c) for c in ("tail", "head", "length"))
    oneway = columns.pop("oneway", False)
    net = Network.from_arrays(
        nodes["x"],
        nodes["y"],
        tail,
        head,
        length=length,
        directed=np.asarray(oneway, dtype=bool),
        crs=parts.meta["crs"] or None,
        ids=nodes["id"].to_numpy(),
        approach=float(parts.meta.get("networks", {}).get(name, {}).get("approach", float("inf"))),
        **columns,
    )
    object.__setattr__(net, "load_shapes", given)
    return net


def _about(meta: dict[str, Any], where: str) -> About:
    sources = {}
    for layer, entry in meta.get("sources", {}).items():
        unknown = set(entry) - set(Source.__dataclass_fields__)
        if unknown:
            raise DataError(f"{where}: sources.{layer} has unknown keys {listed(sorted(unknown))}", layer=layer)
        sources[layer] = Source(**{**entry, "notes": tuple(entry.get("notes", ()))})
    return About(
        description=str(meta.get("description", "")),
        synthetic=bool(meta.get("synthetic", False)),
        attribution=tuple(meta.get("attribution", ())),
        traits={str(k): str(v) for k, v in meta.get("traits", {}).items()},
        sources=sources,
    )


def _plain(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in entry.items()
        if value not in ("", (), False)
    }


def _crs_text(crs: pyproj.CRS) -> str:
    authority = crs.to_authority()
    return ":".join(authority) if authority else str(crs.to_wkt())
