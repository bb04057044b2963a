"""Who lives in a city: small cities by hand, the bundled town, and what must always hold."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import twin
from twin.errors import DataError, MissingData
from twin.gis.grid import grid_city
from twin.measures import unmet_by_group
from twin.people import Clients, Commuters, Errands, Evacuees, Patients, Pupils, evacuation, persons
from twin.people.zones import Zones
from twin.simulation import Service
from twin.units import hour, minute


def town(homes):
    """The grid of 5 x 5 with homes: (x, y, persons of 6 to 11, of 15 to 59, and over 60, jobs)."""
    city = grid_city(5)
    frame = gpd.GeoDataFrame(
        [
            {
                "id": f"h{i}",
                "people": c + a + e,
                "jobs": j,
                "age_6_11": c,
                "age_15_59": a,
                "age_60": e,
                "geometry": shapely.Point(x, y),
            }
            for i, (x, y, c, a, e, j) in enumerate(homes)
        ],
        crs=city.crs,
    ).astype({"people": float, "jobs": float, "age_6_11": float, "age_15_59": float, "age_60": float})
    return replace(city, population=frame)


@pytest.fixture(scope="module")
def harbour():
    return twin.read("gis_data/harbour")


# ── persons ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_persons_fit_both_margins(harbour):
    who = persons(harbour)
    assert len(who) == 60_480
    counts = who.groupby("home").size().reindex(range(len(harbour.population)), fill_value=0)
    assert (counts.to_numpy() == harbour.population["people"].to_numpy()).all()
    for age in ("age_6_11", "age_60"):
        assert (who["age"] == age).sum() == harbour.population[age].sum()
    assert who["works"].sum() == 27_360  # as many as there are jobs
    assert not who["works"][who["age"] == "age_6_11"].any()


def test_workers_by_hand():
    """100 grown and 50 old persons, 60 jobs, seed 72 and 6 workers: the odds ratio (72/28)/(6/44) = 18.857 stays."""
    city = town([(0.0, 0.0, 10, 100, 50, 60)])
    who = persons(city)
    grown, old = (who["works"] & (who["age"] == age) for age in ("age_15_59", "age_60"))
    assert grown.sum() + old.sum() == 60
    # a (50 - b) = 18.857 b (100 - a) with a + b = 60: 17.857 a^2 - 3007.14 a + 113,142.9 = 0, a = 56.75
    assert grown.sum() in (56, 57)


def test_no_ages_no_persons():
    with pytest.raises(MissingData, match="age_0_14"):
        persons(grid_city(3))


# ── zones ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_zones_sum_up_and_times_are_those_of_the_streets(harbour):
    zones = Zones(harbour, 100)
    jobs = harbour.population["jobs"].to_numpy()
    assert zones.total(jobs).sum() == 27_360
    time = zones.times(harbour.networks["walk"], 1.34)
    off = ~np.eye(len(zones), dtype=bool)
    straight = np.hypot(zones.x[:, None] - zones.x, zones.y[:, None] - zones.y)
    assert (time[off] * 1.34 > 0.6 * straight[off] - 2 * zones.size).all()
    assert np.isfinite(time).all()


# ── days ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def day(harbour):
    return twin.simulate(harbour, [Commuters(share=0.1), Pupils(), Errands(share=0.1)], until=24 * hour, seed=3)


def test_everybody_comes_home(harbour, day):
    trips = day["trips"]
    assert trips["arrive"].notna().all()
    assert set(day["end"]["status"]) == {"finished"}
    workers = trips[trips["crowd"] == 0]
    assert len(workers["agent"].unique()) == 2736
    purposes = workers.sort_values(["agent", "depart"]).groupby("agent")["purpose"].agg(tuple)
    assert set(purposes) == {("work", "home"), ("work", "shop", "home")}
    assert 0.2 < (purposes.str.len() == 3).mean() < 0.3
    for _, mine in trips[trips["mode"] == "walk"].groupby(["crowd", "agent"]):
        assert mine["origin"].iloc[0] == mine["destination"].iloc[-1]
        assert (mine["depart"].to_numpy()[1:] >= mine["arrive"].to_numpy()[:-1]).all()
    pupils = trips[trips["crowd"] == 1]
    assert len(pupils) == 2 * (3762 + 1905)


def test_work_lasts_as_long_as_it_should(day):
    trips = day["trips"][day["trips"]["crowd"] == 0].sort_values(["agent", "depart"])
    work = trips[trips["purpose"] == "work"].set_index("agent")
    after = trips[trips["purpose"] != "work"].groupby("agent")["depart"].first()
    assert (after - work["arrive"]).min() >= 8.5 * hour - 1e-6


def test_the_same_seed_is_the_same_day(harbour, day):
    again = twin.simulate(harbour, [Commuters(share=0.1), Pupils(), Errands(share=0.1)], until=24 * hour, seed=3)
    pd.testing.assert_frame_equal(again["trips"], day["trips"])


def test_modes_answer_to_time(harbour):
    """A logit: with the same time and a car worth 1 less, e^-1 as many go by car; with no cars nobody does."""
    crowd = Commuters(cars=1.0, car=-1.0)
    times = {"walk": np.full((1, 1), 600.0), "car": np.full((1, 1), 600.0)}
    zero = np.zeros(40_000, dtype=int)
    chosen = np.bincount(crowd._mode(times, (zero, zero), np.random.default_rng(1)), minlength=3) / 40_000
    assert chosen[1] == pytest.approx(0.268941, abs=4 * np.sqrt(0.27 * 0.73 / 40_000))
    assert chosen[2] == 0
    trips = Commuters(share=0.02, cars=0.0).spawn(harbour, np.random.default_rng(0))
    assert set(trips["mode"]) == {"walk"}


def test_public_transport_takes_its_time(harbour):
    crowd = Commuters(share=0.05, day="2026-03-03")
    trips = twin.simulate(harbour, [crowd], until=24 * hour)["trips"]
    rides = trips[trips["mode"] == "transit"]
    assert len(rides) > 10
    assert ((rides["arrive"] - rides["depart"]) > 60).all()


def test_jobs_fill_up(harbour):
    trips = Commuters(cars=0.0, shop=0.0).spawn(harbour, np.random.default_rng(0))
    work = trips[trips["purpose"] == "work"]
    assert len(work) == 27_360
    zones = Zones(harbour)
    hung = harbour.snap("population", "walk")["node"]
    there = work.groupby("goal").size()
    jobs = harbour.population["jobs"].groupby(hung.reindex(harbour.population.index).to_numpy()).sum()
    assert np.corrcoef(there.reindex(jobs.index, fill_value=0), jobs)[0, 1] > 0.95
    assert len(zones) > 100


# ── those who are served, and those who flee ─────────────────────────────────────────────────────────────────────────


def test_patients_and_clients_are_served(harbour):
    crowds = [
        Patients(rate=0.004, service=Service(6 * minute)),
        Clients(rate=0.004, service=Service(10 * minute), booked=0.5),
    ]
    trace = twin.simulate(harbour, crowds, until=24 * hour, seed=1)
    visits = trace["visits"]
    assert set(visits["outcome"]) == {"served"}
    expected = 0.004 * 60_480
    for crowd in (0, 1):
        assert abs((visits["crowd"] == crowd).sum() - expected) < 4 * np.sqrt(expected)


def test_demand_that_is_not_met_is_told_by_age():
    """A clinic that serves one at a time: of two homes, the young one next door and the old one far off."""
    city = town([(0.0, 0.0, 0, 400, 0, 0), (500.0, 500.0, 0, 0, 400, 0)])
    city = city.with_columns("facilities", servers=np.where(city.rows("facilities", kind="clinic"), 1.0, np.nan))
    crowd = Patients(rate=0.5, opens=8 * hour, closes=9 * hour, service=Service(5 * minute, patience=20 * minute))
    trace = twin.simulate(city, [crowd], until=24 * hour, seed=3)
    end, visits = trace["end"], trace["visits"]
    assert set(end["group"]) == {"age_15_59", "age_60"}
    assert (end["group"] == "age_60").sum() == pytest.approx(200, abs=60)
    lost = visits["outcome"] != "served"
    share = lost.groupby(end["group"].to_numpy()[visits["agent"]]).mean()
    told = unmet_by_group(city, trace=trace, facility="clinic")
    assert told.to_dict() == share.to_dict()
    assert told.min() > 0.5  # twelve an hour are served, four hundred come


def test_an_evacuation_by_hand():
    """Warned at once, ready after 10 minutes to the second, 100 m at 1.34 and 0.9 m/s to the clinic of the grid."""
    city = town([(0.0, 0.0, 0, 4, 2, 0)])
    trace = twin.simulate(
        city, evacuation(kind="clinic", warning=0.0, preparation=600.0, variation=1e-9), until=6 * hour
    )
    end = trace["end"]
    hung = city.snap("facilities", "walk")
    shelter = hung[city.rows("facilities", kind="clinic")[hung.index]]["node"].to_numpy()
    reach = twin.routing.matrix(city.networks["walk"], [0], city.networks["walk"].ids[shelter])[0].min()
    times = end["time"].to_numpy()
    assert len(end) == 6
    assert times[:4] == pytest.approx(600 + reach / 1.34, abs=0.02)
    assert times[4:] == pytest.approx(600 + reach / 0.9, abs=0.02)


def test_households_leave_together_and_a_full_shelter_sends_on(harbour):
    table = Evacuees(share=0.05, household=4).spawn(harbour, np.random.default_rng(5))
    together = table.groupby(["node", "depart"]).size()
    assert together.max() == 4
    assert len(table) == pytest.approx(0.05 * 60_480, rel=0.1)
    trace = twin.simulate(harbour, [Evacuees(share=0.3)], until=6 * hour, seed=2)
    inside = trace["end"][trace["end"]["status"] == "finished"]
    capacity = harbour.facilities.set_index("id")["capacity"]
    taken = inside.groupby("facility").size()
    assert (taken <= capacity.reindex(taken.index)).all()
    assert taken.sum() == capacity[harbour.facilities.set_index("id")["kind"] == "shelter"].sum()


def test_what_makes_no_sense():
    with pytest.raises(DataError, match="household of at least 1"):
        Evacuees(household=0)


def test_a_household_of_all_ages_leaves_together(harbour):
    """Of the two crowds of an evacuation, each with a generator of its own, the households are the same."""
    young, old = (
        crowd.spawn(harbour, np.random.default_rng(place)) for place, crowd in enumerate(evacuation(share=0.2))
    )
    key = ["node", "household"]
    times = [table.groupby(key)["depart"].agg(frozenset) for table in (young, old)]
    both = times[0].index.intersection(times[1].index)
    assert len(both) > 500
    assert all(times[0][each] == times[1][each] and len(times[0][each]) == 1 for each in both)
    leave = set(young["depart"]) & set(old["depart"])
    again = Evacuees(share=0.2, draw=1).spawn(harbour, np.random.default_rng(0))
    assert not set(again["depart"]) & leave
