"""Clauses on a simulated run: unknown without one, judged by hand-counted seconds with one."""

import re
from pathlib import Path

import pytest
from simulation.towns import town

import twin
from twin.hazards import Blockage
from twin.interventions import AddFacility
from twin.measures.lines import with_visits
from twin.measures.trips import with_trips
from twin.people import Commuters, evacuation
from twin.simulation import Ambulances, Emergency, FireEngines, Service
from twin.standards import check, load

STAY = Service(600.0, variation=0.0)


def of(verdicts, key):
    return next(each for each in verdicts if each.key == key)


@pytest.fixture(scope="module")
def clauses():
    (pack,) = load("response")
    return pack.clause


def answered(calls, stations=(0,), kind=FireEngines, until=100_000.0, **columns):
    others = [("ambulance_station", 0)] if kind is Ambulances else []
    city = town([] if others else list(stations), calls, others=others, **columns)
    given = {"brings": ""} if kind is Ambulances else {}
    return city, twin.simulate(city, [kind(calls="log", scene=STAY, **given)], until=until)


def test_every_clause_is_unknown_without_a_run(clauses):
    found = check(town([0], []), "response")
    assert len(found) == len(clauses) >= 15
    assert {each.status for each in found} == {"unknown"}
    for each in found:
        assert "there is no trace" in each.reason
        assert "未提供仿真轨迹" in each.reason_zh


def test_a_run_without_such_calls_leaves_them_unknown():
    city, trace = answered([(0.0, 1)])
    found = check(city, "response", trace=trace)
    ambulances = of(found, "NHS England ARP 2017, C1 mean in a run")
    assert (ambulances.status, "no call of priority 1" in ambulances.reason) == ("unknown", True)
    shelter = of(found, "GB 50413-2007, 8.2.10 emergency shelter in a run")
    assert (shelter.status, "no crowd 'Evacuees'" in shelter.reason) == ("unknown", True)


@pytest.mark.parametrize(("node", "status", "value"), [(2, "pass", 200.0), (3, "fail", 300.0)])
def test_the_first_engine_travels_240_s_in_nine_of_ten_calls(node, status, value):
    """Ten calls, nine of them one block away and then one farther; or two farther ones, of which one counts."""
    calls = [(5000.0 * i, 1 if i < 8 else node) for i in range(10)]
    city, trace = answered(calls)
    found = of(check(city, "response", trace=trace), "NFPA 1710, 4.1.2.1 first engine in a run")
    assert (found.status, found.value, found.limit) == (status, value, "<= 240")
    assert found.margin == 240.0 - value
    assert "by one simulated run of 27.7778 h, seed 0" in found.reason
    assert re.search(r"仿真", found.reason_zh)


def test_five_minutes_from_the_order_hold_for_every_call():
    """80 s to turn out and two blocks are 280 s, three are 380 s."""
    key = "GB 51080-2015, 4.1.3(1) fire crew in five minutes in a run"
    for node, status, value in ((2, "pass", 1.0), (3, "fail", 0.5)):
        city, trace = answered([(0.0, 1), (5000.0, node)])
        found = of(check(city, "response", trace=trace), key)
        assert (found.status, found.value) == (status, value)


def test_a_full_alarm_and_the_second_engine():
    """Engines from nodes 0 and 5 to node 1: 100 s and 400 s of travel; the second may take 360 s, the last 480 s."""
    city, trace = answered([(0.0, 1)], stations=(0, 5), units=[2])
    found = check(city, "response", trace=trace)
    assert of(found, "NFPA 1710, 4.1.2.1 first engine in a run").status == "pass"
    second, last = (of(found, f"NFPA 1710, 4.1.2.1 {name} in a run") for name in ("second engine", "full alarm"))
    assert (second.status, second.value) == ("fail", 400.0)
    assert (last.status, last.value) == ("pass", 400.0)


