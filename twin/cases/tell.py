"""A case as the templates show it: counts by standard and domain, verdicts that change, costs, how to repeat it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Any

from markupsafe import Markup

from twin.cases.read import Case
from twin.cases.told import Cost
from twin.cases.words import word
from twin.report import charts
from twin.report.content import LANGUAGES, Page, Source, Text
from twin.report.summary import changed, statuses, table
from twin.report.words import grouped, joined

__all__ = ["MOST", "costs", "moving", "section_of", "totals"]

#: Changed verdicts that a dossier lists; the tables hold all of them.
MOST = 40
#: Values that change without their verdict, the largest changes of which a dossier lists.
SHIFTS = 12


def section_of(case: Case, *, number: str = "") -> dict[str, Any]:
    """What a case's pages show; `number` stands before its headings and tells its charts apart from those of others."""
    page = case.page
    first = page.scenarios[0].label
    moves = moving(page)
    own = [clause for clause in range(len(page.clauses)) if clause not in moves and changed(page, clause)]
    return {
        "case": case,
        "page": page,
        "number": number,
        "told": case.told,
        "problem": _text(case.told.problem),
        "context": _text(case.told.context),
        "lesson": _text(case.told.lesson),
        "assumptions": [Text(each.en, each.zh) for each in case.told.assumptions],
        "first": first,
        "findings": list(zip((scenario.label for scenario in page.scenarios), page.findings, strict=True)),
        "counts": [statuses(page, index) for index in range(len(page.scenarios))],
        "standards": list(_standards(page)),
        "domains": list(_domains(page)),
        "sources": list(_sources(page)),
        "charts": _charts(page),
        "moves": [_move(page, clause) for clause in moves[:MOST]],
        "shifts": [_move(page, clause) for clause in _largest(page, own)],
        "moves_note": _moves_note(page, moves, own),
        "losses": _losses(page),
        "costs": [_cost(each, page) for each in case.told.cost],
        "totals": totals(case.told.cost),
        "compute": _compute(case),
        "commands": _commands(case),
        "inputs": list(_inputs(case)),
        "options": _options(case),
        "file": case.file.split("\n[case]")[0].rstrip(),  # what is told stands in the dossier already
    }


def _text(label: Any) -> Text | None:
    return None if label is None else Text(label.en, label.zh)


def _standards(page: Page) -> Iterator[dict[str, Any]]:
    """Each standard that was applied, with the counts of the first situation."""
    cells = table(page)
    for key in dict.fromkeys(clause.standard for clause in page.clauses):
        mine = [number for number, clause in enumerate(page.clauses) if clause.standard == key]
        yield {
            "key": key,
            "title": page.standards.get(key, Text("", "")),
            "counts": _counts(cells, mine),
            "recalled": sum(page.clauses[number].evidence == "recalled" for number in mine),
        }


def _sources(page: Page) -> Iterator[dict[str, Any]]:
    """Layers that share source, year, licence and note stand in one row."""
    groups: dict[Any, list[Source]] = defaultdict(list)
    for source in page.sources:
        groups[source.source, source.year, source.licence, source.estimated, source.note].append(source)
    for (name, year, licence, estimated, note), mine in groups.items():
        yield {
            "layers": joined([each.layer for each in mine], ", ", "、"),
            "source": name,
            "year": year,
            "licence": licence,
            "estimated": estimated,
            "note": note,
            "rows": sum(each.rows for each in mine),
        }


def _domains(page: Page) -> Iterator[dict[str, Any]]:
    cells = table(page)
    for number, name in page.domains.items():
        mine = [position for position, clause in enumerate(page.clauses) if number in clause.domains]
        if mine:
            yield {"number": number, "name": name, "counts": _counts(cells, mine)}


def _counts(cells: Any, clauses: Sequence[int]) -> dict[str, int]:
    found = Counter(cells[0, clause].status for clause in clauses if (0, clause) in cells)
    judged = found["pass"] + found["fail"] + found["value"]
    return {
        "clauses": len(clauses),
        "judged": judged,
        "pass": found["pass"],
        "fail": found["fail"],
        "value": found["value"],
        "unknown": found["unknown"],
        "na": found["not applicable"],
    }


def moving(page: Page) -> list[int]:
    """Clauses with another verdict in some situation than in the first."""
    cells = table(page)
    found = []
    for clause in range(len(page.clauses)):
        mine = ((scenario, clause) for scenario in range(len(page.scenarios)))
        seen = {cells[key].status for key in mine if key in cells}
        if len(seen) > 1:
            found.append(clause)
    return found


def _move(page: Page, clause: int) -> dict[str, Any]:
    cells = table(page)
    return {
        "clause": page.clauses[clause],
        "cells": [cells.get((scenario, clause)) for scenario in range(len(page.scenarios))],
    }


