"""Buildings along the streets, and plots for what needs ground of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from twin.gis.synthetic.blocks import HALF, Blocks
from twin.gis.synthetic.curves import Points
from twin.gis.synthetic.drawing import EXTENT
from twin.gis.synthetic.ground import burn
from twin.gis.synthetic.junctions import Web

__all__ = ["Building", "Lots", "Plot", "build"]

#: Cell of the grid that says which ground is taken [m].
_CELL = 2.0
#: pattern: widths and depths of a building, gaps between two [m], distance from the fence [m], storeys to draw from.
_STYLE: dict[str, tuple[tuple[float, float], tuple[float, float], tuple[float, float], float, tuple[int, ...]]] = {
    "organic": ((17, 32), (11, 14), (0, 1.5), 0.4, (2, 3, 3, 3, 4, 4)),
    "grid": ((30, 50), (12, 15), (0, 9), 2.0, (3, 4, 4, 5, 5, 6)),
    "estate": ((44, 68), (12, 13.5), (15, 26), 7.0, (4, 5, 6, 6, 8, 11)),
    "suburb": ((30, 52), (9, 11), (12, 22), 6.0, (2, 2, 2, 3)),
    "industrial": ((50, 110), (30, 60), (14, 30), 8.0, (1, 1, 1, 2)),
}


@dataclass(frozen=True, eq=False)
class Plot:
    """A place at a street: where a building stands, and its door on the street's side."""

    shape: Any
    door: Points
    street: str
    block: int
    stretch: int


@dataclass(frozen=True, eq=False)
class Building:
    """A footprint with its use and storeys."""

    plot: Plot
    use: str
    levels: int
    pattern: str


