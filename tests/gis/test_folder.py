"""A city on disk: what is written is read, to the last bit, and nothing is ever half-written."""

import shutil
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import tomli_w

import twin
from twin.errors import CRSError, DataError
from twin.gis import folder as folders
from twin.gis.grid import grid_city
from twin.report.manifest import digest


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def described(folder, **changes):
    """Rewrite the description with other entries; None takes one out."""
    import tomllib

    meta = tomllib.loads((folder / "city.toml").read_text(encoding="utf-8")) | changes
    text = tomli_w.dumps({k: v for k, v in meta.items() if v is not None})
    (folder / "city.toml").write_text(text, encoding="utf-8")


# ── round trips ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_written_is_read(tmp_path, rich, same):
    twin.write(rich, tmp_path / "城市")
    same(rich, twin.read(tmp_path / "城市"))
    assert names(tmp_path) == ["城市"]
    assert names(tmp_path / "城市" / "networks") == ["drive", "walk"]


def test_again_and_again(tmp_path, rich, same):
    twin.write(rich, tmp_path / "a")
    twin.write(twin.read(tmp_path / "a"), tmp_path / "b")
    same(rich, twin.read(tmp_path / "b"))
    one, two = ((tmp_path / each / "city.toml").read_bytes() for each in "ab")
    assert one == two


def test_onto_itself(tmp_path, rich, same):
    twin.write(rich, tmp_path / "a")
    city = twin.read(tmp_path / "a")
    twin.write(city, tmp_path / "a")  # its geometry had not been read yet
    same(rich, twin.read(tmp_path / "a"))


def test_a_city_of_nothing_but_a_network(tmp_path, same):
    net = twin.Network.from_arrays([0, 1, 2], [0, 0, 0], [0, 1], [1, 2])
    city = twin.City.from_network(net, "a line")
    twin.write(city, tmp_path / "line")
    got = twin.read(tmp_path / "line")
    assert (got.name, got.crs, got.people, len(got.facilities)) == ("a line", None, 0.0, 0)
    np.testing.assert_array_equal(
        twin.routing.matrix(got.networks["walk"], [0, 1, 2]), [[0, 1, 2], [1, 0, 1], [2, 1, 0]]
    )


def test_a_local_crs_without_a_number(tmp_path):
    local = "+proj=tmerc +lat_0=22 +lon_0=114 +k=1 +x_0=38500000 +y_0=0 +ellps=GRS80 +units=m"
    net = twin.Network.from_arrays([0, 1], [0, 0], [0], [1], crs=local)
    city = twin.City.from_network(net)
    twin.write(city, tmp_path / "local")
    assert twin.read(tmp_path / "local").crs == city.crs


def test_ids_of_mixed_type_that_look_alike(tmp_path):
    city = grid_city(2)
    city = city.with_layer("facilities", city.facilities.assign(id=[1, "1", 1.5, True and "true"]))
    twin.write(city, tmp_path / "a")
    assert twin.read(tmp_path / "a").facilities["id"].tolist() == [1, "1", 1.5, "true"]


def test_geometry_of_networks_is_read_when_it_is_needed(tmp_path, rich, monkeypatch):
    twin.write(rich, tmp_path / "a")
    reads = []
    read = folders._geometry
    monkeypatch.setattr(folders, "_geometry", lambda path, stamp: reads.append(path.parent.name) or read(path, stamp))
    city = twin.read(tmp_path / "a")
    twin.routing.matrix(city.networks["drive"], [0, 1])
    assert reads == []
    shapes = city.networks["drive"].shapes
    assert city.networks["drive"].close([1]).shapes is shapes  # variants share it
    assert reads == ["drive"]


def test_geometry_of_a_city_that_was_replaced_is_refused(tmp_path, rich):
    twin.write(rich, tmp_path / "a")
    city = twin.read(tmp_path / "a")
    twin.write(rich, tmp_path / "a")
    with pytest.raises(DataError, match=r"edges\.parquet: it was written anew since the city was read; read the city"):
        city.networks["drive"].shapes  # noqa: B018


