"""The ground: terrain, and floods that rise from bay and river over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from rasterio import Affine
from rasterio.features import rasterize
from scipy import ndimage
from scipy.spatial import cKDTree

from twin.gis.synthetic.curves import Points
from twin.gis.synthetic.drawing import EXTENT
from twin.model import Raster

__all__ = ["CRS", "Ground", "burn", "floods"]

CRS = "EPSG:32631"
#: Edge of a cell of the rasters [m].
CELL = 20.0
#: Fall of the river [1].
FALL = 0.00045
#: Return period [year]: height of the bay over the datum [m], rise of the river over its usual level [m].
STAGES = {20: (1.55, 1.05), 50: (2.00, 1.80), 100: (2.55, 2.55)}
#: Low ground: x, y, radius, how far it lies below the banks [m].
_LOWS = (
    (4720.0, 8750.0, 690.0, 3.2),
    (3560.0, 9600.0, 380.0, 2.4),
    (4230.0, 7130.0, 560.0, 1.9),
    (4080.0, 8250.0, 300.0, 1.9),
    (4150.0, 9500.0, 380.0, 2.2),
)

Grid = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Ground:
    """Heights over the datum (mean level of the bay) [m].

    Attributes
    ----------
    terrain : height of the ground; of the bed under water.
    level : usual height of the water that a cell drains to.
    river : whether that water is the river.
    wet : cells of bay and river.
    """

    terrain: Raster
    level: Grid
    river: NDArray[np.bool_]
    wet: NDArray[np.bool_]

    @classmethod
    def shape(cls, sea: Any, river: Any, centre: Points, hill: dict[str, Any], rng: np.random.Generator) -> Ground:
        """Shape the ground: banks and quays, a plain that rises inland, low quarters, and the hill."""
        x, y = _centres()
        at_sea, in_river = burn([(sea, 1)], CELL) > 0, burn([(river, 1)], CELL) > 0
        along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(centre, axis=0).T))])
        _, row = cKDTree(centre).query(np.c_[x.ravel(), y.ravel()])
        stream = (FALL * (along[-1] - along[row])).reshape(x.shape)
        to_sea, to_river = (CELL * ndimage.distance_transform_edt(~mask) for mask in (at_sea, in_river))
        rough = _rough(x, y, rng)
        low = sum(drop * np.exp(-(((x - a) ** 2 + (y - b) ** 2) / radius**2)) for a, b, radius, drop in _LOWS)
        shore = 2.9 + 11.0 * (1 - np.exp(-to_sea / 1500.0)) + 0.002 * to_sea
        valley = stream + 3.3 + 0.003 * to_river + 6e-6 * to_river**2
        land = np.minimum(shore, valley) - low + rough * np.clip(np.minimum(to_sea, to_river) / 900.0, 0.15, 1.0)
        for a, b, size, radius in (
            (*hill["at"], hill["height"], hill["radius"]),
            (2450.0, 6200.0, 26.0, 420.0),
            (3560.0, 7050.0, 9.0, 170.0),
        ):
            land += size * np.exp(-(((x - a) ** 2 + (y - b) ** 2) / (2 * radius**2)))
        land = np.maximum(land, np.where(to_river < to_sea, stream, 0.0) + 0.9)
        bed = -np.minimum(9.0, 1.5 + 0.012 * CELL * ndimage.distance_transform_edt(at_sea))
        land = np.where(at_sea, bed, np.where(in_river, stream - 2.2, land))
        from_river = (to_river < to_sea) & ~at_sea
        terrain = Raster(np.round(land, 1).astype("f4"), EXTENT[0], EXTENT[3], CELL, pyproj.CRS(CRS))
        return cls(terrain, np.where(from_river, stream, 0.0), from_river, at_sea | in_river)

    def level_at(self, x: Grid, y: Grid) -> Grid:
        """Usual height of the nearest water [m]."""
        raster = Raster(self.level.astype("f4"), self.terrain.west, self.terrain.north, CELL, self.terrain.crs)
        return raster.at(x, y)


def floods(ground: Ground) -> dict[str, Raster]:
    """Depth of floods by name: a bathtub filled from bay and river.

    The water stands level with the nearest reach of river or bay, raised by the stage of the return period; it wets
    ground below that level which is joined to the source by wet ground. NaN: dry, or always under water.
    """
    found = {}
    for years, (bay, rise) in STAGES.items():
        surface = np.maximum(bay, np.where(ground.river, ground.level + rise, bay))
        depth = surface - ground.terrain.values
        under = (depth > 0.05) | ground.wet
        label, _ = ndimage.label(under)
        joined = np.isin(label, np.unique(label[ground.wet])) & under & ~ground.wet
        values = np.where(joined, np.round(depth, 1), np.nan).astype("f4")
        values[values < 0.1] = np.nan
        found[f"flood_{years}"] = Raster(values, ground.terrain.west, ground.terrain.north, CELL, ground.terrain.crs)
    return found


def burn(shapes: list[tuple[Any, int]], cell: float) -> NDArray[np.int32]:
    """Shapes with their numbers drawn on a grid of the town's extent; 0 elsewhere, the last one wins."""
    west, south, east, north = EXTENT
    size = (round((north - south) / cell), round((east - west) / cell))
    drawn = [(shape, value) for shape, value in shapes if not shapely.is_empty(shape)]
    if not drawn:
        return np.zeros(size, dtype=np.int32)
    return np.asarray(rasterize(drawn, out_shape=size, transform=Affine(cell, 0, west, 0, -cell, north), dtype="int32"))


def _centres() -> tuple[Grid, Grid]:
    west, south, east, north = EXTENT
    x, y = np.meshgrid(np.arange(west + CELL / 2, east, CELL), np.arange(north - CELL / 2, south, -CELL))
    return x, y


def _rough(x: Grid, y: Grid, rng: np.random.Generator) -> Grid:
    """Gentle seeded undulation [m]."""
    total = np.zeros_like(x)
    for length, size in ((1900.0, 1.3), (1100.0, 0.9), (620.0, 0.5), (330.0, 0.3)):
        angle, phase = rng.uniform(0, 2 * np.pi, (2, 3))
        for a, p in zip(angle, phase, strict=True):
            total += size / 2 * np.sin(2 * np.pi / length * (x * np.cos(a) + y * np.sin(a)) + p)
    return total
