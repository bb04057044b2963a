"""Calls, dispatch and response, each time counted by hand: nodes of a street are 100 s of driving apart."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from simulation.towns import town

import twin
from twin.errors import DataError, MissingData
from twin.interventions import CloseFacility
from twin.simulation import (
    Ambulances,
    CityModel,
    Emergency,
    FireEngines,
    Patrols,
    Queued,
    Service,
    Simulation,
    load,
    save,
)

TEN_MINUTES = Service(600.0, variation=0.0)
TIMES = ["order", "start", "arrive", "leave", "free"]


def answered(city, until=10_000.0, events=(), seed=0, kind=Emergency, **fields):
    """The trace of engines that turn out within 60 s and stay for ten minutes."""
    given = {"calls": "log", "turn_out": 60.0, "scene": TEN_MINUTES} | fields
    return twin.simulate(city, [kind(**given)], until=until, events=events, seed=seed)


def shut(*edges):
    """A change that closes streets."""
    return lambda city: city.with_network("drive", city.network("drive").close(list(edges)))


def opened(city):
    """All streets are open again."""
    net = city.network("drive")
    return city.with_network("drive", net.with_columns(open=np.ones(len(net.columns["length"]), dtype=bool)))


def test_the_chain_of_one_call():
    """Called at 10 s, put through after 30, out after 60, two blocks of 100 s, ten minutes there, two blocks back."""
    trace = answered(town([0], [(10.0, 2)]), handling=30.0)
    (call,) = trace["calls"].itertuples()
    assert (call.time, call.node, call.service, call.station, call.unit) == (
        10.0,
        2,
        "fire_station",
        "fire_station-0",
        0,
    )
    assert (call.order, call.start, call.arrive, call.leave, call.free) == (40.0, 100.0, 300.0, 900.0, 900.0)
    assert call.outcome == "reached"
    assert trace["trips"][["origin", "destination", "depart", "arrive"]].to_numpy().tolist() == [
        [0, 2, 100.0, 300.0],
        [2, 0, 900.0, 1100.0],
    ]
    assert trace["end"]["status"].tolist() == ["finished", "finished"]
    assert trace["end"]["time"].tolist() == [1100.0, 900.0]


def test_a_call_at_the_station_is_reached_after_turning_out():
    trace = answered(town([0], [(0.0, 0)]))
    assert trace["calls"][TIMES].to_numpy().tolist() == [[0.0, 60.0, 60.0, 660.0, 660.0]]


def test_the_nearest_free_unit_is_sent():
    """Stations at both ends, two calls near the left one: the second is left to the right one, four blocks away."""
    calls = answered(town([0, 5], [(0.0, 1), (5.0, 1), (2000.0, 1)]))["calls"]
    assert calls["station"].tolist() == ["fire_station-0", "fire_station-5", "fire_station-0"]
    assert calls["arrive"].tolist() == [0 + 60 + 100, 5 + 60 + 400, 2000 + 60 + 100]


def test_the_one_on_the_road_is_there_sooner():
    """Two engines of node 0, one of them on its way back, 50 s from node 1: the other one would turn out first."""
    calls = answered(town([0], [(0.0, 2), (910.0, 1)], servers=2.0))["calls"]
    assert calls["unit"].tolist() == [0, 0]
    assert calls.loc[1, ["order", "start", "arrive"]].tolist() == [910.0, 910.0, 960.0]


def test_who_is_on_the_way_back_turns_at_the_next_junction():
    """Free at 900 s at node 2 and bound for node 0: a call at 950 s at node 3 turns it round at node 1, at 1000 s."""
    trace = answered(town([0], [(10.0, 2), (950.0, 3)]), handling=30.0)
    second = trace["calls"].iloc[1]
    assert second[["order", "start", "arrive"]].tolist() == [980.0, 980.0, 1000.0 + 200.0]
    ways = trace["trips"][["origin", "destination", "depart", "arrive"]].to_numpy().tolist()
    assert ways[1:3] == [[2, 1, 900.0, 1000.0], [1, 3, 1000.0, 1200.0]]


def test_calls_wait_for_a_free_unit_the_most_urgent_first():
    """One engine, busy from 0 to 760 s at node 1; it goes on from call to call without turning out again."""
    city = town([0], [(0.0, 1), (10.0, 1), (20.0, 2), (30.0, 1)], priority=[1, 3, 2, 3])
    calls = answered(city)["calls"].set_index("call")
    assert calls["order"].tolist() == [0.0, 760.0 + 100 + 600, 760.0, 1460.0 + 100 + 600]
    assert calls["start"].tolist() == [60.0, 1460.0, 760.0, 2160.0]
    assert calls["arrive"].tolist() == [160.0, 1560.0, 860.0, 2160.0]


def test_several_units_for_one_call():
    """Two engines are asked for: one drives two blocks, the other three; a third call waits for the first of them."""
    calls = answered(town([0, 5], [(0.0, 2), (1.0, 2)], units=[2, 1]))["calls"]
    assert calls["call"].tolist() == [0, 0, 1]
    assert calls["arrive"].tolist() == [60 + 200, 60 + 300, 60 + 200 + 600]
    assert sorted(calls["unit"].tolist()) == [0, 0, 1]


def test_more_units_than_there_are():
    """Three are asked for and two there: the third is the first that is free, and already on the spot."""
    calls = answered(town([0, 5], [(0.0, 2)]), units=3)["calls"]
    assert sorted(calls["arrive"].tolist()) == [260.0, 360.0, 860.0]


def test_a_street_that_closes_turns_them_round():
    """On a ring of six, two blocks the short way; before the second of them it closes: back over the other five."""
    trace = answered(town([0], [(0.0, 2)], ring=True), events=[(120.0, shut(1))])
    assert trace["calls"]["arrive"].tolist() == [60 + 100 + 5 * 100]


def test_the_network_as_it_is_decides_who_is_nearest():
    """The left engine is one block away, but that block is closed: the other one comes, four blocks."""
    trace = answered(town([0, 5], [(100.0, 1)]), events=[(50.0, shut(0))])
    assert trace["calls"]["station"].tolist() == ["fire_station-5"]
    assert trace["calls"]["arrive"].tolist() == [100 + 60 + 400]


def test_a_call_that_nobody_can_reach_waits_until_the_street_opens():
    """Under way when the only street closes: the engine goes home, and is sent again when it opens."""
    city = town([0], [(0.0, 3)])
    cut = answered(city, events=[(150.0, shut(2))])
    assert cut["calls"]["outcome"].tolist() == ["cut off"]
    assert cut["calls"][TIMES].isna().all(axis=None)
    assert cut["end"]["status"].tolist() == ["finished", "stranded"]
    again = answered(city, events=[(150.0, shut(2)), (1000.0, opened)])
    assert again["calls"]["outcome"].tolist() == ["reached"]
    assert again["calls"]["arrive"].tolist() == [1000 + 60 + 300]


def test_a_unit_that_cannot_get_back_is_sent_from_where_it_is():
    """Done at node 2 at 860 s, and the street home closed at 500 s: it stays there, one block from the next call."""
    trace = answered(town([0], [(0.0, 2), (2000.0, 3)]), events=[(500.0, shut(0))])
    assert trace["calls"]["arrive"].tolist() == [260.0, 2000.0 + 100.0]
    assert trace["end"]["node"].tolist()[0] == 3


def test_a_closed_station_sends_nobody():
    city = CloseFacility("fire_station", ("fire_station-0",))(town([0, 5], [(0.0, 1)]))
    assert answered(city)["calls"]["station"].tolist() == ["fire_station-5"]
    none = CloseFacility("fire_station", ("fire_station-5",))(city)
    assert answered(none)["calls"]["outcome"].tolist() == ["cut off"]


def test_a_station_that_opens_takes_the_calls_that_wait():
    city = CloseFacility("fire_station", ("fire_station-0",))(town([0], [(0.0, 1)]))
    trace = answered(city, events=[(500.0, lambda it: it.with_columns("facilities", open=[True]))])
    assert trace["calls"]["arrive"].tolist() == [500 + 60 + 100]


def test_patients_are_brought_to_hospital():
    """Scene at node 1 until 760 s, hospital at node 3 at 960 s, handed over at 1560 s, and free."""
    city = town([0], [(0.0, 1), (800.0, 3)], others=[("hospital", 3)])
    calls = answered(city, brings="hospital", handover=TEN_MINUTES)["calls"]
    assert calls.loc[0, TIMES].tolist() == [0.0, 60.0, 160.0, 760.0, 1560.0]
    assert calls.loc[1, TIMES].tolist() == [1560.0, 1560.0, 1560.0, 2160.0, 2760.0]


def test_calls_that_find_too_many_waiting_are_left_to_others():
    calls = answered(town([0], [(0.0, 1), (1.0, 1), (2.0, 1)]), held=1)["calls"]
    assert calls["outcome"].tolist() == ["reached", "reached", "lost"]
    assert answered(town([0], [(0.0, 1), (1.0, 1)]), held=0)["calls"]["outcome"].tolist() == ["reached", "lost"]


def test_what_is_still_under_way_says_so():
    calls = answered(town([0], [(0.0, 1), (1.0, 1)]), until=100.0)["calls"]
    assert calls["outcome"].tolist() == ["on the way", "waiting"]


def test_patrols_are_on_the_road():
    """A car that goes round starts at once, from the node that it comes to next."""
    city = town([], [(1000.0, 5)], ring=True, others=[("police_station", 0)])
    trace = answered(city, kind=Patrols, beats=3)
    (call,) = trace["calls"].itertuples()
    assert (call.order, call.start) == (1000.0, 1000.0)
    assert 1000 <= call.arrive <= 1000 + 100 + 300  # to the next node, and at most halfway round
    assert len(trace["trips"]) > 20
    assert trace["trips"]["destination"].nunique() <= 3 + 2  # beats, the call, and where it turned


@dataclass(frozen=True)
class Reserve(Emergency):
    """A policy of one's own: less urgent calls are never answered from the station in the middle."""

    def fitness(self, time, base, priority, sim):
        return np.where((priority > 1) & (base == 0), np.inf, time)