class Lots:
    """Ground that is still free, on a fine grid, and the ways to claim it."""

    def __init__(self, web: Web, blocks: Blocks) -> None:
        self.web, self.blocks = web, blocks
        self.block = burn([(b.ground, i + 1) for i, b in enumerate(blocks.every)], _CELL) - 1
        ways = [
            (line.buffer(HALF[s.kind] - 0.5), 1) for line, s in zip(web.lines, web.streets, strict=True) if not s.bridge
        ]
        self.busy = burn(ways, _CELL) > 0
        self.lines = web.lines

    def claim(self, corner: Points, along: Points, size: tuple[float, float], *, spare: float = 0.0) -> tuple[Any, int]:
        """Take a rectangle from its front left corner if all of it is free ground of one block; else (None, -1).

        `spare` metres around it are taken too.
        """
        margin = 0.8
        wide, deep = size
        back = np.array([-along[1], along[0]])
        row, column = _cells_of(corner, along, size, margin)
        rows, columns = self.busy.shape
        if row.min() < 0 or column.min() < 0 or row.max() >= rows or column.max() >= columns:
            return None, -1
        block = self.block[row, column]
        if block.min() < 0 or block.min() != block.max() or self.busy[row, column].any():
            return None, -1
        self.busy[_cells_of(corner, along, size, -spare if spare else margin)] = True
        ring = np.array([corner, corner + wide * along, corner + wide * along + deep * back, corner + deep * back])
        return shapely.Polygon(np.round(ring, 1)), int(block[0, 0])

    def fronts(self, rows: Any) -> Iterator[tuple[int, bool]]:
        """Both sides of some stretches that buildings may stand at."""
        for i in rows:
            street = self.web.streets[i]
            if street.kind not in {"trunk", "path", "footway"} and not street.bridge and not street.tunnel:
                yield int(i), False
                yield int(i), True

    def frame(self, stretch: int, flip: bool, at: float, width: float, setback: float) -> tuple[Points, Points, Points]:
        """Front left corner, direction and door of a building of a width that begins `at` metres along a stretch."""
        line, half = self.lines[stretch], HALF[self.web.streets[stretch].kind]
        low, high = (at, at + width) if not flip else (line.length - at, line.length - at - width)
        a, b = shapely.get_coordinates(shapely.line_interpolate_point(line, [low, high]))
        chord = b - a
        along = chord / max(np.hypot(*chord), 1e-9)
        back = np.array([-along[1], along[0]])
        middle = (a + b) / 2
        corner = middle - along * width / 2 + back * (half + setback)
        return corner, along, middle + back * (half + max(setback - 0.5, 0.2))

    def near(self, at: Points, size: tuple[float, float], uses: tuple[str, ...], setback: float = 1.0) -> Plot | None:
        """Free rectangle at a street that is nearest to a point, on a block of one of these uses."""
        gap = shapely.distance(self.lines, shapely.Point(at))
        order = np.argsort(gap, kind="stable")
        for low, high in ((0, 50), (50, 400)):  # far streets are looked at only where no near one has room
            fronts = [
                (
                    round(float(np.hypot(*(self.frame(i, flip, float(start), size[0], setback)[2] - at))), 3),
                    i,
                    flip,
                    float(start),
                )
                for i, flip in self.fronts(order[low:high])
                for start in np.arange(2.0, self.lines[i].length - size[0] - 2.0, 9.0)
            ]
            for _, i, flip, start in sorted(fronts):
                corner, along, door = self.frame(i, flip, start, size[0], setback)
                spot = self.block_at(corner + 0.5 * size[0] * along + 2 * np.array([-along[1], along[0]]))
                if spot < 0 or self.blocks.every[spot].taken or self.blocks.every[spot].use not in uses:
                    continue
                shape, block = self.claim(corner, along, size)
                if shape is not None:
                    return Plot(shape, np.round(door, 1), self.web.streets[i].name, block, i)
        return None

    def block_at(self, p: Points) -> int:
        """Block that a point lies in, -1 on a street or in the water."""
        row, column = int((EXTENT[3] - p[1]) // _CELL), int((p[0] - EXTENT[0]) // _CELL)
        inside = 0 <= row < self.block.shape[0] and 0 <= column < self.block.shape[1]
        return int(self.block[row, column]) if inside else -1


def build(lots: Lots, rng: np.random.Generator) -> list[Building]:
    """Line the streets with buildings, main streets first."""
    order = {"primary": 0, "secondary": 1, "tertiary": 2}
    rows = sorted(range(len(lots.lines)), key=lambda i: (order.get(lots.web.streets[i].kind, 3), i))
    found = []
    for i, flip in lots.fronts(rows):
        line = lots.lines[i]
        at = float(rng.uniform(1, 5))
        while at < line.length - 14:
            _, _, door = lots.frame(i, flip, at, 14.0, 4.0)
            building, step = _one(lots, (i, flip, at), rng, lots.block_at(door))
            at += step
            if building is not None:
                found.append(building)
    return found


def _one(
    lots: Lots, where: tuple[int, bool, float], rng: np.random.Generator, block: int
) -> tuple[Building | None, float]:
    """One building from a place on, and how far to go on."""
    i, flip, at = where
    if block < 0:
        return None, 12.0
    here = lots.blocks.every[block]
    if here.taken or here.pattern not in _STYLE or here.use == "green":
        return None, 12.0
    widths, depths, gaps, setback, storeys = _STYLE[here.pattern]
    width, depth = float(rng.uniform(*widths)), float(rng.uniform(*depths))
    gap, levels = float(rng.uniform(*gaps)), int(rng.choice(storeys))
    room = lots.lines[i].length - at - 1
    width = min(width, room)
    if width < 0.6 * widths[0]:
        return None, max(room, 5.0) + 1
    use = here.use
    kind = lots.web.streets[i].kind
    if (
        here.pattern != "industrial"
        and use == "residential"
        and kind in {"primary", "secondary"}
        and rng.random() < 0.16
    ):
        use = "commercial"
    corner, along, door = lots.frame(i, flip, at, width, setback)
    shape, owner = lots.claim(corner, along, (width, depth))
    if shape is None:
        return None, 7.0
    if here.pattern != "suburb" and kind == "primary":
        levels += 1
    return Building(
        Plot(shape, np.round(door, 1), lots.web.streets[i].name, owner, i), use, levels, here.pattern
    ), width + gap


def _cells_of(corner: Points, along: Points, size: tuple[float, float], margin: float) -> tuple[Any, Any]:
    """Rows and columns of the cells that a rectangle covers, less a margin."""
    u, v = np.meshgrid(_steps(margin, size[0] - margin), _steps(margin, size[1] - margin))
    x = corner[0] + u * along[0] - v * along[1]
    y = corner[1] + u * along[1] + v * along[0]
    return np.floor((EXTENT[3] - y) / _CELL).astype(int), np.floor((x - EXTENT[0]) / _CELL).astype(int)


def _steps(low: float, high: float) -> Points:
    return np.linspace(low, high, max(2, int(np.ceil((high - low) / (0.8 * _CELL))) + 1))
