"""Squares and platforms: their rims are walkable, and so are the straight lines between the ways that enter them."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.gis.osm.access import Use, use
from twin.gis.osm.areas import Areas
from twin.gis.osm.source import Chains
from twin.gis.osm.streets import Lines
from twin.gis.osm.tags import Rules, Tags, settings

__all__ = ["across"]

SLACK = 0.01  # a chord may leave its area by this: vertices of a straight side are not exactly in line [m]


def across(lines: Lines, areas: Areas) -> tuple[Lines, int]:
    """What squares add to the walkable lines: rims that are no way of their own yet, and chords.

    Returns
    -------
    The added lines, and the number of chords.

    Notes
    -----
    An entry is a vertex of the rim where a walkable way leaves the rim. Two entries are joined where the straight line
    between them lies within the area. Where there are more than ``chords.entries`` of them, each is joined to its
    nearest ones only (`osm.toml`).
    """
    rules = Rules(settings()["squares"])
    uses = {row: found for row in range(len(areas)) if (found := _walked(areas.tags[row], rules))}
    on_square = np.isin(areas.ring_area, np.fromiter(uses, np.intp, len(uses)))
    rims, owner = areas.rings.take(on_square), areas.ring_area[on_square]
    new = ~np.isin(areas.osm[owner], lines.osm)
    added = rims.take(new)
    beside = _neighbours([lines.chains, added], np.unique(rims.ref))
    rows, chains = owner[new].tolist(), [added]
    for row in uses:
        chords = _chords(rims.take(owner == row), areas.geometry[row], beside)
        rows += [row] * len(chords)
        chains.append(chords)
    count = len(rows) - len(added)
    joined = Chains(
        np.concatenate([[0], np.cumsum(np.concatenate([np.diff(each.start) for each in chains]))]).astype(np.intp),
        *(np.concatenate([getattr(each, name) for each in chains]) for name in ("ref", "x", "y")),
    )
    return Lines(joined, areas.osm[rows], [uses[row] for row in rows], [areas.tags[row] for row in rows]), count


def _walked(tags: Tags, rules: Rules) -> Use | None:
    """How people walk on an area; None where they do not."""
    if not rules.first(tags):
        return None
    return use(tags if "place" not in tags else {**tags, "highway": "pedestrian"}, "walk")


def _neighbours(parts: list[Chains], refs: NDArray[np.int64]) -> dict[int, set[int]]:
    """Of each of `refs`, the nodes that lines go to from there."""
    found: dict[int, set[int]] = {int(ref): set() for ref in refs}
    for chains in parts:
        inside = np.ones(max(len(chains.ref) - 1, 0), bool)
        inside[chains.start[1:-1] - 1] = False  # from a line's end to the next line's start
        a, b = chains.ref[:-1][inside], chains.ref[1:][inside]
        for one, other in ((a, b), (b, a)):
            on_rim = np.isin(one, refs)
            for ref, to in zip(one[on_rim].tolist(), other[on_rim].tolist(), strict=True):
                found[ref].add(to)
    return found


def _chords(rims: Chains, area: shapely.Geometry, beside: dict[int, set[int]]) -> Chains:
    """Straight lines between the entries of one area."""
    along = _neighbours([rims], np.unique(rims.ref))
    place = {int(ref): row for row, ref in enumerate(rims.ref)}
    entries = np.array([place[ref] for ref in along if beside[ref] - along[ref]], np.intp)
    a, b = _pairs(rims.x[entries], rims.y[entries])
    a, b = entries[a], entries[b]
    apart = [rims.ref[j] not in along[int(rims.ref[i])] for i, j in zip(a, b, strict=True)]
    a, b = a[apart], b[apart]
    ends = np.column_stack([a, b]).ravel()
    if len(ends):
        chords = shapely.linestrings(rims.x[ends], rims.y[ends], indices=np.repeat(np.arange(len(a)), 2))
        room = shapely.buffer(area, SLACK)
        shapely.prepare(room)
        ends = ends.reshape(-1, 2)[shapely.covers(room, chords)].ravel()
    start = np.arange(0, len(ends) + 1, 2, dtype=np.intp)
    return Chains(start, rims.ref[ends], rims.x[ends], rims.y[ends])


def _pairs(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs of entries to be joined, each once."""
    limits = settings()["chords"]
    if len(x) <= limits["entries"]:
        one, other = np.triu_indices(len(x), 1)
        return one, other
    apart = np.hypot(x[:, None] - x[None, :], y[:, None] - y[None, :])
    near = np.argsort(apart, axis=1, kind="stable")[:, 1 : limits["nearest"] + 1]
    pairs = np.column_stack([np.repeat(np.arange(len(x)), near.shape[1]), near.ravel()])
    once = np.unique(np.sort(pairs, axis=1), axis=0)
    return once[:, 0], once[:, 1]
