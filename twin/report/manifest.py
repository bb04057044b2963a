"""The manifest of a run: versions, inputs by their content, scenarios, packs, seeds, options and timings."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from twin.model import City, Raster
from twin.report.metadata import place_of
from twin.standards.pack import sources

if TYPE_CHECKING:
    from twin.report.gather import Results

__all__ = ["digest", "manifest", "version_of"]

_PACKAGES = ("twin", "numpy", "scipy", "pandas", "geopandas", "shapely", "pyproj", "osmium", "rasterio", "networkx")


def manifest(study: Results) -> dict[str, Any]:
    """Everything that a run depends on, as plain values for ``run.json``."""
    city = study.city
    return {
        "python": platform.python_version(),
        "packages": {name: version_of(name) for name in _PACKAGES},
        "city": {
            "name": city.name,
            "sha256": city.memory.of(
                "digest", (city.networks, city.facilities, city.population, city.layers), lambda: digest(city)
            ),
            "crs": city.crs.to_string() if city.crs is not None else "",
            "log": list(city.log),
            "sources": {layer: source.source for layer, source in city.about.sources.items()},
        },
        "place": asdict(place_of(city)),
        "packs": [
            {"name": pack.name, "clauses": len(pack.clause), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
            for path, pack in sources(study.packs).items()
        ],
        "partial": study.partial,
        "replications": "run r of a cell: seed (options.seed + r) * 1000003 + position of the change in its scenario",
        "options": dict(study.options),
        "cells": [
            {
                "plan": cell.plan,
                "shock": cell.shock,
                "changes": cell.scenario.describe(),
                "seconds": round(cell.seconds, 4),
            }
            for cell in study.cells
        ],
    }


def digest(city: City) -> str:
    """SHA-256 of a city's content; the same for the same rows, wherever they were read from."""
    total = hashlib.sha256(city.name.encode())
    for name in sorted(city.networks):
        net = city.networks[name]
        total.update(name.encode())
        for array in (net.x, net.y, net.graph.tail, net.graph.head, net.graph.oneway):
            total.update(np.ascontiguousarray(array).tobytes())
        for column in sorted(net.columns):
            total.update(column.encode() + _array(net.columns[column]))
        if net.graph.turns is not None:
            total.update(_table(net.graph.turns.to_frame()))
    for name, layer in sorted({"facilities": city.facilities, "population": city.population, **city.layers}.items()):
        total.update(name.encode())
        total.update(np.asarray(layer.values).tobytes() if isinstance(layer, Raster) else _table(layer))
    return total.hexdigest()


def _array(values: np.ndarray[Any, Any]) -> bytes:
    return "\x1f".join(map(str, values)).encode() if values.dtype == object else np.ascontiguousarray(values).tobytes()


def _table(frame: pd.DataFrame) -> bytes:
    total = hashlib.sha256()
    for column in sorted(map(str, frame.columns)):
        values = frame[column]
        if isinstance(frame, gpd.GeoDataFrame) and column == frame.geometry.name:
            total.update(b"".join(shapely.to_wkb(values.to_numpy())))
        elif column != "entrances":
            total.update(
                column.encode() + _array(values.to_numpy(dtype=object if values.dtype.kind not in "bif" else None))
            )
    return total.digest()


def version_of(name: str) -> str:
    """Installed version of a package; empty where it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
