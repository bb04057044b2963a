"""Noise: levels of road traffic by a stated screening model, and who lives in them."""

from __future__ import annotations

from math import log10

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from twin.errors import MissingData
from twin.measures.measure import Share, measure
from twin.measures.places import places
from twin.model import City, Network

__all__ = ["day_evening_night", "level_sum", "noise_within", "road_noise", "traffic_level"]


def level_sum(levels: ArrayLike, axis: int | None = None) -> NDArray[np.float64]:
    r"""Sum of levels, :math:`10 \lg \sum 10^{L/10}` [dB].

    >>> float(level_sum([60, 50]).round(4))
    60.4139
    """
    return np.asarray(10 * np.log10(np.sum(10.0 ** (np.asarray(levels, dtype=float) / 10), axis=axis)))


def traffic_level(flow: float, speed: float, heavy: float = 0.0, *, hours: int = 18) -> float:
    """Basic L10 of a road 10 m from its kerb, over 18 hours or one (CRTN 1988) [dB].

    Parameters
    ----------
    flow : vehicles in those hours.
    speed : [km/h].
    heavy : share of heavy vehicles [%].

    Examples
    --------
    1,000 an hour at 50 km/h, a tenth of them heavy.

    >>> round(traffic_level(1000, 50, 10, hours=1), 4)
    72.4103
    """
    base = (29.1 if hours == 18 else 42.2) + 10 * log10(flow)
    return base + 33 * log10(speed + 40 + 500 / speed) + 10 * log10(1 + 5 * heavy / speed) - 68.8


def road_noise(distance: ArrayLike, height: float = 1.0) -> NDArray[np.float64]:
    """What distance from the kerb takes off a level, over hard ground (CRTN 1988) [dB].

    Examples
    --------
    >>> float(road_noise(20.0).round(6))
    -2.411269
    """
    slant = np.hypot(np.asarray(distance, dtype=float) + 3.5, height)
    return np.asarray(-10 * np.log10(slant / 13.5))


def day_evening_night(day: float, evening: float, night: float) -> float:
    """Lden of three levels, 12 h, 4 h + 5 dB and 8 h + 10 dB [dB].

    >>> round(day_evening_night(65, 62, 58), 6)
    66.55104
    """
    parts = 12 * 10 ** (day / 10) + 4 * 10 ** ((evening + 5) / 10) + 8 * 10 ** ((night + 10) / 10)
    return 10 * log10(parts / 24)


@measure(
    unit="1",
    en="people below a road-noise level",
    zh="道路噪声达标人口比例",
    given={"at_most": "dB"},
    reads=("population", "drive", "traffic"),
)
def noise_within(city: City, *, at_most: float, of: str = "people", reach: float = 300.0) -> Share:
    """Share of a population whose L10 of 18 hours from the nearest street of each class is at most a level.

    A screening: free field, hard ground, no houses between, the nearest street of each class as an endless line. It is
    rather loud, and says where to look.

    Parameters
    ----------
    at_most : level that is allowed, inclusive [dB].
    reach : streets beyond are not heard [m].

    Raises
    ------
    MissingData : there is no table ``traffic`` with class, flow [vehicles in 18 h], speed [km/h] and heavy [%].

    References
    ----------
    CRTN 1988 (Department of Transport, Welsh Office).

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> noise_within(with_traffic(grid_city(1)), at_most=80).value
    1.0
    """
    who, traffic, net = places(city, of), city.table("traffic"), city.network("drive")

    def compute() -> NDArray[np.float64]:
        heard = np.full((len(who.table), len(traffic)), -np.inf)
        for i, row in enumerate(traffic.itertuples(index=False)):
            if not row.flow > 0:
                continue
            gap = _gap(city, who.table, net, str(row.street), reach)
            near = np.isfinite(gap)
            level = traffic_level(float(row.flow), float(row.speed), float(row.heavy))
            heard[near, i] = level + road_noise(np.maximum(gap[near] - 3.5, 1.0))
        if not np.isfinite(heard).any():
            raise MissingData(f"{city.name}: traffic names no class of the drive network", layer="traffic")
        with np.errstate(divide="ignore"):
            return level_sum(heard, axis=1)

    level = city.memory.of(("noise", reach), (who.table, net, traffic), compute)
    return Share.of(level <= at_most, who.weight, layer=who.layer, persons=who.persons)


def _gap(city: City, table: gpd.GeoDataFrame, net: Network, street: str, reach: float) -> NDArray[np.float64]:
    """Distance from each row to the nearest open street of a class [m]; inf beyond reach.

    The streets are looked through once, open or not; where the nearest one is closed, the open ones once more.
    """
    chosen = np.flatnonzero(np.asarray(net.columns["class"]).astype(str) == street)

    def nearest(rows: NDArray[np.intp], edges: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        gap, edge = np.full(len(rows), np.inf), np.full(len(rows), -1, dtype=np.intp)
        (which, line), found = shapely.STRtree(net.shapes[edges]).query_nearest(
            points[rows], max_distance=reach, return_distance=True, all_matches=False
        )
        gap[which], edge[which] = found, edges[line]
        return gap, edge

    points = city.memory.of("points", (table,), lambda: shapely.point_on_surface(table.geometry.to_numpy()))
    gap, edge = city.memory.of(
        ("street near", street, reach),
        (table, net.graph, net.columns["class"]),
        lambda: nearest(np.arange(len(points)), chosen),
    )
    shut = np.flatnonzero((edge >= 0) & ~net.open[edge])
    if shut.size:
        gap = gap.copy()
        gap[shut] = nearest(shut, chosen[net.open[chosen]])[0]
    return np.asarray(gap)


def with_traffic(city: City) -> City:
    """A city with 3,600 vehicles in 18 h at 40 km/h on its streets, for examples."""
    import pandas as pd

    kinds = sorted(set(np.asarray(city.network("drive").columns["class"]).astype(str)))
    table = pd.DataFrame({"id": range(len(kinds)), "street": kinds, "flow": 3600.0, "speed": 40.0, "heavy": 5.0})
    return city.with_layer("traffic", table)
