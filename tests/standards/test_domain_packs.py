"""The packs by domain: every clause is judged on harbour, and what is unknown there is said with the missing layer."""

import datetime as dt
import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

import twin.gis
from twin.measures.waiting import with_calls
from twin.standards import check, lint, load, packs
from twin.standards.clause import in_unit, limits_set

ROOT = Path(__file__).resolve().parents[2]
NAMES = (
    "approvals",
    "city-indicators",
    "commerce",
    "community",
    "community-life",
    "culture",
    "culture-venues",
    "digital-city",
    "economy",
    "energy-and-water",
    "environment",
    "government-services",
    "land-and-form",
    "lifelines",
    "new-urbanisation",
    "public-services",
    "region-and-county",
    "resilience",
    "resilience-indicators",
    "safety",
    "smart-city",
    "streets-and-light",
    "streets-and-transit",
    "welfare",
)
TODAY = dt.date(2026, 11, 20)

#: Clauses that harbour has no data for, and what is said to be missing.
MISSING = {
    "EV-2025, service areas": "service_areas",
    "GB 3095-2026, daily fine particles": "pm25_day",
    "GBF56-2021, community workers": "staff",
    "ISO 37120:2018, 21.2 informal settlements": "informal_settlements",
    "Sphere Handbook, users of a pump": "hand_pumps",
    "UNDRR Scorecard, detailed": "scorecard_detailed_criteria",
    "GB 3095-2026, fine particles": "pm25",
    "UN SDG, 11.6.2 fine particles": "pm25",
    "ISO 37120:2018, 8.1 fine particles": "pm25",
    "PS-145, doctors": "doctors",
    "GB 50188-2007, 11.4.4 ways out": "read it with a margin",
    "GB 50413-2007, 8.2.7 major hazards": "an open facility and a hazard",
    "Sphere Handbook, shelter": "floor_area",
    "GB 50180-2018, C.0.2 size of toilets": "floor_area",
    "NCT-2021, goal expressway": "no motorway in the drive network",
    "NCT-2021, goal high-speed railway": "no town_hall of grade prefecture",
    "NCT-2021, 123 circles county seats": "no town_hall of grade prefecture",
    "TD/T 1063-2021, people within an hour": "prefecture",
    "RROAD, hardened roads": "paved",
    "RROAD, buses": "villages",
    "TD/T 1063-2021, classed roads": "villages",
    "TD/T 1063-2021, villages near a hospital": "villages",
    "CTYCOM-2023, village shops": "villages",
    "GBF56-2021, rural service facilities": "villages",
}


@pytest.fixture(scope="module")
def verdicts(harbour):
    return {each.key: each for each in check(harbour, "all", on=TODAY)}


@pytest.fixture(scope="module")
def ours():
    return {clause.key: clause for pack in load(NAMES) for clause in pack.clause}


def test_the_packs_are_here_and_clean():
    assert set(NAMES) <= set(packs)
    for name in NAMES:
        pack, mistakes = lint(packs[name])
        assert not mistakes
        assert pack is not None
        assert pack.name == name


def test_no_clause_stands_in_two_packs():
    keys = Counter(clause.key for pack in load("all") for clause in pack.clause)
    assert [key for key, count in keys.items() if count > 1] == []


def test_a_standard_has_one_title():
    titles = {}
    for pack in load("all"):
        for name, standard in pack.standard.items():
            assert titles.setdefault(name, standard.title) == standard.title, name


def test_every_text_is_in_both_languages():
    for pack in load(NAMES):
        titles = (each.title for each in (*pack.standard.values(), *pack.clause))
        for label in (pack.title, pack.about, *titles):
            assert label.en.isascii(), label.en
            assert re.search(r"[\u4e00-\u9fff]", label.zh), label.zh


def test_facilities_are_kinds_that_cities_have(ours):
    kinds = tomllib.loads((Path(twin.gis.__file__).parent / "kinds.toml").read_text(encoding="utf-8"))["kind"]
    for clause in ours.values():
        for key in ("facility", "hazard", "to", "near"):
            named = clause.given.get(key, ())
            flat = (
                [named]
                if isinstance(named, str)
                else [k for each in named for k in ([each] if isinstance(each, str) else each)]
            )
            assert set(flat) <= {*kinds, "shelter"}, clause.key


