# cython: freethreading_compatible=True
"""Shortest paths on compressed sparse rows. Trust the arrays: twin/routing has validated them."""

import numpy as np

from queues cimport *
from types cimport *

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


cdef int _open_ring(Ring* q, const cost_t[::1] cost, int64_t room) noexcept nogil:
    """Buckets about as wide as a quarter of a mean arc, and enough of them that the longest arc stays within one turn."""
    cdef cost_t most = 1
    cdef uint64_t total = 0
    cdef int64_t i, arcs = 0
    cdef int shift = 0
    cdef uint32_t buckets = 256
    for i in range(cost.shape[0]):
        if cost[i] != far():
            total += cost[i]
            arcs += 1
            most = max(most, cost[i])
    if arcs:
        while (<uint64_t> 4 << shift) * arcs < total:
            shift += 1
    while (most >> shift) + 2 > (1 << 16):
        shift += 1
    while buckets < (most >> shift) + 2:
        buckets *= 2
    return ring_open(q, shift, buckets, room)


cdef struct Seeds:
    const node_t* node
    const cost_t* cost
    const node_t* root
    int64_t count


cdef int _sweep(const Graph* g, const Seeds* seeds, cost_t limit, cost_t* cost, node_t* root, node_t* via,
                Ring* q) noexcept nogil:
    """Label every node within `limit` with its cost from the nearest seed; ties go to the root that comes first.

    `cost` must hold far() everywhere; seeds come sorted by cost. `via`, if wanted, holds the arc by which a node was
    reached. A bucket is wider than the shortest arc, so a label may be corrected within it; records that a better label
    overtook are passed over when they come up. A bucket is emptied in rounds, each taking what the one before left:
    no more rounds than a way has arcs, where last in, first out could correct a label exponentially often.
    """
    cdef int64_t next_seed = 0, slot
    cdef uint64_t turn = 0
    cdef uint32_t bucket
    cdef node_t u, v, r, a
    cdef cost_t c, through
    q.used = 0
    q.waiting = 0
    while q.waiting > 0 or next_seed < seeds.count:
        if q.waiting == 0:
            turn = seeds.cost[next_seed] >> q.shift
            q.used = 0
        while next_seed < seeds.count and (seeds.cost[next_seed] >> q.shift) <= turn:
            u, c, r = seeds.node[next_seed], seeds.cost[next_seed], seeds.root[next_seed]
            next_seed += 1
            if c <= limit and (c < cost[u] or (c == cost[u] and r < root[u])):
                cost[u], root[u] = c, r
                if via != NULL:
                    via[u] = NONE
                if ring_push(q, c, r, u) < 0:
                    return -1
        bucket = <uint32_t> (turn & q.mask)
        while q.first[bucket] != NONE:
            slot = q.first[bucket]
            q.first[bucket] = NONE
            while slot != NONE:
                u, c, r = q.pool[slot].node, q.pool[slot].cost, q.pool[slot].root
                slot = q.pool[slot].next
                q.waiting -= 1
                if cost[u] != c or root[u] != r:
                    continue
                for a in range(g.indptr[u], g.indptr[u + 1]):
                    if g.cost[a] == far():
                        continue
                    through = c + g.cost[a]
                    if through < c or through > limit:
                        continue
                    v = g.target[a]
                    if through < cost[v] or (through == cost[v] and r < root[v]):
                        cost[v], root[v] = through, r
                        if via != NULL:
                            via[v] = a
                        if ring_push(q, through, r, v) < 0:
                            return -1
        turn += 1
    return 0


