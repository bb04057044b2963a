"""A case on disk: the dossier on screen and on paper, its tables with their meaning, and the metadata."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from twin.cases.page import render
from twin.cases.print import to_pdf
from twin.cases.read import Case
from twin.cases.words import word
from twin.errors import DataError
from twin.gis.folder import replacing
from twin.report.content import LANGUAGES, Text
from twin.report.dictionary import dictionary
from twin.report.embed import plain
from twin.report.metadata import metadata

__all__ = ["printed", "write_case"]

#: What was written here before, and may be replaced.
_OWN = "case.json"


def write_case(case: Case, folder: Path, *, language: str = "en", pdf: bool = True) -> Path:
    """Write ``dossier.html, dossier.en.pdf, dossier.zh.pdf`` and what they rest on; the folder appears when whole.

    Beside them ``verdicts.csv, dictionary.csv, metadata.xml``, the scenario file where there was one, and
    ``case.json, page.json, run.json``, by which a white paper reads the case again.

    Raises
    ------
    DataError : the folder holds something that is no case, or cannot be written; no Chromium, where `pdf` is asked for.
    """
    if folder.exists() and not (folder / _OWN).is_file() and any(folder.iterdir()):
        raise DataError(f"{folder}: there is something that is no case of twin; name another folder or empty it")
    with replacing(folder) as fresh:
        (fresh / "dossier.html").write_text(render(case, language=language), encoding="utf-8")
        if pdf:
            printed(fresh, "dossier", lambda each: render(case, language=each, printed=True))
        case.verdicts.to_csv(fresh / "verdicts.csv", index=False)
        dictionary({"verdicts.csv": None}).to_csv(fresh / "dictionary.csv", index=False)
        (fresh / "metadata.xml").write_text(_metadata(case, language), encoding="utf-8")
        bare = plain(asdict(replace(case.page, map=None, manifest={})))
        (fresh / "page.json").write_text(json.dumps(bare, ensure_ascii=False, indent=1), encoding="utf-8")
        (fresh / "run.json").write_text(json.dumps(plain(case.run), ensure_ascii=False, indent=2), encoding="utf-8")
        told = {"format": 1, "title": asdict(case.title), "told": case.told.model_dump(mode="json", exclude_none=True)}
        (fresh / _OWN).write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
        if case.file:
            (fresh / "scenario.toml").write_text(case.file, encoding="utf-8")
    return folder


def printed(folder: Path, name: str, page: Callable[[str], str]) -> None:
    """The page as PDF in each language."""
    for language in LANGUAGES:
        to_pdf(page(language), folder / f"{name}.{language}.pdf")


def _metadata(case: Case, language: str) -> str:
    page = case.page
    changes = [change for scenario in page.scenarios for change in scenario.changes]
    kind = word("kind_case")
    title = Text(f"{kind.en}: {case.title.en}", f"{kind.zh}：{case.title.zh}")
    day = dt.date.fromisoformat(page.written)
    steps = [*dict.fromkeys(changes), *page.lineage]
    return metadata([case.place], title=title, abstract=page.question, steps=steps, written=day, language=language)
