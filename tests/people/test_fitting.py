"""Fitting: published tables, by hand, and what must always hold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.errors import DataError
from twin.people.fitting import fit, gravity, impedance, whole

SEED = [[40, 30, 20, 10], [35, 50, 100, 75], [30, 80, 70, 120], [20, 30, 40, 50]]
FITTED = [
    [64.559, 46.232, 35.384, 3.825],
    [49.968, 68.159, 156.499, 25.374],
    [56.722, 144.428, 145.082, 53.767],
    [28.752, 41.180, 63.035, 17.034],
]


def test_four_by_four():
    """The worked example that textbooks of population synthesis share."""
    table = fit(SEED, [[150, 300, 400, 150], [200, 300, 400, 100]])
    assert np.abs(table - FITTED).max() < 5e-4

    def odds(t):
        return t[0][0] * t[1][1] / (t[0][1] * t[1][0])

    assert odds(table) == pytest.approx(odds(SEED))


def test_three_axes():
    table = fit(np.ones((2, 3, 2)), [[4, 8], [3, 3, 6], [6, 6]])
    assert np.allclose(table, np.einsum("i,j,k->ijk", [4, 8], [3, 3, 6], [6, 6]) / 144)  # independence


@pytest.mark.parametrize(
    ("seed", "margins", "message"),
    [
        ([[1, 1], [1, 1]], [[1, 2], [2, 2]], "totals"),
        ([[0, 0], [1, 1]], [[1, 1], [1, 1]], r"axis 0, positions \[0\]"),
        ([[1, 0], [0, 1]], [[3, 1], [1, 3]], "no table that fits"),
        ([[1, 1], [1, np.nan]], [[1, 1], [1, 1]], "numbers from 0 on"),
        ([[1, 1], [1, 1]], [[1, 1], [1, 1, 1]], "margins of"),
    ],
)
def test_what_cannot_fit_is_refused(seed, margins, message):
    with pytest.raises(DataError, match=message):
        fit(seed, margins, rounds=500)


@settings(max_examples=60)
@given(st.lists(st.lists(st.floats(0, 9), min_size=3, max_size=3), min_size=1, max_size=5), st.integers(0, 99))
def test_whole_numbers_keep_the_total_and_stay_near(table, seed):
    table = np.array(table)
    found = whole(table, np.random.default_rng(seed))
    assert abs(found.sum() - table.sum()) <= 0.5 + 1e-6
    assert (found >= np.floor(table)).all()
    assert (found <= np.floor(table + 1e-9) + 1).all()


def test_gravity_with_one_side():
    """Two origins, equal pull: half and half; a nearer destination by e^(0.1 x 10) more."""
    trips = gravity([100, 50], [1, 1], impedance([[0, 0], [0, 10]], beta=0.1), both=False)
    assert np.allclose(trips, [[50, 50], [50 / (1 + np.exp(-1)), 50 * np.exp(-1) / (1 + np.exp(-1))]])
    with pytest.raises(DataError, match=r"origins \[1\] reach no"):
        gravity([1, 1], [1, 1], impedance([[0, 0], [np.inf, np.inf]], beta=1.0), both=False)


def test_gravity_calibrated_by_hyman():
    """Margins of 10, costs of 1 and 3, mean cost 1.5: beta = ln 3 / 2, cells 7.5 and 2.5."""
    trips = gravity([10, 10], [10, 10], impedance([[1, 3], [3, 1]], beta=np.log(3) / 2))
    assert np.allclose(trips, [[7.5, 2.5], [2.5, 7.5]])
