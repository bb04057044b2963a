"""Space: densities, spacing and separation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.errors import MissingData
from twin.measures.measure import Statistic, measure
from twin.measures.places import Kinds, sites
from twin.measures.streets import of_class
from twin.model import City, Network

__all__ = ["facility_density", "merged", "network_density", "open_space_share", "separation", "spacing"]


@measure(unit="m/m2", en="network density", zh="路网密度", given={"gap": "m"}, reads=("drive",))
def network_density(
    city: City, *, network: str = "drive", on: str = "area", gap: float = 40.0, classes: Sequence[str] = ()
) -> float:
    """Length of open edges within the land, over its area [m/m2]; bridges and tunnels count, ferries do not.

    Parameters
    ----------
    on : ``area`` (the city's land) or ``residential_land``.
    gap : residential land is mapped plot by plot, and the streets run between the plots; what separates two plots by at
        most so much belongs to the land [m].
    classes : classes of edge that count, such as trunk, primary; all where empty.

    Examples
    --------
    A grid of 5 x 5 blocks of 100 m has 60 of them, 6 km on 0.25 km2; its outer 20 lie on the rim and count.

    >>> from twin.gis.grid import grid_city
    >>> round(network_density(grid_city(5), network="walk"), 6)
    0.024
    """
    net = city.network(network)
    key, owners = ("inside", on, gap), (net.graph, _ground(city, on))
    area, inside = city.memory.of(
        key, owners, lambda: _inside(net, city.land() if on == "area" else _residential(city, gap))
    )
    return float(inside[net.open & of_class(net, classes)].sum() / area)


@measure(unit="1/m2", en="facility density", zh="设施密度", reads=("facilities",))
def facility_density(city: City, *, facility: Kinds) -> float:
    """Open facilities of a kind over the city's land [1/m2].

    Examples
    --------
    One clinic on 0.25 km2.

    >>> from twin.gis.grid import grid_city
    >>> facility_density(grid_city(5), facility="clinic") * 1e6
    4.0
    """
    return float(sites(city, facility).sum() / shapely.area(city.land()))


@measure(unit="m", en="spacing", zh="间距", given={"share": "1"}, reads=("facilities",))
def spacing(city: City, *, facility: Kinds, share: float = 1.0) -> Statistic:
    """Straight distance from each open facility to its nearest neighbour of the kind: the largest, or a quantile [m].

    Parameters
    ----------
    share : 1 for the largest, 0.5 for the median [1].

    Raises
    ------
    MissingData : fewer than two open facilities.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> spacing(grid_city(5), facility="bus_stop").value
    500.0
    """
    serving = sites(city, facility)
    if serving.sum() < 2:
        raise MissingData(
            f"{city.name}: spacing needs two open facilities, there are {int(serving.sum())}", layer="facilities"
        )
    points = shapely.point_on_surface(city.facilities.geometry.to_numpy()[serving])
    tree = shapely.STRtree(points)
    (_, _), gap = tree.query_nearest(points, exclusive=True, return_distance=True, all_matches=False)
    rows = np.full(len(serving), np.nan)
    rows[serving] = gap
    value = float(np.quantile(gap, share, method="inverted_cdf"))
    return Statistic(value, rows, serving.astype(float), "facilities", persons=False)


@measure(unit="m", en="separation", zh="防护距离", reads=("facilities",))
def separation(city: City, *, facility: Kinds, hazard: Kinds) -> Statistic:
    """Straight distance from each open facility to the nearest hazard, rim to rim: the smallest [m].

    Parameters
    ----------
    hazard : kinds that must be kept away from.

    Examples
    --------
    The clinic in the corner and the nearest bus stop, 100 m along the same side.

    >>> from twin.gis.grid import grid_city
    >>> separation(grid_city(5), facility="clinic", hazard="bus_stop").value
    100.0
    """
    serving, danger = sites(city, facility), sites(city, hazard)
    if not serving.any() or not danger.any():
        raise MissingData(f"{city.name}: a separation needs both an open facility and a hazard", layer="facilities")
    shapes = city.facilities.geometry.to_numpy()
    (which, _), gap = shapely.STRtree(shapes[danger]).query_nearest(
        shapes[serving], return_distance=True, all_matches=False
    )
    rows = np.full(len(serving), np.nan)
    rows[np.flatnonzero(serving)[which]] = gap
    return Statistic(float(gap.min()), rows, serving.astype(float), "facilities", persons=False)


@measure(unit="1", en="open public space in land", zh="公共开放空间占比", given={"street_width": "m"}, reads=("green",))
def open_space_share(city: City, *, street_width: float = 0.0) -> float:
    """Share of the city's land that is open public space: public green and squares, and streets of a stated width [1].

    A closed street is still public space.

    Parameters
    ----------
    street_width : width of the land that streets take; streets are left out where it is 0 [m].

    References
    ----------
    UN SDG indicator 11.7.1 (metadata): open public space and streets over built-up area.

    Examples
    --------
    A park of 50 m x 50 m on 0.25 km2.

    >>> from twin.gis.grid import grid_city
    >>> open_space_share(grid_city(5))
    0.01
    """
    green, net = city.table("green"), city.network("drive") if street_width > 0 else None

    def compute() -> float:
        shapes = list(green.geometry.to_numpy()[green["public"].to_numpy(dtype=bool)])
        if net is not None:
            kept = ~net.columns["tunnel"] & (net.columns["class"] != "ferry")
            shapes.extend(shapely.buffer(net.shapes[kept], street_width / 2, quad_segs=2))
        land = city.land()
        return float(shapely.area(shapely.intersection(shapely.union_all(shapes), land)) / shapely.area(land))

    owners = (green, _ground(city, "area"), None if net is None else net.graph)
    return city.memory.of(("open space", street_width), owners, compute)


def _ground(city: City, on: str) -> object:
    """The layer that the land comes from: what was computed on it holds as long as it is the same."""
    return city.layers.get("land_use" if on == "residential_land" else "boundary", city.population)


def _inside(net: Network, land: shapely.Geometry) -> tuple[float, NDArray[np.float64]]:
    """Area of the land, and length of each edge on it; none for ferries."""
    shapely.prepare(land)
    whole = shapely.contains_properly(land, net.shapes)
    length = np.where(whole, shapely.length(net.shapes), 0.0)
    crossing = np.flatnonzero(~whole & shapely.intersects(land, net.shapes))
    length[crossing] = shapely.length(shapely.intersection(net.shapes[crossing], land))
    return float(shapely.area(land)), np.where(net.columns["class"] == "ferry", 0.0, length)


def _residential(city: City, gap: float) -> shapely.Geometry:
    use = city.table("land_use")
    homes = use.geometry[use["use"] == "residential"].to_numpy()
    if not len(homes):
        raise MissingData(f"{city.name}: land_use has no residential land", layer="land_use", column="use")
    return merged(homes, gap)


def merged(plots: NDArray[np.object_], gap: float) -> shapely.Geometry:
    """Plots as one shape, with what lies between those that are at most so far apart [m]."""
    grown = shapely.union_all(shapely.buffer(plots, gap / 2, join_style="mitre"))
    return shapely.buffer(grown, -gap / 2, join_style="mitre")
