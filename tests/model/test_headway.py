"""A line at another headway, by hand."""

import datetime as dt

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from twin.model import Timetable
from twin.model.headway import respaced

DATE = "2026-11-20"
MINUTE, HOUR = 60, 3600


def timetable(departures, *, service=None, line=None, direction=None, stops=None):
    """Trips of three stops, each leg as many seconds as the second number says."""
    count = len(departures)
    calls = [(k, stop, start + leg * n) for k, (start, leg) in enumerate(departures)
             for n, stop in enumerate(stops[k] if stops else (0, 1, 2))]  # fmt: skip
    trip, stop, time = np.array(calls).T
    return Timetable.build(
        stops=pd.DataFrame({"id": list("abcd"), "x": np.arange(4) * 100.0, "y": np.zeros(4)}),
        lines=pd.DataFrame({"id": ["1", "2"]}),
        trips=pd.DataFrame(
            {
                "id": [f"t{k}" for k in range(count)],
                "line": line or [0] * count,
                "service": service or [0] * count,
                "direction": direction or [0] * count,
            }
        ),
        times={"trip": trip, "stop": stop, "arrive": time, "depart": time, "hop": np.where(stop < 2, stop, -1)},
        calendar=(["wk", "we"], dt.date(2026, 11, 20), [[True, False], [False, True]]),
    )


def departures(table, line=0):
    return sorted(table.leaves[table.pattern_line[table.pattern_of] == line].tolist())


def test_all_day_from_the_first_to_the_last():
    table = timetable([(6 * HOUR + k * 20 * MINUTE, 100) for k in range(4)])  # 06:00 … 07:00
    denser = respaced(table, np.array([0]), 15 * MINUTE, (0, 48 * HOUR))
    assert departures(denser) == [6 * HOUR + k * 15 * MINUTE for k in range(5)]
    assert denser.trips["id"].is_unique
    assert departures(respaced(table, np.array([0]), 45 * MINUTE, (0, 48 * HOUR))) == [6 * HOUR, 6.75 * HOUR]
    assert departures(table) == [6 * HOUR + k * 20 * MINUTE for k in range(4)]
    assert (denser.hop[:3] == table.hop[:3]).all()


def test_between_two_times_the_rest_stays():
    table = timetable([(6 * HOUR + k * 20 * MINUTE, 100) for k in range(7)])  # 06:00 … 08:00
    peak = respaced(table, np.array([0]), 600, (6.5 * HOUR, 7.5 * HOUR))
    # 06:00, 06:20, then every ten minutes from 06:40 on before 07:30, then 07:40 and 08:00 again
    expected = [0, 20, 40, 50, 60, 70, 80, 100, 120]
    assert departures(peak) == [6 * HOUR + m * MINUTE for m in expected]


def test_running_times_are_those_of_the_nearest_trip():
    table = timetable([(0, 100), (1000, 300), (2000, 500)])
    dense = respaced(table, np.array([0]), 250, (0, 48 * HOUR))
    took = dict(zip(dense.leaves.tolist(), (dense.reaches - dense.leaves).tolist(), strict=True))
    assert took == {0: 200, 250: 200, 500: 200, 750: 600, 1000: 600, 1250: 600, 1500: 600, 1750: 1000, 2000: 1000}


def test_directions_services_and_other_lines_for_themselves():
    table = timetable(
        [(0, 10), (1000, 10), (300, 10), (900, 10), (50, 10), (7, 10), (77, 10)],
        direction=[0, 0, 1, 1, 0, 0, 0],
        service=[0, 0, 0, 0, 1, 0, 0],
        line=[0, 0, 0, 0, 0, 1, 1],
    )
    fresh = respaced(table, np.array([0]), 500, (0, 48 * HOUR))
    assert departures(fresh) == [0, 50, 300, 500, 800, 1000]
    assert departures(fresh, 1) == [7, 77]
    assert sorted(fresh.leaves[fresh.trips["service"] == 1].tolist()) == [50]


def test_branches_keep_their_shares_and_take_turns():
    # two of three go to c, every third to d, from 0 to 1000 s every 200 s
    stops = [(0, 1, 2), (0, 1, 2), (0, 1, 3)] * 2
    table = timetable([(200 * k, 10) for k in range(6)], stops=stops)
    fresh = respaced(table, np.array([0]), 100, (0, 48 * HOUR))
    assert departures(fresh) == [100 * k for k in range(11)]
    last = fresh.pattern_stop[fresh.pattern_indptr[1:] - 1][fresh.pattern_of]
    assert last[np.argsort(fresh.leaves)].tolist() == [2, 3, 2, 2, 3, 2, 2, 3, 2, 2, 3]


@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 400)), min_size=1, max_size=8), st.integers(50, 900))
def test_every_headway_and_nobody_overtakes(given_trips, headway):
    table = timetable(given_trips)
    fresh = respaced(table, np.array([0]), headway, (0, 48 * HOUR))
    leaves = departures(fresh)
    assert leaves[0] == min(start for start, _ in given_trips)
    assert set(np.diff(leaves)) <= {headway}
    assert max(start for start, _ in given_trips) - headway < leaves[-1] <= max(start for start, _ in given_trips)
    took = set(((fresh.reaches - fresh.leaves) // 2).tolist())
    assert took <= {leg for _, leg in given_trips}
    day = fresh.on(DATE)
    for p in range(len(day.pattern_line)):
        rows = day.arrive[day.time_indptr[p] : day.time_indptr[p + 1]].reshape(-1, 3)
        assert (np.diff(rows, axis=0) >= 0).all()
