"""Walkers, vehicles and an evacuation, each side in turn; writes the section "Agents" of docs/benchmarks.md.

    python benchmarks/agents.py [PYTHON WITH UXSIM]

Medians of five runs (three where a run takes more than ten seconds). The network is prepared once before; tables of ways
are made in every run. Check sums are compared before any time is believed.
"""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
from document import commit, machine, seconds, write_section
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from twin.model import Network
from twin.routing.paths import sweep
from twin.routing.prepared import prepared
from twin.simulation.movement import Movement
from twin.simulation.physics import Crowded, Queued

SUMS = {100_000: 438_048_644, 1_000_000: 4_381_852_473}


def timed(job: Callable[[], Any], runs: int = 5) -> tuple[float, float, Any]:
    """Median wall and CPU seconds of a job, and what it gave."""
    wall, cpu, found = [], [], None
    while len(wall) < runs:
        start, used = time.perf_counter(), time.process_time()
        found = job()
        wall.append(time.perf_counter() - start)
        cpu.append(time.process_time() - used)
        runs = 3 if wall[0] > 10 else runs
    return statistics.median(wall), statistics.median(cpu), found


def grid(side: int, block: float, spread: float, **columns: float) -> Network:
    node = np.arange(side * side).reshape(side, side)
    tail = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
    head = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
    length = np.round(block * np.random.default_rng(42).uniform(1 - spread, 1 + spread, len(tail)), 1)
    y, x = np.divmod(np.arange(side * side), side)
    net = Network.from_arrays(x * block, y * block, tail, head, length=length, time=length / 15, **columns)
    prepared(net)
    return net


def trips(nodes: int, destinations: int, count: int) -> tuple[np.ndarray, np.ndarray, np.random.Generator]:
    places = np.random.default_rng(1).choice(nodes, destinations, replace=False)
    rng = np.random.default_rng(7)
    origin = rng.integers(0, nodes, count)
    return origin.astype(np.int32), places[rng.integers(0, destinations, count)].astype(np.int32), rng


def again(net: Network) -> Network:
    """The same network without what it remembers of ways: only its topology is prepared."""
    return net.with_columns(length=net.columns["length"])


def walkers(net: Network, count: int, *, ordered: bool = False) -> Movement:
    origin, goal, _ = trips(10_000, 256, count)
    movement = Movement(count)
    layer = movement.layer(again(net), "length", 1 / 1.4)
    movement.ordered = ordered
    movement.send(np.arange(count), layer, (origin, goal), np.zeros(count))
    movement.run(1e9)
    assert np.ceil(movement.time - 1e-9).sum() == SUMS[count]
    return movement


def numpy_walkers(net: Network, count: int) -> None:
    """The same, a second at a time, in numpy; its tables of ways are scipy's."""
    origin, goal, _ = trips(10_000, 256, count)
    ends = np.concatenate([net.graph.tail, net.graph.head]), np.concatenate([net.graph.head, net.graph.tail])
    length = np.tile(net.columns["length"], 2)
    matrix = csr_matrix((length, ends), shape=(10_000, 10_000))
    places, table = np.unique(goal, return_inverse=True)
    _, before = dijkstra(matrix, indices=places, return_predecessors=True)
    step = {1: 0, -1: 1, 100: 2, -100: 3}
    cost = np.zeros((10_000, 4))
    cost[ends[0], [step[d] for d in (ends[1] - ends[0]).tolist()]] = length / 1.4
    shift = np.zeros(201, dtype=np.int64)
    for difference, place in step.items():
        shift[difference + 100] = place
    node, clock, tick, active = origin.astype(np.int64), np.zeros(count), 0, origin != goal
    target = node.copy()
    while active.any():
        due = np.flatnonzero(active & (clock <= tick + 1e-9))
        while len(due):
            node[due] = target[due]
            there = node[due] == goal[due]
            active[due[there]] = False
            due = due[~there]
            target[due] = before[table[due], node[due]]
            clock[due] += cost[node[due], shift[target[due] - node[due] + 100]]
            due = due[clock[due] <= tick + 1e-9]
        tick += 1
    assert np.ceil(clock - 1e-9).sum() == SUMS[count]


