"""Facilities, layouts, links, people and lines: what is built, closed or run otherwise."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import ClassVar

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from twin.errors import DataError, MissingData, ScenarioError, UnknownName
from twin.gis.gtfs.calls import clock
from twin.gis.kinds import known_kind
from twin.model import City, Network, Raster, Timetable
from twin.model.crs import to_crs
from twin.model.headway import respaced
from twin.model.schema import schema
from twin.scenario import change, option

__all__ = [
    "AddEdge",
    "AddFacility",
    "ChangeHeadway",
    "CloseFacility",
    "CloseStop",
    "GrowPopulation",
    "Layout",
    "RemoveLine",
]


#: A new facility farther than this from every street is a slip of coordinates [m].
FAR = 20_000.0


def _check_near(city: City, x: float, y: float) -> None:
    for net in city.networks.values():
        gap = float(np.hypot(net.x - x, net.y - y).min(initial=np.inf))
        if gap <= FAR:
            return
    if city.networks:
        raise ScenarioError(
            f"add_facility: ({x:g}, {y:g}) lies more than {FAR / 1000:g} km from every street of {city.name}; give "
            "easting and northing in metres of the city's CRS",
            change="add_facility",
        )


@change
@dataclass(frozen=True)
class CloseFacility:
    """Close facilities of one kind, by id; all of the kind where no ids are given. Rows stay, so results stay aligned.

    Attributes
    ----------
    facility : kind.
    ids : ids of the facilities.
    """

    zh: ClassVar[str] = "关闭设施"
    facility: str
    ids: tuple[Hashable, ...] = ()

    def __call__(self, city: City) -> City:
        """The city with those facilities closed; `UnknownName` where there is none such."""
        shut = city.rows("facilities", kind=self.facility, ids=self.ids)
        if not shut.any():
            raise UnknownName("kind of facility in the city", self.facility, set(city.facilities["kind"]))
        return city.with_columns("facilities", open=city.facilities["open"] & ~shut)


@change
@dataclass(frozen=True)
class AddFacility:
    """Open a new facility at a point.

    Attributes
    ----------
    facility : kind.
    at : easting and northing in the city's CRS [m].
    capacity : persons or places; unknown where not given [persons].
    name, id : what to call it; the id is made up where not given.
    servers : as many are served at a time, or vehicles stand there; unknown where not given [1].
    site_area, floor_area : ground that it takes, and its usable floors; unknown where not given [m2].
    grade : such as tertiary for a hospital; unknown where not given.
    """

    zh: ClassVar[str] = "新增设施"
    facility: str
    at: tuple[float, float]
    capacity: float = option(float("nan"), unit="person")
    name: str = ""
    id: str = ""
    servers: float = option(float("nan"), unit="1")
    site_area: float = option(float("nan"), unit="m2")
    floor_area: float = option(float("nan"), unit="m2")
    grade: str = ""

    def __call__(self, city: City) -> City:
        """The city with the facility appended."""
        x, y = self.at
        known_kind(self.facility, city.facilities["kind"])
        if not np.isfinite([x, y]).all():
            raise ScenarioError(
                f"add_facility: the place ({x}, {y}) is no pair of numbers in metres", change="add_facility"
            )
        _check_near(city, x, y)
        label = self.id or f"new {self.facility} {len(city.facilities)}"
        rows = gpd.GeoDataFrame(
            {"id": [label], "kind": [self.facility], "name": [self.name or label], "capacity": [self.capacity]},
            geometry=[shapely.Point(x, y)],
            crs=city.crs,
        )
        told = {"servers": self.servers, "area": self.site_area, "floor_area": self.floor_area}
        for column, value in told.items():
            if not np.isnan(value):
                rows[column] = float(value)
        if self.grade:
            rows["grade"] = self.grade
        return city.with_rows("facilities", rows)


@change
@dataclass(frozen=True, eq=False)
class Layout:
    """Serve one kind from these sites only: the old ones close, the new ones are appended.

    Attributes
    ----------
    facility : kind.
    sites : points or polygons, with columns name and capacity where known; or the name of a layer of the city.
    """

    zh: ClassVar[str] = "设施布局"
    facility: str
    sites: gpd.GeoDataFrame | str = option(layer=True)

    def __call__(self, city: City) -> City:
        """The city with the layout in place; `ScenarioError` where a layout has no site."""
        known_kind(self.facility, city.facilities["kind"])
        sites = city.table(self.sites) if isinstance(self.sites, str) else self.sites
        if isinstance(sites, Raster) or not len(sites):
            raise ScenarioError(f"layout of '{self.facility}': it has no site; draw at least one", change="layout")
        placed = sites if city.crs is None else to_crs(sites, city.crs, where="layout")
        known = [
            c
            for c in schema()["facilities"].columns
            if c in placed.columns and c not in {"id", "kind", "open", "geometry", "entrances"}
        ]
        rows = gpd.GeoDataFrame(
            {c: placed[c].to_numpy() for c in known}, geometry=placed.geometry.to_numpy(), crs=city.crs
        )
        start = len(city.facilities)
        rows["id"] = [f"{self.facility} site {start + i}" for i in range(len(rows))]
        rows["kind"] = self.facility
        shut = city.rows("facilities", kind=self.facility)
        return city.with_columns("facilities", open=city.facilities["open"] & ~shut).with_rows("facilities", rows)


@change
@dataclass(frozen=True)
class AddEdge:
    """Build a link between two places of a network; it joins the nearest nodes.

    Attributes
    ----------
    network : name of the network.
    points : easting and northing of each bend, from end to end [m].
    speed : travel speed; the network's median where not given [m/s].
    oneway : true: from the first point to the last only.
    name : what to call it.
    join : largest distance between an end and the node it joins [m].
    """

    zh: ClassVar[str] = "新建道路"
    network: str
    points: tuple[tuple[float, float], ...]
    speed: float = option(float("nan"), unit="m/s")
    oneway: bool = False
    name: str = "new link"
    join: float = option(50.0, unit="m")

    def __call__(self, city: City) -> City:
        """The city with the edge appended; a new graph for that network, nothing else."""
        net = city.network(self.network)
        if len(self.points) < 2:
            raise ScenarioError("add_edge: a link needs at least two points", change="add_edge")
        if self.speed <= 0:
            raise ScenarioError(f"add_edge: a speed lies above 0 m/s, not {self.speed:g}", change="add_edge")
        ends = [self._node(net, *self.points[0]), self._node(net, *self.points[-1])]
        if ends[0] == ends[1]:
            raise ScenarioError(
                f"add_edge: both ends join the same node of '{self.network}'; end the link at two junctions",
                change="add_edge",
            )
        line = shapely.linestrings(
            np.array([[net.x[ends[0]], net.y[ends[0]]], *self.points[1:-1], [net.x[ends[1]], net.y[ends[1]]]])
        )
        length = float(shapely.length(line))
        edges = net.edges
        row = {name: _blank(edges[name]) for name in edges.columns}
        row |= {
            "tail": ends[0],
            "head": ends[1],
            "length": length,
            "oneway": self.oneway,
            "open": True,
            "name": self.name,
        }
        speed = self.speed if self.speed == self.speed else _typical(edges)
        row |= {"paved": 1.0} if "paved" in edges.columns else {}
        row |= {"speed": speed, "time": length / speed, "length_back": length, "time_back": length / speed}
        columns = {name: np.append(edges[name].to_numpy(), [row[name]]) for name in edges.columns}
        tail, head, oneway = (columns.pop(name) for name in ("tail", "head", "oneway"))
        shapes = np.append(net.shapes, [line])
        fresh = Network.from_arrays(
            net.x,
            net.y,
            tail,
            head,
            directed=oneway,
            crs=net.crs,
            ids=net.ids,
            shapes=shapes,
            approach=net.approach,
            turns=None if net.graph.turns is None else net.graph.turns.to_frame(),
            **columns,
        )
        return city.with_network(self.network, replace(fresh, timetable=net.timetable))

    def _node(self, net: Network, x: float, y: float) -> int:
        distance = np.hypot(net.x - x, net.y - y)
        nearest = int(np.argmin(distance))
        if not distance[nearest] <= self.join:
            raise ScenarioError(
                f"add_edge: the node of '{self.network}' nearest to ({x:.0f}, {y:.0f}) is {distance[nearest]:.0f} m "
                f"away, more than {self.join:.0f} m; end the link at a junction or raise 'join'",
                change="add_edge",
            )
        return nearest


def _typical(edges: pd.DataFrame) -> float:
    """The network's median speed; NaN where it has no travel times [m/s]."""
    if "time" not in edges.columns:
        return float("nan")
    speed = (edges["length"] / edges["time"].where(edges["time"] > 0)).dropna()
    return float(speed.median()) if len(speed) else float("nan")


