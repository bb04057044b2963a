"""Region: how far its seats are from main roads and from each other, and who is within an hour of its centre."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.errors import DataError, MissingData, listed
from twin.measures.measure import Share, Statistic, measure
from twin.measures.places import Kinds, nearest_cost, places, several, sites
from twin.model import City, Network, Timetable
from twin.model.snap import snap_table
from twin.routing.reach import reach
from twin.routing.transit import Transit
from twin.units import hour

__all__ = ["commute_within", "seats_within", "time_to_road"]


def _entrances(city: City, net: Network, network: str, classes: Kinds) -> pd.DataFrame:
    """Junctions at which open roads of some classes (and the ramps that belong to them) meet others, hung on these."""
    kind = np.asarray(net.columns["class"]).astype(str)
    named = several(classes)
    wanted = np.isin(kind, [*named, *(f"{each}_link" for each in named)])
    if not wanted.any():
        raise MissingData(
            f"{city.name}: no {listed(named)} in the {network} network; it may lie beyond what was read",
            layer=network,
            column="class",
        )
    main = np.zeros(net.graph.count, dtype=bool)
    for ends in (net.graph.tail, net.graph.head):
        main[ends[wanted & net.open]] = True
    other = np.flatnonzero(~wanted & net.open)
    edge = np.concatenate([other, other])
    node = np.concatenate([net.graph.tail[other], net.graph.head[other]])
    share = np.repeat([0.0, 1.0], len(other))
    table = pd.DataFrame({"edge": edge, "start": share, "end": share, "offset": 0.0, "node": node}, index=node)
    kept: pd.DataFrame = table[main[node]]
    return kept


@measure(unit="s", en="travel time to a main road", zh="到干线公路的行程时间", reads=("facilities", "drive"))
def time_to_road(
    city: City, *, facility: Kinds, classes: Kinds, network: str = "drive", grade: Kinds = ()
) -> Statistic:
    r"""Travel time from each open facility of a kind to the nearest entrance of a main road: the longest [s].

    .. math:: \max_i \min_{e} c(i, e)

    An entrance is a junction where open roads of these classes, or their ramps, meet roads of others: the toll gate of
    an expressway.

    Parameters
    ----------
    facility : what stands for the seat, such as town_hall.
    classes : OSM highway values, such as motorway; ``motorway_link`` belongs to it.
    grade : grades that count, such as county; all where empty.

    Raises
    ------
    MissingData : no road of these classes in the data, no such facility, or none that says its grade.

    References
    ----------
    National comprehensive three-dimensional transport network outline (2021): county seats to an expressway.

    Examples
    --------
    The far street of two blocks is a motorway; from the clinic in the near corner its nearest junction is two blocks
    of 10 s away.

    >>> from twin.gis.grid import grid_city
    >>> time_to_road(with_motorway(grid_city(2)), facility="clinic", classes=["motorway"]).value
    20.0
    """
    net, start = city.network(network), sites(city, facility, grade=grade)
    if not start.any():
        raise MissingData(f"{city.name}: no open {facility} to start from", layer="facilities", column="kind")
    doors = _entrances(city, net, network, classes)
    count = len(city.facilities)
    time = np.full(count, np.inf)
    if len(doors):
        time = reach(net, snap_table(net, city.facilities), doors, count=count, cost="time").cost
    rows = np.where(start, time, np.nan)
    return Statistic(float(rows[start].max()), rows, start.astype(float), "facilities", persons=False)


@measure(
    unit="1", en="seats within a travel time", zh="治所行程时间达标比例", given={"within": "s"}, reads=("facilities",)
)
def seats_within(
    city: City, *, facility: Kinds, to: Kinds, within: float, network: str = "drive", grade: Kinds = ()
) -> Share:
    """Share of the open facilities of a kind from which an open one of another is reached within a travel time.

    Parameters
    ----------
    facility : what stands for the seat of a unit, such as town_hall.
    to : kinds that are travelled to, such as airport_or_helipad.
    within : largest travel time that counts, inclusive [s].
    grade : grades of the seats that count; all where empty.

    Examples
    --------
    The bus stops are 10 s and 60 s from the clinic.

    >>> from twin.gis.grid import grid_city
    >>> seats_within(grid_city(5), facility="bus_stop", to="clinic", within=30).value
    0.5
    """
    start, goal, net = sites(city, facility, grade=grade), sites(city, to), city.network(network)
    if not start.any():
        raise MissingData(f"{city.name}: no open {facility} to start from", layer="facilities", column="kind")
    hung, count = snap_table(net, city.facilities), len(city.facilities)
    time = np.full(count, np.inf)
    if goal.any():
        time = reach(net, hung, hung, count=count, cost="time", serving=goal, limit=within).cost
    return Share.of(time <= within, start.astype(float), layer="facilities", persons=False)


@measure(
    unit="1",
    en="share within an hour of the centre",
    zh="通勤圈人口覆盖率",
    given={"within": "s", "depart": "s", "window": "s"},
    reads=("population", "facilities", "drive", "transit"),
)
def commute_within(
    city: City,
    *,
    within: float,
    facility: Kinds = "town_hall",
    grade: Kinds = (),
    modes: Kinds = ("drive", "transit"),
    of: str = "people",
    depart: float = 7 * hour,
    window: float = 1 * hour,
) -> Share:
    r"""Share of a population that reaches the centre within a travel time, by the faster of car and public transport.

    .. math:: S = \sum_i p_i [\min(c_i^{car}, c_i^{pt}) \le c_{max}] / \sum_i p_i

    Public transport counts walks, waits and changes: the median over the departures of a window on the timetable's
    busiest day. Cars meet no traffic. The timetable is not asked where everybody is there by car.

    Parameters
    ----------
    within : largest travel time that counts, inclusive [s].
    facility, grade : what stands for the centre: the nearest one counts.
    modes : drive, transit, or both.
    depart, window : first departure since the start of the day, and for how long departures count [s].

    Raises
    ------
    MissingData : the city lacks a network, a timetable that is asked, or the facility.

    Examples
    --------
    Within 30 s of driving of the clinic's corner lie the corners up to three blocks away: 10 of 36.

    >>> from twin.gis.grid import grid_city
    >>> found = commute_within(grid_city(5), facility="clinic", within=30, modes=["drive"])
    >>> round(found.value * 36, 6)
    10.0

    A bus along the southern street every 10 min takes 50 s from its far end: who sets out in any minute of the ten
    needs 50 s, 110 s, …, or walks for 375 s; the median is 290 s. On foot 10 corners lie that near.

    >>> city = with_line(grid_city(5))
    >>> [
    ...     round(commute_within(city, facility="clinic", within=within, modes=["transit"]).value * 36, 6)
    ...     for within in (289, 290)
    ... ]
    [10.0, 11.0]
    """
    named = several(modes)
    if not named or set(named) - {"drive", "transit"}:
        raise DataError(f"commute_within: modes are drive and transit, not {listed(named)}", column="modes")
    who = places(city, of)
    time = np.full(len(who.table), np.inf)
    if "drive" in named:
        time = nearest_cost(city, facility, "drive", of=of, grade=grade, limit=within)
    late = ~(time <= within)
    if "transit" in modes and late.any():  # who is there in time by car need not be looked for in buses
        time = np.minimum(time, _by_transit(city, facility, grade, of, depart, window, late))
    return Share.of(time <= within, who.weight, layer=who.layer, persons=who.persons)


def _by_transit(
    city: City, facility: Kinds, grade: Kinds, of: str, depart: float, window: float, asked: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Travel time by public transport and on foot to the nearest facility, by the nearer end of each street [s].

    Of the rows that are asked for; `inf` of the others.
    """
    walk, lines, who = city.network("walk"), city.network("transit"), places(city, of)
    if lines.timetable is None:
        raise MissingData(
            f"{city.name}: its transit network has no timetable; read the city with gtfs=[…]", layer="transit"
        )
    serving = sites(city, facility, grade=grade)
    if not serving.any():
        return np.full(len(who.table), np.inf)
    trip = Transit(city, lines.timetable.busiest, depart=depart, window=window)

    def compute() -> NDArray[np.float64]:
        row, node, gap = _nodes(walk, who.table, trip.walk_speed)
        mine = asked[row]
        row, node, gap = row[mine], node[mine], gap[mine]
        _, goal, last = _nodes(walk, city.facilities.loc[serving], trip.walk_speed)
        start, back = np.unique(node, return_inverse=True)
        ways = trip.matrix(walk.ids[start], walk.ids[goal]) + last
        time = np.full(len(who.table), np.inf)
        np.minimum.at(time, row, ways.min(axis=1)[back] + gap)
        return time

    shapes = city.facilities.geometry.to_numpy()[serving]
    key = ("commute", depart, window, tuple(map(id, shapes)), asked.tobytes())
    return walk.memory.of(key, (who.table, lines), compute, keep=shapes)


