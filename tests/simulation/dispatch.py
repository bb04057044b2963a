"""The oracle of `twin.simulation.emergency`: one event after the other, in plain Python."""

import heapq
from itertools import count

import networkx as nx


def dispatched(graph, stations, calls, *, turn_out, scene):
    """When each request was ordered and reached, and by which unit.

    Parameters
    ----------
    graph : networkx graph with ``time`` on its edges.
    stations : node of each unit.
    calls : (time, node, priority) of each request; those of one call stand one below the other.

    Notes
    -----
    A unit is idle at home, gone, or on its way back: then a list of the nodes ahead, each with the time it is there.
    """
    times = dict(nx.all_pairs_dijkstra_path_length(graph, weight="time"))
    back = dict.fromkeys(range(len(stations)))  # None: at home; a list: on the way back; absent: gone
    waiting, answers, heap, order = [], {}, [], count()
    for request, (time, _, _) in enumerate(calls):
        heapq.heappush(heap, (time, next(order), "call", request))

    def ready(unit, now):
        """Node that it can start from, and what passes until then: nothing is said of the rest of its edge."""
        way = back[unit]
        if way is None:
            return stations[unit], turn_out, now + turn_out
        node, there = next((node, there) for node, there in way if there >= now)
        return node, 0.0, there

    def send(now):
        for request in sorted(waiting, key=lambda each: (calls[each][2], calls[each][0], each)):
            if not back:
                return
            node = calls[request][1]
            unit = min(back, key=lambda each: (times[ready(each, now)[0]][node] + ready(each, now)[1], each))
            start, _, moves = ready(unit, now)
            del back[unit]
            waiting.remove(request)
            arrive = moves + times[start][node]
            answers[request] = (now, arrive, unit)
            heapq.heappush(heap, (arrive + scene, next(order), "free", (unit, node)))

    while heap:
        now, _, what, which = heapq.heappop(heap)
        if what == "call":
            waiting.append(which)
        elif what == "free":
            unit, node = which
            path = nx.dijkstra_path(graph, node, stations[unit], weight="time")
            way = [(each, now + times[node][each]) for each in path]
            back[unit] = way
            heapq.heappush(heap, (way[-1][1], next(order), "home", (unit, way)))
        elif back.get(which[0]) is which[1]:
            back[which[0]] = None
            continue
        else:
            continue
        send(now)
    return answers
