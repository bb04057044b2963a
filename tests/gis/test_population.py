"""People at places: counted ones from points, polygons and rasters; estimated ones from floor area, by hand."""

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin

from twin.errors import CRSError, DataError, MissingData
from twin.gis.population import FLOOR_AREA_PER_PERSON, estimated, from_file, from_layer
from twin.model import Raster

UTM = pyproj.CRS(32650)
X, Y = 500_000.0, 4_400_000.0


def points(**columns):
    count = len(next(iter(columns.values())))
    places = gpd.points_from_xy(X + 100 * np.arange(count), np.full(count, Y))
    return gpd.GeoDataFrame(columns, geometry=places, crs=UTM)


def test_points():
    got = from_layer(points(id=["甲", "乙"], people=[3, 4.5], age_60=[1, 2]), UTM, where="homes.gpkg")
    assert got["id"].tolist() == ["甲", "乙"]
    assert got["people"].tolist() == [3.0, 4.5]
    assert got["age_60"].tolist() == [1.0, 2.0]


@pytest.mark.parametrize("name", ["people", "Population", "POP", "asukkaita", "pop_total", "total"])
def test_what_the_column_may_be_called(name):
    assert from_layer(points(**{name: [3, 4]}), UTM, where="x")["people"].sum() == 7


def test_a_column_called_people_wins():
    assert from_layer(points(total=[9, 9], people=[3, 4]), UTM, where="x")["people"].sum() == 7


def test_no_column_of_people():
    with pytest.raises(DataError, match=r"homes\.gpkg: no column of people among who, geometry; call it 'people'"):
        from_layer(points(who=[3]), UTM, where="homes.gpkg")


@pytest.mark.parametrize(
    ("people", "message"),
    [
        ([3, -1, -2], r"homes\.gpkg: population\.people: 2 values are below 0 or infinite \(rows 1, 2: -1, -2\)"),
        ([3, np.nan, 4], r"homes\.gpkg: population\.people: 1 values are missing \(rows 1\)"),
        (["3", "many", "4"], r"homes\.gpkg: population\.people: 1 values are not numbers \(rows 1: many\)"),
    ],
)
def test_people_that_cannot_be(people, message):
    with pytest.raises(DataError, match=message) as caught:
        from_layer(points(people=people), UTM, where="homes.gpkg")
    assert (caught.value.layer, caught.value.column) == ("population", "people")


def test_ids_that_repeat_or_lack_are_replaced():
    for ids in ([4, 4, 5], [None, 4, 5]):
        assert from_layer(points(id=ids, people=[1, 1, 1]), UTM, where="x")["id"].tolist() == [0, 1, 2]


def test_polygons_stand_for_a_place_within_them():
    horseshoe = shapely.Polygon([(0, 0), (30, 0), (30, 30), (20, 30), (20, 10), (10, 10), (10, 30), (0, 30)])
    cells = gpd.GeoDataFrame({"people": [5]}, geometry=[shapely.affinity.translate(horseshoe, X, Y)], crs=UTM)
    got = from_layer(cells, UTM, where="x")
    assert got.geometry.geom_type.tolist() == ["Point"]
    assert cells.geometry.contains(got.geometry).all()  # its centroid would lie in the yard
    assert not cells.geometry.contains(cells.centroid).any()
    assert cells.geom_type.tolist() == ["Polygon"]  # the given layer stays as it was


def test_a_layer_in_degrees_with_a_geometry_of_another_name():
    cells = points(people=[5, 6]).to_crs(4326).rename_geometry("wkb")
    got = from_layer(cells, UTM, where="x")
    assert (got.crs, got.geometry.name) == (UTM, "geometry")
    assert np.allclose(got.geometry.x, [X, X + 100], atol=1e-3)


def test_no_crs_and_axes_swapped():
    with pytest.raises(CRSError, match=r"homes\.gpkg: the layer has no CRS"):
        from_layer(points(people=[5]).set_crs(None, allow_override=True), UTM, where="homes.gpkg")
    degrees = points(people=[5]).to_crs(4326)
    swapped = degrees.set_geometry(gpd.points_from_xy(degrees.geometry.y, degrees.geometry.x, crs=4326))
    with pytest.raises(CRSError, match=r"homes\.gpkg: latitudes run 117 … 117: the axes are swapped"):
        from_layer(swapped, UTM, where="homes.gpkg")


def test_a_raster_of_persons_a_cell():
    values = np.array([[1.5, 0.0, np.nan], [2.0, 3.0, 0.0]], dtype="f4")
    got = from_layer(Raster(values, X, Y, 100.0, UTM), UTM, where="pop.tif")
    assert got["people"].tolist() == [1.5, 2.0, 3.0]  # cells without people are no places
    assert got.geometry.x.tolist() == [X + 50, X + 50, X + 150]
    assert got.geometry.y.tolist() == [Y - 50, Y - 150, Y - 150]
    with pytest.raises(DataError, match=r"pop\.tif: population\.people: 1 values are below 0"):
        from_layer(Raster(np.array([[1, -200]], dtype="f4"), X, Y, 100.0, UTM), UTM, where="pop.tif")


