# cython: freethreading_compatible=True
"""What holds a multigraph together: bridges, articulation nodes, ways that share no edge. Trust the arrays."""

import numpy as np

from types cimport *


cdef void _count(const node_t[::1] tail, const node_t[::1] head, const uint8_t[::1] open, int64_t[::1] start) noexcept nogil:
    """Where the open edges of each node begin, whichever way they run; loops are left out. `start` comes as zeros."""
    cdef int64_t e, i
    for e in range(tail.shape[0]):
        if open[e] and tail[e] != head[e]:
            start[tail[e] + 1] += 1
            start[head[e] + 1] += 1
    for i in range(start.shape[0] - 1):
        start[i + 1] += start[i]


cdef void _list(const node_t[::1] tail, const node_t[::1] head, const uint8_t[::1] open, const int64_t[::1] start,
                int64_t[::1] at, node_t[::1] edge) noexcept nogil:
    """List the open edges of each node; `at` is scratch."""
    cdef node_t e
    cdef int64_t i
    for i in range(at.shape[0]):
        at[i] = start[i]
    for e in range(<node_t> tail.shape[0]):
        if open[e] and tail[e] != head[e]:
            edge[at[tail[e]]] = e
            at[tail[e]] += 1
            edge[at[head[e]]] = e
            at[head[e]] += 1


def bridges(const node_t[::1] tail, const node_t[::1] head, const uint8_t[::1] open, const double[::1] weight,
            uint8_t[::1] bridge, uint8_t[::1] articulation, double[::1] cut):
    """Mark bridges (m,) and articulation nodes (n,); `cut` (m,): weight on the lighter side of each bridge.

    One depth-first search without recursion (Tarjan 1972, 1974). The way up is told by its edge, not by its node, so
    that a second, parallel edge is a way round. Outputs come filled with zeros.
    """
    cdef node_t n = <node_t> weight.shape[0], m = <node_t> tail.shape[0]
    cdef node_t i, e, u, v, root, children, clock = 0, depth, count = 0, before
    if n == 0:
        return
    cdef int64_t[::1] start = np.zeros(n + 1, dtype=np.int64)
    cdef int64_t[::1] at = np.empty(n, dtype=np.int64)
    cdef node_t[::1] rank = np.full(n, NONE, dtype=np.int32)
    cdef node_t[::1] low = np.empty(n, dtype=np.int32)
    cdef node_t[::1] up = np.empty(n, dtype=np.int32)
    cdef node_t[::1] stack = np.empty(n, dtype=np.int32)
    cdef node_t[::1] found = np.empty(n, dtype=np.int32)
    cdef double[::1] below = np.array(weight)
    _count(tail, head, open, start)
    cdef node_t[::1] edge = np.empty(start[n], dtype=np.int32)
    with nogil:
        _list(tail, head, open, start, at, edge)
        for i in range(n):
            at[i] = start[i]
        for root in range(n):
            if rank[root] != NONE:
                continue
            before, children, depth = count, 0, 1
            stack[0], up[root], rank[root], low[root] = root, NONE, clock, clock
            clock += 1
            while True:
                u = stack[depth - 1]
                if at[u] < start[u + 1]:
                    e = edge[at[u]]
                    at[u] += 1
                    if e == up[u]:
                        continue
                    v = head[e] if tail[e] == u else tail[e]
                    if rank[v] == NONE:
                        children += u == root
                        stack[depth], up[v], rank[v], low[v] = v, e, clock, clock
                        clock += 1
                        depth += 1
                    elif rank[v] < low[u]:
                        low[u] = rank[v]
                    continue
                depth -= 1
                if depth == 0:
                    break
                v = stack[depth - 1]
                low[v] = min(low[v], low[u])
                below[v] += below[u]
                if low[u] > rank[v]:
                    bridge[up[u]], cut[up[u]], found[count] = True, below[u], up[u]
                    count += 1
                if v != root and low[u] >= rank[v]:
                    articulation[v] = True
            if children > 1:
                articulation[root] = True
            for i in range(before, count):
                e = found[i]
                cut[e] = max(0.0, min(cut[e], below[root] - cut[e]))


def disjoint(const node_t[::1] tail, const node_t[::1] head, const uint8_t[::1] oneway, const uint8_t[::1] open,
             const node_t[::1] origin, const node_t[::1] end, node_t count, node_t[::1] ways):
    """Fill `ways` (k,) with how many ways from each origin to its end share no edge; an origin and its end differ.

    Unit flows along shortest augmenting ways (Edmonds & Karp 1972): on streets, a handful for each pair.
    """
    cdef int64_t k, i, first, last
    cdef node_t u, v, e
    cdef bint found
    if ways.shape[0] == 0:
        return
    cdef int64_t[::1] start = np.zeros(count + 1, dtype=np.int64), at = np.empty(count, dtype=np.int64)
    _count(tail, head, open, start)
    cdef node_t[::1] edge = np.empty(start[count], dtype=np.int32)
    cdef int8_t[::1] flow = np.zeros(tail.shape[0], dtype=np.int8)      # along an edge: 1, against it: -1
    cdef node_t[::1] up = np.full(count, NONE, dtype=np.int32), met = np.empty(count, dtype=np.int32)
    with nogil:
        _list(tail, head, open, start, at, edge)
        for k in range(ways.shape[0]):
            ways[k], found = 0, True
            flow[:] = 0
            while found:
                met[0], first, last = origin[k], 0, 1
                while first < last and up[end[k]] == NONE:
                    u = met[first]
                    first += 1
                    for i in range(start[u], start[u + 1]):
                        e = edge[i]
                        if tail[e] == u:
                            v = head[e]
                            if flow[e] == 1:
                                continue
                        else:
                            v = tail[e]
                            if flow[e] == (0 if oneway[e] else -1):
                                continue
                        if up[v] == NONE and v != origin[k]:
                            up[v] = e
                            met[last] = v
                            last += 1
                found = up[end[k]] != NONE
                if found:
                    ways[k] += 1
                    v = end[k]
                    while v != origin[k]:
                        e = up[v]
                        if head[e] == v:
                            flow[e] += 1
                            v = tail[e]
                        else:
                            flow[e] -= 1
                            v = head[e]
                for i in range(last):
                    up[met[i]] = NONE
