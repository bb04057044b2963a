"""The workloads of `agents.py` as arrays, made alike in every process; needs numpy and nothing else.

walkers     100 x 100 grid, blocks of 100 m x U(0.8, 1.2); from a uniform node to a uniform one of 256, at 1.4 m/s; all
            leave at 0; arrival = ceil(D / 1.4 - 1e-9)
events      the same, and Python is asked at every edge that somebody enters
grid50      50 x 50 grid, blocks of 250 m x U(0.9, 1.1), 15 m/s, three lanes each way; to a uniform one of 100 nodes; all
            leave within an hour
sioux       Sioux Falls: 24 nodes, 76 one-way edges, out of the aequilibrae wheel. Its free flow times are minutes, driven
            at 15 m/s (so an edge is 900 m for each minute); one lane, two above a capacity of 7,000, three above 12,000;
            pairs of nodes by the network's trip table; all leave within an hour
shelters    graph of the walkers; from a uniform node to the nearest of 20 shelters for ceil(1.2 N / 20) each; a full one
            sends on to the one nearest to it that has room; Weidmann's speed by the density of the edge, 4 m wide, at
            least 0.1 m/s, fixed when one enters; nobody overtakes
"""

from __future__ import annotations

import io
import os
import sqlite3
import tempfile
import zipfile
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
PEERS = Path(os.environ.get("TWIN_PEERS", ROOT / ".venv-peers"))

#: Sums of the arrivals [s], as the definition of the workload has them.
SUMS = {100_000: 438_048_644, 1_000_000: 4_381_852_473}
JAM, WAVE = 0.2, 5.0  # vehicles on a metre of a lane; backward wave [m/s]
#: Mean travel times [s] that UXsim had with single vehicles when the workloads were defined.
MEANS = {("sioux", 30_000): 549.9, ("grid50", 100_000): 532.7}


@dataclass(frozen=True, eq=False)
class Case:
    """A workload.

    Attributes
    ----------
    x, y : (n,) nodes [m].
    tail, head : (m,) edges; `oneway`: only from tail to head.
    length, seconds, lanes : (m,) of them [m], [s], each way [1].
    origin, goal, depart : (k,) who goes from where to where, and when [s]; of shelters `goal` is the nearest.
    sites, room : (s,) shelters, and how many each takes.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    length: NDArray[np.float64]
    seconds: NDArray[np.float64]
    lanes: NDArray[np.float64]
    oneway: bool
    origin: NDArray[np.int32]
    goal: NDArray[np.int32]
    depart: NDArray[np.float64]
    sites: NDArray[np.int64]
    room: int = 0

    def arcs(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Tail, head and edge of each direction."""
        edge = np.arange(len(self.tail))
        if self.oneway:
            return self.tail, self.head, edge
        return np.r_[self.tail, self.head], np.r_[self.head, self.tail], np.r_[edge, edge]


def case(name: str, count: int) -> Case:
    """A workload with so many agents."""
    return {"walkers": _walkers, "events": _walkers, "grid50": _grid50, "sioux": _sioux, "shelters": _shelters}[name](
        count
    )


def _grid(side: int, block: float, spread: float, speed: float) -> dict[str, NDArray[np.float64]]:
    node = np.arange(side * side).reshape(side, side)
    tail = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
    head = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
    length = np.round(block * np.random.default_rng(42).uniform(1 - spread, 1 + spread, len(tail)), 1)
    y, x = np.divmod(np.arange(side * side), side)
    return {
        "x": x * block, "y": y * block, "tail": tail, "head": head, "length": length, "seconds": length / speed,
        "lanes": np.full(len(tail), 3.0),
    }  # fmt: skip


def _journeys(nodes: int, goals: int, count: int) -> tuple[NDArray[np.int32], NDArray[np.int32], np.random.Generator]:
    places = np.random.default_rng(1).choice(nodes, goals, replace=False)
    rng = np.random.default_rng(7)
    origin = rng.integers(0, nodes, count)
    return origin.astype(np.int32), places[rng.integers(0, goals, count)].astype(np.int32), rng


def _walkers(count: int) -> Case:
    origin, goal, _ = _journeys(10_000, 256, count)
    return Case(
        **_grid(100, 100.0, 0.2, 1.4), oneway=False, origin=origin, goal=goal, depart=np.zeros(count), sites=np.zeros(0)
    )


def _grid50(count: int) -> Case:
    origin, goal, rng = _journeys(2500, 100, count)
    return Case(
        **_grid(50, 250.0, 0.1, 15.0), oneway=False, origin=origin, goal=goal, depart=rng.uniform(0, 3600, count),
        sites=np.zeros(0),
    )  # fmt: skip


def _shelters(count: int) -> Case:
    streets = _grid(100, 100.0, 0.2, 1.34)
    sites = np.random.default_rng(3).choice(10_000, 20, replace=False)
    origin = np.random.default_rng(5).integers(0, 10_000, count).astype(np.int32)
    return Case(
        **streets, oneway=False, origin=origin, goal=np.full(count, -1, dtype=np.int32), depart=np.zeros(count),
        sites=sites, room=ceil(1.2 * count / 20),
    )  # fmt: skip


def _sioux(count: int) -> Case:
    [wheel] = sorted(PEERS.glob("lib/python*/site-packages/aequilibrae/reference_files/sioux_falls.zip"))
    with zipfile.ZipFile(io.BytesIO(wheel.read_bytes())) as packed, tempfile.TemporaryDirectory() as folder:
        packed.extract("project_database.sqlite", folder)
        matrix = packed.read("matrices/demand.aem")
        base = sqlite3.connect(Path(folder) / "project_database.sqlite")
        query = "select a_node, b_node, capacity_ab, free_flow_time from links order by link_id"
        links = np.array(base.execute(query).fetchall(), dtype=float)
        base.close()
    trips = np.frombuffer(matrix[-24 * 24 * 8 :])  # the file ends with the trip table, a row an origin
    assert trips.sum() == 360_600
    seconds = links[:, 3] * 60
    rng = np.random.default_rng(7)
    origin, goal = np.divmod(rng.choice(24 * 24, count, p=trips / trips.sum()), 24)
    return Case(
        x=np.arange(24) % 6 * 2000.0, y=np.arange(24) // 6 * 2000.0, tail=links[:, 0].astype(np.int64) - 1,
        head=links[:, 1].astype(np.int64) - 1, length=seconds * 15.0, seconds=seconds,
        lanes=1.0 + (links[:, 2] > 7000) + (links[:, 2] > 12_000), oneway=True, origin=origin.astype(np.int32),
        goal=goal.astype(np.int32), depart=rng.uniform(0, 3600, count), sites=np.zeros(0),
    )  # fmt: skip
