"""One layer in: GeoPackage, GeoJSON, Shapefile, GeoParquet, CSV with coordinates, GeoTIFF."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from twin.errors import CRSError, DataError, UnknownName, listed
from twin.model import Raster
from twin.model.crs import check_numbers, known, projected

__all__ = ["read_layer", "repaired"]

_RASTERS = {".tif", ".tiff"}
_COORDINATES = (("lon", "lat"), ("lng", "lat"), ("longitude", "latitude"), ("x", "y"), ("easting", "northing"))


def read_layer(
    path: str | Path,
    *,
    layer: str | None = None,
    crs: Any = None,
    encoding: str | None = None,
    columns: Sequence[str] = (),
) -> gpd.GeoDataFrame | Raster:
    """Read one layer from a file.

    Parameters
    ----------
    path : ``.gpkg .geojson .json .shp .zip .fgb .parquet .csv .tif``.
    layer : which layer of a file that holds several.
    crs : CRS that the coordinates are in, where the file does not say it or says it wrongly; for a raster the CRS to
        bring it into.
    encoding : of a Shapefile or CSV, such as ``"gbk"``.
    columns : names of the two coordinate columns of a CSV; lon/lat, x/y and the like are found.

    Returns
    -------
    GeoDataFrame or Raster : in the CRS it is in. Self-intersecting polygons come back repaired, and
        ``.attrs["notes"]`` says how many.

    Raises
    ------
    DataError : no such file, not readable, empty, text in another encoding.
    CRSError : no CRS, or numbers that it cannot hold.
    """
    path = Path(path)
    if not path.exists():
        raise DataError(f"{path}: no such file")
    if path.suffix.lower() in _RASTERS:
        from twin.gis.raster import read_raster

        return read_raster(path, crs=None if crs is None else projected(crs, where=str(path)))
    system = None if crs is None else known(crs, where=str(path))
    where = str(path) if layer is None else f"{path}, layer {layer}"
    frame = _csv(path, system, encoding, columns) if path.suffix.lower() == ".csv" else _vector(path, layer, encoding)
    if frame.empty:
        raise DataError(f"{where}: the layer has no rows; check that it was exported whole", layer=layer or path.stem)
    gone = np.flatnonzero(shapely.is_missing(shapes := frame.geometry.to_numpy()) | shapely.is_empty(shapes))
    if gone.size:
        raise DataError(
            f"{where}: {gone.size} of {len(frame)} rows have no geometry (rows {listed(gone)}); delete these rows, or "
            "export the file again where it is cut short",
            layer=layer or path.stem,
            column="geometry",
            rows=gone.tolist(),
        )
    if system is not None:
        frame = frame.set_crs(system, allow_override=True)
    check_numbers(frame, where=where)
    return repaired(frame, where=path.name if layer is None else f"{path.name}, layer {layer}")


def repaired(frame: gpd.GeoDataFrame, *, where: str) -> gpd.GeoDataFrame:
    """The layer with self-intersecting polygons made valid; what was repaired is added to ``attrs["notes"]``."""
    shapes = frame.geometry.to_numpy()
    bad = np.flatnonzero((shapely.get_dimensions(shapes) == 2) & ~shapely.is_valid(shapes))
    if not bad.size:
        return frame
    fixed = shapes.copy()
    mended = shapely.make_valid(shapes[bad])
    fixed[bad] = [_polygonal(shape) for shape in mended]
    mine = frame.set_geometry(gpd.GeoSeries(fixed, index=frame.index, crs=frame.crs))
    note = f"{where}: {bad.size} polygons intersected themselves and were repaired (rows {listed(bad)})"
    mine.attrs["notes"] = (*frame.attrs.get("notes", ()), note)
    return mine


def _polygonal(shape: shapely.Geometry) -> shapely.Geometry:
    """The polygons of a repaired shape; lines and points that fell off are dropped."""
    parts = [part for part in shapely.get_parts(shape) if shapely.get_dimensions(part) == 2]
    return shape if not parts else shapely.union_all(parts)


def _vector(path: Path, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    if path.suffix.lower() == ".parquet":
        try:
            return gpd.read_parquet(path)
        except (ValueError, OSError) as error:
            raise DataError(f"{path}: not readable as GeoParquet ({error})") from None
    if path.suffix.lower() == ".shp" and encoding is None:
        encoding = _encoding(path)
    try:
        names = [name for name, _ in pyogrio.list_layers(path)]
        if layer is not None and layer not in names:
            raise UnknownName("layer", layer, names, where=str(path))
        if layer is None and len(names) > 1:
            raise DataError(f"{path}: it holds {len(names)} layers ({listed(names)}); say which, layer='{names[0]}'")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # GDAL's remarks on the file; what matters is checked here
            frame = gpd.read_file(path, layer=layer or names[0], encoding=encoding)
    except (DataSourceError, DataLayerError, UnicodeDecodeError) as error:
        raise DataError(
            f"{path}: not readable ({error}); give a GeoPackage, GeoJSON, Shapefile, GeoParquet or CSV"
        ) from None
    if not isinstance(frame, gpd.GeoDataFrame):
        raise DataError(f"{path}: it has no geometry", layer=layer or path.stem, column="geometry")
    return frame


def _encoding(path: Path) -> str | None:
    """How a Shapefile's text is written where neither its .cpg nor its table says so: UTF-8, or it must be told."""
    table = path.with_suffix(".dbf")
    if path.with_suffix(".cpg").exists() or not table.exists():
        return None
    raw = table.read_bytes()
    if raw[29:30] not in {b"", b"\x00", b"\x57"}:  # the table's language driver; 0x57 is "the system's own"
        return None
    try:
        raw[int.from_bytes(raw[8:10], "little") :].decode("utf-8")
    except UnicodeDecodeError:
        raise DataError(
            f"{path}: it does not say how its text is encoded (no .cpg file) and it is not UTF-8; say encoding='gbk' "
            "(or what it is)"
        ) from None
    return "utf-8"


def _csv(path: Path, crs: Any, encoding: str | None, columns: Sequence[str]) -> gpd.GeoDataFrame:
    try:
        table = pd.read_csv(path, encoding=encoding or "utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{path}: it is not {encoding or 'UTF-8'}; say encoding='gbk' (or what it is)") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise DataError(f"{path}: not readable as CSV ({error})") from None
    if columns and len(columns) != 2:
        raise DataError(f"{path}: a place has two coordinate columns, not {len(columns)}; say columns=('lon', 'lat')")
    lower = {str(c).lower(): c for c in table.columns}
    pairs = (
        [tuple(columns)] if columns else [(lower[a], lower[b]) for a, b in _COORDINATES if a in lower and b in lower]
    )
    if not pairs or not all(c in table.columns for c in pairs[0]):
        raise DataError(f"{path}: no coordinate columns among {listed(table.columns)}; say columns=('lon', 'lat')")
    east, north = pairs[0]
    x, y = (pd.to_numeric(table[c], errors="coerce") for c in (east, north))
    gone = np.flatnonzero((x.isna() | y.isna()).to_numpy())
    if gone.size:
        raise DataError(
            f"{path}: {gone.size} rows have no coordinates (rows {listed(gone)})", column=str(east), rows=gone.tolist()
        )
    degrees = str(east).lower() in {"lon", "lng", "longitude"}
    if crs is None and not degrees:
        raise CRSError(f"{path}: a CSV with {east} and {north} does not say its CRS; say crs='EPSG:…'")
    return gpd.GeoDataFrame(
        table.drop(columns=[east, north]), geometry=gpd.points_from_xy(x, y), crs=crs or "EPSG:4326"
    )
