"""Scenarios: a change is a function, a sum builds first, and a TOML file says the same."""

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely

import twin
from twin.errors import DataError, MissingData, ScenarioError, UnknownName
from twin.gis.grid import grid_city
from twin.hazards import Blockage, Flood
from twin.interventions import (
    AddEdge,
    AddFacility,
    ChangeActivity,
    ChangeHeadway,
    ChangeQueue,
    ChangeRecord,
    CloseFacility,
    CloseStop,
    Equip,
    GrowPopulation,
    Layout,
    RemoveLine,
)
from twin.model import Raster
from twin.scenario import Scenario, changes, named

CITY = grid_city(5)


def doubled(city):
    return city.with_columns("population", people=city.population["people"] * 2)


def one_more(city):
    return city.with_columns("population", people=city.population["people"] + 1)


# ── applying ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_changes_are_applied_in_order():
    assert Scenario("a", doubled, one_more)(CITY).people == 36 * 21
    assert Scenario("b", one_more, doubled)(CITY).people == 36 * 22


def test_a_sum_builds_first_and_breaks_afterwards():
    plan, shock = Scenario("plan", one_more), Scenario("shock", doubled)
    both = plan + shock
    assert both.name == "plan + shock"
    assert both(CITY).people == 36 * 22
    assert (shock + plan)(CITY).people == 36 * 21
    assert both(CITY).log == ("plan + shock",)
    assert shock(plan(CITY)).log == ("plan", "shock")
    assert (plan.changes, shock.changes) == ((one_more,), (doubled,))


def test_a_scenario_of_nothing_is_the_city():
    after = Scenario("as built")(CITY)
    assert (after.log, after.networks, after.population) == (("as built",), CITY.networks, CITY.population)


def test_what_is_no_change():
    with pytest.raises(ScenarioError, match=r"scenario 'a': 3 is no change; a change is a function from city to city"):
        Scenario("a", 3)


def test_a_change_that_returns_something_else():
    def broken(city):
        return None

    with pytest.raises(ScenarioError, match=r"scenario 'a': broken returned NoneType, not a city") as caught:
        Scenario("a", broken)(CITY)
    assert (caught.value.scenario, caught.value.change) == ("a", "broken")


def test_an_error_says_in_which_scenario_and_change():
    with pytest.raises(UnknownName) as caught:
        (Scenario("plan") + Scenario("shut", CloseFacility("clinic", ("c9",))))(CITY)
    assert str(caught.value) == "no clinic with id 'c9'; did you mean 'c1'?"
    assert caught.value.__notes__ == ["in scenario 'plan + shut', change close_facility"]


def test_replications_differ_and_repeat():
    storm = Scenario("storm", Blockage(share=0.2, seed=1), Blockage(share=0.2, seed=1), CloseFacility("clinic"))
    assert storm.random
    assert not Scenario("calm", Blockage(names=("a",)), doubled).random

    def shut(scenario):
        return tuple(np.flatnonzero(~scenario(CITY).networks["drive"].open).tolist())

    runs = [storm.seeded(seed) for seed in range(20)]
    assert len({shut(run) for run in runs}) == 20
    assert [shut(run) for run in runs] == [shut(storm.seeded(seed)) for seed in range(20)]
    seeds = [change.seed for run in runs for change in run.changes[:2]]
    assert len(set(seeds)) == 40  # each change of each replication draws its own
    assert all(run.changes[2] is storm.changes[2] for run in runs)
    assert runs[0].name == "storm"
    assert not Scenario("calm", Blockage(names=("a",))).seeded(3).random


def test_describe():
    scenario = Scenario("a", AddFacility("clinic", at=(10.0, 20.0), capacity=300.0), doubled, Blockage(names=("甲路",)))
    english = scenario.describe()
    assert english[0] == "add facility (facility: clinic; at: (10.0, 20.0); capacity: 300.0 person)"
    assert english[1] == "doubled"
    assert english[2].startswith("blockage (names: 甲路")
    assert scenario.describe("zh")[0].startswith("新增设施（设施：门诊部；位置：(10.0, 20.0)；容量：300.0 人）")


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────────

