# Searches from several origins that stand near each other, in lanes: a node's labels lie side by side, so that one look
# at an arc serves all of them, in the vector registers that every processor has. Labels are signed, since those are
# compared in one instruction; what lies beyond `limit` has the label limit + 1.
from libc.stdlib cimport free, malloc, realloc
from queues cimport Record, Ring, ring_clear, ring_close, ring_open, ring_push, ring_take
from types cimport *

cdef extern from *:
    """
    #include <stdint.h>
    #define LANES 16
    #define NO_KEY 0x7FFFFFFF
    /* Lower `to` to `from` + cost where that is less; the least label that was lowered, or NO_KEY. */
    static inline int32_t lower_lanes(const int32_t* restrict from, int32_t cost, int32_t* restrict to) {
        int32_t any = 0, key = NO_KEY;
        for (int l = 0; l < LANES; l++) any |= (from[l] + cost) < to[l];
        if (!any) return NO_KEY;
        for (int l = 0; l < LANES; l++) {
            int32_t through = from[l] + cost;
            int32_t better = -(through < to[l]);
            int32_t fresh = (through & better) | (NO_KEY & ~better);
            to[l] = (through & better) | (to[l] & ~better);
            key = fresh < key ? fresh : key;
        }
        return key;
    }
    static inline void add_lanes(double w, const int32_t* restrict label, int32_t limit, double* restrict total) {
        for (int l = 0; l < LANES; l++) total[l] += label[l] <= limit ? w : 0.0;
    }
    static inline void fill_lanes(int32_t* to, int32_t value) {
        for (int l = 0; l < LANES; l++) to[l] = value;
    }
    """
    enum:
        LANES
        NO_KEY
    int32_t lower_lanes(const int32_t*, int32_t, int32_t*) noexcept nogil
    void fill_lanes(int32_t*, int32_t) noexcept nogil
    void add_lanes(double, const int32_t*, int32_t, double*) noexcept nogil

cdef struct Lanes:
    node_t* slot             # (n,) where the labels of a node stand, NONE while it has none; the caller's
    node_t* node             # node of each slot, in the order in which they were reached
    int32_t* label           # (slots, LANES)
    int32_t* key             # least label of a slot that has not been passed on, NO_KEY: none
    int64_t used, room
    Ring ring
    int32_t limit

cdef inline int lanes_open(Lanes* s, node_t* slot, int32_t limit, int shift, uint32_t buckets) noexcept nogil:
    """Ready to search; `slot` holds NONE everywhere, and does so again after `lanes_clear`.

    Buckets are a mean arc wide, four times as wide as those of `ring_shape`, which are handed in.
    """
    s.slot, s.used, s.room, s.limit = slot, 0, 256, limit
    s.node = <node_t*> malloc(s.room * sizeof(node_t))
    s.label = <int32_t*> malloc(s.room * LANES * sizeof(int32_t))
    s.key = <int32_t*> malloc(s.room * sizeof(int32_t))
    s.ring.pool, s.ring.first, s.ring.shift, s.ring.mask = NULL, NULL, 0, 0
    if s.node == NULL or s.label == NULL or s.key == NULL:
        return -1
    return ring_open(&s.ring, min(shift + 2, 31), buckets, 4096)

cdef inline void lanes_close(Lanes* s) noexcept nogil:
    free(s.node)
    free(s.label)
    free(s.key)
    ring_close(&s.ring)

cdef inline void lanes_clear(Lanes* s) noexcept nogil:
    """Forget what was reached; the memory stays."""
    cdef int64_t i
    for i in range(s.used):
        s.slot[s.node[i]] = NONE
    s.used = 0
    ring_clear(&s.ring)

cdef inline int lanes_reserve(Lanes* s, int64_t more) noexcept nogil:
    cdef void* grown
    if s.used + more <= s.room:
        return 0
    while s.used + more > s.room:
        s.room *= 2
    grown = realloc(s.node, s.room * sizeof(node_t))
    if grown == NULL:
        return -1
    s.node = <node_t*> grown
    grown = realloc(s.label, s.room * LANES * sizeof(int32_t))
    if grown == NULL:
        return -1
    s.label = <int32_t*> grown
    grown = realloc(s.key, s.room * sizeof(int32_t))
    if grown == NULL:
        return -1
    s.key = <int32_t*> grown
    return 0

cdef inline node_t lanes_slot(Lanes* s, node_t v) noexcept nogil:
    """The slot of a node, a fresh one where it has none; room was reserved."""
    cdef node_t i = s.slot[v]
    if i == NONE:
        i = <node_t> s.used
        s.used += 1
        s.slot[v] = i
        s.node[i] = v
        s.key[i] = NO_KEY
        fill_lanes(s.label + <int64_t> i * LANES, s.limit + 1)
    return i

cdef inline int lanes_seed(Lanes* s, node_t v, int lane, int32_t cost) noexcept nogil:
    """Begin a lane at a node; begin with the seeds in any order, then search."""
    cdef node_t i
    if lanes_reserve(s, 1) < 0:
        return -1
    i = lanes_slot(s, v)
    if cost < s.label[<int64_t> i * LANES + lane]:
        s.label[<int64_t> i * LANES + lane] = cost
        if cost < s.key[i]:
            s.key[i] = cost
            return ring_push(&s.ring, <cost_t> cost, 0, i)
    return 0

cdef inline int lanes_search(Lanes* s, const node_t* indptr, const node_t* target, const cost_t* cost) noexcept nogil:
    """Label what lies within the limit of the seeds.

    Buckets are wider than the origins are apart, so that a node is passed on for most of its lanes at once; a label that
    gets lower afterwards is passed on again.
    """
    cdef Ring* q = &s.ring
    cdef uint64_t turn = 0
    cdef uint32_t bucket
    cdef Record top
    cdef node_t at, i, j, u, a
    cdef int32_t key
    while q.waiting > 0:
        bucket = <uint32_t> (turn & q.mask)
        while q.first[bucket] != NONE:
            at = q.first[bucket]
            q.first[bucket] = NONE
            while at != NONE:
                top = ring_take(q, at)
                at, i, key = top.next, top.node, <int32_t> top.cost
                if s.key[i] != key:
                    continue
                s.key[i] = NO_KEY
                u = s.node[i]
                if lanes_reserve(s, indptr[u + 1] - indptr[u]) < 0:
                    return -1
                for a in range(indptr[u], indptr[u + 1]):
                    if cost[a] > <cost_t> s.limit or target[a] == u:
                        continue
                    j = lanes_slot(s, target[a])
                    key = lower_lanes(s.label + <int64_t> i * LANES, <int32_t> cost[a], s.label + <int64_t> j * LANES)
                    if key < s.key[j]:
                        s.key[j] = key
                        if ring_push(q, <cost_t> key, 0, j) < 0:
                            return -1
        turn += 1
    return 0
