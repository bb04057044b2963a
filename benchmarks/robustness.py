"""What robustness costs to know, each side in turn; writes the section "Robustness" of docs/benchmarks.md.

    python benchmarks/robustness.py ../shared/data [PYTHON WITH NETWORKIT]

Medians of five runs (three where a run takes more than ten seconds, one where it takes more than a minute). Results are
compared before any time is believed. `twin` runs on as many threads as there are cores; CPU seconds are those of all.
"""

import json
import lzma
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
from document import write_section
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import breadth_first_order, connected_components, dijkstra

import twin
from twin.routing import (
    articulation,
    betweenness,
    bridges,
    criticality,
    cut_off,
    edge_connectivity,
    efficiency,
    failed,
    failures,
    nearest,
)

ROOT = Path(__file__).parents[1]
NETWORKIT = """
import json, sys, time
import networkit as nk, numpy as np
held = np.load(sys.argv[1])
nk.setNumberOfThreads(int(sys.argv[2]))
graph = nk.Graph(int(held["count"]), weighted=True)
for row in zip(held["tail"].tolist(), held["head"].tolist(), held["length"].tolist()):
    graph.addEdge(*row)
def timed(job):
    times = []
    for _ in range(1 if sys.argv[3] == "sample" else 3):
        wall, cpu = time.perf_counter(), time.process_time()
        result = job()
        times.append((time.perf_counter() - wall, time.process_time() - cpu))
    return (*sorted(times)[len(times) // 2], result)
jobs = {
    "bridges": lambda: nk.components.BiconnectedComponents(graph).run().numberOfComponents(),
    "exact": lambda: nk.centrality.Betweenness(graph, normalized=True).run().scores(),
    "sample": lambda: nk.centrality.EstimateBetweenness(graph, 100, normalized=True, parallel=True).run().scores(),
}
print(json.dumps(timed(jobs[sys.argv[3]])))
"""


def timed(job: Callable[[], Any]) -> tuple[float, float, Any]:
    """Median wall and CPU seconds of a job, and its result."""
    times: list[tuple[float, float]] = []
    while len(times) < 5:
        wall, cpu = time.perf_counter(), time.process_time()
        result = job()
        times.append((time.perf_counter() - wall, time.process_time() - cpu))
        if times[0][0] > 60 or (times[0][0] > 10 and len(times) == 3):
            break
    return statistics.median(t[0] for t in times), statistics.median(t[1] for t in times), result


