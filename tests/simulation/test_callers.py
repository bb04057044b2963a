"""Callers of a hotline against Erlang's formulas, and by hand."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

import twin
from twin.errors import SimulationError
from twin.gis.grid import grid_city
from twin.interventions import AddFacility
from twin.measures import erlang_c, served_within
from twin.measures.waiting import with_calls
from twin.simulation import Callers, Service


def centre(city, servers):
    return AddFacility("call_centre", (100.0, 100.0), servers=servers)(city)


def log(times):
    city = centre(grid_city(3), 1.0)
    table = gpd.GeoDataFrame(
        {"id": range(len(times)), "time": times}, geometry=[shapely.Point(0, 0)] * len(times), crs=city.crs
    )
    return city.with_layer("rings", table)


def test_three_calls_by_hand():
    """At 10, 20 and 30 s, a minute each, one agent: answered after 0, 50 and 100 s."""
    trace = twin.simulate(log([10.0, 20.0, 30.0]), [Callers(calls="rings", service=Service(60.0, 0.0))], until=500.0)
    assert trace["visits"]["begin"].tolist() == [10.0, 70.0, 130.0]
    assert trace["visits"]["end"].tolist() == [70.0, 130.0, 190.0]
    assert set(trace["visits"]["facility"]) == {trace["end"]["facility"].iloc[0]}
    assert len(trace["trips"]) == 0
    assert (trace["end"]["status"] == "finished").all()


def test_more_agents_from_a_shift_on():
    """A second agent comes at 40 s and answers the second caller then, the third waits until 70 s."""
    city = log([10.0, 20.0, 30.0])

    def shift(it):
        return it.with_columns("facilities", servers=np.where(it.facilities["kind"] == "call_centre", 2.0, np.nan))

    crowd = Callers(calls="rings", service=Service(60.0, 0.0))
    trace = twin.simulate(city, [crowd], until=500.0, events=[(40.0, shift)])
    assert trace["visits"]["begin"].tolist() == [10.0, 40.0, 70.0]


def test_answered_in_time_by_erlang():
    """An hour's 22.5 calls of 240 s on three agents: 1 - 9/38 exp(-1/2) are answered within 80 s, eight days."""
    city = centre(with_calls(grid_city(3), calls=22.5, handling=240.0, agents=3), 3.0)
    known = 1 - erlang_c(1.5, 3) * np.exp(-0.5)
    assert known == pytest.approx(1 - 9 / 38 * np.exp(-0.5))
    found = [
        served_within(
            city, trace=twin.simulate(city, [Callers()], until=86_400.0, seed=seed), within=80.0, crowd="Callers"
        )
        for seed in range(8)
    ]
    half = 3.5 * np.std(found, ddof=1) / np.sqrt(8)  # Student, 99 %, 7 degrees of freedom
    assert half < 0.07
    assert abs(np.mean(found) - known) < half


def test_nobody_to_answer():
    with pytest.raises(SimulationError, match="no open call_centre"):
        twin.simulate(with_calls(grid_city(3)), [Callers()], until=3600.0)
