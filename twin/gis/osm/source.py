"""The one pass over the file: what has a tag that we read, with its tags and its vertices in flat arrays."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import osmium
from numpy.typing import NDArray

from twin.errors import DataError

__all__ = ["Chains", "Source", "scan"]

SUFFIXES = (".osm.pbf", ".pbf", ".osm", ".osm.gz", ".osm.bz2")
NOWHERE = 2**31 - 1  # libosmium's mark for a vertex whose node is not in the file
DEGREES = 1e-7  # libosmium keeps coordinates in these

Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Chains:
    """Vertices of many lines in one store; line *i* is rows ``start[i]:start[i + 1]``.

    Parameters
    ----------
    start : (n + 1,) first vertex of each line, and the number of vertices.
    ref : OSM node id of each vertex.
    x, y : degrees as read, metres once projected.
    """

    start: Indices
    ref: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.start) - 1

    @property
    def line(self) -> Indices:
        """Line of each vertex."""
        return np.repeat(np.arange(len(self)), np.diff(self.start))

    @property
    def closed(self) -> NDArray[np.bool_]:
        """Lines that end where they start and have room for an area."""
        if not len(self):
            return np.zeros(0, bool)
        back: NDArray[np.bool_] = self.ref[self.start[:-1]] == self.ref[self.start[1:] - 1]
        return back & (np.diff(self.start) >= 4)

    def take(self, lines: NDArray[Any], backwards: NDArray[np.bool_] | None = None) -> Chains:
        """Some lines (mask or positions), those of `backwards` from their last vertex to their first."""
        chosen = np.flatnonzero(lines) if lines.dtype == bool else lines
        count = np.diff(self.start)[chosen]
        start = np.concatenate([[0], np.cumsum(count)])
        within = np.arange(start[-1]) - np.repeat(start[:-1], count)
        if backwards is not None:
            within = np.where(np.repeat(backwards, count), np.repeat(count, count) - 1 - within, within)
        vertex = np.repeat(self.start[:-1][chosen], count) + within
        return Chains(start, self.ref[vertex], self.x[vertex], self.y[vertex])

    def __add__(self, other: Chains) -> Chains:
        start = np.concatenate([self.start, self.start[-1] + other.start[1:]])
        pairs = [(self.ref, other.ref), (self.x, other.x), (self.y, other.y)]
        return Chains(start, *(np.concatenate(pair) for pair in pairs))


@dataclass(frozen=True)
class Source:
    """What the file holds for us; a way that leaves the extract and comes back is several rows of the ways.

    Parameters
    ----------
    nodes, node_tags : single tagged nodes: chains of one vertex each.
    ways, way_id, way_tags : lines and closed lines.
    rings, ring_area, ring_outer : rings of the relations, the relation's row, and whether the ring is an outer one;
        an inner ring follows the outer ring that it lies in.
    area_id, area_tags : relations that could be assembled.
    tried : relations that ask to be assembled, by id, with their tags.
    clipped : ids of ways that have vertices outside the extract.
    """

    nodes: Chains
    node_tags: list[dict[str, str]]
    ways: Chains
    way_id: NDArray[np.int64]
    way_tags: list[dict[str, str]]
    rings: Chains
    ring_area: Indices
    ring_outer: NDArray[np.bool_]
    area_id: list[int]
    area_tags: list[dict[str, str]]
    tried: dict[int, dict[str, str]]
    clipped: frozenset[int]


@dataclass
class _Store:
    """Vertices as they come in."""

    start: array[int] = field(default_factory=lambda: array("q", [0]))
    ref: array[int] = field(default_factory=lambda: array("q"))
    x: array[int] = field(default_factory=lambda: array("i"))
    y: array[int] = field(default_factory=lambda: array("i"))

    def add(self, vertices: Any) -> tuple[int, bool]:
        """Append a line; how many pieces it came to, and whether a vertex had no place."""
        clipped, last = False, None
        begun = self.start[-1]
        first = len(self.start)
        for vertex in vertices:
            x, ref = vertex.x, vertex.ref
            if x == NOWHERE:
                clipped = True
                begun, last = self._close(begun), None
            elif ref != last:
                self.ref.append(ref)
                self.x.append(x)
                self.y.append(vertex.y)
                last = ref
        self._close(begun)
        return len(self.start) - first, clipped

    def _close(self, begun: int) -> int:
        """End a piece; one of a single vertex is no line."""
        if len(self.ref) - begun == 1:
            for column in (self.ref, self.x, self.y):
                column.pop()
        if len(self.ref) > begun:
            self.start.append(len(self.ref))
        return len(self.ref)

    def add_point(self, ref: int, place: Any) -> None:
        """Append a node."""
        self.ref.append(ref)
        self.x.append(place.x)
        self.y.append(place.y)
        self.start.append(len(self.ref))

    def chains(self) -> Chains:
        """The arrays, in degrees."""
        return Chains(
            np.array(self.start, np.intp),
            np.array(self.ref, np.int64),
            np.array(self.x, np.float64) * DEGREES,
            np.array(self.y, np.float64) * DEGREES,
        )


def scan(path: Path, node_keys: frozenset[str], keys: frozenset[str]) -> Source:
    """Read a file once (its relations twice), keeping only what has one of the keys.

    Raises
    ------
    DataError : no such file, another format, or a file that ends too early.
    """
    if not path.name.lower().endswith(SUFFIXES):
        raise DataError(f"{path}: not an OpenStreetMap extract by its name; it ends in one of {', '.join(SUFFIXES)}")
    if not path.is_file():
        raise DataError(f"{path}: there is no such file; give the path of a downloaded extract")
    try:
        return _scan(path, node_keys, keys)
    except (RuntimeError, OSError, ValueError, EOFError) as why:
        raise DataError(
            f"{path}: cannot be read as OpenStreetMap data ({why}); it is damaged, cut short or of another format: "
            "download it again and see that it opens with an OSM tool"
        ) from why


def _scan(path: Path, node_keys: frozenset[str], keys: frozenset[str]) -> Source:
    nodes, ways, rings = _Store(), _Store(), _Store()
    node_tags: list[dict[str, str]] = []
    way_id, way_tags = array("q"), list[dict[str, str]]()
    ring_area, ring_outer = array("q"), array("b")
    area_id, area_tags = list[int](), list[dict[str, str]]()
    tried: dict[int, dict[str, str]] = {}
    clipped = set[int]()
    wanted = osmium.filter.KeyFilter(*sorted(keys | node_keys))
    for found in osmium.FileProcessor(str(path)).with_locations().with_areas(wanted).with_filter(wanted):
        if isinstance(found, osmium.osm.Node):
            tags = dict(found.tags)
            if node_keys & tags.keys() and found.location.valid():
                nodes.add_point(found.id, found.location)
                node_tags.append(tags)
        elif isinstance(found, osmium.osm.Way):
            tags = dict(found.tags)
            pieces, cut = ways.add(found.nodes)
            if cut:
                clipped.add(found.id)
            way_id.extend([found.id] * pieces)
            way_tags.extend([tags] * pieces)
        elif isinstance(found, osmium.osm.Relation):
            tags = dict(found.tags)
            if tags.get("type") in {"multipolygon", "boundary"}:
                tried[found.id] = tags
        elif isinstance(found, osmium.osm.Area) and not found.from_way():
            before = len(ring_area)
            for outer in found.outer_rings():
                for ring in (outer, *found.inner_rings(outer)):
                    rings.add(ring)
                    ring_area.append(len(area_id))
                    ring_outer.append(ring is outer)
            if len(ring_area) > before:  # what cannot be assembled comes without rings
                area_id.append(found.orig_id())
                area_tags.append(dict(found.tags))
    return Source(
        nodes.chains(), node_tags, ways.chains(), np.array(way_id, np.int64), way_tags,
        rings.chains(), np.array(ring_area, np.intp), np.array(ring_outer, bool), area_id, area_tags, tried,
        frozenset(clipped),
    )  # fmt: skip
