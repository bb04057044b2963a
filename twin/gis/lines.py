"""A network from plain lines: drawn streets, a cadastre's centre lines, an export of another program."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from twin.errors import DataError, listed
from twin.model import Network

__all__ = ["network_of_lines"]

#: Ends closer than this are one node [m].
TOLERANCE = 0.05


def network_of_lines(lines: gpd.GeoDataFrame, *, where: str = "lines") -> Network:
    """Join lines where their ends meet (within 5 cm), or where one ends on a vertex of another.

    Lines that only cross, without a shared vertex, do not meet: a bridge is not a junction.

    Parameters
    ----------
    lines : LineStrings in a projected CRS; columns of the schema's ``edges`` (name, speed, oneway …) are kept.

    Raises
    ------
    DataError : something else than lines.
    """
    frame = lines.explode(index_parts=False).reset_index(drop=True)
    shapes = frame.geometry.to_numpy()
    wrong = np.flatnonzero(shapely.get_type_id(shapes) != shapely.GeometryType.LINESTRING)
    if wrong.size:
        raise DataError(
            f"{where}: {wrong.size} rows are no lines (rows {listed(wrong)})", column="geometry", rows=wrong.tolist()
        )
    coordinates, line = shapely.get_coordinates(shapes, return_index=True)
    _, place = np.unique(np.rint(coordinates / TOLERANCE).astype(np.int64), axis=0, return_inverse=True)
    place = place.reshape(-1)
    first = np.r_[True, line[1:] != line[:-1]]
    last = np.r_[first[1:], True]
    is_node = np.isin(place, place[first | last])  # every end, and every vertex that some line ends on
    cut = np.flatnonzero(is_node)
    begin = cut[~last[cut]]
    end = cut[np.searchsorted(cut, begin, side="right")]
    piece = np.repeat(np.arange(len(begin)), end - begin + 1)
    within = np.arange(len(piece)) - np.repeat(np.cumsum(end - begin + 1) - (end - begin + 1), end - begin + 1)
    pieces = shapely.linestrings(coordinates[begin[piece] + within], indices=piece)
    nodes, tail_head = np.unique(np.concatenate([place[begin], place[end]]), return_inverse=True)
    representative = np.zeros(place.max() + 1, dtype=np.intp)
    representative[place[::-1]] = np.arange(len(place))[::-1]
    at = coordinates[representative[nodes]]
    keep = [
        c
        for c in ("name", "class", "speed", "lanes", "width", "bridge", "tunnel", "level", "oneway", "fixed")
        if c in frame
    ]
    columns = {c: frame[c].to_numpy()[line[begin]] for c in keep}
    oneway = columns.pop("oneway", False)
    length = shapely.length(pieces)
    speed = np.asarray(columns.get("speed", np.full(len(length), 4.8 / 3.6)), dtype=float)
    return Network.from_arrays(
        at[:, 0],
        at[:, 1],
        tail_head[: len(begin)],
        tail_head[len(begin) :],
        length=length,
        directed=np.asarray(oneway, dtype=bool),
        crs=lines.crs,
        shapes=pieces,
        time=length / speed,
        **columns,
    )
