"""Radio: path loss between masts and people, and who a mast reaches."""

from __future__ import annotations

from math import log10

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.measures.measure import Share, measure
from twin.measures.places import Kinds, places, straight_distance
from twin.model import City

__all__ = ["path_loss", "radio_cover", "sight_chance"]


def path_loss(
    distance: ArrayLike, frequency: float, *, mast: float = 25.0, phone: float = 1.5, sight: bool = False
) -> NDArray[np.float64]:
    """Path loss of an urban macro cell, with or without sight of the mast [dB].

    Parameters
    ----------
    distance : on the ground [m]; from 10 m to 5 km.
    frequency : [GHz].
    mast, phone : heights [m]; the break point uses what stands above 1 m of each.
    sight : True with sight; without it the loss is never below that with sight.

    References
    ----------
    3GPP TR 38.901, table 7.4.1-1 (UMa).

    Examples
    --------
    >>> path_loss([10, 100, 1000, 5000], 5.0).round(4).tolist()
    [82.5131, 106.1356, 144.7641, 172.0753]
    """
    flat = np.asarray(distance, dtype=float)
    slant = np.hypot(flat, mast - phone)
    turn = 4 * (mast - 1.0) * (phone - 1.0) * frequency * 1e9 / 3e8
    far = 28 + 40 * np.log10(slant) + 20 * log10(frequency) - 9 * np.log10(turn**2 + (mast - phone) ** 2)
    seen = np.where(flat <= turn, 28 + 22 * np.log10(slant) + 20 * log10(frequency), far)
    if sight:
        return np.asarray(seen)
    hidden = 13.54 + 39.08 * np.log10(slant) + 20 * log10(frequency) - 0.6 * (phone - 1.5)
    return np.asarray(np.maximum(seen, hidden), dtype=np.float64)


def sight_chance(distance: ArrayLike) -> NDArray[np.float64]:
    """Chance to see the mast of an urban macro cell (3GPP TR 38.901, phones up to 13 m) [1].

    >>> sight_chance([18, 100, 300]).round(6).tolist()
    [1.0, 0.347671, 0.068036]
    """
    flat = np.maximum(np.asarray(distance, dtype=float), 1e-9)
    return np.where(flat <= 18, 1.0, 18 / flat + np.exp(-flat / 63) * (1 - 18 / flat))


@measure(unit="1", en="people within radio reach", zh="移动网络覆盖人口比例", reads=("population", "facilities"))
def radio_cover(
    city: City, *, facility: Kinds = "telecom_tower", frequency: float = 3.5, budget: float = 123.0, of: str = "people"
) -> Share:
    """Share of a population whose path loss to the nearest open mast, without sight, is within the link budget.

    Parameters
    ----------
    frequency : [GHz].
    budget : largest path loss [dB]; 123 dB is EIRP 63 dBm, 100 MHz, noise figure 9 dB, SINR -3 dB, 8 dB fading and
        20 dB walls: an illustration, not a norm.

    Examples
    --------
    At 3.5 GHz 123 dB reach 332 m: with the clinic's corner as the mast those within 332 m are 13 corners of 36.

    >>> from twin.gis.grid import grid_city
    >>> round(radio_cover(grid_city(5), facility="clinic").value * 36, 6)
    13.0
    """
    who = places(city, of)
    distance = straight_distance(city, facility, of=of)
    loss = np.full(len(distance), np.inf)
    near = np.isfinite(distance)
    loss[near] = path_loss(np.maximum(distance[near], 10.0), frequency)
    return Share.of(loss <= budget, who.weight, layer=who.layer, persons=who.persons)
