"""The drawing of the town (``plan.toml``) as shapes: shores, avenues and the zones between them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, replace
from importlib.resources import files
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from shapely import STRtree

from twin.gis.synthetic.curves import Points, River, densify, smooth

__all__ = ["EXTENT", "Drawing", "Street", "Zone", "table"]

#: Extent of the town and of its rasters [m]: west, south, east, north.
EXTENT = (0.0, 5000.0, 6500.0, 11500.0)


@dataclass(frozen=True, eq=False)
class Street:
    """A stretch of street, path, bridge or tunnel; points run from one end to the other [m]."""

    points: Points
    name: str
    kind: str
    bridge: bool = False
    tunnel: bool = False
    oneway: bool = False
    end: bool = False  # ends on purpose, as a cul-de-sac does

    @property
    def level(self) -> int:
        """Level as OpenStreetMap counts it."""
        return 1 if self.bridge else -1 if self.tunnel else 0


@dataclass(frozen=True, eq=False)
class Zone:
    """A piece of land between avenues and shores, and what fills it."""

    shape: Any
    pattern: str
    district: str
    angle: float = 0.0


@dataclass(frozen=True, eq=False)
class Drawing:
    """Everything that is drawn by hand, in plan coordinates, before the seed bends and fills it."""

    river: River
    sea: Any
    boundary: Any
    railway: Points
    limits: list[Points]
    avenues: list[Street]
    zones: list[Zone]
    hill: dict[str, Any] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls) -> Drawing:
        """Read ``plan.toml``."""
        plan = table("plan.toml")
        river = River(plan["river"], tuple(plan["river_width"]))
        shore = np.vstack([smooth(plan["coast"]), densify([plan["coast"][-1], *plan["quays"]])])
        sea = shapely.Polygon(np.vstack([shore, [[7000, 6800], [7000, 4500], [3060, 4500]]]))
        sea = shapely.union(sea, shapely.intersection(river.polygon, shapely.box(4400, 6700, 4900, 7010)))
        boundary = shapely.Polygon(smooth([*plan["boundary"], plan["boundary"][0]]))
        avenues = [piece for street in plan["street"] for piece in _pieces(street, river)]
        bare = cls(
            river, sea, boundary, densify(smooth(plan["railway"])), [densify(p) for p in plan["limits"]], avenues, []
        )
        names = {street["name"]: street["name_zh"] for street in plan["street"]}
        return replace(bare, zones=_zones(bare, plan["zone"]), hill=plan["hill"], names=names)


def table(name: str) -> dict[str, Any]:
    """One of the package's data files."""
    return tomllib.loads((files("twin.gis.synthetic") / name).read_text(encoding="utf-8"))


def _pieces(street: dict[str, Any], river: River) -> list[Street]:
    """Cut a drawn street into pieces: on the ground, on a bridge (between abutments), in a tunnel."""
    given = street["points"]
    name, kind = street["name"], street["class"]
    if all(isinstance(p, str) and p[0] in "WE" for p in given):
        return [Street(river.along(given), name, kind)]
    points = [river.point(p) if isinstance(p, str) else np.asarray(p, dtype=float) for p in given]
    cuts = [0, *(i for i, p in enumerate(given) if isinstance(p, str) and p[0] in "we"), len(given) - 1]
    if kind == "trunk":  # through the hill
        cuts = sorted({*cuts, 3, 5})
    whole, pieces = smooth(points), []
    for low, high in pairwise(cuts):
        if high == low:
            continue
        marks = [given[low], given[high]]
        bridge = all(isinstance(p, str) and p[0] in "we" for p in marks)
        first, last = (int(np.argmin(np.hypot(*(whole - points[k]).T))) for k in (low, high))
        pieces.append(
            Street(whole[first : last + 1], name, kind, bridge=bridge, tunnel=kind == "trunk" and (low, high) == (3, 5))
        )
    return pieces


def _zones(drawing: Drawing, given: list[dict[str, Any]]) -> list[Zone]:
    """Find the faces between avenues, shores, railway and boundary; each takes the zone drawn in it, or the nearest."""
    lines = [shapely.LineString(s.points) for s in drawing.avenues if s.kind not in {"path", "footway", "unclassified"}]
    lines += [drawing.river.polygon.exterior, drawing.sea.exterior, drawing.boundary.exterior]
    lines += [shapely.LineString(p) for p in (drawing.railway, *drawing.limits)]
    faces = shapely.get_parts(shapely.polygonize([shapely.node(shapely.union_all(lines))]))
    land = shapely.difference(drawing.boundary, shapely.union(drawing.sea, drawing.river.polygon))
    inner = shapely.point_on_surface(faces)
    faces = faces[shapely.contains(land, inner)]
    corner = shapely.get_coordinates(shapely.centroid(faces))
    faces = faces[np.lexsort((corner[:, 1].round(), corner[:, 0].round()))]
    seeds = shapely.points([z["at"] for z in given])
    tree = STRtree(seeds)
    zones = []
    for face in faces:
        hit = np.sort(tree.query(face, predicate="contains"))
        which = int(hit[0]) if len(hit) else int(tree.nearest(shapely.point_on_surface(face)))
        zone = given[which]
        thin = face.area < 60_000 or (4 * np.pi * face.area / face.length**2 < 0.12 and face.area < 400_000)
        pattern = zone["pattern"] if len(hit) else "strip" if thin else "rural"
        district = zone["district"] if pattern != "rural" or len(hit) else "Green Belt"
        zones.append(Zone(face, pattern, district, float(zone.get("angle", 0))))
    return zones
