"""The transit network of a city: stops as nodes, hops of lines from stop to stop as edges, and the timetable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.errors import DataError, MissingData, listed
from twin.gis.gtfs.feed import Feed, merged, read_feed
from twin.model import City, Network, Source, Timetable
from twin.model.snap import LIMIT, snap_shapes

__all__ = ["attached", "transit_network", "with_transit"]

#: Speed between a door and the stop: 4.8 km/h [m/s].
WALKING_SPEED = 4.8 / 3.6
#: A shape that passes a stop at more than this is not that of the trip [m].
ASIDE = 200.0


def with_transit(city: City, feeds: str | Path | Sequence[str | Path]) -> City:
    """The city with a transit network read from GTFS feeds; what is wrong with them is noted in its source.

    Raises
    ------
    DataError : a feed cannot be used, or none of its stops lies near the city.
    """
    paths = [feeds] if isinstance(feeds, str | Path) else list(feeds)
    if city.crs is None:
        raise MissingData(f"{city.name}: it has no CRS, so that a feed has no place in it", layer="transit")
    feed = merged([read_feed(path, city.crs) for path in paths])
    net = transit_network(feed, city.crs)
    notes = [*feed.notes, *_far_stops(city, net, feed)]
    said = f"GTFS {', '.join(Path(path).name for path in paths)}"
    source = Source(said, f"{feed.first_day} to {feed.last_day}", notes=tuple(notes))
    about = replace(city.about, sources={**city.about.sources, "transit": source})
    return replace(city.with_network("transit", net), about=about)


def _far_stops(city: City, net: Network, feed: Feed) -> list[str]:
    """Stops from which nobody can walk; `DataError` where that is all of them: the feed is of another place."""
    if "walk" not in city.networks:
        return []
    snapped = snap_shapes(city.networks["walk"], shapely.points(net.x, net.y), limit=LIMIT)
    lost = np.setdiff1d(np.arange(len(net.x)), snapped.index)
    if not lost.size:
        return []
    if lost.size == len(net.x):
        raise DataError(
            f"{feed.name}: none of its {lost.size} stops lies within {LIMIT:.0f} m of a street of {city.name}; give "
            "the feed of this city",
            layer="transit",
        )
    return [
        f"{lost.size} stops lie more than {LIMIT:.0f} m from every walkable street ({listed(net.ids[lost], most=6)})"
    ]


def transit_network(feed: Feed, crs: Any) -> Network:
    """Make a network of a feed.

    Returns
    -------
    Network : nodes are the stops; an edge is a hop of a line from a stop to the next, one-way, with `length` along the
        shape (straight where the feed has none), `time` (median running time [s]), `name` and `line` (name and id of
        the line), `class` (its mode); the timetable's `hop` names them.
    """
    table = feed.timetable
    hops, edge = _hops(table)
    tail, head, line = hops.T
    shapes = _lines(feed, table, hops, edge)
    stops, lines = table.stops, table.lines
    net = Network.from_arrays(
        stops["x"].to_numpy(),
        stops["y"].to_numpy(),
        tail,
        head,
        length=shapely.length(shapes),
        directed=True,
        crs=crs,
        ids=stops["id"].to_numpy(),
        shapes=shapes,
        approach=WALKING_SPEED,
        time=_median_times(table, edge, len(hops)),
        name=lines["name"].to_numpy()[line],
        line=lines["id"].to_numpy()[line],
        **{"class": lines["mode"].to_numpy()[line]},
    )
    return replace(net, timetable=replace(table, hop=_frozen(edge)))


def _hops(table: Timetable) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Different hops (from, to, line), and for each position of the patterns the hop that leads on (-1 at the end)."""
    at = np.ones(len(table.pattern_stop), dtype=bool)
    at[table.pattern_indptr[1:] - 1] = False
    here = np.flatnonzero(at)
    line = np.repeat(table.pattern_line, np.diff(table.pattern_indptr))
    every = np.stack([table.pattern_stop[here], table.pattern_stop[here + 1], line[here]], axis=1)
    hops, number = np.unique(every, axis=0, return_inverse=True)
    edge = np.full(len(at), -1, dtype=np.int32)
    edge[here] = number.ravel()
    return hops, edge


def _median_times(table: Timetable, edge: NDArray[np.int32], count: int) -> NDArray[np.float64]:
    """Median time from leaving a stop to reaching the next, over all trips [s]."""
    found: list[Any] = []
    for p, first in enumerate(table.pattern_indptr[:-1]):
        length = int(table.pattern_indptr[p + 1] - first)
        times = slice(table.time_indptr[p], table.time_indptr[p + 1])
        arrive, depart = table.arrive[times].reshape(-1, length), table.depart[times].reshape(-1, length)
        took = arrive[:, 1:] - depart[:, :-1]
        found.append((np.tile(edge[first : first + length - 1], len(took)), took.ravel()))
    of, took = (np.concatenate([f[k] for f in found]) for k in (0, 1))
    return pd.Series(took).groupby(of).median().reindex(range(count)).to_numpy(dtype=float)


