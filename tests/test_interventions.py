"""What a plan builds or takes away, by hand on a grid: 5 x 5 blocks of 100 m, 10 people at each of 36 corners."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import twin
from twin import routing
from twin.errors import CRSError, DataError, MissingData, ScenarioError, UnknownName
from twin.gis.grid import grid_city
from twin.interventions import (
    AddEdge,
    AddFacility,
    ChangeHeadway,
    ChangeQueue,
    CloseFacility,
    CloseStop,
    GrowPopulation,
    Layout,
    RemoveLine,
)
from twin.measures.waiting import with_calls
from twin.model import City, Network

UTM = 32631


@pytest.fixture(scope="module")
def city():
    return grid_city(5)


# ── facilities ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_close_one_facility(city):
    after = CloseFacility("bus_stop", ("b2",))(city)
    assert after.facilities["open"].tolist() == [True, True, False, True]
    assert city.facilities["open"].all()


def test_close_all_of_a_kind(city):
    assert CloseFacility("bus_stop")(city).facilities["open"].tolist() == [True, False, False, True]


def test_close_what_is_not_there(city):
    with pytest.raises(UnknownName, match=r"no bus_stop with id 'b3'; did you mean 'b"):
        CloseFacility("bus_stop", ("b1", "b3"))(city)
    with pytest.raises(UnknownName, match=r"no bus_stop with id 'c1'"):
        CloseFacility("bus_stop", ("c1",))(city)  # there is one, but of another kind
    with pytest.raises(UnknownName, match=r"no kind of facility in the city 'clinics'; did you mean 'clinic'\?"):
        CloseFacility("clinics")(city)


def test_add_a_facility(city):
    after = AddFacility("clinic", at=(250.0, 260.0), capacity=300, name="新诊所")(city)
    old, new = after.facilities.iloc[:4], after.facilities.iloc[4]
    pd.testing.assert_frame_equal(pd.DataFrame(old), pd.DataFrame(city.facilities), check_dtype=False, check_like=True)
    assert (new["kind"], new["name"], new["capacity"], new["open"]) == ("clinic", "新诊所", 300.0, True)
    assert (new.geometry.x, new.geometry.y) == (250.0, 260.0)
    assert np.isnan(new["area"])
    assert after.facilities.crs == UTM
    twice = AddFacility("clinic", at=(0.0, 0.0))(after)
    assert twice.facilities["id"].is_unique
    assert np.isnan(twice.facilities["capacity"].iloc[5])


def test_add_a_facility_to_a_table_that_lacks_its_columns(city):
    bare = city.with_layer("facilities", city.facilities.drop(columns=["capacity", "area"]))
    after = AddFacility("clinic", at=(250.0, 260.0), capacity=300)(bare)
    assert after.facilities["capacity"].tolist() == pytest.approx([np.nan] * 4 + [300.0], nan_ok=True)
    assert after.facilities["open"].dtype == bool


def test_the_first_facility():
    net = Network.from_arrays([0, 100], [0, 0], [0], [1], crs=UTM)
    after = AddFacility("clinic", at=(50.0, 0.0), capacity=5)(City.build("bare", UTM, networks={"walk": net}))
    assert after.facilities["capacity"].tolist() == [5.0]
    assert after.snap("facilities", "walk")["start"].tolist() == [0.5]


def test_a_facility_with_an_id_that_is_taken(city):
    with pytest.raises(UnknownName, match="c1"):
        AddFacility("clinic", at=(0.0, 0.0), id="c1")(city)


def test_a_facility_in_the_sea(city):
    after = AddFacility("clinic", at=(5_000.0, -3_000.0), id="wreck")(city)
    lost = after.unsnapped("facilities", "walk")
    assert lost[["id", "kind"]].to_dict("records") == [{"id": "wreck", "kind": "clinic"}]
    assert lost.index.tolist() == [4]
    assert city.unsnapped("facilities", "walk").empty


def test_facilities_that_cannot_be(city):
    with pytest.raises(DataError, match=r"appended rows: facilities\.capacity: 1 values are below 0"):
        AddFacility("clinic", at=(0.0, 0.0), capacity=-1)(city)
    with pytest.raises(ScenarioError, match=r"add_facility: the place \(nan, 0\.0\) is no pair of numbers"):
        AddFacility("clinic", at=(float("nan"), 0.0))(city)


# ── layouts ──────────────────────────────────────────────────────────────────────────────────────────────────────────

SITES = gpd.GeoDataFrame(
    {"name": ["甲", "乙"], "capacity": [20.0, np.nan], "cost": [1, 2]},
    geometry=[shapely.Point(100, 100), shapely.box(200, 200, 300, 300)],
    crs=UTM,
)


def test_a_layout_closes_the_old_and_appends_the_new(city):
    after = Layout("bus_stop", SITES)(city).facilities
    assert after["id"].tolist()[:4] == ["c1", "b1", "b2", "p1"]
    assert after["open"].tolist() == [True, False, False, True, True, True]
    assert after["kind"].tolist()[4:] == ["bus_stop"] * 2
    assert after["name"].tolist()[4:] == ["甲", "乙"]
    assert after["capacity"].tolist()[4:] == pytest.approx([20.0, np.nan], nan_ok=True)
    assert "cost" not in after.columns
    assert after.geometry.iloc[5].equals(shapely.box(200, 200, 300, 300))
    assert after["id"].is_unique


def test_a_layout_upon_a_layout(city):
    after = Layout("bus_stop", SITES.iloc[:1])(Layout("bus_stop", SITES)(city)).facilities
    assert after["open"].tolist() == [True, False, False, True, False, False, True]
    assert after["id"].is_unique


def test_a_layout_drawn_in_degrees(city):
    after = Layout("bus_stop", SITES.to_crs(4326))(city).facilities
    assert after.geometry.iloc[4].distance(shapely.Point(100, 100)) < 1e-3


def test_a_layout_that_the_city_holds(city):
    after = Layout("clinic", "plan_b")(city.with_layer("plan_b", SITES)).facilities
    assert after["open"].tolist() == [False, True, True, True, True, True]
    with pytest.raises(MissingData, match=r"no layer 'plan_c'; did you mean 'plan_b'\?"):
        Layout("clinic", "plan_c")(city.with_layer("plan_b", SITES))


def test_layouts_that_cannot_be(city):
    with pytest.raises(ScenarioError, match=r"layout of 'clinic': it has no site; draw at least one"):
        Layout("clinic", SITES.iloc[:0])(city)
    with pytest.raises(CRSError, match="layout: the layer has no CRS"):
        Layout("clinic", SITES.set_crs(None, allow_override=True))(city)
    with pytest.raises(DataError, match=r"facilities\.capacity: 1 values are below 0"):
        Layout("clinic", SITES.assign(capacity=[-1.0, 1.0]))(city)
    with pytest.raises(DataError, match=r"facilities\.geometry: 1 rows have no geometry \(rows 1\)"):
        Layout("clinic", SITES.set_geometry([shapely.Point(0, 0), None], crs=UTM))(city)


# ── links ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_diagonal_shortens_the_way(city):
    """From corner to corner 1000 m along the blocks, 500 x sqrt 2 = 707.1 m straight; driven at 20 m/s."""
    after = AddEdge("drive", ((3.0, 4.0), (500.0, 500.0)), speed=20.0, name="新大道")(city)
    net, old = after.networks["drive"], city.networks["drive"]
    assert routing.matrix(old, [0], [35]).tolist() == [[1000.0]]
    assert routing.matrix(net, [0], [35])[0, 0] == pytest.approx(707.1, abs=0.05)
    assert routing.matrix(net, [35], [0])[0, 0] == pytest.approx(707.1, abs=0.05)
    assert routing.matrix(net, [0], [35], cost="time")[0, 0] == pytest.approx(35.36, abs=0.005)
    new = net.edges.iloc[60]
    assert (new["tail"], new["head"], new["name"], new["speed"], new["open"]) == (0, 35, "新大道", 20.0, True)
    pd.testing.assert_frame_equal(net.edges.iloc[:60], old.edges)
    assert shapely.equals(net.shapes[:60], old.shapes).all()
    assert shapely.equals(net.shapes[60], shapely.LineString([(0, 0), (500, 500)]))  # it ends at the nodes
    assert after.networks["walk"] is city.networks["walk"]
    assert (net.ids.tolist(), net.crs, net.approach) == (old.ids.tolist(), old.crs, old.approach)


def test_a_bent_link(city):
    net = AddEdge("walk", ((0.0, 0.0), (0.0, 300.0), (400.0, 300.0)))(city).networks["walk"]
    assert net.columns["length"][60] == 700.0
    assert net.columns["time"][60] == pytest.approx(700 * 0.75)  # the median of 4/3 m/s
    assert net.approach == city.networks["walk"].approach


def test_a_link_of_one_way(city):
    net = AddEdge("drive", ((0.0, 0.0), (500.0, 500.0)), oneway=True)(city).networks["drive"]
    assert routing.matrix(net, [0], [35])[0, 0] == pytest.approx(707.1, abs=0.05)
    assert routing.matrix(net, [35], [0])[0, 0] == 1000.0


def test_a_closed_street_stays_closed_beside_a_new_one(rich):
    net = AddEdge("drive", ((0.0, 0.0), (500.0, 500.0)))(rich).networks["drive"]
    assert np.flatnonzero(~net.open).tolist() == [11, 12]
    assert net.graph.oneway.sum() == 1
    assert net.ids.tolist() == rich.networks["drive"].ids.tolist()


def test_a_second_bridge_over_costs_that_differ_by_direction(city):
    drive = city.networks["drive"]
    hilly = city.with_network("drive", drive.with_columns(time_back=np.full(60, 20.0)))
    net = AddEdge("drive", ((0.0, 0.0), (500.0, 500.0)), speed=10.0)(hilly).networks["drive"]
    assert routing.matrix(net, [35], [0], cost="time")[0, 0] == pytest.approx(70.71, abs=0.005)


def test_links_that_cannot_be(city):
    with pytest.raises(
        ScenarioError, match=r"add_edge: the node of 'drive' nearest to \(250, 250\) is 71 m away, more than 50 m"
    ):
        AddEdge("drive", ((250.0, 250.0), (500.0, 500.0)))(city)
    assert AddEdge("drive", ((250.0, 250.0), (500.0, 500.0)), join=80.0)(city)
    with pytest.raises(ScenarioError, match="at least two points"):
        AddEdge("drive", ((0.0, 0.0),))(city)
    with pytest.raises(ScenarioError, match="both ends join the same node of 'drive'"):
        AddEdge("drive", ((0.0, 0.0), (10.0, 10.0)))(city)
    with pytest.raises(ScenarioError, match="a speed lies above 0 m/s, not 0"):
        AddEdge("drive", ((0.0, 0.0), (500.0, 500.0)), speed=0.0)(city)
    with pytest.raises(ScenarioError, match="nearest to"):
        AddEdge("drive", ((float("nan"), 0.0), (500.0, 500.0)))(city)
    with pytest.raises(MissingData, match=r"no network 'drve'; did you mean 'drive'\?"):
        AddEdge("drve", ((0.0, 0.0), (500.0, 500.0)))(city)


# ── people ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_group_grows_alike(city):
    grown = GrowPopulation(1.5)(city.with_columns("population", age_60=np.full(36, 2.0), households=np.full(36, 4.0)))
    table = grown.population
    assert table["people"].tolist() == [15.0] * 36
    assert table["age_60"].tolist() == [3.0] * 36
    assert table["households"].tolist() == [6.0] * 36
    assert table["jobs"].tolist() == [5.0] * 36
    assert GrowPopulation(1.5, jobs=True)(city).population["jobs"].tolist() == [7.5] * 36
    assert GrowPopulation(0.0)(city).people == 0


def test_people_of_one_district(rich):
    """The west holds the corners at 0, 100 and 200 m: 18 of 36."""
    grown = GrowPopulation(2.0, districts=("西区",))(rich)
    assert grown.population["people"].tolist() == [20.0, 20.0, 20.0, 10.0, 10.0, 10.0] * 6
    assert GrowPopulation(2.0, districts=("西区", "东区"))(rich).people == 720
    with pytest.raises(UnknownName, match=r"no district '西'; did you mean '西区'\?"):
        GrowPopulation(2.0, districts=("西",))(rich)


def test_growth_that_cannot_be(city):
    for factor in (-1, float("nan"), float("inf")):
        with pytest.raises(DataError, match="the factor is at least 0 and finite"):
            GrowPopulation(factor)(city)
    with pytest.raises(MissingData, match="there is no population to grow"):
        GrowPopulation(2.0)(City.from_network(city.networks["walk"]))
    with pytest.raises(MissingData, match="no layer 'districts'"):
        GrowPopulation(2.0, districts=("a",))(city)


# ── transit ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def harbour():
    return twin.read(Path(__file__).parents[1] / "gis_data" / "harbour")


#: A working day of Harbour's timetable.
DAY = "2026-11-20"


def lines(city):
    frame = city.networks["transit"].lines_on(DAY)
    return frame.set_index(["id", "direction"])


def test_remove_a_line(harbour):
    after = RemoveLine("T")(harbour)
    assert set(lines(harbour).index.get_level_values(0)) - set(lines(after).index.get_level_values(0)) == {"T"}
    net, was = after.networks["transit"], harbour.networks["transit"]
    shut = was.columns["name"][~net.open]
    assert set(shut) == {"T"}
    assert len(shut) == (was.columns["name"] == "T").sum()
    assert net.graph is was.graph
    assert net.timetable.arrive is was.timetable.arrive
    assert after.networks["drive"] is harbour.networks["drive"]
    assert set(net.timetable.on(DAY).pattern_line) == set(net.day(DAY).pattern_line)
    assert was.open.all()
    with pytest.raises(UnknownName, match="no line 'tram'"):
        RemoveLine("tram")(harbour)


def test_change_a_headway(harbour):
    before = lines(harbour)
    after = lines(ChangeHeadway("1", 5 * 60.0)(harbour))
    assert after.loc[("1", 0), "headway"] == 300
    assert after.loc[("1", 0), "first"] == before.loc[("1", 0), "first"]
    span = before.loc[("1", 0), "last"] - before.loc[("1", 0), "first"]
    assert after.loc[("1", 0), "trips"] == span // 300 + 1
    assert after.loc[("1", 0), "duration"] / after.loc[("1", 0), "trips"] == pytest.approx(
        before.loc[("1", 0), "duration"] / before.loc[("1", 0), "trips"]
    )
    others = [key for key in before.index if key[0] != "1"]
    pd.testing.assert_frame_equal(after.loc[others], before.loc[others])
    peak = lines(ChangeHeadway("1", 3 * 60.0, between=("07:00", "9:00:00"))(harbour))
    assert peak.loc[("1", 0), "headway_peak"] == 180
    assert peak.loc[("1", 0), "last"] == before.loc[("1", 0), "last"]


@pytest.mark.parametrize(
    ("apply", "says"),
    [
        (ChangeHeadway("1", 0.0), "a headway is at least 1 s, not 0"),
        (ChangeHeadway("1", float("nan")), "a headway is at least 1 s"),
        (ChangeHeadway("1", 300.0, between=("07:00",)), "two times are needed"),
        (ChangeHeadway("1", 300.0, between=("seven", "08:00")), "'seven:00' is no time|'seven' is no time"),
        (ChangeHeadway("1", 300.0, between=("02:00", "03:00")), "no departure from 02:00 to 03:00"),
        (ChangeHeadway("1", 300.0, between=("09:00", "08:00")), "no departure from 09:00 to 08:00"),
    ],
)
def test_headways_that_cannot_be(harbour, apply, says):
    with pytest.raises(ScenarioError, match=says):
        apply(harbour)


def test_close_a_stop(harbour):
    table = harbour.networks["transit"].timetable
    stop = table.stops["id"].iloc[table.pattern_stop[1]]
    after = CloseStop(stop)(harbour)
    day = after.networks["transit"].day(DAY)
    assert table.pattern_stop[1] not in day.pattern_stop
    assert table.pattern_stop[1] in harbour.networks["transit"].day(DAY).pattern_stop
    assert len(day.trip) == len(harbour.networks["transit"].day(DAY).trip)
    closed = after.facilities[~after.facilities["open"] & harbour.facilities["open"]]
    assert closed["id"].tolist() == [stop]
    with pytest.raises(UnknownName, match="no stop 'nowhere'"):
        CloseStop("nowhere")(harbour)


def test_a_city_without_timetable(city):
    with pytest.raises(MissingData, match="no network 'transit'"):
        RemoveLine("1")(city)
    bare = city.with_network("transit", city.networks["walk"])
    with pytest.raises(MissingData, match=r"no timetable; read the city with gtfs=\["):
        CloseStop("1")(bare)


def test_an_edge_added_to_transit_keeps_the_timetable(harbour):
    net = harbour.networks["transit"]
    points = tuple((float(net.x[k]), float(net.y[k])) for k in (0, 5))
    after = AddEdge("transit", points, speed=8.0)(harbour).networks["transit"]
    assert after.timetable is net.timetable
    assert len(after.day(DAY).trip) == len(net.day(DAY).trip)


def test_transit_changes_from_a_file(tmp_path, harbour):
    path = tmp_path / "plan.toml"
    path.write_text(
        """name = "a plan"
