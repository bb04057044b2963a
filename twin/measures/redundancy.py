"""Redundancy: whether there is another way, and another place to go."""

from __future__ import annotations

import numpy as np
import shapely

from twin.errors import MissingData
from twin.measures.measure import Share, measure
from twin.measures.places import Kinds, places, sites
from twin.model import City
from twin.model.snap import snap_table
from twin.routing.reach import reach
from twin.routing.robustness import disjoint_ways

__all__ = ["choices_within", "open_length", "ways_out"]


@measure(
    unit="1",
    en="share with a choice within reach",
    zh="可选设施覆盖率",
    given={"within": "m"},
    reads=("population", "facilities"),
)
def choices_within(
    city: City, *, facility: Kinds, network: str, within: float, least: int = 2, of: str = "people"
) -> Share:
    """Share of a population with at least so many open facilities within a distance along a network.

    Parameters
    ----------
    within : largest distance that counts, inclusive [m].
    least : number of facilities asked for [1].

    Examples
    --------
    Bus stops stand 100 m and 600 m along one side; both are within 500 m of the four corners between 100 m and 600 m …
    on that side, and fewer the farther in.

    >>> from twin.gis.grid import grid_city
    >>> choices_within(grid_city(5), facility="bus_stop", network="walk", within=1500, least=2).value
    1.0
    """
    who, net = places(city, of), city.network(network)
    serving = sites(city, facility)
    hung, mine = snap_table(net, city.facilities), snap_table(net, who.table)
    count = np.zeros(len(who.table), dtype=int)
    for row in np.flatnonzero(serving):
        if row in hung.index:
            count += reach(net, mine, hung.loc[[row]], count=len(count), cost="length").cost <= within
    return Share.of(count >= least, who.weight, layer=who.layer, persons=who.persons)


@measure(unit="count", en="ways out of the city", zh="出城通道数", given={"depth": "m"}, reads=("drive",))
def ways_out(city: City, *, network: str = "drive", depth: float = 100.0) -> float:
    """Number of ways from the inside of the city across its boundary that share no open edge [count].

    Parameters
    ----------
    depth : the inside is what lies so far from the boundary [m]; nearer by, every street that ends outside would be a
        way of its own, whether or not anybody can get to it.

    Raises
    ------
    MissingData : there is no boundary, the network does not reach beyond it, or nothing lies so deep inside.

    References
    ----------
    Menger (1927); by maximum flow.
    """
    if "boundary" not in city.layers:
        raise MissingData(f"{city.name}: ways out need a boundary", layer="boundary")
    net, land = city.network(network), city.land()
    inside = shapely.contains_xy(land, net.x, net.y)
    deep = shapely.contains_xy(shapely.buffer(land, -depth), net.x, net.y)
    if inside.all():
        raise MissingData(
            f"{city.name}: the {network} network ends at the boundary; read it with a margin", layer=network
        )
    if not deep.any():
        raise MissingData(f"{city.name}: no junction of {network} lies {depth:g} m inside the boundary", layer=network)
    return float(disjoint_ways(net, np.flatnonzero(deep).astype(np.int32), np.flatnonzero(~inside).astype(np.int32)))


@measure(unit="1", en="share of streets open", zh="道路畅通率")
def open_length(city: City, *, network: str = "drive") -> float:
    """Length of the open edges over the length of all [1].

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> open_length(grid_city(5), network="walk")
    1.0
    """
    net = city.network(network)
    length = np.asarray(net.columns["length"], dtype=float)
    return float(length[net.open].sum() / length.sum())
