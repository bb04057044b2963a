"""One tool on one graph in one process: answers the questions that `benchmarks/access.py` writes to it, line by line.

    echo '{"task": "a1"}' | python benchmarks/access_process.py scipy ny

A question names a task, how many threads to use, how long a run may last before it is done on a part of its rows, and
the file that takes the numbers. An answer holds wall and CPU seconds, peak memory and the share of the rows that was done.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from access_tools import TOOLS, Tool
from graphs import Case, load
from numpy.typing import NDArray

METHODS = {
    "a1": "nearest",
    "a5": "nearest",
    "b": "five",
    "c": "within",
    "d1": "two_step",
    "d2": "two_step",
    "e1": "matrix",
    "e2": "matrix",
    "f": "closed",
    "g": "nearest",
}
#: Cells that a matrix may have at once: more are asked for in batches, by every tool alike.
CELLS = 2**28


class Clock:
    """Wall and CPU seconds between `start` and `stop`, added up."""

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0

    def __enter__(self) -> Clock:
        self.began = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall += time.perf_counter() - self.began[0]
        self.cpu += time.process_time() - self.began[1]


def ask(tool: Tool, case: Case, task: str, some: NDArray[np.int64] | None, clock: Clock, keep: bool) -> Any:
    """Do a task, timed; returns numbers where they are to be kept. `some`: rows, where not all are asked for."""
    simple: dict[str, Callable[[], Any]] = {
        "a1": lambda: tool.nearest(case.sites[0]),
        "a5": lambda: tool.nearest_each(case.sites),
        "b": lambda: tool.five(case.sites[0]),
        "c": lambda: tool.within(some),
        "d1": lambda: tool.two_step(drive=False),
        "d2": lambda: tool.two_step(drive=True),
        "e1": lambda: tool.matrix(case.sites[0] if some is None else case.sites[0][some], case.sites[1]),
        "f": lambda: tool.closed(case.shut, case.sites[0]),
        "g": lambda: tool.layouts(case.layouts if some is None else case.layouts[some]),
    }
    if task == "e2":
        return _all_nodes(tool, case, case.sites[0] if some is None else case.sites[0][some], clock, keep)
    with clock:
        found = simple[task]()
    numbers = None
    if keep:
        numbers = np.array([tool.plain(each) for each in found]) if task == "a5" else tool.plain(found)
    if task == "f":
        tool.restore()
    return numbers


def _all_nodes(tool: Tool, case: Case, origins: NDArray[np.int64], clock: Clock, keep: bool) -> Any:
    """A matrix to all nodes, in batches; of each row only a fingerprint is kept, and what 1,000 of its cells hold."""
    size = max(1, CELLS // case.count)
    prints, cells = [], []
    for low in range(0, len(origins), size):
        with clock:
            found = tool.matrix(origins[low : low + size], None)
        if keep:
            for row in range(0, len(found), 16):
                numbers = tool.plain(found[row : row + 16])
                prints.append(fingerprint(numbers))
                cells.append(numbers[:, case.sites[1]])
        del found
    return np.concatenate([np.concatenate(prints)[:, None], np.concatenate(cells)], axis=1) if keep else None


def fingerprint(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """One number a row that differs, but for one chance in 2^50, where any cell differs by a centimetre or more."""
    whole = np.where(np.isinf(numbers), -1, np.rint(np.where(np.isinf(numbers), 0, numbers) * 100)).astype(np.int64)
    weight = np.random.default_rng(11).integers(1, 2**63, numbers.shape[1], dtype=np.uint64) | np.uint64(1)
    return ((whole.astype(np.uint64) * weight).sum(axis=1) >> np.uint64(12)).astype(np.float64)


def peak() -> float:
    """Largest memory since `reset` [MB]."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def reset() -> None:
    """Count the largest memory from here on."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def measure(tool: Tool, case: Case, question: dict[str, Any]) -> dict[str, Any]:
    """Time a task: three times where it is quick; "again": twice, so that what is made only once is told apart."""
    task, some = question["task"], None
    rows = {"c": case.count, "e1": len(case.sites[0]), "e2": len(case.sites[0]), "g": len(case.layouts)}.get(task, 0)
    if rows and "longest" in question and task not in tool.whole:
        some = sample(tool, case, task, rows, question["longest"])
    reset()
    readings = []
    for turn in range(3):
        clock = Clock()
        found = ask(tool, case, task, some, clock, keep=turn == 0 and "save" in question)
        if found is not None:
            np.savez(question["save"], values=found, rows=np.arange(0) if some is None else some)
        del found
        readings.append((clock.wall, clock.cpu))
        patience = 10.0 if question.get("again") else 0.5  # [s]
        if clock.wall > patience or (clock.wall > 0.5 and turn == 1) or some is not None:
            break
    later = readings[1:] or readings
    part = 1.0 if some is None else len(some) / rows
    return {
        "first": readings[0][0] / part,
        "wall": statistics.median(each[0] for each in later) / part,
        "cpu": statistics.median(each[1] for each in later) / part,
        "peak": peak(),
        "share": part,
    }


def sample(tool: Tool, case: Case, task: str, rows: int, longest: float) -> NDArray[np.int64] | None:
    """Rows to do where all would take longer than `longest` [s]: so many as take about five seconds, at random.

    Every row costs the same, on average; so a part of them tells what the whole takes, and the answer says that it is so.
    """
    order = np.random.default_rng(9).permutation(rows)
    taste = Clock()
    few = order[: max(1, rows // 200)]
    ask(tool, case, task, few, taste, keep=False)
    guess = taste.wall * rows / len(few)
    return np.sort(order[: max(1, int(rows * min(1.0, 5 / guess)))]) if guess > longest else None


def confirm(tool: Tool, case: Case, question: dict[str, Any]) -> dict[str, Any]:
    """What task b should say at some nodes, by a tool that can only do it the slow way; not to be timed."""
    nodes = np.sort(np.random.default_rng(10).choice(case.count, 200, replace=False))
    parts = [tool.five_of(nodes[low : low + 25], case.sites[0]) for low in range(0, len(nodes), 25)]  # type: ignore[attr-defined]
    np.savez(question["save"], values=np.concatenate(parts), rows=nodes)
    return {"checked": len(nodes)}


def version(name: str) -> str:
    """Installed version of a tool; of twin, the commit would say more, and the document has it."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def main(name: str, graph: str) -> None:
    """Read questions from standard input until there are none."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the tools print is not an answer
    case = load(graph)
    tool = TOOLS[name](case)
    cores = sorted(os.sched_getaffinity(0))
    reset()
    with Clock() as ready:
        tool.prepare()
    able = {task for task, method in METHODS.items() if hasattr(tool, method)} - set(tool.unfit)
    hello = {
        "prepared": ready.wall,
        "peak": peak(),
        "able": sorted(able),
        "version": version(name),
        "threads": tool.threads,
    }
    print(json.dumps(hello), file=answers, flush=True)
    driven = None
    for line in sys.stdin:
        question = json.loads(line)
        threads = question.get("threads", tool.threads)
        os.sched_setaffinity(0, cores[:threads])
        if question["task"] not in able and not hasattr(tool, "five_of"):
            raise SystemExit(f"{name} cannot do {question['task']}")
        if question["task"] == "d2" and driven is None:
            with Clock() as driven:
                tool.prepare_drive()
        answer = (measure if question["task"] in able else confirm)(tool, case, question)
        answer["threads"] = threads
        if question["task"] == "d2" and driven is not None:
            answer["prepared"] = driven.wall
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
