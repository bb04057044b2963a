"""Weights within reach and floating catchments: published cases by hand, the oracle, conservation."""

import os
from math import inf

import numpy as np
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st
from strategies import closures, networks, sites, weights

from twin.errors import DataError, MissingData, UnknownName
from twin.model import Network
from twin.routing import matrix, three_step, two_step, within


def line(*lengths, **more):
    count = len(lengths) + 1
    return Network.from_arrays(
        np.arange(count), np.zeros(count), np.arange(count - 1), np.arange(1, count), length=lengths, **more
    )


# ── within ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_within_by_hand():
    net = line(100, 100)
    assert within(net, [1, 10, 100], 100).tolist() == [11, 111, 110]
    assert within(net, [1, 10, 100], 99.99).tolist() == [1, 10, 100]
    assert within(net, [1, 10, 100], 0).tolist() == [1, 10, 100]
    assert within(net, [1, 10, 100], inf).tolist() == [111] * 3
    assert within(net, [1, 10, 100], 100, origins=[2, 0, 2]).tolist() == [110, 11, 110]
    assert within(net, [1, 10, 100], 100, origins=[]).tolist() == []
    assert within(net, [-1, 10, 0.5], 100).tolist() == [9, 9.5, 10.5]  # a difference is a weight too


def test_within_follows_one_way_edges_outward():
    assert within(line(1, 1, directed=True), [1, 10, 100], 1).tolist() == [11, 110, 100]
    assert within(line(1, 1, length_back=[9, 9]), [1, 10, 100], 1).tolist() == [11, 110, 100]


def test_within_counts_what_cannot_be_reached_as_nothing():
    net = line(1, 1).close([1])
    assert within(net, [1, 10, 100], inf).tolist() == [11, 11, 100]


def test_opportunities_on_a_grid_are_counted_by_manhattan_distance():
    side, limit = 9, 3
    x, y = (each.ravel() for each in np.meshgrid(np.arange(side), np.arange(side)))
    node = np.arange(side * side).reshape(side, side)
    tail = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
    head = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
    net = Network.from_arrays(x, y, tail, head)
    found = within(net, np.ones(side * side), limit)
    assert found[node[4, 4]] == 1 + 4 + 8 + 12  # a diamond of radius 3
    assert found[0] == 1 + 2 + 3 + 4  # a quarter of it, with its sides


@given(st.data(), networks(back=True))
def test_within_is_the_oracle(data, net):
    weight, start = data.draw(weights(net)), data.draw(sites(net))
    limit = data.draw(st.sampled_from([0, 4, 10, 5000, 10_000_000, inf]))
    assert within(net, weight, limit).tolist() == reference.within(net, weight, limit)
    assert within(net, weight, limit, origins=start).tolist() == reference.within(net, weight, limit, start)


@given(st.data(), networks())
def test_closing_an_edge_never_brings_more_within_reach(data, net):
    weight = data.draw(weights(net))
    shut = net.close(np.array(data.draw(closures(net)), dtype=bool))
    assert (within(shut, weight, 10) <= within(net, weight, 10)).all()


# ── two steps ────────────────────────────────────────────────────────────────────────────────────────────────────────


def luo_and_wang():
    """The three places of the pysal access tests: 80 between 1 and 2, 40 to and from 3."""
    return Network.from_arrays([0, 0, 0], [0, 0, 0], [0, 0, 1], [1, 2, 2], length=[80, 40, 40])


def test_two_step_by_hand():
    # Within 61 places 1 and 2 reach themselves and 3, and 3 reaches all.
    # R1 = 15 / (100 + 10), R2 = 20 / (50 + 10), R3 = 100 / (100 + 50 + 10)
    found = two_step(luo_and_wang(), [100, 50, 10], [0, 1, 2], [15, 20, 100], 61)
    assert found == pytest.approx(
        [15 / 110 + 100 / 160, 20 / 60 + 100 / 160, 15 / 110 + 20 / 60 + 100 / 160], rel=1e-15
    )
    assert np.dot([100, 50, 10], found) == pytest.approx(135, rel=1e-14)


