# cython: freethreading_compatible=True
"""Ways of many trips, written out arc by arc. Trust the arrays.

A tree has a root, the place where trips end (inward) or begin, and labels: what it costs to get from each place to it, or
from it to each. Its ways are written as rows, one an arc; where a way comes to one that is written, it joins it.
"""

from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memset

import numpy as np

from queues cimport Record, Ring, ring_clear, ring_close, ring_open, ring_push, ring_take
from types cimport *

cdef enum:
    CHAIN = 0x40000000       # of a row that goes on with the one after it
    HERE = -1
    JOINS = -3               # and below: the row goes on so many rows before it, and two


cdef class Chains:
    """Writes ways; one for each thread."""

    cdef const node_t[::1] indptr, target, source, indptr_in, target_in, arc_in
    cdef const cost_t[::1] cost
    cdef node_t[::1] via, reached
    cdef cost_t[::1] label, own      # of the tree in hand; room for those that are searched
    cdef uint32_t[::1] seen
    cdef uint8_t[::1] wanted
    cdef Ring ring
    cdef int32_t* row
    cdef int64_t used, room, many, marks
    cdef node_t* mark                # places that are `seen`
    cdef node_t* way
    cdef bint opened, searched, inward
    cdef int32_t first

    def __cinit__(self, out, into, const node_t[::1] source, const cost_t[::1] cost, shape, int32_t first):
        """Arcs as rows out of each place (indptr, target) and into it (indptr, target, arc), and their costs; `first` is
        added to their numbers where they are written."""
        cdef int64_t n = source.shape[0]
        self.indptr, self.target = out
        self.indptr_in, self.target_in, self.arc_in = into
        self.source, self.cost, self.first = source, cost, first
        n = self.indptr.shape[0] - 1
        self.via, self.reached = np.zeros(n, dtype=np.int32), np.zeros(n, dtype=np.int32)
        self.label = self.own = np.full(n, 0xFFFFFFFF, dtype=np.uint32)
        self.seen, self.wanted = np.zeros(n, dtype=np.uint32), np.zeros(n, dtype=np.uint8)
        self.row, self.used, self.room = NULL, 0, 0
        self.mark = <node_t*> malloc((n + 1) * sizeof(node_t))
        self.way = <node_t*> malloc((n + 1) * sizeof(node_t))
        self.opened = ring_open(&self.ring, shape[0], shape[1], 4096) == 0
        if not self.opened or self.mark == NULL or self.way == NULL:
            raise MemoryError("no memory to write ways")

    def __dealloc__(self):
        free(self.row)
        free(self.mark)
        free(self.way)
        if self.opened:
            ring_close(&self.ring)

    def search(self, node_t root, const node_t[::1] ends, bint inward, int64_t most):
        """Search from the root until all ends are reached; whether that took no more than `most` places."""
        cdef int64_t i, many = 1, pending = 0
        cdef uint64_t turn = 0
        cdef uint32_t bucket
        cdef node_t at, a, u, v
        cdef cost_t through, price
        cdef Record top
        cdef const node_t* indptr = &self.indptr_in[0] if inward else &self.indptr[0]
        cdef int status = 0
        self.label, self.inward, self.searched = self.own, inward, True
        with nogil:
            for i in range(ends.shape[0]):
                pending += not self.wanted[ends[i]]
                self.wanted[ends[i]] = 1
            ring_clear(&self.ring)
            self.label[root], self.reached[0], self.via[root] = 0, root, NONE
            status = ring_push(&self.ring, 0, 0, root)
            while self.ring.waiting > 0 and pending > 0 and many <= most and status == 0:
                bucket = <uint32_t> (turn & self.ring.mask)
                while self.ring.first[bucket] != NONE and status == 0:
                    at = self.ring.first[bucket]
                    self.ring.first[bucket] = NONE
                    while at != NONE:
                        top = ring_take(&self.ring, at)
                        at, u = top.next, top.node
                        if self.label[u] != top.cost:
                            continue
                        if self.wanted[u]:
                            self.wanted[u] = 0
                            pending -= 1
                        for a in range(indptr[u], indptr[u + 1]):
                            price = self.cost[self.arc_in[a]] if inward else self.cost[a]
                            v = self.target_in[a] if inward else self.target[a]
                            through = top.cost + price
                            if price == far() or through < top.cost or through >= self.label[v]:
                                continue
                            if self.label[v] == far():
                                self.reached[many] = v
                                many += 1
                            self.label[v], self.via[v] = through, self.arc_in[a] if inward else a
                            status |= ring_push(&self.ring, through, 0, v)
                turn += 1
            if self.ring.waiting > 0:
                memset(self.ring.first, 0xFF, (<int64_t> self.ring.mask + 1) * sizeof(node_t))
            for i in range(ends.shape[0]):
                self.wanted[ends[i]] = 0
            self.many = many
        if status < 0:
            raise MemoryError("no memory to write ways")
        return pending == 0 or self.ring.waiting == 0

    def forget(self):
        """Ready for the next tree that is searched."""
        cdef int64_t i
        for i in range(self.many):
            self.own[self.reached[i]] = far()
        self.many = 0

    def take(self, cost_t[::1] label, bint inward):
        """The labels of a tree, instead of a search."""
        self.label, self.inward, self.searched = label, inward, False

    cdef node_t _toward_root(self, node_t u) noexcept nogil:
        """The arc of the tree at a place, NONE where no arc is certain to lead nearer to the root."""
        cdef node_t a
        if self.searched:
            return self.via[u]
        if self.inward:
            for a in range(self.indptr[u], self.indptr[u + 1]):
                if self.cost[a] and self.cost[a] != far() and self.label[self.target[a]] < self.label[u] and (
                        self.label[self.target[a]] + self.cost[a] == self.label[u]):
                    return a
            return NONE
        for a in range(self.indptr_in[u], self.indptr_in[u + 1]):
            if self.cost[self.arc_in[a]] and self.cost[self.arc_in[a]] != far() and (
                    self.label[self.target_in[a]] < self.label[u]) and (
                    self.label[self.target_in[a]] + self.cost[self.arc_in[a]] == self.label[u]):
                return self.arc_in[a]
        return NONE

    cdef int _put(self, int32_t code) noexcept nogil:
        cdef void* grown
        if self.used == self.room:
            grown = realloc(self.row, max(<int64_t> 4096, 2 * self.room) * sizeof(int32_t))
            if grown == NULL:
                return -1
            self.row = <int32_t*> grown
            self.room = max(<int64_t> 4096, 2 * self.room)
        self.row[self.used] = code
        self.used += 1
        return 0

    cdef int _write(self, node_t root, node_t end) noexcept nogil:
        """Rows from the end to the root, or from the root to the end; -1: no memory, 1: no arc is certain."""
        cdef node_t u = end, arc
        cdef int64_t i, steps = 0
        cdef int64_t back = self.used
        while u != root and not (self.inward and self.seen[u]):
            arc = self._toward_root(u)
            if arc == NONE:
                return 1
            self.way[steps] = arc
            steps += 1
            u = self.target[arc] if self.inward else self.source[arc]
        if self.inward:
            for i in range(steps):
                self._see(self.source[self.way[i]])
                if self._put(CHAIN | (self.way[i] + self.first)) < 0:
                    return -1
            if self.seen[u]:
                return self._put(<int32_t> (self.seen[u] - 1 - self.used - 2))
            self._see(u)
            return self._put(HERE)
        for i in range(steps):
            if self._put(CHAIN | (self.way[steps - 1 - i] + self.first)) < 0:
                return -1
        self.mark[self.marks] = end
        self.marks += 1
        self.seen[end] = <uint32_t> (back + 1)
        return self._put(HERE)

    cdef void _see(self, node_t u) noexcept nogil:
        self.seen[u] = <uint32_t> (self.used + 1)
        self.mark[self.marks] = u
        self.marks += 1

    def write(self, node_t root, const node_t[::1] ends, int64_t[::1] row):
        """Write the ways between the root and some ends, which are not the root; the row where each begins, -1: no way.
        False where the labels alone do not say how to go on, since arcs cost nothing: nothing is written then."""
        cdef int64_t i, before = self.used
        cdef int status = 0
        if self.used + self.indptr.shape[0] > 0x7FFFFFF0:
            raise MemoryError("too many rows of ways in one part")
        with nogil:
            self.marks = 0
            for i in range(ends.shape[0]):
                if self.label[ends[i]] == far():
                    row[i] = -1
                    continue
                if not self.seen[ends[i]]:
                    row[i] = self.used
                    status = self._write(root, ends[i])
                    if status != 0:
                        break
                else:
                    row[i] = <int64_t> self.seen[ends[i]] - 1
            for i in range(self.marks):
                self.seen[self.mark[i]] = 0
            if status > 0:
                self.used = before
        if status < 0:
            raise MemoryError("no memory to write ways")
        return status == 0

    def taken(self):
        """(k,) int32, the rows written since the last time."""
        found = np.empty(self.used, dtype=np.int32)
        cdef int32_t[::1] of = found
        cdef int64_t i
        for i in range(self.used):
            of[i] = self.row[i]
        self.used = 0
        return found
