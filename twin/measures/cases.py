"""Cases: how soon a counter, an office or a hotline settles what people bring, from the log of its cases."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.errors import DataError, MissingData, listed
from twin.measures.measure import measure
from twin.model import City

__all__ = ["handled_within", "settled_by", "wilson"]


def settled_by(days: ArrayLike, closed: ArrayLike, by: float) -> float:
    r"""Share of the cases that are settled by a day, open ones counted as long as they have been seen.

    .. math:: 1 - \prod_{t \le by} (1 - d_t / n_t)

    Parameters
    ----------
    days : (n,) working days from acceptance to the end, or to today where a case is open.
    closed : (n,) bool.

    References
    ----------
    Kaplan & Meier (1958), Journal of the American Statistical Association 53(282).

    Examples
    --------
    Days 1, 2 (open), 3, 4 (open), 5: of the closed cases alone two in three are done by day 3.

    >>> round(settled_by([1, 2, 3, 4, 5], [True, False, True, False, True], 3), 4)
    0.4667
    """
    time, done = np.asarray(days, dtype=float), np.asarray(closed, dtype=bool)
    left = 1.0
    for day in np.unique(time[done & (time <= by)]):
        left *= 1.0 - float((done & (time == day)).sum()) / float((time >= day).sum())
    return 1.0 - left


def wilson(hits: int, count: int, z: float = 1.959963985) -> tuple[float, float]:
    """Interval of a share that a sample of so many gives, 95 % by default (Wilson 1927).

    Examples
    --------
    98 % lit of 1,000 lamps does not prove 98 %.

    >>> [round(end, 6) for end in wilson(980, 1000)]
    [0.96931, 0.987016]
    """
    if count < 1 or not 0 <= hits <= count:
        raise DataError(f"wilson: hits between 0 and the count, and a count above 0, not {hits} of {count}")
    share, square = hits / count, z * z
    middle = (share + square / (2 * count)) / (1 + square / count)
    half = z * sqrt(share * (1 - share) / count + square / (4 * count * count)) / (1 + square / count)
    return middle - half, middle + half


@measure(unit="1", en="cases settled in time", zh="按时办结率", given={"days": "count"}, reads=("cases",))
def handled_within(city: City, *, matter: str | Sequence[str], days: float) -> float:
    """Share of the cases of some matters that are settled within so many working days, open cases among them [1].

    Parameters
    ----------
    matter : kinds of case in the table ``cases``, such as licence.
    days : most working days from acceptance to the decision, inclusive [count].

    Raises
    ------
    MissingData : there is no table ``cases``, or no case of the matters.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> round(handled_within(with_cases(grid_city(1)), matter="licence", days=3), 4)
    0.4667
    """
    table = city.table("cases")
    kinds = (matter,) if isinstance(matter, str) else tuple(matter)
    chosen: NDArray[np.bool_] = table["matter"].isin(kinds).to_numpy()
    if not chosen.any():
        raise MissingData(f"{city.name}: no case is {listed(kinds)}", layer="cases", column="matter")
    took = city.column("cases", "days")[chosen]
    if np.isnan(took).any():
        raise MissingData(f"{city.name}: some cases have no days", layer="cases", column="days")
    return settled_by(took, table["closed"].to_numpy(dtype=bool)[chosen], days)


def with_cases(city: City) -> City:
    """A city with five licences, two of them still open, for examples."""
    import pandas as pd

    table = pd.DataFrame(
        {
            "id": range(5),
            "matter": "licence",
            "days": [1.0, 2.0, 3.0, 4.0, 5.0],
            "closed": [True, False, True, False, True],
        }
    )
    return city.with_layer("cases", table)
