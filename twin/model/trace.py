"""What a simulation leaves behind: columns, never an object an agent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

from twin.errors import MissingData, UnknownName

__all__ = ["Trace"]


@dataclass(frozen=True, eq=False)
class Trace(Mapping[str, pd.DataFrame]):
    """Tables of a run.

    Attributes
    ----------
    tables : see below; ``trace["trips"]`` is short for ``trace.tables["trips"]``.
    until, seed : as the run was asked for [s].
    partial : whether Ctrl-C ended it before.
    crowds : name of each crowd; the tables speak of crowds by number.

    ``trips``: one row a trip, with agent, origin, destination (node ids), depart and arrive [s]; NaN while on the way.
    ``end``: one row an agent (index crowd, agent), with number of the crowd, status, node and facility (ids), time [s]
    of its last change, and group where a crowd spawns its agents with one.
    ``visits``: one row a visit to be served, with crowd, agent, facility (id), arrive, begin and end [s] and outcome
    (served, left, turned away, in line, in service); NaN where it did not begin, or has not ended.
    ``calls``, where a crowd answers calls: one row a unit that a call asked for, with crowd, call, service (kind of
    station), priority, time of the call, node (id), unit, station (id), the times of order, start, arrive, leave and
    free [s] (NaN where they did not come) and outcome (reached, on the way, waiting, cut off, lost).
    ``gridlock``: edges (rows) with vehicles that wait for each other for good, number of the ``circle`` that each is
        in or stands ``behind`` (else -1), and since when [s]; empty, it is hoped.
    """

    tables: Mapping[str, pd.DataFrame]
    until: float
    seed: int
    partial: bool = False
    crowds: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "tables", MappingProxyType(dict(self.tables)))

    def numbers(self, crowd: str) -> list[int]:
        """Numbers of the crowds of a name; `MissingData` where the run has none such."""
        found = [number for number, name in enumerate(self.crowds) if name == crowd]
        if not found:
            raise MissingData(f"this run: {UnknownName('crowd', crowd, self.crowds)}", layer="trace", column="crowd")
        return found

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.tables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.tables)

    def __len__(self) -> int:
        return len(self.tables)
