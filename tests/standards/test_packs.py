"""The packs that come with `twin`: their figures, how they were read, and that each clause can be judged."""

import datetime as dt
import re
import tomllib
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

import twin.gis
from twin.gis.grid import grid_city
from twin.interventions import AddFacility
from twin.model import About, City, Source
from twin.standards import check, load, packs
from twin.standards.pack import limits_of

NAMES = ("emergency-cover", "living-circle", "parks", "sdg-11", "service-coverage")

#: Clause, limit key and limit, parameter and its value in SI, evidence: written out by hand.
BY_HAND = {
    "GB 50180-2018, C.0.2 kindergarten": ("at_least", 1.0, "within", 300.0, "partly read"),
    "GB 50180-2018, C.0.1 primary school": ("at_least", 1.0, "within", 500.0, "partly read"),
    "GB 50180-2018, C.0.1 junior middle school": ("at_least", 1.0, "within", 1000.0, "partly read"),
    "GB 50180-2018, App. C health station": ("at_least", 1.0, "within", 300.0, "recalled"),
    "GB 50180-2018, C.0.1 rail station": ("at_least", 1.0, "within", 800.0, "recalled"),
    "GB 50180-2018, 6.0.2 road density": ("at_least", 0.008, "on", "residential_land", "read"),
    "GB 51080-2015, 4.1.3(1) fire crew in five minutes": ("at_least", 1.0, "within", 240.0, "read"),
    "GB 50974-2014, 7.2 hydrant radius": ("at_least", 1.0, "within", 150.0, "read"),
    "GB 50974-2014, 7.2 hydrant spacing": ("at_most", 120.0, "facility", "fire_hydrant", "read"),
    "EMS-2020, ambulances": ("at_least", 0.00002, "amount", "servers", "recalled"),
    "GB 55028-2022, 4.2.2 room in fixed shelters": ("at_least", 0.15, "facility", "shelter_fixed", "partly read"),
    "GB 55028-2022, 4.2.4 secondary fire": ("at_least", 30.0, "hazard", "fuel_station", "partly read"),
    "NFPA 1710, 4.1.2.1 first engine": ("at_most", 240.0, "share", 0.9, "read"),
    "NFPA 1710, 4.1.2.1 advanced life support": ("at_most", 480.0, "share", 0.9, "read"),
    "GB 55014-2021, 2.1.3 park area per person": ("more_than", 8.0, "facility", "park", "read"),
    "GB 55014-2021, 2.1.3 park coverage": ("more_than", 0.8, "within", 500.0, "read"),
    "WHO Europe 2016/2017, green space near home": ("at_least", 1.0, "least_area", 5000.0, "read"),
    "Natural England ANGSt, 100 ha within 5 km": ("at_least", 1.0, "least_area", 1_000_000.0, "read"),
    "UN SDG, 11.2.1 low capacity": (None, None, "within", 500.0, "read"),
    "UN SDG, 11.2.1 high capacity": (None, None, "within", 1000.0, "read"),
    "TD/T 1063-2021, health care on foot": (None, None, "within", 900.0, "partly read"),
    "PS-145, nursery places": ("at_least", 0.0045, "facility", "nursery", "read"),
    "LIB-LAND, libraries per head": ("at_least", 0.000005, "facility", "library", "read"),
    "GB 55013-2021, 3.2.2 waste collection point": ("at_least", 1.0, "within", 120.0, "partly read"),
}


def test_the_packs_are_all_here_and_named_as_their_files():
    assert set(NAMES) <= set(packs)
    for name in NAMES:
        (pack,) = load(name)
        assert pack.name == name


def test_no_clause_stands_in_two_packs():
    keys = [clause.key for pack in load(NAMES) for clause in pack.clause]
    assert len(keys) == len(set(keys))


def test_every_text_is_in_both_languages():
    for pack in load(NAMES):
        labels = [
            pack.title,
            pack.about,
            *(each.title for each in pack.standard.values()),
            *(each.title for each in pack.clause),
        ]
        for label in labels:
            assert label.en.isascii(), label.en
            assert re.search(r"[\u4e00-\u9fff]", label.zh), label.zh


