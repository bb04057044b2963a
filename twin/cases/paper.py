"""A white paper on disk and as a page."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from twin.cases.bind import Covered, Whitepaper
from twin.cases.page import rendered
from twin.cases.read import Case
from twin.cases.tell import costs, section_of
from twin.cases.words import word
from twin.cases.write import printed
from twin.errors import DataError
from twin.gis.folder import replacing
from twin.report.content import Page, Text
from twin.report.dictionary import dictionary
from twin.report.manifest import version_of
from twin.report.metadata import metadata
from twin.report.summary import statuses, table
from twin.standards import domains

__all__ = ["render_paper", "write_paper"]

#: What was written here before, and may be replaced.
_OWN = "whitepaper.json"


def write_paper(paper: Whitepaper, folder: Path, *, language: str = "en", pdf: bool = True) -> Path:
    """Write ``whitepaper.html, whitepaper.en.pdf, whitepaper.zh.pdf, coverage.csv, dictionary.csv, metadata.xml``.

    Raises
    ------
    DataError : the folder holds something that is no white paper, or cannot be written; no Chromium, where `pdf` is
        asked for.
    """
    if folder.exists() and not (folder / _OWN).is_file() and any(folder.iterdir()):
        raise DataError(f"{folder}: there is something that is no white paper of twin; name another folder or empty it")
    with replacing(folder) as fresh:
        (fresh / "whitepaper.html").write_text(render_paper(paper, language=language), encoding="utf-8")
        if pdf:
            printed(fresh, "whitepaper", lambda each: render_paper(paper, language=each, printed=True))
        paper.coverage().to_csv(fresh / "coverage.csv", index=False)
        dictionary({"coverage.csv": None}).to_csv(fresh / "dictionary.csv", index=False)
        (fresh / "metadata.xml").write_text(_metadata(paper, language), encoding="utf-8")
        (fresh / _OWN).write_text(json.dumps(_told(paper), ensure_ascii=False, indent=1), encoding="utf-8")
    return folder


def render_paper(paper: Whitepaper, *, language: str = "en", printed: bool = False) -> str:
    """Write a white paper as the text of one HTML file, the same text for the same cases; as `render` does a case."""
    parts = [section_of(each, number=str(number)) for number, each in enumerate(paper.cases, 2)]
    made_up = {each.page.city.label for each in paper.cases if each.page.city.synthetic}
    content = {
        "written": paper.written.isoformat(),
        "lead": _lead(paper),
        "cities": [(city, city in made_up) for city in paper.cities],
        "parts_of_cases": parts,
        "rows": _rows(paper),
        "overview": [_row(each) for each in paper.cases],
    }  # fmt: skip
    return rendered(
        "whitepaper.html", content, title=paper.title, running=paper.title, language=language, printed=printed
    )


def _lead(paper: Whitepaper) -> Text:
    clauses = {clause.key for each in paper.cases for clause in each.page.clauses}
    standards = {clause.standard for each in paper.cases for clause in each.page.clauses}
    one = "paper_lead_one" if len(paper.cities) == 1 else "paper_lead"
    return word(one, n=len(paper.cases), m=len(paper.cities), clauses=len(clauses), standards=len(standards))


def _rows(paper: Whitepaper) -> list[dict[str, Any]]:
    """The matrix, a row a domain; those that no case touched stand in it empty."""
    return [
        {
            "number": number,
            "name": Text(label.en, label.zh),
            "cells": [paper.matrix.get((city.en, number), Covered()) for city in paper.cities],
        }
        for number, label in domains().items()
    ]


def _row(each: Case) -> dict[str, Any]:
    page = each.page
    lost, won = _moved(page)
    count = statuses(page, 0)
    return {
        "title": each.title,
        "city": page.city.label,
        "synthetic": page.city.synthetic,
        "clauses": len(page.clauses),
        "pass": count["pass"],
        "fail": count["fail"],
        "unknown": count["unknown"],
        "lost": lost,
        "won": won,
        "cost": costs(each.told.cost),
    }


def _moved(page: Page) -> tuple[int, int]:
    """Clauses that some shock makes fail, and clauses that fail, at rest or under a shock, and some plan makes pass."""
    cells = table(page)
    first = page.scenarios[0].plan
    lost: Counter[int] = Counter()
    won: Counter[int] = Counter()
    same = {(scenario.plan, scenario.shock): number for number, scenario in enumerate(page.scenarios)}
    for clause in range(len(page.clauses)):
        for number, scenario in enumerate(page.scenarios):
            beside = same.get((first, scenario.shock if scenario.plan != first else ""))
            before, after = cells.get((beside or 0, clause)), cells.get((number, clause))
            if before is None or after is None:
                continue
            lost[clause] += scenario.plan == first and (before.status, after.status) == ("pass", "fail")
            won[clause] += scenario.plan != first and (before.status, after.status) == ("fail", "pass")
    return sum(n > 0 for n in lost.values()), sum(n > 0 for n in won.values())


def _metadata(paper: Whitepaper, language: str) -> str:
    pages = [each.page for each in paper.cases]
    changes = [change for page in pages for scenario in page.scenarios for change in scenario.changes]
    steps = dict.fromkeys([*changes, *(step for page in pages for step in page.lineage)])
    places = {each.place.name: each.place for each in paper.cases}
    return metadata(
        list(places.values()), title=paper.title, abstract=_lead(paper), steps=steps, written=paper.written,
        language=language,
    )  # fmt: skip


def _told(paper: Whitepaper) -> dict[str, Any]:
    cases = [
        {"title": asdict(each.title), "city": each.page.city.name, "sha256": each.run["city"]["sha256"]}
        for each in paper.cases
    ]
    return {"format": 1, "twin": version_of("twin"), "written": paper.written.isoformat(), "cases": cases}