def test_a_policy_of_one_s_own():
    city = town([2, 5], [(0.0, 2), (5000.0, 2)], priority=[2, 1])
    assert answered(city, kind=Reserve)["calls"]["station"].tolist() == ["fire_station-5", "fire_station-2"]


def test_same_seed_same_calls_and_another_seed_others():
    city = town([0, 5], [])
    runs = [
        twin.simulate(city, [FireEngines(calls=200_000.0, mix=(0.3, 0.7))], until=86_400.0, seed=seed)["calls"]
        for seed in (1, 1, 2)
    ]
    pd.testing.assert_frame_equal(runs[0], runs[1])
    assert len(runs[0]) > 10
    assert not runs[0].equals(runs[2])
    assert set(runs[0]["priority"]) == {1, 2}


def test_another_plan_meets_the_same_calls():
    """Times, places and stays of the calls do not depend on where stations are."""
    fields = {"calls": 200_000.0, "scene": Service(600.0)}
    one, two = (answered(town(stations, []), until=90_000.0, **fields)["calls"] for stations in ([0], [5, 3]))
    assert one[["call", "time", "node"]].equals(two[["call", "time", "node"]])
    stay = [each["leave"] - each["arrive"] for each in (one, two)]
    assert np.allclose(stay[0], stay[1])


