# The things in a block of OpenStreetMap's binary format: where the parts of each message stand.
from protobuf cimport *
from types cimport *

cdef struct Dense:
    Cursor id
    Cursor x
    Cursor y
    Cursor tags

cdef inline Dense _dense(Cursor* message) noexcept nogil:
    cdef Dense d
    cdef int field, wire = 0
    d.id = d.x = d.y = d.tags = _empty()
    while True:
        field = _field(message, &wire)
        if field == 0:
            return d
        if field == 1:
            d.id = _bytes(message, wire)
        elif field == 8:
            d.y = _bytes(message, wire)
        elif field == 9:
            d.x = _bytes(message, wire)
        elif field == 10:
            d.tags = _bytes(message, wire)
        else:
            _skip(message, wire)

cdef struct Thing:                 # a node, way or relation that is a message of its own
    int64_t id
    int64_t x
    int64_t y
    Cursor keys
    Cursor values
    Cursor refs                    # a way's nodes, a relation's members
    Cursor roles
    Cursor kinds

cdef inline Thing _thing(Cursor* message, int kind) noexcept nogil:
    """`kind` is the number of its field in a group: 1 node, 3 way, 4 relation."""
    cdef Thing t
    cdef int field, wire = 0
    t.id = t.x = t.y = 0
    t.keys = t.values = t.refs = t.roles = t.kinds = _empty()
    while True:
        field = _field(message, &wire)
        if field == 0:
            return t
        if field == 1:
            # a node's id is zigzag, the others' are not
            t.id = <int64_t> _number(message, wire)
            if kind == 1:
                t.id = <int64_t> ((<uint64_t> t.id >> 1) ^ (~(<uint64_t> t.id & 1) + 1))
        elif field == 2:
            t.keys = _bytes(message, wire)
        elif field == 3:
            t.values = _bytes(message, wire)
        elif field == 8 and kind == 1:
            t.y = _signed(message)
        elif field == 9 and kind == 1:
            t.x = _signed(message)
        elif field == 8 and kind == 3:
            t.refs = _bytes(message, wire)
        elif field == 8 and kind == 4:
            t.roles = _bytes(message, wire)
        elif field == 9 and kind == 4:
            t.refs = _bytes(message, wire)
        elif field == 10 and kind == 4:
            t.kinds = _bytes(message, wire)
        else:
            _skip(message, wire)
