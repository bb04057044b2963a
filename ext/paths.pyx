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


cdef int _sweep(const Graph* g, const Seeds* seeds, cost_t limit, cost_t* cost, node_t* root, Ring* q,
                node_t* touched, int64_t* reached) noexcept nogil:
    """Label every node within `limit` with its cost from the nearest seed; ties go to the root that comes first.

    `cost` must hold far() everywhere; seeds come sorted by cost. `touched`, if wanted, lists the labelled nodes.
    A bucket is wider than the shortest arc, so a label may be corrected within it; records that a better label
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
                if touched != NULL and cost[u] == far():
                    touched[reached[0]] = u
                    reached[0] += 1
                cost[u], root[u] = c, r
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
                        if touched != NULL and cost[v] == far():
                            touched[reached[0]] = v
                            reached[0] += 1
                        cost[v], root[v] = through, r
                        if ring_push(q, through, r, v) < 0:
                            return -1
        turn += 1
    return 0


def sweep(const node_t[::1] indptr, const node_t[::1] target, const cost_t[::1] arc_cost,
          const node_t[::1] seed_node, const cost_t[::1] seed_cost, const node_t[::1] seed_root,
          cost_t limit, cost_t[::1] cost, node_t[::1] root):
    """Fill `cost` and `root` (n,) from the nearest of the seeds, which come sorted by cost."""
    cdef Graph g = _graph(indptr, target, arc_cost)
    cdef Ring q
    cdef Seeds seeds
    cdef int status
    seeds.count = seed_node.shape[0]
    cost[:] = far()
    root[:] = NONE
    if seeds.count == 0:
        return
    seeds.node, seeds.cost, seeds.root = &seed_node[0], &seed_cost[0], &seed_root[0]
    with nogil:
        status = _open_ring(&q, arc_cost, g.count + seeds.count + 16)
        if status == 0:
            status = _sweep(&g, &seeds, limit, &cost[0], &root[0], &q, NULL, NULL)
        ring_close(&q)
    if status < 0:
        raise MemoryError("no memory for the sweep's queue")


def collect(const node_t[::1] indptr, const node_t[::1] target, const cost_t[::1] arc_cost, const node_t[::1] origins,
            const double[::1] weight, const cost_t[::1] step_limit, const double[::1] step_weight, double[::1] total):
    """Fill `total` (o,) with the sum, over the nodes within the last step of each origin, of weight x step weight."""
    cdef Graph g = _graph(indptr, target, arc_cost)
    cdef Ring q
    cdef Seeds seeds
    cdef int status = 0
    cdef cost_t zero = 0
    cdef node_t none = 0
    cdef int64_t o, i, k, reached, steps = step_limit.shape[0]
    cdef cost_t[::1] cost = np.full(g.count, 0xFFFFFFFF, dtype=np.uint32)
    cdef node_t[::1] root = np.full(g.count, -1, dtype=np.int32)
    cdef node_t[::1] touched = np.empty(g.count, dtype=np.int32)
    cdef double s
    if origins.shape[0] == 0:
        return
    seeds.cost, seeds.root, seeds.count = &zero, &none, 1
    with nogil:
        status = _open_ring(&q, arc_cost, 4096)
        for o in range(origins.shape[0]):
            if status < 0:
                break
            reached = 0
            seeds.node = &origins[o]
            status = _sweep(&g, &seeds, step_limit[steps - 1], &cost[0], &root[0], &q, &touched[0], &reached)
            s = 0.0
            for i in range(reached):
                k = 0
                while cost[touched[i]] > step_limit[k]:
                    k += 1
                s += weight[touched[i]] * step_weight[k]
                cost[touched[i]] = far()
                root[touched[i]] = NONE
            total[o] = s
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
            status = _sweep(&g, &seeds, far() - 1, &cost[o, 0], &root[0], &q, NULL, NULL)
        ring_close(&q)
    if status < 0:
        raise MemoryError("no memory for the sweep's queue")


def nearest_k(const node_t[::1] indptr, const node_t[::1] target, const cost_t[::1] arc_cost,
              const node_t[::1] seed_node, const cost_t[::1] seed_cost, const node_t[::1] seed_root,
              cost_t limit, cost_t[:, ::1] cost, node_t[:, ::1] root):
    """Fill `cost` and `root` (n, k) with the k nearest different roots of each node, nearest first.

    Records pop in order of (cost, root), so the first k different roots that reach a node are its k nearest.
    """
    cdef Graph g = _graph(indptr, target, arc_cost)
    cdef Heap q
    cdef Record top
    cdef int status
    cdef int64_t i
    cdef node_t a, v, j, k = <node_t> cost.shape[1]
    cdef cost_t through
    cdef node_t[::1] held = np.zeros(g.count, dtype=np.int32)
    cdef bint known
    cost[:, :] = far()
    root[:, :] = NONE
    with nogil:
        status = heap_open(&q, g.count + seed_node.shape[0] + 16)
        for i in range(seed_node.shape[0]):
            if status == 0 and seed_cost[i] <= limit:
                status = heap_push(&q, seed_cost[i], seed_root[i], seed_node[i])
        while status == 0 and q.used > 0:
            top = heap_pop(&q)
            known = held[top.node] == k
            for j in range(held[top.node]):
                known = known or root[top.node, j] == top.root
            if known:
                continue
            cost[top.node, held[top.node]] = top.cost
            root[top.node, held[top.node]] = top.root
            held[top.node] += 1
            for a in range(g.indptr[top.node], g.indptr[top.node + 1]):
                if g.cost[a] == far():
                    continue
                v = g.target[a]
                through = top.cost + g.cost[a]
                if through >= top.cost and through <= limit and held[v] < k:
                    status = heap_push(&q, through, top.root, v)
        heap_close(&q)
    if status < 0:
        raise MemoryError("no memory for the search's queue")
