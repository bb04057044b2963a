"""How sure a value is, and which places a city may therefore hold.

A value that was read off many homes is drawn again by a bootstrap over blocks of land: homes beside each other share
their fate, so whole blocks are drawn with replacement, not homes (Hall 1985). What is drawn is where people live; an
error that all blocks share, such as a wrong speed, is not in the interval. Where all or none are reached every draw is
the same, and that is not certainty: then the draws are those of the Jeffreys interval of a proportion, with the number
of blocks as the sample (Brown, Cai & DasGupta 2001).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.errors import MissingData
from twin.measures import Share, Statistic
from twin.model import City, Raster

__all__ = ["BLOCK", "CONFIDENCE", "DRAWS", "blocks_of", "drawn", "places", "quantile", "spread"]

#: Side of a block [m]: about what children walk, so that homes of one block share most of what is near.
BLOCK = 500.0
#: Draws of the bootstrap, and confidence of the intervals [1].
DRAWS, CONFIDENCE = 1000, 0.95
#: Fewest blocks with weight that an interval is given for.
FEWEST = 10


def blocks_of(city: City, layer: str) -> NDArray[np.intp]:
    """Number of the block of `BLOCK` metres that each row of a layer lies in."""
    table = city.table(layer)
    if isinstance(table, Raster):
        raise MissingData(f"{city.name}: {layer} is a raster, its rows have no place", layer=layer)
    points = shapely.get_coordinates(shapely.point_on_surface(table.geometry.to_numpy()))
    cell = np.floor(points / BLOCK).astype(np.int64)
    return np.unique(cell, axis=0, return_inverse=True)[1].reshape(-1)


def drawn(found: Any, block: NDArray[np.intp], rng: np.random.Generator, draws: int = DRAWS) -> NDArray[np.float64]:
    """Values of a share, mean or percentile on blocks drawn with replacement; empty where it cannot be drawn again.

    Parameters
    ----------
    found : `Share` or `Statistic`; a statistic is drawn again where it is the weighted mean of its rows or one of them.
    block : (n,) block of each row.

    Returns
    -------
    (draws,) array in the measure's unit.
    """
    if not isinstance(found, Share | Statistic) or len(block) != len(found.weight):
        return np.zeros(0)
    weight = np.nan_to_num(np.asarray(found.weight, dtype=float))
    used = np.unique(block[weight > 0])
    if len(used) < FEWEST:
        return np.zeros(0)
    counts = np.zeros((draws, int(block.max()) + 1))
    counts[:, used] = rng.multinomial(len(used), np.full(len(used), 1 / len(used)), size=draws)
    if isinstance(found, Statistic):
        return _statistic(found, weight, block, counts)
    again = _ratio(counts, block, weight * found.reached, weight)
    if np.ptp(again) > 0 or found.value not in {0.0, 1.0}:
        return again
    return np.abs(found.value - rng.beta(0.5, len(used) + 0.5, draws))


def _statistic(
    found: Statistic, weight: NDArray[np.float64], block: NDArray[np.intp], counts: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Draws of a weighted mean, or of the percentile that the value is; empty for any other statistic."""
    rows = np.asarray(found.rows, dtype=float)
    known = ~np.isnan(rows) & (weight > 0)
    rows, weight, block = rows[known], weight[known], block[known]
    if len(rows) and np.isfinite(rows).all() and np.isclose(np.average(rows, weights=weight), found.value, rtol=1e-9):
        return _ratio(counts, block, weight * rows, weight)
    if not np.isfinite(found.value) or not np.isclose(rows, found.value, rtol=1e-9).any():
        return np.zeros(0)
    order = np.argsort(rows, kind="stable")
    rows, weight, block = rows[order], weight[order], block[order]
    share = float(weight[rows <= found.value].sum() / weight.sum())
    return np.array([quantile(rows, weight * count[block], share) for count in counts])


def _ratio(counts: Any, block: NDArray[np.intp], part: Any, whole: Any) -> NDArray[np.float64]:
    size = counts.shape[1]
    over, under = np.bincount(block, part, size), np.bincount(block, whole, size)
    total = counts @ under
    return np.asarray(np.divide(counts @ over, total, out=np.full(len(total), np.nan), where=total > 0))


def quantile(rows: NDArray[np.float64], weight: NDArray[np.float64], share: float) -> float:
    """Least of the sorted `rows` that a share of the weight does not exceed.

    >>> quantile(np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 2.0]), 0.5)
    2.0
    """
    total = np.cumsum(weight)
    return float(rows[min(int(np.searchsorted(total, share * total[-1] * (1 - 1e-12))), len(rows) - 1)])


def spread(values: NDArray[np.float64], value: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Percentile interval of drawn values (Efron 1981), wide enough to hold the value itself; NaN where there are none.

    >>> spread(np.arange(1.0, 1002.0), 980.0)
    (26.0, 980.0)
    """
    if not len(values) or np.isnan(values).any():
        return float("nan"), float("nan")
    tail = (1 - confidence) / 2
    low, high = np.quantile(values, [tail, 1 - tail], method="inverted_cdf")
    return min(float(low), value), max(float(high), value)


def places(draws: NDArray[np.float64], better: str, confidence: float = CONFIDENCE) -> list[tuple[int, int]]:
    """First and last place that each city may hold, by the ranks of its draws (Goldstein & Spiegelhalter 1996).

    Parameters
    ----------
    draws : (cities, draws) values, drawn independently for each city.
    better : "more" or "less". Cities with one value share the better place.

    Examples
    --------
    >>> places(np.array([[0.9, 0.8], [0.1, 0.2], [0.1, 0.2]]), "more")
    [(1, 1), (2, 2), (2, 2)]
    """
    goodness = draws if better == "more" else -draws
    rank = 1 + (goodness[None, :, :] > goodness[:, None, :]).sum(axis=1)
    tail = (1 - confidence) / 2
    ends = np.quantile(rank, [tail, 1 - tail], axis=1, method="inverted_cdf")
    return [(int(first), int(last)) for first, last in ends.T]
