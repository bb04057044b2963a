"""What a timetable offers on a day, line by line."""

from __future__ import annotations

import datetime as dt
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.model.timetable import Timetable

__all__ = ["PEAK", "WHOLE", "lines_on"]

#: Departures between which headways are counted: the working day, and its morning peak [s].
WHOLE, PEAK = (7 * 3600, 19 * 3600), (7 * 3600, 9 * 3600)


def lines_on(table: Timetable, date: dt.date | str, length: NDArray[np.float64] | None = None) -> pd.DataFrame:
    """Statistics of every line and direction that runs on a day.

    Parameters
    ----------
    length : (m,) length of the edges that ``table.hop`` names; straight lines between the stops without it [m].

    Returns
    -------
    DataFrame : id, name, mode of the line; direction (-1 where the feed does not tell); trips; first and last departure
        from a first stop [s]; headway (median from 07:00 to 19:00, both counted) and headway_peak (median from 07:00
        to 09:00), NaN where fewer than two trips leave [s]; duration of all trips together [s]; distance of them [m];
        speed, the one by the other [m/s].

    Notes
    -----
    Trips count on the day that they belong to, though they end after midnight. Closed lines are left out; a closed
    stop or edge changes nothing here. A headway is the time between a departure from a first stop and the next,
    whichever first stop that is.
    """
    runs = table.runs[:, table.number(date)][table.trips["service"].to_numpy()]
    pattern = table.pattern_of
    runs &= table.lines["open"].to_numpy(dtype=bool)[table.pattern_line[pattern]]
    rows = np.flatnonzero(runs)
    of = pattern[rows]
    frame = pd.DataFrame(
        {
            "line": table.pattern_line[of],
            "direction": table.pattern_direction[of],
            "leaves": table.leaves[rows],
            "took": (table.reaches - table.leaves)[rows],
            "distance": _distances(table, length)[of],
        }
    ).sort_values(["line", "direction", "leaves"], kind="stable")
    found = []
    for key, trips in frame.groupby(["line", "direction"]):
        line, direction = cast("tuple[int, int]", key)
        leaves = trips["leaves"].to_numpy()
        duration, distance = float(trips["took"].sum()), float(trips["distance"].sum())
        found.append(
            {
                **{column: table.lines[column].iloc[line] for column in ("id", "name", "mode")},
                "direction": direction,
                "trips": len(trips),
                "first": int(leaves[0]),
                "last": int(leaves[-1]),
                "headway": _headway(leaves, WHOLE),
                "headway_peak": _headway(leaves, PEAK),
                "duration": duration,
                "distance": distance,
                "speed": distance / duration if duration > 0 else float("nan"),
            }
        )
    columns = ("id", "name", "mode", "direction", "trips", "first", "last", "headway", "headway_peak")
    return pd.DataFrame(found, columns=[*columns, "duration", "distance", "speed"])


def _headway(leaves: NDArray[np.int32], window: tuple[int, int]) -> float:
    inside = leaves[(leaves >= window[0]) & (leaves <= window[1])]
    return float(np.median(np.diff(inside))) if len(inside) > 1 else float("nan")


def _distances(table: Timetable, length: NDArray[np.float64] | None) -> NDArray[np.float64]:
    """(p,) length of each pattern [m]."""
    stop, x, y = table.pattern_stop, table.stops["x"].to_numpy(), table.stops["y"].to_numpy()
    hop = np.zeros(len(stop))
    hop[:-1] = np.hypot(np.diff(x[stop]), np.diff(y[stop]))
    if length is not None:
        hop = np.where(table.hop >= 0, length[table.hop], hop)
    hop[table.pattern_indptr[1:] - 1] = 0.0  # from the end of a pattern nothing leads on
    total = np.concatenate([[0.0], np.cumsum(hop)])
    found: NDArray[np.float64] = total[table.pattern_indptr[1:]] - total[table.pattern_indptr[:-1]]
    return found
