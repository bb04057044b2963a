"""Costs between places that hang on edges, not on nodes: the people's doors and the facilities' gates."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import inf
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.model.network import CLOSED, SCALE, Network
from twin.routing.paths import fixed, sweep

__all__ = ["Reach", "reach"]

_FAR = np.int64(CLOSED)
_SITES = np.int64(2**31 - 1)
_NOWHERE = (_FAR << 31) | _SITES


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
    limit: float = inf,
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
    limit : largest cost that counts, inclusive, in the unit of `cost`; what lies beyond is not reached, and not looked
        at, which is what makes a clause on a service radius quick.
    """
    here, there = _Ends.of(net, places, cost), _Ends.of(net, sites, cost)
    if serving is not None:
        there = there.take(np.flatnonzero(serving[there.row]))
    order = net.graph.memory.of("by edge", (places,), lambda: np.argsort(here.edge, kind="stable"))
    beside = _along_the_edge(here, there, order, outward=outward)
    label, root = sweep(net, _seeds(there, outward=outward), cost=cost, limit=limit, inward=not outward)
    if limit < inf:  # most places lie far from every site
        here = here.take(np.flatnonzero((label[here.tail] < _FAR) | (label[here.head] < _FAR)))
    by_tail = _plus(label[here.tail].astype(np.int64), here.from_start(outward=outward))
    by_head = _plus(label[here.head].astype(np.int64), here.to_end(outward=outward))
    best = np.minimum(_packed(by_tail, root[here.tail]), _packed(by_head, root[here.head]))
    by_row = np.full(count, _NOWHERE)  # a place with several ways in keeps its cheapest
    np.minimum.at(by_row, here.row, _packed(_plus(best >> 31, here.gap), best & _SITES))
    np.minimum.at(by_row, *beside)
    lost = by_row >> 31 > fixed(limit)
    return Reach(np.where(lost, inf, (by_row >> 31) / SCALE), np.where(lost, -1, by_row & _SITES))


@dataclass(frozen=True, eq=False)
class _Ends:
    """Places on edges: their rows, their edges' ends, and the fixed-point costs to both, in either direction."""

    row: NDArray[np.intp]
    edge: NDArray[np.intp]
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
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
            net.graph.tail[edge],
            net.graph.head[edge],
            hung["start"].to_numpy(dtype=float),
            hung["end"].to_numpy(dtype=float),
            forward,
            np.where(net.graph.oneway[edge], _FAR, against),
            np.rint(hung["offset"].to_numpy(dtype=float) * rate * SCALE).astype(np.int64),
        )

    def take(self, some: NDArray[np.intp]) -> _Ends:
        """Some of them, by position."""
        return _Ends(*(getattr(self, field.name)[some] for field in fields(self)))

    def from_start(self, *, outward: bool) -> NDArray[np.int64]:
        """Between the tail and the near end of the place: leaving it goes against the edge, coming to it along."""
        return _share(self.forward if outward else self.backward, self.start)

    def to_end(self, *, outward: bool) -> NDArray[np.int64]:
        """Between the head and the far end of the place."""
        return _share(self.backward if outward else self.forward, 1.0 - self.end)


def _share(cost: NDArray[np.int64], share: NDArray[np.float64]) -> NDArray[np.int64]:
    """Part of an edge's cost; nothing at the very end of an edge, which is a node that other edges leave too."""
    part = np.rint(np.where(cost >= _FAR, 0, cost) * share).astype(np.int64)
    return np.where(share <= 1e-9, 0, np.where(cost >= _FAR, _FAR, part))


def _packed(cost: NDArray[np.int64], site: NDArray[Any]) -> NDArray[np.int64]:
    """Cost (32 bits) and site (31 bits) in one number: the smaller is cheaper or, as cheap, the earlier site."""
    return np.where(cost >= _FAR, _NOWHERE, (cost << 31) | np.asarray(site, dtype=np.int64))


def _plus(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.where((a >= _FAR) | (b >= _FAR), _FAR, np.minimum(a + b, _FAR))


def _seeds(sites: _Ends, *, outward: bool) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.intp]]:
    """Both ends of every site's edge, with the cost between them and the site: the mirror image of a place's."""
    start = np.concatenate([sites.from_start(outward=not outward), sites.to_end(outward=not outward)])
    start = _plus(start, np.concatenate([sites.gap, sites.gap]))
    node = np.concatenate([sites.tail, sites.head])
    row = np.concatenate([sites.row, sites.row])
    usable = start < _FAR
    return node[usable], start[usable], row[usable]


def _along_the_edge(
    places: _Ends, sites: _Ends, order: NDArray[np.intp], *, outward: bool
) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Where a place and a site hang on one edge, going straight there may be cheaper than round by its ends.

    Parameters
    ----------
    order : the places, sorted by edge; there are far more of them than of sites, which are looked up among them.

    Returns
    -------
    (p,) row of the place, and cost and site in one, for every such pair.
    """
    edges = places.edge[order]
    low = np.searchsorted(edges, sites.edge, side="left")
    many = np.searchsorted(edges, sites.edge, side="right") - low
    mine = order[np.repeat(low - np.cumsum(many) + many, many) + np.arange(many.sum())]
    here, far = places.take(mine), sites.take(np.repeat(np.arange(len(many)), many))
    ahead = _share(here.backward if outward else here.forward, np.maximum(far.start - here.end, 0.0))
    behind = _share(here.forward if outward else here.backward, np.maximum(here.start - far.end, 0.0))
    way = np.where(far.start > here.end, ahead, np.where(here.start > far.end, behind, 0))
    way = np.where(here.forward >= _FAR, _FAR, way)
    return here.row, _packed(_plus(way, _plus(far.gap, here.gap)), far.row)
