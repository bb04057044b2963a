from math import isnan, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.benchmark.align import alignments
from twin.benchmark.yardstick import attained, better_of, on_scale, scored


@pytest.mark.parametrize(
    ("value", "limits", "score"),
    [
        (0.4, {"at_least": 0.8}, 0.5),
        (0.8, {"at_least": 0.8}, 1.0),
        (9.0, {"at_least": 0.8}, 1.0),
        (600.0, {"at_most": 300.0}, 0.5),
        (100.0, {"at_most": 300.0}, 1.0),
        (float("inf"), {"at_most": 300.0}, 0.0),
        (0.5, {"at_most": 0.0}, 0.0),
        (0.0, {"at_most": 0.0}, 1.0),
        (10.0, {"at_least": 20.0, "at_most": 40.0}, 0.5),
        (80.0, {"at_least": 20.0, "at_most": 40.0}, 0.5),
        (-1.0, {"at_least": 2.0}, 0.0),
    ],
)
def test_attained_by_hand(value, limits, score):
    assert attained(value, limits) == score


def test_no_yardstick_no_score():
    assert isnan(attained(0.5, {}))
    score, said = scored(0.5, "1", {}, "clause", None)
    assert isnan(score)
    assert said.en == said.zh == ""


def test_a_limit_comes_before_ends_and_both_say_where_they_come_from():
    told = alignments()["UN SDG, 11.2.1 low capacity"]
    assert scored(0.4, "1", {"at_least": 0.8}, "X 1", told)[1].en == "at least 80.0 % (X 1)"
    score, said = scored(0.4, "1", {}, "X 1", told)
    assert score == 0.4
    assert said.en == "from 0.0 % to 100.0 % (a share: nobody to everybody)"
    assert "从无人到所有人" in said.zh


@given(st.floats(-10, 10), st.floats(-5, 5), st.floats(-5, 5))
def test_the_scale_stays_between_its_ends(value, worst, best):
    if abs(best - worst) > 1e-6:
        assert 0 <= on_scale(value, worst, best) <= 1
        assert isnan(on_scale(nan, worst, best))


def test_the_better_end():
    assert better_of({"at_most": 1.0}, None) == "less"
    assert better_of({"at_least": 0.0, "at_most": 1.0}, None) == ""
    assert better_of({}, None) == ""
    assert better_of({"at_most": 1.0}, alignments()["UN SDG, 11.2.1 low capacity"]) == "more"
