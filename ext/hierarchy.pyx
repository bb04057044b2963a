# cython: freethreading_compatible=True
"""A customizable contraction hierarchy: the chordal graph, its metrics, and sweeps. Trust the arrays.

Nodes are ranks here: positions in a post-order of the elimination tree, so that a subtree is a stretch of ranks and
what a node can reach upward is its ancestors (Dibbelt, Strasser & Wagner 2016). Arc a, of the node v whose stretch
first[v]..first[v+1] holds it, leads up to head[a]; `up` is its cost from v, `down` its cost towards v.
"""

from libc.math cimport INFINITY
from libc.stdlib cimport qsort
from passes cimport *
from types cimport *

ctypedef fused result_t:
    cost_t
    double

cdef enum:
    AHEAD = 24           # labels to have brought near before they are read

# ── metrics ──────────────────────────────────────────────────────────────────────────────────────────────────────────

cdef inline cost_t both(cost_t one, cost_t other) noexcept nogil:
    """The sum; far() where it would not fit."""
    return min(one, ~other) + other


cdef struct Graph:
    const node_t* first
    const node_t* head
    const node_t* row
    const node_t* row_tail
    const node_t* row_arc
    const node_t* given          # where the topology's arcs of each rank begin
    const node_t* given_arc
    const node_t* given_slot
    const cost_t* cost
    cost_t* up
    cost_t* down


cdef void _settle(const Graph* g, int64_t x, node_t* arc_to) noexcept nogil:
    """The costs of x's arcs: those of the topology, or by way of a lower node; those of all lower nodes are known."""
    cdef int64_t i, b, end
    cdef node_t a, c
    cdef cost_t here, there
    for a in range(g.first[x], g.first[x + 1]):
        g.up[a] = far()
        g.down[a] = far()
        arc_to[g.head[a]] = a
    for i in range(g.given[x], g.given[x + 1]):
        a = g.given_slot[i] >> 1
        if g.given_slot[i] & 1:
            g.down[a] = min(g.down[a], g.cost[g.given_arc[i]])
        else:
            g.up[a] = min(g.up[a], g.cost[g.given_arc[i]])
    for i in range(g.row[x], g.row[x + 1]):
        a = g.row_arc[i]
        here, there = g.down[a], g.up[a]         # from x to the lower node, and back
        if here == far() and there == far():
            continue
        end = g.first[g.row_tail[i] + 1]
        for b in range(a + 1, end):
            c = arc_to[g.head[b]]
            g.up[c] = min(g.up[c], both(here, g.up[b]))
            g.down[c] = min(g.down[c], both(there, g.down[b]))


cdef Graph _graph(const node_t[::1] first, const node_t[::1] head, tuple rows, tuple given, const cost_t[::1] cost,
                  cost_t[::1] up, cost_t[::1] down):
    cdef Graph g
    cdef const node_t[::1] row = rows[0], tail = rows[1], arc = rows[2]
    cdef const node_t[::1] begin = given[0], which = given[1], slot = given[2]
    g.first, g.head = &first[0], &head[0] if head.shape[0] else NULL
    g.row, g.row_tail, g.row_arc = &row[0], &tail[0] if tail.shape[0] else NULL, &arc[0] if arc.shape[0] else NULL
    g.given = &begin[0]
    g.given_arc, g.given_slot = &which[0] if which.shape[0] else NULL, &slot[0] if slot.shape[0] else NULL
    g.cost = &cost[0] if cost.shape[0] else NULL
    g.up, g.down = &up[0] if up.shape[0] else NULL, &down[0] if down.shape[0] else NULL
    return g


def settle(const node_t[::1] first, const node_t[::1] head, tuple rows, tuple given, const cost_t[::1] cost,
           int64_t low, int64_t high, node_t[::1] arc_to, cost_t[::1] up, cost_t[::1] down):
    """Fill `up` and `down` for the arcs of ranks low..high-1; those of the ranks below that they join are known."""
    cdef Graph g = _graph(first, head, rows, given, cost, up, down)
    cdef int64_t x
    with nogil:
        for x in range(low, high):
            _settle(&g, x, &arc_to[0])


def settle_again(const node_t[::1] first, const node_t[::1] head, tuple rows, tuple given, const cost_t[::1] cost,
                 uint8_t[::1] stale, node_t[::1] arc_to, cost_t[::1] old, cost_t[::1] up, cost_t[::1] down):
    """Settle the ranks marked in `stale` once more, and those above whose lower arcs thereby changed; `old` is room."""
    cdef Graph g = _graph(first, head, rows, given, cost, up, down)
    cdef int64_t x, n = first.shape[0] - 1, i, size, last
    with nogil:
        for x in range(n):
            if not stale[x]:
                continue
            size = first[x + 1] - first[x]
            for i in range(size):
                old[2 * i] = up[first[x] + i]
                old[2 * i + 1] = down[first[x] + i]
            _settle(&g, x, &arc_to[0])
            last = -1
            for i in range(size):
                if old[2 * i] != up[first[x] + i] or old[2 * i + 1] != down[first[x] + i]:
                    last = i
            for i in range(last + (last < size - 1 and last >= 0)):  # arc i is in a triangle with each arc after it
                stale[head[first[x] + i]] = 1


# ── sweeps ───────────────────────────────────────────────────────────────────────────────────────────────────────────

def ancestors(const node_t[::1] parent, const node_t[::1] some, uint8_t[::1] marked):
    """Mark every rank of `some`, and all above it; returns how many were marked anew."""
    cdef int64_t i, count = 0
    cdef node_t v
    with nogil:
        for i in range(some.shape[0]):
            v = some[i]
            while v != NONE and not marked[v]:
                marked[v] = 1
                count += 1
                v = parent[v]
    return count