def test_a_raster_in_degrees_keeps_its_sum(tmp_path):
    values = np.random.default_rng(1).integers(0, 50, (40, 60)).astype("float32")
    values[0, 0] = -200
    path = tmp_path / "pop.tif"
    options = {"height": 40, "width": 60, "count": 1, "dtype": "float32", "crs": "EPSG:4326", "nodata": -200}
    with rasterio.open(
        path, "w", driver="GTiff", transform=from_origin(117, 40, 1 / 1200, 1 / 1200), **options
    ) as file:
        file.write(values, 1)
    got, source = from_file(path, UTM)
    assert got["people"].sum() == values[values > 0].sum()
    assert len(got) == (values > 0).sum()
    assert source.source == "pop.tif"
    assert not source.estimated
    first = np.argwhere(values > 0)[0]
    lon, lat = pyproj.Transformer.from_crs(UTM, 4326, always_xy=True).transform(got.geometry.x[0], got.geometry.y[0])
    assert (lon, lat) == pytest.approx((117 + (first[1] + 0.5) / 1200, 40 - (first[0] + 0.5) / 1200))


def test_a_file_of_points_and_its_repairs(tmp_path):
    tie = shapely.Polygon([(X, Y), (X + 10, Y + 10), (X + 10, Y), (X, Y + 10)])
    gpd.GeoDataFrame({"people": [7]}, geometry=[tie], crs=UTM).to_file(tmp_path / "cells.gpkg")
    got, source = from_file(tmp_path / "cells.gpkg", UTM)
    assert got["people"].tolist() == [7]
    assert source.notes == ("cells.gpkg: 1 polygons intersected themselves and were repaired (rows 0)",)
    with pytest.raises(DataError, match=r"nowhere\.tif: no such file"):
        from_file(tmp_path / "nowhere.tif", UTM)


# ── estimated ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def buildings():
    """Two homes of 400 and 1,200 m2 of floor, an office, and a home of unknown size."""
    return gpd.GeoDataFrame(
        {
            "id": ["w1", "w2", "w3", "w4"],
            "use": ["residential", "residential", "commercial", "residential"],
            "floor_area": [400.0, 1200.0, 5000.0, np.nan],
        },
        geometry=[shapely.box(X + 50 * i, Y, X + 50 * i + 20, Y + 20) for i in range(4)],
        crs=UTM,
    )


def test_by_floor_area_alone(buildings):
    """400 / 40 = 10 people and 1200 / 40 = 30."""
    assert FLOOR_AREA_PER_PERSON == 40.0
    table, source = estimated(buildings)
    assert table["people"].tolist() == [10.0, 30.0]
    assert table["id"].tolist() == ["w1", "w2"]
    assert table.geometry.within(buildings.geometry[:2].union_all()).all()
    assert table.crs == UTM
    assert source.estimated
    assert source.notes == (
        "population estimated from 2 residential buildings: 40 m2 of floor a person; no age groups",
    )


def test_a_total_is_spread_by_floor_area(buildings):
    """A quarter of 1,000 people in the first home, three quarters in the second."""
    table, source = estimated(buildings, total=1000)
    assert table["people"].tolist() == [250.0, 750.0]
    assert source.estimated
    assert "a total of 1,000 spread by floor area" in source.notes[0]


def test_nothing_to_estimate_from(buildings):
    with pytest.raises(MissingData, match="no residential building to estimate a population from; give population="):
        estimated(buildings[buildings["use"] == "commercial"])


@pytest.mark.parametrize("total", [-1, float("nan"), float("inf")])
def test_totals_that_cannot_be(buildings, total):
    with pytest.raises(DataError, match="a total of residents is at least 0, not"):
        estimated(buildings, total=total)


# ── real ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.real
def test_the_population_grid_of_helsinki(data):
    got, source = from_file(data("helsinki/helsinki_population_grid_2020.gpkg"), pyproj.CRS(32635))
    assert (len(got), got["people"].sum()) == (92, 71_724)
    assert got["id"].is_unique
    assert got.geometry.geom_type.eq("Point").all()
    assert source.source == "helsinki_population_grid_2020.gpkg"
    # the cells are squares of 250 m: their middles lie on a lattice of 250 m
    gaps = np.diff(np.unique(np.rint(got.to_crs(3879).geometry.x)))
    assert 245 <= gaps[gaps > 10].min() <= 255


@pytest.mark.real
def test_hexagons_of_porto_alegre_from_a_table(data):
    got, _ = from_file(data("porto_alegre/poa_hexgrid.csv"), pyproj.CRS(32722))
    assert (len(got), got["people"].sum(), got["jobs"].sum()) == (1_227, 812_935, 337_921)
