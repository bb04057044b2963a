"""Lines at a counter whose every minute is known, and calls against Erlang's formula."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

import twin
from twin.errors import MissingData
from twin.gis.grid import grid_city
from twin.measures import (
    answered_within,
    line_percentile,
    longest_line,
    mean_line,
    served_within,
    unmet_by_group,
    unmet_share,
    unmet_worst,
)
from twin.measures.waiting import with_calls
from twin.simulation import Service


@dataclass(frozen=True)
class Visitors(twin.Agents):
    """People who come to the clinic's door at given times and are served for ten minutes."""

    times: tuple[float, ...] = ()
    groups: tuple[str, ...] = ()
    service: Service = Service(600.0, variation=0.0)

    def spawn(self, city, rng):
        table = pd.DataFrame({"node": 0, "depart": self.times})
        return table.assign(group=self.groups) if self.groups else table

    def choose(self, who, sim):
        return sim.nearest("clinic", who.node, self.network)

    def arrive(self, who, sim):
        who.queue(self.service)


def served(*crowds, servers=1.0, until=50_000.0, seed=0):
    city = grid_city(3).with_columns("facilities", servers=[servers, np.nan, np.nan, np.nan])
    return city, twin.simulate(city, crowds, until=until, seed=seed)


def test_one_counter():
    """At 0, 60 and 120 s; ten minutes each: waits of 0, 540 and 1,080 s; at most two stand in line."""
    city, trace = served(Visitors(times=(0.0, 60.0, 120.0)))
    of = {"trace": trace, "facility": "clinic"}
    assert mean_line(city, **of) == (0 + 540 + 1080) / 3
    assert [line_percentile(city, share=share, **of) for share in (1 / 3, 2 / 3, 1.0)] == [0.0, 540.0, 1080.0]
    assert [served_within(city, within=within, **of) for within in (0.0, 539.0, 540.0)] == [1 / 3, 1 / 3, 2 / 3]
    assert (unmet_share(city, **of), longest_line(city, **of)) == (0.0, 2.0)


def test_those_who_lose_patience_were_not_served_in_time():
    """The second leaves after 300 s, the third is served after 600 - 500 = 100 s; the fourth is turned away."""
    few = Visitors(times=(0.0, 60.0, 500.0, 510.0), service=Service(600.0, 0.0, patience=300.0, bears=1))
    city, trace = served(few)
    of = {"trace": trace, "facility": "clinic"}
    assert trace["visits"]["outcome"].tolist() == ["served", "left", "served", "turned away"]
    assert mean_line(city, **of) == pytest.approx((0 + 300 + 100) / 3)
    assert served_within(city, within=400.0, **of) == 0.5
    assert unmet_share(city, **of) == 0.5


def test_groups():
    few = Visitors(
        times=(0.0, 60.0, 500.0), groups=("old", "old", "young"), service=Service(600.0, 0.0, patience=300.0)
    )
    city, trace = served(few)
    of = {"trace": trace, "facility": "clinic"}
    assert unmet_by_group(city, **of).to_dict() == {"old": 0.5, "young": 0.0}
    assert unmet_worst(city, **of) == 0.5
    with pytest.raises(MissingData, match="no column 'group'"):
        unmet_worst(*served(Visitors(times=(0.0,)))[:1], trace=served(Visitors(times=(0.0,)))[1])


def test_the_end_of_the_run_cuts_a_wait_short():
    """At 300 s the second has been in line for 240 s: late for 100 s, not known for 300 s."""
    city, trace = served(Visitors(times=(0.0, 60.0)), until=300.0)
    of = {"trace": trace, "facility": "clinic"}
    assert mean_line(city, **of) == 120.0
    assert [served_within(city, within=within, **of) for within in (100.0, 300.0)] == [0.5, 1.0]
    assert np.isnan(unmet_share(city, trace=trace, crowd="Visitors"))  # no visit is over


def test_crowds_apart():
    city, trace = served(Visitors(times=(0.0, 60.0)), twin.Trips("walk", [0], [1]))
    assert mean_line(city, trace=trace, crowd="Visitors") == 270.0
    with pytest.raises(MissingData, match=r"no visit to any facility of Trips"):
        mean_line(city, trace=trace, crowd="Trips")
    with pytest.raises(MissingData, match="did you mean 'Visitors'"):
        mean_line(city, trace=trace, crowd="Visitor")
    with pytest.raises(MissingData, match="no visit to park"):
        mean_line(city, trace=trace, facility="park")


def test_as_many_are_answered_in_time_as_erlang_says():
    """1.5 erlang on three agents: C = 9/38 wait, and 1 - C exp(-1.5 / 3) are answered within a third of a call."""
    known = answered_within(
        with_calls(grid_city(1), calls=22.5, handling=240.0, agents=3), layer="hotline", within=80.0
    )
    assert known == pytest.approx(1 - 9 / 38 * np.exp(-0.5))
    found = []
    for seed in range(8):
        times = np.random.default_rng(seed).exponential(160.0, 500).cumsum()
        city, trace = served(
            Visitors(times=tuple(times), service=Service(240.0)), servers=3.0, until=times[-1], seed=seed
        )
        found.append(served_within(city, trace=trace, within=80.0, crowd="Visitors"))
    half = 3.5 * np.std(found, ddof=1) / np.sqrt(8)  # Student, 99 %, 7 degrees of freedom
    assert half < 0.07
    assert abs(np.mean(found) - known) < half
