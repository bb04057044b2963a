# cython: freethreading_compatible=True
"""Shortest paths on compressed sparse rows. Trust the arrays: twin/routing has validated them."""

from libc.math cimport INFINITY

import numpy as np

from queues cimport *
from types cimport *

cdef extern from *:
    """
    #if defined(__GNUC__)
    #define TWIN_NEAR(at) __builtin_prefetch(at)
    #else
    #define TWIN_NEAR(at) ((void) (at))
    #endif
    """
    void near "TWIN_NEAR"(const void* at) noexcept nogil    # have a place in memory brought near

cdef struct Graph:
    const node_t* indptr
    const node_t* target
    const cost_t* cost           # of each arc; far() where it is closed
    node_t count


cdef Graph _graph(const node_t[::1] indptr, const node_t[::1] target, const cost_t[::1] cost):
    cdef Graph g
    g.count = <node_t> (indptr.shape[0] - 1)
    g.indptr = &indptr[0]
    g.target = &target[0] if target.shape[0] else NULL
    g.cost = &cost[0] if cost.shape[0] else NULL
    return g


cdef struct Seeds:
    const node_t* node
    const cost_t* cost
    const node_t* root
    int64_t count


cdef inline uint64_t packed(cost_t cost, node_t root) noexcept nogil:
    """Cost and root in one number: the smaller is cheaper or, as cheap, the earlier root."""
    return (<uint64_t> cost << 32) | <uint32_t> root


cdef int _sweep(const Graph* g, const Seeds* seeds, cost_t limit, uint64_t* label, node_t* via, Ring* q) noexcept nogil:
    """Label every node within `limit` with its packed cost from the nearest seed and that seed's root.

    `label` must hold ones everywhere; seeds come sorted by cost. `via`, if wanted, holds the arc by which a node was
    reached. A bucket is wider than the shortest arc, so a label may be corrected within it; records that a better label
    overtook are passed over when they come up. A bucket is emptied in rounds, each taking what the one before left:
    no more rounds than a way has arcs, where last in, first out could correct a label exponentially often.
    """
    cdef int64_t next_seed = 0
    cdef uint64_t turn = 0, through
    cdef uint32_t bucket
    cdef node_t v, a, at
    cdef cost_t c
    cdef Record top
    ring_clear(q)
    while q.waiting > 0 or next_seed < seeds.count:
        if q.waiting == 0:
            turn = seeds.cost[next_seed] >> q.shift
        while next_seed < seeds.count and (seeds.cost[next_seed] >> q.shift) <= turn:
            v, c = seeds.node[next_seed], seeds.cost[next_seed]
            through = packed(c, seeds.root[next_seed])
            if c <= limit and through < label[v]:
                label[v] = through
                if via != NULL:
                    via[v] = NONE
                if ring_push(q, c, seeds.root[next_seed], v) < 0:
                    return -1
            next_seed += 1
        bucket = <uint32_t> (turn & q.mask)
        while q.first[bucket] != NONE:
            at = q.first[bucket]
            q.first[bucket] = NONE
            while at != NONE:
                top = ring_take(q, at)
                at = top.next
                if at != NONE:
                    near(&g.target[g.indptr[q.pool[at].node]])
                    near(&g.cost[g.indptr[q.pool[at].node]])
                if label[top.node] != packed(top.cost, top.root):
                    continue
                for a in range(g.indptr[top.node], g.indptr[top.node + 1]):
                    c = top.cost + g.cost[a]
                    if c < top.cost or c > limit or g.cost[a] == far():
                        continue
                    v = g.target[a]
                    through = packed(c, top.root)
                    if through < label[v]:
                        label[v] = through
                        if via != NULL:
                            via[v] = a
                        near(&g.indptr[v])
                        if ring_push(q, c, top.root, v) < 0:
                            return -1
        turn += 1
    return 0


def shape(const cost_t[::1] arc_cost):
    """(shift, buckets) of the ring for sweeps over these arcs."""
    cdef int shift
    cdef uint32_t buckets
    ring_shape(&arc_cost[0] if arc_cost.shape[0] else NULL, arc_cost.shape[0], &shift, &buckets)
    return shift, buckets


def sweep(const node_t[::1] indptr, const node_t[::1] target, const cost_t[::1] arc_cost, int shift, uint32_t buckets,
          const node_t[::1] seed_node, const cost_t[::1] seed_cost, const node_t[::1] seed_root,
          cost_t limit, uint64_t[::1] label, node_t[::1] via=None):
    """Fill `label` (n,) with cost << 32 | root of the nearest of the seeds, which come sorted by cost; ones where none is.

    `via` (n,), where given, gets the arc that each node is reached by, -1 at the seeds and where nothing leads.
    """
    cdef Graph g = _graph(indptr, target, arc_cost)
    cdef Ring q
    cdef Seeds seeds
    cdef int status
    seeds.count = seed_node.shape[0]
    cdef node_t* arc = NULL
    label[:] = <uint64_t> -1
    if via is not None:
        via[:] = NONE
        arc = &via[0] if via.shape[0] else NULL
    if seeds.count == 0:
        return
    seeds.node, seeds.cost, seeds.root = &seed_node[0], &seed_cost[0], &seed_root[0]
    with nogil:
        status = ring_open(&q, shift, buckets, seeds.count + 1024)
        if status == 0:
            status = _sweep(&g, &seeds, limit, &label[0], arc, &q)
        ring_close(&q)
    if status < 0:
        raise MemoryError("no memory for the sweep's queue")


