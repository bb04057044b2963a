"""An OpenStreetMap extract as tables: `read_osm`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyproj

from twin.errors import DataError
from twin.gis.kinds import kinds
from twin.gis.osm.areas import assemble
from twin.gis.osm.ground import Ground, project
from twin.gis.osm.land import buildings, districts, green, land_use, water
from twin.gis.osm.networks import networks
from twin.gis.osm.places import facilities
from twin.gis.osm.source import scan
from twin.gis.osm.streets import Streets
from twin.gis.osm.tags import Rules, settings

__all__ = ["Extract", "read_osm"]

#: keys of what is read beside what rules name
WAY_KEYS = {"highway", "route", "railway", "public_transport", "man_made", "building", "boundary"}
NODE_KEYS = {"entrance", "barrier"}


@dataclass(frozen=True)
class Extract:
    """What an extract holds, in metres.

    Parameters
    ----------
    crs : the UTM zone of the extract's middle, or the one that was asked for.
    walk, drive : networks.
    facilities, buildings, land_use, green, water, districts : layers with the columns of the schema. Districts are the
        administrative areas that are complete in the extract, with their `admin_level`.
    notes : what was dropped or repaired, in plain sentences with counts.
    """

    crs: pyproj.CRS
    walk: Streets
    drive: Streets
    facilities: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    land_use: gpd.GeoDataFrame
    green: gpd.GeoDataFrame
    water: gpd.GeoDataFrame
    districts: gpd.GeoDataFrame
    notes: tuple[str, ...]


def read_osm(path: str | os.PathLike[str], *, crs: Any = None) -> Extract:
    """Read an extract: ``.osm.pbf``, ``.osm``, ``.osm.gz`` or ``.osm.bz2``.

    Parameters
    ----------
    crs : a projected CRS in metres, as pyproj takes it; None for the UTM zone of the middle.

    Raises
    ------
    DataError : the file is missing, damaged, cut short, of another format, or has no streets.
    CRSError : `crs` is not projected in metres or does not reach the extract.

    Notes
    -----
    Lengths and areas are those on the ground: what is measured on the map is divided by the map's local scale.
    Which ways are open to whom, and how fast, is data in `osm.toml`; what a facility is, in `kinds.toml`.
    """
    file = Path(path)
    rules = Rules({name: kind.tags for name, kind in kinds().items()})
    ruled = [Rules(settings()[table]).keys for table in ("land_use", "green", "water", "squares")]
    source = scan(file, rules.keys | NODE_KEYS, rules.keys.union(WAY_KEYS, *ruled))
    try:
        source, target = project(source, crs)
    except DataError as why:
        raise type(why)(f"{file}: {why}") from None
    ground = Ground(target)
    areas, notes = assemble(source)
    streets, more = networks(source, areas, ground, target)
    if not any(len(each.edges) for each in streets.values()):
        raise DataError(f"{file}: none of its highways is open to people or cars; give an extract with streets")
    homes = land_use(areas, target)
    places, found = facilities(source, areas, rules, ground, target)
    return Extract(
        crs=target,
        walk=streets["walk"],
        drive=streets["drive"],
        facilities=places,
        buildings=buildings(areas, homes, ground, target),
        land_use=homes,
        green=green(areas, target),
        water=water(areas, target),
        districts=districts(areas, target),
        notes=tuple(notes + more + found),
    )
