"""What a trial finds, as plain records: one `Outcome` for each clause and city, and the `Trial` that holds them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.errors import UnknownName
from twin.model import City, Verdict
from twin.report.content import Text
from twin.report.words import told
from twin.standards import Clause
from twin.standards.words import limit_words

__all__ = ["Cost", "Curve", "Gap", "Group", "Knee", "Outcome", "Rival", "Site", "Stress", "Trial", "Variant"]

_NAN = float("nan")
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Gap:
    """Why a part of a trial could not be computed."""

    why: Text


@dataclass(frozen=True)
class Knee:
    """Where a curve bends most.

    Attributes
    ----------
    x, y : the point of the curve, in its units.
    gap : vertical distance from the chord between the curve's ends, both axes scaled to 1 [1].
    early : True where the curve lies above its chord there (it rises fast, then flattens; or stays high, then falls),
        False where it lies below.
    """

    x: float
    y: float
    gap: float
    early: bool


@dataclass(frozen=True, eq=False)
class Curve:
    """Compliance against a limit.

    Attributes
    ----------
    swept : what is varied; `unit` is its SI unit.
    x, y : (k,) the limits tried, and the share that complies with each [1].
    at : the limit of the clause, in `unit`; NaN where it sets none.
    asked : share that the clause asks for [1]; NaN where it asks for none.
    today : share that complies with the clause's limit today [1].
    needed : limit that the share asked for would meet today, in `unit`; `inf` where none does, NaN where none is asked.
    knee : where the curve bends; None where it hardly does.
    of : what the shares are of.
    method : ``distribution`` (all points read off one distribution), ``evaluated`` (the measure at every point), or
        ``step`` (one number for the whole city: it complies or it does not).
    """

    swept: Text
    unit: str
    x: Floats
    y: Floats
    at: float
    asked: float
    today: float
    needed: float
    knee: Knee | None
    of: Text
    method: str


@dataclass(frozen=True)
class Group:
    """One group of people, or one part of the city.

    Attributes
    ----------
    by : ``age`` (columns of the population) or the layer of polygons.
    weight : how many are in it; `unit` is ``person``, ``m2``, ``count`` (of facilities or parts), or ``weight`` (as the
        measure weighs its rows).
    served : of them, for whom the clause holds today.
    gained : of them, who gain it with the sites of `Cost`; NaN where no sites were computed.
    value, holds : the measure's value in this part alone, and whether it meets the limit.
    """

    by: str
    name: Text
    weight: float
    served: float = _NAN
    gained: float = _NAN
    value: float = _NAN
    holds: bool | None = None
    unit: str = "person"

    @property
    def left(self) -> float:
        """Those left out even with the sites, or today where none were computed."""
        return self.weight - self.served - (0.0 if self.gained != self.gained else self.gained)


@dataclass(frozen=True)
class Site:
    """A new facility: kind, place in the city's CRS [m], and the clause's value once it and those before stand."""

    kind: str
    x: float
    y: float
    value: float


@dataclass(frozen=True)
class Cost:
    """What would have to be built until a clause holds.

    Attributes
    ----------
    sites : in the order in which they are added.
    least : no fewer than so many sites can do; 0 where nothing is known.
    value : the clause's value with all of them, measured anew on the city with them.
    holds : whether it is met then.
    amount, unit : how much is missing (capacity, area, length), NaN where it is counted in sites alone.
    method : how the sites were chosen.
    """

    sites: tuple[Site, ...]
    least: int
    value: float
    holds: bool
    amount: float
    unit: str
    method: Text


@dataclass(frozen=True)
class Variant:
    """The clause's value when something is otherwise.

    Attributes
    ----------
    kind : ``speed``, ``distance``, ``missing``, ``critical``, ``position`` or ``figure``.
    value : in the measure's unit; the mean where it is drawn at random.
    low, high : smallest and largest of the draws; NaN where there is one value.
    status : pass, fail or value; ``unsure`` where some draws pass and some fail.
    """

    kind: str
    label: Text
    value: float
    low: float
    high: float
    status: str


@dataclass(frozen=True)
class Stress:
    """The clause under a shock.

    Attributes
    ----------
    value : mean over the runs, in the measure's unit; NaN where it is unknown.
    low, high : 95 % interval of the mean (Student); NaN for a shock without chance.
    people : persons left out, the mean over the runs; NaN where none are counted.
    """

    name: Text
    runs: int
    value: float
    low: float
    high: float
    status: str
    people: float
    reason: Text


@dataclass(frozen=True)
class Rival:
    """Another clause that asks something else of the same, and how the city stands to it."""

    clause: Clause
    asks: Text
    verdict: Verdict


@dataclass(frozen=True, eq=False)
class Outcome:
    """One clause tried on one city; a part that could not be computed is a `Gap` that says why.

    Attributes
    ----------
    day : whose limits were tried; `validity` says where it is not the day that was asked for.
    limits : in the measure's unit.
    """

    clause: Clause
    city: City
    day: dt.date
    validity: Text
    verdict: Verdict
    limits: Mapping[str, float]
    curve: Curve | Gap
    groups: tuple[Group, ...] | Gap
    cost: Cost | Gap
    variants: tuple[Variant, ...] | Gap
    stress: tuple[Stress, ...] | Gap
    rivals: tuple[Rival, ...]
    notes: tuple[Text, ...] = ()


@dataclass(frozen=True, eq=False)
class Trial:
    """Clauses tried on cities, the cities of a clause one after the other."""

    packs: tuple[str, ...]
    cities: tuple[City, ...]
    outcomes: tuple[Outcome, ...]
    on: dt.date
    options: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Packs, cities and clauses, without their tables."""
        keys = dict.fromkeys(each.clause.key for each in self.outcomes)
        return f"Trial({', '.join(self.packs)} on {', '.join(c.name for c in self.cities)}; {len(keys)} clauses)"

    def __getitem__(self, key: str | tuple[str, str]) -> Outcome:
        """The outcome of a clause (its key, or its id), on the first city or on the one named beside it."""
        name, city = (key, None) if isinstance(key, str) else key
        for each in self.outcomes:
            if name in {each.clause.key, each.clause.id} and city in {None, each.city.name}:
                return each
        known = [f"{each.clause.key} on {each.city.name}" for each in self.outcomes]
        raise UnknownName("outcome of", name if city is None else f"{name} on {city}", known)

    def summary(self, *, language: str = "en") -> pd.DataFrame:
        """One row a clause and city, as people read it; the numbers themselves stand in `outcomes` and in trial.json.

        Returns
        -------
        DataFrame : clause, title, city, status, value, limit, knee of the curve and limit that would hold today,
            people left out, new sites, and what becomes of the status with them.
        """
        return pd.DataFrame([_row(each, language) for each in self.outcomes])

    def write(self, folder: str | Path, *, language: str = "en") -> Path:
        """Write report.html and trial.json into a folder; returns its path. `language` is shown first.

        Raises
        ------
        DataError : the folder holds something that is no trial, or cannot be written.
        """
        from twin.trial.write import write_trial  # what draws is loaded when something is drawn

        return write_trial(self, Path(folder), language=language)


def _row(each: Outcome, language: str) -> dict[str, str]:
    curve = each.curve if isinstance(each.curve, Curve) else None
    cost = each.cost if isinstance(each.cost, Cost) else None
    limit = limit_words(each.limits, each.verdict.unit)
    return {
        "clause": each.clause.key,
        "title": getattr(each.clause.title, language),
        "city": each.city.name,
        "status": each.verdict.status,
        "value": told(each.verdict.value, each.verdict.unit).get(language),
        "limit": limit[1] if language == "zh" else limit[0],
        "knee": told(curve.knee.x, curve.unit).get(language) if curve and curve.knee else "–",
        "needed": told(curve.needed, curve.unit).get(language) if curve else "–",
        "people": f"{each.verdict.people:,.0f}" if each.verdict.people == each.verdict.people else "–",
        "sites": str(len(cost.sites)) if cost else "–",
        "then": "–" if cost is None else "pass" if cost.holds else "fail",
    }
