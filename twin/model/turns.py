"""Turns that are forbidden, or that cost time: what a junction adds to the way over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.errors import DataError, listed

__all__ = ["Turns"]

_COLUMNS = ("from_edge", "node", "to_edge", "cost")


@dataclass(frozen=True, eq=False)
class Turns:
    """What it costs to enter an edge after another; turns that are not listed are free.

    Attributes
    ----------
    from_edge, to_edge : (t,) int32, rows of the edge travelled last and of the one entered.
    node : (t,) int32, position of the node that both share.
    cost : (t,) float64, time that the turn takes [s]; inf: it is forbidden, whatever one travels by.
    """

    from_edge: NDArray[np.int32]
    node: NDArray[np.int32]
    to_edge: NDArray[np.int32]
    cost: NDArray[np.float64]

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, tail: NDArray[np.int32], head: NDArray[np.int32]) -> Turns:
        """Check a table of turns against the edges it speaks of.

        Raises
        ------
        DataError : a column is missing, an edge does not touch the node, a cost is negative or missing.
        """
        lacking = [name for name in _COLUMNS if name not in frame.columns]
        if lacking:
            raise DataError(f"turns.{lacking[0]}: no such column; a turn has {', '.join(_COLUMNS)}", layer="turns")
        cost = frame["cost"].to_numpy(dtype=np.float64)
        whole = {name: frame[name].to_numpy() for name in _COLUMNS[:3]}
        for name, values in whole.items():
            if len(values) and values.dtype.kind not in "iu":
                raise DataError(f"turns.{name}: positions are whole numbers", layer="turns", column=name)
        come, node, go = (values.astype(np.int64) for values in whole.values())
        for name, edge in (("from_edge", come), ("to_edge", go)):
            beyond = (edge < 0) | (edge >= len(tail))
            at = np.where(beyond, 0, edge)
            apart = beyond | (len(tail) == 0)
            if not apart.all():
                apart = apart | ((tail[at] != node) & (head[at] != node))
            _refuse(apart, name, "name an edge that does not touch the turn's node")
        _refuse(~(cost >= 0), "cost", "are negative or missing; a forbidden turn costs inf")
        return cls(_frozen(come, np.int32), _frozen(node, np.int32), _frozen(go, np.int32), _frozen(cost, np.float64))

    def to_frame(self) -> pd.DataFrame:
        """The turns as a table; a copy."""
        return pd.DataFrame({name: getattr(self, name) for name in _COLUMNS})


def _refuse(bad: NDArray[np.bool_], column: str, what: str) -> None:
    rows = np.flatnonzero(bad)
    if rows.size:
        raise DataError(
            f"turns.{column}: {rows.size} {what} (rows {listed(rows)})", layer="turns", column=column, rows=rows
        )


def _frozen(values: NDArray[Any], dtype: Any) -> NDArray[Any]:
    copy = values.astype(dtype)
    copy.flags.writeable = False
    return copy
