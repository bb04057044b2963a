# cython: freethreading_compatible=True
"""What closing one edge costs those who travel on a shortest-path forest. Trust the arrays: twin/routing has validated.

An edge outside the forest costs nothing: every labelled node keeps its way. An edge of the forest touches the nodes
below it alone, so only these are labelled again, from the arcs that enter from outside. Where turns are listed, several
arcs run along one edge, and the forest may hold several of them.
"""

import numpy as np

from queues cimport *
from types cimport *

cdef struct Rows:
    const node_t* indptr
    const node_t* target
    const cost_t* cost
    const node_t* edge

cdef struct Forest:
    node_t count
    node_t reached
    cost_t* label              # (n,) cost from the nearest seed
    node_t* up                 # (n,) arc, of the entering ones, that a node was reached by; NONE: seed or unreached
    node_t* node               # (reached,) nodes in preorder: those below a node come right behind it
    node_t* place              # (n,) place in preorder; NONE: unreached
    node_t* size               # (reached,) how many stand below, itself included
    node_t* first              # (m,) first place below an arc along each edge; NONE: the edge is not in the forest
    node_t* again              # (reached,) next place below another arc along the same edge; NONE: none


cdef Rows _rows(const node_t[::1] indptr, const node_t[::1] target, const cost_t[::1] cost, const node_t[::1] edge):
    cdef Rows g
    g.indptr = &indptr[0]
    g.target = &target[0] if target.shape[0] else NULL
    g.cost = &cost[0] if cost.shape[0] else NULL
    g.edge = &edge[0] if edge.shape[0] else NULL
    return g


cdef Forest _forest(node_t count, cost_t[::1] label, node_t[::1] up, node_t[::1] node, node_t[::1] place,
                    node_t[::1] size, node_t[::1] first, node_t[::1] again):
    cdef Forest f
    f.count, f.reached = count, 0
    f.label, f.up, f.node, f.place, f.size = &label[0], &up[0], &node[0], &place[0], &size[0]
    f.first, f.again = &first[0] if first.shape[0] else NULL, &again[0]
    return f


cdef int _grow(const Rows* out, int64_t edges, const node_t* seed, int64_t seeds, Forest* f, Ring* q,
               node_t* parent, node_t* child, node_t* sibling) noexcept nogil:
    """Grow the forest from seeds at no cost. Labels only ever improve strictly, so arcs of no cost close no ring."""
    cdef int64_t i
    cdef uint64_t turn = 0
    cdef uint32_t bucket
    cdef node_t u, v, a, at, root, edge
    cdef cost_t c, through
    cdef Record top
    for u in range(f.count):
        f.label[u] = far()
        f.up[u] = parent[u] = child[u] = f.place[u] = NONE
    f.reached = 0
    ring_clear(q)
    for i in range(seeds):
        if f.label[seed[i]] == far():
            f.label[seed[i]] = 0
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
                if f.label[u] != c:
                    continue
                for a in range(out.indptr[u], out.indptr[u + 1]):
                    through = c + out.cost[a]
                    if out.cost[a] == far() or through < c or through == far():
                        continue
                    v = out.target[a]
                    if through < f.label[v]:
                        f.label[v], f.up[v], parent[v] = through, a, u
                        if ring_push(q, through, 0, v) < 0:
                            return -1
        turn += 1
    for v in range(f.count - 1, -1, -1):
        if parent[v] != NONE:
            sibling[v] = child[parent[v]]
            child[parent[v]] = v
    for root in range(f.count):        # preorder; `child` is walked along and serves as the stack's way back
        if f.label[root] == far() or parent[root] != NONE:
            continue
        u = root
        while True:
            if f.place[u] == NONE:
                f.place[u] = f.reached
                f.node[f.reached] = u
                f.reached += 1
            if child[u] != NONE:
                v = child[u]
                child[u] = sibling[v]
                u = v
                continue
            f.size[f.place[u]] = f.reached - f.place[u]
            if u == root:
                break
            u = parent[u]
    for i in range(edges):
        f.first[i] = NONE
    for v in range(f.reached - 1, -1, -1):
        f.again[v], a = NONE, f.up[f.node[v]]
        if a != NONE and out.edge[a] != NONE:
            edge = out.edge[a]
            f.again[v] = f.first[edge]
            f.first[edge] = v
    return 0


cdef struct Under:
    node_t shut                # the edge that is closed
    node_t low                 # what stands below it is at places from low to high: all of them, or those marked with it
    node_t high
    node_t* mark


