"""The synthetic town: the same on every run, whole, said to be synthetic, and believable in numbers."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pandas.testing import assert_frame_equal

from twin.errors import DataError
from twin.gis.folder import read_folder
from twin.gis.parts import take_apart
from twin.gis.synthetic import harbour, write_harbour
from twin.model import City, Raster
from twin.model.schema import schema, validate
from twin.routing.reach import reach

BUNDLED = Path(__file__).parents[2] / "gis_data" / "harbour"
AGES = ["age_0_2", "age_3_5", "age_6_11", "age_12_14", "age_15_59", "age_60"]
WANTED = """
nursery kindergarten primary_school middle_school university clinic hospital health_station
community_health_centre pharmacy elderly_day_care nursing_home social_centre disability_service job_centre
fire_station ambulance_station police_station shelter shelter_emergency shelter_fixed fire_hydrant
defibrillator library museum cultural_centre cultural_station theatre cinema community_centre heritage_site
place_of_worship sports_centre sports_ground outdoor_fitness swimming_pool playground stadium marketplace
supermarket convenience_store mall bank post_office restaurant hotel fuel_station charging_station park garden
square forest allotments bus_stop rail_station tram_stop ferry_terminal bus_station parking bicycle_rental
taxi_rank airport_or_helipad town_hall government_service_hall community_service_station street_office
courthouse public_toilet waste_collection_point recycling_point waste_transfer_station drinking_water
substation water_works wastewater_plant telecom_tower pumping_station
"""
KINDS = frozenset(WANTED.split())


@pytest.fixture(scope="module")
def city() -> City:
    return harbour()


def same(one: City, two: City) -> None:
    """Raise where two cities differ in a table, a raster or their description."""
    a, b = take_apart(one), take_apart(two)
    assert a.meta == b.meta
    assert set(a.timetables) == set(b.timetables) == {"transit"}
    schedules = (a.timetables["transit"], b.timetables["transit"])
    for mine, theirs in ((a.tables, b.tables), (a.nodes, b.nodes), (a.edges, b.edges), schedules):
        assert set(mine) == set(theirs)
        for name, frame in mine.items():
            other = theirs[name][list(frame.columns)]
            plain = [c for c in frame.columns if c not in {"geometry", "entrances"}]
            assert_frame_equal(
                pd.DataFrame(frame[plain]),
                pd.DataFrame(other[plain]),
                check_dtype=False,
                check_column_type=False,
                rtol=1e-6,
            )
            for column in set(frame.columns) - set(plain):
                here, there = (gpd.GeoSeries(f[column].to_numpy()) for f in (frame, other))
                assert (here.isna() == there.isna()).all()
                assert here[here.notna()].geom_equals_exact(there[there.notna()], 0.005).all(), (name, column)
    assert set(a.rasters) == set(b.rasters)
    for name, raster in a.rasters.items():
        np.testing.assert_array_equal(raster.values, b.rasters[name].values)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second run with the same seed, as a folder."""
    folder = tmp_path_factory.mktemp("written") / "town"
    folder.mkdir()
    (folder / "make.py").write_text("# mine")
    write_harbour(folder)
    return folder


def test_the_same_seed_gives_the_same_town(city, written):
    same(read_folder(written), city)


@pytest.mark.slow
def test_another_seed_gives_another_town_on_the_same_plan(city):
    other = harbour(2)
    assert other.people == city.people
    assert len(other.layers["buildings"]) != len(city.layers["buildings"])
    assert other.about.sources["population"].source == "synthetic, seed 2 (twin.gis.synthetic)"
    assert set(other.facilities["kind"]) >= KINDS


def test_the_bundled_folder_is_what_the_generator_makes(city):
    same(read_folder(BUNDLED), city)


def test_the_bundle_is_small_and_says_what_it_is():
    size = sum(path.stat().st_size for path in BUNDLED.rglob("*") if path.is_file())
    assert size < 5e6
    assert "synthetic" in (BUNDLED / "README.md").read_text(encoding="utf-8")
    assert "write_harbour" in (BUNDLED / "make.py").read_text(encoding="utf-8")


