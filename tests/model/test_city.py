"""Cities as values: what a variant shares, what it leaves untouched, what it can be asked."""

import hashlib
import pickle
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

from twin.errors import DataError, MissingData, UnknownName
from twin.gis.grid import grid_city
from twin.model import About, City, Network, Raster, Source


def fingerprint(city):
    """A hash over every value that a city holds."""
    digest = hashlib.sha256()
    for table in (city.facilities, city.population, *(t for t in city.layers.values() if not isinstance(t, Raster))):
        shapes = table.geometry.name
        digest.update(pickle.dumps(table.drop(columns=shapes).to_dict("list")))
        digest.update(b"".join(shapely.to_wkb(table.geometry.to_numpy())))
    for net in city.networks.values():
        for array in (net.x, net.y, net.graph.tail, net.graph.head, *(net.columns[c] for c in sorted(net.columns))):
            digest.update(pickle.dumps(array.tolist()))
    digest.update(pickle.dumps((city.name, city.log, city.dependencies.to_dict("list"))))
    return digest.hexdigest()


def clinic(*ids, x=50.0, **more):
    return gpd.GeoDataFrame(
        {"id": ids, "kind": ["clinic"] * len(ids), **more}, geometry=[shapely.Point(x, 20)] * len(ids), crs=32631
    )


@pytest.fixture
def city():
    return grid_city(3)


# ── variants ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_with_columns_shares_what_it_does_not_touch(city):
    before = fingerprint(city)
    other = city.with_columns("facilities", open=[False, True, True, True])
    assert fingerprint(city) == before
    assert fingerprint(other) != before
    assert city.facilities["open"].all()
    assert other.facilities["open"].tolist() == [False, True, True, True]
    for column in ("capacity", "area"):
        assert np.shares_memory(other.facilities[column].to_numpy(), city.facilities[column].to_numpy())
    assert [a is b for a, b in zip(other.facilities.geometry, city.facilities.geometry, strict=True)] == [True] * 4
    assert other.population is city.population
    assert other.networks is city.networks
    assert other.layers is city.layers
    assert isinstance(other.facilities, gpd.GeoDataFrame)
    assert other.facilities.crs == city.crs


def test_writing_into_a_variant_leaves_its_origin(city):
    before = fingerprint(city)
    other = city.with_columns("population", jobs=0.0)
    other.population.loc[0, "people"] = 99.0
    other.population["new"] = 1
    assert (
        fingerprint(city) == before or pd.__version__ < "3"
    )  # before copy-on-write, columns are shared for writing too
    assert "new" not in city.population.columns
    assert city.population["jobs"].tolist() == [5.0] * 16


def test_with_columns_takes_one_value_for_all_and_refuses_another_number(city):
    assert city.with_columns("facilities", open=False).facilities["open"].tolist() == [False] * 4
    given = np.array([1.0, 2, 3, 4])
    other = city.with_columns("facilities", capacity=given)
    given[:] = 0
    assert other.facilities["capacity"].tolist() == [1, 2, 3, 4]
    with pytest.raises(DataError, match=r"facilities\.open: 2 values for 4 rows") as error:
        city.with_columns("facilities", open=[True, False])
    assert (error.value.layer, error.value.column) == ("facilities", "open")


def test_a_closed_network_shares_its_arrays(city):
    before = fingerprint(city)
    net = city.networks["walk"]
    other = city.with_network("walk", net.close([0]))
    assert fingerprint(city) == before
    shut = other.networks["walk"]
    assert shut.graph is net.graph
    for column in set(net.columns) - {"open"}:
        assert np.shares_memory(shut.columns[column], net.columns[column])
    assert other.networks["drive"] is city.networks["drive"]
    assert other.facilities is city.facilities
    with pytest.raises(TypeError):
        other.networks["walk"] = net


def test_rows_are_appended_at_the_end_and_stay_aligned(city):
    before = fingerprint(city)
    other = city.with_rows("facilities", clinic("n1", "n2", capacity=[7.0, np.nan]))
    assert fingerprint(city) == before
    old, new = city.facilities, other.facilities
    assert len(new) == len(old) + 2
    pd.testing.assert_frame_equal(pd.DataFrame(new.iloc[:4][old.columns]), pd.DataFrame(old), check_dtype=False)
    assert [a is b for a, b in zip(new.geometry[:4], old.geometry, strict=True)] == [True] * 4
    assert new["id"].tolist()[4:] == ["n1", "n2"]
    assert new["capacity"].tolist()[4] == 7
    assert np.isnan(new["capacity"][5])
    assert new["open"].tolist() == [True] * 6
    for column in ("open", "capacity", "area"):
        assert new[column].dtype == old[column].dtype
    assert new.crs == city.crs
    assert new.index.tolist() == list(range(6))
    assert other.population is city.population


