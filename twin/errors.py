"""Every error that `twin` raises on purpose.

::

    TwinError
    ├─ DataError(ValueError)          a file, layer, column or row is not as the schema says
    │   ├─ CRSError                   the coordinate reference system is missing or cannot be right
    │   └─ MissingData                the city has no such layer, column or kind: a verdict becomes *unknown*
    ├─ ScenarioError(ValueError)      a change cannot be applied to this city
    ├─ SimulationError(RuntimeError)  an agent or the engine failed at a time
    ├─ StandardError(ValueError)      a pack or clause is not well formed
    └─ UnknownName(LookupError)       a name that nobody registered, with the nearest one that exists
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

__all__ = [
    "CRSError",
    "DataError",
    "MissingData",
    "ScenarioError",
    "SimulationError",
    "StandardError",
    "TwinError",
    "UnknownName",
    "listed",
]


class TwinError(Exception):
    """Root of all errors that say what is wrong, where, and what to do."""


class DataError(TwinError, ValueError):
    """A file, layer, column or row is not as the schema says.

    Parameters
    ----------
    message : one sentence of what and where with the values, one of what to do.
    layer, column : where it is, as the schema names it; empty where it does not apply.
    rows : positions of the offending rows, in the order of the layer.
    """

    def __init__(self, message: str, *, layer: str = "", column: str = "", rows: Iterable[int] = ()) -> None:
        super().__init__(message)
        self.layer = layer
        self.column = column
        self.rows = tuple(int(row) for row in rows)


class CRSError(DataError):
    """The coordinate reference system is missing, or the numbers cannot be in it."""


class MissingData(DataError):
    """The city has no such layer, column or kind; what rests on it is unknown, not failed."""


class ScenarioError(TwinError, ValueError):
    """A change cannot be applied to this city."""

    def __init__(self, message: str, *, scenario: str = "", change: str = "") -> None:
        super().__init__(message)
        self.scenario = scenario
        self.change = change


class SimulationError(TwinError, RuntimeError):
    """An agent or the engine failed; `time` is in seconds since the start of the run [s].

    `trace` is what had happened until then, marked partial; None where nothing had.
    """

    def __init__(self, message: str, *, time: float = float("nan"), agents: str = "") -> None:
        super().__init__(message)
        self.time = time
        self.agents = agents
        self.trace: Any = None


class StandardError(TwinError, ValueError):
    """A pack or a clause is not well formed."""

    def __init__(self, message: str, *, pack: str = "", clause: str = "") -> None:
        super().__init__(message)
        self.pack = pack
        self.clause = clause


class UnknownName(TwinError, LookupError):
    """A name that nobody registered.

    Parameters
    ----------
    what : what was asked for, such as ``"measure"``.
    name : the name as it was given.
    known : the names that exist; the nearest is offered.
    where : the file or table the name stood in; empty where it was typed.
    """

    def __init__(self, what: str, name: object, known: Iterable[object] = (), *, where: str = "") -> None:
        self.what = what
        self.name = name
        self.where = where
        self.known = tuple(sorted(str(each) for each in known))
        near = difflib.get_close_matches(str(name), self.known, n=1, cutoff=0.5)
        if near:
            hint = f"; did you mean '{near[0]}'?"
        elif self.known:
            hint = f"; there is {listed(self.known)}"
        else:
            hint = ""
        super().__init__(f"{where + ': ' if where else ''}no {what} '{name}'{hint}")

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel between processes: an error that cannot be read back there would take the whole pool down."""
        return _unknown, (type(self), self.what, self.name, self.known, self.where), dict(self.__dict__)


def _unknown(cls: type[UnknownName], what: str, name: object, known: Iterable[object], where: str) -> UnknownName:
    return cls(what, name, known, where=where)


def listed(items: Iterable[object], *, most: int = 8) -> str:
    """Items as a short text, ``"a, b, c and 12 more"``.

    >>> listed([3, 4, 5], most=2)
    '3, 4 and 1 more'
    """
    texts = [str(item) for item in items]
    shown = ", ".join(texts[:most])
    return shown if len(texts) <= most else f"{shown} and {len(texts) - most} more"
