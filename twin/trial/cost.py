"""The cost of compliance: which facilities, how many, and how much of them, until a clause holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import inf
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from twin.errors import TwinError
from twin.gis.kinds import kinds
from twin.measures import Share
from twin.model import City
from twin.report.content import Text
from twin.report.words import told
from twin.standards import Clause
from twin.standards.check import holds, measured
from twin.standards.words import limit_words
from twin.trial.near import Near, reduced
from twin.trial.parts import Cost, Gap, Site
from twin.trial.words import word

__all__ = ["MOST", "cost_of", "with_sites"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
#: Kind, easting and northing of a new site [m].
Stand = tuple[str, float, float]
_NAN = float("nan")

#: New sites that are tried before it is said that they are not the way.
MOST = 400
#: Places that are tried as sites in a round, one a square.
CANDIDATES = 200
#: Columns that a new facility takes from the median of its kind.
_SIZES = {"capacity": "person", "area": "m2", "floor_area": "m2"}


def cost_of(
    city: City, clause: Clause, found: Any, limits: Mapping[str, float], near: Near | None
) -> tuple[Cost | Gap, City | None]:
    r"""What would have to be built until a clause holds, and the city with it.

    New sites are added one after the other where each helps most (greedy), among places where those live who are left
    out. A greedy cover needs at most :math:`1 + \ln n` times the fewest sites (Chvátal 1979, Mathematics of Operations
    Research 4(3), 233–235); how many are needed at least is stated beside it.
    """
    value = float(getattr(found, "value", found))
    if not limits:
        return Gap(word("gap_no_limit")), None
    if holds(value, limits):
        return Gap(word("gap_holds")), None
    if clause.measure == "sized" and isinstance(found, Share):
        return _enlarged(city, clause, found, limits), None
    if near is not None and near.within < inf and (near.asks == "mean" or _target(near, limits) < inf):
        return _covering(city, clause, near, limits)
    if (
        clause.kinds
        and "facilities" in clause.meter.reads
        and not hasattr(found, "rows")
        and not isinstance(found, Share)
    ):
        return _counted(city, clause, value, limits)
    return Gap(_why(clause, value, limits)), None


def _why(clause: Clause, value: float, limits: Mapping[str, float]) -> Text:
    if clause.kinds and "facilities" in clause.meter.reads:
        return word("gap_not_worked_out", measure=Text(clause.meter.en, clause.meter.zh))
    asked = limit_words(limits, clause.meter.unit)
    return word("gap_not_by_sites", value=told(value, clause.meter.unit), limit=Text(*asked))


def with_sites(city: City, stands: Sequence[Stand], *, least_area: float = 0.0) -> City:
    """The city with new facilities (kind, easting, northing [m]), each of the median size of its kind."""
    if not stands:
        return city
    table = city.facilities
    rows: dict[str, list[Any]] = {"id": [], "kind": [], "name": [], **{column: [] for column in _SIZES}}
    sizes = {kind: _median(city, kind) for kind in {kind for kind, _, _ in stands}}
    for number, (kind, _, _) in enumerate(stands):
        label = f"trial {kind} {len(table) + number}"
        rows["id"].append(label)
        rows["kind"].append(kind)
        rows["name"].append(label)
        for column, size in sizes[kind].items():
            fit = max(size, least_area) if column == "area" and least_area > 0 and size == size else size  # noqa: PLR0124
            rows[column].append(least_area if column == "area" and least_area > 0 and fit != fit else fit)  # noqa: PLR0124
    shapes = shapely.points([(x, y) for _, x, y in stands])
    return city.with_rows("facilities", gpd.GeoDataFrame(rows, geometry=shapes, crs=city.crs))


def _median(city: City, kind: str) -> dict[str, float]:
    table = city.facilities
    here = table[(table["kind"] == kind) & table["open"]]
    found = {}
    for column in _SIZES:
        values = here[column].to_numpy(dtype=float) if column in here.columns else np.empty(0)
        values = values[~np.isnan(values)]
        found[column] = float(np.median(values)) if len(values) else _NAN
    return found


# ── nearness ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _covering(city: City, clause: Clause, near: Near, limits: Mapping[str, float]) -> tuple[Cost | Gap, City | None]:
    """Greedy sites for a clause on nearness; the value with them is measured anew on the city with them."""
    add = _greedy_mean if near.asks == "mean" else _greedy_cover
    stands, values, least = add(near, limits)
    if not stands:
        return Gap(word("gap_no_site")), None
    after = with_sites(city, stands, least_area=near.least_area)
    value = float(measured(after, clause, clause.meter).value)
    sites = tuple(Site(kind, x, y, v) for (kind, x, y), v in zip(stands, values, strict=True))
    cost = Cost(sites, least, value, holds(value, limits), _NAN, "", word("method_greedy", kind=_kinds(near)))
    return cost, after


def _kinds(near: Near) -> Text:
    named = [group[0] for group in near.groups]
    labels = [kinds().get(kind) for kind in named]
    en = ", ".join(label.en if label else kind for label, kind in zip(labels, named, strict=True))
    zh = "、".join(label.zh if label else kind for label, kind in zip(labels, named, strict=True))
    return Text(en, zh)


def _target(near: Near, limits: Mapping[str, float]) -> float:
    """Share of the weight that has to be near enough [1]."""
    if near.asks == "percentile":
        return near.share
    return limits.get("at_least", limits.get("more_than", inf) + 1e-6)  # more than, not just as much


def _greedy_cover(near: Near, limits: Mapping[str, float]) -> tuple[list[Stand], list[float], int]:
    """Sites one after the other, each where the most weight that is left out comes within reach.

    The fewest that may do, where one round of places sufficed: the sites cannot together gain more than the sum of
    what each would gain alone. Where facilities of several groups have to be near, a place that lacks two of them
    counts half for each.
    """
    weight, total = near.who.weight, near.who.weight.sum()
    lacks = near.by_group() > near.within
    need = _target(near, limits) * total
    short = need - _served(lacks, weight)
    stands: list[Stand] = []
    values: list[float] = []
    alone: list[float] = []
    rounds = 0
    while _served(lacks, weight) < need * (1 - 1e-12) and len(stands) < MOST:
        points = _candidates(near, lacks.any(axis=0) & (weight > 0))
        rounds += 1
        added = len(stands)
        for (group, point), gain in _round(near.covers(points), lacks, weight):
            alone = alone or sorted(gain.ravel(), reverse=True)
            place = points.geometry.iloc[point]
            stands.append((near.groups[group][0], float(place.x), float(place.y)))
            values.append(_served(lacks, weight) / total)
            if values[-1] * total >= need * (1 - 1e-12) or len(stands) == MOST:
                break
        if len(stands) == added:
            break
    if rounds != 1 or len(near.groups) > 1:
        return stands, values, 0
    return stands, values, int(np.searchsorted(np.cumsum(alone), short * (1 - 1e-9))) + 1


def _served(lacks: Mask, weight: Floats) -> float:
    return float(weight[~lacks.any(axis=0)].sum())


def _round(covers: Mask, lacks: Mask, weight: Floats) -> Iterator[tuple[tuple[int, int], Floats]]:
    """Group and point of the next best site, and what each would have gained; `lacks` is kept up to date.

    Only what a site changes is summed anew.
    """
    asks = lacks * weight / np.maximum(lacks.sum(axis=0), 1)
    gain = asks @ covers  # (groups, points)
    while True:
        group, point = (int(number) for number in np.unravel_index(int(gain.argmax()), gain.shape))
        if not gain[group, point] > 1e-9 * weight.sum():
            return
        before = gain.copy()
        new = np.flatnonzero(lacks[group] & covers[:, point])
        lacks[group, new] = False
        fresh = lacks[:, new] * weight[new] / np.maximum(lacks[:, new].sum(axis=0), 1)
        gain += (fresh - asks[:, new]) @ covers[new]
        asks[:, new] = fresh
        yield (group, point), before


def _greedy_mean(near: Near, limits: Mapping[str, float]) -> tuple[list[Stand], list[float], int]:
    """Sites one after the other, each where most of those beyond reach come within it, then where the mean falls."""
    weight, cost = near.who.weight, near.costs()
    points = _candidates(near, weight > 0)
    table = near.matrix(points)
    stands: list[Stand] = []
    values: list[float] = []

    def score(costs: Floats) -> tuple[float, float]:
        here = np.isfinite(costs)
        return float(weight[~here].sum()), float(weight[here] @ costs[here])

    while len(stands) < MOST // 4 and not holds(near.value(cost), limits):
        scores = [score(np.minimum(cost, column)) for column in table.T]
        point = min(range(len(points)), key=lambda number: scores[number])
        if not scores[point] < score(cost):
            break
        cost = np.minimum(cost, table[:, point])
        place = points.geometry.iloc[point]
        stands.append((near.groups[0][0], float(place.x), float(place.y)))
        values.append(near.value(cost))
    return stands, values, 0


def _candidates(near: Near, out: Mask) -> gpd.GeoDataFrame:
    """Places of those left out, thinned to one a square: the one nearest to its middle."""
    rows = np.flatnonzero(out)
    points = shapely.point_on_surface(near.who.table.geometry.to_numpy()[rows])
    x, y = shapely.get_x(points), shapely.get_y(points)
    if len(rows) > CANDIDATES:
        side = float(np.sqrt((np.ptp(x) + 1) * (np.ptp(y) + 1) / CANDIDATES))
        while True:
            column, row = np.floor(x / side), np.floor(y / side)
            off = np.hypot(x - (column + 0.5) * side, y - (row + 0.5) * side)
            order = np.lexsort((off, column, row))
            first = np.r_[True, (np.diff(row[order]) != 0) | (np.diff(column[order]) != 0)]
            if first.sum() >= CANDIDATES * 0.6 or side < 1:
                points = points[np.sort(order[first])]
                break
            side *= 0.85
    return gpd.GeoDataFrame(geometry=points, crs=near.city.crs)


# ── amounts ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _counted(city: City, clause: Clause, value: float, limits: Mapping[str, float]) -> tuple[Cost | Gap, City | None]:
    """The fewest new facilities of median size with which a measure of supply meets its limit, by bisection."""
    kind = clause.kinds[0]
    places = _where(city, kind)
    city = reduced(city, clause)  # what is measured again and again is small
    if not places:
        return Gap(word("gap_no_site")), None

    def tried(count: int) -> tuple[float, City]:
        after = with_sites(city, [(kind, x, y) for x, y in places[:count]])
        got = measured(after, clause, clause.meter)
        return float(getattr(got, "value", got)), after

    try:
        if tried(1)[0] == value:
            return Gap(word("gap_no_effect", kind=_label(kind))), None
        top = 1
        while not holds(tried(top)[0], limits) and top < len(places):
            top = min(2 * top, len(places))
        low = 0
        while holds(tried(top)[0], limits) and top - low > 1:
            middle = (low + top) // 2
            low, top = (low, middle) if holds(tried(middle)[0], limits) else (middle, top)
        then, after = tried(top)
        path = [tried(number)[0] for number in range(1, top + 1)] if top <= 40 else [_NAN] * (top - 1) + [then]
    except TwinError as error:
        return Gap(Text(str(error), str(error))), None
    column = next((c for c in (clause.arguments().get("area"), clause.arguments().get("amount")) if c in _SIZES), "")
    column = column or {"area_per_head": "area", "area_per_household": "floor_area", "amount_per_head": "capacity"}.get(
        clause.measure, ""
    )
    size = _median(city, kind).get(column, _NAN)
    sites = tuple(Site(kind, *places[i], path[i]) for i in range(top))
    method = word("method_counted", kind=_label(kind))
    cost = Cost(sites, top, then, holds(then, limits), size * top, _SIZES.get(column, ""), method)
    return cost, after


def _label(kind: str) -> Text:
    known = kinds().get(kind)
    return Text(known.en, known.zh) if known else Text(kind, kind)


def _where(city: City, kind: str) -> list[tuple[float, float]]:
    """Places for new sites, each where most person-metres to the nearest site remain (straight)."""
    if not len(city.population):
        return []
    homes = city.population.geometry.to_numpy()
    people = np.nan_to_num(city.population["people"].to_numpy(dtype=float))
    x, y = shapely.get_x(homes), shapely.get_y(homes)
    table = city.facilities
    here = table.geometry.to_numpy()[((table["kind"] == kind) & table["open"]).to_numpy()]
    gap = np.full(len(homes), np.inf)
    if len(here):
        _, gap = shapely.STRtree(here).query_nearest(homes, return_distance=True, all_matches=False)
    found: list[tuple[float, float]] = []
    for _ in range(MOST):
        burden = people * (gap if np.isfinite(gap).all() else 1.0)
        at = int(np.argmax(burden))
        found.append((float(x[at]), float(y[at])))
        gap = np.fmin(gap, np.hypot(x - x[at], y - y[at]))
    return found


def _enlarged(city: City, clause: Clause, found: Share, limits: Mapping[str, float]) -> Cost | Gap:
    """How many facilities must grow, the nearest to the size first, and by how much together."""
    given = {name: p.default for name, p in clause.meter.parameters.items()} | clause.arguments()
    column, least = str(given["size"]), float(given["least"])
    target = next((limits[key] for key in ("at_least", "more_than") if key in limits), inf)
    here = found.weight > 0
    short = np.flatnonzero(here & ~found.reached)
    size = city.column("facilities", column)[short]
    gap = np.sort((least - size)[size < least])
    need = int(np.ceil(target * here.sum() - 1e-9)) - int((here & found.reached).sum())
    if need > len(gap) or need <= 0:
        return Gap(word("gap_too_large"))
    then = (float((here & found.reached).sum()) + need) / float(here.sum())
    method = word("method_enlarged", n=need)
    return Cost((), need, then, holds(then, limits), float(gap[:need].sum()), _SIZES.get(column, ""), method)
