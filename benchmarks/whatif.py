"""The what-if goal: on a metropolis of a million nodes, streets close and a facility moves, and every clause is known again.

    python benchmarks/whatif.py            # measure, and write the section "What if" of docs/benchmarks.md
    python benchmarks/whatif.py --profile  # where the time goes, by module and by function

The streets are those of ``gen_metro.py --n 1000000``; people, facilities and land are drawn at random upon them and mean
nothing: 100,000 places where people live, and facilities of every kind that the clauses of the living-circle pack name.
The goal is 1 s on two cores, for closing 1 % of the links of both networks, moving a facility, and all clauses.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import resource
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from document import commit, machine, seconds, write_section
from graphs import load

import twin
from twin.hazards import Blockage
from twin.interventions import AddFacility, CloseFacility
from twin.model import About, Source
from twin.standards.pack import load as load_packs

PACK = "living-circle"
CRS = 32631
PLACES, EACH = 100_000, 1000
#: Kinds that a city has more of.
MANY = {"bus_stop": 10_000, "waste_collection_point": 20_000, "outdoor_fitness": 4000, "park": 2000}


def metropolis(name: str, kinds: Sequence[str] = ()) -> twin.City:
    """A city on the streets of a synthetic metropolis; all that stands upon them is drawn at random.

    `kinds` of facilities are those that the clauses of the living-circle pack name where not given.
    """
    case = load(name)
    rng = np.random.default_rng(20)
    second = case.drive_tail[len(case.tail) :], case.drive_head[len(case.tail) :]  # the way back, where there is one
    back = np.isin(
        case.head.astype(np.int64) * case.count + case.tail, second[0].astype(np.int64) * case.count + second[1]
    )
    links = (case.x, case.y, case.tail, case.head)
    pace = 4 / 3  # [m/s]
    walk = twin.Network.from_arrays(*links, length=case.length, time=case.length / pace, crs=CRS, approach=pace)
    drive = twin.Network.from_arrays(
        *links, length=case.length, directed=~back, time=case.seconds[: len(case.tail)], crs=CRS, approach=pace
    )
    homes = rng.choice(case.count, PLACES, p=case.people / case.people.sum())
    kinds = kinds or sorted({kind for pack in load_packs(PACK) for clause in pack.clause for kind in clause.kinds})
    kind = np.repeat(kinds, [MANY.get(each, EACH) for each in kinds])
    where = rng.integers(0, case.count, len(kind))
    land = case.x[homes[:1000]], case.y[homes[:1000]]
    return twin.City.build(
        f"synthetic metropolis of {case.count:,} nodes",
        CRS,
        networks={"walk": walk, "drive": drive},
        facilities=gpd.GeoDataFrame(
            {"id": [f"f{i}" for i in range(len(kind))], "kind": kind, "area": rng.uniform(200, 20_000, len(kind))},
            geometry=_near(case.x[where], case.y[where], rng),
            crs=CRS,
        ),
        population=gpd.GeoDataFrame(
            {"id": np.arange(PLACES), "people": rng.poisson(40, PLACES).astype(float)},
            geometry=_near(case.x[homes], case.y[homes], rng),
            crs=CRS,
        ),
        layers={
            "land_use": gpd.GeoDataFrame(
                {"id": np.arange(1000), "use": "residential"},
                geometry=shapely.box(land[0] - 200, land[1] - 200, land[0] + 200, land[1] + 200),
                crs=CRS,
            )
        },
        about=About(synthetic=True, sources={"facilities": Source("drawn at random")}),
    )


def _near(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.asarray(shapely.points(x + rng.normal(0, 15, len(x)), y + rng.normal(0, 15, len(y))))


def scenario(city: twin.City, seed: int) -> twin.Scenario:
    """1 % of the links of both networks closed, and a clinic moved."""
    rng = np.random.default_rng([21, seed])
    clinics = city.facilities["id"][city.rows("facilities", kind="clinic")].to_numpy()
    spot = rng.integers(0, city.networks["walk"].graph.count)
    x, y = (float(each[spot]) for each in (city.networks["walk"].x, city.networks["walk"].y))
    moved = CloseFacility("clinic", ids=(rng.choice(clinics),)), AddFacility("clinic", at=(x + 5, y + 5))
    return twin.Scenario(f"what if {seed}", Blockage(share=0.01, seed=seed), *moved)


def show(profile: cProfile.Profile) -> None:
    """Own time by module, and the functions that take most with what they call."""
    stats = pstats.Stats(profile)
    modules: dict[str, float] = defaultdict(float)
    for (file, _, function), (_, _, own, _, _) in stats.stats.items():  # type: ignore[attr-defined]
        parts = Path(file).parts
        cut = parts.index("twin") if "twin" in parts else -2
        inside = "/".join(parts[cut:]) if file not in {"~", ""} else function
        modules[inside] += own
    for name, own in sorted(modules.items(), key=lambda each: -each[1])[:16]:
        print(f"{own * 1e3:8.1f} ms  {name}")
    stats.sort_stats("cumulative").print_stats(45)


def main() -> None:
    """Measure and write."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--graph", default="metro-1000000")
    ask.add_argument("--runs", type=int, default=5)
    ask.add_argument("--profile", action="store_true")
    said = ask.parse_args()
    if said.profile:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # a profile sees one thread only
    subprocess.run([sys.executable, str(Path(__file__).with_name("graphs.py")), said.graph], check=True)
    marks = [time.perf_counter()]
    city = metropolis(said.graph)
    marks.append(time.perf_counter())
    clauses = len(twin.check(city, PACK))
    marks.append(time.perf_counter())
    apply_, judge, whole, cpu = [], [], [], []
    plans = [scenario(city, seed) for seed in range(said.runs + 1)]
    first = 0.0
    profile = cProfile.Profile(time.process_time)  # the machine may be busy with other things
    for number, plan in enumerate(plans):
        began, used = time.perf_counter(), time.process_time()
        changed = plan(city)
        ready = time.perf_counter()
        judged = partial(profile.runcall, twin.check) if said.profile and number else twin.check
        verdicts = judged(changed, PACK)
        done = time.perf_counter()
        if number == 0:
            first = done - began
            continue
        apply_.append(ready - began)
        judge.append(done - ready)
        whole.append(done - began)
        cpu.append(time.process_time() - used)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    unknown = sum(each.status == "unknown" for each in verdicts)
    lines = [
        f"Made by `benchmarks/whatif.py` on {machine()}, twin {commit()}. The streets are `gen_metro.py`'s",
        f"({city.networks['walk'].graph.count:,} nodes, {len(city.networks['walk'].graph.tail):,} links, to walk and to drive); the {len(city.population):,} places where people live, the",
        f"{len(city.facilities):,} facilities and the residential land are drawn at random. Every scenario is new: 1 % of the links of",
        f"both networks closed, one clinic moved, then all {clauses} clauses of the {PACK} pack ({clauses - unknown} of them decided).",
        "The goal is 1 s on two cores.",
        "",
        "| step | seconds |",
        "|---|--:|",
        f"| **scenario and all clauses** (median of {said.runs}; {seconds(min(whole))} – {seconds(max(whole))}) | **{seconds(statistics.median(whole))}** |",
        f"| … of which the scenario | {seconds(statistics.median(apply_))} |",
        f"| … of which the clauses | {seconds(statistics.median(judge))} |",
        f"| CPU of both | {seconds(statistics.median(cpu))} |",
        f"| the first scenario | {seconds(first)} |",
        f"| the city as it is, judged for the first time (everything hung on the streets) | {seconds(marks[2] - marks[1])} |",
        f"| building it from arrays | {seconds(marks[1] - marks[0])} |",
        "",
        f"Peak memory {memory:,.0f} MB, interpreter and libraries included.",
    ]
    print("\n".join(lines))
    if said.profile:
        show(profile)
    elif said.graph == "metro-1000000":
        write_section("What if", lines)


if __name__ == "__main__":
    main()
