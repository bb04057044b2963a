"""What a plan or a trend makes of figures: records, activities that emit, and what facilities are fitted with.

A figure that is changed here is an assumption of the scenario. The reports list it as a change, and the row's source
says so, whatever register it came from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from twin.errors import DataError, MissingData, UnknownName
from twin.model import City
from twin.scenario import change, option

__all__ = ["ChangeActivity", "ChangeQueue", "ChangeRecord", "Equip"]

#: What stands as the source of a figure that a scenario changed.
ASSUMED = "assumed by a scenario"


@change
@dataclass(frozen=True)
class ChangeRecord:
    """Change a figure of the records: its value times a factor, plus an amount in the figure's own unit.

    Attributes
    ----------
    record : name of the figure.
    times : factor [1].
    add : amount that is added after [unit of the record].
    """

    zh: ClassVar[str] = "调整登记数值"
    record: str
    times: float = option(1.0, unit="1")
    add: float = 0.0

    def __post_init__(self) -> None:
        _number("change_record.times", self.times)
        _number("change_record.add", self.add)

    def __call__(self, city: City) -> City:
        """The city with the figure changed; `UnknownName` where it is not recorded, `MissingData` where it is empty."""
        table = city.table("records")
        row = _row(table["id"], self.record, f"record of {city.name}")
        values = table["value"].to_numpy(dtype=float).copy()
        if np.isnan(values[row]):
            raise MissingData(f"{city.name}: the record '{self.record}' has no value to change", layer="records")
        values[row] = values[row] * self.times + self.add
        if values[row] < 0:
            raise DataError(
                f"change_record: '{self.record}' would fall to {values[row]:g} {table['unit'].iloc[row]}; a figure of "
                "the records is at least 0",
                layer="records",
                column="value",
                rows=[row],
            )
        return city.with_columns("records", value=values, source=_assumed(table, row))


@change
@dataclass(frozen=True)
class ChangeActivity:
    """Change an activity that emits: its amount times a factor, or the emission factor that it is multiplied by.

    Attributes
    ----------
    activity : id of the activity.
    times : amount after over amount before [1].
    emission : name of another emission factor for the same unit; the present one where empty.
    """

    zh: ClassVar[str] = "调整排放活动"
    activity: str
    times: float = option(1.0, unit="1")
    emission: str = ""

    def __post_init__(self) -> None:
        _number("change_activity.times", self.times)
        if self.times < 0:
            raise DataError(f"change_activity.times: a factor of an amount is at least 0, not {self.times:g}")

    def __call__(self, city: City) -> City:
        """The city with the activity changed; `UnknownName` where there is none of that id."""
        table = city.table("activities")
        row = _row(table["id"].map(str), self.activity, f"activity of {city.name}")
        amount = table["amount"].to_numpy(dtype=float).copy()
        amount[row] *= self.times
        factor = table["factor"].to_numpy(dtype=object).copy()
        factor[row] = self.emission or factor[row]
        return city.with_columns("activities", amount=amount, factor=factor)


@change
@dataclass(frozen=True)
class ChangeQueue:
    """Change who comes to an office and who serves there: calls times a factor, plus so many at work in every hour.

    Attributes
    ----------
    layer : hours of the office: hotline, messages, emergency_calls or service_hall.
    times : calls or visitors after over before [1].
    staff : agents or counters that are added in every hour, fewer where it is below 0 [1].
    """

    zh: ClassVar[str] = "调整来访与座席"
    layer: str
    times: float = option(1.0, unit="1")
    staff: float = option(0.0, unit="1")

    def __post_init__(self) -> None:
        _number("change_queue.times", self.times)
        _number("change_queue.staff", self.staff)
        if self.times < 0:
            raise DataError(f"change_queue.times: a factor of calls is at least 0, not {self.times:g}")

    def __call__(self, city: City) -> City:
        """The city with the office's hours changed; `MissingData` where they are not known."""
        calls, agents = (city.column(self.layer, name) for name in ("calls", "agents"))
        return city.with_columns(self.layer, calls=calls * self.times, agents=np.maximum(agents + self.staff, 0.0))


@change
@dataclass(frozen=True)
class Equip:
    """Fit the open facilities of a kind: raise one column to a share of another where it is less.

    Attributes
    ----------
    facility : kind.
    column : what they are fitted with, such as charging spaces.
    of : column that the share is of, such as spaces.
    share : least share after [1].
    """

    zh: ClassVar[str] = "配建设备"
    facility: str
    column: str
    of: str
    share: float = option(unit="1")

    def __post_init__(self) -> None:
        _number("equip.share", self.share)
        if not 0 <= self.share <= 1:
            raise DataError(f"equip.share: a share lies between 0 and 1, not {self.share:g}")

    def __call__(self, city: City) -> City:
        """The city with the facilities fitted, in whole units; where `of` is not known the column stays as it is."""
        chosen = city.rows("facilities", kind=self.facility) & city.facilities["open"].to_numpy()
        if not chosen.any():
            raise UnknownName("open facility of kind", self.facility, set(city.facilities["kind"]))
        held, whole = (city.column("facilities", name) for name in (self.column, self.of))
        asked = np.ceil(self.share * whole - 1e-9)
        return city.with_columns(
            "facilities", **{self.column: np.where(chosen & ~np.isnan(asked), np.fmax(held, asked), held)}
        )


def _number(where: str, value: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise DataError(f"{where}: {value!r} is no number")


def _row(ids: pd.Series, name: str, what: str) -> int:
    found = np.flatnonzero((ids == name).to_numpy())
    if not found.size:
        raise UnknownName(what, name, ids)
    return int(found[0])


def _assumed(table: pd.DataFrame, row: int) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    source = table["source"].to_numpy(dtype=object).copy() if "source" in table else np.full(len(table), "", object)
    source[row] = ASSUMED
    return source