def test_it_is_said_to_be_synthetic_everywhere(city):
    assert city.about.synthetic
    assert "synthetic" in city.about.description
    named = {"facilities", "population", "dependencies", *city.networks, *city.layers}
    assert named == set(city.about.sources)
    for source in city.about.sources.values():
        assert source.source == "synthetic, seed 1 (twin.gis.synthetic)"
        assert (source.licence, source.year, source.complete) == ("CC0-1.0", "-", True)
    assert city.about.traits["size_class"] == "small"
    assert city.about.traits["climate"] == "III"


def test_it_lies_in_the_open_sea(city):
    west, south, east, north = city.layers["boundary"].total_bounds
    assert 0 <= west < east <= 6500
    assert 5000 <= south < north <= 11_500
    assert city.crs.to_epsg() == 32631


def test_every_table_keeps_to_the_schema(city):
    for name, layer in city.layers.items():
        if name in schema() and not isinstance(layer, Raster):
            validate(layer, name)
            if isinstance(layer, gpd.GeoDataFrame):
                assert layer.geometry.is_valid.all(), name
    validate(city.facilities, "facilities")
    validate(city.population, "population")
    assert set(city.networks) == {"walk", "drive", "transit", "power", "water", "drainage", "telecom"}


def test_every_named_part_has_a_chinese_name(city):
    for layer in ("districts", "communities", "historic_districts"):
        names = city.layers[layer]["name_zh"]
        assert names.is_unique, layer
        assert names.str.fullmatch(r"[\u4e00-\u9fff\d]+").all(), layer


def test_groups_sum_to_people(city):
    people = city.population
    assert city.people == 60_480
    assert people["jobs"].sum() == 27_360
    np.testing.assert_array_equal(people[AGES].sum(axis=1), people["people"])
    assert (people["households"][people["people"] > 0] >= 1).all()
    assert 2_500 <= (people["people"] > 0).sum() <= 5_000


def test_people_live_inside_their_buildings(city):
    buildings = city.layers["buildings"].set_index("id")
    homes = buildings.geometry.loc[city.population["building"]].to_numpy()
    assert shapely.contains(homes, city.population.geometry.to_numpy()).all()


def test_every_kind_of_facility_is_there(city):
    count = city.facilities["kind"].value_counts()
    assert set(count.index) >= KINDS
    assert count["clinic"] == 4
    assert count["hospital"] == 1
    assert count["fire_hydrant"] > 300
    assert 4 <= count["shelter"] <= 6
    assert 50 <= count["bus_stop"] <= 80


def test_shelters_hold_fifteen_percent_and_fixed_ones_too_few(city):
    places = city.facilities.groupby("kind")["capacity"].sum()
    assert 0.145 < places["shelter"] / city.people < 0.16
    assert 0.05 < places["shelter_fixed"] / city.people < 0.15


def test_entrances_are_on_the_rim(city):
    flat = city.facilities[city.facilities.geometry.geom_type == "Polygon"]
    assert flat["entrances"].notna().all()
    rim = flat.geometry.exterior
    for doors, ring in zip(flat["entrances"], rim, strict=True):
        assert max(ring.distance(p) for p in doors.geoms) < 0.1


def test_walking_and_driving_reach_everywhere(city):
    for name in ("walk", "drive"):
        net = city.networks[name]
        part, length = net.graph.parts, net.columns["length"]
        main = part == np.bincount(part).argmax()
        inside = main[net.graph.tail] & main[net.graph.head]
        assert length[inside].sum() > 0.99 * length.sum()
    assert 2_800 <= len(city.networks["walk"].x) <= 6_000
    assert city.networks["drive"].columns["oneway"].any()
    assert not city.networks["walk"].columns["oneway"].any()


def test_edges_are_as_long_as_their_lines_and_end_at_their_nodes(city):
    for name, net in city.networks.items():
        lines = net.shapes
        np.testing.assert_allclose(shapely.length(lines), net.columns["length"], atol=0.06, err_msg=name)
        ends = shapely.get_coordinates(shapely.get_point(lines, [[0], [-1]]).ravel()).reshape(2, -1, 2)
        at = np.c_[net.x, net.y]
        np.testing.assert_allclose(ends[0], at[net.graph.tail], atol=0.01)
        np.testing.assert_allclose(ends[1], at[net.graph.head], atol=0.01)


