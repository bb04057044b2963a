# cython: freethreading_compatible=True
"""Agents on edges: one calendar of events for all ways of moving. Trust the arrays: twin/simulation has validated them."""

from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.math cimport INFINITY
from libc.string cimport memcpy
from posix.stdlib cimport posix_memalign

import numpy as np

from events cimport *
from moving cimport *
from serving cimport *
from traffic cimport *
from types cimport *
from watched cimport *


# ── agents that Python hears of ──────────────────────────────────────────────────────────────────────────────────────

cdef void _tell(World* w, int32_t a, int32_t arc) noexcept with gil:
    """Call the method of an agent: it sets out (NONE), or enters an arc. What it raises is kept, and ends the run."""
    cdef Engine engine = <Engine> w.owner
    cdef int64_t i = a - w.watched
    if w.broken:
        return
    try:
        if arc == NONE:
            engine.departs[i](engine.who[i])
        else:
            engine.enters[i](engine.who[i], w.edge[arc])
    except BaseException as error:  # in a C loop: it is raised when that has come to an end
        w.broken = True
        engine.failure = error, engine.who[i], "on_depart" if arc == NONE else "on_enter_edge"


cdef inline int _entered(World* w, int32_t a, int32_t arc, double time, double till) noexcept nogil:
    """An agent has entered an arc, and its next event stands in the calendar."""
    watched_on(w, a, arc, time, till)
    if watched_hears(w, a, ENTERS):
        _tell(w, a, arc)
    return 0 if w.entry == NULL else entry_put(w, a, arc, time)


# ── along the tables ─────────────────────────────────────────────────────────────────────────────────────────────────

cdef inline void _stop(World* w, int32_t a, uint32_t row, double time, uint8_t state) noexcept nogil:
    w.time[a], w.row[a], w.state[a] = time, row, state
    tell(w, a)


cdef inline bint _admitted(World* w, int32_t a, uint32_t* row) noexcept nogil:
    """Whether an agent at its goal stays there: where its site is full, it turns to the nearest with room."""
    cdef int32_t s = w.site[a], k, other
    if s == NONE:
        return True
    if w.room[s] > 0:
        w.room[s] -= 1
        return True
    for k in range(w.sites):
        other = w.site_order[s * w.sites + k]
        if w.room[other] > 0:
            w.site[a] = other
            w.redirects += 1
            row[0] = row[0] - w.site_row[s] + w.site_row[other]
            return False
    w.site[a] = NONE
    w.state[a] = STRANDED
    return True


cdef int _go_on(World* w, int32_t a, uint32_t row, double time) noexcept nogil:
    """An agent that has come to a row takes the next arc, or has arrived."""
    cdef int32_t arc
    cdef uint32_t came
    cdef double seconds, till
    while True:
        came = row
        watched_on(w, a, NONE, time, time)
        if watched_hears(w, a, HALTS):
            w.one[a - w.watched].hears &= ~HALTS
            _stop(w, a, row, time, FINISHED)
            return 0
        arc = onward(w, &row)
        if arc == CUT_OFF:
            _stop(w, a, row, time, STRANDED)
            return 0
        if arc == HERE:
            if not _admitted(w, a, &row):
                continue
            _stop(w, a, row, time, STRANDED if w.state[a] == STRANDED else FINISHED)
            return follow(w, a, time) if w.state[a] == FINISHED else 0
        w.crossings += 1
        if w.arc[arc].lane >= 0:
            if w.lane[w.arc[arc].lane].kind == QUEUED:
                return _set_out(w, a, came, w.arc[arc].lane, time)
            if w.lane[w.arc[arc].lane].kind != FREELY:
                till = walk_in(w, a, w.arc[arc].lane, time)
                if calendar_push(&w.calendar, till, a, after(w, row)) < 0:
                    return -1
                return _entered(w, a, arc, time, till)
            w.on[a] = w.arc[arc].lane
            w.lane[w.arc[arc].lane].on += 1
        seconds = w.arc[arc].seconds
        row = after(w, row)
        if seconds > 0.0 or w.arc[arc].lane >= 0:
            if calendar_push(&w.calendar, time + seconds, a, row) < 0:
                return -1
            return _entered(w, a, arc, time, time + seconds)
        if _entered(w, a, arc, time, time) < 0:
            return -1


