"""Squares and platforms: their rims are walkable, and so are the straight lines between the ways that enter them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.gis.osm.access import USE_KEYS, Use, use
from twin.gis.osm.areas import Areas
from twin.gis.osm.source import Chains
from twin.gis.osm.streets import Lines
from twin.gis.osm.tags import Rules, Tags, settings

__all__ = ["across"]

SLACK = 0.01  # a chord may leave its area by this: vertices of a straight side are not exactly in line [m]


def across(lines: Lines, areas: Areas) -> tuple[Lines, list[str]]:
    """Add the rims of squares that are no way of their own, and the chords, to the walkable lines.

    Returns
    -------
    All walkable lines, and what was added or left out.

    Notes
    -----
    An entry is a vertex of the rim where a walkable way leaves the rim. Two entries are joined where the straight line
    between them lies within the area, shortest first, unless the way there along the rim and the lines so far is hardly
    longer (``chords.slack`` of `osm.toml`). A rim without an entry, such as that of a flower bed in the middle, leads
    nowhere and is left out.
    """
    rules = Rules(settings()["squares"])
    said, which = areas.tags.distinct(USE_KEYS | rules.reads)
    uses = [_walked(tags, rules) for tags in said]
    squares = np.flatnonzero(np.array([each is not None for each in uses], bool)[which])
    on_square = np.isin(areas.ring_area, squares)
    rims, owner = areas.rings.take(on_square), areas.ring_area[on_square]
    is_way = np.isin(areas.osm[owner], lines.osm)
    entries = _entries(rims, owner[rims.line], [lines.chains, rims.take(~is_way)])
    entered = np.zeros(len(rims), bool)
    entered[rims.line[entries]] = True
    drawn = np.flatnonzero(entered & ~is_way)
    chains, of = [rims.take(drawn)], [owner[drawn]]
    entry_of = owner[rims.line[entries]]
    for row in np.flatnonzero(np.bincount(entry_of, minlength=1) > 1).tolist():
        mine = np.flatnonzero(owner == row)
        inside = entries[entry_of == row] - rims.start[mine[0]]
        chords = _chords(rims.take(mine), inside, areas.geometry[row])
        chains.append(chords)
        of.append(np.full(len(chords), row))
    rows = np.concatenate(of)
    order = np.argsort(rows, kind="stable")  # of each area its rims and then its chords
    walked = [each for each in uses if each]
    number = np.cumsum(np.array([each is not None for each in uses], bool)) - 1
    drawn_of = rows[order]
    added = Lines(
        _joined(chains).take(order), areas.osm[drawn_of], walked, number[which[drawn_of]], areas.tags.take(drawn_of)
    )
    kept = ~np.isin(lines.osm, areas.osm[np.setdiff1d(owner[is_way], owner[entered])])
    return lines.take(kept) + added, _notes(len(rows) - len(drawn), len(np.setdiff1d(owner, owner[entered])))


def _notes(chords: int, islands: int) -> list[str]:
    notes = []
    if chords:
        notes.append(f"{chords} straight lines across squares and platforms were added to the walk network")
    if islands:
        notes.append(f"{islands} squares and platforms that no walkable way enters were left out of the walk network")
    return notes


def _walked(tags: Tags, rules: Rules) -> Use | None:
    """How people walk on an area; None where they do not."""
    if not rules.first(tags):
        return None
    return use(tags if "place" not in tags else {**tags, "highway": "pedestrian"}, "walk")


def _entries(rims: Chains, area: NDArray[np.intp], lines: list[Chains]) -> NDArray[np.intp]:
    """Vertices of areas' rims, each node once an area, from which a line leads on that is no part of the area's rims.

    Parameters
    ----------
    area : (v,) area of each vertex of the rims.
    lines : all that can be walked, the rims among it.
    """
    refs, node = np.unique(rims.ref, return_inverse=True)
    known = np.concatenate([refs, *(each.ref for each in lines)])
    ids, number = np.unique(known, return_inverse=True)  # one number a node, for pairs of nodes as one number
    count = np.int64(len(ids))
    cuts = np.cumsum([len(refs), *(len(each.ref) for each in lines)])[:-1]
    ours, *theirs = np.split(number, cuts)
    on_rim = np.zeros(len(ids), bool)
    on_rim[ours] = True
    steps = [_steps(each.start, at, on_rim) for each, at in zip(lines, theirs, strict=True)]
    leads = np.unique(np.concatenate([a * count + b for a, b in steps]))  # all ways on from nodes of rims
    many = np.bincount(leads // count, minlength=len(ids))
    spots, last = _last(area * count + ours[node])  # each node of each area, by area and id
    a, b, of = _steps(rims.start, ours[node], on_rim, area)
    along = np.unique(np.column_stack([of * count + a, b]), axis=0)  # of them, those along the area's own rims
    known_lead = np.isin(along[:, 0] % count * count + along[:, 1], leads)
    own = np.bincount(np.searchsorted(spots, along[known_lead, 0]), minlength=len(spots))
    entries: NDArray[np.intp] = last[many[spots % count] > own]
    return entries


def _last(of: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """Distinct values, ascending, and where each occurs last."""
    found, first = np.unique(of[::-1], return_index=True)
    return found, len(of) - 1 - first


def _steps(
    start: NDArray[np.intp], node: NDArray[np.int64], wanted: NDArray[np.bool_], *beside: NDArray[Any]
) -> tuple[NDArray[Any], ...]:
    """Steps from node to node, there and back, that begin at wanted nodes: from, to, and what stands beside it."""
    inside = np.ones(max(len(node) - 1, 0), bool)
    inside[start[1:-1] - 1] = False  # from a line's end to the next line's start
    at = np.flatnonzero(inside)
    begin, end = np.concatenate([at, at + 1]), np.concatenate([at + 1, at])
    chosen = wanted[node[begin]]
    begin, end = begin[chosen], end[chosen]
    return (node[begin], node[end], *(each[begin] for each in beside))


def _chords(rims: Chains, entries: NDArray[np.intp], area: shapely.Geometry) -> Chains:
    """Straight lines between the entries of one area, as few as are needed."""
    limits = settings()["chords"]
    entries = entries[:: max(1, math.ceil(len(entries) / limits["entries"]))]
    x, y = rims.x[entries], rims.y[entries]
    a, b = np.triu_indices(len(entries), 1)
    cost = np.hypot(x[a] - x[b], y[a] - y[b])
    room = shapely.buffer(area, SLACK)
    shapely.prepare(room)
    ends = np.column_stack([a, b])
    inside = shapely.covers(room, shapely.linestrings(np.stack([x[ends], y[ends]], axis=-1)))
    ends, cost = ends[inside], cost[inside]
    around = _around(rims, entries)
    needed = []
    for pair in np.argsort(cost, kind="stable"):
        one, other = ends[pair]
        if around[one, other] > cost[pair] * (1 + limits["slack"]):
            needed.append(pair)
            over = np.minimum(around[:, one, None] + around[other], around[:, other, None] + around[one]) + cost[pair]
            np.minimum(around, over, out=around)
    chosen = entries[ends[np.array(needed, np.intp)]]
    start = np.arange(0, chosen.size + 1, 2, dtype=np.intp)
    return Chains(start, rims.ref[chosen].ravel(), rims.x[chosen].ravel(), rims.y[chosen].ravel())


def _around(rims: Chains, entries: NDArray[np.intp]) -> NDArray[np.float64]:
    """Way between entries along the rims, infinite from one rim to another [m]."""
    step = np.hypot(np.diff(rims.x), np.diff(rims.y))
    run = np.concatenate([[0.0], np.cumsum(step)])
    ring = rims.line[entries]
    whole = (run[rims.start[1:] - 1] - run[rims.start[:-1]])[ring]
    direct = np.abs(run[entries][:, None] - run[entries])
    return np.where(ring[:, None] == ring, np.minimum(direct, whole[:, None] - direct), np.inf)


def _joined(parts: list[Chains]) -> Chains:
    """Many chains as one, at one go."""
    counts = np.concatenate([np.zeros(1, np.intp), *(np.diff(each.start) for each in parts)])
    empty = np.zeros(0)
    return Chains(
        np.cumsum(counts),
        np.concatenate([np.zeros(0, np.int64), *(each.ref for each in parts)]),
        np.concatenate([empty, *(each.x for each in parts)]),
        np.concatenate([empty, *(each.y for each in parts)]),
    )
