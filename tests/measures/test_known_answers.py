"""The field's known answers for the measures that clauses use, and the traps that others fell into.

Each number is computed from the published formula by hand, or printed in the source that is named beside it.
"""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.optimize import brentq

from twin.errors import DataError, MissingData, UnknownName
from twin.gis.grid import grid_city
from twin.interventions import AddFacility
from twin.measures import (
    GWP,
    answered_within,
    box_model,
    briggs,
    concentration,
    connectivity_index,
    curve_number_runoff,
    day_evening_night,
    decayed_methane,
    emissions,
    emissions_per_head,
    erlang_c,
    factors,
    fuel_by_speed,
    gini,
    grid_along,
    held_share,
    joined,
    lambert,
    level_sum,
    line_source,
    lmdi,
    lost_share,
    match_quality,
    mean_wait,
    mesh_size,
    path_loss,
    plume,
    point_light,
    position_accuracy,
    probability_of_connectivity,
    rain_held,
    road_noise,
    run_off,
    screen_air,
    sight_chance,
    storm_intensity,
    straight_within,
    traffic_level,
)
from twin.measures.carbon import with_activities
from twin.measures.light import REACH
from twin.measures.noise import with_traffic
from twin.measures.rain import with_rain
from twin.measures.records import with_records
from twin.measures.waiting import with_calls
from twin.standards import check

# ── light ────────────────────────────────────────────────────────────────────────────────────────────────────────


def row_of_lamps(poles, intensity=10_000.0, height=10.0):
    """Illuminance at the ten points between the poles at 0 and 30 m, under the line of lamps."""
    points = grid_along(30.0)
    return sum(point_light(np.abs(points - pole), np.array(height), np.array(intensity)) for pole in poles)


def test_a_single_lamp():
    """CIE 140: 10,000 cd 10 m up are 100 lx below and 35.3553 lx at 45 degrees; 0.8 of the light is left with age."""
    light = point_light(np.array([0.0, 10.0]), np.array([10.0]), np.array([10_000.0]))
    assert light.tolist() == pytest.approx([100.0, 35.3553], abs=5e-5)
    assert (0.8 * light).tolist() == pytest.approx([80.0, 28.2843], abs=5e-5)


def test_two_lamps_and_their_uniformity():
    found = row_of_lamps([0, 30])
    assert found[:5].tolist() == pytest.approx([100.3468, 80.7017, 57.8992, 42.3033, 35.0121], abs=5e-5)
    assert found.tolist() == pytest.approx(found[::-1].tolist())
    assert found.mean() == pytest.approx(63.2526, abs=5e-5)
    assert found.min() / found.mean() == pytest.approx(0.553529, abs=5e-7)


def test_a_longer_row_comes_near_that_without_end():
    """On the line of an endless row the mean is 2 I / (h S) = 66.6667 lx; two lamps give 94.9 % of it, six 99.4 %."""
    six = row_of_lamps(range(-60, 91, 30))
    assert six.mean() == pytest.approx(66.2590, abs=5e-5)
    assert six.min() / six.mean() == pytest.approx(0.566396, abs=5e-7)
    endless = row_of_lamps(range(-30_000, 30_031, 30)).mean()
    assert endless == pytest.approx(2 * 10_000 / (10 * 30), rel=1e-5)
    assert row_of_lamps([0, 30]).mean() / endless == pytest.approx(0.949, abs=5e-4)
    assert six.mean() / endless == pytest.approx(0.994, abs=5e-4)


def test_points_of_the_grid_stand_half_a_step_from_the_pole():
    """EN 13201-3: ten up to 30 m, then so many that they stand at most 3 m apart."""
    spans = {10: 10, 20: 10, 30: 10, 30.001: 11, 36: 12, 40: 14, 50: 17, 60: 20}
    assert [len(grid_along(span)) for span in spans] == list(spans.values())
    assert grid_along(30.0)[[0, -1]].tolist() == [1.5, 28.5]


