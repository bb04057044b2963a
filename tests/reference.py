"""Slow, obvious answers in plain Python, from the definitions; nobody optimises this file.

Costs are those of the columns, as they are: hand in whole numbers, and the kernels must agree exactly.
"""

from __future__ import annotations

from collections import defaultdict
from heapq import heapify, heappop, heappush
from itertools import combinations, pairwise
from math import inf

import numpy as np

#: The dearest way that the kernels' fixed point holds: (2**32 - 2) hundredths.
FARTHEST = (2**32 - 2) / 100


def arcs(net, cost="length"):
    """(from, to, cost, edge) of every open edge, in each direction that it may be passed."""
    columns = net.columns
    back = columns.get(f"{cost}_back", columns[cost])
    found = []
    for edge in range(len(net.graph.tail)):
        if columns["open"][edge]:
            tail, head = int(net.graph.tail[edge]), int(net.graph.head[edge])
            found.append((tail, head, float(columns[cost][edge]), edge))
            if not net.graph.oneway[edge]:
                found.append((head, tail, float(back[edge]), edge))
    return found


def turns(net, cost="length"):
    """Cost of each listed turn, (from edge, node, to edge); listed twice, the dearest; length feels only bans."""
    listed = defaultdict(float)
    if net.graph.turns is not None:
        for come, node, go, seconds in net.graph.turns.to_frame().itertuples(index=False):
            extra = seconds if cost.startswith("time") or seconds == inf else 0.0
            listed[come, node, go] = max(listed[come, node, go], extra)
    return listed


def bellman_ford(origin, ways, listed=None):
    """Cost from `origin` to every node that can be reached, by following each arc again until nothing gets cheaper.

    What the way there ends with is part of the label, since it decides what the next turn costs.
    """
    found = {(origin, None): 0.0}
    better = True
    while better:
        better = False
        for start, end, cost, edge in ways:
            for (node, last), so_far in list(found.items()):
                if node != start:
                    continue
                through = so_far + cost + (listed or {}).get((last, node, edge), 0.0)
                if through < found.get((end, edge if listed else None), inf):
                    found[end, edge if listed else None] = through
                    better = True
    nodes = {node for node, _ in found}
    least = {node: min(cost for (at, _), cost in found.items() if at == node) for node in nodes}
    return {node: cost for node, cost in least.items() if cost <= FARTHEST}


def matrix(net, origins, destinations=None, cost="length"):
    """Cost from each origin to each destination, positions both."""
    ways, listed = arcs(net, cost), turns(net, cost)
    ends = range(net.graph.count) if destinations is None else destinations
    rows = []
    for origin in origins:
        found = bellman_ford(origin, ways, listed)
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


def three_step(net, demand, supply_nodes, supply, limit, steps=((1.0, 1.0),), cost="length"):
    """3SFCA: as two steps, each weight times the site's part in all the weights that a node can choose from."""
    table = matrix(net, range(net.graph.count), cost=cost)

    def weight(c):
        for share, value in steps:
            if c <= share * limit and c < inf:
                return value
        return 0.0

    pull = [[weight(row[node]) for node in supply_nodes] for row in table]
    chosen = [[w * w / sum(row) if w else 0.0 for w in row] for row in pull]
    ratios = []
    for site, offer in enumerate(supply):
        load = sum(people * row[site] for people, row in zip(demand, chosen, strict=True))
        ratios.append(offer / load if load > 0 else 0.0)
    return [sum(ratio * w for ratio, w in zip(ratios, row, strict=True)) for row in chosen]


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
            found = bellman_ford(start, ways, turns(net, cost)).get(end, inf)
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
            ways.append((start, end, float(columns[cost][edge]) * (high - low), edge))
            if not net.graph.oneway[edge]:
                ways.append((end, start, float(back[edge]) * (high - low), edge))
    return ways


def _touches(net, cuts, what, hung, leaves):
    """A place touches every cut between its start and its end, at its gap's cost; inside a closed edge, nothing."""
    ways = []
    for row, edge, start, end, gap in hung.itertuples():
        for share in cuts[edge]:
            if start <= share <= end and (net.columns["open"][edge] or share in (0, 1)):
                place, touched = (what, row), _point(net, edge, share)
                ways.append((place, touched, float(gap), None) if leaves else (touched, place, float(gap), None))
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


