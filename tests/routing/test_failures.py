"""Ensembles of failures: run by run against scipy and networkx, random numbers, and exact results of percolation."""

import os
from math import inf, sqrt

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, chi2, kstest
from strategies import networks, sites, weights

from twin._kernels import failures as kernel
from twin.errors import DataError, UnknownName
from twin.model import Network
from twin.routing import failed, failures, nearest
from twin.routing.nx import to_networkx


def lattice(rows, columns):
    """A square lattice of nodes, row by row."""
    node = np.arange(rows * columns).reshape(rows, columns)
    tail = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
    head = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
    zeros = np.zeros(rows * columns)
    return Network.from_arrays(zeros, zeros, tail, head, length=1.0), node


# ── random numbers ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_stream_is_the_published_generator():
    # SplitMix64 from 1234567: the values that implementations check themselves by
    found = np.empty(5, dtype=np.uint64)
    kernel.splitmix(1234567, found)
    assert found.tolist() == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


@pytest.mark.parametrize(("seed", "run"), [(0, 0), (0, 1), (1, 0), (2**64 - 1, 999)])
def test_draws_are_uniform(seed, run):
    drawn = np.empty(200_000)
    kernel.draws(seed, run, drawn)
    assert drawn.min() >= 0
    assert drawn.max() < 1
    assert kstest(drawn, "uniform").pvalue > 1e-3
    pairs = np.histogram2d(drawn[:-1:2], drawn[1::2], bins=16, range=[[0, 1]] * 2)[0].ravel()
    expected = 100_000 / 256
    assert chi2.sf(((pairs - expected) ** 2 / expected).sum(), 255) > 1e-3


def test_runs_and_seeds_do_not_echo_each_other():
    table = np.empty((2, 40, 5000))
    for run in range(40):
        kernel.draws(7, run, table[0, run])
        kernel.draws(run, 7, table[1, run])
    for drawn in table:
        # along an edge over the runs, too, draws are uniform and independent
        assert kstest(drawn.T[:200].ravel(), "uniform").pvalue > 1e-3
        correlation = np.corrcoef(drawn)[np.triu_indices(40, 1)] * sqrt(5000)
        assert kstest(correlation, "norm").pvalue > 1e-3


# ── against others ───────────────────────────────────────────────────────────────────────────────────────────────────


def each_run(net, there, runs, people, limit, by="length", **options):
    """One run at a time, with edges closed and asked again."""
    rows, near = [], np.zeros(net.graph.count)
    for run in range(runs):
        shut = net.close(failed(net, run=run, **options))
        cost = nearest(shut, there, cost=by).cost[:, 0]
        graph = nx.Graph(to_networkx(shut))
        reached = cost < inf
        total = people[reached].sum()
        rows.append(
            (
                people[cost <= limit].sum() / people.sum() if people.sum() else np.nan,
                people[reached] @ cost[reached] / total if total else np.nan,
                people[~reached].sum(),
                max(map(len, nx.connected_components(graph))),
            )
        )
        near += (cost <= limit) & reached
    return np.array(rows), near / runs


def same(found, rows, near):
    assert np.allclose(found.within, rows[:, 0], equal_nan=True)
    assert np.allclose(found.mean, rows[:, 1], equal_nan=True)
    assert np.allclose(found.cut_off, rows[:, 2])
    assert found.largest.tolist() == rows[:, 3].tolist()
    assert found.chance.tolist() == near.tolist()


@settings(max_examples=50)
@given(st.data(), networks(back=True))
def test_every_run_is_a_closure(data, net):
    there, people = data.draw(sites(net)), np.array(data.draw(weights(net)), dtype=float)
    limit, share = data.draw(st.sampled_from([0, 6, 100.0, 10_000.0])), data.draw(st.sampled_from([0, 0.2, 0.5, 1.0]))
    found = failures(net, there, share=share, runs=8, seed=5, limit=limit, weights=people)
    same(found, *each_run(net, there, 8, people, limit, share=share, seed=5))


@settings(max_examples=100)
@given(st.data(), networks(back=True, turns=True), st.sampled_from(["length", "time"]))
def test_every_run_is_a_closure_with_turns(data, net, by):
    by = by if by in net.columns else "length"
    there, people = data.draw(sites(net)), np.array(data.draw(weights(net)), dtype=float)
    limit, share = data.draw(st.sampled_from([0, 6, 100.0, 10_000.0])), data.draw(st.sampled_from([0, 0.2, 0.5, 1.0]))
    found = failures(net, there, share=share, runs=8, seed=5, limit=limit, weights=people, cost=by)
    same(found, *each_run(net, there, 8, people, limit, by, share=share, seed=5))


