"""A benchmark on disk: the page, the tables with their dictionary, the metadata, and what the run was told."""

from __future__ import annotations

import json
from pathlib import Path

from twin.benchmark.page import render
from twin.benchmark.parts import Benchmark
from twin.benchmark.words import word
from twin.errors import DataError
from twin.gis.folder import replacing
from twin.report.content import Text
from twin.report.dictionary import dictionary
from twin.report.manifest import version_of
from twin.report.metadata import lineage, metadata
from twin.report.words import joined, named

__all__ = ["write_benchmark"]

#: What was written here before, and may be replaced.
_OWN = "benchmark.json"


def write_benchmark(done: Benchmark, folder: Path, *, language: str = "en") -> Path:
    """Write ``report.html, indicators.csv, frameworks.csv, dictionary.csv, metadata.xml, benchmark.json``.

    Raises
    ------
    DataError : the folder holds something that is no benchmark, or cannot be written; nothing is half there.
    """
    if folder.exists() and not (folder / _OWN).is_file() and any(folder.iterdir()):
        raise DataError(f"{folder}: there is something that is no benchmark of twin; name another folder or empty it")
    tables = {"indicators.csv": done.to_frame(), "frameworks.csv": done.frameworks()}
    with replacing(folder) as fresh:
        for name, frame in tables.items():
            frame.to_csv(fresh / name, index=False)
        meanings = dictionary({name: list(frame.columns) for name, frame in tables.items()})
        meanings.to_csv(fresh / "dictionary.csv", index=False)
        (fresh / "metadata.xml").write_text(_metadata(done, language), encoding="utf-8")
        (fresh / "report.html").write_text(render(done, language=language), encoding="utf-8")
        (fresh / _OWN).write_text(json.dumps(_manifest(done), ensure_ascii=False, indent=1), encoding="utf-8")
    return folder


def title_of(done: Benchmark) -> Text:
    """Names of the cities."""
    return word("title", cities=joined([named(city) for city in done.cities], ", ", "、"))


def _metadata(done: Benchmark, language: str) -> str:
    abstract = word("question", n=len(done.indicators), m=len(done.cities), day=done.on)
    steps = lineage(clause for each in done.indicators for clause in each.clauses)
    return metadata(
        done.cities, title=title_of(done), abstract=abstract, steps=steps, written=done.on, language=language
    )


def _manifest(done: Benchmark) -> dict[str, object]:
    return {
        "format": 1,
        "twin": version_of("twin"),
        "packs": [Path(name).name for name in done.packs],
        "options": dict(done.options),
        "cities": [
            {"name": city.name, "crs": city.crs.to_string() if city.crs else "", "log": list(city.log)}
            for city in done.cities
        ],
        "notes": [{"en": note.en, "zh": note.zh} for note in done.notes],
    }
