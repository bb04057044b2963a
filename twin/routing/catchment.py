"""What lies within reach: weights within a limit, and floating catchments."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin._kernels import paths as kernel
from twin.errors import DataError
from twin.model.network import Network
from twin.routing.paths import fixed, in_chunks
from twin.routing.weights import finite, node_weights

__all__ = ["two_step", "within"]

Steps = Sequence[tuple[float, float]]


def within(
    net: Network, weights: ArrayLike, limit: float, *, origins: ArrayLike | None = None, cost: str = "length"
) -> NDArray[np.float64]:
    r"""Sum of weights within reach of each origin, :math:`A_i = \sum_j w_j [c_{ij} \le c_{max}]` (Hansen 1959).

    Parameters
    ----------
    weights : (n,) weight of each node: people, jobs, places.
    limit : largest cost that counts, inclusive, in the unit of `cost`.
    origins : node ids; all nodes where not given.

    Returns
    -------
    (o,) float64 : in the unit of the weights. An origin reaches itself at no cost.

    Examples
    --------
    >>> line = Network.from_arrays([0, 100, 200], [0, 0, 0], [0, 1], [1, 2])
    >>> within(line, [1, 10, 100], 100).tolist()
    [11.0, 111.0, 110.0]
    """
    start = np.arange(net.graph.count, dtype=np.int32) if origins is None else net.positions(origins)
    return _collect(net, node_weights(net, weights), [(1.0, 1.0)], limit, start, cost, inward=False)


def two_step(
    net: Network,
    demand: ArrayLike,
    supply_nodes: ArrayLike,
    supply: ArrayLike,
    limit: float,
    *,
    steps: Steps | None = None,
    cost: str = "length",
) -> NDArray[np.float64]:
    r"""Two-step floating catchment area: supply per head that each node can reach.

    .. math:: R_j = S_j / \sum_k P_k w(c_{kj}), \qquad A_i = \sum_j R_j w(c_{ij})

    Parameters
    ----------
    demand : (n,) people at each node [persons].
    supply_nodes, supply : node ids of the sites and what each supplies.
    limit : largest cost that counts, inclusive.
    steps : (share of the limit, weight), rising, the last share 1: E2SFCA (Luo & Qi 2009). One step of weight 1 where
        not given: 2SFCA (Luo & Wang 2003).

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
    shares = [(1.0, 1.0)] if steps is None else list(steps)
    if not shares or sorted(s for s, _ in shares) != [s for s, _ in shares] or shares[-1][0] != 1.0:
        raise DataError(f"steps are (share of the limit, weight) with rising shares up to 1, not {shares}")
    people = node_weights(net, demand, least=0.0)
    sites = net.positions(supply_nodes)
    offer = np.atleast_1d(np.asarray(supply, dtype=float))
    if offer.shape != sites.shape:
        raise DataError(f"{len(sites)} supply nodes need as many supplies, not {offer.size}")
    finite(offer, "supplies", 0.0)
    load = _collect(net, people, shares, limit, sites, cost, inward=True)
    ratio = np.divide(offer, load, out=np.zeros_like(offer), where=load > 0)
    per_node = np.asarray(np.bincount(sites, weights=ratio, minlength=net.graph.count), dtype=np.float64)
    return _collect(net, per_node, shares, limit, np.arange(net.graph.count, dtype=np.int32), cost, inward=False)


def _collect(
    net: Network,
    weights: NDArray[np.float64],
    steps: Steps,
    limit: float,
    origins: NDArray[np.int32],
    cost: str,
    *,
    inward: bool,
) -> NDArray[np.float64]:
    arcs = net.graph.arcs_in if inward else net.graph.arcs
    costs = net.arc_cost(cost, inward=inward)
    step_limit = np.array([fixed(limit * share) for share, _ in steps], dtype=np.uint32)
    step_weight = np.array([weight for _, weight in steps], dtype=float)
    total = np.zeros(len(origins))

    def part(chunk: slice) -> None:
        kernel.collect(arcs.indptr, arcs.target, costs, origins[chunk], weights, step_limit, step_weight, total[chunk])

    in_chunks(part, len(origins), least=64)
    return total