cdef inline bint _under(const Under* s, node_t place) noexcept nogil:
    return s.low <= place < s.high and (s.mark == NULL or s.mark[place] == s.shut)


cdef int _close(const Rows* out, const Rows* into, const Forest* f, node_t shut, const double* weight,
                const node_t* before, cost_t* fresh, node_t* mark, Heap* q, double* added, double* cut) noexcept nogil:
    """Close an edge of the forest: what those below pay more, and the weight that is cut off.

    `before` counts the nodes with a weight at the places before each: the search ends when it has met all below.
    `mark`, by place, holds the edge that was last closed above it, if several of its arcs were.
    """
    cdef node_t top, end = 0, i, u, a, y, left = 0
    cdef cost_t best, through
    cdef Record record
    cdef Under under
    top = f.first[shut]
    under.shut, under.low = shut, top
    under.mark = NULL if f.again[top] == NONE else mark
    while top != NONE:             # by rising place: what stands below a place that stands below comes right behind it
        if top >= end:
            end = top + f.size[top]
            left += before[end] - before[top]
            for i in range(top, end if under.mark != NULL else top):
                mark[i] = shut
        top = f.again[top]
    under.high = end
    if left == 0:
        return 0
    q.used = end = 0
    top = f.first[shut]
    while top != NONE:
        for i in range(max(top, end), top + f.size[top]):
            u = f.node[i]
            best = far()
            for a in range(into.indptr[u], into.indptr[u + 1]):
                y = f.place[into.target[a]]
                if into.cost[a] == far() or y == NONE or _under(&under, y):
                    continue
                through = f.label[into.target[a]] + into.cost[a]
                if through >= into.cost[a] and through < best and into.edge[a] != shut:
                    best = through
            fresh[i] = best
            if best != far() and heap_push(q, best, 0, i) < 0:
                return -1
        end = max(end, top + f.size[top])
        top = f.again[top]
    while q.used > 0 and left > 0:
        record = heap_pop(q)
        i, u = record.node, f.node[record.node]
        if record.cost != fresh[i]:
            continue
        if weight[u] != 0.0:
            left -= 1
            added[0] += weight[u] * <double> (record.cost - f.label[u])
        for a in range(out.indptr[u], out.indptr[u + 1]):
            y = f.place[out.target[a]]
            if out.cost[a] == far() or not _under(&under, y):
                continue
            through = record.cost + out.cost[a]
            if through >= record.cost and through < fresh[y] and out.edge[a] != shut:
                fresh[y] = through
                if heap_push(q, through, 0, y) < 0:
                    return -1
    if left == 0:
        return 0
    end, top = 0, f.first[shut]
    while top != NONE:
        for i in range(max(top, end), top + f.size[top]):
            if fresh[i] == far():
                cut[0] += weight[f.node[i]]
        end = max(end, top + f.size[top])
        top = f.again[top]
    return 0


cdef int _close_all(const Rows* out, const Rows* into, const Forest* f, node_t low, node_t high, const double* weight,
                    const node_t* before, cost_t* fresh, node_t* mark, Heap* q,
                    double* added, double* cut) noexcept nogil:
    """Close, one by one, the edges that are first met above the nodes at places low to high."""
    cdef node_t top, arc, edge
    for top in range(low, high):
        arc = f.up[f.node[top]]
        edge = NONE if arc == NONE else out.edge[arc]
        if edge != NONE and f.first[edge] == top:
            if _close(out, into, f, edge, weight, before, fresh, mark, q, &added[edge], &cut[edge]) < 0:
                return -1
    return 0


def forest(const node_t[::1] indptr, const node_t[::1] target, const cost_t[::1] cost, const node_t[::1] edge,
           const node_t[::1] seed, cost_t[::1] label, node_t[::1] up, node_t[::1] node, node_t[::1] place,
           node_t[::1] size, node_t[::1] first, node_t[::1] again):
    """Fill the forest (n,), `first` (m,), of cheapest ways from the seeds; the number of nodes that it reaches."""
    cdef node_t n = <node_t> label.shape[0]
    cdef Rows out = _rows(indptr, target, cost, edge)
    cdef Forest f = _forest(n, label, up, node, place, size, first, again)
    cdef node_t[:, ::1] links = np.empty((3, n), dtype=np.int32)
    cdef Ring q
    cdef int status
    with nogil:
        status = ring_fit(&q, out.cost, cost.shape[0], n + 16)
        if status == 0:
            status = _grow(&out, first.shape[0], &seed[0], seed.shape[0], &f, &q, &links[0, 0], &links[1, 0], &links[2, 0])
        ring_close(&q)
    if status < 0:
        raise MemoryError("no memory for the sweep's queue")
    return f.reached