def _nodes(
    net: Network, table: gpd.GeoDataFrame, speed: float
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Row, nearest node and the walk to it [s] of all that hangs on a network."""
    hung = snap_table(net, table)
    edge, start = hung["edge"].to_numpy(), hung["start"].to_numpy(dtype=float)
    way = np.minimum(start, 1.0 - start) * net.columns["length"][edge] + hung["offset"].to_numpy(dtype=float)
    return hung.index.to_numpy(), hung["node"].to_numpy(), way / speed


def with_motorway(city: City) -> City:
    """A city whose northernmost street is a motorway, for examples."""
    net = city.network("drive")
    north = net.y.max()
    top = (net.y[net.graph.tail] == north) & (net.y[net.graph.head] == north)
    kind = np.where(top, "motorway", "residential").astype(object)
    return city.with_network("drive", net.with_columns(**{"class": kind}))


def with_line(city: City) -> City:
    """A city with a line along its southernmost street and back, every 10 min at 10 m/s, for examples."""
    net = city.network("walk")
    south = np.flatnonzero(net.y == net.y.min())
    ends = south[[np.argmin(net.x[south]), np.argmax(net.x[south])]]
    ride = round(float(np.ptp(net.x[ends])) / 10.0)
    leave = np.arange(6 * 3600, 20 * 3600, 600)
    count = 2 * len(leave)
    starts = np.repeat(leave, 2)
    table = Timetable.build(
        stops=pd.DataFrame({"id": ["west", "east"], "x": net.x[ends], "y": net.y[ends]}),
        lines=pd.DataFrame({"id": ["1"], "mode": ["bus"]}),
        trips=pd.DataFrame({"id": np.arange(count).astype(str), "line": 0, "service": 0}),
        times={
            "trip": np.repeat(np.arange(count), 2),
            "stop": np.tile([0, 1, 1, 0], len(leave)),
            "arrive": np.stack([starts, starts + ride], axis=1).ravel(),
            "depart": np.stack([starts, starts + ride], axis=1).ravel(),
        },
        calendar=(["daily"], dt.date(2026, 3, 2), [[True] * 7]),
    )
    lines = Network.from_arrays(
        net.x[ends], net.y[ends], [0, 1], [1, 0], directed=True, crs=city.crs, ids=["west", "east"], time=float(ride)
    )
    lines = replace(lines.with_columns(headway=600.0), timetable=replace(table, hop=np.array([0, -1, 1, -1], np.int32)))
    return city.with_network("transit", lines)