def test_no_light_is_lost_on_the_way():
    """All the light of Lambert's lamp falls on the ground; within REACH of 8 m poles are 97 % of it."""
    step = 0.05
    rim = np.arange(step / 2, 2000.0, step)
    ring = 2 * np.pi * rim * step
    height = np.array(8.0)
    light = point_light(rim, height, lambert(np.array(6000.0), rim, height))
    assert (light * ring).sum() == pytest.approx(6000.0, rel=1e-3)
    assert 0.96 < (light * ring)[rim <= REACH].sum() / 6000.0 < 0.98
    even = point_light(rim, np.array(10.0), np.array(1000.0))  # the same in all directions
    assert (even * ring)[rim <= 17.3205].sum() == pytest.approx(3141.593, rel=1e-3)


# ── carbon and waste ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("amount", "factor", "kilograms"),
    [
        (1000, "grid_cn_2020", 570.3),
        (1000, "grid_cn_2021", 556.8),
        (1000, "grid_cn_2022", 536.6),
        (1000, "grid_cn_2023", 530.6),
        (1, "petrol_ipcc_2006", 3.06999),
        (1, "diesel_ipcc_2006", 3.18630),
        (1, "natural_gas_ipcc_2006", 2.69280),
        (1, "natural_gas_cn", 2.162189),
        (2600, "heat_cn", 286_000.0),  # 10,000 m2 x .26 GJ x .11 t
        (1, "waste_incinerated_cn", 271.700),  # .20 x .39 x .95 x 44/12 of a tonne
    ],
)
def test_a_factor_is_that_of_its_year(amount, factor, kilograms):
    activity = pd.DataFrame({"amount": [amount], "unit": [factors()[factor]["per"]], "factor": [factor]})
    assert emissions(activity)[0] == pytest.approx(kilograms, rel=1e-6)


def test_a_floor_is_not_a_fuel():
    """10,000 m2 at 85 kWh and .5306 kg are 451.01 t; an amount in another unit is refused, not converted quietly."""
    office = pd.DataFrame({"amount": [10_000 * 85.0], "unit": ["kWh"], "factor": ["grid_cn_2023"]})
    assert emissions(office)[0] / 1000 == pytest.approx(451.01)
    with pytest.raises(DataError, match="grid_cn_2023 is for each kWh"):
        emissions(office.assign(unit="MWh"))


def test_warming_potentials_name_their_report():
    assert (GWP["AR6"]["ch4"], GWP["AR6"]["n2o"], GWP["AR5"]["ch4"], GWP["AR5"]["n2o"]) == (27.9, 273.0, 28.0, 265.0)


def test_power_made_and_power_bought_are_not_one_sum():
    city = with_activities(grid_city(1))
    bought = city.table("activities")
    both = pd.concat([bought, bought.assign(id=1, sector="power", scope=1)], ignore_index=True)
    with pytest.raises(DataError, match="count the same electricity twice"):
        emissions_per_head(city.with_layer("activities", both))


def test_emissions_per_head_name_their_people():
    """5 Mt for 1 M residents are 5 t each; by the registered 0.8 M they would be 6.25."""
    city = with_activities(grid_city(1)).with_columns("population", people=250_000.0, registered=200_000.0)
    table = city.table("activities").assign(amount=5e9 / 0.5306)
    city = city.with_layer("activities", table)
    assert emissions_per_head(city) == pytest.approx(5000.0)
    assert emissions_per_head(city, of="registered") == pytest.approx(6250.0)


def test_fuel_by_speed_has_its_least_near_66_km_an_hour():
    speeds = (20.0, 50.0, 70.0, 100.0)
    assert [fuel_by_speed(v) for v in speeds] == pytest.approx([0.089546, 0.063491, 0.061907, 0.066681], abs=5e-7)
    assert fuel_by_speed(50.0, "diesel car") == pytest.approx(0.051432, abs=5e-7)
    v = np.arange(30.0, 120.0)
    assert v[np.argmin([fuel_by_speed(each) for each in v])] == 66.0
    assert v[np.argmin([fuel_by_speed(each, "diesel car") for each in v])] == 73.0