def test_two_services_stand_in_one_table():
    city = town([0], [(0.0, 2)], others=[("ambulance_station", 5), ("hospital", 4)])
    crowds = [FireEngines(calls="log"), Ambulances(calls="log")]
    calls = twin.simulate(city, crowds, until=10_000.0)["calls"]
    assert calls[["crowd", "service", "arrive"]].to_numpy().tolist() == [
        [0, "fire_station", 80.0 + 200],
        [1, "ambulance_station", 60.0 + 300],
    ]


def test_nobody_vanishes_when_streets_close_and_open():
    """Every request is in the table once, with times in their order, and no unit is at two calls at a time."""
    city = town([0, 3], [], ring=True, servers=2.0)
    events = [(20_000.0, shut(0, 2)), (40_000.0, shut(0, 2, 4)), (60_000.0, opened)]
    trace = answered(city, until=86_400.0, events=events, calls=900_000.0, units=2, mix=(0.5, 0.5), seed=4)
    calls = trace["calls"]
    assert len(calls) > 200
    assert (calls.groupby("call").size() == 2).all()
    made = calls[calls["outcome"] == "reached"]
    assert len(made) > 150
    known = made[["time", *TIMES]].to_numpy()
    steps = np.diff(known, axis=1)
    assert (steps[np.isfinite(steps)] >= 0).all()
    for _, mine in made.sort_values("order").groupby("unit"):
        assert (mine["order"].to_numpy()[1:] >= mine["free"].to_numpy()[:-1]).all()


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"units": 0}, "at least one unit"),
        ({"turn_out": -1.0}, "times from 0 s on"),
        ({"mix": (0.5, 0.4)}, "are 1 together, not 0.9"),
    ],
)
def test_fields_that_cannot_be(fields, says):
    with pytest.raises(DataError, match=says):
        Emergency(**fields)