WATER = Raster(np.full((2, 2), 0.5, dtype="f4"), -50.0, 550.0, 300.0, pyproj.CRS(32631))
SITES = gpd.GeoDataFrame({"name": ["新站"], "capacity": [20.0]}, geometry=[shapely.Point(400_000, 400_000)], crs=32631)
EXAMPLES = {
    "add_edge": AddEdge(
        "drive", ((0.0, 0.0), (50.0, 60.5), (100.0, 100.0)), speed=8.5, oneway=True, name="新路", join=3.0
    ),
    "add_facility": AddFacility("clinic", at=(10.0, 20.5), capacity=300.0, name="新诊所", id="n1"),
    "blockage": Blockage(share=0.25, only="ground", networks=("drive",), seed=7),
    "change_activity": ChangeActivity("car_travel", times=0.8, emission="car_defra_2007"),
    "change_headway": ChangeHeadway("一路", 450.0, between=("07:00", "25:30")),
    "change_queue": ChangeQueue("hotline", times=1.33, staff=3.0),
    "change_record": ChangeRecord("water_in", times=0.95, add=-2.0),
    "close_facility": CloseFacility("clinic", ("c1", 7)),
    "close_stop": CloseStop("b2"),
    "equip": Equip("parking", "spaces_charging", of="spaces", share=0.1),
    "flood": Flood(WATER, impassable=0.4, sill=0.2),
    "grow_population": GrowPopulation(1.25, districts=("西区", "东区"), jobs=True),
    "layout": Layout("clinic", SITES),
    "remove_line": RemoveLine("一路"),
}


def same_field(a, b):
    if isinstance(a, Raster):
        assert (a.west, a.north, a.cell, a.crs, a.unit) == (b.west, b.north, b.cell, b.crs, b.unit)
        np.testing.assert_array_equal(a.values, b.values)
    elif isinstance(a, gpd.GeoDataFrame):
        assert a.crs == b.crs
        assert a.drop(columns="geometry").to_dict("list") == b.drop(columns="geometry").to_dict("list")
        assert a.geometry.geom_equals(b.geometry).all()
    else:
        assert a == b or (a != a and b != b)  # noqa: PLR0124
        assert type(a) is type(b)


def test_every_change_has_an_example():
    assert set(EXAMPLES) == set(changes)


@pytest.mark.parametrize("kind", sorted(EXAMPLES))
def test_what_is_saved_is_loaded(tmp_path, kind):
    given = EXAMPLES[kind]
    Scenario('百年一遇 "x"', given).save(tmp_path / "deep" / "a.toml")
    got = Scenario.load(tmp_path / "deep" / "a.toml")
    assert got.name == '百年一遇 "x"'
    (loaded,) = got.changes
    assert type(loaded) is type(given)
    for field in given.__dataclass_fields__:
        same_field(getattr(given, field), getattr(loaded, field))
    assert not list((tmp_path / "deep").glob("*partial*"))


@pytest.mark.parametrize(
    "change",
    [
        Blockage(names=("甲路",)),
        Blockage(area="districts"),
        CloseFacility("clinic"),
        AddFacility("clinic", at=(1.0, 2.0)),
    ],
)
def test_defaults_are_saved_and_loaded(tmp_path, change):
    Scenario("a", change).save(tmp_path / "a.toml")
    (loaded,) = Scenario.load(tmp_path / "a.toml").changes
    for field in change.__dataclass_fields__:
        same_field(getattr(change, field), getattr(loaded, field))


def test_numbers_of_numpy_are_saved(tmp_path):
    change = AddFacility("clinic", at=tuple(np.array([1.5, 2.5])), capacity=np.float32(4))
    Scenario("a", change, CloseFacility("clinic", (np.int64(3),))).save(tmp_path / "a.toml")
    first, second = Scenario.load(tmp_path / "a.toml").changes
    assert (first.at, first.capacity, second.ids) == ((1.5, 2.5), 4.0, (3,))


