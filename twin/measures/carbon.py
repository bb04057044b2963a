"""Carbon: activities times factors, every factor with its source and year; fuel by speed, waste over the years."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from math import exp
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from twin.errors import DataError, MissingData, UnknownName, listed
from twin.measures.measure import measure
from twin.measures.places import places
from twin.model import City

__all__ = ["GWP", "decayed_methane", "emissions", "emissions_per_head", "factors", "fuel_by_speed", "lmdi"]

#: Global warming potential over 100 years, by report and gas (IPCC AR5, AR6) [1].
GWP: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "AR5": MappingProxyType({"co2": 1.0, "ch4": 28.0, "n2o": 265.0}),
        "AR6": MappingProxyType({"co2": 1.0, "ch4": 27.9, "n2o": 273.0}),
    }
)
#: a, b, c, d of fuel = a/v + b + c v + d v2 [l/km, km/h]: UK WebTAG, a fleet of about 2010.
FUEL = {
    "petrol car": (0.964022581, 0.041448033, -4.54163e-5, 2.01346e-6),
    "diesel car": (0.437094041, 0.058616489, -5.2488e-4, 4.12709e-6),
}


@cache
def factors() -> Mapping[str, Mapping[str, Any]]:
    """Emission factors by name: value [kg/unit], per, gas, source, evidence."""
    text = (files("twin.measures") / "factors.toml").read_text(encoding="utf-8")
    return MappingProxyType(tomllib.loads(text))


def emissions(activities: pd.DataFrame, *, gwp: str = "AR6") -> NDArray[np.float64]:
    r"""Greenhouse gas of each activity, :math:`AD \times EF \times GWP` [kg CO2e].

    Parameters
    ----------
    activities : amount, unit, factor (a name of ``factors.toml``).
    gwp : report whose warming potentials hold, AR5 or AR6.

    Raises
    ------
    UnknownName : a factor that is not there; its year is part of its name.
    DataError : an amount in another unit than its factor's.

    References
    ----------
    GPC; IPCC 2006.

    Examples
    --------
    >>> one = pd.DataFrame({"amount": [1000.0], "unit": ["kWh"], "factor": ["grid_cn_2022"]})
    >>> emissions(one).round(6).tolist()
    [536.6]
    """
    found = np.empty(len(activities))
    rows = zip(activities["amount"], activities["unit"], activities["factor"], strict=True)
    for i, (amount, unit, name) in enumerate(rows):
        if name not in factors():
            raise UnknownName("emission factor", str(name), factors())
        factor = factors()[name]
        if unit != factor["per"]:
            raise DataError(
                f"activities: {name} is for each {factor['per']}, and the amount is in {unit} (row {i}); convert it",
                layer="activities",
                column="unit",
                rows=[i],
            )
        found[i] = amount * factor["value"] * GWP[gwp][factor["gas"]]
    return found


@measure(unit="kg/person", en="emissions per head", zh="人均温室气体排放", reads=("activities", "population"))
def emissions_per_head(
    city: City, *, sector: str | Sequence[str] = (), scopes: Sequence[int] = (1, 2), of: str = "people"
) -> float:
    """Greenhouse gas of a year's activities over the people who live there [kg/person].

    Parameters
    ----------
    sector : sectors of the table ``activities`` (mobility, buildings, waste …); all where empty.
    scopes : scopes that are added up.

    Raises
    ------
    MissingData : there is no such table, or nothing in it of the sectors and scopes.
    DataError : power made in the city (scope 1, sector ``power``) and power from the grid (scope 2) in one sum: the
        same electricity would count twice.

    References
    ----------
    GPC: scopes are kept apart.

    Examples
    --------
    1,000 kWh at 0.5306 kg for 40 people.

    >>> from twin.gis.grid import grid_city
    >>> round(emissions_per_head(with_activities(grid_city(1))), 4)
    13.265
    """
    table = city.table("activities")
    sectors = (sector,) if isinstance(sector, str) else tuple(sector)
    chosen = table["scope"].isin(list(scopes)).to_numpy()
    if sectors:
        chosen = chosen & table["sector"].isin(sectors).to_numpy()
    if not chosen.any():
        raise MissingData(f"{city.name}: no activity of {listed(sectors) or 'any sector'}", layer="activities")
    asked = table[chosen]
    if ((asked["sector"] == "power") & (asked["scope"] == 1)).any() and (asked["scope"] == 2).any():
        raise DataError(
            f"{city.name}: activities: power made here (scope 1) and from the grid (scope 2) count the same "
            "electricity twice; ask for one scope",
            layer="activities",
        )
    return float(emissions(asked).sum() / places(city, of).weight.sum())


def fuel_by_speed(speed: float, vehicle: str = "petrol car") -> float:
    """Fuel that a car burns at a mean speed, a curve of a British fleet of about 2010 [l/km].

    Parameters
    ----------
    speed : mean speed [km/h].

    Examples
    --------
    >>> round(fuel_by_speed(50.0), 6)
    0.063491
    """
    a, b, c, d = FUEL[vehicle]
    return a / speed + b + c * speed + d * speed * speed


def decayed_methane(waste: ArrayLike, *, doc: float, docf: float = 0.5, mcf: float = 1.0, k: float) -> NDArray[Any]:
    """Methane of waste that is laid down year by year; decay starts in the year after (first-order decay) [t].

    Parameters
    ----------
    waste : (n,) waste of each year [t].
    doc, docf, mcf : degradable carbon, its share that decays, methane correction [1].
    k : rate of decay [1/year].

    Returns
    -------
    (n,) : methane of each year, before recovery and oxidation [t].

    References
    ----------
    IPCC 2006, volume 5, chapter 3.

    Examples
    --------
    >>> decayed_methane([1000.0, 0.0, 0.0], doc=0.15, k=0.09).round(6).tolist()
    [0.0, 4.303441, 3.933049]
    """
    held, out = 0.0, []
    for tonnes in np.asarray(waste, dtype=float):
        gone = held * (1.0 - exp(-k))
        held = held - gone + tonnes * doc * docf * mcf
        out.append(gone * 0.5 * 16 / 12)
    return np.array(out)


def lmdi(before: Sequence[float], after: Sequence[float]) -> NDArray[np.float64]:
    r"""What each factor of a product adds to its change, :math:`L \ln(x_1/x_0)`; the parts sum to it (Ang 2004).

    Examples
    --------
    >>> lmdi([100, 2, 0.5, 3], [110, 2.5, 0.4, 2.8]).round(4).tolist()
    [28.9726, 67.8317, -67.8317, -20.9726]
    """
    start, end = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    if (start <= 0).any() or (end <= 0).any():
        raise DataError("lmdi: factors above 0 are needed")
    first, last = float(start.prod()), float(end.prod())
    mean = first if first == last else (last - first) / float(np.log(last / first))
    return np.asarray(mean * np.log(end / start))


def with_activities(city: City) -> City:
    """A city that buys 1,000 kWh from the grid of 2023, for examples."""
    table = pd.DataFrame(
        {
            "id": [0],
            "sector": ["buildings"],
            "scope": [2],
            "amount": [1000.0],
            "unit": ["kWh"],
            "factor": ["grid_cn_2023"],
        }
    )
    return city.with_layer("activities", table)
