"""GeoTIFF in and out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyproj
import rasterio
from rasterio import Affine
from rasterio.errors import RasterioError
from rasterio.warp import Resampling, calculate_default_transform, reproject

from twin.errors import CRSError, DataError
from twin.model import Raster

__all__ = ["read_raster", "write_raster"]


def read_raster(path: Path, *, crs: pyproj.CRS | None = None) -> Raster:
    """Read the first band of a raster; NaN where it says that there is no data.

    A raster in degrees, with oblong cells or in another CRS than asked for is brought onto square cells of `crs`
    (nearest neighbour, so that no value is invented).

    Raises
    ------
    DataError, CRSError : not a raster, empty, or without a CRS.
    """
    try:
        with rasterio.open(path) as source:
            if source.crs is None:
                raise CRSError(f"{path}: the raster has no CRS; say which it is, it is never guessed")
            values = source.read(1, masked=True).astype("float32").filled(np.nan)
            here, transform, bounds = source.crs, source.transform, source.bounds
    except RasterioError as error:
        raise DataError(f"{path}: not readable as a raster ({error}); give a GeoTIFF") from None
    if not np.isfinite(values).any():
        raise DataError(f"{path}: the raster has no value at all; check its no-data value")
    system = pyproj.CRS.from_wkt(here.to_wkt())
    target = crs or (None if system.is_geographic else system)
    if target is None:
        raise CRSError(f"{path}: the raster counts in degrees; say which projected CRS to bring it into")
    square = np.isclose(transform.a, -transform.e, rtol=1e-6) and transform.b == 0 and transform.d == 0
    if system == target and square:
        return Raster(values, transform.c, transform.f, transform.a, target)
    wkt = target.to_wkt()
    moved, width, height = calculate_default_transform(here, wkt, values.shape[1], values.shape[0], *bounds)
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
    return Raster(fresh, moved.c, moved.f, moved.a, target)


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
