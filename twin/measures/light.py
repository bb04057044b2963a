"""Light: point by point from poles, heights and fluxes; grids of points along a carriageway and at crossings."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, pi

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from twin.errors import MissingData, listed
from twin.measures.measure import measure
from twin.measures.streets import lamp_streets, of_class
from twin.model import City, Network

__all__ = ["crossing_light", "crossing_rim", "grid_along", "lambert", "light_power", "light_uniformity", "point_light"]

#: Lamps farther than this add no more than about a hundredth [m].
REACH = 45.0
#: Half the width of a crossing, and of the strip around it that is held against it [m].
INSIDE, STRIP = 10.0, 5.0
#: Classes of street from the widest down: what meets at a crossing is named by its widest.
ORDER = ("motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential", "living_street")


def grid_along(spacing: float) -> NDArray[np.float64]:
    """Points of the calculation grid between two lamps: 10, or so many that they stand at most 3 m apart (EN 13201-3).

    The first point lies half a step from the pole, not at it.

    Parameters
    ----------
    spacing : distance of the two lamps [m].

    Examples
    --------
    >>> [len(grid_along(s)) for s in (20, 30, 30.001, 36, 40, 60)], grid_along(30)[[0, -1]].tolist()
    ([10, 10, 11, 12, 14, 20], [1.5, 28.5])
    """
    count = 10 if spacing <= 30 else ceil(spacing / 3 - 1e-12)
    return np.asarray((2 * np.arange(1, count + 1) - 1) * spacing / (2 * count), dtype=float)


def point_light(
    distance: NDArray[np.float64], height: NDArray[np.float64], intensity: NDArray[np.float64]
) -> NDArray[np.float64]:
    r"""Illuminance of level ground at a distance from a pole, :math:`I \cos^3\gamma / h^2` [lx].

    Parameters
    ----------
    distance, height : from the foot of the pole, and of the lamp [m].
    intensity : towards the point [cd].

    References
    ----------
    CIE 140; EN 13201-3.

    Examples
    --------
    >>> point_light(np.array([0.0, 10.0]), np.array([10.0]), np.array([10_000.0])).round(4).tolist()
    [100.0, 35.3553]
    """
    return np.asarray(intensity * height / (height**2 + distance**2) ** 1.5)


def lambert(
    flux: NDArray[np.float64], distance: NDArray[np.float64], height: NDArray[np.float64]
) -> NDArray[np.float64]:
    r"""Intensity of a lamp without a photometric file: :math:`\Phi/\pi \cdot \cos\gamma`, all its light downwards [cd].

    >>> lambert(np.array([pi * 1000.0]), np.array([0.0]), np.array([10.0])).round(6).tolist()
    [1000.0]
    """
    return np.asarray(flux / pi * height / np.hypot(distance, height))


@measure(unit="lx", en="mean light at crossings", zh="交会区平均照度", reads=("street_lamps", "drive"))
def crossing_light(city: City, *, widest: str | Sequence[str], maintenance: float = 0.7) -> float:
    """Mean illuminance of the crossings whose widest street is of some classes, point by point [lx].

    Lamps without a photometric file shine as Lambert's law says, all their light downwards: on the bright side.

    Parameters
    ----------
    widest : classes of street, such as primary.
    maintenance : what is left of the light with age [1].

    Examples
    --------
    29.8 lx at the lamp, 21.7 lx and 10.4 lx around it: 0.7 of 16.9 lx.

    >>> from twin.gis.grid import grid_city
    >>> round(crossing_light(with_lamps(grid_city(2)), widest="residential"), 1)
    11.8
    """
    inside, _ = _crossings(city, widest)
    return float(maintenance * inside.mean())


@measure(unit="1", en="light around crossings over within", zh="交会区外缘照度比", reads=("street_lamps", "drive"))
def crossing_rim(city: City, *, widest: str | Sequence[str]) -> float:
    """Mean illuminance of the outer 5 m around the crossings over that within them [1].

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> 0 < crossing_rim(with_lamps(grid_city(2)), widest="residential") < 1
    True
    """
    inside, rim = _crossings(city, widest)
    if not inside.mean() > 0:
        raise MissingData(f"{city.name}: no lamp lights these crossings", layer="street_lamps")
    return float(rim.mean() / inside.mean())


@measure(unit="1", en="evenness of street light", zh="道路照度均匀度", reads=("street_lamps", "drive"))
def light_uniformity(city: City, *, classes: Sequence[str], least: float = 60.0) -> float:
    """Lowest over mean illuminance along the axis of each street of some classes, their mean by length [1].

    Parameters
    ----------
    least : shorter streets are left out: their ends lie in the light of others [m].

    References
    ----------
    EN 13201-3: points at most 3 m apart.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> 0 < light_uniformity(with_lamps(grid_city(2)), classes=["residential"]) < 1
    True
    """
    net = city.network("drive")
    length = np.asarray(net.columns["length"], dtype=float)
    chosen = np.flatnonzero(net.open & of_class(net, classes) & (length >= least))
    if not len(chosen):
        raise MissingData(f"{city.name}: no street of {listed(classes)} is {least:g} m long", layer="drive")

    def compute() -> float:
        steps = [len(grid_along(each)) for each in length[chosen]]
        lines = np.repeat(net.shapes[chosen], steps)
        part = np.concatenate([grid_along(each) / each for each in length[chosen]])
        light = _light(city, shapely.get_coordinates(shapely.line_interpolate_point(lines, part, normalized=True)))
        start = np.cumsum([0, *steps[:-1]])
        mean = np.add.reduceat(light, start) / steps
        low = np.minimum.reduceat(light, start)
        even = np.divide(low, mean, out=np.zeros(len(mean)), where=mean > 0)
        return float(np.average(even, weights=length[chosen]))

    owners = (net, city.table("street_lamps"))
    return city.memory.of(("evenness", tuple(classes), least), owners, compute)


@measure(unit="W/m", en="power of street light", zh="道路照明用电强度", reads=("street_lamps", "drive"))
def light_power(city: City, *, efficacy: float = 130.0, hours: float = 11.0) -> float:
    """Mean electric power of the street lamps over the length of the streets that they stand at [W/m].

    Parameters
    ----------
    efficacy : light for each watt, with the driver [lm/W]; an assumption where lamps have no power.
    hours : hours a night that they burn.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> 0 < light_power(with_lamps(grid_city(2))) < 10
    True
    """
    net = city.network("drive")
    flux = city.column("street_lamps", "flux")
    if np.isnan(flux).any():
        raise MissingData(f"{city.name}: some lamps have no flux", layer="street_lamps", column="flux")

    nearest = lamp_streets(city)
    lit = np.zeros(len(net.graph.tail), dtype=bool)
    lit[nearest[nearest >= 0]] = True
    length = np.asarray(net.columns["length"], dtype=float)
    if not lit.any():
        raise MissingData(f"{city.name}: no lamp stands at a street", layer="street_lamps")
    return float(flux.sum() / efficacy * hours / 24.0 / length[lit].sum())


def with_lamps(city: City) -> City:
    """A city with a lamp of 6,000 lm, 8 m high, every 50 m of its grid of streets, for examples."""
    import geopandas as gpd

    west, south, east, north = shapely.bounds(city.land())
    at = [(x, y) for x in np.arange(west, east + 1, 100) for y in np.arange(south, north + 1, 50)]
    at += [(x, y) for x in np.arange(west + 50, east, 100) for y in np.arange(south, north + 1, 100)]
    table = gpd.GeoDataFrame(
        {"id": range(len(at)), "height": 8.0, "flux": 6000.0}, geometry=shapely.points(np.array(at)), crs=city.crs
    )
    net = city.network("drive").with_columns(**{"class": "residential"})
    return city.with_network("drive", net).with_layer("street_lamps", table)


def _light(city: City, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Illuminance of each point by all lamps that reach it, new and clean [lx]."""
    lamps = city.table("street_lamps")
    flux, height = (city.column("street_lamps", name) for name in ("flux", "height"))
    for values, name in ((flux, "flux"), (height, "height")):
        if np.isnan(values).any():
            raise MissingData(f"{city.name}: some lamps have no {name}", layer="street_lamps", column=name)
    feet = shapely.get_coordinates(lamps.geometry.to_numpy())
    near = cKDTree(points).sparse_distance_matrix(cKDTree(feet), REACH, output_type="ndarray")
    lamp, distance = near["j"], near["v"]
    light = point_light(distance, height[lamp], lambert(flux[lamp], distance, height[lamp]))
    return np.asarray(np.bincount(near["i"], weights=light, minlength=len(points)), dtype=np.float64)


