"""Supply: how much there is for each head."""

from __future__ import annotations

from math import inf

import numpy as np
import shapely

from twin.errors import DataError, MissingData, listed
from twin.measures.measure import Share, measure
from twin.measures.places import Kinds, places, sites
from twin.model import City

__all__ = [
    "amount_per_head",
    "area_per_head",
    "area_per_household",
    "area_ratio",
    "facilities_per_head",
    "floor_of_kind",
    "land_for_each",
    "people_for_each",
    "room_for_share",
    "sized",
]

_READS = ("population", "facilities")


@measure(unit="1/person", en="facilities per head", zh="人均设施数", reads=_READS)
def facilities_per_head(city: City, *, facility: Kinds, of: str = "people") -> float:
    """Open facilities of a kind over people [1/person].

    Examples
    --------
    One clinic for 36 corners of 10 people.

    >>> from twin.gis.grid import grid_city
    >>> round(facilities_per_head(grid_city(5), facility="clinic") * 360, 9)
    1.0
    """
    return float(sites(city, facility).sum() / places(city, of).weight.sum())


@measure(unit="1/person", en="capacity per head", zh="人均服务能力", reads=_READS)
def amount_per_head(city: City, *, facility: Kinds, amount: str = "capacity", of: str = "people") -> float:
    """Sum of a facility column (capacity: beds, places; servers) over people [1/person].

    Parameters
    ----------
    amount : column of the facilities.
    of : who it is for, such as ``age_0_2``.

    Raises
    ------
    MissingData : some open facility of the kind has no value; a sum over the others would be too small.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> round(amount_per_head(grid_city(5), facility="clinic") * 360, 9)
    50.0
    """
    return float(_amounts(city, facility, amount).sum() / places(city, of).weight.sum())


@measure(
    unit="m2/person",
    en="area per head",
    zh="人均面积",
    given={"least_area": "m2", "most_area": "m2", "served": "1"},
    reads=_READS,
)
def area_per_head(
    city: City,
    *,
    facility: Kinds,
    area: str = "area",
    of: str = "people",
    least_area: float = 0.0,
    most_area: float = inf,
    served: float = 1.0,
) -> float:
    """Area of the open facilities of a kind over people [m2/person].

    Parameters
    ----------
    area : ``area`` (ground) or ``floor_area``.
    least_area, most_area : smaller ones, and those as large or larger, do not count [m2].
    served : share of the people it is meant for [1].

    Examples
    --------
    A clinic on 720 m2 for 360 people.

    >>> from twin.gis.grid import grid_city
    >>> area_per_head(grid_city(5), facility="clinic")
    2.0
    """
    if not 0 < served <= 1:
        raise DataError(f"area_per_head: 'served' is a share above 0 and up to 1, not {served}")
    known = _amounts(city, facility, area)
    return float(known[(known >= least_area) & (known < most_area)].sum() / (places(city, of).weight.sum() * served))


@measure(unit="m2/household", en="area per household", zh="户均面积", given={"least_area": "m2"}, reads=_READS)
def area_per_household(
    city: City, *, facility: Kinds, area: str = "floor_area", of: str = "households", least_area: float = 0.0
) -> float:
    """Area of the open facilities of a kind over households [m2/household].

    Parameters
    ----------
    area : ``floor_area`` or ``area`` (ground).
    of : column of the population that counts households.
    least_area : smaller facilities do not count [m2].

    Examples
    --------
    A clinic on 720 m2 where the jobs, 180, stand for households.

    >>> from twin.gis.grid import grid_city
    >>> area_per_household(grid_city(5), facility="clinic", area="area", of="jobs")
    4.0
    """
    known = _amounts(city, facility, area)
    return float(known[known >= least_area].sum() / places(city, of).weight.sum())


@measure(unit="1", en="area of some facilities over others", zh="设施面积之比", reads=("facilities",))
def area_ratio(city: City, *, facility: Kinds, over: Kinds, area: str = "area") -> float:
    """Area of the open facilities of some kinds over that of others: sports grounds over parks [1].

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> area_ratio(grid_city(5), facility="clinic", over="park")  # 720 m2 over 2,500 m2
    0.288
    """
    whole = float(_amounts(city, over, area).sum())
    if not whole > 0:
        raise MissingData(f"{city.name}: the {area} of {over} is 0 together", layer="facilities", column=area)
    return float(_amounts(city, facility, area).sum() / whole)


