# cython: freethreading_compatible=True
"""An order of elimination by nested dissection, and what elimination in that order adds to the graph.

Trust the arrays: twin/routing has validated them. `indptr` (n+1) and `near` are the compressed neighbours of an
undirected graph without loops and twins; every work array is the caller's.
"""

from libc.stdint cimport uint64_t
from types cimport *

cdef extern from *:
    """
    #if defined(_MSC_VER)
    #include <intrin.h>
    #define bits_of(x) ((int) __popcnt64(x))
    #else
    #define bits_of(x) __builtin_popcountll(x)
    #endif
    """
    int bits_of(uint64_t x) noexcept nogil

cdef enum:
    LEAF = 64            # a cell this small is ordered by minimum degree
    WAYS = 4             # directions in which a cell is tried to be cut
    DEEPEST = 256        # cells waiting: a cut leaves at most 3/4 of a cell on one side, so this is far beyond 2**31

cdef enum:
    MIDDLE = 0
    SOURCE = 1
    SINK = 2

cdef enum:
    UNSEEN = -1
    DEAD = -2


# ── the plain graph ──────────────────────────────────────────────────────────────────────────────────────────────────


def simple(const node_t[::1] indptr, const node_t[::1] target, node_t[::1] seen, node_t[::1] first, node_t[::1] near):
    """Fill `first` (n+1) and `near` (2m) with the neighbours of each node, whichever way the arcs go; returns how many.

    Loops and twins are left out, so that `near` is filled from its start only as far as the returned count.
    """
    cdef int64_t n = indptr.shape[0] - 1, a, at, u, v, low = 0, kept = 0
    with nogil:
        first[:] = 0
        seen[:] = NONE
        for u in range(n):
            for a in range(indptr[u], indptr[u + 1]):
                if target[a] != u:
                    first[u + 1] += 1
                    first[target[a] + 1] += 1
        for u in range(n):
            first[u + 1] += first[u]
        for u in range(n):
            for a in range(indptr[u], indptr[u + 1]):
                v = target[a]
                if v != u:
                    near[first[u]] = <node_t> v
                    near[first[v]] = <node_t> u
                    first[u] += 1
                    first[v] += 1
        for u in range(n):  # first[u] is now the end of u's neighbours
            at = kept
            for a in range(low, first[u]):
                if seen[near[a]] != u:
                    seen[near[a]] = <node_t> u
                    near[kept] = near[a]
                    kept += 1
            low = first[u]
            first[u] = <node_t> at
        first[n] = <node_t> kept
    return kept


def hops(const node_t[::1] indptr, const node_t[::1] near, const node_t[::1] seeds, node_t[::1] queue, node_t[::1] found):
    """Fill `found` (n,) with the number of edges from the nearest seed; -1 where there is no way."""
    cdef int64_t head = 0, tail = 0, i
    cdef node_t u, v
    with nogil:
        found[:] = UNSEEN
        for i in range(seeds.shape[0]):
            if found[seeds[i]] < 0:
                found[seeds[i]] = 0
                queue[tail] = seeds[i]
                tail += 1
        while head < tail:
            u = queue[head]
            head += 1
            for i in range(indptr[u], indptr[u + 1]):
                v = near[i]
                if found[v] < 0:
                    found[v] = found[u] + 1
                    queue[tail] = v
                    tail += 1


# ── dead ends and chains first ───────────────────────────────────────────────────────────────────────────────────────


cdef void _swap(const node_t[::1] indptr, node_t[::1] near, node_t[::1] degree, node_t u, node_t old, node_t new) noexcept nogil:
    """Among u's neighbours, `new` takes the place of `old`; where it stands there already, or is NONE, `old` goes."""
    cdef int64_t i, at = -1
    cdef bint known = new == NONE
    for i in range(indptr[u], indptr[u] + degree[u]):
        if near[i] == old:
            at = i
        elif near[i] == new:
            known = True
    if not known:
        near[at] = new
    else:
        degree[u] -= 1
        near[at] = near[indptr[u] + degree[u]]


