"""twin's side of the workloads of `agents.py`: the engine alone, and whole runs through `twin.simulate`."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

import numpy as np
from agents_cases import Case

import twin
from twin.model import City, Network
from twin.routing.paths import sweep
from twin.routing.prepared import prepared
from twin.simulation import CityModel, Individual
from twin.simulation.movement import Movement
from twin.simulation.physics import Crowded, Freely, Queued


def prepare(side: str, workload: str, given: Case) -> Callable[[Any], Callable[[], dict[str, Any]]]:
    """The network with its topology prepared; what follows makes tables of ways anew each time."""
    net = Network.from_arrays(
        given.x, given.y, given.tail, given.head, length=given.length, time=given.seconds,
        lanes=given.lanes * (1 if given.oneway else 2), directed=given.oneway,
    )  # fmt: skip
    prepared(net)
    job = {
        "twin": {"grid50": _vehicles, "sioux": _vehicles, "shelters": _shelters}.get(workload, _walkers),
        "twin, in order": _in_order,
        "twin.simulate": _whole,
        "twin, a method of each": _methods,
        "twin, a function in a loop": _loop,
        "twin, in batches": _batches,
    }[side]

    def run(clock: Any) -> Callable[[], dict[str, Any]]:
        fresh = net.with_columns(length=net.columns["length"])  # without what the network remembers of ways
        return job(given, fresh, clock)

    return run


def _send(given: Case, net: Network, layer: tuple[Any, ...], *, ordered: bool, edge: float = 60.0) -> Movement:
    movement = Movement(len(given.origin), edge=edge)
    movement.ordered = ordered
    way = movement.layer(net, *layer)
    movement.send(np.arange(len(given.origin)), way, (given.origin, given.goal), given.depart)
    movement.run(inf)
    return movement


def _walkers(given: Case, net: Network, clock: Any, *, ordered: bool = False) -> Callable[[], dict[str, Any]]:
    with clock:
        movement = _send(given, net, ("length", 1 / 1.4, Freely()), ordered=ordered)
    return lambda: {"sum": _sum(movement.time), "events": movement.engine.crossings}


def _in_order(given: Case, net: Network, clock: Any) -> Callable[[], dict[str, Any]]:
    return _walkers(given, net, clock, ordered=True)


def _vehicles(given: Case, net: Network, clock: Any) -> Callable[[], dict[str, Any]]:
    with clock:
        movement = _send(given, net, ("time", 1.0, Queued()), ordered=False, edge=20.0)
    went = given.origin != given.goal
    mean = (movement.time - given.depart)[went].mean()
    return lambda: {"mean": float(mean), "events": movement.engine.crossings, "made": int(went.sum())}


def _shelters(given: Case, net: Network, clock: Any) -> Callable[[], dict[str, Any]]:
    places = given.sites.astype(np.int32)
    with clock:
        movement = Movement(len(given.origin))
        layer = movement.layer(net, "length", 1 / 1.34, Crowded())
        movement.sites(layer, places, np.full(len(places), given.room))
        _, near = sweep(net, (places, np.zeros(len(places)), np.arange(len(places))), cost="length", inward=True)
        movement.site[:] = near[given.origin]
        movement.send(np.arange(len(given.origin)), layer, (given.origin, places[movement.site]), given.depart)
        movement.run(inf)
    engine = movement.engine
    return lambda: {"mean": float(movement.time.mean()), "sent on": engine.redirects, "events": engine.crossings}


def _whole(given: Case, net: Network, clock: Any) -> Callable[[], dict[str, Any]]:
    city = City.from_network(net)
    with clock:
        crowd = twin.Trips("walk", given.origin, given.goal, given.depart, speed=1.4)
        trace = twin.simulate(city, [crowd], until=1e6)
    return lambda: {"sum": _sum(trace["trips"]["arrive"].to_numpy()), "events": 0}


def _methods(given: Case, net: Network, clock: Any) -> Callable[[], dict[str, Any]]:
    class Walker(Individual):
        speed = 1.4
        entered = 0

        def on_enter_edge(self, edge: int) -> None:
            self.entered += edge >= 0

    model = CityModel(City.from_network(net), dt=1e6)
    walkers = [Walker(model, int(node)) for node in given.origin]
    for walker, goal in zip(walkers, given.goal, strict=True):
        walker.go(int(goal))
    model.simulation.until(0.0)  # everybody has set out
    before = sum(walker.entered for walker in walkers)
    with clock:
        model.step()
    there = model.simulation.movement.time
    return lambda: {"sum": _sum(there), "events": sum(walker.entered for walker in walkers) - before}


class _Noted(twin.Trips):
    """Walkers whose entries into edges are counted, ten thousands at a time."""

    def enter(self, who: Any, edge: Any, time: Any, sim: Any) -> None:
        del who, time, sim
        self.counts[: edge.max() + 1] += np.bincount(edge)


class _Called(_Noted):
    """Walkers whose entries are given to a function one by one."""

    def enter(self, who: Any, edge: Any, time: Any, sim: Any) -> None:
        del sim
        call = self.call
        for one in zip(who.id.tolist(), edge.tolist(), time.tolist(), strict=True):
            call(*one)


def _noted(kind: type, given: Case, net: Network, clock: Any) -> Callable[[], dict[str, Any]]:
    counts = np.zeros(net.graph.tail.shape, dtype=np.int64)
    one = counts.tolist()

    def call(who: int, edge: int, time: float) -> None:
        del who, time
        one[edge] += 1

    crowd = kind("walk", given.origin, given.goal, given.depart, speed=1.4)
    object.__setattr__(crowd, "counts", counts)
    object.__setattr__(crowd, "call", call)
    city = City.from_network(net)
    with clock:
        trace = twin.simulate(city, [crowd], until=1e6)
    return lambda: {"sum": _sum(trace["trips"]["arrive"].to_numpy()), "events": int(counts.sum()) + sum(one)}


def _batches(given: Case, net: Network, clock: Any) -> Callable[[], dict[str, Any]]:
    return _noted(_Noted, given, net, clock)


def _loop(given: Case, net: Network, clock: Any) -> Callable[[], dict[str, Any]]:
    return _noted(_Called, given, net, clock)


def _sum(time: Any) -> int:
    return int(np.ceil(time - 1e-9).sum())
