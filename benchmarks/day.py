"""A day of a town and of a metropolis: who goes where, by which mode, and how long the engine takes for all of it.

    python benchmarks/day.py                    # both, and write the section "Days" of docs/benchmarks.md
    python benchmarks/day.py --graph metro-50000 --people 50000    # another metropolis, to the terminal alone
    python benchmarks/day.py --profile          # where the time goes

The streets of the metropolis are those of ``gen_metro.py``; who lives and works on them is drawn at random and means
nothing: 10 people a home place, jobs at one place in 12, schools and shops for so many. Goals: the town within 5 s, a
metropolis of a million people and a million nodes within 120 s and 8 GB on two cores.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import resource
import subprocess
import sys
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from document import commit, machine, seconds, write_section
from graphs import load

import twin
from twin.model import About, Source, Trace
from twin.people import Clients, Commuters, Errands, Patients, Pupils
from twin.units import hour, minute

CRS = 32631
AGES = {"age_0_5": 0.06, "age_6_11": 0.07, "age_12_14": 0.035, "age_15_59": 0.655, "age_60": 0.18}
#: People for each facility of a kind.
EACH = {
    "primary_school": 2000, "middle_school": 4000, "supermarket": 1000, "convenience_store": 500, "park": 2000,
    "post_office": 5000,
}  # fmt: skip


def metropolis(name: str, people: int) -> twin.City:
    """A city on the streets of a synthetic metropolis; all that stands upon them is drawn at random."""
    case, rng = load(name), np.random.default_rng(30)
    links = (case.x, case.y, case.tail, case.head)
    arcs = case.drive_head[len(case.tail) :].astype(np.int64) * case.count + case.drive_tail[len(case.tail) :]
    back = np.isin(case.tail.astype(np.int64) * case.count + case.head, arcs)
    drive_time = case.seconds[: len(case.tail)]
    speed = case.length / drive_time * 3.6  # [km/h]: streets, arterials and motorways
    lanes = np.select([speed > 70, speed > 40], [6.0, 4.0], 2.0)
    walk = twin.Network.from_arrays(*links, length=case.length, time=case.length / 1.34, crs=CRS, approach=1.34)
    drive = twin.Network.from_arrays(
        *links, length=case.length, directed=~back, time=drive_time, lanes=np.where(back, lanes, lanes / 2), crs=CRS,
        approach=1.34,
    )  # fmt: skip
    places = people // 10
    homes = rng.choice(case.count, places, p=case.people / case.people.sum())
    living = rng.multinomial(people, np.full(places, 1 / places))
    age = rng.multinomial(living, list(AGES.values()))
    offices = rng.choice(places, places // 12, replace=False)
    jobs = np.zeros(places)
    jobs[offices] = rng.multinomial(people // 2, rng.dirichlet(np.full(len(offices), 0.7)))
    kind = np.repeat(list(EACH), [max(1, people // each) for each in EACH.values()])
    where = homes[rng.integers(0, places, len(kind))]
    near = lambda node: gpd.GeoSeries(  # noqa: E731
        shapely.points(case.x[node] + rng.normal(0, 10, len(node)), case.y[node] + rng.normal(0, 10, len(node))),
        crs=CRS,
    )
    return twin.City.build(
        f"synthetic metropolis of {case.count:,} nodes",
        CRS,
        networks={"walk": walk, "drive": drive},
        facilities=gpd.GeoDataFrame({"id": [f"f{i}" for i in range(len(kind))], "kind": kind}, geometry=near(where)),
        population=gpd.GeoDataFrame(
            {"id": np.arange(places), "people": living.astype(float), "jobs": jobs}
            | {name: age[:, column].astype(float) for column, name in enumerate(AGES)},
            geometry=near(homes),
        ),
        about=About(synthetic=True, sources={"population": Source("drawn at random"), "facilities": Source("drawn at random")}),
    )  # fmt: skip


def told(city: twin.City, trace: Trace, wall: float, cpu: float) -> list[str]:
    """Rows of the table."""
    trips = trace["trips"]
    made = trips[trips["arrive"].notna()]
    took = (made["arrive"] - made["depart"]) / minute
    by = {mode: took[made["mode"] == mode] for mode in ("walk", "car", "transit")}
    stuck = trace["gridlock"]
    return [
        f"| **wall, CPU of all threads** | **{seconds(wall)}, {seconds(cpu)}** |",
        f"| nodes; people; trips | {city.networks['drive'].graph.count:,}; {city.people:,.0f}; {len(trips):,} |",
        *(f"| by {mode} | {len(some):,}, {some.mean():.1f} minutes on average, 95 % within {some.quantile(0.95):.1f} |" for mode, some in by.items() if len(some)),
        f"| not arrived by midnight | {len(trips) - len(made):,} |",
        f"| gridlock | {stuck['vehicles'].sum():,} vehicles on {len(stuck):,} edges, {stuck['circle'].max() + 1 if len(stuck) else 0} circles |",
        f"| peak memory of the process | {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB |",
    ]  # fmt: skip


def day(city: twin.City, crowds: list[twin.Agents], *, profile: bool = False) -> list[str]:
    """Simulate a day."""
    watch = cProfile.Profile(time.process_time)
    began, used = time.perf_counter(), time.process_time()
    run = lambda: twin.simulate(city, crowds, until=24 * hour, seed=1)  # noqa: E731
    trace = watch.runcall(run) if profile else run()
    wall, cpu = time.perf_counter() - began, time.process_time() - used
    if profile:
        pstats.Stats(watch).sort_stats("tottime").print_stats(25)
    return told(city, trace, wall, cpu)


def main() -> None:
    """Measure and write."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--graph", default="metro-1000000")
    ask.add_argument("--people", type=int, default=1_000_000)
    ask.add_argument("--town", action="store_true", help="the town alone, in this process")
    ask.add_argument("--profile", action="store_true")
    said = ask.parse_args()
    if said.profile:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    if said.town:
        city = twin.read("gis_data/harbour")
        crowds = [Commuters(day="2026-03-03"), Pupils(), Errands(), Patients(), Clients()]
        print("\n".join(day(city, crowds, profile=said.profile)))
        return
    town = subprocess.run([sys.executable, __file__, "--town"], capture_output=True, text=True, check=True).stdout
    subprocess.run([sys.executable, str(Path(__file__).with_name("graphs.py")), said.graph], check=True)
    city = metropolis(said.graph, said.people)
    rows = day(city, [Commuters(zones=1000, cars=0.85), Pupils(), Errands()], profile=said.profile)
    lines = [
        f"Made by `benchmarks/day.py` at {commit()} on {machine()}, a shared machine; once each, in a fresh process.",
        "Everything is in the times: who lives there, where they work, by which mode they go, the ways, the streets on which",
        "cars queue, and the trace. Public transport takes the time of its timetable.",
        "",
        "## Harbour: Commuters, Pupils, Errands, Patients, Clients",
        "",
        "| | |",
        "|---|---|",
        *town.strip().splitlines(),
        "",
        f"## A metropolis (`gen_metro.py`, {said.graph}): Commuters, Pupils, Errands",
        "",
        "Who lives and works there is drawn at random, and means nothing. Nobody hears of delays on the way.",
        "",
        "| | |",
        "|---|---|",
        *rows,
    ]
    print("\n".join(lines))
    if said.graph == "metro-1000000" and not said.profile:
        write_section("Days", lines)


if __name__ == "__main__":
    main()
