"""GeoTIFF in and out."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyproj
import rasterio
from numpy.typing import NDArray
from rasterio import Affine
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.warp import Resampling, calculate_default_transform, reproject

from twin.errors import CRSError, DataError
from twin.model import Raster
from twin.model.crs import projected

__all__ = ["read_cells", "read_raster", "write_raster"]


def read_raster(path: Path, *, crs: pyproj.CRS | None = None) -> Raster:
    """Read the first band of a raster; NaN where it says that there is no data.

    A raster in degrees, with oblong cells or in another CRS than asked for is brought onto square cells of `crs`, as
    small as the shorter side of its own (nearest neighbour: no value is invented, none falls through).

    Raises
    ------
    DataError, CRSError : not a raster, empty, or without a CRS.
    """
    band = _band(path)
    values, system, transform, unit = band.values, band.crs, band.transform, band.unit
    if crs is None and system.is_geographic:
        raise CRSError(f"{path}: the raster counts in degrees; say which projected CRS to bring it into")
    target = projected(system if crs is None else crs, where=str(path))
    square = np.isclose(transform.a, -transform.e, rtol=1e-6) and transform.b == 0 and transform.d == 0
    if system == target and square:
        return Raster(values, transform.c, transform.f, transform.a, target, unit)
    here, wkt = system.to_wkt(), target.to_wkt()
    moved, width, height = calculate_default_transform(
        here, wkt, values.shape[1], values.shape[0], *band.bounds, resolution=_finest(band, target, str(path))
    )
    fresh = np.full((height, width), np.nan, dtype="float32")
    reproject(
        values,
        fresh,
        src_transform=transform,
        src_crs=here,
        dst_transform=moved,
        dst_crs=wkt,
        src_nodata=np.nan,
        dst_nodata=np.nan,
        resampling=Resampling.nearest,
    )
    return Raster(fresh, moved.c, moved.f, moved.a, target, unit)


def read_cells(path: Path) -> gpd.GeoDataFrame:
    """The cells that have a value, as points in the raster's own CRS with a column ``value``.

    For counts such as persons a cell: their sum stays, which no resampling keeps.

    Raises
    ------
    DataError, CRSError : as `read_raster`.
    """
    band = _band(path)
    row, column = np.nonzero(np.isfinite(band.values))
    step = band.transform
    x = step.c + step.a * (column + 0.5) + step.b * (row + 0.5)
    y = step.f + step.d * (column + 0.5) + step.e * (row + 0.5)
    table = {"value": band.values[row, column].astype(float)}
    return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(x, y), crs=band.crs)


@dataclass(frozen=True, eq=False)
class _Band:
    """The first band of a file, NaN where there is no data, and where its cells lie."""

    values: NDArray[np.float32]
    crs: pyproj.CRS
    transform: Affine
    bounds: tuple[float, float, float, float]
    unit: str


def _band(path: Path) -> _Band:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)  # said below, as an error
            source = rasterio.open(path)
        with source:
            if source.crs is None:
                raise CRSError(f"{path}: the raster has no CRS; say which it is, it is never guessed")
            if source.transform.is_identity:
                raise DataError(f"{path}: the raster does not say where its cells lie; georeference it first")
            values = source.read(1, masked=True).astype("float32").filled(np.nan)
            system, unit = pyproj.CRS.from_wkt(source.crs.to_wkt()), source.units[0] or "m"
            band = _Band(values, system, source.transform, tuple(source.bounds), unit)
    except RasterioError as error:
        raise DataError(f"{path}: not readable as a raster ({error}); give a GeoTIFF") from None
    if not np.isfinite(values).any():
        raise DataError(f"{path}: the raster has no value at all; check its no-data value")
    return band


def _finest(band: _Band, target: pyproj.CRS, where: str) -> float:
    """The shorter side of a cell in the middle of the raster, in the target's metres: no cell falls through [m]."""
    step, (row, column) = band.transform, np.array(band.values.shape) / 2
    x = step.c + step.a * column + step.b * row + np.array([0.0, step.a, step.b])
    y = step.f + step.d * column + step.e * row + np.array([0.0, step.d, step.e])
    east, north = pyproj.Transformer.from_crs(band.crs, target, always_xy=True).transform(x, y)
    sides = np.hypot(np.subtract(east[1:], east[0]), np.subtract(north[1:], north[0]))
    if not np.isfinite(sides).all():
        raise CRSError(f"{where}: the raster's middle ({x[0]:g}, {y[0]:g}) cannot be brought into {target.name}")
    return float(sides.min())


def write_raster(raster: Raster, path: Path) -> None:
    """Write a raster as a compressed GeoTIFF."""
    rows, columns = raster.values.shape
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=rows,
        width=columns,
        count=1,
        dtype="float32",
        crs=raster.crs.to_wkt(),
        transform=Affine(raster.cell, 0.0, raster.west, 0.0, -raster.cell, raster.north),
        nodata=float("nan"),
        compress="deflate",
        predictor=3,
    ) as target:
        target.write(raster.values, 1)
        target.units = (raster.unit,)
