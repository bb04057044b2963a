"""Where the stops of a timetable hang on the streets, and the ways on foot between stops and streets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin._kernels import transit as kernel
from twin.model.network import SCALE, Network
from twin.model.snap import LIMIT, snap_table
from twin.model.timetable import Timetable
from twin.routing.paths import fixed, in_chunks

__all__ = ["Footways", "Rows", "footing", "footways", "rows_of"]

Ints = NDArray[np.int32]
#: A place as near as this to the end of its edge, as a share of the edge, is at the node: other edges leave there too.
_END = 1e-9


@dataclass(frozen=True, eq=False)
class Rows:
    """Ways on foot in compressed sparse rows.

    Attributes
    ----------
    begin : (s + 1,) int32, where the ways from each stop begin.
    to : int32, the stop or the node that each leads to.
    time : int32, hundredths of a second.
    """

    begin: Ints
    to: Ints
    time: Ints

    @property
    def arrays(self) -> tuple[Ints, Ints, Ints]:
        """As the kernel takes them."""
        return self.begin, self.to, self.time


@dataclass(frozen=True, eq=False)
class Footways:
    """Streets with the stops on them.

    Attributes
    ----------
    streets : the street nodes, then every stop as the end of a walk, every stop as the start of one, and the points
        where their doors are; its cost is ``"time"`` [s]. Two nodes a stop, so that nobody walks through one.
    nodes, stops : number of street nodes, and of stops.
    unsnapped : positions of the stops that no street is near.
    feet : from each stop to the others; never to itself.
    egress : from each stop to the street nodes.
    """

    streets: Network
    nodes: int
    stops: int
    unsnapped: NDArray[np.intp]
    feet: Rows
    egress: Rows


def footways(walk: Network, table: Timetable, *, speed: float, limit: float) -> Footways:
    """Hang the stops on the streets, remembered per state of the streets and place of the stops.

    Parameters
    ----------
    speed : walking speed [m/s].
    limit : longest walk between a stop and another place [s].
    """
    doors = _doors(table)
    key = ("footways", speed, limit, len(table.stops), doors.to_numpy(dtype=float).tobytes())
    return walk.memory.of(key, (walk,), lambda: _footways(walk, doors, len(table.stops), speed, limit))


def footing(walk: Network, speed: float) -> NDArray[np.float64]:
    """(m,) float64, time that each edge takes on foot [s], in whole hundredths; `speed` [m/s]."""
    return np.asarray(np.rint(walk.columns["length"].astype(float) / speed * SCALE) / SCALE)


def _doors(table: Timetable) -> pd.DataFrame:
    """Where stops are entered: at their entrances, else where they stand. Rows of stop, x, y [m], enter, leave [s]."""
    own = table.entrances[["stop", "x", "y", "enter", "leave"]]
    rest = np.setdiff1d(np.arange(len(table.stops)), own["stop"])
    plain = table.stops[["x", "y"]].iloc[rest].assign(stop=rest, enter=0, leave=0)
    return pd.concat([own, plain], ignore_index=True)[["stop", "x", "y", "enter", "leave"]]


def _footways(walk: Network, doors: pd.DataFrame, stops: int, speed: float, limit: float) -> Footways:
    hung = _hung(walk, doors)
    streets = _streets(walk, hung, stops, speed)
    nodes = walk.graph.count
    wanted = np.full(streets.graph.count, -1, dtype=np.int32)
    wanted[: nodes + stops] = np.arange(nodes + stops)
    start = np.arange(nodes + stops, nodes + 2 * stops, dtype=np.int32)
    origin, to, time = _near(streets, start, wanted, fixed(limit))
    street = to < nodes
    other = ~street & (to - nodes != origin)
    return Footways(
        streets,
        nodes,
        stops,
        np.setdiff1d(np.arange(stops), hung["stop"]),
        rows_of(origin[other], to[other] - np.int32(nodes), time[other], stops),
        rows_of(origin[street], to[street], time[street], stops),
    )


def _hung(walk: Network, doors: pd.DataFrame) -> pd.DataFrame:
    """Doors that a street is near, edge by edge: with edge (position), share of its length from the tail, gap [m]."""
    placed = np.isfinite(doors["x"].to_numpy()) & np.isfinite(doors["y"].to_numpy())
    known = doors[placed].reset_index(drop=True)
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(known["x"], known["y"]), crs=walk.crs)
    places = ("doors", known["x"].to_numpy().tobytes(), known["y"].to_numpy().tobytes())
    found = walk.graph.memory.of(places, (walk.columns["length"],), lambda: snap_table(walk, points, limit=LIMIT))
    hung: pd.DataFrame = known.iloc[found.index].assign(
        edge=found["edge"].to_numpy(), share=found["start"].to_numpy(), gap=found["offset"].to_numpy()
    )
    return hung.sort_values(["edge", "share", "stop"], kind="stable", ignore_index=True)


def _streets(walk: Network, hung: pd.DataFrame, stops: int, speed: float) -> Network:
    """The streets cut where doors are. Times are whole hundredths, so that the parts add up to the edge."""
    graph, nodes = walk.graph, walk.graph.count
    whole = np.rint(footing(walk, speed) * SCALE)
    at = hung.groupby(["edge", "share"], sort=False).ngroup().to_numpy()  # doors side by side leave at one point
    cut = hung.drop_duplicates(["edge", "share"])
    edge, share = cut["edge"].to_numpy(), cut["share"].to_numpy()
    point = np.arange(len(cut)) + nodes + 2 * stops
    done = np.rint(whole[edge] * share)
    first = np.r_[True, edge[1:] != edge[:-1]][: len(edge)]
    last = np.r_[first[1:], True][: len(edge)]
    before = np.where(first, graph.tail[edge], np.r_[0, point[:-1]][: len(edge)])
    passed = np.where(first, 0.0, np.r_[0.0, done[:-1]][: len(edge)])
    at_tail, at_head = share <= _END, share >= 1 - _END
    untouched = np.setdiff1d(np.arange(len(graph.tail)), edge)
    link = np.rint((hung["gap"].to_numpy() / speed + hung[["enter", "leave"]].to_numpy(dtype=float).T) * SCALE)
    usable = (walk.open[edge] | at_tail | at_head)[at]
    stop, door, single = hung["stop"].to_numpy(dtype=np.int64), point[at], np.ones(len(hung), dtype=bool)
    parts: list[tuple[Any, Any, Any, Any, Any]] = [  # tail, head, time, one-way, open
        (graph.tail[untouched], graph.head[untouched], whole[untouched], graph.oneway[untouched], walk.open[untouched]),
        _part(walk, edge, (before, point, done - passed), first & at_tail),
        _part(walk, edge[last], (point[last], graph.head[edge[last]], (whole[edge] - done)[last]), at_head[last]),
        (door, nodes + stop, link[0], single, usable),
        (nodes + stops + stop, door, link[1], single, usable),
    ]
    tail, head, time, oneway, passable = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    x, y = _places(walk, hung, stop, graph.tail[edge], stops)
    return Network.from_arrays(
        x,
        y,
        tail,
        head,
        length=time / SCALE * speed,
        directed=oneway,
        time=time / SCALE,
        open=passable,
    )


def _places(walk: Network, hung: pd.DataFrame, stop: Any, tail: Any, stops: int) -> list[NDArray[np.float64]]:
    """Where all nodes are (x, y): near ones are then kept near in memory. A point counts as its edge's tail."""
    found = []
    for axis, street in (("x", walk.x), ("y", walk.y)):
        at = np.full(stops, street[0])
        at[stop] = hung[axis].to_numpy(dtype=float)
        found.append(np.concatenate([street, at, at, street[tail]]))
    return found


