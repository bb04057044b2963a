"""A network from plain lines: drawn streets, a cadastre's centre lines, an export of another program."""

from __future__ import annotations

from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from twin.errors import DataError, listed
from twin.model import Network
from twin.model.schema import validate

__all__ = ["BY_CAR", "ON_FOOT", "TOLERANCE", "network_of_lines"]

#: Ends closer than this are one node [m].
TOLERANCE = 0.05
#: Speed on foot, 4.8 km/h, and by car where the lines do not say it, 30 km/h [m/s].
ON_FOOT, BY_CAR = 4.8 / 3.6, 30 / 3.6

_KEPT = ("name", "class", "speed", "lanes", "width", "bridge", "tunnel", "level", "oneway", "fixed")


def network_of_lines(lines: gpd.GeoDataFrame, *, on_foot: bool = False, where: str = "lines") -> Network:
    """Join lines where they share a vertex, and where an end lies within 5 cm of a vertex of another.

    Lines that only cross, without a shared vertex, do not meet: a bridge is not a junction.

    Parameters
    ----------
    lines : LineStrings in a projected CRS; columns of the schema's ``edges`` (name, speed [m/s], oneway …) are kept.
    on_foot : everybody goes at `ON_FOOT`; else at the line's speed, where that is unknown at `BY_CAR` (``estimated``).

    Raises
    ------
    DataError : something else than lines, or a column is not as the schema says.
    """
    frame = lines.explode(index_parts=False).reset_index(drop=True)
    shapes = frame.geometry.to_numpy()
    wrong = np.flatnonzero(shapely.get_type_id(shapes) != shapely.GeometryType.LINESTRING)
    if wrong.size:
        raise DataError(
            f"{where}: {wrong.size} rows are no lines (rows {listed(wrong)})", column="geometry", rows=wrong.tolist()
        )
    pieces, piece_of, ends, at = _cut(shapes)
    length = shapely.length(pieces)
    table = pd.DataFrame({c: frame[c].to_numpy()[piece_of] for c in _KEPT if c in frame})
    table = validate(table.assign(tail=ends[:, 0], head=ends[:, 1], length=length), "edges", where=where)
    speed = np.full(len(length), ON_FOOT)
    if not on_foot:
        told = np.asarray(table["speed"], dtype=float) if "speed" in table else np.full(len(length), np.nan)
        table["estimated"] = ~(told > 0)
        table["speed"] = speed = np.where(told > 0, told, BY_CAR)
    columns = {str(c): table[c].to_numpy() for c in table.columns if c not in {"tail", "head", "length", "oneway"}}
    return Network.from_arrays(
        at[:, 0],
        at[:, 1],
        ends[:, 0],
        ends[:, 1],
        length=length,
        directed=table["oneway"].to_numpy(dtype=bool),
        crs=lines.crs,
        shapes=pieces,
        approach=ON_FOOT if on_foot else float("inf"),
        **(columns | {"time": length / speed}),
    )


def _cut(shapes: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Lines cut at nodes: the pieces, the row each comes from, its two nodes, and the places of the nodes."""
    coordinates, line = shapely.get_coordinates(shapes, return_index=True)
    first = np.r_[True, line[1:] != line[:-1]]
    last = np.r_[first[1:], True]
    place = _places(coordinates, first | last)
    pairs = np.unique(np.column_stack([place, line]), axis=0)
    shared = np.bincount(pairs[:, 0]) > 1  # a vertex of several lines, as in unsplit OpenStreetMap ways
    is_node = np.isin(place, place[first | last]) | shared[place]  # every end, and every vertex that some line ends on
    cut = np.flatnonzero(is_node)
    begin = cut[~last[cut]]
    end = cut[np.searchsorted(cut, begin, side="right")]
    short = (place[begin] == place[end]) & (end == begin + 1)  # two vertices of one line within the tolerance
    begin, end = begin[~short], end[~short]
    size = end - begin + 1
    piece = np.repeat(np.arange(len(begin)), size)
    within = np.arange(len(piece)) - np.repeat(np.cumsum(size) - size, size)
    pieces = shapely.linestrings(coordinates[begin[piece] + within], indices=piece)
    nodes, ends = np.unique(np.concatenate([place[begin], place[end]]), return_inverse=True)
    representative = np.zeros(place.max() + 1, dtype=np.intp)
    representative[place[::-1]] = np.arange(len(place))[::-1]
    return pieces, line[begin], ends.reshape(2, -1).T, coordinates[representative[nodes]]


def _places(coordinates: NDArray[np.float64], is_end: NDArray[np.bool_]) -> NDArray[np.intp]:
    """A number a vertex, equal where vertices are one: at the same spot, or an end within `TOLERANCE` of them."""
    spots, place = np.unique(coordinates, axis=0, return_inverse=True)
    place = place.reshape(-1)
    ends = np.unique(place[is_end])
    near: Any = cKDTree(spots[ends]).sparse_distance_matrix(cKDTree(spots), TOLERANCE, output_type="ndarray")
    links = coo_array((np.ones(len(near), dtype=np.int8), (ends[near["i"]], near["j"])), shape=(len(spots),) * 2)
    return cast("NDArray[np.intp]", connected_components(links, directed=False)[1][place])