def test_the_published_toy_with_weights_of_one_over_cost():
    # The toy weighs by 1/c, with c = 1 at home and 40 next door: two steps, as shares of the cut at 61.
    # Luo & Wang (2003) in the numbers of the pysal access tests.
    found = two_step(luo_and_wang(), [100, 50, 10], [0, 1, 2], [15, 20, 100], 61, steps=[(1 / 61, 1.0), (1.0, 1 / 40)])
    assert found == pytest.approx([0.331444, 0.579828, 7.286418], abs=5e-7)
    assert np.dot([100, 50, 10], found) == pytest.approx(135, rel=1e-14)


def test_steps_end_inclusive():
    # E2SFCA, slow decay of Luo & Qi (2009): 0-10, 10-20, 20-30 minutes weigh 1, 0.68, 0.22
    steps = [(10 / 30, 1.0), (20 / 30, 0.68), (1.0, 0.22)]
    ends = [0, 10, 10.01, 20, 20.01, 30, 30.01]
    net = Network.from_arrays(np.zeros(8), np.zeros(8), [0] * 7, np.arange(1, 8), time=ends, length=1)
    demand = np.zeros(8)
    demand[0] = 1  # one person at the middle: a site's load is its own weight, and so is what he gets of it
    got = [two_step(net, demand, [i], [1], 30, steps=steps, cost="time")[0] for i in range(1, 8)]
    assert got == [1, 1, 1, 1, 1, 1, 0]  # w / w: conservation, one person gets all of it
    there = two_step(net, demand, [0], [1], 30, steps=steps, cost="time")  # the middle's site, seen from each end
    assert there.tolist() == [1, 1, 1, 0.68, 0.68, 0.22, 0.22, 0]


def test_five_people_on_a_grid_with_everything_in_reach():
    # Wan, Zou & Sternberg (2012) as the pysal tests have it: 25 places that supply 1 each, 5 people of 1 each
    side = 5
    node = np.arange(25).reshape(side, side)
    tail = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
    head = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
    net = Network.from_arrays(np.zeros(25), np.zeros(25), tail, head, length=1.0)
    demand = np.zeros(25)
    demand[node[2]] = 1
    every = np.arange(25)
    assert two_step(net, demand, every, np.ones(25), 100)[node[2]] == pytest.approx([5] * 5, rel=1e-14)
    assert two_step(net, demand, every, np.ones(25), 0.9)[node[2]].tolist() == [1] * 5


def test_a_site_that_nobody_reaches_gives_nothing():
    net = line(10, 10).close([1])
    found = two_step(net, [5, 0, 0], [1, 2], [20, 70], 10)
    assert found.tolist() == [4, 4, 0]


def test_several_sites_at_one_node_add_up():
    net = line(10)
    assert two_step(net, [5, 5], [1, 1], [20, 10], 10).tolist() == [3, 3]
    assert two_step(net, [5, 5], [], [], 10).tolist() == [0, 0]
    assert two_step(net, [5, 5], 1, 30, 10).tolist() == [3, 3]


@given(st.data(), networks(back=True))
def test_two_step_is_the_oracle_and_conserves_supply(data, net):
    demand, where = data.draw(weights(net)), data.draw(sites(net))
    supply = data.draw(st.lists(st.integers(0, 50), min_size=len(where), max_size=len(where)))
    limit = data.draw(st.sampled_from([0, 4, 8, 4096, inf]))
    steps = data.draw(st.sampled_from([None, [(0.25, 1.0), (0.5, 0.68), (1.0, 0.22)], [(1.0, 0.5)]]))
    found = two_step(net, demand, where, supply, limit, steps=steps)
    assert found == pytest.approx(
        reference.two_step(net, demand, where, supply, limit, steps or [(1.0, 1.0)]), rel=1e-9
    )
    table = matrix(net, np.arange(net.graph.count), where)
    served = (np.array(demand)[:, None] * (table <= limit) * np.isfinite(table)).sum(axis=0) > 0
    assert np.dot(demand, found) == pytest.approx(np.dot(supply, served), rel=1e-9)


