"""A trial on disk: the report, ``trial.json`` for machines (its fields: ``docs/trial.md``), and a table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from math import nan
from pathlib import Path
from typing import Any

import pandas as pd

from twin.errors import DataError
from twin.gis.folder import replacing
from twin.report.dictionary import dictionary
from twin.report.embed import plain
from twin.report.manifest import version_of
from twin.report.metadata import lineage, metadata
from twin.trial.page import question_of, render, title_of
from twin.trial.parts import Cost, Curve, Gap, Group, Outcome, Trial

__all__ = ["as_table", "to_frame", "write_trial"]

#: What was written here before, and may be replaced.
_OWN = "trial.json"


def write_trial(trial: Trial, folder: Path, *, language: str = "en") -> Path:
    """Write ``report.html``, ``trial.json`` and ``outcomes.csv``, its dictionary and the metadata of them all.

    The folder appears when it is whole.
    """
    if folder.exists() and not (folder / _OWN).is_file() and any(folder.iterdir()):
        raise DataError(f"{folder}: there is something that is no trial of twin; name another folder or empty it")
    with replacing(folder) as fresh:
        text = json.dumps(as_table(trial), ensure_ascii=False, indent=1)
        (fresh / _OWN).write_text(text, encoding="utf-8")
        table = to_frame(trial)
        table.to_csv(fresh / "outcomes.csv", index=False)
        dictionary({"outcomes.csv": list(table.columns)}).to_csv(fresh / "dictionary.csv", index=False)
        (fresh / "metadata.xml").write_text(_metadata(trial, language), encoding="utf-8")
        (fresh / "report.html").write_text(render(trial, language=language), encoding="utf-8")
    return folder


def to_frame(trial: Trial) -> pd.DataFrame:
    """One row a clause and city, with the columns of ``outcomes.csv``; numbers in SI."""
    return pd.DataFrame([_line(each) for each in trial.outcomes])


def _line(each: Outcome) -> dict[str, Any]:
    clause, verdict = each.clause, each.verdict
    curve = each.curve if isinstance(each.curve, Curve) else None
    cost = each.cost if isinstance(each.cost, Cost) else None
    return {
        "standard": clause.standard,
        "clause": clause.id,
        "title_en": clause.title.en,
        "title_zh": clause.title.zh,
        "city": each.city.name,
        "day": each.day.isoformat(),
        "status": verdict.status,
        "value": verdict.value,
        "limit": verdict.limit,
        "unit": verdict.unit,
        "people": verdict.people,
        "swept_at": curve.at if curve else nan,
        "knee": curve.knee.x if curve and curve.knee else nan,
        "needed": curve.needed if curve else nan,
        "swept_unit": curve.unit if curve else "",
        "sites": len(cost.sites) if cost else pd.NA,
        "then": "" if cost is None else "pass" if cost.holds else "fail",
        "reason_en": verdict.reason,
        "reason_zh": verdict.reason_zh or verdict.reason,
    }


def _metadata(trial: Trial, language: str) -> str:
    steps = lineage({each.clause.key: each.clause for each in trial.outcomes}.values())
    return metadata(
        trial.cities,
        title=title_of(trial),
        abstract=question_of(trial),
        steps=steps,
        written=trial.on,
        language=language,
    )


def as_table(trial: Trial) -> dict[str, Any]:
    """A trial as JSON can hold it: numbers in SI with their unit beside them, null for what is not known."""
    cities = [
        {
            "name": city.name,
            "people": city.people,
            "crs": city.crs.to_string() if city.crs is not None else "",
            "synthetic": city.about.synthetic,
            "population_estimated": city.about.source("population").estimated,
            "attribution": list(city.about.attribution),
        }
        for city in trial.cities
    ]
    made: dict[str, Any] = plain(
        {
            "format": 1,
            "twin": version_of("twin"),
            "packs": [Path(name).name for name in trial.packs],
            "on": trial.on.isoformat(),
            "options": trial.options,
            "cities": cities,
            "outcomes": [_outcome(each) for each in trial.outcomes],
        }
    )
    return made


def _outcome(each: Outcome) -> dict[str, Any]:
    clause, verdict = each.clause, each.verdict
    return {
        "clause": {
            "key": clause.key,
            "standard": clause.standard,
            "id": clause.id,
            "title": {"en": clause.title.en, "zh": clause.title.zh},
            "domain": clause.domain,
            "strength": clause.strength,
            "evidence": clause.source.evidence,
            "source": clause.source.ref,
            "measure": clause.measure,
            "given": clause.arguments(),
        },
        "city": each.city.name,
        "day": each.day.isoformat(),
        "validity": asdict(each.validity),
        "verdict": {
            "status": verdict.status,
            "value": verdict.value,
            "unit": verdict.unit,
            "limit": verdict.limit,
            "margin": verdict.margin,
            "people": verdict.people,
            "reason": {"en": verdict.reason, "zh": verdict.reason_zh or verdict.reason},
        },
        "limits": each.limits,
        "curve": _part(each.curve),
        "groups": _part(each.groups),
        "cost": _part(each.cost),
        "variants": _part(each.variants),
        "stress": _part(each.stress),
        "rivals": [
            {
                "clause": rival.clause.key,
                "title": {"en": rival.clause.title.en, "zh": rival.clause.title.zh},
                "asks": asdict(rival.asks),
                "status": rival.verdict.status,
                "value": rival.verdict.value,
                "unit": rival.verdict.unit,
            }
            for rival in each.rivals
        ],
        "notes": [asdict(note) for note in each.notes],
    }


def _part(part: Any) -> Any:
    """A part of an outcome, or why it is missing."""
    if isinstance(part, Gap):
        return {"missing": asdict(part.why)}
    if isinstance(part, tuple):
        return [_part(each) for each in part]
    if isinstance(part, Cost):
        return _fields(part) | {"count": len(part.sites), "sites": [_fields(site) for site in part.sites]}
    if isinstance(part, Group):
        return _fields(part) | {"left": part.left}
    return _fields(part)


def _fields(record: Any) -> dict[str, Any]:
    found: Mapping[str, Any] = {name: getattr(record, name) for name in record.__dataclass_fields__}
    return {
        name: asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
        for name, value in found.items()
    }
