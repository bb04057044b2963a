"""The folder that a run leaves: report, verdicts, measures, map layers, and the manifest to run it again."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pyogrio

from twin.errors import DataError
from twin.gis.folder import replacing
from twin.report.content import Page
from twin.report.dictionary import dictionary
from twin.report.embed import plain
from twin.report.gather import page_of
from twin.report.manifest import manifest
from twin.report.metadata import metadata
from twin.report.page import render
from twin.standards import load

if TYPE_CHECKING:
    from twin.report.gather import Results

__all__ = ["write_csv", "write_report", "write_results"]


def write_report(study: Results, path: Path) -> Path:
    """Write the report as one HTML file, its metadata beside it (``NAME.metadata.xml``); returns the report's path."""
    page = page_of(study)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for target, text in ((path, render(page)), (path.with_suffix(".metadata.xml"), _metadata(study, page))):
            fresh = target.with_name(f".{target.name}.partial")
            fresh.write_text(text, encoding="utf-8")
            fresh.replace(target)
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror}); name a place that you may write to") from None
    return path


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV, beside the target first."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.partial")
        frame.to_csv(fresh, index=False)
        fresh.replace(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror}); name a place that you may write to") from None


def write_results(study: Results, folder: Path) -> Path:
    """Write the report, tables, map layers and manifest of a run; the folder appears when it is whole.

    ``report.html, verdicts.csv, measures.csv, results.gpkg, run.json``; beside them ``dictionary.csv`` with the meaning
    of each column, ``metadata.xml`` by ISO 19139, and ``page.json``, what the report says in both languages as data.

    Raises
    ------
    DataError : the folder holds something that is no run, or cannot be written.
    """
    if folder.exists() and not (folder / "run.json").is_file() and any(folder.iterdir()):
        raise DataError(f"{folder}: there is something that is no run of twin; name another folder or empty it")
    page, told = page_of(study), manifest(study)
    with replacing(folder) as fresh:
        study.verdicts.to_csv(fresh / "verdicts.csv", index=False)
        _measures(study).to_csv(fresh / "measures.csv", index=False)
        _layers(study, fresh / "results.gpkg")
        meanings = dictionary(dict.fromkeys(("verdicts.csv", "measures.csv", "results.gpkg")))
        meanings.to_csv(fresh / "dictionary.csv", index=False)
        (fresh / "metadata.xml").write_text(_metadata(study, page), encoding="utf-8")
        (fresh / "page.json").write_text(_said(page), encoding="utf-8")
        (fresh / "report.html").write_text(render(page), encoding="utf-8")
        (fresh / "run.json").write_text(json.dumps(told, ensure_ascii=False, indent=2), encoding="utf-8")
    return folder


def _said(page: Page) -> str:
    """What the page says, without its map and the manifest, which ``results.gpkg`` and ``run.json`` hold."""
    bare = asdict(replace(page, map=None, manifest={}))
    return json.dumps(plain(bare), ensure_ascii=False, indent=1)


def _metadata(study: Results, page: Page) -> str:
    changes = [change for scenario in page.scenarios for change in scenario.changes]
    steps = [*dict.fromkeys(changes), *page.lineage]
    day = dt.date.fromisoformat(page.written)
    return metadata([study.city], title=page.title, abstract=page.question, steps=steps, written=day)


def _measures(study: Results) -> pd.DataFrame:
    """What was measured: one row a cell and clause, with the measure's name and its parameters."""
    clauses = [clause for pack in load(study.packs) for clause in pack.clause]
    rows = [
        (
            cell.plan,
            cell.shock,
            clause.standard,
            clause.id,
            clause.measure,
            json.dumps(clause.given, ensure_ascii=False),
            verdict.value,
            verdict.unit,
        )
        for cell in study.cells
        for clause, verdict in zip(clauses, cell.verdicts, strict=True)
        if verdict.status not in {"unknown", "not applicable"}
    ]
    return pd.DataFrame(rows, columns=["plan", "shock", "standard", "clause", "measure", "given", "value", "unit"])


def _layers(study: Results, path: Path) -> None:
    """Map layers: who falls short of which clause in which cell, facilities with their state, closed edges."""
    cells = pd.DataFrame(
        {
            "cell": range(len(study.cells)),
            "plan": [c.plan for c in study.cells],
            "shock": [c.shock for c in study.cells],
        }
    )
    pyogrio.write_dataframe(cells, path, layer="cells", driver="GPKG")
    people = study.city.population
    if len(people):
        columns = {
            f"{number}: {verdict.clause}": verdict.short
            for number, cell in enumerate(study.cells)
            for verdict in cell.verdicts
            if verdict.layer == "population" and verdict.short is not None and len(verdict.short) == len(people)
        }
        frame = gpd.GeoDataFrame(
            pd.concat([people[["id", "people"]], pd.DataFrame(columns)], axis=1),
            geometry=people.geometry.to_numpy(),
            crs=people.crs,
        )
        frame["id"] = frame["id"].map(str)
        pyogrio.write_dataframe(frame, path, layer="falls_short", driver="GPKG", append=True)
    _facilities(study, path)
    _closed(study, path)


def _facilities(study: Results, path: Path) -> None:
    last = max((cell.city.facilities for cell in study.cells), key=len)
    if not len(last):
        return
    frame = last[["id", "kind", "name", "geometry"]].copy()
    frame["id"] = frame["id"].map(str)
    frame = frame.set_geometry(frame.geometry.representative_point())
    for number, cell in enumerate(study.cells):
        state = cell.city.facilities["open"].reindex(range(len(last)))
        same = cell.city.facilities["id"].reindex(range(len(last))).map(str) == frame["id"]
        frame[f"{number}: open"] = state.where(same).eq(True)
    pyogrio.write_dataframe(frame, path, layer="facilities", driver="GPKG", append=True)


def _closed(study: Results, path: Path) -> None:
    parts = []
    for number, cell in enumerate(study.cells):
        for name in ("walk", "drive"):
            net = cell.city.networks.get(name)
            if net is None or net.open.all():
                continue
            shut = ~net.open
            parts.append(
                gpd.GeoDataFrame(
                    {"cell": number, "network": name, "name": net.columns["name"][shut].astype(str)},
                    geometry=net.shapes[shut],
                    crs=net.crs,
                )
            )
    if parts:
        pyogrio.write_dataframe(
            pd.concat(parts, ignore_index=True), path, layer="closed_edges", driver="GPKG", append=True
        )
