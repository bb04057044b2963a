"""To networkx and back: for what its hundreds of algorithms are best at."""

from __future__ import annotations

from typing import Any

import networkx
import numpy as np

from twin.model.network import Network

__all__ = ["from_networkx", "to_networkx"]


def to_networkx(net: Network) -> networkx.MultiDiGraph:
    """Open edges as a `MultiDiGraph` with node ids, coordinates and edge columns; two-way edges go both ways."""
    graph = networkx.MultiDiGraph(crs=net.crs)
    graph.add_nodes_from((i, {"x": x, "y": y}) for i, x, y in zip(net.node_ids(np.arange(net.graph.count)), net.x, net.y, strict=True))
    names = net.node_ids(np.arange(net.graph.count))
    frame = net.edges
    for position, row in enumerate(frame.to_dict("records")):
        if row["open"]:
            ends = names[row["tail"]], names[row["head"]]
            graph.add_edge(*ends, edge=position, **row)
            if not row["oneway"]:
                graph.add_edge(*ends[::-1], edge=position, **row)
    return graph


def from_networkx(graph: Any, *, crs: Any = None) -> Network:
    """A network from any networkx graph whose nodes have ``x`` and ``y`` and whose edges have ``length`` (osmnx's do).

    An undirected graph is two-way; a directed one keeps each edge as it is.
    """
    names = list(graph.nodes)
    place = {name: position for position, name in enumerate(names)}
    rows = list(graph.edges(data=True))
    ends = np.array([[place[u], place[v]] for u, v, _ in rows], dtype=np.int32).reshape(-1, 2)
    ids = np.empty(len(names), dtype=object)
    ids[:] = names
    return Network.from_arrays(
        [float(graph.nodes[name]["x"]) for name in names],
        [float(graph.nodes[name]["y"]) for name in names],
        ends[:, 0],
        ends[:, 1],
        length=[float(data["length"]) for _, _, data in rows],
        directed=graph.is_directed(),
        crs=crs,
        ids=ids,
        name=[_text(data.get("name")) for _, _, data in rows],
    )


def _text(value: Any) -> str:
    return "; ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
