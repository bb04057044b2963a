"""Units: plain SI floats inside, named at the door.

A caller writes ``15 * minute``; a file writes ``{ value = 15, unit = "minute" }`` or ``"15 minute"``.
The names are those of the tables below and no others: a unit is looked up, never evaluated.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan
from types import MappingProxyType
from typing import Any

from twin.errors import DataError, UnknownName

__all__ = [
    "UNITS",
    "centimetre",
    "day",
    "dimension_of",
    "hectare",
    "hour",
    "kilometre",
    "kmh",
    "metre",
    "millimetre",
    "minute",
    "percent",
    "quantity",
    "second",
    "shown",
    "shown_in",
]

second = 1.0  # [s]
minute = 60.0  # [s]
hour = 3600.0  # [s]
day = 86400.0  # [s]
metre = 1.0  # [m]
millimetre = 0.001  # [m]
centimetre = 0.01  # [m]
kilometre = 1000.0  # [m]
hectare = 10_000.0  # [m2]
kmh = 1 / 3.6  # [m/s]
percent = 0.01  # [1]

#: unit name -> (dimension, factor to the SI unit of that dimension)
UNITS: Mapping[str, tuple[str, float]] = MappingProxyType(
    {
        "1": ("1", 1.0),
        "%": ("1", 0.01),
        "percent": ("1", 0.01),
        "count": ("count", 1.0),
        "s": ("s", 1.0),
        "second": ("s", 1.0),
        "min": ("s", 60.0),
        "minute": ("s", 60.0),
        "h": ("s", 3600.0),
        "hour": ("s", 3600.0),
        "day": ("s", 86400.0),
        "year": ("year", 1.0),
        "mm": ("m", 0.001),
        "cm": ("m", 0.01),
        "m": ("m", 1.0),
        "metre": ("m", 1.0),
        "km": ("m", 1000.0),
        "kilometre": ("m", 1000.0),
        "m2": ("m2", 1.0),
        "ha": ("m2", 10_000.0),
        "hectare": ("m2", 10_000.0),
        "km2": ("m2", 1e6),
        "m/s": ("m/s", 1.0),
        "km/h": ("m/s", 1 / 3.6),
        "mph": ("m/s", 0.44704),
        "m2/person": ("m2/person", 1.0),
        "ha/100,000 persons": ("m2/person", 0.1),
        "1/person": ("1/person", 1.0),
        "1/1,000 persons": ("1/person", 1e-3),
        "1/10,000 persons": ("1/person", 1e-4),
        "1/50,000 persons": ("1/person", 2e-5),
        "1/100,000 persons": ("1/person", 1e-5),
        "km/km2": ("m/m2", 1e-3),
        "m/m2": ("m/m2", 1.0),
        "1/km2": ("1/m2", 1e-6),
        "1/m2": ("1/m2", 1.0),
        "1/1,000,000 persons": ("1/person", 1e-6),
        "m2/household": ("m2/household", 1.0),
        "m2/100 households": ("m2/household", 0.01),
        "m2/1,000 persons": ("m2/person", 1e-3),
        "ha/1,000 persons": ("m2/person", 10.0),
        "1/3,000 persons": ("1/person", 1 / 3000),
        "m/person": ("m/person", 1.0),
        "km/100,000 persons": ("m/person", 0.01),
        "person/m2": ("person/m2", 1.0),
        "person/km2": ("person/m2", 1e-6),
        "lx": ("lx", 1.0),
        "kg/m3": ("kg/m3", 1.0),
        "ug/m3": ("kg/m3", 1e-9),
        "m3/s/person": ("m3/s/person", 1.0),
        "L/day/person": ("m3/s/person", 1e-3 / 86400),
        "person": ("person", 1.0),
        "persons": ("person", 1.0),
        "m3/s": ("m3/s", 1.0),
        "L/s": ("m3/s", 1e-3),
        "dB": ("dB", 1.0),
        "kg/person": ("kg/person", 1.0),
        "t/person": ("kg/person", 1000.0),
        "W/person": ("W/person", 1.0),
        "kWh/year/person": ("W/person", 1000 / 8760),
        "W/m": ("W/m", 1.0),
        "kWh/year/km": ("W/m", 1 / 8760),
        "W": ("W", 1.0),
        "kW": ("W", 1000.0),
        "MW": ("W", 1e6),
    }
)


def dimension_of(unit: str, *, where: str = "") -> str:
    """SI unit that `unit` is a multiple of; `UnknownName` where there is none such."""
    if unit not in UNITS:
        raise UnknownName("unit", unit, UNITS, where=where)
    return UNITS[unit][0]


def quantity(given: Any, *, unit: str, where: str = "") -> float:
    """A number in SI from what a file or a caller gave.

    Parameters
    ----------
    given : a number (already SI), ``{"value": 15, "unit": "minute"}`` or ``"15 minute"``.
    unit : the SI unit that is expected, such as ``"s"``.
    where : what the error message starts with.

    Raises
    ------
    DataError : not a number (NaN is none), or a unit of another dimension.
    UnknownName : a unit that the table does not have.

    Examples
    --------
    >>> quantity({"value": 15, "unit": "minute"}, unit="s")
    900.0
    >>> quantity("0.3 m", unit="m")
    0.3
    """
    place = f"{where}: " if where else ""
    name = unit
    if isinstance(given, Mapping):
        if set(given) != {"value", "unit"}:
            raise DataError(f"{place}a quantity has the keys 'value' and 'unit', not {sorted(given)}")
        given, name = given["value"], str(given["unit"])
    elif isinstance(given, str):
        number, _, rest = given.strip().partition(" ")
        given, name = number, rest.strip() or unit
    if isinstance(given, bool):
        raise DataError(f"{place}'{given}' is not a number")
    try:
        value = float(given)
    except (TypeError, ValueError, OverflowError):
        raise DataError(f"{place}'{given}' is not a number") from None
    if isnan(value):
        raise DataError(f"{place}'{given}' is not a number")
    if dimension_of(name, where=where) != dimension_of(unit):
        raise DataError(f"{place}'{name}' is not a unit of [{unit}]")
    return value * (UNITS[name][1] / UNITS[unit][1])


#: SI units that nobody reads: what is shown instead, and its factor.
_SHOWN: Mapping[str, tuple[str, float]] = MappingProxyType(
    {
        "1/person": ("per 1,000 persons", 1e3),
        "1/m2": ("per km2", 1e6),
        "m/m2": ("km/km2", 1e3),
        "m2/household": ("m2/100 households", 100.0),
        "m/person": ("km/100,000 persons", 100.0),
        "person/m2": ("persons/km2", 1e6),
        "kg/m3": ("ug/m3", 1e9),
        "m3/s/person": ("L/day/person", 86_400_000.0),
    }
)


def shown_in(unit: str, *, most: float = float("inf")) -> tuple[str, float]:
    """The unit that people read a value in, and its factor: for an axis whose values go up to `most`.

    >>> shown_in("1"), shown_in("s", most=900), shown_in("s", most=50), shown_in("m")
    (('%', 100.0), ('min', 0.016666666666666666), ('s', 1.0), ('m', 1.0))
    """
    if unit == "1":
        return "%", 100.0
    if unit == "s" and most >= 60:
        return "min", 1 / 60
    return _SHOWN.get(unit, ("" if unit == "count" else unit, 1.0))


#: What units are called in Chinese where that is more than their sign; those that stand close to the number.
_CHINESE: Mapping[str, str] = MappingProxyType(
    {
        "per 1,000 persons": "/千人",
        "per km2": "/km²",
        "km/km2": "km/km²",
        "m2": "m²",
        "m3": "m³",
        "m2/100 households": "m²/百户",
        "km/100,000 persons": "km/10万人",
        "persons/km2": "人/km²",
        "ug/m3": "µg/m³",
        "L/day/person": "L/(人·d)",
        "m2/person": "m²/人",
        "m3/person": "m³/人",
        "kg/person": "kg/人",
        "W/person": "W/人",
        "person": "人",
        "persons": "人",
        "household": "户",
        "year": "年",
        "1/household": "/户",
        "1/year": "/年",
    }
)


def shown(value: float, unit: str, *, language: str = "en") -> str:
    """A value as people read it: shares in percent, seconds in minutes, with the unit visible.

    >>> shown(0.8213, "1"), shown(240, "s"), shown(1530, "m"), shown(4, "count")
    ('82.1 %', '4 min', '1,530 m', '4')
    >>> shown(259200, "s"), shown(0.0028, "1/person", language="zh"), shown(15, "year", language="zh")
    ('72 h', '2.8/千人', '15年')
    """
    text = _shown(value, unit)
    if language != "zh":
        return text
    number, _, name = text.partition(" ")
    chinese = _CHINESE.get(name)
    if chinese is None:
        return text
    return f"{number}{chinese}" if chinese[0] in "/年人户" else f"{number} {chinese}"


def _shown(value: float, unit: str) -> str:
    if value != value:  # NaN  # noqa: PLR0124
        return "–"
    if unit == "1":
        return f"{100 * value:.1f} %"
    if unit == "s":
        if abs(value) >= 60_000:
            return f"{value / 3600:,.3g} h"
        return f"{value / 60:.3g} min" if abs(value) >= 60 else f"{value:.3g} s"
    if unit in _SHOWN:
        name, factor = _SHOWN[unit]
        text = f"{value * factor:.3g}" if abs(value * factor) < 1000 else f"{value * factor:,.0f}"
        return f"{text} {name}"
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return text if unit == "count" else f"{text} {unit}"
