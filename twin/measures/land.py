"""Land and floors: how much there is of each use, for whom, and how high it is built."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.errors import DataError, MissingData, listed
from twin.measures.measure import Share, measure
from twin.measures.places import places
from twin.model import City

__all__ = [
    "floor_per_head",
    "floor_ratio",
    "floor_share",
    "green_cover",
    "land_per_head",
    "land_ratio",
    "low_rise",
    "people_density",
    "people_ratio",
    "tallest",
    "use_mix",
]

#: Uses of land that are built on; farmland, green and water are not.
BUILT = ("residential", "commercial", "industrial", "public", "transport", "other")

#: Share of the land that land_use must cover, streets and water left out, and of the buildings that say their use,
#: before a city is judged by them [1].
MAPPED, KNOWN = 0.5, 0.9

Uses = str | Sequence[str]


@measure(unit="m2/person", en="land of a use per head", zh="人均用地面积", reads=("land_use", "population"))
def land_per_head(city: City, *, use: Uses, of: str = "people", streets: bool = False) -> float:
    """Land of some uses over people [m2/person].

    Parameters
    ----------
    use : one or several of residential, commercial, industrial, public, transport, green, farmland, other.
    streets : count the carriageways (length times width of the drive network) too; plots rarely include them.

    Examples
    --------
    0.25 km2 of residential land for 360 people.

    >>> from twin.gis.grid import grid_city
    >>> round(land_per_head(grid_city(5), use="residential"), 6) == round(250_000 / 360, 6)
    True
    """
    area = _land(city, use)
    if streets:
        area += _carriageway(city)
    return float(area / places(city, of).weight.sum())


@measure(unit="1", en="land of one use over another", zh="用地比例", reads=("land_use",))
def land_ratio(city: City, *, use: Uses, over: Uses) -> float:
    """Land of some uses over land of others, such as land for work over land for homes [1].

    Raises
    ------
    MissingData : there is no land of the uses below the line.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> land_ratio(grid_city(5), use="commercial", over="residential")
    0.0
    """
    below = _land(city, over)
    if not below > 0:
        raise MissingData(f"{city.name}: land_use has no {over} land", layer="land_use", column="use")
    return float(_land(city, use) / below)


@measure(unit="person/m2", en="population density", zh="人口密度", reads=("population", "land_use"))
def people_density(city: City, *, on: str = "built", of: str = "people") -> float:
    """People over land [person/m2].

    Parameters
    ----------
    on : ``built`` (land_use that is built on), ``residential_land`` or ``area`` (all the city's land).

    Examples
    --------
    360 people on 0.25 km2.

    >>> from twin.gis.grid import grid_city
    >>> round(people_density(grid_city(5), on="area") * 1e6, 6)
    1440.0
    """
    if on == "area":
        area = float(shapely.area(city.land()))
    else:
        area = _land(city, "residential" if on == "residential_land" else BUILT)
    if not area > 0:
        raise MissingData(f"{city.name}: land_use has no {on} land", layer="land_use", column="use")
    return float(places(city, of).weight.sum() / area)


@measure(unit="1", en="people of one group over another", zh="人群比例", reads=("population",))
def people_ratio(city: City, *, part: str, over: str = "people") -> float:
    """One column of the population over another: jobs over households, the old over all [1].

    Parameters
    ----------
    part, over : columns of the population, several joined by ``+``.

    References
    ----------
    Cervero (1989), Journal of the American Planning Association 55(2): jobs-housing balance.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> people_ratio(grid_city(5), part="jobs")
    0.5
    """
    return float(places(city, part).weight.sum() / places(city, over).weight.sum())


@measure(unit="1", en="floor area ratio", zh="建筑总面积与建设用地比", reads=("buildings", "land_use"))
def floor_ratio(city: City, *, on: str = "built") -> float:
    """Floor area of all buildings over the land that is built on (or, on ``area``, over all land) [1].

    Raises
    ------
    MissingData : there are no buildings, no floor areas, or no such land.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> city = grid_city(1)  # of 10,000 m2, built on with two storeys of 1,250 m2
    >>> floor_ratio(with_buildings(city))
    0.25
    """
    area = float(shapely.area(city.land())) if on == "area" else _land(city, BUILT)
    if not area > 0:
        raise MissingData(f"{city.name}: land_use has no land that is built on", layer="land_use", column="use")
    return float(_floors(city).sum() / area)


@measure(unit="m2/person", en="floor area per head", zh="人均建筑面积", reads=("buildings", "population"))
def floor_per_head(city: City, *, use: Uses = "residential", of: str = "people") -> float:
    """Floor area of buildings of some uses over people [m2/person].

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> floor_per_head(with_buildings(grid_city(1)))  # 2,500 m2 for 40 people
    62.5
    """
    return float(_floors(city)[_used(city, use)].sum() / places(city, of).weight.sum())


@measure(unit="1", en="share of floor area by use", zh="建筑面积占比", reads=("buildings",))
def floor_share(city: City, *, use: Uses) -> float:
    """Floor area of buildings of some uses over that of all [1].

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> floor_share(with_buildings(grid_city(1)), use=["commercial", "public"])
    0.0
    """
    floors = _floors(city)
    if not floors.sum() > 0:
        raise MissingData(f"{city.name}: all floor areas are 0", layer="buildings", column="floor_area")
    return float(floors[_used(city, use)].sum() / floors.sum())


@measure(unit="1", en="low-rise share of floor area", zh="低层多层建筑面积占比", reads=("buildings",))
def low_rise(city: City, *, storeys: float, use: Uses = "residential") -> Share:
    """Share of the floor area of some uses that stands in buildings of at most so many storeys.

    Parameters
    ----------
    storeys : most storeys above ground, inclusive.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> low_rise(with_buildings(grid_city(1)), storeys=6).value
    1.0
    """
    weight = np.where(_used(city, use), _floors(city), 0.0)
    levels = city.column("buildings", "levels")
    _all_known(city, levels[weight > 0], "levels")
    return Share.of(levels <= storeys, weight, layer="buildings", persons=False)


@measure(unit="m", en="tallest building", zh="最高建筑高度", reads=("buildings",))
def tallest(city: City, *, use: Uses = "residential") -> float:
    """Height of the tallest building of some uses [m].

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> tallest(with_buildings(grid_city(1)))
    6.0
    """
    height = city.column("buildings", "height")[_used(city, use)]
    _all_known(city, height, "height")
    return float(height.max())


@measure(unit="1", en="mix of uses (entropy)", zh="功能混合度（熵）", reads=("buildings",))
def use_mix(city: City, *, uses: Sequence[str] = ("residential", "commercial", "industrial", "public")) -> float:
    r"""Mix of floor areas by use, :math:`-\sum p_i \ln p_i / \ln k` with k uses: 0 for one use, 1 for equal parts [1].

    References
    ----------
    Frank & Pivo (1994), Transportation Research Record 1466.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> use_mix(with_buildings(grid_city(1)))
    0.0
    """
    if len(set(uses)) < 2:
        raise DataError("use_mix: a mix needs at least two uses")
    floors = _floors(city)
    part = np.array([floors[_used(city, use)].sum() for use in uses])
    if not part.sum() > 0:
        raise MissingData(f"{city.name}: no building is {listed(uses)}", layer="buildings", column="use")
    p = part[part > 0] / part.sum()
    return float(abs(-(p * np.log(p)).sum()) / np.log(len(uses)))


@measure(unit="1", en="green cover", zh="绿地率", reads=("green",))
def green_cover(city: City, *, kinds: Sequence[str] = (), public: bool = False) -> float:
    """Share of the city's land that is green, each place counted once [1].

    Parameters
    ----------
    kinds : kinds of green that count, such as forest; all where empty.
    public : whether only public green counts.

    Examples
    --------
    A park of 50 m x 50 m on 0.25 km2.

    >>> from twin.gis.grid import grid_city
    >>> green_cover(grid_city(5))
    0.01
    """
    green = city.table("green")
    kept = np.ones(len(green), dtype=bool) if not kinds else green["kind"].isin(kinds).to_numpy()
    if public:
        kept &= green["public"].to_numpy(dtype=bool)

    def compute() -> float:
        land = city.land()
        whole = shapely.union_all(green.geometry.to_numpy()[kept])
        return float(shapely.area(shapely.intersection(whole, land)) / shapely.area(land))

    return city.memory.of(("green cover", tuple(kinds), public), (green, city.layers.get("boundary", green)), compute)


def with_buildings(city: City) -> City:
    """A city with one residential building of two storeys and 2,500 m2, for examples."""
    import geopandas as gpd

    table = gpd.GeoDataFrame(
        {"id": [0], "use": ["residential"], "levels": [2.0], "height": [6.0], "floor_area": [2500.0]},
        geometry=[shapely.box(10, 10, 60, 35)],
        crs=city.crs,
    )
    return city.with_layer("buildings", table)


def _tuple(use: Uses) -> tuple[str, ...]:
    return (use,) if isinstance(use, str) else tuple(use)


def _land(city: City, use: Uses) -> float:
    """Area of land_use of some uses [m2]."""
    table = city.table("land_use")
    whole = city.memory.of(("land used",), (table,), lambda: float(shapely.area(table.geometry.to_numpy()).sum()))
    share = whole / float(shapely.area(city.land()))
    if share < MAPPED:
        raise MissingData(
            f"{city.name}: land_use covers {share:.0%} of the land, {MAPPED:.0%} is needed", layer="land_use"
        )
    return city.memory.of(
        ("land of", _tuple(use)),
        (table,),
        lambda: float(shapely.area(table.geometry.to_numpy()[table["use"].isin(_tuple(use)).to_numpy()]).sum()),
    )


def _carriageway(city: City) -> float:
    columns = city.network("drive").columns
    if "width" not in columns:
        raise MissingData(f"{city.name}: the streets have no width", layer="drive", column="width")
    width = np.asarray(columns["width"], dtype=float)
    if np.isnan(width).any():
        raise MissingData(
            f"{city.name}: {int(np.isnan(width).sum())} of {len(width)} streets have no width",
            layer="drive",
            column="width",
        )
    return float((width * np.asarray(columns["length"], dtype=float)).sum())


def _floors(city: City) -> NDArray[np.float64]:
    floors = city.column("buildings", "floor_area")
    _all_known(city, floors, "floor_area")
    return floors


def _used(city: City, use: Uses) -> NDArray[np.bool_]:
    """Which buildings are of some uses."""
    table = city.table("buildings")
    found = np.asarray(table["use"].isin(_tuple(use)), dtype=bool)
    said = float((table["use"] != "").mean()) if len(table) else 0.0
    if said < KNOWN:
        raise MissingData(
            f"{city.name}: {said:.0%} of the buildings say their use, {KNOWN:.0%} is needed",
            layer="buildings",
            column="use",
        )
    return found


def _all_known(city: City, values: NDArray[np.float64], column: str) -> None:
    gaps = int(np.isnan(values).sum())
    if gaps or not len(values):
        said = f"{gaps} of {len(values)} buildings have no {column}" if len(values) else "there is no such building"
        raise MissingData(f"{city.name}: {said}", layer="buildings", column=column)
