"""One side of one workload of `agents.py`, in a process of its own: prints what it took and what came out, as JSON.

python agents_process.py twin walkers 100000
"""

from __future__ import annotations

import importlib
import json
import os
import re
import statistics
import sys
import time
from pathlib import Path

from agents_cases import case

#: Where a side is defined, by the beginning of its name.
MODULES = {
    "twin": "agents_twin",
    "numpy": "agents_steps",
    "Mesa": "agents_mesa",
    "UXsim": "agents_uxsim",
    "SUMO": "agents_sumo",
}


class Clock:
    """Wall and CPU seconds of what is done within it, and at its end the peak of memory and what is held [MB]."""

    def __init__(self) -> None:
        self.wall = self.cpu = self.peak = self.held = 0.0

    def __enter__(self) -> Clock:
        self.began = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall = time.perf_counter() - self.began[0]
        self.cpu = time.process_time() - self.began[1]
        self.peak, self.held = memory("VmHWM"), memory("VmRSS")


def memory(what: str) -> float:
    """Memory of this process [MB]."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(what)) / 1024


def main(side: str, workload: str, count: str) -> None:
    """Get ready, run it up to three times where it is quick, and say so."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the sides print is no answer
    module = importlib.import_module(MODULES[re.split(r"\W", side)[0]])
    job = module.prepare(side, workload, case(workload, int(count)))
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak counts from here
    ready, clocks = memory("VmRSS"), []
    for _ in range(3):
        clock = Clock()
        found = job(clock)
        clocks.append(clock)
        if clock.wall > 0.5:
            break
    answer = {
        "wall": statistics.median(clock.wall for clock in clocks),
        "cpu": statistics.median(clock.cpu for clock in clocks),
        "peak": max(clock.peak for clock in clocks),
        "ready": ready,
        "held": clocks[0].held,
        **found(),
    }
    print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
