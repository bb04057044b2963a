# cython: freethreading_compatible=True
"""An order of elimination by nested dissection.

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
    DEEPEST = 256        # cells waiting: a cut leaves at most 4/5 of a cell on one side: enough beyond 2**31

cdef enum:
    MIDDLE = 0
    SOURCE = 1
    SINK = 2

cdef struct Node:            # what a search asks of a node stands together
    node_t cell              # where its cell begins; NONE once it separates
    node_t before            # the node before it on a way from source to sink; NONE where one begins
    node_t next              # the next step to try
    node_t place             # along the direction that is tried
    node_t been              # the turn that last was at the node
    node_t seen              # the turn that last came to its door, while a way passed there
    uint8_t kind
    uint8_t used             # 1: a way passes here
    uint8_t side             # 0 source's, 1 separator, 2 sink's: the best cut yet

cdef struct Cells:
    const node_t* indptr
    const node_t* near
    node_t* along[WAYS]      # the nodes of a cell low..high-1 stand there in each, sorted along that direction
    Node* node
    node_t* queue
    node_t* through          # of the ways' stack: the node entered


cdef inline node_t _step(const Cells* g, node_t u, int64_t i, node_t* entered, node_t turn) noexcept nogil:
    """Where the i-th step from u leads: a free neighbour; or, past a neighbour in use, the node before it on its way,
    which then must go on elsewhere. Neighbours further on come first, then the others, and last the way back along
    u's own way. NONE: nowhere.
    """
    cdef node_t w, degree = g.indptr[u + 1] - g.indptr[u]
    if i == 2 * degree:
        entered[0] = u
        return g.node[u].before if g.node[u].used else NONE
    w = g.near[g.indptr[u] + (i if i < degree else i - degree)]
    if g.node[w].cell != g.node[u].cell or (g.node[w].place > g.node[u].place) != (i < degree):
        return NONE
    entered[0] = w
    if g.node[w].used:
        g.node[w].seen = turn
        return g.node[w].before
    return NONE if g.node[w].kind == SOURCE else w


cdef bint _another(const Cells* g, node_t start, node_t turn) noexcept nogil:
    """Search one more way from `start`, depth first, past nothing that this turn has been at; lay it if there is one."""
    cdef int64_t top = 0, i
    cdef node_t u, v, entered
    g.queue[0] = start
    g.node[start].next = 0
    g.node[start].been = turn
    while top >= 0:
        u = g.queue[top]
        if g.node[u].kind == SINK and not g.node[u].used:
            break
        v = NONE
        while g.node[u].next <= 2 * (g.indptr[u + 1] - g.indptr[u]):
            v = _step(g, u, g.node[u].next, &entered, turn)
            g.node[u].next += 1
            if v != NONE and g.node[v].been != turn:
                break
            v = NONE
        if v == NONE:
            top -= 1
        else:
            g.through[top] = entered
            top += 1
            g.queue[top] = v
            g.node[v].next = 0
            g.node[v].been = turn
    if top < 0:
        return False
    g.node[start].used = 1
    g.node[start].before = NONE
    for i in range(top):
        u, entered = g.queue[i], g.through[i]
        if entered == u:
            g.node[u].used = 0
            g.node[u].before = NONE
        else:
            g.node[entered].used = 1
            g.node[entered].before = u
    return True


cdef struct Cut:
    int64_t ways             # nodes that separate
    int64_t lesser           # nodes on the smaller side


cdef inline bint _as_good(const Cut* one, int64_t ways, int64_t lesser) noexcept nogil:
    """Whether a cut takes as few nodes, for what it cuts off, as one of `ways` nodes that leaves `lesser`."""
    return one.lesser != NONE and one.ways * lesser <= ways * max(one.lesser, 1)


cdef void _cut(const Cells* g, const node_t* cell, int64_t size, Cut* best, node_t* starts) noexcept nogil:
    """Part the first fifth of `cell` from the last by the fewest nodes; `side` tells, if that is better than `best`.

    By Menger's theorem as many as ways that share no node. Each turn searches from all free sources and passes a node
    once; when a turn finds no way, what it has been at is one side.
    """
    cdef int64_t share = max(1, size // 5), i, a, count = 0, ways = 0, found = 1, near_side = 0, lesser
    cdef node_t u, turn = 0
    for i in range(size):
        u = cell[i]
        g.node[u].kind = SOURCE if i < share else SINK if i >= size - share else MIDDLE
        g.node[u].place = <node_t> i
        g.node[u].used = 0
        g.node[u].before = NONE
        g.node[u].been = 0
        g.node[u].seen = 0
    for i in range(share):
        u = cell[i]
        for a in range(g.indptr[u], g.indptr[u + 1]):
            if g.node[g.near[a]].cell == g.node[u].cell and g.node[g.near[a]].kind != SOURCE:
                starts[count] = u
                count += 1
                break
    while found:
        turn += 1
        found = 0
        for i in range(count):
            if not g.node[starts[i]].used and g.node[starts[i]].been != turn and _another(g, starts[i], turn):
                found += 1
                if _as_good(best, ways + found, size // 2):
                    return
        ways += found
    for i in range(size):
        u = cell[i]
        near_side += g.node[u].been == turn or g.node[u].kind == SOURCE and not g.node[u].used
    lesser = min(near_side, size - near_side - ways)
    if _as_good(best, ways, lesser):
        return
    best.ways, best.lesser = ways, lesser
    for i in range(size):
        u = cell[i]
        if g.node[u].been == turn or g.node[u].kind == SOURCE and not g.node[u].used:
            g.node[u].side = 0
        else:
            g.node[u].side = 1 if g.node[u].used and (g.node[u].seen == turn or g.node[u].kind == SOURCE) else 2


cdef void _part(const Cells* g, int64_t low, int64_t high, int64_t* ends, node_t* room) noexcept nogil:
    """Cut the cell by the direction that serves best: one side, the other, then what separates them."""
    cdef int64_t size = high - low, i
    cdef int64_t at[3]
    cdef Cut best
    cdef int way
    cdef node_t u
    best.ways, best.lesser = 0, NONE     # none yet
    for way in range(WAYS):
        _cut(g, g.along[way] + low, size, &best, room)
    ends[0] = low
    for i in range(low, high):
        ends[0] += g.node[g.along[0][i]].side == 0
    ends[1] = ends[0]
    for i in range(low, high):
        ends[1] += g.node[g.along[0][i]].side == 2
    for way in range(WAYS):
        at[0], at[1], at[2] = 0, ends[1] - low, ends[0] - low
        for i in range(low, high):
            u = g.along[way][i]
            room[at[g.node[u].side]] = u
            at[g.node[u].side] += 1
        for i in range(size):
            g.along[way][low + i] = room[i]
    for i in range(ends[0], ends[1]):
        g.node[g.along[0][i]].cell = <node_t> ends[0]
    for i in range(ends[1], high):
        g.node[g.along[0][i]].cell = NONE


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
        g.node[held[i]].place = <node_t> i
    for i in range(size):
        u = held[i]
        inner[i], outer[i] = 0, 0
        left |= one << i
        for a in range(g.indptr[u], g.indptr[u + 1]):
            v = g.near[a]
            if g.node[v].cell == low:
                inner[i] |= one << g.node[v].place
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


cdef Cells _cells(const node_t[::1] indptr, const node_t[::1] near, node_t[:, ::1] along, node_t[:, ::1] node,
                  node_t[:, ::1] room):
    cdef Cells g
    cdef int way
    g.indptr, g.near = &indptr[0], &near[0] if near.shape[0] else NULL
    for way in range(WAYS):
        g.along[way] = &along[way, 0]
    g.node = <Node*> &node[0, 0]
    g.queue, g.through = &room[0, 0], &room[1, 0]
    return g


def cut(const node_t[::1] indptr, const node_t[::1] near, node_t[:, ::1] along, node_t[:, ::1] node,
        node_t[:, ::1] room, int64_t low, int64_t high):
    """Cut the one cell low..high-1; returns where its first and its second part end. What separates comes last.

    Cells share no node and no place of a work array, so that two threads may cut two of them.
    """
    cdef Cells g = _cells(indptr, near, along, node, room)
    cdef int64_t ends[2]
    with nogil:
        g.queue += low
        g.through += low
        _part(&g, low, high, ends, &room[2, low])
    return ends[0], ends[1]


def dissect(const node_t[::1] indptr, const node_t[::1] near, node_t[:, ::1] along, node_t[:, ::1] node,
            node_t[:, ::1] room, int64_t low, int64_t high):
    """Cut the cell low..high-1, and its parts, until all are small; along[0] is then its order of elimination.

    `along` (4, n): the nodes along four directions; `node` (n, 7) and `room` (3, n) are room, node[·, 0] being `low`
    at the cell's nodes.
    """
    cdef Cells g = _cells(indptr, near, along, node, room), here
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
            _part(&here, low, high, ends, &room[2, low])
            waiting[2 * count], waiting[2 * count + 1] = low, ends[0]
            waiting[2 * count + 2], waiting[2 * count + 3] = ends[0], ends[1]
            count += 2
