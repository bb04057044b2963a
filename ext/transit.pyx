# cython: freethreading_compatible=True
"""Public transport by rounds (RAPTOR) over a window of departures. Trust the arrays: twin/routing has validated them.

Times are int32 in hundredths of a second since the midnight that the service day begins with.
"""

import numpy as np

from queues cimport *
from types cimport *

cdef enum:
    NEVER = 0x7FFFFFFF

cdef struct Day:
    node_t stops, patterns
    int rides                    # boardings at most
    const node_t* first          # (p + 1), where the calls of each pattern begin
    const node_t* stop           # of each call
    const uint8_t* pickup        # whether one may get on, and off
    const uint8_t* drop_off
    const node_t* trips          # (p + 1), the trips of each pattern in order of time
    const int64_t* times         # (p + 1), where the times of each pattern begin, trip after trip
    const int32_t* arrive
    const int32_t* depart
    const node_t* here           # (s + 1), the calls at each stop where one may get on
    const node_t* pattern
    const node_t* position
    const node_t* feet           # (s + 1), the ways on foot from each stop, the one to itself included
    const node_t* foot_stop
    const int32_t* foot_time

# Labels stand number of rides by number of rides: a round reads those of one number all over the city, which stay in
# the cache. What k rides reach, k + 1 do, so that an improvement goes on to more rides until it meets a label as good.
cdef struct Search:
    int32_t* ride                # (rides + 1, s), earliest arrival in a vehicle
    int32_t* reach               # (rides + 1, s), earliest presence: in a vehicle and perhaps one way on foot
    int32_t* aboard              # (rides + 1, calls), earliest trip of the pattern that was ridden on from the call
    node_t* marked               # stops whose presence got earlier in the last round
    node_t* alighted             # stops whose ride got earlier in this round
    node_t* fresh                # stops whose best ride got earlier with this departure
    int64_t* round_of            # (s,), the round that marked the stop last, counted through all departures
    int64_t* ride_of             # (s,), the round that brought the last earlier ride
    int64_t* fresh_of            # (s,), the departure that did, counted through all origins
    int64_t now, turn
    node_t marks, alights, freshes
    node_t* door                 # the stops in reach of the origin, and how long it takes to each
    int32_t* access
    node_t doors


cdef inline bint _lower(int32_t* label, int64_t stride, int rounds, int32_t value) noexcept nogil:
    """Lower a label, and those of more rides, `rounds` in all; whether the first one got lower."""
    cdef int j = 0
    while j < rounds and label[j * stride] > value:
        label[j * stride] = value
        j += 1
    return j > 0


cdef inline void _be_at(const Day* t, Search* s, node_t p, int k, int32_t when) noexcept nogil:
    if _lower(s.reach + <int64_t> k * t.stops + p, t.stops, t.rides + 1 - k, when) and s.round_of[p] != s.now:
        s.round_of[p] = s.now
        s.marked[s.marks] = p
        s.marks += 1


cdef inline node_t _catch(const int32_t* depart, node_t length, node_t trips, int32_t when) noexcept nogil:
    """The first trip that leaves at `when` or later; `trips` where none does. `depart` is that of the first trip."""
    cdef node_t low = 0, high = trips, middle
    while low < high:
        middle = (low + high) >> 1
        if depart[<int64_t> middle * length] < when:
            low = middle + 1
        else:
            high = middle
    return low


