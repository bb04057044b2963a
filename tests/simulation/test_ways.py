"""Ways that are written out lead where tables lead, however they are found."""

import sys
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import networks

import twin
from twin.gis.grid import grid_city
from twin.routing import matrix
from twin.simulation import Queued, Simulation, movement, ways
from twin.simulation.checkpoint import load, save
from twin.simulation.movement import FINISHED, STRANDED, Movement

HOW = ["searched", "swept", "searched to the end"]


@pytest.fixture
def written():
    """No table is small enough."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(movement, "DENSE", 0)
        yield


def find(how, patch):
    """Have ways found in one manner: near ones by a search, others by the hierarchy, or by a search that goes on."""
    patch.setattr(movement, "DENSE", 0)
    if how != "searched":
        patch.setattr(ways, "_SHARE", 0.0)
        patch.setattr(ways, "_LEAST", 0)
    if how == "swept":
        module = sys.modules["twin.routing.matrix"]
        patch.setattr(module, "SMALL", 0)
        patch.setattr(module, "BUILD", 0)


@given(st.data(), networks(turns=True), st.sampled_from(HOW), st.booleans())
def test_ways_are_those_of_the_matrix(data, net, how, ordered):
    node = st.integers(0, net.graph.count - 1)
    trips = data.draw(st.lists(st.tuples(node, node, st.integers(0, 100)), min_size=1, max_size=12))
    start, goal, depart = (np.array([trip[i] for trip in trips]) for i in range(3))
    column = data.draw(st.sampled_from(["length", "time"] if "time" in net.columns else ["length"]))
    with pytest.MonkeyPatch.context() as patch:
        find(how, patch)
        move = Movement(len(trips))
        layer = move.layer(net, column, 1.0)
        move.ordered = ordered
        ends = start.astype(np.int32), goal.astype(np.int32)
        rows = move.rows(layer, *ends)
        assert (layer.table == -1).all()  # there is none
        assert move.nodes(rows).tolist() == start.tolist()
        cost = matrix(net, np.arange(net.graph.count), cost=column)[start, goal]
        assert move.reach(rows).tolist() == np.isfinite(cost).tolist()
        move.send(np.arange(len(trips)), layer, ends, depart.astype(float), stranded=True)
        move.run(1e9)
    reached = np.isfinite(cost)
    assert move.state[: len(trips)].tolist() == np.where(reached, FINISHED, STRANDED).tolist()
    np.testing.assert_allclose(move.time[: len(trips)], depart + np.where(reached, cost, 0), rtol=1e-12)
    here = move.nodes(move.row[: len(trips)][reached])
    assert here.tolist() == goal[reached].tolist()


def test_ways_of_one_place_join(written):
    city = grid_city(20)
    net = city.networks["drive"]
    goal = np.full(400, 220, dtype=np.int32)
    start = np.arange(441, dtype=np.int32)[:400]
    move = Movement(400)
    layer = move.layer(net, "time", 1.0)
    used = move.used
    move.rows(layer, start, goal)
    assert move.used - used < 3 * 400  # one row a place, and one where a way joins another
    used = move.used
    move.rows(layer, goal, start)  # out, each has its own
    assert move.used - used > 3000


@given(st.sampled_from([twin.simulation.Freely(), Queued()]), st.integers(0, 2**32 - 1), st.floats(1, 200))
def test_nobody_vanishes_when_streets_close(physics, seed, time):
    with pytest.MonkeyPatch.context() as patch:
        find("searched", patch)
        city, rng = grid_city(4), np.random.default_rng(seed)
        shut = rng.random(len(city.networks["drive"].open)) < 0.3
        closed = city.with_network("drive", city.networks["drive"].close(shut))
        ends = rng.integers(0, 25, (2, 200))
        crowd = twin.Trips("drive", *ends, rng.uniform(0, 60, 200), physics=physics)
        events = [(time, lambda c: closed), (3 * time, lambda c: city)]
        trace = twin.simulate(city, [crowd], until=1e6, events=events)
        end, made = trace["end"], trace["trips"]
        arrived = (end["status"] == "finished").to_numpy()
        assert arrived.all() or len(trace["gridlock"])
        assert end["node"].to_numpy()[arrived].tolist() == ends[1][arrived].tolist()
        for _, mine in made.groupby("agent"):
            assert mine["origin"].to_numpy()[1:].tolist() == mine["destination"].to_numpy()[:-1].tolist()


def test_blocked_is_the_same_by_either(written):
    city, rng = grid_city(8), np.random.default_rng(3)
    net = city.networks["drive"]
    ends = rng.integers(0, 81, (2, 300)).astype(np.int32)
    shut = net.close(rng.random(len(net.open)) < 0.1)
    blocked = []
    for dense in (0, 1 << 27):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(movement, "DENSE", dense)
            move = Movement(1)
            layer = move.layer(net, "time", 1.0)
            rows = move.rows(layer, *ends)
            move.change(layer, shut)
            blocked.append(move.blocked()[rows])
    # of ways that cost the same either may be taken
    assert (blocked[0] == blocked[1]).mean() > 0.8
    assert 0.2 < blocked[0].mean() < 0.95
    ends_of = zip(net.graph.tail.tolist(), net.graph.head.tolist(), strict=True)
    edge = {frozenset(pair): open_ for pair, open_ in zip(ends_of, shut.open.tolist(), strict=True)}
    for row, says in zip(rows[:50].tolist(), blocked[1][:50].tolist(), strict=True):
        at, way = row, [int(move.nodes(np.array([row]))[0])]
        while (arc := int(move.next[at])) >= 0:
            at += int(move.arc["step"][arc])
            way.append(int(move.nodes(np.array([at]))[0]))
        assert says == (not all(edge[frozenset(pair)] for pair in pairwise(way)))


def test_a_saved_run_goes_on(written, tmp_path):
    city, rng = grid_city(6), np.random.default_rng(3)
    crowd = twin.Trips("drive", *rng.integers(0, 49, (2, 400)), rng.uniform(0, 60, 400), physics=Queued())
    net = city.networks["drive"]
    events = [(70.0, lambda c: c.with_network("drive", net.close(np.arange(len(net.open)) % 7 == 0)))]
    whole = twin.simulate(city, [crowd], until=1e5, events=events)
    sim = Simulation(city, [crowd])
    for time, change in events:
        sim.change_later(time, change)
    for time in (40.0, 90.0):
        sim.until(time)
        save(sim, tmp_path / "run.npz")
        sim = load(tmp_path / "run.npz", city, [crowd], events=events)
    sim.until(1e5)
    trace = sim.trace(1e5)
    for name in whole:
        pd.testing.assert_frame_equal(whole[name], trace[name])
