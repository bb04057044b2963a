# cython: freethreading_compatible=True
"""Cheapest ways through arcs and nodes (Brandes 2001). Trust the arrays: twin/routing has validated them."""

import numpy as np

from queues cimport *
from types cimport *

cdef enum:
    HEADROOM = 512             # binary digits by which a number of ways is scaled down once it exceeds them

cdef double DOWN = 2.0 ** -HEADROOM
cdef double UP = 2.0 ** HEADROOM

cdef struct Place:
    uint64_t label             # cost << 32 | arcs of no cost on the way: every arc adds something, so arcs have an order
    double ways                # cheapest ways from the source, as ways * 2**(HEADROOM * scale)
    double through             # share of the source's journeys that pass through
    int32_t scale
    uint8_t listed
    uint8_t last               # journeys end here, and none goes on: of a junction's copies, the one to arrive at


cdef inline uint64_t _unreached() noexcept nogil:
    return <uint64_t> 0xFFFFFFFFFFFFFFFF


cdef inline uint64_t _step(cost_t cost) noexcept nogil:
    return (<uint64_t> cost << 32) if cost else 1


cdef void _sort(node_t* node, uint64_t* key, int64_t count) noexcept nogil:
    """Sort nodes by key: a bucket's worth, mostly few (Shell 1959, gaps of Ciura 2001)."""
    cdef int64_t[8] gaps = [701, 301, 132, 57, 23, 10, 4, 1]
    cdef int64_t g, gap, i, j
    cdef uint64_t k
    cdef node_t v
    for g in range(8):
        gap = gaps[g]
        for i in range(gap, count):
            k, v, j = key[i], node[i], i
            while j >= gap and key[j - gap] > k:
                key[j], node[j] = key[j - gap], node[j - gap]
                j -= gap
            key[j], node[j] = k, v


cdef int64_t _order(const node_t* indptr, const node_t* target, const cost_t* cost, node_t source, Place* place,
                    Ring* q, node_t* order, uint64_t* key) noexcept nogil:
    """Label every node that can be reached and list them by label; -1 where memory ran out."""
    cdef int64_t count = 0, begin, i
    cdef uint64_t turn = 0, label, through
    cdef uint32_t bucket
    cdef node_t u, v, a, at
    cdef Record top
    ring_clear(q)
    place[source].label = 0
    if ring_push(q, 0, 0, source) < 0:
        return -1
    while q.waiting > 0:
        bucket = <uint32_t> (turn & q.mask)
        begin = count
        while q.first[bucket] != NONE:
            at = q.first[bucket]
            q.first[bucket] = NONE
            while at != NONE:
                top = ring_take(q, at)
                at, u = top.next, top.node
                label = (<uint64_t> top.cost << 32) | <uint32_t> top.root
                if place[u].label != label:
                    continue
                if not place[u].listed:
                    place[u].listed = True
                    order[count] = u
                    count += 1
                for a in range(indptr[u], indptr[u + 1]):
                    through = label + _step(cost[a])
                    v = target[a]
                    if through < place[v].label and through > label and (through >> 32) < far():
                        place[v].label = through
                        if ring_push(q, <cost_t> (through >> 32), <node_t> (through & far()), v) < 0:
                            return -1
        for i in range(begin, count):
            key[i - begin] = place[order[i]].label
        _sort(order + begin, key, count - begin)
        turn += 1
    return count


cdef inline void _add_ways(Place* to, const Place* of) noexcept nogil:
    """Add the ways to one place to those of the next; on a grid there are more of them than a float64 can count."""
    if to.ways == 0.0:
        to.ways, to.scale = of.ways, of.scale
    elif to.scale == of.scale:
        to.ways += of.ways
    elif to.scale == of.scale + 1:
        to.ways += of.ways * DOWN
    elif to.scale < of.scale:
        to.ways = of.ways + (to.ways * DOWN if to.scale + 1 == of.scale else 0.0)
        to.scale = of.scale
    if to.ways > UP:
        to.ways *= DOWN
        to.scale += 1


cdef inline double _part(const Place* of, const Place* to) noexcept nogil:
    """Share of the ways to a place that come by the place before it."""
    if to.scale == of.scale:
        return of.ways / to.ways
    return of.ways / to.ways * DOWN if to.scale == of.scale + 1 else 0.0