# ── vehicles: spatial queues with backward waves ─────────────────────────────────────────────────────────────────────

cdef int _let_in(World* w, int32_t lane, double time) noexcept nogil:
    """Let those into a lane who stand before it, first come first served, while they may."""
    cdef Lane* l = &w.lane[lane]
    cdef int32_t who, a, arc
    cdef uint32_t row
    cdef bint elsewhere
    while l.wait != NONE and not l.booked:
        if lane_opens(w, l) > time:
            return lane_book(w, lane, time)
        who = l.wait
        l.wait = w.after[who]
        a = l.source if who & 1 else w.lane[who >> 1].head
        row = w.row[a]
        arc = onward(w, &row)
        elsewhere = arc < 0 or w.arc[arc].lane != lane or watched_hears(w, a, HALTS)  # turned while it stood here
        if who & 1:
            l.source = w.link[a]
            if l.source != NONE:
                lane_line_up(w, lane, who)
            if elsewhere:
                if _go_on(w, a, w.row[a], time) < 0:
                    return -1
                continue
        elif elsewhere:
            if _at_end(w, a, time) < 0:
                return -1
            continue
        else:
            w.crossings += 1
            if lane_leave(w, who >> 1, time) < 0:
                return -1
        w.row[a] = row
        if lane_enter(w, a, lane, time) < 0 or _entered(w, a, arc, time, w.ready[a]) < 0:
            return -1
    return 0


cdef int _set_out(World* w, int32_t a, uint32_t row, int32_t lane, double time) noexcept nogil:
    """Wait beside the road at the start of a lane until there is room on it."""
    cdef Lane* l = &w.lane[lane]
    w.row[a] = row
    w.link[a] = NONE
    if l.source != NONE:
        w.link[l.source_tail] = a
        l.source_tail = a
        return 0
    l.source = l.source_tail = a
    lane_line_up(w, lane, 2 * lane + 1)
    return _let_in(w, lane, time)


cdef int _at_end(World* w, int32_t a, double time) noexcept nogil:
    """The first vehicle of a lane has come to its end and wants to go on."""
    cdef int32_t lane = w.on[a], arc
    cdef uint32_t row = w.row[a]
    arc = onward(w, &row)
    if arc < 0 or watched_hears(w, a, HALTS):
        if lane_leave(w, lane, time) < 0:
            return -1
        return _go_on(w, a, w.row[a], time)
    lane_line_up(w, w.arc[arc].lane, 2 * lane)
    return _let_in(w, w.arc[arc].lane, time)


cdef inline bint _elsewhere(World* w, int32_t a, int32_t lane) noexcept nogil:
    """Whether somebody who stands before a lane does not want to go there any more."""
    cdef uint32_t row = w.row[a]
    cdef int32_t arc = onward(w, &row)
    return arc < 0 or w.arc[arc].lane != lane


cdef int _step_aside(World* w, int32_t* aside, double time) noexcept nogil:
    """Those who stand before a lane that they do not want to enter any more go where they want to. `aside`: (2 lanes,)."""
    cdef int64_t lane, i, count = 0
    cdef int32_t who, then, a
    cdef Lane* l
    for lane in range(w.lanes):
        l = &w.lane[lane]
        who, l.wait, l.wait_tail = l.wait, NONE, NONE
        while who != NONE:
            then = w.after[who]
            if _elsewhere(w, l.source if who & 1 else w.lane[who >> 1].head, <int32_t> lane):
                aside[count] = who
                count += 1
            else:
                lane_line_up(w, <int32_t> lane, who)
            who = then
    for i in range(count):
        who = aside[i]
        if not who & 1:
            if _at_end(w, w.lane[who >> 1].head, time) < 0:
                return -1
            continue
        l = &w.lane[who >> 1]
        a = l.source
        l.source = w.link[a]
        if l.source != NONE:
            lane_line_up(w, who >> 1, who)
        if _go_on(w, a, w.row[a], time) < 0 or _let_in(w, who >> 1, time) < 0:
            return -1
    return 0


