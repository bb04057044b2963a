"""From an extract to a city: cut to its boundary, peopled, connected or not, and every doubt written down."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

import twin
from twin.errors import CRSError, DataError, MissingData, UnknownName
from twin.gis.build import ATTRIBUTION, city_of

# The grid of the conftest: nodes a thousandth of a degree apart, 111.32 m east and 110.57 m north of each other.
TOWN = {
    "nodes": {
        **{i: (i - 1, 0) for i in range(1, 12)},  # a street of 10 blocks from west to east
        **dict(zip((20, 21, 22, 23), ((1, 1), (2, 1), (2, 2), (1, 2)), strict=True)),  # a home in the west
        **dict(zip((30, 31, 32, 33), ((8, 1), (9, 1), (9, 2), (8, 2)), strict=True)),  # a home in the east
        **dict(zip((40, 41), ((1, 0.2), (9, 0.2)), strict=True)),  # a clinic each
        **dict(zip((50, 51), ((0, 9), (1, 9)), strict=True)),  # a street apart
    },
    "ways": [
        (100, list(range(1, 12)), {"highway": "residential", "name": "长街"}),
        (101, [50, 51], {"highway": "residential"}),
        (102, [20, 21, 22, 23, 20], {"building": "residential", "building:levels": "1"}),
        (103, [30, 31, 32, 33, 30], {"building": "residential", "building:levels": "3"}),
    ],
    "tags": {40: {"amenity": "clinic"}, 41: {"amenity": "clinic"}},
}


@pytest.fixture
def extract(osm):
    return osm(TOWN["nodes"], TOWN["ways"], tags=TOWN["tags"])


def west(*, to=0.005):
    """The land up to `to` degrees east of the town's corner."""
    return gpd.GeoDataFrame({"id": [1]}, geometry=[shapely.box(2.9, 0, 3 + to, 0.004)], crs=4326)


def test_a_whole_extract(extract):
    city = city_of(extract, name="城", year="2024-01-01", population=1000)
    assert (city.name, city.crs) == ("城", extract.crs)
    assert city.facilities["kind"].tolist() == ["clinic", "clinic"]
    # equal footprints with 1 and 3 storeys: a quarter and three quarters
    assert city.population["people"].tolist() == pytest.approx([250, 750], rel=1e-3)
    assert city.about.attribution == (ATTRIBUTION,)
    assert city.about.source("walk").year == "2024-01-01"
    assert city.about.source("facilities").notes == tuple(extract.notes)
    assert city.about.source("population").estimated
    assert "boundary" not in city.layers
    assert city.networks["walk"].approach == pytest.approx(4.8 / 3.6)
    assert city.networks["drive"].approach == np.inf


def test_cut_to_a_boundary(extract):
    """The land ends 556.6 m east, halfway along the street that a home and a clinic within it hang on."""
    city = city_of(extract, name="west", boundary=west())
    assert city.facilities["id"].tolist() == ["n40"]
    assert city.population["id"].tolist() == ["w102"]
    assert city.table("buildings")["id"].tolist() == ["w102"]
    assert city.land().area == pytest.approx(city.table("boundary").area.sum())
    for net in city.networks.values():
        # the long street leads out of the land and is kept to its end; the street apart is too far north
        assert net.edges["name"].tolist() == ["长街"]
        assert net.edges["length"].tolist() == pytest.approx([1113.2], abs=0.1)
        assert set(np.unique([net.graph.tail, net.graph.head])) == set(range(len(net.x)))
    assert city.unsnapped("population", "walk").empty


def test_a_boundary_from_a_file(extract, tmp_path):
    west().to_file(tmp_path / "land.geojson", driver="GeoJSON")
    city = city_of(extract, name="west", boundary=tmp_path / "land.geojson")
    assert city.facilities["id"].tolist() == ["n40"]


