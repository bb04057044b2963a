"""One layer in, from every format; every mistake is one sentence that names the file and what to do."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from twin.errors import CRSError, DataError, UnknownName
from twin.gis.layers import read_layer, repaired
from twin.model import Raster

NAMES = ["人民医院", "第二小学", "中心公园"]


@pytest.fixture
def places() -> gpd.GeoDataFrame:
    points = [shapely.Point(500_000 + 100 * i, 4_400_000 - 50 * i) for i in range(3)]
    return gpd.GeoDataFrame({"id": [1, 2, 3], "name": NAMES, "beds": [10.0, np.nan, 0.5]}, geometry=points, crs=32650)


def same(got, places, columns=("name", "beds")):
    assert isinstance(got, gpd.GeoDataFrame)
    assert got.crs == places.crs
    assert got.geometry.geom_equals_exact(places.geometry, 1e-6).all()
    for column in columns:
        pd.testing.assert_series_equal(got[column], places[column], check_dtype=False)


# ── every format ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("ending", ["gpkg", "geojson", "json", "shp", "fgb", "parquet", "GPKG"])
def test_formats(tmp_path, places, ending):
    path = tmp_path / f"城市.{ending}"
    if ending == "parquet":
        places.to_parquet(path)
    elif ending in {"geojson", "json"}:
        places = places.to_crs(4326)
        places.to_file(path, driver="GeoJSON", COORDINATE_PRECISION=12)
    else:
        places.to_file(path, driver={"gpkg": "GPKG", "GPKG": "GPKG", "fgb": "FlatGeobuf"}.get(ending))
    got = read_layer(path)
    same(got.sort_values("id", ignore_index=True), places)


def test_a_zipped_shapefile(tmp_path, places):
    import zipfile

    places.to_file(tmp_path / "p.shp", encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as pack:
        for part in tmp_path.glob("p.*"):
            if part.suffix != ".zip":
                pack.write(part, part.name)
    same(read_layer(tmp_path / "p.zip"), places)


def test_a_shapefile_in_gbk(tmp_path, places):
    path = tmp_path / "places.shp"
    places.to_file(path, encoding="gbk")
    assert NAMES[0].encode("gbk") in path.with_suffix(".dbf").read_bytes()
    same(read_layer(path), places)  # the .cpg says it
    path.with_suffix(".cpg").unlink()
    table = bytearray(path.with_suffix(".dbf").read_bytes())
    table[29] = 0  # no language driver either
    path.with_suffix(".dbf").write_bytes(table)
    with pytest.raises(DataError, match=r"places\.shp: .*how its text is encoded.*say encoding='gbk'"):
        read_layer(path)
    same(read_layer(path, encoding="gbk"), places)
    table[29] = 0x4D  # the language driver of code page 936
    path.with_suffix(".dbf").write_bytes(table)
    same(read_layer(path), places)


def test_a_shapefile_in_utf8_needs_no_cpg(tmp_path, places):
    path = tmp_path / "places.shp"
    places.to_file(path, encoding="utf-8")
    path.with_suffix(".cpg").unlink()
    same(read_layer(path, encoding="utf-8"), places)
    table = bytearray(path.with_suffix(".dbf").read_bytes())
    table[29] = 0
    path.with_suffix(".dbf").write_bytes(table)
    assert read_layer(path)["name"].tolist() == NAMES


def test_csv_with_lon_and_lat(tmp_path):
    path = tmp_path / "stops.csv"
    path.write_text("id,Lon,LAT,name\n1,114.05,22.55,市民中心\n2,114.06,22.56,福田\n", encoding="utf-8-sig")
    got = read_layer(path)
    assert got.crs == 4326
    assert got["name"].tolist() == ["市民中心", "福田"]
    assert (got.geometry.x.tolist(), got.geometry.y.tolist()) == ([114.05, 114.06], [22.55, 22.56])
    assert "Lon" not in got.columns


def test_csv_with_x_and_y(tmp_path):
    path = tmp_path / "stops.csv"
    path.write_bytes("x,y,name\n500000,4400000,市民中心\n".encode("gbk"))
    with pytest.raises(DataError, match=r"stops\.csv: it is not UTF-8; say encoding='gbk'"):
        read_layer(path)
    with pytest.raises(CRSError, match=r"stops\.csv: a CSV with x and y does not say its CRS; say crs='EPSG:…'"):
        read_layer(path, encoding="gbk")
    got = read_layer(path, encoding="gbk", crs="EPSG:32650")
    assert (got.crs.to_epsg(), got["name"].tolist()) == (32650, ["市民中心"])


def test_csv_with_columns_of_its_own(tmp_path):
    path = tmp_path / "stops.csv"
    path.write_text("经度,纬度\n114.05,22.55\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"stops\.csv: no coordinate columns among 经度, 纬度; say columns="):
        read_layer(path)
    assert len(read_layer(path, columns=("经度", "纬度"), crs=4326)) == 1
    with pytest.raises(DataError, match=r"no coordinate columns"):
        read_layer(path, columns=("lon", "lat"))
    with pytest.raises(DataError, match=r"two coordinate columns"):
        read_layer(path, columns=("经度",))


def test_csv_rows_without_coordinates(tmp_path):
    path = tmp_path / "stops.csv"
    path.write_text("lon,lat\n114.05,22.55\n,22.5\n114.0,north\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"stops\.csv: 2 rows have no coordinates \(rows 1, 2\)") as caught:
        read_layer(path)
    assert caught.value.rows == (1, 2)


def test_a_file_of_several_layers(tmp_path, places):
    path = tmp_path / "town.gpkg"
    places.to_file(path, layer="schools")
    places.iloc[:1].to_file(path, layer="parks")
    with pytest.raises(
        DataError, match=r"town\.gpkg: it holds 2 layers \(schools, parks\); say which, layer='schools'"
    ):
        read_layer(path)
    assert len(read_layer(path, layer="parks")) == 1
    with pytest.raises(UnknownName, match=r"town\.gpkg: no layer 'park'; did you mean 'parks'\?"):
        read_layer(path, layer="park")


# ── bad input ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_such_file(tmp_path):
    with pytest.raises(DataError, match=r"nowhere\.gpkg: no such file"):
        read_layer(tmp_path / "nowhere.gpkg")


@pytest.mark.parametrize("ending", ["gpkg", "geojson", "shp", "fgb", "parquet", "csv", "tif", "zip"])
@pytest.mark.parametrize("content", [b"", b"hello hello hello\n" * 20])
def test_files_that_are_something_else(tmp_path, ending, content):
    path = tmp_path / f"town.{ending}"
    path.write_bytes(content)
    with pytest.raises(DataError, match=rf"town\.{ending}: .*[;(]"):
        read_layer(path)


@pytest.mark.parametrize("ending", ["gpkg", "geojson", "shp", "dbf", "fgb", "parquet"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_files_that_are_cut_short(tmp_path, places, ending, share):
    named = "shp" if ending == "dbf" else ending
    many = pd.concat([places] * 200, ignore_index=True)
    if ending == "parquet":
        many.to_parquet(tmp_path / "town.parquet")
    else:
        many.to_crs(4326).to_file(tmp_path / f"town.{named}")
    short = tmp_path / f"town.{ending}"
    short.write_bytes(short.read_bytes()[: int(short.stat().st_size * share)])
    with pytest.raises(DataError, match=rf"town\.{named}: .*[;(]"):
        read_layer(tmp_path / f"town.{named}")


def test_an_empty_layer(tmp_path, places):
    path = tmp_path / "town.gpkg"
    places.iloc[:0].to_file(path, layer="schools")
    with pytest.raises(DataError, match=r"town\.gpkg: the layer has no rows; check that it was exported whole"):
        read_layer(path)


def test_a_table_without_geometry(tmp_path):
    path = tmp_path / "town.gpkg"
    pyogrio.write_dataframe(pd.DataFrame({"a": [1]}), path, layer="plain")
    with pytest.raises(DataError, match=r"town\.gpkg: it has no geometry"):
        read_layer(path)
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "plain.parquet")
    with pytest.raises(DataError, match=r"plain\.parquet: not readable as GeoParquet"):
        read_layer(tmp_path / "plain.parquet")


def test_no_crs(tmp_path, places):
    path = tmp_path / "town.parquet"
    places.set_crs(None, allow_override=True).to_parquet(path)
    with pytest.raises(CRSError, match=r"town\.parquet: the layer has no CRS; say which it is .*never guessed"):
        read_layer(path)
    same(read_layer(path, crs="EPSG:32650"), places)
    with pytest.raises(CRSError, match=r"'EPSG:1' is no CRS that PROJ knows"):
        read_layer(path, crs="EPSG:1")


def test_metres_called_degrees(tmp_path, places):
    path = tmp_path / "town.parquet"
    places.set_crs(4326, allow_override=True).to_parquet(path)
    with pytest.raises(CRSError, match=r"town\.parquet: .*EPSG:4326 \(degrees\), but .*metres of some local system"):
        read_layer(path)
    same(read_layer(path, crs=32650), places)


def test_degrees_called_metres(tmp_path, places):
    path = tmp_path / "town.parquet"
    places.to_crs(4326).set_crs(32650, allow_override=True).to_parquet(path)
    with pytest.raises(CRSError, match=r"town\.parquet: .*EPSG:32650 \(metres\), but .*look like degrees"):
        read_layer(path)


def test_swapped_axes(tmp_path):
    path = tmp_path / "town.csv"
    path.write_text("lat,lon\n114.05,22.55\n114.06,22.56\n", encoding="utf-8")
    with pytest.raises(CRSError, match=r"town\.csv: latitudes run 114\.05 … 114\.06: the axes are swapped"):
        read_layer(path)


def test_beyond_the_poles(tmp_path):
    path = tmp_path / "town.csv"
    path.write_text("lat,lon\n114.05,122.55\n", encoding="utf-8")
    with pytest.raises(CRSError, match=r"town\.csv: latitudes run 114\.05 … 114\.05, beyond the poles"):
        read_layer(path)


def test_coordinates_that_are_no_numbers(tmp_path, places):
    path = tmp_path / "town.parquet"
    places.set_geometry(gpd.points_from_xy([np.inf] * 3, [0.0] * 3, crs=32650)).to_parquet(path)
    with pytest.raises(CRSError, match=r"town\.parquet: coordinates are not finite"):
        read_layer(path)


def test_polygons_that_intersect_themselves(tmp_path):
    #  a bow tie of two triangles with 50 m2 each, and a square
    tie = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    shapes = [shapely.affinity.translate(each, 500_000, 4_400_000) for each in (shapely.box(20, 0, 30, 10), tie)]
    path = tmp_path / "parks.gpkg"
    gpd.GeoDataFrame({"id": [1, 2]}, geometry=shapes, crs=32650).to_file(path)
    got = read_layer(path)
    assert got.geometry.is_valid.all()
    assert got.area.tolist() == pytest.approx([100.0, 50.0])
    assert got.attrs["notes"] == ("parks.gpkg: 1 polygons intersected themselves and were repaired (rows 1)",)


def test_repair_keeps_what_is_valid():
    frame = gpd.GeoDataFrame({"id": [1]}, geometry=[shapely.box(0, 0, 1, 1)], crs=32650)
    assert repaired(frame, where="x") is frame


def test_repair_keeps_polygons_only():
    #  a square with a spike: the spike falls off
    spike = shapely.Polygon([(0, 0), (10, 0), (10, 10), (10, 30), (10, 10), (0, 10)])
    frame = gpd.GeoDataFrame({"id": [1]}, geometry=[spike], crs=32650).rename_geometry("shape")
    fixed = repaired(frame, where="x")
    assert fixed.geometry.name == "shape"
    assert shapely.get_dimensions(fixed.geometry.iloc[0]) == 2
    assert fixed.area.tolist() == [100.0]
    assert not frame.geometry.is_valid.all()  # the given layer stays as it was


# ── real ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.real
@pytest.mark.parametrize("name", ["hlg", "dhm"])
def test_communities_of_beijing_in_local_metres_called_degrees(data, name):
    path = data(f"beijing_community/{name}.geojson")
    with pytest.raises(
        CRSError, match=rf"{name}\.geojson: the file says EPSG:4326 \(degrees\), but the coordinates run"
    ):
        read_layer(path)
    got = read_layer(path, crs="EPSG:4547")  # told what they are, they are read
    count = {"hlg": (91, 208), "dhm": (104, 233)}[name]
    assert ((got.geom_type == "Polygon").sum(), (got.geom_type == "LineString").sum()) == count


@pytest.mark.real
def test_a_raster_is_read_as_a_layer(data):
    assert isinstance(read_layer(data("porto_alegre/poa_elevation.tif"), crs="EPSG:32722"), Raster)
