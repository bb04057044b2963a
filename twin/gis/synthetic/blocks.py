"""Blocks between the streets, what they are used for, and which of them a park, a school or a yard takes whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree

from twin.gis.synthetic.curves import Points, Warp
from twin.gis.synthetic.drawing import Drawing, Zone
from twin.gis.synthetic.filling import fields
from twin.gis.synthetic.junctions import Web

__all__ = ["HALF", "Block", "Blocks", "bend", "cells"]

#: Half the width of a street between its fences [m].
HALF = {
    "trunk": 14.0, "primary": 11.5, "secondary": 9.5, "tertiary": 8.0, "unclassified": 6.0, "residential": 6.0,
    "living_street": 3.6, "footway": 1.5, "path": 1.0,
}  # fmt: skip
_USE = {
    "organic": "residential", "grid": "residential", "estate": "residential", "suburb": "residential",
    "industrial": "industrial", "rural": "farmland", "park": "green", "strip": "green",
}  # fmt: skip


@dataclass(eq=False)
class Block:
    """Land between streets; `taken` names what holds the whole of it."""

    shape: Any
    ground: Any
    pattern: str
    district: str
    use: str
    angle: float
    taken: str = ""
    area: float = field(init=False)

    def __post_init__(self) -> None:
        self.area = float(self.ground.area)


@dataclass(eq=False)
class Blocks:
    """All blocks, west to east."""

    every: list[Block]
    warp: Warp

    @property
    def centres(self) -> Points:
        """(n, 2) a point inside each block."""
        return np.asarray(
            shapely.get_coordinates(shapely.point_on_surface(np.array([b.ground for b in self.every], dtype=object)))
        )

    def nearest(self, at: tuple[float, float], area: tuple[float, float], patterns: tuple[str, ...]) -> int:
        """Free block nearest to a point of the plan, with an area between two limits [m2]; -1 where there is none."""
        place = self.warp(np.array([at]))[0]
        fits = np.array([not b.taken and area[0] <= b.area <= area[1] and b.pattern in patterns for b in self.every])
        if not fits.any():
            return -1
        gap = np.hypot(*(self.centres - place).T)
        return int(np.argmin(np.where(fits, gap, np.inf)))


def bend(shape: Any, warp: Warp) -> Any:
    """A shape with every point displaced."""
    return shapely.transform(shapely.segmentize(shape, 15.0), warp)


def cells(drawing: Drawing, web: Web, warp: Warp, rng: np.random.Generator) -> Blocks:
    """Cut the land along its streets into blocks and say what each is used for."""
    sea, river, edge = (bend(s, warp) for s in (drawing.sea, drawing.river.polygon, drawing.boundary))
    land = shapely.difference(edge, shapely.union(sea, river))
    bars = np.array([s.kind not in {"footway", "path"} for s in web.streets])
    rails = shapely.LineString(warp(drawing.railway))
    lines = shapely.union_all(
        [*web.lines[bars], land.boundary, rails, *(shapely.LineString(warp(p)) for p in drawing.limits)]
    )
    faces = shapely.get_parts(shapely.polygonize([shapely.node(lines)]))
    inner = shapely.point_on_surface(faces)
    faces = faces[shapely.contains(land, inner) & (shapely.area(faces) > 250)]
    corner = shapely.get_coordinates(shapely.centroid(faces))
    faces = faces[np.lexsort((corner[:, 1].round(1), corner[:, 0].round(1)))]
    owner = _owners(faces, drawing.zones, warp)
    half = np.array([HALF[s.kind] for s in web.streets])
    ways = shapely.buffer(web.lines, half, quad_segs=2, cap_style="flat")[bars]
    tree = STRtree(ways)
    hill = warp(np.array([drawing.hill["at"]]))[0]
    blocks = []
    for face, zone in zip(faces, owner, strict=True):
        near = tree.query(face)
        ground = shapely.difference(face, shapely.union_all([*ways[near], rails.buffer(9.0)]))
        ground = shapely.set_precision(ground, 0.1)
        parts = shapely.get_parts(ground)
        if not len(parts) or shapely.area(parts).max() < 150:
            continue
        largest = parts[int(np.argmax(shapely.area(parts)))]
        for piece in fields(ground, rng) if zone.pattern == "rural" else [largest]:
            use = _use(zone, piece, hill, rng)
            blocks.append(Block(face, piece, zone.pattern, zone.district, use, zone.angle))
    return Blocks(blocks, warp)


def _owners(faces: NDArray[Any], zones: list[Zone], warp: Warp) -> list[Zone]:
    shapes = np.array([bend(z.shape, warp) for z in zones], dtype=object)
    tree = STRtree(shapes)
    found = []
    for face in faces:
        near = np.sort(tree.query(face))
        shared = shapely.area(shapely.intersection(shapes[near], face)) if len(near) else np.array([0.0])
        found.append(zones[int(near[int(np.argmax(shared))])] if len(near) else zones[0])
    return found


def _use(zone: Zone, face: Any, hill: Points, rng: np.random.Generator) -> str:
    draw = rng.random()
    if zone.pattern == "organic":
        return "commercial" if draw < 0.22 else "residential"
    if zone.pattern == "grid":
        return "commercial" if draw < (0.30 if zone.district == "Port" else 0.09) else "residential"
    if zone.pattern == "rural":
        far = np.hypot(*(np.array(face.centroid.coords[0]) - hill))
        return "green" if far < 1150 or draw < 0.16 else "farmland"
    return _USE[zone.pattern]
