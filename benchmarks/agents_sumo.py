"""SUMO's side of the vehicle workloads of `agents.py`: its mesoscopic model, run as a program.

Its model is another (queues of segments, with headways of its own), so its travel times are given and not compared.
Everybody takes the cheapest way of the empty network, which is given here: SUMO's own search takes some ten milliseconds
a trip on grid50. The network is made by netconvert, and the ways by scipy, before the time starts.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from agents_cases import PEERS, Case
from agents_steps import ways
from numpy.typing import NDArray

[HOME] = sorted(PEERS.glob("lib/python*/site-packages/sumo"))
VERSION = next(HOME.parent.glob("eclipse_sumo-*.dist-info")).name.split("-")[1].removesuffix(".dist")


def prepare(side: str, workload: str, given: Case) -> Callable[[Any], Callable[[], dict[str, Any]]]:
    """The network and the trips as files."""
    del side, workload
    folder = tempfile.TemporaryDirectory()
    place = Path(folder.name)
    nodes = "".join(f'<node id="{n}" x="{x}" y="{y}"/>' for n, (x, y) in enumerate(zip(given.x, given.y, strict=True)))
    edges = "".join(
        f'<edge id="{arc}" from="{tail}" to="{head}" numLanes="{given.lanes[edge]:.0f}" length="{given.length[edge]}" '
        f'speed="{given.length[edge] / given.seconds[edge]}"/>'
        for arc, (tail, head, edge) in enumerate(zip(*given.arcs(), strict=True))
    )
    some = np.flatnonzero(given.origin != given.goal)
    order = some[np.argsort(given.depart[some], kind="stable")]
    trips = "".join(
        f'<vehicle id="{one}" depart="{given.depart[one]:.2f}"><route edges="{way}"/></vehicle>'
        for one, way in zip(order.tolist(), _routes(given, order), strict=True)
    )
    for name, inside in (("nodes", nodes), ("edges", edges), ("routes", trips)):
        (place / name).write_text(f"<{name}>{inside}</{name}>", encoding="utf-8")
    _call("netconvert", "-n", place / "nodes", "-e", place / "edges", "-o", place / "net", "--no-turnarounds", "true")
    return lambda clock: _run(place, folder, clock)


def _routes(given: Case, some: NDArray[np.int64]) -> Iterator[str]:
    """Edges on the way of each of some."""
    tail, head, _ = given.arcs()
    name = {ends: str(arc) for arc, ends in enumerate(zip(tail.tolist(), head.tolist(), strict=True))}
    places, before, _ = ways(given, given.goal)
    table = dict(zip(places.tolist(), before.tolist(), strict=True))
    for node, goal in zip(given.origin[some].tolist(), given.goal[some].tolist(), strict=True):
        onward, here, found = table[goal], node, []
        while here != goal:
            found.append(name[here, onward[here]])
            here = onward[here]
        yield " ".join(found)


def _run(place: Path, folder: Any, clock: Any) -> Callable[[], dict[str, Any]]:
    with clock:
        said, cpu, peak = _call(
            "sumo", "-n", place / "net", "-r", place / "routes", "--mesosim", "--time-to-teleport", "-1",
            "--duration-log.statistics", "--end", "20000", "--no-step-log",
        )  # fmt: skip
    del folder
    clock.cpu, clock.peak = cpu, peak
    means = re.search(r"Statistics .*?Duration: ([\d.]+).*?DepartDelay: ([\d.]+)", said, re.DOTALL)
    made = re.search(r"Statistics \(avg of (\d+)", said)
    assert means is not None, said
    return lambda: {
        "mean": float(means[1]) + float(means[2]),
        "made": int(made[1]) if made else 0,
        "version": VERSION,
    }


def _call(program: str, *arguments: object) -> tuple[str, float, float]:
    """Run a program of SUMO to its end: what it said, its CPU time [s], and its peak of memory [MB]."""
    with tempfile.TemporaryFile("w+") as said:
        started = subprocess.Popen(
            [HOME / "bin" / program, *map(str, arguments)], stdout=said, stderr=subprocess.STDOUT,
            env={**os.environ, "SUMO_HOME": str(HOME)},
        )  # fmt: skip
        _, status, used = os.wait4(started.pid, 0)
        started.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read()
    assert started.returncode == 0, text[-2000:]
    return text, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
