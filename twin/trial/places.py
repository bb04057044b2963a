"""A small map of a trial's new sites: streets, the facilities there are, and who is left out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from numpy.typing import NDArray

from twin.model import City
from twin.report.drawing import canvas, drawing, svg
from twin.trial.parts import Cost, Outcome, Site

__all__ = ["NUMBERED", "site_map"]

Floats = NDArray[np.float64]

#: Sites that carry their number.
NUMBERED = 12
WIDTH, TALLEST, RIM, SPOT = 480.0, 620.0, 14.0, 3.0
NEW, OLD, OUT, STREET = "#d55e00", "#0b4f6c", "#e0a878", "#d5dbdf"


def site_map(outcome: Outcome) -> str:
    """The map as inline SVG, streets and people as a picture in it; empty where there are no sites.

    It needs no words: the page has the legend.
    """
    cost, city = outcome.cost, outcome.city
    if not isinstance(cost, Cost) or not cost.sites:
        return ""
    west, south, east, north = _bounds(city, cost.sites)
    scale = min((WIDTH - 2 * RIM) / (east - west), (TALLEST - 2 * RIM) / (north - south))
    high = 2 * RIM + scale * (north - south)

    def at(xy: Floats) -> Floats:
        return np.column_stack([RIM + (xy[:, 0] - west) * scale, high - RIM - (xy[:, 1] - south) * scale])

    with drawing(f"sites-{outcome.clause.key}-{city.name}"):
        figure, axes = canvas(high, WIDTH)
        _streets(axes, city, at, scale)
        verdict = outcome.verdict
        if verdict.short is not None and verdict.layer == "population" and verdict.short.any():
            left = at(shapely.get_coordinates(shapely.point_on_surface(city.population.geometry[verdict.short])))
            _, one = np.unique(left // SPOT, axis=0, return_index=True)  # one dot a spot: more of them look the same
            axes.plot(left[one, 0], left[one, 1], ".", color=OUT, markersize=2.8, zorder=1, rasterized=True)
        mine = city.facilities[city.facilities["kind"].isin(outcome.clause.kinds) & city.facilities["open"]]
        if len(mine):
            old = at(shapely.get_coordinates(shapely.point_on_surface(mine.geometry.to_numpy())))
            axes.plot(old[:, 0], old[:, 1], "s", color=OLD, markersize=6, markeredgecolor="white", zorder=2)
        _sites(axes, at(np.array([(site.x, site.y) for site in cost.sites])))
        return svg(figure, "; ".join(f"{n}: {s.x:.0f}, {s.y:.0f}" for n, s in enumerate(cost.sites[:NUMBERED], 1)))


def _bounds(city: City, sites: tuple[Site, ...]) -> tuple[float, float, float, float]:
    xy = shapely.get_coordinates(city.population.geometry.to_numpy())
    xy = np.vstack([xy, [(site.x, site.y) for site in sites]])
    (west, south), (east, north) = xy.min(axis=0), xy.max(axis=0)
    pad = 0.02 * max(east - west, north - south, 1.0)
    return west - pad, south - pad, east + pad, north + pad


def _streets(axes: Axes, city: City, at: Callable[[Floats], Floats], scale: float) -> None:
    name = next((each for each in ("drive", "walk") if each in city.networks), "")
    if not name:
        return
    shapes = shapely.simplify(city.networks[name].shapes, 0.7 / scale)
    lines = [at(shapely.get_coordinates(shape)) for shape in shapes]
    axes.add_collection(
        LineCollection(lines, colors=STREET, linewidths=0.6, zorder=0, rasterized=True, antialiaseds=False)
    )


def _sites(axes: Axes, points: Floats) -> None:
    """The first with their numbers, the others smaller."""
    axes.plot(points[NUMBERED:, 0], points[NUMBERED:, 1], "o", color=NEW, markersize=4, zorder=3)
    for number, (x, y) in reversed(list(enumerate(points[:NUMBERED], 1))):
        axes.plot([x], [y], "o", color=NEW, markersize=14, markeredgecolor="white", zorder=4)
        axes.text(x, y, str(number), color="white", size=9, weight="bold", ha="center", va="center_baseline", zorder=5)
