"""Blocks between the streets, what they are used for, and which of them a park, a school or a yard takes whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree

from twin.gis.synthetic.curves import Points, Warp
from twin.gis.synthetic.drawing import EXTENT, Drawing, Zone
from twin.gis.synthetic.filling import fields
from twin.gis.synthetic.junctions import Web

__all__ = ["HALF", "Block", "Blocks", "bend", "cells", "shores"]

#: Half the width of a street between its fences [m].
HALF = {
    "trunk": 14.0, "primary": 11.5, "secondary": 9.5, "tertiary": 8.0, "unclassified": 6.0, "residential": 6.0,
    "living_street": 3.6, "footway": 1.5, "path": 1.0,
}  # fmt: skip
_ON_FOOT = {"footway", "path"}
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

    @property
    def area(self) -> float:
        """Ground between the streets [m2]."""
        return float(self.ground.area)


@dataclass(eq=False)
class Blocks:
    """All blocks, west to east; `rails` is the railway's ground."""

    every: list[Block]
    warp: Warp
    rails: Any

    @property
    def centres(self) -> Points:
        """(n, 2) a point inside each block."""
        grounds = np.array([b.ground for b in self.every], dtype=object)
        return np.asarray(shapely.get_coordinates(shapely.point_on_surface(grounds)))

    def nearest(self, at: tuple[float, float], area: tuple[float, float], patterns: tuple[str, ...]) -> int:
        """Free block nearest to a point of the plan, with an area between two limits [m2]; -1 where there is none."""
        place = self.warp(np.array([at]))[0]
        fits = np.array([not b.taken and area[0] <= b.area <= area[1] and b.pattern in patterns for b in self.every])
        if not fits.any():
            return -1
        gap = np.hypot(*(self.centres - place).T)
        return int(np.argmin(np.where(fits, gap, np.inf)))

    def clear(self, web: Web) -> Web:
        """Drop the culs-de-sac and footpaths that run into taken blocks, and give these blocks their ground back."""
        taken = [b for b in self.every if b.taken and b.pattern != "rural"]
        faces = np.array([b.shape for b in taken], dtype=object)
        small = np.array([s.end or s.kind == "footway" for s in web.streets])
        middle = shapely.line_interpolate_point(web.lines, 0.5, normalized=True)
        inside = np.zeros(len(small), dtype=bool)
        inside[STRtree(middle).query(faces, predicate="contains")[1]] = True
        kept = web.keep(~(small & inside))
        ways, tree = _ways(kept)
        for block in taken:
            block.ground = _ground(block.shape, ways, tree, self.rails)[0]
        return kept


def bend(shape: Any, warp: Warp) -> Any:
    """Displace every point of a shape."""
    return shapely.transform(shapely.segmentize(shape, 15.0), warp)


def shores(drawing: Drawing, warp: Warp) -> tuple[Any, Any, Any]:
    """Bay, river and boundary as they are after the warp; nothing of the boundary leaves the extent."""
    sea, river, edge = (bend(s, warp) for s in (drawing.sea, drawing.river.polygon, drawing.boundary))
    return sea, river, shapely.intersection(edge, shapely.box(*EXTENT).buffer(-10.0, join_style="mitre"))


def cells(drawing: Drawing, web: Web, warp: Warp, rng: np.random.Generator) -> Blocks:
    """Cut the land along its streets into blocks and say what each is used for."""
    sea, river, edge = shores(drawing, warp)
    land = shapely.difference(edge, shapely.union(sea, river))
    bars = np.array([s.kind not in _ON_FOOT for s in web.streets])
    rails, *limits = (shapely.LineString(warp(points)) for points in (drawing.railway, *drawing.limits))
    faces = _sorted(
        shapely.polygonize([shapely.node(shapely.union_all([*web.lines[bars], land.boundary, rails, *limits]))])
    )
    faces = faces[shapely.contains(land, shapely.point_on_surface(faces)) & (shapely.area(faces) > 250)]
    ways, tree = _ways(web)
    hill = warp(np.array([drawing.hill["at"]]))[0]
    blocks = []
    for face, zone in zip(faces, _owners(faces, drawing.zones, warp), strict=True):
        ground = _ground(face, ways, tree, rails.buffer(9.0))
        if not ground or ground[0].area < 150:
            continue
        pieces = [f for g in ground for f in fields(g, rng)] if zone.pattern == "rural" else ground[:1]
        for piece in pieces:
            use = _use(zone, piece, hill, rng)
            blocks.append(Block(face, piece, zone.pattern, zone.district, use, zone.angle))
    return Blocks(blocks, warp, rails.buffer(9.0))


def _sorted(shapes: Any) -> NDArray[Any]:
    """Parts in an order that does not depend on how they were found."""
    parts = shapely.get_parts(shapes)
    corner = shapely.get_coordinates(shapely.centroid(parts))
    return np.asarray(parts[np.lexsort((corner[:, 1].round(1), corner[:, 0].round(1)))])


def _ways(web: Web) -> tuple[NDArray[Any], STRtree]:
    """Ground that streets take; footpaths run over other ground."""
    bars = np.array([s.kind not in _ON_FOOT for s in web.streets])
    half = np.array([HALF[s.kind] for s in web.streets])
    ways = shapely.buffer(web.lines, half, quad_segs=2, cap_style="flat")[bars]
    return ways, STRtree(ways)


def _ground(face: Any, ways: NDArray[Any], tree: STRtree, rails: Any) -> list[Any]:
    """Polygons that are left of a face between streets and railway, the largest first."""
    near = np.sort(tree.query(face))
    left = shapely.set_precision(shapely.difference(face, shapely.union_all([*ways[near], rails])), 0.1)
    parts = [p for p in shapely.get_parts(left) if p.geom_type == "Polygon"]
    return sorted(parts, key=lambda p: -round(p.area, 1))


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
    if zone.pattern == "strip" and zone.district in {"Old Town", "Port"}:
        return "transport"  # quays
    return _USE[zone.pattern]
