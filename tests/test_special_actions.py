"""Special actions: each bundle says today, what comes and what is done about it, and clauses turn as it says."""

import math
from pathlib import Path

import pytest

import twin
from twin.cases.told import told_in
from twin.scenario import Bundle

FOLDER = Path(__file__).parents[1] / "scenarios" / "special_actions"

#: Clause -> its verdict today, under the shock, with the plan, and with the plan under the shock.
TURNS = {
    "carbon_peak": {
        "GB/T 51328-2018, green trips": ("pass", "fail", "pass", "pass"),
        "EV-2015, public car parks": ("fail", "fail", "pass", "pass"),
        "GB/T 51313-2018, public car parks": ("fail", "fail", "pass", "pass"),
        "ISO 37120:2018, 8.3 greenhouse gas": ("value", "value", "value", "value"),
    },
    "water_saving": {
        "CJJ 92-2016, grade 1": ("fail", "fail", "pass", "pass"),
        "CJJ 92-2016, grade 2": ("pass", "fail", "pass", "pass"),
        "WSC-CITY, reclaimed water": ("fail", "fail", "pass", "pass"),
        "WSC-CITY, recycling in industry": ("pass", "fail", "pass", "pass"),
        "WSC-CITY, water-saving firms": ("fail", "fail", "pass", "pass"),
        "GB 50282-2016, 9.0.4 emergency water": ("pass", "fail", "pass", "pass"),
    },
    "work_safety": {
        "GB 51080-2015, 4.1.3(2) area of one station at the edge": ("pass", "fail", "pass", "pass"),
        "NFPA 1710, 4.1.2.1 second company": ("pass", "fail", "pass", "pass"),
        "NFPA 1710, 4.1.2.1 turn-out of ambulances": ("fail", "fail", "pass", "pass"),
        "ISO (Verisk) FSRS, credit area": ("pass", "fail", "pass", "fail"),
    },
}


@pytest.fixture(scope="module")
def studies():
    """The bundles, run on harbour; read once, so that they share what they do not touch."""
    bundles = {path.stem: Bundle.load(path) for path in sorted(FOLDER.glob("*.toml"))}
    city = twin.read(next(iter(bundles.values())).city)
    return {
        name: twin.study(city, bundle.plans, under=bundle.shocks, standards=bundle.standards)
        for name, bundle in bundles.items()
    }


def test_every_bundle_is_tested():
    assert sorted(TURNS) == sorted(path.stem for path in FOLDER.glob("*.toml"))


@pytest.mark.parametrize("name", sorted(TURNS))
def test_clauses_turn_as_the_bundle_says(studies, name):
    cells = studies[name].cells
    assert [bool(cell.shock) for cell in cells] == [False, True, False, True]
    for key, turns in TURNS[name].items():
        assert tuple(cell.verdicts[key].status for cell in cells) == turns, key


@pytest.mark.parametrize("name", sorted(TURNS))
def test_a_bundle_speaks_both_languages_and_tells_its_case(name):
    path = FOLDER / f"{name}.toml"
    bundle, told = Bundle.load(path), told_in(path)
    for scenario in (bundle.scenario, *bundle.plans, *bundle.shocks):
        assert scenario.zh != scenario.name
        assert any("\u4e00" <= sign <= "\u9fff" for sign in scenario.zh)
    assert told.problem
    assert told.context
    assert told.lesson
    assert told.assumptions
    assert told.cost
    assert {cost.plan for cost in told.cost} <= {plan.name for plan in bundle.plans}


def test_the_carbon_of_the_plan_by_hand(studies):
    """Each activity times its factor, added up over 60,480 people, 6 % more of them under growth."""
    co2, methane = 0.5306, 27.9  # kg/kWh of the grid of 2023; AR6
    base = {
        "car": 98e6 * 0.2042, "bus": 14.5e6 * 0.0891, "tram": 1.5e6 * co2, "homes": 92e6 * co2,
        "gas": 8.6e6 * 2.162189, "works": 145e6 * co2, "buried": 9000 * 45.0 * methane, "burned": 5200 * 271.7,
    }  # fmt: skip
    grown = {**base, "car": base["car"] * 1.25, "homes": base["homes"] * 1.2, "works": base["works"] * 1.1}
    saved = {"car": 0.75, "bus": 1.3, "homes": 0.75, "gas": 0.6, "works": 0.7, "buried": 0.3}
    expected = [
        sum(base.values()) / 60480,
        sum(grown.values()) / (60480 * 1.06),
        sum(value * saved.get(name, 1.0) for name, value in base.items()) / 60480,
        sum(value * saved.get(name, 1.0) for name, value in grown.items()) / (60480 * 1.06),
    ]
    got = [cell.verdicts["ISO 37120:2018, 8.3 greenhouse gas"].value for cell in studies["carbon_peak"].cells]
    assert got == pytest.approx(expected, rel=1e-6)
    assert got[1] > got[0] > got[3] > got[2]


def test_the_leakage_of_the_plan_by_hand(studies):
    # 172 L/s put in and 154.5 billed; 5 more leak in dry years, the plan saves 7.5.
    got = [cell.verdicts["CJJ 92-2016, grade 1"].value for cell in studies["water_saving"].cells]
    assert got == pytest.approx([1 - 154.5 / put_in for put_in in (172.0, 177.0, 164.5, 169.5)], rel=1e-9)


def test_the_second_company_waits_for_nobody_with_the_third_station(studies):
    found = [cell.verdicts["NFPA 1710, 4.1.2.1 second company"].value for cell in studies["work_safety"].cells]
    assert math.isinf(found[1])  # with one station left there is no second company
    assert found[2] < found[3] < 360.0