# ── the loop ─────────────────────────────────────────────────────────────────────────────────────────────────────────

cdef int _event(World* w, const Event* e) noexcept nogil:
    cdef int32_t a = <int32_t> e.agent, lane
    w.now = e.time
    if e.row >= DESK:
        return desk_event(w, a, e.row, e.time)
    if e.agent >= LANE_EVENT:
        lane = <int32_t> (e.agent - LANE_EVENT)
        w.lane[lane].booked = 0
        return _let_in(w, lane, e.time)
    lane = w.on[a]
    if lane != NONE:
        if w.lane[lane].kind == QUEUED:
            return _at_end(w, a, e.time)
        w.lane[lane].on -= 1
        w.on[a] = NONE
    elif w.state[a] == WAITING:
        w.state[a] = TRAVELLING
        w.time[a] = e.time
        if watched_hears(w, a, DEPARTS):
            _tell(w, a, NONE)
    return _go_on(w, a, e.row, e.time)


cdef inline void _fetch_lane(const Lane* l) noexcept nogil:
    fetch(l)
    fetch(<const char*> l + LINE)


cdef inline void _foresee(World* w) noexcept nogil:
    """Ask for the memory that coming events need, before they do: what names the rest first, then what it names."""
    cdef Bucket* b = &w.calendar.soon[w.calendar.at & (SOON - 1)]
    cdef const Event* e
    cdef const Lane* l
    cdef int32_t arc, i, at = w.calendar.taken
    if at == 0:
        for i in range(min(b.used, AHEAD)):
            if b.event[i].agent < LANE_EVENT and b.event[i].row < DESK:
                fetch(&w.on[b.event[i].agent])
                fetch(&w.row[b.event[i].agent])
                fetch(&w.next[b.event[i].row])
    if at + AHEAD < b.used:
        e = &b.event[at + AHEAD]
        if e.agent < LANE_EVENT and e.row < DESK:
            fetch(&w.on[e.agent])
            fetch(&w.row[e.agent])
            if e.row:
                fetch(&w.next[e.row])
            if e.agent >= w.watched:
                fetch(&w.one[e.agent - w.watched])
                fetch(<void*> w.object[e.agent - w.watched])
        elif e.agent >= LANE_EVENT:
            _fetch_lane(&w.lane[e.agent - LANE_EVENT])
    if w.lanes == 0:
        return
    if at + 9 < b.used:
        e = &b.event[at + 9]
        if e.agent < LANE_EVENT and e.row < DESK:
            if w.on[e.agent] != NONE:
                _fetch_lane(&w.lane[w.on[e.agent]])
            fetch(&w.next[e.row if e.row else w.row[e.agent]])
    if at + 6 < b.used:
        e = &b.event[at + 6]
        if e.agent < LANE_EVENT and e.row < DESK:
            arc = w.next[e.row if e.row else w.row[e.agent]]
            if arc >= 0:
                fetch(&w.arc[arc & ARC])
    if at + 3 < b.used:
        e = &b.event[at + 3]
        if e.agent < LANE_EVENT and e.row < DESK:
            arc = w.next[e.row if e.row else w.row[e.agent]]
            if arc >= 0 and w.arc[arc & ARC].lane >= 0:
                _fetch_lane(&w.lane[w.arc[arc & ARC].lane])
    if at + 1 < b.used:
        e = &b.event[at + 1]
        if e.agent < LANE_EVENT and e.row < DESK:
            arc = w.next[e.row if e.row else w.row[e.agent]]
            if arc >= 0 and w.arc[arc & ARC].lane >= 0:
                l = &w.lane[w.arc[arc & ARC].lane]
                if l.kind == QUEUED and l.entered >= l.storage:
                    fetch(&w.exits[l.first + l.entered % l.storage])


