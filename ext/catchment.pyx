# cython: freethreading_compatible=True
"""What lies within reach of many origins, and floating catchments: summed up on the fly, no pair is ever kept.

Trust the arrays: twin/routing has validated them.
"""

import numpy as np

from lanes cimport *
from queues cimport Ring, ring_close, ring_open
from search cimport search
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

    Origins next to each other in the list share a search: hand them in so that these stand near each other. `slot` (n,)
    holds -1 everywhere, and does so again afterwards.
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
               uint32_t buckets, const node_t[::1] sites, const double[::1] supply, const double[::1] people,
               const double[::1] pull, const int32_t[::1] step_limit, const double[::1] step_weight,
               const double[::1] table, int shift, cost_t[::1] label, double[::1] given):
    """Floating catchments of some sites, reached along the arcs; returns (nodes, what the sites give them).

    Each site shares its supply among the people in its catchment; without `people` it gives each of its nodes the whole.
    Where the `pull` (n,) of all sites on each node is given, people turn to a site in proportion to its part of it.
    Sites lie far apart for their catchments, so each is searched alone. `label` (n,) holds 0xFFFFFFFF and `given` (n,)
    holds 0 everywhere, and both do so again afterwards.
    """
    cdef Decay d = _decay(step_limit, step_weight, table, shift)
    cdef Ring q
    cdef int status = 0
    cdef int64_t site, i, many = 0, found = 0, count = indptr.shape[0] - 1, arcs = arc_cost.shape[0]
    cdef double load, share
    cdef node_t v
    cdef cost_t limit = <cost_t> step_limit[d.steps - 1]
    cdef const cost_t* cost = &arc_cost[0] if arcs else NULL
    cdef const node_t* ends = &target[0] if arcs else NULL
    cdef node_t[::1] reached = np.empty(count, dtype=np.int32)
    cdef node_t[::1] nodes = np.empty(count, dtype=np.int32)
    cdef double[::1] sums
    with nogil:
        status = ring_open(&q, ring, buckets, 1024)
        for site in range(sites.shape[0]):
            if status < 0:
                break
            many = search(&indptr[0], ends, cost, sites[site], limit, &q, &label[0], &reached[0])
            if many < 0:
                status = -1
                break
            load = 0.0
            for i in range(many if people.shape[0] else 0):
                v = reached[i]
                if people[v] != 0.0:
                    load += people[v] * _share(&d, <int32_t> label[v], pull, v)
            load = supply[site] if not people.shape[0] else supply[site] / load if load > 0.0 else 0.0
            for i in range(many):
                v = reached[i]
                share = load * _share(&d, <int32_t> label[v], pull, v)
                label[v] = far()
                if share > 0.0:
                    if given[v] == 0.0:
                        nodes[found] = v
                        found += 1
                    given[v] += share
        ring_close(&q)
    if status < 0:
        raise MemoryError("no memory for the search")
    sums = np.empty(found)
    for i in range(found):
        sums[i] = given[nodes[i]]
        given[nodes[i]] = 0.0
    return nodes.base[:found], sums.base


cdef inline double _share(const Decay* d, int32_t label, const double[::1] pull, node_t v) noexcept nogil:
    """Weight of a site for a node; times its part in the pull of all, where that is given."""
    cdef int k
    cdef double weight
    if d.table != NULL:
        weight = d.table[label >> d.shift]
    else:
        weight = d.step_weight[d.steps - 1]
        for k in range(d.steps - 2, -1, -1):
            weight = d.step_weight[k] if label <= d.step_limit[k] else weight
    return weight * weight / pull[v] if pull.shape[0] and weight > 0.0 else weight
