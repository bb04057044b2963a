"""Rain: what runs off, what is held back on site, and how often a storm of that size comes."""

from __future__ import annotations

from math import log10

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import ArrayLike

from twin.errors import DataError, MissingData
from twin.measures.measure import measure
from twin.model import City

__all__ = ["curve_number_runoff", "held_share", "rain_held", "run_off", "storm_intensity"]

#: Volume run-off coefficients (for storage): roofs, paved ground, green, water. Those for pipe flow are others.
VOLUME = {"roof": 0.85, "paved": 0.85, "green": 0.15, "water": 1.0}
#: Flow run-off coefficients (for pipes).
FLOW = {"roof": 0.95, "paved": 0.9, "green": 0.25, "water": 1.0}


def held_share(depths: ArrayLike, design: float) -> float:
    r"""Share of the rain of many years that is held where each event is kept up to `design`.

    .. math:: \sum_j \min(X_j, H) / \sum_j X_j

    A share of the volume, not of the events: events of at most 2 mm and snow are left out before.

    Parameters
    ----------
    depths : (n,) rain of each event [mm].
    design : depth that is held [mm].

    References
    ----------
    GB 50014-2021, A.0.1.

    Examples
    --------
    >>> [round(held_share([5, 10, 20, 40], each), 6) for each in (5, 10, 20, 40)]
    [0.266667, 0.466667, 0.733333, 1.0]
    """
    rain = np.asarray(depths, dtype=float)
    if not len(rain) or (rain < 0).any() or not rain.sum() > 0:
        raise DataError("held_share: depths of rain that are not negative and not all zero")
    return float(np.minimum(rain, design).sum() / rain.sum())


def storm_intensity(period: float, duration: float) -> float:
    """Storm of a return period in Beijing's zone II [l/s/ha]: 2001 (1 + 0.811 lg P) / (t + 8)^0.711; recalled.

    Parameters
    ----------
    period : return period [years].
    duration : of the storm [minutes].

    Examples
    --------
    >>> round(storm_intensity(3, 60), 4)
    138.1633
    """
    return float(2001.0 * (1 + 0.811 * log10(period)) / (duration + 8.0) ** 0.711)


def curve_number_runoff(rain: float, curve: float) -> float:
    """Run-off of a storm by the curve number, 0 while the rain is below a fifth of the storage (TR-55) [mm].

    Examples
    --------
    >>> round(curve_number_runoff(100.0, 80.0), 6), curve_number_runoff(32.0, 61.0)
    (50.539058, 0.0)
    """
    store = 25400.0 / curve - 254.0
    return 0.0 if rain <= 0.2 * store else (rain - 0.2 * store) ** 2 / (rain + 0.8 * store)


@measure(unit="1", en="run-off coefficient", zh="综合径流系数", reads=("buildings", "green"))
def run_off(city: City, *, family: str = "volume") -> float:
    r"""Composite run-off coefficient of the land, :math:`\sum \psi_i F_i / \sum F_i` [1].

    Roofs are the footprints of buildings, green is the layer ``green``, water the layer ``water``, and all else counts
    as paved; where they overlap, buildings come before green, and green before water.

    Parameters
    ----------
    family : ``volume`` (for storage) or ``flow`` (for pipes): the same surface has two coefficients.

    References
    ----------
    Annex E of the Chinese code: middle of each range; paved ground as asphalt.

    Examples
    --------
    A park of 2,500 m2 of 10,000, a roof of 1,250 m2 beyond it: the rest is paved.

    >>> from twin.gis.grid import grid_city
    >>> from twin.measures.land import with_buildings
    >>> 0.15 < run_off(with_buildings(grid_city(1))) < 0.85
    True
    """
    known = {"volume": VOLUME, "flow": FLOW}
    if family not in known:
        raise DataError(f"run_off: the family is volume or flow, not {family!r}", column="family")
    parts = _surfaces(city)
    return float(sum(known[family][name] * area for name, area in parts.items()) / sum(parts.values()))


@measure(unit="1", en="rain held on the green", zh="雨水就地消纳率", given={"design": "m"}, reads=("rain", "green"))
def rain_held(city: City, *, design: float) -> float:
    """Share of the rain of the table ``rain`` that the land holds where every event up to a depth is kept on site [1].

    Parameters
    ----------
    design : depth that the city's stores and ground are built for [m].

    Raises
    ------
    MissingData : there is no table of rain.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> round(rain_held(with_rain(grid_city(1)), design=0.02), 6)
    0.733333
    """
    return held_share(city.column("rain", "depth"), design * 1000.0)


def with_rain(city: City) -> City:
    """A city with four events of rain, for examples."""
    import pandas as pd

    table = pd.DataFrame({"id": range(4), "depth": [5.0, 10.0, 20.0, 40.0]})
    return city.with_layer("rain", table)


def _surfaces(city: City) -> dict[str, float]:
    """Area of roofs, green, water and paved ground within the land [m2]."""
    for name in ("buildings", "green"):
        if not len(city.table(name)):
            raise MissingData(f"{city.name}: {name} is empty", layer=name)
    roofs, green, water = city.table("buildings"), city.table("green"), city.layers.get("water")

    def compute() -> dict[str, float]:
        land = city.land()
        shapely.prepare(land)
        roof = _area(roofs.geometry.to_numpy(), land)
        cover = shapely.union_all(green.geometry.to_numpy())
        under = shapely.intersection(cover, land)
        shapely.prepare(under)
        covered = _area(roofs.geometry.to_numpy(), under)
        soft = float(shapely.area(under)) - covered
        open_water = 0.0
        if isinstance(water, gpd.GeoDataFrame) and len(water):
            lake = shapely.difference(shapely.intersection(shapely.union_all(water.geometry.to_numpy()), land), under)
            shapely.prepare(lake)
            open_water = float(shapely.area(lake)) - _area(roofs.geometry.to_numpy(), lake)
        paved = max(float(shapely.area(land)) - roof - soft - open_water, 0.0)
        return {"roof": roof, "green": soft, "paved": paved, "water": open_water}

    owners = (roofs, green, water, city.layers.get("boundary", city.population))
    return city.memory.of("surfaces", owners, compute)


def _area(shapes: np.ndarray[tuple[int], np.dtype[np.object_]], within: shapely.Geometry) -> float:
    inside = shapely.contains_properly(within, shapes)
    cut = shapes[~inside & shapely.intersects(within, shapes)]
    return float(shapely.area(shapes[inside]).sum() + shapely.area(shapely.intersection(cut, within)).sum())