cdef int _in_order(World* w, double until, int64_t most) noexcept nogil:
    """Events in the order of (time, agent), until somebody is to be asked; 1: `most` were not enough."""
    cdef Event e
    cdef Event* first
    while most > 0:
        first = calendar_next(&w.calendar, until)
        if first == NULL:
            return -1 if w.calendar.waiting < 0 else 0
        e = first[0]
        _foresee(w)
        w.calendar.taken += 1
        w.calendar.waiting -= 1
        if _event(w, &e) < 0:
            return -1
        if w.broken:
            return 0
        if w.entries > LOOK:
            return 1
        if w.tellings or w.pauses:
            until = e.time
        most -= 1
    return 1


cdef int _in_any_order(World* w, double until, int64_t most) noexcept nogil:
    """The same where nobody is in anybody's way and nobody asks: bucket by bucket, in no order within one."""
    cdef Calendar* c = &w.calendar
    cdef Bucket* b
    cdef Event e
    cdef int32_t arc, step, i, kept
    while c.waiting > 0 and most > 0:
        b = &c.soon[c.at & (SOON - 1)]
        i, kept = c.taken, 0
        while i < b.used:
            e = b.event[i]
            i += 1
            if e.time > until:
                b.event[kept] = e
                kept += 1
                continue
            c.waiting -= 1
            most -= 1
            if i + AHEAD < b.used:
                fetch(&w.next[b.event[i + AHEAD].row])
            arc = w.next[e.row]
            step = 1
            if arc < 0:
                step = 0
            elif arc & CHAIN:
                arc &= ARC
            else:
                step = w.arc[arc].step
            if step == 0 or w.arc[arc].lane == JUNCTION or w.arc[arc].seconds == 0.0:
                if _go_on(w, <int32_t> e.agent, e.row, e.time) < 0:
                    return -1
                b = &c.soon[c.at & (SOON - 1)]
                continue
            w.crossings += 1
            e.time += w.arc[arc].seconds
            e.row += step
            c.waiting += 1
            if calendar_put(c, &e) < 0:
                return -1
        b.used = kept
        c.taken = c.settled = 0
        if kept or (c.at + 1) / c.rate > until:
            return 0
        if calendar_turn(c) < 0:
            return -1
    return 1 if c.waiting > 0 else 0


EVENT = np.dtype([("time", "<f8"), ("agent", "<u4"), ("row", "<u4")])
ENTRY = np.dtype([("time", "<f8"), ("agent", "<u4"), ("arc", "<i4")])


