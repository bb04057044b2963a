"""Units: numbers that anybody can look up."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin import units
from twin.errors import DataError, UnknownName
from twin.units import UNITS, dimension_of, quantity, shown


@pytest.mark.parametrize(
    ("given_", "unit", "value"),
    [
        (5, "s", 5.0),
        (5.5, "m", 5.5),
        ("15 minute", "s", 900.0),
        ("15  minute ", "s", 900.0),
        ("7", "s", 7.0),
        ("-3 cm", "m", -0.03),
        ("1e3 m", "km", 1.0),
        ({"value": 15, "unit": "minute"}, "s", 900.0),
        ({"value": 80, "unit": "%"}, "1", 0.8),
        ({"value": 50, "unit": "km/h"}, "m/s", 50 / 3.6),
        ({"value": 1, "unit": "mph"}, "km/h", 1.609344),
        ({"value": 1, "unit": "km2"}, "ha", 100.0),
        ({"value": 1.5, "unit": "m2"}, "m2", 1.5),
        ({"value": 4, "unit": "ha/100,000 persons"}, "m2/person", 0.4),
        ({"value": 6, "unit": "1/1,000 persons"}, "1/person", 0.006),
        ({"value": 8, "unit": "km/km2"}, "m/m2", 0.008),
        ({"value": 1, "unit": "day"}, "h", 24.0),
        ("inf m", "m", math.inf),
    ],
)
def test_quantities(given_, unit, value):
    assert quantity(given_, unit=unit) == pytest.approx(value, rel=1e-14)


@pytest.mark.parametrize(
    ("given_", "says"),
    [
        ("far", "f: 'far' is not a number"),
        ("", "is not a number"),
        (None, "'None' is not a number"),
        (True, "'True' is not a number"),
        ({"value": False, "unit": "s"}, "'False' is not a number"),
        ([5], "is not a number"),
        (math.nan, "'nan' is not a number"),
        ("nan s", "'nan' is not a number"),
        (10**400, "is not a number"),
        ("1 + 1", r"no unit '\+ 1'"),
        ("5 m", "'m' is not a unit of \\[s\\]"),
        ({"value": 5}, "has the keys 'value' and 'unit'"),
        ({"value": 5, "unit": "s", "note": ""}, "has the keys 'value' and 'unit'"),
        ("5 minuet", "f: no unit 'minuet'; did you mean 'minute'"),
    ],
)
def test_what_is_no_quantity(given_, says):
    with pytest.raises((DataError, UnknownName), match=says) as error:
        quantity(given_, unit="s", where="f")
    assert str(error.value).startswith("f: ")


def test_units_of_the_table():
    assert dimension_of("km/h") == "m/s"
    with pytest.raises(UnknownName, match=r"f: no unit 'kmh'; did you mean 'km/h'\?"):
        dimension_of("kmh", where="f")
    for name, (dimension, factor) in UNITS.items():
        assert UNITS[dimension] == (dimension, 1.0), name  # what they are multiples of is itself a unit
        assert factor > 0
    with pytest.raises(TypeError):
        UNITS["foot"] = ("m", 0.3048)


def test_names_for_scripts_agree_with_the_table():
    for name in ("second", "minute", "hour", "day", "metre", "kilometre", "hectare", "percent"):
        assert getattr(units, name) == UNITS[name][1]
    assert (units.millimetre, units.centimetre) == (UNITS["mm"][1], UNITS["cm"][1])
    assert units.kmh == UNITS["km/h"][1]
    assert units.__all__ == sorted(units.__all__)


@given(st.floats(-1e12, 1e12), st.sampled_from(sorted(UNITS)))
def test_there_and_back(value, unit):
    si = dimension_of(unit)
    there = quantity({"value": value, "unit": unit}, unit=si)
    assert quantity({"value": there, "unit": si}, unit=unit) == pytest.approx(value, rel=1e-12)
    assert quantity({"value": value, "unit": unit}, unit=unit) == value


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.8213, "1", "82.1 %"),
        (0, "1", "0.0 %"),
        (240, "s", "4 min"),
        (59, "s", "59 s"),
        (-90, "s", "-1.5 min"),
        (1530, "m", "1,530 m"),
        (12.34, "m", "12.3 m"),
        (0.006, "1/person", "6 per 1,000 persons"),
        (5e-6, "1/m2", "5 per km2"),
        (0.008, "m/m2", "8 km/km2"),
        (math.nan, "m", "–"),
        (math.inf, "m", "inf m"),
    ],
)
def test_as_people_read_it(value, unit, text):
    assert shown(value, unit) == text
