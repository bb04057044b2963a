"""Records: figures about a city that no map holds, read by name with their unit, year and source."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.errors import DataError, MissingData, UnknownName
from twin.measures.measure import measure
from twin.measures.places import Kinds, places, sites
from twin.model import City
from twin.units import quantity

__all__ = [
    "area_each",
    "area_per_record",
    "facilities_per_record",
    "growth_ratio",
    "lost_share",
    "recorded",
    "recorded_count",
    "recorded_density",
    "recorded_energy",
    "recorded_flow",
    "recorded_length",
    "recorded_rate",
    "recorded_ratio",
    "recorded_share",
    "recorded_time",
    "recorded_years",
]

_READS = ("records",)


def recorded(city: City, name: str, unit: str) -> float:
    """A figure of the table ``records`` in an SI unit.

    Raises
    ------
    MissingData : there is no such table, the figure does not stand in it, or it has no value.
    DataError : its unit measures something else.
    """
    table = city.table("records")
    figures = city.memory.of("figures", (table,), lambda: _figures(table))
    if name not in figures:
        known = UnknownName("record", name, table["id"])
        raise MissingData(f"{city.name}: {known}; add it to records with its year and source", layer="records")
    value, given = figures[name]
    if np.isnan(value):
        raise MissingData(f"{city.name}: the record '{name}' has no value", layer="records", column="value")
    return quantity({"value": value, "unit": given}, unit=unit, where=f"{city.name}, records, {name}")


def _figures(table: pd.DataFrame) -> dict[str, tuple[float, str]]:
    """Value and unit of each record; the first of those of one name."""
    rows = zip(table["id"], table["value"].astype(float), table["unit"].astype(str), strict=True)
    return {str(name): (value, unit or "1") for name, value, unit in reversed(list(rows))}


@measure(unit="1", en="recorded share", zh="登记比例", reads=_READS)
def recorded_share(city: City, *, record: str, over: str = "") -> float:
    """A share that a register holds, or one recorded number over another [1].

    Parameters
    ----------
    record, over : names of figures in ``records``; counts where `over` is given.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> recorded_share(with_records(grid_city(1)), record="buses_electric", over="buses")
    0.75
    """
    if not over:
        return recorded(city, record, "1")
    whole = recorded(city, over, "count")
    if not whole > 0:
        raise DataError(f"{city.name}: the record '{over}' is 0; a share of it is not defined", layer="records")
    return recorded(city, record, "count") / whole


@measure(unit="count", en="recorded number", zh="登记数量", reads=_READS)
def recorded_count(city: City, *, record: str) -> float:
    """A number that a register holds [count].

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> recorded_count(with_records(grid_city(1)), record="buses")
    40.0
    """
    return recorded(city, record, "count")


@measure(unit="1/person", en="recorded number per head", zh="人均登记数量", reads=("records", "population"))
def recorded_rate(city: City, *, record: str, of: str = "people") -> float:
    """A recorded number (staff, deaths, subscriptions) over residents or one group of them [1/person].

    Parameters
    ----------
    of : column of the population, named because registered and resident people give different rates.

    Examples
    --------
    40 buses for 40 people.

    >>> from twin.gis.grid import grid_city
    >>> recorded_rate(with_records(grid_city(1)), record="buses")
    1.0
    """
    return recorded(city, record, "count") / float(places(city, of).weight.sum())


@measure(unit="s", en="recorded time", zh="登记时间", reads=_READS)
def recorded_time(city: City, *, record: str) -> float:
    """A time that a register or survey holds [s].

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> recorded_time(with_records(grid_city(1)), record="commute")
    1500.0
    """
    return recorded(city, record, "s")


@measure(unit="W/person", en="recorded power per head", zh="人均登记用电", reads=("records", "population"))
def recorded_energy(city: City, *, record: str, of: str = "people") -> float:
    """A recorded mean power (the electricity of a year over its hours) over residents [W/person].

    Examples
    --------
    40 kW for 40 people.

    >>> from twin.gis.grid import grid_city
    >>> recorded_energy(with_records(grid_city(1)), record="load")
    1000.0
    """
    return recorded(city, record, "W") / float(places(city, of).weight.sum())


@measure(unit="count", en="one recorded number over another", zh="登记数量之比", reads=_READS)
def recorded_ratio(city: City, *, record: str, over: str) -> float:
    """One recorded number for each of another: parking spaces for each car, people for each tap [count].

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> recorded_ratio(with_records(grid_city(1)), record="buses", over="buses_electric") == 40 / 30
    True
    """
    return recorded_share(city, record=record, over=over)


@measure(unit="1/m2", en="recorded number on the land", zh="单位面积登记数量", reads=_READS)
def recorded_density(city: City, *, record: str) -> float:
    """A recorded number over the city's land [1/m2].

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> recorded_density(with_records(grid_city(1)), record="buses")
    0.004
    """
    return recorded(city, record, "count") / float(shapely.area(city.land()))


@measure(unit="m2", en="land for each recorded thing", zh="每单元平均用地面积", reads=_READS)
def area_each(city: City, *, record: str) -> float:
    """The city's land over a recorded number: the mean size of a cell of management [m2].

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> area_each(with_records(grid_city(1)), record="buses")
    250.0
    """
    return 1.0 / recorded_density(city, record=record)


@measure(unit="m", en="recorded length", zh="登记长度", reads=_READS)
def recorded_length(city: City, *, record: str) -> float:
    """A length that a register holds [m].

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> recorded_length(with_records(grid_city(1)), record="model_resolution")
    0.05
    """
    return recorded(city, record, "m")


@measure(unit="year", en="recorded years", zh="登记年数", reads=_READS)
def recorded_years(city: City, *, record: str) -> float:
    """Years that a register or a design holds: a life expectancy, a return period [year].

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> recorded_years(with_records(grid_city(1)), record="design_period")
    50.0
    """
    return recorded(city, record, "year")


@measure(unit="m3/s/person", en="recorded flow per head", zh="人均登记水量", reads=("records", "population"))
def recorded_flow(city: City, *, record: str, over: str = "") -> float:
    """A recorded flow of water over residents, or over the people that another record counts [m3/s/person].

    Examples
    --------
    85 L/s for 40 people.

    >>> from twin.gis.grid import grid_city
    >>> recorded_flow(with_records(grid_city(1)), record="water_billed") * 1000
    2.125
    """
    people = recorded(city, over, "count") if over else float(places(city, "people").weight.sum())
    if not people > 0:
        raise DataError(f"{city.name}: the record '{over}' is 0; a flow per head is not defined", layer="records")
    return recorded(city, record, "m3/s") / people


@measure(unit="1", en="growth of land over growth of people", zh="土地消耗率与人口增长率之比", reads=_READS)
def growth_ratio(city: City) -> float:
    r"""Growth of built-up land over growth of people between two dates, :math:`(V_2-V_1)/V_1/T : \ln(P_2/P_1)/T` [1].

    Reads the records built_land_before, built_land_now [m2], people_before and people_now. 1 is balanced, above it
    land grows faster than people.

    References
    ----------
    UN SDG indicator 11.3.1.

    Examples
    --------
    Land grows by 10 %, people by e^0.05: twice as fast.

    >>> from twin.gis.grid import grid_city
    >>> round(growth_ratio(with_records(grid_city(1))), 3)
    2.0
    """
    land = [recorded(city, f"built_land_{when}", "m2") for when in ("before", "now")]
    people = [recorded(city, f"people_{when}", "count") for when in ("before", "now")]
    if min(*land, *people) <= 0 or people[0] == people[1]:
        raise MissingData(
            f"{city.name}: the ratio needs land and people above 0, and people who changed", layer="records"
        )
    return float((land[1] - land[0]) / land[0] / np.log(people[1] / people[0]))


@measure(unit="m2/person", en="area for each recorded person", zh="登记人数人均面积", reads=("facilities", "records"))
def area_per_record(city: City, *, facility: Kinds, record: str, area: str = "area") -> float:
    """Area of the open facilities of some kinds over a recorded number of people [m2/person].

    Examples
    --------
    A clinic on 720 m2 for 40.

    >>> from twin.gis.grid import grid_city
    >>> area_per_record(with_records(grid_city(1)), facility="clinic", record="buses")
    18.0
    """
    people = recorded(city, record, "count")
    if not people > 0:
        raise DataError(f"{city.name}: the record '{record}' is 0; an area per head is not defined", layer="records")
    values = _known(city, facility, area)
    return float(values.sum() / people)


@measure(
    unit="count", en="facilities for each recorded thing", zh="设施与登记数量之比", reads=("facilities", "records")
)
def facilities_per_record(city: City, *, facility: Kinds, record: str, amount: str = "") -> float:
    """Open facilities of a kind, or a column of theirs added up, over a recorded number (chargers for cars) [count].

    Examples
    --------
    One clinic for 40 buses.

    >>> from twin.gis.grid import grid_city
    >>> facilities_per_record(with_records(grid_city(1)), facility="clinic", record="buses")
    0.025
    """
    serving, whole = sites(city, facility), recorded(city, record, "count")
    if not whole > 0:
        raise DataError(f"{city.name}: the record '{record}' is 0; a share of it is not defined", layer="records")
    if not amount:
        return float(serving.sum() / whole)
    values = _known(city, facility, amount)
    return float(values.sum() / whole)


@measure(unit="1", en="share lost on the way", zh="漏损率", reads=_READS)
def lost_share(city: City, *, put_in: str, billed: str) -> float:
    r"""What is put into a network and not billed, over what is put in, :math:`(I - B) / I` [1].

    The share falls where people use more, so that losses for each connection should stand beside it.

    Parameters
    ----------
    put_in, billed : records of mean flows.

    References
    ----------
    IWA water balance: non-revenue water.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> round(lost_share(with_records(grid_city(1)), put_in="water_in", billed="water_billed"), 9)
    0.15
    """
    whole, sold = recorded(city, put_in, "m3/s"), recorded(city, billed, "m3/s")
    if not whole > 0 or sold > whole:
        raise DataError(
            f"{city.name}: records {put_in} and {billed}: more is billed than put in, or nothing is", layer="records"
        )
    return (whole - sold) / whole


def _known(city: City, facility: Kinds, column: str) -> NDArray[np.float64]:
    """A column of the open facilities of some kinds; a gap makes the sum unknown."""
    values = city.column("facilities", column)[sites(city, facility)]
    gaps = int(np.isnan(values).sum())
    if gaps:
        raise MissingData(f"{city.name}: {gaps} open {facility} have no {column}", layer="facilities", column=column)
    return values


def with_records(city: City) -> City:
    """A city with a few figures of a register, for examples."""
    rows = [
        ("buses", 40.0, "count"),
        ("buses_electric", 30.0, "count"),
        ("commute", 25.0, "min"),
        ("load", 40.0, "kW"),
        ("water_in", 100.0, "L/s"),
        ("water_billed", 85.0, "L/s"),
        ("walk_share", 40.0, "%"),
        ("model_resolution", 5.0, "cm"),
        ("design_period", 50.0, "year"),
        ("built_land_before", 1.0, "km2"),
        ("built_land_now", 1.1, "km2"),
        ("people_before", 1000.0, "count"),
        ("people_now", 1051.2710963760241, "count"),
    ]
    table = pd.DataFrame(rows, columns=["id", "value", "unit"]).assign(year="2025", source="an example")
    return city.with_layer("records", table)
