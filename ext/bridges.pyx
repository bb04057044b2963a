# cython: freethreading_compatible=True
"""Bridges and articulation nodes of an undirected multigraph. Trust the arrays: twin/routing has validated them."""

import numpy as np

from types cimport *


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
    with nogil:
        for e in range(m):
            if open[e] and tail[e] != head[e]:
                start[tail[e] + 1] += 1
                start[head[e] + 1] += 1
        for i in range(n):
            start[i + 1] += start[i]
            at[i] = start[i]
    cdef node_t[::1] edge = np.empty(start[n], dtype=np.int32)
    with nogil:
        for e in range(m):
            if open[e] and tail[e] != head[e]:
                edge[at[tail[e]]] = e
                at[tail[e]] += 1
                edge[at[head[e]]] = e
                at[head[e]] += 1
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