@pytest.mark.parametrize("key", BY_HAND)
def test_figures_written_out_by_hand(clauses, key):
    clause = clauses[key]
    limit, value, parameter, given, evidence = BY_HAND[key]
    assert limits_of(clause, {}, dt.date(2025, 6, 1)) == (
        {} if limit is None else {limit: pytest.approx(value, rel=1e-12)}
    )
    assert clause.arguments()[parameter] == (pytest.approx(given, rel=1e-12) if isinstance(given, float) else given)
    assert clause.source.evidence == evidence


def test_facilities_are_kinds_that_cities_have(clauses):
    kinds = tomllib.loads((Path(twin.gis.__file__).parent / "kinds.toml").read_text(encoding="utf-8"))["kind"]
    known = {*kinds, "shelter"}  # a shelter of unknown class comes from people, not from a map
    for clause in clauses.values():
        for key in ("facility", "hazard"):
            named = clause.given.get(key, ())
            assert {named} <= known if isinstance(named, str) else set(named) <= known, clause.key


def test_what_overrides_exists_and_is_not_itself(clauses):
    older = {old: clause.key for clause in clauses.values() for old in clause.overrides}
    assert older == {"GB 50180-2018, C.0.3 waste collection point": "GB 55013-2021, 3.2.2 waste collection point"}
    assert set(older) <= set(clauses)


def test_the_older_radius_gives_way_only_where_the_code_is_judged():
    city = grid_city(3)
    key = "GB 50180-2018, C.0.3 waste collection point"
    alone, both = check(city, "living-circle")[key], check(city, ["living-circle", "service-coverage"])[key]
    assert alone.status == "unknown"
    assert both.status == "not applicable"
    assert both.reason == "GB 55013-2021, 3.2.2 waste collection point takes its place"


def test_radii_of_living_circles_are_judged_on_foot_and_straight_beside():
    (pack,) = load("living-circle")
    radii = [clause for clause in pack.clause if clause.measure == "distance_within"]
    assert len(radii) == 23
    for clause in radii:
        assert clause.beside == "straight_within"
        assert clause.at_least == 1.0
        assert "of" not in clause.given
        if "waste collection station" not in clause.id:  # a cart drives
            assert clause.given["network"] == "walk"
            assert "strict reading" in clause.source.said.en


def test_minutes_on_foot_say_whose_speed_it_is(clauses):
    walked = [clause for clause in clauses.values() if clause.measure == "walk_within"]
    assert len(walked) == 10
    for clause in walked:
        assert clause.arguments()["speed"] == pytest.approx(80 / 60, rel=1e-12)
        assert "ours" in clause.source.said.en, clause.key


def test_goals_of_2025_are_levels(clauses):
    assert {clause.key for clause in clauses.values() if clause.valid.goal == 2025} == {
        "EMS-2020, station radius in town",
        "PS-145, nursery places",
        "PS-145, sports ground per person",
    }


def test_every_clause_is_judged_on_a_plain_city():
    found = check(grid_city(8), NAMES)
    assert len(found) == 85
    assert {each.status for each in found} == {"pass", "fail", "value", "unknown", "not applicable"}
    for each in found:
        assert each.reason
        assert each.reason_zh


def test_on_a_plain_city_by_hand():
    """81 corners of 10 people, 100 m apart; a clinic at (0, 0) and a park of 50 m x 50 m."""
    found = check(grid_city(8), NAMES)
    # within 1,000 m on foot: the triangle i + j <= 10 of 9 x 9 corners: 81 - (6 + 5 + 4 + 3 + 2 + 1) = 60
    clinic = found["GB 50180-2018, C.0.1 outpatient clinic"]
    assert (clinic.status, clinic.value, clinic.people) == ("fail", pytest.approx(60 / 81), 210)
    assert (
        "share within a straight distance: 96.3 %" in clinic.reason
    )  # 3 corners lie beyond 1,000 m: (7,8), (8,7), (8,8)
    # 15 minutes at 80 m/min are 1,200 m: 81 - (4 + 3 + 2 + 1) = 71
    assert found["TD/T 1063-2021, health care on foot"].value == pytest.approx(71 / 81)
    # the far corner is 1,600 m or 160 s of driving away
    assert found["NHC-15, health care in a quarter of an hour"].status == "pass"
    # 2,500 m2 for 810 people; 18 lines of 800 m on 0.64 km2
    assert found["GB 55014-2021, 2.1.3 park area per person"].value == pytest.approx(2500 / 810)
    assert found["GB 50180-2018, 6.0.2 road density"].value == pytest.approx(18 * 800 / 640_000)


