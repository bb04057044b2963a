"""Where to put facilities: p-median, maximal covering and set covering, solved exactly where that is possible.

The status is never better than what was proved: ``optimal`` only where the solver closed the gap, else ``feasible``
with the gap stated, or ``heuristic`` where there is no bound at all.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_matrix, csr_matrix, hstack, identity, vstack

from twin.errors import DataError, MissingData, UnknownName
from twin.gis.kinds import known_kind
from twin.model import City
from twin.model.snap import snap_table
from twin.routing.paths import in_chunks
from twin.routing.reach import reach
from twin.units import quantity

__all__ = ["cover_all", "cover_most", "median", "site"]

#: Candidates and demand are thinned to about so many nodes, each standing for its neighbours.
CANDIDATES = 250
#: Largest p-median that is handed to the exact solver (sites x demand).
EXACT = 30_000
#: Seconds the exact solver may take.
PATIENCE = 30.0

Floats = NDArray[np.float64]


def site(
    city: City,
    kind: str,
    *,
    count: int | None = None,
    within: float | str | None = None,
    objective: str | None = None,
    candidates: gpd.GeoDataFrame | None = None,
) -> gpd.GeoDataFrame:
    """Compute sites for a kind of facility, on the walk network.

    Parameters
    ----------
    count : number of sites.
    within : largest travel time that counts as served [s], or ``"15 minute"``.
    objective : ``median`` (least mean travel time; default with `count` alone), ``cover_most`` (most people served;
        default with both), ``cover_all`` (fewest sites that serve all that can be served; default with `within` alone).
    candidates : points to choose from; nodes spread over the people's streets where not given.

    Returns
    -------
    GeoDataFrame : id, kind, name, geometry; ``attrs`` has status, objective, bound, gap, candidates. The objective is
        people served, people-seconds, or a number of sites, measured from door to site as clauses do; the status is
        that among the candidates. Sites that stand already are left out of account: see `Layout`.

    Raises
    ------
    DataError : neither `count` nor `within`, or more sites than candidates.
    """
    chosen = objective or {(True, False): "median", (True, True): "cover_most", (False, True): "cover_all"}.get(
        (count is not None, within is not None), ""
    )
    if chosen not in {"median", "cover_most", "cover_all"}:
        if chosen:
            raise UnknownName("objective", chosen, ("median", "cover_most", "cover_all"))
        raise DataError("site: say how many (count), how near (within), or both")
    net = city.network("walk")
    hung = city.snap("population", "walk")
    limit = quantity(within, unit="s", where="within") if within is not None else 0.0
    if within is not None and limit <= 0:
        raise DataError(f"site: a travel time above 0 s, not {limit:g}", column="within")
    known_kind(kind, city.facilities["kind"])
    if not len(hung):
        raise MissingData(
            f"{city.name}: there is no population on the walk network to place sites for", layer="population"
        )
    people = np.bincount(
        hung["node"], weights=city.column("population", "people")[hung.index], minlength=net.graph.count
    )
    demand = np.flatnonzero(people > 0)
    options = _candidates(city, demand, candidates)
    if count is not None and not 1 <= count <= len(options):
        raise DataError(f"site: between 1 and {len(options)} sites can be chosen from the candidates, not {count}")
    cost, weight = _door_to_door(city, options), city.column("population", "people")
    cost, weight = cost[weight > 0], weight[weight > 0]
    if chosen == "median":
        result = median(cost, weight, count or 1)
    elif chosen == "cover_most":
        result = cover_most(cost <= limit, weight, count or 1)
    else:
        result = cover_all(cost <= limit)
    picked, facts = result
    rows = options[picked]
    sites = gpd.GeoDataFrame(
        {
            "id": [f"{kind} {i + 1}" for i in range(len(rows))],
            "kind": kind,
            "name": [f"computed {kind} {i + 1}" for i in range(len(rows))],
        },
        geometry=shapely.points(net.x[rows], net.y[rows]),
        crs=city.crs,
    )
    sites.attrs.update(facts, candidates=len(options))
    return sites


def _door_to_door(city: City, options: NDArray[np.int64]) -> Floats:
    """Travel time from each row of the population to each candidate node, as a facility there would be reached [s]."""
    net = city.network("walk")
    stands = gpd.GeoDataFrame(geometry=shapely.points(net.x[options], net.y[options]), crs=city.crs)
    hung, homes = snap_table(net, stands), city.snap("population", "walk")
    cost = np.empty((len(city.population), len(options)))

    def some(part: slice) -> None:
        for column in range(part.start, part.stop):
            one = np.arange(len(options)) == column
            cost[:, column] = reach(net, homes, hung, count=len(cost), cost="time", serving=one).cost

    in_chunks(some, len(options))
    return cost


def _candidates(city: City, demand: NDArray[np.int64], given: gpd.GeoDataFrame | None) -> NDArray[np.int64]:
    net = city.network("walk")
    if given is not None:
        hung = snap_table(net, given)
        if not len(hung):
            raise DataError("site: no candidate lies near the walk network; check their CRS", layer="candidates")
        return np.unique(hung["node"].to_numpy())
    if len(demand) <= CANDIDATES:
        return demand
    side = np.sqrt((np.ptp(net.x[demand]) + 1) * (np.ptp(net.y[demand]) + 1) / CANDIDATES)
    while True:  # one node a square: the one nearest to its middle
        row, column = np.floor(net.y[demand] / side), np.floor(net.x[demand] / side)
        off = np.hypot(net.x[demand] - (column + 0.5) * side, net.y[demand] - (row + 0.5) * side)
        order = np.lexsort((off, column, row))
        first = np.r_[True, (np.diff(row[order]) != 0) | (np.diff(column[order]) != 0)]
        if first.sum() >= CANDIDATES * 0.6 or side < 1:
            return np.sort(demand[order[first]])
        side *= 0.85


def cover_most(near: NDArray[np.bool_], weight: Floats, count: int) -> tuple[NDArray[np.int64], dict[str, Any]]:
    r"""Maximal covering (Church & ReVelle 1974).

    .. math:: \max \sum_i w_i z_i, \quad z_i \le \sum_j a_{ij} x_j, \quad \sum_j x_j = p

    Parameters
    ----------
    near : (demand, sites) bool, which site serves whom.
    weight : (demand,) people.
    """
    sites = near.shape[1]
    alike, group = np.unique(near[near.any(axis=1)], axis=0, return_inverse=True)  # whom the same sites serve
    w = np.bincount(group.reshape(-1), weights=weight[near.any(axis=1)], minlength=len(alike))
    a = csr_matrix(alike.astype(float))
    link = hstack([a, -identity(len(w))], format="csr")
    number = csr_matrix(np.r_[np.ones(sites), np.zeros(len(w))])
    found = milp(
        np.r_[np.zeros(sites), -w],
        constraints=[LinearConstraint(link, 0, np.inf), LinearConstraint(number, count, count)],
        bounds=Bounds(0, 1),
        integrality=np.r_[np.ones(sites), np.zeros(len(w))],
        options={"time_limit": PATIENCE},
    )
    picked = _picked(found, sites)
    if picked is None:
        picked = _greedy_cover(near, weight, count)
    value = float(weight[near[:, picked].any(axis=1)].sum())
    return picked, _facts(found, value, sign=-1.0)


def cover_all(near: NDArray[np.bool_]) -> tuple[NDArray[np.int64], dict[str, Any]]:
    """Set covering (Toregas 1971): the fewest sites that serve everybody whom some site can serve."""
    sites = near.shape[1]
    served = near.any(axis=1)
    if not served.any():
        raise MissingData("site: no candidate serves anybody within that time")
    found = milp(
        np.ones(sites),
        constraints=LinearConstraint(csr_matrix(np.unique(near[served], axis=0).astype(float)), 1, np.inf),
        bounds=Bounds(0, 1),
        integrality=np.ones(sites),
        options={"time_limit": PATIENCE},
    )
    picked = _picked(found, sites)
    if picked is None:
        picked = _greedy_cover(near, np.ones(len(near)), sites)
    return picked, _facts(found, float(len(picked))) | {"left_out": int((~served).sum())}


def median(cost: Floats, weight: Floats, count: int) -> tuple[NDArray[np.int64], dict[str, Any]]:
    r"""p-median (Hakimi 1964): :math:`\min \sum_i w_i c_{i,s(i)}`; exact where small, else by vertex interchange.

    Parameters
    ----------
    cost : (demand, sites); rows that reach no site are left out.
    """
    reach = np.isfinite(cost).any(axis=1)
    far = 10.0 * float(cost[np.isfinite(cost)].max(initial=1.0))
    c, w = np.where(np.isfinite(cost[reach]), cost[reach], far), weight[reach]
    picked = _interchange(c * w[:, None], count)
    value = float((c[:, picked].min(axis=1) * w).sum())
    if c.size > EXACT:
        return picked, {"status": "heuristic", "objective": value, "bound": float("nan"), "gap": float("nan")}
    found = _exact_median(c, w, count)
    exact = _picked(found, c.shape[1])
    if exact is not None and float((c[:, exact].min(axis=1) * w).sum()) < value:
        picked, value = exact, float((c[:, exact].min(axis=1) * w).sum())
    return picked, _facts(found, value)


def _exact_median(c: Floats, w: Floats, count: int) -> Any:
    rows, sites = c.shape
    pairs = rows * sites
    who, where = np.repeat(np.arange(rows), sites), np.tile(np.arange(sites), rows)
    assign = coo_matrix((np.ones(pairs), (who, sites + np.arange(pairs))), shape=(rows, sites + pairs))
    each = np.arange(pairs)
    opened = coo_matrix(
        (np.r_[np.ones(pairs), -np.ones(pairs)], (np.r_[each, each], np.r_[where, sites + each])),
        shape=(pairs, sites + pairs),
    )
    number = csr_matrix(np.r_[np.ones(sites), np.zeros(pairs)])
    return milp(
        np.r_[np.zeros(sites), (c * w[:, None]).ravel()],
        constraints=[
            LinearConstraint(vstack([assign, number]), np.r_[np.ones(rows), count], np.r_[np.ones(rows), count]),
            LinearConstraint(opened, 0, np.inf),
        ],
        bounds=Bounds(0, 1),
        integrality=np.r_[np.ones(sites), np.zeros(pairs)],
        options={"time_limit": PATIENCE},
    )


def _interchange(cost: Floats, count: int) -> NDArray[np.int64]:
    """Greedy start, then swaps of one site for another while any helps (Teitz & Bart 1968)."""
    chosen: list[int] = []
    best = np.full(len(cost), np.inf)
    for _ in range(count):
        gain = np.minimum(cost, best[:, None]).sum(axis=0)
        gain[chosen] = np.inf
        chosen.append(int(gain.argmin()))
        best = np.minimum(best, cost[:, chosen[-1]])
    value = float(best.sum())
    while True:
        swap = None
        for out in range(count):
            rest = [s for i, s in enumerate(chosen) if i != out]
            without = cost[:, rest].min(axis=1) if rest else np.full(len(cost), np.inf)
            total = np.minimum(cost, without[:, None]).sum(axis=0)
            if total.min() < value * (1 - 1e-12):
                value, swap = float(total.min()), (out, int(total.argmin()))
        if swap is None:
            return np.sort(np.array(chosen))
        chosen[swap[0]] = swap[1]


def _greedy_cover(near: NDArray[np.bool_], weight: Floats, count: int) -> NDArray[np.int64]:
    left, chosen = weight.copy(), []
    for _ in range(count):
        gain = left @ near
        if gain.max() <= 0:
            break
        chosen.append(int(gain.argmax()))
        left[near[:, chosen[-1]]] = 0.0
    return np.sort(np.array(chosen, dtype=np.int64))


def _picked(found: Any, sites: int) -> NDArray[np.int64] | None:
    return None if found.x is None else np.flatnonzero(found.x[:sites] > 0.5)


def _facts(found: Any, value: float, *, sign: float = 1.0) -> dict[str, Any]:
    bound = float("nan") if found.mip_dual_bound is None else sign * float(found.mip_dual_bound)
    gap = abs(bound - value) / max(abs(value), 1e-9)
    status = "optimal" if found.status == 0 and gap <= 1e-4 else "feasible" if gap == gap else "heuristic"  # noqa: PLR0124
    return {"status": status, "objective": value, "bound": bound, "gap": gap}
