"""Mistakes in coordinate reference systems, each caught and told apart."""

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely

from twin.errors import CRSError, DataError
from twin.model import City, Network
from twin.model.crs import check_numbers, check_same, projected, to_crs


def layer(*points, crs=None):
    return gpd.GeoDataFrame(geometry=[shapely.Point(p) for p in points], crs=crs)


@pytest.mark.parametrize("crs", [32631, "EPSG:2154", "EPSG:3857", pyproj.CRS(5555), pyproj.CRS(32631).to_wkt()])
def test_projected_in_metres(crs):
    assert projected(crs).axis_info[0].unit_name == "metre"


@pytest.mark.parametrize(
    ("crs", "says"),
    [
        (4326, "EPSG:4326 counts in degrees, and lengths here are metres"),
        ("OGC:CRS84", "counts in degrees"),
        (4979, "counts in degrees"),
        (4978, "from the middle of the earth"),
        (2263, "counts in US survey foot, not in metres"),
        ("EPSG:2222", "counts in foot"),
        ("nowhere", "'nowhere' is no CRS that PROJ knows"),
        ("EPSG:1", "no CRS that PROJ knows"),
    ],
)
def test_not_projected_in_metres(crs, says):
    with pytest.raises(CRSError, match=says) as error:
        projected(crs, where="town.gpkg")
    assert str(error.value).startswith("town.gpkg: ")
    assert isinstance(error.value, DataError)


@pytest.mark.parametrize(
    ("points", "crs", "says"),
    [
        ([(7, 43)], None, "has no CRS"),
        ([(371000, 4843000), (372000, 4844000)], 4326, r"says EPSG:4326 \(degrees\).*metres of some local system"),
        ([(5000, 3000)], 4326, "metres of some local system"),
        ([(22.2, 113.5), (22.3, 113.6)], 4326, "latitudes run 113.5 … 113.6: the axes are swapped"),
        ([(150, 100)], 4326, "beyond the poles"),
        ([(7.41, 43.73), (7.44, 43.75)], 32632, r"says EPSG:32632 \(metres\).*look like degrees"),
        ([(np.inf, 0)], 32632, "not finite"),
    ],
)
def test_numbers_that_the_crs_cannot_hold(points, crs, says):
    with pytest.raises(CRSError, match=says) as error:
        check_numbers(layer(*points, crs=crs), where="f.gpkg")
    assert str(error.value).startswith("f.gpkg: ")


@pytest.mark.parametrize(
    ("points", "crs"),
    [
        ([(7.41, 43.73)], 4326),
        ([(-179.9, -89), (180, 90)], 4326),
        ([(190.5, 10)], 4326),  # east of the date line, counted on
        ([(371000, 4843000)], 32632),
        ([], 4326),
    ],
)
def test_numbers_that_it_can(points, crs):
    check_numbers(layer(*points, crs=crs), where="")


def test_to_crs_brings_over_and_leaves_alone():
    same = layer((371000, 4843000), crs=32632)
    assert to_crs(same, pyproj.CRS(32632), where="") is same
    # the middle of UTM zone 31 at the equator lies 500 km east of the zone's origin
    moved = to_crs(layer((3, 0), (4, 0), crs=4326), pyproj.CRS(32631), where="")
    assert moved.geometry[0].coords[0] == pytest.approx((500_000, 0), abs=1e-6)
    with pytest.raises(CRSError, match="no CRS"):
        to_crs(layer((3, 0)), pyproj.CRS(32631), where="x")
    # a quarter of the way round the earth there is no transverse Mercator
    with pytest.raises(CRSError, match="x: coordinates cannot be brought from EPSG:4326 into EPSG:32631"):
        to_crs(layer((3, 0), (93, 0), crs=4326), pyproj.CRS(32631), where="x")


def test_parts_of_a_city_are_in_its_crs():
    check_same(None, pyproj.CRS(32631), where="x")
    check_same(pyproj.CRS(4326), None, where="x")
    check_same(pyproj.CRS(pyproj.CRS(32631).to_wkt()), pyproj.CRS(32631), where="x")
    with pytest.raises(CRSError, match="x is in EPSG:4326, the city in EPSG:32631"):
        check_same(pyproj.CRS(4326), pyproj.CRS(32631), where="x")
    people = gpd.GeoDataFrame({"id": [1], "people": [1]}, geometry=[shapely.Point(3, 0.1)], crs=4326)
    net = Network.from_arrays([0, 1], [0, 0], [0], [1], crs=32632)
    town = City.build("town", 32631, networks={}, population=people, layers={"parks": people})
    for layer in ("population", "parks"):  # 3° E is the middle of the zone, 0.1° are 11,057 m north of the equator
        place = town.table(layer).geometry[0]
        assert (place.x, place.y) == pytest.approx((500_000.0, 11_053.0), abs=1.0)
    with pytest.raises(CRSError, match="town: network 'walk' is in EPSG:32632"):
        City.build("town", 32631, networks={"walk": net})
    with pytest.raises(CRSError, match="degrees"):
        City.build("town", 4326, networks={})
    with pytest.raises(CRSError, match="degrees"):
        Network.from_arrays([0, 1], [0, 0], [0], [1], crs=4326)
    town = City.build("town", 32631, networks={})
    assert town.with_rows("population", people).population.geometry[0].x == pytest.approx(500_000.0, abs=1.0)
    with pytest.raises(CRSError, match="no CRS"):
        town.with_rows("population", people.set_crs(None, allow_override=True))