def test_other_programs_read_the_tables(tmp_path, rich):
    twin.write(rich, tmp_path / "a")
    frame = gpd.read_parquet(tmp_path / "a" / "networks" / "drive" / "edges.parquet")
    assert frame.crs == 32631
    assert frame["name"].tolist()[:2] == ["西大街0号", "东大街1号"]


# ── what stands in the way ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_folder_of_something_else_is_refused(tmp_path):
    target = tmp_path / "work"
    target.mkdir()
    pd.DataFrame({"a": [1]}).to_parquet(target / "thesis.parquet")
    with pytest.raises(DataError, match=r"work: there is something that is no city folder; name another target"):
        twin.write(grid_city(1), target)
    assert names(target) == ["thesis.parquet"]


def test_a_file_is_refused(tmp_path):
    target = tmp_path / "notes"
    target.write_text("mine")
    with pytest.raises(DataError, match=r"notes: there is something that is no city folder"):
        twin.write(grid_city(1), target)
    assert target.read_text() == "mine"


def test_an_empty_folder_is_taken(tmp_path):
    (tmp_path / "a").mkdir()
    twin.write(grid_city(1), tmp_path / "a")
    assert twin.read(tmp_path / "a").name == "grid of 1 x 1"


def test_what_others_put_into_the_folder_stays(tmp_path, rich, same):
    target = tmp_path / "a"
    twin.write(grid_city(2), target)
    (target / "README.md").write_text("made by hand")
    (target / "layouts").mkdir()
    (target / "layouts" / "one.gpkg").write_bytes(b"1")
    (target / "latest").symlink_to("layouts/one.gpkg")
    (target / "dangling").symlink_to("nowhere")
    twin.write(rich, target)
    assert (target / "README.md").read_text() == "made by hand"
    assert (target / "layouts" / "one.gpkg").read_bytes() == b"1"
    assert (target / "latest").readlink().as_posix() == "layouts/one.gpkg"
    assert (target / "dangling").is_symlink()
    same(rich, twin.read(target))  # and nothing of the first city is left


def test_a_link_to_a_folder_is_followed(tmp_path):
    twin.write(grid_city(1), tmp_path / "v1")
    (tmp_path / "current").symlink_to("v1")
    twin.write(grid_city(2), tmp_path / "current")
    assert (tmp_path / "current").is_symlink()
    assert twin.read(tmp_path / "v1").name == "grid of 2 x 2"
    assert names(tmp_path) == ["current", "v1"]


def test_the_folder_one_stands_in(tmp_path, monkeypatch):
    twin.write(grid_city(1), tmp_path / "a")
    monkeypatch.chdir(tmp_path / "a")
    twin.write(grid_city(2), ".")
    assert twin.read(tmp_path / "a").name == "grid of 2 x 2"


@pytest.mark.parametrize("how", [KeyboardInterrupt, RuntimeError, OSError])
@pytest.mark.parametrize("old", [True, False])
@pytest.mark.parametrize("at", [0, 3, 7])
def test_an_interrupted_write_changes_nothing(tmp_path, rich, same, monkeypatch, how, old, at):
    target = tmp_path / "a"
    if old:
        twin.write(rich, target)
    calls, write = [], folders._write_table

    def failing(frame, path):
        calls.append(path)
        if len(calls) > at:
            raise how(28, "No space left on device") if how is OSError else how
        write(frame, path)

    monkeypatch.setattr(folders, "_write_table", failing)
    with pytest.raises(DataError if how is OSError else how) as caught:
        twin.write(grid_city(2), target)
    if how is OSError:
        assert "a: cannot be written (No space left on device); name a folder" in str(caught.value)
    assert names(tmp_path) == (["a"] if old else [])
    if old:
        same(rich, twin.read(target))


def test_the_old_city_comes_back_where_the_new_one_cannot_take_its_place(tmp_path, rich, same, monkeypatch):
    target = tmp_path / "a"
    twin.write(rich, target)
    rename = Path.rename

    def failing(self, to):
        if self.suffix == ".partial":
            raise KeyboardInterrupt
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(KeyboardInterrupt):
        twin.write(grid_city(2), target)
    monkeypatch.undo()
    assert names(tmp_path) == ["a"]
    same(rich, twin.read(target))


