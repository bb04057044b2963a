"""Lines of a day: trips, headways and speed, by hand."""

import dataclasses
import datetime as dt

import numpy as np
import pandas as pd
import pytest

from twin.errors import DataError
from twin.model import Network, Timetable
from twin.model.service import lines_on

DATE = "2026-11-20"


@pytest.fixture
def table():
    """Line 1 there from 07:00 every 10, 20 and 30 minutes, and back once; line 2 on Saturdays; 1,200 m a trip."""
    starts = [7 * 3600 + m * 60 for m in (0, 10, 30, 60)]
    rows = [(0, 0, s) for s in starts] + [(0, 1, 87_000), (1, 0, 0)]
    calls = [
        (k, stop, start + n * 100)
        for k, (_, way, start) in enumerate(rows)
        for n, stop in enumerate((0, 1, 2) if way == 0 else (2, 1, 0))
    ]
    trip, stop, time = np.array(calls).T
    return Timetable.build(
        stops=pd.DataFrame({"id": list("abc"), "x": [0.0, 400.0, 1200.0], "y": np.zeros(3)}),
        lines=pd.DataFrame({"id": ["L1", "L2"], "name": ["1", "2"], "mode": ["bus", "tram"]}),
        trips=pd.DataFrame(
            {
                "id": list("uvwxyz"),
                "line": [r[0] for r in rows],
                "service": [r[0] for r in rows],
                "direction": [r[1] for r in rows],
            }
        ),
        times={
            "trip": trip,
            "stop": stop,
            "arrive": time,
            "depart": time,
            "hop": [0, 1, -1] * 4 + [1, 0, -1, 0, 1, -1],
        },
        calendar=(["fr", "sa"], dt.date(2026, 11, 20), [[True, False], [False, True]]),
    )


def test_lines_by_hand(table):
    frame = lines_on(table, DATE)
    assert frame["id"].tolist() == ["L1", "L1"]
    there, back = frame.to_dict("records")
    assert {k: there[k] for k in ("name", "mode", "direction", "trips", "first", "last")} == {
        "name": "1", "mode": "bus", "direction": 0, "trips": 4, "first": 25_200, "last": 28_800,
    }  # fmt: skip
    assert (there["headway"], there["headway_peak"]) == (1200.0, 1200.0)  # of 10, 20 and 30 minutes
    assert (there["duration"], there["distance"], there["speed"]) == (800.0, 4800.0, 6.0)
    assert (back["trips"], back["first"]) == (1, 87_000)
    assert np.isnan(back["headway"])


def test_only_the_day_itself(table):
    saturday = lines_on(table, "2026-11-21")
    assert saturday[["id", "trips"]].to_numpy().tolist() == [["L2", 1]]  # Friday's night trip is Friday's
    assert lines_on(table.with_closed(lines=[0]), DATE).empty
    assert lines_on(table.with_closed(lines=[0]), DATE).columns.tolist() == saturday.columns.tolist()
    with pytest.raises(DataError, match="valid from"):
        lines_on(table, "2027-01-01")


def test_a_network_knows_how_long_its_hops_are(table):
    net = Network.from_arrays([0, 400, 1200], [0, 0, 0], [0, 1], [1, 2], length=[500.0, 1000.0], ids=list("abc"))
    frame = dataclasses.replace(net, timetable=table).lines_on(DATE)
    assert frame["distance"].tolist() == [6000.0, 1500.0]
    assert frame["speed"].tolist() == [7.5, 7.5]