def test_a_forbidden_turn():
    #  0 --1-- 1 --1-- 2, and 0 --5-- 2; from edge 0 one may not go on into edge 1, nor turn round at 1 and at 0
    banned = pd.DataFrame({"from_edge": [0, 0, 0], "node": [1, 1, 0], "to_edge": [1, 0, 0], "cost": inf})
    net = Network.from_arrays([0] * 3, [0] * 3, [0, 1, 0], [1, 2, 2], length=[1, 1, 5], turns=banned)
    found = failures(net, [2], share=[0, 0, 1], runs=2, weights=[1, 0, 1])
    assert found.cut_off.tolist() == [1, 1]  # 0 is joined to 2, and yet cannot go there
    assert found.largest.tolist() == [3, 3]
    found = failures(net, [2], share=0, runs=2, weights=[1, 0, 0])
    assert found.mean.tolist() == [5, 5]


def test_a_town():
    net, _ = lattice(30, 30)
    rng = np.random.default_rng(0)
    net = net.with_columns(length=rng.uniform(80, 120, len(net.open)).round(1)).close(rng.random(len(net.open)) < 0.1)
    people, chance = rng.random(900), rng.random(len(net.open)) * 0.3
    found = failures(net, [5, 500], share=chance, runs=40, seed=9, limit=1000.0, weights=people)
    same(found, *each_run(net, [5, 500], 40, people, 1000.0, share=chance, seed=9))


def test_nothing_fails_or_everything():
    net, _ = lattice(4, 5)
    sound = failures(net, [0], share=0, runs=3)
    assert sound.largest.tolist() == [20] * 3
    assert sound.cut_off.tolist() == [0] * 3
    assert sound.mean.tolist() == [3.5] * 3  # 1.5 down and 2 along
    gone = failures(net, [0], share=1, runs=3)
    assert gone.largest.tolist() == [1] * 3
    assert gone.cut_off.tolist() == [19] * 3
    nowhere = failures(net, [], runs=2)
    assert nowhere.cut_off.tolist() == [20, 20]
    assert np.isnan(nowhere.mean).all()


def test_draws_are_common():
    net, _ = lattice(20, 20)
    few = failures(net, [0], runs=5, seed=3)
    many = failures(net, [0], runs=50, seed=3)
    assert np.array_equal(few.mean, many.mean[:5])
    assert not np.array_equal(failures(net, [0], runs=5, seed=4).mean, few.mean)
    small, large = failed(net, share=0.05, run=2), failed(net, share=0.1, run=2)
    assert small.any()
    assert np.all(large[small])
    # an edge that was closed, or one appended, changes no other edge's draw
    assert np.array_equal(
        failed(net.close([3]), run=2) | (np.arange(len(small)) == 3), small | (np.arange(len(small)) == 3)
    )


def test_as_many_fail_as_should():
    net, _ = lattice(60, 60)
    runs = 200
    count = sum(int(failed(net, share=0.05, run=run).sum()) for run in range(runs))
    low, high = binom.ppf([1e-4, 1 - 1e-4], runs * len(net.open), 0.05)
    assert low <= count <= high


def test_threads_change_nothing(monkeypatch):
    net, _ = lattice(20, 20)
    people = np.random.default_rng(0).random(400)
    results = []
    for cores in ({0}, {0, 1, 2, 3}):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, cores=cores: cores, raising=False)
        results.append(failures(net, [0, 210], runs=333, limit=12, weights=people))
    for name in ("within", "mean", "cut_off", "largest", "chance"):
        assert np.array_equal(*(getattr(each, name) for each in results))


def test_bad_arguments():
    net, _ = lattice(3, 3)
    for options, says in (
        ({"runs": 0}, "at least 1"),
        ({"share": 1.5}, "between 0 and 1, not 1.5"),
        ({"share": np.nan}, "between 0 and 1"),
        ({"share": [0.1, 0.2]}, "12 edges and 2 chances"),
        ({"seed": -1}, "2\\*\\*64"),
        ({"weights": -np.ones(9)}, "at least 0"),
        ({"limit": -1}, "at least 0"),
    ):
        with pytest.raises(DataError, match=says):
            failures(net, [0], **options)
    with pytest.raises(UnknownName, match="12"):
        failures(net, [12])
    with pytest.raises(DataError, match="at least 0, not -1"):
        failed(net, run=-1)


# ── percolation ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("size", [8, 32, 64])
def test_spanning_of_the_self_dual_lattice(size):
    # L rows of L + 1 nodes: a crossing of open edges exists, or one of closed edges of the dual lattice, which is the
    # same lattice turned: at 1/2 both are as likely, whatever L (Grimmett 1999, lemma 11.21)
    net, node = lattice(size, size + 1)
    last = np.zeros(net.graph.count)
    last[node[:, -1]] = 1
    runs = 2000
    spans = int((failures(net, node[:, 0], share=0.5, runs=runs, seed=size, weights=last).cut_off < size).sum())
    assert abs(spans - runs / 2) <= 4 * sqrt(runs) / 2


def test_the_largest_part_around_the_threshold():
    # p_c = 1/2 for bonds: below it, the largest part is a vanishing share, above it, most of the lattice
    share = {
        (size, chance): failures(lattice(size, size)[0], [0], share=1 - chance, runs=60).largest.mean() / size**2
        for size in (16, 64)
        for chance in (0.4, 0.6)
    }
    assert share[64, 0.4] < 0.5 * share[16, 0.4] < 0.2
    assert share[64, 0.6] > 0.9
