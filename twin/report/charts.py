"""The two charts, as SVG that the page holds inline and the browser sets in its own fonts.

Text stays text (``svg.fonttype`` none), so Chinese needs no font of matplotlib's. It also means that matplotlib cannot
measure it: places are worked out here from the widths of `_width`.
"""

from __future__ import annotations

import io
import math
import re
import unicodedata
import warnings
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from twin.report.content import STATUSES, Page, Text
from twin.report.summary import changed, statuses, table
from twin.report.words import filled, grouped, words

__all__ = ["people_chart", "status_chart"]

WIDTH = 400.0  # of a chart, in the units that its text is `SIZE` high in
SIZE = 13.0
INK, MUTED, LINE = "#1d2b36", "#5b6a76", "#dde2e5"
#: fills and the ink on them; the Okabe-Ito colours, told apart by lightness too
FILLS = {
    "pass": ("#009e73", "white"),
    "fail": ("#d55e00", "white"),
    "value": ("#56b4e9", INK),
    "unknown": ("#f6f0c4", INK),
    "not applicable": ("#d9dee1", INK),
    "missing": ("#ffffff", MUTED),
}
UNSURE = ("unknown", "missing")
#: colour and sign of the scenarios after the baseline
MARKS = (
    ("#d55e00", "o"),
    ("#0072b2", "s"),
    ("#cc79a7", "D"),
    ("#e69f00", "^"),
    ("#56b4e9", "v"),
    ("#009e73", "P"),
    ("#1d2b36", "X"),
)
MOST = 12  # clauses in the chart of people
RC: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": ["DejaVu Sans"],
    "axes.unicode_minus": False,
    "path.simplify": False,
}


def status_chart(page: Page, language: str) -> str:
    """Stacked bars of the clauses by verdict, a bar a scenario; empty where no clause was checked."""
    if not page.clauses:
        return ""
    known = words()
    names = {name: known[f"status_{name.replace(' ', '_')}"] for name in STATUSES} | {"missing": known["no_verdict"]}
    counts = [statuses(page, index) for index in range(len(page.scenarios))]
    used = [name for name in names if any(count[name] for count in counts)]
    with mpl.rc_context({**RC, "svg.hashsalt": f"statuses-{language}"}):
        key = _key_rows([(name, names[name].get(language)) for name in used])
        figure, axes = _canvas(24.0 + 20 * len(key) + 52 * len(counts))
        _key(axes, key)
        for row, count in enumerate(counts):
            top = 20.0 * len(key) + 24 + 52 * row
            _write(axes, 0, top, _cut(page.scenarios[row].label.get(language), WIDTH - 4), colour=INK)
            _bar(axes, top + 10, count, len(page.clauses))
        return _svg(figure, f"{known['chart_statuses'].get(language)}. {_said(page, counts, names, language)}")


def _bar(axes: Axes, top: float, count: dict[str, int], total: int) -> None:
    """One bar of segments, each with its number in it."""
    left = 0.0
    for name, number in count.items():
        if number <= 0:
            continue
        fill, ink = FILLS[name]
        wide = (WIDTH - 1) * number / total
        axes.barh(top + 11, wide, left=left, height=22, color=fill, edgecolor="white", linewidth=1.5)
        if name in UNSURE:  # what is not known looks unfinished, in print as well
            axes.barh(
                top + 11, wide, left=left, height=22, facecolor="none", edgecolor=MUTED, linewidth=0.4, hatch="////"
            )
        if wide > 5 + _width(str(number), SIZE):
            axes.text(
                left + wide / 2, top + 11.5, str(number), ha="center", va="center", color=ink, size=SIZE, weight="bold",
                bbox={"boxstyle": "round,pad=0.15", "fc": fill, "ec": "none"} if name in UNSURE else None,
            )  # fmt: skip
        left += wide


def _said(page: Page, counts: Sequence[dict[str, int]], names: dict[str, Text], language: str) -> str:
    """Say the chart in words, for those who hear the page."""
    return "; ".join(
        f"{scenario.label.get(language)}: "
        + ", ".join(f"{names[name].get(language)} {number}" for name, number in count.items() if number > 0)
        for scenario, count in zip(page.scenarios, counts, strict=True)
    )


