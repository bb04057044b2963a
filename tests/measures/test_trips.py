"""Trips of runs on a grid: 100 m blocks, 75 s each on foot and 10 s by car."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

import twin
from twin.errors import DataError, MissingData
from twin.gis.grid import grid_city
from twin.measures import (
    clearance_time,
    mean_delay,
    mean_trip,
    shelter_overflow,
    total_delay,
    trip_percentile,
    trips_within,
    way_length,
)
from twin.simulation import Diaries, Mode, Queued


@dataclass(frozen=True)
class Evacuees(twin.Agents):
    """People who go to the clinic, and who wait outside it where it is full."""

    nodes: tuple[int, ...] = ()

    def spawn(self, city, rng):
        return pd.DataFrame({"node": self.nodes, "depart": 60.0})

    def choose(self, who, sim):
        return sim.nearest("clinic", who.node, self.network)

    def arrive(self, who, sim):
        inside = sim.admit(who)
        who[inside].finish()
        who[~inside].retry(after=600.0)


def walked(*nodes, capacity=50.0, until=3600.0):
    city = grid_city(5).with_columns("facilities", capacity=[capacity, np.nan, np.nan, np.nan])
    return city, twin.simulate(city, [Evacuees(nodes=nodes)], until=until)


def test_times_of_trips():
    """One, two and ten blocks: 75, 150 and 750 s; one that is not over at 800 s has been on the way for 100 s."""
    city = grid_city(5)
    trips = twin.Trips("walk", [0, 0, 0, 0], [1, 2, 35, 35], [0.0, 0.0, 0.0, 700.0])
    trace = twin.simulate(city, [trips], until=800.0)
    assert mean_trip(city, trace=trace) == 325.0
    assert trip_percentile(city, trace=trace, share=0.67) == 750.0
    assert [trips_within(city, trace=trace, within=within) for within in (75.0, 150.0, 60.0)] == [1 / 4, 2 / 3, 0.0]


def test_trips_by_purpose():
    city = grid_city(5)
    trace = twin.simulate(city, [twin.Trips("walk", [0, 0, 0], [1, 2, 35])], until=800.0)
    told = trace["trips"].assign(purpose=["work", "shop", "work"])
    run = twin.Trace({"trips": told, "end": trace["end"]}, 800.0, 0, crowds=("Commuters",))
    assert mean_trip(city, trace=run, crowd="Commuters", purpose="work") == (75 + 750) / 2
    assert trips_within(city, trace=run, within=75.0, purpose="work") == 0.5
    assert trip_percentile(city, trace=run, share=1.0, purpose="shop") == 150.0
    with pytest.raises(MissingData, match="no trip to school of Commuters"):
        mean_trip(city, trace=run, crowd="Commuters", purpose="school")
    with pytest.raises(MissingData, match="does not say what trips are for"):
        mean_trip(city, trace=trace, purpose="work")


def test_who_finds_the_way_closed_is_still_on_the_same_trip():
    """Three blocks along the lower rim; the third closes before it is reached: two blocks, three round it, 375 s."""
    city = grid_city(5)
    net = city.network("walk")
    third = int(np.flatnonzero((net.columns["tail"] == 2) & (net.columns["head"] == 3))[0])

    def shut(it):
        return it.with_network("walk", it.network("walk").close([third]))

    trace = twin.simulate(city, [twin.Trips("walk", [0], [3])], until=3600.0, events=[(100.0, shut)])
    assert len(trace["trips"]) == 2
    assert mean_trip(city, trace=trace) == 375.0


def test_nobody_is_delayed_on_an_empty_street():
    city = grid_city(5)
    trace = twin.simulate(city, [twin.Trips("drive", [0, 5], [35, 30])], until=3600.0)
    assert total_delay(city, trace=trace) == 0.0


def test_delay_behind_a_bottleneck():
    """Ten cars at once into a street that takes 0.15 * 10 * 5 / 15 = 1/2 a second: 0, 2 … 18 s late, 90 s together."""
    city = grid_city(1)
    cars = twin.Trips("drive", [0] * 10, [1] * 10, physics=Queued(jam=0.15))
    trace = twin.simulate(city, [cars], until=3600.0)
    assert total_delay(city, trace=trace) == pytest.approx(90.0, abs=0.1)
    assert mean_delay(city, trace=trace, crowd="Trips") == pytest.approx(9.0, abs=0.01)


def test_clearance_and_the_longest_way():
    """From one, two and ten blocks away, all leaving at 60 s: the last is there at 810 s, after 1,000 m."""
    city, trace = walked(1, 2, 35)
    of = {"trace": trace, "crowd": "Evacuees"}
    assert [clearance_time(city, share=share, **of) for share in (0.33, 0.66, 1.0)] == [135.0, 210.0, 810.0]
    assert [way_length(city, share=share, **of) for share in (0.33, 1.0)] == [100.0, 1000.0]
    assert shelter_overflow(city, facility="clinic", **of) == 0.0


def test_a_shelter_that_is_full():
    """Room for two of three: the one who came last stands outside, so the city is never cleared."""
    city, trace = walked(1, 2, 35, capacity=2.0)
    of = {"trace": trace, "crowd": "Evacuees"}
    assert shelter_overflow(city, facility="clinic", **of) == pytest.approx(1 / 3)
    assert shelter_overflow(city, facility=("park", "bus_stop"), **of) == 1.0
    assert clearance_time(city, share=1.0, **of) == np.inf
    assert clearance_time(city, share=0.66, **of) == 210.0
    assert way_length(city, **of) == 200.0


def test_what_is_not_there():
    city, trace = walked(1)
    with pytest.raises(MissingData, match="no crowd 'Commuters'"):
        trips_within(city, trace=trace, within=60.0, crowd="Commuters")
    with pytest.raises(DataError, match="at least 0 s"):
        trips_within(city, trace=trace, within=-1.0)
    nobody = twin.simulate(city, [], until=10.0)
    with pytest.raises(MissingData, match="no trip"):
        mean_trip(city, trace=nobody)


def test_two_crowds_of_one_name():
    """Evacuees in two crowds: the far one of the second went 1,000 m, and no way is added to that of another."""
    city = grid_city(5)
    crowds = [Evacuees(nodes=(1, 2)), twin.Trips("walk", [0], [1]), Evacuees(nodes=(35, 1))]
    trace = twin.simulate(city, crowds, until=3600.0)
    assert trace.crowds == ("Evacuees", "Trips", "Evacuees")
    of = {"trace": trace, "crowd": "Evacuees"}
    assert [way_length(city, share=share, **of) for share in (0.5, 0.75, 1.0)] == [100.0, 200.0, 1000.0]
    assert clearance_time(city, **of) == 810.0


def test_days_and_other_crowds_are_told_apart():
    """A day by two modes is one crowd, whatever stands beside it: walked to work, 75 s, and driven home, 10 s."""
    city = grid_city(5)
    table = pd.DataFrame(
        {
            "person": [0, 0],
            "mode": ["walk", "car"],
            "node": [0, 1],
            "goal": [1, 0],
            "depart": [0.0, 1000.0],
            "purpose": ["work", "home"],
        }
    )
    day = Diaries(table, {"walk": Mode("walk"), "car": Mode("drive")})
    trace = twin.simulate(city, [twin.Trips("walk", [0], [35]), day, Evacuees(nodes=(1,))], until=5000.0)
    assert trace.crowds == ("Trips", "Diaries", "Evacuees")
    assert mean_trip(city, trace=trace, crowd="Diaries", purpose="work") == 75.0
    assert mean_trip(city, trace=trace, crowd="Diaries", purpose="home") == 10.0
    assert mean_trip(city, trace=trace, crowd="Trips") == 750.0
    assert way_length(city, trace=trace, crowd="Evacuees") == 100.0