def test_a_speed_that_no_text_states_is_said_to_be_ours(ours):
    for clause in ours.values():
        if clause.measure == "walk_within":
            assert clause.arguments()["speed"] == pytest.approx(80 / 60), clause.key
            assert "ours" in clause.source.said.en, clause.key


def test_every_clause_is_judged_on_harbour(verdicts, ours):
    unknown = {key: verdict.reason for key, verdict in verdicts.items() if key in ours and verdict.status == "unknown"}
    assert set(unknown) == set(MISSING)
    for key, gap in MISSING.items():
        assert gap in unknown[key], key
    assert Counter(verdicts[key].status for key in ours).keys() == {
        "pass",
        "fail",
        "value",
        "unknown",
        "not applicable",
    }
    for key in ours:
        assert verdicts[key].reason, key
        assert verdicts[key].reason_zh, key


def test_a_recalled_figure_says_so_in_every_verdict(verdicts, ours):
    for key, clause in ours.items():
        if verdicts[key].status in {"pass", "fail", "value"}:
            assert ("the figure is recalled" in verdicts[key].reason) == (clause.source.evidence == "recalled"), key


def test_each_of_the_twelve_domains_has_a_dozen_clauses_that_evaluate(verdicts, every_clause):
    found = Counter(
        number
        for key, clause in every_clause.items()
        if verdicts[key].status in {"pass", "fail", "value"}
        for number in clause.domain
    )
    assert sorted(found) == list(range(1, 13))
    assert min(found.values()) >= 12, found


def test_there_are_as_many_clauses_of_as_many_standards_as_the_packs_promise(every_clause):
    assert len(every_clause) >= 450
    assert len({clause.standard for clause in every_clause.values()}) >= 150


def test_goals_that_have_passed_judge_no_more(verdicts, ours):
    goals = [key for key, clause in ours.items() if clause.valid.goal == 2025]
    assert len(goals) >= 8
    for key in goals:
        assert verdicts[key].status in {"value", "unknown"}, key


def test_fine_particles_are_held_against_the_limit_of_the_day(harbour, ours):
    """GB 3095-2026: 30 ug/m3 from 2026-03-01, 25 ug/m3 from 2031: 28 passes and fails."""
    import numpy as np

    from twin.model import Raster

    terrain = harbour.layer("terrain")
    values = np.full(terrain.values.shape, 28e-9, dtype=np.float32)
    dirty = harbour.with_layer(
        "pm25", Raster(values, terrain.west, terrain.north, terrain.cell, terrain.crs, unit="kg/m3")
    )
    key = "GB 3095-2026, fine particles"
    days = [dt.date(2026, 2, 28), dt.date(2030, 12, 31), dt.date(2031, 1, 1)]
    found = [{each.key: each for each in check(dirty, "environment", on=day)}[key] for day in days]
    assert [each.status for each in found] == ["not applicable", "pass", "fail"]
    assert "28 ug/m3, at most 25 ug/m3 is asked" in found[2].reason


def test_the_old_edition_of_stops_counts_land_and_ends_in_2019(harbour):
    """GB 50220-95 asked for land near a stop until 2019; the same distance by people is another question."""
    old = {each.key: each for each in check(harbour, "streets-and-transit", on=dt.date(2019, 2, 28))}
    new = {each.key: each for each in check(harbour, "streets-and-transit", on=dt.date(2019, 3, 1))}
    key = "GB 50220-95, stops within 500 m"
    assert old[key].status in {"pass", "fail"}
    assert old[key].value < new["ITU U4SSC KPI, EC:I:T:2A stops"].value - 0.2, "land, not people"
    assert (new[key].status, new[key].reason) == ("not applicable", "ended on 2019-02-28, replaced by GB/T 51328-2018")


