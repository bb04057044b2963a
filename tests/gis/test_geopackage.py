"""A city in one GeoPackage: its own round trip, files of other programs, and what is wrong with them."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

import twin
from twin.errors import CRSError, DataError
from twin.gis import geopackage
from twin.gis.grid import grid_city

UTM = 32631


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# ── our own ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_written_is_read(tmp_path, rich, same):
    twin.write(rich, tmp_path / "城市.gpkg")
    same(rich, twin.read(tmp_path / "城市.gpkg"), rasters=False)
    assert names(tmp_path) == ["城市.gpkg"]


def test_through_a_folder_and_back(tmp_path, rich, same):
    twin.write(rich, tmp_path / "a.gpkg")
    twin.write(twin.read(tmp_path / "a.gpkg"), tmp_path / "b")
    twin.write(twin.read(tmp_path / "b"), tmp_path / "c.gpkg")
    same(rich, twin.read(tmp_path / "c.gpkg"), rasters=False)


def test_a_network_alone_without_a_crs(tmp_path):
    net = twin.Network.from_arrays([0, 1, 2], [0, 0, 0], [0, 1], [1, 2])
    twin.write(twin.City.from_network(net, "a line"), tmp_path / "line.gpkg")
    got = twin.read(tmp_path / "line.gpkg")
    assert (got.name, got.crs) == ("a line", None)
    assert twin.routing.matrix(got.networks["drive"], [0], [2]).tolist() == [[2.0]]


def test_other_programs_read_the_layers(tmp_path, rich):
    twin.write(rich, tmp_path / "a.gpkg")
    layers = {str(name) for name, _ in pyogrio.list_layers(tmp_path / "a.gpkg")}
    assert {"facilities", "population", "walk_nodes", "walk_edges", "drive_nodes", "drive_edges"} <= layers
    frame = gpd.read_file(tmp_path / "a.gpkg", layer="drive_edges")
    assert (frame.crs.to_epsg(), frame["name"].iloc[1]) == (UTM, "东大街1号")


@pytest.mark.parametrize("how", [KeyboardInterrupt, RuntimeError])
@pytest.mark.parametrize("old", [True, False])
def test_an_interrupted_write_changes_nothing(tmp_path, rich, same, monkeypatch, how, old):
    path = tmp_path / "a.gpkg"
    if old:
        twin.write(rich, path)
    add = geopackage._add

    def failing(frame, target, layer):
        if layer == "walk_edges":
            raise how
        add(frame, target, layer)

    monkeypatch.setattr(geopackage, "_add", failing)
    with pytest.raises(how):
        twin.write(grid_city(2), path)
    assert names(tmp_path) == (["a.gpkg"] if old else [])
    if old:
        same(rich, twin.read(path), rasters=False)


def test_places_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.gpkg").mkdir()
    for target in (tmp_path / "file" / "a.gpkg", tmp_path / "folder.gpkg", "/proc/a.gpkg"):
        with pytest.raises(DataError, match=r"\.gpkg: cannot be written \(.+\); name a place that you may write to"):
            twin.write(grid_city(1), target)
    assert names(tmp_path) == ["file", "folder.gpkg"]


def test_a_layer_that_a_geopackage_cannot_hold(tmp_path):
    city = grid_city(1)
    city = city.with_layer("green", city.table("green").assign(Name="A"))  # beside `name`: columns ignore case
    with pytest.raises(DataError, match=r"a\.gpkg, layer green: .*cannot be written"):
        twin.write(city, tmp_path / "a.gpkg")
    assert names(tmp_path) == []


# ── broken ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def town(tmp_path, rich):
    twin.write(rich, tmp_path / "town.gpkg")
    return tmp_path / "town.gpkg"


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_file_that_is_cut_short(town, share):
    town.write_bytes(town.read_bytes()[: int(town.stat().st_size * share)])
    with pytest.raises(DataError, match=r"town\.gpkg: not readable as a GeoPackage .*"):
        twin.read(town)


def test_a_file_of_something_else(tmp_path):
    (tmp_path / "town.gpkg").write_bytes(b"hello")
    with pytest.raises(DataError, match=r"town\.gpkg: not readable as a GeoPackage"):
        twin.read(tmp_path / "town.gpkg")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("name = ", r"its description is not readable as TOML"),
        ("format = 9", r"written in format 9"),
        ('name = "x"', r"'crs' is missing"),
        ('name = "x"\ncrs = "EPSG:4326"', r"counts in degrees"),
        ('name = "x"\ncrs = "EPSG:32631"\n[networks.tram]', r"no layer 'tram_nodes'"),
    ],
)
def test_a_description_that_is_wrong(town, value, message):
    pyogrio.write_dataframe(pd.DataFrame({"key": ["city.toml"], "value": [value]}), town, layer="twin_city")
    with pytest.raises(DataError, match=rf"town\.gpkg: .*{message}"):
        twin.read(town)


def test_a_description_of_nothing(town):
    pyogrio.write_dataframe(pd.DataFrame({"key": ["a"]}), town, layer="twin_city")
    with pytest.raises(DataError, match=r"town\.gpkg: its description is missing"):
        twin.read(town)


# ── of other programs ────────────────────────────────────────────────────────────────────────────────────────────────


def cross(tmp_path, layer="streets", **columns):
    """Two streets of 400 m that cross in the middle, the first drawn in two pieces; 30 people at each end of one."""
    x, y = 500_000.0, 4_400_000.0
    lines = [[(0, 200), (200, 200)], [(200, 200), (400, 200)], [(200, 0), (200, 200), (200, 400)]]
    shapes = [shapely.LineString([(x + a, y + b) for a, b in line]) for line in lines]
    path = tmp_path / "town.gpkg"
    gpd.GeoDataFrame({"name": ["甲路", "甲路", "乙路"], **columns}, geometry=shapes, crs=UTM).to_file(path, layer=layer)
    homes = gpd.GeoDataFrame(
        {"id": [1, 2], "people": [30, 30]}, geometry=gpd.points_from_xy([x, x + 400], [y + 200, y + 200]), crs=UTM
    )
    homes.to_crs(4326).to_file(path, layer="population")
    return path


def test_streets_become_networks(tmp_path):
    city = twin.read(cross(tmp_path))
    assert (city.name, city.crs.to_epsg(), city.people) == ("town", UTM, 60)
    assert set(city.networks) == {"walk", "drive"}
    for name, speed in (("walk", 4.8 / 3.6), ("drive", 30 / 3.6)):
        edges = city.networks[name].edges
        assert edges["length"].tolist() == pytest.approx([200] * 4)
        assert edges["time"].tolist() == pytest.approx([200 / speed] * 4)
        assert edges["name"].tolist() == ["甲路", "甲路", "乙路", "乙路"]
        assert (edges["estimated"] == (name == "drive")).all()
    assert city.snap("population", "walk")["offset"].to_numpy() == pytest.approx([0, 0], abs=1e-3)


def test_nobody_walks_at_the_speed_limit(tmp_path):
    city = twin.read(cross(tmp_path, speed=[10.0, np.nan, 20.0]))
    assert city.networks["walk"].edges["time"].tolist() == pytest.approx([150] * 4)
    drive = city.networks["drive"].edges
    assert drive["time"].tolist() == pytest.approx([20, 24, 10, 10])
    assert drive["estimated"].tolist() == [False, True, False, False]


@pytest.mark.parametrize("layer", ["walk", "drive", "roads"])
def test_networks_by_name(tmp_path, layer):
    city = twin.read(cross(tmp_path, layer))
    assert set(city.networks) == ({layer} if layer != "roads" else {"walk", "drive"})


def test_oneway_in_words(tmp_path):
    city = twin.read(cross(tmp_path, oneway=["no", "yes", ""]))
    assert city.networks["drive"].edges["oneway"].tolist() == [False, True, False, False]
    assert not city.networks["walk"].edges["oneway"].any()  # a street is walked both ways
    with pytest.raises(DataError, match=r"town\.gpkg, layer streets: edges\.oneway: 1 values are neither yes nor no"):
        twin.read(cross(tmp_path, oneway=["no", "perhaps", ""]))


def test_streets_in_degrees(tmp_path):
    path = cross(tmp_path)
    gpd.read_file(path, layer="streets").to_crs(4326).to_file(path, layer="streets")
    city = twin.read(path)
    assert city.crs.to_epsg() == UTM  # the zone of the place
    assert city.networks["walk"].edges["length"].tolist() == pytest.approx([200] * 4, abs=1e-3)


def test_a_population_with_axes_swapped(tmp_path):
    path = cross(tmp_path)
    homes = gpd.read_file(path, layer="population").to_crs(4326)
    swapped = homes.set_geometry(gpd.points_from_xy(homes.geometry.y, homes.geometry.x, crs=4326))
    swapped.to_file(path, layer="population")  # latitude 39.7 reads as a longitude: nothing odd in itself
    with pytest.raises(CRSError, match=r"town\.gpkg, layer population: it lies at longitude 39.* axes are not swapped"):
        twin.read(path)


def test_repairs_and_sources_are_noted(tmp_path):
    path = cross(tmp_path)
    tie = shapely.Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])
    park = shapely.affinity.translate(tie, 500_000, 4_400_000)
    gpd.GeoDataFrame({"id": [1], "kind": ["park"]}, geometry=[park], crs=UTM).to_file(path, layer="green")
    city = twin.read(path)
    assert city.table("green").area.tolist() == pytest.approx([5000.0])
    source = city.about.source("green")
    assert source.source == "town.gpkg"
    assert any("1 polygons intersected themselves and were repaired (rows 0)" in note for note in source.notes)
    assert city.about.source("streets").source == ""
    assert city.about.source("walk").source == "town.gpkg"


def test_mistakes_name_file_layer_column_and_rows(tmp_path):
    path = cross(tmp_path)
    x, y = 500_000.0, 4_400_000.0
    clinics = gpd.GeoDataFrame(
        {"id": [1, 2], "kind": ["clinic"] * 2, "capacity": [-5.0, 3.0]},
        geometry=gpd.points_from_xy([x, x], [y, y]),
        crs=UTM,
    )
    clinics.to_file(path, layer="facilities")
    with pytest.raises(
        DataError, match=r"town\.gpkg, layer facilities: facilities\.capacity: 1 values .*\(rows 0: -5\)"
    ) as caught:
        twin.read(path)
    assert (caught.value.layer, caught.value.column, caught.value.rows) == ("facilities", "capacity", (0,))
    clinics.assign(capacity=3.0).drop(columns="id").to_file(path, layer="facilities")
    with pytest.raises(DataError, match=r"town\.gpkg, layer facilities: layer 'facilities' has no column 'id'"):
        twin.read(path)


def test_no_layer_by_a_name_that_is_known(tmp_path):
    path = tmp_path / "town.gpkg"
    gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(5e5, 4e6)], crs=UTM).to_file(path, layer="strets")
    with pytest.raises(DataError, match=r"town\.gpkg: no layer has a name that is known \(strets\); call them"):
        twin.read(path)


def test_points_are_no_streets(tmp_path):
    path = tmp_path / "town.gpkg"
    gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(5e5, 4e6)], crs=UTM).to_file(path, layer="streets")
    with pytest.raises(DataError, match=r"town\.gpkg, layer streets: 1 rows are no lines \(rows 0\)"):
        twin.read(path)
