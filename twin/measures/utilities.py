"""Utilities: who is connected to power, water, drainage and telecom, and what survives the loss of a line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from twin.errors import MissingData, listed
from twin.measures.measure import measure
from twin.model import City
from twin.routing.robustness import edge_connectivity

__all__ = ["connected_share", "demand_per_head", "looped_share"]


@measure(unit="1", en="people connected to a utility", zh="管网接入人口比例", reads=("population",))
def connected_share(city: City, *, network: str, source: Sequence[str]) -> float:
    """People at nodes that open edges join to a source, over all people [1].

    Parameters
    ----------
    network : power, water, drainage or telecom; ``<network>_nodes`` says the role of each node and whom it serves.
    source : roles that supply (or, for drainage, take in), such as works, intake, plant, gateway.

    Raises
    ------
    MissingData : no such network or nodes, or no node of the roles.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> connected_share(with_mains(grid_city(1)), network="water", source=["works"])
    1.0
    """
    served, fed = _served(city, network), _fed(city, network, source)
    return float(min(served[fed].sum() / city.people, 1.0))


@measure(unit="1", en="people supplied after any one loss", zh="任一管段失效后仍供应人口比例", reads=("population",))
def looped_share(city: City, *, network: str, source: Sequence[str]) -> float:
    """People at nodes that two edge-disjoint open ways join to the sources, over the people at all nodes [1].

    They are still joined when any single edge fails ("N-1" of the topology; capacity is another question).

    References
    ----------
    Menger (1927).

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> looped_share(with_mains(grid_city(1)), network="water", source=["works"])
    1.0
    """
    served, net = _served(city, network), city.network(network)
    table = city.table(f"{network}_nodes")
    start = np.flatnonzero(np.isin(table["role"].to_numpy().astype(str), list(source)))
    _fed(city, network, source)
    at = np.flatnonzero(served > 0)
    ids = table["id"].to_numpy()
    ways = np.zeros((len(start), len(at)), dtype=np.int64)
    for row, origin in enumerate(start):
        away = at != origin
        ways[row, away] = edge_connectivity(net, np.full(int(away.sum()), ids[origin]), ids[at[away]])
        ways[row, ~away] = 2
    return float(served[at[ways.max(axis=0) >= 2]].sum() / served.sum())


@measure(unit="m3/s/person", en="demand per head", zh="人均用量", reads=("population",))
def demand_per_head(city: City, *, network: str = "water") -> float:
    """Demand at the nodes of a network (L/s) over the people whom they serve [m3/s/person].

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> round(demand_per_head(with_mains(grid_city(1))) * 1000 * 86400, 6)  # 40 people, 0.1 L/s: 216 L a day each
    216.0
    """
    served = _served(city, network)
    return float(np.nansum(city.column(f"{network}_nodes", "demand")) / 1000.0 / served.sum())


def with_mains(city: City) -> City:
    """A city with a ring of water mains from a works, for examples: 40 people at the far corner, 0.1 L/s."""
    import geopandas as gpd
    import shapely

    from twin.model import Network

    x, y = [0.0, 100.0, 100.0, 0.0], [0.0, 0.0, 100.0, 100.0]
    ring = Network.from_arrays(x, y, [0, 1, 2, 3], [1, 2, 3, 0], length=100.0, crs=city.crs, ids=["a", "b", "c", "d"])
    table = gpd.GeoDataFrame(
        {
            "id": ["a", "b", "c", "d"],
            "role": ["works", "junction", "service", "junction"],
            "demand": [0.0, 0.0, 0.1, 0.0],
            "people_served": [0.0, 0.0, 40.0, 0.0],
        },
        geometry=shapely.points(x, y),
        crs=city.crs,
    )
    return city.with_network("water", ring).with_layer("water_nodes", table)


def _served(city: City, network: str) -> NDArray[np.float64]:
    """People whom each node serves, in the order of the network's nodes."""
    served = np.nan_to_num(city.column(f"{network}_nodes", "people_served"))
    table, net = city.table(f"{network}_nodes"), city.network(network)
    order = net.positions(table["id"].to_numpy())
    if len(table) != net.graph.count or (order != np.arange(len(table))).any():
        raise MissingData(
            f"{city.name}: {network}_nodes are not the nodes of {network}, one by one", layer=f"{network}_nodes"
        )
    if not served.sum() > 0:
        raise MissingData(
            f"{city.name}: {network}_nodes serve nobody", layer=f"{network}_nodes", column="people_served"
        )
    return served


def _fed(city: City, network: str, source: Sequence[str]) -> NDArray[np.bool_]:
    """Which nodes open edges join to a source."""
    net, table = city.network(network), city.table(f"{network}_nodes")
    start = np.isin(table["role"].to_numpy().astype(str), list(source))
    if not start.any():
        raise MissingData(
            f"{city.name}: no node of {network} is {listed(source)}", layer=f"{network}_nodes", column="role"
        )
    tail, head = net.graph.tail[net.open], net.graph.head[net.open]
    count = net.graph.count
    _, part = connected_components(coo_matrix((np.ones(len(tail)), (tail, head)), shape=(count, count)), directed=False)
    return np.isin(part, part[start])
