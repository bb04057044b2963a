"""A city taken apart into plain tables, rasters and a description, and put together again.

Folders, GeoPackages and databases store the same parts; only the container differs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from twin.errors import CRSError, DataError, listed
from twin.gis.description import Description, described
from twin.gis.layers import repaired
from twin.model import City, Network, Raster
from twin.model.crs import projected, to_crs
from twin.model.schema import schema, validate

__all__ = ["Parts", "assemble", "take_apart"]


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
    turns : tables of the turns that are forbidden or cost time, of the networks that have any.
    """

    meta: dict[str, Any]
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    rasters: Mapping[str, Raster] = field(default_factory=dict)
    nodes: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    edges: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    shapes: Mapping[str, Callable[[], Any]] = field(default_factory=dict)
    turns: Mapping[str, pd.DataFrame] = field(default_factory=dict)


def take_apart(city: City) -> Parts:
    """Take a city apart; what a scenario closed stays closed, and the log is kept."""
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
    nodes: dict[str, pd.DataFrame] = {
        name: gpd.GeoDataFrame(
            {"id": net.ids, "x": net.x, "y": net.y}, geometry=shapely.points(net.x, net.y), crs=net.crs
        )
        for name, net in city.networks.items()
    }
    mixed: dict[str, list[str]] = {}
    stored = {name: _plain(frame, mixed, name) for name, frame in tables.items()}
    ends = {name: _plain(frame, mixed, f"{name}_nodes") for name, frame in nodes.items()}
    edges = {name: _plain(net.to_frame(), mixed, f"{name}_edges") for name, net in city.networks.items()}
    rasters = {name: layer for name, layer in city.layers.items() if isinstance(layer, Raster)}
    turns = {name: net.graph.turns.to_frame() for name, net in city.networks.items() if net.graph.turns is not None}
    meta = described(city) | ({"mixed": mixed} if mixed else {})
    return Parts(meta, stored, rasters, ends, edges, turns=turns)


def _plain(frame: pd.DataFrame, mixed: dict[str, list[str]], table: str) -> pd.DataFrame:
    """Every column of one type that files know; what is of several types becomes JSON and is listed in `mixed`."""
    plain = frame.copy(deep=False)
    for column in frame.columns:
        values = frame[column]
        if values.dtype != object or column in {"geometry", "entrances"}:
            continue
        kinds = {type(value) for value in values}
        if kinds <= {str, type(None)}:
            continue
        for kind, dtype in ((bool, "bool"), (float, "float64"), (int, "int64")):
            if kinds == {kind} and (kind is not int or all(abs(value) < 2**63 for value in values)):
                plain[column] = np.asarray(values, dtype=dtype)
                break
        else:
            plain[column] = pd.Series([_json(value) for value in values], index=values.index, dtype=object)
            mixed.setdefault(table, []).append(str(column))
    return plain


def _json(value: Any) -> str:
    if isinstance(value, float) and value != value:  # noqa: PLR0124 -- NaN has no JSON
        return "null"
    return json.dumps(value, ensure_ascii=False, default=lambda v: v.item() if isinstance(v, np.generic) else str(v))


def _unmixed(frame: pd.DataFrame, columns: tuple[str, ...], where: str) -> pd.DataFrame:
    fresh = frame.copy(deep=False)
    for column in columns:
        if column not in frame.columns:
            continue
        try:
            values = [_hashable(json.loads(value)) for value in frame[column]]
        except (TypeError, ValueError) as error:
            raise DataError(f"{where}: column '{column}' is no JSON ({error}); write the city again") from None
        array = np.empty(len(values), dtype=object)
        array[:] = values
        fresh[column] = pd.Series(array, index=frame.index, dtype=object)
    return fresh


def _hashable(value: Any) -> Any:
    return tuple(_hashable(each) for each in value) if isinstance(value, list) else value


def assemble(parts: Parts, *, where: str) -> City:
    """Put a city together from its parts, checked against the schema.

    Layers in another CRS are brought into the city's; self-intersecting polygons are repaired, which is noted in the
    layer's source.

    Raises
    ------
    DataError : the description is not as it should be, or a table is not as the schema says; `where` names the file.
    """
    told = Description.of(parts.meta, where=where)
    crs = projected(told.crs, where=where) if told.crs else None
    order = [*(name for name in told.networks if name in parts.edges), *parts.edges]
    networks = {name: _network(parts, name, told, where) for name in dict.fromkeys(order)}
    tables: dict[str, Any] = {}
    notes: dict[str, tuple[str, ...]] = {}
    for name, stored in parts.tables.items():
        frame = _unmixed(stored, told.mixed.get(name, ()), f"{where}, layer {name}")
        if name in schema():
            frame = validate(frame, name, where=where)
        if not isinstance(frame, gpd.GeoDataFrame):
            if name in schema():
                tables[name] = frame
            continue
        frame = frame if crs is None else to_crs(frame, crs, where=f"{where}, layer {name}")
        tables[name] = repaired(frame, where=name)
        notes[name] = tuple(tables[name].attrs.get("notes", ()))
    special = {name: tables.pop(name, None) for name in ("facilities", "population", "dependencies")}
    about = told.about({name: more for name, more in notes.items() if more})
    try:
        city = City.build(told.name, crs, networks=networks, layers={**tables, **parts.rasters}, about=about, **special)
    except CRSError as error:
        raise CRSError(f"{where}, {error}", layer=error.layer) from None
    for name in told.log:
        city = city.renamed(name)
    return city


def _network(parts: Parts, name: str, told: Description, where: str) -> Network:
    place = f"{where}, network {name}"
    nodes = _unmixed(pd.DataFrame(parts.nodes[name]), told.mixed.get(f"{name}_nodes", ()), place)
    nodes = validate(nodes.drop(columns="geometry", errors="ignore"), "nodes", where=place)
    edges = _unmixed(parts.edges[name], told.mixed.get(f"{name}_edges", ()), place)
    given = parts.shapes.get(name)
    if given is None and isinstance(edges, gpd.GeoDataFrame):
        lines = edges.geometry.to_numpy()
        given = lambda: lines  # noqa: E731 -- the same shape as a loader from disk
    columns = {c: edges[c].to_numpy() for c in edges.columns if c != "geometry"}
    missing = [c for c in ("tail", "head", "length") if c not in columns]
    if missing:
        raise DataError(f"{place}: the edges have no column {listed(missing)}", layer="edges", column=missing[0])
    tail, head, length = (columns.pop(c) for c in ("tail", "head", "length"))
    oneway = columns.pop("oneway", False)
    try:
        net = Network.from_arrays(
            nodes["x"],
            nodes["y"],
            tail,
            head,
            length=length,
            directed=np.asarray(oneway, dtype=bool),
            crs=told.crs or None,
            ids=nodes["id"].to_numpy(),
            approach=told.networks[name].approach if name in told.networks else float("inf"),
            turns=parts.turns.get(name),
            **columns,
        )
    except DataError as error:
        raise DataError(f"{place}: {error}", layer=error.layer, column=error.column, rows=error.rows) from None
    return replace(net, load_shapes=given)
