# Places that serve: so many servers, and a line before them in which those with an appointment go first.
from libc.math cimport INFINITY
from events cimport *
from moving cimport *
from types cimport *

cdef inline int desk_begin(World* w, int32_t a, double time) noexcept nogil:
    w.desk[w.at_desk[a]].busy += 1
    w.state[a] = IN_SERVICE
    w.begin[a] = time
    return calendar_push(&w.calendar, time + w.need[a], a, DESK)

cdef inline void desk_take_out(World* w, Desk* d, int32_t a) noexcept nogil:
    """Take somebody out of the line before a desk."""
    cdef int32_t before = w.back[a], after = w.link[a], line = w.walks_in[a]
    if before == NONE:
        d.first[line] = after
    else:
        w.link[before] = after
    if after == NONE:
        d.last[line] = before
    else:
        w.back[after] = before
    d.waiting -= 1

cdef inline int desk_next(World* w, int32_t number, double time) noexcept nogil:
    """Whoever is first in line comes forward while a server is free."""
    cdef Desk* d = &w.desk[number]
    cdef int32_t a
    while d.waiting > 0 and d.busy < d.servers:
        a = d.first[0] if d.first[0] != NONE else d.first[1]
        desk_take_out(w, d, a)
        if desk_begin(w, a, time) < 0:
            return -1
    return 0

cdef inline int desk_join(World* w, int32_t a, double time) noexcept nogil:
    """Come to a desk: be served, stand in line, or, where as many wait as one bears to see, be turned away."""
    cdef Desk* d = &w.desk[w.at_desk[a]]
    cdef int32_t line = w.walks_in[a]
    w.since[a] = w.time[a] = time
    w.begin[a] = INFINITY
    if d.busy < d.servers:
        return desk_begin(w, a, time)
    if w.bears[a] != NONE and d.waiting >= w.bears[a]:
        w.state[a] = TURNED_AWAY
        tell(w, a)
        return 0
    w.state[a] = IN_LINE
    w.link[a], w.back[a] = NONE, d.last[line]
    if d.last[line] == NONE:
        d.first[line] = a
    else:
        w.link[d.last[line]] = a
    d.last[line] = a
    d.waiting += 1
    if w.deadline[a] < INFINITY:
        return calendar_push(&w.calendar, w.deadline[a], a, PATIENCE)
    return 0

cdef inline int desk_event(World* w, int32_t a, uint32_t row, double time) noexcept nogil:
    """The service of somebody ends, or the patience of somebody who may still be in line."""
    cdef int32_t number = w.at_desk[a]
    if row == PATIENCE:
        if w.state[a] != IN_LINE or w.deadline[a] != time:
            return 0                 # it was this one's turn in time
        desk_take_out(w, &w.desk[number], a)
        w.state[a] = LEFT
        w.time[a] = time
        tell(w, a)
        return 0
    w.desk[number].busy -= 1
    w.desk[number].served += 1
    w.state[a] = SERVED
    w.time[a] = time
    tell(w, a)
    return desk_next(w, number, time)
