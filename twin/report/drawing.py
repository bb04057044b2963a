"""Charts as SVG that a page holds inline and the browser sets in its own fonts.

Text stays text (``svg.fonttype`` none), so Chinese needs no font of matplotlib's. It also means that matplotlib cannot
measure it: places are worked out from the widths of `width_of`.
"""

from __future__ import annotations

import io
import re
import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

__all__ = ["INK", "LINE", "MUTED", "SIZE", "WIDTH", "canvas", "cut", "drawing", "svg", "width_of", "write"]

WIDTH = 400.0  # of a chart, in the units that its text is `SIZE` high in
SIZE = 13.0
INK, MUTED, LINE = "#1d2b36", "#5b6a76", "#dde2e5"
_RC: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": ["DejaVu Sans"],
    "axes.unicode_minus": False,
    "path.simplify": False,
}


@contextmanager
def drawing(salt: str) -> Iterator[None]:
    """Settings that a chart is drawn with; `salt` tells its marks from those of other charts on the page."""
    with mpl.rc_context({**_RC, "svg.hashsalt": salt}):
        yield


def canvas(height: float, width: float = WIDTH) -> tuple[Figure, Axes]:
    """Make a figure whose data coordinates are its own units, y downwards."""
    figure = Figure(figsize=(width / 72, height / 72), facecolor="none")
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_axis_off()
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.set_autoscale_on(False)
    return figure, axes


def write(
    axes: Axes, x: float, y: float, text: str, *, colour: str, where: str = "left", size: float = SIZE
) -> None:  # fmt: skip
    """Text as it is: dollar signs are not mathematics."""
    axes.text(x, y, text, color=colour, size=size, ha=where, va="center_baseline", parse_math=False)


def width_of(text: str, size: float) -> float:
    """About how wide a browser sets `text`: a full em for Chinese, half of one and a bit for letters."""
    return size * sum(1.0 if unicodedata.east_asian_width(sign) in "WF" else 0.53 for sign in text)


def cut(text: str, room: float, size: float = SIZE) -> str:
    """`text`, ended with an ellipsis where it is wider than `room`."""
    text = " ".join(text.split())
    if width_of(text, size) <= room:
        return text
    while text and width_of(text + "…", size) > room:
        text = text[:-1]
    return text.rstrip() + "…"


def svg(figure: Figure, said: str) -> str:
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
