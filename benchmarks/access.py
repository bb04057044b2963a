"""Accessibility side by side: twin and five peers on the same streets and the same questions.

    benchmarks/setup                                  # once: the peers, in an environment of their own
    python benchmarks/access.py                       # everything, and the section "Side by side" of docs/benchmarks.md
    python benchmarks/access.py --graph ny --task a1 --tool twin scipy
    python benchmarks/access.py --table               # only write the document again, from what was measured

Each tool runs in a process of its own, in turn, and a fresh one each round (one that takes long to prepare is kept); in
each round a quick task is done three times and the median taken. Medians of five rounds; three where a run takes more
than ten seconds, one where it takes more than a minute. What a tool would need too long for is done on a part of its rows
and scaled up, and marked with ≈; a tool that has not answered within the time limit is said to have not.

Numbers are compared cell by cell after the first round, and a tool whose numbers differ is named with its times. The
readings stay in benchmarks/results, so that parts can be measured again.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import select
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from access_table import TASKS, agree, write
from document import commit
from graphs import NAMES, PEERS, RESULTS, ROOT

TOOLS = ("twin", "scipy", "pandana", "routingkit-cch", "pyroutingkit", "networkit")
#: A process that is ready sooner than this is started afresh each round [s].
QUICK = 2.0


class TooLong(Exception):
    """A tool did not answer in time, or ended."""


class Process:
    """A tool on a graph, in a process of its own that answers line by line."""

    def __init__(self, tool: str, graph: str, patience: float) -> None:
        python = sys.executable if tool == "twin" else str(PEERS / "bin" / "python")
        here = Path(__file__).with_name("access_process.py")
        single = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        RESULTS.mkdir(parents=True, exist_ok=True)
        self.patience = patience
        with (RESULTS / f"{graph}-{tool}.log").open("w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [python, str(here), tool, graph],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, **single, "PYTHONPATH": str(ROOT)},
            )
        self.hello = self._answer()

    def ask(self, **question: Any) -> dict[str, Any]:
        """The answer to a question; `TooLong` where none comes."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(question) + "\n")
            self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], self.patience)
        line = self.process.stdout.readline() if ready else ""
        if not line:
            ended = self.process.poll() is not None or ready
            self.close()
            raise TooLong("failed, see its log" if ended else f"not within {self.patience:.0f} s")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.communicate()


class Round:
    """The processes of one graph, and what they have answered so far."""

    def __init__(self, graph: str, tools: list[str], patience: float) -> None:
        self.graph, self.patience = graph, patience
        self.readings = stored(graph)
        self.waiting = {tool: self.readings.setdefault(tool, {"tasks": {}}) for tool in tools}
        self.running: dict[str, Process] = {}
        self.gone: set[str] = set()

    def process(self, tool: str) -> Process | None:
        """The tool's process, started if need be; None where it cannot be made ready."""
        if tool in self.gone:
            return None
        if tool not in self.running:
            try:
                self.running[tool] = fresh = Process(tool, self.graph, self.patience)
            except TooLong as reason:
                self.gone.add(tool)
                self.waiting[tool]["failed"] = str(reason)
                return None
            about = self.waiting[tool]
            about.pop("failed", None)
            about.setdefault("prepared", []).append(fresh.hello["prepared"])
            about |= {key: fresh.hello[key] for key in ("version", "threads", "able", "peak")}
            if tool == "twin":
                about["version"] = commit()
        return self.running[tool]

    def turn(self, tool: str, task: str, threads: int, number: int) -> None:
        """One reading, if there are not enough."""
        kept = self.waiting[tool]["tasks"].setdefault(task, {})
        key = str(threads)
        if enough(kept.get(key)) > number or "failed" in kept.get(key, {}):
            return
        process = self.process(tool)
        if process is None or not (task in process.hello["able"] or (task, tool) == ("b", "scipy")):
            return
        question: dict[str, Any] = {"task": task, "threads": threads}
        if tool == "twin":
            question["again"] = True
        else:
            question["longest"] = 10.0
        if number == 0:
            question["save"] = str(outcome(self.graph, task, tool, threads))
        reading = kept.setdefault(key, {"wall": [], "cpu": [], "first": []})
        try:
            answer = process.ask(**question)
        except TooLong as reason:
            del self.running[tool]
            reading["failed"] = str(reason)
            return
        if "checked" in answer:
            del kept[key]
            return
        for name in ("wall", "cpu", "first"):
            reading[name].append(answer[name])
        reading |= {"share": answer["share"], "peak": max(answer["peak"], reading.get("peak", 0.0))}
        if "prepared" in answer:
            reading["prepared"] = answer["prepared"]
        print(f"  {task} {tool} ({threads}): {answer['wall']:.4g} s", flush=True)

    def end(self, *, every: bool) -> None:
        """End processes: all, or those that are quickly ready again."""
        for tool in list(self.running):
            if every or self.running[tool].hello["prepared"] < QUICK:
                self.running.pop(tool).close()
        target = RESULTS / f"{self.graph}.json"
        target.write_text(json.dumps(self.readings, indent=1) + "\n", encoding="utf-8")


