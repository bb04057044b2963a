"""Rings of relations: libosmium assembles them from the ways of each, and from nothing else."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
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
    text, nodes, tried, doubtful = _file(raw, rows, places)
    shapes, area, refs = list[str](), list[int](), dict[int, list[int]]()
    if len(tried):
        import osmium

        buffer, to_wkb = osmium.io.FileBuffer(text, "opl"), osmium.geom.WKBFactory()
        only = osmium.filter.EntityFilter(osmium.osm.AREA)
        found: Any
        for found in osmium.FileProcessor(buffer).with_locations().with_areas().with_filter(only):
            if not found.from_way() and found.num_rings()[0]:  # what cannot be assembled comes without rings
                if doubtful[found.orig_id() - 1]:
                    refs[len(area)] = _refs(found)
                shapes.append(to_wkb.create_multipolygon(found))
                area.append(found.orig_id() - 1)
    polygons, of = shapely.get_parts(shapely.from_wkb(np.array(shapes, object)), return_index=True)
    rings, ring_of = shapely.get_rings(polygons, return_index=True)
    outer = np.ones(len(rings), bool)
    outer[1:] = ring_of[1:] != ring_of[:-1]
    start = np.concatenate([[0], np.cumsum(shapely.get_num_coordinates(rings))])
    x, y = np.rint(shapely.get_coordinates(rings).T * 1e7).astype(np.int64)
    codes, first = np.unique(_code(raw.x[nodes], raw.y[nodes]), return_index=True)
    row = nodes[first[np.searchsorted(codes, _code(x, y))]]
    vertex_of = np.repeat(of[ring_of], np.diff(start))
    for which, numbers in refs.items():
        row[vertex_of == which] = nodes[np.array(numbers, np.intp) - 1]
    return places.chains(start, row), of[ring_of], outer, tried[np.array(area, np.intp)]


def _code(x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.int64]:
    """A place as one number."""
    code: NDArray[np.int64] = y.astype(np.int64) * 2**32 + x
    return code


def _refs(area: Any) -> list[int]:
    """Numbers of the nodes along the rings of an area: slow, and the only way to tell nodes at one place apart."""
    found = []
    for outer in area.outer_rings():
        for ring in (outer, *area.inner_rings(outer)):
            refs = [vertex.ref for vertex in ring]
            found += [ref for ref, before in zip(refs, [0, *refs], strict=False) if ref != before]
    return found


def _file(raw: Raw, rows: Indices, places: Places) -> tuple[bytes, Indices, Indices, NDArray[np.bool_]]:
    """The relations of which all ways and nodes are there, as a file in the line format.

    Returns
    -------
    The file; the rows of its nodes; those of its relations; the relations with a vertex at which several nodes are.
    """
    rows = rows if len(raw.way) else rows[:0]
    way, owner = _members(raw, rows)
    ways, told = np.unique(way, return_inverse=True)
    size = np.where(ways < 0, 0, np.diff(raw.ref_start)[ways])
    row = places.rows(raw.ref[spans(raw.ref_start[:-1][ways], size)])
    of = np.repeat(np.arange(len(ways)), size)
    lost = ways < 0
    lost[of[row < 0]] = True  # libosmium assembles nothing of a way that leaves the extract
    whole = np.bincount(owner, minlength=len(rows)) > 0
    whole[owner[lost[told]]] = False
    stays = whole[owner]
    owner, told = (np.cumsum(whole) - 1)[owner[stays]], told[stays]
    used, told = np.unique(told, return_inverse=True)
    kept = np.isin(of, used)
    nodes, number = np.unique(row[kept], return_inverse=True)
    _, at, count = np.unique(_code(raw.x[nodes], raw.y[nodes]), return_inverse=True, return_counts=True)
    shares = np.zeros(len(used), bool)
    shares[np.searchsorted(used, of[kept][count[at][number] > 1])] = True
    doubtful = np.bincount(owner, weights=shares[told], minlength=int(whole.sum())) > 0
    start = np.concatenate([[0], np.cumsum(size[used])])
    text = _lines(raw, nodes, (start, number), (np.searchsorted(owner, np.arange(int(whole.sum()) + 1)), told))
    return text, nodes, rows[whole], doubtful


def _members(raw: Raw, rows: Indices) -> tuple[Indices, Indices]:
    """Rows of the ways of relations, -1 where the file has them not, and of each the position of its relation."""
    count = np.diff(raw.member_start)[rows]
    member = spans(raw.member_start[:-1][rows], count)
    owner = np.repeat(np.arange(len(rows)), count)
    is_way = raw.member_kind[member] == WAY
    member, owner = raw.member[member[is_way]], owner[is_way]
    order = np.argsort(raw.way, kind="stable")
    if not len(member):
        return np.zeros(0, np.intp), owner
    way = order[np.minimum(np.searchsorted(raw.way, member, sorter=order), len(order) - 1)]
    return np.where(raw.way[way] == member, way, -1), owner


def _lines(raw: Raw, nodes: Indices, ways: tuple[Indices, Indices], relations: tuple[Indices, Indices]) -> bytes:
    """The file: its nodes, its ways as starts and nodes, its relations as starts and ways."""
    places = zip(raw.x[nodes].tolist(), raw.y[nodes].tolist(), strict=True)
    lines = [f"n{n} x{x / 1e7:.7f} y{y / 1e7:.7f}" for n, (x, y) in enumerate(places, 1)]
    vertices = [f"n{each + 1}" for each in ways[1].tolist()]
    lines += [f"w{n} N" + ",".join(vertices[a:b]) for n, (a, b) in enumerate(pairwise(ways[0].tolist()), 1)]
    members = [f"w{each + 1}@" for each in relations[1].tolist()]
    spans_of = enumerate(pairwise(relations[0].tolist()), 1)
    lines += [f"r{n} Ttype=multipolygon M" + ",".join(members[a:b]) for n, (a, b) in spans_of]
    return "\n".join([*lines, ""]).encode()