cdef void _ride(const Day* t, Search* s, node_t pattern, node_t i, int k, int32_t horizon) noexcept nogil:
    """Get on at call `i` if that catches an earlier trip than was ridden from there, and ride it as far as that is new.

    Whoever was aboard this trip, or an earlier one, with no more rides and after this call, has been at all that follow.
    """
    cdef node_t low = t.first[pattern], length = t.first[pattern + 1] - low, p = t.stop[low + i]
    cdef int64_t calls = t.first[t.patterns]
    cdef int rounds = t.rides + 1 - k
    cdef int32_t when = s.reach[<int64_t> (k - 1) * t.stops + p]
    cdef int32_t* aboard = s.aboard + k * calls + low
    cdef int32_t* ride = s.ride + <int64_t> k * t.stops
    cdef const int32_t* last = s.ride + <int64_t> t.rides * t.stops
    cdef const int32_t* arrive = t.arrive + t.times[pattern]
    cdef const int32_t* depart = t.depart + t.times[pattern]
    cdef node_t trip = min(aboard[i], t.trips[pattern + 1] - t.trips[pattern])
    if trip == 0 or depart[<int64_t> (trip - 1) * length + i] < when:
        return
    trip = _catch(depart + i, length, trip - 1, when)
    arrive += <int64_t> trip * length
    while i + 1 < length and aboard[i] > trip:
        _lower(aboard + i, calls, rounds, trip)
        i += 1
        when = arrive[i]
        if when > horizon:
            break
        p = t.stop[low + i]
        if t.drop_off[low + i] and when < ride[p]:
            if when < last[p] and s.fresh_of[p] != s.turn:
                s.fresh_of[p] = s.turn
                s.fresh[s.freshes] = p
                s.freshes += 1
            _lower(ride + p, t.stops, rounds, when)
            if s.ride_of[p] != s.now:
                s.ride_of[p] = s.now
                s.alighted[s.alights] = p
                s.alights += 1


cdef void _leave(const Day* t, Search* s, int32_t departure, int32_t horizon) noexcept nogil:
    """Lower the labels by what a departure reaches; those of later departures stand, for who is early can wait."""
    cdef int k
    cdef node_t p, q, a
    cdef int32_t when
    s.marks = s.freshes = 0
    s.now += 1
    s.turn += 1
    for q in range(s.doors):
        if s.access[q] <= horizon - departure:
            _be_at(t, s, s.door[q], 0, departure + s.access[q])
    for k in range(1, t.rides + 1):
        if s.marks == 0:
            break
        s.alights = 0
        for q in range(s.marks):
            p = s.marked[q]
            for a in range(t.here[p], t.here[p + 1]):
                _ride(t, s, t.pattern[a], t.position[a], k, horizon)
        s.marks = 0
        s.now += 1
        if k == t.rides:
            break
        for q in range(s.alights):
            p = s.alighted[q]
            when = s.ride[<int64_t> k * t.stops + p]
            for a in range(t.feet[p], t.feet[p + 1]):
                if t.foot_time[a] <= horizon - when:
                    _be_at(t, s, t.foot_stop[a], k, when + t.foot_time[a])


cdef inline int32_t _ranked(int32_t* value, int count, int rank) noexcept nogil:
    """The value at `rank` of the sorted ones (Hoare 1961); the order of `value` is lost."""
    cdef int low = 0, high = count - 1, i, j
    cdef int32_t pivot
    while low < high:
        pivot = value[(low + high) >> 1]
        i, j = low, high
        while i <= j:
            while value[i] < pivot:
                i += 1
            while value[j] > pivot:
                j -= 1
            if i <= j:
                value[i], value[j] = value[j], value[i]
                i += 1
                j -= 1
        if rank <= j:
            high = j
        elif rank >= i:
            low = i
        else:
            break
    return value[rank]


cdef class _Room:
    """What one thread writes into while it searches, for any number of origins."""

    cdef Search s
    cdef int32_t[:, ::1] label
    cdef int32_t[::1] trips
    cdef node_t[:, ::1] lists
    cdef int64_t[:, ::1] stamp

    def __init__(self, int64_t stops, int64_t calls, int rides):
        cdef Search* s = &self.s
        self.label = np.empty((2, stops * (rides + 1) + 1), dtype=np.int32)
        self.lists = np.empty((5, stops + 1), dtype=np.int32)
        self.trips = np.empty(calls * (rides + 1) + 1, dtype=np.int32)
        self.stamp = np.zeros((3, stops + 1), dtype=np.int64)
        s.ride, s.reach = &self.label[0, 0], &self.label[1, 0]
        s.marked, s.alighted, s.fresh = &self.lists[0, 0], &self.lists[1, 0], &self.lists[2, 0]
        s.door, s.access = &self.lists[3, 0], &self.lists[4, 0]
        s.aboard = &self.trips[0]
        s.round_of, s.ride_of, s.fresh_of = &self.stamp[0, 0], &self.stamp[1, 0], &self.stamp[2, 0]
        s.now = s.turn = 0

    cdef void settle(self, const int32_t* access, node_t stops) noexcept nogil:
        """Begin with another origin."""
        cdef Search* s = &self.s
        cdef node_t p
        self.label[:, :] = NEVER
        self.trips[:] = NEVER
        s.doors = 0
        for p in range(stops):
            if access[p] != NEVER:
                s.door[s.doors], s.access[s.doors] = p, access[p]
                s.doors += 1


