"""Calls for help: from a log, or drawn by chance from the calls of each hour or from the number of people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.errors import DataError, MissingData, listed

if TYPE_CHECKING:
    from twin.model import City

__all__ = ["doors", "drawn", "incidents", "logged"]

_YEAR, _HOUR = 365.25 * 86_400.0, 3600.0


def incidents(
    city: City, source: str | float, network: str, rng: np.random.Generator, *, share: float, span: float
) -> pd.DataFrame:
    """Calls of a city, in the order of their times.

    Parameters
    ----------
    source : layer with a row a call (column ``time``, `logged`) or a row an hour of the day (column ``calls``), or the
        number of calls of a year for 1,000 persons; the last two are drawn (`drawn`).
    network : network whose nodes the calls are hung on.
    share : of the drawn calls that are for this service [1].
    span : that calls are drawn for, from the start of the run on [s].

    Returns
    -------
    DataFrame : time [s] and node (position); priority and units where a log states them.

    Raises
    ------
    MissingData : no such layer or column, or nobody lives near the network.
    DataError : a time, a share or a number that cannot be.
    """
    if isinstance(source, str) and "time" in city.table(source).columns:
        return logged(city, source, network)
    if not (0 <= share <= 1 and 0 < span < np.inf):
        raise DataError(f"calls: a share from 0 to 1 and a span above 0 s, not {share} and {span}")
    if isinstance(source, str):
        hourly = _fine(city, source, "calls", 0.0, "calls an hour from 0 on")
    elif source >= 0:
        hourly = np.full(1, source / 1000.0 * city.people / _YEAR * _HOUR)
    else:
        raise DataError(f"calls: at least 0 a year for 1,000 persons, not {source}")
    return drawn(city, hourly * share, network, rng, span=span)


def doors(city: City, layer: str, network: str) -> pd.Series:
    """Node that each row of a layer hangs on, by its first entrance; rows that hang on none are absent."""
    node = city.snap(layer, network)["node"]
    return node[~node.index.duplicated()]


def logged(city: City, layer: str, network: str) -> pd.DataFrame:
    """The calls of a log; those that are near no street are refused, as nobody could drive there."""
    table = city.table(layer)
    if not len(table):
        return pd.DataFrame({"time": np.zeros(0), "node": np.zeros(0, dtype=np.int32)})
    time = _fine(city, layer, "time", 0.0, "times from the start of the run on [s]")
    hung = doors(city, layer, network)
    if len(hung) < len(table):
        away = np.setdiff1d(np.arange(len(table)), hung.index)
        raise DataError(
            f"{layer}: row {listed(away)} is near no street of '{network}'; move it or leave it out",
            layer=layer,
            rows=tuple(int(row) for row in away),
        )
    found = pd.DataFrame({"time": time, "node": hung.reindex(range(len(table))).to_numpy()})
    for name in ("priority", "units"):
        if name in table.columns:
            found[name] = _fine(city, layer, name, 1.0, "whole numbers from 1 on").astype(np.int64)
    return found.sort_values("time", kind="stable", ignore_index=True)


def _fine(city: City, layer: str, name: str, least: float, what: str) -> NDArray[np.float64]:
    """A column of finite numbers from `least` on."""
    values = city.column(layer, name)
    wrong = np.flatnonzero(~((values >= least) & np.isfinite(values)))
    if len(wrong):
        raise DataError(
            f"{layer}: column '{name}' is {values[wrong[0]]:g} in row {listed(wrong)}; it holds {what}",
            layer=layer,
            column=name,
            rows=tuple(int(row) for row in wrong),
        )
    return values


def drawn(
    city: City, hourly: NDArray[np.float64], network: str, rng: np.random.Generator, *, span: float
) -> pd.DataFrame:
    """A Poisson process whose rate changes by the hour and comes again every day, at homes by their people.

    Parameters
    ----------
    hourly : (h,) calls of each hour, from the start of the run on; after the last the first comes again [1/h].

    Notes
    -----
    Calls come from homes at all hours: by day people are elsewhere, too.
    """
    hung = doors(city, "population", network)
    people = np.nan_to_num(city.column("population", "people")[hung.index])
    if not people.sum() > 0:
        raise MissingData(f"{city.name}: nobody lives near '{network}', nobody can call", layer="population")
    begin = np.arange(0.0, span, _HOUR)
    length = np.minimum(_HOUR, span - begin)
    count = rng.poisson(hourly[np.arange(len(begin)) % len(hourly)] * length / _HOUR)
    time = np.sort(np.repeat(begin, count) + rng.random(count.sum()) * np.repeat(length, count))
    home = rng.choice(len(people), size=len(time), p=people / people.sum())
    return pd.DataFrame({"time": time, "node": hung.to_numpy()[home]})