def test_waste_decays_from_the_year_after_and_gives_all_it_has():
    tip = np.zeros(400)
    tip[0] = 1000.0
    methane = decayed_methane(tip, doc=0.15, k=0.09)
    assert methane[:3].tolist() == pytest.approx([0.0, 4.303441, 3.933049], abs=5e-7)
    assert methane.sum() == pytest.approx(50.0)
    for k, first in ((0.05, 2.438529), (0.4, 16.483998)):
        assert decayed_methane(tip[:2], doc=0.15, k=k)[1] == pytest.approx(first, abs=5e-7)


def test_what_each_factor_adds_sums_to_the_change():
    parts = lmdi([100, 2, 0.5, 3], [110, 2.5, 0.4, 2.8])
    assert parts.tolist() == pytest.approx([28.9726, 67.8317, -67.8317, -20.9726], abs=5e-5)
    assert parts.sum() == pytest.approx(8.0)


# ── water ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_leakage_is_a_share_that_falls_when_people_use_more():
    city = with_records(grid_city(1))
    assert lost_share(city, put_in="water_in", billed="water_billed") == pytest.approx(0.15)
    table = city.table("records").copy()
    table["value"] = table["value"].where(~table["id"].isin(["water_in", "water_billed"]), table["value"] + 50.0)
    thirsty = city.with_layer("records", table)  # the same 15 l/s are lost
    assert lost_share(thirsty, put_in="water_in", billed="water_billed") == pytest.approx(0.10)


def test_rain_that_is_held_is_a_share_of_the_volume():
    """GB 50014-2021, A.0.1: 70 % at 18.75 mm. A share of the events, 1 - m / (n + 1), would be another number."""
    rain = [5.0, 10.0, 20.0, 40.0]
    assert [held_share(rain, depth) for depth in rain] == pytest.approx([4 / 15, 7 / 15, 11 / 15, 1.0])
    assert held_share(rain, 18.75) == pytest.approx(0.70)
    by_rank = [1 - m / 5 for m in (4, 3, 2, 1)]
    assert [held_share(rain, depth) for depth in rain] != pytest.approx(by_rank, abs=0.05)
    assert rain_held(with_rain(grid_city(1)), design=0.01875) == pytest.approx(0.70)


def test_run_off_has_two_families():
    """A roof of 1,000 m2, green 2,500 m2 of which 100 m2 lie under it, water 500 m2, and 6,100 m2 that are paved."""
    roofs = gpd.GeoDataFrame({"id": [0], "use": ["public"]}, geometry=[shapely.box(0, 15, 100, 25)], crs=32631)
    green = gpd.GeoDataFrame({"id": [0], "kind": ["park"]}, geometry=[shapely.box(0, 24, 100, 49)], crs=32631)
    water = gpd.GeoDataFrame({"id": [0]}, geometry=[shapely.box(0, -95, 100, 5)], crs=32631)  # 500 m2 on the land
    city = grid_city(1).with_layer("buildings", roofs).with_layer("green", green)
    assert run_off(city) == pytest.approx((0.85 * 7600 + 0.15 * 2400) / 10_000)
    city = city.with_layer("water", water)
    assert run_off(city) == pytest.approx((0.85 * 7100 + 0.15 * 2400 + 1.0 * 500) / 10_000)
    assert run_off(city, family="flow") == pytest.approx((0.95 * 1000 + 0.9 * 6100 + 0.25 * 2400 + 500) / 10_000)
    with pytest.raises(DataError, match="the family is volume or flow"):
        run_off(city, family="mean")


