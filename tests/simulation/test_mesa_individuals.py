"""Individuals in a Mesa model, on a grid whose times can be counted: blocks of 100 m, 75 s each on foot."""

from dataclasses import dataclass

import mesa
import numpy as np
import pandas as pd
import pytest

import twin
from twin.errors import DataError, SimulationError, UnknownName
from twin.gis.grid import grid_city
from twin.simulation import CityModel, Crowded, Individual, Queued

NORTH_EAST = 35  # of 5 x 5 blocks: 10 blocks from node 0


class Walker(Individual):
    """Writes down what it hears."""

    def __init__(self, model, node=0, **columns):
        super().__init__(model, node, heard=[], **columns)

    def on_depart(self):
        self.heard.append(("depart", self.now, self.node, self.edge))

    def on_enter_edge(self, edge):
        self.heard.append(("edge", self.now, self.node, edge))

    def on_arrive(self):
        self.heard.append(("arrive", self.now, self.node, self.edge))


def test_an_individual_hears_of_its_way():
    model = CityModel(grid_city(5))
    one = Walker(model)
    assert (one.status, one.node, one.edge, one.position) == ("waiting", 0, None, (0.0, 0.0))
    one.go(3, after=30)
    model.step()
    assert (one.status, one.node, one.position) == ("on the way", 0, (40.0, 0.0))  # 30 s of 75 s
    for _ in range(4):
        model.step()
    assert one.status == "finished"
    graph = model.city.network("walk").graph
    row = [np.flatnonzero((graph.tail == n) & (graph.head == n + 1))[0] for n in range(3)]
    assert one.heard == [
        ("depart", 30.0, 0, None),
        *[("edge", 30.0 + 75 * n, n, row[n]) for n in range(3)],
        ("arrive", 255.0, 3, None),
    ]
    assert not model.running
    trips = model.trace()["trips"]
    assert trips[["origin", "destination", "depart", "arrive"]].to_numpy().tolist() == [[0, 3, 30.0, 255.0]]


@pytest.mark.parametrize(("network", "physics"), [("walk", Crowded()), ("drive", Queued())])
def test_whatever_it_moves_like(network, physics):
    kind = type("Other", (Walker,), {"network": network, "physics": physics})
    model = CityModel(grid_city(5), rng=1)
    one = kind(model, 3)
    one.go(0)  # against the direction of the edges
    model.simulation.until(4.0)
    assert one.edge is not None
    assert 200 < one.position[0] < 300
    model.simulation.until(1000.0)
    seconds = 100 / physics.speed_at(1 / 400).item() if network == "walk" else 10.0
    assert [time for what, time, *_ in one.heard if what == "edge"] == pytest.approx([0, seconds, 2 * seconds])
    assert one.heard[-1][1] == pytest.approx(3 * seconds)


def test_one_that_stands_in_a_queue_is_still_on_its_edge():
    kind = type("Driver", (Walker,), {"network": "drive", "physics": Queued(jam=0.05)})
    model = CityModel(grid_city(5), [twin.Trips("drive", [0] * 60, [5] * 60, physics=Queued(jam=0.05))])
    one = kind(model, 1)
    one.go(3, after=40)
    model.simulation.until(41.0)
    assert one.status == "on the way"
    model.simulation.until(1000.0)
    assert (one.heard[-1][0], one.node) == ("arrive", 3)
    assert one.heard[-1][1] > 40 + 2 * 10 + 1  # the others are in its way


def test_it_turns_at_the_next_node():
    class Doubter(Walker):
        def on_enter_edge(self, edge):
            super().on_enter_edge(edge)
            if self.node == 1:
                self.go(0)

    model = CityModel(grid_city(5))
    one = Doubter(model)
    one.go(3)
    model.simulation.until(1000)
    assert [entry[2] for entry in one.heard if entry[0] == "edge"] == [0, 1, 2, 1]  # on to 2, and then back
    assert one.heard[-1][:3] == ("arrive", 300.0, 0)
    assert one.status == "finished"


def test_turned_from_outside_and_sent_on_from_within():
    class Rounds(Walker):
        def on_arrive(self):
            super().on_arrive()
            if self.node == 1:
                self.go(2, after=10)

    model = CityModel(grid_city(5), dt=50.0)
    one = Rounds(model)
    one.go(5)
    model.step()
    assert one.edge is not None
    one.go(1)  # it comes to node 1 at 75 s
    with pytest.raises(DataError, match="on the way"):
        one.go(1, after=5)
    model.simulation.until(1000)
    assert [entry[:3] for entry in one.heard if entry[0] == "arrive"] == [("arrive", 75.0, 1), ("arrive", 160.0, 2)]
    table = model.trace()["trips"]
    assert table[["origin", "destination", "arrive"]].to_numpy().tolist() == [[0, 1, 75], [1, 1, 75], [1, 2, 160]]