def test_steps_are_rising_shares_up_to_one():
    for steps in ([], [(0.5, 1.0)], [(1.0, 1.0), (0.5, 0.5)], [(0.5, 1.0), (2.0, 0.5)]):
        with pytest.raises(DataError, match="rising shares up to 1"):
            two_step(line(1), [1, 1], [0], [1], 10, steps=steps)
    with pytest.raises(DataError, match="a limit is at least 0"):
        two_step(line(1), [1, 1], [0], [1], 10, steps=[(-0.5, 1.0), (1.0, 0.5)])
    with pytest.raises(DataError, match="a limit is at least 0, not nan"):
        two_step(line(1), [1, 1], [0], [1], 10, steps=[(np.nan, 1.0), (1.0, 0.5)])


# ── three steps, and any decay ───────────────────────────────────────────────────────────────────────────────────────


def test_three_step_on_the_published_grid():
    # as above: each of the five gets 25 / 5 whatever he chooses from, and 1 where he reaches his own place alone
    side = 5
    node = np.arange(25).reshape(side, side)
    tail = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
    head = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
    net = Network.from_arrays(np.zeros(25), np.zeros(25), tail, head, length=1.0)
    demand = np.zeros(25)
    demand[node[2]] = 1
    every = np.arange(25)
    assert three_step(net, demand, every, np.ones(25), 100)[node[2]] == pytest.approx([5] * 5, rel=1e-14)
    assert three_step(net, demand, every, np.ones(25), 0.9)[node[2]].tolist() == [1] * 5


def test_three_step_by_hand():
    # 100 people at 0 choose between a site at home (w = 1) and one 30 away (w = 0.5): G = 2/3 and 1/3.
    # R1 = 12 / (100 x 2/3 x 1), R2 = 10 / (100 x 1/3 x 0.5); A = R1 x 2/3 + R2 x 1/6
    net = line(30)
    found = three_step(net, [100, 0], [0, 1], [12, 10], 60, steps=[(0.25, 1.0), (1.0, 0.5)])
    assert found[0] == pytest.approx(12 / (200 / 3) * 2 / 3 + 10 / (100 / 6) / 6, rel=1e-14)
    assert 100 * found[0] == pytest.approx(22, rel=1e-14)  # nobody else is there to take any of it


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_the_published_toy_by_a_decay(power):
    # 1/c with c = 1 at home is 1 / max(c, 1); the values above, from the pysal access tests
    found = two_step(
        luo_and_wang(), [100, 50, 10], [0, 1, 2], [15, 20, 100], 61, decay=lambda c: 1 / np.maximum(c, 1) ** power
    )
    if power == 1.0:
        assert found == pytest.approx([0.331444, 0.579828, 7.286418], abs=5e-7)
    assert np.dot([100, 50, 10], found) == pytest.approx(135, rel=1e-14)


@given(st.data(), networks(back=True))
def test_a_decay_is_read_at_every_cost(data, net):
    weight = data.draw(weights(net))
    limit = data.draw(st.sampled_from([0, 10, 4096, 20_000]))
    found = within(net, weight, limit, decay=lambda c: np.exp(-c / 7))
    table = np.array(reference.matrix(net, range(net.graph.count)))
    faded = np.where(table <= limit, np.exp(-table / 7), 0.0) @ np.array(weight, dtype=float)
    assert found == pytest.approx(faded, rel=1e-12)


