"""Water on streets and in ground floors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from twin.errors import CRSError, DataError, MissingData, listed
from twin.model import City, Network, Raster
from twin.model.crs import to_crs
from twin.scenario import change, option

__all__ = ["Flood", "safe_speed"]

#: Step along an edge at which the water is looked up [m].
STEP = 5.0


def safe_speed(depth: ArrayLike) -> NDArray[np.float64]:
    r"""Speed of a car in standing water [m/s], :math:`v = 0.0009 w^2 - 0.5529 w + 86.9448` km/h with w in mm.

    Parameters
    ----------
    depth : depth of the water [m].

    Returns
    -------
    float64 : 0 from 300 mm on, where the curve itself would never reach 0.

    References
    ----------
    Pregnolato et al. (2017), Transportation Research Part D 55, 67–81.

    Examples
    --------
    >>> (safe_speed([0.0, 0.15, 0.3]) * 3.6).round(4).tolist()
    [86.9448, 24.2598, 0.0]
    """
    w = np.asarray(depth, dtype=float) * 1000.0
    return np.where(w >= 300.0, 0.0, 0.0009 * w**2 - 0.5529 * w + 86.9448) / 3.6


@change
@dataclass(frozen=True, eq=False)
class Flood:
    """Water of a given depth on the ground.

    Edges on the ground are slowed where cars drive (to `safe_speed`; water between 0.299 m and a higher `impassable` is
    crept through at the speed of 0.299 m, 2.1 km/h) and closed where the water is as deep as `impassable`
    at any point. A bridge does not take the ground's depth: it stays as it is. A tunnel takes the depth at those of its
    ends that are portals, where it meets an edge that is no tunnel: water runs in. A facility closes when the water
    stands higher than its ground floor (column ``ground``, else `sill`) at its door, or at its middle where no
    entrance is mapped. People stay where they live.

    Attributes
    ----------
    depth : raster of depths [m], polygons with a column ``depth`` [m], or the name of a layer of the city.
    impassable : depth at which nobody passes [m].
    sill : height of a ground floor above the terrain where the facility does not say [m].
    """

    zh: ClassVar[str] = "洪水"
    depth: Raster | gpd.GeoDataFrame | str = option(layer=True)
    impassable: float = option(0.3, unit="m")
    sill: float = option(0.15, unit="m")

    def __call__(self, city: City) -> City:
        """The city under water; `MissingData` where it has no such layer, `CRSError` where the CRS differ."""
        for name, given, fine in (
            ("impassable", self.impassable, self.impassable > 0),
            ("sill", self.sill, self.sill >= 0),
        ):
            if not fine:
                raise DataError(f"flood.{name}: {given} is no depth in metres that can be", column=name)
        water = _Water(city.layer(self.depth) if isinstance(self.depth, str) else self.depth, city)
        for name in ("walk", "drive"):
            if name in city.networks:
                city = city.with_network(name, self._streets(city.networks[name], water, drive=name == "drive"))
        if not len(city.facilities):
            return city
        depth = self._doors(city.facilities, water)
        floor = np.full(len(depth), self.sill)
        if "ground" in city.facilities.columns:
            own = city.facilities["ground"].to_numpy(dtype=float)
            floor = np.where(np.isnan(own), floor, own)
        return city.with_columns(
            "facilities", open=city.facilities["open"].to_numpy() & ~((depth > 0) & (depth > floor))
        )

    def _streets(self, net: Network, water: _Water, *, drive: bool) -> Network:
        uses = tuple(net.columns[c] for c in ("length", "time", "speed", "bridge", "tunnel") if c in net.columns)
        deepest, factor = net.graph.memory.of(
            ("flood", drive), (water.layer, *uses), lambda: _along(net, water, drive=drive)
        )
        shut = deepest >= self.impassable
        slowed: dict[str, Any] = {"open": net.open & ~shut}
        for time in ("time", "time_back"):
            if drive and time in net.columns:
                slowed[time] = np.where(shut, net.columns[time], net.columns[time] * factor)
        return net.with_columns(**slowed)

    @staticmethod
    def _doors(facilities: gpd.GeoDataFrame, water: _Water) -> NDArray[np.float64]:
        """Depth at each facility: the driest of its entrances, else its middle [m]."""
        middle = shapely.point_on_surface(facilities.geometry.to_numpy())
        depth = water.at(shapely.get_x(middle), shapely.get_y(middle))
        if "entrances" not in facilities.columns:
            return depth
        doors = facilities["entrances"].to_numpy(dtype=object)
        doors = np.array([door if isinstance(door, shapely.Geometry) else None for door in doors], dtype=object)
        points, owner = shapely.get_coordinates(doors, return_index=True)
        if len(points):
            driest = np.full(len(depth), np.inf)
            np.minimum.at(driest, owner, water.at(points[:, 0], points[:, 1]))
            depth = np.where(np.isfinite(driest), driest, depth)
        return depth


class _Water:
    """Depth at points, from a raster or from polygons."""

    def __init__(self, layer: Raster | gpd.GeoDataFrame, city: City) -> None:
        self.layer = layer
        if isinstance(layer, Raster):
            if city.crs is not None and layer.crs != city.crs:
                here, there = layer.crs.to_string(), city.crs.to_string()
                raise CRSError(
                    f"flood.depth: the raster is in {here}, {city.name} in {there}; read it with crs='{there}', or "
                    "save the file so"
                )
            return
        if "depth" not in layer.columns:
            raise MissingData(
                "flood.depth: the polygons have no column 'depth' [m]; add it", layer="flood", column="depth"
            )
        placed = layer if city.crs is None else to_crs(layer, city.crs, where="flood.depth")
        self.deep = placed["depth"].to_numpy(dtype=float)
        wrong = np.flatnonzero(~(self.deep >= 0) | np.isinf(self.deep))
        if wrong.size:
            raise DataError(
                f"flood.depth: {wrong.size} depths are negative, missing or infinite (rows {listed(wrong)}); "
                "give every polygon its depth in metres",
                layer="flood",
                column="depth",
                rows=wrong.tolist(),
            )
        self.tree = shapely.STRtree(placed.geometry.to_numpy())

    def at(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Depth [m]; 0 where there is no water or no data."""
        if isinstance(self.layer, Raster):
            return np.nan_to_num(self.layer.at(x, y), nan=0.0)
        point, polygon = self.tree.query(shapely.points(x, y), predicate="intersects")
        depth = np.zeros(len(x))
        np.maximum.at(depth, point, self.deep[polygon])
        return depth