def test_a_layout_with_entrances_is_saved(tmp_path):
    Scenario("a", Layout("clinic", SITES.assign(entrances=None))).save(tmp_path / "a.toml")
    assert len(Scenario.load(tmp_path / "a.toml").changes[0].sites) == 1


def test_a_function_cannot_be_saved(tmp_path):
    with pytest.raises(ScenarioError, match="doubled is a plain function; only registered changes can be saved"):
        Scenario("a", doubled).save(tmp_path / "a.toml")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ScenarioError, match=r"a\.toml: cannot be written \(.+\); name a place"):
        Scenario("a").save(tmp_path / "file" / "a.toml")


def load(tmp_path, text, name="storm.toml"):
    (tmp_path / name).write_text(text, encoding="utf-8")
    return Scenario.load(tmp_path / name)


def test_the_file_of_the_design(tmp_path):
    from twin.gis.raster import write_raster

    write_raster(WATER, tmp_path / "flood_100.tif")
    text = 'name = "1-in-100-year flood"\n[[change]]\nkind = "flood"\ndepth = "flood_100.tif"\n'
    (flood,) = load(tmp_path, text + 'impassable = { value = 30, unit = "cm" }\nsill = "150 mm"').changes
    assert isinstance(flood.depth, Raster)
    assert (flood.impassable, flood.sill) == pytest.approx((0.3, 0.15))
    assert load(tmp_path, text + "impassable = 0.5").changes[0].impassable == 0.5  # SI where no unit is given


def test_speeds_and_shares_in_units(tmp_path):
    text = (
        'name = "a"\n[[change]]\nkind = "add_edge"\nnetwork = "drive"\npoints = [[0, 0], [100, 0]]\nspeed = "36 km/h"\n'
    )
    first, second = load(tmp_path, text + '[[change]]\nkind = "blockage"\nshare = "20 %"').changes
    assert (first.speed, second.share) == pytest.approx((10.0, 0.2))
    assert first.points == ((0, 0), (100, 0))


def test_layers_of_the_city_by_name(tmp_path):
    (flood,) = load(tmp_path, 'name = "a"\n[[change]]\nkind = "flood"\ndepth = "flood_100"').changes
    assert flood.depth == "flood_100"
    with pytest.raises(MissingData, match=r"no layer 'flood_100'; there is boundary, green, land_use"):
        flood(CITY)


