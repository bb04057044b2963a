"""Verdicts and traces as data."""

import math

import pandas as pd
import pytest

from twin.errors import UnknownName
from twin.model import Trace, Verdict, Verdicts
from twin.model.verdict import COLUMNS, STATUSES

GOOD = Verdict("GB 1-2020", "4.1", (2, 8), "pass", value=0.9, limit=">= 0.8", margin=0.1, people=100.0, reason="90 %")
BAD = Verdict("GB 1-2020", "4.2", (8,), "fail", value=0.5, limit=">= 0.8", margin=-0.3, reason="50 %")
DARK = Verdict("ISO 2:2018", "4.2", (), "unknown", reason="no data")
ALL = Verdicts((GOOD, BAD, DARK))


def test_a_sequence():
    assert len(ALL) == 3
    assert list(ALL) == [GOOD, BAD, DARK]
    assert ALL[1] is BAD
    assert ALL[-1] is DARK
    assert ALL[:2] == (GOOD, BAD)
    assert BAD in ALL
    assert [ALL.count(status) for status in STATUSES] == [1, 1, 0, 1, 0]


def test_looked_up_by_clause_or_by_standard_and_clause():
    assert ALL["4.1"] is GOOD
    assert ALL["4.2"] is BAD  # the first
    assert ALL["ISO 2:2018, 4.2"] is DARK
    assert DARK.key == "ISO 2:2018, 4.2"
    with pytest.raises(UnknownName, match=r"no verdict of clause '4\.3'"):
        ALL["4.3"]
    with pytest.raises(UnknownName):
        Verdicts(())["4.1"]


def test_the_columns_of_the_contract():
    frame = ALL.to_frame(plan="as built", shock="flood", time=60.0)
    assert list(frame.columns) == list(COLUMNS)
    assert ",".join(COLUMNS) == "plan,shock,time,standard,clause,domain,status,value,limit,unit,margin,people,reason"
    assert frame.iloc[0].tolist() == [
        "as built", "flood", 60.0, "GB 1-2020", "4.1", "2 8", "pass", 0.9, ">= 0.8", "1", 0.1, 100.0, "90 %"
    ]  # fmt: skip
    assert math.isnan(frame["value"][2])
    assert frame["domain"].tolist() == ["2 8", "8", ""]
    assert list(Verdicts(()).to_frame().columns) == list(COLUMNS)


def test_a_trace_is_a_mapping_of_tables_that_stays():
    tables = {"end": pd.DataFrame({"agent": [0]})}
    trace = Trace(tables, until=60.0, seed=7)
    tables["trips"] = pd.DataFrame()
    assert list(trace) == ["end"]
    assert len(trace) == 1
    assert trace["end"]["agent"].tolist() == [0]
    assert "trips" not in trace
    with pytest.raises(TypeError):
        trace.tables["trips"] = pd.DataFrame()