@measure(
    unit="1", en="floor of facilities over that of buildings", zh="设施建筑面积占比", reads=("facilities", "buildings")
)
def floor_of_kind(city: City, *, facility: Kinds, use: str = "residential") -> float:
    """Floor of the open facilities of some kinds over that of the buildings of a use [1].

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> from twin.measures.land import with_buildings
    >>> city = with_buildings(grid_city(5)).with_columns("facilities", floor_area=[250.0, 0.0, 0.0, 0.0])
    >>> floor_of_kind(city, facility="clinic")  # of 2,500 m2
    0.1
    """
    floors = city.column("buildings", "floor_area")[(city.table("buildings")["use"] == use).to_numpy()]
    if np.isnan(floors).any() or not floors.sum() > 0:
        raise MissingData(f"{city.name}: {use} buildings have no floor area", layer="buildings", column="floor_area")
    return float(_amounts(city, facility, "floor_area").sum() / floors.sum())


@measure(unit="count", en="people for each facility", zh="每处设施服务人口", reads=_READS)
def people_for_each(city: City, *, facility: Kinds, of: str = "people") -> float:
    """People over the open facilities of a kind; `inf` where there is none [count].

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> people_for_each(grid_city(5), facility="clinic")
    360.0
    """
    count = float(sites(city, facility).sum())
    return float(places(city, of).weight.sum()) / count if count else inf


@measure(unit="m2", en="land for each facility", zh="每处设施服务用地", reads=("facilities",))
def land_for_each(city: City, *, facility: Kinds) -> float:
    """The city's land over the open facilities of a kind; `inf` where there is none [m2].

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> land_for_each(grid_city(5), facility="clinic")
    250000.0
    """
    count = float(sites(city, facility).sum())
    return float(shapely.area(city.land())) / count if count else inf


@measure(
    unit="1", en="places for a share of people", zh="可容纳人口比例", given={"area_each": "m2/person"}, reads=_READS
)
def room_for_share(city: City, *, facility: Kinds, area_each: float = 0.0, of: str = "people") -> float:
    """Share of the people that the open facilities of a kind have room for [1]; above 1 where there is more.

    Parameters
    ----------
    area_each : ground a person needs; capacity counts where it is 0 [m2/person].

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> round(room_for_share(grid_city(5), facility="clinic"), 6) == round(50 / 360, 6)
    True
    """
    room = _amounts(city, facility, "area" if area_each else "capacity").sum() / (area_each or 1.0)
    return float(room / places(city, of).weight.sum())


@measure(unit="1", en="share of facilities of a least size", zh="达到最小规模的设施比例", reads=("facilities",))
def sized(city: City, *, facility: Kinds, least: float = 0.0, most: float = inf, size: str = "area") -> Share:
    """Share of the open facilities of a kind whose size is at least a minimum and at most a maximum, inclusive.

    Parameters
    ----------
    least, most : smallest and largest size, in the unit of the column.
    size : column of the facilities: area, floor_area [m2], capacity [persons].

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> sized(grid_city(5), facility="clinic", least=1000).value
    0.0
    """
    serving = sites(city, facility)
    amount = _amounts(city, facility, size)
    reached = np.zeros(len(serving), dtype=bool)
    reached[np.flatnonzero(serving)] = (amount >= least) & (amount <= most)
    return Share.of(reached, serving.astype(float), layer="facilities", persons=False)


def _amounts(city: City, facility: Kinds, column: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """A column of the open facilities of a kind; a gap makes the sum unknown."""
    serving = sites(city, facility)
    if not serving.any():
        return np.zeros(0)
    values = city.column("facilities", column)[serving]
    gaps = int(np.isnan(values).sum())
    if gaps:
        kinds = (facility,) if isinstance(facility, str) else facility
        raise MissingData(
            f"{city.name}: {gaps} of {len(values)} open {listed(kinds)} have no {column}; the sum would be too small",
            layer="facilities",
            column=column,
        )
    return values