cdef node_t* _point(const node_t[::1] array) noexcept:
    return <node_t*> &array[0] if array.shape[0] else NULL


cdef class Service:
    """One day's patterns, the ways on foot between its stops, and those from its stops to the destinations.

    Parameters
    ----------
    patterns : first, stop, pickup, drop_off, trips, times, arrive, depart; see the `Day` of this file.
    calls : here, pattern, position: the calls at each stop where one may get on.
    feet, egress : (s + 1,) where those of each stop begin, to which stop or destination, and how long it takes.
    rides : boardings at most, at least 1.
    """

    cdef Day t
    cdef object kept             # the arrays that the pointers look into
    cdef const node_t* out
    cdef const node_t* out_to
    cdef const node_t* out_time

    def __init__(self, patterns, calls, feet, egress, int rides):
        cdef const node_t[::1] first, stop, trips, arrive, depart, here, pattern, position
        cdef const node_t[::1] feet_of, foot_stop, foot_time, out, out_to, out_time
        cdef const uint8_t[::1] pickup, drop_off
        cdef const int64_t[::1] times
        first, stop, pickup, drop_off, trips, times, arrive, depart = patterns
        here, pattern, position = calls
        feet_of, foot_stop, foot_time = feet
        out, out_to, out_time = egress
        self.kept = (patterns, calls, feet, egress)
        self.t.stops, self.t.patterns, self.t.rides = here.shape[0] - 1, first.shape[0] - 1, rides
        self.t.first, self.t.stop, self.t.trips, self.t.times = _point(first), _point(stop), _point(trips), &times[0]
        self.t.pickup = &pickup[0] if pickup.shape[0] else NULL
        self.t.drop_off = &drop_off[0] if drop_off.shape[0] else NULL
        self.t.arrive, self.t.depart = _point(arrive), _point(depart)
        self.t.here, self.t.pattern, self.t.position = _point(here), _point(pattern), _point(position)
        self.t.feet, self.t.foot_stop, self.t.foot_time = _point(feet_of), _point(foot_stop), _point(foot_time)
        self.out, self.out_to, self.out_time = _point(out), _point(out_to), _point(out_time)

    def travel_times(self, const int32_t[:, ::1] access, const int32_t[:, ::1] direct, const int32_t[::1] departures,
                     int32_t latest, const int32_t[::1] ranks, int32_t[:, :, ::1] result):
        """Fill `result` (o, ranks, d) with the travel times that stand at these ranks among those of all departures.

        Parameters
        ----------
        access : (o, s) time on foot from each origin to each stop; NEVER where that is too far.
        direct : (o, d) time on foot to each destination; NEVER where there is no way.
        departures : (m,) rising.
        latest : how long after its departure a ride may end.
        ranks : 0 .. m-1; where there are none, `result` is (o, m, d), the travel times of all departures.
        """
        cdef Day* t = &self.t
        cdef _Room room = _Room(t.stops, t.first[t.patterns], t.rides)
        cdef Search* s = &room.s
        cdef int64_t last = <int64_t> t.rides * t.stops, many = direct.shape[1], count = departures.shape[0], m, i, o, rank
        cdef node_t q, a
        cdef int32_t when, start
        cdef int32_t[::1] arrival = np.empty(many + 1, dtype=np.int32)
        cdef int32_t[:, ::1] taken = np.empty((count if ranks.shape[0] else 0, many), dtype=np.int32)
        cdef int32_t[::1] column = np.empty(count + 1, dtype=np.int32)
        cdef int32_t* row
        if many == 0 or count == 0:
            return
        with nogil:
            for o in range(access.shape[0]):
                room.settle(&access[o, 0], t.stops)
                arrival[:] = NEVER
                for m in range(count - 1, -1, -1):
                    start = departures[m]
                    _leave(t, s, start, start + min(latest, NEVER - 1 - start))
                    for q in range(s.freshes):
                        when = s.ride[last + s.fresh[q]]
                        for a in range(self.out[s.fresh[q]], self.out[s.fresh[q] + 1]):
                            if when + self.out_time[a] < arrival[self.out_to[a]]:
                                arrival[self.out_to[a]] = when + self.out_time[a]
                    row = &taken[m, 0] if ranks.shape[0] else &result[o, m, 0]
                    for i in range(many):
                        when = NEVER if arrival[i] == NEVER else arrival[i] - start
                        row[i] = min(when, direct[o, i])
                if ranks.shape[0]:
                    for i in range(many):
                        for m in range(count):
                            column[m] = taken[m, i]
                        for rank in range(ranks.shape[0]):
                            result[o, rank, i] = _ranked(&column[0], <int> count, ranks[rank])

    def labels(self, const int32_t[::1] access, int32_t departure, int32_t[:, ::1] ride, int32_t[:, ::1] reach):
        """Fill `ride` and `reach` (s, rides + 1): the earliest arrivals in a vehicle and presences, by rides at most."""
        cdef Day* t = &self.t
        cdef _Room room = _Room(t.stops, t.first[t.patterns], t.rides)
        cdef int64_t p, k
        if t.stops == 0:
            return
        with nogil:
            room.settle(&access[0], t.stops)
            _leave(t, &room.s, departure, NEVER - 1)
            for p in range(t.stops):
                for k in range(t.rides + 1):
                    ride[p, k], reach[p, k] = room.s.ride[k * t.stops + p], room.s.reach[k * t.stops + p]


