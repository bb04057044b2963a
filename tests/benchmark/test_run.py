import numpy as np
import pytest
from benchmark.conftest import stated

import twin
from twin.benchmark import benchmark
from twin.benchmark.comparable import stretch
from twin.errors import ScenarioError, UnknownName
from twin.model import City, Network


@pytest.fixture(scope="module")
def done(pair):
    return benchmark(pair, ["sdg-11", "city-indicators", "service-coverage"])


def of(done, name):
    return next(each for each in done.indicators if each.name == name)


def test_values_are_those_of_a_check(pair, done):
    for position, city in enumerate(pair):
        verdicts = twin.check(city, ["sdg-11", "city-indicators", "service-coverage"])
        for each in done.indicators:
            verdict = verdicts[each.clause.key]
            if verdict.status in {"pass", "fail", "value"}:
                assert each.readings[position].value == pytest.approx(verdict.value)


def test_bus_stops_near_by_hand(done):
    # Stops at (100, 0) and (600, 0), 500 m along the streets: corners (i, j) with |i - 1| + j <= 5 or |i - 6| + j <= 5,
    # i >= 0. Rows j = 0..5 hold 12, 11, 10, 9 (0..4 and 4..8 without twice counting 4), 6 and 2 corners.
    corners = {(i, j) for i in range(25) for j in range(25) if min(abs(i - 1), abs(i - 6)) + j <= 5}
    north, south = of(done, "bus-stop-near").readings
    assert north.value == pytest.approx(len(corners) / 21**2)
    assert south.value == pytest.approx(len(corners) / 25**2)
    assert north.low < north.value < north.high
    assert north.score == north.value
    assert (north.rank, south.rank) in {((1, 1), (2, 2)), ((1, 2), (1, 2))}


def test_missing_data_is_unknown_with_its_reason_and_never_ranked(done):
    rail = of(done, "rail-stop-near")
    for reading in rail.readings:
        assert reading.status == "unknown"
        assert np.isnan(reading.value)
        assert np.isnan(reading.score)
        assert reading.rank is None
        assert "rail_station" in reading.reason.en
        assert reading.reason.zh.startswith("缺少数据")


def test_one_figure_has_neither_interval_nor_place(done):
    space = of(done, "open-space-share")
    for reading in space.readings:
        assert reading.value > 0
        assert np.isnan(reading.low)
        assert reading.rank is None
        assert reading.reason.zh


def test_clauses_with_one_definition_are_one_indicator(done):
    both = of(done, "power-interruption-length")
    assert {clause.standard for clause in both.clauses} == {"ISO 37120:2018", "GB/T 36749-2018"}
    assert {"ISO 37120:2018", "GB/T 36749-2018", "IEEE 1366"} == {code.framework for code in both.codes}


def test_a_value_fills_codes_of_its_definition_and_no_related_ones(pair):
    table = benchmark(pair, ["sdg-11", "land-and-form"]).frameworks()
    north = table[table["city"] == "North"].set_index(["framework", "code"])
    bus = north.loc[("UN SDG", "11.2.1 low capacity")]
    assert bus["value"] > 0
    related = north.loc[("ISO 37120:2018", "19.6")]
    assert related["match"] == "related"
    assert np.isnan(related["value"])
    assert related["note_zh"]


def test_years_estimates_and_projections_are_said(done):
    said = " | ".join(note.en for note in done.notes)
    assert "North is synthetic" in said
    assert "South: the population is estimated" in said
    assert "North 2020, South 2024" in said
    layers = [note.zh for note in of(done, "bus-stop-near").notes]
    assert "人口年份不同：North 未注明年份、南城 2024" in layers
    assert "设施年份不同：North 2020、南城 2024" in layers


def test_cities_in_other_projections_are_said_and_measured_in_their_own(pair):
    net = Network.from_arrays([500_000.0, 500_100.0], [0.0, 0.0], [0], [1], crs=32632)
    notes = [note.en for note in benchmark([pair[0], City.from_network(net, name="East")], ["sdg-11"]).notes]
    assert any("own projection" in note and "North EPSG:32631, East EPSG:32632" in note for note in notes)


def test_web_mercator_doubles_lengths_at_60_degrees_north():
    # Secant of the latitude on the sphere, 2 at 60 degrees; on the ellipsoid within 0.7 % of it.
    x, y = 0.0, 8_399_737.89
    net = Network.from_arrays([x, x + 10], [y, y], [0], [1], crs=3857)
    assert stretch(City.from_network(net, name="north")) == pytest.approx(1.0, abs=0.02)


def test_the_same_seed_gives_the_same_table(pair):
    first, second = (benchmark(pair, ["sdg-11"], seed=3).to_frame() for _ in range(2))
    assert first.equals(second)


def test_bad_input(pair):
    with pytest.raises(ScenarioError, match="two or more"):
        benchmark(pair[:1], ["sdg-11"])
    with pytest.raises(ScenarioError, match="called 'North'"):
        benchmark([pair[0], stated(pair[1], "North")], ["sdg-11"])
    with pytest.raises(UnknownName, match="sdg-11"):
        benchmark(pair, ["sdg-12"])
