# A calendar of events (Brown 1988): a ring of narrow buckets for what comes soon, one of wide buckets, each as long as
# a turn of the first, for what comes later, and a list of what comes later still. A bucket is an array of packed
# records, so that events that follow each other stand next to each other.
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memset
from types cimport *

cdef enum:
    SOON_BITS = 13
    SOON = 8192                  # narrow buckets
    LATER = 1024                 # wide ones, each of SOON narrow ones

cdef struct Event:
    double time                  # [s]
    uint32_t agent               # the tie rule: of events of one time, the lesser number comes first
    uint32_t row                 # where it will be: a row of the next-hop tables

cdef struct Bucket:
    Event* event
    int32_t used, room

cdef struct Calendar:
    Bucket* soon
    Bucket* later
    Bucket beyond
    double rate                  # narrow buckets a second
    int64_t at                   # number of the bucket that is open, from time 0 on
    int64_t waiting              # events not taken yet
    int32_t taken                # of the open bucket
    int32_t settled              # events of the open bucket that are in order

cdef inline bint sooner(const Event* a, const Event* b) noexcept nogil:
    return a.time < b.time or (a.time == b.time and a.agent < b.agent)

cdef inline int bucket_push(Bucket* b, const Event* e) noexcept nogil:
    cdef Event* grown
    cdef int64_t room
    if b.used == b.room:
        room = max(4, 2 * <int64_t> b.room)
        if room > 0x7FFFFFFF:
            return -1
        grown = <Event*> realloc(b.event, room * sizeof(Event))
        if grown == NULL:
            return -1
        b.event = grown
        b.room = <int32_t> room
    b.event[b.used] = e[0]
    b.used += 1
    return 0

cdef inline int calendar_open(Calendar* c, double width) noexcept nogil:
    c.soon = <Bucket*> malloc(SOON * sizeof(Bucket))
    c.later = <Bucket*> malloc(LATER * sizeof(Bucket))
    memset(&c.beyond, 0, sizeof(Bucket))
    c.rate, c.at, c.waiting, c.taken, c.settled = 1.0 / width, 0, 0, 0, 0
    if c.soon == NULL or c.later == NULL:
        return -1
    memset(c.soon, 0, SOON * sizeof(Bucket))
    memset(c.later, 0, LATER * sizeof(Bucket))
    return 0

cdef inline void calendar_close(Calendar* c) noexcept nogil:
    cdef int64_t i
    if c.soon != NULL:
        for i in range(SOON):
            free(c.soon[i].event)
    if c.later != NULL:
        for i in range(LATER):
            free(c.later[i].event)
    free(c.beyond.event)
    free(c.soon)
    free(c.later)
    c.soon = c.later = NULL
    c.beyond.event = NULL

cdef inline int calendar_put(Calendar* c, const Event* e) noexcept nogil:
    """Into its bucket; what would come before the open bucket goes into that one."""
    cdef double number = e.time * c.rate
    cdef int64_t b = <int64_t> number if number < 9e15 else <int64_t> 9e15
    b = max(b, c.at)
    if b - c.at < SOON:
        return bucket_push(&c.soon[b & (SOON - 1)], e)
    if (b >> SOON_BITS) - (c.at >> SOON_BITS) < LATER:
        return bucket_push(&c.later[(b >> SOON_BITS) & (LATER - 1)], e)
    return bucket_push(&c.beyond, e)

cdef inline int calendar_push(Calendar* c, double time, uint32_t agent, uint32_t row) noexcept nogil:
    cdef Event e
    e.time, e.agent, e.row = time, agent, row
    c.waiting += 1
    return calendar_put(c, &e)

cdef inline int calendar_spread(Calendar* c, Bucket* of) noexcept nogil:
    """Put the events of a bucket where they belong by now."""
    cdef Bucket held = of[0]
    cdef int32_t i
    cdef int status = 0
    of.event, of.used, of.room = NULL, 0, 0
    for i in range(held.used):
        status |= calendar_put(c, &held.event[i])
    free(held.event)
    return status

cdef inline int calendar_turn(Calendar* c) noexcept nogil:
    """Open the next bucket; the one that was open is empty."""
    cdef int status = 0
    c.soon[c.at & (SOON - 1)].used = 0
    c.taken = c.settled = 0
    c.at += 1
    if (c.at & (SOON - 1)) == 0:
        if ((c.at >> SOON_BITS) & (LATER - 1)) == 0:
            status |= calendar_spread(c, &c.beyond)
        status |= calendar_spread(c, &c.later[(c.at >> SOON_BITS) & (LATER - 1)])
    return status

cdef inline int calendar_widen(Calendar* c, double width, double now) noexcept nogil:
    """Put all events into buckets of another width; none comes before `now`."""
    cdef Bucket held
    cdef Bucket* b
    cdef int64_t i, j
    cdef int status = 0
    memset(&held, 0, sizeof(Bucket))
    for i in range(SOON + LATER + 1):
        b = &c.soon[i] if i < SOON else &c.later[i - SOON] if i < SOON + LATER else &c.beyond
        for j in range(c.taken if i == (c.at & (SOON - 1)) else 0, b.used):
            status |= bucket_push(&held, &b.event[j])
        b.used = 0
    c.rate, c.taken, c.settled = 1.0 / width, 0, 0
    c.at = <int64_t> (now * c.rate)
    for j in range(held.used):
        status |= calendar_put(c, &held.event[j])
    free(held.event)
    return status

cdef inline void sift(Event* e, int64_t i, int64_t count) noexcept nogil:
    cdef Event moved = e[i]
    cdef int64_t below = 2 * i + 1
    while below < count:
        if below + 1 < count and sooner(&e[below], &e[below + 1]):
            below += 1
        if not sooner(&moved, &e[below]):
            break
        e[i] = e[below]
        i = below
        below = 2 * i + 1
    e[i] = moved

cdef inline void settle(Event* e, int64_t known, int64_t count) noexcept nogil:
    """Sort events of which the first `known` are in order: by insertion where few are new, else by heap."""
    cdef int64_t i, j
    cdef Event moved
    if count - known > 48:
        for i in range(known, count):
            if i > 0 and sooner(&e[i], &e[i - 1]):
                break
        else:
            return
        for i in range(count // 2 - 1, -1, -1):
            sift(e, i, count)
        for i in range(count - 1, 0, -1):
            moved = e[0]
            e[0] = e[i]
            e[i] = moved
            sift(e, 0, i)
        return
    for i in range(max(known, 1), count):
        moved = e[i]
        j = i
        while j > 0 and sooner(&moved, &e[j - 1]):
            e[j] = e[j - 1]
            j -= 1
        e[j] = moved

cdef inline Event* calendar_next(Calendar* c, double until) noexcept nogil:
    """The first event, where it comes no later than `until`; it stays where it is. NULL with waiting < 0: no memory."""
    cdef Bucket* b
    while c.waiting > 0:
        b = &c.soon[c.at & (SOON - 1)]
        if c.taken < b.used:
            if c.settled < b.used:
                settle(b.event + c.taken, max(0, c.settled - c.taken), b.used - c.taken)
                c.settled = b.used
            return &b.event[c.taken] if b.event[c.taken].time <= until else NULL
        if (c.at + 1) / c.rate > until:
            return NULL
        if calendar_turn(c) < 0:
            c.waiting = -1
    return NULL
