"""A city on disk: a folder of one description (``city.toml``), GeoParquet tables and GeoTIFF rasters."""

from __future__ import annotations

import shutil
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import shapely
import tomli_w

from twin.errors import DataError
from twin.gis.parts import Parts, assemble, take_apart
from twin.gis.raster import read_raster, write_raster
from twin.gis.timetables import TABLES
from twin.model import City, Network

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
            if name in parts.turns:
                _write_table(parts.turns[name], home / "turns.parquet")
            if name in parts.timetables:
                _write_timetable(parts.timetables[name], home / "timetable")
            _write_hierarchy(city.networks[name], home / "hierarchy")
        (fresh / "city.toml").write_text(tomli_w.dumps(parts.meta, multiline_strings=True), encoding="utf-8")
        _carry_over(folder, fresh)


def _carry_over(old: Path, fresh: Path) -> None:
    """Copy what somebody else put into the folder (a README, layouts): only the city's own files are replaced."""
    for path in sorted(old.iterdir()) if old.is_dir() else []:
        if _ours(path):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.copytree(path, fresh / path.name, symlinks=True)
        else:
            shutil.copy2(path, fresh / path.name, follow_symlinks=False)


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
    homes = sorted({path.parent for path in folder.glob("networks/*/*.parquet")})
    city = assemble(
        Parts(
            meta,
            tables,
            rasters,
            {home.name: _read_table(home / "nodes.parquet") for home in homes},
            {home.name: _without_geometry(home / "edges.parquet") for home in homes},
            {home.name: partial(_geometry, home / "edges.parquet", _stamp(home / "edges.parquet")) for home in homes},
            turns={
                home.name: _read_table(home / "turns.parquet") for home in homes if (home / "turns.parquet").is_file()
            },
            timetables={
                home.name: _read_timetable(home / "timetable") for home in homes if (home / "timetable").is_dir()
            },
        ),
        where=str(folder),
    )
    for home in homes:
        if (home / "hierarchy").is_dir():
            arrays = _read_hierarchy(home / "hierarchy")
            city.networks[home.name].graph.memory.of("stored hierarchy", (), lambda held=arrays: held)  # type: ignore[misc]
    return city


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """A fresh folder beside `folder` that takes its place when the block ends without an error.

    Raises
    ------
    DataError : it cannot be written; what was there is still there.
    """
    target = folder.resolve()  # a link stays a link: what it leads to is replaced
    fresh = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}-", suffix=".partial", dir=target.parent))
        fresh.chmod(0o755)
        yield fresh
        _swap(fresh, target)
    except OSError as error:
        reason = error.strerror or error
        raise DataError(f"{folder}: cannot be written ({reason}); name a folder that you may write to") from None
    finally:
        if fresh is not None and fresh.exists():
            shutil.rmtree(fresh)


def _swap(fresh: Path, target: Path) -> None:
    old = fresh.with_suffix(".old")
    held = target.exists()
    if held:
        target.rename(old)
    try:
        fresh.rename(target)
    except BaseException:
        if held:
            old.rename(target)
        raise
    if held:
        shutil.rmtree(old)


def _safe(name: str) -> str:
    """A layer's name as a file name; names that would leave the folder are refused."""
    if not name.isprintable() or name.startswith((".", " ")) or not name or set(name) & set('/\\:*?"<>|'):
        raise DataError(f"{name!r} is no name for a layer: letters, digits, '-' and '_' only", layer=name)
    return name


def _write_table(frame: pd.DataFrame, path: Path) -> None:
    plain = frame.copy(deep=False)
    if "entrances" in plain.columns:
        crs = plain.crs if isinstance(plain, gpd.GeoDataFrame) else None
        doors = [door if isinstance(door, shapely.Geometry) else None for door in plain["entrances"]]
        plain["entrances"] = gpd.GeoSeries(doors, crs=crs, index=plain.index)
    plain.to_parquet(path, compression="zstd", index=False)


def _write_hierarchy(net: Network, home: Path) -> None:
    """Keep what `twin.routing.prepare` made of the topology, or what was read with it."""
    memory = net.graph.memory
    built = memory.held("hierarchy")
    arrays = memory.held("stored hierarchy") if built is None else built.arrays()
    if arrays is None:
        return
    home.mkdir()
    for name, array in arrays.items():
        np.save(home / f"{name}.npy", array, allow_pickle=False)


def _read_hierarchy(home: Path) -> dict[str, Any]:
    """Arrays of a hierarchy, on disk until they are asked for; `twin.routing` checks that they fit the topology."""
    arrays = {}
    for path in sorted(home.glob("*.npy")):
        with _readable(path):
            arrays[path.stem] = np.load(path, mmap_mode="r", allow_pickle=False)
    return arrays


def _write_timetable(tables: Mapping[str, Any], home: Path) -> None:
    home.mkdir()
    for name, frame in tables.items():
        if name != "times":
            _write_table(frame, home / f"{name}.parquet")
    for name in TABLES["times"]:
        np.save(home / f"{name}.npy", tables["times"][name].to_numpy(dtype=np.int32), allow_pickle=False)


def _read_timetable(home: Path) -> dict[str, Any]:
    """Tables of a timetable; its times, which are most of it, stay on disk until they are asked for."""
    tables: dict[str, Any] = {name: _read_table(home / f"{name}.parquet") for name in TABLES if name != "times"}
    times = {}
    for name in TABLES["times"]:
        path = home / f"{name}.npy"
        with _readable(path):
            times[name] = np.load(path, mmap_mode="r", allow_pickle=False)
    return {**tables, "times": times}


def _read_table(path: Path) -> pd.DataFrame:
    with _readable(path):
        located = b"geo" in (pq.read_schema(path).metadata or {})
        frame: pd.DataFrame = gpd.read_parquet(path) if located else pd.read_parquet(path)
    return frame


def _without_geometry(path: Path) -> pd.DataFrame:
    with _readable(path):
        names = [name for name in pq.read_schema(path).names if name != "geometry"]
        table: Any = pq.read_table(path, columns=names)
    return pd.DataFrame({name: table[name].to_numpy() for name in names})


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    if not path.is_file():
        raise DataError(f"{path}: missing; write the city again")
    try:
        yield
    except (OSError, ValueError) as error:
        kind = {".npy": "NumPy", ".parquet": "Parquet"}[path.suffix]
        raise DataError(f"{path}: not readable as {kind} ({error}); write the city again") from None


def _stamp(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _geometry(path: Path, stamp: tuple[int, int, int]) -> Any:
    """The shapes of a network's edges; refused where the file is no longer the one that the city was read from."""
    with _readable(path):
        if _stamp(path) != stamp:
            raise DataError(f"{path}: it was written anew since the city was read; read the city again")
        return gpd.read_parquet(path, columns=["geometry"]).geometry.to_numpy()
