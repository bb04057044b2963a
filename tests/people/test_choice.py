"""Choice: the numbers of textbooks, and drawing by shares."""

import numpy as np
import pytest

from twin.errors import DataError
from twin.people.choice import draw, logit, logsum, nested


def test_logit():
    assert logit([0.0, -1.0])[1] == pytest.approx(0.268941, abs=5e-7)
    assert logit([0.0, -0.5, -1.0]).tolist() == pytest.approx([0.506480, 0.307196, 0.186324], abs=5e-7)
    assert float(logsum([0.0, -0.5, -1.0])) == pytest.approx(0.680270, abs=5e-7)
    assert logit([1000.0, 1000.0]).tolist() == pytest.approx([0.5, 0.5])  # no overflow
    assert logit([[0.0, -np.inf]]).tolist() == [[1.0, 0.0]]


def test_nested_logit():
    car, transit = nested([[1.0], [0.8, 0.9]], [1.0, 0.5])
    assert [*car, *transit] == pytest.approx([0.450396, 0.247413, 0.302191], abs=5e-7)
    flat = nested([[0.0], [-0.5, -1.0]], [1.0, 1.0])
    assert np.concatenate(flat).tolist() == pytest.approx(logit([0.0, -0.5, -1.0]).tolist())


@pytest.mark.parametrize(
    ("utility", "message"), [([np.nan, 0.0], "NaN"), ([-np.inf, -np.inf], "1 choosers have no alternative")]
)
def test_no_choice(utility, message):
    with pytest.raises(DataError, match=message):
        logit(utility)
    with pytest.raises(DataError, match="scales above 0"):
        nested([[0.0]], [2.0])


def test_drawing_goes_by_the_shares():
    chance = (np.arange(10_000) + 0.5) / 10_000
    found = np.bincount(draw(np.tile([0.2, 0.0, 0.8], (10_000, 1)), chance), minlength=3)
    assert found.tolist() == [2000, 0, 8000]