def near(const node_t[::1] indptr, const node_t[::1] target, const cost_t[::1] arc_cost, const node_t[::1] sources,
         const node_t[::1] wanted, cost_t limit, node_t[::1] begin, node_t[::1] found, int32_t[::1] cost):
    """List the wanted nodes within `limit` of each source with what they cost, source after source.

    Parameters
    ----------
    wanted : (n,) what to call each node in the list; -1: leave it out.
    begin : (o + 1,) where each source's part of the list begins; filled as far as the list has room.
    found, cost : room for the list, at least n.

    Returns
    -------
    Number of sources that there was room for.
    """
    cdef Heap q
    cdef Record top
    cdef int status
    cdef int64_t o = 0, used = 0, i, reached, room = found.shape[0]
    cdef node_t a, v, count = <node_t> (indptr.shape[0] - 1)
    cdef cost_t through
    cdef cost_t[::1] label = np.full(count + 1, 0xFFFFFFFF, dtype=np.uint32)
    cdef node_t[::1] touched = np.empty(count + 1, dtype=np.int32)
    begin[0] = 0
    with nogil:
        status = heap_open(&q, 1024)
        while status == 0 and o < sources.shape[0] and used + count <= room:
            reached = 1
            touched[0] = sources[o]
            label[sources[o]] = 0
            status = heap_push(&q, 0, 0, sources[o])
            while status == 0 and q.used > 0:
                top = heap_pop(&q)
                if top.cost != label[top.node]:
                    continue
                for a in range(indptr[top.node], indptr[top.node + 1]):
                    if arc_cost[a] > limit - top.cost:
                        continue
                    v = target[a]
                    through = top.cost + arc_cost[a]
                    if through < label[v]:
                        if label[v] == far():
                            touched[reached] = v
                            reached += 1
                        label[v] = through
                        status = heap_push(&q, through, 0, v)
                        if status < 0:
                            break
            for i in range(reached):
                v = touched[i]
                if wanted[v] != NONE:
                    found[used], cost[used] = wanted[v], <int32_t> label[v]
                    used += 1
                label[v] = far()
            o += 1
            begin[o] = <node_t> used
        heap_close(&q)
    if status < 0:
        raise MemoryError("no memory for the search's queue")
    return o