def test_boundaries_that_cannot_be(extract, tmp_path):
    far = gpd.GeoDataFrame({"id": [1]}, geometry=[shapely.box(3.5, 0, 3.6, 0.1)], crs=4326)
    with pytest.raises(DataError, match="no street lies inside the boundary; check that boundary and streets are of"):
        city_of(extract, name="x", boundary=far, population=10)
    line = west().set_geometry(west().boundary)
    with pytest.raises(DataError, match="boundary: a boundary is made of polygons"):
        city_of(extract, name="x", boundary=line)
    line.to_file(tmp_path / "line.gpkg")
    with pytest.raises(DataError, match=r"line\.gpkg: a boundary is made of polygons"):
        city_of(extract, name="x", boundary=tmp_path / "line.gpkg")
    with pytest.raises(CRSError, match="boundary: the layer has no CRS"):
        city_of(extract, name="x", boundary=west().set_crs(None, allow_override=True))


def test_people_from_layers_files_and_totals(extract, tmp_path):
    spots = gpd.GeoDataFrame({"people": [40, 60]}, geometry=gpd.points_from_xy([3.001, 3.009], [0.001] * 2), crs=4326)
    counted = city_of(extract, name="x", population=spots)
    assert counted.people == 100
    assert not counted.about.source("population").estimated
    spots.to_file(tmp_path / "homes.gpkg")
    read = city_of(extract, name="x", population=tmp_path / "homes.gpkg", boundary=west())
    assert read.people == 40  # those outside of the boundary do not count
    assert read.about.source("population").source == "homes.gpkg"
    # a home of 111.3 x 110.6 m: 12,309 m2, over 40 m2 a person: 307.7; and three storeys of the same
    assert city_of(extract, name="x").people == pytest.approx(4 * 307.7, rel=1e-3)


def test_no_home_and_no_population(osm):
    streets = osm({1: (0, 0), 2: (1, 0)}, [(1, [1, 2], {"highway": "residential"})])
    with pytest.raises(MissingData, match="no residential building to estimate a population from; give population="):
        city_of(streets, name="x")


def test_streets_apart_are_listed(extract):
    """The long street has 10 edges or fewer, the street apart is 111.3 m of its own."""
    city = city_of(extract, name="x")
    for name in ("walk", "drive"):
        apart = city.cut_off(name)
        assert apart["length"].tolist() == pytest.approx([111.3], abs=0.1)
        assert apart[["nodes", "edges"]].to_numpy().tolist() == [[2, 1]]


def test_what_is_cut_off_by_one_way_streets():
    """A ring of 400 m; a dead end of 50 m that one can only leave; a spur of two ways."""
    net = twin.Network.from_arrays(
        [0, 100, 100, 0, -50, 200],
        [0, 0, 100, 100, 0, 0],
        [0, 1, 2, 3, 4, 1],
        [1, 2, 3, 0, 0, 5],
        directed=[True, True, True, True, True, False],
    )
    apart = twin.City.from_network(net).cut_off("walk")
    assert apart.to_numpy().tolist() == [[1, 0, 0.0]]
    assert twin.City.from_network(net.close([5])).cut_off("walk").to_numpy().tolist() == [[1, 0, 0.0]]


def test_a_network_in_one_piece_is_not_cut_off(rich):
    assert rich.cut_off("walk").empty
    assert list(rich.cut_off("walk").columns) == ["nodes", "edges", "length"]
    with pytest.raises(MissingData, match=r"no network 'wlk'; did you mean 'walk'\?"):
        rich.cut_off("wlk")


def test_the_report_says_that_a_network_is_in_pieces(extract):
    from twin.report.gather import page_of

    page = page_of(twin.study(city_of(extract, name="x"), [twin.Scenario("as it is")]))
    said = [doubt.en for doubt in page.doubts]
    assert (
        "Walking network (walk) is in pieces: from 0.1 of 1.2 km in 1 parts one cannot reach the rest and come back."
        in said
    )


def test_options_of_the_reader(tmp_path):
    path = tmp_path / "town.osm"
    path.write_text("<osm/>", encoding="utf-8")
    with pytest.raises(UnknownName, match=r"town\.osm: no option 'populaton'; did you mean 'population'\?"):
        twin.read(path, populaton=3)