def test_storms_and_curve_numbers():
    found = [storm_intensity(p, t) for p, t in ((3, 60), (1, 10), (5, 120))]
    assert found == pytest.approx([138.1633, 256.2998, 99.5525], abs=5e-5)
    inch = 25.4
    assert curve_number_runoff(8 * inch, 80) / inch == pytest.approx(5.625)  # TR-55, a worked page
    assert curve_number_runoff(5 * inch, 61) / inch == pytest.approx(1.369105, abs=5e-7)
    for rain, curve, depth in ((100, 80, 50.539058), (50, 80, 13.802480), (100, 98, 94.037597), (32.48, 61, 0.0)):
        assert curve_number_runoff(rain, curve) == pytest.approx(depth, abs=5e-7)


# ── noise ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_road_noise_of_1988():
    """29.1 for 18 hours, not 28.1 as one page has it; at 75 km/h without lorries speed adds nothing but .010663."""
    assert traffic_level(18_000, 75, 0) == pytest.approx(71.6527 + 0.010663, abs=5e-5)
    assert traffic_level(1000, 50, 10, hours=1) == pytest.approx(72.4103, abs=5e-5)
    assert traffic_level(500, 50, 0, hours=1) == pytest.approx(66.3897, abs=5e-5)
    assert float(road_noise(20.0)) == pytest.approx(-2.411269, abs=5e-7)
    assert traffic_level(1000, 50, 10, hours=1) + float(road_noise(20.0)) == pytest.approx(69.9990, abs=5e-5)
    assert float(road_noise(10.0, height=0.0)) == pytest.approx(0.0)  # 10 m from the kerb is where it is stated


def test_levels_are_summed_as_energies():
    assert float(level_sum([60, 60])) == pytest.approx(63.0103, abs=5e-5)
    assert float(level_sum([60, 50])) == pytest.approx(60.4139, abs=5e-5)
    # 100 quiet stretches of 20 dB are 40 dB; an index that is floored at 24.5 dB before it is summed gives 44.5.
    assert float(level_sum(np.full(100, 20.0))) == pytest.approx(40.0)
    assert float(level_sum(np.full(100, 24.5))) == pytest.approx(44.5)


def test_levels_of_day_evening_and_night():
    assert day_evening_night(65, 62, 58) == pytest.approx(66.551040, abs=5e-7)
    assert day_evening_night(60, 60, 60) == pytest.approx(66.395243, abs=5e-7)


# ── air ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_spreads_over_a_town():
    """Briggs' urban curves at 1,000 m."""
    table = {"A": (270.449, 339.411), "C": (185.934, 200.0), "D": (135.2247, 122.7881), "F": (92.967, 50.5964)}
    for stability, spread in table.items():
        assert [float(each) for each in briggs(1000.0, stability)] == pytest.approx(spread, abs=5e-4)
    with pytest.raises(UnknownName, match="no stability class 'G'"):
        briggs(1000.0, "G")


def test_a_chimney():
    """10 g/s from 50 m in 5 m/s, neutral: micrograms at the ground on the axis and 100 m beside it."""
    found = plume(0.01, [500, 1000, 2000], wind=5.0, height=50.0) * 1e9
    assert found.tolist() == pytest.approx([99.591854, 35.290779, 11.754101], abs=5e-7)
    beside = float(plume(0.01, 1000.0, wind=5.0, height=50.0, aside=100.0)) * 1e9
    assert beside == pytest.approx(26.847809, abs=5e-7)
    with pytest.raises(DataError, match="in a calm no plume forms"):
        plume(0.01, 1000.0, wind=0.0)


def test_what_a_chimney_sends_passes_every_cross_section():
    """The flux through a plane across the wind is what left the source: the plume above the ground, both ways."""
    side, up = (float(each) for each in briggs(1000.0, "D"))
    y, z = np.arange(-1500.0, 1500.0, 5.0), np.arange(2.5, 1500.0, 5.0)
    ground = plume(0.01, 1000.0, wind=5.0, height=0.0, aside=y)  # falls off upward as exp(-z2 / 2 s2)
    flux = 5.0 * (ground[:, None] * np.exp(-(z**2) / (2 * up**2))).sum() * 25.0
    assert flux == pytest.approx(0.01, rel=1e-3)
    assert side > up