[[change]]
kind = "change_headway"
line = "1"
headway = { value = 5, unit = "minute" }
between = ["07:00", "09:00"]
[[change]]
kind = "close_stop"
stop = "bus_stop-4"
[[change]]
kind = "remove_line"
line = "T"
"""
    )
    plan = twin.Scenario.load(path)
    assert plan.changes[0] == ChangeHeadway("1", 300.0, ("07:00", "09:00"))
    assert plan.describe("zh") == [
        "调整发车间隔（线路：1；发车间隔：300.0 s；时段：07:00, 09:00）",
        "关闭站点（站点：bus_stop-4）",
        "取消线路（线路：T）",
    ]
    assert len(lines(plan(harbour))) == len(lines(harbour)) - 2


def test_a_queue_with_more_calls_and_more_staff(city):
    """From 720 calls and 55 agents an hour to 1,080 and 58; the office without hours is unknown."""
    changed = ChangeQueue("hotline", times=1.5, staff=3.0)(with_calls(city))
    assert set(changed.table("hotline")["calls"]) == {1080.0}
    assert set(changed.table("hotline")["agents"]) == {58.0}
    fewer = ChangeQueue("hotline", staff=-60.0)(with_calls(city))
    assert set(fewer.table("hotline")["agents"]) == {0.0}
    with pytest.raises(MissingData, match="hotline"):
        ChangeQueue("hotline", times=2.0)(city)
    with pytest.raises(DataError, match="at least 0"):
        ChangeQueue("hotline", times=-1.0)


def test_a_new_park_says_its_ground_and_a_new_hospital_its_grade(city):
    park = AddFacility("park", at=(10.0, 10.0), site_area=6000.0)(city).facilities.iloc[-1]
    assert (park["kind"], park["area"]) == ("park", 6000.0)
    ward = AddFacility("hospital", at=(10.0, 10.0), floor_area=900.0, grade="tertiary")(city).facilities.iloc[-1]
    assert (ward["grade"], ward["floor_area"]) == ("tertiary", 900.0)


def test_a_new_link_is_paved(city):
    paved = city.with_network("drive", city.network("drive").with_columns(paved=0.0))
    link = AddEdge("drive", ((0.0, 0.0), (500.0, 500.0)), speed=15.0)(paved)
    assert link.network("drive").columns["paved"][-1] == 1.0
    assert "paved" not in AddEdge("drive", ((0.0, 0.0), (500.0, 500.0)), speed=15.0)(city).network("drive").columns
