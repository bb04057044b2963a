"""Saved runs: they go on to the last bit, and branch; what is not theirs is refused."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

import twin
from twin.errors import DataError
from twin.gis.grid import grid_city
from twin.people import Clients, Commuters, Evacuees, Patients
from twin.simulation import Crowded, Diaries, FireEngines, Mode, Queued, Rerouting, Service, Simulation
from twin.simulation.checkpoint import load, save
from twin.units import hour, minute


@pytest.fixture(scope="module")
def harbour():
    return twin.read("gis_data/harbour")


def close(share, network="drive"):
    def change(city):
        net = city.networks[network]
        shut = np.random.default_rng(5).random(len(net.graph.tail)) < share
        return city.with_network(network, net.close(shut))

    return change


def through(city, agents, until, events=(), seed=4):
    return twin.simulate(city, agents, until=until, events=events, seed=seed)


def interrupted(tmp_path, city, agents, times, until, events=(), seed=4):
    """The same run, saved and read again at each of some times."""
    sim = Simulation(city, agents, seed=seed)
    for time, change in events:
        sim.change_later(time, change)
    for time in times:
        sim.until(time)
        save(sim, tmp_path / "run.npz")
        sim = load(tmp_path / "run.npz", city, agents, events=events)
    sim.until(until)
    return sim.trace(until)


def same(one, two):
    assert set(one) == set(two)
    for name in one:
        pd.testing.assert_frame_equal(one[name], two[name], check_exact=True)


@dataclass(frozen=True)
class Counting(twin.Agents):
    """They try a clinic again and again, and count."""

    def spawn(self, city, rng):
        homes = city.snap("population", self.network).sample(frac=0.01, random_state=rng)
        return homes[["node"]].assign(depart=rng.uniform(0, 600, len(homes)), tries=0)

    def choose(self, who, sim):
        return sim.nearest("clinic", who.node, self.network)

    def arrive(self, who, sim):
        columns = who.columns
        columns.put("tries", who.rows, who["tries"] + 1)
        done = who["tries"] > 2
        who[done].finish()
        who[~done].retry(after=77.0)


def drive_ids(count):
    return [f"d{number}" for number in range(1, count + 1)]


class Rerouted(Commuters):
    """Half of those who go by car hear of delays."""

    modes: ClassVar = {
        name: replace(mode, rerouting=Rerouting(0.5, 120.0)) if name == "car" else mode
        for name, mode in Commuters.modes.items()
    }


CROWDS = {
    "days, cars that queue and public transport": lambda: [Commuters(share=0.2, day="2026-03-03")],
    "lines before counters": lambda: [
        Patients(rate=0.01),
        Clients(rate=0.01, booked=0.5, service=Service(40 * minute, patience=30 * minute, bears=9)),
    ],
    "drivers who hear of delays": lambda: [
        Rerouted(share=0.3),
        twin.Trips(
            "drive", drive_ids(300), drive_ids(900)[600:], 7.5 * hour, physics=Queued(), rerouting=Rerouting(0.5, 100.0)
        ),
    ],
    "shelters that fill up, and decisions": lambda: [Evacuees(share=0.05), Counting()],
    "fire engines on their way": lambda: [FireEngines(calls=200.0)],
}


@pytest.mark.parametrize("name", CROWDS)
def test_a_run_goes_on_to_the_last_bit(tmp_path, harbour, name):
    begin = 0.0 if "shelters" in name else 7.5 * hour
    events = [(begin + 700.0, close(0.01)), (begin + 2000.0, close(0.02, "walk"))]
    agents = CROWDS[name]()
    until = begin + 3 * hour
    whole = through(harbour, agents, until, events)
    parts = interrupted(tmp_path, harbour, agents, [begin + 650.0, begin + 1234.5, begin + 5000.0], until, events)
    same(dict(whole.tables), dict(parts.tables))


def test_crowds_on_foot_and_vehicles_to_the_last_bit(tmp_path):
    city = grid_city(6)
    rng = np.random.default_rng(3)
    ends = rng.integers(0, 36, (2, 400))
    walkers = twin.Trips("walk", *ends, rng.uniform(0, 60, 400), physics=Crowded(width=1.0))
    table = pd.DataFrame({"person": np.arange(400), "mode": "car", "node": ends[0], "goal": ends[1], "depart": 5.0})
    drivers = Diaries(
        pd.concat([table, table.assign(node=ends[1], goal=ends[0], depart=50.0)]).sort_values(
            ["person", "depart"], kind="stable"
        ),
        {"car": Mode("drive", Queued())},
    )
    agents = [walkers, drivers]
    whole = through(city, agents, 4 * hour)
    same(dict(whole.tables), dict(interrupted(tmp_path, city, agents, [40.0, 61.0, 300.0], 4 * hour).tables))


def test_a_branch_is_the_run_with_the_other_future(tmp_path, harbour):
    """What if the streets close at 8:10 rather than never?"""
    agents = [Commuters(share=0.2)]
    begin = [(7 * hour, close(0.005))]
    sim = Simulation(harbour, agents, seed=1)
    for time, change in begin:
        sim.change_later(time, change)
    sim.until(8 * hour)
    save(sim, tmp_path / "eight.npz")
    branch = [*begin, (8 * hour + 600, close(0.05))]
    for events in (begin, branch):
        other = load(tmp_path / "eight.npz", harbour, agents, events=events)
        other.until(24 * hour)
        same(dict(through(harbour, agents, 24 * hour, events, seed=1).tables), dict(other.trace(24 * hour).tables))


def test_what_is_refused(tmp_path, harbour):
    agents = [Evacuees(share=0.01)]
    sim = Simulation(harbour, agents)
    sim.change_later(60.0, close(0.01, "walk"))
    sim.until(100.0)
    path = save(sim, tmp_path / "run.npz")
    events = [(60.0, close(0.01, "walk"))]
    with pytest.raises(DataError, match=r"changed at \[60.0\] s; give the same changes first, not \[\]"):
        load(path, harbour, agents)
    with pytest.raises(DataError, match=r"networks or people are not those"):
        load(path, harbour, agents, events=[(60.0, close(0.02, "walk"))])
    with pytest.raises(DataError, match=r"is of 100 s; changes at \[99.0\] s come too late"):
        load(path, harbour, agents, events=[*events, (99.0, close(0.5))])
    with pytest.raises(DataError, match="saved with crowds"):
        load(path, harbour, [Evacuees(share=0.02)], events=events)
    with pytest.raises(DataError, match="there is no such file"):
        load(tmp_path / "none.npz", harbour, agents)
    (tmp_path / "half.npz").write_bytes(path.read_bytes()[:5000])
    with pytest.raises(DataError, match="not a saved run"):
        load(tmp_path / "half.npz", harbour, agents)
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
