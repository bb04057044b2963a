"""Lines: how long people wait to be served, and who is not, from the visits of a run (``trace["visits"]``)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.errors import DataError, MissingData
from twin.measures.measure import measure
from twin.measures.samples import percentile
from twin.model import City, Trace

__all__ = [
    "line_percentile",
    "longest_line",
    "mean_line",
    "served_within",
    "unmet_by_group",
    "unmet_share",
    "unmet_worst",
]

Kinds = str | Sequence[str]


def visits_of(city: City, trace: Trace, facility: Kinds, crowd: str) -> pd.DataFrame:
    """Visits of a run to facilities of some kinds (all where empty), of one crowd (all where empty).

    Raises
    ------
    MissingData : the run has no such visit.
    """
    visits = trace["visits"] if "visits" in trace else pd.DataFrame({"crowd": [], "facility": []})
    kinds = (facility,) if isinstance(facility, str) else tuple(facility)
    if kinds:
        ids = city.facilities.loc[city.rows("facilities", kind=kinds), "id"]
        visits = visits[visits["facility"].isin(ids)]
    if crowd:
        visits = visits[visits["crowd"].isin(trace.numbers(crowd))]
    if not len(visits):
        where = " or ".join(kinds) or "any facility"
        raise MissingData(f"this run has no visit to {where}{f' of {crowd}' if crowd else ''}; let a crowd queue there")
    return visits


def waits(visits: pd.DataFrame, until: float) -> NDArray[np.float64]:
    """Time in line of each visit [s]: until it was served or given up, or the run ended; NaN where turned away."""
    arrive, begin, end = (visits[name].to_numpy(dtype=float) for name in ("arrive", "begin", "end"))
    left = np.where(np.isfinite(end), end, until)
    wait = np.where(np.isfinite(begin), begin, left) - arrive
    wait[(visits["outcome"] == "turned away").to_numpy()] = np.nan
    return np.asarray(wait)


@measure(unit="s", en="mean time in line in a run", zh="仿真平均排队时间")
def mean_line(city: City, *, trace: Trace, facility: Kinds = (), crowd: str = "") -> float:
    """Mean time that visitors of a run stand in line [s], those who give up until they do.

    Parameters
    ----------
    facility, crowd : whose visits; see `twin.measures.lines.visits_of`.

    Notes
    -----
    Who still stands in line when the run ends counts with the time so far; who was turned away does not count.

    Examples
    --------
    Served after 0, 60 and 240 s, and one who left after 300 s.

    >>> from twin.gis.grid import grid_city
    >>> mean_line(grid_city(1), trace=with_visits([0, 60, 240, None]), facility="clinic")
    150.0
    """
    wait = waits(visits_of(city, trace, facility, crowd), trace.until)
    counted = wait[~np.isnan(wait)]
    return float(counted.mean()) if len(counted) else float("nan")


@measure(unit="s", en="time in line percentile of a run", zh="仿真排队时间分位数", given={"share": "1"})
def line_percentile(city: City, *, trace: Trace, share: float = 0.9, facility: Kinds = (), crowd: str = "") -> float:
    """Time in line that a share of the visitors of a run do not exceed [s]; as `mean_line`. At 1 it is the longest.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> line_percentile(grid_city(1), trace=with_visits([0, 60, 240, None]), share=0.5, facility="clinic")
    60.0
    """
    wait = waits(visits_of(city, trace, facility, crowd), trace.until)
    return percentile(wait[~np.isnan(wait)], share, what="line_percentile")


@measure(unit="1", en="served in time in a run", zh="仿真按时服务率", given={"within": "s"})
def served_within(city: City, *, trace: Trace, within: float, facility: Kinds = (), crowd: str = "") -> float:
    """Share of the visitors (or callers) of a run whose service began within a time [1].

    Parameters
    ----------
    within : longest time in line that counts, inclusive [s].

    Notes
    -----
    Who left or was turned away was not served in time. Who has been in line for less than that when the run ends is
    left out.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> served_within(grid_city(1), trace=with_visits([0, 60, 240, None]), within=60, facility="clinic")
    0.5
    """
    if not within >= 0:
        raise DataError(f"served_within: a time of at least 0 s, not {within}", column="within")
    visits = visits_of(city, trace, facility, crowd)
    wait = waits(visits, trace.until)
    begun = visits["begin"].notna().to_numpy()
    known = ~((visits["outcome"] == "in line").to_numpy() & (wait <= within))
    return float((begun & (wait <= within + 1e-6))[known].mean()) if known.any() else float("nan")


@measure(unit="1", en="demand not served in a run", zh="仿真未满足需求比例")
def unmet_share(city: City, *, trace: Trace, facility: Kinds = (), crowd: str = "") -> float:
    """Share of the visits of a run that ended without a service: left out of patience, or turned away [1].

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> unmet_share(grid_city(1), trace=with_visits([0, 60, 240, None]), facility="clinic")
    0.25
    """
    return _unmet(visits_of(city, trace, facility, crowd))


def _unmet(visits: pd.DataFrame) -> float:
    over = visits["outcome"].isin(["served", "left", "turned away"])
    return float((visits.loc[over, "outcome"] != "served").mean()) if over.any() else float("nan")


def unmet_by_group(city: City, *, trace: Trace, facility: Kinds = (), crowd: str = "") -> pd.Series:
    """`unmet_share` of each group, where the crowd tells its agents' groups (column ``group`` of ``trace["end"]``) [1].

    Raises
    ------
    MissingData : no crowd that came tells the groups of its agents.
    """
    visits = visits_of(city, trace, facility, crowd)
    if "group" not in trace["end"].columns:
        raise MissingData("trace.end has no column 'group'; give one in the table that the crowd spawns")
    end = trace["end"].reset_index().set_index(["number", "agent"])
    group = end["group"].reindex(pd.MultiIndex.from_arrays([visits["crowd"], visits["agent"]]))
    parts = visits.groupby(group.to_numpy(dtype=object))
    return pd.Series({name: _unmet(rows) for name, rows in parts}, dtype=float, name="unmet_share")


@measure(unit="1", en="demand not served, worst group of a run", zh="仿真未满足需求比例（最差群体）")
def unmet_worst(city: City, *, trace: Trace, facility: Kinds = (), crowd: str = "") -> float:
    """`unmet_share` of the group that fares worst [1].

    Examples
    --------
    Of two old visitors one left, of two young ones none.

    >>> from twin.gis.grid import grid_city
    >>> run = with_visits([0, None, 60, 240], group=["old", "old", "young", "young"])
    >>> unmet_worst(grid_city(1), trace=run, facility="clinic")
    0.5
    """
    return float(unmet_by_group(city, trace=trace, facility=facility, crowd=crowd).max())


@measure(unit="count", en="longest line in a run", zh="仿真最长队列")
def longest_line(city: City, *, trace: Trace, facility: Kinds = (), crowd: str = "") -> float:
    """Most persons that stood in line at one facility at one time of a run [count].

    Examples
    --------
    All came at 0 s: three waited, one of them for 60 s, one for 240 s, and one left after 300 s.

    >>> from twin.gis.grid import grid_city
    >>> longest_line(grid_city(1), trace=with_visits([0, 60, 240, None]), facility="clinic")
    3.0
    """
    visits = visits_of(city, trace, facility, crowd)
    wait = waits(visits, trace.until)
    most = 0
    for _, rows in visits.assign(wait=wait)[wait > 0].groupby("facility"):
        time = np.concatenate([rows["arrive"], rows["arrive"] + rows["wait"]])
        step = np.repeat([1, -1], len(rows))
        order = np.lexsort((step, time))  # who leaves at a time goes before who comes
        most = max(most, int(np.cumsum(step[order]).max()))
    return float(most)


def with_visits(wait: Sequence[float | None], *, group: Sequence[str] = ()) -> Trace:
    """A run for examples: visitors of the clinic at 0 s who wait so long, or leave after 300 s (None)."""
    served = np.array([each is not None for each in wait])
    begin = np.array([np.nan if each is None else float(each) for each in wait])
    visits = pd.DataFrame(
        {
            "crowd": 0,
            "agent": np.arange(len(wait)),
            "facility": "c1",
            "arrive": 0.0,
            "begin": begin,
            "end": np.where(served, begin + 120.0, 300.0),
            "outcome": np.where(served, "served", "left"),
        }
    )
    index = pd.MultiIndex.from_arrays([["Visitors"] * len(wait), np.arange(len(wait))], names=["crowd", "agent"])
    end = pd.DataFrame({"number": 0, "status": "finished", "group": list(group) or "all"}, index=index)
    return Trace({"visits": visits, "end": end}, 3600.0, 0, crowds=("Visitors",))
