"""Being served: by hand, against the formulas of Erlang, and by what must always hold."""

from dataclasses import dataclass, field
from math import inf

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import twin
from twin.errors import DataError, MissingData, SimulationError
from twin.gis.grid import grid_city
from twin.interventions import CloseFacility
from twin.simulation import Service
from twin.simulation.chance import uniform


def town(servers):
    """A small grid whose only clinic serves so many at a time."""
    city = grid_city(2)
    facilities = city.facilities.copy()
    facilities["servers"] = np.where(facilities["kind"] == "clinic", float(servers), np.nan)
    return city.with_columns("facilities", servers=facilities["servers"].to_numpy())


@dataclass(frozen=True)
class Callers(twin.Agents):
    """They stand before the clinic's door, each at a given time."""

    at: tuple[float, ...] = ()
    service: Service = field(default_factory=lambda: Service(100.0, variation=0))
    booked: tuple[bool, ...] = ()

    def spawn(self, city, rng):
        clinic = city.rows("facilities", kind="clinic")
        hung = city.snap("facilities", self.network)
        node = hung[clinic[hung.index]]["node"].iloc[0]
        return pd.DataFrame({"node": node, "depart": self.at, "booked": self.booked or [False] * len(self.at)})

    def choose(self, who, sim):
        return sim.nearest("clinic", who.node, self.network)

    def arrive(self, who, sim):
        who.queue(self.service, appointment=who["booked"])


def visits(crowd, servers=1, until=1e9, **more):
    trace = twin.simulate(town(servers), [crowd], until=until, **more)
    return trace["visits"].set_index("agent").sort_index(), trace


# ── by hand ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_server_first_come_first_served():
    table, trace = visits(Callers(at=(0.0, 10.0, 20.0, 500.0)))
    assert table["begin"].tolist() == [0, 100, 200, 500]
    assert table["end"].tolist() == [100, 200, 300, 600]
    assert set(table["outcome"]) == {"served"}
    assert set(trace["end"]["status"]) == {"finished"}
    assert trace["end"]["time"].tolist() == [100, 200, 300, 600]


def test_two_servers_and_what_is_unfinished():
    table, trace = visits(Callers(at=(0.0, 10.0, 20.0, 30.0)), servers=2, until=115.0)
    assert table["begin"].fillna(-1).tolist() == [0, 10, 100, 110]
    assert table["outcome"].tolist() == ["served", "served", "in service", "in service"]
    table, trace = visits(Callers(at=(0.0, 10.0, 20.0, 30.0)), servers=1, until=115.0)
    assert table["outcome"].tolist() == ["served", "in service", "in line", "in line"]
    assert trace["end"]["status"].tolist() == ["finished", "in service", "in line", "in line"]


def test_who_has_an_appointment_goes_first():
    table, _ = visits(Callers(at=(0.0, 10.0, 20.0, 30.0), booked=(False, False, False, True)))
    assert table["begin"].tolist() == [0, 200, 300, 100]


def test_patience_and_a_full_waiting_room():
    table, trace = visits(Callers(at=(0.0, 10.0, 20.0), service=Service(100.0, variation=0, patience=85.0)))
    assert table["outcome"].tolist() == ["served", "left", "served"]  # 10 + 85 < 100 < 20 + 85
    assert table["end"].tolist() == [100, 95, 200]
    table, _ = visits(Callers(at=(0.0, 10.0, 20.0), service=Service(100.0, variation=0, bears=1)))
    assert table["outcome"].tolist() == ["served", "served", "turned away"]
    assert table["end"].tolist() == [100, 200, 20]
    assert set(trace["end"]["status"]) == {"finished"}


def test_they_say_what_they_do_next():
    @dataclass(frozen=True)
    class Stubborn(Callers):
        def gave_up(self, who, sim):
            who.retry(after=100.0)

    table, trace = visits(Stubborn(at=(0.0, 10.0), service=Service(100.0, variation=0, bears=0)))
    assert table["outcome"].tolist() == ["served", "turned away", "served"]
    assert table.loc[1, "arrive"].tolist() == [10, 110]
    assert set(trace["end"]["status"]) == {"finished"}


def test_a_clinic_that_closes_sends_its_line_home():
    (clinic,) = town(1).facilities.loc[town(1).rows("facilities", kind="clinic"), "id"]
    shut = [(50.0, CloseFacility("clinic", (clinic,)))]
    table, _ = visits(Callers(at=(0.0, 10.0, 20.0)), events=shut)
    assert table["outcome"].tolist() == ["served", "left", "left"]  # whom it has begun to serve, it serves
    assert table["end"].tolist() == [100, 50, 50]


def test_more_servers_from_a_time_on():
    more = [(50.0, lambda city: city.with_columns("facilities", servers=2 * city.facilities["servers"].to_numpy()))]
    table, _ = visits(Callers(at=(0.0, 10.0, 20.0)), events=more)
    assert table["begin"].tolist() == [0, 50, 100]


def test_times_are_the_distributions():
    chance = (np.arange(200_000) + 0.5) / 200_000
    for variation in (0.5, 1.0, 2.0):
        times = Service(60.0, variation=variation).times(chance)
        assert times.mean() == pytest.approx(60.0, rel=2e-3)
        assert times.std() / times.mean() == pytest.approx(variation, rel=2e-2)
    assert (Service(60.0, variation=0).times(chance) == 60).all()


