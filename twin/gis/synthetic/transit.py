"""Bus lines and a tram: their ways along the streets, their stops, and the stops as a network."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra
from shapely import ops

from twin.gis.synthetic.curves import Points, Warp
from twin.gis.synthetic.drawing import table
from twin.gis.synthetic.ground import CRS
from twin.gis.synthetic.places import Places
from twin.model import Network

__all__ = ["Line", "Ways", "lines", "network"]

#: Distance between stops aimed at, and within which a stop of another line on the way is shared [m].
_SPACING = {"bus": 470.0, "tram": 520.0}
_SHARED = 240.0
#: Mean speed under way [m/s] and time at a stop [s].
_SPEED = {"bus": 6.6, "tram": 7.5, "coach": 11.5, "rail": 27.0}
DWELL = 20
#: Places in a vehicle [person].
_SEATS = {"bus": 75, "tram": 170}
_DISLIKED = {"residential": 2.2, "living_street": 4.0, "unclassified": 2.0, "tertiary": 1.15}


@dataclass(frozen=True, eq=False)
class Line:
    """A line: its way, its stops along it, and its timetable.

    Attributes
    ----------
    way : the streets it takes, from the first stop's end.
    stops, at : ids of the stops and how far along the way they are [m].
    """

    id: str
    name: str
    mode: str
    color: str
    headway: float
    hours: tuple[float, float]
    frequency: bool
    way: Any
    stops: list[str]
    at: NDArray[np.float64]

    @property
    def times(self) -> NDArray[np.int64]:
        """Seconds from the start to the arrival at each stop."""
        legs = np.round(np.diff(self.at) / _SPEED[self.mode]).astype(int)
        return np.concatenate([[0], np.cumsum(legs + DWELL)])


class Ways:
    """Shortest ways along the streets of a network, and their lines."""

    def __init__(self, net: Network, *, factor: NDArray[np.float64] | None = None) -> None:
        self.net = net
        cost = net.columns["length"] * (1.0 if factor is None else factor)
        tail, head = net.graph.tail.astype(int), net.graph.head.astype(int)
        order = np.lexsort((cost, np.maximum(tail, head), np.minimum(tail, head)))
        pair = np.c_[np.minimum(tail, head), np.maximum(tail, head)][order]
        first = np.r_[True, (np.diff(pair, axis=0) != 0).any(axis=1)] & (pair[:, 0] != pair[:, 1])
        self.edge = {(int(a), int(b)): int(e) for (a, b), e in zip(pair[first], order[first], strict=True)}
        keep = np.isfinite(cost[order[first]])
        a, b = pair[first][keep].T
        self.matrix = csr_matrix((cost[order[first]][keep], (a, b)), shape=(len(net.x),) * 2)
        self.usable = np.unique(np.r_[a, b])

    def node(self, at: Points) -> int:
        """Nearest usable node."""
        gap = np.hypot(self.net.x[self.usable] - at[0], self.net.y[self.usable] - at[1])
        return int(self.usable[int(np.argmin(gap))])

    def line(self, nodes: list[int]) -> Any:
        """Street line through neighbouring nodes."""
        pieces = []
        for a, b in pairwise(nodes):
            edge = self.edge[min(a, b), max(a, b)]
            points = shapely.get_coordinates(self.net.shapes[edge])
            pieces.append(points if self.net.graph.tail[edge] == a else points[::-1])
        return shapely.LineString(np.vstack([pieces[0], *(p[1:] for p in pieces[1:])]))

    def path(self, start: int, end: int) -> list[int]:
        """Nodes of the shortest way."""
        _, before = dijkstra(self.matrix, directed=False, indices=start, return_predecessors=True)
        nodes = [end]
        while nodes[-1] != start:
            nodes.append(int(before[nodes[-1]]))
        return nodes[::-1]


def lines(drive: Network, warp: Warp, places: Places) -> list[Line]:
    """Route the lines of ``lines.toml`` along two-way streets, set their stops and add these to the facilities."""
    kinds = drive.columns["class"]
    factor = np.array([_DISLIKED.get(k, 1.0) for k in kinds])
    factor[(kinds == "trunk") | drive.columns["oneway"]] = np.inf
    ways = Ways(drive, factor=factor)
    stops: dict[str, list[tuple[str, Points]]] = {"bus": [], "tram": []}
    found = []
    for entry in table("lines.toml")["line"]:
        via = [ways.node(p) for p in warp(np.array(entry["via"], dtype=float))]
        nodes = [via[0]]
        for a, b in pairwise(via):
            nodes += ways.path(a, b)[1:] if a != b else []
        way = ways.line(_no_spurs(nodes))
        mode = entry["mode"]
        ids, at = _stops(way, mode, stops[mode], drive, places)
        settings = {k: entry[k] for k in ("id", "name", "mode", "color", "headway")}
        frequency = bool(entry.get("frequency", False))
        found.append(Line(**settings, hours=tuple(entry["hours"]), frequency=frequency, way=way, stops=ids, at=at))
    return found


def _no_spurs(nodes: list[int]) -> list[int]:
    """Take out the stretches of a way that are driven there and back at once."""
    kept: list[int] = []
    for node in nodes:
        if len(kept) > 1 and kept[-2] == node:
            kept.pop()
        else:
            kept.append(node)
    return kept


def _stops(
    way: Any, mode: str, known: list[tuple[str, Points]], drive: Network, places: Places
) -> tuple[list[str], NDArray[np.float64]]:
    count = max(2, round(way.length / _SPACING[mode]) + 1)
    ids: list[str] = []
    at: list[float] = []
    for wanted in np.linspace(15.0, way.length - 15.0, count):
        here = shapely.get_coordinates(way.interpolate(wanted))[0]
        near = [
            (float(np.hypot(*(p - here))), name, float(way.project(shapely.Point(p))))
            for name, p in known
            if np.hypot(*(p - here)) < _SHARED and way.distance(shapely.Point(p)) < 12.0
        ]
        near = [n for n in near if n[1] not in ids and (not at or n[2] > at[-1] + 60)]
        if near:
            _, name, along = min(near)
        else:
            if at and wanted < at[-1] + 120:
                continue
            edge = int(np.argmin(shapely.distance(drive.shapes, shapely.Point(here))))
            street = str(drive.columns["name"][edge])
            ahead = shapely.get_coordinates(way.interpolate(min(wanted + 5, way.length)))[0] - here
            beside = np.array([ahead[1], -ahead[0]]) / max(np.hypot(*ahead), 1e-9)
            point = np.round(here + (6.0 if mode == "bus" else -2.0) * beside, 1)
            used = sum(row["kind"] == f"{mode}_stop" and row["name"].startswith(street) for row in places.rows)
            places.add(f"{mode}_stop", shapely.Point(point), name=f"{street} {used + 1}" if used else street)
            name, along = places.rows[-1]["id"], float(wanted)
            known.append((name, point))
        ids.append(name)
        at.append(along)
    return ids, np.array(at)


def network(every: list[Line], places: Places) -> Network:
    """Make stops nodes, rides between neighbouring stops of a line as edges, and short walks between stops."""
    rows = [row for row in places.rows if row["kind"] in {"bus_stop", "tram_stop"}]
    ids = [row["id"] for row in rows]
    where = {name: i for i, name in enumerate(ids)}
    xy = shapely.get_coordinates(np.array([row["geometry"] for row in rows], dtype=object))
    tail, head, shapes, columns = [], [], [], []
    for line in every:
        for k, (a, b) in enumerate(pairwise(line.stops)):
            piece = shapely.get_coordinates(ops.substring(line.way, line.at[k], line.at[k + 1]))
            shapes.append(shapely.LineString(np.vstack([xy[where[a]], piece[1:-1], xy[where[b]]])))
            tail.append(where[a])
            head.append(where[b])
            capacity = 60.0 / line.headway * _SEATS[line.mode]
            columns.append(
                (line.id, line.mode, float(line.times[k + 1] - line.times[k]), capacity, 60.0 * line.headway)
            )
    gap = np.hypot(*(xy[:, None] - xy[None]).T)
    for i, j in zip(*np.nonzero(np.triu(gap < 180.0, 1)), strict=True):
        tail.append(int(i))
        head.append(int(j))
        shapes.append(shapely.LineString(xy[[i, j]]))
        columns.append(("", "transfer", float(np.round(1.3 * gap[i, j] / (4 / 3))), np.nan, 0.0))
    name, kind, time, capacity_, headway = zip(*columns, strict=True)
    kinds: dict[str, Any] = {"class": np.array(kind, dtype=object)}
    return Network.from_arrays(
        xy[:, 0],
        xy[:, 1],
        tail,
        head,
        length=np.round(shapely.length(np.array(shapes, dtype=object)), 1),
        crs=CRS,
        ids=np.array(ids, dtype=object),
        shapes=np.array(shapes, dtype=object),
        approach=4 / 3,
        time=np.array(time),
        name=np.array(name, dtype=object),
        capacity=np.array(capacity_),
        headway=np.array(headway),
        **kinds,
    )
