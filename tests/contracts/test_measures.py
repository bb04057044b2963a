"""What every registered measure owes: a unit that exists, labels, an example, and a value that fits its layer."""

import dataclasses
import inspect

import numpy as np
import pandas as pd
import pytest

from twin.gis.grid import grid_city
from twin.measures import Share, Statistic, measures
from twin.measures.areas import with_communities
from twin.measures.carbon import with_activities
from twin.measures.cases import with_cases
from twin.measures.ecology import with_trees
from twin.measures.exposure import with_flood
from twin.measures.interruptions import with_outages
from twin.measures.land import with_buildings
from twin.measures.light import with_lamps
from twin.measures.lines import with_visits
from twin.measures.noise import with_traffic
from twin.measures.places import places
from twin.measures.rain import with_rain
from twin.measures.region import with_line, with_motorway
from twin.measures.response import with_answers
from twin.measures.trips import with_trips
from twin.measures.utilities import with_mains
from twin.measures.waiting import with_calls
from twin.model import Trace
from twin.units import dimension_of

#: How each measure is called here; a registered measure without a row fails.
GIVEN = {
    "access_gini": {"facility": "clinic"},
    "across_within": {"facility": "clinic", "within": 20.0, "layer": "communities"},
    "all_within": {"facility": ["clinic", ["bus_stop", "park"]], "within": 500.0},
    "amount_per_head": {"facility": "clinic"},
    "amount_share": {"facility": "clinic", "amount": "nursing_beds"},
    "answered_within": {"layer": "hotline", "within": 15.0},
    "area_count": {"layer": "communities"},
    "area_each": {"record": "buses"},
    "area_per_head": {"facility": "park"},
    "area_per_household": {"facility": "clinic", "area": "area", "of": "jobs"},
    "area_per_record": {"facility": "clinic", "record": "buses"},
    "area_ratio": {"facility": "clinic", "over": "park"},
    "areas_called": {"layer": "communities"},
    "areas_joined": {"to": "clinic", "layer": "communities"},
    "areas_of": {"layer": "communities", "least": 100.0},
    "areas_sized": {"of": "people", "least": 10.0},
    "areas_with": {"facility": ["clinic", "bus_stop"], "groups": 2},
    "areas_within": {"facility": "clinic", "within": 20.0, "layer": "communities"},
    "areas_without": {"facility": "clinic"},
    "attached": {"layer": "facilities"},
    "availability": {"network": "power", "customers": "buses"},
    "away_from_junctions": {"facility": "bus_stop"},
    "behind_one_way": {},
    "block_side": {},
    "buildings_exposed": {"layer": "flood_100"},
    "calls_connected": {"layer": "hotline"},
    "cell_size": {"layer": "flood_100"},
    "choices_within": {"facility": "bus_stop", "network": "walk", "within": 500.0},
    "clearance_time": {"crowd": "Walkers"},
    "commute_within": {"facility": "clinic", "within": 30.0, "modes": ("drive",)},
    "concentration": {"layer": "flood_100"},
    "connected_share": {"network": "water", "source": ("works",)},
    "covered": {"layer": "flood_100"},
    "crossing_light": {"widest": "residential"},
    "crossing_rim": {"widest": "residential"},
    "demand_per_head": {},
    "distance_within": {"facility": "clinic", "within": 500.0},
    "emissions_per_head": {},
    "facilities_exposed": {"facility": "clinic", "layer": "flood_100"},
    "facilities_per_head": {"facility": "bus_stop"},
    "facilities_per_record": {"facility": "clinic", "record": "buses"},
    "facilities_within": {"facility": "bus_stop", "near": "clinic", "within": 100.0},
    "facility_density": {"facility": "bus_stop"},
    "filled": {"layer": "facilities", "column": "capacity"},
    "floor_of_kind": {"facility": "clinic"},
    "floor_per_head": {},
    "floor_ratio": {},
    "floor_share": {"use": "residential"},
    "frequent_within": {"within": 500.0, "headway": 1200.0},
    "green_connectivity": {"within": 100.0},
    "green_cover": {},
    "green_joined": {"width": 20.0},
    "growth_ratio": {},
    "handled_within": {"matter": "licence", "days": 3.0},
    "interruption_count": {"network": "power", "customers": "buses"},
    "interruption_length": {"network": "power"},
    "interruption_time": {"network": "power", "customers": "buses"},
    "junction_density": {},
    "kth_time": {"facility": "bus_stop", "network": "walk"},
    "land_for_each": {"facility": "clinic"},
    "land_per_head": {"use": "residential"},
    "land_ratio": {"use": "commercial", "over": "residential"},
    "largest_cluster": {},
    "length_per_head": {"network": "walk"},
    "light_power": {},
    "light_uniformity": {"classes": ["residential"]},
    "line_percentile": {"facility": "clinic"},
    "longest_line": {"facility": "clinic"},
    "lost_share": {"put_in": "water_in", "billed": "water_billed"},
    "low_rise": {"storeys": 6.0},
    "marked_area": {"layer": "green"},
    "marked_length": {"network": "drive", "column": "monitored"},
    "marked_share": {"layer": "buildings", "column": "solar"},
    "marked_within": {"layer": "communities", "column": "solar"},
    "mean_delay": {},
    "mean_line": {"facility": "clinic"},
    "mean_response": {"service": "fire_station"},
    "mean_time": {"facility": "clinic", "network": "walk"},
    "mean_trip": {},
    "mean_wait": {"layer": "hotline"},
    "model_level": {},
    "network_density": {},
    "nearest_across": {"facility": "clinic", "layer": "communities"},
    "noise_within": {"at_most": 60.0},
    "on_rings": {"network": "water", "source": ("works",)},
    "open_length": {},
    "open_space_share": {},
    "own_within": {"facility": "clinic", "within": 20.0, "layer": "communities"},
    "people_around": {"within": 300.0},
    "people_density": {},
    "people_exposed": {"layer": "flood_100"},
    "people_for_each": {"facility": "clinic"},
    "people_ratio": {"part": "jobs"},
    "radio_cover": {"facility": "clinic"},
    "rain_held": {"design": 0.02},
    "recorded_count": {"record": "buses"},
    "recorded_density": {"record": "buses"},
    "recorded_energy": {"record": "load"},
    "recorded_flow": {"record": "water_in"},
    "recorded_length": {"record": "model_resolution"},
    "recorded_rate": {"record": "buses"},
    "recorded_ratio": {"record": "buses", "over": "buses_electric"},
    "recorded_share": {"record": "walk_share"},
    "recorded_time": {"record": "commute"},
    "recorded_years": {"record": "design_period"},
    "response_percentile": {"service": "fire_station"},
    "response_time": {"facility": "clinic", "network": "walk"},
    "response_within": {"service": "fire_station", "within": 300.0},
    "room_for_share": {"facility": "clinic"},
    "run_off": {},
    "seats_within": {"facility": "bus_stop", "to": "clinic", "within": 20.0},
    "separation": {"facility": "clinic", "hazard": "bus_stop"},
    "served_within": {"facility": "clinic", "within": 60.0},
    "share_within": {"facility": "clinic", "network": "walk", "within": 300.0},
    "shelter_overflow": {"crowd": "Walkers", "facility": "clinic"},
    "single_use": {},
    "sized": {"facility": "park", "least": 1000.0},
    "source_count": {"network": "water", "source": ("works",)},
    "spacing": {"facility": "bus_stop"},
    "staffed_time": {"layer": "hotline"},
    "straight_within": {"facility": ["clinic", "park"], "within": 300.0},
    "street_light": {},
    "streets_passable": {"layer": "flood_100", "depth": 0.3},
    "supplied_after_loss": {"network": "water", "source": ("works",)},
    "supply_over_demand": {"network": "water", "source": ("works",)},
    "tallest": {},
    "time_between": {"facility": "bus_stop", "to": "clinic"},
    "time_to_road": {"facility": "clinic", "classes": ("motorway",)},
    "total_delay": {},
    "travel_distance": {"facility": "clinic"},
    "travel_time": {"facility": "clinic"},
    "trees_near": {"within": 15.0},
    "trip_percentile": {"share": 0.9},
    "trips_within": {"within": 150.0},
    "unit_workload": {"service": "clinic"},
    "unmet_share": {"facility": "clinic"},
    "unmet_worst": {"facility": "clinic"},
    "use_mix": {},
    "walk_within": {"facility": "clinic", "within": 300.0, "speed": 1.0},
    "way_length": {"crowd": "Walkers"},
    "ways_out": {},
    "width_share": {"least": 4.0},
    "worst_group": {"facility": "clinic", "network": "walk", "within": 500.0, "groups": ("people", "jobs")},
}
#: Layer that a result is aligned with, by name.
ROWS = {"population": 81, "facilities": 4, "buildings": 1, "communities": 2, "green": 1, "blocks": 64}