def test_time_is_length_over_speed(city):
    walk, drive = city.networks["walk"], city.networks["drive"]
    assert walk.approach == 4 / 3
    np.testing.assert_allclose(walk.columns["time"], walk.columns["length"] / (4 / 3), atol=0.006)
    np.testing.assert_allclose(drive.columns["time"], drive.columns["length"] / drive.columns["speed"], atol=0.01)


def test_streets_cross_at_junctions_only(city):
    net = city.networks["drive"]
    level = net.columns["level"]
    left, right = shapely.STRtree(net.shapes).query(net.shapes, predicate="crosses")
    flat = (left < right) & (level[left] == 0) & (level[right] == 0)
    meets = shapely.intersection(net.shapes[left[flat]], net.shapes[right[flat]])
    at = shapely.points(net.x, net.y)
    near = shapely.STRtree(at)
    stray = [m for m in shapely.get_parts(meets) if not len(near.query(m, predicate="dwithin", distance=2.0))]
    assert len(stray) <= 3  # where a path under the bypass or a bend comes close


def test_buildings_stand_on_land_and_apart(city):
    buildings = city.layers["buildings"].geometry
    land, water = city.land(), city.layers["water"].union_all()
    assert shapely.contains(land, buildings.to_numpy()).all()
    assert not shapely.intersects(water, buildings.to_numpy()).any()
    left, right = buildings.sindex.query(buildings, predicate="intersects")
    pairs = left < right
    shared = shapely.area(shapely.intersection(buildings.to_numpy()[left[pairs]], buildings.to_numpy()[right[pairs]]))
    assert (shared < 25.0).all()


def test_districts_cover_the_land_once(city):
    districts, land = city.layers["districts"], city.land()
    assert 6 <= len(districts) <= 9
    assert districts["name_zh"].str.len().min() > 1
    assert abs(districts.area.sum() - land.area) < 0.002 * land.area


def test_floods_grow_with_their_return_period(city):
    x, y = (shapely.get_coordinates(city.population.geometry.to_numpy())).T
    people = city.population["people"].to_numpy()
    wet = [
        people[np.nan_to_num(city.layers[f"flood_{years}"].at(x, y)) > 0].sum() / city.people for years in (20, 50, 100)
    ]
    assert wet[0] < wet[1] < wet[2]
    assert 0.10 < wet[2] < 0.18
    for small, large in (("flood_20", "flood_50"), ("flood_50", "flood_100")):
        a, b = (np.nan_to_num(city.layers[name].values) for name in (small, large))
        assert (a <= b).all()


def test_bridges_stay_above_the_flood_and_an_approach_does_not(city):
    flood, terrain = city.layers["flood_100"], city.layers["terrain"]
    net = city.networks["drive"]
    bridge = net.columns["bridge"]
    assert bridge.sum() >= 5
    for line, deck in zip(net.shapes[bridge], net.columns["deck"][bridge], strict=True):
        x, y = shapely.get_coordinates(line.segmentize(5.0)).T
        water = terrain.at(x, y) + np.nan_to_num(flood.at(x, y))
        assert deck > np.nanmax(water) + 0.5
    assert np.isnan(net.columns["deck"][~bridge]).all()
    ends = np.unique(np.r_[net.graph.tail[bridge], net.graph.head[bridge]])
    beside = ~bridge & (np.isin(net.graph.tail, ends) | np.isin(net.graph.head, ends))
    middle = shapely.get_coordinates(shapely.line_interpolate_point(net.shapes[beside], 0.5, normalized=True))
    depth = np.nan_to_num(flood.at(*middle.T))
    assert 1 <= (depth > 0.3).sum() < len(depth)