def test_rows_appended_to_nothing():
    empty = City.from_network(Network.from_arrays([0, 100], [0, 0], [0], [1], crs=32631))
    other = empty.with_rows("facilities", clinic("a"))
    assert other.facilities["id"].tolist() == ["a"]
    assert other.facilities["open"].dtype == bool
    assert len(empty.facilities) == 0
    assert other.with_rows("facilities", clinic("b")).facilities["id"].tolist() == ["a", "b"]


def test_rows_that_cannot_be_appended(city):
    with pytest.raises(UnknownName, match="already taken is 'c1'"):
        city.with_rows("facilities", clinic("c1"))
    with pytest.raises(DataError, match=r"appended rows: facilities\.capacity: 1 values are below 0"):
        city.with_rows("facilities", clinic("n", capacity=[-1.0]))
    with pytest.raises(DataError, match="share an id"):
        city.with_rows("facilities", clinic("n", "n"))


def test_ids_of_any_sort(city):
    for old, new in (([1, 2, 3, 4], [5]), (["a", "b", "c", "d"], ["e"]), (["a", 2, ("x", 1), 4.5], ["z"])):
        ids = np.fromiter(old, dtype=object, count=4)
        named = city.with_layer("facilities", gpd.GeoDataFrame(city.facilities.assign(id=ids)))
        assert named.rows("facilities", ids=[old[1]]).tolist() == [False, True, False, False]
        grown = named.with_rows("facilities", clinic(*new))
        assert grown.facilities["id"].tolist() == [*old, *new]
        assert grown.rows("facilities", kind="clinic", ids=new).tolist() == [False] * 4 + [True]
        with pytest.raises(UnknownName, match="already taken"):
            grown.with_rows("facilities", clinic(*new))


def test_layers_are_replaced_or_added(city):
    grid = Raster(np.zeros((2, 2), dtype=np.float32), 0.0, 300.0, 150.0, pyproj.CRS(32631))
    other = city.with_layer("terrain", grid)
    assert other.layer("terrain") is grid
    assert "terrain" not in city.layers
    assert other.layers["green"] is city.layers["green"]
    with pytest.raises(MissingData, match="layer 'terrain' is a raster"):
        other.table("terrain")
    with pytest.raises(TypeError):
        city.layers["terrain"] = grid


def test_a_city_is_itself_and_no_other(city):
    assert city == city  # noqa: PLR0124
    assert city != city.renamed("flood")
    assert city.renamed("plan").renamed("flood").log == ("plan", "flood")
    assert city.log == ()
    with pytest.raises(AttributeError):
        city.name = "another"


# ── what it can be asked ─────────────────────────────────────────────────────────────────────────────────────────────


def test_names_that_are_not_there(city):
    with pytest.raises(MissingData, match=r"no network 'wlak'; did you mean 'walk'\?") as error:
        city.network("wlak")
    assert error.value.layer == "wlak"
    with pytest.raises(MissingData, match=r"no layer 'gren'; did you mean 'green'\?"):
        city.layer("gren")
    with pytest.raises(MissingData, match=r"population has no column 'peple'; did you mean 'people'\?") as error:
        city.column("population", "peple")
    assert (error.value.layer, error.value.column) == ("population", "peple")
    with pytest.raises(MissingData, match="facilities has no column 'name'"):
        city.column("facilities", "name")  # text
    silent = city.with_columns("facilities", capacity=np.nan)
    with pytest.raises(MissingData, match="facilities has no column 'capacity'; there is area"):
        silent.column("facilities", "capacity")
    with pytest.raises(MissingData, match="no network 'boat'"):
        city.snap("facilities", "boat")


