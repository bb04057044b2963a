"""Squares and platforms: their rims are walkable, and so are the straight lines between the ways that enter them."""

from __future__ import annotations

import math

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

Neighbours = dict[int, set[int]]


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
    beside = _neighbours([lines.chains, rims.take(~is_way)], np.unique(rims.ref))
    rows: list[int] = []
    chains: list[Chains] = []
    entered = np.zeros(len(rims), bool)
    for row in squares.tolist():
        mine = np.flatnonzero(owner == row)
        entries = _entries(rims.take(mine), beside)
        entered[mine] = np.bincount(rims.take(mine).line[entries], minlength=len(mine)) > 0
        drawn = mine[entered[mine] & ~is_way[mine]]
        chords = _chords(rims.take(mine), entries, areas.geometry[row])
        chains += [rims.take(drawn), chords]
        rows += [row] * (len(drawn) + len(chords))
    drawn_of = np.array(rows, np.intp)
    walked = [each for each in uses if each]
    number = np.cumsum(np.array([each is not None for each in uses], bool)) - 1
    added = Lines(
        _joined(chains), areas.osm[drawn_of], walked, number[which[drawn_of]], areas.tags.take(drawn_of)
    )
    kept = ~np.isin(lines.osm, areas.osm[np.setdiff1d(owner[is_way], owner[entered])])
    count = len(rows) - int((entered & ~is_way).sum())
    return lines.take(kept) + added, _notes(count, len(np.setdiff1d(owner, owner[entered])))


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


def _neighbours(parts: list[Chains], refs: NDArray[np.int64]) -> Neighbours:
    """Of each of `refs`, the nodes that lines go to from there."""
    found: Neighbours = {int(ref): set() for ref in refs}
    for chains in parts:
        inside = np.ones(max(len(chains.ref) - 1, 0), bool)
        inside[chains.start[1:-1] - 1] = False  # from a line's end to the next line's start
        a, b = chains.ref[:-1][inside], chains.ref[1:][inside]
        for one, other in ((a, b), (b, a)):
            on_rim = np.isin(one, refs)
            for ref, to in zip(one[on_rim].tolist(), other[on_rim].tolist(), strict=True):
                found[ref].add(to)
    return found


def _entries(rims: Chains, beside: Neighbours) -> NDArray[np.intp]:
    """Vertices of an area's rims, each node once, where a way leaves the rims."""
    along = _neighbours([rims], np.unique(rims.ref))
    place = {int(ref): row for row, ref in enumerate(rims.ref)}
    return np.array([place[ref] for ref in along if beside[ref] - along[ref]], np.intp)


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