def _lines(feed: Feed, table: Timetable, hops: NDArray[Any], edge: NDArray[np.int32]) -> NDArray[Any]:
    """Where vehicles go on each hop: cut from the shape of a trip that makes it, straight where there is none."""
    x, y = table.stops["x"].to_numpy(), table.stops["y"].to_numpy()
    at = np.c_[x, y]
    shapes = np.asarray(shapely.linestrings(np.stack([at[hops[:, 0]], at[hops[:, 1]]], axis=1)), dtype=object)
    if not len(feed.shapes):
        return shapes
    shape_of = dict(zip(feed.trips["id"], feed.trips["shape"], strict=True))
    trip_ids = table.trips["id"].to_numpy()
    drawn = np.zeros(len(hops), dtype=bool)
    for p, first in enumerate(table.pattern_indptr[:-1]):
        last = int(table.pattern_indptr[p + 1])
        edges = edge[first : last - 1]
        shape = shape_of[trip_ids[table.trip_indptr[p]]]
        if shape < 0 or drawn[edges].all():
            continue
        stops = at[table.pattern_stop[first:last]]
        pieces = cut(shapely.get_coordinates(feed.shapes[shape]), stops)
        for k, piece in enumerate(pieces):
            if piece is not None and not drawn[edges[k]]:
                shapes[edges[k]] = shapely.linestrings(piece)
                drawn[edges[k]] = True
    return shapes


def cut(points: NDArray[np.float64], stops: NDArray[np.float64]) -> list[NDArray[np.float64] | None]:
    """Cut a line between stops that stand beside it.

    Of all ways to find the stops along the line in their order, the one with the least sum of squared distances is
    taken: a line that passes a stop twice, or runs back along itself, is cut at the right passage.

    Parameters
    ----------
    points : (n, 2) bends of the line. stops : (s, 2) where the vehicle halts, in order [m].

    Returns
    -------
    list of s - 1 arrays of points from stop to stop; None where either of the two is more than `ASIDE` off the line.
    """
    start, span = points[:-1], np.diff(points, axis=0)
    size = np.maximum((span**2).sum(axis=1), 1e-12)
    gap = stops[:, None, :] - start[None, :, :]
    share = np.clip((gap * span).sum(axis=2) / size, 0.0, 1.0)
    off = ((gap - share[:, :, None] * span) ** 2).sum(axis=2)
    best, came = off[0], np.zeros(off.shape, dtype=np.int32)
    number = np.arange(len(span))
    for k in range(1, len(stops)):
        least = np.minimum.accumulate(best)
        came[k] = np.maximum.accumulate(np.where(best == least, number, 0))
        best = least + off[k]
    on = np.empty(len(stops), dtype=np.int64)
    on[-1] = np.argmin(best)
    for k in range(len(stops) - 1, 0, -1):
        on[k - 1] = came[k, on[k]]
    every = np.arange(len(stops))
    near = off[every, on] <= ASIDE**2
    place = on + share[every, on]
    pieces: list[NDArray[np.float64] | None] = []
    for k in range(len(stops) - 1):
        if not (near[k] and near[k + 1]):
            pieces.append(None)
            continue
        inner = np.arange(int(np.floor(place[k])) + 1, int(np.ceil(place[k + 1])))
        inner = inner[(inner > place[k]) & (inner < place[k + 1])]
        pieces.append(np.vstack([stops[k], points[inner], stops[k + 1]]))
    return pieces


def attached(net: Network, table: Timetable) -> Network:
    """A network with a timetable whose hops are edges that it has already: those of the same line and stops.

    Parameters
    ----------
    net : nodes with the ids of the stops, edges with the id of the line as `name`, passed both ways or one.
    table : its stops are put into the order of the nodes, at their places.

    Raises
    ------
    DataError : a stop has no node, or a hop no edge.
    """
    if list(table.stops["id"]) != net.ids[: len(table.stops)].tolist():
        raise DataError("the network's first nodes are not the stops of the timetable, in their order", layer="transit")
    name = net.columns["name"]
    ways: dict[tuple[int, int, str], int] = {}
    for e, (a, b) in enumerate(zip(net.graph.tail.tolist(), net.graph.head.tolist(), strict=True)):
        ways[a, b, name[e]] = e
        if not net.graph.oneway[e]:
            ways.setdefault((b, a, name[e]), e)
    hops, edge = _hops(table)
    ids = table.lines["id"].to_numpy()
    found = np.array([ways.get((int(a), int(b), ids[line]), -1) for a, b, line in hops], dtype=np.int32)
    if (found < 0).any():
        a, b, line = hops[int(np.argmin(found))]
        raise DataError(f"line {ids[line]} has no edge from {net.ids[a]} to {net.ids[b]}", layer="transit")
    stops = table.stops.assign(x=net.x[: len(table.stops)], y=net.y[: len(table.stops)])
    hop = np.where(edge >= 0, found[edge], -1).astype(np.int32)
    return replace(net, timetable=replace(table, stops=stops, hop=_frozen(hop)))


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view
