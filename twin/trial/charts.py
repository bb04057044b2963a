"""The charts of a trial: curves with their limit and knee, sites against compliance, and values that vary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from twin.report.content import Text
from twin.report.drawing import INK, LINE, MUTED, canvas, cut, drawing, svg, width_of, write
from twin.report.words import named, told
from twin.trial.parts import Cost, Curve, Outcome
from twin.trial.words import word
from twin.units import shown, shown_in

__all__ = ["Row", "cost_chart", "curve_chart", "range_chart"]

#: Colours of the cities, in the order of lightness apart (Okabe-Ito), with dashes that tell them apart in print.
CITIES = (
    ("#0072b2", "-"),
    ("#d55e00", (0, (6, 2))),
    ("#009e73", (0, (2, 1.5))),
    ("#cc79a7", (0, (8, 2, 2, 2))),
    ("#e69f00", (0, (1, 1))),
    ("#56b4e9", (0, (4, 1, 1, 1))),
)
#: Colour and sign of a status: told apart by shape as well.
SIGNS = {
    "pass": ("#009e73", "o"),
    "fail": ("#d55e00", "s"),
    "unsure": ("#b07d00", "D"),
    "unknown": ("#b07d00", "D"),
    "value": ("#0072b2", "o"),
}
WIDE, NARROW = 700.0, 520.0


#: Left, top, right, bottom of a label.
_Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class _Frame:
    """A plot's rectangle on the canvas, and the numbers that its sides stand for."""

    left: float
    top: float
    right: float
    bottom: float
    x: tuple[float, float]
    y: tuple[float, float]

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a point lies on the canvas."""
        across = (x - self.x[0]) / (self.x[1] - self.x[0] or 1.0)
        up = (y - self.y[0]) / (self.y[1] - self.y[0] or 1.0)
        return self.left + across * (self.right - self.left), self.bottom - up * (self.bottom - self.top)


def _ticks(low: float, high: float, count: int = 5, *, whole: bool = False) -> list[float]:
    found = MaxNLocator(count, steps=[1, 2, 2.5, 5, 10], integer=whole).tick_values(low, high)
    slack = 1e-9 * (high - low)
    return [float(tick) for tick in found if low - slack <= tick <= high + slack]


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _axes(axes: Axes, frame: _Frame, x_title: str, y_title: str, *, whole: bool = False) -> None:
    """Grid, numbers and titles; the frame's own numbers are those that people read."""
    for tick in _ticks(*frame.y, 5):
        _, y = frame.at(frame.x[0], tick)
        axes.plot([frame.left, frame.right], [y, y], color=LINE, linewidth=1, zorder=0)
        write(axes, frame.left - 7, y, _number(tick), colour=MUTED, where="right", size=12)
    for tick in _ticks(*frame.x, 7, whole=whole):
        x, _ = frame.at(tick, frame.y[0])
        axes.plot([x, x], [frame.bottom, frame.bottom + 4], color=MUTED, linewidth=1, zorder=0)
        write(axes, x, frame.bottom + 15, _number(tick), colour=MUTED, where="center", size=12)
    axes.plot([frame.left, frame.right], [frame.bottom] * 2, color=MUTED, linewidth=1, zorder=1)
    write(axes, frame.right, frame.bottom + 34, x_title, colour=MUTED, where="right", size=12)
    write(axes, 0, frame.top - 36, y_title, colour=MUTED, size=12)


def _titled(text: Text, unit: str, language: str) -> str:
    return f"{text.get(language)} [{unit}]" if unit else text.get(language)


