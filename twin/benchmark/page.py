"""The benchmark page: one HTML file that needs nothing beside itself, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from importlib.resources import files
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from twin.benchmark.parts import Benchmark, Indicator, Reading
from twin.benchmark.words import word, words
from twin.report.content import Text
from twin.report.embed import script_json
from twin.report.page import POLICY, SIGNS, say
from twin.report.words import filled, joined, named, told
from twin.report.words import words as report_words
from twin.standards import domains
from twin.units import shown

__all__ = ["render"]

#: Frameworks that the last table is about; every other standard stands beside its indicator.
FRAMEWORKS = ("GB/T 36749-2018", "ISO 37120:2018", "UN SDG")


def render(done: Benchmark, *, language: str = "en") -> str:
    """Write a benchmark as the text of one HTML file, the same text for the same benchmark.

    Parameters
    ----------
    language : shown first; the page holds both.
    """
    environment = Environment(
        loader=DictLoader({"page.html": _file("twin.benchmark", "page.html")}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"say": say, "fill": filled}
    title = word("title", cities=joined([named(city) for city in done.cities], ", ", "、"))
    known = [each for each in done.indicators if any(r.status != "unknown" for r in each.readings)]
    data = {"language": language, "words": {}, "title": asdict(title)}
    html = environment.get_template("page.html").render(
        title=title,
        question=word("question", n=len(done.indicators), m=len(done.cities), day=done.on),
        w={**report_words(), **words()},
        language=language,
        policy=POLICY,
        signs=SIGNS,
        style=Markup(_file("twin.report", "page.css") + _file("twin.benchmark", "page.css")),  # noqa: S704
        script=Markup('"use strict";\n' + _file("twin.report", "language.js") + _file("twin.report", "start.js")),  # noqa: S704
        data=Markup(script_json(data)),  # noqa: S704
        written=done.on.isoformat(),
        cities=[named(city) for city in done.cities],
        notes=done.notes,
        counts=[_counts(done, position) for position in range(len(done.cities))],
        domains=list(_domains(known)),
        nowhere=word("unknown_all", n=len(done.indicators) - len(known)),
        frameworks=list(_frameworks(done)),
    )
    return html.encode("utf-8", "replace").decode("utf-8")


def _file(package: str, name: str) -> str:
    return (files(package) / name).read_text(encoding="utf-8")


def _counts(done: Benchmark, position: int) -> dict[str, Any]:
    mine = [each.readings[position] for each in done.indicators]
    return {
        "name": named(done.cities[position]),
        "known": sum(r.status != "unknown" for r in mine),
        "unknown": sum(r.status == "unknown" for r in mine),
        "met": sum(r.status == "pass" for r in mine),
        "failed": sum(r.status == "fail" for r in mine),
        "interval": sum(r.low == r.low for r in mine),  # NaN is not itself
    }


def _domains(known: list[Indicator]) -> Iterator[dict[str, Any]]:
    """Indicators by the first domain of their clause."""
    for number, label in domains().items():
        mine = [each for each in known if each.clause.domain[0] == number]
        if mine:
            yield {"number": number, "name": Text(label.en, label.zh), "rows": [_row(each) for each in mine]}


def _row(each: Indicator) -> dict[str, Any]:
    yardsticks = list(dict.fromkeys(r.yardstick for r in each.readings if r.yardstick.en))
    return {
        "title": each.title,
        "keys": [clause.key for clause in each.clauses],
        "yardsticks": yardsticks or [word("no_limit")],
        "notes": each.notes,
        "cells": [_cell(each, reading) for reading in each.readings],
    }


def _cell(each: Indicator, reading: Reading) -> dict[str, Any]:
    first, last = reading.rank or (0, 0)
    sure = reading.low == reading.low  # NaN is not itself
    return {
        "status": reading.status,
        "reason": reading.reason,
        "value": told(reading.value, each.unit),
        "interval": f"{shown(reading.low, each.unit)} – {shown(reading.high, each.unit)}" if sure else "",
        "score": reading.score if reading.score == reading.score else None,
        "share": shown(reading.score, "1"),
        "rank": "" if not first else f"{first}" if first == last else f"{first}–{last}",
    }


def _frameworks(done: Benchmark) -> Iterator[dict[str, Any]]:
    """Indicators that stand in more than one of the frameworks, with the value of each city."""
    for each in done.indicators:
        codes = [code for code in each.codes if code.framework in FRAMEWORKS]
        if len({code.framework for code in codes}) > 1:
            yield {
                "title": each.title,
                "codes": [
                    (framework, [code for code in codes if code.framework == framework]) for framework in FRAMEWORKS
                ],
                "notes": [Text(code.note.en, code.note.zh) for code in codes if code.note.en],
                "cells": [_cell(each, reading) for reading in each.readings],
            }
