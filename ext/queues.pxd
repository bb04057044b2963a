# A monotone queue of (cost, root, node): a ring of buckets (Dial 1969), each a chain through one pool of records, for
# searches that may correct a label. A plain struct, so that a search runs without the GIL.
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memset
from types cimport *

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
    int shift                # a bucket is 2**shift costs wide
    uint32_t mask            # number of buckets - 1

cdef inline int ring_open(Ring* q, int shift, uint32_t buckets, int64_t room) noexcept nogil:
    q.shift, q.mask, q.room, q.used, q.waiting = shift, buckets - 1, min(room, MOST_RECORDS), 0, 0
    q.pool = <Record*> malloc(q.room * sizeof(Record))
    q.first = <node_t*> malloc(buckets * sizeof(node_t))
    if q.pool == NULL or q.first == NULL:
        return -1
    memset(q.first, 0xFF, buckets * sizeof(node_t))
    return 0

cdef inline void ring_close(Ring* q) noexcept nogil:
    free(q.pool)
    free(q.first)
    q.pool = NULL
    q.first = NULL

cdef inline int ring_push(Ring* q, cost_t cost, node_t root, node_t node) noexcept nogil:
    cdef Record* grown
    cdef uint32_t bucket = (cost >> q.shift) & q.mask
    if q.used == q.room:
        if q.used > MOST_RECORDS // 2:   # a chain's links are node_t: they could not name the records beyond
            return -1
        grown = <Record*> realloc(q.pool, 2 * q.room * sizeof(Record))
        if grown == NULL:
            return -1
        q.pool = grown
        q.room *= 2
    q.pool[q.used].cost = cost
    q.pool[q.used].root = root
    q.pool[q.used].node = node
    q.pool[q.used].next = q.first[bucket]
    q.first[bucket] = <node_t> q.used
    q.used += 1
    q.waiting += 1
    return 0