def test_data_that_is_missing_or_wrong():
    with pytest.raises(MissingData, match="no fire_station"):
        answered(town([], [(0.0, 1)], others=[("hospital", 1)]))
    with pytest.raises(MissingData, match="how many units stand at fire_station-0"):
        answered(town([0], [(0.0, 1)], servers=np.nan))
    with pytest.raises(DataError, match=r"log: column 'time' is -5 in row 1"):
        answered(town([0], [(0.0, 1), (-5.0, 1)]))
    for name, values in (("units", [1.0, 0.0]), ("priority", [1.0, np.nan])):
        with pytest.raises(DataError, match=rf"column '{name}' is (0|nan) in row 1; it holds whole numbers from 1 on"):
            answered(town([0], [(0.0, 1), (5.0, 1)], **{name: values}))
    with pytest.raises(MissingData, match="emergency_calls"):
        answered(town([0], []), calls="emergency_calls")
    with pytest.raises(DataError, match="a share from 0 to 1"):
        answered(town([0], []), calls=5.0, share=2.0)


class InTraffic(Emergency):
    """Engines that stand in the queue like everybody else."""

    physics = Queued(jam=0.15)


def test_engines_stand_in_traffic():
    """100 cars set out at once where one every 2 s may; who turns out after 60 s is the 101st: there 200 s later."""
    city = town([0], [(0.0, 2)])
    cars = twin.Trips("drive", [0] * 100, [5] * 100, physics=Queued(jam=0.15))
    alone, among = (
        twin.simulate(city, [InTraffic(calls="log", turn_out=60.0, scene=TEN_MINUTES), *others], until=5000.0)["calls"]
        for others in ([], [cars])
    )
    assert alone["arrive"].tolist() == [260.0]
    assert among["arrive"][0] == pytest.approx(200.0 + 200.0)


def test_an_engine_in_the_queue_turns_for_a_call():
    """On its way back among the queued, it is sent again at the next junction."""
    city = town([0], [(0.0, 3), (1000.0, 3)])
    crowd = InTraffic(calls="log", turn_out=60.0, scene=TEN_MINUTES)
    calls = twin.simulate(city, [crowd], until=5000.0)["calls"]
    assert calls["leave"][0] == 960.0
    assert calls["arrive"][1] == 1060.0 + 100.0


def test_in_a_mesa_model():
    """A step is a minute; the same calls as in a run without Mesa."""
    city = town([0], [(10.0, 2), (300.0, 1)])
    crowd = Emergency(calls="log", turn_out=60.0, scene=TEN_MINUTES)
    model = CityModel(city, [crowd], dt=60.0)
    for _ in range(40):
        model.step()
    pd.testing.assert_frame_equal(model.trace()["calls"], twin.simulate(city, [crowd], until=2400.0)["calls"])


@pytest.mark.parametrize("at", [0.0, 130.0, 1000.0, 3000.0])
def test_a_run_that_was_saved_goes_on_to_the_last_bit(at, tmp_path):
    """Units turning out, on their way, at the scene and on the way back, and calls in line, come back as they were."""
    city = town([0, 3], [], ring=True, servers=2.0)
    crowd = Emergency(calls=3_000_000.0, span=6000.0, units=2, mix=(0.5, 0.5), scene=Service(600.0))
    events = [(2000.0, shut(0))]
    whole = twin.simulate(city, [crowd], until=9000.0, events=events, seed=5)
    assert len(whole["calls"]) > 30
    sim = Simulation(city, [crowd], seed=5)
    for time, change in events:
        sim.change_later(time, change)
    sim.until(at)
    again = load(save(sim, tmp_path / "run.npz"), city, [crowd], events=events)
    again.until(9000.0)
    for name, table in again.trace(9000.0).items():
        pd.testing.assert_frame_equal(table, whole[name])
