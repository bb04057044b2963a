"""What stands in the settlements: land by use, houses, people with their ages and jobs, and facilities."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from twin.gis.synthetic.people import AGES, whole
from twin.gis.synthetic.places import Places
from twin.gis.synthetic.region.ground import CRS, Plan, Settlement, metres

__all__ = ["blocks", "buildings", "population", "sites"]

#: Share of each age group by rank: the country is older. Assumed, near the shape of the census of 2020 (recalled).
_SHARE = {
    "city": (0.026, 0.034, 0.068, 0.033, 0.662, 0.177),
    "county": (0.024, 0.033, 0.070, 0.036, 0.632, 0.205),
    "town": (0.022, 0.030, 0.066, 0.034, 0.603, 0.245),
    "village": (0.018, 0.026, 0.060, 0.031, 0.555, 0.310),
}
#: Persons a household [person]; storeys of homes; share of a block that houses stand on [1].
_HOUSEHOLD = {"city": 2.5, "county": 2.7, "town": 2.8, "village": 2.7}
_STOREYS = {"city": (5, 13), "county": (4, 8), "town": (3, 4), "village": (2, 2)}
_COVER = {"city": 0.20, "county": 0.18, "town": 0.22, "village": 0.24}
#: Share of blocks by use, from the middle of a settlement outwards; what is left is housing.
_COMMERCE, _PUBLIC, _INDUSTRY = 0.10, 0.06, 0.13
#: Gap between a block and the middle of its streets [m], and between a facility and its corner [m].
SETBACK, DOOR = 6.0, 14.0


def blocks(plan: Plan, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """One row a block of a settlement: its place, use and ground."""
    rows = []
    spec = _spec()
    for place in plan.settlements:
        shapes = shapely.buffer(place.quads, -SETBACK, join_style="mitre")
        middle = shapely.get_coordinates(shapely.centroid(shapes))
        gap = np.hypot(*(middle - place.middle).T)
        use = np.full(len(shapes), "residential", dtype=object)
        draw = rng.random(len(shapes))
        if place.rank != "village":
            order = np.argsort(gap + 120 * rng.standard_normal(len(shapes)))
            use[order[: max(1, round(_COMMERCE * len(shapes)))]] = "commercial"
            use[(use == "residential") & (draw < _PUBLIC)] = "public"
        if place.rank in {"city", "county"}:  # industry lies together, in the south-east
            side = (middle - place.middle) @ np.array([0.8, -0.6])
            far = np.argsort(-side)[: round(_INDUSTRY * len(shapes))]
            use[far] = "industrial"
        for entry in spec:
            if entry["rank"] == place.rank and "block" in entry:
                use[[_cell(place, at) for at in entry["block"]]] = "green"
        rows += [
            (place.id, place.rank, u, round(float(g), 1), shape) for u, g, shape in zip(use, gap, shapes, strict=True)
        ]
    frame = gpd.GeoDataFrame(rows, columns=["settlement", "rank", "use", "gap", "geometry"], crs=CRS)
    return frame.assign(id=[f"l{i + 1}" for i in range(len(frame))])


def buildings(plots: gpd.GeoDataFrame, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """One footprint a block, which stands for all its houses."""
    built = plots[plots["use"] != "green"]
    rank = built["rank"].to_numpy().astype(str)
    low = np.array([_STOREYS[r][0] for r in rank])
    high = np.array([_STOREYS[r][1] for r in rank])
    levels = np.where(built["use"] == "industrial", 2, rng.integers(low, high + 1)).astype(float)
    cover = np.sqrt([_COVER[r] for r in rank])
    shapes = built.geometry.to_numpy()
    middle = shapely.get_coordinates(shapely.centroid(shapes))
    small = [
        shapely.transform(shape, lambda xy, m=m, c=c: np.round(m + (xy - m) * c, 1))
        for shape, m, c in zip(shapes, middle, cover, strict=True)
    ]
    return gpd.GeoDataFrame(
        {
            "id": [f"b{i + 1}" for i in range(len(built))],
            "use": built["use"].to_numpy(),
            "levels": levels,
            "height": 3.0 * levels + 1.0,
            "floor_area": np.round(shapely.area(np.array(small, dtype=object)) * levels),
        },
        geometry=small,
        crs=CRS,
    )


def population(plan: Plan, plots: gpd.GeoDataFrame, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """One row a block with people or jobs; the settlements' figures are met exactly."""
    parts = []
    for place in plan.settlements:
        mine = plots[plots["settlement"] == place.id]
        use = mine["use"].to_numpy().astype(str)
        area = shapely.area(mine.geometry.to_numpy())
        fade = np.exp(-mine["gap"].to_numpy() / (0.9 * place.step * max(place.cells)))
        live = area * fade * np.select([use == "residential", use == "commercial"], [1.0, 0.35], 0.0)
        work = area * np.select(
            [use == "commercial", use == "public", use == "industrial", use == "residential"],
            [6.0, 3.0, 2.6, 0.35],
            0.0,
        )
        people = whole(live * rng.uniform(0.8, 1.2, len(mine)), place.people)
        jobs = whole(work * rng.uniform(0.8, 1.2, len(mine)), place.jobs)
        share = np.array(_SHARE[place.rank])
        ages = np.array([rng.multinomial(int(count), share / share.sum()) for count in people], dtype=float)
        table = {
            "people": people,
            "jobs": jobs,
            "households": np.where(people > 0, np.maximum(1.0, np.round(people / _HOUSEHOLD[place.rank])), 0.0),
            **{name: ages[:, k] for k, name in enumerate(AGES)},
            "rural": np.where(place.rank == "village", people, 0.0),
            "settlement": place.id,
        }
        spot = np.round(shapely.get_coordinates(shapely.centroid(mine.geometry.to_numpy())), 1)
        parts.append(gpd.GeoDataFrame(table, geometry=shapely.points(spot), crs=CRS)[(people > 0) | (jobs > 0)])
    whole_table = gpd.pd.concat(parts, ignore_index=True)
    return whole_table.assign(id=[f"p{i + 1}" for i in range(len(whole_table))])


