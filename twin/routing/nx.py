"""To networkx and back: for what its hundreds of algorithms are best at."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import networkx
import numpy as np
import pyproj
from numpy.typing import NDArray
from pyproj.exceptions import CRSError as PyprojError

from twin.errors import CRSError, DataError
from twin.model.crs import check_numbers
from twin.model.network import Network

__all__ = ["from_networkx", "to_networkx"]


def to_networkx(net: Network) -> networkx.MultiDiGraph:
    """Open edges as a `MultiDiGraph` with node ids, coordinates and edge columns; two-way edges go both ways."""
    graph = networkx.MultiDiGraph(crs=net.crs)
    graph.add_nodes_from(
        (i, {"x": x, "y": y}) for i, x, y in zip(net.node_ids(np.arange(net.graph.count)), net.x, net.y, strict=True)
    )
    names = net.node_ids(np.arange(net.graph.count))
    frame = net.edges
    for position, row in enumerate(frame.to_dict("records")):
        if row["open"]:
            ends = names[row["tail"]], names[row["head"]]
            said = {**{str(key): value for key, value in row.items()}, "edge": position}
            graph.add_edges_from([(*ends, said)])  # a column may have the name of one of add_edge's own parameters
            if not row["oneway"]:
                graph.add_edges_from([(*ends[::-1], dict(said))])
    return graph


def from_networkx(graph: Any, *, crs: Any = None) -> Network:
    """A network from any networkx graph whose nodes have ``x`` and ``y`` and whose edges have ``length`` (osmnx's do).

    An undirected graph is two-way; a directed one keeps each edge as it is. Coordinates in degrees (the graph's own
    ``crs`` says so) are brought into the UTM zone of the place.

    Raises
    ------
    DataError : a node has no coordinates, or coordinates or a length that are no numbers; a length is negative.
    CRSError : the CRS is not known, or cannot hold the coordinates.
    """
    names = list(graph.nodes)
    place = {name: position for position, name in enumerate(names)}
    rows = list(graph.edges(data=True))
    for key in ("x", "y"):
        if any(key not in graph.nodes[name] for name in names):
            raise DataError(
                f"the graph's nodes have no '{key}'; give every node its coordinates", layer="nodes", column=key
            )
    ends = np.array([[place[u], place[v]] for u, v, _ in rows], dtype=np.int32).reshape(-1, 2)
    x, y, system = _metres(
        _numbers([graph.nodes[name]["x"] for name in names], "nodes", "x"),
        _numbers([graph.nodes[name]["y"] for name in names], "nodes", "y"),
        crs or graph.graph.get("crs"),
    )
    ids = np.empty(len(names), dtype=object)
    ids[:] = names
    length = _numbers([data.get("length", "nan") for _, _, data in rows], "edges", "length")
    straight = np.hypot(x[ends[:, 0]] - x[ends[:, 1]], y[ends[:, 0]] - y[ends[:, 1]])
    return Network.from_arrays(
        x,
        y,
        ends[:, 0],
        ends[:, 1],
        length=np.where(np.isnan(length), straight, length),
        directed=graph.is_directed(),
        crs=system,
        ids=ids,
        name=[_text(data.get("name")) for _, _, data in rows],
    )


def _metres(
    x: NDArray[np.float64], y: NDArray[np.float64], crs: Any
) -> tuple[NDArray[np.float64], NDArray[np.float64], Any]:
    """Coordinates in metres: those in degrees go into the UTM zone of their middle."""
    try:
        system = None if crs is None else pyproj.CRS.from_user_input(crs)
    except PyprojError:
        raise CRSError(f"the graph: '{crs}' is no CRS that PROJ knows; write it like 'EPSG:32632'") from None
    if system is None or not system.is_geographic or not len(x):
        return x, y, None if system is not None and system.is_geographic else system
    nodes = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=system)
    check_numbers(nodes, where="the graph's nodes")
    zone = nodes.estimate_utm_crs()
    east, north = pyproj.Transformer.from_crs(system, zone, always_xy=True).transform(x, y)
    return np.asarray(east), np.asarray(north), zone


def _numbers(values: list[Any], layer: str, column: str) -> NDArray[np.float64]:
    """What a graph's file says, as numbers."""
    numbers = []
    for row, value in enumerate(values):
        try:
            numbers.append(float(value))
        except (TypeError, ValueError):
            raise DataError(
                f"the graph's {layer}: '{column}' of the one at {row} is not a number but {value!r}",
                layer=layer,
                column=column,
                rows=[row],
            ) from None
    return np.array(numbers, dtype=float)


def _text(value: Any) -> str:
    """A name; several are joined. GraphML holds a list of names as Python would print it."""
    if isinstance(value, str) and value.startswith("['") and value.endswith("']"):
        value = value[2:-2].split("', '")
    return "; ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
