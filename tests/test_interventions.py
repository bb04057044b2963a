"""What a plan builds or takes away, by hand on a grid: 5 x 5 blocks of 100 m, 10 people at each of 36 corners."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from twin import routing
from twin.errors import CRSError, DataError, MissingData, ScenarioError, UnknownName
from twin.gis.grid import grid_city
from twin.interventions import AddEdge, AddFacility, CloseFacility, GrowPopulation, Layout
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
