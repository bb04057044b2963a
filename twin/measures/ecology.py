"""Ecology: how green hangs together, how wide its corridors are, and how far the built land runs on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from twin.errors import MissingData
from twin.measures.land import BUILT
from twin.measures.measure import Share, measure
from twin.measures.space import merged
from twin.model import City

__all__ = [
    "connectivity_index",
    "green_connectivity",
    "green_joined",
    "joined",
    "largest_cluster",
    "mesh_size",
    "probability_of_connectivity",
    "trees_near",
]


def connectivity_index(area: ArrayLike, links: Sequence[tuple[int, int]], landscape: float) -> float:
    r"""Integral index of connectivity, :math:`\sum_i\sum_j a_i a_j / (1 + nl_{ij}) / A_L^2` [1].

    Parameters
    ----------
    area : (n,) area of each patch; landscape in the same unit.
    links : pairs of patches that a creature gets between; `nl` counts the links of the shortest way.

    References
    ----------
    Pascual-Hortal & Saura (2006), Landscape Ecology 21.

    Examples
    --------
    >>> round(connectivity_index([10, 20, 30], [(0, 1), (1, 2)], 100), 9)
    0.24
    """
    a = np.asarray(area, dtype=float)
    tail, head = np.array(links, dtype=int).reshape(-1, 2).T
    graph = coo_matrix((np.ones(len(tail)), (tail, head)), shape=(len(a), len(a)))
    steps = dijkstra(graph, directed=False, unweighted=True)
    return float((np.outer(a, a) / (1.0 + steps)).sum() / landscape**2)


def probability_of_connectivity(area: ArrayLike, chance: ArrayLike, landscape: float) -> float:
    r"""Probability of connectivity, :math:`\sum_i\sum_j a_i a_j p^*_{ij} / A_L^2` with the best way between two [1].

    Parameters
    ----------
    chance : (n, n) probability that a creature gets from one patch straight to another.

    References
    ----------
    Saura & Pascual-Hortal (2007), Landscape and Urban Planning 83.

    Examples
    --------
    >>> p = [[1, 0.5, 0], [0.5, 1, 0.8], [0, 0.8, 1]]
    >>> round(probability_of_connectivity([10, 20, 30], p, 100), 9)
    0.28
    """
    a, p = np.asarray(area, dtype=float), np.asarray(chance, dtype=float)
    with np.errstate(divide="ignore"):
        length = np.where(p > 0, -np.log(p), np.inf)
    np.fill_diagonal(length, 0.0)
    tail, head = np.nonzero(np.isfinite(length) & ~np.eye(len(a), dtype=bool))
    graph = coo_matrix((np.maximum(length[tail, head], 1e-300), (tail, head)), shape=(len(a), len(a)))
    return float((np.outer(a, a) * np.exp(-dijkstra(graph, directed=False))).sum() / landscape**2)


def mesh_size(area: ArrayLike, landscape: float) -> float:
    r"""Effective mesh size, :math:`\sum A_i^2 / A_t` (Jaeger 2000), in the unit of the areas.

    >>> mesh_size([10, 20, 30], 100)
    14.0
    """
    return float((np.asarray(area, dtype=float) ** 2).sum() / landscape)


def joined(shape: shapely.Geometry, ends: tuple[shapely.Geometry, shapely.Geometry], width: float) -> bool:
    """Whether a corridor of at least a width [m] joins two places within a shape.

    The shape is eroded by half the width; one piece of it must then come within half the width of both ends.

    Examples
    --------
    Two squares joined by a strip of 20 m.

    >>> west, east = shapely.box(0, 0, 100, 100), shapely.box(200, 0, 300, 100)
    >>> green = shapely.union_all([west, east, shapely.box(100, 40, 200, 60)])
    >>> joined(green, (west, east), 15), joined(green, (west, east), 25)
    (True, False)
    """
    parts = shapely.get_parts(shapely.buffer(shape, -width / 2, join_style="mitre"))
    near = [shapely.dwithin(parts, end, width / 2 + 1e-6) for end in ends]
    return bool((near[0] & near[1]).any())


@measure(unit="1", en="connectivity of green (IIC)", zh="绿地整体连通性指数", given={"within": "m"}, reads=("green",))
def green_connectivity(city: City, *, within: float, kinds: Sequence[str] = ()) -> float:
    """Integral index of connectivity of green patches, linked where they lie within a distance [1].

    Parameters
    ----------
    within : distance that creatures cross between two patches [m]; it depends on the species.
    kinds : kinds of green that count; all where empty.

    Examples
    --------
    One park of 2,500 m2 on 10,000 m2.

    >>> from twin.gis.grid import grid_city
    >>> green_connectivity(grid_city(1), within=100)
    0.0625
    """
    shapes = _green(city, kinds)

    def compute() -> float:
        pairs = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=within)
        links = [(int(i), int(j)) for i, j in pairs.T if i < j]
        return connectivity_index(shapely.area(shapes), links, float(shapely.area(city.land())))

    owners = (city.table("green"), city.layers.get("boundary", city.population))
    return city.memory.of(("iic", within, tuple(kinds)), owners, compute)


@measure(
    unit="1",
    en="green that hangs together at a width",
    zh="达到净宽的连续绿地比例",
    given={"width": "m"},
    reads=("green",),
)
def green_joined(city: City, *, width: float, kinds: Sequence[str] = ()) -> float:
    """Green in the largest piece that nowhere is narrower than a width, over all green [1].

    Patches up to a metre apart are one; the green is opened by half the width (eroded, then grown back).

    Examples
    --------
    A park of 50 m x 50 m is wide enough for 40 m and not for 60 m.

    >>> from twin.gis.grid import grid_city
    >>> round(green_joined(grid_city(5), width=40), 2), green_joined(grid_city(5), width=60)
    (1.0, 0.0)
    """
    shapes = _green(city, kinds)

    def compute() -> float:
        whole = shapely.union_all(shapely.buffer(shapes, 0.5, join_style="mitre"))
        core = shapely.get_parts(shapely.buffer(whole, -width / 2 - 0.5, join_style="mitre"))
        grown = shapely.area(shapely.intersection(shapely.buffer(core, width / 2, join_style="mitre"), whole))
        return float(min(grown.max(initial=0.0) / shapely.area(shapely.union_all(shapes)), 1.0))

    return city.memory.of(("joined", width, tuple(kinds)), (city.table("green"),), compute)


@measure(unit="m2", en="largest built cluster", zh="最大连片建成区面积", given={"gap": "m"}, reads=("land_use",))
def largest_cluster(city: City, *, gap: float = 100.0) -> float:
    """Area of the largest cluster of built-on land [m2]; plots at most `gap` apart are one, streets between them count.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> round(largest_cluster(grid_city(5)))
    250000
    """
    table = city.table("land_use")
    built = table.geometry.to_numpy()[table["use"].isin(BUILT).to_numpy()]
    if not len(built):
        raise MissingData(f"{city.name}: land_use has no land that is built on", layer="land_use", column="use")

    def compute() -> float:
        return float(shapely.area(shapely.get_parts(merged(built, gap))).max())

    return city.memory.of(("cluster", gap), (table,), compute)


@measure(unit="1", en="buildings with trees near", zh="邻近树木的建筑比例", given={"within": "m"}, reads=("buildings",))
def trees_near(city: City, *, within: float, least: int = 3) -> Share:
    """Share of the buildings with so many trees of the layer ``trees`` within a distance of their walls.

    References
    ----------
    Konijnendijk (2022), the 3 of 3-30-300, by the proxy of three trees within 15 m.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> from twin.measures.land import with_buildings
    >>> trees_near(with_trees(with_buildings(grid_city(1))), within=15).value
    1.0
    """
    built, trees = city.table("buildings"), city.table("trees")

    def compute() -> NDArray[np.int64]:
        near, _ = shapely.STRtree(trees.geometry.to_numpy()).query(
            built.geometry.to_numpy(), predicate="dwithin", distance=within
        )
        return np.asarray(np.bincount(near, minlength=len(built)), dtype=np.int64)

    count = city.memory.of(("trees near", within), (built, trees), compute)
    return Share.of(count >= least, np.ones(len(built)), layer="buildings", persons=False)


def with_trees(city: City) -> City:
    """A city with four trees beside its building, for examples."""
    import geopandas as gpd

    at = shapely.points([[0.0, 0.0], [5.0, 0.0], [62.0, 20.0], [99.0, 99.0]])
    return city.with_layer("trees", gpd.GeoDataFrame({"id": range(4)}, geometry=at, crs=city.crs))


def _green(city: City, kinds: Sequence[str]) -> NDArray[np.object_]:
    table = city.table("green")
    shapes = table.geometry.to_numpy()
    kept: NDArray[np.object_] = shapes if not kinds else shapes[table["kind"].isin(kinds).to_numpy()]
    if not len(kept):
        raise MissingData(f"{city.name}: green has no {list(kinds) or 'row'}", layer="green", column="kind")
    return kept
