"""How long a clause takes to be tried out on the bundled town, part by part.

    python benchmarks/trial.py            # a clause of each kind of measure, by CPU time
    python benchmarks/trial.py --sweeps   # the sweep alone: one distribution beside 50 evaluations

The goal is a trial with a sweep of 50 limits within 5 s, the report apart. The city is read and the packs are loaded
beforehand; what is remembered between clauses (snaps, distances) is not there for the first clause of its kind.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import twin
from twin.measures import distance_within
from twin.standards import load
from twin.trial.curve import sweep
from twin.trial.near import near_of

CITY = "gis_data/harbour"
#: Along the streets, straight, by time, a percentile, an amount for each head, a size, a figure of the records.
CLAUSES = (
    "GB 50180-2018, C.0.2 kindergarten",
    "HC-2021, radius of small parks",
    "GB 51080-2015, 4.1.3(1) fire crew in five minutes",
    "NFPA 1710, 4.1.2.1 first engine",
    "PS-145, sports ground per person",
    "GB 50180-2018, C.0.1 size of substations",
    "FIT-PLAN-2021, exercise",
)


def cpu(task: Callable[[], Any]) -> tuple[float, Any]:
    """CPU time of a task [s], and what it gave."""
    start = time.process_time()
    result = task()
    return time.process_time() - start, result


def trials() -> None:
    """Each clause on a city that was just read, and the report."""
    home = {clause.key: pack.name for pack in load("all") for clause in pack.clause}
    for clause in CLAUSES:
        pack = home[clause]
        city = twin.read(CITY)
        took, done = cpu(lambda city=city, pack=pack, clause=clause: twin.trial(pack, city, clauses=clause))
        drawn, _ = cpu(lambda done=done: done.write("reports/benchmark_trial"))
        print(f"{clause:52} trial {took:5.2f} s, report {drawn:5.2f} s, {done.outcomes[0].verdict.status}")


def sweeps() -> None:
    """The same curve twice: read off one distribution, and by evaluating the measure at each limit."""
    city = twin.read(CITY)
    clause = next(c for pack in load("living-circle") for c in pack.clause if c.id == "C.0.2 kindergarten")
    limits = {"at_least": 1.0}
    city.snap("population", "walk"), city.snap("facilities", "walk")
    once, curve = cpu(lambda: sweep(city, clause, None, limits, near_of(city, clause, limits)))
    fresh = twin.read(CITY)
    fresh.snap("population", "walk"), fresh.snap("facilities", "walk")
    given = clause.arguments()
    many, values = cpu(
        lambda: [distance_within(fresh, **given | {"within": float(x)}).value for x in curve.x]  # type: ignore[arg-type]
    )
    assert np.allclose(curve.y, values)
    print(f"50 limits off one distribution {once:.3f} s, by 50 evaluations {many:.3f} s, the same numbers")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sweeps", action="store_true")
    (sweeps if parser.parse_args().sweeps else trials)()
