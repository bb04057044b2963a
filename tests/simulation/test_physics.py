"""Crowds and vehicles in a city: what `simulate` makes of how they move, and of a city that changes under them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import twin
from twin.gis.grid import grid_city
from twin.model import Network
from twin.simulation import Crowded, Freely, Queued

PHYSICS = {"free": Freely(), "crowd": Crowded(width=0.2), "queue": Queued()}


def trips(count, seed, physics, network="drive", blocks=5):
    rng = np.random.default_rng(seed)
    origin, goal = rng.integers(0, (blocks + 1) ** 2, (2, count))
    return twin.Trips(network, origin, goal, rng.uniform(0, 60, count), physics=physics)


@pytest.mark.parametrize("physics", PHYSICS.values(), ids=PHYSICS)
def test_the_order_of_the_trips_changes_nothing(physics):
    given_ = trips(400, 1, physics)
    order = np.random.default_rng(2).permutation(400)
    turned = twin.Trips("drive", given_.origin[order], given_.destination[order], given_.depart[order], physics=physics)
    one, other = (twin.simulate(grid_city(5), [each], until=1e5)["end"]["time"].to_numpy() for each in (given_, turned))
    assert np.array_equal(one[order], other)


def test_crowds_are_slower_and_queues_hold_up():
    mean = {
        (name, count): twin.simulate(grid_city(5), [trips(count, 1, physics)], until=1e6)["trips"]
        .eval("arrive - depart")
        .mean()
        for name, physics in {**PHYSICS, "crowd": Crowded(width=0.03)}.items()
        for count in (20, 900)
    }
    assert mean["free", 900] == pytest.approx(mean["free", 20], rel=0.2)
    assert mean["queue", 900] > 1.2 * mean["queue", 20]
    assert mean["crowd", 900] > 1.5 * mean["crowd", 20]


def test_gridlock_is_told():
    # four streets around a block, one way; everybody wants three streets on, and the streets are full
    x, y = [0, 100, 100, 0], [0, 0, 100, 100]
    ring = Network.from_arrays(x, y, [0, 1, 2, 3], [1, 2, 3, 0], length=[20.0] * 4, directed=True, time=[2.0] * 4)
    city = twin.City.from_network(ring.with_columns(lanes=1.0), name="ring")
    name = next(iter(city.networks))
    many = twin.Trips(name, np.arange(400) % 4, (np.arange(400) + 3) % 4, 0.0, physics=Queued())
    trace = twin.simulate(city, [many], until=3600)
    stuck = trace["gridlock"]
    assert stuck["edge"].tolist() == [0, 1, 2, 3]
    assert stuck["vehicles"].tolist() == [4, 4, 4, 4]
    assert 0 < stuck["since"].iloc[0] < 100
    assert (trace["end"]["status"] == "on the way").sum() + (trace["end"]["status"] == "finished").sum() == 400
    assert stuck["circle"].tolist() == [0] * 4
    assert stuck["behind"].tolist() == [-1] * 4
    few = twin.Trips(name, np.arange(8) % 4, (np.arange(8) + 3) % 4, 0.0, physics=Queued())
    calm = twin.simulate(city, [few], until=3600)
    assert len(calm["gridlock"]) == 0
    assert (calm["end"]["status"] == "finished").all()


def test_gridlock_is_told_while_others_move():
    # the same ring, a street that leads into it, and a road elsewhere on which somebody drives all the time
    x, y = [0, 100, 100, 0, -100, 500, 9000], [0, 0, 100, 100, 0, 500, 500]
    net = Network.from_arrays(
        x, y, [0, 1, 2, 3, 4, 5], [1, 2, 3, 0, 0, 6],
        length=[20.0] * 5 + [8500.0], directed=True, time=[2.0] * 5 + [850.0], lanes=[1.0] * 6,
    )  # fmt: skip
    city = twin.City.from_network(net, name="ring")
    name = next(iter(city.networks))
    ring = twin.Trips(name, np.arange(400) % 4, (np.arange(400) + 3) % 4, 0.0, physics=Queued())
    into = twin.Trips(name, [4] * 9, [2] * 9, 30.0, physics=Queued())
    free = twin.Trips(name, [5] * 50, [6] * 50, np.arange(50) * 60.0, physics=Queued())
    trace = twin.simulate(city, [ring, into, free], until=1800)
    stuck = trace["gridlock"].set_index("edge")
    assert stuck.index.tolist() == [0, 1, 2, 3, 4]
    assert stuck["vehicles"].tolist() == [4] * 5
    assert stuck["circle"].tolist() == [0, 0, 0, 0, -1]
    assert stuck["behind"].tolist() == [-1, -1, -1, -1, 0]
    assert (stuck["since"] < 100).all()
    moving = trace["end"].loc["Trips"].iloc[409:]
    assert {"finished", "on the way", "waiting"} == set(moving["status"])
    calm = twin.simulate(city, [free], until=1800)
    assert len(calm["gridlock"]) == 0


@given(st.sampled_from(sorted(PHYSICS)), st.integers(0, 2**32 - 1), st.floats(1, 200))
def test_nobody_vanishes_when_streets_close(name, seed, time):
    # a third of the streets close under 300 agents, and open again: everybody is somewhere, and most arrive in the end
    city, rng = grid_city(4), np.random.default_rng(seed)
    shut = rng.random(len(city.networks["drive"].open)) < 0.3
    closed = city.with_network("drive", city.networks["drive"].close(shut))
    crowd = trips(300, seed, PHYSICS[name], blocks=4)
    events = [(time, lambda c: closed), (3 * time, lambda c: city)]
    for until in (time, 2 * time, 1e6):
        trace = twin.simulate(city, [crowd], until=until, events=events)
        end, made = trace["end"], trace["trips"]
        assert len(end) == 300
        assert (end["status"] == "on the way").sum() == made["arrive"].isna().sum()
        assert (made["arrive"].dropna() <= until).all()
        assert (made["arrive"] >= made["depart"])[made["arrive"].notna()].all()
        again = twin.simulate(city, [crowd], until=until, events=events)
        pd.testing.assert_frame_equal(again["trips"], made)
    if name != "queue":  # vehicles may stand in each other's way for good
        assert (end["status"] == "finished").all()
        assert end["node"].tolist() == crowd.destination.tolist()
    # each one's trips join: the next begins where and when the one before ended, or later where it was stranded
    for _, mine in made.groupby("agent"):
        assert mine["origin"].to_numpy()[1:].tolist() == mine["destination"].to_numpy()[:-1].tolist()
        assert (mine["depart"].to_numpy()[1:] >= mine["arrive"].to_numpy()[:-1]).all()


def test_a_bridge_that_opens_during_the_run():
    # an edge that is not there at first: who sets out later takes it, who is on the way goes on as before
    city = grid_city(5)
    net = city.networks["walk"]
    far = 35
    more = Network.from_arrays(
        net.x,
        net.y,
        np.append(net.graph.tail, 0),
        np.append(net.graph.head, far),
        length=np.append(net.columns["length"], 100.0),
        time=np.append(net.columns["time"], 75.0),
        crs=net.crs,
        approach=net.approach,
    )
    crowd = twin.Trips("walk", [0, 0], [far, far], [0.0, 200.0])
    opened = (100.0, lambda c: c.with_network("walk", more))
    found = twin.simulate(city, [crowd], until=3600, events=[opened])["trips"]
    assert found["arrive"].tolist() == [750.0, 275.0]


def test_a_crowd_of_one_s_own_moves_as_it_says():
    @dataclass(frozen=True)
    class Drivers(twin.Agents):
        network: str = "drive"
        physics = Queued(jam=0.05)

        def choose(self, who, sim):
            return np.zeros(len(who), dtype=int)

    calm, jammed = (
        twin.simulate(grid_city(5), [Drivers(), trips(count, 3, Queued(jam=0.05))], until=1e5)["end"]
        for count in (0, 200)
    )
    assert (calm["status"] == "finished").all()
    assert (jammed["status"] == "finished").all()
    mine = jammed.loc["Drivers", "time"].to_numpy(), calm.loc["Drivers", "time"].to_numpy()
    assert mine[0].mean() > mine[1].mean() + 5  # they share the road with the others


def test_people_at_the_same_place_and_time_are_asked_together():
    asked = []

    @dataclass(frozen=True)
    class Visitors(twin.Agents):
        def choose(self, who, sim):
            asked.append(("choose", sim.time, len(who)))
            return np.full(len(who), 3)

        def arrive(self, who, sim):
            asked.append(("arrive", sim.time, len(who)))
            who.finish()

    twin.simulate(grid_city(1), [Visitors()], until=1000)
    assert asked == [("choose", 0.0, 4), ("arrive", 0.0, 1), ("arrive", 75.0, 2), ("arrive", 150.0, 1)]