def peel(const node_t[::1] indptr, node_t[::1] near, node_t[::1] degree, node_t[::1] order, node_t[::1] waiting,
         node_t[::1] later, node_t[::1] touched):
    """Eliminate what has at most two neighbours until nothing has; returns how many went, in turn, into `order`.

    Elimination joins the two neighbours, in place: no list ever grows. It goes in rounds of nodes that do not touch
    one another, so that a chain of k nodes becomes a tree of depth log k and not one of depth k.
    """
    cdef int64_t n = degree.shape[0], i, count = 0, now = 0, then
    cdef node_t u, a, b, before, turn = 0
    with nogil:
        touched[:] = 0     # the last round that eliminated a neighbour
        for i in range(n):
            if degree[i] <= 2:
                waiting[now] = <node_t> i
                now += 1
        while now > 0:
            turn += 1
            then = 0
            for i in range(now):
                u = waiting[i]
                if touched[u] == turn:
                    continue  # whoever touched it put it off
                a = near[indptr[u]] if degree[u] > 0 else NONE
                b = near[indptr[u] + 1] if degree[u] > 1 else NONE
                if a != NONE:
                    before = degree[a]
                    _swap(indptr, near, degree, a, u, b)
                    if degree[a] <= 2 and (before > 2 or touched[a] != turn):
                        later[then] = a
                        then += 1
                    touched[a] = turn
                if b != NONE:
                    before = degree[b]
                    _swap(indptr, near, degree, b, u, a)
                    if degree[b] <= 2 and (before > 2 or touched[b] != turn):
                        later[then] = b
                        then += 1
                    touched[b] = turn
                order[count] = u
                count += 1
            now = then
            waiting[:now] = later[:now]
    return count


# ── nested dissection of what is left ────────────────────────────────────────────────────────────────────────────────

cdef struct Cells:
    const node_t* indptr
    const node_t* near
    node_t* along[WAYS]      # the nodes of a cell low..high-1 stand there in each, sorted along that direction
    node_t* cell             # of each node: where its cell begins; NONE once it separates
    node_t* before           # the node before it on a way from source to sink; NONE where one begins
    node_t* level
    node_t* next             # the next arc to try
    node_t* queue
    node_t* through          # of the ways' stack: the node entered
    uint8_t* kind
    uint8_t* used            # 1: a way passes here
    uint8_t* seen            # 1: a way passes here, and the search came to its door
    uint8_t* side            # 0 source's, 1 separator, 2 sink's: the best cut yet


cdef inline node_t _step(const Cells* g, node_t u, int64_t i, node_t* entered) noexcept nogil:
    """Where the i-th step from u leads: a free neighbour; or, past a neighbour in use, the node before it on its way,
    which then must go on elsewhere. The step after the last neighbour is back along u's own way. NONE: nowhere.
    """
    cdef node_t w
    if i == g.indptr[u + 1]:
        entered[0] = u
        return g.before[u] if g.used[u] else NONE
    w = g.near[i]
    entered[0] = w
    if g.cell[w] != g.cell[u] or g.kind[w] == SOURCE and not g.used[w]:
        return NONE
    if not g.used[w]:
        return w
    g.seen[w] = 1
    return g.before[w]


cdef bint _layers(const Cells* g, const node_t* cell, int64_t size, const node_t* starts,
                  int64_t count) noexcept nogil:
    """Number of steps from a free source to every node, as far as the nearest sinks; False: no sink can be reached."""
    cdef int64_t i, head = 0, tail = 0
    cdef node_t u, v, entered, last = 0x7FFFFFFF
    for i in range(size):
        g.level[cell[i]] = UNSEEN
        g.seen[cell[i]] = 0
    for i in range(count):
        if not g.used[starts[i]]:
            g.level[starts[i]] = 0
            g.queue[tail] = starts[i]
            tail += 1
    while head < tail:
        u = g.queue[head]
        head += 1
        if g.level[u] >= last:
            break
        for i in range(g.indptr[u], g.indptr[u + 1] + 1):
            v = _step(g, u, i, &entered)
            if v != NONE and g.level[v] == UNSEEN:
                g.level[v] = g.level[u] + 1
                g.queue[tail] = v
                tail += 1
                if g.kind[v] == SINK and not g.used[v]:
                    last = g.level[v]
    return last != 0x7FFFFFFF


