"""A raster layer: terrain, flood depth, ground motion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyproj
from numpy.typing import ArrayLike, NDArray

__all__ = ["Raster"]


@dataclass(frozen=True, eq=False)
class Raster:
    """Values on a regular grid, rows from north to south.

    Attributes
    ----------
    values : (rows, columns) float32; NaN where there is no data.
    west, north : coordinates of the upper left corner [m].
    cell : edge of a cell [m].
    crs : CRS of the grid.
    unit : unit of the values; "m" for depth and height.
    """

    values: NDArray[np.float32]
    west: float
    north: float
    cell: float
    crs: pyproj.CRS
    unit: str = "m"

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north edge [m]."""
        rows, columns = self.values.shape
        return self.west, self.north - rows * self.cell, self.west + columns * self.cell, self.north

    def at(self, x: ArrayLike, y: ArrayLike) -> NDArray[np.float64]:
        """Value of the cell that each point lies in; NaN outside.

        >>> grid = Raster(np.array([[1, 2], [3, 4]], dtype="f4"), 0.0, 20.0, 10.0, pyproj.CRS(3857))
        >>> grid.at([5, 15, 99], [15, 5, 5]).tolist()
        [1.0, 4.0, nan]
        """
        column = np.floor((np.asarray(x, dtype=float) - self.west) / self.cell)
        row = np.floor((self.north - np.asarray(y, dtype=float)) / self.cell)
        rows, columns = self.values.shape
        with np.errstate(invalid="ignore"):
            inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
        found = np.full(np.shape(row), np.nan)
        found[inside] = self.values[row[inside].astype(np.intp), column[inside].astype(np.intp)]
        return found