def lanes(const node_t[::1] first, const node_t[::1] head, const cost_t[::1] up, const cost_t[::1] down,
          const node_t[::1] parent, const node_t[::1] origins, const int64_t[::1] rows, const node_t[::1] nodes,
          const node_t[::1] ends, double scale, node_t[::1] climbed, uint8_t[::1] marked, int32_t[:, ::1] label,
          result_t[:, ::1] result):
    """Fill row rows[k] of `result` with the cost from rank origins[k] to each rank of `ends`, for at most 16 origins.

    `nodes`: the ranks to sweep, highest first, or none for all; `climbed` (n,), `marked` (n,) zeros, and `label`
    (n, 16) are room. Costs are divided by `scale`, and unreachable is inf, where `result` is of floats.
    """
    cdef int64_t n = parent.shape[0], i, count = 0, many = origins.shape[0], some = nodes.shape[0], k
    cdef cost_t cost
    cdef const node_t* head_ = &head[0] if head.shape[0] else NULL
    cdef const cost_t* up_ = &up[0] if up.shape[0] else NULL
    cdef const cost_t* down_ = &down[0] if down.shape[0] else NULL
    cdef int32_t* label_
    cdef result_t* row[LANES]
    if many == 0 or ends.shape[0] == 0:
        return
    label_ = &label[0, 0]
    for k in range(many):
        row[k] = &result[rows[k], 0]
    with nogil:
        for k in range(many):
            count = _above(&parent[0], origins[k], &marked[0], &climbed[0], count)
        _begin(&climbed[0], count, label_)
        for k in range(many):
            label_[LANES * <int64_t> origins[k] + k] = held(0)
        climb(&climbed[0], count, &first[0], head_, up_, label_)
        descend(&nodes[0] if some else NULL, some if some else n, &first[0], head_, down_, &marked[0], label_)
        for i in range(count):
            marked[climbed[i]] = 0
        for i in range(ends.shape[0]):
            fetch(label_ + LANES * <int64_t> ends[min(i + AHEAD, ends.shape[0] - 1)])
            for k in range(many):
                cost = read(label_[LANES * <int64_t> ends[i] + k])
                if result_t is double:
                    row[k][i] = INFINITY if cost == far() else cost / scale
                else:
                    row[k][i] = cost


def tallies(const node_t[::1] first, const node_t[::1] head, const cost_t[::1] up, const cost_t[::1] down,
            const node_t[::1] parent, const int64_t[::1] begin, const node_t[::1] sites, const node_t[::1] ends,
            const double[::1] weight, cost_t limit, node_t[::1] climbed, uint8_t[::1] marked, int32_t[:, ::1] label,
            double[:, ::1] result):
    """Sums over `ends` for at most 16 sets of sites, the ranks sites[begin[k]]..sites[begin[k + 1] - 1] of each.

    `result` (sets, 3): weight that reaches a site of the set, weight within the limit, weight x cost of what reaches.
    For the cost from everywhere to the sites, hand in `down` and `up` in each other's place. Room as for `lanes`.
    """
    cdef int64_t n = parent.shape[0], i, count = 0, many = result.shape[0], k
    cdef cost_t cost
    cdef double w
    cdef const node_t* head_ = &head[0] if head.shape[0] else NULL
    cdef const cost_t* up_ = &up[0] if up.shape[0] else NULL
    cdef const cost_t* down_ = &down[0] if down.shape[0] else NULL
    cdef int32_t* label_
    cdef const int32_t* here
    result[:, :] = 0.0
    if many == 0 or n == 0:
        return
    label_ = &label[0, 0]
    with nogil:
        for i in range(begin[0], begin[many]):
            count = _above(&parent[0], sites[i], &marked[0], &climbed[0], count)
        _begin(&climbed[0], count, label_)
        for k in range(many):
            for i in range(begin[k], begin[k + 1]):
                label_[LANES * <int64_t> sites[i] + k] = held(0)
        climb(&climbed[0], count, &first[0], head_, up_, label_)
        descend(NULL, n, &first[0], head_, down_, &marked[0], label_)
        for i in range(count):
            marked[climbed[i]] = 0
        for i in range(ends.shape[0]):  # in the caller's order, which decides how sums of floats are rounded
            fetch(label_ + LANES * <int64_t> ends[min(i + AHEAD, ends.shape[0] - 1)])
            w, here = weight[i], label_ + LANES * <int64_t> ends[i]
            for k in range(many):
                cost = read(here[k])
                if cost != far():
                    result[k, 0] += w
                    result[k, 2] += w * cost
                    if cost <= limit:
                        result[k, 1] += w


cdef inline int64_t _above(const node_t* parent, node_t v, uint8_t* marked, node_t* climbed, int64_t count) noexcept nogil:
    """Mark a rank and all above it, and list those that were not; returns how many are listed."""
    while v != NONE and not marked[v]:
        marked[v] = 1
        climbed[count] = v
        count += 1
        v = parent[v]
    return count


cdef void _begin(node_t* climbed, int64_t count, int32_t* label) noexcept nogil:
    """Sort what is climbed, and give it no label yet."""
    cdef int64_t i, k
    qsort(climbed, count, sizeof(node_t), _earlier)
    for i in range(count):
        for k in range(LANES):
            label[LANES * <int64_t> climbed[i] + k] = held(far())


cdef int _earlier(const void* one, const void* other) noexcept nogil:
    cdef node_t a = (<const node_t*> one)[0], b = (<const node_t*> other)[0]
    return (a > b) - (a < b)
