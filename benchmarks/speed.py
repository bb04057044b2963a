"""How long the main jobs take, each side in turn in one process; writes a section of docs/benchmarks.md.

    python benchmarks/speed.py MONACO.osm.pbf ../shared/data

Medians of five runs (three where a run takes more than ten seconds). The nearest of 1,000 sites on New York's streets is held
against scipy, results equal cell by cell before any time is believed.
"""

import lzma
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from document import write_section
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

import twin
from twin.hazards import Blockage, Flood
from twin.interventions import AddFacility, CloseFacility
from twin.routing import nearest

ROOT = Path(__file__).parents[1]


def median(job: Callable[[], object], runs: int = 5) -> float:
    """Median wall seconds of a job."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def process(*words: str) -> tuple[float, float]:
    """Median wall seconds and peak memory [MB] of a fresh process."""
    code = (
        "import resource, runpy, sys, time; start = time.perf_counter(); sys.argv = sys.argv[1:]; "
        "runpy.run_path(sys.argv[0], run_name='__main__'); "
        "print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, file=sys.stderr)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    found = []
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", code, *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        found.append(tuple(map(float, done.stderr.split()[-2:])))
    return statistics.median(each[0] for each in found), max(each[1] for each in found)


def new_york(data: Path) -> list[str]:
    """The nearest of 1,000 sites from each of 264,346 nodes: twin and scipy in turn."""
    with lzma.open(data / "dimacs" / "NY.gr.xz", "rt") as file:
        rows = np.array([line.split()[-2:] for line in file if line[:1].isdigit()], dtype=np.int64) - 1
    count = int(rows.max()) + 1
    length = np.random.default_rng(0).integers(20, 300, len(rows)).astype(float)
    net = twin.Network.from_arrays(np.zeros(count), np.zeros(count), rows[:, 0], rows[:, 1], length=length)
    ends = np.concatenate([rows[:, 0], rows[:, 1]]), np.concatenate([rows[:, 1], rows[:, 0]])
    matrix = csr_matrix((np.concatenate([length, length]), ends), shape=(count, count))
    sites = np.random.default_rng(1).choice(count, 1000, replace=False)
    shut = np.random.default_rng(2).random(len(rows)) < 0.01
    kept = csr_matrix(
        (
            np.concatenate([length[~shut]] * 2),
            tuple(np.concatenate([a[~shut], b[~shut]]) for a, b in (rows.T, rows.T[::-1])),
        ),
        shape=(count, count),
    )
    ours, theirs = nearest(net, sites).cost[:, 0], dijkstra(matrix, indices=sites, min_only=True)
    assert np.array_equal(ours, theirs)
    assert np.array_equal(nearest(net.close(shut), sites).cost[:, 0], dijkstra(kept, indices=sites, min_only=True))

    def rebuilt() -> object:
        a, b = rows[~shut].T
        fresh = csr_matrix((np.tile(length[~shut], 2), (np.r_[a, b], np.r_[b, a])), shape=(count, count))
        return dijkstra(fresh, indices=sites, min_only=True)

    pairs = {
        "nearest of 1,000 sites": (
            median(lambda: nearest(net, sites)),
            median(lambda: dijkstra(matrix, indices=sites, min_only=True)),
        ),
        "close 1 % of the streets, then again": (median(lambda: nearest(net.close(shut), sites)), median(rebuilt)),
    }
    return [f"| {name} | {a * 1e3:.1f} ms | {b * 1e3:.1f} ms | {b / a:.1f} |" for name, (a, b) in pairs.items()]


def what_if() -> list[str]:
    """A scenario and all clauses on harbour: each scenario new, the city read and judged once before."""
    city = twin.read(ROOT / "gis_data" / "harbour")
    clauses = len(twin.check(city, "all"))
    twin.check(Flood("flood_20")(city), "all")
    seeds = iter(range(10_000))
    changes: dict[str, Callable[[], Callable[[twin.City], twin.City]]] = {
        "close 1 % of the streets": lambda: Blockage(share=0.01, seed=next(seeds)),
        "1-in-100-year flood": lambda: Flood("flood_100"),
        "open a clinic": lambda: AddFacility("clinic", at=(2000.0 + next(seeds), 9100.0), capacity=300),
        "close all pharmacies": lambda: CloseFacility("pharmacy"),
    }
    lines = []
    for name, make in changes.items():
        start = time.perf_counter()
        twin.check(make()(city), "all")
        first = time.perf_counter() - start
        seconds = median(lambda make=make: twin.check(make()(city), "all"))
        lines.append(f"| {name}, then {clauses} clauses | {seconds * 1e3:.0f} ms | {first * 1e3:.0f} ms |")
    return lines


def main(monaco: str, data: str) -> None:
    """Measure and write."""
    job, peak = process("scenarios/monaco_tunnels.py")
    start = time.perf_counter()
    twin.read(monaco, population=38_400)
    first = time.perf_counter() - start
    again = median(lambda: twin.read(monaco, population=38_400))
    lines = [
        f"Made by `benchmarks/speed.py` on {os.cpu_count()} cores, Python {platform.python_version()}; wall medians, one thread,",
        "on a shared machine: read no ratio under 2 as a difference.",
        "",
        "| New York, 264,346 nodes, 365,050 edges | twin | scipy | ratio |",
        "|---|--:|--:|--:|",
        *new_york(Path(data)),
        "",
        "| what-if on harbour (2,900 + 2,700 nodes, 5,185 places, 2,048 facilities) | median | first |",
        "|---|--:|--:|",
        *what_if(),
        "",
        "| job | seconds | peak |",
        "|---|--:|--:|",
        f"| `scenarios/monaco_tunnels.py`, 8 cells, imports and report | {job:.1f} | {peak:,.0f} MB |",
        f"| Monaco from OpenStreetMap (first, with imports / again) | {first:.2f} / {again:.2f} | |",
        f"| all of this | | {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB |",
        "",
        "Las Palmas, read whole: see [population.md](population.md).",
    ]
    write_section("Speed", lines)
    print("\n".join(lines))


if __name__ == "__main__":
    main(*sys.argv[1:])
