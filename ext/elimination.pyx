# cython: freethreading_compatible=True
"""What elimination makes of a graph: its tree, and the arcs that it adds. Trust the arrays.

`indptr` (n+1) and `near` are the compressed neighbours of an undirected graph without loops and twins, as `simple`
gives them. Elimination of a node joins its neighbours that are left. Every work array is the caller's.
"""

from types cimport *

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
        found[:] = NONE
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


# ── the tree, and the arcs ──────────────────────────────────────────────────────────────────────────────────────────────────────


def tree(const node_t[::1] indptr, const node_t[::1] near, const node_t[::1] order, node_t[::1] place,
         node_t[::1] above, node_t[::1] parent, node_t[::1] rank):
    """Fill `rank` (n,) of each node, a post-order of the elimination tree of `order`, and `parent` (n,) by rank.

    Liu's (1990) climb with shortened paths; any post-order of the tree eliminates to the same graph as `order`.
    """
    cdef int64_t n = order.shape[0], r, i
    cdef node_t s, higher
    with nogil:
        for r in range(n):
            place[order[r]] = <node_t> r
        above[:] = NONE
        rank[:] = NONE           # the tree's parents, at first
        for r in range(n):
            for i in range(indptr[order[r]], indptr[order[r] + 1]):
                s = place[near[i]]
                if s >= r:
                    continue
                while above[s] != NONE and above[s] != r:
                    higher = above[s]
                    above[s] = <node_t> r
                    s = higher
                if above[s] == NONE:
                    above[s] = <node_t> r
                    rank[s] = <node_t> r
        parent[:] = 1            # the size of each subtree
        for r in range(n):
            if rank[r] != NONE:
                parent[rank[r]] += parent[r]
        higher = <node_t> n
        for r in range(n - 1, -1, -1):   # a subtree ends where its parent's free stretch ends
            s = rank[r]
            above[r] = (higher if s == NONE else place[s]) - 1
            if s == NONE:
                higher -= parent[r]
            else:
                place[s] -= parent[r]
            place[r] = above[r]
        for r in range(n):       # above[r]: the rank of what stood r-th in `order`
            place[r] = rank[r]
        for r in range(n):
            parent[above[r]] = NONE if place[r] == NONE else above[place[r]]
        for r in range(n):
            rank[order[r]] = above[r]


def count_arcs(const node_t[::1] indptr, const node_t[::1] near, const node_t[::1] rank, const node_t[::1] node,
               const node_t[::1] parent, node_t[::1] seen, int64_t[::1] first, int64_t[::1] row):
    """Fill `first` and `row` (n+1): where the arcs up from, and those up to, each rank begin."""
    cdef int64_t n = node.shape[0], r, i
    cdef node_t s
    with nogil:
        first[:] = 0
        row[:] = 0
        seen[:] = NONE
        for r in range(n):
            seen[r] = <node_t> r
            for i in range(indptr[node[r]], indptr[node[r] + 1]):
                s = rank[near[i]]
                while s < r and seen[s] != r:   # r is joined to every rank between a lower neighbour and itself
                    seen[s] = <node_t> r
                    first[s + 1] += 1
                    row[r + 1] += 1
                    s = parent[s]
        for r in range(n):
            first[r + 1] += first[r]
            row[r + 1] += row[r]


def fill_arcs(const node_t[::1] indptr, const node_t[::1] near, const node_t[::1] rank, const node_t[::1] node,
              const node_t[::1] parent, node_t[::1] seen, node_t[::1] free, const node_t[::1] row, node_t[::1] head,
              node_t[::1] row_tail, node_t[::1] row_arc):
    """Fill `head` by arc, ascending at each rank, and by row where each arc begins and which it is.

    `free` (n,) starts as where the arcs of each rank begin.
    """
    cdef int64_t n = node.shape[0], r, i, at
    cdef node_t s
    with nogil:
        seen[:] = NONE
        for r in range(n):
            at = row[r]
            seen[r] = <node_t> r
            for i in range(indptr[node[r]], indptr[node[r] + 1]):
                s = rank[near[i]]
                while s < r and seen[s] != r:
                    seen[s] = <node_t> r
                    head[free[s]] = <node_t> r
                    row_tail[at] = s
                    row_arc[at] = free[s]
                    free[s] += 1
                    at += 1
                    s = parent[s]


def subtrees(const node_t[::1] parent, node_t[::1] lowest):
    """Fill `lowest` (n,): the subtree of rank r is lowest[r]..r."""
    cdef int64_t r
    with nogil:
        for r in range(parent.shape[0]):
            lowest[r] = <node_t> r
        for r in range(parent.shape[0]):
            if parent[r] != NONE:
                lowest[parent[r]] = min(lowest[parent[r]], lowest[r])


def slots(const node_t[::1] indptr, const node_t[::1] target, const node_t[::1] rank, const node_t[::1] first,
          const node_t[::1] head, node_t[::1] slot):
    """Fill `slot` (m,): 2a where an arc of the topology goes up arc a, 2a + 1 where it goes down; -1 for a loop."""
    cdef int64_t n = rank.shape[0], u, i
    cdef node_t low, high, at, end, middle
    with nogil:
        for u in range(n):
            for i in range(indptr[u], indptr[u + 1]):
                low, high = rank[u], rank[target[i]]
                if low == high:
                    slot[i] = NONE
                    continue
                if low > high:
                    low, high = high, low
                at, end = first[low], first[low + 1]
                while end - at > 1:
                    middle = at + (end - at) // 2
                    if head[middle] <= high:
                        at = middle
                    else:
                        end = middle
                slot[i] = 2 * at + (rank[u] == high)