def enough(reading: dict[str, Any] | None) -> int:
    """Which rounds are done already, or are not needed: a number above that of the round."""
    if not reading or not reading.get("wall"):
        return 0
    wall = statistics.median(reading["wall"])
    need = 1 if wall > 60 or reading["share"] < 1 else 3 if wall > 10 else 5
    done = len(reading["wall"])
    return 99 if done >= need else done


def stored(graph: str) -> dict[str, Any]:
    """Readings of a graph."""
    file = RESULTS / f"{graph}.json"
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return found


def outcome(graph: str, task: str, tool: str, threads: int) -> Path:
    """Where the numbers are put."""
    folder = RESULTS / "outcomes"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{graph}-{task}-{tool}-{threads}.npz"


def measure(graph: str, tasks: list[str], tools: list[str], *, rounds: int, patience: float) -> None:
    """Measure some tasks by some tools on a graph, in turn; what was measured of them before is forgotten."""
    made = subprocess.run(  # in a process of its own: what it reads must not stay in this one
        [sys.executable, str(Path(__file__).with_name("graphs.py")), graph],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
        text=True,
    )
    print(made.stdout.splitlines()[-1], flush=True)
    now = Round(graph, tools, patience)
    for tool in tools:
        now.waiting[tool]["prepared"] = []
        for task in tasks:
            now.waiting[tool]["tasks"].pop(task, None)
    for number in range(rounds):
        for task in tasks:
            for tool in tools:
                process = now.process(tool)
                for threads in {"twin": (1, 2)}.get(tool, (process.hello["threads"],) if process else ()):
                    now.turn(tool, task, threads, number)
            if number == 0:
                for line in agree(graph, task):
                    print(f"  {task}: {line}", flush=True)
        now.end(every=False)
    now.end(every=True)


def main() -> None:
    """Measure, and write the document."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--graph", nargs="+", default=list(NAMES), help="helsinki, ny, metro-50000, metro-N …")
    ask.add_argument("--task", nargs="+", default=list(TASKS), choices=list(TASKS))
    ask.add_argument("--tool", nargs="+", default=list(TOOLS), choices=TOOLS)
    ask.add_argument("--repeat", type=int, default=5, help="rounds")
    ask.add_argument("--timeout", type=float, default=200.0, help="how long a tool may take for one answer [s]")
    ask.add_argument("--table", action="store_true", help="measure nothing, only write the document")
    said = ask.parse_args()
    start = time.perf_counter()
    if not said.table:
        for graph in said.graph:
            measure(graph, said.task, said.tool, rounds=said.repeat, patience=said.timeout)
        print(f"measured in {(time.perf_counter() - start) / 60:.1f} minutes")
    write({graph: stored(graph) for graph in NAMES if stored(graph)})


if __name__ == "__main__":
    main()