def read(const uint64_t[::1] label, const node_t[::1] at, double scale, double[::1] cost, node_t[::1] root):
    """Fill `cost` and `root`, (n,) each, from the labels of the positions `at`: cost / scale, infinity where none is.

    One pass where numpy would take five; after a sweep of a whole city they would cost a third of it.
    """
    cdef int64_t i
    cdef uint64_t held
    with nogil:
        for i in range(at.shape[0]):
            held = label[at[i]]
            root[i] = <node_t> <uint32_t> held
            cost[i] = INFINITY if (held >> 32) == far() else (held >> 32) / scale


def distances(const node_t[::1] indptr, const node_t[::1] target, const cost_t[::1] arc_cost, int shift,
              uint32_t buckets, const node_t[::1] origins, uint64_t[::1] label, cost_t[:, ::1] cost):
    """Fill row o of `cost` (o, n) with the cost from origin o to every node; `label` (n,) is room for the search."""
    cdef Graph g = _graph(indptr, target, arc_cost)
    cdef Ring q
    cdef Seeds seeds
    cdef int status = 0
    cdef cost_t zero = 0
    cdef node_t none = 0, v
    cdef int64_t o
    if origins.shape[0] == 0:
        return
    seeds.cost, seeds.root, seeds.count = &zero, &none, 1
    with nogil:
        status = ring_open(&q, shift, buckets, 1024)
        for o in range(origins.shape[0]):
            if status < 0:
                break
            for v in range(g.count):
                label[v] = <uint64_t> -1
            seeds.node = &origins[o]
            status = _sweep(&g, &seeds, far() - 1, &label[0], NULL, &q)
            for v in range(g.count):
                cost[o, v] = <cost_t> (label[v] >> 32)
        ring_close(&q)
    if status < 0:
        raise MemoryError("no memory for the sweep's queue")


cdef inline bint _enter(uint64_t* held, node_t k, cost_t cost, node_t root) noexcept nogil:
    """Enter a root into a node's sorted list of its k nearest, if it is one of them and not in it as near already."""
    cdef uint64_t fresh = packed(cost, root)
    cdef node_t at = k - 1, j
    if fresh >= held[k - 1]:
        return False
    for j in range(k):
        if <node_t> <uint32_t> held[j] == root:
            if held[j] <= fresh:
                return False
            at = j
            break
    while at > 0 and held[at - 1] > fresh:
        held[at] = held[at - 1]
        at -= 1
    held[at] = fresh
    return True


def nearest_k(const node_t[::1] indptr, const node_t[::1] target, const cost_t[::1] arc_cost, int shift,
              uint32_t buckets, const node_t[::1] seed_node, const cost_t[::1] seed_cost, const node_t[::1] seed_root,
              cost_t limit, uint64_t[:, ::1] held):
    """Fill `held` (n, k) with cost << 32 | root of the k nearest different roots of each node, nearest first.

    Where there are fewer, the rest is all ones. Seeds come sorted by cost. A root among the k nearest of a node is among
    the k nearest of every node on its way there, so that no other need be passed on.
    """
    cdef Graph g = _graph(indptr, target, arc_cost)
    cdef Ring q
    cdef int status
    cdef int64_t next_seed = 0, seeds = seed_node.shape[0]
    cdef Record top
    cdef node_t at
    cdef uint64_t turn = 0
    cdef uint32_t bucket
    cdef node_t a, u, v, r, j, k = <node_t> held.shape[1]
    cdef cost_t c, through
    held[:, :] = <uint64_t> -1
    if seeds == 0:
        return
    with nogil:
        status = ring_open(&q, shift, buckets, seeds + 1024)
        while status == 0 and (q.waiting > 0 or next_seed < seeds):
            if q.waiting == 0:
                turn = seed_cost[next_seed] >> q.shift
            while next_seed < seeds and (seed_cost[next_seed] >> q.shift) <= turn:
                u, c, r = seed_node[next_seed], seed_cost[next_seed], seed_root[next_seed]
                next_seed += 1
                if c <= limit and _enter(&held[u, 0], k, c, r):
                    status |= ring_push(&q, c, r, u)
            bucket = <uint32_t> (turn & q.mask)
            while status == 0 and q.first[bucket] != NONE:
                at = q.first[bucket]
                q.first[bucket] = NONE
                while at != NONE:
                    top = ring_take(&q, at)
                    at, u, c, r = top.next, top.node, top.cost, top.root
                    j = 0
                    while j < k and held[u, j] != packed(c, r):
                        j += 1
                    if j == k:
                        continue
                    for a in range(g.indptr[u], g.indptr[u + 1]):
                        if g.cost[a] == far():
                            continue
                        v = g.target[a]
                        through = c + g.cost[a]
                        if through >= c and through <= limit and _enter(&held[v, 0], k, through, r):
                            status |= ring_push(&q, through, r, v)
            turn += 1
        ring_close(&q)
    if status < 0:
        raise MemoryError("no memory for the search's queue")


def tally(const uint64_t[::1] label, const double[::1] weight, cost_t limit):
    """Sums over a sweep's labels: (weight reached, weight within the limit, weight x cost of what is reached)."""
    cdef cost_t cost
    cdef double reached = 0.0, near = 0.0, travelled = 0.0
    cdef int64_t i
    with nogil:
        for i in range(label.shape[0]):
            cost = <cost_t> (label[i] >> 32)
            if cost != far():
                reached += weight[i]
                travelled += weight[i] * cost
                if cost <= limit:
                    near += weight[i]
    return reached, near, travelled