def furnished():
    """A grid with all that some measure reads: houses, water, mains, lamps, lines, registers and logs."""
    city = with_lamps(with_calls(with_mains(with_flood(with_buildings(grid_city(8))))))
    for add in (with_outages, with_cases, with_activities, with_rain, with_traffic, with_communities, with_trees):
        city = add(city)
    city = city.with_columns("buildings", solar=[1.0])
    city = city.with_columns(
        "facilities", nursing_beds=[20.0, 0.0, 0.0, 0.0], servers=[2.0] * 4, floor_area=[250.0, 0.0, 0.0, 0.0]
    )
    streets = city.network("drive").with_columns(width=6.0, monitored=1.0)
    return with_line(with_motorway(city.with_network("drive", streets)))


def ran():
    """A run with all that some measure reads: trips, visits, calls and where everybody is in the end."""
    trips, visits = with_trips([75, 150, 225, 300], inside=2), with_visits([0, 60, 240, None])
    calls = pd.concat([with_answers([60, 120, 240], service=kind)["calls"] for kind in ("fire_station", "clinic")])
    end = pd.concat([trips["end"], visits["end"].assign(number=1)])
    tables = {"trips": trips["trips"], "visits": visits["visits"].assign(crowd=1), "calls": calls, "end": end}
    return Trace(tables, 3600.0, 0, crowds=("Walkers", "Visitors"))


def given(name):
    """Arguments of a measure, with a run where it reads one."""
    return GIVEN[name] | ({"trace": ran()} if "trace" in measures[name].parameters else {})


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
    found = measures[name].function(city, **given(name))
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
    first, second = (measures[name].function(each, **given(name)) for each in (city, furnished()))
    if dataclasses.is_dataclass(first):
        assert first.value == second.value
    else:
        assert np.array_equal(np.asarray(first), np.asarray(second))
