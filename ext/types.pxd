# The types of every kernel, once. Costs are fixed point: hundredths of the cost's unit.
from libc.stdint cimport int8_t, int32_t, int64_t, uint8_t, uint32_t, uint64_t

ctypedef int32_t node_t      # position of a node, an arc or an edge; -1: none
ctypedef uint32_t cost_t     # fixed-point cost; FAR: unreachable, or an arc that is closed

cdef enum:
    NONE = -1

cdef inline cost_t far() noexcept nogil:
    return <cost_t> 0xFFFFFFFF
