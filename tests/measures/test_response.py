"""Response times of runs whose every second is known: a street with nodes 100 s of driving apart."""

import numpy as np
import pytest
from simulation.towns import town

import twin
from twin.errors import DataError, MissingData, UnknownName
from twin.gis.grid import grid_city
from twin.measures import mean_response, response_percentile, response_within, unit_workload
from twin.measures.response import with_answers
from twin.simulation import Emergency, Service


def run(calls, stations=(0,), until=50_000.0, events=(), **fields):
    columns = {name: fields.pop(name) for name in ("priority", "units") if name in fields}
    city = town(list(stations), calls, **columns)
    crowd = Emergency(calls="log", turn_out=60.0, scene=Service(600.0, variation=0.0), **fields)
    return city, twin.simulate(city, [crowd], until=until, events=events)


def test_from_the_call_from_the_order_and_from_the_start():
    """Two calls at one place, 100 s away: 160 s; the second waits for 760 s and is reached at once, on the spot."""
    city, trace = run([(0.0, 1), (10.0, 1)])
    of = {"trace": trace, "service": "fire_station"}
    assert mean_response(city, **of) == (160 + 750) / 2
    assert mean_response(city, since="order", **of) == (160 + 0) / 2
    assert response_percentile(city, share=1.0, since="start", **of) == 100.0
    assert response_within(city, within=160.0, **of) == 0.5
    assert response_within(city, within=159.0, **of) == 0.0
    assert response_within(city, within=60.0, until="start", since="order", **of) == 1.0


def test_the_ninth_decile_of_ten_calls():
    """Ten calls far apart in time, at nodes 1, 2, … 5, twice each: 160, 260 … 560 s; nine of ten within 560 s."""
    city, trace = run([(5000.0 * i, 1 + i % 5) for i in range(10)])
    of = {"trace": trace, "service": "fire_station"}
    assert [response_percentile(city, share=share, **of) for share in (0.2, 0.21, 0.8, 0.9, 1.0)] == [
        160.0,
        260.0,
        460.0,
        560.0,
        560.0,
    ]


def test_the_second_and_the_last_unit():
    """Three units from nodes 0, 4 and 5 to node 1: 160, 360 and 460 s."""
    city, trace = run([(0.0, 1)], stations=(0, 4, 5), units=[3])
    of = {"trace": trace, "service": "fire_station"}
    assert [mean_response(city, unit=unit, **of) for unit in (1, 2, 3, 0)] == [160.0, 360.0, 460.0, 460.0]
    with pytest.raises(MissingData, match="asks for 4 units"):
        mean_response(city, unit=4, **of)
    alone, trace = run([(0.0, 1)])
    with pytest.raises(MissingData, match="asks for 2 units"):
        mean_response(alone, trace=trace, service="fire_station", unit=0)


def test_the_last_unit_of_calls_that_ask_for_one_or_two():
    """One call of two units, 160 and 360 s; one of one unit long after, which is no alarm of several."""
    city, trace = run([(0.0, 1), (9000.0, 2)], stations=(0, 4), units=[2, 1])
    assert mean_response(city, trace=trace, service="fire_station", unit=0) == 360.0
    assert mean_response(city, trace=trace, service="fire_station") == (160.0 + 260.0) / 2


def test_priorities_apart():
    city, trace = run([(0.0, 1), (5000.0, 3)], priority=[2, 1])
    of = {"trace": trace, "service": "fire_station"}
    assert [mean_response(city, priority=number, **of) for number in (1, 2)] == [360.0, 160.0]
    with pytest.raises(MissingData, match="no call of priority 3 for fire_station"):
        mean_response(city, priority=3, **of)


def test_who_is_cut_off_is_never_reached():
    def shut(city):
        return city.with_network("drive", city.network("drive").close([3]))

    city, trace = run([(0.0, 1), (5000.0, 4)], events=[(1000.0, shut)])
    of = {"trace": trace, "service": "fire_station"}
    assert response_percentile(city, share=0.5, **of) == 160.0
    assert response_percentile(city, share=0.9, **of) == np.inf
    assert mean_response(city, **of) == np.inf
    assert response_within(city, within=1e9, **of) == 0.5


def test_who_is_on_the_way_at_the_end_is_left_out_and_who_waits_is_not():
    city, trace = run([(0.0, 1), (4000.0, 3)], until=4100.0)
    assert mean_response(city, trace=trace, service="fire_station") == 160.0
    city, trace = run([(0.0, 1), (5.0, 1)], until=400.0)
    assert trace["calls"]["outcome"].tolist() == ["reached", "waiting"]
    assert response_percentile(city, trace=trace, service="fire_station", share=1.0) == np.inf


def test_workload():
    """Two engines of an hour each: one call of 60 + 100 + 600 s, one that is not over at its end, 3,500 s on."""
    city, trace = run([(0.0, 1), (100.0, 2)], stations=(0, 4), until=3600.0)
    assert unit_workload(city, trace=trace, service="fire_station") == (760.0 + 60 + 200 + 600) / 7200.0
    city, trace = run([(0.0, 1), (3500.0, 1)], stations=(0, 4), until=3600.0)
    assert unit_workload(city, trace=trace, service="fire_station") == (760.0 + 100.0) / 7200.0
    with pytest.raises(MissingData, match="no call for hospital"):
        unit_workload(city, trace=trace, service="hospital")


def test_what_cannot_be():
    city, trace = grid_city(1), with_answers([60.0])
    with pytest.raises(DataError, match="share above 0"):
        response_percentile(city, trace=trace, service="fire_station", share=0.0)
    with pytest.raises(UnknownName, match="did you mean 'order'"):
        mean_response(city, trace=trace, service="fire_station", since="odrer")
    with pytest.raises(MissingData, match="no call for ambulance_station"):
        mean_response(city, trace=trace, service="ambulance_station")
    quiet, nothing = run([])
    with pytest.raises(MissingData, match="no call"):
        mean_response(quiet, trace=nothing, service="fire_station")
    trips_only = twin.simulate(city, [twin.Trips("walk", [0], [1])], until=100.0)
    with pytest.raises(MissingData, match="no call"):
        mean_response(city, trace=trips_only, service="fire_station")