def test_places_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    for target in (tmp_path / "file" / "city", tmp_path / "file" / "deep" / "city"):
        with pytest.raises(DataError, match=r"city: cannot be written \(.+\); name a folder that you may write to"):
            twin.write(grid_city(1), target)
    if Path("/proc").is_dir():
        with pytest.raises(DataError, match=r"^/proc/city: cannot be written \(.+\); name a folder"):
            twin.write(grid_city(1), "/proc/city")


@pytest.mark.parametrize("name", ["../evil", "..", ".hidden", "a/b", "a\\b", "", "/etc/passwd", "a\0b", "a\nb"])
def test_layer_names_that_would_leave_the_folder(tmp_path, name):
    city = grid_city(1)
    city = city.with_layer(name, city.table("green"))
    with pytest.raises(DataError, match="is no name for a layer"):
        twin.write(city, tmp_path / "a")
    assert names(tmp_path) == []


def test_network_names_that_would_leave_the_folder(tmp_path):
    city = grid_city(1)
    with pytest.raises(DataError, match=r"'\.\./evil' is no name for a layer"):
        twin.write(city.with_network("../evil", city.networks["walk"]), tmp_path / "a")
    assert names(tmp_path) == []


# ── broken folders ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def written(tmp_path_factory, rich):
    twin.write(rich, folder := tmp_path_factory.mktemp("written") / "town")
    return folder


@pytest.fixture
def town(tmp_path, written):
    return Path(shutil.copytree(written, tmp_path / "town"))


def test_no_description(tmp_path):
    with pytest.raises(DataError, match=r"no city\.toml in it; a city folder is what `twin read SOURCE TARGET` writes"):
        twin.read(tmp_path)


@pytest.mark.parametrize("content", [b"name = \n", b"\xff\xfe\x00", b"= 3"])
def test_a_description_that_is_no_toml(town, content):
    (town / "city.toml").write_bytes(content)
    with pytest.raises(DataError, match=r"city\.toml: not readable as TOML .*; correct that line"):
        twin.read(town)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": None}, "town: 'name' is missing; write name ="),
        ({"name": ["a"]}, "town: 'name' is ['a']: input should be a valid string"),
        ({"crs": None}, "town: 'crs' is missing; write crs ="),
        ({"format": 2}, "town: written in format 2, this version reads up to 1; update twin"),
        ({"format": "two"}, "town: 'format' is 'two': input should be a valid integer"),
        ({"sources": {"green": {"sourse": "x"}}}, "town: sources.green: no key 'sourse'; did you mean 'source'?"),
        ({"sources": {"green": "OSM"}}, "town: 'sources.green' is 'OSM'"),
        ({"sources": "OSM"}, "town: 'sources' is 'OSM'"),
        ({"traits": ["IV"]}, "town: 'traits' is ['IV']"),
        ({"networks": {"walk": {"approach": "fast"}}}, "town: 'networks.walk.approach' is 'fast'"),
        ({"networks": [1]}, "town: 'networks' is [1]"),
        ({"log": "flood"}, "town: 'log' is 'flood'"),
        ({"attribution": "me"}, "town: 'attribution' is 'me'"),
        ({"synthetic": "maybe"}, "town: 'synthetic' is 'maybe'"),
    ],
)
def test_a_description_with_wrong_entries(town, changes, message):
    described(town, **changes)
    with pytest.raises(DataError, match="town") as caught:
        twin.read(town)
    assert message in str(caught.value)


@pytest.mark.parametrize(("crs", "message"), [("EPSG:1", "no CRS that PROJ knows"), ("EPSG:4326", "counts in degrees")])
def test_a_description_with_a_wrong_crs(town, crs, message):
    described(town, crs=crs)
    with pytest.raises(CRSError, match=rf"town: .*{message}"):
        twin.read(town)