def test_the_proposed_clinic_stands_where_one_is_missing(city):
    spot = gpd.GeoSeries(gpd.points_from_xy([2000.0], [9100.0]), crs=city.crs)
    assert city.land().contains(spot[0])
    use = city.layers["land_use"]
    homes = city.layers["buildings"][city.layers["buildings"]["use"] == "residential"]
    assert use["use"][use.distance(spot[0]).idxmin()] == "residential"
    assert (homes.distance(spot[0]) < 60).any()
    assert city.population["people"][city.population.distance(spot[0]) < 600].sum() > 1_000
    place = gpd.GeoDataFrame({"id": ["new"], "kind": ["clinic"]}, geometry=spot)
    clinics = city.facilities[city.facilities["kind"] == "clinic"].reset_index(drop=True)
    walk = city.networks["walk"]
    layered = City.build("probe", city.crs, networks={"walk": walk}, facilities=clinics, layers={"probe": place})
    found = reach(walk, layered.snap("probe", "walk"), layered.snap("facilities", "walk"), count=1)
    assert 1_200 < found.cost[0] < 4_000


def test_most_people_and_facilities_hang_on_the_streets(city):
    assert city.unsnapped("population", "walk").empty
    assert city.unsnapped("facilities", "walk")["kind"].isin(["forest", "water_works"]).all()


def test_dependencies_name_nodes_that_are_there(city):
    needs = city.dependencies
    ids = {name: set(net.ids) for name, net in city.networks.items()} | {"facilities": set(city.facilities["id"])}
    for row in needs.itertuples():
        assert row.node in ids[row.network]
        assert row.needs_node in ids[row.needs_network]
    pairs = set(zip(needs["network"], needs["needs_network"], strict=True))
    assert {("power", "telecom"), ("telecom", "power"), ("water", "power"), ("drainage", "power")} <= pairs


def test_utilities_serve_everybody_and_carry_their_demand(city):
    for name in ("power", "water", "drainage", "telecom"):
        nodes, net = city.layers[f"{name}_nodes"], city.networks[name]
        assert list(nodes["id"]) == list(net.ids)
        assert nodes["people_served"].sum() == city.people
        assert (net.columns["capacity"] > 0).all()
        demand = nodes["demand"].to_numpy()
        into = np.bincount(
            net.graph.tail if name == "drainage" else net.graph.head, net.columns["capacity"], len(nodes)
        )
        assert (into[demand > 0] >= demand[demand > 0]).all()
    plant = city.layers["drainage_nodes"]["role"].to_numpy() == "plant"
    drains = city.networks["drainage"]
    assert not np.isin(drains.graph.tail, np.flatnonzero(plant)).any()


# ── the timetable ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def feed() -> dict[str, pd.DataFrame]:
    with zipfile.ZipFile(BUNDLED / "gtfs.zip") as archive:
        texts = {name.removesuffix(".txt"): archive.read(name).decode("utf-8") for name in archive.namelist()}
    return {name: pd.DataFrame(list(csv.DictReader(io.StringIO(text)))) for name, text in texts.items()}


def seconds(clock: pd.Series) -> np.ndarray:
    parts = clock.str.split(":", expand=True).astype(int)
    return (parts[0] * 3600 + parts[1] * 60 + parts[2]).to_numpy()


def test_every_id_of_the_timetable_resolves(feed):
    assert feed["routes"]["agency_id"].isin(feed["agency"]["agency_id"]).all()
    trips, times = feed["trips"], feed["stop_times"]
    assert trips["route_id"].isin(feed["routes"]["route_id"]).all()
    assert trips["service_id"].isin(feed["calendar"]["service_id"]).all()
    assert trips["shape_id"].isin(feed["shapes"]["shape_id"]).all()
    assert set(times["trip_id"]) == set(trips["trip_id"])
    assert set(times["stop_id"]) == set(feed["stops"]["stop_id"])
    assert feed["frequencies"]["trip_id"].isin(trips["trip_id"]).all()
    assert feed["calendar_dates"]["service_id"].isin(feed["calendar"]["service_id"]).all()
    for table, key in (("stops", "stop_id"), ("routes", "route_id"), ("trips", "trip_id"), ("calendar", "service_id")):
        assert feed[table][key].is_unique


