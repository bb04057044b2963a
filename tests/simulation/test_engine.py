"""The event loop on a grid whose travel times can be counted: 100 m blocks, 75 s each on foot."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import twin
from twin.errors import DataError, MissingData, SimulationError
from twin.gis.grid import grid_city
from twin.hazards import Blockage
from twin.interventions import CloseFacility
from twin.routing import matrix


def node(column, row, blocks=5):
    return row * (blocks + 1) + column


def test_trips_take_the_network_s_time():
    city = grid_city(5)
    trips = twin.Trips("walk", [node(0, 0), node(5, 5)], [node(5, 5), node(5, 5)], [10.0, 20.0])
    trace = twin.simulate(city, [trips], until=3600)
    assert trace["trips"]["arrive"].tolist() == [10 + 10 * 75, 20.0]
    assert trace["end"]["status"].tolist() == ["finished", "finished"]
    assert trace["end"]["node"].tolist() == [35, 35]


def test_a_constant_speed_goes_by_length():
    trace = twin.simulate(grid_city(5), [twin.Trips("walk", [0], [node(3, 0)], speed=2.0)], until=3600)
    assert trace["trips"]["arrive"].tolist() == [150.0]


def test_who_is_on_the_way_has_no_arrival():
    trace = twin.simulate(grid_city(5), [twin.Trips("walk", [0, 0], [35, 35], [0.0, 900.0])], until=800)
    assert trace["trips"]["depart"].tolist() == [0.0]  # the other one has not left
    assert trace["trips"]["arrive"].tolist() == [750.0]
    assert trace["end"]["status"].tolist() == ["finished", "waiting"]
    early = twin.simulate(grid_city(5), [twin.Trips("walk", [0], [35])], until=749)
    assert np.isnan(early["trips"]["arrive"]).all()
    assert early["end"]["status"].tolist() == ["on the way"]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_arrivals_are_the_matrix(seed):
    city = Blockage(share=0.3, seed=seed)(grid_city(5))
    rng = np.random.default_rng(seed)
    origin, destination = rng.integers(0, 36, (2, 40))
    trips = twin.Trips("walk", origin, destination, rng.uniform(0, 100, 40))
    trace = twin.simulate(city, [trips], until=1e5, seed=1)
    cost = matrix(city.networks["walk"], np.arange(36), cost="time")[origin, destination]
    end = trace["end"]
    assert (end["status"].to_numpy() == np.where(np.isfinite(cost), "finished", "stranded")).all()
    made = trace["trips"].sort_values("agent")
    reached = np.isfinite(cost)
    np.testing.assert_allclose(made["arrive"] - made["depart"], cost[reached])
    assert len(end) == 40  # nobody vanishes


def test_the_same_seed_gives_the_same_trace():
    city = grid_city(8)
    seekers = [Wanderers()]
    first, second, other = (twin.simulate(city, seekers, until=7200, seed=seed) for seed in (3, 3, 4))
    pd.testing.assert_frame_equal(first["trips"], second["trips"])
    assert not first["trips"].equals(other["trips"])


@dataclass(frozen=True)
class Wanderers(twin.Agents):
    """People who go to a random corner."""

    def spawn(self, city, rng):
        homes = city.snap("population", self.network)
        return homes[["node"]].assign(depart=rng.uniform(0, 60, len(homes)), goal=rng.integers(0, 81, len(homes)))

    def choose(self, who, sim):
        return who["goal"]


@dataclass(frozen=True)
class Patients(twin.Agents):
    """Everybody goes to the clinic; who finds it full waits outside and tries again."""

    def choose(self, who, sim):
        return sim.nearest("clinic", who.node, self.network)

    def arrive(self, who, sim):
        inside = sim.admit(who)
        who[inside].finish()
        who[~inside].retry(after=600.0)


def test_a_full_clinic_takes_the_first_fifty():
    city = grid_city(8)  # 81 corners, one agent each; the clinic in the corner holds 50
    end = twin.simulate(city, [Patients()], until=3600)["end"]
    assert (end["status"] == "finished").sum() == 50
    distance = (city.population.geometry.x + city.population.geometry.y).to_numpy()
    arrived = end["status"].to_numpy() == "finished"
    assert distance[arrived].max() <= distance[~arrived].min()  # those who live nearest
    assert set(end.loc[arrived, "facility"]) == {"c1"}
    assert end.loc[arrived, "time"].max() == distance[arrived].max() * 0.75


def test_with_room_only_nobody_goes_where_it_is_full():
    @dataclass(frozen=True)
    class Careful(Patients):
        def choose(self, who, sim):
            return sim.nearest("clinic", who.node, self.network, room=True)

    end = twin.simulate(grid_city(8), [Careful()], until=7200)["end"]
    assert end["status"].value_counts().to_dict() == {"finished": 50, "stranded": 31}


def test_a_street_that_closes_sends_people_round():
    # from (0, 0) to (3, 0) along the south side; at 80 s the edge (1, 0)-(2, 0) closes while the walker is on it,
    # the edge (2, 0)-(3, 0) at the same time: at (2, 0), reached at 150 s, the walker goes round by (2, 1), (3, 1)
    city = grid_city(5)
    edges = city.networks["walk"].edges
    shut = [int(np.flatnonzero((edges["tail"] == a) & (edges["head"] == a + 1))[0]) for a in (1, 2)]
    trip = twin.Trips("walk", [0], [node(3, 0)])
    calm = twin.simulate(city, [trip], until=3600)["trips"]
    assert calm["arrive"].tolist() == [225.0]
    closed = (80.0, lambda c: c.with_network("walk", c.networks["walk"].close(shut)))
    trips = twin.simulate(city, [trip], until=3600, events=[closed])["trips"]
    assert trips["depart"].tolist() == [0.0, 150.0]
    assert trips["destination"].tolist() == [2, 3]
    assert trips["arrive"].tolist() == [150.0, 150.0 + 3 * 75]


def test_stranded_people_try_again_when_the_city_changes():
    city = grid_city(5)
    everything = np.arange(60)
    closed = city.with_network("walk", city.networks["walk"].close(everything))
    opened = (500.0, lambda c: city)
    trips = twin.simulate(closed, [twin.Trips("walk", [0], [1])], until=3600, events=[opened])["trips"]
    assert trips[["depart", "arrive"]].to_numpy().tolist() == [[500.0, 575.0]]


def test_a_facility_that_closes_is_left():
    shut = (100.0, CloseFacility("clinic"))
    end = twin.simulate(grid_city(5), [Patients()], until=3600, events=[shut])["end"]
    assert (end["status"] == "finished").sum() == 3  # those within one block had arrived
    assert (end["status"] == "stranded").sum() == 33


def test_a_decision_that_raises_is_named():
    @dataclass(frozen=True)
    class Broken(twin.Agents):
        def choose(self, who, sim):
            raise ZeroDivisionError("a slip")

    with pytest.raises(SimulationError, match=r"Broken\.choose failed at 0\.0 s: a slip") as caught:
        twin.simulate(grid_city(2), [Broken()], until=10)
    assert (caught.value.time, caught.value.agents) == (0.0, "Broken")


def test_bad_input():
    city = grid_city(2)
    with pytest.raises(DataError, match="until"):
        twin.simulate(city, [], until=float("inf"))
    with pytest.raises(DataError, match="events"):
        twin.simulate(city, [], until=10, events=[(-1, CloseFacility("clinic"))])
    with pytest.raises(ValueError, match="departures are finite"):
        twin.Trips("walk", [0], [1], [np.nan])
    with pytest.raises(ValueError, match="1 origins and 2 destinations"):
        twin.Trips("walk", [0], [1, 2])

    @dataclass(frozen=True)
    class Seekers(twin.Agents):
        def choose(self, who, sim):
            return sim.nearest("moon base", who.node, self.network)

    with pytest.raises(SimulationError, match="no moon base in the data") as caught:
        twin.simulate(city, [Seekers()], until=10)
    assert isinstance(caught.value.__cause__, MissingData)

    @dataclass(frozen=True)
    class Nowhere(twin.Agents):
        def spawn(self, city, rng):
            return pd.DataFrame({"depart": [0.0]})

    with pytest.raises(SimulationError, match="no column 'node'"):
        twin.simulate(city, [Nowhere()], until=10)


def test_ctrl_c_leaves_a_partial_trace():
    @dataclass(frozen=True)
    class Interrupted(twin.Agents):
        def arrive(self, who, sim):
            raise KeyboardInterrupt

        def choose(self, who, sim):
            return np.ones(len(who), dtype=int)

    trace = twin.simulate(grid_city(2), [Interrupted()], until=1000)
    assert trace.partial
    assert len(trace["end"]) == 9


@pytest.mark.parametrize("kind", [twin.simulation.Freely, twin.simulation.Crowded, twin.simulation.Queued])
def test_a_crowd_hears_of_the_edges_it_enters(kind):
    heard = []

    class Noted(twin.Trips):
        def enter(self, who, edge, time, sim):
            heard.append(pd.DataFrame({"agent": who.id, "edge": edge, "time": time}))

    city = grid_city(5)
    ends = np.arange(36), np.arange(36)[::-1]
    trips = Noted("drive", *ends, np.linspace(0, 100, 36), physics=kind())
    others = twin.Trips("drive", *ends, np.linspace(0, 100, 36), physics=kind())
    trace = twin.simulate(city, [others, trips], until=4000)
    table = pd.concat(heard)
    assert table["time"].is_monotonic_increasing
    apart = matrix(city.network("drive"), ends[0], ends[1]).diagonal()
    assert table.groupby("agent").size().reindex(range(36)).fillna(0).tolist() == (apart / 100).tolist()
    graph = city.network("drive").graph
    for agent, mine in table.groupby("agent"):  # each edge begins where the one before ended
        at = ends[0][agent]
        for edge in mine["edge"]:
            at = graph.head[edge] if graph.tail[edge] == at else graph.tail[edge]
        assert at == ends[1][agent]
    first = table.groupby("agent")["time"].first()
    assert np.allclose(first, np.linspace(0, 100, 36)[first.index]) or kind is twin.simulation.Queued
    assert trace["end"]["status"].eq("finished").all()
