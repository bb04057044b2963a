"""Rings of relations: libosmium assembles them from the ways of each, and from nothing else."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from twin.gis.osm.pbf import Raw
from twin.gis.osm.tagged import spans

if TYPE_CHECKING:
    from twin.gis.osm.source import Chains, Places

__all__ = ["assembled"]

Indices = NDArray[np.intp]
WAY = 1


def assembled(raw: Raw, rows: Indices, places: Places) -> tuple[Chains, Indices, NDArray[np.bool_], Indices]:
    """Assemble the relations of some rows.

    Returns
    -------
    Their rings, an outer ring before those that lie in it; of each ring the position among the assembled relations and
    whether it is an outer one; the rows of the relations that could be assembled.

    Notes
    -----
    libosmium gets a file in memory of the ways that the complete relations have, with numbers from 1 for nodes, ways
    and relations: their order decides where a ring begins, and it is that of the file.
    """
    text, nodes, tried = _file(raw, rows, places)
    ring_row, ring_start, ring_outer, area = array("q"), array("q", [0]), array("b"), array("q")
    if len(tried):
        import osmium

        buffer = osmium.io.FileBuffer(text, "opl")
        only = osmium.filter.EntityFilter(osmium.osm.AREA)
        for found in osmium.FileProcessor(buffer).with_locations().with_areas().with_filter(only):
            if found.from_way():
                continue
            before = len(ring_outer)
            for outer in found.outer_rings():
                for ring in (outer, *found.inner_rings(outer)):
                    last = 0
                    for vertex in ring:
                        ref = vertex.ref
                        if ref != last:
                            ring_row.append(ref)
                            last = ref
                    ring_start.append(len(ring_row))
                    ring_outer.append(ring is outer)
            if len(ring_outer) > before:  # what cannot be assembled comes without rings
                area.extend([found.orig_id()] * (len(ring_outer) - before))
    owner = np.array(area, np.intp)
    areas, first, inverse = np.unique(owner, return_index=True, return_inverse=True)
    order = np.argsort(first)  # as they were completed
    rank = np.empty(len(order), np.intp)
    rank[order] = np.arange(len(order))
    rings = places.chains(np.array(ring_start, np.intp), nodes[np.array(ring_row, np.intp) - 1])
    return rings, rank[inverse], np.array(ring_outer, bool), tried[areas[order] - 1]


def _file(raw: Raw, rows: Indices, places: Places) -> tuple[bytes, Indices, Indices]:
    """The relations of which all ways are there, as a file in the line format; rows of its nodes and of its relations."""
    count = np.diff(raw.member_start)[rows]
    member = spans(raw.member_start[:-1][rows], count)
    owner = np.repeat(np.arange(len(rows)), count)
    is_way = raw.member_kind[member] == WAY
    member, owner = member[is_way], owner[is_way]
    order = np.argsort(raw.way, kind="stable")
    at = np.searchsorted(raw.way, raw.member[member], sorter=order)
    way = order[np.minimum(at, len(order) - 1)] if len(order) else np.zeros(len(member), np.intp)
    missing = (raw.way[way] != raw.member[member]) if len(order) else np.ones(len(member), bool)
    whole = np.bincount(owner, minlength=len(rows)) > 0
    whole[owner[missing]] = False
    stays = whole[owner]
    owner, way = (np.cumsum(whole) - 1)[owner[stays]], way[stays]
    ways = np.unique(way)
    size = np.diff(raw.ref_start)[ways]
    row = places.rows(raw.ref[spans(raw.ref_start[:-1][ways], size)])
    nodes = np.unique(row[row >= 0])
    number = (np.searchsorted(nodes, row) + 1).tolist()
    here = (row >= 0).tolist()
    lines = [f"n{n} x{x / 1e7:.7f} y{y / 1e7:.7f}" for n, (x, y) in enumerate(zip(raw.x[nodes].tolist(), raw.y[nodes].tolist(), strict=True), 1)]
    begin = 0
    for n, long in enumerate(size.tolist(), 1):
        span = range(begin, begin + long)
        lines.append(f"w{n} N" + ",".join([f"n{number[i]}" for i in span if here[i]]))
        begin += long
    told = np.searchsorted(ways, way) + 1
    cuts = np.searchsorted(owner, np.arange(int(whole.sum()) + 1))
    for n in range(len(cuts) - 1):
        members = ",".join([f"w{each}@" for each in told[cuts[n] : cuts[n + 1]].tolist()])
        lines.append(f"r{n + 1} Ttype=multipolygon M{members}")
    return "\n".join([*lines, ""]).encode(), nodes, rows[whole]