def betweenness(const node_t[::1] indptr, const node_t[::1] target, const cost_t[::1] cost, const node_t[::1] first,
                const node_t[::1] along, const node_t[::1] edge, const node_t[::1] source, const double[::1] rest,
                const double[::1] part, const double[::1] weight, double whole, int64_t[::1] arc, int64_t[::1] node,
                int64_t[::1] edge_square, int64_t[::1] node_square):
    """Add to `arc` and `node` the part of each source times the share of its journeys that pass, times `whole`.

    Sums are whole numbers: in any order they add up to the same, so threads change nothing. Journeys lead from a source
    to others in proportion to their weight, of which there is `rest` elsewhere. Arcs are open, at most one from a place
    to another, none to itself. Node i has the places first[i] to first[i + 1], at the last of which one arrives. Arc a
    stands for the edges `edge` from along[a] to along[a + 1], which share it. Squares of the shares, by edge and by node,
    are wanted where their arrays have a length.
    """
    cdef node_t n = <node_t> (indptr.shape[0] - 1)
    cdef int64_t s, i, k, count = 0, tight, room = max(1, target.shape[0])
    cdef node_t u, a
    cdef int status = 0
    cdef bint squares = edge_square.shape[0] > 0 or node_square.shape[0] > 0
    cdef double passing
    cdef Ring q
    cdef Place* place
    cdef Place* start
    cdef Place* end
    cdef const node_t* heads = NULL
    cdef const cost_t* costs = NULL
    if n == 0 or source.shape[0] == 0:
        return
    if target.shape[0]:
        heads, costs = &target[0], &cost[0]
    cdef uint8_t[::1] memory = np.empty(n * sizeof(Place), dtype=np.uint8)
    cdef node_t[::1] order = np.empty(n, dtype=np.int32)
    cdef uint64_t[::1] key = np.empty(n, dtype=np.uint64)
    cdef node_t[::1] tight_arc = np.empty(room, dtype=np.int32)
    cdef node_t[::1] tight_from = np.empty(room, dtype=np.int32)
    cdef double[::1] ends = np.empty(n)                          # share of the source's journeys that end at a place
    cdef double[::1] load = np.zeros(edge_square.shape[0])       # share that passes an edge; 0 again after each source
    place = <Place*> &memory[0]
    with nogil:
        for i in range(first.shape[0] - 1):
            for u in range(first[i], first[i + 1]):
                place[u].last = u > first[i] and u == first[i + 1] - 1
        status = ring_fit(&q, costs, target.shape[0], n + 16)
        for s in range(source.shape[0]):
            if status < 0 or rest[s] <= 0.0:
                continue
            for i in range(n):
                place[i].label = _unreached()
                place[i].ways = place[i].through = 0.0
                place[i].scale = place[i].listed = 0
                ends[i] = weight[i] / rest[s]
            count = _order(&indptr[0], heads, costs, source[s], place, &q, &order[0], &key[0])
            if count < 0:
                status = -1
                continue
            place[source[s]].ways = 1.0
            tight = 0
            for i in range(count):
                u = order[i]
                start = &place[u]
                for a in range(indptr[u], indptr[u + 1]):
                    end = &place[target[a]]
                    if start.label + _step(cost[a]) == end.label:
                        _add_ways(end, start)
                        tight_arc[tight], tight_from[tight] = a, u
                        tight += 1
            for i in range(tight - 1, -1, -1):
                a, u = tight_arc[i], tight_from[i]
                start, end = &place[u], &place[target[a]]
                passing = _part(start, end) * (end.through + ends[target[a]])
                if end.last:       # the free arc to where one arrives: journeys by it end here and pass nothing
                    ends[u] += passing
                    continue
                start.through += passing
                arc[a] += <int64_t> (part[s] * passing * whole)
                if squares:
                    for k in range(along[a], along[a + 1]):
                        load[edge[k]] += passing / (along[a + 1] - along[a])
            place[source[s]].through = 0.0
            for i in range(first.shape[0] - 1):
                passing = 0.0
                for u in range(first[i], first[i + 1]):
                    passing += place[u].through
                node[i] += <int64_t> (part[s] * passing * whole)
                if squares:
                    node_square[i] += <int64_t> (part[s] * passing * passing * whole)
            for i in range(tight if squares else 0):
                for k in range(along[tight_arc[i]], along[tight_arc[i] + 1]):
                    passing = load[edge[k]]
                    edge_square[edge[k]] += <int64_t> (part[s] * passing * passing * whole)
                    load[edge[k]] = 0.0
        ring_close(&q)
    if status < 0:
        raise MemoryError("no memory for the search's queue")