def sites(plan: Plan, rng: np.random.Generator) -> Places:
    """Facilities of every settlement, and the airport."""
    places = Places()
    spec = _spec()
    for place in plan.settlements:
        corners: dict[tuple[int, int], int] = {}
        for entry in spec:
            if entry["rank"] != place.rank or rng.random() >= entry.get("share", 1.0):
                continue
            told = {key: entry[key] for key in ("grade", "capacity", "servers", "area") if key in entry}
            told = {key: value if isinstance(value, str) else float(value) for key, value in told.items()}
            where = [(None, at) for at in _spots(place, entry)] + [
                (_cell(place, at), at) for at in entry.get("block", [])
            ]
            for number, (cell, at) in enumerate(where):
                tail = f" {number + 1}" if len(where) > 1 else ""
                names = {
                    "name": f"{place.name} {entry['name']}{tail}",
                    "name_zh": f"{place.name_zh}{entry['name_zh']}{tail}",
                }
                if cell is not None:
                    shape = shapely.buffer(place.quads[cell], -SETBACK, join_style="mitre")
                    places.add(entry["kind"], shape, **names, **told, area=round(float(shape.area)))
                    continue
                turn = corners.get(at, 0)  # what shares a corner stands around it
                corners[at] = turn + 1
                aside = DOOR * (1 + turn // 4) * np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)][turn % 4])
                places.add(entry["kind"], shapely.Point(np.round(place.node(at) + aside, 1)), **names, **told)
    air = plan.told["airport"]
    places.add("airport_or_helipad", shapely.Point(metres(air["at"])), name=air["name"], name_zh=air["name_zh"])
    return places


def _spec() -> list[dict[str, Any]]:
    text = files("twin.gis.synthetic.region").joinpath("sites.toml").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = tomllib.loads(text)["site"]
    return found


def _cell(place: Settlement, at: list[int]) -> int:
    """Number of the cell whose south-western corner is so many steps east and north of the middle."""
    across, up = place.cells
    column = int(np.clip(across // 2 + at[0], 0, across - 1))
    row = int(np.clip(up // 2 + at[1], 0, up - 1))
    return row * across + column


def _spots(place: Settlement, entry: dict[str, Any]) -> list[tuple[int, int]]:
    """Corners that an entry names, or those of its lattice."""
    if "every" not in entry:
        return [(at[0], at[1]) for at in entry.get("at", [])]
    (right, up), (first, low) = entry["every"], entry["from"]
    across, high = place.cells
    return [(x - across // 2, y - high // 2) for y in range(low, high + 1, up) for x in range(first, across + 1, right)]
