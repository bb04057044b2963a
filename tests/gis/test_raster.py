"""GeoTIFF in and out: values stay values, cells become square metres of the city's CRS."""

import warnings

import numpy as np
import pyproj
import pytest
import rasterio
from rasterio.transform import from_origin

from twin.errors import CRSError, DataError
from twin.gis.layers import read_layer
from twin.gis.raster import read_raster, write_raster
from twin.model import Raster

UTM = pyproj.CRS(32650)


def tiff(path, values, *, crs="EPSG:32650", transform=None, **options):
    values = np.asarray(values)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=values.shape[0],
        width=values.shape[1],
        count=1,
        dtype=values.dtype,
        crs=crs,
        transform=transform or from_origin(500_000, 4_400_000, 10, 10),
        **options,
    ) as target:
        target.write(values, 1)
    return path


def test_what_is_written_is_read(tmp_path):
    values = np.array([[0.0, np.nan, 1.5], [2.0, 3.0, -4.25]], dtype="float32")
    write_raster(Raster(values, 500_000.0, 4_400_000.0, 2.5, UTM, unit="m/s"), tmp_path / "a.tif")
    got = read_raster(tmp_path / "a.tif")
    np.testing.assert_array_equal(got.values, values)
    assert got.values.dtype == np.float32
    assert (got.west, got.north, got.cell) == (500_000.0, 4_400_000.0, 2.5)
    assert got.crs == UTM
    assert got.unit == "m/s"
    assert got.bounds == (500_000.0, 4_399_995.0, 500_007.5, 4_400_000.0)


def test_whole_numbers_and_no_data(tmp_path):
    got = read_raster(tiff(tmp_path / "a.tif", np.array([[1, 255], [3, 4]], dtype="uint8"), nodata=255))
    np.testing.assert_array_equal(got.values, [[1, np.nan], [3, 4]])
    assert got.unit == "m"


def test_a_raster_in_degrees_goes_into_the_crs_asked_for(tmp_path):
    #  2 x 2 cells of a hundredth of a degree around 117° E, 40° N, the middle of zone 50
    path = tiff(
        tmp_path / "a.tif",
        np.array([[1, 2], [3, 4]], dtype="int16"),
        crs="EPSG:4326",
        transform=from_origin(116.99, 40.01, 0.01, 0.01),
    )
    with pytest.raises(CRSError, match=r"a\.tif: the raster counts in degrees; say which projected CRS"):
        read_raster(path)
    with pytest.raises(CRSError, match=r"a\.tif: EPSG:4326 counts in degrees"):
        read_layer(path, crs=4326)
    got = read_layer(path, crs="EPSG:32650")
    assert got.crs == UTM
    to_metres = pyproj.Transformer.from_crs(4326, UTM, always_xy=True)
    x, y = to_metres.transform([116.995, 117.005, 116.995, 117.005], [40.005, 40.005, 39.995, 39.995])
    assert got.at(x, y).tolist() == [1, 2, 3, 4]  # nearest: no value is invented
    assert set(np.unique(got.values[np.isfinite(got.values)])) == {1, 2, 3, 4}


def test_oblong_cells_and_rows_from_the_south_become_square_rows_from_the_north(tmp_path):
    values = np.array([[1, 2], [3, 4]], dtype="float32")
    oblong = read_raster(tiff(tmp_path / "a.tif", values, transform=from_origin(500_000, 4_400_000, 20, 10)))
    assert oblong.at([500_010, 500_030], [4_399_985, 4_399_995]).tolist() == [3, 2]
    upward = rasterio.Affine(10, 0, 500_000, 0, 10, 4_400_000)  # the first row is the southern one
    south = read_raster(tiff(tmp_path / "b.tif", values, transform=upward))
    assert south.at([500_005, 500_015], [4_400_005, 4_400_015]).tolist() == [1, 4]


def test_the_crs_of_a_geotiff_is_that_of_the_city(tmp_path):
    write_raster(Raster(np.ones((2, 2), dtype="float32"), 0.0, 20.0, 10.0, pyproj.CRS(32631)), tmp_path / "a.tif")
    assert read_raster(tmp_path / "a.tif").crs == pyproj.CRS("EPSG:32631")


def picture(path, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        return tiff(path, np.ones((2, 2), dtype="float32"), transform=rasterio.Affine.identity(), **options)


@pytest.mark.parametrize("placed", [True, False])
def test_no_crs(tmp_path, placed):
    path = tmp_path / "a.tif"
    tiff(path, np.ones((2, 2), dtype="float32"), crs=None) if placed else picture(path, crs=None)
    with pytest.raises(CRSError, match=r"a\.tif: the raster has no CRS; say which it is, it is never guessed"):
        read_raster(path)


def test_a_picture_is_no_map(tmp_path):
    path = picture(tmp_path / "a.tif")
    with pytest.raises(DataError, match=r"a\.tif: the raster does not say where its cells lie; .*georeference"):
        read_raster(path)


def test_a_raster_of_nothing(tmp_path):
    path = tiff(tmp_path / "a.tif", np.full((2, 2), -9999, dtype="float32"), nodata=-9999)
    with pytest.raises(DataError, match=r"a\.tif: the raster has no value at all; check its no-data value"):
        read_raster(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_raster_that_is_cut_short(tmp_path, share):
    values = np.random.default_rng(1).random((200, 200)).astype("float32")
    path = tiff(tmp_path / "a.tif", values)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(DataError, match=r"a\.tif: not readable as a raster .*; give a GeoTIFF"):
        read_raster(path)


@pytest.mark.real
def test_terrain_of_porto_alegre(data):
    path = data("porto_alegre/poa_elevation.tif")
    got = read_layer(path, crs="EPSG:32722")
    with rasterio.open(path) as source:
        own = source.read(1)
        spots = [(-51.2177, -30.0346), (-51.1701, -30.0899), (-51.2394, -30.0277)]
        there = [int(next(iter(source.sample([spot])))[0]) for spot in spots]
    assert (np.nanmin(got.values), np.nanmax(got.values)) == (own.min(), own.max())
    # an arc second is 30.9 m north and 30.9 m x cos 30.05° = 26.8 m east
    assert got.cell == pytest.approx(26.8, abs=0.1)
    x, y = pyproj.Transformer.from_crs(4326, 32722, always_xy=True).transform(*np.transpose(spots))
    assert np.abs(got.at(x, y) - there).max() <= 10  # a cell aside at most