def test_times_rise_along_every_trip(feed):
    times = feed["stop_times"].assign(
        arrive=seconds(feed["stop_times"]["arrival_time"]),
        leave=seconds(feed["stop_times"]["departure_time"]),
        order=feed["stop_times"]["stop_sequence"].astype(int),
    )
    times = times.sort_values(["trip_id", "order"])
    assert (times["leave"] >= times["arrive"]).all()
    same_trip = times["trip_id"].to_numpy()[1:] == times["trip_id"].to_numpy()[:-1]
    assert (times["arrive"].to_numpy()[1:] > times["leave"].to_numpy()[:-1])[same_trip].all()
    assert times["leave"].max() > 24 * 3600


def test_stops_are_the_citys_own(feed, city):
    kinds = city.facilities[city.facilities["kind"].isin(["bus_stop", "tram_stop"])]
    assert set(feed["stops"]["stop_id"]) == set(kinds["id"]) == set(city.networks["transit"].ids)
    at = gpd.GeoSeries.from_xy(
        feed["stops"]["stop_lon"].astype(float), feed["stops"]["stop_lat"].astype(float), crs=4326
    )
    gap = at.to_crs(city.crs).distance(
        kinds.set_index("id").geometry.loc[feed["stops"]["stop_id"]].reset_index(drop=True)
    )
    assert gap.max() < 0.2
    assert "ynthetic" in feed["feed_info"]["feed_publisher_name"][0]
    assert sorted(set(feed["routes"]["route_type"])) == ["0", "3"]


# ── the folder ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_timetable_is_that_of_the_feed(feed, city):
    net = city.networks["transit"]
    table = net.timetable
    assert (table.first_day.isoformat(), table.last_day.isoformat()) == ("2026-01-01", "2026-12-31")
    repeated = set(feed["frequencies"]["trip_id"])
    plain = feed["trips"][~feed["trips"]["trip_id"].isin(repeated)]
    assert {t for t in table.trips["id"] if "@" not in t} == set(plain["trip_id"])
    # by hand: from start to end at every headway
    counts = [
        len(range(*(int(v) for v in (start, end, headway))))
        for start, end, headway in zip(
            seconds(feed["frequencies"]["start_time"]),
            seconds(feed["frequencies"]["end_time"]),
            feed["frequencies"]["headway_secs"].astype(int),
            strict=True,
        )
    ]
    assert len(table.trips) == len(plain) + sum(counts)
    inside = np.flatnonzero(table.hop >= 0)
    ends = np.stack([net.graph.tail, net.graph.head])[:, table.hop[inside]]
    stops = np.stack([table.pattern_stop[inside], table.pattern_stop[inside + 1]])
    np.testing.assert_array_equal(np.sort(ends, axis=0), np.sort(stops, axis=0))
    lines = np.repeat(table.pattern_line, np.diff(table.pattern_indptr))[inside]
    assert (net.columns["name"][table.hop[inside]] == table.lines["id"].to_numpy()[lines]).all()
    np.testing.assert_array_equal([net.x, net.y], table.stops[["x", "y"]].to_numpy().T)


def test_layouts_are_six_sites_each_near_streets(city):
    for name in ("centre", "spread", "corridors"):
        sites = gpd.read_file(BUNDLED / "layouts" / f"{name}.gpkg", layer="sites", engine="pyogrio")
        assert list(sites.columns) == ["id", "name", "capacity", "geometry"]
        assert sites.crs.to_epsg() == 32631
        assert len(sites) == 6
        probe = city.with_layer("probe", sites.assign(kind="clinic"))
        assert probe.unsnapped("probe", "walk").empty
        assert shapely.contains(city.land(), sites.geometry.to_numpy()).all()


def test_writing_keeps_the_script_and_is_the_same_to_the_byte(written):
    assert (written / "make.py").read_text() == "# mine"
    times = [f"networks/transit/timetable/{name}.npy" for name in ("arrive", "depart")]
    for name in ("gtfs.zip", "layouts/centre.gpkg", "README.md", "city.toml", *times):
        assert (written / name).read_bytes() == (BUNDLED / name).read_bytes(), name


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(DataError, match="no city folder"):
        write_harbour(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"
