"""Costs between places that hang on edges, not on nodes: the people's doors and the facilities' gates."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import inf
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.model.network import CLOSED, SCALE, Network
from twin.routing.paths import spread
from twin.routing.prepared import prepared

__all__ = ["Reach", "reach"]

_FAR = np.int64(CLOSED)
_SITES = np.int64(2**31 - 1)
_NOWHERE = (_FAR << 31) | _SITES
_END = 1e-9


@dataclass(frozen=True, eq=False)
class Reach:
    """The nearest site of each place.

    Attributes
    ----------
    cost : (n,) float64, in the unit of the cost; inf where no site can be reached, or the place hangs on nothing.
    site : (n,) int64, row of the site, the first of those at the same cost; -1 where there is none.
    """

    cost: NDArray[np.float64]
    site: NDArray[np.int64]


def reach(
    net: Network,
    places: pd.DataFrame,
    sites: pd.DataFrame,
    *,
    count: int,
    cost: str = "length",
    outward: bool = False,
    serving: NDArray[np.bool_] | None = None,
) -> Reach:
    """Cost between each place and the nearest site, both hung on edges by `City.snap`.

    A place on an edge leaves it by either end, or meets the site on the way; the gap between a place and its edge
    counts on both sides (as length, or as time at the network's `approach` speed). On a closed edge nothing moves.

    Parameters
    ----------
    places, sites : results of `City.snap`; their index is the row in the layer. Sites may have several ways in.
    count : number of rows of the places' layer, and so of the result.
    cost : ``"length"`` [m] or ``"time"`` [s].
    outward : False: people travel to the site; True: the site sends out (fire engine, ambulance).
    serving : which rows of the sites' layer count; all where not given.
    """
    here, there = _Ends.of(net, places, cost), _Ends.of(net, sites, cost)
    if serving is not None:
        there = there.take(np.flatnonzero(serving[there.row]))
    begin = _Doors.of(net, sites, cost, leaving=outward)
    label, root = spread(net, begin.seeds(serving), cost=cost, inward=not outward)
    by_row = np.full(count, _NOWHERE)  # a place with several ways out or in keeps its cheapest
    end = _Doors.of(net, places, cost, leaving=not outward)
    if len(end.row):
        found = _packed(_plus(label[end.position].astype(np.int64), end.cost), root[end.position])
        by_row[end.row[end.first]] = np.minimum.reduceat(found, end.first)
    _along_the_edge(here, there, outward=outward, by_row=by_row)
    lost = by_row >> 31 >= _FAR
    return Reach(np.where(lost, inf, (by_row >> 31) / SCALE), np.where(lost, -1, by_row & _SITES))


@dataclass(frozen=True, eq=False)
class _Ends:
    """Places on edges: their rows, their edges, and the fixed-point costs of these in either direction."""

    row: NDArray[np.intp]
    edge: NDArray[np.intp]
    start: NDArray[np.float64]
    end: NDArray[np.float64]
    forward: NDArray[np.int64]
    backward: NDArray[np.int64]
    gap: NDArray[np.int64]

    @classmethod
    def of(cls, net: Network, hung: pd.DataFrame, cost: str) -> _Ends:
        """From what `City.snap` gave; remembered per network and snap, which fifty clauses share."""
        return net.memory.of(("ends", cost), (hung,), lambda: cls._of(net, hung, cost))

    @classmethod
    def _of(cls, net: Network, hung: pd.DataFrame, cost: str) -> _Ends:
        edge = hung["edge"].to_numpy(dtype=np.intp)
        forward = net.fixed_cost(cost)[edge].astype(np.int64)
        back = f"{cost}_back"
        against = net.fixed_cost(back)[edge].astype(np.int64) if back in net.columns else forward
        rate = 1.0 if cost == "length" else 1.0 / net.approach if cost.startswith("time") else 0.0
        return cls(
            hung.index.to_numpy(dtype=np.intp),
            edge,
            hung["start"].to_numpy(dtype=float),
            hung["end"].to_numpy(dtype=float),
            forward,
            np.where(net.graph.oneway[edge], _FAR, against),
            np.rint(hung["offset"].to_numpy(dtype=float) * rate * SCALE).astype(np.int64),
        )

    def take(self, some: NDArray[np.intp]) -> _Ends:
        """Some of them, by position."""
        return _Ends(*(getattr(self, field.name)[some] for field in fields(self)))


@dataclass(frozen=True, eq=False)
class _Doors:
    """Where places meet the prepared network: positions, with the cost between them and the place.

    One leaves a place for the end of an arc along its edge, and comes to it from where such an arc begins: so the turn
    out of the place's own street is honoured, and the turn into it.
    """

    row: NDArray[np.intp]
    position: NDArray[np.int32]
    cost: NDArray[np.int64]
    first: NDArray[np.intp]  # where the doors of each place begin

    @classmethod
    def of(cls, net: Network, hung: pd.DataFrame, cost: str, *, leaving: bool) -> _Doors:
        return net.memory.of(("doors", cost, leaving), (hung,), lambda: cls._of(net, hung, cost, leaving=leaving))

    @classmethod
    def _of(cls, net: Network, hung: pd.DataFrame, cost: str, *, leaving: bool) -> _Doors:
        ends, ways = _Ends.of(net, hung, cost), prepared(net)
        turn = ways.turns(cost)
        rows, positions, costs = [], [], []
        for backward, at_node, node, share in (
            # an end of an edge is a node, which other edges leave too; else part of the edge is travelled
            (leaving, ends.start <= _END, net.graph.tail[ends.edge], ends.start),
            (not leaving, ends.end >= 1 - _END, net.graph.head[ends.edge], 1 - ends.end),
        ):
            there = np.flatnonzero(at_node)
            rows.append(there)
            positions.append((ways.leave if leaving else ways.arrive)[node[there]])
            costs.append(ends.gap[there])
            whole = ends.backward if backward else ends.forward
            inside = np.flatnonzero(~at_node & (whole < _FAR))
            which, arc = ways.instances(ends.edge[inside], backward=backward)
            where = inside[which]
            rows.append(where)
            positions.append((ways.target if leaving else ways.source)[arc])
            part = np.rint(whole[where] * share[where]).astype(np.int64)
            costs.append(ends.gap[where] + part + (0 if leaving or turn is None else turn[arc]))
        row, position, total = ends.row[np.concatenate(rows)], np.concatenate(positions), np.concatenate(costs)
        order = np.argsort(row, kind="stable")
        row, total = row[order], total[order]
        usable = total < _FAR
        row = row[usable]
        return cls(row, position[order][usable], total[usable], np.flatnonzero(np.diff(row, prepend=-1)))

    def seeds(self, serving: NDArray[np.bool_] | None) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Those of the rows that serve, as seeds of a sweep."""
        some = slice(None) if serving is None else np.flatnonzero(serving[self.row])
        return self.position[some], self.cost[some], self.row[some]


def _share(cost: NDArray[np.int64], share: NDArray[np.float64]) -> NDArray[np.int64]:
    """Part of an edge's cost; nothing of nothing, even where the edge is closed."""
    part = np.rint(np.where(cost >= _FAR, 0, cost) * share).astype(np.int64)
    return np.where(share <= _END, 0, np.where(cost >= _FAR, _FAR, part))


def _packed(cost: NDArray[np.int64], site: NDArray[Any]) -> NDArray[np.int64]:
    """Cost (32 bits) and site (31 bits) in one number: the smaller is cheaper or, as cheap, the earlier site."""
    return np.where(cost >= _FAR, _NOWHERE, (cost << 31) | np.asarray(site, dtype=np.int64))


def _plus(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.where((a >= _FAR) | (b >= _FAR), _FAR, np.minimum(a + b, _FAR))


def _along_the_edge(places: _Ends, sites: _Ends, *, outward: bool, by_row: NDArray[np.int64]) -> None:
    """Where a place and a site hang on one edge, going straight there may be cheaper than round by its ends."""
    order = np.argsort(sites.edge, kind="stable")
    edges = sites.edge[order]
    low = np.searchsorted(edges, places.edge, side="left")
    many = np.searchsorted(edges, places.edge, side="right") - low
    if not many.any():
        return
    mine = np.repeat(np.arange(len(many)), many)
    theirs = order[np.repeat(low - np.concatenate([[0], np.cumsum(many)[:-1]]), many) + np.arange(len(mine))]
    here, far = places.take(mine), sites.take(theirs)
    ahead = _share(here.backward if outward else here.forward, np.maximum(far.start - here.end, 0.0))
    behind = _share(here.forward if outward else here.backward, np.maximum(here.start - far.end, 0.0))
    way = np.where(far.start > here.end, ahead, np.where(here.start > far.end, behind, 0))
    way = np.where(here.forward >= _FAR, _FAR, way)
    np.minimum.at(by_row, here.row, _packed(_plus(way, far.gap + here.gap), far.row))
