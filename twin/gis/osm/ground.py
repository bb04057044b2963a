"""From degrees to metres, and from metres on the map to metres on the ground."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyproj
from numpy.typing import NDArray
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_utm_crs_info

from twin.errors import CRSError, DataError
from twin.gis.osm.source import Chains, Source

__all__ = ["Ground", "project"]

Floats = NDArray[np.float64]


class Ground:
    """How much the map of a CRS stretches the ground, place by place.

    A UTM zone draws a kilometre 0.4 m too short in its middle and up to 1 m too long at its rim. Lengths and areas of
    the tables are those on the ground (on the ellipsoid); the geometries are those of the map.
    """

    def __init__(self, crs: pyproj.CRS) -> None:
        self._proj = pyproj.Proj(crs)

    def area_scale(self, x: Floats, y: Floats) -> Floats:
        """Map area over ground area at places in the CRS [1]."""
        if not len(x):
            return np.zeros(0)
        # pyproj first tries an array of one as a number, which older numpy warns of: so there are two or more
        lon, lat = self._proj(np.append(x, x[0]), np.append(y, y[0]), inverse=True)
        return np.asarray(self._proj.get_factors(lon, lat).areal_scale, np.float64)[:-1]

    def length_scale(self, x: Floats, y: Floats) -> Floats:
        """Map length over ground length [1]; exact where the CRS keeps angles, as UTM does."""
        return np.sqrt(self.area_scale(x, y))


def project(source: Source, crs: Any) -> tuple[Source, pyproj.CRS]:
    """The source in metres, and its CRS.

    Parameters
    ----------
    crs : a projected CRS in metres; None for the UTM zone of the middle, which is the median vertex of the streets.

    Raises
    ------
    DataError : there is no street.
    CRSError : `crs` is not projected, not in metres, or does not reach the extract.
    """
    middle = source.ways.take(source.way_tags.has("highway"))
    if not len(middle.x):
        raise DataError("there is no street (highway) with coordinates in it; give an extract with its nodes and ways")
    target = _utm(float(np.median(middle.x)), float(np.median(middle.y))) if crs is None else pyproj.CRS(crs)
    if not target.is_projected or {axis.unit_conversion_factor for axis in target.axis_info} != {1.0}:
        raise CRSError(f"'{target.name}' is not projected in metres; give a projected CRS in metres, or none")
    parts = (source.nodes, source.ways, source.rings)
    change = pyproj.Transformer.from_crs(4326, target, always_xy=True)
    x, y = change.transform(np.concatenate([each.x for each in parts]), np.concatenate([each.y for each in parts]))
    lost = int((~np.isfinite(x) | ~np.isfinite(y)).sum())
    if lost:
        raise CRSError(f"{lost} places of the extract have no coordinates in '{target.name}'; give another CRS")
    ends = np.cumsum([len(each.x) for each in parts])[:-1]
    nodes, ways, rings = (
        Chains(part.start, part.ref, part_x, part_y)
        for part, part_x, part_y in zip(parts, np.split(x, ends), np.split(y, ends), strict=True)
    )
    return replace(source, nodes=nodes, ways=ways, rings=rings), target


def _utm(lon: float, lat: float) -> pyproj.CRS:
    if lon % 6 and 0 < abs(lat) < 80 and abs(lon) < 180:  # within a zone: there is no need to ask the database
        return pyproj.CRS.from_epsg((32600 if lat > 0 else 32700) + int((lon + 180) // 6) + 1)
    found = query_utm_crs_info(datum_name="WGS 84", area_of_interest=AreaOfInterest(lon, lat, lon, lat))
    if not found:
        raise CRSError(f"no UTM zone holds {lon:.4f}, {lat:.4f}; give a projected CRS in metres")
    return pyproj.CRS.from_epsg(found[0].code)
