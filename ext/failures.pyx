# cython: freethreading_compatible=True
"""Ensembles of failed edges. Trust the arrays: twin/routing has validated them."""

import numpy as np

from queues cimport *
from random cimport *
from types cimport *


def draws(uint64_t seed, uint64_t run, double[::1] number):
    """Fill `number` (m,) with what run `run` of a seed draws for each edge, in [0, 1)."""
    cdef uint64_t stream = stream_of(seed, run)
    cdef int64_t e
    for e in range(number.shape[0]):
        number[e] = uniform(draw(stream, e))


def splitmix(uint64_t state, uint64_t[::1] number):
    """Fill `number` with a stream from its start, as published generators give it."""
    cdef int64_t i
    for i in range(number.shape[0]):
        number[i] = draw(state, i)


cdef int _sweep(const node_t* indptr, const node_t* target, const cost_t* arc_cost, const node_t* seed, int64_t seeds,
                cost_t* cost, Ring* q) noexcept nogil:
    """Cost of every node from the nearest seed; `cost` comes filled with far()."""
    cdef int64_t i
    cdef uint64_t turn = 0
    cdef uint32_t bucket
    cdef node_t u, v, a, at
    cdef cost_t c, through
    cdef Record top
    ring_clear(q)
    for i in range(seeds):
        if cost[seed[i]] != 0:
            cost[seed[i]] = 0
            if ring_push(q, 0, 0, seed[i]) < 0:
                return -1
    while q.waiting > 0:
        bucket = <uint32_t> (turn & q.mask)
        while q.first[bucket] != NONE:
            at = q.first[bucket]
            q.first[bucket] = NONE
            while at != NONE:
                top = ring_take(q, at)
                at, u, c = top.next, top.node, top.cost
                if cost[u] != c:
                    continue
                for a in range(indptr[u], indptr[u + 1]):
                    v = target[a]
                    through = c + arc_cost[a]
                    # a closed arc, or one too many, comes out below: c + far() wraps to c - 1
                    if through < cost[v] and through >= c:
                        cost[v] = through
                        if ring_push(q, through, 0, v) < 0:
                            return -1
        turn += 1
    return 0


cdef inline node_t _top(node_t* above, node_t u) noexcept nogil:
    while above[u] != u:
        above[u] = above[above[u]]
        u = above[u]
    return u


cdef node_t _largest(const node_t* tail, const node_t* head, const uint8_t* shut, int64_t edges, node_t n,
                     node_t* above, node_t* size) noexcept nogil:
    """Nodes of the largest part that open edges join, whichever way they run."""
    cdef int64_t e
    cdef node_t u, v, most = 0
    for u in range(n):
        above[u], size[u] = u, 1
    for e in range(edges):
        if shut[e] or above[tail[e]] == above[head[e]]:
            continue
        u, v = _top(above, tail[e]), _top(above, head[e])
        if u == v:
            continue
        if size[u] < size[v]:
            u, v = v, u
        above[v] = u
        size[u] += size[v]
    for u in range(n):
        if above[u] == u:
            most = max(most, size[u])
    return most


def failures(const node_t[::1] indptr, const node_t[::1] target, const cost_t[::1] arc_cost, const node_t[::1] along,
             const node_t[::1] arc_of, const node_t[::1] row, const node_t[::1] tail, const node_t[::1] head,
             const uint64_t[::1] chance, const node_t[::1] seed_node, const double[::1] weight, cost_t limit,
             uint64_t seed, int64_t first, double[::1] reached, double[::1] mean, double[::1] cut, node_t[::1] largest,
             int64_t[::1] within):
    """Runs first to first + r: each edge fails by its own draw; outputs (r,), and `within` (n,) counts runs by node.

    `row` is the number that an edge draws by; edges come sorted by their ends, so that memory is read in order. Edge e
    has the arcs `arc_of` from along[e] to along[e + 1]: several each way where turns are listed. It fails where its draw
    lies below `chance`, in 2**-53; beyond 2**53 it is closed in every run. Copies of a junction weigh nothing.
    """
    cdef node_t n = <node_t> (indptr.shape[0] - 1), u
    cdef int64_t m = tail.shape[0], r, e, i, a, failed
    cdef uint64_t stream
    cdef int status
    cdef double people, cost_sum, near, lost
    cdef Ring q
    if n == 0 or reached.shape[0] == 0:
        return
    cdef cost_t[::1] cost = np.empty(n, dtype=np.uint32)
    cdef node_t[::1] above = np.empty(n, dtype=np.int32), size = np.empty(n, dtype=np.int32)
    cdef uint8_t[::1] shut = np.empty(max(1, m), dtype=np.uint8)
    cdef node_t[::1] list_ = np.empty(max(1, m), dtype=np.int32)
    cdef cost_t[::1] left = np.array(arc_cost)     # what the arcs cost in this run
    cdef const node_t* heads = &target[0] if m else NULL
    cdef cost_t* costs = &left[0] if m else NULL
    cdef const node_t* roots = &seed_node[0] if seed_node.shape[0] else NULL
    with nogil:
        status = ring_fit(&q, costs, left.shape[0], n + 16)
        for r in range(reached.shape[0]):
            if status < 0:
                break
            stream, failed = stream_of(seed, <uint64_t> (first + r)), 0
            for e in range(m):
                shut[e] = (draw(stream, <uint64_t> row[e]) >> (64 - DRAW_BITS)) < chance[e]
            for e in range(m):
                list_[failed] = <node_t> e
                failed += shut[e]
            for i in range(failed):
                e = list_[i]
                for a in range(along[e], along[e + 1]):
                    costs[arc_of[a]] = far()
            for u in range(n):
                cost[u] = far()
            status = _sweep(&indptr[0], heads, costs, roots, seed_node.shape[0], &cost[0], &q)
            for i in range(failed):
                e = list_[i]
                for a in range(along[e], along[e + 1]):
                    costs[arc_of[a]] = arc_cost[arc_of[a]]
            near = lost = people = cost_sum = 0.0
            for u in range(n):
                if cost[u] == far():
                    lost += weight[u]
                else:
                    people += weight[u]
                    cost_sum += weight[u] * <double> cost[u]
                if cost[u] <= limit:
                    near += weight[u]
                    within[u] += 1
            reached[r], cut[r] = near, lost
            mean[r] = cost_sum / people if people > 0.0 else -1.0
            largest[r] = _largest(&tail[0], &head[0], &shut[0], m, n, &above[0], &size[0]) if m else 1
        ring_close(&q)
    if status < 0:
        raise MemoryError("no memory for the sweep's queue")