def test_lines_and_boxes():
    assert float(line_source(1e-6, 10.0, 3.0)) * 1e9 == pytest.approx(26.5962, abs=5e-5)
    assert box_model(1e-9, 5000.0, wind=2.0, mixing=500.0, background=3e-9) * 1e9 == pytest.approx(8.0)


def test_air_that_is_screened_feeds_the_clauses_and_says_so():
    """One street of 3,600 vehicles in 18 h at 30 mg/km, 2 m/s: by hand at a cell's middle 25 m beside it."""
    city = with_traffic(grid_city(1))
    net = city.networks["drive"]
    alone = city.with_network("drive", net.close(np.flatnonzero(net.graph.tail != 0)))  # streets from the corner (0, 0)
    screened = screen_air(alone, factor=3e-8, background=1e-8)
    raster = screened.layer("pm25")
    assert raster.bounds == (-50.0, -50.0, 150.0, 150.0)
    near = float(np.hypot(briggs(25.0)[1], 2.0))
    added = 2 * (3600 / 64_800 * 3e-8) / (np.sqrt(2 * np.pi) * near * 2.0)
    assert raster.at(25.0, 25.0) == pytest.approx(1e-8 + added, rel=1e-6)
    assert concentration(screened, layer="pm25") > 1e-8
    found = {each.key: each for each in check(screened, "environment")}["ISO 37120:2018, 8.1 fine particles"]
    assert found.status == "value"
    assert "pm25 is estimated (screened by line sources" in found.reason
    assert "pm25为估算值" in found.reason_zh
    quiet = alone.with_network("drive", net.close(np.arange(4)))
    with pytest.raises(MissingData, match="traffic names no class"):
        screen_air(quiet, factor=3e-8, background=1e-8)
    with pytest.raises(DataError, match="wind and cell above 0"):
        screen_air(alone, factor=3e-8, background=1e-8, wind=0.0)


# ── ecology ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_connectivity_of_a_chain_of_three_patches():
    area, chain = [10, 20, 30], [(0, 1), (1, 2)]
    assert connectivity_index(area, chain, 100) == pytest.approx(0.24)
    chance = np.array([[1, 0.5, 0], [0.5, 1, 0.8], [0, 0.8, 1]])
    whole = probability_of_connectivity(area, chance, 100)
    assert whole == pytest.approx(0.28)
    assert np.sqrt(whole * 100**2) == pytest.approx(52.9150, abs=5e-5)
    without = probability_of_connectivity([10, 30], np.eye(2), 100)  # of the middle patch
    assert (whole - without) / whole == pytest.approx(0.642857, abs=5e-7)
    assert connectivity_index(area, [], 100) == pytest.approx(mesh_size(area, 100) / 100)  # nothing joined
    assert mesh_size(area, 100) == pytest.approx(14.0)


def test_a_corridor_is_as_wide_as_its_narrowest_place():
    west, east = shapely.box(0, 0, 100, 100), shapely.box(200, 0, 300, 100)
    green = shapely.union_all([west, east, shapely.box(100, 40, 200, 60)])
    assert joined(green, (west, east), 15)
    assert not joined(green, (west, east), 25)


def test_service_circles_are_joined_not_added():
    """A park's circle of 500 m is 78.54 ha; that of a second one upon it adds nothing."""
    city = grid_city(20)
    once = AddFacility("forest", at=(1000.0, 1000.0))(city)
    twice = AddFacility("forest", at=(1000.0, 1000.0))(once)
    found = [straight_within(each, facility="forest", within=500, of="area").value for each in (once, twice)]
    assert found[0] == found[1]
    assert found[0] * 400 == pytest.approx(78.5398, rel=0.01)  # [ha], asked at points


