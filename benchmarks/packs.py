"""How long all standards packs take: on harbour as read, after what-ifs, tried out, and on a metropolis.

    python benchmarks/packs.py            # all of it; writes the section "Packs" of docs/benchmarks.md
    python benchmarks/packs.py --harbour  # without the metropolis, and writes nothing
    python benchmarks/packs.py --profile drive  # where the time of a what-if goes (cold, walk, drive, clinic, flood)

The goals are 3 s for all clauses of a city that was just read, in a fresh process; 0.3 s after a what-if that touches
one network; 5 s for a trial with a sweep of 50 limits; 30 s for all clauses that ask something of the streets on a
metropolis of a million nodes. Every what-if is new: none was seen before it is timed.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from document import commit, machine, seconds, write_section

import twin
from twin.hazards import Blockage, Flood
from twin.interventions import AddFacility
from twin.standards import Clause
from twin.standards.pack import load

HARBOUR = Path(__file__).resolve().parents[1] / "gis_data" / "harbour"
RUNS = 5
TRIED = ("living-circle", "GB 50180-2018, C.0.2 kindergarten")

Change = Callable[[twin.City, int], twin.City]


def clinic(city: twin.City, run: int) -> twin.City:
    """One more clinic, beside where somebody lives."""
    home = city.population.geometry.iloc[100 * run]
    return AddFacility("clinic", at=(home.x + 5, home.y + 5))(city)


WHAT_IFS: Mapping[str, tuple[str, Change]] = {
    "walk": ("1 % of the walk network closed", lambda c, i: Blockage(share=0.01, seed=i, networks=("walk",))(c)),
    "drive": ("1 % of the drive network closed", lambda c, i: Blockage(share=0.01, seed=i, networks=("drive",))(c)),
    "clinic": ("a new clinic", clinic),
    "flood": ("a flood: both networks and facilities", lambda c, i: Flood("flood_100", impassable=0.2 + i / 50)(c)),
}


#: Seconds by the clock, and of the processor on all threads: the machine may be busy with other things.
Took = tuple[float, float]


def timed(task: Callable[[], object]) -> Took:
    """How long a task takes."""
    began, used = time.perf_counter(), time.process_time()
    task()
    return time.perf_counter() - began, time.process_time() - used


def cold() -> Took:
    """All packs on harbour as read: imports and reading the city apart, reading the packs included."""
    city = twin.read(HARBOUR)
    return timed(lambda: twin.check(city, "all"))


def fresh() -> list[Took]:
    """`cold` in processes of its own."""
    code = "import packs; print(*packs.cold())"
    here, found = str(Path(__file__).parent), []
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", code], cwd=here, capture_output=True, text=True, check=True)
        wall, processor = map(float, done.stdout.split())
        found.append((wall, processor))
    return found


def harbour() -> list[str]:
    """Rows of the table: harbour as read, and after each what-if."""
    rows = [_row("all packs, as read, in a fresh process", fresh(), 3.0)]
    city = twin.read(HARBOUR)
    twin.check(city, "all")
    for title, change in WHAT_IFS.values():
        changed = [change(city, run) for run in range(RUNS)]
        times = [timed(lambda each=each: twin.check(each, "all")) for each in changed]  # type: ignore[misc]
        rows.append(_row(f"all packs after {title}", times, 0.3))
    cities = [twin.read(HARBOUR) for _ in range(3)]
    times = [timed(lambda each=each: twin.trial(TRIED[0], each, clauses=TRIED[1])) for each in cities]  # type: ignore[misc]
    rows.append(_row("trial of a clause, with a sweep of 50 limits", times, 5.0))
    return rows


def of_streets(clause: Clause) -> bool:
    """Whether a clause asks something of the walk or drive network and the places upon them."""
    named = {"network"} & set(clause.meter.parameters) or {"walk", "drive"} & set(clause.meter.reads)
    return bool(named) and "trace" not in clause.meter.parameters


def metropolis() -> tuple[list[str], str]:
    """Rows of the table, and what they were measured on."""
    import whatif

    subprocess.run([sys.executable, str(Path(__file__).with_name("graphs.py")), "metro-1000000"], check=True)
    clauses = [(pack.name, c) for pack in load("all") for c in pack.clause if of_streets(c)]
    city = whatif.metropolis("metro-1000000", kinds=sorted({kind for _, c in clauses for kind in c.kinds}))
    wanted, names = {(c.standard, c.id) for _, c in clauses}, sorted({n for n, _ in clauses})
    verdicts: list[twin.Verdict] = []
    took = timed(lambda: verdicts.extend(twin.check(city, names)))
    decided = sum(v.status != "unknown" for v in verdicts if (v.standard, v.clause) in wanted)
    about = f"{city.networks['walk'].graph.count:,} nodes, {len(city.population):,} places, {len(city.facilities):,} facilities"
    changed = Blockage(share=0.01, seed=1, networks=("drive",))(city)
    again = timed(lambda: twin.check(changed, names))
    title = f"metropolis: {len(clauses)} clauses of streets ({decided} decided)"
    return [_row(f"{title}, as built", [took], 30.0), _row(f"{title}, 1 % of drive closed", [again], 30.0)], about


def _row(title: str, times: list[Took], goal: float) -> str:
    wall = [each for each, _ in times]
    middle, processor = statistics.median(wall), statistics.median(each for _, each in times)
    spread = f" ({seconds(min(wall))} – {seconds(max(wall))})" if len(times) > 1 else ""
    row = f"| {title} | {seconds(middle)}{spread} | {seconds(processor)} | {seconds(goal)}{'' if middle <= goal else ' ✗'} |"
    print(row, flush=True)
    return row


def profile(name: str) -> None:
    """Functions that take most, by CPU time on one thread."""
    city = twin.read(HARBOUR)
    if name != "cold":
        twin.check(city, "all")
        city = WHAT_IFS[name][1](city, 1)
    watch = cProfile.Profile(time.process_time)
    watch.runcall(twin.check, city, "all")
    pstats.Stats(watch).sort_stats("cumulative").print_stats(50)


def main() -> None:
    """Measure and write."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--harbour", action="store_true")
    ask.add_argument("--profile", choices=["cold", *WHAT_IFS])
    said = ask.parse_args()
    if said.profile:
        profile(said.profile)
        return
    busy, about = os.getloadavg()[0], ""
    rows = harbour()
    if not said.harbour:
        more, about = metropolis()
        rows += more
    count = sum(len(pack.clause) for pack in load("all"))
    lines = [
        f"Made by `benchmarks/packs.py` on {machine()}, twin {commit()}: all {count} clauses, median of {RUNS} what-ifs",
        "that were not seen before, from the changed city to its verdicts. Clauses that read nothing of what changed are",
        f"known from before. {f'The metropolis is drawn at random ({about}).' if about else ''}",
        f"Other programs kept the machine at a load of {busy:.1f} when it began, which the clock counts and the processor does not.",
        "",
        "| what | by the clock | processor, all threads | goal |",
        "|---|--:|--:|--:|",
        *rows,
    ]
    print("\n".join(lines))
    if not said.harbour:
        write_section("Packs", lines)


if __name__ == "__main__":
    main()
