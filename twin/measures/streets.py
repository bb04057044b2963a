"""Streets: junctions, widths, lengths for each head, light."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.errors import MissingData, listed
from twin.measures.measure import Statistic, measure
from twin.measures.places import Kinds, places, sites
from twin.model import City, Network

__all__ = ["away_from_junctions", "junction_density", "lamp_streets", "length_per_head", "street_light", "width_share"]

#: Share of the streets whose width must be known before all are judged by them [1].
KNOWN = 0.9


@measure(unit="1/m2", en="junction density", zh="交叉口密度", reads=("drive",))
def junction_density(city: City, *, network: str = "drive", least: int = 3) -> float:
    """Junctions where at least so many open edges meet, within the land, over its area [1/m2].

    Examples
    --------
    The 6 x 6 corners of 5 x 5 blocks are junctions but for the four outer ones: 32 on 0.25 km2.

    >>> from twin.gis.grid import grid_city
    >>> junction_density(grid_city(5), network="walk") * 1e6
    128.0
    """
    net = city.network(network)
    ends = np.concatenate([net.graph.tail[net.open], net.graph.head[net.open]])
    met = np.bincount(ends, minlength=net.graph.count) >= least
    land = city.land()
    inside = city.memory.of(
        ("covers", network),
        (net.graph, city.layers.get("boundary", city.population)),
        lambda: shapely.intersects_xy(land, net.x, net.y),
    )
    return float((met & inside).sum() / shapely.area(land))


@measure(unit="m/person", en="network length per head", zh="人均线网长度", reads=("population",))
def length_per_head(city: City, *, network: str, classes: Sequence[str] = (), of: str = "people") -> float:
    """Length of the open edges of some classes over people [m/person].

    Parameters
    ----------
    classes : classes of edge that count, such as bus, tram; all where empty.

    Examples
    --------
    6 km of streets for 360 people.

    >>> from twin.gis.grid import grid_city
    >>> round(length_per_head(grid_city(5), network="walk"), 6) == round(6000 / 360, 6)
    True
    """
    net = city.network(network)
    length = np.asarray(net.columns["length"], dtype=float)
    return float(length[net.open & of_class(net, classes)].sum() / places(city, of).weight.sum())


@measure(unit="1", en="share of streets of a width", zh="达到宽度要求的道路比例", given={"least": "m", "most": "m"})
def width_share(
    city: City, *, network: str = "drive", least: float = 0.0, most: float = np.inf, classes: Sequence[str] = ()
) -> float:
    """Length of the open edges of some classes that are so wide, over the length of those whose width is known [1].

    Parameters
    ----------
    least, most : width, both inclusive [m].

    Raises
    ------
    MissingData : less than 90 % of the edges of the classes, by length, has a width.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> city = grid_city(5)
    >>> city = city.with_network("drive", city.network("drive").with_columns(width=6.0))
    >>> width_share(city, least=4.0)
    1.0
    """
    net = city.network(network)
    width = widths(city, network)
    length = np.asarray(net.columns["length"], dtype=float)
    asked = net.open & of_class(net, classes)
    counted = asked & ~np.isnan(width)
    _mostly_known(city, network, classes, length, asked, counted)
    fit = counted & (width >= least - 1e-9) & (width <= most + 1e-9)
    return float(length[fit].sum() / length[counted].sum())


@measure(unit="lx", en="mean street illuminance", zh="道路平均照度", reads=("street_lamps", "drive"))
def street_light(
    city: City, *, classes: Sequence[str] = (), utilisation: float = 0.4, maintenance: float = 0.7, within: float = 30.0
) -> float:
    r"""Mean illuminance of the streets of some classes by the utilisation method [lx].

    .. math:: E = U M \sum\Phi / \sum (L W)

    Each lamp lights the carriageway that it stands nearest to; tunnels and closed streets are left out.

    Parameters
    ----------
    classes : classes of street.
    utilisation, maintenance : share of the lamps' light that falls on the carriageway, and that is left with age [1];
        assumptions where no photometric file is at hand.
    within : lamps farther than this from every street light none [m].

    References
    ----------
    CJJ 45-2015, annex: utilisation (lumen) method.

    Examples
    --------
    >>> from twin.gis.grid import grid_city
    >>> street_light(grid_city(5))  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    twin.errors.MissingData: grid of 5 x 5: there is no layer 'street_lamps'
    """
    net = city.network("drive")
    flux = city.column("street_lamps", "flux")
    width = widths(city, "drive")
    nearest = lamp_streets(city, within)
    length = np.asarray(net.columns["length"], dtype=float)
    asked = net.open & of_class(net, classes) & ~np.asarray(net.columns["tunnel"], dtype=bool)
    chosen = asked & ~np.isnan(width)
    _mostly_known(city, "drive", classes, length, asked, chosen)
    area = float((length * np.nan_to_num(width))[chosen].sum())
    here = np.zeros(len(flux), dtype=bool)
    here[nearest >= 0] = chosen[nearest[nearest >= 0]]
    if np.isnan(flux[here]).any():
        raise MissingData(f"{city.name}: some lamps have no flux", layer="street_lamps", column="flux")
    return float(utilisation * maintenance * flux[here].sum() / area)


@measure(unit="m", en="distance from crossings", zh="距干路交叉口距离", reads=("facilities", "drive"))
def away_from_junctions(city: City, *, facility: Kinds, classes: Sequence[str] = (), least: int = 3) -> Statistic:
    """Straight distance from each open facility of a kind to the nearest crossing of some classes: the least [m].

    Parameters
    ----------
    classes : classes of street of which at least so many edges meet at a crossing; all where empty.

    Examples
    --------
    The second stop stands on the crossing at the rim.

    >>> from twin.gis.grid import grid_city
    >>> away_from_junctions(grid_city(5), facility="bus_stop").value
    0.0
    """
    serving, net = sites(city, facility), city.network("drive")
    if not serving.any():
        raise MissingData(f"{city.name}: no open {facility} to ask for", layer="facilities", column="kind")
    kept = net.open & of_class(net, classes)
    met = np.bincount(np.concatenate([net.graph.tail[kept], net.graph.head[kept]]), minlength=net.graph.count) >= least
    if not met.any():
        raise MissingData(f"{city.name}: no crossing of {listed(classes)}", layer="drive", column="class")
    points = shapely.points(net.x[met], net.y[met])
    rows = np.full(len(serving), np.nan)
    shapes = city.facilities.geometry.to_numpy()[serving]
    _, gap = shapely.STRtree(points).query_nearest(shapes, return_distance=True, all_matches=False)
    rows[serving] = gap
    return Statistic(float(gap.min()), rows, serving.astype(float), "facilities", persons=False)


def of_class(net: Network, classes: Sequence[str]) -> NDArray[np.bool_]:
    """Which edges are of some classes; all where none is named."""
    if not classes:
        return np.ones(len(net.graph.tail), dtype=bool)
    return np.isin(np.asarray(net.columns["class"]).astype(str), list(classes))


def widths(city: City, network: str) -> NDArray[np.float64]:
    """Width of each edge [m]; NaN where it is not known."""
    columns = city.network(network).columns
    if "width" not in columns:
        raise MissingData(f"{city.name}: the edges of {network} have no width", layer=network, column="width")
    return np.asarray(columns["width"], dtype=float)


def _mostly_known(
    city: City,
    network: str,
    classes: Sequence[str],
    length: NDArray[np.float64],
    asked: NDArray[np.bool_],
    known: NDArray[np.bool_],
) -> None:
    """Refuse to judge all streets by the few whose width is known."""
    of = f"{network}{' of class ' + listed(classes) if classes else ''}"
    whole = float(length[asked].sum())
    if not whole > 0:
        raise MissingData(f"{city.name}: there is no open edge of {of}", layer=network, column="class")
    share = float(length[known].sum()) / whole
    if share < KNOWN:
        raise MissingData(
            f"{city.name}: {share:.0%} of the length of {of} has a width, {KNOWN:.0%} is needed",
            layer=network,
            column="width",
        )


def lamp_streets(city: City, within: float = 30.0) -> NDArray[np.intp]:
    """Edge of the drive network that each street lamp stands nearest to; -1 where none is so near [m]."""
    lamps, net = city.table("street_lamps"), city.network("drive")
    shapes = lamps.geometry.to_numpy()
    found: NDArray[np.intp] = city.memory.of(("lit", within), (lamps, net.graph), lambda: _nearest(shapes, net, within))
    return found


def _nearest(points: NDArray[np.object_], net: Network, within: float) -> NDArray[np.intp]:
    """Edge that each point lies nearest to; -1 where none is near."""
    found = np.full(len(points), -1, dtype=np.intp)
    which, edge = shapely.STRtree(net.shapes).query_nearest(points, max_distance=within, all_matches=False)
    found[which] = edge
    return found
