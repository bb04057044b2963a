"""Faces: the blocks that the open streets of a network close in, as polygons."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from twin.model.network import Network
from twin.routing.bridges import bridges

__all__ = ["faces"]


def faces(net: Network) -> NDArray[np.object_]:
    """Polygons that the open edges close in; dead ends and bridges between two rings close in nothing.

    Edges meet at nodes: where one passes over another, the ring that crosses itself is no face. What lies within a face
    without touching it is a hole of it.

    Returns
    -------
    (k,) Polygons, in no order.

    References
    ----------
    Each face is walked along its half-edges, taking the next to the right at every node (de Berg et al. 2008,
    Computational Geometry, ch. 2: doubly-connected edge lists).

    Examples
    --------
    >>> ring_and_tail = Network.from_arrays([0, 1, 1, 2], [0, 0, 1, 0], [0, 1, 2, 1], [1, 2, 0, 3])
    >>> shapely.area(faces(ring_and_tail)).tolist()
    [0.5]
    """
    lines = _Lines.of(net)
    if not len(lines.tail):
        return np.zeros(0, dtype=object)
    following = lines.following()
    count = len(following)
    walk = csr_matrix((np.ones(count, dtype=np.int8), following, np.arange(count + 1)), shape=(count, count))
    number, face = connected_components(walk, directed=False)
    area = np.bincount(face, weights=lines.swept(), minlength=number)
    shell = np.flatnonzero(area > 0)
    rings = lines.rings(shell, face, following)
    polygons = shapely.polygons(rings)
    polygons = _with_holes(polygons, lines, np.flatnonzero(area < 0), face, following)
    good = shapely.is_valid(polygons)
    # a rim that touches itself at a node is a face with a hole there; one that crosses itself sweeps another area
    mended = shapely.buffer(polygons[~good], 0.0)
    same = np.isclose(shapely.area(mended), shapely.area(polygons[~good]), rtol=1e-6)
    return np.concatenate([polygons[good], shapely.get_parts(mended[same])])


def _with_holes(
    polygons: NDArray[np.object_],
    lines: _Lines,
    outer: NDArray[np.intp],
    face: NDArray[np.int32],
    following: NDArray[np.int32],
) -> NDArray[np.object_]:
    """What lies within a face without touching it taken out of it: the rims of other parts of the network."""
    first = np.full(int(face.max()) + 1, -1)
    first[face[::-1]] = np.arange(len(face))[::-1]
    points = shapely.points(lines.xy[lines.start[first[outer] % len(lines.tail)]])
    inside, around = shapely.STRtree(polygons).query(points, predicate="within")
    if not len(inside):
        return polygons
    order = np.lexsort((shapely.area(polygons[around]), inside))
    inside, around = inside[order], around[order]
    smallest = np.unique(inside, return_index=True)[1]
    rims = lines.rings(outer[inside[smallest]], face, following)
    polygons = polygons.copy()
    for host in np.unique(around[smallest]):
        mine = rims[around[smallest] == host]
        polygons[host] = shapely.Polygon(shapely.get_exterior_ring(polygons[host]), list(mine))
    return polygons


class _Lines:
    """Open edges that lie on some ring, each once, with the points of their lines."""

    def __init__(self, net: Network, chosen: NDArray[np.intp]) -> None:
        self.tail, self.head = net.graph.tail[chosen], net.graph.head[chosen]
        self.xy, edge = shapely.get_coordinates(net.shapes[chosen], return_index=True)
        self.many = np.bincount(edge, minlength=len(chosen))
        self.start = np.cumsum(self.many) - self.many
        self.count = net.graph.count

    @classmethod
    def of(cls, net: Network) -> _Lines:
        some = np.flatnonzero(net.open & ~bridges(net) & (shapely.length(net.shapes) > 0))
        # the two directions of a street may be two edges on one line, which close in nothing
        tail, head = net.graph.tail[some].astype(np.int64), net.graph.head[some].astype(np.int64)
        pair = np.minimum(tail, head) * net.graph.count + np.maximum(tail, head)
        order = np.argsort(pair, kind="stable")
        alike = np.flatnonzero(np.diff(pair[order]) == 0)
        twins = np.unique(np.concatenate([order[alike], order[alike + 1]]))
        if not len(twins):
            return cls(net, some)
        some, twins = np.delete(some, twins), some[twins]
        middle = shapely.get_coordinates(shapely.line_interpolate_point(net.shapes[twins], 0.5, normalized=True))
        ends = np.sort(np.column_stack([net.graph.tail[twins], net.graph.head[twins]]), axis=1)
        _, once = np.unique(np.column_stack([ends, np.rint(middle * 1000)]), axis=0, return_index=True)
        return cls(net, np.sort(np.append(some, twins[once])))

    def following(self) -> NDArray[np.int32]:
        """The half-edge after each along the face to its left; i runs forward along line i, i + n backward."""
        last = self.start + self.many - 1
        out = self.xy[self.start + 1] - self.xy[self.start], self.xy[last - 1] - self.xy[last]
        angle = np.concatenate([np.arctan2(each[:, 1], each[:, 0]) for each in out])
        origin = np.concatenate([self.tail, self.head])
        order = np.lexsort((angle, origin))
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        begin = np.concatenate([[0], np.cumsum(np.bincount(origin, minlength=self.count))])
        n = len(self.tail)
        back = (np.arange(2 * n) + n) % (2 * n)
        at = place[back]
        here = origin[back]
        before = np.where(at == begin[here], begin[here + 1] - 1, at - 1)
        return np.asarray(order[before], dtype=np.int32)

    def swept(self) -> NDArray[np.float64]:
        """Area that each half-edge sweeps about the middle of all, left of it counted up."""
        x, y = (self.xy - self.xy.mean(axis=0)).T
        cross = np.append(x[:-1] * y[1:] - x[1:] * y[:-1], 0.0)
        cross[self.start + self.many - 1] = 0.0
        one = np.add.reduceat(cross, self.start) / 2
        return np.concatenate([one, -one])

    def rings(
        self, chosen: NDArray[np.intp], face: NDArray[np.int32], following: NDArray[np.int32]
    ) -> NDArray[np.object_]:
        """LinearRings of some faces, in their order."""
        wanted = np.full(int(face.max()) + 1, -1)
        wanted[chosen] = np.arange(len(chosen))
        half = np.flatnonzero(wanted[face] >= 0)
        ring = wanted[face[half]]
        local = np.full(len(following), -1)
        local[half] = np.arange(len(half))
        after = local[following[half]]
        first = np.full(len(chosen), len(half))
        np.minimum.at(first, ring, np.arange(len(half)))
        ends = after == first[ring]
        left, to = np.where(ends, 0, 1), np.where(ends, np.arange(len(half)), after)
        while True:  # steps to the end of the ring, in strides that double
            more = left[to]
            if not more.any():
                break
            left, to = left + more, to[to]
        order = np.lexsort((-left, ring))
        half, ring = half[order], ring[order]
        line = half % len(self.tail)
        ahead = half < len(self.tail)
        many = self.many[line] - 1  # without the last point, where the next begins
        step = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
        base = np.where(ahead, self.start[line], self.start[line] + self.many[line] - 1)
        at = np.repeat(base, many) + np.where(np.repeat(ahead, many), step, -step)
        return np.asarray(shapely.linearrings(self.xy[at], indices=np.repeat(ring, many)))
