"""Closed ways and relations as polygons, repaired where they cross themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.gis.osm.source import Chains, Source
from twin.gis.osm.tagged import Tagged
from twin.gis.osm.tags import Tags

__all__ = ["Areas", "assemble"]

AREA_KEYS = ("area", "highway", "railway", "public_transport", "route")


@dataclass(frozen=True)
class Areas:
    """Polygons in metres with their tags and rims, row by row.

    Parameters
    ----------
    osm, related : the way's id, or the relation's, negated; and whether it is a relation.
    geometry : valid polygons and multipolygons.
    rings, ring_area : the vertices of all rims, and the row each rim belongs to.
    """

    osm: NDArray[np.int64]
    related: NDArray[np.bool_]
    tags: Tagged
    geometry: NDArray[np.object_]
    rings: Chains
    ring_area: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.osm)

    def ids(self, rows: NDArray[np.intp]) -> list[str]:
        """``"w12"`` for a way, ``"r12"`` for a relation."""
        pairs = zip(self.osm[rows].tolist(), self.related[rows].tolist(), strict=True)
        return [f"r{-each}" if related else f"w{each}" for each, related in pairs]


def assemble(source: Source) -> tuple[Areas, list[str]]:
    """All areas of the source, ways before relations, and what had to be repaired or left out.

    Relations come assembled from libosmium. A closed way is an area by what it is tagged as: with `area=no` it is not,
    and one that is only a street is not unless it says `area=yes`.
    """
    ways = np.flatnonzero(source.ways.closed)
    ways = ways[source.way_tags.take(ways).each(_is_area, AREA_KEYS, bool)]
    way_rings = source.ways.take(ways)
    shells = _rings(way_rings)
    owner, outer = source.ring_area, source.ring_outer
    related = _related(_rings(source.rings), owner, outer, len(source.area_id))
    geometry = np.concatenate([shapely.polygons(shells) if len(shells) else np.empty(0, object), related])
    repaired = ~shapely.is_valid(geometry)
    geometry[repaired] = [_polygonal(each) for each in shapely.make_valid(geometry[repaired])]
    kept = ~shapely.is_empty(geometry)
    rings = way_rings + source.rings
    ring_area = np.concatenate([np.arange(len(ways)), len(ways) + owner])
    osm = np.concatenate([source.way_id[ways], -np.array(source.area_id, np.int64)])
    tags = source.way_tags.take(ways) + source.area_tags
    of_relation = np.arange(len(osm)) >= len(ways)
    notes = _notes(source, int(repaired.sum()), len(geometry), int((~kept).sum()))
    if kept.all():
        return Areas(osm, of_relation, tags, geometry, rings, ring_area), notes
    rows = np.flatnonzero(kept)
    stays = kept[ring_area]
    return Areas(
        osm[rows],
        of_relation[rows],
        tags.take(rows),
        geometry[rows],
        rings.take(stays),
        (np.cumsum(kept) - 1)[ring_area[stays]],
    ), notes


def _is_area(tags: Tags) -> bool:
    said = tags.get("area")
    if said in {"yes", "no"}:
        return said == "yes"
    if "platform" in {tags.get("highway"), tags.get("railway"), tags.get("public_transport")}:
        return True
    # a street is a line even where it has other tags: a square's rim drive is not the square
    return "highway" not in tags and tags.get("route") != "ferry"


def _rings(chains: Chains) -> NDArray[np.object_]:
    if not len(chains):
        return np.empty(0, object)
    rings: NDArray[np.object_] = shapely.linearrings(chains.x, chains.y, indices=chains.line)
    return rings


def _related(
    rings: NDArray[np.object_], owner: NDArray[np.intp], outer: NDArray[np.bool_], count: int
) -> NDArray[np.object_]:
    """Polygons of relations: an outer ring takes the inner rings that follow it."""
    found: list[list[object]] = [[] for _ in range(count)]
    starts = np.flatnonzero(outer)
    for start, stop in zip(starts, np.append(starts, len(rings))[1:], strict=True):
        found[owner[start]].append(shapely.polygons(rings[start], rings[start + 1 : stop]))
    built = np.empty(count, object)
    built[:] = [each[0] if len(each) == 1 else shapely.multipolygons(each) for each in found]
    return built


def _polygonal(made: shapely.Geometry) -> shapely.Geometry:
    """The polygons of a repaired geometry; the lines and points that repair leaves behind are dropped."""
    parts = shapely.get_parts(shapely.get_parts(made))
    return shapely.union_all(parts[shapely.get_type_id(parts) == 3])


def _notes(source: Source, repaired: int, count: int, lost: int) -> list[str]:
    notes = []
    failed = source.tried.keys() - set(source.area_id)
    bounds = {each for each, tags in source.tried.items() if tags.get("boundary") == "administrative"}
    few, all_of = len(failed & bounds), len(bounds)
    if few:
        notes.append(f"{few} of {all_of} administrative boundaries are not complete in the extract and were left out")
    few, all_of = len(failed - bounds), len(source.tried) - len(bounds)
    if few:
        notes.append(f"{few} of {all_of} multipolygons could not be assembled and were left out")
    if repaired:
        notes.append(f"{repaired} of {count} areas crossed themselves and were repaired")
    if lost:
        notes.append(f"{lost} of {count} areas had nothing left after the repair and were left out")
    if len(source.clipped):
        notes.append(f"{len(source.clipped)} ways leave the extract; what lies outside was left out")
    return notes