def vehicles(net: Network, count: int) -> Movement:
    origin, goal, rng = trips(2500, 100, count)
    depart = rng.uniform(0, 3600, count)
    movement = Movement(count, edge=20.0)
    layer = movement.layer(again(net), "time", 1.0, Queued())
    movement.send(np.arange(count), layer, (origin, goal), depart)
    movement.run(1e9)
    movement.mean = (movement.time - depart)[origin != goal].mean()  # type: ignore[attr-defined]
    return movement


def uxsim(python: str, net: Network, count: int) -> dict[str, float]:
    origin, goal, rng = trips(2500, 100, count)
    depart = rng.uniform(0, 3600, count)
    graph, length = net.graph, net.columns["length"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "grid.npz"
        np.savez(
            path, x=net.x, y=net.y, tail=np.r_[graph.tail, graph.head], head=np.r_[graph.head, graph.tail],
            length=np.tile(length, 2), speed=15.0, lanes=3, origin=origin, goal=goal, depart=depart, until=6000.0,
        )  # fmt: skip
        script = Path(__file__).with_name("agents_uxsim.py")
        done = subprocess.run([python, str(script), str(path)], capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def evacuation(net: Network, count: int) -> Movement:
    starts = np.random.default_rng(5).integers(0, 10_000, count).astype(np.int32)
    places = np.random.default_rng(3).choice(10_000, 20, replace=False).astype(np.int32)
    fresh = again(net)
    movement = Movement(count)
    layer = movement.layer(fresh, "length", 1 / 1.34, Crowded())
    movement.sites(layer, places, np.full(20, ceil(1.2 * count / 20)))
    _, near = sweep(fresh, (places, np.zeros(20), np.arange(20)), cost="length", inward=True)
    movement.site[:] = near[starts]
    movement.send(np.arange(count), layer, (starts, places[movement.site]), np.zeros(count))
    movement.run(1e9)
    if count == 1000:
        assert round(movement.time.mean(), 2) == 1517.71
        assert (movement.engine.redirects, movement.engine.crossings) == (327, 21_749)
    return movement


def row(name: str, found: tuple[float, float, Movement], peer: str = "", note: str = "") -> str:
    wall, cpu, movement = found
    crossings = movement.engine.crossings
    return f"| {name} | {seconds(wall)} | {seconds(cpu)} | {crossings:,} | {cpu / crossings * 1e9:.0f} ns | {peer} | {note} |"


def main(python: str | None = None) -> None:
    """Measure and write."""
    town, streets = grid(100, 100.0, 0.2), grid(50, 250.0, 0.1, lanes=3.0)
    lines = [
        f"Made by `benchmarks/agents.py` at {commit()} on {machine()}; medians, on a shared machine: read no ratio under 2",
        "as a difference. Tables of ways to every destination are made within the time; CPU is that of all threads. UXsim ran once, single vehicles, a second a step.",
        "",
        "| workload | wall | CPU | edges entered | CPU an edge | peer, wall | |",
        "|---|--:|--:|--:|--:|---|---|",
    ]
    for count in SUMS:
        peer = f"numpy, second by second: {seconds(timed(lambda n=count: numpy_walkers(town, n), 3)[0])}"
        lines.append(row(f"{count:,} walkers, free", timed(lambda n=count: walkers(town, n)), peer, "sums equal"))
    ordered = timed(lambda: walkers(town, 100_000, ordered=True))
    lines.append(row("100,000 walkers, in the order of time", ordered, "", "as where agents meet, or are asked"))
    for count in (10_000, 100_000):
        found = timed(lambda n=count: vehicles(streets, n))
        note, peer = f"mean travel time {found[2].mean:.1f} s", ""
        if python and count == 10_000:  # 100,000 single vehicles did not come to an end on a machine with 23 GB
            other = uxsim(python, streets, count)
            peer = f"UXsim {other['version']} (C++): {seconds(other['run'])}"
            note += f", UXsim {other['mean']:.1f} s"
        lines.append(row(f"{count:,} vehicles in an hour, queues", found, peer, note))
    for count in (1000, 10_000, 100_000):
        found = timed(lambda n=count: evacuation(town, n))
        note = f"mean arrival {found[2].time.mean():,.2f} s, {found[2].engine.redirects:,} sent on"
        lines.append(row(f"{count:,} people to 20 shelters, Weidmann", found, "", note))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines += ["", f"All of this in one process, with numpy's side: {peak:,.0f} MB."]
    write_section("Agents", lines)
    print("\n".join(lines))


if __name__ == "__main__":
    main(*sys.argv[1:])
