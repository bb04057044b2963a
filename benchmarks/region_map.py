"""Draw docs/region.png, the map of the synthetic region: ``python benchmarks/region_map.py``."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import matplotlib as mpl
import matplotlib.patheffects
import numpy as np
import shapely
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

import twin

mpl.use("Agg")
import matplotlib.pyplot as plt

ROOT = Path(__file__).parents[1]
#: class: colour (Okabe and Ito), width, label.
ROADS = {
    "tertiary": ("#999999", 0.7, "township and village road"),
    "secondary": ("#8c6d46", 1.2, "county road"),
    "primary": ("#E69F00", 1.8, "provincial road"),
    "trunk": ("#D55E00", 2.2, "national road"),
    "motorway": ("#0072B2", 3.0, "expressway and ramps"),
}
ALSO = {"unclassified": "tertiary", "track": "tertiary", "motorway_link": "motorway"}
USES = {"residential": "#f3d9b1", "commercial": "#e7a9a2", "industrial": "#cfc4d8", "public": "#b7d5e8"}


def main() -> None:
    """Draw the whole region and, beside it, its central city."""
    city = twin.read(ROOT / "gis_data" / "region")
    fig, ax = plt.subplots(figsize=(13.5, 10.2), layout="constrained")
    city.table("boundary").plot(ax=ax, color="#fbfaf4", edgecolor="none")
    green = city.table("green")
    green[green["kind"] == "forest"].plot(ax=ax, color="#d9e8d0", edgecolor="none")
    city.table("water").plot(ax=ax, color="#a8cfe8", edgecolor="none")
    land = city.table("land_use")
    for use, color in USES.items():
        land[land["use"] == use].plot(ax=ax, color=color, edgecolor="none")
    for layer, color, width, dash in (("townships", "#777777", 0.8, ":"), ("districts", "#444444", 1.4, "--")):
        rims = shapely.line_merge(shapely.union_all(city.table(layer).boundary.to_numpy()))
        gpd.GeoSeries([rims]).plot(ax=ax, color=color, lw=width, ls=dash)
    net = city.network("drive")
    kind = np.array([ALSO.get(k, k) for k in net.columns["class"].astype(str)])
    gpd.GeoSeries(net.shapes[kind == "residential"]).plot(ax=ax, color="#bbbbbb", lw=0.3)
    for name, (color, width, _) in ROADS.items():
        gpd.GeoSeries(net.shapes[kind == name]).plot(ax=ax, color=color, lw=width)
    rail = city.table("railway")
    rail.plot(ax=ax, color="black", lw=2.2)
    rail.plot(ax=ax, color="white", lw=1.2, ls="--")
    marks = {"rail_station": ("s", "black", 46, "railway station"), "airport_or_helipad": ("^", "black", 70, "airport")}
    for which, (sign, color, size, _) in marks.items():
        at = city.facilities.geometry[city.facilities["kind"] == which]
        ax.scatter(at.x, at.y, marker=sign, c=color, s=size, zorder=5, edgecolors="white", linewidths=0.8)
    ramps = shapely.get_coordinates(shapely.get_point(net.shapes[net.columns["class"] == "motorway_link"], 0))
    ax.scatter(*ramps.T, marker="o", c="white", s=34, zorder=5, edgecolors="#0072B2", linewidths=1.8)
    _names(ax, city)
    _legend(ax, marks)
    x, y = np.array([3000.0, 13000.0]) + shapely.bounds(city.land())[0], shapely.bounds(city.land())[1] - 1500
    ax.plot(x, [y, y], color="black", lw=3)
    ax.text(x.mean(), y + 350, "10 km", ha="center", va="bottom", fontsize=11)
    ax.set_title(
        f"Mingchuan, a synthetic region: {city.people:,.0f} people, {shapely.area(city.land()) / 1e6:,.0f} km²; no real place",
        fontsize=14,
    )
    ax.set_axis_off()
    fig.savefig(ROOT / "docs" / "region.png", dpi=75, metadata={"Software": None})


def _names(ax: plt.Axes, city: twin.City) -> None:
    def write(x: float, y: float, text: str, **style: object) -> None:
        halo = [mpl.patheffects.withStroke(linewidth=2.6, foreground="white")]
        ax.text(x, y, text, path_effects=halo, zorder=6, **style)

    halls = city.facilities[city.facilities["grade"].isin(["prefecture", "county", "township"])]
    for row in city.table("villages").itertuples():
        at = row.geometry.centroid
        lift = 420 if halls.distance(at).min() > 5000 else -1100  # below it where a seat's name stands above
        write(at.x, at.y + lift, row.name, fontsize=7.5, color="#555555", ha="center")
    for row in halls.itertuples():
        big = {"prefecture": 15, "county": 12.5, "township": 10}[row.grade]
        lift = {"prefecture": 2500, "county": 1500, "township": 900}[row.grade]
        write(row.geometry.x, row.geometry.y + lift, row.name.split(" ")[0], fontsize=big, weight="bold", ha="center")
    spots = {"Mingcheng District": (0.27, 0.60), "Shiguan County": (0.5, 0.8), "Linhe County": (0.5, 0.93)}
    for row in city.table("districts").itertuples():
        west, south, east, north = row.geometry.bounds
        right, up = spots[row.name]
        at = shapely.Point(west + right * (east - west), south + up * (north - south))
        write(at.x, at.y, row.name, fontsize=12, style="italic", color="#444444", ha="center")


def _legend(ax: plt.Axes, marks: dict[str, tuple[str, str, int, str]]) -> None:
    lines = [Line2D([], [], color=c, lw=w, label=label) for c, w, label in reversed(ROADS.values())]
    lines.append(Line2D([], [], color="black", lw=2.2, label="railway"))
    lines += [
        Line2D([], [], marker=sign, color=color, lw=0, ms=size**0.5, label=label)
        for sign, color, size, label in marks.values()
    ]
    lines.append(
        Line2D([], [], marker="o", mfc="white", mec="#0072B2", mew=1.8, lw=0, label="entrance of the expressway")
    )
    lines.append(Line2D([], [], color="#444444", lw=1.4, ls=(0, (6, 3)), label="county-level unit"))
    lines.append(Line2D([], [], color="#777777", lw=0.8, ls=":", label="township"))
    areas = [Patch(color="#d9e8d0", label="wooded hills"), Patch(color="#a8cfe8", label="water")]
    areas += [Patch(color=color, label=use) for use, color in USES.items()]
    ax.legend(handles=lines + areas, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=10.5)


if __name__ == "__main__":
    main()