cdef class Engine:
    """A calendar and the columns of all agents; see `twin.simulation.movement`, which owns the arrays."""

    cdef World w
    cdef object arrays
    cdef list who, departs, enters
    cdef readonly object failure     # what a method raised, whose it was, and its name

    def __cinit__(self, int64_t agents, double width):
        self.w.agents, self.w.lanes, self.w.lane, self.w.exits = agents, 0, NULL, NULL
        self.w.watched, self.w.owner = LANE_EVENT, <void*> self
        self.arrays = {}
        if calendar_open(&self.w.calendar, width) < 0:
            raise MemoryError("no memory for the calendar")

    def __dealloc__(self):
        calendar_close(&self.w.calendar)
        free(self.w.lane)
        free(self.w.entry)

    def agents(self, double[::1] time, uint32_t[::1] row, int32_t[::1] on, uint8_t[::1] state, const uint8_t[::1] asks,
               int32_t[::1] site):
        """Columns of the agents, (agents,) each, at least one; when there are more of them, all of them again."""
        self.w.agents = time.shape[0]
        columns = np.full(self.w.agents, NONE, dtype=np.int32), np.zeros(self.w.agents)
        for old, column in zip(self.arrays.get("agents", ())[6:8], columns):
            column[:len(old)] = old
        cdef int32_t[::1] link = columns[0]
        cdef double[::1] ready = columns[1]
        cdef uint32_t[::1] told = np.zeros(self.w.agents, dtype=np.uint32)
        self.arrays["agents"] = time, row, on, state, asks, site, link, ready, told
        self.w.time, self.w.row, self.w.on, self.w.state = &time[0], &row[0], &on[0], &state[0]
        self.w.asks, self.w.site, self.w.link, self.w.ready, self.w.told = &asks[0], &site[0], &link[0], &ready[0], &told[0]

    def watch(self, int64_t first, Watched[::1] one, const int32_t[::1] edge, list who, list departs, list enters):
        """Watch agents from a number on: where each is, the edge of each arc, and their methods that are called."""
        cdef const uint64_t[::1] object_ = np.array([id(each) for each in who], dtype=np.uint64)
        self.arrays["watched"] = one, edge, object_
        self.w.object = &object_[0]
        self.w.watched, self.w.one, self.w.edge = first, &one[0], &edge[0]
        self.who, self.departs, self.enters = who, departs, enters

    def note(self, bint on):
        """Keep account of who enters which edge, or do no longer."""
        if on and self.w.entry == NULL:
            self.w.entry_room = 2 * LOOK
            self.w.entry = <Entry*> malloc(self.w.entry_room * sizeof(Entry))
            if self.w.entry == NULL:
                raise MemoryError("no memory for an account of edges")
        elif not on:
            free(self.w.entry)
            self.w.entry = NULL

    def noted(self):
        """(k,) records of time, agent and arc, in the order of the events; they are forgotten by the engine."""
        cdef int64_t count = self.w.entries
        self.w.entries = 0
        if count == 0:
            return np.zeros(0, ENTRY)
        return np.array(np.asarray(<Entry[:count]> self.w.entry))

    def widen(self, double width):
        """Sort events to come into buckets so wide [s]; a matter of speed alone."""
        if calendar_widen(&self.w.calendar, width, self.w.now) < 0:
            raise MemoryError("no memory for the calendar")

    def pause(self):
        """Come back from `run` after the events of this time."""
        self.w.pauses = True

    def ways(self, const int32_t[::1] next_, const Arc[::1] arc):
        """Next-hop tables, one row a place and destination, and the arcs that they name."""
        self.arrays["ways"] = next_, arc
        self.w.next = &next_[0] if next_.shape[0] else NULL
        self.w.arc = &arc[0] if arc.shape[0] else NULL

    def lanes(self, uint8_t[::1] kind, double[:, ::1] figures, int32_t[::1] storage, own=None):
        """Append lanes: figures (lanes, 9) are length, area, speed, shape, jam, floor, headway, hole and
        discharge; own, a capsule."""
        cdef Walk walk = NULL if own is None else <Walk> PyCapsule_GetPointer(own, "twin.Walk")
        cdef int64_t i, more = kind.shape[0], places = 0, before = self.w.lanes
        cdef void* fresh = NULL
        cdef Lane* l
        if posix_memalign(&fresh, HUGE_PAGE, max(1, before + more) * sizeof(Lane)) != 0:
            raise MemoryError("no memory for the lanes")
        in_huge_pages(fresh, (before + more) * sizeof(Lane))
        memcpy(fresh, self.w.lane, before * sizeof(Lane))
        free(self.w.lane)
        self.w.lane = l = <Lane*> fresh
        if before:
            places = l[before - 1].first + l[before - 1].storage
        for i in range(more):
            l = &self.w.lane[before + i]
            memset(l, 0, sizeof(Lane))
            l.kind, l.storage, l.first = kind[i], storage[i], places
            l.length, l.area, l.speed, l.shape = figures[i, 0], figures[i, 1], figures[i, 2], figures[i, 3]
            l.jam, l.floor_speed, l.headway, l.hole = figures[i, 4], figures[i, 5], figures[i, 6], figures[i, 7]
            l.discharge = figures[i, 8]
            l.walk = walk
            l.last_in = l.last_out = -INFINITY
            l.head = l.tail = l.source = l.source_tail = l.wait = l.wait_tail = NONE
            places += l.storage
        self.w.lanes = before + more
        old = self.arrays.get("lanes")
        columns = np.zeros(max(1, places)), np.full(max(1, 2 * self.w.lanes), NONE, dtype=np.int32)
        if old is not None:
            for column, before_ in zip(columns, old):
                column[:len(before_)] = np.asarray(before_)
        cdef double[::1] exits = columns[0]
        cdef int32_t[::1] after = columns[1]
        self.arrays["lanes"] = exits, after
        self.arrays["own", before] = own
        self.w.exits, self.w.after = &exits[0], &after[0]

    def sites(self, const uint32_t[::1] row, const int32_t[:, ::1] order, int64_t[::1] room):
        """Sites with room, that send on when they are full: first row of the table of each, and the others by nearness."""
        self.arrays["sites"] = row, order, room
        self.w.sites = row.shape[0]
        if self.w.sites:
            self.w.site_row, self.w.site_order, self.w.room = &row[0], &order[0, 0], &room[0]

    def desks(self, Desk[::1] desk, int32_t[:, ::1] whole, double[:, ::1] times, uint8_t[::1] walks_in):
        """Desks, and what they know of the agents: whole (3, agents), at_desk, back and bears; times (4, agents), need,
        deadline, since and begin."""
        self.arrays["desks"] = desk, whole, times, walks_in
        self.w.desk = &desk[0] if desk.shape[0] else NULL
        self.w.at_desk, self.w.back, self.w.bears = &whole[0, 0], &whole[1, 0], &whole[2, 0]
        self.w.need, self.w.deadline, self.w.since, self.w.begin = &times[0, 0], &times[1, 0], &times[2, 0], &times[3, 0]
        self.w.walks_in = &walks_in[0]

    def join(self, const uint32_t[::1] who, double time):
        """Agents come to their desks, in this order; those who are turned away say so by their state."""
        cdef int64_t i
        cdef int status = 0
        for i in range(who.shape[0]):
            status |= desk_join(&self.w, who[i], time)
        self.w.tellings = 0
        if status < 0:
            raise MemoryError("no memory for the calendar")

    def call(self, int32_t desk, double time):
        """More servers came: those first in line go forward."""
        if desk_next(&self.w, desk, time) < 0:
            raise MemoryError("no memory for the calendar")

    def send_off(self, const uint32_t[::1] who, double time):
        """These leave the lines in which they stand."""
        cdef int64_t i
        for i in range(who.shape[0]):
            desk_take_out(&self.w, &self.w.desk[self.w.at_desk[who[i]]], who[i])
            self.w.state[who[i]], self.w.time[who[i]] = LEFT, time

    def days(self, const int32_t[::1] then, double[::1] start, const double[::1] stay, const double[::1] ride):
        """Trips that follow each other; (agents,) each: the next of the day (-1: none), when it begins at the earliest,
        how long after the one before, and how long it takes where it does not go by the streets (0: it does)."""
        self.arrays["days"] = then, start, stay, ride
        self.w.then, self.w.start, self.w.stay, self.w.ride = &then[0], &start[0], &stay[0], &ride[0]

    def blocked(self, int64_t rows):
        """(rows,) uint8, whether the way that a row leads passes a closed arc."""
        cdef int64_t first, at, count
        cdef int32_t arc
        cdef uint32_t row
        found = np.full(rows, 2, dtype=np.uint8)  # 2: not known yet
        way = np.empty(1024, dtype=np.uint32)
        cdef uint8_t[::1] shut = found
        cdef uint32_t[::1] passed = way
        cdef uint8_t ahead
        for first in range(rows):
            at, count = first, 0
            while shut[at] == 2 and self.w.next[at] != HERE and self.w.next[at] != CUT_OFF:
                if count == passed.shape[0]:
                    way = np.resize(way, 2 * count)
                    passed = way
                passed[count] = <uint32_t> at
                count += 1
                arc = self.w.next[at]
                shut[at] = 3                     # on this way; no table leads in a circle
                at = at + arc + 2 if arc <= JOINS else after(&self.w, <uint32_t> at)
            ahead = 0 if shut[at] == 2 else shut[at]
            shut[at] = ahead
            while count > 0:
                count -= 1
                row = passed[count]
                arc = self.w.next[row]
                ahead |= arc >= 0 and self.w.arc[arc & ARC].seconds == INFINITY
                shut[row] = ahead
        return found

    def depart(self, const uint32_t[::1] who, const double[::1] time, const uint32_t[::1] row):
        """Put agents on their way at a time, from a row."""
        cdef int64_t i
        cdef int status = 0
        with nogil:
            for i in range(who.shape[0]):
                self.w.state[who[i]] = WAITING
                self.w.time[who[i]] = time[i]
                self.w.row[who[i]] = row[i]
                status |= calendar_push(&self.w.calendar, time[i], who[i], row[i])
        if status < 0:
            raise MemoryError("no memory for the calendar")

    def run(self, double until, bint ordered=True, int64_t most=1 << 20):
        """Run up to a time, inclusive; whether that took no more than `most` events or somebody is to be asked."""
        cdef int status
        cdef int64_t a
        self.w.tellings, self.w.pauses, self.w.broken, self.failure = 0, False, False, None
        if self.w.watched < self.w.agents:
            status = _in_order(&self.w, until, min(most, 1 << 16))  # with the GIL: methods are called from within
            if status < 0 and not self.w.broken:
                raise MemoryError("no memory for the calendar")
            return status == 0 or self.w.tellings > 0 or self.w.pauses
        with nogil:
            if ordered:
                status = _in_order(&self.w, until, most)
            else:
                status = _in_any_order(&self.w, until, most)
                for a in range(self.w.agents if status == 0 else 0):
                    if self.w.state[a] == WAITING and self.w.time[a] <= until:
                        self.w.state[a] = TRAVELLING
        if status < 0:
            raise MemoryError("no memory for the calendar")
        return status == 0 or self.w.tellings > 0

    def told(self):
        """(k,) uint32, those who arrived at one time and are to be asked, in the order of their numbers."""
        return np.sort(np.asarray(self.arrays["agents"][8])[:self.w.tellings])

    def turn(self, const uint8_t[::1] who, const uint32_t[::1] row):
        """Send agents who are between two rows elsewhere: to `row` (agents,), which stands for the place they come to."""
        cdef int64_t i, j
        cdef Bucket* b
        cdef Calendar* c = &self.w.calendar
        for i in range(SOON + LATER + 1):
            b = &c.soon[i] if i < SOON else &c.later[i - SOON] if i < SOON + LATER else &c.beyond
            for j in range(c.taken if i == (c.at & (SOON - 1)) else 0, b.used):
                if b.event[j].agent < LANE_EVENT and b.event[j].row < DESK and who[b.event[j].agent]:
                    b.event[j].row = row[b.event[j].agent]
        for i in range(self.w.agents):
            if who[i]:
                self.w.row[i] = row[i]

    def rows(self):
        """(agents,) uint32, the row that each comes to next; of those who wait or have arrived, where they are."""
        cdef int64_t i, j
        cdef Bucket* b
        cdef Calendar* c = &self.w.calendar
        cdef uint32_t[::1] row = np.array(self.arrays["agents"][1])
        for i in range(SOON + LATER + 1):
            b = &c.soon[i] if i < SOON else &c.later[i - SOON] if i < SOON + LATER else &c.beyond
            for j in range(c.taken if i == (c.at & (SOON - 1)) else 0, b.used):
                if b.event[j].agent < LANE_EVENT and self.w.lane != NULL and self.w.on[b.event[j].agent] != NONE and self.w.lane[self.w.on[b.event[j].agent]].kind == QUEUED:
                    continue
                if b.event[j].agent < LANE_EVENT and b.event[j].row < DESK:
                    row[b.event[j].agent] = b.event[j].row
        return np.asarray(row)

    def events(self):
        """(k,) records of time, agent and row: all events to come, in no order."""
        cdef int64_t i, j, k = 0
        cdef Bucket* b
        cdef Calendar* c = &self.w.calendar
        found = np.zeros(c.waiting, EVENT)
        cdef Event[::1] event = found
        for i in range(SOON + LATER + 1):
            b = &c.soon[i] if i < SOON else &c.later[i - SOON] if i < SOON + LATER else &c.beyond
            for j in range(c.taken if i == (c.at & (SOON - 1)) else 0, b.used):
                event[k] = b.event[j]
                k += 1
        return found

    def state(self):
        """Lanes as bytes, with no function of theirs, and counts: agents met, sent on, and the time of the last event."""
        cdef int64_t i
        found = np.zeros(max(1, self.w.lanes) * sizeof(Lane), dtype=np.uint8)
        cdef uint8_t[::1] room = found
        cdef Lane* lane = <Lane*> &room[0]
        for i in range(self.w.lanes):
            lane[i] = self.w.lane[i]
            lane[i].walk = NULL
        return found, np.array([self.w.crossings, self.w.redirects, self.w.now], dtype=float)

    def restore(self, const Event[::1] event, const uint8_t[::1] lanes, const double[::1] counts):
        """Put what `events` and `state` gave in the place of all events, lanes and counts."""
        cdef int64_t i
        cdef int status = 0
        cdef Bucket* b
        cdef Calendar* c = &self.w.calendar
        cdef const Lane* lane = <const Lane*> &lanes[0]
        cdef Walk walk
        if lanes.shape[0] != max(1, self.w.lanes) * <int64_t> sizeof(Lane):
            raise ValueError("lanes of another network, or of another version")
        for i in range(self.w.lanes):
            walk = self.w.lane[i].walk
            self.w.lane[i] = lane[i]
            self.w.lane[i].walk = walk
        self.w.crossings, self.w.redirects, self.w.now = <int64_t> counts[0], <int64_t> counts[1], counts[2]
        for i in range(SOON + LATER + 1):
            b = &c.soon[i] if i < SOON else &c.later[i - SOON] if i < SOON + LATER else &c.beyond
            b.used = 0
        c.waiting = c.taken = c.settled = 0
        c.at = <int64_t> (self.w.now * c.rate)
        for i in range(event.shape[0]):
            status |= calendar_push(c, event[i].time, event[i].agent, event[i].row)
        if status < 0:
            raise MemoryError("no memory for the calendar")

    @property
    def held(self):
        """The arrays that the engine looks at, by what they are."""
        return self.arrays

    def on(self):
        """(lanes,) int32, agents on each lane."""
        return np.array([self.w.lane[i].on for i in range(self.w.lanes)], dtype=np.int32)

    def stands(self):
        """(lanes,) int32, the full lane that the first vehicle of each waits for, -1: none; and (lanes,) since when [s]."""
        cdef int64_t lane
        cdef int32_t who
        found = np.full(self.w.lanes, NONE, dtype=np.int32), np.full(self.w.lanes, -INFINITY)
        cdef int32_t[::1] before = found[0]
        cdef double[::1] since = found[1]
        for lane in range(self.w.lanes):
            since[lane] = max(self.w.lane[lane].last_in, self.w.lane[lane].last_out)
            who = self.w.lane[lane].wait if lane_full(&self.w.lane[lane]) else NONE
            while who != NONE:
                if not who & 1:
                    before[who >> 1] = <int32_t> lane
                who = self.w.after[who]
        return found

    def through(self, double time):
        """(2, lanes), of each lane [s]: how long it takes whoever enters it now, by who is on it (0: as when it is
        empty), and how long its first vehicle has been held up."""
        cdef int64_t lane
        found = np.zeros((2, self.w.lanes))
        cdef double[:, ::1] of = found
        for lane in range(self.w.lanes):
            of[0, lane] = lane_through(&self.w, &self.w.lane[lane], time, &of[1, lane])
        return found

    def step_aside(self, double time):
        """Tables have changed: those who stand before a lane that they do not want to enter any more turn elsewhere."""
        cdef int32_t[::1] aside = np.zeros(max(1, 2 * self.w.lanes), dtype=np.int32)
        if _step_aside(&self.w, &aside[0], time) < 0:
            raise MemoryError("no memory for the calendar")

    @property
    def now(self):
        """Time of the latest event [s]."""
        return self.w.now

    @property
    def waiting(self):
        """Events to come."""
        return self.w.calendar.waiting

    @property
    def crossings(self):
        """Edges entered so far."""
        return self.w.crossings

    @property
    def redirects(self):
        """How often somebody was sent on from a full site."""
        return self.w.redirects