def test_only_the_last_plan_counts():
    model = CityModel(grid_city(5))
    one = Walker(model)
    one.go(1, after=100)
    one.go(2, after=300)
    model.simulation.until(50)
    one.go(6, after=150)  # at 200 s
    model.simulation.until(1000)
    assert [entry[1] for entry in one.heard if entry[0] == "depart"] == [200.0]
    assert (one.node, one.status) == (6, "finished")


def test_one_calls_another():
    class Bell(Individual):
        def on_arrive(self):
            for other in self.model.agents.select(agent_type=Walker):
                other.go(5)

        def on_enter_edge(self, edge):
            if self.node == 1:
                self.model.late.go(7)

    model = CityModel(grid_city(5), dt=1000.0)
    others = Walker.create_agents(model, 3, [0, 1, 2])
    model.late = Walker(model, 6)
    bell = Bell(model, 0)
    bell.go(2)
    model.step()
    assert model.late.heard[0][:2] == ("depart", 75.0)
    assert [one.heard[0][:2] for one in others] == [("depart", 150.0)] * 3
    assert sorted(one.heard[-1][1] for one in others) == [150 + 75 * n for n in (3, 4, 5)]


def test_methods_that_are_not_overridden_are_not_called():
    class Quiet(Individual):
        def on_arrive(self):
            self.there = self.now

    model = CityModel(grid_city(5))
    one = Quiet(model, 0)
    one.go(2)
    model.simulation.until(1000)
    assert one.there == 150
    hears = model.simulation.watch.one["hears"][0]
    assert hears == 0


@pytest.mark.parametrize("method", ["on_depart", "on_enter_edge", "on_arrive", "on_event"])
def test_an_error_says_whose_which_and_when_and_the_trace_stays(method):
    def fail(self, *_):
        raise RuntimeError("lost the way")

    kind = type("Clumsy", (Individual,), {method: fail})
    shut = (100.0, lambda city: city)
    model = CityModel(grid_city(5), [twin.Trips("walk", [0], [1])], events=[shut])
    kind(model, 0).go(1, after=80.0)
    when = {"on_arrive": 155.0, "on_event": 100.0}.get(method, 80.0)
    with pytest.raises(SimulationError, match=rf"Clumsy 1: {method} failed at {when} s: lost the way") as caught:
        model.simulation.until(1000)
    assert caught.value.time == when
    trips = model.trace()["trips"]
    assert trips["arrive"].tolist()[0] == 75.0  # of the crowd
    model.simulation.until(1000)  # and one may go on
    assert model.counts()["finished"] == 2


def test_an_event_closes_the_way():
    class Alert(Walker):
        def on_event(self):
            self.heard.append(("event", self.now, self.model.city.network("walk").open.all()))

    city = grid_city(5)
    graph = city.network("walk").graph
    ahead = (graph.tail == 1) & (graph.head == 2)
    shut = (50.0, lambda c: c.with_network("walk", c.network("walk").close(ahead)))
    model = CityModel(city, events=[shut])
    one, bystander = Alert(model, 0), Alert(model, 9)
    one.go(2)
    model.simulation.until(1000)
    assert ("event", 50.0, False) in one.heard
    assert bystander.heard == [("event", 50.0, False)]
    assert one.heard[-1] == ("arrive", 75 + 3 * 75, 2, None)  # round the block


def test_no_way():
    city = grid_city(5)
    graph = city.network("walk").graph
    cut = (graph.tail == 0) | (graph.head == 0)
    city = city.with_network("walk", city.network("walk").close(cut))
    model = CityModel(city, events=[(100.0, lambda c: c.with_network("walk", grid_city(5).network("walk")))])
    one = Walker(model, 0)
    one.go(1)
    model.step()
    assert one.status == "stranded"
    with pytest.raises(UnknownName):
        one.go("nowhere")


def test_born_and_gone_during_the_run():
    class Parent(Walker):
        def on_arrive(self):
            super().on_arrive()
            child = Walker(self.model, self.node)
            child.go(0)

    model = CityModel(grid_city(5), [twin.Trips("walk", [0] * 5, [35] * 5)])
    parent, gone, still = Parent(model), Walker(model, 5), Walker(model, 6)
    parent.go(2)
    gone.go(0)
    model.step()
    gone.remove()
    still.remove()
    assert len(model.agents) == 1
    model.simulation.until(10_000)
    [child] = model.agents.select(lambda agent: agent is not parent)
    assert [entry[:3] for entry in child.heard if entry[0] != "edge"] == [("depart", 150.0, 2), ("arrive", 300.0, 0)]
    assert [entry[0] for entry in gone.heard] == ["depart", "edge"]  # it heard of nothing more
    end = model.trace()["end"]
    assert len(end) == 5 + 4
    assert end.index.is_unique
    assert (end["status"] == "finished").all()
    assert {status: many for status, many in model.counts().items() if many} == {"finished": 9}
    for _ in range(70):  # more than there is room for at first
        Walker(model).go(1)
    model.simulation.until(20_000)
    assert len(model.trace()["end"]) == 79
    assert model.counts()["finished"] == 79