def shown(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 10 else f"{seconds:.2f} s" if seconds >= 0.1 else f"{seconds * 1e3:.2f} ms"


def row(
    job: str, ours: tuple[float, float, Any], peer: str = "", theirs: tuple[float, float, Any] | None = None
) -> str:
    """One line of the table: CPU and wall of both, and the ratio of CPU times, which a busy machine disturbs least."""
    mine = f"{shown(ours[1])} ({shown(ours[0])})"
    if theirs is None:
        return f"| {job} | {mine} | {peer} | |"
    ratio = theirs[1] / ours[1]
    return f"| {job} | {mine} | {peer} {shown(theirs[1])} ({shown(theirs[0])}) | {ratio:{',.0f' if ratio >= 10 else '.1f'}} |"


def new_york(data: Path) -> tuple[twin.Network, twin.Network]:
    """The streets of New York with seeded lengths, and 5,262 nodes of them, as many as Helsinki's centre has."""
    with lzma.open(data / "dimacs" / "NY.gr.xz", "rt") as file:
        rows = np.array([line.split()[-2:] for line in file if line[:1].isdigit()], dtype=np.int64) - 1
    count = int(rows.max()) + 1
    length = np.random.default_rng(0).integers(20, 300, len(rows)).astype(float)
    ends = np.concatenate([rows[:, 0], rows[:, 1]]), np.concatenate([rows[:, 1], rows[:, 0]])
    graph = csr_matrix((np.ones(2 * len(rows)), ends), shape=(count, count))
    place = np.full(count, -1)
    some = breadth_first_order(graph, 100_000, directed=False)[0][:5262]
    place[some] = np.arange(len(some))
    kept = (place[rows] >= 0).all(axis=1)
    tail, head = place[rows[kept]].T
    return (
        twin.Network.from_arrays(np.zeros(count), np.zeros(count), rows[:, 0], rows[:, 1], length=length),
        twin.Network.from_arrays(np.zeros(len(some)), np.zeros(len(some)), tail, head, length=length[kept]),
    )


def simple(net: twin.Network) -> nx.Graph:
    graph = nx.Graph()
    graph.add_nodes_from(range(net.graph.count))
    columns = net.graph.tail, net.graph.head, net.columns["length"]
    graph.add_weighted_edges_from(zip(*(each.tolist() for each in columns), strict=True))
    return graph


def networkit(python: str | None, net: twin.Network, job: str) -> tuple[float, float, Any] | None:
    """One job of networkit in a process of its own, on all cores."""
    if python is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "graph.npz"
        np.savez(file, count=net.graph.count, tail=net.graph.tail, head=net.graph.head, length=net.columns["length"])
        words = [python, "-c", NETWORKIT, str(file), str(os.cpu_count()), job]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
    wall, cpu, result = json.loads(done.stdout)
    return wall, cpu, result


def ensemble() -> list[str]:
    """5 % of 18,000 edges fail; the nearest of 20 sites for 10,000 nodes, a thousand times."""
    rng = np.random.default_rng(0)
    node = np.arange(10_000).reshape(100, 100)
    tail = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
    head = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
    kept = rng.permutation(len(tail))[:18_000]
    tail, head, length = tail[kept], head[kept], rng.uniform(80, 120, 18_000).round(1)
    net = twin.Network.from_arrays(np.zeros(10_000), np.zeros(10_000), tail, head, length=length)
    sites = rng.choice(10_000, 20, replace=False)
    runs, few = 1000, 50
    ours = timed(lambda: failures(net, sites, runs=runs, limit=1000.0))
    shut = [failed(net, run=run) for run in range(few)]

    def scipy() -> list[tuple[float, float, int]]:
        found = []
        for mask in shut:
            a, b, c = tail[~mask], head[~mask], length[~mask]
            matrix = csr_matrix((np.r_[c, c], (np.r_[a, b], np.r_[b, a])), shape=(10_000, 10_000))
            cost = dijkstra(matrix, indices=sites, min_only=True)
            reached = np.isfinite(cost)
            largest = np.bincount(connected_components(matrix, directed=False)[1]).max()
            found.append((float((cost <= 1000.001).mean()), float(cost[reached].mean()), int(largest)))
        return found

    theirs = timed(scipy)
    for run, (near, mean, largest) in enumerate(theirs[2]):
        assert abs(ours[2].within[run] - near) < 1e-12
        assert abs(ours[2].mean[run] - mean) < 1e-6
        assert ours[2].largest[run] == largest
    each = tuple(t / runs for t in ours[:2]), tuple(t / few for t in theirs[:2])
    return [
        row(
            "one of 1,000 failure runs (10,000 nodes, 18,000 edges, 5 % fail)",
            (*each[0], None),
            "scipy",
            (*each[1], None),
        )
    ]


def parts(net: twin.Network, python: str | None) -> list[str]:
    def both() -> tuple[Any, Any]:
        fresh = net.close([])  # nothing remembered
        return bridges(fresh), articulation(fresh)

    ours = timed(both)
    graph = simple(net)
    theirs = timed(lambda: list(nx.bridges(graph)))
    assert int(ours[2][0].sum()) == len(theirs[2])
    lines = [row("bridges and articulation nodes", ours, "networkx (bridges)", theirs)]
    peer = networkit(python, net, "bridges")
    if peer:
        lines.append(row("", ours, "networkit (biconnected parts)", peer))
    lines.append(row("nodes that each bridge cuts off", timed(lambda: cut_off(net))))
    pairs = np.random.default_rng(1).integers(0, net.graph.count, (2, 100))
    ours = timed(lambda: edge_connectivity(net, *pairs))
    lines.append(row(f"edge connectivity of 100 pairs (mean {ours[2].mean():.2f})", ours))
    return lines


def passing(net: twin.Network, small: twin.Network, python: str | None) -> list[str]:
    ours = timed(lambda: betweenness(small))
    graph = simple(small)
    few = list(range(40))
    theirs = timed(lambda: nx.betweenness_centrality_subset(graph, few, list(graph), weight="weight"))
    scale = small.graph.count / len(few)
    name = f"betweenness, exact, {small.graph.count:,} nodes"
    lines = [row(name, ours, "networkx (of 40 sources, scaled)", (theirs[0] * scale, theirs[1] * scale, None))]
    peer = networkit(python, small, "exact")
    if peer:
        assert np.allclose(ours[2].node, peer[2], atol=1e-9)
        lines.append(row("", ours, "networkit", peer))
    part = betweenness(small, sample=500)
    off = np.abs(part.edge - ours[2].edge)
    lines.append(
        row(
            f"the same from 500 draws: off by {off.max():.4f} at most (margin of that edge "
            f"{part.margin[off.argmax()]:.4f}, of all together {part.bound:.3f})",
            timed(lambda: betweenness(small, sample=500)),
        )
    )
    ours = timed(lambda: betweenness(net, sample=100))
    busiest = ours[2].edge.argmax()
    says = f"busiest edge {ours[2].edge[busiest]:.3f} ± {ours[2].edge_error[busiest]:.3f}"
    peer = networkit(python, net, "sample")
    lines.append(row(f"betweenness from 100 draws ({says})", ours, "networkit", peer))
    lines.append(row("efficiency, exact, 5,262 nodes", timed(lambda: efficiency(small))))
    ours = timed(lambda: efficiency(net, sample=100))
    says = f"{ours[2].value * 1e5:.3f} ± {ours[2].error * 1e5:.3f} per 100 km"
    lines.append(row(f"efficiency from 100 nodes ({says})", ours))
    return lines


def critical(net: twin.Network, small: twin.Network) -> list[str]:
    """Criticality against closing every edge in turn, of which a sample is timed and compared."""
    rng = np.random.default_rng(1)
    sites, people = rng.choice(net.graph.count, 1000, replace=False), rng.integers(0, 50, net.graph.count)
    ours = timed(lambda: criticality(net, people, sites=sites))
    base = nearest(net, sites).cost[:, 0]
    some = rng.choice(len(net.open), 10, replace=False)

    def in_turn() -> list[float]:
        found = []
        for edge in some:
            cost = nearest(net.close([edge]), sites).cost[:, 0]
            found.append(float(people[np.isfinite(cost)] @ (cost - base)[np.isfinite(cost)]))
        return found

    theirs = timed(in_turn)
    assert np.allclose(ours[2].added[some], theirs[2])
    scale = len(net.open) / len(some)
    lines = [
        row(
            f"criticality of {len(net.open):,} edges, access to 1,000 sites",
            ours,
            "`nearest` after each closure (of 10, scaled)",
            (theirs[0] * scale, theirs[1] * scale, None),
        )
    ]
    trips = pd.DataFrame(
        {
            "origin": rng.integers(0, small.graph.count, 1000),
            "destination": rng.integers(0, small.graph.count, 1000),
            "people": 1.0,
        }
    )
    lines.append(row("criticality, 1,000 journeys, 5,262 nodes", timed(lambda: criticality(small, trips))))
    return lines


def main(data: str, python: str | None = None) -> None:
    """Measure and write."""
    net, small = new_york(Path(data))
    lines = [
        f"Made by `benchmarks/robustness.py` on {os.cpu_count()} cores, Python {platform.python_version()}; medians of the CPU time of",
        "all threads (in brackets: wall), on a shared machine that was busy: ratios are of CPU times. Results agree. New York,",
        "264,346 nodes and 365,050 edges, where nothing else is said; 5,262 nodes are those around one of its nodes.",
        "",
        "| job | twin | peer | ratio |",
        "|---|--:|--:|--:|",
        *ensemble(),
        *parts(net, python),
        *passing(net, small, python),
        *critical(net, small),
    ]
    write_section("Robustness", lines)
    print("\n".join(lines))


if __name__ == "__main__":
    main(*sys.argv[1:])
