# A search from one origin over what lies within a limit: labels in a caller's array, and a list of what was reached.
from queues cimport Record, Ring, ring_clear, ring_push, ring_take
from types cimport *

cdef inline int64_t search(const node_t* indptr, const node_t* target, const cost_t* cost, node_t origin, cost_t limit,
                           Ring* q, cost_t* label, node_t* reached) noexcept nogil:
    """Label the nodes within `limit` of the origin; returns how many `reached` lists, or -1 where memory ran out.

    `label` (n,) must hold far() everywhere; the caller puts that back for what is listed.
    """
    cdef int64_t many = 1
    cdef uint64_t turn = 0
    cdef uint32_t bucket
    cdef node_t v, a, at
    cdef cost_t through
    cdef Record top
    ring_clear(q)
    label[origin], reached[0] = 0, origin
    if ring_push(q, 0, 0, origin) < 0:
        return -1
    while q.waiting > 0:
        bucket = <uint32_t> (turn & q.mask)
        while q.first[bucket] != NONE:
            at = q.first[bucket]
            q.first[bucket] = NONE
            while at != NONE:
                top = ring_take(q, at)
                at = top.next
                if label[top.node] != top.cost:
                    continue
                for a in range(indptr[top.node], indptr[top.node + 1]):
                    through = top.cost + cost[a]
                    if cost[a] == far() or through < top.cost or through > limit:
                        continue
                    v = target[a]
                    if through < label[v]:
                        if label[v] == far():
                            reached[many] = v
                            many += 1
                        label[v] = through
                        if ring_push(q, through, 0, v) < 0:
                            return -1
        turn += 1
    return many
