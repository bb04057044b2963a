"""The walk and the drive network of a source."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pyproj

from twin.gis.osm.access import BARRIER_KEYS, MODES, USE_KEYS, Use, stops, use
from twin.gis.osm.areas import Areas
from twin.gis.osm.ground import Ground
from twin.gis.osm.restrictions import turns
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
        barriers = source.node_tags.each(partial(stops, mode=mode), BARRIER_KEYS, bool)
        built[mode], stopped = build(lines, source.nodes.ref[barriers], ground, crs)
        if mode == "drive":
            streets = built[mode]
            table, more = turns(source.restrictions, streets.edges, streets.ids)
            built[mode] = replace(streets, turns=table)
            notes += more
        if stopped:
            notes.append(f"{stopped} barriers (bollards, closed gates) cut streets of the {mode} network")
        turning = int(np.array([each.by_turns for each in lines.uses], bool)[lines.use].sum())
        if turning:
            notes.append(f"{turning} streets of the {mode} network change direction by turns and were taken as two-way")
    return built, notes


def _lines(source: Source, mode: str) -> Lines:
    """Ways that `mode` may use."""
    said, which = source.way_tags.distinct(USE_KEYS | {"area"})
    uses = [use(tags, mode) for tags in said]
    uses = [None if each and _is_surface(tags, each, mode) else each for tags, each in zip(said, uses, strict=True)]
    row = np.array([each is not None for each in uses], bool)
    number = np.cumsum(row) - 1
    used = [each for each in uses if each]
    chosen = np.flatnonzero(row[which])
    which = number[which[chosen]]
    # the duration of a whole way says nothing about a part of it
    cut = np.isin(source.way_id[chosen], source.clipped)
    parts = [replace(each, duration=float("nan")) for each in used]
    return Lines(
        source.ways.take(chosen),
        source.way_id[chosen],
        used + parts,
        np.where(cut, which + len(used), which),
        source.way_tags.take(chosen),
    )


def _is_surface(tags: Tags, found: Use, mode: str) -> bool:
    return tags.get("area") == "yes" and (mode == "drive" or found.kind not in CROSSED)
