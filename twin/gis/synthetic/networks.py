"""The street web as networks to walk and to drive on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from twin.gis.synthetic.curves import Points
from twin.gis.synthetic.drawing import Street
from twin.gis.synthetic.ground import CRS, Ground
from twin.gis.synthetic.junctions import Web
from twin.model import Network

__all__ = ["WALKING", "drive", "walk", "with_oneways"]

#: Walking speed [m/s].
WALKING = 4 / 3
#: class: speed limit [km/h], lanes, width of the carriageway [m]
_ROAD = {
    "trunk": (80, 4, 15.0), "primary": (50, 4, 14.0), "secondary": (50, 2, 9.0), "tertiary": (40, 2, 7.5),
    "unclassified": (40, 2, 6.5), "residential": (30, 2, 6.0), "living_street": (20, 1, 4.0),
    "footway": (0, 0, 2.5), "path": (0, 0, 1.8),
}  # fmt: skip
_ON_FOOT = {"footway", "path"}
#: Height of a bridge's deck above the usual water [m].
DECK = 5.5


def with_oneways(web: Web, rng: np.random.Generator) -> Web:
    """Make some lanes of the old town and of the grid one-way, but nowhere so that a car cannot get in or out."""
    lanes = {s.name for s in web.streets if s.kind == "living_street"}
    lanes |= {s.name for s in web.streets if s.kind == "residential" and s.name.endswith(("Street", "Avenue", "Alley"))}
    names = sorted(lanes)
    chosen = {name for name, draw in zip(names, rng.random(len(names)), strict=True) if draw < 0.42}
    oneway = np.array([s.name in chosen and not s.end for s in web.streets])
    by_car = np.array([s.kind not in _ON_FOOT for s in web.streets])
    while True:
        rows = np.flatnonzero(by_car)
        both = rows[~oneway[rows]]
        tail, head = np.r_[web.tail[rows], web.head[both]], np.r_[web.head[rows], web.tail[both]]
        _, part = connected_components(
            coo_matrix((np.ones(len(tail)), (tail, head)), shape=(len(web.xy),) * 2), directed=True, connection="strong"
        )
        torn = oneway & by_car & (part[web.tail] != part[web.head])
        if not torn.any():
            break
        oneway &= ~torn
    return Web(
        web.xy, web.tail, web.head, [replace(s, oneway=bool(o)) for s, o in zip(web.streets, oneway, strict=True)]
    )


def walk(web: Web, ground: Ground, names: dict[str, str]) -> Network:
    """Where people walk: everything but the bypass, both ways, at 4/3 m/s."""
    part = _merged(web.keep(np.array([s.kind != "trunk" for s in web.streets])), oneway=False)
    length = shapely.length(part.lines)
    return _network(part, ground, names, oneway=False, speed=np.full(len(length), WALKING))


def drive(web: Web, ground: Ground, names: dict[str, str]) -> Network:
    """Where cars drive: streets, with one-way lanes, and the bypass, which is entered at its ends only."""
    part = _merged(web.keep(np.array([s.kind not in _ON_FOOT for s in web.streets])), oneway=True)
    speed = np.array([_ROAD[s.kind][0] / 3.6 for s in part.streets])
    return _network(part, ground, names, oneway=True, speed=speed)


def _network(web: Web, ground: Ground, names: dict[str, str], *, oneway: bool, speed: NDArray[np.float64]) -> Network:
    lines = web.lines
    length = np.round(shapely.length(lines), 2)
    middle = shapely.get_coordinates(shapely.line_interpolate_point(lines, 0.5, normalized=True))
    bridge = np.array([s.bridge for s in web.streets])
    deck = np.where(bridge, np.round(ground.level_at(*middle.T) + DECK, 1), np.nan)
    columns: dict[str, Any] = {
        "time": np.round(length / speed, 2),
        "name": np.array([s.name for s in web.streets], dtype=object),
        "name_zh": np.array([names.get(s.name, "") for s in web.streets], dtype=object),
        "class": np.array([s.kind for s in web.streets], dtype=object),
        "speed": np.round(speed, 3),
        "bridge": bridge,
        "tunnel": np.array([s.tunnel for s in web.streets]),
        "level": np.array([s.level for s in web.streets]),
        "fixed": np.array([s.kind == "trunk" or s.bridge for s in web.streets]),
        "deck": deck,
        "width": np.array([_ROAD[s.kind][2] for s in web.streets]),
    }
    if oneway:
        columns["lanes"] = np.array([1 if s.oneway else _ROAD[s.kind][1] for s in web.streets], dtype=float)
        columns["capacity"] = 900.0 * columns["lanes"] * np.where(speed > 20, 1.9, 1.0)
    return Network.from_arrays(
        web.xy[:, 0],
        web.xy[:, 1],
        web.tail,
        web.head,
        length=length,
        directed=np.array([s.oneway for s in web.streets]) if oneway else False,
        crs=CRS,
        ids=np.array([f"{'d' if oneway else 'w'}{i + 1}" for i in range(len(web.xy))], dtype=object),
        shapes=lines,
        approach=WALKING if not oneway else 20 / 3.6,
        **columns,
    )


def _merged(web: Web, *, oneway: bool) -> Web:
    """Join stretches at nodes where nothing else meets and nothing changes."""
    touching: list[list[int]] = [[] for _ in web.xy]
    for i, (a, b) in enumerate(zip(web.tail, web.head, strict=True)):
        touching[a].append(i)
        touching[b].append(i)

    def alike(a: Street, b: Street) -> bool:
        same = (a.name, a.kind, a.bridge, a.tunnel) == (b.name, b.kind, b.bridge, b.tunnel)
        return same and (not oneway or not (a.oneway or b.oneway))

    through = [len(t) == 2 and t[0] != t[1] and alike(web.streets[t[0]], web.streets[t[1]]) for t in touching]
    done = np.zeros(len(web.tail), dtype=bool)
    tail, head, streets = [], [], []
    for start in range(len(web.tail)):
        if done[start] or (through[web.tail[start]] and through[web.head[start]]):
            continue
        flip = through[web.tail[start]]
        begin, node = (web.tail[start], web.head[start])[:: -1 if flip else 1]  # one-way stretches are never turned
        edge, pieces = start, [_turned(web.streets[start].points, not flip)]
        done[start] = True
        while through[node]:
            edge = touching[node][0] if touching[node][1] == edge else touching[node][1]
            if done[edge]:
                break
            done[edge] = True
            ahead = web.tail[edge] == node
            pieces.append(_turned(web.streets[edge].points, ahead)[1:])
            node = int(web.head[edge] if ahead else web.tail[edge])
        joined = np.vstack(pieces)
        tail.append(begin)
        head.append(node)
        streets.append(replace(web.streets[start], points=joined))
    whole = Web(web.xy, np.array(tail), np.array(head), streets)
    return whole.keep(np.ones(len(streets), dtype=bool))


def _turned(points: Points, ahead: bool) -> Points:
    return points if ahead else points[::-1]