def undirected(net):
    """(edge, end, end) of every open edge."""
    return [
        (edge, int(net.graph.tail[edge]), int(net.graph.head[edge]))
        for edge in range(len(net.graph.tail))
        if net.columns["open"][edge]
    ]


def parts(nodes, ways):
    """The sets of nodes that ways, (edge, end, end), join."""
    found = []
    left = set(nodes)
    while left:
        part, stack = set(), [left.pop()]
        while stack:
            node = stack.pop()
            part.add(node)
            for _, a, b in ways:
                for here, there in ((a, b), (b, a)):
                    if here == node and there in left:
                        left.remove(there)
                        stack.append(there)
        found.append(part)
    return found


def bridges(net):
    """Edges without which there is one part more."""
    ways, nodes = undirected(net), range(net.graph.count)
    whole = len(parts(nodes, ways))
    return [
        len(parts(nodes, [way for way in ways if way[0] != edge])) > whole and bool(net.columns["open"][edge])
        for edge in range(len(net.graph.tail))
    ]


def articulation(net):
    """Nodes without which there are more parts, not counting that a lonely node is gone itself."""
    ways, nodes = undirected(net), range(net.graph.count)
    found = []
    for node in nodes:
        others = [way for way in ways if node not in way[1:]]
        alone = all({a, b} == {node} for _, a, b in ways if node in (a, b))
        found.append(len(parts(set(nodes) - {node}, others)) > len(parts(nodes, ways)) - alone)
    return found


def cut_off(net, weights):
    """Weight of the lighter of the two parts that closing a bridge leaves."""
    ways, nodes = undirected(net), range(net.graph.count)
    found = []
    for edge, bridge in enumerate(bridges(net)):
        left = parts(nodes, [way for way in ways if way[0] != edge])
        ends = {int(net.graph.tail[edge]), int(net.graph.head[edge])}
        found.append(min(sum(weights[i] for i in part) for part in left if part & ends) if bridge else 0)
    return found


def betweenness(net, weights, cost="length"):
    """(edges, nodes) by listing every cheapest way between every two nodes: of those as cheap, the ones with the fewest
    arcs of no cost; parallel arcs that are equally cheap share a way."""
    count, rows = net.graph.count, _steps(net, cost)
    cheapest = {pair: min(price for price, _ in found) for pair, found in rows.items()}
    standing = {pair: [e for price, e in found if price == cheapest[pair]] for pair, found in rows.items()}
    edges, nodes = [0.0] * len(net.graph.tail), [0.0] * count
    pairs = {(s, t): weights[s] * weights[t] for s in range(count) for t in range(count) if s != t}
    for (source, end), people in pairs.items():
        ways = _cheapest_ways(source, end, cheapest)
        for way in ways:
            for pair in pairwise(way):
                for edge in standing[pair]:
                    edges[edge] += people / len(ways) / len(standing[pair])
            for node, _ in way[1:-1]:
                nodes[node] += people / len(ways)
    total = sum(pairs.values())
    rest = [sum(p for (s, t), p in pairs.items() if node not in (s, t)) for node in range(count)]
    return (
        [value / total if total else 0.0 for value in edges],
        [value / left if left else 0.0 for value, left in zip(nodes, rest, strict=True)],
    )


def _steps(net, cost):
    """{(place, place): [(price, edge)]}. A place is a node and, if turns are listed there, the arc that led to it."""
    graph, ways, listed = net.graph, arcs(net, cost), turns(net, cost)
    barred = set()
    for come, node, go, seconds in () if graph.turns is None else graph.turns.to_frame().itertuples(index=False):
        if seconds > 0 and (graph.tail[go] == node or (graph.head[go] == node and not graph.oneway[go])):
            barred.add((come, node))
    led = [(end, arc if (edge, end) in barred else None) for arc, (_, end, _, edge) in enumerate(ways)]
    rows = defaultdict(list)
    for place in {(node, None) for node in range(graph.count)} | set(led):
        last = None if place[1] is None else ways[place[1]][3]
        for arc, (start, _, price, edge) in enumerate(ways):
            total = price + listed.get((last, start, edge), 0.0)
            if start == place[0] and total < inf and place != led[arc]:
                rows[place, led[arc]].append(((float(total), int(total == 0)), edge))
    return rows


