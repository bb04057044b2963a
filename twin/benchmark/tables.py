"""A benchmark as tables: values by city, and values by framework."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import pandas as pd

from twin.benchmark.parts import Benchmark, Indicator, Reading
from twin.model import City
from twin.report.content import Text
from twin.report.words import joined, told
from twin.units import shown

__all__ = ["frameworks", "readings", "summary"]


def readings(done: Benchmark) -> pd.DataFrame:
    """One row an indicator and city."""
    rows = [_row(each, city.name, r) for each in done.indicators for city, r in _pairs(done, each)]
    return pd.DataFrame(rows)


def _pairs(done: Benchmark, each: Indicator) -> Iterator[tuple[City, Reading]]:
    yield from zip(done.cities, each.readings, strict=True)


def _row(each: Indicator, city: str, reading: Reading) -> dict[str, object]:
    notes = _told(each.notes)
    first, last = reading.rank or (pd.NA, pd.NA)
    return {
        "indicator": each.name,
        "title_en": each.title.en,
        "title_zh": each.title.zh,
        "domain": " ".join(map(str, each.clause.domain)),
        "city": city,
        "status": reading.status,
        "value": reading.value,
        "low": reading.low,
        "high": reading.high,
        "unit": each.unit,
        "better": each.better,
        "score": reading.score,
        "yardstick": reading.yardstick.en,
        "rank_first": first,
        "rank_last": last,
        "measure": each.clause.measure,
        "given": json.dumps(each.clause.given, ensure_ascii=False, default=str),
        "years": json.dumps(dict(reading.years), ensure_ascii=False),
        "reason_en": reading.reason.en,
        "reason_zh": reading.reason.zh,
        "notes_en": notes.en,
        "notes_zh": notes.zh,
    }


def _told(notes: Iterable[Text]) -> Text:
    return joined(notes, "; ", "；")


def frameworks(done: Benchmark) -> pd.DataFrame:
    """One row a framework's code and city; the value is empty where the code is related only."""
    rows = [
        (
            code.framework,
            code.code,
            each.name,
            code.match,
            code.evidence,
            city.name,
            float("nan") if code.match == "related" else reading.value,
            each.unit,
            code.note.en,
            code.note.zh,
        )
        for each in done.indicators
        for code in each.codes
        for city, reading in zip(done.cities, each.readings, strict=True)
    ]
    names = ["framework", "code", "indicator", "match", "evidence", "city", "value", "unit", "note_en", "note_zh"]
    return pd.DataFrame(rows, columns=names).sort_values(["framework", "code"], kind="stable", ignore_index=True)


def summary(done: Benchmark, language: str = "en") -> pd.DataFrame:
    """For the terminal: indicators that some city knows, a value with its interval and place for each city."""
    unknown = {"en": "unknown", "zh": "未知"}[language]
    rows = [
        [each.title.get(language), *(_cell(each, r, language, unknown) for r in each.readings)]
        for each in done.indicators
        if any(reading.status != "unknown" for reading in each.readings)
    ]
    head = {"en": "indicator", "zh": "指标"}[language]
    return pd.DataFrame(rows, columns=[head, *(city.name for city in done.cities)])


def _cell(each: Indicator, reading: Reading, language: str, unknown: str) -> str:
    if reading.status == "unknown":
        return unknown
    text = told(reading.value, each.unit).get(language)
    if reading.low == reading.low:  # NaN is not itself
        text += f" [{shown(reading.low, each.unit)} – {shown(reading.high, each.unit)}]"
    if reading.rank is not None:
        first, last = reading.rank
        text += f" #{first}" if first == last else f" #{first}–{last}"
    return text