@pytest.mark.parametrize(
    "name", ["facilities.parquet", "green.parquet", "networks/walk/nodes.parquet", "networks/walk/edges.parquet"]
)
@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_table_that_is_cut_short(town, name, share):
    path = town / name
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(DataError, match=rf"town/{name}: not readable as Parquet .*; write the city again"):
        twin.read(town)


def test_a_network_without_nodes(town):
    (town / "networks" / "walk" / "nodes.parquet").unlink()
    with pytest.raises(DataError, match=r"networks/walk/nodes\.parquet: missing; write the city again"):
        twin.read(town)


def test_a_network_without_edges(town):
    (town / "networks" / "walk" / "edges.parquet").unlink()
    with pytest.raises(DataError, match=r"networks/walk/edges\.parquet: missing; write the city again"):
        twin.read(town)


def test_a_raster_that_is_none(town):
    (town / "flood.tif").write_bytes(b"hello")
    with pytest.raises(DataError, match=r"flood\.tif: not readable as a raster"):
        twin.read(town)


def edited(path, change):
    frame = gpd.read_parquet(path)
    change(frame).to_parquet(path)


def test_negative_people(town):
    edited(town / "population.parquet", lambda f: f.assign(people=np.where(f.index < 2, -1.0, f["people"])))
    with pytest.raises(
        DataError, match=r"town: population\.people: 2 values are below 0 or infinite \(rows 0, 1: -1, -1\)"
    ) as caught:
        twin.read(town)
    assert (caught.value.layer, caught.value.column, caught.value.rows) == ("population", "people", (0, 1))


def test_missing_people(town):
    edited(town / "population.parquet", lambda f: f.assign(people=np.where(f.index == 3, np.nan, f["people"])))
    with pytest.raises(
        DataError, match=r"town: population\.people: 1 values are missing \(rows 3\); residents is needed"
    ):
        twin.read(town)


def test_negative_capacity_is_wrong_and_a_missing_one_is_unknown(town):
    edited(town / "facilities.parquet", lambda f: f.assign(capacity=[np.nan, 5.0, -1.0, 0.0]))
    with pytest.raises(
        DataError, match=r"town: facilities\.capacity: 1 values are below 0 .*\(rows 2: -1\)\. Capacity is in person"
    ):
        twin.read(town)


def test_ids_that_repeat(town):
    edited(town / "districts.parquet", lambda f: f.assign(id=[4, 4]))
    with pytest.raises(
        DataError, match=r"town: districts\.id: 2 rows share an id \(rows 0, 1: 4, 4\); give every row its own"
    ):
        twin.read(town)


def test_a_column_by_another_name(town):
    edited(town / "population.parquet", lambda f: f.rename(columns={"people": "peopel"}))
    with pytest.raises(
        DataError, match=r"town: layer 'population' has no column 'people' \(residents\); did you mean 'peopel'"
    ):
        twin.read(town)


def test_a_layer_in_another_crs_is_brought_into_the_citys(town, rich):
    edited(town / "green.parquet", lambda f: f.to_crs(4326))
    got = twin.read(town).table("green")
    assert got.crs == 32631
    assert got.geometry.geom_equals_exact(rich.table("green").geometry, 1e-3).all()


def test_a_layer_without_a_crs(town):
    edited(town / "green.parquet", lambda f: f.set_crs(None, allow_override=True))
    with pytest.raises(CRSError, match=r"town, layer green: the layer has no CRS; say which it is"):
        twin.read(town)


def test_a_raster_in_another_crs(town):
    import pyproj

    from twin.gis.raster import write_raster
    from twin.model import Raster

    write_raster(Raster(np.ones((2, 2), dtype="f4"), 5e5, 4e6, 10.0, pyproj.CRS(32632)), town / "flood.tif")
    with pytest.raises(CRSError, match=r"town, layer flood: .*EPSG:32632.*EPSG:32631"):
        twin.read(town)