def curve_chart(outcomes: Sequence[Outcome], language: str) -> str:
    """Compliance of each city against the limit; empty where no city has a curve."""
    mine = [(named(each.city).get(language), each.curve) for each in outcomes if isinstance(each.curve, Curve)]
    mine = mine[: len(CITIES)]
    if not mine:
        return ""
    first = mine[0][1]
    most = max(float(curve.x[-1]) for _, curve in mine)
    unit, factor = shown_in(first.unit, most=most)
    low = min(float(curve.x[0]) for _, curve in mine)
    low = 0.0 if 0 < low < most / 10 else low
    with drawing(f"curve-{outcomes[0].clause.key}-{language}"):
        figure, axes = canvas(326.0 + 24 * (len(mine) > 1), WIDE)
        top = 48.0 + 24 * (len(mine) > 1)
        frame = _Frame(42.0, top, WIDE - 12, top + 222, (low * factor, most * factor), (0.0, 100.0))
        _axes(axes, frame, _titled(first.swept, unit, language), f"{first.of.get(language)} [%]")
        _limits(axes, frame, first, factor, language)
        for number, (_, curve) in enumerate(mine):
            _line(axes, frame, curve, factor, number, alone=len(mine) == 1, language=language)
        if len(mine) > 1:
            _cities(axes, [name for name, _ in mine])
        return svg(figure, "; ".join(f"{name}: {_spoken(curve, language)}" for name, curve in mine))


def _limits(axes: Axes, frame: _Frame, curve: Curve, factor: float, language: str) -> None:
    """The clause's limit, upright, and the share that it asks for, across."""
    if isfinite(curve.asked):
        x, y = frame.at(frame.x[1], 100 * curve.asked)
        axes.plot([frame.left, x], [y, y], color=INK, linewidth=1.2, linestyle=(0, (1, 2)), zorder=2)
        label = f"{word('chart_asked').get(language)} {shown(curve.asked, '1')}"
        write(axes, frame.right, y - 9, label, colour=INK, where="right", size=12)
    if isfinite(curve.at):
        x, _ = frame.at(curve.at * factor, 0)
        axes.plot([x, x], [frame.top, frame.bottom], color=INK, linewidth=1.2, linestyle=(0, (4, 3)), zorder=2)
        label = f"{word('chart_limit').get(language)} {shown(curve.at, curve.unit, language=language)}"
        half = width_of(label, 12) / 2
        middle = min(
            max(x, frame.left + half), frame.right - half - width_of("asked 100.0 %", 12) * (x > frame.right - 220)
        )
        write(axes, middle, frame.top - 30 + 14, label, colour=INK, where="center", size=12)


def _line(
    axes: Axes, frame: _Frame, curve: Curve, factor: float, number: int, *, alone: bool, language: str
) -> None:  # fmt: skip
    colour, dash = CITIES[number]
    rising, taken = bool(curve.y[-1] >= curve.y[0]), list[_Box]()
    points = np.array([frame.at(float(x) * factor, 100 * float(y)) for x, y in zip(curve.x, curve.y, strict=True)])
    steps = "steps-post" if curve.method == "step" else "default"
    axes.plot(points[:, 0], points[:, 1], color=colour, linestyle=dash, linewidth=2.4, zorder=3, drawstyle=steps)
    if isfinite(curve.at) and isfinite(curve.today):
        x, y = frame.at(curve.at * factor, 100 * curve.today)
        axes.plot([x], [y], "o", color=colour, markersize=9, zorder=5)
        if alone and curve.method != "step":
            label = f"{word('chart_today').get(language)} {shown(curve.today, '1')}"
            _beside(axes, frame, x, y, label, below=rising, taken=taken)
    if curve.knee is not None:
        x, y = frame.at(curve.knee.x * factor, 100 * curve.knee.y)
        axes.plot([x], [y], "o", color=colour, markerfacecolor="white", markeredgewidth=2, markersize=10, zorder=4)
        if alone:
            bend = told(curve.knee.x, curve.unit).get(language)
            label = f"{word('chart_knee').get(language)} {bend}, {shown(curve.knee.y, '1')}"
            _beside(axes, frame, x, y, label, below=rising == curve.knee.early, taken=taken)


def _beside(axes: Axes, frame: _Frame, x: float, y: float, text: str, *, below: bool, taken: list[_Box]) -> None:
    """A label on white beside a point: where it lies inside the frame and on no other label, right of it if it can."""
    wide = width_of(text, 12)
    places = [(x + 11, y + 14 * (1 if under else -1)) for under in (below, not below)]
    places += [(x - 11 - wide, y + 14 * (1 if under else -1)) for under in (below, not below)]
    boxes = [(left, middle - 8, left + wide, middle + 8) for left, middle in places]
    free = (box for box in boxes if _inside(box, frame) and not any(_meet(box, other) for other in taken))
    box = next(free, boxes[0])
    taken.append(box)
    middle = (box[1] + box[3]) / 2
    axes.barh(middle, wide + 2, left=box[0] - 1, height=15, color="white", alpha=0.8, zorder=3.5)
    write(axes, box[0], middle, text, colour=INK, size=12)
    axes.texts[-1].set_zorder(6)


