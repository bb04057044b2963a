"""Marks: which part of the city's things has a property that its table says yes or no to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.errors import MissingData, listed
from twin.measures.measure import Share, measure
from twin.measures.places import Kinds, sites
from twin.measures.streets import of_class
from twin.model import City

__all__ = ["amount_share", "marked_area", "marked_length", "marked_share"]


@measure(unit="1", en="share with a property", zh="具备某属性的比例")
def marked_share(city: City, *, layer: str, column: str, facility: Kinds = (), use: Kinds = ()) -> float:
    """Rows of a layer that a column says yes (1) to, over the rows that are asked for [1].

    Parameters
    ----------
    facility : of ``facilities``, only the open ones of these kinds.
    use : of ``buildings``, only those of these uses.

    Raises
    ------
    MissingData : no such layer, column or row, or a row that is asked for says neither yes nor no.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> city = grid_city(5)
    >>> city = city.with_columns("facilities", backup_power=[1.0, 0.0, 1.0, 1.0])
    >>> marked_share(city, layer="facilities", column="backup_power")
    0.75
    """
    values = city.column(layer, column)
    asked = np.ones(len(values), dtype=bool)
    if facility:
        asked = sites(city, facility)
    if use:
        uses = (use,) if isinstance(use, str) else tuple(use)
        asked = asked & city.table(layer)["use"].isin(uses).to_numpy()
    if not asked.any():
        raise MissingData(f"{city.name}: {layer} has no such row to ask for {column}", layer=layer)
    _told(city, values[asked], layer, column)
    return float((values[asked] > 0).mean())


@measure(unit="1", en="share of length with a property", zh="具备某属性的长度比例")
def marked_length(city: City, *, network: str, column: str, classes: Sequence[str] = ()) -> float:
    """Length of the open edges of a network that a column says yes (1) to, over that of all of the classes [1].

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> city = grid_city(1)
    >>> net = city.network("drive").with_columns(monitored=[1.0, 1.0, 1.0, 0.0])
    >>> marked_length(city.with_network("drive", net), network="drive", column="monitored")
    0.75
    """
    net = city.network(network)
    if column not in net.columns:
        raise MissingData(f"{city.name}: the edges of {network} have no {column}", layer=network, column=column)
    asked = net.open & of_class(net, classes)
    if not asked.any():
        raise MissingData(f"{city.name}: no open edge of {network} is {listed(classes)}", layer=network)
    values = np.asarray(net.columns[column], dtype=float)
    _told(city, values[asked], network, column)
    length = np.asarray(net.columns["length"], dtype=float)
    return float(length[asked & (values > 0)].sum() / length[asked].sum())


@measure(unit="1", en="share of one amount in another", zh="数量占比", reads=("facilities",))
def amount_share(city: City, *, facility: Kinds, amount: str, over: str = "capacity") -> float:
    """Sum of one column of the open facilities of a kind over that of another: nursing beds of all beds [1].

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> city = grid_city(1).with_columns("facilities", nursing=[20.0, 0.0, 0.0, 0.0])
    >>> amount_share(city, facility="clinic", amount="nursing")  # of 50 places
    0.4
    """
    serving = sites(city, facility)
    part, whole = (city.column("facilities", name)[serving] for name in (amount, over))
    for values, name in ((part, amount), (whole, over)):
        _told(city, values, "facilities", name)
    if not whole.sum() > 0:
        raise MissingData(f"{city.name}: the {over} of {facility} is 0 together", layer="facilities", column=over)
    return float(part.sum() / whole.sum())


@measure(unit="1", en="share of land in an area", zh="划定范围占用地比例")
def marked_area(city: City, *, layer: str, kind: str = "") -> Share:
    """Share of the city's land that the polygons of a layer cover, each place counted once.

    Parameters
    ----------
    kind : only polygons whose ``kind`` this is; all where empty.

    Examples
    --------
    A park of 50 m x 50 m on 0.25 km2.

    >>> from twin.gis.grid import grid_city
    >>> marked_area(grid_city(5), layer="green").value
    0.01
    """
    table = city.table(layer)
    kept = np.ones(len(table), dtype=bool) if not kind else (table["kind"] == kind).to_numpy()

    def compute() -> float:
        land = city.land()
        inside = shapely.intersection(shapely.union_all(table.geometry.to_numpy()[kept]), land)
        return float(shapely.area(inside) / shapely.area(land))

    owner = city.layers.get("boundary", city.population)
    share = city.memory.of(("covered by", layer, kind), (table, owner), compute)
    return Share(share, kept, np.where(kept, shapely.area(table.geometry.to_numpy()), 0.0), layer, persons=False)


def _told(city: City, values: NDArray[np.float64], layer: str, column: str) -> None:
    gaps = int(np.isnan(values).sum())
    if gaps:
        raise MissingData(
            f"{city.name}: {gaps} of {len(values)} rows of {layer} do not say {column}", layer=layer, column=column
        )
