"""The plan of the region as shapes: its land, units, river and hills, and the settlements with their villages."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from twin.gis.synthetic.curves import River, smooth

__all__ = ["CRS", "Plan", "Settlement", "metres"]

Points = NDArray[np.float64]
CRS = "EPSG:32631"
#: Where the plan's corner lies: in the open sea of the Gulf of Guinea [m].
CORNER = np.array([300_000.0, 100_000.0])
#: Gap between the rim of a settlement's grid and what lies around it [m].
RIM = 90.0


def metres(km: ArrayLike) -> Points:
    """Plan coordinates in the CRS [m].

    >>> metres([1, 2]).tolist()
    [301000.0, 102000.0]
    """
    return np.asarray(np.asarray(km, dtype=float) * 1000.0 + CORNER)


@dataclass(frozen=True, eq=False)
class Settlement:
    """A settlement on a grid of streets.

    Attributes
    ----------
    rank : city, county (seat of a county), town or village.
    unit, town : county-level unit that it belongs to, and the settlement that runs its township.
    middle : of the grid [m]; it has so many `cells`, each `step` metres wide, turned by `turn` degrees.
    grid : (rows, columns, 2) nodes of the grid [m].
    """

    id: str
    name: str
    name_zh: str
    rank: str
    unit: str
    town: str
    middle: Points
    cells: tuple[int, int]
    step: float
    turn: float
    people: int
    jobs: int
    grid: Points

    @classmethod
    def found(cls, entry: dict[str, Any], rng: np.random.Generator) -> Settlement:
        """Lay out the grid of an entry of the plan; inner nodes are moved a little by the seed."""
        across, up = entry["cells"]
        x, y = np.meshgrid(np.arange(across + 1) - across / 2, np.arange(up + 1) - up / 2)
        angle = np.radians(entry["turn"])
        flat = np.stack([x, y], axis=-1) * entry["step"]
        flat += rng.normal(0.0, 0.05 * entry["step"], flat.shape)
        turned = flat @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        middle = metres(entry["at"])
        kept = {k: entry[k] for k in ("id", "name", "name_zh", "rank", "unit", "step", "turn", "people", "jobs")}
        return cls(
            **kept,
            town=entry.get("town", entry["id"]),
            middle=middle,
            cells=(across, up),
            grid=np.round(turned + middle, 1),
        )

    @cached_property
    def shape(self) -> Any:
        """Built-up land: the grid with a rim around it."""
        g = self.grid
        ring = np.vstack([g[0], g[1:, -1], g[-1, -2::-1], g[-2:0:-1, 0]])
        return shapely.buffer(shapely.Polygon(ring), RIM, join_style="mitre", quad_segs=2)

    @cached_property
    def quads(self) -> NDArray[Any]:
        """(n,) cells of the grid as polygons, row by row."""
        g = self.grid
        corners = np.stack([g[:-1, :-1], g[:-1, 1:], g[1:, 1:], g[1:, :-1]], axis=2).reshape(-1, 4, 2)
        return np.asarray(shapely.polygons(corners))

    def node(self, at: ArrayLike = (0, 0)) -> Points:
        """Node of the grid so many steps east and north of its middle [m]."""
        right, up = at if isinstance(at, tuple | list) else np.asarray(at)
        across, high = self.cells
        column = int(np.clip(across // 2 + right, 0, across))
        row = int(np.clip(high // 2 + up, 0, high))
        return np.asarray(self.grid[row, column])

    def gate(self, towards: Points) -> Points:
        """Node on the rim of the grid nearest to a point [m]."""
        g = self.grid
        rim = np.vstack([g[0], g[-1], g[1:-1, 0], g[1:-1, -1]])
        return np.asarray(rim[int(np.argmin(np.hypot(*(rim - towards).T)))])


class Plan:
    """``plan.toml`` in metres, with the villages that a seed founds."""

    def __init__(self, rng: np.random.Generator) -> None:
        text = files("twin.gis.synthetic.region").joinpath("plan.toml").read_text(encoding="utf-8")
        self.told: dict[str, Any] = tomllib.loads(text)
        self.land = shapely.Polygon(smooth(metres([*self.told["boundary"], self.told["boundary"][0]]), 400.0))
        self.units = self._units()
        stream = River(metres(self.told["river"]), tuple(self.told["river_width"]))
        lake = self.told["reservoir"]
        pond = shapely.buffer(shapely.Point(metres(lake["at"])), 1000.0 * lake["radius"], quad_segs=12)
        self.river = shapely.intersection(shapely.simplify(stream.polygon, 4.0), self.land)
        self.reservoir = shapely.intersection(pond, self.land)
        self.settlements = [Settlement.found(entry, rng) for entry in self.told["settlement"]]
        self.hills = self._hills(rng)

    def of(self, name: str) -> Settlement:
        """Settlement of an id."""
        return next(each for each in self.settlements if each.id == name)

    def _units(self) -> dict[str, Any]:
        """Land of each county-level unit: the face that its seat lies in."""
        lines = [shapely.LineString(smooth(metres(line), 400.0)) for line in self.told["limits"]]
        faces = shapely.get_parts(
            shapely.polygonize([shapely.union_all([shapely.boundary(self.land), *lines], grid_size=0.1)])
        )
        faces = faces[shapely.intersects(self.land, shapely.point_on_surface(faces))]
        seats = {entry["id"]: shapely.Point(metres(entry["at"])) for entry in self.told["settlement"]}
        return {
            unit["id"]: shapely.simplify(faces[shapely.contains(faces, seats[unit["id"]])][0], 0.0)
            for unit in self.told["unit"]
        }

    def _hills(self, rng: np.random.Generator) -> Any:
        """Wooded hills: the north and the south-west, with rims that the seed frays; clear of settlements and water."""
        spots = [((8, 39), 7.0), ((20, 44), 6.0), ((33, 41), 5.5), ((4, 30), 4.0), ((18, 33), 4.6), ((55, 38), 3.4)]
        spots += [((8, 6), 4.4), ((40, 4), 3.2), ((57, 8), 3.0), ((36, 34), 2.4)]
        parts = []
        for at, radius in spots:
            angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
            size, phase = rng.normal(0, 0.10, 5), rng.uniform(0, 6.3, 5)
            wave = (size * np.cos(np.outer(angle, np.arange(2, 7)) + phase)).sum(axis=1)
            ring = metres(np.array(at) + (radius * (1 + wave))[:, None] * np.c_[np.cos(angle), np.sin(angle)])
            parts.append(shapely.Polygon(ring))
        return shapely.intersection(shapely.union_all(shapely.buffer(parts, 0)), self.land)
