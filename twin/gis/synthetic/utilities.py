"""Power, water, drainage and telecom: pipes and cables along the streets, what each carries, and who needs whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from twin.gis.synthetic.curves import Points
from twin.gis.synthetic.ground import CRS, Ground
from twin.gis.synthetic.places import Places
from twin.gis.synthetic.transit import Ways
from twin.model import Network

__all__ = ["Utility", "dependencies", "grow"]

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class _Kind:
    """How one utility is laid out.

    Attributes
    ----------
    short : start of its nodes' ids.
    cell : edge of the cells that share a service node [m].
    person, job : peak demand [capacity's unit].
    margin : capacity over peak demand [1].
    sizes : capacities that are built; above the last, multiples of it.
    ties : how many links close loops between branches.
    service, root : roles of the ends.
    """

    short: str
    cell: float
    person: float
    job: float
    margin: float
    sizes: tuple[float, ...]
    ties: int
    service: str
    inward: bool = False


#: Capacity: power MW, water and drainage L/s, telecom Gbit/s.
KINDS = {
    "power": _Kind("pw", 330.0, 0.00075, 0.0006, 1.5, (1.0, 2.0, 4.0, 6.0, 9.0, 12.0, 20.0, 40.0), 14, "transformer"),
    "water": _Kind("wa", 380.0, 0.0031, 0.0012, 1.5, (4.0, 8.0, 16.0, 30.0, 60.0, 120.0, 240.0), 26, "service"),
    "drainage": _Kind(
        "dr", 380.0, 0.0042, 0.0016, 1.3, (6.0, 15.0, 30.0, 60.0, 120.0, 250.0, 500.0), 0, "inlet", inward=True
    ),
    "telecom": _Kind("te", 820.0, 0.0011, 0.0016, 2.0, (10.0, 40.0, 100.0, 400.0), 8, "mast"),
}


@dataclass(eq=False)
class Utility:
    """A utility in the making; nodes are junctions of the streets or plant beside them.

    Attributes
    ----------
    xy : (n, 2) nodes [m]; role, facility, demand, people: one entry a node.
    edges : tail, head, line, capacity, class.
    """

    kind: str
    xy: list[Points] = field(default_factory=list)
    role: list[str] = field(default_factory=list)
    facility: list[str] = field(default_factory=list)
    demand: list[float] = field(default_factory=list)
    people: list[float] = field(default_factory=list)
    edges: list[tuple[int, int, Any, float, str]] = field(default_factory=list)

    def add(self, at: Points, role: str, *, facility: str = "") -> int:
        """Append a node."""
        self.xy.append(np.round(at, 1))
        self.role.append(role)
        self.facility.append(facility)
        self.demand.append(0.0)
        self.people.append(0.0)
        return len(self.xy) - 1

    @property
    def ids(self) -> NDArray[Any]:
        """(n,) ids of the nodes."""
        return np.array([f"{KINDS[self.kind].short}{i + 1}" for i in range(len(self.xy))], dtype=object)

    def network(self) -> Network:
        """Network; what drains runs one way, everything else both ways."""
        x, y = np.array(self.xy).T
        tail, head, line, capacity, kind = zip(*self.edges, strict=True)
        shapes = np.array(line, dtype=object)
        columns: dict[str, Any] = {"capacity": np.array(capacity), "class": np.array(kind, dtype=object)}
        return Network.from_arrays(
            x,
            y,
            np.array(tail),
            np.array(head),
            length=np.round(shapely.length(shapes), 1),
            directed=KINDS[self.kind].inward,
            crs=CRS,
            ids=self.ids,
            shapes=shapes,
            **columns,
        )

    def nodes(self, ground: Ground) -> gpd.GeoDataFrame:
        """Table of what the network has no column for: roles, demand, people served, heights."""
        x, y = np.array(self.xy).T
        table = {
            "id": self.ids,
            "role": self.role,
            "facility": self.facility,
            "demand": np.round(self.demand, 4),
            "people_served": self.people,
            "elevation": np.round(ground.terrain.at(x, y), 1),
        }
        return gpd.GeoDataFrame(table, geometry=shapely.points(x, y), crs=CRS)

    def nearest(self, at: Points, roles: tuple[str, ...]) -> int:
        """Row of the nearest node of some roles."""
        gap = np.hypot(*(np.array(self.xy) - at).T)
        gap[~np.isin(self.role, roles)] = np.inf
        return int(np.argmin(gap))


def grow(kind: str, drive: Network, population: gpd.GeoDataFrame, plant: list[tuple[str, Points, str]]) -> Utility:
    """Lay one utility out along the streets.

    Parameters
    ----------
    plant : role, place and facility of what feeds (or drains); the first feeds all others, and the network is grown
        from all of them, each service node from the nearest.
    """
    settings, utility = KINDS[kind], Utility(kind)
    ways = Ways(drive, factor=np.where(drive.columns["class"] == "trunk", np.inf, 1.0))
    junction: dict[int, int] = {}
    for role, at, facility in plant:
        node = ways.node(at)
        while node in junction:
            node = int(ways.usable[int(np.flatnonzero(ways.usable == node)[0]) + 1])
        junction[node] = utility.add(at, role, facility=facility)
    roots = list(junction)
    homes = shapely.get_coordinates(population.geometry.to_numpy())
    weight = population["people"].to_numpy() + population["jobs"].to_numpy()
    service = [n for n in _centres(homes, weight, settings.cell, ways) if n not in junction]
    for node in service:
        at = np.array([drive.x[node], drive.y[node]])
        junction[node] = utility.add(at + (12.0 if kind == "telecom" else 0.0), settings.service)
    _, owner = cKDTree(np.array(utility.xy)[len(roots) :]).query(homes)
    peak = population["people"].to_numpy() * settings.person + population["jobs"].to_numpy() * settings.job
    utility.demand[len(roots) :] = np.bincount(owner, weights=peak, minlength=len(service)).tolist()
    utility.people[len(roots) :] = np.bincount(owner, weights=population["people"], minlength=len(service)).tolist()
    _, before, _ = dijkstra(ways.matrix, directed=False, indices=roots, return_predecessors=True, min_only=True)
    _branches(utility, ways, junction, before)
    _backbone(utility, ways, junction, roots)
    _ties(utility, ways, junction, service)
    return utility


def _centres(homes: Points, weight: Numbers, cell: float, ways: Ways) -> list[int]:
    """Junction for each cell in which people live or work, near their middle."""
    key = np.floor(homes / cell).astype(int)
    table = pd.DataFrame(
        {"a": key[:, 0], "b": key[:, 1], "x": homes[:, 0] * weight, "y": homes[:, 1] * weight, "w": weight}
    )
    table = table.groupby(["a", "b"], sort=True)[["x", "y", "w"]].sum()
    table = table[table["w"] >= 40]
    return list(dict.fromkeys(ways.node(np.array([x / w, y / w])) for x, y, w in table.to_numpy()))


def _branches(utility: Utility, ways: Ways, junction: dict[int, int], before: NDArray[Any]) -> None:
    """Trees from the plants to the service nodes; capacity follows the demand downstream."""
    settings = KINDS[utility.kind]
    load: dict[int, float] = {}
    children: dict[int, set[int]] = {}
    for node, row in list(junction.items()):
        here, demand = node, utility.demand[row]
        while before[here] >= 0:
            load[here] = load.get(here, 0.0) + demand
            children.setdefault(int(before[here]), set()).add(here)
            here = int(before[here])
    for node in sorted(children):
        if len(children[node]) > 1 and node not in junction:
            junction[node] = utility.add(np.array([ways.net.x[node], ways.net.y[node]]), "junction")
    for node in sorted(junction):
        if before[node] < 0:
            continue
        chain = [node]
        while True:
            chain.append(int(before[chain[-1]]))
            if chain[-1] in junction:
                break
        ends = (junction[node], junction[chain[-1]])
        line = _line(utility, ways, chain, ends)
        if not settings.inward:
            ends, line = ends[::-1], line.reverse()
        kind = {"power": "10 kV", "water": "main", "drainage": "sewer", "telecom": "fibre"}[utility.kind]
        utility.edges.append((*ends, line, _built(load[node] * settings.margin, settings.sizes), kind))


def _backbone(utility: Utility, ways: Ways, junction: dict[int, int], roots: list[int]) -> None:
    """Join the plants: a ring where there are three or more, so that one cut leaves all of them fed."""
    if len(roots) < 2:
        return
    total = sum(utility.demand)
    middle = np.mean([utility.xy[junction[r]] for r in roots], axis=0)
    angle = [np.arctan2(*(utility.xy[junction[r]] - middle)) for r in roots]
    ring = [roots[i] for i in np.argsort(angle, kind="stable")]
    if utility.kind == "drainage":  # pumping stations lift to the first plant
        pairs = [(r, roots[0]) for r in roots[1:]]
    else:
        pairs = list(zip(ring, [*ring[1:], ring[0]] if len(ring) > 2 else ring[1:], strict=False))
    kind = {"power": "110 kV", "water": "trunk main", "drainage": "pressure main", "telecom": "ring fibre"}[
        utility.kind
    ]
    for a, b in pairs:
        chain = ways.path(a, b)
        ends = (junction[a], junction[b])
        utility.edges.append(
            (*ends, _line(utility, ways, chain, ends), _built(0.8 * total, KINDS[utility.kind].sizes), kind)
        )


def _ties(utility: Utility, ways: Ways, junction: dict[int, int], service: list[int]) -> None:
    """Links between neighbouring ends of different branches, the shortest detours first."""
    settings = KINDS[utility.kind]
    if not settings.ties:
        return
    leaf = np.bincount(np.array([e[:2] for e in utility.edges]).ravel(), minlength=len(utility.xy))
    ends = [n for n in service if leaf[junction[n]] == 1]
    at = np.array([utility.xy[junction[n]] for n in ends])
    pairs = sorted(
        cKDTree(at).query_pairs(1.7 * settings.cell), key=lambda p: (float(np.hypot(*(at[p[0]] - at[p[1]]))), p)
    )
    used: set[int] = set()
    size = float(np.median([e[3] for e in utility.edges]))
    for i, j in pairs:
        if len(used) >= 2 * settings.ties or i in used or j in used:
            continue
        used |= {i, j}
        chain = ways.path(ends[i], ends[j])
        tips = (junction[ends[i]], junction[ends[j]])
        utility.edges.append((*tips, _line(utility, ways, chain, tips), size, "tie"))


def _line(utility: Utility, ways: Ways, chain: list[int], ends: tuple[int, int]) -> Any:
    """Street line of a chain of junctions, led on to plant that stands beside its junction."""
    points = shapely.get_coordinates(ways.line(chain))
    return shapely.LineString(
        np.vstack([utility.xy[ends[0]], points[1:-1], utility.xy[ends[1]]])
        if len(points) > 2
        else [utility.xy[e] for e in ends]
    )


def _built(load: float, sizes: tuple[float, ...]) -> float:
    for size in sizes:
        if size >= load:
            return size
    return float(np.ceil(load / sizes[-1]) * sizes[-1])


#: facilities that cannot do without, and what they need
_NEEDS = {
    "hospital": ("power", "water", "telecom"),
    "clinic": ("power", "water"),
    "community_health_centre": ("power", "water"),
    "fire_station": ("power", "water", "telecom"),
    "ambulance_station": ("power", "telecom"),
    "police_station": ("power", "telecom"),
    "nursing_home": ("power", "water"),
    "shelter": ("power", "water"),
    "government_service_hall": ("power", "telecom"),
}


def dependencies(utilities: dict[str, Utility], places: Places) -> pd.DataFrame:
    """Who needs whom. Power's control rooms need telecom and telecom needs power: the two can pull each other down."""
    rows: list[tuple[str, Any, str, Any]] = []

    def need(network: str, roles: tuple[str, ...], other: str, targets: tuple[str, ...]) -> None:
        mine, theirs = utilities[network], utilities[other]
        for i, role in enumerate(mine.role):
            if role in roles:
                rows.append((network, mine.ids[i], other, theirs.ids[theirs.nearest(mine.xy[i], targets)]))

    need("telecom", ("gateway", "exchange", "mast"), "power", ("transformer",))
    need("power", ("substation",), "telecom", ("exchange", "gateway"))
    need("water", ("works", "pump"), "power", ("transformer",))
    need("water", ("works",), "telecom", ("exchange", "gateway"))
    need("drainage", ("plant", "pump"), "power", ("transformer",))
    need("drainage", ("plant",), "telecom", ("exchange", "gateway"))
    ends = {"power": ("transformer",), "water": ("service",), "telecom": ("mast", "exchange")}
    for row in places.rows:
        for other in _NEEDS.get(row["kind"], ()):
            theirs = utilities[other]
            at = shapely.get_coordinates(shapely.centroid(row["geometry"]))[0]
            rows.append(("facilities", row["id"], other, theirs.ids[theirs.nearest(at, ends[other])]))
    return pd.DataFrame(rows, columns=["network", "node", "needs_network", "needs_node"])
