# Agents that are watched one by one: Python hears of each edge that one enters. They are numbered after all others.
from libc.stdlib cimport realloc
from moving cimport *
from types cimport *

cdef enum Hears:
    DEPARTS = 1                  # its method for setting out is called
    ENTERS = 2                   # its method for entering an edge is called
    HALTS = 4                    # it stops at the place that it comes to next, and is reported

cdef inline void watched_on(World* w, int32_t a, int32_t arc, double since, double till) noexcept nogil:
    """Note where an agent is: on an arc from a time to a time, or at a node (NONE)."""
    cdef Watched* one
    if a >= w.watched:
        one = &w.one[a - w.watched]
        one.arc, one.since, one.till = arc, since, till

cdef inline bint watched_hears(World* w, int32_t a, uint8_t what) noexcept nogil:
    return a >= w.watched and w.one[a - w.watched].hears & what != 0

cdef inline int entry_put(World* w, int32_t a, int32_t arc, double time) noexcept nogil:
    cdef Entry* grown
    if w.entries == w.entry_room:
        grown = <Entry*> realloc(w.entry, 2 * w.entry_room * sizeof(Entry))
        if grown == NULL:
            return -1
        w.entry = grown
        w.entry_room *= 2
    w.entry[w.entries].time, w.entry[w.entries].agent, w.entry[w.entries].arc = time, <uint32_t> a, arc
    w.entries += 1
    return 0
