"""Clauses tried out on a city of 36 corners; the numbers are worked out in the comments."""

import datetime as dt

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import twin
from tests.trial.conftest import clause
from twin.errors import DataError, StandardError, UnknownName
from twin.gis.grid import grid_city
from twin.hazards import Blockage
from twin.interventions import AddFacility
from twin.measures import distance_within
from twin.standards import load
from twin.standards.ensemble import interval
from twin.trial import Cost, Curve, Gap
from twin.trial.curve import knee_of, sweep
from twin.trial.near import near_of

NEAR = '{ facility = "clinic", within = { value = 300, unit = "m" } }'
#: Corners at most so many blocks from the clinic's corner, along the streets: 1 + 2 + 3 + … and then fewer.
CORNERS = (1, 3, 6, 10, 15, 21, 26, 30, 33, 35, 36)


def one(path, city, **more):
    """The outcome of a draft's first clause."""
    return twin.trial(path, city, runs=4, **more).outcomes[0]


@pytest.fixture
def near(write, town):
    """A clinic within 300 m of half of the people, tried on the town."""
    return one(write(clause("1", "distance_within", NEAR, "at_least = 0.5")), town)


def test_the_curve_by_hand(near):
    # 99 % of the corners lie within 965 m; the limit of 300 m is met by the 15th of 50 steps of 20 m, which end at 1 km
    curve = near.curve
    assert curve.x.tolist() == pytest.approx(np.arange(20, 1001, 20).tolist())
    assert curve.y.tolist() == pytest.approx([CORNERS[int(x // 100)] / 36 for x in range(20, 1001, 20)])
    assert (curve.at, curve.asked, curve.unit) == (300, 0.5, "m")
    assert curve.today == pytest.approx(10 / 36)
    assert curve.needed == 500  # half of 36 corners: 15 lie within 400 m, 21 within 500 m


def test_the_knee_by_hand(near):
    # chord from (20 m, 1/36) to (1000 m, 36/36); at 700 m (30 - 1) / 35 - 680 / 980 = 0.13469 is the largest gap,
    # 600 m: 25/35 - 580/980 = 0.12245, 800 m: 32/35 - 780/980 = 0.11837, and below at 280 m: 5/35 - 260/980 = -0.12245
    knee = near.curve.knee
    assert (knee.x, knee.y, knee.early) == (pytest.approx(700), pytest.approx(30 / 36), True)
    assert knee.gap == pytest.approx(29 / 35 - 680 / 980)


def test_groups_by_hand(near):
    # Within 300 m: 4 + 3 + 2 corners in the columns of the west, 1 in the east. A second clinic at (400, 300) serves 20
    # more (see below): of the west (100, 300) and (200, 200), (200, 300), (200, 400).
    found = {group.name.en: (group.weight, group.served, group.gained, group.left) for group in near.groups}
    assert found == {"people": (360, 100, 200, 60), "West": (180, 90, 40, 50), "East": (180, 10, 160, 10)}
    assert [group.name.zh for group in near.groups] == ["人口", "西区", "东区"]


def test_cost_by_hand(near):
    # 18 corners are asked for, 10 are served. From (400, 300) the 25 corners within three blocks lose five that lie off
    # the grid, and none is served already: 20 more, as many as from (300, 400), which comes later; (300, 300) brings
    # 23 - 4 = 19, (400, 400) 17.
    cost = near.cost
    assert [(site.kind, site.x, site.y) for site in cost.sites] == [("clinic", 400, 300)]
    assert cost.sites[0].value == pytest.approx(30 / 36)
    assert (cost.value, cost.holds, cost.least) == (pytest.approx(30 / 36), True, 1)
    assert "greedy" in cost.method.en


def test_what_is_otherwise_by_hand(near, write, town):
    # straight: x² + y² <= 9 blocks holds for 4 + 3 + 3 + 1 corners
    found = {variant.label.en: variant for variant in near.variants}
    assert found["straight"].value == pytest.approx(11 / 36)
    assert found["along the network"].status == "fail"
    assert "speed" not in {variant.kind for variant in near.variants}
    assert any("speed of walking or driving does not enter" in note.en for note in near.notes)  # metres are asked for
    # at 1 m/s 300 s are 300 m; 15 % slower 255 m or two blocks, 30 % slower 210 m, 15 and 30 % faster 345 and 390 m
    walk = '{ facility = "clinic", within = 300, speed = 1.0 }'
    slow = one(write(clause("1", "walk_within", walk, "at_least = 0.2")), town).variants
    slower = ((6, "fail"), (6, "fail"), (10, "pass"), (10, "pass"), (10, "pass"))
    speeds = [(variant.value * 36, variant.status) for variant in slow if variant.kind == "speed"]
    assert speeds == [(pytest.approx(n), status) for n, status in slower]


def test_position_is_doubted_by_about_what_is_said(write, town):
    # a park of 50 m x 50 m amid the first block, moved by a normal step of 50 m: its rim comes to 12 corners at most
    park = '{ facility = "park", within = { value = 300, unit = "m" } }'
    outcome = one(write(clause("1", "straight_within", park, "at_least = 0.5")), town)
    (moved,) = [variant for variant in outcome.variants if variant.kind == "position"]
    assert moved.low < outcome.verdict.value < moved.high
    assert moved.value == pytest.approx(outcome.verdict.value, abs=0.1)


def test_missing_facilities_by_hand(write, town):
    # of two bus stops one is missing at random; at 100 m the first (100, 0) serves 4 corners, the second (100, 500) too
    stop = '{ facility = "bus_stop", within = { value = 100, unit = "m" } }'
    outcome = one(write(clause("1", "distance_within", stop, "at_least = 0.2")), town)
    assert outcome.verdict.value == pytest.approx(8 / 36)
    found = {variant.kind: variant for variant in outcome.variants}
    assert (found["missing"].low, found["missing"].high) == (pytest.approx(4 / 36), pytest.approx(4 / 36))
    assert found["critical"].value == pytest.approx(4 / 36)
    assert found["critical"].status == "fail"
    (failed,) = [shock for shock in outcome.stress if "shut" in shock.name.en]
    assert failed.name.en == "1 of 2 facilities shut, at random"
    assert (failed.value, failed.status) == (pytest.approx(4 / 36), "fail")


def test_a_shock_with_chance_gives_the_interval_of_its_runs(near, town):
    (blockage,) = near.stress  # one clinic: none of several can be out of service
    values = np.array(
        [
            distance_within(Blockage(share=0.05, seed=run * 1_000_003)(town), facility="clinic", within=300).value
            for run in range(4)
        ]
    )
    low, mean, high = interval(values)
    assert (blockage.low, blockage.value, blockage.high) == pytest.approx((low, mean, high))
    assert blockage.runs == 4
    assert blockage.people == pytest.approx(360 * (1 - mean))


def test_a_percentile_is_swept_by_its_limit(write, town):
    # walked at 4/3 m/s a block takes 75 s; 80 % of 36 corners are 29: 26 lie within six blocks, 30 within seven, 525 s
    slow = '{ facility = "clinic", network = "walk", share = 0.8 }'
    outcome = one(write(clause("1", "response_time", slow, "at_most = 450")), town)
    curve = outcome.curve
    assert (curve.at, curve.asked, curve.today, curve.needed) == (450, 0.8, pytest.approx(26 / 36), 525)
    assert curve.y.tolist() == pytest.approx([CORNERS[min(int((x + 1e-6) // 75), 10)] / 36 for x in curve.x])
    assert outcome.cost.holds
    assert [group.served for group in outcome.groups if group.name.en == "people"] == [260]


def test_a_mean_falls_with_each_site(write, town):
    # a corner lies 2.5 + 2.5 blocks or 375 s from the clinic's on the mean; a second clinic has to bring 250 s
    mean = '{ facility = "clinic", network = "walk" }'
    outcome = one(write(clause("1", "mean_time", mean, "at_most = 250")), town)
    assert outcome.verdict.value == pytest.approx(375)
    assert len(outcome.cost.sites) == 1
    assert outcome.cost.value == pytest.approx(outcome.cost.sites[0].value)
    assert outcome.cost.value <= 250


def test_supply_is_counted_in_facilities_of_the_median_size(write, town):
    # 720 m2 for 360 people are 2 m2 each; 5 m2 ask for 1,800 m2: two more clinics of 720 m2 make 6 m2 each.
    # West has 720 m2 for 180 people, 4 m2 each, east has none: half of the people live where up to 4 m2 are met.
    outcome = one(write(clause("1", "area_per_head", '{ facility = "clinic" }', "at_least = 5.0")), town)
    cost, curve = outcome.cost, outcome.curve
    assert (len(cost.sites), cost.amount, cost.unit) == (2, 1440, "m2")
    assert (cost.value, cost.holds) == (pytest.approx(6), True)
    assert [site.value for site in cost.sites] == pytest.approx([4, 6])
    assert {(group.name.en, group.value, group.holds) for group in outcome.groups} == {
        ("West", 4.0, False),
        ("East", 0.0, False),
    }
    assert curve.y.tolist() == [0.5 if x <= 4 else 0.0 for x in curve.x]


def test_small_facilities_have_to_grow(write, town):
    # the clinic has 720 m2, 1,000 are asked for
    outcome = one(write(clause("1", "sized", '{ facility = "clinic", least = 1000 }', "at_least = 1.0")), town)
    assert (outcome.cost.least, outcome.cost.amount, outcome.cost.unit) == (1, 280, "m2")
    assert outcome.cost.holds
    assert outcome.curve.method == "evaluated"
    assert outcome.curve.y.tolist() == [float(x <= 720) for x in outcome.curve.x]


def test_every_group_of_kinds_has_to_be_near(write, town):
    both = '{ facility = ["clinic", "bus_stop"], within = { value = 200, unit = "m" } }'
    outcome = one(write(clause("1", "all_within", both, "at_least = 0.5")), town)
    assert outcome.verdict.value == pytest.approx(5 / 36)  # the worked example of the measure
    assert {site.kind for site in outcome.cost.sites} == {"clinic", "bus_stop"}
    assert outcome.cost.holds
    assert outcome.cost.value == pytest.approx(outcome.cost.sites[-1].value)


def test_a_recorded_figure_says_what_it_cannot_tell(write, town):
    records = gpd.GeoDataFrame(
        {"id": ["lit"], "value": [0.8], "unit": ["1"], "year": ["2025"], "source": ["survey"]},
        geometry=[shapely.Point(0, 0)],
        crs=32631,
    )
    city = town.with_layer("records", records)
    outcome = one(write(clause("1", "recorded_share", '{ record = "lit" }', "at_least = 0.9")), city)
    assert outcome.verdict.value == pytest.approx(0.8)
    assert (outcome.curve.method, outcome.curve.today, outcome.curve.needed) == ("step", 0.0, pytest.approx(0.8))
    assert set(outcome.curve.y) == {0.0, 1.0}
    assert "one number for the whole city" in outcome.groups.why.en
    assert "Not by new facilities" in outcome.cost.why.en
    (off,) = outcome.variants
    assert "+12.5 %" in off.label.en  # 0.9 / 0.8
    assert [shock.value for shock in outcome.stress] == [pytest.approx(0.8)]


def test_land_is_grouped_by_its_points(write, town):
    # 500 m x 500 m asked at 25 m apart: 20 x 20 points; west of x = 250 m lie ten columns of them
    land = '{ facility = "clinic", within = { value = 300, unit = "m" }, of = "area" }'
    outcome = one(write(clause("1", "straight_within", land, "at_least = 0.1")), town)
    parts = {group.name.en: (group.weight, group.unit) for group in outcome.groups}
    assert parts == {"West": (125_000, "m2"), "East": (125_000, "m2")}
    # a quarter of a disc of 300 m has 70,686 m2; of it x < 250 m holds the circle's part under its arc
    served = sum(group.served for group in outcome.groups)
    assert served == pytest.approx(np.pi * 300**2 / 4, rel=0.03)
    under = 0.5 * (250 * np.sqrt(300**2 - 250**2) + 300**2 * np.arcsin(250 / 300))
    assert outcome.groups[0].served == pytest.approx(under, rel=0.03)


def test_what_may_be_at_most_near_is_not_built(write, town):
    outcome = one(write(clause("1", "straight_within", NEAR, "at_most = 0.1")), town)
    assert outcome.verdict.status == "fail"
    assert isinstance(outcome.cost, Gap)


def test_unknown_says_why_in_every_part(write, town):
    outcome = one(write(clause("1", "distance_within", NEAR.replace("clinic", "museum"), "at_least = 0.5")), town)
    assert outcome.verdict.status == "unknown"
    for part in (outcome.curve, outcome.groups, outcome.cost, outcome.variants, outcome.stress):
        assert isinstance(part, Gap)
        assert "museum" in part.why.en


def test_what_holds_costs_nothing(write, town):
    outcome = one(write(clause("1", "distance_within", NEAR, "at_least = 0.2")), town)
    assert outcome.verdict.status == "pass"
    assert "nothing has to be built" in outcome.cost.why.en
    assert one(write(clause("1", "distance_within", NEAR)), town).cost.why.zh  # no limit: a value to report


def test_a_draft_is_tried_before_it_is_in_force(write, town):
    path = write(
        clause("1", "distance_within", NEAR, "at_least = 0.5", "valid = { from = 2030-01-01 }"),
        clause("2", "distance_within", NEAR, "at_least = 0.5", "valid = { goal = 2020 }"),
        clause("3", "distance_within", NEAR, "phase = [{ from = 2031-01-01, at_least = 0.4 }]"),
        clause("4", "distance_within", NEAR, "at_least = 0.3"),
    )
    done = twin.trial(path, town, runs=2, on=dt.date(2026, 6, 1))
    days = [dt.date(2030, 1, 1), dt.date(2020, 12, 31), dt.date(2031, 1, 1), dt.date(2026, 6, 1)]
    assert [each.day for each in done.outcomes] == days
    assert [each.verdict.status for each in done.outcomes] == ["fail"] * 4
    assert [each.curve.asked for each in done.outcomes] == [0.5, 0.5, 0.4, 0.3]
    assert "Not in force before 2030-01-01" in done["1"].validity.en
    assert [rival.clause.id for rival in done["1"].rivals if rival.clause.standard == "D 1"] == ["4"]


def test_several_cities_side_by_side(write, town):
    path = write(clause("1", "distance_within", NEAR, "at_least = 0.5"))
    done = twin.trial(path, [town, grid_city(2)], runs=2)
    assert [each.city.name for each in done.outcomes] == ["grid of 5 x 5", "grid of 2 x 2"]
    assert done["1", "grid of 2 x 2"].verdict.value == pytest.approx(8 / 9)  # all but the far corner, 400 m away
    table = done.summary()
    assert table["status"].tolist() == ["fail", "pass"]
    assert table["sites"].tolist() == ["1", "–"]


def test_bad_input(write, town, tmp_path):
    path = write(clause("fire crew", "distance_within", NEAR, "at_least = 0.5"))
    with pytest.raises(UnknownName, match="no clause 'fire crw'; did you mean 'fire crew'"):
        twin.trial(path, town, clauses="fire crw")
    with pytest.raises(UnknownName, match="did you mean 'living-circle'"):
        twin.trial("living-circl", town)
    with pytest.raises(DataError, match="at least 3 points"):
        twin.trial(path, town, points=2)
    with pytest.raises(DataError, match="at least 2 runs"):
        twin.trial(path, town, runs=1)
    with pytest.raises(DataError, match="two cities have one name"):
        twin.trial(path, [town, town])
    with pytest.raises(DataError, match="at least one city"):
        twin.trial(path, [])
    with pytest.raises(UnknownName, match="no outcome of 'fire'"):
        twin.trial(path, town, runs=2)["fire"]
    with pytest.raises(StandardError, match="no such file"):
        twin.trial(str(tmp_path / "none.toml"), town)
    with pytest.raises(DataError, match="goes from smaller to larger"):
        twin.trial(path, town, runs=2, span=(400.0, 100.0))


@settings(max_examples=25, deadline=None)
@given(
    places=st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=1, max_size=4, unique=True),
    within=st.sampled_from([120.0, 300.0, 450.0]),
)
def test_one_distribution_is_fifty_evaluations(places, within):
    city = grid_city(5)
    for number, at in enumerate(places):
        city = AddFacility("nursery", at=(float(at[0]), float(at[1])), id=f"n{number}")(city)
    (pack,) = load("living-circle")
    draft = pack.clause[0].model_copy(
        update={"measure": "distance_within", "given": {"facility": "nursery", "within": within}, "at_least": 0.7}
    )
    found = distance_within(city, facility="nursery", within=within)
    limits = {"at_least": 0.7}
    curve = sweep(city, draft, found, limits, near_of(city, draft, limits))
    assert isinstance(curve, Curve)
    again = [distance_within(city, facility="nursery", within=float(x)).value for x in curve.x]
    assert curve.y.tolist() == pytest.approx(again)
    assert (np.diff(curve.y) >= 0).all()  # a wider limit never leaves more people out
    assert np.isclose(curve.x, within).any()  # the clause's own limit is among those tried
    assert distance_within(city, facility="nursery", within=curve.needed).value >= 0.7


@given(st.lists(st.floats(0, 1), min_size=3, max_size=30))
def test_the_knee_is_the_farthest_point_from_the_chord(steps):
    y = np.cumsum(steps)
    x = np.arange(len(y), dtype=float)
    knee = knee_of(x, y)
    if knee is None:
        return
    # by rotation: the distance of every point from the line through the ends, in the unit square
    across, up = x / x[-1], (y - y[0]) / (y[-1] - y[0])
    distance = np.abs(up - across) / np.sqrt(2)
    assert distance[int(knee.x)] == pytest.approx(distance.max())
    assert knee.gap == pytest.approx(distance.max() * np.sqrt(2))


def test_a_straight_or_flat_curve_has_no_knee():
    x = np.linspace(0, 1, 20)
    assert knee_of(x, x) is None
    assert knee_of(x, np.ones(20)) is None
    assert knee_of(x, 1 - x**4).early  # stays high, then falls: above its chord
    assert not knee_of(x, x**4).early


def test_the_same_trial_twice_is_the_same(write, town):
    path = write(clause("1", "distance_within", NEAR.replace("clinic", "bus_stop"), "at_least = 0.9"))
    first, second = one(path, town), one(path, town)
    assert first.variants == second.variants
    assert first.stress == second.stress
    assert isinstance(first.cost, Cost)
    assert first.cost == second.cost
