"""Facilities: what takes a block or a plot, what stands within another's ground, and small things at doors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.errors import DataError
from twin.gis.synthetic.blocks import Blocks
from twin.gis.synthetic.curves import Points, spread
from twin.gis.synthetic.drawing import table
from twin.gis.synthetic.ground import CRS
from twin.gis.synthetic.houses import Building, Lots, Plot
from twin.gis.synthetic.junctions import Web

__all__ = ["Places", "choose", "doors", "frame", "hydrants", "settle"]

#: What the land of a plot is used for where places.toml does not say so.
_COMMERCE = {"supermarket", "hotel", "fuel_station"}


@dataclass(eq=False)
class Places:
    """Facilities in the making: rows of the table, and the buildings that they brought."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    buildings: list[Building] = field(default_factory=list)
    jobs: list[float] = field(default_factory=list)

    def add(self, kind: str, geometry: Any, **columns: Any) -> None:
        """Append a facility; its id is its kind and its number within the kind."""
        number = 1 + sum(row["kind"] == kind for row in self.rows)
        self.rows.append({"id": f"{kind}-{number}", "kind": kind, "geometry": geometry, **columns})

    def named(self, name: str) -> dict[str, Any]:
        """Facility with a name."""
        return next(row for row in self.rows if row.get("name") == name)


def choose(blocks: Blocks) -> list[tuple[dict[str, Any], str, int]]:
    """Give whole blocks to the facilities that need them: entry of ``places.toml``, name, and row of the block."""
    found = []
    for entry in table("places.toml")["whole"]:
        for name, at in zip(entry["names"], entry["at"], strict=True):
            row = blocks.nearest(at, tuple(entry["area"]), tuple(entry["pattern"]))
            if row < 0:
                raise DataError(f"places.toml: no free block for {name}; widen the limits of its area")
            block = blocks.every[row]
            block.taken, block.use = f"{entry.get('green', entry['kind'])}:{name}", entry["use"]
            found.append((entry, name, row))
    return found


def settle(lots: Lots, whole: list[tuple[dict[str, Any], str, int]], rng: np.random.Generator) -> Places:
    """Build on the blocks that were chosen, give plots to smaller facilities, and put others within them."""
    places = Places()
    spec = table("places.toml")
    for entry, name, row in whole:
        _whole(places, lots, entry, (name, row), rng)
    for entry in spec["plot"]:
        for name, at in zip(entry["names"], entry["at"], strict=True):
            _plot(places, lots, entry, name, lots.blocks.warp(np.array([at]))[0])
    for entry in spec["within"]:
        for host in entry["hosts"]:
            home = places.named(host)
            effective = np.floor(home["area"] * entry.get("effective", 0.0) / entry.get("per_person", 1.0))
            keep: dict[str, Any] = {k: home[k] for k in ("area", "floor_area", "entrances") if k in home}
            keep["capacity"] = float(entry.get("capacity") or min(entry["most"], effective))
            places.add(entry["kind"], home["geometry"], name=f"{host} {entry['suffix']}", **keep)
    return places


def _whole(places: Places, lots: Lots, entry: dict[str, Any], site: tuple[str, int], rng: np.random.Generator) -> None:
    name, row = site
    block = lots.blocks.every[row]
    inside = _inside(lots, row, entry["build"], rng) if "build" in entry else []
    jobs = float(entry.get("jobs", 0))
    for building in inside:
        places.buildings.append(building)
        places.jobs.append(jobs / len(inside))
    columns: dict[str, float] = {k: float(entry[k]) for k in ("capacity", "servers") if k in entry}
    if inside:
        columns["floor_area"] = round(sum(b.plot.shape.area * b.levels for b in inside))
    gates = _gates(block.ground, lots.web)
    places.add(entry["kind"], block.ground, name=name, area=round(block.area), entrances=gates, **columns)


def _plot(places: Places, lots: Lots, entry: dict[str, Any], name: str, at: Points) -> None:
    wide, deep = entry["size"]
    plot = lots.near(at, (wide, deep), ("residential", "commercial", "industrial"))
    if plot is None:
        raise DataError(f"places.toml: no free plot for {name}; make it smaller or put it elsewhere")
    kind, levels = entry["kind"], entry["levels"]
    use = "commercial" if kind in _COMMERCE else "industrial" if kind in {"substation", "pumping_station"} else "public"
    places.buildings.append(Building(plot, use, levels, "plot"))
    places.jobs.append(float(entry.get("jobs", 1)))
    door = shapely.get_coordinates(shapely.shortest_line(plot.shape.exterior, shapely.Point(plot.door)))[:1]
    columns = {k: float(entry[k]) for k in ("capacity", "servers") if k in entry}
    area, floors = round(plot.shape.area), round(plot.shape.area * levels * 0.85)
    places.add(kind, plot.shape, name=name, area=area, floor_area=floors, entrances=shapely.MultiPoint(door), **columns)


