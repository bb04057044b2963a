"""How long, and in how much memory, our OpenStreetMap reader and pyrosm read the same content of the same files.

Run by a person: ``python benchmarks/osm_time.py --peer PYTHON monaco.osm.pbf …``, with PYTHON the interpreter of an
environment that has pyrosm. The content: walk and drive network with attributes and geometry, buildings, places, land
use, green and water. Each reading is a process of its own, the tools in turn; in it the file is read, and read again.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

START = """
import json, resource, sys, time, warnings
warnings.simplefilter("ignore")
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
begun = time.perf_counter(), time.process_time()
def passed():
    return time.perf_counter() - begun[0], time.process_time() - begun[1]
"""
READ = {
    "twin": """
from twin.gis.osm import read_osm as read
""",
    "twin.read, a city with its people": """
from twin import read
""",
    "pyrosm": """
import pyrosm
def read(path):
    osm = pyrosm.OSM(path)
    found = [osm.get_network(network_type=mode, nodes=True) for mode in ("walking", "driving+service")]
    return found + [osm.get_buildings(), osm.get_pois(), osm.get_landuse(), osm.get_natural()]
""",
}
STOP = """
kept = read(sys.argv[1])
fresh, first = passed(), peak()
begun = time.perf_counter(), time.process_time()
kept = read(sys.argv[1])
print(json.dumps([*fresh, *passed(), first, peak()]))
"""


def measured(python: str, tool: str, path: str) -> list[float]:
    """Seconds and CPU seconds in a fresh process with the imports, again in the same one, and peak memory [MB] of each."""
    run = [python, "-c", START + READ[tool] + STOP, path]
    out = subprocess.run(run, check=True, capture_output=True, text=True).stdout
    return json.loads(out.splitlines()[-1])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--peer", default=sys.executable, help="interpreter that has pyrosm")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("files", nargs="+")
    given = options.parse_args()
    print("| file | tool | fresh process s | CPU s | again s | CPU s | peak MB fresh | again |")
    print("|---|---|--:|--:|--:|--:|--:|--:|")
    for path in given.files:
        found: dict[str, list[list[float]]] = {tool: [] for tool in READ}
        for _ in range(given.rounds):
            for tool, runs in found.items():
                runs.append(measured(given.peer if tool == "pyrosm" else sys.executable, tool, path))
        for tool, runs in found.items():
            *seconds, first, second = (statistics.median(column) for column in zip(*runs, strict=True))
            name = Path(path).name.split(".")[0]
            cells = [name, tool, *(f"{each:.2f}" for each in seconds), f"{first:.0f}", f"{second:.0f}"]
            print("|", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main()
