"""Walkers, vehicles and an evacuation side by side; writes the section "Agents" of docs/benchmarks.md.

    benchmarks/setup                             # once: UXsim and SUMO, in an environment of their own
    python benchmarks/agents.py                  # everything
    python benchmarks/agents.py --only sioux     # one workload again, and the section from what was measured before
    python benchmarks/agents.py --table          # only write the section again

Every reading comes from a process of its own, the sides in turn; a quick run is done three times there and the median
taken. Medians of five rounds, three where a run takes more than two seconds, one where it takes more than twenty. What
the sides found is compared after the first round: where they disagree, it ends there. The workloads: `agents_cases.py`.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from agents_cases import MEANS, PEERS, SUMS
from document import ROOT, commit, machine, seconds, write_section

UXSIM, PLATOONS, SUMO = "UXsim, single vehicles", "UXsim, platoons of 5", "SUMO, meso"
HOOKS = ["twin, in batches", "twin, a function in a loop", "twin, a method of each", "Mesa, events"]
#: Title, workload, agents, sides, and the goal for twin: wall [s], or microseconds an event.
PLAN: list[tuple[str, str, int, list[str], str]] = [
    ("10,000 walkers", "walkers", 10_000, ["twin", "numpy", "Mesa, steps", "Mesa, events"], ""),
    ("100,000 walkers", "walkers", 100_000, ["twin", "twin, in order", "twin.simulate", "numpy"], "0.15 s"),
    ("1,000,000 walkers", "walkers", 1_000_000, ["twin", "twin.simulate", "numpy"], "1.5 s"),
    ("Sioux Falls, 30,000 vehicles", "sioux", 30_000, ["twin", UXSIM, PLATOONS, SUMO], "0.02 s"),
    ("grid50, 10,000 vehicles", "grid50", 10_000, ["twin", UXSIM, PLATOONS, SUMO], ""),
    ("grid50, 100,000 vehicles", "grid50", 100_000, ["twin", UXSIM, PLATOONS], "0.4 s"),
    ("1,000 people to shelters", "shelters", 1000, ["twin", "Mesa, events"], ""),
    ("10,000 people to shelters", "shelters", 10_000, ["twin", "Mesa, events"], "0.02 s"),
    ("100,000 people to shelters", "shelters", 100_000, ["twin"], ""),
    ("10,000 walkers, Python at every edge", "events", 10_000, HOOKS, "0.2 µs an event"),
    ("100,000 walkers, Python at every edge", "events", 100_000, HOOKS[:2], "0.2 µs an event"),
]
RESULTS = ROOT / "benchmarks" / "results" / "agents.json"


def reading(side: str, workload: str, count: int) -> dict[str, Any]:
    """One reading, in a process of its own."""
    python = str(PEERS / "bin" / "python") if side.startswith("UXsim") else sys.executable
    here = Path(__file__).with_name("agents_process.py")
    done = subprocess.run(
        [python, str(here), side, workload, str(count)],
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    if done.returncode:
        raise SystemExit(f"{side} on {count} {workload}: {done.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def enough(found: list[dict[str, Any]]) -> bool:
    """Whether a side has been read often enough."""
    wall = median(one["wall"] for one in found) if found else 0.0
    return len(found) >= (1 if wall > 20 else 3 if wall > 2 else 5)


def agree(workload: str, count: int, sides: dict[str, list[dict[str, Any]]]) -> None:
    """Raise where the sides did not find the same, or not what the definition of the workload says."""
    last = {side: found[-1] for side, found in sides.items() if found}
    if workload in ("walkers", "events"):
        sums = {one["sum"] for one in last.values()} | ({SUMS[count]} if count in SUMS else set())
        assert len(sums) == 1, (workload, count, last)
    elif workload == "shelters":
        assert len({(round(one["mean"], 2), one["sent on"]) for one in last.values()}) == 1, last
        if count == 1000:
            assert (round(last["twin"]["mean"], 2), last["twin"]["sent on"], last["twin"]["events"]) == (
                1517.71,
                327,
                21_749,
            )
    else:
        others = [last[UXSIM]["mean"]] if UXSIM in last else []
        others += [MEANS[workload, count]] if (workload, count) in MEANS else []
        assert all(abs(last["twin"]["mean"] / other - 1) < 0.02 for other in others), (workload, count, last)
        assert all(one["made"] > 0.999 * last["twin"]["made"] for one in last.values()), last


def able(side: str) -> bool:
    """Whether a side is installed."""
    if side.startswith(("UXsim", "SUMO")):
        name = "uxsim" if side.startswith("UXsim") else "sumo"
        return bool(list(PEERS.glob(f"lib/python*/site-packages/{name}")))
    return not side.startswith("Mesa") or importlib.util.find_spec("mesa") is not None


def measure(only: list[str], stored: dict[str, Any]) -> None:
    """All readings, round by round."""
    plan = [line for line in PLAN if not only or line[1] in only]
    for title, *_ in plan:
        stored[title] = {}
    for number in range(5):
        for title, workload, count, sides, _ in plan:
            for side in filter(able, sides):
                found = stored[title].setdefault(side, [])
                if not enough(found):
                    found.append(reading(side, workload, count))
                    print(
                        f"{number} {title}: {side} {seconds(found[-1]['wall'])}, CPU {seconds(found[-1]['cpu'])}",
                        flush=True,
                    )
            agree(workload, count, stored[title])
        stored["commit"] = commit()
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        RESULTS.write_text(json.dumps(stored), encoding="utf-8")


def write(stored: dict[str, Any]) -> None:
    """The section."""
    versions = {
        side.partition(",")[0]: found[-1]["version"]
        for title, *_ in PLAN
        for side, found in stored.get(title, {}).items()
        if "version" in found[-1]
    }
    missing = sorted({side for _, _, _, sides, _ in PLAN for side in sides if not able(side)})
    lines = [
        f"Made by `benchmarks/agents.py` at {stored['commit']} on {machine()}; Mesa {version('mesa')}, UXsim {versions.get('UXsim')} (its C++",
        f"engine), SUMO {versions.get('SUMO')} (its mesoscopic model). Every reading from a process of its own, the sides in turn; medians of five rounds (three where a run",
        "takes more than two seconds, one where more than twenty), smallest and largest wall time in brackets. The machine was shared and busy, so",
        "compare CPU times (of all threads), and read no ratio under 2 as a difference. Networks are ready before; tables of ways to every destination are",
        "made within the time on every side. Memory is the peak of the whole process, in brackets what it had before the run. Sums and counts are",
        "those of the definitions on all sides (`benchmarks/agents_cases.py`); mean travel times of vehicles lie within 2 % of UXsim's with single vehicles.",
    ]
    if missing:
        lines.append(f"Not installed here: {', '.join(missing)}.")
    lines += [
        "",
        "| workload, goal | side | wall | CPU | × twin's | memory | edges entered | CPU an edge | |",
        "|---|---|--:|--:|--:|--:|--:|--:|---|",
    ]
    for title, _, _, sides, goal in PLAN:
        kept = stored.get(title, {})
        for side in sides:
            if kept.get(side):
                lines.append(_row(title, goal, side, kept))
    lines += ["", *_notes(stored)]
    write_section("Agents", lines)
    print("\n".join(lines))


def _row(title: str, goal: str, side: str, kept: dict[str, Any]) -> str:
    found = kept[side]
    first = next(iter(kept))
    wall, cpu = (median(one[name] for one in found) for name in ("wall", "cpu"))
    spread = f" ({seconds(min(one['wall'] for one in found))} – {seconds(max(one['wall'] for one in found))})"
    base = median(one["cpu"] for one in kept[first])
    last = found[-1]
    many = last.get("events", 0)
    said = (
        ""
        if "mean" not in last
        else f"mean {last['mean']:,.2f} s"
        if "sent on" in last
        else f"mean travel time {last['mean']:.1f} s"
    )
    said += f", {last['sent on']:,} sent on" if "sent on" in last else ""
    name = f"**{title}**" + (f", {goal}" if goal else "") if side == first else ""
    peak = max(one["peak"] for one in found)
    return (
        f"| {name} | {side} | {seconds(wall)}{spread if len(found) > 1 else ''} | {seconds(cpu)} | {'' if side == first else f'{cpu / base:.2g}' if cpu / base < 99.5 else f'{cpu / base:,.0f}'} "
        f"| {peak:,.0f} MB ({last['ready']:,.0f}) | {f'{many:,}' if many else ''} | {f'{cpu / many * 1e9:,.0f} ns' if many else ''} | {said} |"
    )


def _notes(stored: dict[str, Any]) -> list[str]:
    some, many = stored.get("100,000 walkers", {}), stored.get("1,000,000 walkers", {})
    notes = []
    if some.get("twin") and many.get("twin"):
        sizes = {
            side: (median(one["held"] for one in many[side]) - median(one["held"] for one in some[side]))
            * 2**20
            / 900_000
            for side in ("twin", "twin.simulate")
        }
        notes += [
            f"An agent more takes {sizes['twin']:.0f} bytes in the engine, 16 of them origin, destination and departure as they are given (goal: at most 100),",
            f"and {sizes['twin.simulate']:.0f} through `twin.simulate`, with the tables of its trace: what a million walkers hold more than 100,000 at the end of the run.",
            "",
        ]
    notes += [
        "`twin` is the engine with its arrays (`twin.simulation.movement`), where nobody is asked on the way; *in order* is the same engine bound to the order of",
        "time, as where agents meet or are asked. *In batches* is `Agents.enter`, *in a loop* calls a Python function for each row of it, *a method of each* is",
        "`on_enter_edge` of ordinary `mesa.Agent` objects.",
        "",
        "What the definitions leave open, and how it was read. Sioux Falls: free flow times of the network in minutes, at 15 m/s, so 900 m of edge a minute;",
        "pairs drawn by the network's own trip table; a lane up to a capacity of 7,000, two above, three above 12,000. UXsim's platoons are every fifth of the same",
        "vehicles. SUMO's mesoscopic model has headways of its own: its times are given, not compared; its ways were given to it,",
        "since its own search took some 12 ms a trip on grid50; what it took includes reading the network and the trips. UXsim's memory is mostly the",
        "history of every edge in every step.",
    ]
    return notes


def main() -> None:
    """Measure and write."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--only", nargs="+", default=[], choices=sorted({line[1] for line in PLAN}), help="workloads")
    ask.add_argument("--table", action="store_true", help="measure nothing, only write the section")
    said = ask.parse_args()
    stored = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    if not said.table:
        measure(said.only, stored)
    write(stored)


if __name__ == "__main__":
    main()
