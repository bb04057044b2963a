"""Runs from begin to end: progress, what is left after a failure, replications, and plans that make no sense."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

import twin
from twin.errors import DataError, SimulationError
from twin.gis.grid import grid_city
from twin.interventions import CloseFacility
from twin.simulation import Crowded, Diaries, Mode, Queued, replicate


@dataclass(frozen=True)
class Visitors(twin.Agents):
    """A third of the people, at random times, to a clinic that may be full."""

    def spawn(self, city, rng):
        homes = city.snap("population", self.network).sample(frac=1 / 3, random_state=rng)
        return homes[["node"]].assign(depart=rng.uniform(0, 600, len(homes)))

    def choose(self, who, sim):
        return sim.nearest("clinic", who.node, self.network)

    def arrive(self, who, sim):
        inside = sim.admit(who)
        who[inside].finish()
        who[~inside].retry(after=300.0)


def same(one, other):
    assert set(one) == set(other)
    for name in one:
        pd.testing.assert_frame_equal(one[name], other[name], check_exact=True)


def drivers(count=300, seed=1):
    rng = np.random.default_rng(seed)
    return twin.Trips("drive", *rng.integers(0, 81, (2, count)), rng.uniform(0, 60, count), physics=Queued())


# ── how far it is, and what is left of it ────────────────────────────────────────────────────────────────────────────


def test_progress_is_told_and_changes_nothing():
    told = []
    city, agents = grid_city(8), [Visitors(), drivers()]
    watched = twin.simulate(city, agents, until=3000, progress=lambda time, until: told.append((time, until)))
    assert told == [(30.0 * step, 3000) for step in range(1, 101)]
    same(watched, twin.simulate(city, agents, until=3000))


def test_ctrl_c_between_two_steps_leaves_what_happened_until_then():
    def stop(time, until):
        if time >= 600:
            raise KeyboardInterrupt

    city, agents = grid_city(8), [Visitors(), drivers()]
    trace = twin.simulate(city, agents, until=3000, progress=stop)
    assert trace.partial
    same(trace, twin.simulate(city, agents, until=600))


def test_an_error_names_agents_time_and_method_and_keeps_the_trace_so_far():
    # an edge takes 75 s; agent k sets out at 100 k s, and at the node two edges away it stumbles, if it is number 2
    @dataclass(frozen=True)
    class Walkers(twin.Agents):
        def spawn(self, city, rng):
            return pd.DataFrame({"node": [0, 0, 0, 0], "depart": [0.0, 100.0, 200.0, 300.0]})

        def choose(self, who, sim):
            return np.full(len(who), 2)

        def arrive(self, who, sim):
            if 2 in who.id:
                raise ZeroDivisionError("a slip")
            who.finish()

    message = r"Walkers\.arrive failed at 350\.0 s: a slip \(asked of agents 2\)"
    with pytest.raises(SimulationError, match=message) as caught:
        twin.simulate(grid_city(2), [Walkers()], until=1000)
    assert (caught.value.time, caught.value.agents) == (350.0, "Walkers")
    trace = caught.value.trace
    assert trace.partial
    assert trace["trips"][["depart", "arrive"]].to_numpy().tolist()[:2] == [[0.0, 150.0], [100.0, 250.0]]
    assert trace["end"]["status"].tolist()[:2] == ["finished", "finished"]


def test_an_error_while_people_are_spawned():
    @dataclass(frozen=True)
    class Unborn(twin.Agents):
        def spawn(self, city, rng):
            raise KeyError("homes")

    with pytest.raises(SimulationError, match=r"Unborn\.spawn failed at 0\.0 s: 'homes'") as caught:
        twin.simulate(grid_city(2), [Unborn()], until=1)
    assert caught.value.trace is None


# ── many runs ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("threads", [1, 3])
def test_replications_are_the_runs_of_their_seeds(threads, monkeypatch):
    monkeypatch.setattr("twin.simulation.runs.cores", lambda: threads)
    city, agents = grid_city(8), [Visitors(), drivers()]
    shut = (400.0, CloseFacility("clinic"))
    traces = replicate(city, agents, until=2000, runs=5, seed=7, events=[shut])
    assert [trace.seed for trace in traces] == [7, 8, 9, 10, 11]
    for seed, trace in enumerate(traces, start=7):
        same(trace, twin.simulate(city, agents, until=2000, seed=seed, events=[shut]))
    assert not traces[0]["trips"].equals(traces[1]["trips"])


def test_replications_that_fail():
    @dataclass(frozen=True)
    class Broken(twin.Agents):
        def choose(self, who, sim):
            raise RuntimeError("no")

    with pytest.raises(SimulationError, match=r"Broken\.choose failed"):
        replicate(grid_city(2), [Broken()], until=10, runs=4)
    with pytest.raises(DataError, match="at least one"):
        replicate(grid_city(2), [], until=10, runs=0)


# ── plans that make no sense ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("physics", [None, Crowded(), Queued()])
def test_who_would_leave_after_the_end_waits(physics):
    agents = twin.Trips("drive", [0, 0], [2, 2], [50.0, 5000.0], physics=physics)
    trace = twin.simulate(grid_city(2), [agents], until=1000)
    assert trace["end"]["status"].tolist() == ["finished", "waiting"]
    assert trace["trips"]["agent"].tolist() == [0]


def test_a_choice_after_the_end_is_not_asked_for():
    asked = []

    @dataclass(frozen=True)
    class Late(twin.Agents):
        def spawn(self, city, rng):
            return pd.DataFrame({"node": [0, 1], "depart": [10.0, 2000.0]})

        def choose(self, who, sim):
            asked.extend(who.id)
            return np.full(len(who), 2)

    end = twin.simulate(grid_city(2), [Late()], until=1000)["end"]
    assert asked == [0]
    assert end["status"].tolist() == ["finished", "waiting"]


def spawning(**columns):
    @dataclass(frozen=True)
    class Odd(twin.Agents):
        def spawn(self, city, rng):
            return pd.DataFrame({"node": [0, 1, 2], "depart": 0.0} | columns)

    return Odd()


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"depart": [0.0, np.nan, -1.0]}, r"Odd\.spawn: depart of agents 1 and 2 is nan, not a time from 0 s on"),
        ({"node": [0.0, np.nan, 1.0]}, r"Odd\.spawn: node of agents 1 is nan, not the position of a node"),
        ({"node": [0, -1, 1]}, r"Odd\.spawn: node of agents 1 is -1"),
        ({"node": [0, 1, 9]}, r"Odd\.spawn: node of agents 2 is 9; network 'walk' has positions 0 to 8"),
    ],
)
def test_agents_spawned_nowhere_or_at_no_time(columns, message):
    with pytest.raises(SimulationError, match=message.replace(" and ", "(, | and )")):
        twin.simulate(grid_city(2), [spawning(**columns)], until=10)


@pytest.mark.parametrize(("goal", "told"), [(np.nan, "nan"), (9, "9"), (-2, "-2"), (1.5, "1.5")])
def test_goals_that_are_no_nodes(goal, told):
    @dataclass(frozen=True)
    class Lost(twin.Agents):
        def choose(self, who, sim):
            return np.where(who.id == 4, goal, 1)

    message = rf"Lost\.choose at 0\.0 s: a goal is the position of a node, 0 to 8, .* not {told} \(agents 4\)"
    with pytest.raises(SimulationError, match=message):
        twin.simulate(grid_city(2), [Lost()], until=10)


def test_a_day_with_a_departure_at_no_time():
    table = pd.DataFrame({"person": [0], "mode": "walk", "node": [0], "goal": [1], "depart": [np.nan]})
    with pytest.raises(SimulationError, match="depart is nan"):
        twin.simulate(grid_city(2), [Diaries(table, {"walk": Mode("walk")})], until=10)


def test_a_retry_at_no_time():
    @dataclass(frozen=True)
    class Again(twin.Agents):
        def choose(self, who, sim):
            who.retry(after=np.nan)
            return np.full(len(who), -1)

    with pytest.raises(SimulationError, match=r"Again\.choose failed at 0\.0 s: retry after a time from 0 s on"):
        twin.simulate(grid_city(2), [Again()], until=10)


@pytest.mark.parametrize("physics", [None, Crowded(), Queued()])
def test_who_cannot_get_there_is_stranded_and_the_others_arrive(physics):
    city = grid_city(2)
    net = city.networks["drive"]
    apart = (net.graph.tail == 8) | (net.graph.head == 8)  # nothing leads to the corner any more
    city = city.with_network("drive", net.close(apart))
    trips = twin.Trips("drive", [0, 0], [8, 2], [5.0, 5.0], physics=physics)
    trace = twin.simulate(city, [trips], until=5000)
    assert trace["end"]["status"].tolist() == ["stranded", "finished"]
    assert trace["end"]["node"].tolist() == [0, 2]
    assert trace["trips"]["agent"].tolist() == [1]


def test_a_facility_without_room_admits_nobody():
    city = grid_city(8)
    full = city.with_columns("facilities", capacity=np.zeros(len(city.facilities)))
    end = twin.simulate(full, [Visitors()], until=1500)["end"]
    assert (end["status"] != "finished").all()
    assert (end["status"] == "waiting").any()  # they are there, and try again


def test_lanes_that_carry_nobody():
    city = grid_city(2)
    net = city.networks["drive"]
    none = city.with_network("drive", net.with_columns(lanes=np.where(np.arange(len(net.open)) == 3, 0.0, 1.0)))
    with pytest.raises(DataError, match=r"lanes above 0; they are not on 1 edges \(rows 3\)"):
        twin.simulate(none, [twin.Trips("drive", [0], [1], physics=Queued())], until=10)


def test_lanes_are_of_both_directions_together():
    # 4 lanes both ways are 2 each way, as 2 lanes one way are; where none are known the default counts, 1 each way
    def last(lanes, *, directed):
        net = twin.Network.from_arrays([0, 3000], [0, 0], [0], [1], length=[3000.0], directed=directed, time=[200.0])
        city = twin.City.from_network(net.with_columns(lanes=[lanes]), name="road")
        trips = twin.Trips(next(iter(city.networks)), [0] * 60, [1] * 60, 0.0, physics=Queued())
        return twin.simulate(city, [trips], until=1e4)["trips"]["arrive"].max()

    headway = (15 + 5) / (15 * 5 * 0.2)  # of one lane: 1 / (jam u w / (u + w))
    for lanes, directed, each in [(4.0, False, 2), (2.0, True, 2), (2.0, False, 1), (np.nan, False, 1)]:
        assert last(lanes, directed=directed) == pytest.approx(200 + 59 * headway / each)
