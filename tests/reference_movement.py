"""How people and vehicles move, in plain Python: slow, obvious, from the definitions; nobody optimises this file."""

from __future__ import annotations

import heapq
from math import exp, inf


def weidmann(density):
    """Walking speed [m/s], floor 0.1 m/s."""
    return max(0.1, 1.34 * (1 - exp(-1.913 * (1 / density - 1 / 5.4))))


def evacuate(lengths, hops, starts, shelters, room, apart, width=4.0):
    """Everybody leaves at 0 for the nearest shelter, and goes on from a full one to the nearest with room.

    lengths[u, v] of each arc; hops[s][u] the next node on the way to shelter s; apart[s][u] its distance.
    Returns arrival times, redirects and arcs passed.
    """
    goal = [min(range(len(shelters)), key=lambda s: (apart[s][u], s)) for u in starts]
    arrive, free = [None] * len(starts), list(room)
    on, last, redirects, passed = {}, {}, 0, 0
    queue = [(0.0, a, u, None) for a, u in enumerate(starts)]
    heapq.heapify(queue)
    while queue:
        time, a, u, came = heapq.heappop(queue)
        if came is not None:
            on[came] -= 1
            passed += 1
        while u == shelters[goal[a]] and arrive[a] is None:
            if free[goal[a]] > 0:
                free[goal[a]] -= 1
                arrive[a] = time
            else:
                redirects += 1
                goal[a] = min((s for s, left in enumerate(free) if left > 0), key=lambda s: (apart[s][u], s))
        if arrive[a] is not None:
            continue
        v = hops[goal[a]][u]
        arc = (u, v)
        on[arc] = on.get(arc, 0) + 1
        out = max(last.get(arc, 0.0), time + lengths[arc] / weidmann(on[arc] / (lengths[arc] * width)))
        last[arc] = out
        heapq.heappush(queue, (out, a, v, arc))
    return arrive, redirects, passed


def corridor(departs, free, headway, hole, storage, green=None):
    """Newell's recursion along links in a row: times (links + 1, vehicles) at which each vehicle passes each end.

    A vehicle passes from link i - 1 to link i when it has driven its link, a headway of both after the vehicle before
    it, and when the vehicle that stood `storage` places before it has left link i, and its place has come back. A
    signal lets vehicles out of a link for a share of the time only: green.
    """
    links = len(free)
    out = headway if green is None else [one / share for one, share in zip(headway, green, strict=True)]
    time = [[inf] * len(departs) for _ in range(links + 1)]
    for j, depart in enumerate(departs):
        for i in range(links + 1):
            soonest = depart if i == 0 else time[i - 1][j] + free[i - 1]
            if j and i > 0:
                soonest = max(soonest, time[i][j - 1] + out[i - 1])
            if j and i < links:
                soonest = max(soonest, time[i][j - 1] + headway[i])
            if i < links and j >= storage[i]:
                soonest = max(soonest, time[i + 1][j - storage[i]] + hole[i])
            time[i][j] = soonest
    return time