def test_a_wide_limit_reads_a_decay_at_four_million_costs():
    net = Network.from_arrays([0, 0], [0, 0], [0], [1], length=[300_000.0])
    found = within(net, [0, 1], 500_000, decay=lambda c: np.exp(-c / 100_000))
    assert found[0] == pytest.approx(np.exp(-3), rel=1e-5)  # within half of 500,000 / 4,194,304 m of the cost


def test_a_bad_decay_is_named():
    net = line(10)
    for decay in (lambda c: -c, lambda c: np.full(len(c), np.nan), lambda c: 1.0, lambda c: c[:-1]):
        with pytest.raises(DataError, match="a decay takes an array of costs"):
            within(net, [1, 1], 20, decay=decay)
    with pytest.raises(DataError, match="by steps or by a decay"):
        two_step(net, [1, 1], [0], [1], 20, steps=[(0.5, 1.0), (1.0, 0.5)], decay=np.exp)
    with pytest.raises(DataError, match="finite and at most"):
        within(net, [1, 1], inf, decay=np.exp)
    with pytest.raises(DataError, match="finite and at most"):
        within(net, [1, 1], 11_000_000)


# ── bad input, nothing there ─────────────────────────────────────────────────────────────────────────────────────────


def test_bad_input_is_named():
    net = line(1)
    with pytest.raises(DataError, match="2 nodes and 3 weights"):
        within(net, [1, 2, 3], 5)
    with pytest.raises(DataError, match="2 nodes and 1 weights"):
        two_step(net, [1], [0], [1], 5)
    with pytest.raises(DataError, match="1 supply nodes need as many supplies, not 2"):
        two_step(net, [1, 1], [0], [1, 2], 5)
    with pytest.raises(UnknownName, match="no node '9'"):
        two_step(net, [1, 1], [9], [1], 5)
    with pytest.raises(UnknownName, match="no node '9'"):
        within(net, [1, 1], 5, origins=[9])
    with pytest.raises(MissingData, match="no cost 'time'"):
        within(net, [1, 1], 5, cost="time")
    for limit in (-1, np.nan):
        with pytest.raises(DataError, match="a limit is at least 0"):
            within(net, [1, 1], limit)
    with pytest.raises(DataError, match=r"1 weights are not finite .positions 1: nan"):
        within(net, [1, np.nan], 5)


@pytest.mark.parametrize("bad", [np.nan, inf, -1.0])
def test_people_and_supplies_are_finite_and_not_negative(bad):
    # A NaN would make the load of every site in reach NaN; a site of such a load once served nobody, without a word.
    with pytest.raises(DataError, match="1 weights are not finite and at least 0") as error:
        two_step(line(1), [1, bad], [0], [1], 5)
    assert error.value.rows == (1,)
    with pytest.raises(DataError, match="1 supplies are not finite and at least 0"):
        two_step(line(1), [1, 1], [0, 1], [bad, 1], 5)


def test_nothing_there():
    net = Network.from_arrays([], [], [], [])
    assert within(net, [], 5).tolist() == []
    assert two_step(net, [], [], [], 5).tolist() == []
    apart = Network.from_arrays([0, 1], [0, 0], [], [])
    assert within(apart, [3, 4], inf).tolist() == [3, 4]
    assert two_step(apart, [2, 4], [0], [10], inf).tolist() == [5, 0]


def test_any_number_of_threads_gives_the_same_bits(monkeypatch):
    rng = np.random.default_rng(8)
    net = Network.from_arrays(
        np.zeros(900),
        np.zeros(900),
        rng.integers(0, 900, 2000),
        rng.integers(0, 900, 2000),
        length=rng.integers(1, 50, 2000),
        directed=rng.random(2000) < 0.2,
    )
    weight, supply = rng.random(900), rng.random(40)
    found = []
    for cores in (1, 3, 64):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, cores=cores: set(range(cores)), raising=False)
        found.append((within(net, weight, 77), two_step(net, weight, np.arange(40), supply, 77)))
    for other in found[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(found[0], other, strict=True))
