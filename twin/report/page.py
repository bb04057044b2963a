"""The report page: from a `Page` to one HTML file that needs nothing beside itself.

The file holds the map's library, the data and both languages. Its content security policy forbids every request.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup, escape

from twin.report import charts
from twin.report.check import checked
from twin.report.content import (
    LANGUAGES,
    STATUSES,
    Cell,
    CityCard,
    ClauseCard,
    GeoJSON,
    Loss,
    MapData,
    Page,
    Points,
    ScenarioCard,
    Source,
    Text,
)
from twin.report.embed import payload, plain, script_json
from twin.report.summary import changed, opening, sentences, statuses, table
from twin.report.words import counted, filled, grouped, words

__all__ = [
    "Cell",
    "CityCard",
    "ClauseCard",
    "GeoJSON",
    "Loss",
    "MapData",
    "Page",
    "Points",
    "ScenarioCard",
    "Source",
    "Text",
    "render",
]

#: the page's own scripts, in the order they run in
SCRIPTS = ("language.js", "table.js", "style.js", "map.js", "panel.js", "page.js")
#: nothing may be fetched; the map's worker is a blob made from the script that the page holds
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' blob:; worker-src blob:; child-src blob:; "
    "style-src 'unsafe-inline'; img-src data: blob:; connect-src blob: data:; base-uri 'none'; form-action 'none'"
)
SIGNS = {"pass": "✓", "fail": "✕", "value": "•", "unknown": "?", "not applicable": "–"}
#: clauses beside each other in a table of losses
ABREAST = 5


def render(page: Page) -> str:
    """Write the page as the text of one HTML file, the same text for the same page.

    Parameters
    ----------
    page : what it says; see `twin.report.content`.

    Returns
    -------
    str : HTML to be written as UTF-8; it opens from a file with no network.

    Raises
    ------
    DataError : indices, words or arrays of the page do not fit together.
    """
    checked(page)
    known = words()
    environment = Environment(
        loader=DictLoader({"page.html": _file("page.html")}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"say": say, "fill": filled, "grouped": grouped}
    html = environment.get_template("page.html").render(
        page=page,
        w=known,
        cells=table(page),
        counts=statuses(page, 0),
        statuses=STATUSES,
        signs=SIGNS,
        policy=POLICY,
        summaries=sentences(page),
        opening=opening(page),
        changes=[changed(page, clause) for clause in range(len(page.clauses))],
        standards=sorted({clause.standard for clause in page.clauses}),
        losses=_losses(page),
        charts=_charts(page),
        manifest=json.dumps(plain(page.manifest), ensure_ascii=False, indent=2),
        style=_trusted((_file("vendor/maplibre-gl.css") if page.map else "") + _file("page.css")),
        library=_trusted(_library()) if page.map else "",
        script=_trusted('"use strict";\n(() => {\n' + "\n".join(map(_file, SCRIPTS)) + "\n})();"),
        data=_trusted(script_json(payload(page))),
    )
    # A lone surrogate, as broken file names have, is not UTF-8 and would stop the writing of the file.
    return html.encode("utf-8", "replace").decode("utf-8")


def _trusted(text: str) -> Markup:
    """Mark as HTML what holds no data but escaped data: our own files, a drawn chart, JSON made harmless."""
    return Markup(text)  # noqa: S704  the only place, for the four callers above and below


def say(text: Text) -> Markup:
    """Both languages of a text, of which the style sheet shows one; once where they are the same."""
    if text.en == text.zh:
        return escape(text.en)
    return Markup('<span class="en" lang="en">{}</span><span class="zh" lang="zh-CN">{}</span>').format(
        text.en, text.zh
    )


def _file(name: str) -> str:
    """Read a text that stands beside this module."""
    return (files("twin.report") / name).read_text(encoding="utf-8")


def _library() -> str:
    """Read the map's library under its licence, which asks to go along; without the name of its source map.

    A browser's tools would ask for that file, and there is none.
    """
    text = _file("vendor/maplibre-gl.js")
    code = "\n".join(line for line in text.split("\n") if not line.startswith("//# sourceMappingURL="))
    return f"/*\n{_file('vendor/LICENSE.maplibre')}\n*/\n{code}"


def _charts(page: Page) -> list[dict[str, Any]]:
    """Draw each chart that has something to show, once for each language."""
    found = []
    for title, draw in (("chart_statuses", charts.status_chart), ("chart_people", charts.people_chart)):
        drawn = {language: draw(page, language) for language in LANGUAGES}
        if any(drawn.values()):
            found.append({"title": title, "svg": {language: _trusted(svg) for language, svg in drawn.items()}})
    return found


def _losses(page: Page) -> list[dict[str, Any]]:
    """For each scenario its tables of districts by clauses, a few clauses abreast, the heaviest first."""
    people: dict[int, dict[tuple[str, int], float]] = defaultdict(lambda: defaultdict(float))
    for loss in page.losses:
        if loss.people >= 0.5:  # NaN compares false
            people[loss.scenario][loss.district, loss.clause] += loss.people
    return [_loss_tables(scenario, people[scenario]) for scenario in sorted(people)]


def _loss_tables(scenario: int, people: Mapping[tuple[str, int], float]) -> dict[str, Any]:
    """Lay out the tables of one scenario; `share` of the heaviest entry is what the shading shows."""
    by_clause: dict[int, float] = defaultdict(float)
    by_district: dict[str, float] = defaultdict(float)
    for (district, clause), count in people.items():
        by_clause[clause] += count
        by_district[district] = max(by_district[district], count)
    clauses = sorted(by_clause, key=lambda clause: (-by_clause[clause], clause))
    districts = sorted(by_district, key=lambda district: (-by_district[district], district))
    most = max(people.values())
    tables = [
        {
            "clauses": group,
            "totals": [by_clause[clause] for clause in group],
            "rows": [
                (
                    district,
                    [
                        (people.get((district, clause), 0.0), people.get((district, clause), 0.0) / most)
                        for clause in group
                    ],
                )
                for district in districts
            ],
        }
        for group in (clauses[start : start + ABREAST] for start in range(0, len(clauses), ABREAST))
    ]
    more = counted(words(), "losses_more", max(0, len(clauses) - ABREAST))
    return {"scenario": scenario, "tables": tables, "more": more}
