"""The town's folder: the city, its timetable, the drawn clinic layouts and a README that says what is in it."""

from __future__ import annotations

import shutil
import sqlite3
import tomllib
from importlib.resources import files
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from twin.errors import DataError
from twin.gis.folder import replacing, write_folder
from twin.gis.synthetic.curves import Warp
from twin.gis.synthetic.drawing import table
from twin.gis.synthetic.ground import CRS, STAGES
from twin.gis.synthetic.gtfs import write_gtfs
from twin.gis.synthetic.town import Town
from twin.model import City, Raster

__all__ = ["check_target", "layouts", "readme", "write"]

#: Patients a day that each clinic of a layout serves [person].
CAPACITY = 300.0
#: What GeoPackages say they were changed at: never a clock, so that the same town gives the same bytes.
_STAMP = "2000-01-01T00:00:00.000Z"


def write(town: Town, folder: Path) -> None:
    """Write the folder in one go; ``make.py`` is kept where it stood there."""
    kept = [path for path in (folder / "make.py",) if path.is_file()]
    with replacing(folder) as fresh:
        write_folder(town.city, fresh)
        write_gtfs(town.lines, town.places, fresh / "gtfs.zip")
        (fresh / "layouts").mkdir()
        for name, sites in layouts(town.warp).items():
            target = fresh / "layouts" / f"{name}.gpkg"
            sites.to_file(target, layer="sites", driver="GPKG", engine="pyogrio")
            _timeless(target)
        (fresh / "README.md").write_text(readme(town.city), encoding="utf-8")
        for path in kept:
            shutil.copy2(path, fresh / path.name)


def check_target(folder: Path) -> None:
    """Raise `DataError` where a folder holds something else than a city: writing would replace it."""
    there = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if (folder.exists() and not folder.is_dir()) or (there - {"make.py", "README.md"} and "city.toml" not in there):
        raise DataError(f"{folder}: there is something that is no city folder; name another target or remove it")


def layouts(warp: Warp) -> dict[str, gpd.GeoDataFrame]:
    """Clinic layouts by name, six sites each."""
    found = {}
    for name, sites in table("layouts.toml").items():
        at = np.round(warp(np.array(list(sites.values()), dtype=float)), 1)
        columns = {
            "id": [f"{name}-{i + 1}" for i in range(len(sites))],
            "name": [f"{place} Clinic" for place in sites],
            "capacity": [CAPACITY] * len(sites),
        }
        found[name] = gpd.GeoDataFrame(columns, geometry=shapely.points(at), crs=CRS)
    return found


def readme(city: City) -> str:
    """Say what the folder holds, in words and numbers."""
    tables = {"facilities": city.facilities, "population": city.population, "dependencies": city.dependencies}
    tables |= {name: layer for name, layer in city.layers.items() if not isinstance(layer, Raster)}
    rasters = [name for name, layer in city.layers.items() if isinstance(layer, Raster)]
    rows = "\n".join(f"| `{name}.parquet` | {len(frame):,} |" for name, frame in tables.items())
    nets = "\n".join(
        f"| `networks/{name}/` | {len(net.x):,} | {len(net.graph.tail):,} | {net.columns['length'].sum() / 1000:,.0f} |"
        for name, net in city.networks.items()
    )
    stages = "\n".join(f"| `flood_{year}.tif` | {bay:.2f} | {rise:.2f} |" for year, (bay, rise) in STAGES.items())
    words = (files("twin.gis.synthetic") / "readme.toml").read_text(encoding="utf-8")
    names = ", ".join(f"`{name}.tif`" for name in rasters)
    return str(tomllib.loads(words)["text"]).format(
        people=city.people, rows=rows, nets=nets, stages=stages, rasters=names, source=city.about.source("walk").source
    )


def _timeless(path: Path) -> None:
    """Take the clock out of a GeoPackage."""
    with sqlite3.connect(path) as file:
        file.execute("UPDATE gpkg_contents SET last_change = ?", (_STAMP,))
    file.close()