cdef bint _another(const Cells* g, node_t start) noexcept nogil:
    """Lay one more way from `start`, by layers; what it passes, or what leads nowhere, is dead for this round."""
    cdef int64_t top = 0, i
    cdef node_t u, v, entered
    g.queue[0] = start
    g.next[start] = g.indptr[start]
    while top >= 0:
        u = g.queue[top]
        if g.kind[u] == SINK and not g.used[u]:
            break
        v = NONE
        while g.next[u] <= g.indptr[u + 1]:
            i = g.next[u]
            g.next[u] += 1
            v = _step(g, u, i, &entered)
            if v != NONE and g.level[v] == g.level[u] + 1:
                break
            v = NONE
        if v == NONE:
            g.level[u] = DEAD
            top -= 1
        else:
            g.through[top] = entered
            top += 1
            g.queue[top] = v
            g.next[v] = g.indptr[v]
    if top < 0:
        return False
    g.used[start] = 1
    g.before[start] = NONE
    for i in range(top):
        u, entered, v = g.queue[i], g.through[i], g.queue[i + 1]
        g.level[u] = DEAD
        if entered == u:
            g.used[u] = 0
            g.before[u] = NONE
        else:
            g.used[entered] = 1
            g.before[entered] = u
    g.level[g.queue[top]] = DEAD
    return True


