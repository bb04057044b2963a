"""What a benchmark holds: indicators, and what each city reads on them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from twin.benchmark.align import Code
from twin.model import City
from twin.report.content import Text
from twin.standards import Clause

__all__ = ["Benchmark", "Indicator", "Reading"]

_NAN = float("nan")
NO_TEXT = Text("", "")


@dataclass(frozen=True, eq=False)
class Reading:
    """What one city reads on one indicator.

    Attributes
    ----------
    status : verdict of the clause that the value is held against; *value* where no clause sets a limit, *unknown*
        where the data is missing.
    value, low, high : the value and its 95 % interval, in the indicator's unit; NaN where there is none.
    reason : why it is unknown, or why there is no interval.
    score : the value on the yardstick [1], 0 to 1; NaN where no yardstick is stated.
    yardstick : the reference value that the score was reckoned against.
    rank : first and last place that the city may hold among those that are known; None where no rank can be given.
    years : year of each layer that the value rests on.
    """

    status: str
    value: float = _NAN
    low: float = _NAN
    high: float = _NAN
    reason: Text = NO_TEXT
    score: float = _NAN
    yardstick: Text = NO_TEXT
    rank: tuple[int, int] | None = None
    years: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Indicator:
    """One question that is put to every city in the same words: a measure with its parameters.

    Attributes
    ----------
    clauses : clauses that ask for this value, in the order of the packs; the first one gives title and parameters.
    codes : where the same value, or nearly the same, stands in indicator frameworks.
    better : "more", "less", or "" where no end is stated to be the better one; then there is no rank.
    readings : one a city.
    notes : what keeps the values from being compared as they stand, such as different years.
    """

    name: str
    title: Text
    clauses: tuple[Clause, ...]
    codes: tuple[Code, ...]
    better: str
    readings: tuple[Reading, ...]
    notes: tuple[Text, ...] = ()

    @property
    def clause(self) -> Clause:
        """The clause that gives title and parameters."""
        return self.clauses[0]

    @property
    def unit(self) -> str:
        """SI unit of the values."""
        return self.clause.meter.unit


@dataclass(frozen=True, eq=False)
class Benchmark:
    """Indicators on several cities; there is no score over all of them."""

    cities: tuple[City, ...]
    indicators: tuple[Indicator, ...]
    packs: tuple[str, ...]
    on: dt.date
    options: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[Text, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """One row an indicator and city, with the columns of ``indicators.csv``."""
        from twin.benchmark.tables import readings

        return readings(self)

    def frameworks(self) -> pd.DataFrame:
        """One row a framework's code and city, with the columns of ``frameworks.csv``."""
        from twin.benchmark.tables import frameworks

        return frameworks(self)

    def write(self, folder: str | Path, *, language: str = "en") -> Path:
        """Write report.html, the tables, their dictionary and the metadata into a folder; returns its path."""
        from twin.benchmark.write import write_benchmark

        return write_benchmark(self, Path(folder), language=language)
