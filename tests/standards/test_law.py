"""The law of a day and of a city, on clauses of our own packs: codes, goals, dates, grades and what contradicts."""

import datetime as dt
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from twin.cli.terminal import twin_group
from twin.standards import check, load, side_by_side

HARBOUR = Path(__file__).resolve().parents[2] / "gis_data" / "harbour"
TODAY = dt.date(2026, 11, 20)


def verdict(city, pack, key, on=TODAY):
    return {each.key: each for each in check(city, pack, on=on)}[key]


def with_traits(city, **traits):
    """The city with other traits; one that is None is not stated."""
    kept = {key: value for key, value in {**city.about.traits, **traits}.items() if value is not None}
    return replace(city, about=replace(city.about, traits=kept))


def test_a_goal_judges_in_its_year_and_is_a_level_after(harbour):
    """PS-145 asks for 4.5 nursery places for 1,000 people in 2025."""
    key = "PS-145, nursery places"
    days = dt.date(2025, 12, 31), dt.date(2026, 1, 1)
    during, after = (verdict(harbour, "service-coverage", key, day) for day in days)
    assert during.status in {"pass", "fail"}
    assert during.limit
    assert (after.status, after.limit, after.value) == ("value", "", during.value)
    assert "was the goal, its year has passed" in after.reason
    assert "目标年已过" in after.reason_zh


def test_a_goal_of_a_later_year_judges_until_it_has_passed(harbour):
    key = "CARB-2021, green trips"  # 70 % by 2030, in large cities
    large = with_traits(harbour, size_class="large")
    found = [verdict(large, "energy-and-water", key, dt.date(year, 6, 1)).status for year in (2030, 2031)]
    assert found[0] in {"pass", "fail"}
    assert found[1] == "value"


def test_a_law_judges_from_the_day_it_is_in_force(harbour):
    """The law on residents committees, revised 2025-10-28: 1,000 to 3,000 households from 2026 on."""
    key = "RCL-2025, Art. 3 size of a community"
    before, after = (
        verdict(harbour, "community-life", key, day) for day in (dt.date(2025, 12, 31), dt.date(2026, 1, 1))
    )
    assert (before.status, before.reason) == ("not applicable", "in force from 2026-01-01")
    assert after.status in {"pass", "fail"}


def test_the_command_line_judges_by_the_law_of_a_day_to_come(harbour):
    """`twin check harbour --on 2027-06-01`: the goals of 2025 are levels by then, and that of 2029 still judges."""
    counted = {
        day: Counter(each.status for each in check(harbour, "new-urbanisation", on=day))
        for day in (dt.date(2025, 6, 1), dt.date(2027, 6, 1), dt.date(2030, 6, 1))
    }
    decided = [counted[day]["pass"] + counted[day]["fail"] for day in counted]
    assert decided[0] > decided[1] > decided[2]
    asked = ["-q", "check", str(HARBOUR), "--pack", "new-urbanisation", "--on", "2027-06-01"]
    done = CliRunner().invoke(twin_group, asked, obj={})
    for status in ("pass", "fail", "value"):
        assert f"{counted[dt.date(2027, 6, 1)][status]} {status}" in done.output, done.output


@pytest.mark.parametrize(
    ("size", "years"), [("small", 20), ("medium", 20), ("large", 30), ("mega", 50), ("super-large", 100)]
)
def test_the_class_of_a_city_selects_the_grade(harbour, size, years):
    """GB 55027-2022, 3.4.2: the storm that a city is drained for grows with the city."""
    found = verdict(with_traits(harbour, size_class=size), "lifelines", "GB 55027-2022, 3.4.2 waterlogging")
    assert found.limit == f">= {years}"
    assert found.status == ("pass" if found.value >= years else "fail")


