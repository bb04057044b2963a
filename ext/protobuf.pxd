# Messages of Google's protocol buffers, read field by field from bytes that nobody has checked: every read is held
# against the end of its message, and what does not fit marks the cursor as bad.
#
# Format: https://protobuf.dev/programming-guides/encoding/
from types cimport *

cdef enum:
    VARINT = 0
    FIXED64 = 1
    BYTES = 2
    FIXED32 = 5

cdef struct Cursor:                # what is left of a message, and whether something in it did not fit
    const uint8_t* at
    const uint8_t* end
    int bad

cdef inline Cursor _empty() noexcept nogil:
    cdef Cursor c
    c.at = NULL
    c.end = NULL
    c.bad = 0
    return c

cdef inline uint64_t _varint(Cursor* c) noexcept nogil:
    cdef uint64_t value = 0
    cdef int shift = 0
    cdef uint8_t byte
    while c.at < c.end and shift < 70:
        byte = c.at[0]
        c.at += 1
        if shift < 64:
            value |= <uint64_t> (byte & 0x7F) << shift
        if byte < 0x80:
            return value
        shift += 7
    c.bad = 1
    c.at = c.end
    return 0

cdef inline int64_t _signed(Cursor* c) noexcept nogil:
    """A zigzag number."""
    cdef uint64_t value = _varint(c)
    return <int64_t> ((value >> 1) ^ (~(value & 1) + 1))

cdef inline int64_t _plus(int64_t a, int64_t b) noexcept nogil:
    """Sum that wraps around: a damaged file must not be undefined behaviour."""
    return <int64_t> (<uint64_t> a + <uint64_t> b)

cdef inline int _field(Cursor* c, int* wire) noexcept nogil:
    """Number of the next field, 0 at the end."""
    cdef uint64_t key
    if c.bad or c.at >= c.end:
        return 0
    key = _varint(c)
    wire[0] = <int> (key & 7)
    if key >> 3 == 0 or key >> 3 > 0x1FFFFFFF:
        c.bad = 1
        return 0
    return <int> (key >> 3)

cdef inline Cursor _bytes(Cursor* c, int wire) noexcept nogil:
    """The message or the packed numbers that follow."""
    cdef Cursor inner = _empty()
    cdef uint64_t size
    if wire != BYTES:
        c.bad = 1
        return inner
    size = _varint(c)
    if c.bad or size > <uint64_t> (c.end - c.at):
        c.bad = 1
        return inner
    inner.at = c.at
    inner.end = c.at + size
    c.at += size
    return inner

cdef inline uint64_t _number(Cursor* c, int wire) noexcept nogil:
    if wire != VARINT:
        c.bad = 1
        return 0
    return _varint(c)

cdef inline void _skip(Cursor* c, int wire) noexcept nogil:
    cdef int64_t size
    if wire == VARINT:
        _varint(c)
    elif wire == BYTES:
        _bytes(c, wire)
    elif wire == FIXED64 or wire == FIXED32:
        size = 8 if wire == FIXED64 else 4
        if c.end - c.at < size:
            c.bad = 1
        else:
            c.at += size
    else:
        c.bad = 1

cdef inline int64_t _length(Cursor numbers) noexcept nogil:
    """How many numbers are packed here: each ends in a byte below 128."""
    cdef int64_t found = 0
    cdef const uint8_t* at = numbers.at
    while at < numbers.end:
        found += at[0] < 0x80
        at += 1
    return found

cdef inline Cursor _whole(const uint8_t[::1] block) noexcept nogil:
    cdef Cursor c = _empty()
    if block.shape[0]:
        c.at = &block[0]
        c.end = c.at + block.shape[0]
    return c
