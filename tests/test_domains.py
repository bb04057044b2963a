"""A scenario for each of the twelve domains: a clause holds at rest, fails under a shock, and holds with a plan."""

import datetime as dt
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

import twin
from twin.scenario import Bundle
from twin.standards import load

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "scenarios" / "domains"
TODAY = dt.date(2026, 11, 20)

#: Scenario -> the clause that it turns.
TURNS = {
    "01_sustainable_development": "GB 50137-2011, 4.3 green and squares",
    "02_regional_development": "NCT-2021, goal expressway",
    "03_smart_city": "GIG-2021, gigabit fibre",
    "04_government_services": "GB/T 33358-2016, connection",
    "05_grassroots_governance": "CC-2020, people for one set",
    "06_urban_economy": "GB/T 51328-2018, 13.4 fuel stations",
    "07_basic_public_services": "ELD-2014, elderly care floor",
    "08_safety_and_emergency": "NFPA 1710, 4.1.2.1 first engine",
    "09_ecology_and_environment": "GB 55014-2021, 2.1.4 comprehensive parks",
    "10_culture_and_heritage": "JX-CUL-2019, holdings",
    "11_public_facilities": "GB 50180-2018, C.0.2 recycling points",
    "12_new_urbanisation": "NHC-15, health care in a quarter of an hour",
}


@cache
def city(folder):
    return twin.read(folder)


def test_there_is_one_for_each_domain():
    assert sorted(TURNS) == sorted(path.stem for path in FOLDER.glob("*.toml"))
    assert [int(name[:2]) for name in sorted(TURNS)] == list(range(1, 13))


@pytest.mark.parametrize("name", sorted(TURNS))
def test_a_clause_turns_and_turns_back(name):
    path = FOLDER / f"{name}.toml"
    bundle, key = Bundle.load(path), TURNS[name]
    clauses = {clause.key: clause for pack in load(bundle.standards) for clause in pack.clause}
    assert int(name[:2]) in clauses[key].domain
    assert f"# Turns {key}: " in path.read_text(encoding="utf-8")
    pack = next(pack.name for pack in load(bundle.standards) if key in {clause.key for clause in pack.clause})
    done = twin.study(city(bundle.city.resolve()), bundle.plans, under=bundle.shocks, standards=[pack], on=TODAY)
    statuses = {(cell.plan, bool(cell.shock)): cell.verdicts[key].status for cell in done.cells}
    assert statuses["as it is", False] == "pass"
    assert statuses["as it is", True] == "fail"
    assert statuses[bundle.plans[1].name, True] == "pass"
    for scenario in (bundle.scenario, *bundle.plans, *bundle.shocks):
        assert re.search(r"[\u4e00-\u9fff]", scenario.zh)
        assert scenario.name.isascii()


@pytest.mark.parametrize(("number", "least"), [(2, 12), (12, 12)])
def test_the_regional_and_county_domains_are_judged_on_the_region(number, least):
    packs = {pack.name: [clause.key for clause in pack.clause if number in clause.domain] for pack in load("all")}
    wanted = [name for name, keys in packs.items() if keys]
    verdicts = {each.key: each for each in twin.check(city(ROOT / "gis_data" / "region"), wanted, on=TODAY)}
    found = Counter(verdicts[key].status for keys in packs.values() for key in keys)
    assert found["pass"] + found["fail"] + found["value"] >= least, found


def test_services_shared_across_boundaries_by_an_invented_draft():
    """The one tertiary hospital stands in the central district: what is shared is what lies beyond it."""
    draft = ROOT / "scenarios" / "drafts" / "shared_services.toml"
    found = {
        each.clause: each for each in twin.check(city(ROOT / "gis_data" / "region"), draft, on=dt.date(2029, 6, 1))
    }
    every, own, shared = (found[key] for key in ("5.1 a", "5.1 b", "5.2 shared"))
    assert (every.status, own.status, shared.status) == ("pass", "fail", "value")
    assert every.value == pytest.approx(own.value + shared.value)
    assert 0 < shared.value < every.value


def test_the_guide_says_what_the_scenarios_are():
    guide = (ROOT / "docs" / "domains.md").read_text(encoding="utf-8")
    for name, key in TURNS.items():
        assert key.split(", ")[0] in guide, name


def test_what_the_region_was_made_for_is_computed():
    """Seats, commuting and villages are read off the map: no register is asked."""
    keys = {
        "NCT-2021, goal expressway": "pass",
        "NCT-2021, goal national highway": "pass",
        "NCT-2021, goal high-speed railway": "pass",
        "NCT-2021, 123 circles commuting": "value",
        "NCT-2021, 123 circles county seats": "value",
        "RROAD, buses": "pass",
        "RROAD, hardened roads": "fail",
        "TD/T 1063-2021, villages near a hospital": "value",
        "CTYCOM-2023, village shops": "pass",
    }
    packs = load(["region-and-county", "new-urbanisation"])
    clauses = {clause.key: clause for pack in packs for clause in pack.clause}
    found = twin.check(city(ROOT / "gis_data" / "region"), ["region-and-county", "new-urbanisation"], on=TODAY)
    verdicts = {each.key: each for each in found}
    for key, status in keys.items():
        assert "records" not in clauses[key].meter.reads, key
        assert verdicts[key].status == status, (key, verdicts[key].reason)
