"""The door for whole cities: which reader takes a source, and real cities through it."""

import geopandas as gpd
import networkx
import numpy as np
import pytest
import shapely

import twin
from twin.errors import CRSError, DataError, UnknownName
from twin.gis.grid import grid_city
from twin.gis.read import readers
from twin.model import City
from twin.model.crs import to_crs


def test_no_such_source(tmp_path):
    with pytest.raises(DataError, match=r"nowhere: no such file or folder"):
        twin.read(tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"nowhere\.gpkg: no such file or folder"):
        twin.read(tmp_path / "nowhere.gpkg")


@pytest.mark.parametrize("name", ["town.docx", "town", "town.pbf.zip"])
def test_files_that_no_reader_takes(tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(UnknownName, match=rf"no reader for '{name}'") as caught:
        twin.read(tmp_path / name)
    assert ".gpkg" in caught.value.known


def test_databases_are_not_read_yet():
    with pytest.raises(UnknownName, match="no reader for 'postgresql'"):
        twin.read("postgresql://nobody@localhost/city")


@pytest.mark.parametrize("name", ["town.v2.gpkg", "TOWN.GPKG", "a.b.c.gpkg"])
def test_endings(tmp_path, name):
    twin.write(grid_city(1), tmp_path / name)
    assert twin.read(str(tmp_path / name)).name == "grid of 1 x 1"


def test_other_packages_add_readers(tmp_path, monkeypatch):
    monkeypatch.setattr(readers, "_known", dict(readers.items()))
    readers.add(".town", lambda path, name: City.from_network(grid_city(1).networks["walk"], f"{path.stem} of {name}"))
    (tmp_path / "a.town").write_text("")
    assert twin.read(tmp_path / "a.town", name="x").name == "a of x"


# ── street graphs ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_street_graph(tmp_path):
    graph = networkx.MultiDiGraph(crs="EPSG:4326")
    for name, (x, y) in {"甲": (114.0, 22.5), "乙": (114.001, 22.5), "丙": (114.002, 22.5)}.items():
        graph.add_node(name, x=x, y=y)
    graph.add_edge("甲", "乙", length=110.0, name="深南大道")
    graph.add_edge("乙", "甲", length=110.0, name="深南大道")
    graph.add_edge("乙", "丙", name="景田路")
    networkx.write_graphml(graph, tmp_path / "town.graphml")
    city = twin.read(tmp_path / "town.graphml")
    net = city.networks["drive"]
    assert (city.name, city.crs.to_epsg()) == ("town", 32650)  # from 114° E
    assert net.ids.tolist() == ["甲", "乙", "丙"]
    assert net.edges["name"].tolist() == ["深南大道", "深南大道", "景田路"]
    cost = twin.routing.matrix(net, ["甲", "丙"], ["甲", "丙"])
    # a thousandth of a degree of longitude at 22.5° N: 111.3195 m x cos, on the ellipsoid 102.9 m
    assert cost[0, 1] == pytest.approx(110 + 102.9, abs=0.15)
    assert cost[1, 0] == np.inf
    assert twin.read(tmp_path / "town.graphml", name="福田").name == "福田"
    with pytest.raises(UnknownName, match=r"no option 'nmae'; did you mean 'name'\?"):
        twin.read(tmp_path / "town.graphml", nmae="x")


@pytest.mark.parametrize("content", [b"", b"hello", b"<graphml>", b"<a/>"])
def test_a_graph_that_is_none(tmp_path, content):
    (tmp_path / "town.graphml").write_bytes(content)
    with pytest.raises(DataError, match=r"town\.graphml: "):
        twin.read(tmp_path / "town.graphml")


def test_a_graph_without_places(tmp_path):
    networkx.write_graphml(networkx.path_graph(3), tmp_path / "town.graphml")
    with pytest.raises(
        DataError, match=r"town\.graphml: the graph's nodes have no 'x'; give every node its coordinates"
    ):
        twin.read(tmp_path / "town.graphml")


# ── layers in another CRS ────────────────────────────────────────────────────────────────────────────────────────────


def spot(x, y, crs=4326):
    return gpd.GeoDataFrame({"id": [1]}, geometry=[shapely.Point(x, y)], crs=crs)


def test_a_layer_is_brought_into_the_citys_crs():
    frame = spot(7.42, 43.73)
    moved = to_crs(frame, grid_city(1).crs.from_epsg(32632), where="x")
    assert (moved.geometry.x[0], moved.geometry.y[0]) == pytest.approx((372_692, 4_843_092), abs=1500)
    assert frame.crs == 4326
    assert to_crs(moved, moved.crs, where="x") is moved


def test_a_layer_of_another_place_is_refused():
    utm = grid_city(1).crs.from_epsg(32632)  # 6° to 12° E
    for x, y in ((43.73, 7.42), (114.05, 22.55), (-60.0, 5.0)):
        with pytest.raises(CRSError, match=r"clinics: it lies at longitude .*; check that the axes are not swapped"):
            to_crs(spot(x, y), utm, where="clinics")
    assert len(to_crs(spot(13.5, 43.0), utm, where="x")) == 1  # a city at the border of a zone


def test_a_city_refuses_layers_that_do_not_say_where_they_are(rich):
    bare = spot(100, 100, crs=None)
    with pytest.raises(CRSError, match=r"layer wells: the layer has no CRS; say which it is"):
        rich.with_layer("wells", bare)
    with pytest.raises(CRSError, match=r"layer wells: the layer has no CRS"):
        City.build("x", 32631, networks={}, layers={"wells": bare})
    with pytest.raises(CRSError, match=r"x: network 'walk' is in EPSG:32631, the city in EPSG:32632"):
        City.build("x", 32632, networks=rich.networks)
    with pytest.raises(
        CRSError, match=r"layer flood: the raster is in EPSG:32631, the city in EPSG:32632; read it with"
    ):
        City.build("x", 32632, networks={}, layers={"flood": rich.layers["flood"]})


# ── real ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.real
def test_the_streets_of_futian(tmp_path, data, same):
    path = data("shenzhen/tbd_G.graphml")
    city = twin.read(path, name="福田")
    net = city.networks["drive"]
    assert (len(net.ids), len(net.graph.tail)) == (1_751, 4_009)
    assert city.crs.to_epsg() in {32649, 32650}
    assert city.cut_off("drive").empty  # strongly connected
    names = net.edges["name"]
    assert "深南大道" in set(names)
    # as many Chinese names as the file has, counted in its text
    told = sum("一" <= line.split(">")[1].removeprefix("['")[:1] <= "鿿" for line in _names(path))
    assert sum("一" <= name[:1] <= "鿿" for name in names) == told
    ids = net.ids[[0, 500, 1000]]
    before = twin.routing.matrix(net, ids)
    assert np.isfinite(before).all()
    for target in (tmp_path / "futian", tmp_path / "futian.gpkg"):
        twin.write(city, target)
        again = twin.read(target)
        assert again.networks["drive"].edges["name"].tolist() == names.tolist()
        np.testing.assert_array_equal(twin.routing.matrix(again.networks["drive"], ids), before)


def _names(path):
    import re

    text = path.read_text(encoding="utf-8")
    key = re.search(r'<key id="(d\d+)" for="edge" attr.name="name"', text).group(1)
    return re.findall(rf'<data key="{key}">[^<]*', text.split("<edge", 1)[1])


@pytest.fixture(scope="module")
def las_palmas(data):
    return twin.read(data("las_palmas/las_palmas_2023.osm.pbf"), boundary=data("las_palmas/boundary.geojson"))


@pytest.mark.real
def test_las_palmas_whole(las_palmas):
    city = las_palmas
    assert (city.name, city.crs.to_epsg()) == ("Las Palmas 2023", 32628)
    assert (
        21_000 < len(city.table("buildings")) <= 22_651
    )  # ways tagged building in the extract, some beyond the border
    kinds = city.facilities["kind"].value_counts()
    assert (kinds["fire_station"], kinds["kindergarten"]) == (2, 23)
    assert 20 <= kinds["hospital"] <= 27
    assert 80 <= kinds["clinic"] <= 90
    assert 130 <= kinds["school"] <= 163
    assert city.land().area / 1e6 == pytest.approx(100.55, abs=3)  # the municipality; the outline has its port
    assert city.about.source("population").estimated


@pytest.mark.real
def test_las_palmas_hangs_on_its_streets(las_palmas):
    city = las_palmas
    for layer, least in (("population", 0.995), ("facilities", 0.99)):
        for network in ("walk", "drive"):
            lost = city.unsnapped(layer, network)
            assert len(lost) <= (1 - least) * len(city.table(layer)), (layer, network)
    for network in ("walk", "drive"):
        net = city.networks[network]
        assert city.cut_off(network)["length"].sum() < 0.05 * net.columns["length"].sum()


@pytest.mark.real
def test_las_palmas_by_a_known_total(data, las_palmas):
    """About 378,000 people live in the municipality; a given total is spread and stays whole."""
    from twin.gis.population import estimated

    table, _ = estimated(las_palmas.table("buildings"), total=378_000)
    assert table["people"].sum() == pytest.approx(378_000)
    assert len(table) == len(las_palmas.population)


@pytest.mark.real
def test_las_palmas_through_a_folder(tmp_path, las_palmas):
    twin.write(las_palmas, tmp_path / "lp")
    again = twin.read(tmp_path / "lp")
    assert again.about == las_palmas.about
    for layer in ("facilities", "population", *las_palmas.layers):
        frame, other = las_palmas.table(layer), again.table(layer)
        assert frame["id"].tolist() == other["id"].tolist()
        assert shapely.equals_exact(frame.geometry.to_numpy(), other.geometry.to_numpy()).all()
    rng = np.random.default_rng(0)
    for name, net in las_palmas.networks.items():
        other = again.networks[name]
        some = rng.choice(net.ids, 20, replace=False)
        np.testing.assert_array_equal(
            twin.routing.matrix(net, some, cost="time"), twin.routing.matrix(other, some, cost="time")
        )
