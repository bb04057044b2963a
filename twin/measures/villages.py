"""Villages: which of them a road, a line or a service reaches, by where they lie and not by a register."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from twin.errors import MissingData, listed
from twin.measures.measure import Share, measure
from twin.measures.places import Kinds, several, sites
from twin.model import City, Network
from twin.model.snap import snap_table
from twin.routing.reach import reach

__all__ = ["areas_called", "areas_joined", "areas_within"]


def _points(city: City, layer: str) -> gpd.GeoDataFrame:
    """A point in each area of a layer."""
    table = city.table(layer)
    if not len(table):
        raise MissingData(f"{city.name}: {layer} is empty", layer=layer)
    return city.memory.of(
        ("middle", layer),
        (table,),
        lambda: gpd.GeoDataFrame(geometry=shapely.point_on_surface(table.geometry.to_numpy()), crs=table.crs),
    )


def _share(city: City, net: Network, layer: str, serving: NDArray[np.bool_], within: float) -> Share:
    at = _points(city, layer)
    cost = np.full(len(at), np.inf)
    if serving.any():
        hung, mine = snap_table(net, city.facilities), snap_table(net, at)
        cost = reach(net, mine, hung, count=len(at), cost="time", serving=serving, limit=within).cost
    return Share.of(np.isfinite(cost) & (cost <= within), np.ones(len(at)), layer=layer, persons=False)


@measure(
    unit="1",
    en="areas near a facility",
    zh="行程时间内可达设施的单元比例",
    given={"within": "s"},
    reads=("facilities",),
)
def areas_within(
    city: City,
    *,
    facility: Kinds,
    within: float,
    layer: str = "villages",
    network: str = "drive",
    grade: Kinds = (),
) -> Share:
    """Share of the areas of a layer from whose middle an open facility is reached within a travel time.

    Parameters
    ----------
    facility, grade : kinds and grades that count, such as hospitals that are secondary or tertiary.
    within : largest travel time that counts, inclusive [s].
    layer : polygons, such as the built-up land of villages.

    References
    ----------
    TD/T 1063-2021: villages within half an hour of a graded hospital.

    Examples
    --------
    The clinic stands in the western half; from the middle of the eastern one it is farther than 10 s.

    >>> from twin.gis.grid import grid_city
    >>> from twin.measures.areas import with_communities
    >>> areas_within(with_communities(grid_city(4)), facility="clinic", within=40, layer="communities").value
    0.5
    """
    return _share(city, city.network(network), layer, sites(city, facility, grade=grade), within)


@measure(unit="1", en="areas that a road of a class joins", zh="等级公路通达的单元比例", reads=("facilities", "drive"))
def areas_joined(
    city: City,
    *,
    to: Kinds,
    classes: Kinds = (),
    paved: bool = False,
    layer: str = "villages",
    network: str = "drive",
) -> Share:
    """Share of the areas of a layer that are joined to an open facility by open roads of some classes, or paved ones.

    Parameters
    ----------
    to : what the way leads to, such as the seat of the town (government_office) or of the county (town_hall).
    classes : OSM highway values that count all the way; all where empty.
    paved : only roads with a hard surface count (column ``paved`` of the network).

    Raises
    ------
    MissingData : the network does not say which roads are paved.

    Examples
    --------
    The clinic's street is paved, and so is the one that leads to the middle of the west.

    >>> from twin.gis.grid import grid_city
    >>> from twin.measures.areas import with_communities
    >>> areas_joined(with_communities(grid_city(2)), to="clinic", layer="communities").value
    1.0
    """
    net = city.network(network)
    shut = np.zeros(len(net.graph.tail), dtype=bool)
    if classes:
        shut |= ~np.isin(np.asarray(net.columns["class"]).astype(str), several(classes))
    if paved:
        shut |= ~(_paved(city, net, network) > 0)
    return _share(city, net.close(shut) if shut.any() else net, layer, sites(city, to), np.inf)


def _paved(city: City, net: Network, network: str) -> NDArray[np.float64]:
    """Whether roads are paved; `MissingData` where some of them do not say so."""
    told = net.columns.get("paved")
    gaps = len(net.graph.tail) if told is None else int(np.isnan(np.asarray(told, dtype=float)).sum())
    if told is None or gaps:
        raise MissingData(
            f"{city.name}: {gaps:,} roads of {network} do not say whether they are paved; fill its column 'paved'",
            layer=network,
            column="paved",
        )
    return np.asarray(told, dtype=np.float64)


@measure(unit="1", en="areas where a line calls", zh="通公共交通的单元比例", given={"within": "m"}, reads=("transit",))
def areas_called(city: City, *, within: float = 0.0, layer: str = "villages", modes: Kinds = ()) -> Share:
    """Share of the areas of a layer in which, or near whose rim, a line in service calls on some day.

    Parameters
    ----------
    within : straight distance from the rim to a stop, inclusive [m]; 0: the stop lies in the area.
    modes : modes of line that count, as the timetable has them; all where empty.

    Raises
    ------
    MissingData : there is no transit network, or it has no timetable.

    Examples
    --------
    A bus calls at both ends of the southern street, and so in both halves.

    >>> from twin.gis.grid import grid_city
    >>> from twin.measures.areas import with_communities
    >>> from twin.measures.region import with_line
    >>> areas_called(with_line(with_communities(grid_city(5))), layer="communities").value
    1.0
    """
    table = city.network("transit").timetable
    if table is None:
        raise MissingData(
            f"{city.name}: its transit network has no timetable; read the city with gtfs=[…]", layer="transit"
        )
    runs = table.lines["open"].to_numpy(dtype=bool)
    if modes:
        wanted = table.lines["mode"].isin(several(modes)).to_numpy()
        if not wanted.any():
            raise MissingData(f"{city.name}: no line is a {listed(several(modes))}", layer="transit", column="mode")
        runs = runs & wanted
    called = np.zeros(len(table.stops), dtype=bool)
    called[table.pattern_stop[np.repeat(runs[table.pattern_line], np.diff(table.pattern_indptr))]] = True
    called &= table.stops["open"].to_numpy(dtype=bool)
    shapes = city.table(layer).geometry.to_numpy()
    if not len(shapes):
        raise MissingData(f"{city.name}: {layer} is empty", layer=layer)
    reached = np.zeros(len(shapes), dtype=bool)
    if called.any():
        stops = shapely.points(table.stops["x"].to_numpy()[called], table.stops["y"].to_numpy()[called])
        near, _ = shapely.STRtree(stops).query(shapes, predicate="dwithin", distance=within)
        reached[near] = True
    return Share.of(reached, np.ones(len(shapes)), layer=layer, persons=False)
