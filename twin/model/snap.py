"""Where a place hangs on a network: the nearest point of the nearest edge, within a limit.

A point is reached at one point of an edge. A polygon (park, campus, hospital ground) is reached through its mapped
entrances, else along every stretch of the network that crosses it or comes within `NEAR` of its rim; never through
its centre. Edges that cannot be left along the way (``fixed``: tunnels, bridges, motorways, ferries) and fragments that
do not belong to the city's network are passed over.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.errors import DataError, MissingData
from twin.model.network import Network

__all__ = ["FRAGMENT", "LIMIT", "NEAR", "snap_shapes", "snap_table"]

#: A place farther than this from every edge does not hang on the network [m].
LIMIT = 250.0
#: A polygon is reached from the network where this comes so close to its rim [m].
NEAR = 30.0
#: A part of the network shorter than this (in which one can go and come back) is a fragment: nothing hangs on it [m].
FRAGMENT = 1000.0


class _Tree:
    """Spatial index over the edges of one topology that places may hang on."""

    def __init__(self, net: Network) -> None:
        columns = net.columns
        inside = net.graph.parts[net.graph.tail] == net.graph.parts[net.graph.head]
        part = net.graph.parts[net.graph.tail]
        total = np.bincount(part[inside], weights=columns["length"][inside], minlength=part.max(initial=0) + 1)
        main = total >= min(FRAGMENT, total.max(initial=0.0))
        usable = inside & main[part] & ~columns["fixed"] & ~columns["tunnel"]
        self.edge = np.flatnonzero(usable)
        drawn = shapely.length(net.shapes[self.edge]) > 0  # on a line of no length there is no share to stand at
        self.edge = self.edge[drawn]
        self.shapes = net.shapes[self.edge]
        self.tree = shapely.STRtree(self.shapes)


def snap_shapes(
    net: Network, shapes: NDArray[Any], entrances: NDArray[Any] | None = None, *, limit: float = LIMIT
) -> pd.DataFrame:
    """Hang shapes on a network.

    Parameters
    ----------
    shapes : (n,) points or polygons in the network's CRS.
    entrances : (n,) MultiPoints or None; where given they are the ways in.
    limit : largest gap between a place and its edge [m].

    Returns
    -------
    DataFrame : index `row` (position in `shapes`, repeated where there are several ways in); edge (position), start
        and end (share of the edge's length from its tail between which the place is touched; equal for a point),
        offset (gap [m]), node (position of the nearer end). Rows beyond the limit are absent.

    Raises
    ------
    MissingData : the network has no edges.
    DataError : the limit is not above 0.
    """
    if not limit > 0:
        raise DataError(f"the limit of the gap between a place and its edge is above 0, not {limit}")
    tree = _tree(net)
    ways = _ways_in(shapes, entrances)
    flat = shapely.get_dimensions(ways["shape"].to_numpy(dtype=object)) == 2
    points = _to_points(tree, ways[~flat], limit)
    areas = _to_areas(tree, ways[flat])
    missed = ways[flat][~ways[flat]["row"].isin(areas["row"])]
    found = pd.concat([points, areas, _to_points(tree, missed, limit)], ignore_index=True)
    nearer = np.where(found["start"] + found["end"] <= 1, net.graph.tail[found["edge"]], net.graph.head[found["edge"]])
    found["node"] = nearer.astype(np.int32)
    return found.sort_values(["row", "offset", "edge"], kind="stable").set_index("row")


def snap_table(net: Network, frame: gpd.GeoDataFrame, *, limit: float = LIMIT) -> pd.DataFrame:
    """`snap_shapes` of a table, remembered per table and topology: fifty scenarios pay once.

    A variant's table starts with the rows of the table it came from; rows that were appended are snapped alone.
    """
    return net.graph.memory.of(("snap", limit), (frame, _tree(net)), lambda: _snap_rows(net, frame, limit))


def _tree(net: Network) -> _Tree:
    """The tree of a topology, remembered for as long as the columns that it was made of are the same."""
    if not len(net.graph.tail):
        raise MissingData("the network has no edges to hang anything on")
    made_of = tuple(net.columns[name] for name in ("length", "fixed", "tunnel"))
    return net.graph.memory.of("tree", made_of, lambda: _Tree(net))


def _snap_rows(net: Network, frame: gpd.GeoDataFrame, limit: float) -> pd.DataFrame:
    shapes = frame.geometry.to_numpy()
    doors = frame["entrances"].to_numpy(dtype=object) if "entrances" in frame.columns else None
    marks = np.fromiter(map(id, shapes), dtype=np.int64, count=len(shapes))
    if doors is not None:
        none = [door if isinstance(door, shapely.Geometry) else None for door in doors]
        marks = np.stack([marks, np.fromiter(map(id, none), dtype=np.int64, count=len(none))], axis=1)
    held: list[tuple[Any, NDArray[np.int64], pd.DataFrame]] = net.graph.memory.of(
        ("snapped", limit, doors is None), (_tree(net),), list
    )
    done, found = 0, None
    for _, before, result in list(held):
        if done < len(before) <= len(marks) and np.array_equal(before, marks[: len(before)]):
            done, found = len(before), result
    if found is None or done < len(shapes):
        fresh = snap_shapes(net, shapes[done:], None if doors is None else doors[done:], limit=limit)
        fresh.index = fresh.index + done
        found = fresh if found is None else pd.concat([found, fresh])
        held.append(((shapes, doors), marks, found))  # the shapes are kept, so that their identities stay theirs
        del held[:-32]
    return found


def _ways_in(shapes: NDArray[Any], entrances: NDArray[Any] | None) -> pd.DataFrame:
    """One row a way in: the shape itself, or each of its entrances."""
    rows = np.arange(len(shapes))
    if entrances is None:
        return pd.DataFrame({"row": rows, "shape": shapes})
    doors = np.array([door if isinstance(door, shapely.Geometry) else None for door in entrances], dtype=object)
    has = ~(shapely.is_missing(doors) | shapely.is_empty(doors))
    parts, owner = shapely.get_parts(doors[has], return_index=True)
    return pd.DataFrame(
        {
            "row": np.concatenate([rows[~has], rows[has][owner]]),
            "shape": np.concatenate([shapes[~has], parts]).astype(object),
        }
    )


def _to_points(tree: _Tree, ways: pd.DataFrame, limit: float) -> pd.DataFrame:
    shape = ways["shape"].to_numpy(dtype=object)
    (which, hit), gap = tree.tree.query_nearest(shape, max_distance=limit, return_distance=True, all_matches=False)
    touch = shapely.get_point(shapely.shortest_line(tree.shapes[hit], shape[which]), 0)
    at = shapely.line_locate_point(tree.shapes[hit], touch, normalized=True)
    return pd.DataFrame(
        {
            "row": ways["row"].to_numpy()[which],
            "edge": tree.edge[hit].astype(np.int32),
            "start": at,
            "end": at,
            "offset": gap,
        }
    )


def _to_areas(tree: _Tree, ways: pd.DataFrame) -> pd.DataFrame:
    """Every stretch of an edge within `NEAR` of a polygon, as an interval of that edge."""
    shape = ways["shape"].to_numpy(dtype=object)
    which, hit = tree.tree.query(shape, predicate="dwithin", distance=NEAR)
    if not len(which):
        return pd.DataFrame({"row": [], "edge": [], "start": [], "end": [], "offset": []}).astype(
            {"row": np.intp, "edge": np.int32}
        )
    rim = shapely.buffer(shape, NEAR, quad_segs=4)
    lines = tree.shapes[hit]
    shared = shapely.intersection(lines, rim[which])
    coordinates, pair = shapely.get_coordinates(shared, return_index=True)
    at = pd.Series(shapely.line_locate_point(lines[pair], shapely.points(coordinates), normalized=True)).groupby(pair)
    low, high = at.min(), at.max()
    kept = low.index.to_numpy()  # a touch at the rounded rim may share no coordinates
    closed = shapely.is_closed(lines[kept])  # on a ring the start is also the end: take the whole ring as touched
    return pd.DataFrame(
        {
            "row": ways["row"].to_numpy()[which[kept]],
            "edge": tree.edge[hit[kept]].astype(np.int32),
            "start": np.where(closed, 0.0, low.to_numpy()),
            "end": np.where(closed, 1.0, high.to_numpy()),
            "offset": 0.0,
        }
    )