def _cheapest_ways(source, end, arcs):
    best, found = None, []
    stack = [([(source, None)], (0.0, 0))]
    while stack:
        way, price = stack.pop()
        if best is not None and price > best:
            continue
        if way[-1][0] == end:
            if best is None or price < best:
                best, found = price, []
            if price == best:
                found.append(way)
            continue
        for (start, then), (more, free) in arcs.items():
            if start == way[-1] and then not in way and price[0] + more <= FARTHEST:
                stack.append(([*way, then], (price[0] + more, price[1] + free)))
    return found


def efficiency(net, cost="length"):
    """Mean of 1 / cost over pairs of nodes that do not stand at one place."""
    table = matrix(net, range(net.graph.count), cost=cost)
    costs = [c for i, row in enumerate(table) for j, c in enumerate(row) if i != j and c > 0]
    return sum(1 / c for c in costs) / len(costs) if costs else 0.0


def criticality(net, journeys, cost="length"):
    """(added, cut off, total): close every edge in turn and ask again. A journey is (function of a network, people)."""
    before = [ask(net) for ask, _ in journeys]
    added, cut = [], []
    for edge in range(len(net.graph.tail)):
        after = [ask(net.close([edge])) for ask, _ in journeys]
        rows = [(p, a, b) for (_, p), b, a in zip(journeys, before, after, strict=True) if b < inf]
        added.append(sum(p * (a - b) for p, a, b in rows if a < inf))
        cut.append(sum(p for p, a, _ in rows if a == inf))
    return added, cut, sum(p * b for (_, p), b in zip(journeys, before, strict=True) if b < inf)


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


def rides(trips, departure, access, feet, most, until=inf):
    """Earliest arrival in a vehicle at each stop: Dijkstra (1959) over the events of a timetable, one after the other.

    Parameters
    ----------
    trips : lists of calls (stop, arrive, depart, pickup, drop_off).
    access : {stop: time on foot from the origin}.
    feet : {stop: {stop: time of a change}}, a stop's own included where one may get on again.
    most : boardings at most.
    """
    leaving = _leaving(trips)
    queue = [(departure + walk, 0, "present", stop, 0) for stop, walk in access.items()]  # time, rides, event
    heapify(queue)
    ridden, present, found = set(), set(), {}
    while queue:
        time, used, event, a, b = heappop(queue)  # of events at one time, those of fewer rides come first
        if time > until:
            break
        if event == "present" and (a, used) not in present:
            present.add((a, used))
            for depart, trip, call in leaving[a] if used < most else ():
                if depart >= time and (trip, call) not in ridden:
                    heappush(queue, (depart, used + 1, "ridden", trip, call))
        elif event == "ridden" and (a, b) not in ridden:
            ridden.add((a, b))
            stop, arrive, depart, _, drop_off = trips[a][b + 1]
            if drop_off:
                found[stop] = min(arrive, found.get(stop, inf))
                for other, walk in feet.get(stop, {}).items() if used < most else ():
                    if (other, used) not in present:
                        heappush(queue, (arrive + walk, used, "present", other, 0))
            if b + 2 < len(trips[a]):
                heappush(queue, (depart, used, "ridden", a, b + 1))
    return found


def _leaving(trips):
    """{stop: [(departure, trip, call)]} of every call where one may get on."""
    found = defaultdict(list)
    for trip, calls in enumerate(trips):
        for call, (stop, _, depart, pickup, _) in enumerate(calls[:-1]):
            if pickup:
                found[stop].append((depart, trip, call))
    return found


def journeys(trips, departures, access, feet, egress, direct, most):
    """[departure][destination] travel times: rides between two walks, or a walk all the way."""
    table = []
    for departure in departures:
        there = rides(trips, departure, access, feet, most)
        row = []
        for place, afoot in enumerate(direct):
            ways = [time + egress[stop][place] for stop, time in there.items() if place in egress.get(stop, {})]
            row.append(min([afoot, *(way - departure for way in ways)]))
        table.append(row)
    return table
