"""The walk and the drive network of a source."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyproj

from twin.gis.osm.access import MODES, Use, stops, use
from twin.gis.osm.areas import Areas
from twin.gis.osm.ground import Ground
from twin.gis.osm.source import Source
from twin.gis.osm.squares import across
from twin.gis.osm.streets import Lines, Streets, build
from twin.gis.osm.tags import Tags

__all__ = ["networks"]

#: kinds of street that people cross freely where they are mapped as areas; of other areas there is no line to follow
CROSSED = {"pedestrian", "footway", "path", "corridor", "platform"}


def networks(source: Source, areas: Areas, ground: Ground, crs: pyproj.CRS) -> tuple[dict[str, Streets], list[str]]:
    """Both networks by mode, and what is worth knowing about them."""
    built: dict[str, Streets] = {}
    notes: list[str] = []
    for mode in MODES:
        lines = _lines(source, mode)
        if mode == "walk":
            lines, notes = across(lines, areas)
        barriers = [stops(tags, mode) for tags in source.node_tags]
        built[mode], stopped = build(lines, source.nodes.ref[np.array(barriers, bool)], ground, crs)
        if stopped:
            notes.append(f"{stopped} barriers (bollards, closed gates) cut streets of the {mode} network")
        turns = sum(each.by_turns for each in lines.uses)
        if turns:
            notes.append(f"{turns} streets of the {mode} network change direction by turns and were taken as two-way")
    return built, notes


def _lines(source: Source, mode: str) -> Lines:
    """Ways that `mode` may use."""
    rows: list[int] = []
    uses: list[Use] = []
    for row, tags in enumerate(source.way_tags):
        found = use(tags, mode)
        if found is None or _is_surface(tags, found, mode):
            continue
        if int(source.way_id[row]) in source.clipped:
            found = replace(found, duration=float("nan"))  # that of the whole way says nothing about a part
        rows.append(row)
        uses.append(found)
    chosen = np.array(rows, np.intp)
    return Lines(source.ways.take(chosen), source.way_id[chosen], uses, [source.way_tags[row] for row in rows])


def _is_surface(tags: Tags, found: Use, mode: str) -> bool:
    return tags.get("area") == "yes" and (mode == "drive" or found.kind not in CROSSED)
