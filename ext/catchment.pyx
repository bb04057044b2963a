# cython: freethreading_compatible=True
"""What lies within reach of many origins, and floating catchments: searches in lanes, summed up on the fly.

Trust the arrays: twin/routing has validated them. `slot` (n,) holds -1 everywhere, and does so again afterwards.
"""

import numpy as np

from lanes cimport *
from types cimport *

cdef struct Decay:
    const int32_t* step_limit    # rising; the last is the limit of the search
    const double* step_weight
    int steps
    const double* table          # weight by cost >> shift; NULL where there are steps
    int shift


cdef Decay _decay(const int32_t[::1] step_limit, const double[::1] step_weight, const double[::1] table, int shift):
    cdef Decay d
    d.step_limit, d.step_weight, d.steps = &step_limit[0], &step_weight[0], <int> step_limit.shape[0]
    d.table = &table[0] if table.shape[0] else NULL
    d.shift = shift
    return d


cdef inline void _weigh(const Decay* d, int32_t limit, const int32_t* label, double* weight) noexcept nogil:
    """Weight of each lane's label; 0 beyond the limit."""
    cdef int l, k
    if d.table != NULL:
        for l in range(LANES):
            weight[l] = d.table[label[l] >> d.shift] if label[l] <= limit else 0.0
        return
    for l in range(LANES):
        weight[l] = d.step_weight[d.steps - 1] if label[l] <= limit else 0.0
    for k in range(d.steps - 2, -1, -1):
        for l in range(LANES):
            weight[l] = d.step_weight[k] if label[l] <= d.step_limit[k] else weight[l]


def collect(const node_t[::1] indptr, const node_t[::1] target, const cost_t[::1] arc_cost, int ring,
            uint32_t buckets, const node_t[::1] origins, const double[::1] weight, const int32_t[::1] step_limit, const double[::1] step_weight,
            const double[::1] table, int shift, node_t[::1] slot, double[::1] total):
    """Fill `total` (o,) with the sum of weight x decay over the nodes within the last step of each origin.

    Origins next to each other in the list share a search: hand them in so that these stand near each other.
    """
    cdef Decay d = _decay(step_limit, step_weight, table, shift)
    cdef Lanes s
    cdef double summed[LANES]
    cdef double share[LANES]
    cdef int status = 0
    cdef int64_t o = 0, i, many = origins.shape[0], arcs = arc_cost.shape[0]
    cdef int l, group
    cdef double w
    cdef const cost_t* cost = &arc_cost[0] if arcs else NULL
    cdef const node_t* ends = &target[0] if arcs else NULL
    if many == 0:
        return
    with nogil:
        status = lanes_open(&s, &slot[0], step_limit[d.steps - 1], ring, buckets)
        while o < many and status == 0:
            group = <int> min(LANES, many - o)
            for l in range(group):
                status |= lanes_seed(&s, origins[o + l], l, 0)
            if status == 0:
                status = lanes_search(&s, &indptr[0], ends, cost)
            for l in range(LANES):
                summed[l] = 0.0
            for i in range(s.used):
                w = weight[s.node[i]]
                if w != 0.0 and d.steps == 1 and d.table == NULL:
                    add_lanes(w * step_weight[0], s.label + i * LANES, s.limit, summed)
                elif w != 0.0:
                    _weigh(&d, s.limit, s.label + i * LANES, share)
                    for l in range(LANES):
                        summed[l] += w * share[l]
            for l in range(group):
                total[o + l] = summed[l]
            lanes_clear(&s)
            o += group
        lanes_close(&s)
    if status < 0:
        raise MemoryError("no memory for the search")


def catchments(const node_t[::1] indptr, const node_t[::1] target, const cost_t[::1] arc_cost, int ring,
               uint32_t buckets, const node_t[::1] sites, const double[::1] supply, const double[::1] people, const double[::1] pull,
               const int32_t[::1] step_limit, const double[::1] step_weight, const double[::1] table, int shift,
               node_t[::1] slot):
    """Floating catchments of up to `LANES` sites, reached along the arcs; returns (nodes, what the sites give them).

    Each site shares its supply among the people in its catchment; without `people` it gives each of its nodes the whole.
    Where the `pull` (n,) of all sites on each node is given, people turn to a site in proportion to its part of it.
    """
    cdef Decay d = _decay(step_limit, step_weight, table, shift)
    cdef Lanes s
    cdef double ratio[LANES]
    cdef double share[LANES]
    cdef int status, l, group = <int> sites.shape[0]
    cdef int64_t i, arcs = arc_cost.shape[0]
    cdef double w
    cdef const cost_t* cost = &arc_cost[0] if arcs else NULL
    cdef const node_t* ends = &target[0] if arcs else NULL
    cdef node_t[::1] nodes = None
    cdef double[::1] given = None
    with nogil:
        status = lanes_open(&s, &slot[0], step_limit[d.steps - 1], ring, buckets)
        for l in range(group):
            status |= lanes_seed(&s, sites[l], l, 0)
        if status == 0:
            status = lanes_search(&s, &indptr[0], ends, cost)
        for l in range(LANES):
            ratio[l] = 0.0
        for i in range(s.used if people.shape[0] else 0):
            w = people[s.node[i]]
            if w != 0.0:
                _pulled(&d, &s, i, pull, share)
                for l in range(LANES):
                    ratio[l] += w * share[l]
        for l in range(group):
            ratio[l] = supply[l] if not people.shape[0] else supply[l] / ratio[l] if ratio[l] > 0.0 else 0.0
        with gil:
            nodes = np.empty(s.used, dtype=np.int32)
            given = np.empty(s.used)
        for i in range(s.used):
            _pulled(&d, &s, i, pull, share)
            w = 0.0
            for l in range(group):
                w += ratio[l] * share[l]
            nodes[i], given[i] = s.node[i], w
        lanes_clear(&s)
        lanes_close(&s)
    if status < 0:
        raise MemoryError("no memory for the search")
    return nodes.base, given.base


cdef inline void _pulled(const Decay* d, const Lanes* s, int64_t i, const double[::1] pull,
                         double* share) noexcept nogil:
    """Weight of each site for a node; times its part in the pull of all, where that is given."""
    cdef int l
    _weigh(d, s.limit, s.label + i * LANES, share)
    if pull.shape[0]:
        for l in range(LANES):
            share[l] *= share[l] / pull[s.node[i]] if share[l] > 0.0 else 0.0