def _largest(page: Page, clauses: Sequence[int]) -> list[int]:
    """Clauses whose value lies farthest from that of the first situation, as a share of it; the farthest first."""
    cells = table(page)
    far: dict[int, float] = {}
    for clause in clauses:
        values = [cells[key].value for scenario in range(len(page.scenarios)) if (key := (scenario, clause)) in cells]
        steps = [abs(value / values[0] - 1) for value in values[1:] if isfinite(value) and values[0]]
        far[clause] = max((step for step in steps if isfinite(step)), default=0.0)
    order = sorted((clause for clause in clauses if far[clause] >= 0.001), key=lambda clause: -far[clause])
    return order[:SHIFTS]


def _moves_note(page: Page, moves: Sequence[int], own: Sequence[int]) -> Text:
    if not moves and not own:
        return word("moves_none")
    more = word("moves_more", n=len(own)) if own else Text("", "")
    if len(moves) > MOST:
        cut = word("moves_cut", n=MOST)
        more = Text(f"{cut.en} {more.en}", cut.zh + more.zh)
    return word("moves_note", n=len(moves), total=len(page.clauses), more=more)


def _losses(page: Page) -> list[dict[str, Any]]:
    """For each situation, the most people that any one clause loses in a district: no one is counted twice."""
    found = []
    for number, scenario in enumerate(page.scenarios):
        worst: dict[str, tuple[float, int]] = {}
        for loss in page.losses:
            if loss.scenario == number and loss.people > worst.get(loss.district, (0.5, 0))[0]:
                worst[loss.district] = loss.people, loss.clause
        if worst:
            rows = sorted(worst.items(), key=lambda pair: -pair[1][0])
            found.append(
                {
                    "label": scenario.label,
                    "rows": [
                        (page.districts.get(name, Text(name, name)), grouped(people), page.clauses[clause].title)
                        for name, (people, clause) in rows
                    ],
                }
            )
    return found


def _charts(page: Page) -> list[dict[str, Any]]:
    found = []
    for title, draw in (("chart_statuses", charts.status_chart), ("chart_people", charts.people_chart)):
        drawn = {language: draw(page, language) for language in LANGUAGES}
        if any(drawn.values()):
            found.append({"title": title, "svg": {k: Markup(svg) for k, svg in drawn.items()}})  # noqa: S704  drawn here
    return found


def _cost(cost: Cost, page: Page) -> dict[str, Any]:
    plans = {scenario.plan: scenario.label for scenario in page.scenarios if not scenario.shock}
    return {
        "item": Text(cost.item.en, cost.item.zh),
        "plan": plans.get(cost.plan, Text(cost.plan, cost.plan)) if cost.plan else word("all_plans"),
        "amount": "" if cost.amount is None else f"{cost.amount:,.0f} {cost.currency}",
        "each": word("once" if cost.each == "once" else "a_year"),
        "year": "" if cost.year is None else str(cost.year),
        "source": _text(cost.source),
        "estimated": cost.estimated,
    }


def totals(given: Sequence[Cost]) -> list[tuple[Text, str]]:
    """Sums by currency and by whether they come once or each year; said to be partial where an amount is missing."""
    found = []
    for each in ("once", "year"):
        mine = [cost for cost in given if cost.each == each]
        for currency in dict.fromkeys(cost.currency for cost in mine if cost.amount is not None):
            amounts = [cost.amount for cost in mine if cost.currency == currency and cost.amount is not None]
            partial = any(cost.amount is None for cost in mine)
            name = word("partial_total" if partial else "total", each=word("once" if each == "once" else "a_year"))
            found.append((name, f"{sum(amounts):,.0f} {currency}"))
    return found


def costs(given: Sequence[Cost]) -> Text:
    """The sums in one line."""
    parts = totals(given)
    if not parts:
        return word("not_stated")
    return Text("; ".join(f"{name.en}: {sum_}" for name, sum_ in parts), "；".join(f"{n.zh}：{s}" for n, s in parts))


def _compute(case: Case) -> Text:
    cells = case.run.get("cells", [])
    seconds = [float(cell.get("seconds", "nan")) for cell in cells]
    total = sum(second for second in seconds if isfinite(second))
    return word("cost_compute", seconds=f"{total:,.1f}", n=len(cells))


def _commands(case: Case) -> list[str]:
    if not case.file:
        return []
    return ["twin run scenario.toml -o run", "twin case run -o case"]


def _inputs(case: Case) -> Iterator[tuple[Text, str]]:
    """Versions and what the inputs hold."""
    run = case.run
    packages = run.get("packages", {})
    yield word("part_twin"), str(packages.get("twin", ""))
    yield word("part_python"), str(run.get("python", ""))
    for name, version in packages.items():
        if name != "twin" and version:
            yield Text(name, name), str(version)
    city = run.get("city", {})
    yield word("part_city", of=case.page.city.label), str(city.get("sha256", ""))
    for pack in run.get("packs", []):
        yield word("part_pack", of=pack["name"]), str(pack["sha256"])


def _options(case: Case) -> Text:
    options = case.run.get("options", {})
    return word("repeat_options", seed=options.get("seed", "–"), runs=options.get("runs", 1), on=options.get("on", "–"))
