"""Costs between places that hang on edges, not on nodes: the people's doors and the facilities' gates."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.model.network import CLOSED, SCALE, Network
from twin.routing.paths import sweep

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
    net: Network, places: pd.DataFrame, sites: pd.DataFrame, *, count: int, cost: str = "length", outward: bool = False
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
    """
    label, root = sweep(net, _seeds(net, sites, cost, outward=outward), cost=cost, inward=not outward)
    here = _Ends(net, places, cost)
    by_tail = _plus(label[here.tail].astype(np.int64), here.from_start(outward=outward))
    by_head = _plus(label[here.head].astype(np.int64), here.to_end(outward=outward))
    best = np.minimum(_packed(by_tail, root[here.tail]), _packed(by_head, root[here.head]))
    _along_the_edge(net, places, sites, cost, outward=outward, best=best)
    by_row = np.full(count, _NOWHERE)  # a place with several ways in keeps its cheapest
    rows = places.index.to_numpy(dtype=np.intp)
    np.minimum.at(by_row, rows, _packed(_plus(best >> 31, here.gap), best & _SITES))
    lost = by_row >> 31 >= _FAR
    return Reach(np.where(lost, inf, (by_row >> 31) / SCALE), np.where(lost, -1, by_row & _SITES))


class _Ends:
    """Fixed-point costs from places on edges to both ends, in either direction of travel."""

    def __init__(self, net: Network, hung: pd.DataFrame, cost: str) -> None:
        edge = hung["edge"].to_numpy(dtype=np.intp)
        self.tail, self.head = net.graph.tail[edge], net.graph.head[edge]
        self.start, self.end = hung["start"].to_numpy(dtype=float), hung["end"].to_numpy(dtype=float)
        self.forward = net.fixed_cost(cost)[edge].astype(np.int64)
        back = f"{cost}_back"
        against = net.fixed_cost(back)[edge].astype(np.int64) if back in net.columns else self.forward
        self.backward = np.where(net.graph.oneway[edge], _FAR, against)
        rate = 1.0 if cost == "length" else 1.0 / net.approach if cost.startswith("time") else 0.0
        self.gap = np.rint(hung["offset"].to_numpy(dtype=float) * rate * SCALE).astype(np.int64)

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


def _seeds(
    net: Network, sites: pd.DataFrame, cost: str, *, outward: bool
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]:
    """Both ends of every site's edge, with the cost between them and the site: the mirror image of a place's."""
    ends = _Ends(net, sites, cost)
    start = np.concatenate([ends.from_start(outward=not outward), ends.to_end(outward=not outward)])
    start = _plus(start, np.concatenate([ends.gap, ends.gap]))
    node = np.concatenate([ends.tail, ends.head])
    row = np.concatenate([sites.index.to_numpy()] * 2)
    usable = start < _FAR
    return node[usable], start[usable], row[usable]


def _along_the_edge(
    net: Network,
    places: pd.DataFrame,
    sites: pd.DataFrame,
    cost: str,
    *,
    outward: bool,
    best: NDArray[np.int64],
) -> None:
    """Where a place and a site hang on one edge, going straight there may be cheaper than round by its ends."""
    there = sites.assign(site=sites.index).sort_values("edge", kind="stable")
    edges = there["edge"].to_numpy()
    low = np.searchsorted(edges, places["edge"].to_numpy(), side="left")
    high = np.searchsorted(edges, places["edge"].to_numpy(), side="right")
    many = high - low
    if not many.any():
        return
    mine = np.repeat(np.arange(len(places)), many)
    theirs = np.repeat(low - np.concatenate([[0], np.cumsum(many)[:-1]]), many) + np.arange(len(mine))
    here = _Ends(net, places.iloc[mine], cost)
    far = _Ends(net, there.iloc[theirs], cost)
    ahead = _share(here.backward if outward else here.forward, np.maximum(far.start - here.end, 0.0))
    behind = _share(here.forward if outward else here.backward, np.maximum(here.start - far.end, 0.0))
    way = np.where(far.start > here.end, ahead, np.where(here.start > far.end, behind, 0))
    way = np.where(here.forward >= _FAR, _FAR, way)
    np.minimum.at(best, mine, _packed(_plus(way, far.gap), there["site"].to_numpy()[theirs]))