def test_draws_are_those_of_the_kernels():
    # SplitMix64 started at 1234567 gives 6457827717110365317 first (the published test vector); the same mixing here
    from twin.simulation import chance

    first = chance._drawn(np.array([1234567], dtype=np.uint64), np.zeros(1, dtype=np.uint64))
    assert first.tolist() == [6457827717110365317]
    drawn = uniform(3, 1, np.arange(100_000), 0)
    assert abs(drawn.mean() - 0.5) < 4 / np.sqrt(12 * 100_000)
    assert len(np.unique(drawn)) == 100_000
    assert not np.isin(uniform(3, 1, np.arange(1000), 1), drawn).any()


# ── against Erlang ───────────────────────────────────────────────────────────────────────────────────────────────────


def arrivals(rate, many, seed):
    return tuple(np.random.default_rng(seed).exponential(1 / rate, many).cumsum())


def interval(values):
    """Mean, and three standard errors of it."""
    return np.mean(values), 3 * np.std(values, ddof=1) / np.sqrt(len(values))


@pytest.mark.parametrize(
    ("servers", "load", "waits", "mean_wait"),
    [(2, 1.5, 0.642857, 1.285714), (5, 4.0, 0.554113, 0.554113), (10, 8.0, 0.409180, 0.204590)],
)
def test_waiting_is_erlang_c(servers, load, waits, mean_wait):
    """M/M/c with a service of 1 (Erlang 1917): the share that waits, and the mean wait, within their intervals."""
    share, wait = [], []
    for seed in range(6):
        crowd = Callers(at=arrivals(load, 2500, seed), service=Service(1.0))
        table, _ = visits(crowd, servers=servers, seed=seed)
        late = table[table["arrive"] > 100 / load]  # it starts empty
        delay = late["begin"] - late["arrive"]
        share.append((delay > 0).mean())
        wait.append(delay.mean())
    for found, exact in ((share, waits), (wait, mean_wait)):
        mean, error = interval(found)
        assert abs(mean - exact) < error
        assert error < 0.6 * exact  # the interval is narrow enough to mean something


def test_who_finds_all_busy_is_erlang_b():
    """Ten servers, five erlang, nobody waits: 1.8385 % are turned away."""
    lost = []
    for seed in range(6):
        crowd = Callers(at=arrivals(5.0, 4000, seed), service=Service(1.0, bears=0))
        table, _ = visits(crowd, servers=10, seed=seed)
        lost.append((table["outcome"] == "turned away").mean())
    mean, error = interval(lost)
    assert abs(mean - 0.018385) < error < 0.008


# ── what must always hold ────────────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=40)
@given(
    at=st.lists(st.floats(0, 500), min_size=1, max_size=30),
    booked=st.lists(st.booleans(), min_size=30, max_size=30),
    servers=st.integers(1, 4),
    patience=st.sampled_from([0.0, 30.0, inf]),
    bears=st.sampled_from([None, 0, 2]),
    variation=st.sampled_from([0.0, 0.7, 1.0]),
    until=st.sampled_from([0.0, 250.0, 1e9]),
)
def test_nobody_vanishes(at, booked, servers, patience, bears, variation, until):
    service = Service(60.0, variation=variation, patience=patience, bears=bears)
    crowd = Callers(at=tuple(at), service=service, booked=tuple(booked[: len(at)]))
    table, trace = visits(crowd, servers=servers, until=until)
    assert len(table) == sum(t <= until for t in at)
    assert set(trace["end"]["status"]) <= {"waiting", "finished", "in line", "in service"}
    served = table[table["begin"].notna()]
    starts, ends = served["begin"], served["end"].fillna(inf)
    for now in starts:  # never more at a time than there are servers, and nobody waits while one is free
        assert ((starts <= now) & (ends > now)).sum() <= servers
    line = table[table["outcome"] == "in line"]
    assert not len(line) or ((starts <= until) & (ends > until)).sum() == servers
    for late in (False, True):  # first come, first served, within each of the two lines
        mine = served[np.array([booked[i] for i in served.index], dtype=bool) == late].sort_values("arrive")
        assert (np.diff(mine["begin"]) >= 0).all()
    left = table[table["outcome"] == "left"]
    assert np.allclose(left["end"] - left["arrive"], patience)
    if until == 1e9:
        # Little: persons waiting, over time, are the waits of all, summed
        steps = np.unique(np.concatenate([table["arrive"], table["end"], served["begin"]]))
        over = table["begin"].fillna(table["end"])
        inside = [((table["arrive"] <= t) & (over > t)).sum() for t in steps[:-1]]
        assert (np.diff(steps) * inside).sum() == pytest.approx((over - table["arrive"]).sum())


def test_the_same_seed_the_same_visits():
    crowd = Callers(at=arrivals(1.0, 300, 1), service=Service(1.0, variation=0.5, patience=2.0))
    first, again = visits(crowd, seed=4)[0], visits(crowd, seed=4)[0]
    pd.testing.assert_frame_equal(first, again)
    assert not first["end"].equals(visits(crowd, seed=5)[0]["end"])


def test_bad_services():
    with pytest.raises(DataError, match="a mean above 0 s"):
        Service(0.0)
    with pytest.raises(DataError, match="bears: at least 0"):
        Service(1.0, bears=-1)
    city = grid_city(2).with_columns("facilities", servers=np.full(len(grid_city(2).facilities), np.nan))
    with pytest.raises(SimulationError, match="servers") as error:
        twin.simulate(city, [Callers(at=(0.0,))], until=10)
    assert isinstance(error.value.__cause__, MissingData)
