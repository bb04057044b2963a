"""Air: what chimneys and streets add to the air by stated screening models, and a raster of it for the clauses."""

from __future__ import annotations

from dataclasses import replace
from math import pi, sqrt
from types import MappingProxyType

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from twin.errors import DataError, MissingData, UnknownName
from twin.model import City, Raster, Source
from twin.units import quantity

__all__ = ["box_model", "briggs", "line_source", "plume", "screen_air"]

#: Briggs' urban spreads: sideways a, and up and down b with the factor c and the power d of (1 + c x).
_SPREAD = MappingProxyType(
    {
        **dict.fromkeys("AB", (0.32, 0.24, 0.001, 0.5)),
        "C": (0.22, 0.20, 0.0, 0.0),
        "D": (0.16, 0.14, 0.0003, -0.5),
        **dict.fromkeys("EF", (0.11, 0.08, 0.0015, -0.5)),
    }
)
#: Height to which the wake of the cars themselves has mixed their exhaust [m].
WAKE = 2.0


def briggs(distance: ArrayLike, stability: str = "D") -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Spread of a plume over a town, sideways and up and down [m], from 100 m to 10 km from where it leaves.

    Parameters
    ----------
    distance : down the wind [m].
    stability : Pasquill's class, A (the air turns over) to F (it lies still); D is neutral.

    References
    ----------
    Briggs (1973), urban curves, as in Gifford (1976), Nuclear Safety 17.

    Examples
    --------
    >>> [round(float(each), 4) for each in briggs(1000.0, "D")]
    [135.2247, 122.7881]
    """
    if stability not in _SPREAD:
        raise UnknownName("stability class", stability, _SPREAD)
    x = np.asarray(distance, dtype=float)
    side, up, factor, power = _SPREAD[stability]
    return side * x / np.sqrt(1 + 0.0004 * x), up * x * (1 + factor * x) ** power


def plume(
    rate: float, distance: ArrayLike, *, wind: float, height: float = 0.0, aside: ArrayLike = 0.0, stability: str = "D"
) -> NDArray[np.float64]:
    r"""Concentration at the ground behind a source, a Gaussian plume that the ground throws back [kg/m3].

    .. math:: C = \frac{Q}{\pi u \sigma_y \sigma_z} e^{-y^2/2\sigma_y^2} e^{-H^2/2\sigma_z^2}

    Parameters
    ----------
    rate : what leaves the source [kg/s].
    distance, aside : down the wind and across it [m].
    wind : speed at the height of the source [m/s].
    height : of the plume's middle [m].

    References
    ----------
    Turner (1970), Workbook of Atmospheric Dispersion Estimates.

    Examples
    --------
    10 g/s from 50 m, in micrograms.

    >>> (plume(0.01, [500.0, 1000.0, 2000.0], wind=5.0, height=50.0) * 1e9).round(6).tolist()
    [99.591854, 35.290779, 11.754101]
    """
    if not wind > 0:
        raise DataError(f"plume: a wind above 0 m/s, not {wind}; in a calm no plume forms", column="wind")
    side, up = briggs(distance, stability)
    across = np.exp(-(np.asarray(aside, dtype=float) ** 2) / (2 * side**2))
    return np.asarray(rate / (pi * wind * side * up) * across * np.exp(-(height**2) / (2 * up**2)), dtype=np.float64)


def line_source(rate: ArrayLike, spread: ArrayLike, wind: float) -> NDArray[np.float64]:
    r"""Concentration at the ground beside an endless line across the wind, :math:`2q/(\sqrt{2\pi}\sigma_z u)` [kg/m3].

    Parameters
    ----------
    rate : what leaves each metre of it [kg/(m s)].
    spread : up and down, where it is asked [m].
    wind : across the line [m/s].

    Examples
    --------
    1 mg from each metre a second, in micrograms.

    >>> round(float(line_source(1e-6, 10.0, 3.0)) * 1e9, 4)
    26.5962
    """
    up = np.asarray(spread, dtype=float)
    return np.asarray(2 * np.asarray(rate, dtype=float) / (sqrt(2 * pi) * up * wind), dtype=np.float64)


def box_model(rate: float, length: float, *, wind: float, mixing: float, background: float = 0.0) -> float:
    """Concentration in the air over a town that is one well-mixed box [kg/m3].

    Parameters
    ----------
    rate : what leaves each square metre [kg/(m2 s)].
    length, mixing : of the box, along the wind and upward [m].

    Examples
    --------
    >>> round(box_model(1e-9, 5000.0, wind=2.0, mixing=500.0) * 1e9, 6)
    5.0
    """
    return background + rate * length / (wind * mixing)


def screen_air(
    city: City,
    *,
    factor: float,
    background: float,
    wind: float = 2.0,
    stability: str = "D",
    layer: str = "pm25",
    cell: float = 50.0,
    reach: float = 1000.0,
) -> City:
    """The city with a raster of a pollutant: the background, and what the nearest open street of each class adds.

    A screening: each street is an endless straight line that the wind crosses towards the place at all hours, without
    houses between. It is rather high, says where to look, and is marked as estimated; a measurement is better.

    Parameters
    ----------
    factor : what a vehicle gives off [kg/m]; 30 mg/km is 3e-8. It depends on the fleet, so there is no default.
    background : of the air that comes in [kg/m3].
    wind, stability : of the year's mean hour [m/s].
    layer : name of the raster, as the clauses ask for it.
    cell, reach : edge of its cells, and distance beyond which a street adds nothing [m].

    Returns
    -------
    City : with the raster [kg/m3]; of concentration and its clauses it is as good as the factor.

    Raises
    ------
    MissingData : there is no table ``traffic`` with the vehicles of each class in 18 hours, or no drive network.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> from twin.measures.noise import with_traffic
    >>> city = screen_air(with_traffic(grid_city(5)), factor=3e-8, background=1e-8)
    >>> bool(city.layer("pm25").values.min() > 1e-8), city.about.source("pm25").estimated
    (True, True)
    """
    if not (factor >= 0 and background >= 0 and wind > 0 and cell > 0):
        raise DataError("screen_air: factor and background of at least 0, wind and cell above 0")
    if city.crs is None:
        raise DataError(f"{city.name}: it has no CRS, and a raster needs one", layer=layer)
    net, traffic = city.network("drive"), city.table("traffic")
    west, south, east, north = shapely.bounds(city.land()) + np.array([-cell, -cell, cell, cell])  # the rim too
    across, down = (max(1, int(np.ceil(span / cell))) for span in (east - west, north - south))
    x, y = np.meshgrid(west + (np.arange(across) + 0.5) * cell, north - (np.arange(down) + 0.5) * cell)
    points = shapely.points(x.ravel(), y.ravel())
    kind, found = np.asarray(net.columns["class"]).astype(str), np.full(len(points), float(background))
    heard = False
    for row in traffic.itertuples(index=False):
        lines = net.shapes[net.open & (kind == str(row.street))]
        if not len(lines) or not row.flow > 0:
            continue
        heard = True
        rate = row.flow / quantity("18 h", unit="s") * factor
        (which, _), gap = shapely.STRtree(lines).query_nearest(
            points, max_distance=reach, return_distance=True, all_matches=False
        )
        _, up = briggs(gap, stability)
        found[which] += line_source(rate, np.hypot(up, WAKE), wind)
    if not heard:
        raise MissingData(f"{city.name}: traffic names no class of the drive network", layer="traffic")
    raster = Raster(found.reshape(down, across).astype(np.float32), west, north, cell, city.crs, unit="kg/m3")
    source = Source(f"screened by line sources, {factor:g} kg/m of a vehicle", estimated=True)
    about = replace(city.about, sources={**city.about.sources, layer: source})
    return replace(city.with_layer(layer, raster), about=about)
