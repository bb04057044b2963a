"""Equity: how evenly access is shared."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from twin.errors import DataError, MissingData
from twin.measures.access import distance_within
from twin.measures.measure import measure
from twin.measures.places import Kinds, nearest_cost, places
from twin.model import City

__all__ = ["access_gini", "gini", "worst_group"]


def gini(values: ArrayLike, weights: ArrayLike | None = None) -> float:
    r"""Gini coefficient, :math:`G = \sum_i\sum_j w_i w_j |x_i - x_j| / (2 \bar x W^2)` (Gini 1912).

    Parameters
    ----------
    values : (n,) values, none negative.
    weights : (n,) weights; all alike where not given.

    Examples
    --------
    >>> round(gini(range(1, 11)), 12)
    0.3
    """
    x = np.asarray(values, dtype=float)
    w = np.ones_like(x) if weights is None else np.asarray(weights, dtype=float)
    if (x < 0).any() or not (w * x).sum() > 0:
        raise DataError("a Gini coefficient needs values that are not negative and not all zero")
    order = np.argsort(x, kind="stable")
    x, w = x[order], w[order]
    below = np.cumsum(w) - w / 2
    return float(2 * (w * x * below).sum() / (w.sum() * (w * x).sum()) - 1)


@measure(unit="1", en="Gini of travel time", zh="行程时间基尼系数", reads=("population", "facilities"))
def access_gini(city: City, *, facility: Kinds, network: str = "walk", of: str = "people") -> float:
    """Gini coefficient of the travel time to the nearest open facility, over those who reach one [1].

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> 0 < access_gini(grid_city(5), facility="clinic") < 1
    True
    """
    who, time = places(city, of), nearest_cost(city, facility, network, of=of)
    reached = np.isfinite(time) & (who.weight > 0)
    if not reached.any():
        raise MissingData(f"{city.name}: nobody reaches a {facility}", layer="facilities")
    return gini(time[reached], who.weight[reached])


@measure(
    unit="1",
    en="worst group over best group",
    zh="最差群体与最好群体之比",
    given={"within": "m"},
    reads=("population", "facilities"),
)
def worst_group(
    city: City,
    *,
    facility: Kinds,
    network: str,
    within: float,
    groups: tuple[str, ...] = ("age_0_2", "age_15_59", "age_60"),
) -> float:
    """Share within a network distance in the worst-served group, over that in the best-served one [1].

    Parameters
    ----------
    groups : columns of the population.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> worst_group(grid_city(5), facility="clinic", network="walk", within=1000, groups=("people", "jobs"))
    1.0
    """
    shares = [
        distance_within(city, facility=facility, network=network, within=within, of=group).value for group in groups
    ]
    if not max(shares) > 0:
        raise MissingData(f"{city.name}: no group reaches a {facility} within {within:g} m", layer="facilities")
    return float(min(shares) / max(shares))