def sweep(const node_t[::1] indptr, const node_t[::1] target, const cost_t[::1] arc_cost,
          const node_t[::1] seed_node, const cost_t[::1] seed_cost, const node_t[::1] seed_root,
          cost_t limit, cost_t[::1] cost, node_t[::1] root, node_t[::1] via=None):
    """Fill `cost` and `root` (n,) from the nearest of the seeds, which come sorted by cost.

    `via` (n,), where given, gets the arc that each node is reached by, -1 at the seeds and where nothing leads.
    """
    cdef Graph g = _graph(indptr, target, arc_cost)
    cdef Ring q
    cdef Seeds seeds
    cdef int status
    seeds.count = seed_node.shape[0]
    cdef node_t* arc = NULL
    cost[:] = far()
    root[:] = NONE
    if via is not None:
        via[:] = NONE
        arc = &via[0] if via.shape[0] else NULL
    if seeds.count == 0:
        return
    seeds.node, seeds.cost, seeds.root = &seed_node[0], &seed_cost[0], &seed_root[0]
    with nogil:
        status = _open_ring(&q, arc_cost, g.count + seeds.count + 16)
        if status == 0:
            status = _sweep(&g, &seeds, limit, &cost[0], &root[0], arc, &q)
        ring_close(&q)
    if status < 0:
        raise MemoryError("no memory for the sweep's queue")


def distances(const node_t[::1] indptr, const node_t[::1] target, const cost_t[::1] arc_cost, const node_t[::1] origins,
              cost_t[:, ::1] cost):
    """Fill row o of `cost` (o, n) with the cost from origin o to every node."""
    cdef Graph g = _graph(indptr, target, arc_cost)
    cdef Ring q
    cdef Seeds seeds
    cdef int status = 0
    cdef cost_t zero = 0
    cdef node_t none = 0
    cdef int64_t o
    cdef node_t[::1] root = np.empty(g.count, dtype=np.int32)
    if origins.shape[0] == 0:
        return
    cost[:, :] = far()
    seeds.cost, seeds.root, seeds.count = &zero, &none, 1
    with nogil:
        status = _open_ring(&q, arc_cost, g.count + 16)
        for o in range(origins.shape[0]):
            if status < 0:
                break
            root[:] = NONE
            seeds.node = &origins[o]
            status = _sweep(&g, &seeds, far() - 1, &cost[o, 0], &root[0], NULL, &q)
        ring_close(&q)
    if status < 0:
        raise MemoryError("no memory for the sweep's queue")


cdef inline uint64_t packed(cost_t cost, node_t root) noexcept nogil:
    """Cost and root in one number: the smaller is cheaper or, as cheap, the earlier root."""
    return (<uint64_t> cost << 32) | <uint32_t> root


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


def nearest_k(const node_t[::1] indptr, const node_t[::1] target, const cost_t[::1] arc_cost,
              const node_t[::1] seed_node, const cost_t[::1] seed_cost, const node_t[::1] seed_root,
              cost_t limit, uint64_t[:, ::1] held):
    """Fill `held` (n, k) with cost << 32 | root of the k nearest different roots of each node, nearest first.

    Where there are fewer, the rest is all ones. Seeds come sorted by cost. A root among the k nearest of a node is among
    the k nearest of every node on its way there, so that no other need be passed on.
    """
    cdef Graph g = _graph(indptr, target, arc_cost)
    cdef Ring q
    cdef int status
    cdef int64_t next_seed = 0, at, seeds = seed_node.shape[0]
    cdef uint64_t turn = 0
    cdef uint32_t bucket
    cdef node_t a, u, v, r, j, k = <node_t> held.shape[1]
    cdef cost_t c, through
    held[:, :] = <uint64_t> -1
    if seeds == 0:
        return
    with nogil:
        status = _open_ring(&q, arc_cost, 2 * g.count + seeds + 16)
        while status == 0 and (q.waiting > 0 or next_seed < seeds):
            if q.waiting == 0:
                turn = seed_cost[next_seed] >> q.shift
                q.used = 0
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
                    u, c, r = q.pool[at].node, q.pool[at].cost, q.pool[at].root
                    at = q.pool[at].next
                    q.waiting -= 1
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


def tally(const cost_t[::1] cost, const double[::1] weight, cost_t limit):
    """Sums over the nodes: (weight reached, weight within the limit, weight x cost of what is reached)."""
    cdef double reached = 0.0, near = 0.0, travelled = 0.0
    cdef int64_t i
    with nogil:
        for i in range(cost.shape[0]):
            if cost[i] != far():
                reached += weight[i]
                travelled += weight[i] * cost[i]
                if cost[i] <= limit:
                    near += weight[i]
    return reached, near, travelled
