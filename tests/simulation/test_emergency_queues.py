"""Dispatch against queueing theory: Erlang's loss and waiting formulas, and Larson's hypercube of two servers."""

import numpy as np
import pytest
from scipy import stats
from simulation.towns import town

import twin
from twin.measures import erlang_c
from twin.simulation import Emergency, Service

HOUR = 3600.0


def runs(count, calls, stations, servers, *, share=(1.0,), load=1.0, scene=Service(HOUR), **fields):
    """Tables of calls of independent runs, with where the first tenth of them ends [s].

    A road so short that driving does not count; exponential services of an hour, `load` calls an hour.
    """
    for seed in range(count):
        rng = np.random.default_rng([8, seed])
        time = rng.exponential(HOUR / load, calls).cumsum()
        node = np.array(stations)[rng.choice(len(share), calls, p=share)]
        city = town(stations, list(zip(time, node, strict=True)), count=2, seconds=0.01, servers=float(servers))
        crowd = Emergency(calls="log", turn_out=0.0, scene=scene, **fields)
        yield twin.simulate(city, [crowd], until=float(time[-1]), seed=seed)["calls"], time[calls // 10], time[-1]


def holds(values, known, width):
    """Whether the mean of runs is where it should be: inside its own interval of 99 %, which is narrow enough."""
    values = np.asarray(values)
    half = stats.t.ppf(0.995, len(values) - 1) * values.std(axis=0, ddof=1) / np.sqrt(len(values))
    assert (half < width).all(), half
    assert (abs(values.mean(axis=0) - known) < half).all(), (values.mean(axis=0), known, half)


def test_all_busy_by_erlang_s_loss_formula():
    """Three units at 2 erlang: B = (2^3/3!) / (1 + 2 + 2 + 8/6) = 4/19, whatever the distribution of the service."""
    lost = [
        (calls.loc[calls["time"] > warm, "outcome"] == "lost").mean()
        for calls, warm, _ in runs(8, 400, [0], 3, load=2.0, scene=Service(HOUR, variation=0.5), held=0)
    ]
    holds(lost, 4 / 19, 0.06)


def test_waits_by_erlang_s_waiting_formula():
    """Three units at 1.5 erlang: C = 9/38 of the calls wait, 9/38 / (3 - 1.5) = 3/19 of a service on the mean."""
    found = []
    for calls, warm, end in runs(8, 500, [0], 3, load=1.5):
        mine = calls[(calls["time"] > warm) & (calls["time"] < end - 20 * HOUR)]
        wait = mine["order"] - mine["time"]
        found.append([(wait > 0).mean(), wait.mean() / HOUR])
    assert erlang_c(1.5, 3) == pytest.approx(9 / 38)
    holds(found, [9 / 38, 3 / 19], [0.08, 0.12])


def test_the_hypercube_of_two_servers():
    """Larson (1974), two units, 1 and 0.5 calls per service from their own districts, calls lost when both are busy.

    In the state (first, second): 1.5 p00 = p10 + p01, 2.5 p10 = p00 + p11, 2.5 p01 = 0.5 p00 + p11, and the sum is 1:
    p00 = 8/29, p10 = 34/145, p01 = 26/145, p11 = 9/29. Of the 1.5 (1 - p11) calls that are answered,
    the second unit takes its own, 0.5 (p00 + p10), and those of the other district when it is alone, p10."""
    found = []
    for calls, warm, end in runs(8, 500, [0, 1], 1, share=(2 / 3, 1 / 3), load=1.5, held=0):
        made = calls[calls["outcome"] != "lost"]
        edges = np.unique(np.concatenate([made["order"], made["free"].dropna(), [warm, end]]))
        edges = edges[(edges >= warm) & (edges <= end)]
        middle, length = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
        busy = [
            (
                (made.loc[made["unit"] == unit, "order"].to_numpy()[:, None] < middle)
                & (made.loc[made["unit"] == unit, "free"].fillna(np.inf).to_numpy()[:, None] > middle)
            ).any(axis=0)
            for unit in (0, 1)
        ]
        share = [
            length[(busy[0] == first) & (busy[1] == second)].sum() / length.sum()
            for first, second in ((0, 0), (1, 0), (0, 1), (1, 1))
        ]
        found.append([*share, (made["unit"] == 1).mean()])
    both, one, other, full = 8 / 29, 34 / 145, 26 / 145, 9 / 29
    assert both + one + other + full == pytest.approx(1.0)
    assert np.allclose([both, one, other, full], [0.275862, 0.234483, 0.179310, 0.310345], atol=1e-6)
    second = (one + 0.5 * (both + one)) / (1.5 * (1 - full))
    holds(found, [both, one, other, full, second], 0.06)