def people_chart(page: Page, language: str) -> str:
    """People unserved before and after as dots on a line, for the clauses that change, or else the worst dozen.

    Empty where no people were counted.
    """
    rows, lines = _rows(page)
    if not rows:
        return ""
    known = words()
    cells = table(page)
    shown = range(1, min(len(page.scenarios), 1 + len(MARKS)))
    if len(page.scenarios) - 1 > len(shown):
        lines.append(filled(known["chart_scenarios_cut"], n=len(shown), total=len(page.scenarios) - 1))
    most = max(cells[key].people for key in _counted(page) if key[1] in rows)
    with mpl.rc_context({**RC, "svg.hashsalt": f"people-{language}"}):
        key = _key_rows([(str(index), page.scenarios[index].label.get(language)) for index in (0, *shown)])
        under = 20.0 * len(lines) + 2
        head = under + 4 + 20 * len(key)
        figure, axes = _canvas(head + 44 * len(rows) + 40)
        for row, line in enumerate(lines):
            _write(axes, 0, 8 + 20 * row, _cut(line.get(language), WIDTH), colour=MUTED)
        _key(axes, key, top=under)
        scale = _scale(axes, most, head + 44 * len(rows), head, known["chart_people_unit"].get(language))
        for row, clause in enumerate(rows):
            top = head + 44 * row
            _write(axes, 0, top + 12, _cut(page.clauses[clause].title.get(language), WIDTH - 4), colour=INK)
            values = {index: _people(page, index, clause) for index in (0, *shown)}
            _dots(axes, top + 29, {index: people for index, people in values.items() if not math.isnan(people)}, scale)
        return _svg(figure, f"{known['chart_people'].get(language)}: {', '.join(line.get(language) for line in lines)}")


def _spread(people: list[float]) -> float:
    known = [each for each in people if not math.isnan(each)]
    return max(known) - min(known) if known else 0.0


def _rows(page: Page) -> tuple[list[int], list[Text]]:
    """Choose the clauses to draw, most people first, and say how they were chosen."""
    known = words()
    worst: dict[int, float] = {}
    for key in _counted(page):
        worst[key[1]] = max(worst.get(key[1], 0.0), table(page)[key].people)
    moving = [
        clause
        for clause in worst
        if changed(page, clause) and len({grouped(_people(page, i, clause)) for i in range(len(page.scenarios))}) > 1
    ]
    chosen = moving or list(worst)
    lines = [known["chart_people_changing" if moving else "chart_people_worst"]]
    if moving:  # where the scenarios lie farthest apart
        counts = {clause: [_people(page, i, clause) for i in range(len(page.scenarios))] for clause in chosen}
        worst = {clause: _spread(some) for clause, some in counts.items()}
    chosen.sort(key=lambda clause: (-worst[clause], clause))
    if len(chosen) > MOST:
        lines.append(filled(known["chart_people_cut"], n=MOST, total=len(chosen)))
    return chosen[:MOST], lines


def _counted(page: Page) -> list[tuple[int, int]]:
    """(scenario, clause) of the verdicts that count people, of the scenarios that the chart has signs for."""
    return [
        (cell.scenario, cell.clause)
        for cell in page.verdicts
        if not math.isnan(cell.people) and cell.scenario <= len(MARKS)
    ]


def _people(page: Page, scenario: int, clause: int) -> float:
    cell = table(page).get((scenario, clause))
    return math.nan if cell is None else cell.people


def _scale(axes: Axes, most: float, bottom: float, top: float, unit: str) -> float:
    """Grid lines with numbers under them; units of width for one person."""
    step = MaxNLocator(4, steps=[1, 2, 2.5, 5, 10], integer=True).tick_values(0, max(most, 1.0))
    ticks = [tick for tick in step if tick >= 0]
    left, right = 6.0, WIDTH - 24
    beside = WIDTH - 12 - _width(grouped(most), SIZE)  # the largest number has its place beside its dot
    scale = min((right - left) / ticks[-1], (beside - left) / max(most, 1.0))
    said = FuncFormatter(lambda value, _: grouped(value))
    for tick in ticks:
        for start in range(int(top), int(bottom), 44):  # beside the dots, not through the titles
            axes.plot([left + scale * tick] * 2, [start + 21, start + 37], color=LINE, linewidth=1, zorder=0)
        where = "left" if tick == 0 else "center"
        _write(axes, 0 if tick == 0 else left + scale * tick, bottom + 12, said(tick), colour=MUTED, where=where)
    _write(axes, WIDTH, bottom + 28, unit, colour=MUTED, where="right")
    return scale


