"""A case from what a user has: a scenario file, the folder of a run, or a study at hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from twin.cases.again import page_from, place_from
from twin.cases.told import Told, told_from, told_in
from twin.errors import DataError, UnknownName
from twin.gis.read import read
from twin.report.content import Page, Text
from twin.report.embed import plain
from twin.report.gather import Results, page_of
from twin.report.manifest import manifest
from twin.report.metadata import Place
from twin.scenario import Bundle
from twin.study import study

__all__ = ["Case", "case"]


@dataclass(frozen=True, eq=False)
class Case:
    """A study with what is told of it.

    Attributes
    ----------
    title : of the dossier.
    page : what the study found, as its report says it; without the map.
    run : how it came about, as in ``run.json``.
    told : problem, costs, authors and the like.
    verdicts : every verdict, with the columns of ``verdicts.csv``.
    file : text of the scenario file; empty where there was none.
    """

    title: Text
    page: Page
    run: Mapping[str, Any]
    told: Told
    verdicts: pd.DataFrame
    file: str = ""

    @property
    def place(self) -> Place:
        """What metadata says of the city."""
        return place_from(self.run["place"])

    def write(self, folder: str | Path, *, language: str = "en", pdf: bool = True) -> Path:
        """Write the dossier as HTML and PDF with its tables, dictionary and metadata; returns the folder's path."""
        from twin.cases.write import write_case

        return write_case(self, Path(folder), language=language, pdf=pdf)


def case(
    source: Results | str | Path,
    *,
    told: str | Path | None = None,
    city: str | Path | None = None,
    packs: tuple[str, ...] = (),
    progress: Callable[[str, int, int], None] | None = None,
) -> Case:
    """Make a case of a study.

    Parameters
    ----------
    source : a study; a scenario file, which is run; a folder that `twin run` or `twin case` wrote.
    told : file whose table ``[case]`` says what is told; the scenario's own where not given.
    city, packs : of a scenario file that names none, or in their place.
    progress : called with a cell's name, its number and the number of all.

    Raises
    ------
    DataError : the folder is neither a run nor a case, or ``[case]`` is not well formed.
    ScenarioError, UnknownName : as `Bundle.load` and `twin.study` raise them.
    """
    extra = None if told is None else Path(told)
    if not isinstance(source, str | Path):
        if not hasattr(source, "cells"):
            raise DataError(f"case: it takes a study, a scenario file or a run's folder, not {type(source).__name__}")
        return _of_study(source, extra)
    path = Path(source)
    if path.is_dir():
        return _of_folder(path, extra)
    bundle = Bundle.load(path)
    words = told_in(extra or path)  # a mistake in them is found before anything runs
    place = city or bundle.city
    if place is None:
        raise DataError(f'{path}: it names no city; say which, or write city = "…" in the file')
    wanted = packs or bundle.standards or "all"
    done = study(read(place), bundle.plans, under=bundle.shocks, standards=wanted, progress=progress)
    name = Text(bundle.scenario.name, bundle.scenario.zh)
    return _told(page_of(done), plain(manifest(done)), words, done.verdicts, path.read_text(encoding="utf-8"), name)


def _of_study(done: Results, extra: Path | None) -> Case:
    words = Told() if extra is None else told_in(extra)
    page = page_of(done)
    return _told(page, plain(manifest(done)), words, done.verdicts, "", page.title)


def _of_folder(folder: Path, extra: Path | None) -> Case:
    """A run as it was written, or a case that was made before."""
    if not (folder / "page.json").is_file() or not (folder / "run.json").is_file():
        raise DataError(
            f"{folder}: it holds no run of twin (page.json and run.json are not there); write one with twin run FILE "
            f"-o {folder}"
        )
    page, run = page_from(_json(folder / "page.json")), _json(folder / "run.json")
    scenario, made = folder / "scenario.toml", folder / "case.json"
    text, name, words = "", page.title, Told()
    if scenario.is_file():
        words, text = told_in(scenario), scenario.read_text(encoding="utf-8")
        name = _named(text, page.title)
    if made.is_file():
        table = _json(made)
        words, name = told_from(table.get("told", {}), made), Text(**table["title"])
    if extra is not None:
        words = told_in(extra)
    try:
        verdicts = pd.read_csv(folder / "verdicts.csv", keep_default_na=True)
    except (OSError, pd.errors.ParserError) as error:
        raise DataError(f"{folder / 'verdicts.csv'}: not readable ({error}); run twin run again") from None
    return _told(page, run, words, verdicts, text, name)


def _named(text: str, other: Text) -> Text:
    import tomllib

    name = tomllib.loads(text).get("name", "")
    if isinstance(name, dict) and {"en", "zh"} <= set(name):
        return Text(str(name["en"]), str(name["zh"]))
    return Text(name, name) if isinstance(name, str) and name else other


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not readable ({error}); run twin run again") from None


def _told(page: Page, run: Mapping[str, Any], told: Told, verdicts: pd.DataFrame, file: str, name: Text) -> Case:
    title = name if told.title is None else Text(told.title.en, told.title.zh)
    plans = {scenario.plan for scenario in page.scenarios}
    for number, cost in enumerate(told.cost, 1):
        if cost.plan and cost.plan not in plans:
            raise UnknownName("plan", cost.plan, plans, where=f"case.cost.{number}")
    return Case(title, page, run, told, verdicts, file)
