"""What every registered measure owes: a unit that exists, labels, an example, and a value that fits its layer."""

import dataclasses
import inspect

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from twin.gis.grid import grid_city
from twin.measures import Share, Statistic, measures
from twin.measures.exposure import with_flood
from twin.measures.land import with_buildings
from twin.measures.places import places
from twin.measures.utilities import with_mains
from twin.measures.waiting import with_calls
from twin.units import dimension_of

#: How each measure is called here; a registered measure without a row fails.
GIVEN = {
    "access_gini": {"facility": "clinic"},
    "all_within": {"facility": ["clinic", ["bus_stop", "park"]], "within": 500.0},
    "amount_per_head": {"facility": "clinic"},
    "answered_within": {"layer": "hotline", "within": 15.0},
    "area_per_head": {"facility": "park"},
    "area_per_household": {"facility": "clinic", "area": "area", "of": "jobs"},
    "attached": {"layer": "facilities"},
    "buildings_exposed": {"layer": "flood_100"},
    "calls_connected": {"layer": "hotline"},
    "cell_size": {"layer": "flood_100"},
    "choices_within": {"facility": "bus_stop", "network": "walk", "within": 500.0},
    "concentration": {"layer": "flood_100"},
    "connected_share": {"network": "water", "source": ("works",)},
    "covered": {"layer": "flood_100"},
    "demand_per_head": {},
    "distance_within": {"facility": "clinic", "within": 500.0},
    "facilities_exposed": {"facility": "clinic", "layer": "flood_100"},
    "facilities_per_head": {"facility": "bus_stop"},
    "facilities_within": {"facility": "bus_stop", "near": "clinic", "within": 100.0},
    "facility_density": {"facility": "bus_stop"},
    "filled": {"layer": "facilities", "column": "capacity"},
    "floor_per_head": {},
    "floor_ratio": {},
    "floor_share": {"use": "residential"},
    "green_cover": {},
    "junction_density": {},
    "land_per_head": {"use": "residential"},
    "land_ratio": {"use": "commercial", "over": "residential"},
    "length_per_head": {"network": "walk"},
    "low_rise": {"storeys": 6.0},
    "mean_time": {"facility": "clinic", "network": "walk"},
    "network_density": {},
    "on_rings": {"network": "water", "source": ("works",)},
    "open_length": {},
    "open_space_share": {},
    "people_density": {},
    "people_exposed": {"layer": "flood_100"},
    "people_ratio": {"part": "jobs"},
    "response_time": {"facility": "clinic", "network": "walk"},
    "room_for_share": {"facility": "clinic"},
    "separation": {"facility": "clinic", "hazard": "bus_stop"},
    "share_within": {"facility": "clinic", "network": "walk", "within": 300.0},
    "sized": {"facility": "park", "least": 1000.0},
    "spacing": {"facility": "bus_stop"},
    "straight_within": {"facility": ["clinic", "park"], "within": 300.0},
    "street_light": {},
    "streets_passable": {"layer": "flood_100", "depth": 0.3},
    "supplied_after_loss": {"network": "water", "source": ("works",)},
    "tallest": {},
    "time_between": {"facility": "bus_stop", "to": "clinic"},
    "travel_distance": {"facility": "clinic"},
    "travel_time": {"facility": "clinic"},
    "use_mix": {},
    "walk_within": {"facility": "clinic", "within": 300.0, "speed": 1.0},
    "ways_out": {},
    "width_share": {"least": 4.0},
    "worst_group": {"facility": "clinic", "network": "walk", "within": 500.0, "groups": ("people", "jobs")},
}
#: Layer that a result is aligned with, by name.
ROWS = {"population": 81, "facilities": 4, "buildings": 1}


def furnished():
    """A grid with all that some measure reads: a building, water in the west, mains, lamps, and streets 6 m wide."""
    city = with_calls(with_mains(with_flood(with_buildings(grid_city(8)))))
    lamps = gpd.GeoDataFrame({"id": [0], "flux": [6000.0]}, geometry=[shapely.Point(50, 0)], crs=city.crs)
    return city.with_layer("street_lamps", lamps).with_network("drive", city.network("drive").with_columns(width=6.0))


@pytest.fixture
def city():
    return furnished()


def test_every_measure_has_an_example_here():
    assert sorted(GIVEN) == sorted(measures)


@pytest.mark.parametrize("name", sorted(measures))
def test_description(name):
    measure = measures[name]
    assert dimension_of(measure.unit) == measure.unit, "units of measures are SI"
    assert measure.en
    assert any("\u4e00" <= sign <= "\u9fff" for sign in measure.zh)
    for parameter, unit in measure.given.items():
        assert parameter in measure.parameters
        assert dimension_of(unit) == unit
    text = inspect.getdoc(measure.function)
    assert text is not None
    assert f"[{measure.unit}]" in text or "Share" in str(inspect.signature(measure.function).return_annotation)
    if name != "ways_out":  # its example needs a network beyond the boundary: tests/measures/test_supply.py
        assert ">>>" in text


@pytest.mark.parametrize("name", sorted(measures))
def test_value(name, city):
    if name == "ways_out":
        city = furnished()  # its network ends on the boundary: nodes on it count as outside
    before = {column: city.population[column].to_numpy().copy() for column in ("people", "jobs")}
    found = measures[name].function(city, **GIVEN[name])
    if isinstance(found, Share):
        assert 0.0 <= found.value <= 1.0
        assert found.reached.dtype == bool
        assert len(found.reached) == len(found.weight) == ROWS[found.layer]
    elif isinstance(found, Statistic):
        assert len(found.rows) == len(found.weight) == ROWS[found.layer]
        assert not np.isnan(found.value)
    elif isinstance(found, pd.Series):
        assert len(found) == len(places(city, "people").table)
        assert (found >= 0).all()
    else:
        assert isinstance(found, float)
        assert np.isfinite(found) or np.isnan(found)
    for column, values in before.items():
        assert (city.population[column].to_numpy() == values).all(), "a measure writes nothing"


@pytest.mark.parametrize("name", sorted(measures))
def test_the_same_twice(name, city):
    first, second = (measures[name].function(each, **GIVEN[name]) for each in (city, furnished()))
    if dataclasses.is_dataclass(first):
        assert first.value == second.value
    else:
        assert np.array_equal(np.asarray(first), np.asarray(second))