def _dots(axes: Axes, y: float, values: dict[int, float], scale: float) -> None:
    """Draw a line from the least to the most, the baseline as a ring and a sign for each other scenario."""
    places = {index: 6.0 + scale * people for index, people in values.items()}
    if not places:
        return
    axes.plot([min(places.values()), max(places.values())], [y, y], color="#9aa5ad", linewidth=2, zorder=1)
    for index in sorted(places, reverse=True):  # the baseline last: it is what the rest is read against
        _sign(axes, places[index], y, index)
    last = max(places, key=lambda index: values[index])
    _write(axes, places[last] + 9, y, grouped(values[last]), colour=INK)


def _sign(axes: Axes, x: float, y: float, index: int) -> None:
    colour, sign = (INK, "o") if index == 0 else MARKS[index - 1]
    face = "white" if index == 0 else colour
    axes.plot([x], [y], sign, color=colour, markerfacecolor=face, markeredgewidth=1.8, markersize=8, zorder=3)


def _canvas(height: float) -> tuple[Figure, Axes]:
    """Make a figure whose data coordinates are its own units, y downwards."""
    figure = Figure(figsize=(WIDTH / 72, height / 72), facecolor="none")
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_axis_off()
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(height, 0)
    axes.set_autoscale_on(False)
    return figure, axes


def _key_rows(entries: Sequence[tuple[str, str]]) -> list[list[tuple[str, str, float]]]:
    """Legend entries in lines that fit, as (name, text, x)."""
    lines: list[list[tuple[str, str, float]]] = [[]]
    x = 0.0
    for name, full in entries:
        text = _cut(full, WIDTH - 24)
        if x > 0 and x + 20 + _width(text, SIZE) > WIDTH:
            lines.append([])
            x = 0.0
        lines[-1].append((name, text, x))
        x += 34 + _width(text, SIZE)
    return lines


def _key(axes: Axes, lines: Sequence[Sequence[tuple[str, str, float]]], *, top: float = 0.0) -> None:
    """Draw the legend: a patch for a status, a sign for a scenario."""
    for row, line in enumerate(lines):
        for name, text, x in line:
            y = top + 10 + 20 * row
            if name in FILLS:
                edge = MUTED if name in UNSURE else "none"
                hatch = "////" if edge == MUTED else None
                axes.barh(
                    y, 12, left=x + 1, height=12, facecolor=FILLS[name][0], edgecolor=edge, linewidth=0.6, hatch=hatch
                )
            else:
                _sign(axes, x + 7, y, int(name))
            _write(axes, x + 19, y, text, colour=MUTED)


def _write(
    axes: Axes, x: float, y: float, text: str, *, colour: str, where: str = "left", size: float = SIZE
) -> None:  # fmt: skip
    """Text as it is: dollar signs are not mathematics."""
    axes.text(x, y, text, color=colour, size=size, ha=where, va="center_baseline", parse_math=False)


def _width(text: str, size: float) -> float:
    """About how wide a browser sets `text`: a full em for Chinese, half of one and a bit for letters."""
    return size * sum(1.0 if unicodedata.east_asian_width(sign) in "WF" else 0.53 for sign in text)


def _cut(text: str, room: float, size: float = SIZE) -> str:
    """`text`, ended with an ellipsis where it is wider than `room`."""
    text = " ".join(text.split())
    if _width(text, size) <= room:
        return text
    while text and _width(text + "…", size) > room:
        text = text[:-1]
    return text.rstrip() + "…"


def _svg(figure: Figure, said: str) -> str:
    """Write the figure as an inline ``<svg>`` with a spoken name; the same figure gives the same text."""
    file = io.StringIO()
    with warnings.catch_warnings():
        # The browser has the glyphs; matplotlib only misses them for measuring.
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from", category=UserWarning)
        figure.savefig(
            file, format="svg", transparent=True, metadata=dict.fromkeys(("Creator", "Date", "Format", "Type"))
        )
    text = file.getvalue()
    text = text[text.index("<svg") :]
    # Its style sheet would hold for the whole page; page.css says the same for charts alone.
    text = re.sub(r"<style[^>]*>.*?</style>", "", text, flags=re.DOTALL)
    label = said.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return text.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
