"""Rasters by hand."""

import numpy as np
import pyproj
import pytest

from twin.model import Raster

GRID = Raster(np.array([[1, 2, 3], [4, np.nan, 6]], dtype=np.float32), 100.0, 50.0, 10.0, pyproj.CRS(32631))


def test_bounds():
    assert GRID.bounds == (100, 30, 130, 50)
    assert GRID.unit == "m"


@pytest.mark.parametrize(
    ("x", "y", "value"),
    [
        (105, 45, 1),
        (125, 45, 3),
        (105, 35, 4),
        (129.999, 30.001, 6),
        (100, 50, 1),  # a cell holds its west and north edges
        (110, 40, np.nan),  # the corner belongs to the cell to the south-east, which has no data
        (110, 41, 2),
        (115, 35, np.nan),
        (130, 45, np.nan),  # beyond the east edge
        (105, 30, np.nan),  # beyond the south edge
        (99.9, 45, np.nan),
        (105, 50.1, np.nan),
        (np.nan, 45, np.nan),
        (105, np.inf, np.nan),
        (1e300, -1e300, np.nan),
    ],
)
def test_the_cell_that_a_point_lies_in(x, y, value):
    assert GRID.at([x], [y])[0] == pytest.approx(value, nan_ok=True)


def test_shapes_of_what_is_asked():
    assert GRID.at([], []).tolist() == []
    assert float(GRID.at(125, 35)) == 6
    assert GRID.at([[105, 115]], [[45, 45]]).tolist() == [[1, 2]]
    assert GRID.at([105], [45]).dtype == np.float64