def test_polygons_that_intersect_themselves_are_repaired_and_noted(town):
    import shapely

    tie = shapely.Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])
    edited(town / "green.parquet", lambda f: f.set_geometry(gpd.GeoSeries([tie], crs=f.crs)))
    city = twin.read(town)
    assert city.table("green").area.tolist() == [5000.0]
    assert "green: 1 polygons intersected themselves and were repaired (rows 0)" in city.about.source("green").notes


def test_edges_that_lead_nowhere(town):
    path = town / "networks" / "walk" / "edges.parquet"
    edited(path, lambda f: f.assign(head=np.where(f.index == 0, 99, f["head"])))
    with pytest.raises(DataError, match=r"town, network walk: edges\.head: positions of nodes run from 0 to 35"):
        twin.read(town)
    edited(path, lambda f: f.drop(columns="head"))
    with pytest.raises(DataError, match=r"town, network walk: the edges have no column head"):
        twin.read(town)


def test_options_that_a_folder_does_not_have(town):
    with pytest.raises(LookupError, match="no option 'population'"):
        twin.read(town, population=300)


def test_turns_come_back(tmp_path):
    city = grid_city(2)
    drive = city.networks["drive"]
    turns = pd.DataFrame({"from_edge": [0], "node": [drive.graph.head[0]], "to_edge": [0], "cost": [np.inf]})
    given = {name: values for name, values in drive.columns.items() if name not in {"tail", "head", "oneway"}}
    drive = twin.Network.from_arrays(
        drive.x, drive.y, drive.graph.tail, drive.graph.head, crs=drive.crs, turns=turns, **given
    )
    city = city.with_network("drive", drive)
    for target in (tmp_path / "folder", tmp_path / "city.gpkg"):
        twin.write(city, target)
        again = twin.read(target)
        pd.testing.assert_frame_equal(again.networks["drive"].graph.turns.to_frame(), drive.graph.turns.to_frame())
        assert again.networks["walk"].graph.turns is None
        assert digest(again) == digest(city) != digest(grid_city(2))


def test_a_prepared_network_stays_prepared(tmp_path):
    city = grid_city(12)
    twin.write(city, tmp_path / "city")
    assert not (tmp_path / "city" / "networks" / "walk" / "hierarchy").exists()
    twin.routing.prepare(city.networks["walk"])
    twin.write(city, tmp_path / "city")
    expected = twin.routing.matrix(city.networks["walk"], np.arange(169))
    again = twin.read(tmp_path / "city")
    walk, drive = again.networks["walk"], again.networks["drive"]
    assert walk.graph.memory.held("stored hierarchy") is not None
    assert drive.graph.memory.held("stored hierarchy") is None
    twin.write(again, tmp_path / "copy")  # what was never asked for is kept as well
    for net in (walk, twin.read(tmp_path / "copy").networks["walk"]):
        assert np.array_equal(twin.routing.matrix(net, np.arange(169)), expected)
        built = net.graph.memory.held("hierarchy")
        stored = net.graph.memory.held("stored hierarchy")
        assert np.shares_memory(built.head, stored["head"])  # it was not made again


def test_a_hierarchy_of_another_topology_or_a_broken_one_is_made_again_or_named(tmp_path):
    city, other = grid_city(12), grid_city(13)
    for each in (city, other):
        twin.routing.prepare(each.networks["walk"])
        twin.write(each, tmp_path / each.name)
        twin.write(each, tmp_path / f"{len(each.networks['walk'].x)}")
    home = tmp_path / "169" / "networks" / "walk" / "hierarchy"
    expected = twin.routing.matrix(city.networks["walk"], np.arange(169))
    shutil.rmtree(home)
    shutil.copytree(tmp_path / "196" / "networks" / "walk" / "hierarchy", home)
    assert np.array_equal(twin.routing.matrix(twin.read(tmp_path / "169").networks["walk"], np.arange(169)), expected)
    (home / "head.npy").unlink()
    assert np.array_equal(twin.routing.matrix(twin.read(tmp_path / "169").networks["walk"], np.arange(169)), expected)
    (home / "rank.npy").write_bytes(b"no array")
    with pytest.raises(DataError, match=r"rank\.npy: not readable"):
        twin.read(tmp_path / "169")