def _along(net: Network, water: _Water, *, drive: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Deepest water of each edge [m], and travel time in it over travel time on the dry (up to `impassable`)."""
    columns, count = net.columns, len(net.graph.tail)
    edge, x, y = net.graph.memory.of("steps", (columns["length"],), lambda: _steps(net))
    depth = water.at(x, y)
    depth[(columns["bridge"] | columns["tunnel"])[edge]] = 0.0
    deepest = np.zeros(count)
    np.maximum.at(deepest, edge, depth)
    _portals(net, water, deepest)
    if not drive:
        return deepest, np.ones(count)
    own = _speed(net)[edge]
    slow = np.minimum(own, np.maximum(safe_speed(depth), safe_speed(0.299)))
    return deepest, np.bincount(edge, weights=own / slow, minlength=count) / np.bincount(edge, minlength=count)


def _steps(net: Network) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Points at which the water is looked up, at most `STEP` apart: edge, easting and northing of each [m]."""
    steps = np.maximum(1, np.ceil(np.asarray(net.columns["length"]) / STEP)).astype(int)
    edge = np.repeat(np.arange(len(steps)), steps)
    nth = np.arange(len(edge)) - np.repeat(np.cumsum(steps) - steps, steps)
    points = shapely.line_interpolate_point(net.shapes[edge], (nth + 0.5) / steps[edge], normalized=True)
    return edge, shapely.get_x(points), shapely.get_y(points)


def _speed(net: Network) -> NDArray[np.float64]:
    """Speed of each edge on the dry: as the column says, else from length and time, else as fast as the curve [m/s]."""
    columns = net.columns
    speed = np.full(len(net.graph.tail), np.nan)
    if "speed" in columns:
        speed = np.asarray(columns["speed"], dtype=float)
    if "time" in columns:
        time, length = np.asarray(columns["time"], dtype=float), np.asarray(columns["length"], dtype=float)
        by_time = np.divide(length, time, out=np.full(len(time), np.nan), where=time > 0)
        speed = np.where(speed > 0, speed, by_time)
    return np.where(speed > 0, speed, safe_speed(0.0))


def _portals(net: Network, water: _Water, deepest: NDArray[np.float64]) -> None:
    tunnel = np.asarray(net.columns["tunnel"], dtype=bool)
    outside = np.zeros(net.graph.count, dtype=bool)
    outside[net.graph.tail[~tunnel]] = outside[net.graph.head[~tunnel]] = True
    at_node = np.where(outside, water.at(net.x, net.y), 0.0)
    inside = np.flatnonzero(tunnel)
    deepest[inside] = np.maximum(at_node[net.graph.tail[inside]], at_node[net.graph.head[inside]])
