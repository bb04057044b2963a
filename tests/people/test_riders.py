"""Vehicles that hold so many: journeys as they are planned while there is room, and queues worked out by hand."""

import dataclasses
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from town import EIGHT, TRAM, town

import twin
from twin.errors import DataError, SimulationError
from twin.model import City
from twin.people import Riders
from twin.routing import Transit, itinerary
from twin.simulation import Simulation, load, save

DAY = "2026-03-03"


@cache
def city_of(count=3):
    """The town with its first trams, of three."""
    trips = TRAM[:count]
    walk, lines = town(trips)
    return City.build("town", 32631, networks={"walk": walk, "transit": lines})


def run(city, crowd, until=12 * 3600.0):
    trace = twin.simulate(city, [crowd], until=until)
    return trace, trace["rides"], trace["vehicles"]


def riders(origin, destination, depart, **more):
    return Riders(origin, destination, depart, day=DAY, **{"speed": 1.0, "max_walk": 1000.0, **more})


def test_one_journey_is_its_itinerary():
    # from node 1 at 8:00: 1000 s on foot to West (8:16:40), the tram of 8:30, off at East 8:40, 1000 s to node 3
    city = city_of()
    crowd = riders([1, 0], [4, 4], [EIGHT, EIGHT])
    trace, rides, vehicles = run(city, crowd)
    legs = itinerary(Transit(city, DAY, walk_speed=1.0, max_walk=1000.0), 1, 4, EIGHT)
    ride = legs[legs["mode"] == "tram"].iloc[0]
    assert rides[["depart", "arrive"]].iloc[0].tolist() == [ride["depart"], ride["arrive"]]
    assert rides["since"].tolist() == [EIGHT + 1000, EIGHT]
    assert rides["trip"].tolist() == ["t1", "t0"]
    end = trace["end"]
    assert end["status"].tolist()[:2] == ["finished", "finished"]
    assert end["time"].tolist()[:2] == [legs["arrive"].iloc[-1], EIGHT + 1200]
    assert vehicles["most"].tolist() == [1, 1, 0]


def test_who_finds_it_full_waits_for_the_next():
    # five people at West from 8:00 on, one a second; two places: the trams of 8:10, 8:30, 8:50 take 2, 2 and 1
    city = city_of()
    crowd = riders([0] * 5, [4] * 5, EIGHT + np.arange(5.0), places={"tram": 2})
    _, rides, vehicles = run(city, crowd)
    assert rides["depart"].tolist() == [EIGHT + t for t in (600, 600, 1800, 1800, 3000)]
    assert rides["full"].tolist() == [0, 0, 1, 1, 2]
    assert vehicles[["most", "full"]].to_numpy().tolist() == [[2, 3], [2, 1], [1, 0]]


def test_places_become_free_where_people_get_out():
    # two go from West to Mid, two wait at Mid for East: all in the first tram; a third at Mid stays behind
    city = city_of()
    crowd = riders([0, 0, 2, 2, 2], [2, 2, 4, 4, 4], [EIGHT] * 5, places={"tram": 2})
    _, rides, vehicles = run(city, crowd)
    assert rides["depart"].tolist() == [EIGHT + t for t in (600, 600, 900, 900, 2100)]
    assert rides["arrive"].tolist() == [EIGHT + t for t in (900, 900, 1200, 1200, 2400)]
    assert vehicles["most"].tolist() == [2, 1, 0]


def test_who_is_left_at_the_end_of_the_day_waits():
    city = city_of()
    crowd = riders([0] * 9, [4] * 9, EIGHT, places={"tram": 2})
    trace, rides, _ = run(city, crowd)
    assert trace["end"]["status"].tolist()[:9] == ["finished"] * 6 + ["waiting"] * 3
    assert rides["depart"].isna().sum() == 3
    assert rides["full"].tolist()[-3:] == [3, 3, 3]


@settings(max_examples=15)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 3000)), min_size=1, max_size=40),
    st.integers(1, 5),
)
def test_nobody_vanishes_and_nobody_is_squeezed_in(journeys, places):
    city = city_of()
    origin, destination, depart = (np.array([journey[i] for journey in journeys]) for i in range(3))
    trace, rides, vehicles = run(city, riders(origin, destination, EIGHT + depart, places={"tram": places}))
    end = trace["end"].iloc[: len(journeys)]
    assert set(end["status"]) <= {"finished", "waiting", "stranded"}
    arrived = (end["status"] == "finished").to_numpy()
    assert (end["node"].to_numpy()[arrived] == destination[arrived]).all()
    assert (vehicles["most"] <= places).all()
    if len(rides):
        stays = end["status"].to_numpy()[rides["agent"]] == "waiting"
        assert rides["depart"].isna().tolist() == stays.tolist()
        on = rides.dropna(subset="depart")
        for _, mine in on.groupby("trip"):
            moments = np.unique(mine[["depart", "arrive"]].to_numpy())
            inside = [((mine["depart"] <= t) & (mine["arrive"] > t)).sum() for t in moments]
            assert max(inside) <= places
        assert (on["since"] <= on["depart"]).all()
    plenty, _, _ = run(city, riders(origin, destination, EIGHT + depart))
    assert (plenty["end"]["time"].to_numpy()[: len(journeys)][arrived] <= end["time"].to_numpy()[arrived]).all()


def test_a_saved_run_goes_on(tmp_path):
    city = city_of()
    crowd = riders([0] * 5, [4] * 5, EIGHT + np.arange(5.0), places={"tram": 2})
    whole, _, _ = run(city, crowd)
    sim = Simulation(city, [crowd])
    for time in (EIGHT + 2.5, EIGHT + 700.0, EIGHT + 1800.0):
        sim.until(time)
        save(sim, tmp_path / "run.npz")
        sim = load(tmp_path / "run.npz", city, [crowd])
    sim.until(12 * 3600.0)
    trace = sim.trace(12 * 3600.0)
    for name in whole:
        pd.testing.assert_frame_equal(whole[name], trace[name])


def test_what_cannot_be():
    city = city_of()
    with pytest.raises(DataError, match="at least one in a vehicle"):
        riders([0], [4], EIGHT, places={"tram": 0})
    with pytest.raises(DataError, match="one of each a journey"):
        riders([0, 1], [4], EIGHT)
    fewer = city_of(2)
    change = lambda c: dataclasses.replace(c, networks={**c.networks, "transit": fewer.networks["transit"]})  # noqa: E731
    with pytest.raises(SimulationError, match="the timetable changed during the run"):
        twin.simulate(city, [riders([0], [4], EIGHT)], until=12 * 3600, events=[(EIGHT + 100, change)])
