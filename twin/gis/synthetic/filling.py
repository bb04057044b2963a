"""Seeded street patterns that fill a zone: organic, grid, estate, suburb and industrial.

Old quarters grow by division: a block is cut across its long side until it is small, so that lanes meet in T-junctions.
The extension is a grid with some pieces left out; suburbs are large blocks with culs-de-sac in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely
from shapely import affinity, ops

from twin.gis.synthetic.curves import densify
from twin.gis.synthetic.drawing import Street, Zone

__all__ = ["fields", "fill"]

#: pattern: size of a block [m2], spread of its logarithm [1], tilt of a cut [degree]
_DIVISION = {
    "organic": (3300.0, 0.35, 11.0),
    "estate": (12_500.0, 0.25, 5.0),
    "suburb": (13_200.0, 0.30, 7.0),
    "industrial": (42_000.0, 0.25, 3.0),
    "rural": (70_000.0, 0.5, 14.0),
}
#: Spacing of a grid's streets across and along [m]; part of its pieces left out [1].
_GRID = (68.0, 94.0)
_LEFT_OUT = 0.10


def fill(zone: Zone, rng: np.random.Generator) -> list[Street]:
    """Streets inside a zone, to be named later; pieces of one line of a grid carry the line's mark as their name."""
    if zone.pattern == "grid":
        return list(_grid(zone, rng))
    if zone.pattern not in _DIVISION or zone.pattern == "rural":
        return []
    blocks: list[Any] = []
    streets = list(_divide(zone.shape, zone.pattern, rng, 0, blocks))
    if zone.pattern in {"suburb", "estate"}:
        for block in blocks:
            streets += _stem(block, rng, always=zone.pattern == "suburb")
    return streets


def fields(shape: Any, rng: np.random.Generator) -> list[Any]:
    """Open land cut into fields and woods, without streets."""
    found: list[Any] = []
    for part in shapely.get_parts(shape):
        list(_divide(part, "rural", rng, 0, found))
    return found


def _divide(shape: Any, pattern: str, rng: np.random.Generator, depth: int, blocks: list[Any]) -> Iterator[Street]:
    size, spread, tilt = _DIVISION[pattern]
    if shape.area < size * np.exp(rng.normal(0, spread)) * 1.4:
        blocks.append(shape)
        return
    box = shapely.get_coordinates(shapely.minimum_rotated_rectangle(shape))
    sides = np.diff(box[:3], axis=0)
    across = sides[int(np.argmin(np.hypot(*sides.T)))]
    middle = box[:4].mean(axis=0) + (rng.uniform(-0.12, 0.12)) * sides[int(np.argmax(np.hypot(*sides.T)))]
    angle = np.arctan2(across[1], across[0]) + np.radians(rng.normal(0, tilt))
    reach = np.hypot(*sides.sum(axis=0)) * np.array([np.cos(angle), np.sin(angle)])
    cut = shapely.LineString([middle - reach, middle + reach])
    parts = shapely.get_parts(shapely.polygonize([shapely.node(shapely.union_all([shape.exterior, cut]))]))
    parts = parts[shapely.contains(shape.buffer(0.1), parts)]
    if len(parts) < 2:
        blocks.append(shape)
        return
    kind = (
        "living_street"
        if pattern == "organic" and depth > 3
        else "tertiary"
        if depth == 0 and pattern != "organic"
        else "residential"
    )
    if pattern == "industrial":
        kind = "unclassified"
    for piece in shapely.get_parts(shapely.intersection(cut, shape)):
        if piece.geom_type == "LineString" and piece.length > 5:
            yield Street(densify(shapely.get_coordinates(piece)), "", kind)
    corner = shapely.get_coordinates(shapely.centroid(parts))
    for part in parts[np.lexsort((corner[:, 1].round(1), corner[:, 0].round(1)))]:
        yield from _divide(part, pattern, rng, depth + 1, blocks)


def _stem(block: Any, rng: np.random.Generator, *, always: bool) -> list[Street]:
    """Lead a cul-de-sac into a block along its longer axis, and sometimes a footpath from its end to the other side."""
    if block.area < 9000 or not (always or rng.random() < 0.6):
        return []
    box = shapely.get_coordinates(shapely.minimum_rotated_rectangle(block))
    sides = np.diff(box[:3], axis=0)
    along = sides[int(np.argmax(np.hypot(*sides.T)))] * (1 if rng.random() < 0.5 else -1)
    bend = 0.12 * rng.normal() * np.array([-along[1], along[0]])
    centre = shapely.get_coordinates(block.centroid)[0]
    axis = shapely.intersection(shapely.LineString([centre - along, centre + bend * 0.4, centre + along]), block)
    if axis.geom_type != "LineString" or axis.length < 90:
        return []
    points = densify(shapely.get_coordinates(axis))
    line = shapely.LineString(points)
    depth = rng.uniform(0.58, 0.72)
    stem = densify(shapely.get_coordinates(ops.substring(line, 0, depth, normalized=True)))
    found = [Street(stem, "", "residential", end=True)]
    if rng.random() < 0.75:
        path = shapely.get_coordinates(ops.substring(line, depth, 1, normalized=True))
        found.append(Street(densify(path), "", "footway"))
    return found


def _grid(zone: Zone, rng: np.random.Generator) -> Iterator[Street]:
    turned = affinity.rotate(zone.shape, -zone.angle, origin=(0, 0))
    west, south, east, north = turned.bounds
    rows = np.arange(south + _GRID[0] * rng.uniform(0.4, 0.9), north, _GRID[0])
    columns = np.arange(west + _GRID[1] * rng.uniform(0.4, 0.9), east, _GRID[1])
    rows = rows + rng.normal(0, 4, len(rows))
    columns = columns + rng.normal(0, 6, len(columns))
    for values, other, flat in ((rows, columns, True), (columns, rows, False)):
        marks = np.concatenate([[-1e5], other, [1e5]])
        for i, value in enumerate(values):
            kind = "tertiary" if i % 4 == 2 else "residential"
            kept = rng.random(len(marks) - 1) > (_LEFT_OUT if kind == "residential" else 0.0)
            low = None
            for j in range(len(marks)):  # join the pieces that are kept into runs
                here = j < len(kept) and kept[j]
                if here and low is None:
                    low = marks[j]
                if not here and low is not None:
                    ends = ((low, value), (marks[j], value)) if flat else ((value, low), (value, marks[j]))
                    yield from _clipped(ends, turned, zone.angle, (kind, f"{'row' if flat else 'column'} {i}"))
                    low = None


def _clipped(ends: Any, turned: Any, angle: float, what: tuple[str, str]) -> Iterator[Street]:
    for piece in shapely.get_parts(shapely.intersection(shapely.LineString(ends), turned)):
        if piece.geom_type == "LineString" and piece.length > 30:
            points = densify(shapely.get_coordinates(affinity.rotate(piece, angle, origin=(0, 0))))
            yield Street(points, what[1], what[0])