def test_a_second_clinic_moves_several_clauses():
    before = check(grid_city(12), "service-coverage")
    after = check(AddFacility("clinic", at=(1200.0, 1200.0))(grid_city(12)), "service-coverage")
    moved = [old.key for old, new in zip(before, after, strict=True) if old.value < new.value]
    assert moved == ["TD/T 1063-2021, health care on foot", "TD/T 1063-2021, health care on foot from residential land"]


def test_recalled_figures_say_so(clauses):
    found = {each.key: each for each in check(full_city(), NAMES)}
    recalled = {key for key, clause in clauses.items() if clause.source.evidence == "recalled"}
    assert len(recalled) == 23
    for key, verdict in found.items():
        if verdict.status in {"pass", "fail", "value"}:
            assert ("the figure is recalled, not read" in verdict.reason) == (key in recalled), key
            assert ("凭记忆" in verdict.reason_zh) == (key in recalled), key
    assert {found[key].status for key in recalled} <= {"pass", "fail", "value"}


def test_an_estimated_population_is_a_doubt_of_people_and_not_of_land():
    city = grid_city(3)
    guessed = replace(city, about=replace(city.about, sources={"population": Source("a model", estimated=True)}))
    found = check(guessed, "service-coverage")
    assert "the population is estimated" in found["TD/T 1063-2021, health care on foot"].reason
    assert "estimated" not in found["TD/T 1063-2021, health care on foot from residential land"].reason


def test_no_clause_is_unknown_where_the_city_has_everything(clauses):
    found = check(full_city(), NAMES)
    assert [(each.key, each.reason) for each in found if each.status == "unknown"] == []
    for each in found:
        assert each.status == "not applicable" or not np.isnan(each.value), each.key
        clause = clauses[each.key]
        limited = bool(each.limit)
        asked = not clause.expired(dt.date.today()) and (
            any(getattr(clause, name) is not None for name in ("at_least", "at_most", "more_than", "less_than"))
            or clause.grade
        )
        assert limited == bool(asked) or each.status == "not applicable"


def test_ways_out_are_counted_by_size_of_city():
    """Streets of a 9 x 9 grid cross a boundary inside it on every side, so a large city's 8 ways are there."""
    found = check(full_city(), "emergency-cover")["GB 50413-2007, 8.2.3 ways out"]
    assert (found.status, found.limit, found.unit) == ("pass", ">= 8", "count")
    assert "%" not in found.reason
    small = check(full_city(size_class="small"), "emergency-cover")["GB 50413-2007, 8.2.3 ways out"]
    assert small.limit == ">= 4"
    village = check(full_city(size_class="village"), "emergency-cover")["GB 50413-2007, 8.2.3 ways out"]
    assert village.status == "unknown"


def full_city(size_class="large"):
    """A grid with one facility of every kind that the packs ask for, 20 m x 20 m, each with all its figures."""
    city = grid_city(8)
    asked = [
        clause.given.get(key, ()) for pack in load(NAMES) for clause in pack.clause for key in ("facility", "hazard")
    ]
    kinds = sorted({kind for each in asked for kind in ([each] if isinstance(each, str) else each)} | {"fire_hydrant"})
    here = [*kinds, *kinds]
    corner = shapely.points(*np.meshgrid(np.arange(9) * 100.0, np.arange(9) * 100.0)).ravel()
    facilities = gpd.GeoDataFrame(
        {
            "id": np.arange(len(here)),
            "kind": here,
            "capacity": 30.0,
            "area": 400.0,
            "floor_area": 800.0,
            "servers": 2.0,
        },
        geometry=shapely.buffer(corner[np.arange(len(here)) % 81], 10, cap_style="square"),
        crs=city.crs,
    )
    population = city.population.assign(age_60=2.0)
    inner = gpd.GeoDataFrame({"id": [0]}, geometry=[shapely.box(150, 150, 650, 650)], crs=city.crs)
    return City.build(
        "everything",
        city.crs,
        networks=city.networks,
        facilities=facilities,
        population=population,
        layers={**city.layers, "boundary": inner},
        about=About(traits={"size_class": size_class}, sources={"facilities": Source("synthetic", complete=True)}),
    )