def closures(const node_t[::1] indptr, const node_t[::1] target, const cost_t[::1] cost, const node_t[::1] edge,
             const node_t[::1] indptr_in, const node_t[::1] target_in, const cost_t[::1] cost_in,
             const node_t[::1] edge_in, cost_t[::1] label, node_t[::1] up, node_t[::1] node, node_t[::1] place,
             node_t[::1] size, node_t[::1] first, node_t[::1] again, const double[::1] weight,
             const node_t[::1] before, node_t low, node_t high, double[::1] added, double[::1] cut):
    """Close each edge first met above the places low to high of a forest; add to `added` and `cut` (m,) at the edges."""
    cdef node_t n = <node_t> label.shape[0]
    cdef Rows out = _rows(indptr, target, cost, edge), into = _rows(indptr_in, target_in, cost_in, edge_in)
    cdef Forest f = _forest(n, label, up, node, place, size, first, again)
    cdef cost_t[::1] fresh = np.empty(n, dtype=np.uint32)
    cdef node_t[::1] mark = np.full(n, NONE, dtype=np.int32)
    cdef Heap q
    cdef int status
    if added.shape[0] == 0:
        return
    with nogil:
        status = heap_open(&q, 256)
        if status == 0:
            status = _close_all(&out, &into, &f, low, high, &weight[0], &before[0], &fresh[0], &mark[0], &q,
                                &added[0], &cut[0])
        heap_close(&q)
    if status < 0:
        raise MemoryError("no memory for the search's queue")


def journeys(const node_t[::1] indptr, const node_t[::1] target, const cost_t[::1] cost, const node_t[::1] edge,
             const node_t[::1] indptr_in, const node_t[::1] target_in, const cost_t[::1] cost_in,
             const node_t[::1] edge_in, const node_t[::1] origin, const int64_t[::1] first, const node_t[::1] end,
             const double[::1] people, double[::1] added, double[::1] cut, double[::1] total):
    """For each origin, the journeys first[o] to first[o + 1] to their ends: what closing each edge adds and cuts off.

    `total` gets, per origin, what they pay with all edges as they are; who cannot go now is not cut off by a closure.
    """
    cdef node_t n = <node_t> (indptr.shape[0] - 1), i
    cdef Rows out = _rows(indptr, target, cost, edge), into = _rows(indptr_in, target_in, cost_in, edge_in)
    cdef cost_t[::1] label = np.empty(n, dtype=np.uint32), fresh = np.empty(n, dtype=np.uint32)
    cdef node_t[:, ::1] held = np.empty((6, n), dtype=np.int32), links = np.empty((3, n), dtype=np.int32)
    cdef node_t[::1] before = np.zeros(n + 1, dtype=np.int32)
    cdef double[::1] weight = np.zeros(n)
    cdef node_t[::1] above = np.empty(added.shape[0], dtype=np.int32)
    cdef Forest f = _forest(n, label, held[0], held[1], held[2], held[3], above, held[4])
    cdef Ring q
    cdef Heap h
    cdef int status
    cdef int64_t o, j
    with nogil:
        status = ring_fit(&q, out.cost, cost.shape[0], n + 16) | heap_open(&h, 256)
        for o in range(origin.shape[0]):
            if status < 0:
                break
            status = _grow(&out, added.shape[0], &origin[o], 1, &f, &q, &links[0, 0], &links[1, 0], &links[2, 0])
            if status < 0:
                break
            for j in range(first[o], first[o + 1]):
                if f.label[end[j]] != far():
                    weight[end[j]] += people[j]
                    total[o] += people[j] * <double> f.label[end[j]]
            for i in range(f.reached):
                before[i + 1] = before[i] + (weight[f.node[i]] != 0.0)
            if added.shape[0]:
                for i in range(n):
                    held[5, i] = NONE          # no edge of this forest is closed yet
                status = _close_all(&out, &into, &f, 0, f.reached, &weight[0], &before[0], &fresh[0], &held[5, 0], &h,
                                    &added[0], &cut[0])
            for j in range(first[o], first[o + 1]):
                weight[end[j]] = 0.0
        ring_close(&q)
        heap_close(&h)
    if status < 0:
        raise MemoryError("no memory for the search's queue")
