"""Coordinate reference systems: mistakes are caught loudly, here and nowhere else."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pyproj
from pyproj.exceptions import CRSError as PyprojError

from twin.errors import CRSError

__all__ = ["FAR", "check_numbers", "check_same", "known", "projected", "to_crs"]

#: A layer farther than this from where the city's CRS is used is not of this city [degree].
FAR = 5.0


def known(crs: Any, *, where: str = "") -> pyproj.CRS:
    """A CRS that PROJ knows, or `CRSError` saying how to write one."""
    try:
        return pyproj.CRS.from_user_input(crs)
    except PyprojError:
        place = f"{where}: " if where else ""
        raise CRSError(f"{place}'{crs}' is no CRS that PROJ knows; write it like 'EPSG:32632'") from None


def projected(crs: Any, *, where: str = "") -> pyproj.CRS:
    """A CRS that is projected and in metres, or `CRSError` saying which to take."""
    place = f"{where}: " if where else ""
    system = known(crs, where=where)
    if system.is_geographic:
        raise CRSError(
            f"{place}{_named(system)} counts in degrees, and lengths here are metres; take a projected CRS, "
            "such as the UTM zone of the place"
        )
    if system.is_geocentric:
        raise CRSError(f"{place}{_named(system)} counts from the middle of the earth; take a projected CRS")
    units = {axis.unit_name for axis in system.axis_info if axis.direction not in {"up", "down"}}
    if units and units != {"metre"}:
        raise CRSError(f"{place}{_named(system)} counts in {', '.join(sorted(units))}, not in metres; take another")
    return system


def _named(system: pyproj.CRS) -> str:
    authority = system.to_authority()
    return ":".join(authority) if authority else system.name


def check_numbers(frame: gpd.GeoDataFrame, *, where: str) -> None:
    """Raise `CRSError` where a layer has no CRS, or numbers that its CRS cannot hold.

    Caught are local metres called degrees, latitude and longitude swapped, and degrees called metres.
    """
    if frame.crs is None:
        raise CRSError(f"{where}: the layer has no CRS; say which it is (crs='EPSG:…'), it is never guessed")
    if frame.empty:
        return
    west, south, east, north = frame.total_bounds
    if not np.isfinite([west, south, east, north]).all():
        raise CRSError(f"{where}: coordinates are not finite (bounds {west:g}, {south:g}, {east:g}, {north:g})")
    bounds = f"{west:,.6g} … {east:,.6g}, {south:,.6g} … {north:,.6g}"
    if frame.crs.is_geographic:
        if min(west, south) < -180.001 or max(east, north) > 360.001 or (east > 180.001 and abs(west - east) > 360):
            raise CRSError(
                f"{where}: the file says {_named(frame.crs)} (degrees), but the coordinates run {bounds}: these are "
                "metres of some local system; set the CRS that they are in"
            )
        if (abs(south) > 90.001 or abs(north) > 90.001) and abs(west) <= 90.001 and abs(east) <= 90.001:
            raise CRSError(f"{where}: latitudes run {south:g} … {north:g}: the axes are swapped; write longitude first")
        if max(abs(south), abs(north)) > 90.001:
            raise CRSError(f"{where}: latitudes run {south:g} … {north:g}, beyond the poles; set the right CRS")
        return
    far = max(abs(west), abs(east)), max(abs(south), abs(north))
    if frame.crs.area_of_use is not None and max(far) <= 180 and min(far) <= 90:
        raise CRSError(
            f"{where}: the file says {_named(frame.crs)} (metres), but the coordinates run {bounds}: these look like "
            "degrees; set the CRS that they are in (EPSG:4326?)"
        )


def check_same(crs: Any, city: pyproj.CRS | None, *, where: str) -> None:
    """Raise `CRSError` where a part of a city says that it is in another CRS than the city."""
    if crs is None or city is None or crs is city or city.equals(crs, ignore_axis_order=True):
        return
    raise CRSError(f"{where} is in {_named(pyproj.CRS(crs))}, the city in {_named(city)}; read it in the city's")


def to_crs(frame: gpd.GeoDataFrame, crs: pyproj.CRS, *, where: str) -> gpd.GeoDataFrame:
    """Bring a layer into the city's CRS.

    Raises
    ------
    CRSError : the layer has no CRS, numbers that it cannot hold, or lies nowhere near where the city's CRS is used
        (longitude and latitude swapped, another country).
    """
    if frame.crs == crs:
        return frame
    check_numbers(frame, where=where)
    moved = frame.to_crs(crs)
    if len(moved) and not np.isfinite(moved.total_bounds).all():
        raise CRSError(f"{where}: coordinates cannot be brought from {_named(frame.crs)} into {_named(crs)}")
    area = crs.area_of_use
    if len(moved) and area is not None:
        west, south, east, north = frame.to_crs(4326).total_bounds
        apart = max(west - area.east, area.west - east) if area.west <= area.east else 0.0
        if max(apart, south - area.north, area.south - north) > FAR:
            raise CRSError(
                f"{where}: it lies at longitude {west:.4g} … {east:.4g}, latitude {south:.4g} … {north:.4g}, but "
                f"{_named(crs)} is for {area.name}; check that the axes are not swapped, and that it is of this city"
            )
    return moved
