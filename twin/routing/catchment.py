"""What lies within reach: weights within a limit, faded with cost if wanted, and floating catchments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin._kernels import catchment as kernel
from twin.errors import DataError, listed
from twin.model.network import CLOSED, SCALE, Network
from twin.routing.paths import LANES, MOST, fixed, in_chunks, per_thread
from twin.routing.prepared import Weighed, prepared
from twin.routing.weights import finite, node_weights

if TYPE_CHECKING:
    from twin.routing.transit import Transit

__all__ = ["Decay", "three_step", "two_step", "within"]

Floats = NDArray[np.float64]
Steps = Sequence[tuple[float, float]]
#: Weight by cost, in the unit of the cost: ``lambda c: np.exp(-c / 600)``.
Decay = Callable[[Floats], ArrayLike]

#: A decay is tabulated at so many costs at the most: at every cost there is, up to 40 km or 11 h.
ENTRIES = 2**22


def within(
    net: Network | Transit,
    weights: ArrayLike,
    limit: float,
    *,
    origins: ArrayLike | None = None,
    cost: str = "length",
    decay: Decay | None = None,
) -> Floats:
    r"""Sum of weights within reach of each origin, :math:`A_i = \sum_j w_j f(c_{ij}) [c_{ij} \le c_{max}]`.

    Parameters
    ----------
    net : a network, or `Transit`: travel times by timetable [s], whatever the `cost`.
    weights : (n,) weight of each node: people, jobs, places.
    limit : largest cost that counts, inclusive, in the unit of `cost`.
    origins : node ids; all nodes where not given.
    decay : f, of an array of costs; 1 where not given, which counts opportunities. It is read at every cost that the
        fixed point knows, or at 4 million between 0 and the limit.

    Returns
    -------
    (o,) float64 : in the unit of the weights. An origin reaches itself at no cost.

    Raises
    ------
    DataError : a weight is not finite, the decay does not give one finite number at least 0 for each cost, or the limit
        is finite and beyond 10,737,418.

    References
    ----------
    Hansen (1959), Journal of the American Institute of Planners 25(2).

    Examples
    --------
    >>> line = Network.from_arrays([0, 100, 200], [0, 0, 0], [0, 1], [1, 2])
    >>> within(line, [1, 10, 100], 100).tolist()
    [11.0, 111.0, 110.0]
    >>> within(line, [1, 10, 100], 200, decay=lambda c: 100 / (100 + c)).round(6).tolist()
    [39.333333, 60.5, 105.333333]
    """
    if not isinstance(net, Network):
        return net.within(weights, limit, origins=origins, decay=decay)
    start = np.arange(net.graph.count, dtype=np.int32) if origins is None else net.positions(origins)
    ways = prepared(net)
    fade = _Fade.of(limit, [(1.0, 1.0)], decay)
    weight = np.zeros(ways.count)
    weight[ways.arrive] = node_weights(net, weights)
    weighed = _weighed(net, cost, limit, inward=False)
    here = ways.leave[start]
    order = np.argsort(here, kind="stable")  # origins that stand near each other share a search
    here = here[order]
    total = np.zeros(len(here))
    scratch = per_thread(lambda: np.full(ways.count, -1, dtype=np.int32))

    def part(chunk: slice) -> None:
        kernel.collect(
            *weighed,
            here[chunk],
            weight,
            fade.limit,
            fade.weight,
            fade.table,
            fade.shift,
            scratch(),
            total[chunk],
        )

    in_chunks(part, len(here), least=LANES)
    result = np.empty(len(here))
    result[order] = total
    return result


def two_step(
    net: Network,
    demand: ArrayLike,
    supply_nodes: ArrayLike,
    supply: ArrayLike,
    limit: float,
    *,
    steps: Steps | None = None,
    cost: str = "length",
    decay: Decay | None = None,
) -> Floats:
    r"""Two-step floating catchment area: supply per head that each node can reach.

    .. math:: R_j = S_j / \sum_k P_k w(c_{kj}), \qquad A_i = \sum_j R_j w(c_{ij})

    Parameters
    ----------
    demand : (n,) people at each node [persons].
    supply_nodes, supply : node ids of the sites and what each supplies.
    limit : largest cost that counts, inclusive.
    steps : (share of the limit, weight), rising, the last share 1: E2SFCA (Luo & Qi 2009). One step of weight 1 where
        not given: 2SFCA (Luo & Wang 2003).
    decay : w, of an array of costs, instead of steps; see `within`.

    Returns
    -------
    (n,) float64 : supply per person. A site that nobody can reach gives nothing; so the sum over people equals the
        supply of the sites that somebody can reach.

    Examples
    --------
    >>> line = Network.from_arrays([0, 100], [0, 0], [0], [1])
    >>> two_step(line, [30, 10], [1], [20], 100).tolist()
    [0.5, 0.5]
    """
    people, sites, offer = _checked(net, demand, supply_nodes, supply)
    fade, weighed = _Fade.of(limit, steps, decay), _weighed(net, cost, limit, inward=True)
    return _give(net, weighed, (sites, offer), people, np.zeros(0), fade)[prepared(net).leave]


def three_step(
    net: Network,
    demand: ArrayLike,
    supply_nodes: ArrayLike,
    supply: ArrayLike,
    limit: float,
    *,
    steps: Steps | None = None,
    cost: str = "length",
    decay: Decay | None = None,
) -> Floats:
    r"""Three-step floating catchment area: as `two_step`, but people turn to near sites rather than to all at once.

    .. math:: G_{ij} = w(c_{ij}) / \sum_k w(c_{ik}), \quad R_j = S_j / \sum_i P_i G_{ij} w(c_{ij}), \quad
              A_i = \sum_j R_j G_{ij} w(c_{ij})

    References
    ----------
    Wan, Zou & Sternberg (2012), International Journal of Geographical Information Science 26(6).

    Examples
    --------
    Two clinics beside each other: everybody goes to each of them half of the time.

    >>> line = Network.from_arrays([0, 100], [0, 0], [0], [1])
    >>> three_step(line, [30, 10], [1, 1], [10, 10], 100).tolist()
    [0.5, 0.5]
    """
    people, sites, offer = _checked(net, demand, supply_nodes, supply)
    fade, weighed = _Fade.of(limit, steps, decay), _weighed(net, cost, limit, inward=True)
    pull = _give(net, weighed, (sites, np.ones(len(sites))), np.zeros(0), np.zeros(0), fade)
    return _give(net, weighed, (sites, offer), people, pull, fade)[prepared(net).leave]


def _weighed(net: Network, cost: str, limit: float, *, inward: bool) -> Weighed:
    """Arcs and costs; where there is no limit, any costs will do that tell open arcs from closed ones."""
    indptr, target, costs, shift, buckets = prepared(net).weighed(net, cost, inward=inward)
    if limit < inf:
        return indptr, target, costs, shift, buckets
    hops = np.where(costs == CLOSED, CLOSED, np.uint32(1))
    return indptr, target, hops, 0, 256


def _give(
    net: Network,
    weighed: Weighed,
    supply: tuple[NDArray[np.int32], Floats],
    people: Floats,
    pull: Floats,
    fade: _Fade,
) -> Floats:
    """What all sites give each position; searched from the sites, so that it costs what their catchments hold."""
    ways = prepared(net)
    there, offer = ways.arrive[supply[0]], supply[1]
    order = np.argsort(there, kind="stable")
    there, offer = there[order], offer[order]
    at = np.zeros(ways.count if len(people) else 0)
    if len(people):
        at[ways.leave] = people
    total = np.zeros(ways.count)
    scratch = per_thread(lambda: (np.full(ways.count, CLOSED, dtype=np.uint32), np.zeros(ways.count)))

    def some(chunk: slice) -> list[tuple[NDArray[np.int32], Floats]]:
        return [
            kernel.catchments(
                *weighed,
                there[low : low + LANES],
                offer[low : low + LANES],
                at,
                pull,
                fade.limit,
                fade.weight,
                fade.table,
                fade.shift,
                *scratch(),
            )
            for low in range(chunk.start, chunk.stop, LANES)
        ]

    def add(_: slice, found: list[tuple[NDArray[np.int32], Floats]]) -> None:
        for nodes, given in found:  # in the order of the sites: sums of floats depend on it
            total[nodes] += given

    in_chunks(some, len(there), least=LANES, then=add)
    return total


@dataclass(frozen=True, eq=False)
class _Fade:
    """How weight fades with cost, for the kernel: steps, or a table by cost >> shift."""

    limit: NDArray[np.int32]
    weight: Floats
    table: Floats
    shift: int

    @classmethod
    def of(cls, limit: float, steps: Steps | None, decay: Decay | None) -> _Fade:
        unlimited = limit == inf and decay is None  # then every share of the limit is
        most = MOST if unlimited else fixed(limit)
        if most > MOST:
            raise DataError(f"the limit of a catchment is finite and at most {MOST / SCALE:,.0f}, not {limit:g}")
        if decay is None:
            pairs = _steps(steps)
            low = np.array([most if unlimited else fixed(limit * share) for share, _ in pairs], dtype=np.int32)
            return cls(low, np.array([weight for _, weight in pairs], dtype=float), np.zeros(0), 0)
        if steps is not None and list(steps) != [(1.0, 1.0)]:
            raise DataError("a catchment fades by steps or by a decay, not by both")
        shift = max(0, (most // ENTRIES).bit_length())
        middle = (np.arange((most >> shift) + 1) + 0.5) * 2**shift if shift else np.arange(most + 1.0)
        table = np.ascontiguousarray(decay(middle / SCALE), dtype=np.float64)
        if table.shape != middle.shape or not np.isfinite(table).all() or table.min() < 0:
            raise DataError(
                "a decay takes an array of costs and gives as many finite weights of at least 0, down to a cost of 0; "
                f"this one gives {listed(table.ravel())} for {listed(middle / SCALE)}"
            )
        return cls(np.array([most], dtype=np.int32), np.ones(1), table, shift)


def _steps(steps: Steps | None) -> list[tuple[float, float]]:
    shares = [(1.0, 1.0)] if steps is None else list(steps)
    rising = [share for share, _ in shares]
    weights = np.array([weight for _, weight in shares], dtype=float)
    if not shares or sorted(rising) != rising or rising[-1] != 1.0 or not (weights >= 0).all():
        raise DataError(f"steps are (share of the limit, weight of at least 0), rising shares up to 1, not {shares}")
    return shares


def _checked(
    net: Network, demand: ArrayLike, supply_nodes: ArrayLike, supply: ArrayLike
) -> tuple[Floats, NDArray[np.int32], Floats]:
    people = node_weights(net, demand, least=0.0)
    sites = net.positions(supply_nodes)
    offer = np.atleast_1d(np.asarray(supply, dtype=float))
    if offer.shape != sites.shape:
        raise DataError(f"{len(sites)} supply nodes need as many supplies, not {offer.size}")
    finite(offer, "supplies", 0.0)
    return people, sites, offer
