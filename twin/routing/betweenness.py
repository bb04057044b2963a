"""How much passes through: betweenness of edges and nodes, and the efficiency of a network, exact or sampled."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, inf, log, log2, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin._kernels import betweenness as kernel
from twin.errors import DataError
from twin.model.network import CLOSED, Network
from twin.routing.matrix import matrix
from twin.routing.paths import in_chunks
from twin.routing.prepared import Prepared, prepared
from twin.routing.weights import node_weights

__all__ = ["Betweenness", "Efficiency", "betweenness", "efficiency"]

#: The kernel's sums are whole numbers of 2**-62, of less where a way may pass a junction more than once.
_DIGITS = 62
#: Chance that a sampled result is farther off than its margin or bound.
_RISK = 0.05


@dataclass(frozen=True, eq=False)
class Betweenness:
    """Share of all journeys that pass, a journey being between two different nodes, by one of the cheapest ways.

    Attributes
    ----------
    edge : (m,) float64 share of the journeys that pass the edge, either way [1].
    node : (n,) float64 share of the journeys that pass the node, of those that neither begin nor end there [1].
    edge_error, node_error : standard errors of a sample; 0 where the result is exact [1].
    journeys : how many there are: the sum over pairs of different nodes of the product of their weights.
    sample : number of draws; None where the result is exact.
    passes : how often one way may pass one edge: 2 where turns are listed, so that ways turn round; else 1.

    Notes
    -----
    The standard error tells the truth where many draws passed. On an edge that few journeys use, the few draws that
    matter may all be missing, and with them the error; there, and for any single edge, `margin` holds.
    """

    edge: NDArray[np.float64]
    node: NDArray[np.float64]
    edge_error: NDArray[np.float64]
    node_error: NDArray[np.float64]
    journeys: float
    sample: int | None = None
    passes: int = 1

    @property
    def margin(self) -> NDArray[np.float64]:
        r"""(m,) how far off each edge is at most, with a chance of 95 % or more for each; 0 where exact [1].

        The empirical Bernstein bound :math:`\sqrt{2 V x / k} + 3 p x / k`, with V the variance of k draws between
        0 and p, `passes`, and :math:`x = \ln(3/0.05)` (Audibert, Munos & Szepesvári 2009): it holds for any
        distribution of draws.
        """
        if self.sample is None:
            return np.zeros(len(self.edge))
        x, draws = log(3 / _RISK), self.sample
        return (
            np.asarray(self.edge_error * sqrt(2 * x * (1 - 1 / draws)) + 3 * self.passes * x / draws)
            if draws > 1
            else self.edge_error
        )

    @property
    def bound(self) -> float:
        r"""How far off any edge is at most, with a chance of 95 % or more for all of them together; 0 where exact [1].

        :math:`p \sqrt{\ln(2m/0.05) / 2k}` (Hoeffding 1963, and a union over the m edges; cf. Brandes & Pich 2007).
        """
        if self.sample is None:
            return 0.0
        return self.passes * sqrt(log(2 * max(1, len(self.edge)) / _RISK) / (2 * self.sample))


@dataclass(frozen=True)
class Efficiency:
    """Global efficiency and its standard error, 0 where it is exact; per unit of the cost."""

    value: float
    error: float


def betweenness(
    net: Network,
    *,
    cost: str = "length",
    weights: ArrayLike | None = None,
    sample: int | None = None,
    seed: int = 0,
) -> Betweenness:
    r"""Share of journeys through each edge and node (Freeman 1977; Brandes 2001), by open edges.

    .. math:: b_e = \sum_{s \ne t} w_s w_t \frac{\sigma_{st}(e)}{\sigma_{st}} \Big/ \sum_{s \ne t} w_s w_t

    where :math:`\sigma_{st}` counts the cheapest ways from s to t, and :math:`\sigma_{st}(e)` those by e.

    Parameters
    ----------
    cost : edge column to travel by.
    weights : (n,) people at each node, at least 0: journeys between any two people at different nodes; 1 where not
        given, which is the normalised betweenness of networkx.
    sample : how many sources to draw, in proportion to the journeys that leave them, with replacement (Brandes & Pich
        2007). Each draw is the share of one source's journeys, between 0 and 1, so the mean of the draws is unbiased,
        its standard error follows from their variance, and bounds hold whatever their distribution.
        All sources, exactly, where not given.
    seed : of the draws.

    Notes
    -----
    Ways are compared in fixed point, so ties are exact. Ways are lists of nodes: parallel edges that are equally cheap
    share what passes, dearer ones get nothing (as in networkx). An arc of no cost counts as the smallest cost there
    is: of ways as cheap, those with the fewest such arcs are taken; otherwise ways could turn in circles for nothing.
    Pairs without a way count as journeys that pass nowhere. Sums are whole numbers inside: threads change nothing.

    Turns are honoured. A way that turns round, or goes round the block, passes an edge or a node twice, and counts
    there as often. Ways that come by different edges to a junction where turns are listed are different ways, even if
    the edges are parallel.

    Examples
    --------
    >>> line = Network.from_arrays([0, 1, 2, 3], [0, 0, 0, 0], [0, 1, 2], [1, 2, 3])
    >>> betweenness(line).edge.round(9).tolist(), betweenness(line).node.round(3).tolist()
    ([0.5, 0.666666667, 0.5], [0.0, 0.667, 0.667, 0.0])
    """
    sample, people = _whole(sample), node_weights(net, weights, least=0.0)
    leave = people * (people.sum() - people)
    journeys = float(leave.sum())
    count, edges = net.graph.count, len(net.graph.tail)
    if not journeys > 0:
        return Betweenness(np.zeros(edges), np.zeros(count), np.zeros(edges), np.zeros(count), 0.0)
    ways = _Ways.of(net, cost)
    if sample is None:
        source = np.flatnonzero(leave > 0)
        part = leave[source] / journeys
    else:
        source, many = np.unique(_drawn(leave / journeys, sample, seed), return_counts=True)
        part = many / sample
    arc, node, edge_square, node_square = _passing(ways, source, part, people, sample is not None)
    others = np.divide(
        journeys, journeys - 2 * leave, out=np.zeros(count), where=journeys - 2 * leave > 1e-12 * journeys
    )
    edge, passes = ways.by_edge(arc, edges), 1 if net.graph.turns is None else 2
    if sample is None:
        return Betweenness(edge, node * others, np.zeros(edges), np.zeros(count), journeys, passes=passes)
    errors = _error(edge, edge_square, sample), _error(node, node_square, sample) * others
    return Betweenness(edge, node * others, *errors, journeys, sample, passes)


def efficiency(net: Network, *, cost: str = "length", sample: int | None = None, seed: int = 0) -> Efficiency:
    r"""Global efficiency :math:`E = \frac{1}{n(n-1)} \sum_{i \ne j} 1/c_{ij}` (Latora & Marchiori 2001).

    Parameters
    ----------
    sample : how many nodes to draw, without replacement; all, exactly, where not given or there are no more.

    Returns
    -------
    Efficiency : per unit of `cost`; pairs without a way add nothing, pairs at no cost stand at one place and are left
        out. The standard error allows for the share of the nodes that was drawn (Cochran 1977, 2.5).

    Examples
    --------
    >>> round(efficiency(Network.from_arrays(range(5), [0] * 5, range(4), range(1, 5))).value, 7)
    0.6416667
    """
    count, sample = net.graph.count, _whole(sample)
    if count < 2:
        return Efficiency(0.0, 0.0)
    every = sample is None or sample >= count
    rng = np.random.default_rng(seed)
    source = np.arange(count) if every else np.sort(rng.choice(count, sample, replace=False))
    gained, met = np.empty(len(source)), np.empty(len(source))
    size = max(1, 2**21 // count)
    for low in range(0, len(source), size):
        table = matrix(net, net.ids[source[low : low + size]], cost=cost)
        with np.errstate(divide="ignore"):
            table = np.where(table > 0, 1.0 / table, inf)
        apart = table < inf
        gained[low : low + size] = np.sum(table, axis=1, where=apart)
        met[low : low + size] = apart.sum(axis=1)
    pairs = met.sum()
    if not pairs:
        return Efficiency(0.0, 0.0)
    value = float(gained.sum() / pairs)
    if every or len(source) < 2:
        return Efficiency(value, 0.0 if every else inf)
    spread = float(np.std(gained - value * met, ddof=1)) / float(met.mean())
    return Efficiency(value, spread * sqrt((1 - len(source) / count) / len(source)))


@dataclass(frozen=True, eq=False)
class _Ways:
    """Arcs of a simple graph, and the edges that stand for each of them: the cheapest of the parallel ones.

    Arc a stands for the edges from along[a] to along[a + 1]; for none where it joins two copies of a junction.
    """

    on: Prepared
    indptr: NDArray[np.int32]
    target: NDArray[np.int32]
    cost: NDArray[np.uint32]
    along: NDArray[np.int32]
    edge: NDArray[np.int32]

    @classmethod
    def of(cls, net: Network, cost: str) -> _Ways:
        return net.memory.of(("simple", cost), (net,), lambda: cls._of(net, cost))

    @classmethod
    def _of(cls, net: Network, cost: str) -> _Ways:
        on = prepared(net)
        tail, target, costs = on.source, on.target, on.costs(net, cost)
        usable = np.flatnonzero((costs != CLOSED) & (tail != target))
        pair = tail[usable].astype(np.int64) * on.count + target[usable]
        order = np.lexsort((costs[usable], pair))
        usable, pair = usable[order], pair[order]
        first = np.flatnonzero(np.diff(pair, prepend=-1))
        arc = np.repeat(np.arange(len(first)), np.diff(first, append=len(pair)))
        lead = usable[first]
        kept = (costs[usable] == costs[lead][arc]) & (on.edge[usable] >= 0)
        indptr, along = np.zeros(on.count + 1, dtype=np.int32), np.zeros(len(first) + 1, dtype=np.int32)
        np.cumsum(np.bincount(tail[lead], minlength=on.count), out=indptr[1:])
        np.cumsum(np.bincount(arc[kept], minlength=len(first)), out=along[1:])
        return cls(on, indptr, target[lead], costs[lead], along, on.edge[usable[kept]])

    def by_edge(self, passing: NDArray[np.float64], edges: int) -> NDArray[np.float64]:
        """What passes the arcs, (a,), as what passes the edges, (m,)."""
        many = np.diff(self.along)
        share = np.divide(1.0, many, out=np.zeros(len(many)), where=many > 0)
        part = np.repeat(passing, many) * np.repeat(share, many)
        return np.asarray(np.bincount(self.edge, weights=part, minlength=edges), dtype=np.float64)


def _passing(
    ways: _Ways, source: NDArray[np.intp], part: NDArray[np.float64], people: NDArray[np.float64], squares: bool
) -> tuple[NDArray[np.float64], ...]:
    """Sums over the sources, and of squares by edge and node; each thread has its own, whole numbers."""
    on, count = ways.on, len(people)
    size = (len(ways.target), count) + ((on.edges, count) if squares else (0, 0))
    most = int(np.diff(on.first).max()) - 1  # a way passes each copy of a junction once, and none that one arrives at
    whole = 2.0 ** (_DIGITS - ceil(2 * log2(max(1, most))))
    weight = np.zeros(on.count)
    weight[on.arrive] = people
    begin, rest = on.leave[source], people.sum() - people[source]
    idle: list[tuple[NDArray[np.int64], ...]] = []

    def some(chunk: slice) -> None:
        try:
            sums = idle.pop()
        except IndexError:
            sums = tuple(np.zeros(each, dtype=np.int64) for each in size)
        rows = ways.indptr, ways.target, ways.cost, on.first, ways.along, ways.edge
        kernel.betweenness(*rows, begin[chunk], rest[chunk], part[chunk], weight, whole, *sums)
        idle.append(sums)

    in_chunks(some, len(source), least=1, most=max(1, 2**21 // on.count))
    arc, node, edge_square, node_square = (np.asarray(np.sum(each, axis=0)) / whole for each in zip(*idle, strict=True))
    order = np.argsort(on.node[on.first[:-1]])  # sums come in the order of the positions
    return arc, node[order], edge_square, node_square[order] if squares else node_square


def _drawn(chance: NDArray[np.float64], sample: int, seed: int) -> NDArray[np.intp]:
    return np.random.default_rng(seed).choice(len(chance), size=sample, p=chance)


def _whole(sample: int | None) -> int | None:
    if sample is not None and (sample < 1 or sample % 1):
        raise DataError(f"a sample is a whole number of sources, at least 1, not {sample}")
    return None if sample is None else int(sample)


def _error(mean: NDArray[np.float64], square: NDArray[np.float64], sample: int) -> NDArray[np.float64]:
    """Standard error of the mean of draws, from their mean and mean square; of one draw nothing is known."""
    if sample < 2:
        return np.full(len(mean), inf)
    return np.asarray(np.sqrt(np.maximum(square - mean**2, 0.0) / (sample - 1)), dtype=np.float64)
