"""Water on streets and in ground floors, on streets short enough for a pencil."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

from twin.errors import CRSError, DataError, MissingData
from twin.gis.grid import grid_city
from twin.hazards import Flood, safe_speed
from twin.interventions import AddEdge
from twin.model import City, Network, Raster

UTM = pyproj.CRS(32631)

#: Pregnolato et al. (2017): 0.0009 w² - 0.5529 w + 86.9448 km/h for w mm of water, written out.
CURVE = {0: 86.9448, 50: 61.5498, 100: 40.6548, 150: 24.2598, 200: 12.3648, 250: 4.9698, 300: 0, 1000: 0}


def street(*, depth, kmh=50.0, cell=50.0, walk=False, **columns) -> tuple[City, Raster]:
    """A street of 100 m, its western half in `depth` metres of water."""
    net = Network.from_arrays([0, 100], [0, 0], [0], [1], crs=UTM, time=[100 / (kmh / 3.6)], speed=kmh / 3.6, **columns)
    city = City.build("street", UTM, networks={"walk" if walk else "drive": net})
    return city, Raster(np.array([[depth, 0.0]], dtype="f4"), 0.0, cell / 2, cell, UTM)


def time_in(depth, **options):
    city, water = street(depth=depth, **options)
    return Flood(water)(city).networks["drive"]


@pytest.mark.parametrize(("millimetres", "kmh"), CURVE.items())
def test_the_curve(millimetres, kmh):
    assert safe_speed(millimetres / 1000) * 3.6 == pytest.approx(kmh, abs=1e-9)


def test_no_speed_is_negative_or_rises_with_the_water():
    speed = safe_speed(np.linspace(0, 2, 20001))
    assert (speed >= 0).all()
    assert (np.diff(speed) <= 0).all()


def test_half_a_street_in_15_centimetres():
    """50 m at 50 km/h take 3.6 s, 50 m at 24.2598 km/h take 50 x 3.6 / 24.2598 = 7.4197 s."""
    net = time_in(0.15)
    assert net.columns["time"].tolist() == pytest.approx([3.6 + 180 / 24.2598])
    assert net.open.tolist() == [True]
    assert net.columns["length"].tolist() == [100]


def test_a_limit_below_the_curve_wins():
    assert time_in(0.15, kmh=20).columns["time"].tolist() == pytest.approx([18.0])  # 20 < 24.3 km/h: nothing changes
    assert time_in(0.10, kmh=50).columns["time"].tolist() == pytest.approx([3.6 + 180 / 40.6548])
    assert time_in(0.05, kmh=120).columns["time"].tolist() == pytest.approx([180 / 86.9448 + 180 / 61.5498])


@pytest.mark.parametrize(("depth", "passable"), [(0.0, True), (0.299, True), (0.3, False), (3.0, False)])
def test_thirty_centimetres_close_a_street(depth, passable):
    net = time_in(depth)
    assert net.open.tolist() == [passable]
    if not passable:
        assert net.columns["time"].tolist() == pytest.approx([7.2])  # closed, not slowed: its own time stays


def test_what_counts_as_impassable_can_be_said():
    city, water = street(depth=0.45)
    assert Flood(water)(city).networks["drive"].open.tolist() == [False]
    high = Flood(water, impassable=0.5)(city).networks["drive"]
    creep = 0.0009 * 299**2 - 0.5529 * 299 + 86.9448  # 2.09 km/h
    assert high.open.tolist() == [True]
    assert high.columns["time"].tolist() == pytest.approx([3.6 + 180 / creep])
    assert Flood(water, impassable=0.2)(city).networks["drive"].open.tolist() == [False]
    for wrong in (0, -1, float("nan")):
        with pytest.raises(DataError, match=r"flood\.impassable: .* is no depth in metres"):
            Flood(water, impassable=wrong)(city)
    for wrong in (-0.1, float("nan")):
        with pytest.raises(DataError, match=r"flood\.sill: .* is no depth in metres"):
            Flood(water, sill=wrong)(city)


def test_who_walks_is_stopped_but_not_slowed():
    city, water = street(depth=0.25, walk=True)
    net = Flood(water)(city).networks["walk"]
    assert (net.open.tolist(), net.columns["time"].tolist()) == ([True], pytest.approx([7.2]))
    city, water = street(depth=0.35, walk=True)
    assert Flood(water)(city).networks["walk"].open.tolist() == [False]


def test_a_bridge_stays_as_it_is():
    net = time_in(5.0, bridge=True)
    assert (net.open.tolist(), net.columns["time"].tolist()) == ([True], pytest.approx([7.2]))


def chain(tunnels):
    """Nodes 100 m apart along x; `tunnels` says which edges are in one."""
    count = len(tunnels)
    x = np.arange(count + 1) * 100.0
    net = Network.from_arrays(
        x,
        np.zeros(count + 1),
        np.arange(count),
        np.arange(1, count + 1),
        crs=UTM,
        tunnel=tunnels,
        time=10.0,
        speed=10.0,
    )
    return City.build("chain", UTM, networks={"drive": net})


def pond(at, depth=1.0):
    return gpd.GeoDataFrame({"depth": [depth]}, geometry=[shapely.box(at - 20, -20, at + 20, 20)], crs=UTM)


def test_a_tunnel_takes_the_water_of_its_portals_only():
    """From node 0 a street to 1, a tunnel in two pieces over 2 to 3, a street to 4."""
    city = chain([False, True, True, False])

    def closed(at):
        return np.flatnonzero(~Flood(pond(at))(city).networks["drive"].open).tolist()

    assert closed(150) == []  # water above the tunnel
    assert closed(200) == []  # water above the joint of its two pieces
    assert closed(100) == [0, 1]  # water at the portal runs in, and the street before it is closed
    assert closed(300) == [2, 3]
    shallow = Flood(pond(100, 0.2))(city).networks["drive"]
    assert shallow.open.all()
    assert shallow.columns["time"][1] == 10.0  # in a tunnel there is no ground that the water stands on


def test_edges_without_a_known_speed_are_slowed_from_their_travel_time():
    net = Network.from_arrays([0, 100], [0, 0], [0, 0], [1, 1], crs=UTM, time=[7.2, 7.2], speed=[np.nan, 0.0])
    bare = Network.from_arrays([0, 100], [0, 0], [0], [1], crs=UTM, time=[7.2])
    for network in (net, bare):
        city = City.build("street", UTM, networks={"drive": network})
        water = street(depth=0.15)[1]
        after = Flood(water)(city).networks["drive"]
        assert after.columns["time"] == pytest.approx(3.6 + 180 / 24.2598)


def test_a_link_that_a_plan_built_is_slowed_too():
    city = grid_city(2)
    built = AddEdge("drive", ((0, 0), (200, 200)), speed=50 / 3.6)(city)
    everywhere = gpd.GeoDataFrame({"depth": [0.15]}, geometry=[shapely.box(-10, -10, 210, 210)], crs=UTM)
    after = Flood(everywhere)(built).networks["drive"]
    assert after.columns["time"][-1] == pytest.approx(200 * 2**0.5 / (24.2598 / 3.6))


def test_a_change_of_the_limit_is_seen_by_the_same_flood():
    city, water = street(depth=0.15)
    flood = Flood(water)
    assert flood(city).networks["drive"].columns["time"][0] == pytest.approx(3.6 + 180 / 24.2598)
    calmed = city.with_network("drive", city.networks["drive"].with_columns(speed=20 / 3.6, time=18.0))
    assert flood(calmed).networks["drive"].columns["time"][0] == pytest.approx(18.0)
    raised = city.with_network("drive", city.networks["drive"].with_columns(bridge=True))
    assert flood(raised).networks["drive"].columns["time"][0] == pytest.approx(7.2)


def test_the_second_flood_of_one_topology_costs_nothing_and_says_the_same():
    city, water = street(depth=0.15)
    a, b = Flood(water)(city), Flood(water, impassable=0.1)(city)
    assert a.networks["drive"].open.tolist() == [True]
    assert b.networks["drive"].open.tolist() == [False]


def test_what_was_closed_stays_closed():
    city, water = street(depth=0.0)
    city = city.with_network("drive", city.networks["drive"].close([0]))
    assert Flood(water)(city).networks["drive"].open.tolist() == [False]


def test_polygons_are_water_and_the_deepest_counts():
    city, _ = street(depth=0)
    west = shapely.box(-1, -1, 50, 1)
    both = gpd.GeoDataFrame({"depth": [0.15, 0.10]}, geometry=[west, west], crs=UTM)
    assert Flood(both)(city).networks["drive"].columns["time"][0] == pytest.approx(3.6 + 180 / 24.2598)
    elsewhere = both.to_crs(4326)
    got = Flood(elsewhere)(city).networks["drive"].columns["time"][0]
    assert got == pytest.approx(3.6 + 180 / 24.2598, rel=0.06)  # the border moved by a hair: a step of 5 m at most


def test_a_layer_of_the_city_is_water():
    city, water = street(depth=0.15)
    assert Flood("flood_100")(city.with_layer("flood_100", water)).networks["drive"].columns["time"][0] > 7.2
    with pytest.raises(MissingData, match=r"street: no layer 'flood_100'"):
        Flood("flood_100")(city)


def test_no_data_is_no_water():
    city, _ = street(depth=0)
    water = Raster(np.array([[np.nan, np.nan]], dtype="f4"), 0.0, 25.0, 50.0, UTM)
    assert Flood(water)(city).networks["drive"].columns["time"].tolist() == pytest.approx([7.2])


def test_water_that_is_wrong():
    city, water = street(depth=0.15)
    other = Raster(water.values, water.west, water.north, water.cell, pyproj.CRS(32632))
    with pytest.raises(
        CRSError, match=r"flood\.depth: the raster is in EPSG:32632, street in EPSG:32631; read it with"
    ):
        Flood(other)(city)
    box = shapely.box(0, 0, 10, 10)
    with pytest.raises(MissingData, match=r"flood\.depth: the polygons have no column 'depth' \[m\]; add it"):
        Flood(gpd.GeoDataFrame({"deep": [1.0]}, geometry=[box], crs=UTM))(city)
    with pytest.raises(CRSError, match=r"flood\.depth: the layer has no CRS"):
        Flood(gpd.GeoDataFrame({"depth": [1.0]}, geometry=[box]))(city)
    wrong = gpd.GeoDataFrame({"depth": [1.0, -1.0, np.nan]}, geometry=[box] * 3, crs=UTM)
    with pytest.raises(DataError, match=r"flood\.depth: 2 depths are negative, missing or infinite \(rows 1, 2\)"):
        Flood(wrong)(city)


# ── ground floors ────────────────────────────────────────────────────────────────────────────────────────────────────


def clinics(depth, **columns) -> pd.Series:
    """Which of the clinics are open when the west of x = 50 lies in `depth` metres of water; the first at x = 10."""
    city, _ = street(depth=0)
    count = len(next(iter(columns.values()))) if columns else 2
    frame = gpd.GeoDataFrame(
        {"id": np.arange(count), "kind": "clinic", **columns},
        geometry=columns.pop("geometry", [shapely.Point(10, 5), shapely.Point(90, 5)][:count]),
        crs=UTM,
    )
    city = City.build("street", UTM, networks=city.networks, facilities=frame)
    water = gpd.GeoDataFrame({"depth": [depth]}, geometry=[shapely.box(-50, -50, 50, 50)], crs=UTM)
    return Flood(water)(city).facilities["open"].tolist()


def test_a_facility_closes_when_its_ground_floor_is_wet():
    assert clinics(0.15) == [True, True]  # the water stands at the sill, not above
    assert clinics(0.16) == [False, True]


def test_a_facilitys_own_floor_counts_before_the_sill():
    assert clinics(0.5, ground=[0.6, 0.0]) == [True, True]
    assert clinics(0.7, ground=[0.6, 0.0]) == [False, True]
    assert clinics(0.1, ground=[0.0, 0.0]) == [False, True]
    assert clinics(0.16, ground=[np.nan, np.nan]) == [False, True]  # unknown: the sill
    assert clinics(0.01, ground=[-0.5, -0.5]) == [False, True]  # half a floor down: dry where there is no water


def test_a_facility_is_as_dry_as_its_driest_door():
    doors = [shapely.MultiPoint([(10, 0), (60, 0)]), shapely.MultiPoint([(20, 0)])]
    at = [shapely.Point(10, 5), shapely.Point(90, 5)]
    assert clinics(1.0, entrances=np.array(doors, dtype=object), geometry=at) == [True, False]
    assert clinics(1.0, entrances=np.array([None, None], dtype=object), geometry=at) == [False, True]


def test_a_ground_is_judged_at_its_middle_where_no_door_is_mapped():
    assert clinics(1.0, geometry=[shapely.box(0, 0, 80, 10), shapely.box(45, 0, 85, 10)]) == [False, True]


def test_people_and_everything_else_stay(rich):
    after = Flood("flood")(rich)
    assert after.population is rich.population
    assert after.layers is rich.layers
    assert after.dependencies is rich.dependencies
    assert after.networks["drive"].graph is rich.networks["drive"].graph
    assert (after.facilities["open"] <= rich.facilities["open"]).all()


def test_a_city_without_facilities_or_streets():
    bare = City.build("bare", UTM, networks={})
    assert Flood(pond(0))(bare).people == 0
