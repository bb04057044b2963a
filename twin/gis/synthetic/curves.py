"""Curves of the drawing: smooth lines through points, the river's banks, and the seeded warp that bends everything."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

__all__ = ["River", "Warp", "densify", "smooth", "spread"]

Points = NDArray[np.float64]
#: Distance of a bank road and of a bridge's abutment from the water's edge [m].
ROAD, ABUTMENT = 30.0, 6.0


def densify(points: ArrayLike, step: float = 15.0) -> Points:
    """Add points on straight stretches, so that a warp bends them; given points stay."""
    return np.asarray(shapely.get_coordinates(shapely.segmentize(shapely.LineString(np.asarray(points)), step)))


def smooth(points: ArrayLike, step: float = 15.0) -> Points:
    """Draw a centripetal Catmull-Rom curve through all points."""
    p = np.asarray(points, dtype=float)
    if len(p) < 3:
        return densify(p, step)
    p = np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    pieces = []
    for a, b, c, d in zip(p[:-3], p[1:-2], p[2:-1], p[3:], strict=True):
        knots = np.concatenate([[0.0], np.cumsum([np.sqrt(np.hypot(*(v - u))) for u, v in ((a, b), (b, c), (c, d))])])
        count = max(2, int(np.ceil(np.hypot(*(c - b)) / step)) + 1)
        t = np.linspace(knots[1], knots[2], count)[:-1, None]
        t0, t1, t2, t3 = knots
        ab = (t1 - t) / (t1 - t0) * a + (t - t0) / (t1 - t0) * b
        bc = (t2 - t) / (t2 - t1) * b + (t - t1) / (t2 - t1) * c
        cd = (t3 - t) / (t3 - t2) * c + (t - t2) / (t3 - t2) * d
        left = (t2 - t) / (t2 - t0) * ab + (t - t0) / (t2 - t0) * bc
        right = (t3 - t) / (t3 - t1) * bc + (t - t1) / (t3 - t1) * cd
        pieces.append((t2 - t) / (t2 - t1) * left + (t - t1) / (t2 - t1) * right)
    return np.vstack([*pieces, p[-2][None]])


def spread(line: Any, spacing: float, *, start: float = 0.5) -> Points:
    """Points along a line at a spacing, the first after `start` spacings."""
    at = np.arange(start * spacing, line.length, spacing)
    return np.asarray(shapely.get_coordinates(shapely.line_interpolate_point(line, at)))


class River:
    """The river's centre line with its width; knows the points of both banks."""

    def __init__(self, points: ArrayLike, width: tuple[float, float]) -> None:
        self.centre = smooth(points)
        along = np.linspace(0.0, 1.0, len(self.centre))
        self.half = (width[0] + (width[1] - width[0]) * along) / 2
        step = np.gradient(self.centre, axis=0)
        step /= np.hypot(step[:, 0], step[:, 1])[:, None]
        self.west = np.c_[step[:, 1], -step[:, 0]]  # to the right of a river that runs south

    def bank(self, side: str, row: ArrayLike) -> Points:
        """Points beside the centre line's points `row`; `side` is W, E (roads) or w, e (abutments)."""
        gap = ROAD if side.isupper() else ABUTMENT
        sign = 1.0 if side in "Ww" else -1.0
        at = np.asarray(row)
        return np.asarray(self.centre[at] + sign * (self.half[at] + gap)[..., None] * self.west[at])

    def row(self, y: float) -> int:
        """Row of the centre line nearest to a northing."""
        return int(np.argmin(np.abs(self.centre[:, 1] - y)))

    def point(self, token: str) -> Points:
        """Point that a token such as ``"W7720"`` of the drawing stands for."""
        return self.bank(token[0], self.row(float(token[1:])))

    def along(self, tokens: list[str]) -> Points:
        """Bank between the first and the last token."""
        low, high = sorted((self.row(float(tokens[0][1:])), self.row(float(tokens[-1][1:]))))
        return self.bank(tokens[0][0], np.arange(low, high + 1))

    @property
    def polygon(self) -> Any:
        """The water surface."""
        west, east = (self.centre + s * self.half[:, None] * self.west for s in (1.0, -1.0))
        return shapely.Polygon(np.vstack([west, east[::-1]]))


class Warp:
    """A smooth seeded displacement, gentle everywhere and livelier away from the centre.

    Long waves shift and bend whole quarters; short ones make lanes wind. It is one to one: slopes stay below 1.
    """

    def __init__(self, rng: np.random.Generator, centre: tuple[float, float] = (3600.0, 7900.0)) -> None:
        self.centre = np.asarray(centre)
        length = np.array([3600.0, 2600.0, 1900.0, 900.0, 620.0, 430.0])
        angle = rng.uniform(0, 2 * np.pi, (2, len(length)))
        self.wave = 2 * np.pi / length[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        self.phase = rng.uniform(0, 2 * np.pi, (2, len(length)))
        self.size = np.array([36.0, 25.0, 18.0, 20.0, 14.0, 8.0])

    def __call__(self, points: ArrayLike) -> Points:
        """Displace points, to whole centimetres."""
        p = np.asarray(points, dtype=float)
        far = np.clip((np.hypot(*(p - self.centre).T) - 500.0) / 1200.0, 0.15, 1.0)
        moved = p.copy()
        for axis in (0, 1):
            waves = np.sin(p @ self.wave[axis].T + self.phase[axis]) * self.size
            moved[:, axis] += waves[:, :3].sum(axis=1) + far * waves[:, 3:].sum(axis=1)
        return np.round(moved, 2)
