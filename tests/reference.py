"""Slow, obvious answers in plain Python, from the definitions; nobody optimises this file.

Costs are those of the columns, as they are: hand in whole numbers, and the kernels must agree exactly.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations, pairwise
from math import inf

import numpy as np

#: The dearest way that the kernels' fixed point holds: (2**32 - 2) hundredths.
FARTHEST = (2**32 - 2) / 100


def arcs(net, cost="length"):
    """(from, to, cost) of every open edge, in each direction that it may be passed."""
    columns = net.columns
    back = columns.get(f"{cost}_back", columns[cost])
    found = []
    for edge in range(len(net.graph.tail)):
        if columns["open"][edge]:
            tail, head = int(net.graph.tail[edge]), int(net.graph.head[edge])
            found.append((tail, head, float(columns[cost][edge])))
            if not net.graph.oneway[edge]:
                found.append((head, tail, float(back[edge])))
    return found


def bellman_ford(origin, ways):
    """Cost from `origin` to every node that can be reached, by following each arc again until nothing gets cheaper."""
    found = {origin: 0.0}
    better = True
    while better:
        better = False
        for start, end, cost in ways:
            if start in found and found[start] + cost < found.get(end, inf):
                found[end] = found[start] + cost
                better = True
    return {node: cost for node, cost in found.items() if cost <= FARTHEST}


def matrix(net, origins, destinations=None, cost="length"):
    """Cost from each origin to each destination, positions both."""
    ways = arcs(net, cost)
    ends = range(net.graph.count) if destinations is None else destinations
    rows = []
    for origin in origins:
        found = bellman_ford(origin, ways)
        rows.append([found.get(end, inf) for end in ends])
    return rows


def nearest(net, sites, k=1, limit=inf, cost="length"):
    """(costs, sites) of the k nearest sites of every node; the first of those as near comes first."""
    table = matrix(net, range(net.graph.count), cost=cost)
    costs, which = [], []
    for row in table:
        near = sorted(
            (row[node], position)
            for position, node in enumerate(sites)
            if row[node] <= limit < inf or (limit == inf and row[node] < inf)
        )
        near = near[:k] + [(inf, -1)] * (k - len(near))
        costs.append([c for c, _ in near])
        which.append([s for _, s in near])
    return costs, which


def within(net, weights, limit, origins=None, cost="length"):
    """Sum of the weights of the nodes within a cost of each origin."""
    starts = range(net.graph.count) if origins is None else origins
    return [
        sum(w for w, c in zip(weights, row, strict=True) if c <= limit and c < inf)
        for row in matrix(net, starts, cost=cost)
    ]


def two_step(net, demand, supply_nodes, supply, limit, steps=((1.0, 1.0),), cost="length"):
    """2SFCA, and E2SFCA with steps: first the load of each site, then what each node gets of all of them."""
    table = matrix(net, range(net.graph.count), cost=cost)

    def weight(c):
        for share, value in steps:
            if c <= share * limit and c < inf:
                return value
        return 0.0

    ratios = []
    for node, offer in zip(supply_nodes, supply, strict=True):
        load = sum(people * weight(row[node]) for people, row in zip(demand, table, strict=True))
        ratios.append(offer / load if load > 0 else 0.0)
    return [sum(ratio * weight(row[node]) for ratio, node in zip(ratios, supply_nodes, strict=True)) for row in table]


def reach(net, places, sites, count, cost="length", outward=False):
    """(costs, sites) of places hung on edges: edges are cut where anything hangs, and places and sites become nodes."""
    cuts = defaultdict(set)
    for hung in (places, sites):
        for edge, start, end in zip(hung["edge"], hung["start"], hung["end"], strict=True):
            cuts[edge] |= {float(start), float(end)}
    ways = _cut_edges(net, cuts, cost)
    ways += _touches(net, cuts, "place", places, leaves=not outward) + _touches(
        net, cuts, "site", sites, leaves=outward
    )
    costs, which = [inf] * count, [-1] * count
    for row in set(places.index):
        for site in sorted(set(sites.index)):
            start, end = (("site", site), ("place", row)) if outward else (("place", row), ("site", site))
            found = bellman_ford(start, ways).get(end, inf)
            if found < costs[row]:
                costs[row], which[row] = found, site
    return costs, which


def _point(net, edge, share):
    """The node at a share of an edge: its own ends, or a new one."""
    return int(net.graph.tail[edge]) if share == 0 else int(net.graph.head[edge]) if share == 1 else (edge, share)


def _cut_edges(net, cuts, cost):
    columns = net.columns
    back = columns.get(f"{cost}_back", columns[cost])
    ways = []
    for edge in np.flatnonzero(columns["open"]).tolist():
        for low, high in pairwise(sorted(cuts[edge] | {0.0, 1.0})):
            start, end = _point(net, edge, low), _point(net, edge, high)
            ways.append((start, end, float(columns[cost][edge]) * (high - low)))
            if not net.graph.oneway[edge]:
                ways.append((end, start, float(back[edge]) * (high - low)))
    return ways


def _touches(net, cuts, what, hung, leaves):
    """A place touches every cut between its start and its end, at its gap's cost; inside a closed edge, nothing."""
    ways = []
    for row, edge, start, end, gap in hung.itertuples():
        for share in cuts[edge]:
            if start <= share <= end and (net.columns["open"][edge] or share in (0, 1)):
                place, touched = (what, row), _point(net, edge, share)
                ways.append((place, touched, float(gap)) if leaves else (touched, place, float(gap)))
    return ways


def disjoint_ways(net, origins, exits):
    """Menger: as many ways share no edge as edges must be shut, at the least, to leave no way at all."""
    out = set(exits) - set(origins)
    edges = [e for e in range(len(net.graph.tail)) if net.columns["open"][e]]

    def connected(shut):
        seen, stack = set(origins), list(origins)
        while stack:
            node = stack.pop()
            for edge in edges:
                if edge in shut:
                    continue
                tail, head = int(net.graph.tail[edge]), int(net.graph.head[edge])
                ends = [(tail, head)] if net.graph.oneway[edge] else [(tail, head), (head, tail)]
                for start, end in ends:
                    if start == node and end not in seen:
                        seen.add(end)
                        stack.append(end)
        return bool(seen & out)

    for many in range(len(edges) + 1):
        if any(not connected(set(shut)) for shut in combinations(edges, many)):
            return many
    raise AssertionError("with every edge shut there is no way")


def eliminate(count, pairs):
    """(low, high), sorted, of all edges there ever are when nodes go in turn, each joining its neighbours."""
    near = [set() for _ in range(count)]
    for start, end in pairs:
        if start != end:
            near[start].add(end)
            near[end].add(start)
    found = []
    for node in range(count):
        later = {other for other in near[node] if other > node}
        found += [(node, other) for other in later]
        for other in later:
            near[other] |= later - {other}
    return sorted(found)
