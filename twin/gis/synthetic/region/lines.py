"""Lines of the region: a railway, buses in the city, coaches to county towns and towns, and buses to the villages."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import shapely

from twin.gis.synthetic.curves import smooth
from twin.gis.synthetic.places import Places
from twin.gis.synthetic.region.ground import Plan, Points, Settlement, metres
from twin.gis.synthetic.transit import Line, Ways
from twin.model import Network

__all__ = ["lines", "railway"]

#: Distance of a station from the southern rim of its settlement [m].
PLATFORM = 130.0
#: Villages on a line at most; minutes between its buses; its hours.
VILLAGES, HEADWAY, HOURS = 4, 60.0, (6.5, 18.5)
#: Steps of the city's grid between two stops.
SPACING = 2
_COLORS = ("0072B2", "E69F00", "009E73", "CC79A7", "56B4E9", "D55E00")


def railway(plan: Plan) -> tuple[Any, dict[str, Points]]:
    """Line of the railway, and where its stations are, by settlement [m]."""
    points, stations = [], {}
    for point in plan.told["railway"]["points"]:
        if isinstance(point, str):
            stations[point] = _platform(plan.of(point))
            points.append(stations[point])
        else:
            points.append(metres(point))
    line = shapely.intersection(shapely.LineString(smooth(np.array(points), 200.0)), plan.land)
    return shapely.simplify(line, 2.0), stations


def _platform(place: Settlement) -> Points:
    middle = len(place.grid[0]) // 2
    south, above = place.grid[0, middle], place.grid[1, middle]
    return np.asarray(np.round(south + (south - above) / np.hypot(*(south - above)) * PLATFORM, 1))


def lines(plan: Plan, drive: Network, places: Places) -> list[Line]:
    """Draw every line along its ways, and add its stops to the facilities."""
    kinds = drive.columns["class"].astype(str)
    ways = Ways(drive, factor=np.where(np.isin(kinds, ["motorway", "motorway_link"]), np.inf, 1.0))
    stops: dict[tuple[str, int], str] = {}
    found = []
    for told in plan.told["line"]:
        settings = {key: told[key] for key in ("id", "name", "mode", "color", "headway")}
        settings["hours"] = tuple(told["hours"])
        if told["mode"] == "rail":
            found.append(_rail(plan, settings, told["via"], places))
        elif "city" in told:
            place = plan.of("mingchuan")
            nodes = [ways.node(place.node(at)) for at in told["city"]]
            found.append(_bus(ways, settings, nodes, places, stops, spacing=SPACING * place.step, of=place))
        else:
            halts = [plan.of(name) for name in told["via"]]
            found.append(_coach(ways, settings, halts, places, stops))
    return found + _rural(plan, ways, places, stops)


def _rail(plan: Plan, settings: dict[str, Any], via: list[str], places: Places) -> Line:
    way, stations = railway(plan)
    at = np.array([float(way.project(shapely.Point(stations[name]))) for name in via])
    ids = []
    for name in via:
        place = plan.of(name)
        grade = "high-speed" if place.rank == "city" else "conventional"
        places.add(
            "rail_station",
            shapely.Point(stations[name]),
            name=f"{place.name} Station",
            name_zh=f"{place.name_zh.rstrip('市区县城镇')}站",
            grade=grade,
        )
        ids.append(places.rows[-1]["id"])
    return Line(**settings, frequency=False, way=way, stops=ids, at=at)


def _bus(
    ways: Ways,
    settings: dict[str, Any],
    via: list[int],
    places: Places,
    stops: dict[tuple[str, int], str],
    *,
    spacing: float,
    of: Settlement,
) -> Line:
    """A line along the streets between some nodes, with a stop every so many metres at a corner."""
    nodes = _path(ways, via)
    along = _along(ways, nodes)
    chosen = [0]
    for k in range(1, len(nodes)):
        if along[k] - along[chosen[-1]] >= spacing - 60 and along[-1] - along[k] > spacing / 2:
            chosen.append(k)
    chosen.append(len(nodes) - 1)
    ids = [_stop(ways, nodes[k], places, stops, of) for k in chosen]
    return Line(**settings, frequency=False, way=ways.line(nodes), stops=ids, at=along[chosen])


def _coach(
    ways: Ways,
    settings: dict[str, Any],
    halts: list[Settlement],
    places: Places,
    stops: dict[tuple[str, int], str],
) -> Line:
    """A line from settlement to settlement: it halts at their southern rims, in villages in the middle."""
    via = [ways.node(place.node() if place.rank == "village" else _terminus(place)) for place in halts]
    nodes = _path(ways, via)
    along = _along(ways, nodes)
    at, ids, k = [], [], 0
    for node, place in zip(via, halts, strict=True):
        k = nodes.index(node, k)
        at.append(along[k])
        ids.append(_stop(ways, node, places, stops, place))
    return Line(**settings, frequency=False, way=ways.line(nodes), stops=ids, at=np.array(at))


def _terminus(place: Settlement) -> Points:
    return np.asarray(place.grid[0, len(place.grid[0]) // 2])


def _rural(plan: Plan, ways: Ways, places: Places, stops: dict[tuple[str, int], str]) -> list[Line]:
    """Lines from each town to its villages, by their direction from it."""
    found: list[Line] = []
    for town in plan.settlements:
        mine = [place for place in plan.settlements if place.rank == "village" and place.town == town.id]
        mine = [mine[k] for k in np.argsort([np.arctan2(*(place.middle - town.middle)) for place in mine])]
        count = -(-len(mine) // VILLAGES)
        for part in np.array_split(np.arange(len(mine)), count) if count else []:
            halts, left = [town], [mine[k] for k in part]
            while left:
                here = halts[-1].middle
                halts.append(left.pop(int(np.argmin([np.hypot(*(place.middle - here)) for place in left]))))
            number = 201 + len(found)
            settings = {
                "id": str(number),
                "name": f"{town.name} – {halts[-1].name}",
                "mode": "coach",
                "color": _COLORS[number % len(_COLORS)],
                "headway": HEADWAY,
                "hours": HOURS,
            }
            found.append(_coach(ways, settings, halts, places, stops))
    return found


def _path(ways: Ways, via: list[int]) -> list[int]:
    nodes = [via[0]]
    for a, b in pairwise(via):
        nodes += ways.path(a, b)[1:] if a != b else []
    return nodes


def _along(ways: Ways, nodes: list[int]) -> Any:
    """How far along a way each of its nodes is [m]."""
    legs = [float(ways.net.columns["length"][ways.edge[min(a, b), max(a, b)]]) for a, b in pairwise(nodes)]
    return np.concatenate([[0.0], np.cumsum(legs)])


def _stop(ways: Ways, node: int, places: Places, stops: dict[tuple[str, int], str], of: Settlement) -> str:
    """Id of the stop at a node; a new one where there is none yet."""
    if (of.id, node) not in stops:
        number = 1 + sum(name == of.id for name, _ in stops)
        spot = np.array([ways.net.x[node], ways.net.y[node]]) + np.array([9.0, -7.0])
        names = {"name": f"{of.name} {number}", "name_zh": f"{of.name_zh}{number}站"}
        places.add("bus_stop", shapely.Point(np.round(spot, 1)), **names)
        stops[of.id, node] = places.rows[-1]["id"]
    return stops[of.id, node]