# ── radio ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_path_loss_of_an_urban_macro_cell():
    """Test vectors of ns-3 at 5 GHz, mast 25 m, phone 1.5 m."""
    distance = [10, 100, 1000, 5000]
    seen, hidden = (path_loss(distance, 5.0, sight=sight) for sight in (True, False))
    assert seen.tolist() == pytest.approx([72.9380, 86.2362, 109.7252, 137.6794], abs=1e-4)
    assert hidden.tolist() == pytest.approx([82.5131, 106.1356, 144.7641, 172.0753], abs=1e-4)
    at = [float(path_loss(500, 3.5, sight=sight)) for sight in (True, False)]
    assert at == pytest.approx([98.2692, 129.9158], abs=1e-4)
    assert brentq(lambda d: float(path_loss(d, 3.5)) - 123.0, 10, 5000) == pytest.approx(332.20, abs=5e-3)
    assert sight_chance([18, 100, 300]).tolist() == pytest.approx([1.0, 0.347671, 0.068036], abs=5e-7)


# ── waiting ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("load", "servers", "chance"),
    [
        (48.0, 55, 0.238701),  # a hotline
        (6.0, 8, 0.356981),  # chargers
        (3.0, 4, 0.509434),  # stalls
        (3.0, 5, 0.236152),
        (10 / 3, 4, 0.657722),  # counters
        (10 / 3, 5, 0.326669),
        (100.0, 110, 0.237008),
    ],
)
def test_chance_to_wait(load, servers, chance):
    assert erlang_c(load, servers) == pytest.approx(chance, abs=5e-7)


def test_waits_at_counters_and_chargers():
    def wait(calls, handling, agents):
        return mean_wait(with_calls(grid_city(1), calls=calls, handling=handling, agents=agents), layer="hotline")

    assert wait(40.0, 300.0, 4) / 60 == pytest.approx(4.933, abs=5e-4)
    assert wait(40.0, 300.0, 5) / 60 == pytest.approx(0.980, abs=5e-4)
    assert wait(6.0, 3600.0, 8) / 3600 == pytest.approx(0.178491, abs=5e-7)
    assert wait(60.0, 180.0, 4) / 3600 == pytest.approx(0.025472, abs=5e-7)
    assert wait(720.0, 240.0, 55) == pytest.approx(8.184, abs=5e-4)
    assert wait(200.0, 180.0, 14) == pytest.approx(7.836, abs=5e-4)
    assert wait(100.0, 180.0, 5) == float("inf")  # as many come as can be served


def test_80_percent_in_15_seconds_takes_55_agents():
    level = [
        answered_within(with_calls(grid_city(1), agents=each), layer="hotline", within=15) for each in range(48, 58)
    ]
    assert min(agents for agents, found in zip(range(48, 58), level, strict=True) if found >= 0.8) == 55


# ── shares and data ──────────────────────────────────────────────────────────────────────────────────────────────


def test_how_evenly_a_sum_is_shared():
    assert gini([1, 2, 3, 4]) == pytest.approx(0.25)
    assert gini([5, 5, 5]) == pytest.approx(0.0)
    assert gini([1, 3], weights=[30, 10]) == pytest.approx(gini([1, 1, 1, 3]))


def test_accuracy_of_position():
    """NSSDA: 1.7308 RMSE of at least 20 points; a public script has 1.7808."""
    dx, dy = [1, -1, 2, 0] * 5, [0, 1, -1, 2] * 5
    assert np.sqrt(np.mean(np.square(dx) + np.square(dy))) == pytest.approx(1.732051, abs=5e-7)
    assert position_accuracy(dx, dy) == pytest.approx(2.997834, abs=5e-5)
    assert position_accuracy(dx, dy) != pytest.approx(1.7808 * 1.732051, rel=0.01)
    with pytest.raises(DataError, match="at least 20 points are needed, not 4"):
        position_accuracy(dx[:4], dy[:4])


def test_completeness_correctness_and_quality():
    found = match_quality(90, 10, 5)
    assert found == pytest.approx((0.9, 0.947368, 0.857143), abs=5e-7)
