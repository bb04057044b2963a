"""Footpaths through parks and woods."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.gis.synthetic.blocks import Block, Blocks
from twin.gis.synthetic.curves import Points
from twin.gis.synthetic.drawing import Street
from twin.gis.synthetic.junctions import Web

__all__ = ["park_paths"]

#: Smallest park with paths, and the smallest with a round walk [m2].
_SMALL, _LARGE = 5000.0, 60_000.0
_KINDS = ("park:", "forest:", "cemetery:")


def park_paths(web: Web, blocks: Blocks) -> Web:
    """Add footpaths from junctions on the rims of parks to a place in their middle, in large ones with a round walk."""
    car = np.array([s.kind != "trunk" and not s.bridge for s in web.streets])
    gates = np.unique(np.r_[web.tail[car], web.head[car]])
    ways = web.lines[np.array([s.kind in {"footway", "path"} for s in web.streets])]
    nodes, tail, head, streets = list(web.xy), list(web.tail), list(web.head), list(web.streets)

    def join(a: int, b: int) -> None:
        tail.append(a)
        head.append(b)
        streets.append(Street(np.array([nodes[a], nodes[b]]), "", "path"))

    for block in blocks.every:
        if block.pattern == "rural" or not block.taken.startswith(_KINDS) or block.area < _SMALL:
            continue
        centre = _middle(block.shape)
        spokes = _spokes(web.xy, gates, block, centre, ways)
        if len(spokes) < 2:
            continue
        nodes.append(centre)
        node, walk = len(nodes) - 1, []
        for gate in spokes:
            if block.area < _LARGE:
                join(gate, node)
                continue
            nodes.append(np.round((web.xy[gate] + centre) / 2, 1))
            walk.append(len(nodes) - 1)
            join(gate, walk[-1])
            join(walk[-1], node)
        for a, b in pairwise(walk):
            line = shapely.LineString([nodes[a], nodes[b]])
            if block.shape.covers(line) and not shapely.intersects(ways, line).any():
                join(a, b)
    return Web(np.array(nodes), np.array(tail), np.array(head), streets)


def _middle(shape: Any) -> Points:
    """Point well inside a shape."""
    deep = shape
    while not shapely.is_empty(shrunk := deep.buffer(-8.0)):
        deep = shrunk
    return np.asarray(np.round(shapely.get_coordinates(shapely.point_on_surface(deep))[0], 1))


def _spokes(xy: Points, gates: NDArray[Any], block: Block, centre: Points, ways: NDArray[Any]) -> list[int]:
    """Junctions around a park from which a straight path leads to its middle without crossing another."""
    rim = gates[shapely.distance(shapely.points(xy[gates]), block.shape.exterior) < 1.0]
    angle = np.arctan2(*(xy[rim] - centre).T[::-1])
    apart = np.pi / (5 if block.area >= _LARGE else 3)
    room = block.shape.buffer(1.0)
    found: list[int] = []
    last = -np.inf
    for k in np.argsort(angle, kind="stable"):
        gate = int(rim[k])
        if angle[k] - last < apart or (found and angle[k] - angle[rim == found[0]][0] > 2 * np.pi - apart):
            continue
        line = shapely.LineString([xy[gate], centre])
        inner = shapely.LineString([xy[gate] + 0.02 * (centre - xy[gate]), centre])
        if room.covers(line) and not shapely.intersects(ways, inner).any():
            found.append(gate)
            last = angle[k]
    return found