def _inside(box: _Box, frame: _Frame) -> bool:
    return box[0] >= frame.left and box[2] <= frame.right and box[1] >= frame.top and box[3] <= frame.bottom


def _meet(one: _Box, other: _Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _cities(axes: Axes, names: Sequence[str]) -> None:
    x = 0.0
    for number, name in enumerate(names):
        colour, dash = CITIES[number]
        text = cut(name, WIDE / len(names) - 44, 12)
        axes.plot([x, x + 24], [9, 9], color=colour, linestyle=dash, linewidth=2.4)
        write(axes, x + 30, 9, text, colour=INK, size=12)
        x += 50 + width_of(text, 12)


def _spoken(curve: Curve, language: str) -> str:
    """A curve in words, for those who hear the page."""
    ends = f"{shown(float(curve.x[0]), curve.unit)}: {shown(float(curve.y[0]), '1')}; "
    ends += f"{shown(float(curve.x[-1]), curve.unit)}: {shown(float(curve.y[-1]), '1')}"
    return f"{curve.swept.get(language)}, {curve.of.get(language)}, {ends}"


def cost_chart(outcome: Outcome, language: str) -> str:
    """The clause's value against the number of new sites; empty for less than three."""
    cost, unit = outcome.cost, outcome.verdict.unit
    if not isinstance(cost, Cost) or len(cost.sites) < 3:
        return ""
    values = np.array([outcome.verdict.value, *(site.value for site in cost.sites)], dtype=float)
    counts = np.arange(len(values))[np.isfinite(values)]
    values = values[np.isfinite(values)]
    if len(values) < 3:
        return ""
    limits = [limit for limit in outcome.limits.values() if isfinite(limit)]
    high, low = max(*values, *limits), min(*values, *limits)
    name, factor = shown_in(unit, most=high)
    bounds = (0.0, 100.0) if unit == "1" and high <= 1 else (min(0.0, low * factor), high * factor * 1.05)
    with drawing(f"cost-{outcome.clause.key}-{outcome.city.name}-{language}"):
        figure, axes = canvas(288.0, NARROW)
        frame = _Frame(46.0, 48.0, NARROW - 12, 240.0, (0.0, float(len(cost.sites))), bounds)
        meter = Text(outcome.clause.meter.en, outcome.clause.meter.zh)
        _axes(axes, frame, word("chart_sites").get(language), _titled(meter, name, language), whole=True)
        for limit in limits:
            _, y = frame.at(0, limit * factor)
            axes.plot([frame.left, frame.right], [y, y], color=INK, linewidth=1.2, linestyle=(0, (4, 3)), zorder=2)
            label = f"{word('chart_limit').get(language)} {shown(limit, unit, language=language)}"
            write(axes, frame.left + 6, y - 9, label, colour=INK, size=12)
        points = np.array([frame.at(n, v * factor) for n, v in zip(counts, values, strict=True)])
        axes.plot(points[:, 0], points[:, 1], color=CITIES[0][0], linewidth=2.4, zorder=3)
        axes.plot(*points[-1], "o", color=CITIES[0][0], markersize=8, zorder=4)
        last = told(float(values[-1]), unit).get(language)
        return svg(figure, f"{word('chart_sites').get(language)} {len(cost.sites)}: {last}")


@dataclass(frozen=True)
class Row:
    """One line of a chart of values that vary: a value, its range where it has one, and its status."""

    label: Text
    value: float
    low: float
    high: float
    status: str


def range_chart(outcome: Outcome, rows: Sequence[Row], language: str, *, salt: str) -> str:
    """A value for each row with its range, beside today's value and the limit; empty where none is known."""
    unit, today = outcome.verdict.unit, outcome.verdict.value
    known = [v for row in rows for v in (row.value, row.low, row.high) if isfinite(v)]
    if not known:
        return ""
    limits = [limit for limit in outcome.limits.values() if isfinite(limit)]
    inside = [*known, *limits, *([today] if isfinite(today) else [])]
    low, high = min(inside), max(inside)
    pad = 0.06 * (high - low) or 0.05 * abs(high) or 1.0
    name, factor = shown_in(unit, most=high)
    ends = (low - pad, high + pad)
    if unit == "1" and low >= 0 and high <= 1:
        ends = max(ends[0], -0.01), min(ends[1], 1.01)
    said = [_value(row.value, unit, language) for row in rows]
    left, right, step = 280.0, WIDE - 22 - max(width_of(each, 12.5) for each in said), 27.0
    with drawing(f"{salt}-{outcome.clause.key}-{outcome.city.name}-{language}"):
        figure, axes = canvas(34.0 + step * len(rows) + 42, WIDE)
        bottom = 34.0 + step * len(rows)
        frame = _Frame(left, 30.0, right, bottom, (ends[0] * factor, ends[1] * factor), (0.0, 1.0))
        _marks(axes, frame, today, limits, factor, language)
        for number, row in enumerate(rows):
            _row(axes, frame, row, 34 + step * (number + 0.5), factor, unit, language)
        for tick in _ticks(*frame.x, 5):
            x, _ = frame.at(tick, 0)
            axes.plot([x, x], [frame.top, bottom], color=LINE, linewidth=1, zorder=0)
            write(axes, x, bottom + 14, _number(tick), colour=MUTED, where="center", size=12)
        meter = Text(outcome.clause.meter.en, outcome.clause.meter.zh)
        write(axes, WIDE, bottom + 34, _titled(meter, name, language), colour=MUTED, where="right", size=12)
        told = (f"{row.label.get(language)}: {each}" for row, each in zip(rows, said, strict=True))
        return svg(figure, "; ".join(told))


def _marks(
    axes: Axes, frame: _Frame, today: float, limits: Sequence[float], factor: float, language: str
) -> None:  # fmt: skip
    """Upright lines: today's value and the limit, named above; names that would meet stand apart."""
    marks: list[tuple[float, Text, Any, str]] = [(limit, word("chart_limit"), (0, (4, 3)), INK) for limit in limits]
    marks += [(today, word("chart_today"), "-", "#9aa5ad")] if isfinite(today) else []
    placed: list[tuple[float, float]] = []
    for value, label, dash, colour in sorted(marks, key=lambda mark: mark[0]):
        x, _ = frame.at(value * factor, 0)
        axes.plot([x, x], [frame.top - 4, frame.bottom], color=colour, linewidth=1.4, linestyle=dash, zorder=1)
        text = label.get(language)
        half = width_of(text, 12) / 2 + 4
        middle = min(max(x, half), WIDE - half)
        if placed and middle - half < placed[-1][1]:
            middle = placed[-1][1] + half
        placed.append((middle - half, middle + half))
        write(axes, middle, frame.top - 14, text, colour=INK if colour == INK else MUTED, where="center", size=12)


def _row(axes: Axes, frame: _Frame, row: Row, y: float, factor: float, unit: str, language: str) -> None:
    colour, sign = SIGNS.get(row.status, SIGNS["value"])
    write(axes, 0, y, cut(row.label.get(language), 274, 12.5), colour=INK, size=12.5)
    write(axes, WIDE, y, _value(row.value, unit, language), colour=INK, where="right", size=12.5)
    if isfinite(row.low) and isfinite(row.high):
        ends = [frame.at(end * factor, 0)[0] for end in (row.low, row.high)]
        axes.plot(ends, [y, y], color=colour, linewidth=4, alpha=0.45, solid_capstyle="butt", zorder=2)
    if isfinite(row.value):
        x, _ = frame.at(row.value * factor, 0)
        axes.plot([x], [y], sign, color=colour, markersize=8, zorder=3)


def _value(value: float, unit: str, language: str) -> str:
    return told(value, unit).get(language)