def _part(walk: Network, edge: Any, ends: tuple[Any, Any, Any], node: Any) -> tuple[Any, Any, Any, Any, Any]:
    """Parts of edges, passable as these are; where both ends are one node of the streets (`node`), always."""
    return (*ends, walk.graph.oneway[edge] & ~node, walk.open[edge] | node)


def _near(streets: Network, start: Ints, wanted: Ints, limit: int) -> tuple[Ints, Ints, Ints]:
    """Every (row of `start`, wanted node, time) within a limit in hundredths."""
    arcs, costs = streets.graph.arcs, streets.arc_cost("time")
    found: dict[int, tuple[Ints, Ints, Ints]] = {}

    def some(part: slice) -> None:
        low = part.start
        room = 4 * streets.graph.count
        while low < part.stop:
            begin = np.zeros(part.stop - low + 1, dtype=np.int32)
            to, time = np.empty(room, dtype=np.int32), np.empty(room, dtype=np.int32)
            done = kernel.near(arcs.indptr, arcs.target, costs, start[low : part.stop], wanted, limit, begin, to, time)
            origin = np.repeat(np.arange(low, low + done, dtype=np.int32), np.diff(begin[: done + 1]))
            found[low] = origin, to[: begin[done]].copy(), time[: begin[done]].copy()
            low += done

    in_chunks(some, len(start))
    none = np.zeros(0, dtype=np.int32)
    columns = zip(*(found[low] for low in sorted(found)), strict=True) if found else [(none,)] * 3
    origin, to, time = (np.concatenate(each) for each in columns)
    return origin, to, time


def rows_of(origin: NDArray[Any], to: NDArray[Any], time: NDArray[Any], stops: int) -> Rows:
    """Ways as rows; `origin` is sorted."""
    begin = np.zeros(stops + 1, dtype=np.int32)
    np.cumsum(np.bincount(origin, minlength=stops), out=begin[1:])
    return Rows(begin, *(np.ascontiguousarray(each, dtype=np.int32) for each in (to, time)))
