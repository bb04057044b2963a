"""Interruptions: how often and how long customers are without power or water, from the log of outages."""

from __future__ import annotations

from math import exp

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.errors import DataError, MissingData
from twin.measures.measure import measure
from twin.measures.records import recorded
from twin.model import City

__all__ = ["availability", "interruption_count", "interruption_length", "interruption_time", "major_event_day"]

_READS = ("outages", "records")
_YEAR = 365 * 86400.0


@measure(unit="s", en="interruption for each customer", zh="户均停供时间", reads=_READS)
def interruption_time(city: City, *, network: str, customers: str) -> float:
    r"""Time without supply for each customer in the year of the log, SAIDI :math:`= \sum r_i N_i / N_T` [s].

    Parameters
    ----------
    network : power or water, as the table ``outages`` says.
    customers : record that holds the number of customers.

    References
    ----------
    IEEE 1366, 3.2.

    Examples
    --------
    Two outages of 1 h and 3 h for 10 and 5 of 40 customers: 25 h in 40.

    >>> from twin.gis.grid import grid_city
    >>> interruption_time(with_outages(grid_city(1)), network="power", customers="buses") / 3600
    0.625
    """
    hours, hit = _log(city, network)
    return float((hours * hit).sum() * 3600.0 / _customers(city, customers))


@measure(unit="count", en="interruptions for each customer", zh="户均停供次数", reads=_READS)
def interruption_count(city: City, *, network: str, customers: str) -> float:
    r"""Interruptions for each customer in the year of the log, SAIFI :math:`= \sum N_i / N_T` (IEEE 1366) [count].

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> interruption_count(with_outages(grid_city(1)), network="power", customers="buses")
    0.375
    """
    return float(_log(city, network)[1].sum() / _customers(city, customers))


@measure(unit="s", en="length of an interruption", zh="平均每次停供时间", reads=_READS)
def interruption_length(city: City, *, network: str) -> float:
    """Mean time until an interrupted customer is supplied again, CAIDI = SAIDI / SAIFI (IEEE 1366) [s].

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> interruption_length(with_outages(grid_city(1)), network="power")  # 25 h of 15 customers
    6000.0
    """
    hours, hit = _log(city, network)
    if not hit.sum() > 0:
        raise MissingData(f"{city.name}: no outage of {network} hit anybody", layer="outages")
    return float((hours * hit).sum() * 3600.0 / hit.sum())


@measure(unit="1", en="availability of supply", zh="供应可靠率", reads=_READS)
def availability(city: City, *, network: str, customers: str) -> float:
    """Share of the hours of a year that a customer is supplied, ASAI = 1 - SAIDI / 8760 h (IEEE 1366) [1].

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> round(availability(with_outages(grid_city(1)), network="power", customers="buses"), 8)
    0.99992865
    """
    return 1.0 - interruption_time(city, network=network, customers=customers) / _YEAR


def major_event_day(daily: ArrayLike) -> float:
    r"""SAIDI of a day beyond which it is a major event, :math:`e^{\alpha + 2.5 \beta}` (IEEE 1366, 3.5), as given.

    Parameters
    ----------
    daily : SAIDI of each day of five years; days of 0 are left out. `alpha` and `beta` are the mean and the standard
        deviation (of a sample) of its natural logarithm.

    Examples
    --------
    Logarithms 0 and 2: mean 1, deviation 1.414214.

    >>> round(major_event_day([1.0, 0.0, 7.38905609893065]), 4)
    93.2733
    """
    values = np.asarray(daily, dtype=float)
    logs = np.log(values[values > 0])
    if len(logs) < 2:
        raise DataError("major_event_day: at least two days with an interruption are needed")
    return exp(float(logs.mean() + 2.5 * logs.std(ddof=1)))


def with_outages(city: City) -> City:
    """A city with two outages of power and a register that counts 40 customers, for examples."""
    import pandas as pd

    from twin.measures.records import with_records

    table = pd.DataFrame({"id": [0, 1], "network": "power", "hours": [1.0, 3.0], "customers": [10.0, 5.0]})
    return with_records(city).with_layer("outages", table)


def _log(city: City, network: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    table = city.table("outages")
    chosen = (table["network"] == network).to_numpy()
    hours, hit = (np.asarray(table[name], dtype=float)[chosen] for name in ("hours", "customers"))
    if np.isnan(hours).any() or np.isnan(hit).any():
        raise MissingData(f"{city.name}: some outages of {network} have no hours or customers", layer="outages")
    return hours, hit


def _customers(city: City, name: str) -> float:
    count = recorded(city, name, "count")
    if not count > 0:
        raise DataError(f"{city.name}: the record '{name}' is 0; nobody could be interrupted", layer="records")
    return count
