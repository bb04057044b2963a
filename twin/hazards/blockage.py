"""Streets that cannot be passed: named ones, those in an area, or a random share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from twin.errors import DataError, ScenarioError, UnknownName
from twin.model import City, Network
from twin.model.crs import to_crs
from twin.scenario import change, option

__all__ = ["Blockage"]


@change
@dataclass(frozen=True, eq=False)
class Blockage:
    """Close edges of networks.

    Exactly one of `names`, `area` and `share` is given.

    Attributes
    ----------
    names : street names, as the edges' column ``name`` has them.
    area : polygons (or lines); every edge that meets one of them is closed. Or the name of a layer of the city.
    share : share of the open edges, drawn at random [1].
    only : "bridge" or "tunnel": close these among them only; "ground": close neither.
    networks : which networks; those of streets (walk, drive) where not given.
    seed : of the random draw; the same seed closes the same edges.
    """

    zh: ClassVar[str] = "道路阻断"
    names: tuple[str, ...] = ()
    area: gpd.GeoDataFrame | str = option("", layer=True)
    share: float = option(0.0, unit="1")
    only: str = ""
    networks: tuple[str, ...] = ()
    seed: int | None = None

    def __post_init__(self) -> None:
        given = [bool(self.names), not isinstance(self.area, str) or self.area != "", self.share != 0.0]
        if sum(given) != 1:
            raise ScenarioError("blockage: give one of names, area and share", change="blockage")
        if not 0 <= self.share <= 1:
            raise DataError(f"blockage: a share lies between 0 and 1, not {self.share}")
        if self.only not in {"", "bridge", "tunnel", "ground"}:
            raise UnknownName("value of 'only'", self.only, ("bridge", "tunnel", "ground"))
        if self.share and self.seed is None:
            object.__setattr__(self, "seed", 0)

    def __call__(self, city: City) -> City:
        """The city with those edges closed; `UnknownName` where a street of that name does not exist."""
        chosen = self.networks or tuple(n for n in ("walk", "drive") if n in city.networks)
        nets = {name: city.network(name) for name in chosen}
        if self.names:
            known = {str(street) for net in nets.values() for street in np.unique(net.columns["name"].astype(str))} - {
                ""
            }
            for street in self.names:
                if street not in known:
                    raise UnknownName("street", street, known)
        for position, (name, net) in enumerate(nets.items()):
            city = city.with_network(name, net.close(self._edges(city, net, position) & self._level(net)))
        return city

    def _edges(self, city: City, net: Network, position: int) -> NDArray[np.bool_]:
        if self.names:
            return np.isin(net.columns["name"].astype(str), list(self.names))
        if self.share:
            rng = np.random.default_rng([self.seed or 0, position])
            return rng.random(len(net.graph.tail)) < self.share
        table = city.table(self.area) if isinstance(self.area, str) else self.area
        placed = table if city.crs is None else to_crs(table, city.crs, where="blockage.area")
        return np.asarray(shapely.intersects(shapely.union_all(placed.geometry.to_numpy()), net.shapes))

    def _level(self, net: Network) -> NDArray[np.bool_]:
        bridge, tunnel = net.columns["bridge"], net.columns["tunnel"]
        levels = {"": np.ones_like(bridge), "bridge": bridge, "tunnel": tunnel, "ground": ~bridge & ~tunnel}
        return np.asarray(levels[self.only], dtype=bool)