cdef int64_t _cut(const Cells* g, const node_t* cell, int64_t size, int64_t most, node_t* starts) noexcept nogil:
    """The fewest nodes that part the first quarter of `cell` from the last (Schild & Sommer 2015), if fewer than `most`.

    By Menger's theorem as many as ways that share no node; found layer by layer (Dinic 1970). `side` then tells.
    """
    cdef int64_t quarter = max(1, size // 4), i, a, count = 0, ways = 0
    cdef node_t u
    for i in range(size):
        u = cell[i]
        g.kind[u] = SOURCE if i < quarter else SINK if i >= size - quarter else MIDDLE
        g.used[u] = 0
        g.before[u] = NONE
    for i in range(quarter):
        u = cell[i]
        for a in range(g.indptr[u], g.indptr[u + 1]):
            if g.cell[g.near[a]] == g.cell[u] and g.kind[g.near[a]] != SOURCE:
                starts[count] = u
                count += 1
                break
    while _layers(g, cell, size, starts, count):
        for i in range(count):
            if not g.used[starts[i]] and g.level[starts[i]] == 0 and _another(g, starts[i]):
                ways += 1
                if ways >= most:
                    return most
    for i in range(size):
        u = cell[i]
        if g.used[u] and g.level[u] < 0 and (g.seen[u] or g.kind[u] == SOURCE):
            g.side[u] = 1
        else:
            g.side[u] = 0 if g.level[u] >= 0 or g.kind[u] == SOURCE else 2
    return ways


cdef void _part(const Cells* g, int64_t low, int64_t high, int64_t* ends, node_t* room) noexcept nogil:
    """Cut the cell in the direction that takes the fewest nodes: one side, the other, then what separates them."""
    cdef int64_t size = high - low, best = size + 1, found, i
    cdef int64_t at[3]
    cdef int way
    cdef node_t u
    for way in range(WAYS):
        found = _cut(g, g.along[way] + low, size, best, room)
        best = min(best, found)
    ends[0] = low
    for i in range(low, high):
        ends[0] += g.side[g.along[0][i]] == 0
    ends[1] = ends[0]
    for i in range(low, high):
        ends[1] += g.side[g.along[0][i]] == 2
    for way in range(WAYS):
        at[0], at[1], at[2] = 0, ends[1] - low, ends[0] - low
        for i in range(low, high):
            u = g.along[way][i]
            room[at[g.side[u]]] = u
            at[g.side[u]] += 1
        for i in range(size):
            g.along[way][low + i] = room[i]
    for i in range(ends[0], ends[1]):
        g.cell[g.along[0][i]] = <node_t> ends[0]
    for i in range(ends[1], high):
        g.cell[g.along[0][i]] = NONE


cdef void _leaf(const Cells* g, int64_t low, int64_t high) noexcept nogil:
    """Order a small cell by minimum degree (Markowitz, Tinney), counting what it touches outside; rows are bit sets."""
    cdef uint64_t inner[LEAF]
    cdef uint64_t outer[LEAF]
    cdef node_t outside[LEAF]
    cdef node_t held[LEAF]
    cdef int64_t size = high - low, i, j, k, a, known = 0, best
    cdef node_t u, v
    cdef uint64_t left = 0, one = 1
    cdef int degree, least
    for i in range(size):
        held[i] = g.along[0][low + i]
        g.level[held[i]] = <node_t> i
    for i in range(size):
        u = held[i]
        inner[i], outer[i] = 0, 0
        left |= one << i
        for a in range(g.indptr[u], g.indptr[u + 1]):
            v = g.near[a]
            if g.cell[v] == low:
                inner[i] |= one << g.level[v]
            else:
                j = 0
                while j < known and outside[j] != v:
                    j += 1
                if j == known and known < LEAF:
                    outside[known] = v
                    known += 1
                if j < LEAF:  # a cell that touches more than that is ordered by what fits
                    outer[i] |= one << j
    for k in range(size):
        best, least = -1, 0
        for i in range(size):
            if left >> i & 1:
                degree = bits_of(inner[i] & left) + bits_of(outer[i])
                if best < 0 or degree < least:
                    best, least = i, degree
        left &= ~(one << best)
        g.along[0][low + k] = held[best]
        for i in range(size):
            if (left & inner[best]) >> i & 1:
                inner[i] |= inner[best] & ~(one << i)
                outer[i] |= outer[best]


cdef Cells _cells(const node_t[::1] indptr, const node_t[::1] near, node_t[:, ::1] along, node_t[:, ::1] work,
                  uint8_t[:, ::1] flags):
    cdef Cells g
    cdef int way
    g.indptr, g.near = &indptr[0], &near[0] if near.shape[0] else NULL
    for way in range(WAYS):
        g.along[way] = &along[way, 0]
    g.cell, g.before, g.level, g.next = &work[0, 0], &work[1, 0], &work[2, 0], &work[3, 0]
    g.queue, g.through = &work[4, 0], &work[5, 0]
    g.kind, g.used, g.seen, g.side = &flags[0, 0], &flags[1, 0], &flags[2, 0], &flags[3, 0]
    return g


def cut(const node_t[::1] indptr, const node_t[::1] near, node_t[:, ::1] along, node_t[:, ::1] work,
        uint8_t[:, ::1] flags, int64_t low, int64_t high):
    """Cut the one cell low..high-1; returns where its first and its second part end. What separates comes last.

    Cells share no node and no place of a work array, so that two threads may cut two of them.
    """
    cdef Cells g = _cells(indptr, near, along, work, flags)
    cdef int64_t ends[2]
    with nogil:
        g.queue += low
        g.through += low
        _part(&g, low, high, ends, &work[6, low])
    return ends[0], ends[1]


def dissect(const node_t[::1] indptr, const node_t[::1] near, node_t[:, ::1] along, node_t[:, ::1] work,
            uint8_t[:, ::1] flags, int64_t low, int64_t high):
    """Cut the cell low..high-1, and its parts, until all are small; along[0] is then its order of elimination.

    `along` (4, n): the nodes along four directions; `work` (7, n) and `flags` (4, n) are room, work[0] full of `low`
    at the cell's nodes.
    """
    cdef Cells g = _cells(indptr, near, along, work, flags), here
    cdef int64_t waiting[2 * DEEPEST]
    cdef int64_t ends[2]
    cdef int64_t count = 1
    waiting[0], waiting[1] = low, high
    with nogil:
        while count > 0:
            count -= 1
            low, high = waiting[2 * count], waiting[2 * count + 1]
            if high - low <= LEAF:
                _leaf(&g, low, high)
                continue
            here = g
            here.queue += low
            here.through += low
            _part(&here, low, high, ends, &work[6, low])
            waiting[2 * count], waiting[2 * count + 1] = low, ends[0]
            waiting[2 * count + 2], waiting[2 * count + 3] = ends[0], ends[1]
            count += 2
