"""Those who hear of delays: two routes to one place, whose equilibrium can be written down."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import twin
from twin.errors import DataError
from twin.gis.grid import grid_city
from twin.model import Network
from twin.simulation import Crowded, Diaries, Mode, Queued, Rerouting

RATE = 1.25  # vehicles a second that set out
CAPACITY = 0.2 * 10 * 5 / (10 + 5)  # that the bottleneck lets through, jam u w / (u + w) at 10 m/s


def two_routes():
    """From 0 to 3 in 600 s by a bottleneck, the edge from 1 to 2, or in 900 s with room for all; and back."""
    net = Network.from_arrays(
        [0, 600, 700, 2000],
        [0, 0, 0, 0],
        [0, 1, 2, 0, 3],
        [1, 2, 3, 3, 0],
        length=[600.0, 100.0, 5400.0, 9000.0, 1000.0],
        directed=True,
        time=[50.0, 10.0, 540.0, 900.0, 10.0],
        lanes=[4.0, 1.0, 4.0, 4.0, 4.0],
    )
    return twin.City.from_network(net, "two routes")


def times(share, every=30.0, count=4000):
    city = two_routes()
    crowd = twin.Trips(
        next(iter(city.networks)),
        np.zeros(count, int),
        np.full(count, 3),
        np.arange(count) / RATE,
        physics=Queued(),
        rerouting=Rerouting(share, every) if share else None,
    )
    trips = twin.simulate(city, [crowd], until=1e6)["trips"]
    return (trips["arrive"] - trips["depart"]).to_numpy()


def test_both_routes_take_equally_long_in_equilibrium():
    # who sets out at t finds a queue that grows by (q - s) / s; once it costs the 300 s between the two routes, s go on
    # by the bottleneck and the others around it: nobody gains by the other route (Wardrop's first principle)
    found = times(1.0, every=5.0)
    late = found[1000:]
    swing = 10.0 * (RATE - CAPACITY) / CAPACITY + 10.0  # what the queue grows by while nobody hears of it
    assert (late <= 900 + swing).all()
    assert late.mean() == pytest.approx(900, rel=0.01)
    # until then everybody is in the queue, which grows steadily
    before = np.arange(400)
    np.testing.assert_allclose(found[before], 600 + before / CAPACITY - before / RATE, atol=3.0)


def test_who_hears_not_stands_in_the_queue():
    alone = times(0.0)
    np.testing.assert_allclose(alone, 600 + np.arange(4000) / CAPACITY - np.arange(4000) / RATE, atol=3.0)
    assert times(1.0).mean() < times(0.3).mean() < alone.mean()


def test_streets_without_delays_are_left_as_they_are():
    city, rng = grid_city(6), np.random.default_rng(1)
    ends = rng.integers(0, 49, (2, 60))
    plain = twin.Trips("drive", *ends, rng.uniform(0, 3600, 60), physics=Queued())
    one, other = (
        twin.simulate(city, [crowd], until=1e5)["trips"]
        for crowd in (
            plain,
            twin.Trips("drive", *ends, plain.depart, physics=Queued(), rerouting=Rerouting(1.0, 60.0)),
        )
    )
    pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize("physics", [Queued(), Crowded(width=0.05)], ids=["queue", "crowd"])
def test_the_order_of_the_trips_changes_nothing(physics):
    city, rng = grid_city(5), np.random.default_rng(4)
    ends, depart = rng.integers(0, 36, (2, 600)), rng.uniform(0, 60, 600)
    order = rng.permutation(600)
    hears = Rerouting(0.5, 20.0)
    one = twin.Trips("drive", *ends, depart, physics=physics, rerouting=hears)
    other = twin.Trips("drive", *ends[:, order], depart[order], physics=physics, rerouting=hears)
    first, second = (twin.simulate(city, [each], until=1e5)["end"]["time"].to_numpy() for each in (one, other))
    assert np.array_equal(first[order], second)
    plain = twin.Trips("drive", *ends, depart, physics=physics)
    assert first.mean() < twin.simulate(city, [plain], until=1e5)["end"]["time"].mean()


@given(st.integers(0, 2**32 - 1), st.floats(5, 100), st.floats(0, 1))
def test_nobody_vanishes(seed, every, share):
    # whatever closes, and whoever hears: each is somewhere, trips join, and the same again gives the same
    city, rng = grid_city(4), np.random.default_rng(seed)
    shut = rng.random(len(city.networks["drive"].open)) < 0.3
    closed = city.with_network("drive", city.networks["drive"].close(shut))
    ends = rng.integers(0, 25, (2, 300))
    crowd = twin.Trips("drive", *ends, rng.uniform(0, 60, 300), physics=Queued(), rerouting=Rerouting(share, every))
    events = [(40.0, lambda c: closed), (300.0, lambda c: city)]
    for until in (60.0, 1e6):
        trace = twin.simulate(city, [crowd], until=until, events=events, seed=seed % 7)
        end, made = trace["end"], trace["trips"]
        assert len(end) == 300
        assert (end["status"] == "on the way").sum() == made["arrive"].isna().sum()
        again = twin.simulate(city, [crowd], until=until, events=events, seed=seed % 7)
        pd.testing.assert_frame_equal(again["trips"], made)
    arrived = (end["status"] == "finished").to_numpy()
    assert end["node"].to_numpy()[arrived].tolist() == ends[1][arrived].tolist()
    if not arrived.all():
        assert len(trace["gridlock"])
    for _, mine in made.groupby("agent"):
        assert mine["origin"].to_numpy()[1:].tolist() == mine["destination"].to_numpy()[:-1].tolist()


def test_a_person_who_hears_does_so_all_day():
    city = two_routes()
    name = next(iter(city.networks))
    count = 1500
    day = pd.DataFrame(
        {
            "person": np.repeat(np.arange(count), 3),
            "mode": "car",
            "node": np.tile([0, 3, 0], count),
            "goal": np.tile([3, 0, 3], count),
            "depart": np.repeat(np.arange(count) / RATE, 3) + np.tile([0.0, 5000.0, 10_000.0], count),
        }
    )
    car = Mode(name, Queued())
    took = {}
    for share in (0.0, 0.5):
        mode = replace(car, rerouting=Rerouting(share, 30.0))
        trips = twin.simulate(city, [Diaries(day, {"car": mode})], until=1e6)["trips"]
        trips = trips.assign(took=trips["arrive"] - trips["depart"])
        took[share] = trips[trips["destination"] == 3].groupby("agent")["took"].agg(list)
    around = np.array([[abs(t - 900) < 1 for t in one] for one in took[0.5]])
    ever, often = around.any(axis=1).mean(), around.mean(axis=0)
    assert (often > 0.3).all()
    assert ever < 0.4  # the same on both trips; drawn anew each time it would be more than
    assert 1 - (1 - often).prod() > 0.53
    assert np.concatenate(took[0.5].to_list()).mean() < np.concatenate(took[0.0].to_list()).mean()


def test_what_cannot_be():
    with pytest.raises(DataError, match="share is from 0 to 1"):
        Rerouting(share=1.2)
    with pytest.raises(DataError, match="every is a time above 0"):
        Rerouting(every=0.0)
