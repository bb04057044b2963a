"""What every crowd owes: the same seed gives the same trace, and nobody vanishes."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

import twin
from twin.gis.grid import grid_city
from twin.simulation import Callers, Emergency


@dataclass(frozen=True)
class ClinicVisitors(twin.Agents):
    """A crowd with chance in it: a third of the people, at random times, to a clinic that may be full."""

    def spawn(self, city, rng):
        homes = city.snap("population", self.network).sample(frac=1 / 3, random_state=rng)
        return homes[["node"]].assign(depart=rng.uniform(0, 600, len(homes)))

    def choose(self, who, sim):
        return sim.nearest("clinic", who.node, self.network)

    def arrive(self, who, sim):
        inside = sim.admit(who)
        who[inside].finish()
        who[~inside].retry(after=300.0)


CROWDS = {
    "Agents": twin.Agents(),
    "Callers": Callers(calls=500_000.0, centre="clinic"),
    "ClinicVisitors": ClinicVisitors(),
    "Emergency": Emergency(station="clinic", calls=500_000.0, units=2),
    "Trips": twin.Trips("walk", np.arange(81), np.arange(81)[::-1], np.linspace(0, 100, 81)),
}


def some_city():
    """A grid whose clinic serves two at a time, or sends two ambulances."""
    city = grid_city(8)
    return city.with_columns("facilities", servers=np.where(city.rows("facilities", kind="clinic"), 2.0, np.nan))


@pytest.mark.parametrize("crowd", CROWDS.values(), ids=CROWDS)
def test_same_seed_same_trace(crowd):
    first, second = (twin.simulate(some_city(), [crowd], until=3600, seed=11) for _ in range(2))
    assert set(first) == set(second)
    for table in first:
        pd.testing.assert_frame_equal(first[table], second[table])


@pytest.mark.parametrize("crowd", CROWDS.values(), ids=CROWDS)
@pytest.mark.parametrize("until", [0.0, 100.0, 3600.0])
def test_nobody_vanishes(crowd, until):
    city = some_city()
    trace = twin.simulate(city, [crowd], until=until, seed=2)
    spawned = len(crowd.spawn(city, np.random.default_rng([2, 0])))
    assert len(trace["end"]) == spawned
    assert set(trace["end"]["status"]) <= {
        "waiting",
        "on the way",
        "finished",
        "stranded",
        "in line",
        "in service",
    }
    on_the_way = int((trace["end"]["status"] == "on the way").sum())
    assert int(trace["trips"]["arrive"].isna().sum()) == on_the_way
    made = trace["trips"].dropna()
    assert (made["arrive"] >= made["depart"]).all()
    assert (made["arrive"] <= until).all()
