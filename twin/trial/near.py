"""Clauses that ask how near a facility is: the cost of every place, and what it becomes when sites come, go or move."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from twin.measures.measure import weighted_percentile
from twin.measures.places import Places, nearest_cost, places, straight_distance
from twin.model import City
from twin.model.snap import snap_table
from twin.routing.paths import in_chunks
from twin.routing.reach import reach
from twin.standards import Clause

__all__ = ["Near", "near_of", "reduced"]

Floats = NDArray[np.float64]

#: How each measure counts the way: along a network in seconds or metres, or straight; and whether it is a share of
#: those near enough, a percentile of the time, or its mean.
_WAYS: Mapping[str, tuple[str, str]] = {
    "share_within": ("time", "share"),
    "distance_within": ("length", "share"),
    "all_within": ("length", "share"),
    "walk_within": ("length", "share"),
    "straight_within": ("straight", "share"),
    "response_time": ("time", "percentile"),
    "mean_time": ("time", "mean"),
}


@dataclass(frozen=True, eq=False)
class Near:
    """A clause on nearness, taken apart.

    Attributes
    ----------
    groups : kinds of facility; of each group one has to be near.
    way : ``time``, ``length`` or ``straight``.
    unit : SI unit of what is swept: a time even where `way` is a length, walked at a stated speed.
    per : units of `way` in one unit of what is swept: the stated speed where a time is asked of a length.
    start : what passes before anybody moves, in the unit that is swept.
    within : the clause's threshold, in that unit; for a statistic its limit.
    asks : ``share``, ``percentile`` or ``mean``; `share` is that of the percentile.
    """

    city: City
    groups: tuple[tuple[str, ...], ...]
    way: str
    unit: str
    network: str
    outward: bool
    least_area: float
    of: str
    per: float
    start: float
    within: float
    asks: str
    share: float

    @property
    def who(self) -> Places:
        """Places with their weights, in the order of all arrays here."""
        return places(self.city, self.of)

    def costs(self) -> Floats:
        """Cost of each place today, in the unit that is swept: that of the group that is farthest; `inf` if none."""
        return self._swept(np.max([self._today(kinds) for kinds in self.groups], axis=0))

    def by_group(self) -> Floats:
        """(groups, places) cost to each group today, in the unit that is swept."""
        return self._swept(np.array([self._today(kinds) for kinds in self.groups]))

    def _today(self, kinds: tuple[str, ...]) -> Floats:
        if self.way == "straight":
            return straight_distance(self.city, kinds, of=self.of, least_area=self.least_area)
        return nearest_cost(
            self.city,
            kinds,
            self.network,
            cost=self.way,
            of=self.of,
            outward=self.outward,
            least_area=self.least_area,
        )

    def _swept(self, cost: Floats) -> Floats:
        return np.asarray(cost / self.per + self.start)

    def value(self, costs: Floats) -> float:
        """The measure's value for these costs."""
        weight = self.who.weight
        if self.asks == "share":
            return float(weight[costs <= self.within].sum() / weight.sum())
        if self.asks == "percentile":
            return weighted_percentile(costs, weight, self.share)
        here = weight > 0
        return float(np.average(costs[here], weights=weight[here]))

    def matrix(self, stands: gpd.GeoDataFrame) -> Floats:
        """(places, stands) cost to each of some points as if a facility stood there; `inf` where none is reached."""
        cost = np.empty((len(stands), len(self.who.table)))
        self._each(stands, inf, cost.__setitem__)
        return cost.T

    def covers(self, stands: gpd.GeoDataFrame) -> NDArray[np.bool_]:
        """(places, stands) whether a facility at each of some points would be near enough."""
        near = np.empty((len(stands), len(self.who.table)), dtype=bool)
        self._each(stands, self.within, lambda row, cost: near.__setitem__(row, cost <= self.within))
        return np.ascontiguousarray(near.T)

    def _each(self, stands: gpd.GeoDataFrame, limit: float, keep: Callable[[int, Floats], None]) -> None:
        """Hand the costs of all places to each stand, up to a limit, to `keep`."""
        table, count = self.who.table, len(self.who.table)
        if self.way == "straight":
            points = shapely.point_on_surface(table.geometry.to_numpy())
            for row, stand in enumerate(stands.geometry):
                keep(row, self._swept(shapely.distance(points, stand)))
            return
        net = self.city.network(self.network)
        hung, homes = snap_table(net, stands), snap_table(net, table)
        most, numbers = (limit - self.start) * self.per, np.arange(len(stands))

        def some(part: slice) -> None:
            for row in range(part.start, part.stop):
                found = reach(
                    net,
                    homes,
                    hung,
                    count=count,
                    cost=self.way,
                    outward=self.outward,
                    serving=numbers == row,
                    limit=most,
                )
                keep(row, self._swept(found.cost))

        in_chunks(some, len(stands))

    def counted(self, way: str, speed: float) -> Near:
        """The same question by another kind of distance, at a speed where a time has to become a length [m/s]."""
        timed = self.way == "time" and way != "time"
        return replace(self, way=way, per=self.per * speed if timed else self.per)


def near_of(city: City, clause: Clause, limits: Mapping[str, float]) -> Near | None:
    """A clause's question of nearness; None where it asks something else."""
    if clause.measure not in _WAYS:
        return None
    way, asks = _WAYS[clause.measure]
    given = {name: p.default for name, p in clause.meter.parameters.items()} | clause.arguments()
    if asks == "share":
        within = float(given["within"])
    else:
        within = min((limits[key] for key in ("at_most", "less_than") if key in limits), default=inf)
    return Near(
        city=city,
        groups=_groups(given["facility"], several=clause.measure == "all_within"),
        way=way,
        unit=clause.meter.given["within"] if asks == "share" else clause.meter.unit,
        network=str(given.get("network", "walk")),
        outward=bool(given.get("outward", asks != "share")),
        least_area=float(given.get("least_area", 0.0)),
        of=str(given["of"]),
        per=float(given.get("speed", 1.0)),
        start=float(given.get("turn_out", 0.0)),
        within=within,
        asks=asks,
        share=float(given.get("share", 1.0)),
    )


def _groups(facility: str | Sequence[str | Sequence[str]], *, several: bool) -> tuple[tuple[str, ...], ...]:
    if isinstance(facility, str):
        return ((facility,),)
    if not several:
        return (tuple(str(kind) for kind in facility),)
    return tuple((group,) if isinstance(group, str) else tuple(group) for group in facility)


def reduced(city: City, clause: Clause) -> City:
    """The city with the facilities that the clause names alone: what is drawn again and again is small."""
    named: set[str] = set()
    for value in clause.given.values():
        parts = [value] if isinstance(value, str) else value if isinstance(value, list | tuple) else []
        named |= {kind for part in parts for kind in ([part] if isinstance(part, str) else part or [])}
    table = city.facilities
    return city.with_layer("facilities", table[table["kind"].isin(named)].reset_index(drop=True))