def _blank(column: pd.Series) -> object:
    kind = column.dtype.kind
    return {"b": False, "i": 0, "u": 0, "f": float("nan")}.get(kind, "")


@change
@dataclass(frozen=True)
class GrowPopulation:
    """Multiply people, in the whole city or in some districts; every group grows alike.

    Attributes
    ----------
    factor : people after over people before [1].
    districts : names of districts; the whole city where not given.
    jobs : whether jobs grow too.
    """

    zh: ClassVar[str] = "人口增长"
    factor: float = option(unit="1")
    districts: tuple[str, ...] = ()
    jobs: bool = False

    def __call__(self, city: City) -> City:
        """The city with its people multiplied."""
        if not 0 <= self.factor < float("inf"):
            raise DataError(f"grow_population: the factor is at least 0 and finite, not {self.factor}")
        if not len(city.population):
            raise MissingData(f"{city.name}: there is no population to grow", layer="population")
        inside = self._inside(city)
        groups = [c for c in city.population.columns if _is_people(c) and (self.jobs or c != "jobs")]
        grown = {c: city.population[c].to_numpy(dtype=float) * np.where(inside, self.factor, 1.0) for c in groups}
        return city.with_columns("population", **grown)

    def _inside(self, city: City) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        if not self.districts:
            return np.ones(len(city.population), dtype=bool)
        table = city.table("districts")
        for name in self.districts:
            if name not in set(table["name"]):
                raise UnknownName("district", name, table["name"])
        area = shapely.union_all(table.geometry[table["name"].isin(self.districts)].to_numpy())
        return np.asarray(shapely.intersects(area, shapely.point_on_surface(city.population.geometry.to_numpy())))


