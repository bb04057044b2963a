# Two monotone queues of (cost, root, node): a ring of buckets for searches that may correct a label, and a heap for
# those that must pop in exact order. Both are plain structs, so that a search runs without the GIL.
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memset
from types cimport *

# ── a ring of buckets (Dial 1969), each a chain through one pool of records ──────────────────────────────────────────

cdef enum:
    MOST_RECORDS = 0x7FFFFFFF

cdef struct Record:
    cost_t cost
    node_t root
    node_t node
    node_t next

cdef struct Ring:
    Record* pool
    node_t* first            # first record of each bucket, NONE where it is empty
    int64_t room
    int64_t used
    int64_t waiting          # records in all buckets together
    node_t free              # first of the records that were taken and may be used again, NONE: none
    int shift                # a bucket is 2**shift costs wide
    uint32_t mask            # number of buckets - 1

cdef inline void ring_clear(Ring* q) noexcept nogil:
    """Forget the records; for a ring whose buckets are empty."""
    q.used = q.waiting = 0
    q.free = NONE

cdef inline int ring_open(Ring* q, int shift, uint32_t buckets, int64_t room) noexcept nogil:
    q.shift, q.mask, q.room = shift, buckets - 1, min(room, MOST_RECORDS)
    ring_clear(q)
    q.pool = <Record*> malloc(q.room * sizeof(Record))
    q.first = <node_t*> malloc(buckets * sizeof(node_t))
    if q.pool == NULL or q.first == NULL:
        return -1
    memset(q.first, 0xFF, buckets * sizeof(node_t))
    return 0

cdef inline void ring_shape(const cost_t* cost, int64_t arcs, int* shift, uint32_t* buckets) noexcept nogil:
    """The shape for sweeps over these arcs: buckets of a quarter of a mean arc, the longest arc within one turn."""
    cdef cost_t most = 1
    cdef uint64_t total = 0
    cdef int64_t i, passable = 0
    shift[0], buckets[0] = 0, 256
    for i in range(arcs):
        if cost[i] != far():
            total += cost[i]
            passable += 1
            most = max(most, cost[i])
    while passable and (<uint64_t> 4 << shift[0]) * passable < total:
        shift[0] += 1
    while (most >> shift[0]) + 2 > (1 << 16):
        shift[0] += 1
    while buckets[0] < (most >> shift[0]) + 2:
        buckets[0] *= 2

cdef inline int ring_fit(Ring* q, const cost_t* cost, int64_t arcs, int64_t room) noexcept nogil:
    """Open a ring in the shape for these arcs."""
    cdef int shift
    cdef uint32_t buckets
    ring_shape(cost, arcs, &shift, &buckets)
    return ring_open(q, shift, buckets, room)

cdef inline void ring_close(Ring* q) noexcept nogil:
    free(q.pool)
    free(q.first)
    q.pool = NULL
    q.first = NULL

cdef inline int ring_push(Ring* q, cost_t cost, node_t root, node_t node) noexcept nogil:
    cdef Record* grown
    cdef uint32_t bucket = (cost >> q.shift) & q.mask
    cdef int64_t at = q.free
    if at != NONE:               # the records in use stay few, and so in the cache
        q.free = q.pool[at].next
    else:
        if q.used == q.room:
            if q.used > MOST_RECORDS // 2:   # a chain's links are node_t: they could not name the records beyond
                return -1
            grown = <Record*> realloc(q.pool, 2 * q.room * sizeof(Record))
            if grown == NULL:
                return -1
            q.pool = grown
            q.room *= 2
        at = q.used
        q.used += 1
    q.pool[at].cost = cost
    q.pool[at].root = root
    q.pool[at].node = node
    q.pool[at].next = q.first[bucket]
    q.first[bucket] = <node_t> at
    q.waiting += 1
    return 0

cdef inline Record ring_take(Ring* q, node_t at) noexcept nogil:
    """Take a record off a chain, whose next it names; its room is free."""
    cdef Record taken = q.pool[at]
    q.pool[at].next = q.free
    q.free = at
    q.waiting -= 1
    return taken

# ── a binary heap, ordered by cost, then root, then node ─────────────────────────────────────────────────────────────

cdef struct Heap:
    Record* pool
    int64_t room
    int64_t used

cdef inline bint before(const Record* a, const Record* b) noexcept nogil:
    if a.cost != b.cost:
        return a.cost < b.cost
    if a.root != b.root:
        return a.root < b.root
    return a.node < b.node

cdef inline int heap_open(Heap* q, int64_t room) noexcept nogil:
    q.room, q.used = room, 0
    q.pool = <Record*> malloc(room * sizeof(Record))
    return -1 if q.pool == NULL else 0

cdef inline void heap_close(Heap* q) noexcept nogil:
    free(q.pool)
    q.pool = NULL

cdef inline int heap_push(Heap* q, cost_t cost, node_t root, node_t node) noexcept nogil:
    cdef Record* grown
    cdef Record fresh
    cdef int64_t i, above
    if q.used == q.room:
        grown = <Record*> realloc(q.pool, 2 * q.room * sizeof(Record))
        if grown == NULL:
            return -1
        q.pool = grown
        q.room *= 2
    fresh.cost, fresh.root, fresh.node, fresh.next = cost, root, node, NONE
    i = q.used
    q.used += 1
    while i > 0:
        above = (i - 1) >> 1
        if not before(&fresh, &q.pool[above]):
            break
        q.pool[i] = q.pool[above]
        i = above
    q.pool[i] = fresh
    return 0

cdef inline Record heap_pop(Heap* q) noexcept nogil:
    cdef Record top = q.pool[0]
    cdef Record last
    cdef int64_t i = 0, below
    q.used -= 1
    last = q.pool[q.used]
    while True:
        below = 2 * i + 1
        if below >= q.used:
            break
        if below + 1 < q.used and before(&q.pool[below + 1], &q.pool[below]):
            below += 1
        if not before(&q.pool[below], &last):
            break
        q.pool[i] = q.pool[below]
        i = below
    q.pool[i] = last
    return top
