"""Verdicts as data: what a check found, clause by clause."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.errors import UnknownName

__all__ = ["COLUMNS", "STATUSES", "Verdict", "Verdicts"]

#: pass and fail need a limit; value is computed where the clause sets none; unknown: data is missing or doubtful;
#: not applicable: the clause does not speak of such a city, or not at this date.
STATUSES = ("pass", "fail", "value", "unknown", "not applicable")

#: The columns of ``verdicts.csv`` (contract).
COLUMNS = (
    "plan",
    "shock",
    "time",
    "standard",
    "clause",
    "domain",
    "status",
    "value",
    "limit",
    "unit",
    "margin",
    "people",
    "reason",
)


@dataclass(frozen=True, eq=False)
class Verdict:
    """What one clause says of one city.

    Attributes
    ----------
    standard, clause : which clause, of which edition.
    domain : the city domains (1–12) that it belongs to.
    status : one of `STATUSES`.
    value : the measured value, in SI `unit`; NaN where it is not known.
    limit : the limit as text in `unit`, such as ``">= 0.8"``; empty where the clause sets none.
    margin : how far the value is on the good side of the limit, in `unit`; negative where it fails.
    people : persons for whom the clause does not hold; NaN where they are not counted.
    reason : why, in one sentence, in English and Chinese (`reason_zh`).
    layer, short : the layer whose rows it speaks of, and which of them fall short; empty and None where it names none.
    """

    standard: str
    clause: str
    domain: tuple[int, ...]
    status: str
    value: float = float("nan")
    limit: str = ""
    unit: str = "1"
    margin: float = float("nan")
    people: float = float("nan")
    reason: str = ""
    reason_zh: str = ""
    layer: str = ""
    short: NDArray[np.bool_] | None = None

    @property
    def key(self) -> str:
        """Standard and clause in one."""
        return f"{self.standard}, {self.clause}"


@dataclass(frozen=True, eq=False)
class Verdicts(Sequence[Verdict]):
    """The verdicts of one check, in the order of the packs."""

    items: tuple[Verdict, ...]

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, str):
            for item in self.items:
                if index in (item.key, item.clause):
                    return item
            raise UnknownName("verdict of clause", index, [item.key for item in self.items])
        return self.items[index]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Verdict]:
        return iter(self.items)

    def count(self, value: Any) -> int:
        """How many verdicts have this status."""
        return sum(item.status == value for item in self.items)

    def to_frame(self, *, plan: str = "", shock: str = "", time: float = 0.0) -> pd.DataFrame:
        """One row a clause, with the columns of ``verdicts.csv``."""
        rows = [
            {
                "plan": plan,
                "shock": shock,
                "time": time,
                "standard": item.standard,
                "clause": item.clause,
                "domain": " ".join(map(str, item.domain)),
                "status": item.status,
                "value": item.value,
                "limit": item.limit,
                "unit": item.unit,
                "margin": item.margin,
                "people": item.people,
                "reason": item.reason,
            }
            for item in self.items
        ]
        return pd.DataFrame(rows, columns=list(COLUMNS))
