import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from twin.benchmark.intervals import blocks_of, drawn, places, quantile, spread
from twin.gis.grid import grid_city
from twin.measures import Share, Statistic


def rng():
    return np.random.default_rng(7)


def test_draws_of_a_share_spread_as_the_binomial_does():
    # 400 blocks of one home each, 30 % reached: the standard error of a proportion is sqrt(0.3 * 0.7 / 400) = 0.0229.
    reached = np.arange(400) < 120
    draws = drawn(Share.of(reached, np.ones(400)), np.arange(400), rng(), 4000)
    assert draws.mean() == pytest.approx(0.3, abs=0.002)
    assert draws.std() == pytest.approx(0.022913, rel=0.05)


def test_homes_of_one_block_are_no_news():
    # The same 400 homes in 20 blocks that are all or nothing: sqrt(0.3 * 0.7 / 20) = 0.1025, not 0.0229.
    reached, block = np.arange(400) < 120, np.arange(400) // 20
    assert drawn(Share.of(reached, np.ones(400)), block, rng(), 4000).std() == pytest.approx(0.10247, rel=0.05)


def test_draws_of_a_mean_spread_by_its_standard_error():
    rows = np.arange(200.0)  # population standard deviation sqrt((200^2 - 1) / 12) = 57.73; over sqrt(200): 4.082
    draws = drawn(Statistic(99.5, rows, np.ones(200)), np.arange(200), rng(), 4000)
    assert draws.std() == pytest.approx(4.0822, rel=0.05)


def test_draws_of_a_percentile_hold_the_interval_of_order_statistics():
    # 90th of 1,000 ordered rows: their 95 % interval is rank 900 -+ 1.96 sqrt(1000 * 0.9 * 0.1) = 881..919.
    rows = np.arange(1.0, 1001.0)
    low, high = spread(drawn(Statistic(900.0, rows, np.ones(1000)), np.arange(1000), rng(), 1000), 900.0)
    assert low == pytest.approx(881, abs=3)
    assert high == pytest.approx(919, abs=3)


def test_all_reached_is_not_certain():
    # Jeffreys: with 30 of 30 the lower end of the equal-tailed 95 % interval is the 2.5 % point of Beta(30.5, 0.5).
    draws = drawn(Share.of(np.ones(30, bool), np.ones(30)), np.arange(30), rng(), 20_000)
    low, high = spread(draws, 1.0)
    assert low == pytest.approx(stats.beta.ppf(0.025, 30.5, 0.5), abs=0.005)
    assert high == 1.0


def test_nothing_is_drawn_where_rows_do_not_make_the_value():
    block = np.arange(50)
    assert not len(drawn(0.5, block, rng()))
    assert not len(drawn(Statistic(1e9, np.arange(50.0), np.ones(50)), block, rng()))
    assert not len(drawn(Share.of(np.ones(9, bool), np.ones(9)), np.arange(9), rng())), "nine blocks are too few"
    assert np.isnan(spread(np.zeros(0), 0.5)).all()


def test_one_seed_one_interval():
    share = Share.of(np.arange(60) % 3 == 0, np.ones(60))
    assert (drawn(share, np.arange(60), rng()) == drawn(share, np.arange(60), rng())).all()


def test_blocks_are_of_500_metres():
    city = grid_city(10)  # corners at 0, 100, …, 1000 m: 5, 5 and 1 along a side
    count = np.bincount(blocks_of(city, "population"))
    assert sorted(count) == [1, 5, 5, 5, 5, 25, 25, 25, 25]


@pytest.mark.parametrize(("share", "value"), [(0.0, 1.0), (0.25, 1.0), (0.26, 2.0), (1.0, 3.0)])
def test_quantile_by_hand(share, value):
    assert quantile(np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 2.0]), share) == value


def test_places_by_hand():
    # B beats A in one draw of four; C is far behind: A 1-2, B 1-2, C 3.
    draws = np.array([[5.0, 5, 5, 5], [4, 4, 4, 6], [1, 1, 1, 1]])
    assert places(draws, "more") == [(1, 2), (1, 2), (3, 3)]
    assert places(draws, "less") == [(2, 3), (2, 3), (1, 1)]


@given(st.integers(2, 6), st.integers(1, 40), st.integers(0, 10**6), st.sampled_from(["more", "less"]))
def test_places_are_places(cities, draws, seed, better):
    found = places(np.random.default_rng(seed).integers(0, 4, (cities, draws)).astype(float), better)
    assert all(1 <= first <= last <= cities for first, last in found)
    assert min(first for first, _ in found) == 1
