"""Streets made a graph: cut where they meet, joined where they nearly meet, trimmed where they lead nowhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from shapely import STRtree, ops

from twin.gis.synthetic.curves import Points, Warp
from twin.gis.synthetic.drawing import Street

__all__ = ["Web", "weave"]

#: Streets meet that come this close [m]; junctions closer than `SHORT` become one [m].
TOUCH = 0.6
SHORT = 17.0
#: The smaller, the stronger: where junctions are joined, the strongest street keeps its place.
RANK = {
    k: i
    for i, k in enumerate(("trunk", "primary", "secondary", "tertiary", "unclassified", "residential", "living_street"))
}


@dataclass(frozen=True, eq=False)
class Web:
    """Streets as a graph: junctions and the stretches between them.

    Attributes
    ----------
    xy : (n, 2) junctions [m].
    tail, head : (m,) rows of the junctions that each stretch joins.
    streets : (m,) the stretches; points run from tail to head.
    """

    xy: Points
    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    streets: list[Street]

    @cached_property
    def lines(self) -> NDArray[Any]:
        """(m,) the stretches as lines."""
        return np.array([shapely.LineString(s.points) for s in self.streets], dtype=object)

    @property
    def degree(self) -> NDArray[np.int64]:
        """(n,) how many stretches end at each junction."""
        return np.bincount(np.r_[self.tail, self.head], minlength=len(self.xy))

    def keep(self, which: NDArray[np.bool_]) -> Web:
        """Keep some of the stretches, and the junctions they need."""
        rows = np.flatnonzero(which)
        used, flat = np.unique(np.r_[self.tail[rows], self.head[rows]], return_inverse=True)
        return Web(self.xy[used], flat[: len(rows)], flat[len(rows) :], [self.streets[i] for i in rows])

    def bent(self, warp: Warp) -> Web:
        """Displace every point, and drop points that a line does not need."""
        xy = warp(self.xy)
        streets = []
        for street, a, b in zip(self.streets, self.tail, self.head, strict=True):
            points = warp(street.points)
            points[0], points[-1] = xy[a], xy[b]
            streets.append(
                replace(street, points=shapely.get_coordinates(shapely.simplify(shapely.LineString(points), 0.7)))
            )
        return Web(xy, self.tail, self.head, streets)


def weave(streets: list[Street], land: Any) -> Web:
    """Cut streets where they meet, join junctions that nearly coincide, drop what leaves the land or leads nowhere."""
    web = _joined(_cut(streets))
    inside = shapely.contains(land, web.lines) | np.array([s.bridge or s.kind == "trunk" for s in web.streets])
    web = web.keep(inside)
    while True:
        degree = web.degree
        loose = (degree[web.tail] == 1) | (degree[web.head] == 1)
        length = shapely.length(web.lines)
        meant = np.array([s.end or s.kind in {"primary", "secondary", "trunk"} for s in web.streets])
        drop = loose & (~meant | (length < 30))
        if not drop.any():
            break
        web = web.keep(~drop)
    _, part = connected_components(
        coo_matrix((np.ones(len(web.tail)), (web.tail, web.head)), shape=(len(web.xy),) * 2), directed=False
    )
    return web.keep(part[web.tail] == np.bincount(part).argmax())


def _apart(a: Street, b: Street) -> bool:
    """Whether two streets pass at different levels: a bypass over lanes, a bridge over the road beside the river."""
    return a.level != b.level or ({a.kind, b.kind} >= {"trunk", "path"})


def _cut(streets: list[Street]) -> Web:
    lines = np.array([shapely.LineString(s.points) for s in streets], dtype=object)
    ends = shapely.get_point(lines, [[0], [-1]])
    cuts: list[list[float]] = [[0.0, line.length] for line in lines]
    tree = STRtree(lines)
    left, right = tree.query(lines, predicate="dwithin", distance=TOUCH)
    for i, j in zip(left, right, strict=True):
        if i == j:
            continue
        meets = [
            e
            for e in (ends[0, j], ends[1, j], ends[0, i], ends[1, i])
            if lines[i].distance(e) + lines[j].distance(e) <= TOUCH
        ]
        if not _apart(streets[i], streets[j]):
            crossing = shapely.get_coordinates(shapely.intersection(lines[i], lines[j]))
            meets += list(shapely.points(crossing))
        cuts[i] += [lines[i].project(p) for p in meets]
    points: list[Points] = []
    owner: list[int] = []
    for i, line in enumerate(lines):
        at = np.unique(np.round(cuts[i], 3))
        at = at[np.r_[True, np.diff(at) > TOUCH]]
        if line.length - at[-1] <= TOUCH:
            at[-1] = line.length
        for low, high in pairwise(at):
            points.append(shapely.get_coordinates(ops.substring(line, low, high)))
            owner.append(i)
    xy = np.array([p for pair in points for p in (pair[0], pair[-1])])
    label = _clusters(xy, 2 * TOUCH)
    node = np.array([xy[label == k].mean(axis=0) for k in range(label.max() + 1)])
    tail, head = label[0::2], label[1::2]
    pieces = [
        replace(streets[o], points=np.vstack([node[a], p[1:-1], node[b]]), end=streets[o].end)
        for o, p, a, b in zip(owner, points, tail, head, strict=True)
    ]
    return Web(node, tail, head, pieces)


def _clusters(xy: Points, radius: float) -> NDArray[np.int64]:
    points = shapely.points(xy)
    a, b = STRtree(points).query(points, predicate="dwithin", distance=radius)
    _, label = connected_components(coo_matrix((np.ones(len(a)), (a, b)), shape=(len(xy),) * 2), directed=False)
    return np.asarray(label, dtype=np.int64)


def _joined(web: Web) -> Web:
    """Contract short stretches; the junction on the strongest street stays where it is."""
    rank = np.full(len(web.xy), 99)
    held = np.zeros(len(web.xy), dtype=bool)
    for street, a, b in zip(web.streets, web.tail, web.head, strict=True):
        for end in (a, b):
            rank[end] = min(rank[end], RANK.get(street.kind, 50))
            held[end] |= street.bridge or street.tunnel
    parent = np.arange(len(web.xy))

    def root(k: int) -> int:
        while parent[k] != k:
            k = int(parent[k])
        return k

    length = shapely.length(web.lines)
    for i in np.argsort(length, kind="stable"):
        if length[i] >= SHORT:
            break
        a, b = root(int(web.tail[i])), root(int(web.head[i]))
        if a == b or held[a] or held[b] or np.hypot(*(web.xy[a] - web.xy[b])) > 1.6 * SHORT:
            continue
        a, b = (a, b) if (rank[a], a) <= (rank[b], b) else (b, a)
        parent[b] = a
        rank[a] = min(rank[a], rank[b])
    target = np.array([root(k) for k in range(len(web.xy))])
    tail, head = target[web.tail], target[web.head]
    streets = [
        replace(s, points=np.vstack([web.xy[a], s.points[1:-1], web.xy[b]]))
        for s, a, b in zip(web.streets, tail, head, strict=True)
    ]
    pair = np.sort(np.c_[tail, head], axis=1)
    order = np.lexsort((length, [RANK.get(s.kind, 50) for s in streets]))
    first = np.zeros(len(streets), dtype=bool)
    _, unique = np.unique(pair[order], axis=0, return_index=True)
    first[order[unique]] = True  # of parallel stretches the strongest
    longer = np.array([shapely.length(shapely.LineString(s.points)) > 90 for s in streets])
    return Web(web.xy, tail, head, streets).keep((tail != head) & (first | longer))
