"""From a study to the records that the report page shows: both languages, every doubt, coordinates in degrees."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import pandas as pd
import shapely

from twin.errors import MissingData
from twin.model import City, Raster, Verdict, Verdicts
from twin.report.content import Cell, CityCard, ClauseCard, Loss, Page, ScenarioCard, Source, Text
from twin.report.manifest import manifest
from twin.report.mapping import map_of
from twin.report.metadata import lineage
from twin.report.summary import sentences
from twin.report.words import joined, layer_label, named, noted, told
from twin.scenario import Scenario
from twin.standards import Clause, domains, load
from twin.standards.pack import limits_of
from twin.standards.words import limit_words

__all__ = ["Judged", "Results", "page_of"]


class Judged(Protocol):
    """A plan under a shock, as the report needs it."""

    @property
    def plan(self) -> str:
        """Name of the plan."""

    @property
    def shock(self) -> str:
        """Name of the shock; empty for none."""

    @property
    def plan_zh(self) -> str:
        """Name of the plan in Chinese."""

    @property
    def shock_zh(self) -> str:
        """Name of the shock in Chinese; empty for none."""

    @property
    def scenario(self) -> Scenario:
        """Plan and shock, as they were applied."""

    @property
    def city(self) -> City:
        """The city after them."""

    @property
    def verdicts(self) -> Verdicts:
        """What the standards say of it."""

    @property
    def seconds(self) -> float:
        """How long it took [s]."""

    @property
    def name(self) -> str:
        """Plan and shock in one."""

    def name_in(self, language: str) -> str:
        """Plan and shock in one, in a language."""


class Results(Protocol):
    """What the report needs of a study; it does not know the study itself, which stands a floor above."""

    @property
    def city(self) -> City:
        """The city as it is."""

    @property
    def packs(self) -> tuple[str, ...]:
        """Packs that it was judged by."""

    @property
    def partial(self) -> bool:
        """Whether it was ended before all cells were done."""

    @property
    def options(self) -> Mapping[str, Any]:
        """What the run was told."""

    @property
    def cells(self) -> Sequence[Judged]:
        """Cells, the one that others are held against first."""

    @property
    def verdicts(self) -> pd.DataFrame:
        """All verdicts as a table."""

    def lost(self, by: str = "districts") -> pd.DataFrame:
        """People who lose a service, by part of the city."""


def page_of(study: Results) -> Page:
    """Gather what the page shows."""
    city, packs = study.city, load(study.packs)
    name, clauses = named(city), [clause for pack in packs for clause in pack.clause]
    page = Page(
        title=Text(f"{name.en}: standards under stress", f"{name.zh}：标准符合性与韧性评估")
        if any(cell.shock for cell in study.cells)
        else Text(f"{name.en}: judged by its standards", f"{name.zh}：标准符合性评估"),
        question=_question(name, study, len(clauses)),
        city=_card(city),
        scenarios=tuple(_scenario(cell) for cell in study.cells),
        clauses=tuple(_clause(clause, city, _day(study)) for clause in clauses),
        verdicts=tuple(
            _cell(number, position, verdict)
            for number, cell in enumerate(study.cells)
            for position, verdict in enumerate(cell.verdicts)
        ),
        domains={number: Text(label.en, label.zh) for number, label in domains().items()},
        standards={key: Text(each.title.en, each.title.zh) for pack in packs for key, each in pack.standard.items()},
        lineage=tuple(lineage(clauses)),
        losses=_losses(study, clauses),
        districts=_districts(city),
        map=map_of(study, clauses) if city.crs is not None and len(city.population) else None,
        attribution=city.about.attribution,
        sources=tuple(_sources(city)),
        doubts=tuple(_doubts(study, clauses)),
        manifest=manifest(study),
        written=dt.date.today().isoformat(),
    )
    return replace(page, findings=sentences(page))


def _question(city: Text, study: Results, clauses: int) -> Text:
    cells = study.cells
    shocks = {cell.shock: cell.shock_zh for cell in cells if cell.shock}
    plans = {cell.plan: cell.plan_zh for cell in cells if cell.plan != cells[0].plan}
    en = f"Which of {clauses} clauses does {city.en} meet"
    zh = f"{city.zh}满足{clauses}条标准条文中的哪些"
    if shocks:
        en += f", and which does it lose under {', '.join(f'“{name}”' for name in shocks)}"
        zh += f"；在{'、'.join(f'“{name}”' for name in shocks.values())}下又失去哪些"
    if plans:
        en += f"; what do {', '.join(f'“{name}”' for name in plans)} change"
        zh += f"；{'、'.join(f'“{name}”' for name in plans.values())}带来什么改变"
    return Text(en + "?", zh + "？")


def _card(city: City) -> CityCard:
    try:
        area = float(shapely.area(city.land())) / 1e6
    except MissingData:
        area = float("nan")
    return CityCard(
        city.name,
        city.people,
        area,
        city.crs.to_string() if city.crs is not None else "",
        synthetic=city.about.synthetic,
        estimated=city.about.source("population").estimated,
        zh=named(city).zh,
    )


def _scenario(cell: Judged) -> ScenarioCard:
    changes = zip(cell.scenario.describe(), cell.scenario.describe("zh"), strict=True)
    return ScenarioCard(
        cell.plan, cell.shock, Text(cell.name, cell.name_in("zh")), tuple(Text(en, zh) for en, zh in changes)
    )


def _day(study: Results) -> dt.date:
    """Whose law the study was judged by."""
    said = study.options.get("on")
    return dt.date.fromisoformat(str(said)) if said else dt.date.today()


def _clause(clause: Clause, city: City, day: dt.date) -> ClauseCard:
    limits = limits_of(clause, city.about.traits, day)
    words = limit_words(limits, clause.meter.unit) if limits else ("value only", "仅报告数值")
    return ClauseCard(
        key=clause.key,
        standard=clause.standard,
        clause=clause.id,
        title=Text(clause.title.en, clause.title.zh),
        domains=clause.domain,
        strength=clause.strength,
        evidence=clause.source.evidence,
        measure=Text(clause.meter.en, clause.meter.zh),
        limit=Text(*words),
        note=Text(clause.source.said.en, clause.source.said.zh),
        kinds=clause.kinds,
    )


def _cell(scenario: int, clause: int, verdict: Verdict) -> Cell:
    known = verdict.value == verdict.value
    far = verdict.value == float("inf")
    value = told(verdict.value, verdict.unit) if known else Text("", "")
    margin = told(verdict.margin, verdict.unit) if np.isfinite(verdict.margin) else Text("", "")
    return Cell(
        scenario,
        clause,
        verdict.status,
        verdict.value if not far else float("nan"),
        value,
        margin,
        verdict.people,
        Text(verdict.reason, verdict.reason_zh or verdict.reason),
    )


def _losses(study: Results, clauses: Sequence[Clause]) -> tuple[Loss, ...]:
    if "districts" not in study.city.layers or not len(study.city.population):
        return ()
    place = {(clause.standard, clause.id): position for position, clause in enumerate(clauses)}
    number = {(cell.plan, cell.shock): position for position, cell in enumerate(study.cells)}
    lost = study.lost("districts")
    lost = lost[lost["people"] > 0]
    keys = zip(lost["plan"], lost["shock"], lost["standard"], lost["clause"], strict=True)
    parts = zip(keys, lost["district"].astype(str), lost["people"].astype(float), strict=True)
    return tuple(
        Loss(number[plan, shock], place[standard, clause], district or "–", people)
        for (plan, shock, standard, clause), district, people in parts
    )


def _noted(notes: Sequence[str]) -> Text:
    return joined(map(noted, notes), "; ", "；")


def _districts(city: City) -> dict[str, Text]:
    """Districts by name, with what they are called in Chinese."""
    table = city.layers.get("districts")
    if table is None or isinstance(table, Raster) or "name_zh" not in table.columns:
        return {}
    return {str(name): Text(str(name), str(zh)) for name, zh in zip(table["name"], table["name_zh"], strict=True) if zh}


def _sources(city: City) -> list[Source]:
    tables = {"facilities": city.facilities, "population": city.population, **city.layers}
    rows = []
    for name, table in tables.items():
        about, text = city.about.source(name), layer_label(name)
        count = int(np.isfinite(table.values).sum()) if isinstance(table, Raster) else len(table)
        rows.append(Source(text, about.source, about.year, about.licence, count, about.estimated, _noted(about.notes)))
    for name, net in city.networks.items():
        about = city.about.source(name)
        rows.append(
            Source(
                layer_label(name, network=True),
                about.source,
                about.year,
                about.licence,
                len(net.graph.tail),
                about.estimated,
                _noted(about.notes),
            )
        )
    return rows


def _doubts(study: Results, clauses: Sequence[Clause]) -> list[Text]:
    """What a reader has to know before trusting the numbers."""
    city, base = study.city, study.cells[0].verdicts
    doubts = []
    if study.partial:
        done = len(study.cells)
        doubts.append(
            Text(
                f"This run is partial: it was interrupted after {done} of its cells; the others are missing.",
                f"本次运行不完整：完成{done}个情景后被中断，其余缺失。",
            )
        )
    runs = int(study.options.get("runs", 1))
    if runs > 1:
        doubts.append(
            Text(
                f"Situations with chance in them rest on {runs} runs: values are means, a place counts as unserved "
                "where it is so in more than half of them, and the closed streets shown are those of the first run.",
                f"含随机因素的情景基于{runs}次运行：数值为均值，过半运行中未覆盖的地点计为未覆盖；封闭道路取自首次运行。",
            )
        )
    if city.about.synthetic:
        doubts.append(
            Text(
                "This city is synthetic: a generator made it, it does not exist.",
                "本城市为合成数据，由生成器产生，并不真实存在。",
            )
        )
    population = city.about.source("population")
    if population.estimated:
        notes = _noted(population.notes)
        doubts.append(
            Text(
                f"The population is estimated, not counted ({notes.en}); every verdict on people rests on it.",
                f"人口为估算而非统计（{notes.zh}），所有涉及人口的结论均以此为基础。",
            )
        )
    doubts += _unsnapped(city) + _cut_off(city)
    unknown = [verdict for verdict in base if verdict.status == "unknown"]
    if unknown:
        keys = ", ".join(verdict.clause for verdict in unknown[:6]) + (" …" if len(unknown) > 6 else "")
        doubts.append(
            Text(
                f"{len(unknown)} of {len(base)} clauses are unknown for want of data: {keys}",
                f"{len(base)}条条文中有{len(unknown)}条因缺少数据无法判定：{keys}",
            )
        )
    recalled = sum(clause.source.evidence == "recalled" for clause in clauses)
    if recalled:
        doubts.append(
            Text(
                f"The limits of {recalled} clauses are recalled, not read in the standard's text; they are marked.",
                f"{recalled}条条文的限值凭记忆给出，未核对原文，均已标注。",
            )
        )
    facilities = city.about.source("facilities")
    if not facilities.complete and len(city.facilities):
        doubts.append(
            Text(
                "Facilities are those that were mapped: what nobody mapped is not counted.",
                "设施仅包含已测绘的对象，未测绘的不计入。",
            )
        )
    doubts += [noted(note) for note in facilities.notes[:6]]
    return doubts


def _cut_off(city: City) -> list[Text]:
    """Networks that are not in one piece."""
    doubts = []
    for name, net in city.networks.items():
        apart, whole = city.cut_off(name), float(net.columns["length"].sum())
        lost = float(apart["length"].sum())
        if lost > 0:
            share, label = f"{lost / 1000:,.1f} of {whole / 1000:,.1f} km", layer_label(name, network=True)
            doubts.append(
                Text(
                    f"{label.en} ({name}) is in pieces: from {share} in {int((apart['length'] > 0).sum())} parts one "
                    "cannot reach the rest and come back.",
                    f"{label.zh}不连通：{whole / 1000:,.1f}公里中有{lost / 1000:,.1f}公里与主体不能往返。",
                )
            )
    return doubts


def _unsnapped(city: City) -> list[Text]:
    doubts = []
    for layer, label, zh in (("population", "population points", "个人口点"), ("facilities", "facilities", "个设施")):
        table = city.table(layer)
        if not len(table) or "walk" not in city.networks:
            continue
        lost = city.unsnapped(layer, "walk")
        if len(lost):
            who = f" ({lost['people'].sum():,.0f} people)" if layer == "population" else ""
            who_zh = f"（{lost['people'].sum():,.0f}人）" if layer == "population" else ""
            doubts.append(
                Text(
                    f"{len(lost)} of {len(table)} {label}{who} lie more than 250 m "
                    "from every walkable street: nothing reaches them on foot.",
                    f"{len(table)}{zh}中有{len(lost)}个{who_zh}距任何步行道路超过250米，步行不可达。",
                )
            )
    return doubts