def test_ambulances_by_priority():
    """Priority 1 at 160 s and 560 s: 360 s on the mean; priority 2 waits for 660 s and is there at once."""
    city, trace = answered(
        [(0.0, 1), (5000.0, 5), (20_000.0, 1), (20_001.0, 1)], kind=Ambulances, priority=[1, 1, 3, 2]
    )
    found = check(city, "response", trace=trace)
    mean = of(found, "NHS England ARP 2017, C1 mean in a run")
    assert (mean.status, mean.value) == ("pass", 360.0)
    decile = of(found, "NHS England ARP 2017, C2 ninth decile in a run")
    assert (decile.status, decile.value) == ("pass", 60.0 + 100.0 + 600.0 - 1.0)
    out = of(found, "EMS-2020, ambulances leave in 3 minutes in a run")
    assert (out.status, out.value) == ("value", 0.75)  # its year has passed; the one that waited left late
    assert of(found, "NHS England ARP 2017, C4 ninth decile in a run").status == "unknown"


def test_a_line_for_water():
    city = town([0], [], others=[("drinking_water", 2)]).with_columns("facilities", id=["fire_station-0", "c1"])
    key = "Sphere Handbook, queue at a source of water in a run"
    for wait, status in ((900.0, "pass"), (901.0, "fail")):
        found = of(check(city, "response", trace=with_visits([0.0, wait])), key)
        assert (found.status, found.value) == (status, wait)


def test_a_study_judges_the_runs_of_its_cells():
    """A call three blocks away fails, a second station turns that into one block; a closed street cuts it off."""
    city = town([0], [(0.0, 3)])
    names = ["", "", "Gap", "", ""]
    city = city.with_network("drive", city.network("drive").with_columns(name=names))
    plans = [twin.Scenario("as it is"), twin.Scenario("two", AddFacility("fire_station", (4000.0, 0.0), servers=1))]
    shut = twin.Scenario("closed", Blockage(names=("Gap",)))
    crowd = Emergency(calls="log", turn_out=60.0, scene=STAY)
    study = twin.study(city, plans, under=[shut], standards=["response"], agents=[crowd], until=5000.0)
    key = "4.1.2.1 first engine in a run"
    assert [(cell.name, cell.verdicts[key].value) for cell in study.cells] == [
        ("as it is", 300.0),
        ("as it is + closed", float("inf")),
        ("two", 100.0),
        ("two + closed", 100.0),
    ]
    assert [cell.verdicts[key].status for cell in study.cells] == ["fail", "fail", "pass", "pass"]
    assert "beyond reach" in study.cells[1].verdicts[key].reason


def test_commutes_of_a_run():
    """Trips to work of 75, 150, 225 and 3,000 s: three of four within 45 minutes, 80 % are asked for."""
    trace = with_trips([75, 150, 225, 3000])
    told = {"trips": trace["trips"].assign(purpose="work"), "end": trace["end"]}
    found = check(town([0], []), "response", trace=twin.Trace(told, 3600.0, 0, crowds=("Commuters",)))
    goal = of(found, "CMR, commute within 45 min in a run")
    assert (goal.status, goal.value) == ("fail", 0.75)
    assert of(found, "ISO 37120:2018, 19.7 commute in a run").value == (75 + 150 + 225 + 3000) / 4


def test_a_hotline_of_a_run():
    """Answered after 0 s and 15 s, and after 60 s; one rang off."""
    trace = with_visits([0.0, 15.0, 60.0, None])
    run = twin.Trace(trace.tables, 3600.0, 0, crowds=("Callers",))
    found = of(check(town([0], []), "response", trace=run), "GB/T 33358-2016, answer in 15 s in a run")
    assert (found.status, found.value) == ("value", 0.5)


def test_commuters_and_evacuees_of_harbour_are_judged():
    """A tenth of an evacuation, and a day of commuters: the clauses find them, whatever else lives in the run."""
    city = twin.read(Path(__file__).resolve().parents[2] / "gis_data" / "harbour")
    crowds = [Commuters(), *evacuation(kind="shelter_emergency", share=0.02)]
    trace = twin.simulate(city, crowds, until=12 * 3600.0, seed=1)
    found = check(city, "response", trace=trace)
    share = of(found, "CMR, commute within 45 min in a run")
    works = trace["trips"][trace["trips"]["purpose"] == "work"]
    made = (works["arrive"] - works["depart"]).dropna()
    assert share.value == pytest.approx((made <= 2700).mean(), abs=2e-3)
    assert of(found, "ISO 37120:2018, 19.7 commute in a run").value == pytest.approx(made.mean(), rel=1e-3)
    way = of(found, "GB 50413-2007, 8.2.10 emergency shelter in a run")
    assert way.status == "fail"
    assert 500 < way.value < 10_000