def test_a_hotline_is_judged_where_its_hours_are_known(harbour):
    """720 calls an hour of 240 s on 55 agents: 84.6 % within 15 s, and few give up after 120 s on the mean."""
    found = {each.key: each for each in check(with_calls(harbour), "government-services", on=TODAY)}
    soon = found["GB/T 33358-2016, answer in 15 s"]
    assert (soon.status, soon.value) == ("value", pytest.approx(0.845883, abs=5e-7))
    assert found["GB/T 33358-2016, connection"].status == "pass"
    overrun = {each.key: each for each in check(with_calls(harbour, agents=40), "government-services", on=TODAY)}
    assert overrun["GB/T 33358-2016, connection"].status == "fail"


def test_kinds_of_groups_are_kinds(ours):
    groups = ours["CONV-2021, circle on foot"]
    assert groups.kinds == ("convenience_store", "supermarket", "pharmacy", "restaurant")


def test_some_values_of_harbour_by_hand(harbour, verdicts):
    assert verdicts["ISO 37120:2018, 21.3 jobs and homes"].value == pytest.approx(27_360 / 24_370)
    assert verdicts["GIG-2021, 5G stations of a gigabit city"].value == pytest.approx(32 / 60_480)
    floors = harbour.table("buildings")
    homes = floors.loc[floors["use"] == "residential", "floor_area"].sum()
    assert verdicts["TD/T 1063-2021, dwelling floor per head"].value == pytest.approx(homes / 60_480)
    # 104 service nodes at 220.32 L/s for 60,480 people: 314.7 L a day each
    assert verdicts["ISO 37120:2018, 23.3 water use"].value * 86_400_000 == pytest.approx(220.32 * 86_400 / 60_480)


def test_the_coverage_table_lists_every_clause(every_clause):
    table = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
    rows = {line.split(" | ")[0].removeprefix("| ") for line in table.splitlines() if line.startswith("| ")}
    assert set(every_clause) <= rows, "run python benchmarks/coverage.py"


#: A number with its unit in English and in Chinese, and what the units are called here.
SAID = {
    "m": (r"([\d.]+) m\b(?!2)", r"([\d.]+)米"),
    "km": (r"([\d.]+) km\b(?!2|/)", r"([\d.]+)公里(?!/)"),
    "min": (r"([\d.]+) minutes?\b", r"([\d.]+)分钟"),
    "s": (r"([\d.]+) s\b", r"([\d.]+)秒"),
    "%": (r"([\d.]+) %", r"([\d.]+)%"),
    "m2": (r"([\d.]+) m2\b", r"([\d.]+)平方米"),
    "ha": (r"([\d.]+) ha\b", r"([\d.]+)公顷"),
}


def numbers(text, sign):
    return {float(each) for each in re.findall(sign, re.sub(r"(?<=\d),(?=\d{3})", "", text))}


def test_both_languages_say_the_same_numbers(every_clause):
    """What both titles give in one unit is one figure, or a range of which the other gives an end."""
    wrong, met = [], 0
    for clause in every_clause.values():
        for unit, (en, zh) in SAID.items():
            ours, theirs = numbers(clause.title.en, en), numbers(clause.title.zh, zh)
            if ours and theirs:
                met += 1
                if not (ours <= theirs or theirs <= ours):
                    wrong.append((clause.key, unit, ours, theirs))
    assert wrong == []
    assert met > 150


def test_a_percentage_in_a_title_is_the_limit(every_clause):
    """Where a title gives one percentage and the clause one limit of a share, they are the same."""
    wrong, met = [], 0
    for clause in every_clause.values():
        said = numbers(clause.title.en, SAID["%"][0])
        asked = {in_unit(each, clause.meter) for each in limits_set(clause).values()}
        if len(said) == 1 and len(asked) == 1 and clause.meter.unit == "1" and min(asked) < 1.0:
            met += 1
            if abs(said.pop() / 100 - asked.pop()) > 1e-9:
                wrong.append((clause.key, clause.title.en, limits_set(clause)))
    assert wrong == []
    assert met >= 15