@pytest.mark.parametrize(
    "where",
    [
        "{tmp}/secret.tif",
        "../secret.tif",
        "sub/../../secret.tif",
        "link.tif",
        "../secret",
        "../missing.tif",
        "/missing.tif",
    ],
)
def test_files_outside_of_the_scenarios_folder_are_refused(tmp_path, where):
    from twin.gis.raster import write_raster

    write_raster(WATER, tmp_path / "secret.tif")
    (tmp_path / "secret").write_bytes(b"x")
    home = tmp_path / "mine"
    (home / "sub").mkdir(parents=True)
    (home / "link.tif").symlink_to(tmp_path / "secret.tif")
    text = f'name = "a"\n[[change]]\nkind = "flood"\ndepth = "{where.format(tmp=tmp_path)}"'
    with pytest.raises(
        ScenarioError, match=r"storm\.toml, change 1, depth: '.*' lies outside of the scenario's folder"
    ):
        load(home, text)
    write_raster(WATER, home / "sub" / "inside.tif")
    inside = 'name = "a"\n[[change]]\nkind = "flood"\ndepth = "sub/../sub/inside.tif"'
    assert isinstance(load(home, inside).changes[0].depth, Raster)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", r"storm\.toml: not readable as TOML .*; correct that line"),
        ("", r"storm\.toml: a scenario needs a name; write name ="),
        ("name = 3", r"storm\.toml: a scenario needs a name"),
        ('name = "a"\nchanges = []', r"storm\.toml: no key 'changes'; did you mean 'change'\?"),
        ('name = "a"\n[change]\nkind = "flood"', r"storm\.toml: write each change under \[\[change\]\], with two"),
        (
            'name = "a"\n[[change]]\ndepth = "a"',
            r"storm\.toml, change 1: a change names its kind; write kind = .flood. \(or add_edge",
        ),
        ('name = "a"\nchange = [3]', r"storm\.toml, change 1: a change names its kind"),
        ('name = "a"\n[[change]]\nkind = "flod"', r"storm\.toml, change 1: no change 'flod'; did you mean 'flood'\?"),
        ('name = "a"\n[[change]]\nkind = "flood"', r"storm\.toml, change 1 \(flood\): depth must be given"),
        (
            'name = "a"\n[[change]]\nkind = "flood"\ndept = "x"',
            r"storm\.toml, change 1 \(flood\): no key 'dept'; did you mean 'depth'\?",
        ),
        (
            'name = "a"\n[[change]]\nkind = "flood"\ndepth = "x"\nsill = { value = 3, unit = "metr" }',
            r"storm\.toml, change 1, sill: no unit 'metr'; did you mean 'metre'\?",
        ),
        (
            'name = "a"\n[[change]]\nkind = "flood"\ndepth = "x"\nsill = "3 minute"',
            r"storm\.toml, change 1, sill: 'minute' is not a unit of \[m\]",
        ),
        (
            'name = "a"\n[[change]]\nkind = "flood"\ndepth = "x"\nsill = "high"',
            r"storm\.toml, change 1, sill: 'high' is not a number",
        ),
        (
            'name = "a"\n[[change]]\nkind = "flood"\ndepth = "x"\nsill = { value = 3 }',
            r"storm\.toml, change 1, sill: a quantity has the keys 'value' and 'unit'",
        ),
        (
            'name = "a"\n[[change]]\nkind = "flood"\ndepth = "x.tif"',
            r"storm\.toml, change 1, depth: no file .*x\.tif; give",
        ),
        ('name = "a"\n[[change]]\nkind = "flood"\ndepth = 3', r"storm\.toml, change 1, depth: 3 is no layer"),
        (
            'name = "a"\n[[change]]\nkind = "flood"\ndepth = "a\\u0000.tif"',
            r"storm\.toml, change 1, depth: .* is no layer",
        ),
        (
            'name = "a"\n[[change]]\nkind = "blockage"\nnames = "High Street"',
            r"storm\.toml, change 1, names: 'High Street' is no list; write it in brackets",
        ),
        ('name = "a"\n[[change]]\nkind = "close_facility"\nfacility = 3', r"change 1, facility: 3 is no text"),
        (
            'name = "a"\n[[change]]\nkind = "grow_population"\nfactor = 2\njobs = "yes"',
            r"jobs: 'yes' is no true or false",
        ),
        ('name = "a"\n[[change]]\nkind = "blockage"\nshare = 0.1\nseed = 1.5', r"seed: 1\.5 is no whole number"),
        (
            'name = "a"\n[[change]]\nkind = "blockage"',
            r"storm\.toml, change 1: blockage: give one of names, area and share",
        ),
        (
            'name = "a"\n[[change]]\nkind = "blockage"\nshare = 2',
            r"storm\.toml, change 1: blockage: a share lies between 0 and 1, not 2",
        ),
    ],
)
def test_mistakes_in_files(tmp_path, text, message):
    with pytest.raises((ScenarioError, DataError, UnknownName), match=message) as caught:
        load(tmp_path, text)
    assert "storm.toml" in str(caught.value)


def test_no_such_file(tmp_path):
    with pytest.raises(ScenarioError, match=r"nowhere\.toml: no such file"):
        Scenario.load(tmp_path / "nowhere.toml")
    with pytest.raises(ScenarioError, match=r"not readable"):
        Scenario.load(tmp_path)


def test_names_of_changes():
    assert [named(changes[kind]) for kind in changes] == list(changes)
    assert twin.Scenario is Scenario