def test_columns_and_rows(city):
    assert city.layer("facilities") is city.facilities
    assert city.column("population", "people").tolist() == [10.0] * 16
    assert city.column("facilities", "capacity")[0] == 50
    assert city.people == 160
    assert city.rows("facilities", kind="bus_stop").tolist() == [False, True, True, False]
    assert city.rows("facilities", kind=["clinic", "park"]).tolist() == [True, False, False, True]
    assert city.rows("facilities").all()
    assert city.rows("facilities", ids=["p1", "c1"]).tolist() == [True, False, False, True]
    assert not city.rows("facilities", kind="school").any()
    with pytest.raises(UnknownName, match="no clinic with id 'b1'; "):
        city.rows("facilities", kind="clinic", ids=["b1"])


def test_what_hangs_on_nothing_is_listed(city):
    far = city.with_rows("facilities", clinic("far", x=5000.0))
    assert far.unsnapped("facilities", "walk").to_dict("records") == [{"id": "far", "kind": "clinic", "name": ""}]
    assert city.unsnapped("facilities", "walk").empty
    assert far.unsnapped("facilities", "walk", limit=10_000).empty


def test_land(city):
    assert city.land().area == 300 * 300
    people = City.build("x", 32631, networks={}, population=city.population)
    assert people.land().area == 300 * 300
    with pytest.raises(MissingData, match="neither a boundary nor a population"):
        City.build("x", 32631, networks={}).land()


def test_a_city_of_one_network():
    net = Network.from_arrays([0, 100], [0, 0], [0], [1])
    city = City.from_network(net, "line")
    assert (city.name, city.crs, city.people) == ("line", None, 0.0)
    assert city.network("walk") is city.network("drive") is net
    assert len(city.facilities) == len(city.population) == 0
    with pytest.raises(MissingData):
        city.column("population", "people")


def test_tables_are_checked_at_the_door(city):
    people = city.population.assign(people=-1.0)
    with pytest.raises(DataError, match=r"population\.people: 16 values are below 0"):
        City.build("x", 32631, networks={}, population=people)
    with pytest.raises(DataError, match="layer 'green' has no column 'kind'"):
        City.build("x", 32631, networks={}, layers={"green": city.layers["green"].drop(columns="kind")})
    free = city.layers["green"].drop(columns="kind")
    assert City.build("x", 32631, networks={}, layers={"murals": free}).layer("murals") is free
    with pytest.raises(DataError, match="layer 'dependencies' has no column"):
        City.build("x", 32631, networks={}, dependencies=pd.DataFrame({"network": ["power"]}))


def test_about():
    about = About(sources={"green": Source("survey", estimated=True)})
    assert about.source("green").estimated
    assert about.source("water") == Source()


# ── the grid ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("blocks", [1, 3, 8])
def test_the_grid_city_by_its_formula(blocks):
    city = grid_city(blocks, block=50.0, people=2.0)
    side = blocks + 1
    assert city.people == 2 * side**2
    net = city.network("walk")
    assert len(net.graph.tail) == 2 * blocks * side
    assert set(net.columns["length"]) == {50.0}
    assert net.columns["time"] == pytest.approx(50 / (4 / 3))
    assert city.network("drive").columns["time"] == pytest.approx(5)
    assert city.land().area == (50 * blocks) ** 2
    snapped = city.snap("population", "walk")
    assert snapped["offset"].tolist() == [0] * side**2
    assert city.unsnapped("facilities", "drive").empty


def test_people_of_a_polygon_stand_at_its_representative_point():
    cells = gpd.GeoDataFrame({"id": [1], "people": [5.0]}, geometry=[shapely.box(100, 100, 300, 200)], crs=32631)
    city = City.build("x", 32631, networks=dict(grid_city(5).networks), population=cells)
    assert shapely.get_dimensions(city.population.geometry.to_numpy()).tolist() == [0]
    assert cells.geometry[0].contains(city.population.geometry[0])
    assert len(city.snap("population", "walk")) == 1  # not every street along the cell's rim
    assert (
        shapely.get_dimensions(city.with_rows("population", cells.assign(id=2)).population.geometry.to_numpy()).max()
        == 0
    )


def test_people_on_a_line_span_no_land():
    """A density over no land would be endless, and would pass."""
    city = grid_city(2)
    line = city.population[city.population.geometry.y == 0.0]
    city = replace(city, population=line, layers={})
    with pytest.raises(MissingData, match="people stand on a line or at one place, which is no land; add a boundary"):
        city.land()
