"""Calls that wait: published answers of Erlang's formulas at 15 s, and the hours of a hotline."""

import pandas as pd
import pytest
from scipy import stats

from twin.errors import DataError, MissingData
from twin.gis.grid import grid_city
from twin.measures import answered_within, calls_connected, erlang_a, erlang_c
from twin.measures.waiting import with_calls


@pytest.mark.parametrize(
    ("agents", "level"),
    [(50, 0.3871), (52, 0.6371), (53, 0.7245), (54, 0.7929), (55, 0.8459), (56, 0.8865), (57, 0.9173)],
)
def test_the_staffing_curve(agents, level):
    """360 calls in 30 min of 240 s each, answered within 15 s."""
    found = answered_within(with_calls(grid_city(1), agents=agents), layer="hotline", within=15)
    assert found == pytest.approx(level, abs=5e-5)


@pytest.mark.parametrize(("agents", "level"), [(14, 0.875229), (13, 0.777831)])
def test_the_second_example(agents, level):
    """100 calls in 30 min of 180 s each: 10 erlang."""
    city = with_calls(grid_city(1), calls=200.0, handling=180.0, agents=agents)
    assert answered_within(city, layer="hotline", within=15) == pytest.approx(level, abs=5e-7)
    assert erlang_c(10.0, 14) == pytest.approx(0.174132, abs=5e-7)


@pytest.mark.parametrize(("agents", "lost"), [(10, 0.137464), (12, 0.061597), (8, 0.257982)])
def test_callers_who_give_up(agents, lost):
    """200 calls an hour of 180 s, patience 120 s; 8 agents are too few for Erlang C and not for Erlang A."""
    assert erlang_a(200 / 3600, 180.0, agents, 120.0) == pytest.approx(lost, abs=5e-7)


def test_patience_as_long_as_a_call_makes_the_calls_poisson():
    """Then N is Poisson with 10 erlang: of 12 agents, the share given up is the mean queue over the load: .053092."""
    load, agents = 10.0, 12
    queue = sum((n - agents) * stats.poisson.pmf(n, load) for n in range(agents, 200))
    found = erlang_a(200 / 3600, 180.0, agents, 180.0)
    assert found == pytest.approx(queue / load, rel=1e-9)
    assert found == pytest.approx(0.053092, abs=5e-7)


def test_too_much_load_is_answered_by_nobody_in_time():
    city = with_calls(grid_city(1), agents=48)
    assert erlang_c(48.0, 48) == 1.0
    assert answered_within(city, layer="hotline", within=15) == 0.0
    assert 0.8 < calls_connected(city, layer="hotline") < 1.0


def test_hours_count_by_their_calls():
    """300 calls of an hour that is answered, 100 of one that is not: three quarters."""
    city = with_calls(grid_city(1))
    row = city.table("hotline")
    table = pd.concat(
        [row.assign(calls=300.0, agents=500.0), row.assign(id=1, calls=100.0, agents=1.0)], ignore_index=True
    )
    assert answered_within(city.with_layer("hotline", table), layer="hotline", within=15) == pytest.approx(0.75)


def test_what_cannot_be():
    with pytest.raises(MissingData, match="hotline"):
        answered_within(grid_city(1), layer="hotline", within=15)
    with pytest.raises(DataError, match="at least one agent"):
        erlang_c(1.0, 0)
    with pytest.raises(DataError, match="above 0"):
        erlang_a(1.0, 0.0, 1, 1.0)
