# Lanes that agents share: on foot, at a speed that falls with the density, and as vehicles in a spatial queue.
from libc.math cimport INFINITY, exp
from events cimport *
from moving cimport *
from types cimport *

# ── on foot, at a speed that falls with the density ──────────────────────────────────────────────────────────────────

cdef inline double walking_speed(const Lane* l, double density) noexcept nogil:
    """Weidmann (1993) [m/s] at a density [persons/m2]."""
    return max(l.floor_speed, l.speed * (1.0 - exp(-l.shape * (1.0 / density - 1.0 / l.jam))))

cdef inline double walk_in(World* w, int32_t a, int32_t lane, double time) noexcept nogil:
    """Enter a lane at the speed of its density with oneself; who comes later leaves no earlier. When it is left."""
    cdef Lane* l = &w.lane[lane]
    cdef double out
    l.on += 1
    w.on[a] = lane
    if l.kind == OWN:
        out = max(l.walk(w, a, lane, time), time, l.last_out)
    else:
        out = max(time + l.length / walking_speed(l, l.on / l.area), l.last_out)
    l.last_out = out
    return out

# ── vehicles: spatial queues with backward waves ─────────────────────────────────────────────────────────────────────

cdef inline double lane_opens(World* w, const Lane* l) noexcept nogil:
    """When the next vehicle may enter a lane; infinity where nobody knows yet."""
    cdef double soonest = l.last_in + l.headway if l.entered else -INFINITY
    cdef int64_t k = l.entered - l.storage
    if k < 0:
        return soonest
    if k >= l.left:
        return INFINITY
    return max(soonest, w.exits[l.first + k % l.storage] + l.hole)

cdef inline int lane_book(World* w, int32_t lane, double time) noexcept nogil:
    """See to it that those who want to enter a lane are let in as soon as they may."""
    cdef Lane* l = &w.lane[lane]
    cdef double soonest
    if l.booked or l.wait == NONE:
        return 0
    soonest = lane_opens(w, l)
    if soonest == INFINITY:
        return 0                 # whoever leaves the lane next books again
    l.booked = 1
    return calendar_push(&w.calendar, max(time, soonest), <uint32_t> (LANE_EVENT + lane), 0)

cdef inline void lane_line_up(World* w, int32_t lane, int32_t who) noexcept nogil:
    cdef Lane* l = &w.lane[lane]
    w.after[who] = NONE
    if l.wait == NONE:
        l.wait = who
    else:
        w.after[l.wait_tail] = who
    l.wait_tail = who

cdef inline int lane_leave(World* w, int32_t lane, double time) noexcept nogil:
    """The first vehicle leaves its lane, which has a free place then; the next one comes forward."""
    cdef Lane* l = &w.lane[lane]
    cdef int32_t a = l.head
    w.exits[l.first + l.left % l.storage] = time
    l.left += 1
    l.on -= 1
    l.last_out = time
    l.head = w.link[a]
    w.on[a] = NONE
    if l.head != NONE and calendar_push(&w.calendar, max(w.ready[l.head], time + l.discharge), l.head, 0) < 0:
        return -1
    return lane_book(w, lane, time)

cdef inline int lane_enter(World* w, int32_t a, int32_t lane, double time) noexcept nogil:
    cdef Lane* l = &w.lane[lane]
    cdef const Arc* arc = &w.arc[w.next[w.row[a]] & ARC]
    l.entered += 1
    l.on += 1
    l.last_in = time
    w.row[a] = after(w, w.row[a])
    w.on[a] = lane
    w.ready[a] = time + arc.seconds
    w.link[a] = NONE
    if l.head == NONE:
        l.head = l.tail = a
        return calendar_push(&w.calendar, max(w.ready[a], l.last_out + l.discharge), a, 0)
    w.link[l.tail] = a
    l.tail = a
    return 0

cdef inline bint lane_full(const Lane* l) noexcept nogil:
    """Whether a lane has no place, and none is on its way back to its start."""
    return l.entered - l.storage >= l.left

cdef inline double lane_through(World* w, const Lane* l, double time, double* late) noexcept nogil:
    """How long a lane takes whoever enters it now, by who is on it [s]; 0: as long as when it is empty.

    On foot, at the speed of its density. For vehicles, once the first of them has been held up, for so long (`late`): as
    many as are on it leave at the rate at which the last as many did.
    """
    cdef int64_t many
    late[0] = 0.0
    if l.kind == CROWDED:
        return 0.0 if l.on == 0 else l.length / walking_speed(l, l.on / l.area)
    if l.kind != QUEUED or l.head == NONE or w.ready[l.head] >= time:
        return 0.0
    late[0] = time - w.ready[l.head]
    many = min(<int64_t> min(l.on, l.storage), l.left)
    return 0.0 if many == 0 else l.on * (time - w.exits[l.first + (l.left - many) % l.storage]) / many