def _inside(lots: Lots, row: int, wanted: Sequence[int], rng: np.random.Generator) -> list[Building]:
    """Put buildings within a block, square to its longer side."""
    count, wide, deep, levels = wanted
    ground = lots.blocks.every[row].ground
    box = shapely.get_coordinates(shapely.minimum_rotated_rectangle(ground))
    sides = np.diff(box[:3], axis=0)
    along = sides[int(np.argmax(np.hypot(*sides.T)))]
    along = along / np.hypot(*along)
    west, south, east, north = ground.bounds
    found: list[Building] = []
    for k in range(400):
        if len(found) == count:
            break
        shrink = 1.0 if k < 200 else 0.65
        corner = rng.uniform([west, south], [east, north])
        turn = along if rng.random() < 0.7 else np.array([-along[1], along[0]])
        if lots.block_at(corner) != row:
            continue
        shape, _ = lots.claim(corner, turn, (wide * shrink, deep * shrink), spare=9.0)
        if shape is None:
            continue
        middle = np.round(shapely.get_coordinates(shape.centroid)[0], 1)
        near = int(np.argmin(shapely.distance(lots.lines, shape)))
        land = lots.blocks.every[row].use
        use = land if land in {"commercial", "industrial"} else "public"
        found.append(Building(Plot(shape, middle, lots.web.streets[near].name, row, near), use, levels, "plot"))
    return found


def _gates(ground: Any, web: Web) -> Any:
    """Entrances on the rim of a ground, where a street or a path runs along it."""
    ways = web.lines[np.array([s.kind != "trunk" and not s.bridge for s in web.streets])]
    gaps = shapely.distance(ways, ground)
    ways = ways[gaps <= max(150.0, float(gaps.min()))]
    rim = ground.exterior
    count = int(np.clip(rim.length / 160, 2, 10))
    spots = shapely.line_interpolate_point(rim, np.arange(4 * count) / (4 * count), normalized=True)
    gap = shapely.distance(spots[:, None], ways[None]).min(axis=1)
    usable = spots[gap <= max(16.0, gap.min() + 0.5)]
    chosen = usable[np.unique(np.linspace(0, len(usable) - 1, count).astype(int))]
    return shapely.MultiPoint(list(chosen))


def doors(
    places: Places, buildings: list[Building], people: NDArray[np.float64], web: Web, rng: np.random.Generator
) -> None:
    """Small facilities at doors of houses: the more people live or shop there, the likelier."""
    at = np.array([b.plot.door for b in buildings])
    kind = np.array([web.streets[b.plot.stretch].kind for b in buildings])
    main = np.isin(kind, ["primary", "secondary", "tertiary"])
    shop = np.array([b.use == "commercial" for b in buildings])
    chance = {
        "home": people + 0.5,
        "shop": 1.0 + 60.0 * shop + 0.2 * people,
        "main": np.where(main, 10.0 + people, 0.01),
    }
    for entry in table("places.toml")["point"]:
        weight, gap = chance[entry["where"]].copy(), float(entry["gap"])
        for _ in range(entry["count"]):
            while weight.sum() <= 0:
                gap *= 0.7
                weight = chance[entry["where"]].copy()
            row = int(rng.choice(len(at), p=weight / weight.sum()))
            weight[np.hypot(*(at - at[row]).T) < gap] = 0.0
            street = buildings[row].plot.street
            name = f"{street} {entry['name']}".strip() if entry["name"] else ""
            columns = {c: float(entry[c]) for c in ("capacity", "servers", "floor_area", "area") if c in entry}
            places.add(entry["kind"], shapely.Point(at[row]), name=name, **columns)


def hydrants(places: Places, web: Web, built: Points) -> None:
    """Hydrants along the streets of built-up land, a little farther apart than they should be."""
    near = shapely.STRtree(shapely.points(built))
    for street, line in zip(web.streets, web.lines, strict=True):
        if street.kind in {"trunk", "path", "footway"} or street.bridge or street.tunnel or line.length < 80:
            continue
        spots = shapely.points(np.round(spread(line.offset_curve(-4.0), 240.0, start=0.3), 1))
        for spot in spots:
            if len(near.query(spot, predicate="dwithin", distance=60)):
                places.add("fire_hydrant", spot)


def frame(places: Places) -> gpd.GeoDataFrame:
    """Table of facilities."""
    columns = ["id", "kind", "name", "open", "capacity", "area", "floor_area", "servers", "entrances", "geometry"]
    rows = pd.DataFrame(places.rows)
    rows["open"] = True
    rows["name"] = rows["name"].fillna("")
    rows["entrances"] = np.array([None if g is None or g != g else g for g in rows["entrances"]], dtype=object)  # noqa: PLR0124
    return gpd.GeoDataFrame(rows[columns], geometry="geometry", crs=CRS)
