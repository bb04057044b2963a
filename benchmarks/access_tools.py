"""The tools of the comparison behind one face: each does what it can, in the way that its own documents recommend.

A tool is imported in the process that runs it and nowhere else. Some peers are GPL or AGPL: they are timed as separate
programs out of an environment of their own (`benchmarks/setup`), and are never dependencies of twin.

What a tool hands out is its own kind of result, and its making is what is timed; `plain` turns it into numbers, untimed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from math import inf
from typing import Any

import numpy as np
from graphs import Case
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

WALK, DRIVE, REACH = 1250.0, 900.0, 1000.0  # [m], [s], [m]
#: Weights of the rings of an enhanced two-step floating catchment area (Luo & Qi 2009), by share of the limit.
STEPS = ((1 / 3, 1.0), (2 / 3, 0.68), (1.0, 0.22))
SLACK = 1e-6  # sums of floating point may lie that far beyond a limit that they meet


class Tool:
    """What a tool can be asked; one that lacks a method cannot do the task. `threads`: how many it uses."""

    threads = 1
    whole: tuple[str, ...] = ()  # tasks that cannot be asked for some of their rows only
    unfit: tuple[str, ...] = ()  # tasks that it has a method for, but not one that anybody would use

    def __init__(self, case: Case) -> None:
        self.case = case

    def prepare(self) -> None:
        """Whatever does not depend on the question."""

    def prepare_drive(self) -> None:
        """The same for the network that is driven."""

    def restore(self) -> None:
        """Undo what a question left behind."""

    def plain(self, found: Any) -> Numbers:
        """Numbers, with `inf` where there is no way."""
        return np.asarray(found, dtype=float)

    def layouts(self, layouts: NDArray[np.int64]) -> Numbers:
        """(g, 3) weighted mean distance of those who can reach a site, share within `REACH`, people who cannot."""
        people = self.case.people
        rows = []
        for sites in layouts:
            cost = self.plain(self.nearest(sites))  # type: ignore[attr-defined]
            some = np.isfinite(cost)
            near = people[cost <= REACH + SLACK].sum() / people.sum()
            rows.append((cost[some] @ people[some] / people[some].sum(), near, people[~some].sum()))
        return np.array(rows)

    def nearest_each(self, groups: NDArray[np.int64]) -> Any:
        """The nearest of each category, one after another."""
        return [self.nearest(sites) for sites in groups]  # type: ignore[attr-defined]


class Twin(Tool):
    """The project itself, by its public names only."""

    def prepare(self) -> None:
        import twin

        self.routing = twin.routing
        case = self.case
        self.net = twin.Network.from_arrays(case.x, case.y, case.tail, case.head, length=case.length)
        self.routing.nearest(
            self.net, case.sites[0][:1], limit=0
        )  # topology and costs are ready before the first query
        self.routing.prepare(self.net)  # the hierarchy, which matrices and layouts use

    def prepare_drive(self) -> None:
        import twin

        case = self.case
        self.drive = twin.Network.from_arrays(
            case.x, case.y, case.drive_tail, case.drive_head, directed=True, time=case.seconds
        )
        self.routing.nearest(self.drive, case.sites[0][:1], limit=0, cost="time")

    def nearest(self, sites: NDArray[np.int64]) -> Any:
        return self.routing.nearest(self.net, sites).cost[:, 0]

    def nearest_each(self, groups: NDArray[np.int64]) -> Any:
        return self.routing.nearest_each(self.net, groups).cost.T

    def five(self, sites: NDArray[np.int64]) -> Any:
        return self.routing.nearest(self.net, sites, k=5).cost

    def within(self, origins: NDArray[np.int64] | None) -> Any:
        return self.routing.within(self.net, self.case.people, REACH, origins=origins)

    def two_step(self, drive: bool) -> Any:
        net, limit, cost = (self.drive, DRIVE, "time") if drive else (self.net, WALK, "length")
        case = self.case
        return self.routing.two_step(net, case.people, case.sites[0], case.supply, limit, steps=list(STEPS), cost=cost)

    def matrix(self, origins: NDArray[np.int64], destinations: NDArray[np.int64] | None) -> Any:
        return self.routing.matrix(self.net, origins, destinations)

    def closed(self, shut: NDArray[np.bool_], sites: NDArray[np.int64]) -> Any:
        return self.routing.nearest(self.net.close(shut), sites).cost[:, 0]

    def layouts(self, layouts: NDArray[np.int64]) -> Numbers:
        found = self.routing.layouts(self.net, layouts, self.case.people, REACH)
        return np.asarray(found[["mean", "share", "unreached"]], dtype=float)


class Scipy(Tool):
    """`scipy.sparse.csgraph.dijkstra`, with the smallest of parallel links (a sparse matrix alone would add them up)."""

    def prepare(self) -> None:
        case = self.case
        low, high = np.minimum(case.tail, case.head), np.maximum(case.tail, case.head)
        self.parallel = len(np.unique(low.astype(np.int64) * case.count + high)) < len(low)
        self.walk = self._matrix(np.ones(len(case.tail), dtype=bool))

    def prepare_drive(self) -> None:
        case = self.case
        self.toward = _least(case.drive_head, case.drive_tail, case.seconds, case.count)

    def _matrix(self, kept: NDArray[np.bool_]) -> Any:
        from scipy.sparse import csr_matrix

        case = self.case
        tail, head, length = case.tail[kept], case.head[kept], case.length[kept]
        ends = np.concatenate([tail, head]), np.concatenate([head, tail])
        if self.parallel:
            return _least(*ends, np.concatenate([length, length]), case.count)
        return csr_matrix((np.concatenate([length, length]), ends), shape=(case.count, case.count))

    def nearest(self, sites: NDArray[np.int64]) -> Any:
        from scipy.sparse.csgraph import dijkstra

        return dijkstra(self.walk, indices=sites, min_only=True)

    def closed(self, shut: NDArray[np.bool_], sites: NDArray[np.int64]) -> Any:
        from scipy.sparse.csgraph import dijkstra

        return dijkstra(self._matrix(~shut), indices=sites, min_only=True)

    def within(self, origins: NDArray[np.int64] | None) -> Any:
        from scipy.sparse.csgraph import dijkstra

        start = np.arange(self.case.count) if origins is None else origins
        total = np.empty(len(start))
        for low in range(0, len(start), 64):
            table = dijkstra(self.walk, indices=start[low : low + 64], limit=REACH + SLACK)
            total[low : low + 64] = np.isfinite(table) @ self.case.people
        return total

    def two_step(self, drive: bool) -> Any:
        from scipy.sparse.csgraph import dijkstra

        graph, limit = (self.toward, DRIVE) if drive else (self.walk, WALK)
        case = self.case
        total = np.zeros(case.count)
        for low in range(0, len(case.supply), 64):
            table = dijkstra(graph, indices=case.sites[0][low : low + 64], limit=limit + SLACK)
            row, column = np.nonzero(np.isfinite(table))
            weight = ring(table[row, column], limit)
            load = np.bincount(row, weights=weight * case.people[column], minlength=len(table))
            ratio = np.divide(case.supply[low : low + 64], load, out=np.zeros(len(load)), where=load > 0)
            total += np.bincount(column, weights=weight * ratio[row], minlength=case.count)
        return total

    def matrix(self, origins: NDArray[np.int64], destinations: NDArray[np.int64] | None) -> Any:
        from scipy.sparse.csgraph import dijkstra

        table = dijkstra(self.walk, indices=origins)
        return table if destinations is None else table[:, destinations]

    def five_of(self, nodes: NDArray[np.int64], sites: NDArray[np.int64]) -> Numbers:
        """What `five` should be at some nodes, the slow way: to agree with, not to be timed."""
        return np.sort(self.matrix(nodes, sites), axis=1)[:, :5]


class Pandana(Tool):
    """Contraction hierarchies with fixed weights, on all threads; facilities are given by coordinates."""

    threads = os.cpu_count() or 1
    whole = ("c",)
    unfit = ("e2",)  # distances come by lists of pairs only: half an hour, and gigabytes
    FAR = 1e6  # pandana asks for a limit [m], and says the limit where there is no way

    def prepare(self) -> None:
        case = self.case
        self.net = self._network(case.tail, case.head, case.length, np.ones(len(case.tail), dtype=bool))

    def prepare_drive(self) -> None:
        case = self.case
        every = np.ones(len(case.drive_tail), dtype=bool)
        self.toward = self._network(case.drive_head, case.drive_tail, case.seconds, every, two_way=False)

    def _network(self, tail: Any, head: Any, cost: Any, kept: NDArray[np.bool_], *, two_way: bool = True) -> Any:
        import pandana
        import pandas as pd

        case = self.case
        ends = (pd.Series(each[kept]) for each in (tail, head))
        weights = pd.DataFrame({"cost": cost[kept]})
        return pandana.Network(pd.Series(case.x), pd.Series(case.y), *ends, weights, twoway=two_way)

    def plain(self, found: Any) -> Numbers:
        numbers = np.asarray(found, dtype=float)
        return np.where(numbers >= self.FAR, inf, numbers)

    def nearest(self, sites: NDArray[np.int64], net: Any = None, most: int = 1) -> Any:
        import pandas as pd

        case, net = self.case, net or self.net
        net.set_pois("site", self.FAR, most, pd.Series(case.x[sites]), pd.Series(case.y[sites]))
        found = net.nearest_pois(self.FAR, "site", num_pois=most)
        return found[1] if most == 1 else found

    def five(self, sites: NDArray[np.int64]) -> Any:
        return self.nearest(sites, most=5)

    def within(self, _: NDArray[np.int64] | None) -> Any:
        import pandas as pd

        self.net.set(pd.Series(np.arange(self.case.count)), variable=pd.Series(self.case.people), name="people")
        return self.net.aggregate(REACH, type="sum", decay="flat", name="people")

    def two_step(self, drive: bool) -> Any:
        net, limit = (self.toward, DRIVE) if drive else (self.net, WALK)
        case = self.case
        pairs = net.nodes_in_range(case.sites[0], limit)
        order = np.argsort(case.sites[0])
        site = order[np.searchsorted(case.sites[0], pairs["source"].to_numpy(), sorter=order)]
        node = pairs["destination"].to_numpy()
        weight = ring(pairs.iloc[:, 2].to_numpy(), limit)
        load = np.bincount(site, weights=weight * case.people[node], minlength=len(case.supply))
        ratio = np.divide(case.supply, load, out=np.zeros(len(load)), where=load > 0)
        return np.bincount(node, weights=weight * ratio[site], minlength=case.count)

    def matrix(self, origins: NDArray[np.int64], destinations: NDArray[np.int64] | None) -> Any:
        end = np.arange(self.case.count) if destinations is None else destinations
        found = self.net.shortest_path_lengths(np.repeat(origins, len(end)), np.tile(end, len(origins)))
        return np.asarray(found).reshape(len(origins), len(end))

    def closed(self, shut: NDArray[np.bool_], sites: NDArray[np.int64]) -> Any:
        case = self.case
        return self.nearest(sites, self._network(case.tail, case.head, case.length, ~shut))


class RoutingkitCch(Tool):
    """Customizable contraction hierarchy, order by inertial flow; the targets are pinned once."""

    SHUT = 2**31 - 1

    def prepare(self) -> None:
        import routingkit_cch as kit

        case = self.case
        tail = np.concatenate([case.tail, case.head]).tolist()
        head = np.concatenate([case.head, case.tail]).tolist()
        self.weight = np.rint(np.concatenate([case.length, case.length]) * 100).astype(np.int64)
        order = kit.compute_order_inertial(case.count, tail, head, case.y.tolist(), case.x.tolist())
        self.index = kit.CCH(order, tail, head, False)
        self.metric = kit.CCHMetric(self.index, self.weight.tolist())
        self.updater = kit.CCHMetricPartialUpdater(self.index)
        self.every = list(range(case.count))
        self.query = kit.CCHOneToMany(self.metric, self.every)

    def plain(self, found: Any) -> Numbers:
        if isinstance(found, np.ndarray):
            return found
        if found and isinstance(found[0], list):
            return np.array([self.plain(row) for row in found])
        return (
            np.array(found, dtype=float) / 100
            if None not in found
            else np.array([inf if cost is None else cost / 100 for cost in found])
        )

    def nearest(self, sites: NDArray[np.int64]) -> Any:
        return self.query.distances_from_multi([(site, 0) for site in sites.tolist()])

    def matrix(self, origins: NDArray[np.int64], destinations: NDArray[np.int64] | None) -> Any:
        import routingkit_cch as kit

        query = self.query if destinations is None else kit.CCHOneToMany(self.metric, destinations.tolist())
        # rows go straight into an array: a thousand lists of a million numbers would need 40 GB
        table = np.empty((len(origins), self.case.count if destinations is None else len(destinations)))
        for row, origin in enumerate(origins.tolist()):
            table[row] = self.plain(query.distances_from(origin))
        return table

    def closed(self, shut: NDArray[np.bool_], sites: NDArray[np.int64]) -> Any:
        import routingkit_cch as kit

        del self.query  # an index cannot change under a query
        arcs = np.flatnonzero(np.concatenate([shut, shut]))
        self.changed = arcs
        self.updater.apply(self.metric, dict.fromkeys(arcs.tolist(), self.SHUT))
        self.query = kit.CCHOneToMany(self.metric, self.every)
        return self.nearest(sites)

    def restore(self) -> None:
        import routingkit_cch as kit

        del self.query
        self.updater.apply(
            self.metric, dict(zip(self.changed.tolist(), self.weight[self.changed].tolist(), strict=True))
        )
        self.query = kit.CCHOneToMany(self.metric, self.every)


class Pyroutingkit(Tool):
    """Customizable contraction hierarchy again, with matrices; it cannot start from several places at once."""

    def prepare(self) -> None:
        import pyroutingkit as kit

        case = self.case
        self.none = kit.INF_WEIGHT
        tail = np.concatenate([case.tail, case.head]).astype(np.uint32)
        head = np.concatenate([case.head, case.tail]).astype(np.uint32)
        self.index = kit.CCHTopology()
        self.index.build(tail, head, case.y.astype(np.float32), case.x.astype(np.float32), case.count)
        self.metric = kit.CCHMetric(self.index)
        self.metric.customize(np.rint(np.concatenate([case.length, case.length]) * 100).astype(np.uint32))
        self.every = np.arange(case.count, dtype=np.uint32)

    def plain(self, found: Any) -> Numbers:
        return np.where(found == self.none, inf, found / 100)

    def matrix(self, origins: NDArray[np.int64], destinations: NDArray[np.int64] | None) -> Any:
        end = self.every if destinations is None else destinations.astype(np.uint32)
        return self.metric.distances_many_to_many(origins.astype(np.uint32), end)


class Networkit(Tool):
    """Dijkstra from a node that is joined to all sites; matrices on all threads."""

    threads = os.cpu_count() or 1

    def prepare(self) -> None:
        self.graph = self._graph(np.ones(len(self.case.tail), dtype=bool))

    def _graph(self, kept: NDArray[np.bool_]) -> Any:
        import networkit

        networkit.setNumberOfThreads(self.threads)
        case = self.case
        tail, head = case.tail[kept].astype(np.uint64), case.head[kept].astype(np.uint64)
        cost = np.concatenate([case.length[kept]] * 2)
        ends = np.concatenate([tail, head]), np.concatenate([head, tail])
        graph = networkit.GraphFromCoo((cost, ends), n=case.count, weighted=True, directed=True)
        self.hub = graph.addNode()
        return graph

    def plain(self, found: Any) -> Numbers:
        numbers = np.asarray(found, dtype=float)
        return np.where(numbers > 1e300, inf, numbers)

    def nearest(self, sites: NDArray[np.int64], graph: Any = None) -> Any:
        import networkit

        graph = graph or self.graph
        for site in sites.tolist():
            graph.addEdge(self.hub, site, 0.0)
        found = networkit.distance.Dijkstra(graph, self.hub, storePaths=False).run().getDistances(True)
        for site in sites.tolist():
            graph.removeEdge(self.hub, site)
        return np.asarray(found)[:-1]

    def matrix(self, origins: NDArray[np.int64], destinations: NDArray[np.int64] | None) -> Any:
        import networkit

        found = networkit.distance.SPSP(self.graph, origins.tolist()).run().getDistances(True)
        return np.asarray(found)[:, slice(self.case.count) if destinations is None else destinations]

    def closed(self, shut: NDArray[np.bool_], sites: NDArray[np.int64]) -> Any:
        return self.nearest(sites, self._graph(~shut))


def ring(cost: Numbers, limit: float) -> Numbers:
    """Weight of each cost by the ring that it lies in."""
    weight = np.zeros(len(cost))
    for share, value in reversed(STEPS):
        weight[cost <= limit * share + SLACK] = value
    return weight


def _least(tail: Any, head: Any, cost: Any, count: int) -> Any:
    """Sparse matrix of the cheapest of parallel arcs."""
    from scipy.sparse import csr_matrix

    order = np.lexsort((cost, head, tail))
    tail, head, cost = tail[order], head[order], cost[order]
    first = np.ones(len(tail), dtype=bool)
    first[1:] = (np.diff(tail) != 0) | (np.diff(head) != 0)
    return csr_matrix((cost[first], (tail[first], head[first])), shape=(count, count))


TOOLS: dict[str, Callable[[Case], Tool]] = {
    "twin": Twin,
    "scipy": Scipy,
    "pandana": Pandana,
    "routingkit-cch": RoutingkitCch,
    "pyroutingkit": Pyroutingkit,
    "networkit": Networkit,
}
