"""A city on disk: a folder of one description (``city.toml``), GeoParquet tables and GeoTIFF rasters."""

from __future__ import annotations

import os
import shutil
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq
import tomli_w

from twin.errors import DataError
from twin.gis.parts import Parts, assemble, take_apart
from twin.gis.raster import read_raster, write_raster
from twin.model import City

__all__ = ["read_folder", "replacing", "write_folder"]


def write_folder(city: City, folder: Path) -> None:
    """Write a city as a folder: beside the target first, then renamed, so that nothing half-written is ever there.

    Raises
    ------
    DataError : the target is something else than a city folder, or cannot be written.
    """
    taken = folder.is_dir() and not (folder / "city.toml").is_file() and any(map(_ours, folder.iterdir()))
    if folder.is_file() or taken:
        raise DataError(f"{folder}: there is something that is no city folder; name another target or remove it")
    parts = take_apart(city)
    with replacing(folder) as fresh:
        for name, frame in parts.tables.items():
            _write_table(frame, fresh / f"{_safe(name)}.parquet")
        for name, raster in parts.rasters.items():
            write_raster(raster, fresh / f"{_safe(name)}.tif")
        for name in parts.edges:
            home = fresh / "networks" / _safe(name)
            home.mkdir(parents=True)
            _write_table(parts.nodes[name].drop(columns="geometry"), home / "nodes.parquet")
            _write_table(parts.edges[name], home / "edges.parquet")
        (fresh / "city.toml").write_text(tomli_w.dumps(parts.meta, multiline_strings=True), encoding="utf-8")
        _carry_over(folder, fresh)


def _carry_over(old: Path, fresh: Path) -> None:
    """Copy what somebody else put into the folder (a README, layouts): only the city's own files are replaced."""
    for path in sorted(old.iterdir()) if old.is_dir() else []:
        if _ours(path):
            continue
        if path.is_dir():
            shutil.copytree(path, fresh / path.name)
        else:
            shutil.copy2(path, fresh / path.name)


def _ours(path: Path) -> bool:
    return path.name in {"city.toml", "networks"} or path.suffix in {".parquet", ".tif"}


def read_folder(folder: Path) -> City:
    """Read a city folder; geometry of the networks is read when something is snapped or drawn.

    Raises
    ------
    DataError : there is no ``city.toml``, it is no TOML, or a table is not as the schema says.
    """
    description = folder / "city.toml"
    if not description.is_file():
        raise DataError(f"{folder}: no city.toml in it; a city folder is what `twin read SOURCE TARGET` writes")
    try:
        meta = tomllib.loads(description.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{description}: not readable as TOML ({error}); correct that line") from None
    tables = {path.stem: _read_table(path) for path in sorted(folder.glob("*.parquet"))}
    rasters = {path.stem: read_raster(path) for path in sorted(folder.glob("*.tif"))}
    homes = sorted(path.parent for path in folder.glob("networks/*/edges.parquet"))
    return assemble(
        Parts(
            meta,
            tables,
            rasters,
            {home.name: _read_table(home / "nodes.parquet") for home in homes},
            {home.name: _without_geometry(home / "edges.parquet") for home in homes},
            {home.name: partial(_geometry, home / "edges.parquet") for home in homes},
        ),
        where=str(folder),
    )


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """A fresh folder beside `folder` that takes its place when the block ends without an error."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", suffix=".partial", dir=folder.parent))
    except OSError as error:
        raise DataError(
            f"{folder}: cannot be written ({error.strerror}); name a folder that you may write to"
        ) from None
    try:
        fresh.chmod(0o755)
        yield fresh
        old = None
        if folder.exists():
            old = fresh.with_suffix(".old")
            folder.rename(old)
        fresh.rename(folder)
        if old is not None:
            shutil.rmtree(old)
    finally:
        if fresh.exists():
            shutil.rmtree(fresh)


def _safe(name: str) -> str:
    """A layer's name as a file name; names that would leave the folder are refused."""
    if not name or name.startswith(".") or any(sep in name for sep in ("/", "\\", os.pathsep, "\0")):
        raise DataError(f"'{name}' is no name for a layer: letters, digits, '-' and '_' only", layer=name)
    return name


def _write_table(frame: pd.DataFrame, path: Path) -> None:
    plain = frame.copy(deep=False)
    for column in plain.columns:
        if plain[column].dtype == object and column not in {"geometry", "entrances"}:
            kinds = {type(value) for value in plain[column]}
            if len(kinds) > 1:  # ids of mixed type: Parquet has one type a column
                plain[column] = plain[column].map(lambda v: None if v is None else str(v))
    if isinstance(plain, gpd.GeoDataFrame):
        if "entrances" in plain.columns:
            plain["entrances"] = gpd.GeoSeries(plain["entrances"].to_numpy(), crs=plain.crs, index=plain.index)
        plain.to_parquet(path, compression="zstd", index=False)
    else:
        plain.to_parquet(path, compression="zstd", index=False)


def _read_table(path: Path) -> pd.DataFrame:
    try:
        located = b"geo" in (pq.read_schema(path).metadata or {})
        frame: pd.DataFrame = gpd.read_parquet(path) if located else pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not readable as Parquet ({error}); write the city again") from None
    return frame


def _without_geometry(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise DataError(f"{path}: missing; write the city again")
    names = [name for name in pq.read_schema(path).names if name != "geometry"]
    table: Any = pq.read_table(path, columns=names)
    return pd.DataFrame({name: table[name].to_numpy() for name in names})


def _geometry(path: Path) -> Any:
    return gpd.read_parquet(path, columns=["geometry"]).geometry.to_numpy()
