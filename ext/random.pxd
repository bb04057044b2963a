# Random numbers that depend on what they are for, not on what was drawn before: a number is named by (seed, stream,
# count), so that threads and their order change nothing. SplitMix64 (Steele, Lea & Flood 2014), entered at any count.
from libc.stdint cimport uint64_t

cdef enum:
    DRAW_BITS = 53             # of a draw that is compared with a chance, as many as a float64 has

cdef inline uint64_t mixed(uint64_t z) noexcept nogil:
    z = (z ^ (z >> 30)) * <uint64_t> 0xBF58476D1CE4E5B9
    z = (z ^ (z >> 27)) * <uint64_t> 0x94D049BB133111EB
    return z ^ (z >> 31)

cdef inline uint64_t draw(uint64_t stream, uint64_t count) noexcept nogil:
    """Number `count` of a stream, uniform on 64 bits: what SplitMix64 gives when started at `stream`."""
    return mixed(stream + (count + 1) * <uint64_t> 0x9E3779B97F4A7C15)

cdef inline uint64_t stream_of(uint64_t seed, uint64_t number) noexcept nogil:
    """Stream `number` of a seed; mixed twice, so that neighbouring seeds and numbers are far apart."""
    return mixed(draw(seed, number) ^ <uint64_t> 0xD1B54A32D192ED03)

cdef inline double uniform(uint64_t drawn) noexcept nogil:
    """A draw as a number in [0, 1)."""
    return <double> (drawn >> (64 - DRAW_BITS)) * (1.0 / <double> (<uint64_t> 1 << DRAW_BITS))
