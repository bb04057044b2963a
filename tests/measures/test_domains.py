"""Measures of the city domains on miniatures, by hand; known answers where there are published ones."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from twin.errors import DataError, MissingData
from twin.gis.grid import grid_city
from twin.interventions import AddFacility, CloseFacility
from twin.measures import (
    all_within,
    area_count,
    area_per_household,
    attached,
    buildings_exposed,
    cell_size,
    concentration,
    connected_share,
    covered,
    demand_per_head,
    distance_within,
    facilities_exposed,
    facilities_within,
    filled,
    floor_per_head,
    floor_ratio,
    floor_share,
    green_cover,
    junction_density,
    kth_time,
    land_per_head,
    land_ratio,
    length_per_head,
    low_rise,
    mean_time,
    network_density,
    on_rings,
    people_density,
    people_exposed,
    people_ratio,
    response_time,
    sized,
    source_count,
    street_light,
    streets_passable,
    supplied_after_loss,
    supply_over_demand,
    tallest,
    time_between,
    use_mix,
    width_share,
)
from twin.measures.areas import with_communities
from twin.measures.exposure import with_flood
from twin.measures.utilities import with_mains
from twin.model import Network, Raster


def block(use, floor_area, levels=2.0, at=10.0):
    return {
        "use": use,
        "floor_area": floor_area,
        "levels": levels,
        "height": 3.0 * levels,
        "geometry": shapely.Point(at, at).buffer(5),
    }


def built(*blocks, city=None):
    """A grid of one block (four corners of 10 people) with some buildings."""
    city = city or grid_city(1)
    table = gpd.GeoDataFrame([{"id": i, **each} for i, each in enumerate(blocks)], geometry="geometry", crs=city.crs)
    return city.with_layer("buildings", table)


def used(*parts, city=None):
    """A grid of one block whose land is used in strips: (use, width)."""
    city, west, rows = city or grid_city(1), 0.0, []
    for i, (use, width) in enumerate(parts):
        rows.append({"id": i, "use": use, "geometry": shapely.box(west, 0, west + width, 100)})
        west += width
    return city.with_layer("land_use", gpd.GeoDataFrame(rows, geometry="geometry", crs=city.crs))


def test_mix_of_half_three_tenths_and_a_fifth():
    """Published: .5/.3/.2 of three uses are .937231, of four uses .742738; equal parts 1, one use 0."""
    city = built(block("residential", 500.0), block("commercial", 300.0), block("public", 200.0))
    three = ("residential", "commercial", "public")
    assert use_mix(city, uses=three) == pytest.approx(0.937231, abs=5e-7)
    assert use_mix(city, uses=(*three, "industrial")) == pytest.approx(0.742738, abs=5e-7)
    equal = built(*[block(use, 100.0) for use in three])
    assert use_mix(equal, uses=three) == pytest.approx(1.0)
    assert use_mix(built(block("public", 9.0)), uses=three) == 0.0
    with pytest.raises(DataError, match="at least two uses"):
        use_mix(city, uses=("residential",))


def test_jobs_over_workers():
    """Published: 80 jobs for 100 workers are .8."""
    city = grid_city(1).with_columns("population", people=25.0, jobs=20.0)
    assert people_ratio(city, part="jobs") == pytest.approx(0.8)


def test_light_by_the_utilisation_method():
    """Published: lamps of 12,000 lm every 30 m on one side of a street 10 m wide, U .4, M .8: 12.8 lx."""
    x, y = [0.0, 300.0, 300.0], [0.0, 0.0, 300.0]
    net = Network.from_arrays(x, y, [0, 1], [1, 2], length=300.0, crs=32631, width=10.0, **{"class": "primary"})
    along = 15.0 + 30.0 * np.arange(10)
    lamps = gpd.GeoDataFrame({"id": range(10), "flux": 12_000.0}, geometry=shapely.points(along, 3.0), crs=32631)
    city = grid_city(1).with_network("drive", net).with_layer("street_lamps", lamps)
    both = {"classes": ("primary",), "utilisation": 0.4, "maintenance": 0.8}
    assert street_light(city, **both) == pytest.approx(6.4)  # the second street of 300 m has no lamp
    assert street_light(city.with_network("drive", net.close([1])), **both) == pytest.approx(12.8)
    with pytest.raises(MissingData, match="there is no open edge of drive of class tertiary"):
        street_light(city, classes=("tertiary",))


def test_coverage_of_collection_points_counts_the_limit_in():
    """Published: five equal buildings at 50, 100, 120, 121 and 300 m of a limit of 120 m are .6."""
    x = np.array([0.0, 50.0, 100.0, 120.0, 121.0, 300.0])
    net = Network.from_arrays(x, np.zeros(6), [0, 1, 2, 3, 4], [1, 2, 3, 4, 5], length=np.diff(x), crs=32631)
    city = grid_city(1)
    people = gpd.GeoDataFrame({"id": range(5), "people": 10.0}, geometry=shapely.points(x[1:], 0.0), crs=32631)
    street = type(city)(**{**vars(city), "networks": {"walk": net}, "population": people})
    point = AddFacility("waste_collection_point", at=(0.0, 0.0))(street)
    assert distance_within(point, facility="waste_collection_point", within=120).value == pytest.approx(0.6)


def test_land_for_each_head_and_ratios():
    city = used(("residential", 50), ("commercial", 25), ("green", 20), ("public", 5))  # strips of 100 m: 5,000 m2 …
    assert land_per_head(city, use="residential") == pytest.approx(5000 / 40)
    assert land_per_head(city, use=["public", "commercial"]) == pytest.approx(3000 / 40)
    wide = city.with_network("drive", city.network("drive").with_columns(width=6.0))
    assert land_per_head(wide, use="transport", streets=True) == pytest.approx(4 * 100 * 6 / 40)  # four streets
    assert land_ratio(city, use=["commercial", "industrial"], over="residential") == pytest.approx(0.5)
    assert people_density(city) == pytest.approx(40 / 8000)  # green is not built on
    assert people_density(city, on="residential_land") == pytest.approx(40 / 5000)
    assert people_density(city, on="area") == pytest.approx(40 / 10_000)
    with pytest.raises(MissingData, match="land_use covers 40% of the land, 50% is needed"):
        people_density(used(("residential", 40)))
    with pytest.raises(MissingData, match="no industrial land"):
        land_ratio(city, use="residential", over="industrial")


def test_floors():
    city = built(
        block("residential", 3000.0, levels=6),
        block("residential", 1000.0, levels=7),
        block("commercial", 1000.0, levels=20),
    )
    assert floor_ratio(city) == pytest.approx(5000 / 10_000)
    assert floor_per_head(city) == pytest.approx(4000 / 40)
    assert floor_share(city, use=("commercial", "public")) == pytest.approx(0.2)
    assert low_rise(city, storeys=6).value == pytest.approx(0.75)
    assert low_rise(city, storeys=6).reached.tolist() == [True, False, False]
    assert tallest(city) == 21.0
    assert tallest(city, use=("residential", "commercial")) == 60.0
    with pytest.raises(MissingData, match="50% of the buildings say their use"):
        floor_per_head(built(block("residential", 10.0), block("", 10.0)))
    with pytest.raises(MissingData, match="there is no such building"):
        tallest(city, use="public")
    with pytest.raises(MissingData, match="1 of 2 buildings have no levels"):
        low_rise(built(block("residential", 10.0, levels=np.nan), block("residential", 9.0)), storeys=6)


def test_green_counts_each_place_once():
    shapes = shapely.box([0, 0, 50, 90], 0, [20, 20, 60, 190], [50, 50, 50, 10])
    green = gpd.GeoDataFrame(
        {"id": range(4), "kind": ["park", "grass", "forest", "grass"], "public": [True, False, True, False]},
        geometry=shapes,
        crs=32631,
    )
    city = grid_city(1).with_layer("green", green)
    assert green_cover(city) == pytest.approx((1000 + 500 + 100) / 10_000)  # what lies outside does not
    assert green_cover(city, kinds=("forest",)) == pytest.approx(0.05)
    assert green_cover(city, public=True) == pytest.approx(0.15)


def test_junctions_lengths_and_widths():
    city = grid_city(2)  # nine corners: four with 2 streets, four with 3, one with 4; 12 streets of 100 m on 0.04 km2
    assert junction_density(city) * 1e6 == pytest.approx(5 / 0.04)
    assert junction_density(city, least=4) * 1e6 == pytest.approx(1 / 0.04)
    net = city.network("drive")
    kinds = np.array(["primary"] * 6 + ["residential"] * 6, dtype=object)
    width = np.array([14.0] * 6 + [6.0] * 3 + [3.5] * 2 + [np.nan])
    city = city.with_network("drive", net.with_columns(**{"class": kinds, "width": width}))
    assert length_per_head(city, network="drive", classes=("primary",)) == pytest.approx(600 / 90)
    assert network_density(city, classes=("primary",)) == pytest.approx(600 / 40_000)
    assert width_share(city, least=4.0) == pytest.approx(9 / 11)  # the one without a width is left out
    assert width_share(city, least=14.0, classes=("primary",)) == 1.0
    with pytest.raises(MissingData, match="83% of the length of drive of class residential has a width, 90% is needed"):
        width_share(city, least=4.0, classes=("residential",))  # few known ones do not stand for all
    assert width_share(city, most=6.0) == pytest.approx(5 / 11)
    narrow = city.with_network("drive", city.network("drive").close([9, 10, 11]))
    assert width_share(narrow, least=4.0) == 1.0
    with pytest.raises(MissingData, match="the edges of walk have no width"):
        width_share(city, network="walk")


def test_who_and_what_stands_in_the_water():
    city = with_flood(built(block("residential", 300.0, at=10.0), block("public", 100.0, at=90.0), city=grid_city(5)))
    assert people_exposed(city, layer="flood_100") == pytest.approx(6 / 36)  # the corners of the west side
    assert people_exposed(city, layer="flood_100", over=1.0) == 0.0  # 1 m is not above 1 m
    assert buildings_exposed(city, layer="flood_100") == pytest.approx(1 / 2)
    assert buildings_exposed(city, layer="flood_100", by="floor_area") == pytest.approx(3 / 4)
    assert buildings_exposed(city, layer="flood_100", use="public") == 0.0
    assert facilities_exposed(city, facility=["clinic", "bus_stop"], layer="flood_100") == pytest.approx(1 / 3)
    assert streets_passable(city, layer="flood_100", depth=0.3) == pytest.approx(55 / 60)
    assert streets_passable(city, layer="flood_100", depth=1.0) == 1.0
    with pytest.raises(MissingData, match="boundary is a table"):
        people_exposed(city, layer="boundary")
    with pytest.raises(MissingData, match="flood_20"):
        people_exposed(city, layer="flood_20")


def test_concentration_is_weighted_by_people():
    """40 people breathe 20 ug/m3, 10 breathe 45: the mean is 25."""
    city = grid_city(1).with_columns("population", people=[20.0, 10.0, 20.0, 0.0])
    values = np.array([[20, np.nan], [20, 45]], dtype=np.float32) * 1e-9
    city = city.with_layer("pm25", Raster(values, west=-50.0, north=150.0, cell=100.0, crs=city.crs, unit="kg/m3"))
    assert concentration(city, layer="pm25") * 1e9 == pytest.approx(25.0)


def test_several_services_at_once():
    city = grid_city(1)  # the clinic at (0, 0), stops at (100, 0) and (100, 100)
    assert all_within(city, facility=["clinic"], within=100).value == pytest.approx(3 / 4)
    assert all_within(city, facility=["clinic", "bus_stop"], within=100).value == pytest.approx(3 / 4)
    assert all_within(city, facility=[["clinic", "bus_stop"]], within=0).value == pytest.approx(3 / 4)


def test_times_between_and_on_the_mean():
    city = grid_city(5)
    assert time_between(city, facility="clinic", to="bus_stop").value == pytest.approx(10.0)
    assert time_between(city, facility="bus_stop", to="clinic").value == pytest.approx(60.0)
    assert np.isinf(time_between(CloseFacility("clinic")(city), facility="bus_stop", to="clinic").value)
    assert mean_time(grid_city(1), facility="clinic", turn_out=60.0).value == pytest.approx(60 + (0 + 10 + 10 + 20) / 4)
    assert facilities_within(city, facility="bus_stop", near="clinic", within=99.0).value == 0.0
    assert facilities_within(city, facility="bus_stop", near="clinic", within=600.0).value == 1.0


def test_households_and_sizes():
    city = AddFacility("clinic", at=(0.0, 0.0))(grid_city(5))
    city = city.with_columns("facilities", area=[720.0, np.nan, np.nan, 2500.0, 1280.0])
    city = city.with_columns("population", households=4.0)
    assert area_per_household(city, facility="clinic", area="area") == pytest.approx(2000 / 144)
    assert area_per_household(city, facility="clinic", area="area", least_area=1000) == pytest.approx(1280 / 144)
    assert sized(city, facility="clinic", least=700, most=1000).value == 0.5
    assert sized(city, facility="clinic", most=720).value == 0.5


def test_a_ring_survives_the_loss_of_any_pipe_and_a_branch_does_not():
    ring = with_mains(grid_city(1))  # a works at a, 40 people at c, pipes a-b-c-d-a
    fed = {"network": "water", "source": ("works",)}
    found = [measure(ring, **fed) for measure in (connected_share, supplied_after_loss, on_rings)]
    assert found == [1.0, 1.0, 1.0]
    branch = ring.with_network("water", ring.network("water").close([0]))  # a-d-c is left, and b behind c
    found = [measure(branch, **fed) for measure in (connected_share, supplied_after_loss, on_rings)]
    assert found == [1.0, 0.0, 0.0]
    two = branch.with_columns("water_nodes", role=["works", "works", "service", "junction"])  # fed from both ends
    found = [measure(two, **fed) for measure in (connected_share, supplied_after_loss, on_rings)]
    assert found == [1.0, 1.0, 1.0]
    cut = ring.with_network("water", ring.network("water").close([0, 2]))
    assert (connected_share(cut, **fed), supplied_after_loss(cut, **fed)) == (0.0, 0.0)
    some = ring.with_columns("water_nodes", people_served=[10.0, 10.0, 15.0, 5.0])
    less = some.with_network("water", ring.network("water").close([0]))  # closing d-a parts 15 + 10 + 5 of 40
    assert supplied_after_loss(less, **fed) == pytest.approx(10 / 40)
    with pytest.raises(MissingData, match="no open edge of water is trunk"):
        on_rings(ring, **fed, classes=("trunk",))
    assert demand_per_head(ring) * 1000 * 86_400 == pytest.approx(0.1 * 86_400 / 40)
    with pytest.raises(MissingData, match="no node of water is plant"):
        connected_share(ring, network="water", source=("plant",))
    with pytest.raises(MissingData, match="power"):
        connected_share(ring, network="power", source=("intake",))


def test_how_ready_the_data_are():
    city = with_flood(grid_city(5))
    assert filled(city, layer="facilities", column="capacity") == 0.25
    assert filled(city, layer="facilities", column="capacity", facility="clinic") == 1.0
    assert filled(city, layer="facilities", column="nothing") == 0.0
    assert filled(city.with_columns("facilities", name=["a", "", "c", None]), layer="facilities", column="name") == 0.5
    assert (cell_size(city, layer="flood_100"), covered(city, layer="flood_100")) == (100.0, 1.0)
    half = city.with_layer("flood_100", Raster(np.zeros((6, 2), "f4"), west=0.0, north=500.0, cell=125.0, crs=city.crs))
    assert covered(half, layer="flood_100") == pytest.approx(0.5)
    far = AddFacility("clinic", at=(5000.0, 5000.0))(city)
    assert attached(far, layer="facilities") == pytest.approx(4 / 5)


@pytest.mark.parametrize("stations", [1, 2, 3, 7, 9])
def test_the_second_station_is_the_second_of_all(stations):
    """Against the times from every station, sorted."""
    rng = np.random.default_rng(stations)
    city = CloseFacility("clinic")(grid_city(6))
    for at in rng.uniform(0, 600, (stations, 2)):
        city = AddFacility("fire_station", at=tuple(at))(city)
    net = city.networks["drive"]
    city = city.with_network("drive", net.close(np.flatnonzero(rng.random(len(net.graph.tail)) < 0.3)))
    rows = np.flatnonzero(city.rows("facilities", kind="fire_station"))
    each = []
    for row in rows:
        alone = np.arange(len(city.facilities)) == row
        each.append(response_time(city.with_columns("facilities", open=alone), facility="fire_station").rows)
    times = np.sort(np.vstack([*each, np.full(len(city.population), np.inf)]), axis=0)
    assert kth_time(city, facility="fire_station", kth=2).rows.tolist() == pytest.approx(times[1].tolist())
    if stations > 2:
        assert kth_time(city, facility="fire_station", kth=3).rows.tolist() == pytest.approx(times[2].tolist())


def test_sources_count_by_what_they_can_give():
    """By the mains that leave each works; a closed main takes its part away."""
    city = with_mains(grid_city(1))  # ring a-b-c-d-a of edges 0.1 L/s each, works at a
    fed = {"network": "water", "source": ("works",)}
    assert (source_count(city, **fed), supply_over_demand(city, **fed)) == (1.0, 2.0)
    net = city.networks["water"].with_columns(capacity=[0.1, 0.19, 0.01, 0.1])
    two = city.with_network("water", net).with_columns("water_nodes", role=["works", "junction", "works", "junction"])
    assert source_count(two, **fed) == 2.0  # 0.2 and 0.2 of 0.4
    assert supply_over_demand(two, **fed) == pytest.approx(4.0)
    dry = two.with_network("water", net.close([1]))  # c is left with 0.01 of 0.21: 4.8 %
    assert source_count(dry, **fed) == 1.0
    assert supply_over_demand(dry, **fed) == pytest.approx(2.1)
    near = city.with_columns("water_nodes", role=["works", "works", "service", "junction"])
    assert supply_over_demand(near, **fed) == pytest.approx(2.0)  # what joins two works is no supply
    none = city.with_network("water", city.networks["water"].close([0, 3]))
    assert (source_count(none, **fed), supply_over_demand(none, **fed)) == (0.0, 0.0)
    unknown = city.with_network("water", city.networks["water"].with_columns(capacity=[np.nan, 0.1, 0.1, 0.1]))
    with pytest.raises(MissingData, match="some edges at the sources of water have no capacity"):
        source_count(unknown, **fed)


def test_areas_on_the_land_are_counted():
    city = with_communities(grid_city(1))
    assert area_count(city, layer="communities") == 2.0
    far = city.table("communities").assign(geometry=city.table("communities").translate(5000, 0))
    assert area_count(city.with_layer("communities", far), layer="communities") == 0.0
    with pytest.raises(MissingData, match="historic_districts"):
        area_count(city, layer="historic_districts")
