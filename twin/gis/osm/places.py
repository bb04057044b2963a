"""Facilities: nodes and areas that a kind of `kinds.toml` claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from twin.gis.kinds import kinds
from twin.gis.osm.areas import Areas
from twin.gis.osm.ground import Ground
from twin.gis.osm.land import floors, ground_area
from twin.gis.osm.source import Source
from twin.gis.osm.tagged import Tagged
from twin.gis.osm.tags import Rules, Tags, number, settings, text

__all__ = ["facilities"]

CLOSED = {"private", "no"}
CAPACITY_KEYS = ("capacity", "capacity:persons", "capacity:beds", "beds")
GATES = {"gate", "entrance"}
NO_WAY_IN = {"no", "exit", "emergency"}


@dataclass(frozen=True)
class _Places:
    """Claimed things: `kind`, `tags` and `geometry` row by row; `area` is the row of the areas, -1 for nodes."""

    id: NDArray[np.object_]
    kind: NDArray[np.object_]
    tags: Tagged
    geometry: NDArray[np.object_]
    area: NDArray[np.intp]

    def take(self, rows: NDArray[np.bool_]) -> _Places:
        return _Places(self.id[rows], self.kind[rows], self.tags.take(rows), self.geometry[rows], self.area[rows])


def facilities(
    source: Source, areas: Areas, rules: Rules, ground: Ground, crs: pyproj.CRS
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """The facilities, and what was left out.

    Notes
    -----
    A thing that is of several kinds has a row for each; the first kind, in the order of `kinds.toml`, has the plain id
    (``"w12"``), the others have their kind behind it (``"w12:park"``). Of one kind, a node or an area that lies within
    an area is the same facility and is dropped. `floor_area` is known where the facility is itself a building.
    `capacity` is what is tagged: persons, places or, of a hospital, beds.
    """
    places, notes = _claimed(source, areas, rules)
    same = _within(places)
    if same.any():
        notes.append(f"{int(same.sum())} facilities lie within another of their kind and were taken as the same one")
    places = places.take(~same)
    tags = places.tags
    polygon = places.area >= 0
    area, floor_area = np.full(len(tags), np.nan), np.full(len(tags), np.nan)
    area[polygon] = ground_area(places.geometry[polygon], ground)
    house = polygon & tags.has("building")
    floor_area[house] = area[house] * floors(tags.take(house))[2]
    frame = gpd.GeoDataFrame(
        {
            "id": places.id,
            "kind": places.kind,
            "name": _texts(tags, "name"),
            "name_en": _texts(tags, "name:en"),
            "name_zh": _texts(tags, "name:zh", "name:zh-Hans", "name:zh-Hant"),
            "capacity": tags.each(_capacity, CAPACITY_KEYS, np.float64),
            "area": area,
            "floor_area": floor_area,
            "entrances": gpd.GeoSeries(_entrances(source, areas, places.area), crs=crs),
        },
        geometry=places.geometry,
        crs=crs,
    )
    return frame, notes


def _claimed(source: Source, areas: Areas, rules: Rules) -> tuple[_Places, list[str]]:
    """Everything that a kind claims, nodes before areas."""
    guarded = {name for name, kind in kinds().items() if kind.group in settings()["facilities"]["public"]}
    said, which = (source.node_tags + areas.tags).distinct(rules.reads | {"disused", "abandoned", "access"})
    kinds_of = [rules.all(tags) for tags in said]
    gone_of = [bool({tags.get("disused"), tags.get("abandoned")} & {"yes"}) for tags in said]
    closed_of = [tags.get("access") in CLOSED for tags in said]
    claimed = np.flatnonzero(np.array([bool(found) for found in kinds_of], bool)[which])
    spots = len(source.nodes)
    refs, at = source.nodes.ref[claimed[claimed < spots]], claimed[claimed >= spots] - spots
    names = [f"n{ref}" for ref in refs.tolist()] + areas.ids(at)
    rows, ids, kind, seen = list[int](), list[str](), list[str](), set[str]()
    closed = gone = 0
    for row, saying, name in zip(claimed.tolist(), which[claimed].tolist(), names, strict=True):
        if name in seen:
            continue
        seen.add(name)
        found = kinds_of[saying]
        if gone_of[saying]:
            gone += 1
            continue
        if closed_of[saying]:
            closed += any(each in guarded for each in found)
            found = [each for each in found if each not in guarded]
        for order, each in enumerate(found):
            rows.append(row)
            ids.append(f"{name}:{each}" if order else name)
            kind.append(each)
    notes = []
    if closed:
        notes.append(f"{closed} parks, sports and parking places are not open to the public and are no facilities")
    if gone:
        notes.append(f"{gone} facilities are tagged as disused or abandoned and were left out")
    chosen = np.array(rows, np.intp)
    area = np.maximum(chosen - spots, -1)
    shapes = np.empty(len(chosen), object)
    shapes[area < 0] = shapely.points(source.nodes.x[chosen[area < 0]], source.nodes.y[chosen[area < 0]])
    shapes[area >= 0] = areas.geometry[area[area >= 0]]
    tags_of = (source.node_tags + areas.tags).take(chosen)
    return _Places(_objects(ids), _objects(kind), tags_of, shapes, area), notes


def _within(places: _Places) -> NDArray[np.bool_]:
    """Rows that lie within an area of their kind; of two that cover each other the second."""
    same = np.zeros(len(places.id), bool)
    for kind in np.unique(places.kind.astype(str)):
        rows = np.flatnonzero(places.kind == kind)
        around = rows[places.area[rows] >= 0]
        if len(rows) < 2 or not len(around):
            continue
        outer, inner = shapely.STRtree(places.geometry[rows]).query(places.geometry[around], predicate="covers")
        inner, outer = rows[inner], around[outer]
        inner, outer = inner[inner != outer], outer[inner != outer]
        mutual = shapely.covers(places.geometry[inner], places.geometry[outer])
        same[inner[~mutual | (inner > outer)]] = True
    return same


def _entrances(source: Source, areas: Areas, area: NDArray[np.intp]) -> NDArray[np.object_]:
    """Tagged entrances and gates that are vertices of a facility's own rim; None where there is none."""
    ways_in = source.node_tags.each(_is_way_in, ["entrance", "barrier"], bool)
    rims, owner = areas.rings, areas.ring_area[areas.rings.line]
    hit = np.isin(rims.ref, source.nodes.ref[ways_in])
    _, first = np.unique(np.column_stack([owner[hit], rims.ref[hit]]), axis=0, return_index=True)
    owner, x, y = owner[hit][first], rims.x[hit][first], rims.y[hit][first]
    rows, which = np.unique(owner, return_inverse=True)
    by_area = np.full(len(areas), None, object)
    if len(rows):
        by_area[rows] = shapely.multipoints(shapely.points(x, y), indices=which)
    found = np.full(len(area), None, object)
    found[area >= 0] = by_area[area[area >= 0]]
    return found


def _is_way_in(tags: Tags) -> bool:
    return tags.get("entrance", "no") not in NO_WAY_IN or tags.get("barrier") in GATES


def _capacity(tags: Tags) -> float:
    told = (number(tags.get(key)) for key in CAPACITY_KEYS)
    return next((each for each in told if each >= 0), float("nan"))


def _texts(tags: Tagged, *keys: str) -> NDArray[np.object_]:
    return tags.each(lambda said: next((text(said[key]) for key in keys if key in said), ""), keys)


def _objects(of: Sequence[object]) -> NDArray[np.object_]:
    column = np.empty(len(of), object)
    column[:] = of
    return column