def test_individuals_do_not_change_the_crowds():
    trips = twin.Trips("walk", np.arange(36), np.arange(36)[::-1], np.linspace(0, 100, 36))
    alone = twin.simulate(grid_city(5), [trips], until=2000, seed=3)
    model = CityModel(grid_city(5), [trips], rng=3, dt=2000)
    for node in range(20):
        Walker(model, node).go(35)
    model.step()
    mine = model.trace()["trips"]
    pd.testing.assert_frame_equal(mine[mine["crowd"] == 0].reset_index(drop=True), alone["trips"], check_dtype=False)


def test_agent_sets_and_a_data_collector():
    model = CityModel(grid_city(5), dt=75.0)
    Walker.create_agents(model, 6, np.arange(6), age=np.arange(6) * 20)
    old = model.agents.select(lambda one: one.age > 60)
    assert old.get("node") == [4, 5]
    old.set("slow", True).do("go", 0)
    watch = mesa.DataCollector(
        model_reporters={"there": model.report("finished"), "now": "now"}, agent_reporters={"at": "node"}
    )
    for _ in range(5):
        model.step()
        watch.collect(model)
    seen = watch.get_model_vars_dataframe()
    assert seen["there"].tolist() == [0, 0, 0, 1, 2]
    assert seen["now"].tolist() == [75, 150, 225, 300, 375]
    at = watch.get_agent_vars_dataframe()["at"]
    assert at.groupby(level=0).sum().tolist() == [6 + 3 + 4, 6 + 2 + 3, 6 + 1 + 2, 6 + 0 + 1, 6]


@dataclass(frozen=True)
class Citizens(twin.Agents):
    """Leave for home when they are told to."""

    def spawn(self, city, rng):
        homes = city.snap("population", self.network)
        return homes[["node"]].assign(depart=100.0, age=np.arange(len(homes)) % 90, patience=60.0)

    def choose(self, who, sim):
        return np.where(who["patience"] > 100, 0, -1)


def test_a_crowd_in_bulk():
    model = CityModel(grid_city(5), [Citizens()], dt=60.0)
    crowd = model.crowd("Citizens")
    assert len(crowd) == 36
    old = crowd.select(lambda who: who["age"] >= 30)
    assert old.get("age").tolist() == [30, 31, 32, 33, 34, 35]
    old.set("patience", 200.0).set("home", old["node"])
    assert crowd.agg("patience", np.sum) == 30 * 60 + 6 * 200
    assert crowd["home"].tolist() == [0] * 30 + old["node"].tolist()
    assert len(crowd.select(at_most=5)) == 5
    assert len(crowd.select(at_most=0.5)) == 18
    for _ in range(20):
        model.step()
    assert (old["status"] == "finished").all()
    assert (crowd.select(crowd["age"] < 30)["status"] == "stranded").all()
    called = []
    old.do(lambda some, word: called.append((len(some), word)), "home")
    assert called == [(6, "home")]
    assert crowd.get(["id", "time"])[0].tolist() == list(range(36))
    for name in ("status", "depart"):
        with pytest.raises(UnknownName):
            crowd.set(name, 1)
    with pytest.raises(UnknownName, match="patience"):
        crowd.get("patince")
    with pytest.raises(UnknownName, match="Citizens"):
        model.crowd("Citizen")


def test_same_seed_same_run():
    class Wanderer(Individual):
        def on_arrive(self):
            self.go(int(self.rng.integers(36)), after=float(self.rng.uniform(0, 60)))

    traces = []
    for _ in range(2):
        model = CityModel(grid_city(5), rng=5)
        Wanderer.create_agents(model, 10, np.arange(10)).do("on_arrive")
        model.simulation.until(3000)
        traces.append(model.trace())
    pd.testing.assert_frame_equal(traces[0]["trips"], traces[1]["trips"])
    assert len(traces[0]["trips"]) > 30


def test_a_model_that_cannot_be():
    with pytest.raises(DataError, match="dt"):
        CityModel(grid_city(2), dt=0.0)
    with pytest.raises(UnknownName, match="finished"):
        CityModel(grid_city(2)).report("finishd")