def _is_people(column: str) -> bool:
    known = schema()["population"].columns
    return column in known and known[column].unit in {"person", "1"}


#: Kinds of facility that are stops; one with the id of a stop is that stop.
_STOPS = ("bus_stop", "tram_stop", "rail_station")


def _scheduled(city: City) -> tuple[Network, Timetable]:
    net = city.network("transit")
    if net.timetable is None:
        raise MissingData(
            f"{city.name}: its transit network has no timetable; read the city with gtfs=[…]", layer="transit"
        )
    return net, net.timetable


@change
@dataclass(frozen=True)
class RemoveLine:
    """Take a transit line out of service; edges that no other line passes are closed.

    Attributes
    ----------
    line : id of the line, or the name that passengers know.
    """

    zh: ClassVar[str] = "取消线路"
    line: str

    def __call__(self, city: City) -> City:
        """The city without the line; `UnknownName` where there is none such."""
        net, table = _scheduled(city)
        fresh = table.with_closed(lines=table.line(self.line))
        runs = fresh.lines["open"].to_numpy(dtype=bool)[np.repeat(fresh.pattern_line, np.diff(fresh.pattern_indptr))]
        hops = fresh.hop >= 0
        idle = np.setdiff1d(fresh.hop[hops & ~runs], fresh.hop[hops & runs])
        return city.with_network("transit", replace(net.close(idle), timetable=fresh))


@change
@dataclass(frozen=True)
class ChangeHeadway:
    """Run a transit line at another headway, all day or between two times.

    Running times stay. In each direction and on each kind of day, departures from the first stop are re-spaced: the
    first one within the times stays where it is, and one follows every headway before the end, or up to the last one
    of the day. Branches and short turns keep their shares. See `twin.model.headway.respaced`.

    Attributes
    ----------
    line : id of the line, or the name that passengers know.
    headway : time between two departures [s].
    between : the first time and the one that ends it, such as ``("07:00", "09:00")``; hours run on past 24.
    """

    zh: ClassVar[str] = "调整发车间隔"
    line: str
    headway: float = option(unit="s")
    between: tuple[str, ...] = ("00:00", "48:00")

    def __call__(self, city: City) -> City:
        """The city with the line at that headway; `ScenarioError` where it does not run between those times."""
        net, table = _scheduled(city)
        if not 1 <= self.headway < float("inf"):
            raise ScenarioError(
                f"change_headway: a headway is at least 1 s, not {self.headway}", change="change_headway"
            )
        if len(self.between) != 2:
            raise ScenarioError(f"change_headway: two times are needed, not {self.between}", change="change_headway")
        start, end = (_clock(str(text)) for text in self.between)
        rows = table.line(self.line)
        leaves = table.leaves
        own = np.isin(table.pattern_line[table.pattern_of], rows) & (leaves >= start) & (leaves < end)
        if not own.any():
            raise ScenarioError(
                f"change_headway: line '{self.line}' has no departure from {self.between[0]} to {self.between[1]}; "
                "choose times at which it runs",
                change="change_headway",
            )
        fresh = respaced(table, rows, self.headway, (start, end))
        return city.with_network("transit", replace(net, timetable=fresh))


@change
@dataclass(frozen=True)
class CloseStop:
    """Close a transit stop, or all stops of a station: vehicles pass without a halt, nobody gets on, off or changes.

    The facility of that id closes too, where it is a stop.

    Attributes
    ----------
    stop : id of the stop or station, or the name of the stops.
    """

    zh: ClassVar[str] = "关闭站点"
    stop: str

    def __call__(self, city: City) -> City:
        """The city with the stop closed; `UnknownName` where there is none such."""
        net, table = _scheduled(city)
        rows = table.stop(self.stop)
        closed = city.with_network("transit", replace(net, timetable=table.with_closed(stops=rows)))
        places = city.facilities
        same = (places["kind"].isin(_STOPS) & places["id"].isin(table.stops["id"].iloc[rows])).to_numpy()
        return closed.with_columns("facilities", open=places["open"] & ~same) if same.any() else closed


def _clock(text: str) -> int:
    """Seconds of the day of a time such as 07:30, or 25:10 for ten past one in the night [s]."""
    try:
        return clock(text if text.count(":") == 2 else f"{text}:00")
    except ValueError:
        raise ScenarioError(
            f'change_headway: {text!r} is no time; write it as "07:30"', change="change_headway"
        ) from None
