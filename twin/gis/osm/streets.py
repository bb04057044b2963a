"""Lines to a network: split where ways meet, one edge a stretch between two junctions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray

from twin.gis.osm.access import Use, is_bridge, is_tunnel
from twin.gis.osm.ground import Ground
from twin.gis.osm.source import Chains
from twin.gis.osm.tagged import Tagged, spans
from twin.gis.osm.tags import Tags, length, level, number, text

__all__ = ["Lines", "Streets", "build"]

NAN = float("nan")
Indices = NDArray[np.intp]
#: keys of how a street is built
BUILT_KEYS = ("lanes", "lanes:forward", "lanes:backward", "lanes:both_ways", "width", "bridge", "tunnel", "layer")


@dataclass(frozen=True)
class Streets:
    """One network.

    Parameters
    ----------
    ids : (n,) OSM node id of each network node; the far side of a barrier that cuts a street has its id negated.
    x, y : (n,) [m] in the extract's CRS.
    turns : forbidden turns: `from_edge` and `to_edge` (rows of the edges), `node` (position) and `cost` [s], infinite.
    edges : one row a stretch between two junctions, with the columns of ``[edges]`` in the schema but for `open` and
        `capacity`, and `osm`, the way's id (that of a square mapped as a relation is negated).
    """

    ids: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    edges: gpd.GeoDataFrame
    turns: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True)
class Lines:
    """Ways of one mode, before they are split: their vertices, ids, which of the `uses` is theirs, and their tags."""

    chains: Chains
    osm: NDArray[np.int64]
    uses: list[Use]
    use: Indices
    tags: Tagged

    def take(self, rows: NDArray[np.bool_]) -> Lines:
        """Some of the lines."""
        at = np.flatnonzero(rows)
        return Lines(self.chains.take(at), self.osm[at], self.uses, self.use[at], self.tags.take(at))

    def __add__(self, other: Lines) -> Lines:
        osm = np.concatenate([self.osm, other.osm])
        use = np.concatenate([self.use, other.use + len(self.uses)])
        return Lines(self.chains + other.chains, osm, self.uses + other.uses, use, self.tags + other.tags)


@dataclass(frozen=True)
class _Cuts:
    """Where lines are cut: edge *i* has the vertices ``first[i]`` to ``last[i]`` and the nodes `tail` and `head`."""

    first: Indices
    last: Indices
    tail: NDArray[np.int64]
    head: NDArray[np.int64]


def build(lines: Lines, barriers: NDArray[np.int64], ground: Ground, crs: pyproj.CRS) -> tuple[Streets, int]:
    """Split lines at their junctions.

    A junction is a node that is visited twice or more, by several ways or by one that crosses itself, or at which a
    way ends. A loop that comes back to its own start is cut in three, so that none of its stretches is parallel to
    another. At a barrier between two stretches the street falls apart.

    Parameters
    ----------
    barriers : ids of nodes that stop this mode.
    ground : how the map stretches the ground; lengths are those on the ground.

    Returns
    -------
    The network, and how many barriers cut it.
    """
    backwards = _bools([each.direction < 0 for each in lines.uses])[lines.use]
    chains = lines.chains.take(np.arange(len(backwards)), backwards)
    cuts, stopped = _cut(chains, barriers)
    ids, where, nodes = np.unique(np.concatenate([cuts.tail, cuts.head]), return_index=True, return_inverse=True)
    vertex = np.concatenate([cuts.first, cuts.last])[where]
    run = _run(chains, ground)
    edges = gpd.GeoDataFrame(
        {"tail": nodes[: len(cuts.tail)].astype(np.int64), "head": nodes[len(cuts.tail) :].astype(np.int64)}
        | _columns(lines, chains, cuts, run),
        geometry=_geometry(chains, cuts),
        crs=crs,
    )
    return Streets(ids, chains.x[vertex], chains.y[vertex], edges), stopped


def _cut(chains: Chains, barriers: NDArray[np.int64]) -> tuple[_Cuts, int]:
    ref = chains.ref
    starts, ends = np.zeros(len(ref), bool), np.zeros(len(ref), bool)
    starts[chains.start[:-1]] = True
    ends[chains.start[1:] - 1] = True
    _, node, visits = np.unique(ref, return_inverse=True, return_counts=True)
    cut = starts | ends | (visits[node] > 1)
    leaving, arriving = ref.copy(), ref.copy()
    stopped = 0
    if len(barriers) and (not len(ref) or ref.min() > 0):
        stopped = _fall_apart(ref, starts | ends, np.isin(ref, barriers), (cut, leaving, arriving))
    first, last = _stretches(cut, ends)
    _cut_loops(cut, first, last, leaving[first] == arriving[last])
    first, last = _stretches(cut, ends)
    return _Cuts(first, last, leaving[first], arriving[last]), stopped


def _fall_apart(
    ref: NDArray[np.int64], tips: NDArray[np.bool_], barred: NDArray[np.bool_], marks: tuple[NDArray[Any], ...]
) -> int:
    """Give the far side of each barrier between two stretches a node of its own; how many barriers that were.

    A barrier where more than two stretches meet is left alone: it cannot be told which of them it closes.
    """
    cut, leaving, arriving = marks
    at = np.flatnonzero(barred)
    nodes, visit, count = np.unique(ref[at], return_inverse=True, return_counts=True)
    touching = np.bincount(visit, weights=np.where(tips[at], 1, 2), minlength=len(nodes))
    along = at[((touching == 2) & (count == 1))[visit]]  # within one way
    cut[along] = True
    leaving[along] = -ref[along]
    met = np.flatnonzero((touching == 2) & (count == 2))  # where two ways meet end to end
    order = np.argsort(visit, kind="stable")
    second = at[order[np.searchsorted(visit[order], met) + 1]]
    leaving[second] = arriving[second] = -ref[second]
    return len(along) + len(second)


def _stretches(cut: NDArray[np.bool_], ends: NDArray[np.bool_]) -> tuple[Indices, Indices]:
    """First and last vertex of each stretch between two cuts of a line."""
    at = np.flatnonzero(cut)
    goes_on = ~ends[at]
    return at[goes_on], at[np.flatnonzero(goes_on) + 1]


def _cut_loops(cut: NDArray[np.bool_], first: Indices, last: Indices, loop: NDArray[np.bool_]) -> None:
    """Cut stretches that come back to their own start at a third and two thirds of their vertices."""
    begin, steps = first[loop], (last - first)[loop]
    cut[begin + steps // 3 + (steps == 2)] = True
    cut[begin + 2 * steps // 3] = True


def _run(chains: Chains, ground: Ground) -> NDArray[np.float64]:
    """Way from the very first vertex to each, on the ground [m]; only differences within a line mean something."""
    if not len(chains.ref):
        return np.zeros(0)
    _, where, node = np.unique(chains.ref, return_index=True, return_inverse=True)
    scale = ground.length_scale(chains.x[where], chains.y[where])[node]
    step = np.hypot(np.diff(chains.x), np.diff(chains.y)) * 2 / (scale[1:] + scale[:-1])
    step[chains.start[1:-1] - 1] = 0.0  # from a line's end to the next line's start
    return np.concatenate([[0.0], np.cumsum(step)])


def _geometry(chains: Chains, cuts: _Cuts) -> NDArray[np.object_]:
    count = cuts.last - cuts.first + 1
    edge = np.repeat(np.arange(len(count)), count)
    vertex = spans(cuts.first, count)
    if not len(count):
        return np.empty(0, object)
    lines: NDArray[np.object_] = shapely.linestrings(chains.x[vertex], chains.y[vertex], indices=edge)
    return lines


def _columns(lines: Lines, chains: Chains, cuts: _Cuts, run: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
    """Columns of the edges, in the schema's order."""
    row = np.searchsorted(chains.start, cuts.first, side="right") - 1
    metres = run[cuts.last] - run[cuts.first]
    whole = run[chains.start[1:] - 1] - run[chains.start[:-1]]
    uses, use = lines.uses, lines.use
    pace, ride = _floats([each.speed for each in uses])[use], _floats([each.duration for each in uses])[use]
    pace = np.where((ride > 0) & (whole > 0), whole / np.where(ride > 0, ride, 1.0), pace)[row]
    used = use[row]
    said, which = lines.tags.distinct(BUILT_KEYS)
    built = which[row]
    name = lines.tags.each(lambda tags: text(tags.get("name")), ["name"])
    return {
        "length": metres,
        "time": metres / pace,
        "oneway": _bools([each.direction != 0 for each in uses])[used],
        "name": name[row],
        "class": _texts([each.kind for each in uses])[used],
        "speed": pace,
        "lanes": _floats([_lanes(each) for each in said])[built],
        "width": _floats([length(each.get("width"), most=200) for each in said])[built],
        "bridge": _bools([is_bridge(each) for each in said])[built],
        "tunnel": _bools([is_tunnel(each) for each in said])[built],
        "level": np.array([level(each.get("layer")) for each in said], np.int64)[built],
        "fixed": _bools([each.fixed for each in uses])[used],
        "estimated": _bools([each.estimated for each in uses])[used],
        "osm": lines.osm[row],
    }


def _lanes(tags: Tags) -> float:
    """Lanes of all directions together; NaN where not tagged."""
    told = number(tags.get("lanes"), most=30)
    parts = [number(tags.get(f"lanes:{way}"), most=30) for way in ("forward", "backward", "both_ways")]
    return told if told >= 0 or not any(each >= 0 for each in parts) else sum(each for each in parts if each >= 0)


def _floats(of: list[float]) -> NDArray[np.float64]:
    return np.array(of, np.float64)


def _bools(of: list[bool]) -> NDArray[np.bool_]:
    return np.array(of, bool)


def _texts(of: list[str]) -> NDArray[np.object_]:
    return np.array(of, object)
