"""The two charts of a study's report."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from twin.report.content import STATUSES, Page, Text
from twin.report.drawing import INK, LINE, MUTED, SIZE, WIDTH, canvas, cut, drawing, svg, width_of, write
from twin.report.summary import changed, statuses, table
from twin.report.words import filled, grouped, words

__all__ = ["people_chart", "status_chart"]

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


def status_chart(page: Page, language: str) -> str:
    """Stacked bars of the clauses by verdict, a bar a scenario; empty where no clause was checked."""
    if not page.clauses:
        return ""
    known = words()
    names = {name: known[f"status_{name.replace(' ', '_')}"] for name in STATUSES} | {"missing": known["no_verdict"]}
    counts = [statuses(page, index) for index in range(len(page.scenarios))]
    used = [name for name in names if any(count[name] for count in counts)]
    with drawing(f"statuses-{language}"):
        key = _key_rows([(name, names[name].get(language)) for name in used])
        figure, axes = canvas(24.0 + 20 * len(key) + 52 * len(counts))
        _key(axes, key)
        for row, count in enumerate(counts):
            top = 20.0 * len(key) + 24 + 52 * row
            write(axes, 0, top, cut(page.scenarios[row].label.get(language), WIDTH - 4), colour=INK)
            _bar(axes, top + 10, count, len(page.clauses))
        return svg(figure, f"{known['chart_statuses'].get(language)}. {_said(page, counts, names, language)}")


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
        if wide > 5 + width_of(str(number), SIZE):
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
    with drawing(f"people-{language}"):
        key = _key_rows([(str(index), page.scenarios[index].label.get(language)) for index in (0, *shown)])
        under = 20.0 * len(lines) + 2
        head = under + 4 + 20 * len(key)
        figure, axes = canvas(head + 44 * len(rows) + 40)
        for row, line in enumerate(lines):
            write(axes, 0, 8 + 20 * row, cut(line.get(language), WIDTH), colour=MUTED)
        _key(axes, key, top=under)
        scale = _scale(axes, most, head + 44 * len(rows), head, known["chart_people_unit"].get(language))
        for row, clause in enumerate(rows):
            top = head + 44 * row
            write(axes, 0, top + 12, cut(page.clauses[clause].title.get(language), WIDTH - 4), colour=INK)
            values = {index: _people(page, index, clause) for index in (0, *shown)}
            _dots(axes, top + 29, {index: people for index, people in values.items() if not math.isnan(people)}, scale)
        return svg(figure, f"{known['chart_people'].get(language)}: {', '.join(line.get(language) for line in lines)}")


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
    beside = WIDTH - 12 - width_of(grouped(most), SIZE)  # the largest number has its place beside its dot
    scale = min((right - left) / ticks[-1], (beside - left) / max(most, 1.0))
    said = FuncFormatter(lambda value, _: grouped(value))
    for tick in ticks:
        for start in range(int(top), int(bottom), 44):  # beside the dots, not through the titles
            axes.plot([left + scale * tick] * 2, [start + 21, start + 37], color=LINE, linewidth=1, zorder=0)
        where = "left" if tick == 0 else "center"
        write(axes, 0 if tick == 0 else left + scale * tick, bottom + 12, said(tick), colour=MUTED, where=where)
    write(axes, WIDTH, bottom + 28, unit, colour=MUTED, where="right")
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
    write(axes, places[last] + 9, y, grouped(values[last]), colour=INK)


def _sign(axes: Axes, x: float, y: float, index: int) -> None:
    colour, sign = (INK, "o") if index == 0 else MARKS[index - 1]
    face = "white" if index == 0 else colour
    axes.plot([x], [y], sign, color=colour, markerfacecolor=face, markeredgewidth=1.8, markersize=8, zorder=3)


def _key_rows(entries: Sequence[tuple[str, str]]) -> list[list[tuple[str, str, float]]]:
    """Legend entries in lines that fit, as (name, text, x)."""
    lines: list[list[tuple[str, str, float]]] = [[]]
    x = 0.0
    for name, full in entries:
        text = cut(full, WIDTH - 24)
        if x > 0 and x + 20 + width_of(text, SIZE) > WIDTH:
            lines.append([])
            x = 0.0
        lines[-1].append((name, text, x))
        x += 34 + width_of(text, SIZE)
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
            write(axes, x + 19, y, text, colour=MUTED)
