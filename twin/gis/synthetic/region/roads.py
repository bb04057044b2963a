"""Roads of the region: streets of settlements, roads of the country, village roads, and the expressway over them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from twin.gis.synthetic.curves import smooth
from twin.gis.synthetic.region.ground import CRS, Plan, Points, Settlement, metres
from twin.model import Network

__all__ = ["WALKING", "Road", "roads", "rural", "streets", "threaded"]

#: Walking speed, and speed between a door and the road by car [m/s].
WALKING, DOOR = 4 / 3, 20 / 3.6
#: class: mean speed [km/h], lanes, width of the carriageway [m]. Assumed, not measured.
_ROAD = {
    "motorway": (105, 4, 24.5), "motorway_link": (40, 1, 8.5), "trunk": (68, 4, 16.0), "primary": (58, 2, 12.0),
    "secondary": (45, 2, 8.5), "tertiary": (38, 2, 7.0), "unclassified": (30, 2, 4.5), "residential": (24, 2, 6.0),
    "track": (15, 1, 3.0),
}  # fmt: skip
_ON_WHEELS = {"motorway", "motorway_link"}
#: Reach of a bridge beyond the water's edge [m].
ABUTMENT = 30.0


@dataclass(frozen=True, eq=False)
class Road:
    """A road or street as it is drawn, before it meets others."""

    line: Any
    name: str
    name_zh: str
    kind: str
    paved: bool = True


def threaded(plan: Plan, points: list[Any]) -> list[Points]:
    """Stretches of a road that is drawn through points and settlements: it ends at a rim and goes on from another."""
    stretches: list[list[Points]] = [[]]
    for k, point in enumerate(points):
        if not isinstance(point, str):
            stretches[-1].append(metres(point))
            continue
        place = plan.of(point)
        if k > 0:
            stretches[-1].append(place.gate(_towards(plan, points[k - 1])))
            stretches.append([])
        if k < len(points) - 1:
            stretches[-1].append(place.gate(_towards(plan, points[k + 1])))
    return [smooth(np.array(stretch), 120.0) for stretch in stretches if len(stretch) > 1]


def _towards(plan: Plan, point: Any) -> Points:
    return plan.of(point).middle if isinstance(point, str) else metres(point)


def streets(place: Settlement) -> list[Road]:
    """Streets of a settlement: the lines of its grid, every fourth of a city an avenue."""
    found = []
    g = place.grid
    for word, word_zh, lines in (("Street", "街", g), ("Road", "路", g.transpose(1, 0, 2))):
        middle = len(lines) // 2
        for k, line in enumerate(lines):
            kind = "residential" if place.rank != "village" else "unclassified"
            if (k - middle) % 4 == 0 and place.rank in {"city", "county"}:
                kind = "secondary" if k == middle else "tertiary"
            elif k == middle and place.rank == "town":
                kind = "tertiary"
            name = f"{place.name} {word} {k + 1}"
            found.append(Road(shapely.LineString(line), name, f"{place.name_zh}{k + 1}{word_zh}", kind))
    return found


def roads(plan: Plan) -> list[Road]:
    """Roads of the country between the settlements that the plan draws."""
    found = [
        Road(shapely.LineString(stretch), road["name"], road["name_zh"], road["class"])
        for road in plan.told["road"]
        for stretch in threaded(plan, road["points"])
    ]
    return [Road(shapely.intersection(r.line, plan.land), r.name, r.name_zh, r.kind) for r in found]


def rural(plan: Plan, country: list[Road], rng: np.random.Generator) -> list[Road]:
    """A road from each village to the nearest road or village that has one; a few of them are not paved."""
    known = [road.line for road in country]
    villages = [place for place in plan.settlements if place.rank == "village"]
    gap = [min(shapely.distance(line, place.shape) for line in known) for place in villages]
    found = []
    for k in np.argsort(gap, kind="stable"):
        place = villages[int(k)]
        nearest = known[int(np.argmin([shapely.distance(line, place.shape) for line in known]))]
        there = shapely.get_coordinates(shapely.shortest_line(nearest, shapely.Point(place.middle)))[0]
        start = place.gate(there)
        if np.hypot(*(there - start)) < 5.0:
            continue
        across = np.array([start[1] - there[1], there[0] - start[0]])
        bend = (start + there) / 2 + across * rng.uniform(-0.14, 0.14)
        line = shapely.LineString(smooth(np.array([start, bend, there]), 80.0))
        paved = bool(rng.random() < 0.93)
        kind = "tertiary" if place.people > 2200 else "unclassified" if paved else "track"
        found.append(
            Road(line, f"{place.name} Village Road", f"{place.name_zh}村道", kind, paved or kind == "tertiary")
        )
        known.append(line)
    return found


def _bridged(road: Road, water: Any) -> list[tuple[Road, bool]]:
    """The road on the ground, and on bridges over the water."""
    if not shapely.intersects(road.line, water):
        return [(road, False)]
    parts = [(shapely.difference(road.line, water), False), (shapely.intersection(road.line, water), True)]
    return [
        (Road(piece, road.name, road.name_zh, road.kind, road.paved), over)
        for shape, over in parts
        for piece in shapely.get_parts(shape)
    ]


@dataclass(frozen=True, eq=False)
class Web:
    """Pieces of road between junctions, each with the road that it is a piece of."""

    lines: list[Any]
    roads: list[Road]
    bridge: list[bool]

    @classmethod
    def woven(cls, plan: Plan, drawn: list[Road]) -> Web:
        """Join roads wherever they meet, on a grid of 10 cm."""
        water = shapely.buffer(shapely.union(plan.river, plan.reservoir), ABUTMENT)
        pieces = [piece for road in drawn for piece in _bridged(road, water)]
        sources = np.array([road.line for road, _ in pieces], dtype=object)
        parts = shapely.get_parts(shapely.union_all(sources, grid_size=0.1))
        parts = parts[shapely.length(parts) > 0.5]
        owner = shapely.STRtree(sources).query_nearest(
            shapely.line_interpolate_point(parts, 0.5, normalized=True), all_matches=False
        )[1]
        return cls(list(parts), [pieces[k][0] for k in owner], [pieces[k][1] for k in owner])

    def with_expressway(self, plan: Plan) -> Web:
        """Run the expressway over everything, with a ramp at each interchange to the nearest point of its road."""
        told = plan.told["expressway"]
        line = shapely.LineString(np.vstack(threaded(plan, told["points"])))
        line = shapely.intersection(line, plan.land)
        cuts, ramps = [], []
        lines, owners, bridge = list(self.lines), list(self.roads), list(self.bridge)
        for entry in told["interchange"]:
            along = shapely.line_locate_point(line, shapely.Point(metres(entry["at"])))
            here = shapely.get_coordinates(shapely.line_interpolate_point(line, along))[0].round(1)
            at = [k for k, road in enumerate(owners) if road.name == entry["road"] and not bridge[k]]
            k = min(at, key=lambda row: float(shapely.distance(lines[row], shapely.Point(here))))
            spot = _split(lines, owners, bridge, k, here)
            side = np.array([spot[1] - here[1], here[0] - spot[0]]) * 0.25
            ramp = shapely.LineString(smooth(np.array([spot, (spot + here) / 2 + side, here]), 60.0))
            ramps.append((ramp, Road(ramp, entry["name"], entry["name_zh"], "motorway_link")))
            cuts.append((along, here))
        ends = [shapely.get_coordinates(line)[k].round(1) for k in (0, -1)]
        marks = [(0.0, ends[0]), *sorted(cuts, key=lambda cut: cut[0]), (line.length, ends[1])]
        own = Road(line, told["name"], told["name_zh"], "motorway")
        for (low, a), (high, b) in pairwise(marks):
            inner = shapely.get_coordinates(shapely.ops.substring(line, low, high))[1:-1]
            lines.append(shapely.LineString(np.vstack([a, inner, b])))
            owners.append(own)
        lines += [ramp for ramp, _ in ramps]
        owners += [road for _, road in ramps]
        return Web(lines, owners, bridge + [False] * (len(lines) - len(bridge)))

    def network(self, *, wheels: bool) -> Network:
        """The network to drive on, or to walk on (all roads but the expressway, both ways)."""
        keep = [k for k, road in enumerate(self.roads) if wheels or road.kind not in _ON_WHEELS]
        lines = np.array([self.lines[k] for k in keep], dtype=object)
        owner = [self.roads[k] for k in keep]
        ends = np.round(
            np.stack([shapely.get_coordinates(shapely.get_point(lines, k)) for k in (0, -1)], axis=1), 1
        ).reshape(-1, 2)
        xy, number = np.unique(ends, axis=0, return_inverse=True)
        tail, head = number.reshape(-1, 2).T
        length = np.round(shapely.length(lines), 1)
        told = np.array([_ROAD[road.kind] for road in owner])
        speed = told[:, 0] / 3.6 if wheels else np.full(len(owner), WALKING)
        kind = np.array([road.kind for road in owner], dtype=object)
        columns: dict[str, Any] = {
            "time": np.round(length / speed, 1),
            "name": np.array([road.name for road in owner], dtype=object),
            "name_zh": np.array([road.name_zh for road in owner], dtype=object),
            "class": kind,
            "speed": np.round(speed, 3),
            "bridge": np.array([self.bridge[k] for k in keep]),
            "fixed": np.isin(kind, list(_ON_WHEELS)),
            "width": told[:, 2],
            "paved": np.array([float(road.paved) for road in owner]),
        }
        if wheels:
            columns["lanes"] = told[:, 1]
        inside = _main(tail, head, len(xy))
        if not inside.all():
            lost = sorted({owner[k].name for k in np.flatnonzero(~inside[tail])})
            raise AssertionError(f"roads that lead nowhere: {lost}")
        return Network.from_arrays(
            xy[:, 0],
            xy[:, 1],
            tail,
            head,
            length=length,
            crs=CRS,
            ids=np.array([f"{'d' if wheels else 'w'}{i + 1}" for i in range(len(xy))], dtype=object),
            shapes=lines,
            approach=DOOR if wheels else WALKING,
            **columns,
        )


def _split(lines: list[Any], owners: list[Road], bridge: list[bool], k: int, near: Points) -> Points:
    """Split a piece at its point nearest to a place, or name its end where that is near; the point itself [m]."""
    line = lines[k]
    along = shapely.line_locate_point(line, shapely.Point(near))
    ends = shapely.get_coordinates(line)[[0, -1]]
    if along < 30.0 or along > line.length - 30.0:
        return np.asarray(ends[0 if along < 30.0 else 1])
    spot = shapely.get_coordinates(shapely.line_interpolate_point(line, along))[0].round(1)
    first = shapely.get_coordinates(shapely.ops.substring(line, 0.0, along))
    second = shapely.get_coordinates(shapely.ops.substring(line, along, line.length))
    lines[k] = shapely.LineString(np.vstack([first[:-1], spot]))
    lines.append(shapely.LineString(np.vstack([spot, second[1:]])))
    owners.append(owners[k])
    bridge.append(bridge[k])
    return np.asarray(spot)


def _main(tail: NDArray[np.intp], head: NDArray[np.intp], count: int) -> NDArray[np.bool_]:
    """Nodes of the largest connected part."""
    _, part = connected_components(coo_matrix((np.ones(len(tail)), (tail, head)), shape=(count, count)), directed=False)
    return np.asarray(part == np.bincount(part).argmax())
