"""Utilities: who is connected to power, water, drainage and telecom, and what survives the loss of a line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from twin.errors import MissingData, listed
from twin.measures.measure import measure
from twin.measures.streets import of_class
from twin.model import City, Network
from twin.routing.bridges import bridges, cut_off

__all__ = [
    "connected_share",
    "demand_per_head",
    "on_rings",
    "source_count",
    "supplied_after_loss",
    "supply_over_demand",
]


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


@measure(
    unit="1",
    en="people supplied after the worst single loss",
    zh="最不利单一失效后仍供应人口比例",
    reads=("population",),
)
def supplied_after_loss(city: City, *, network: str, source: Sequence[str]) -> float:
    """People whom a source still reaches when the one edge fails that parts most of them from all sources [1].

    Over the people at all nodes. Of the topology alone ("N-1"): capacity and pressure are another question.

    References
    ----------
    Tarjan (1974), Information Processing Letters 2(6): bridges.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> supplied_after_loss(with_mains(grid_city(1)), network="water", source=["works"])
    1.0
    """
    served, fed = _served(city, network), _fed(city, network, source)
    weights = np.append(np.where(fed, served, 0.0), 2.0 * served.sum())  # the side without a source is the lighter one
    lost = cut_off(_sourced(city, network, source), weights).max(initial=0.0)
    return float((served[fed].sum() - lost) / served.sum())


@measure(unit="1", en="length on rings", zh="成环长度比例")
def on_rings(city: City, *, network: str, source: Sequence[str], classes: Sequence[str] = ()) -> float:
    """Length of the open edges of some classes whose loss parts nobody from the sources, over the length of all [1].

    Two sources at the ends of a line make a ring of it.

    Parameters
    ----------
    classes : classes of edge that are asked for, such as trunk main; all where empty.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> on_rings(with_mains(grid_city(1)), network="water", source=["works"])
    1.0
    """
    net = city.network(network)
    _fed(city, network, source)
    asked = net.open & of_class(net, classes)
    if not asked.any():
        raise MissingData(f"{city.name}: no open edge of {network} is {listed(classes)}", layer=network, column="class")
    parting = bridges(_sourced(city, network, source))[: len(net.graph.tail)]
    length = np.asarray(net.columns["length"], dtype=float)
    return float(length[asked & ~parting].sum() / length[asked].sum())


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


@measure(unit="count", en="sources of a utility", zh="主要供应来源数", given={"least": "1"})
def source_count(city: City, *, network: str, source: Sequence[str], least: float = 0.05) -> float:
    """Sources that each can give at least a share of what all can give together [count].

    A source gives what the open edges that leave it carry, in the unit of their capacity (MW, L/s).

    Parameters
    ----------
    source : roles of ``<network>_nodes`` that supply, such as works, intake, plant.
    least : share from which a source counts, inclusive [1].

    References
    ----------
    ISO 37123:2019, 7.1 and 23.1: sources of at least 5 % of the supply capacity.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> source_count(with_mains(grid_city(1)), network="water", source=["works"])
    1.0
    """
    gives = _capacity(city, network, source)
    return float((gives >= least * gives.sum() - 1e-9).sum()) if gives.sum() > 0 else 0.0


@measure(unit="1", en="supply over demand", zh="供应能力与需求比")
def supply_over_demand(city: City, *, network: str, source: Sequence[str]) -> float:
    """What the open edges that leave the sources can carry, over the demand at all nodes, in their unit [1].

    Of the lines at the sources alone: what they carry farther on is another question.

    Parameters
    ----------
    source : as in `source_count`.

    References
    ----------
    ISO 37123:2019, 7.2: supply capacity over the peak of demand.

    Examples
    --------
    Two mains of 0.1 L/s from the works for 0.1 L/s at the far corner.

    >>> from twin.gis.grid import grid_city
    >>> supply_over_demand(with_mains(grid_city(1)), network="water", source=["works"])
    2.0
    """
    demand = float(np.nansum(city.column(f"{network}_nodes", "demand")))
    if not demand > 0:
        raise MissingData(f"{city.name}: nobody asks for {network}", layer=f"{network}_nodes", column="demand")
    return float(_capacity(city, network, source).sum() / demand)


def with_mains(city: City) -> City:
    """A city with a ring of water mains from a works, for examples: 40 people at the far corner, 0.1 L/s."""
    import geopandas as gpd
    import shapely

    x, y = [0.0, 100.0, 100.0, 0.0], [0.0, 0.0, 100.0, 100.0]
    ring = Network.from_arrays(x, y, [0, 1, 2, 3], [1, 2, 3, 0], length=100.0, crs=city.crs, ids=["a", "b", "c", "d"])
    ring = ring.with_columns(capacity=0.1)
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


def _capacity(city: City, network: str, source: Sequence[str]) -> NDArray[np.float64]:
    """Capacity of the open edges that leave each source; those between two sources give nothing away."""
    net, start = city.network(network), _starts(city, network, source)
    if "capacity" not in net.columns:
        raise MissingData(f"{city.name}: the edges of {network} have no capacity", layer=network, column="capacity")
    capacity = np.asarray(net.columns["capacity"], dtype=float)
    out = net.open & (start[net.graph.tail] != start[net.graph.head])
    if np.isnan(capacity[out]).any():
        raise MissingData(
            f"{city.name}: some edges at the sources of {network} have no capacity", layer=network, column="capacity"
        )
    node = np.where(start[net.graph.tail], net.graph.tail, net.graph.head)[out]
    gives = np.bincount(node, weights=capacity[out], minlength=net.graph.count)
    return np.asarray(gives[start], dtype=np.float64)


def _starts(city: City, network: str, source: Sequence[str]) -> NDArray[np.bool_]:
    """Which nodes are sources."""
    start = np.isin(city.table(f"{network}_nodes")["role"].to_numpy().astype(str), list(source))
    if not start.any():
        raise MissingData(
            f"{city.name}: no node of {network} is {listed(source)}", layer=f"{network}_nodes", column="role"
        )
    return np.asarray(start)


def _fed(city: City, network: str, source: Sequence[str]) -> NDArray[np.bool_]:
    """Which nodes open edges join to a source."""
    net, start = city.network(network), _starts(city, network, source)
    tail, head = net.graph.tail[net.open], net.graph.head[net.open]
    count = net.graph.count
    _, part = connected_components(coo_matrix((np.ones(len(tail)), (tail, head)), shape=(count, count)), directed=False)
    return np.isin(part, part[start])


def _sourced(city: City, network: str, source: Sequence[str]) -> Network:
    """The network with one more node, the last, that two edges join to every source: what it loses has no source."""
    net, table = city.network(network), city.table(f"{network}_nodes")

    def build() -> Network:
        start = np.flatnonzero(_starts(city, network, source))
        twice = np.repeat(start, 2)
        tail = np.concatenate([net.graph.tail, np.full(len(twice), net.graph.count)])
        head = np.concatenate([net.graph.head, twice])
        x, y = np.append(net.x, net.x.mean()), np.append(net.y, net.y.mean())
        is_open = np.append(net.open, np.ones(len(twice), dtype=bool))
        return Network.from_arrays(x, y, tail, head, open=is_open)

    return city.memory.of(("sourced", network, tuple(source)), (net, table), build)