def test_a_class_that_is_not_stated_leaves_the_grade_unknown(harbour):
    found = verdict(with_traits(harbour, size_class=None), "lifelines", "GB 55027-2022, 3.4.2 waterlogging")
    assert found.status == "unknown"
    assert "does not state its size_class; add it under [traits] in city.toml" in found.reason
    odd = verdict(with_traits(harbour, size_class="huge"), "lifelines", "GB 55027-2022, 3.4.2 waterlogging")
    assert (odd.status, odd.reason) == ("unknown", "no grade of the clause speaks of such a city")


@pytest.mark.parametrize(
    ("trait", "pack", "prefix", "values"),
    [
        ("water_zone", "environment", "GB/T 50331-2002, zone ", "123456"),
        ("supply_area", "lifelines", "DL/T 5729-2016, reliability of area ", ["A+", "A", "B", "C", "D"]),
    ],
)
def test_one_zone_is_judged_and_the_others_are_not(harbour, trait, pack, prefix, values):
    for own in values:
        found = {each.key: each for each in check(with_traits(harbour, **{trait: own}), pack, on=TODAY)}
        judged = [value for value in values if found[prefix + value].status != "not applicable"]
        assert judged == [own]
        other = next(value for value in values if value != own)
        assert f"speaks of cities with {trait} {other}, this is {own}" in found[prefix + other].reason


def test_the_climate_says_which_homes_are_spoken_of(harbour):
    key = "GB 55015-2021, 2.0 homes"
    found = {
        zone: verdict(with_traits(harbour, climate=zone), "energy-and-water", key).status for zone in ("I", "III", "V")
    }
    assert found["I"] == "not applicable"
    assert found["III"] == found["V"] != "not applicable"


def test_families_of_shelters_stand_side_by_side(harbour):
    """Four texts, four figures for the ground of each who is taken in; no one of them is taken for the others."""
    judged = check(harbour, "all", on=TODAY)
    table = side_by_side("all", on=TODAY, traits=harbour.about.traits, verdicts=judged)
    rows = table[(table["of"] == "shelter_fixed") & (table["question"] == "room for each")]
    families = {row.clause.split(",")[0]: f"{row.asks}; {row.limit}" for row in rows.itertuples()}
    assert set(families) == {"GB 55028-2022", "GB 50413-2007", "GB 50188-2007", "Sphere Handbook"}
    assert "area_each 2 m2/person" in families["GB 50413-2007"]
    assert "at least 3 m2/person" in families["GB 50188-2007"]
    assert "at least 3.5 m2/person" in families["Sphere Handbook"]
    assert len(set(families.values())) == 4
    assert set(rows["status"]) <= {"pass", "fail", "value", "unknown", "not applicable"}
    near = table[(table["of"] == "shelter_fixed") & (table["question"] == "near enough")]
    assert set(near["asks"]) == {"distance_within, within 3,000 m", "distance_within, within 500 m"}


def test_gates_and_ground_of_a_shelter_are_two_questions():
    table = side_by_side("all", on=TODAY)
    sizes = table[table["question"] == "share of facilities of a least size"]
    for _, group in sizes.groupby((sizes["of"] != sizes["of"].shift()).cumsum()):
        columns = {part.removeprefix("size ") for asks in group["asks"] for part in asks.split(", ") if "size " in part}
        assert len(columns) <= 1, group


def test_what_a_code_overrides_exists_and_gives_way(harbour, every_clause):
    judged = {each.key: each for each in check(harbour, "all", on=TODAY)}
    pairs = [(old, clause.key) for clause in every_clause.values() for old in clause.overrides]
    assert pairs
    for old, new in pairs:
        assert old in every_clause
        assert judged[old].status == "not applicable"
        assert judged[old].reason == f"{new} takes its place"


def test_a_successor_that_is_named_is_in_the_packs_or_another_edition():
    for pack in load("all"):
        for clause in pack.clause:
            if clause.valid.replaced_by:
                assert clause.valid.until is not None
                assert clause.valid.replaced_by != clause.standard
