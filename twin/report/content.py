"""What a report page holds: plain frozen records, nothing computed, nothing drawn.

Whoever fills them needs no HTML, whoever draws them needs no city. Indices (`scenario`, `clause`) are positions in
``Page.scenarios`` and ``Page.clauses``; scenario 0 is the baseline that the others are compared with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BASE_LAYERS",
    "EVIDENCE",
    "LANGUAGES",
    "STATUSES",
    "STRENGTHS",
    "Cell",
    "CityCard",
    "ClauseCard",
    "GeoJSON",
    "Loss",
    "MapData",
    "Page",
    "Points",
    "ScenarioCard",
    "Source",
    "Text",
]

GeoJSON = Mapping[str, Any]

LANGUAGES = ("en", "zh")
STATUSES = ("pass", "fail", "value", "unknown", "not applicable")
STRENGTHS = ("mandatory", "recommended", "policy-target", "indicative")
EVIDENCE = ("read", "partly read", "recalled")
#: layers of the map's background, in drawing order
BASE_LAYERS = ("green", "water", "buildings", "hazard", "streets", "districts")


@dataclass(frozen=True)
class Text:
    """The same words in English and in Chinese."""

    en: str
    zh: str

    def get(self, language: str) -> str:
        """Return the words in ``"en"`` or ``"zh"``."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True)
class CityCard:
    """The city at a glance.

    Parameters
    ----------
    people : residents that the verdicts count [persons]; NaN where nobody knows.
    area_km2 : area [km2].
    crs : name or code of the projected coordinate reference system.
    zh : its name in Chinese; empty where it has none.
    synthetic : the city was generated, it does not exist.
    estimated : the population was estimated, not counted.
    """

    name: str
    people: float
    area_km2: float
    crs: str
    synthetic: bool = False
    estimated: bool = False
    zh: str = ""

    @property
    def label(self) -> Text:
        """The name in both languages."""
        return Text(self.name, self.zh or self.name)


@dataclass(frozen=True)
class Source:
    """Where a layer comes from; `rows` counts its rows, `year` is the year of the data."""

    layer: Text
    source: str
    year: str | int
    licence: str
    rows: int
    estimated: bool = False
    note: Text = Text("", "")


@dataclass(frozen=True)
class ScenarioCard:
    """A plan under a shock, and what it changes in plain sentences; either name may be empty."""

    plan: str
    shock: str
    label: Text
    changes: tuple[Text, ...] = ()


@dataclass(frozen=True)
class ClauseCard:
    """A clause of a standard.

    Parameters
    ----------
    key : unique name, such as ``"GB 51080-2015/4.1.3"``.
    domains : numbers of its domains, keys of ``Page.domains``.
    strength : one of `STRENGTHS`.
    evidence : one of `EVIDENCE`: whether the limit was read in the source.
    limit : the limit as people read it, or the words for "no limit, a value to report".
    kinds : facility kinds that it is about; they stand out in the map.
    """

    key: str
    standard: str
    clause: str
    title: Text
    domains: tuple[int, ...]
    strength: str
    evidence: str
    measure: Text
    limit: Text
    note: Text = Text("", "")
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cell:
    """The verdict on a clause in a scenario.

    Parameters
    ----------
    status : one of `STATUSES`.
    value : the measured value in its own unit; NaN where there is none.
    value_text, margin_text : the value and its distance to the limit, with units; empty where there is none.
    people : people who are unserved or fail the clause [persons]; NaN where they were not counted.
    reason : why, above all for *unknown* and *not applicable*.
    """

    scenario: int
    clause: int
    status: str
    value: float = float("nan")
    value_text: Text = Text("", "")
    margin_text: Text = Text("", "")
    people: float = float("nan")
    reason: Text = Text("", "")


@dataclass(frozen=True)
class Loss:
    """People of a district whom a clause served in the baseline and serves no more [persons]."""

    scenario: int
    clause: int
    district: str
    people: float


@dataclass(frozen=True, eq=False)
class Points:
    """Population points: longitude, latitude [degree, WGS 84] and people [persons], all of one length."""

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    people: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MapData:
    """What the map shows; all coordinates are WGS 84 degrees.

    Parameters
    ----------
    bounds : west, south, east, north [degree].
    base : feature collections by name, names of `BASE_LAYERS`; ``districts`` carries ``name``, ``hazard`` carries
        ``depth`` [m]. ``hazard`` is shown for every scenario but the baseline.
    points : population points.
    unserved : (scenario, clause) -> bool array over the points, True where the people there are not served.
    facilities : points with ``kind``, ``kind_en``, ``kind_zh``, ``name`` and ``open``, one sign a scenario as
        text: 1 open, 0 closed, - not there.
    closed : scenario -> lines that are closed in it.
    hazards : scenario -> hazard of that scenario alone, drawn in place of ``base["hazard"]``.
    """

    bounds: tuple[float, float, float, float]
    base: Mapping[str, GeoJSON]
    points: Points
    unserved: Mapping[tuple[int, int], NDArray[np.bool_]] = field(default_factory=dict)
    facilities: GeoJSON | None = None
    closed: Mapping[int, GeoJSON] = field(default_factory=dict)
    hazards: Mapping[int, GeoJSON] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Page:
    """Everything that a report page says.

    Parameters
    ----------
    question : what was asked.
    attribution : credit lines that licences ask for; shown on the map and in the footer.
    doubts : what a reader must know before trusting the numbers.
    scenarios : at least one; the first is the baseline.
    verdicts : at most one for each scenario and clause.
    domains : number -> name.
    standards : standard -> its title.
    lineage : how each number came about, a sentence a clause.
    findings : a sentence a scenario, as `twin.report.summary` makes them of a page with its map.
    districts : name of a district -> what it is called in both languages, where it is more than its name.
    losses : people newly unserved against the baseline by district.
    manifest : how the run came about, as in ``run.json``.
    written : ISO date.
    language : shown first, where the reader's browser asks for neither Chinese nor English.
    """

    title: Text
    question: Text
    city: CityCard
    scenarios: tuple[ScenarioCard, ...]
    clauses: tuple[ClauseCard, ...] = ()
    verdicts: tuple[Cell, ...] = ()
    domains: Mapping[int, Text] = field(default_factory=dict)
    standards: Mapping[str, Text] = field(default_factory=dict)
    lineage: tuple[Text, ...] = ()
    findings: tuple[Text, ...] = ()
    districts: Mapping[str, Text] = field(default_factory=dict)
    losses: tuple[Loss, ...] = ()
    map: MapData | None = None
    attribution: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    doubts: tuple[Text, ...] = ()
    manifest: Mapping[str, Any] = field(default_factory=dict)
    written: str = ""
    language: str = "en"
