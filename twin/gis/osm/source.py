"""What a file holds that we read, with its tags and its vertices in flat arrays."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.errors import DataError
from twin.gis.osm.pbf import OtherFormat, Raw, read_pbf
from twin.gis.osm.restrictions import Restrictions, restrictions
from twin.gis.osm.tagged import Tagged, spans

__all__ = ["Chains", "Places", "Source", "scan"]

SUFFIXES = (".osm.pbf", ".pbf", ".osm", ".osm.gz", ".osm.bz2")
NOWHERE = 2**31 - 1  # coordinate of a node that has none
DEGREES = 1e-7  # coordinates are read in these

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
        vertex = spans(self.start[:-1][chosen], count)
        if backwards is not None and backwards.any():
            ends = (self.start[:-1][chosen] + self.start[1:][chosen] - 1)[backwards]
            turned = np.repeat(backwards, count)
            vertex[turned] = np.repeat(ends, count[backwards]) - vertex[turned]
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
    restrictions : relations that restrict turns.
    clipped : ids of ways that have vertices outside the extract.
    """

    nodes: Chains
    node_tags: Tagged
    ways: Chains
    way_id: NDArray[np.int64]
    way_tags: Tagged
    rings: Chains
    ring_area: Indices
    ring_outer: NDArray[np.bool_]
    area_id: list[int]
    area_tags: Tagged
    tried: dict[int, dict[str, str]]
    clipped: NDArray[np.int64]
    restrictions: Restrictions


def scan(path: Path, node_keys: frozenset[str], keys: frozenset[str]) -> Source:
    """Read a file, keeping only what has one of the keys.

    Raises
    ------
    DataError : no such file, another format, or a file that ends too early.
    """
    if not path.name.lower().endswith(SUFFIXES):
        raise DataError(f"{path}: not an OpenStreetMap extract by its name; it ends in one of {', '.join(SUFFIXES)}")
    if not path.is_file():
        raise DataError(f"{path}: there is no such file; give the path of a downloaded extract")
    try:
        return _kept(_raw(path, node_keys, keys | node_keys), keys | node_keys)
    except (RuntimeError, OSError, ValueError, EOFError) as why:
        raise DataError(
            f"{path}: cannot be read as OpenStreetMap data ({why}); it is damaged, cut short or of another format: "
            "download it again and see that it opens with an OSM tool"
        ) from why


def _raw(path: Path, node_keys: frozenset[str], keys: frozenset[str]) -> Raw:
    """The file decoded; another format than the binary one is written as that first."""
    wanted = node_keys, keys, keys | {"type"}
    if path.name.lower().endswith(".pbf"):
        try:
            return read_pbf(path, *wanted)
        except OtherFormat:
            pass  # libosmium may know it
    import osmium

    with tempfile.TemporaryDirectory() as folder:
        same = Path(folder) / "same.osm.pbf"
        with osmium.SimpleWriter(str(same)) as writer:
            osmium.apply(str(path), writer)
        return read_pbf(same, *wanted)


def _kept(raw: Raw, keys: frozenset[str]) -> Source:
    from twin.gis.osm.rings import assembled

    places = Places(raw)
    valid = (np.abs(raw.x[raw.spot]) <= 180 / DEGREES) & (np.abs(raw.y[raw.spot]) <= 90 / DEGREES)
    spots = raw.spot[valid]
    chosen = np.flatnonzero(np.diff(raw.way_tags.start) > 0)
    ways, way, clipped = places.lines(chosen)
    rows = np.flatnonzero(raw.relation_tags.has("type", "multipolygon", "boundary"))
    rows = rows[np.diff(raw.relation_tags.take(rows).only(keys).start) > 0]
    rings, ring_area, ring_outer, areas = assembled(raw, rows, places)
    return Source(
        nodes=places.chains(np.arange(len(spots) + 1), spots),
        node_tags=raw.spot_tags.take(valid),
        ways=ways,
        way_id=raw.way[way],
        way_tags=raw.way_tags.take(way),
        rings=rings,
        ring_area=ring_area,
        ring_outer=ring_outer,
        area_id=raw.relation[areas].tolist(),
        area_tags=raw.relation_tags.take(areas).without("type"),
        tried={int(raw.relation[row]): raw.relation_tags[row] for row in rows.tolist()},
        clipped=raw.way[clipped],
        restrictions=restrictions(raw),
    )


class Places:
    """Where the nodes of a file are."""

    def __init__(self, raw: Raw) -> None:
        self._raw = raw
        known = raw.x != NOWHERE
        ascending = bool((np.diff(raw.node) > 0).all())
        self._rows = None if ascending and known.all() else np.flatnonzero(known)
        if self._rows is not None:
            self._rows = self._rows[np.argsort(raw.node[self._rows], kind="stable")]
        self._ids = raw.node if self._rows is None else raw.node[self._rows]

    def rows(self, refs: NDArray[np.int64]) -> Indices:
        """Row of each node id, -1 where the file has it not; of a node that is there twice, the last."""
        if not len(self._ids):
            return np.full(len(refs), -1)
        at = np.searchsorted(self._ids, refs, side="right") - 1
        found = self._ids[at] == refs
        return np.where(found, at if self._rows is None else self._rows[at], -1)

    def chains(self, start: Indices, rows: Indices) -> Chains:
        """Lines along rows of nodes, in degrees."""
        raw = self._raw
        x, y = raw.x[rows].astype(np.float64), raw.y[rows].astype(np.float64)
        return Chains(start, raw.node[rows], x * DEGREES, y * DEGREES)

    def lines(self, ways: Indices) -> tuple[Chains, Indices, Indices]:
        """Lines of ways, the way of each, and the ways of which a vertex is missing.

        A way is broken where a vertex is missing; a vertex that is there twice in a row counts once, and what is left
        with one vertex is no line.
        """
        raw = self._raw
        count = np.diff(raw.ref_start)[ways]
        ref = raw.ref[spans(raw.ref_start[:-1][ways], count)]
        way = np.repeat(ways, count)
        row = self.rows(ref)
        here = row >= 0
        goes_on = np.zeros(len(ref), bool)  # the vertex before is of the same way and has a place
        goes_on[1:] = (way[1:] == way[:-1]) & here[:-1]
        twice = np.zeros(len(ref), bool)
        twice[1:] = goes_on[1:] & (ref[1:] == ref[:-1])
        kept = here & ~twice
        piece = np.cumsum(here & ~goes_on)[kept] - 1
        size = np.bincount(piece)
        long = size > 1
        stays = long[piece]
        start = np.concatenate([[0], np.cumsum(size[long])])
        return self.chains(start, row[kept][stays]), way[kept][stays][start[:-1]], np.unique(way[~here])