def _crossings(city: City, widest: str | Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Light within and around each crossing of a class."""
    net, lamps = city.network("drive"), city.table("street_lamps")
    rank = city.memory.of("widest", (net,), lambda: _widest(net))
    names = (widest,) if isinstance(widest, str) else tuple(widest)
    nodes = np.flatnonzero(np.isin(rank, [ORDER.index(name) for name in names if name in ORDER]))
    if not len(nodes):
        raise MissingData(f"{city.name}: no crossing of {listed(names)} in the drive network", layer="drive")

    def compute() -> NDArray[np.float64]:
        around = np.linspace(0, 2 * pi, 8, endpoint=False)
        ring = np.column_stack([np.cos(around), np.sin(around)])
        pattern = {
            "in": np.vstack([[[0.0, 0.0]], ring * INSIDE / 3, ring * INSIDE * 2 / 3]),
            "rim": ring * (INSIDE - STRIP / 2),
        }
        ends = np.bincount(np.concatenate([net.graph.tail, net.graph.head]), minlength=net.graph.count)
        met = np.flatnonzero(ends >= 3)
        middle = np.column_stack([net.x[met], net.y[met]])
        found = np.full((2, net.graph.count), np.nan)
        for i, part in enumerate(("in", "rim")):
            light = _light(city, (middle[:, None, :] + pattern[part]).reshape(-1, 2))
            found[i, met] = light.reshape(len(met), -1).mean(axis=1)
        return found

    # Closed streets take crossings away and make their widest street another; the light at each stays as it is.
    inside, rim = city.memory.of("crossing light", (net.graph, lamps), compute)
    return inside[nodes], rim[nodes]


def _widest(net: Network) -> NDArray[np.int64]:
    """Rank of the widest class at each node where three or more open edges meet; -1 at others."""
    kind = np.asarray(net.columns["class"]).astype(str)
    order = np.array([ORDER.index(name) if name in ORDER else len(ORDER) for name in kind])
    ends = np.concatenate([net.graph.tail[net.open], net.graph.head[net.open]])
    rank = np.full(net.graph.count, len(ORDER), dtype=np.int64)
    np.minimum.at(rank, ends, np.tile(order[net.open], 2))
    rank[np.bincount(ends, minlength=net.graph.count) < 3] = -1
    return rank
