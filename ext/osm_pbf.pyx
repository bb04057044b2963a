# cython: freethreading_compatible=True
"""OpenStreetMap's binary format, block by block: nodes, ways and relations as flat arrays, tags as string numbers.

A block is read twice: `measure` counts, so that the caller can allocate, then `nodes`, `ways` and `relations` fill. The
bytes come from files that nobody has checked, so every read is held against the end of its message, every count against
the room there is, and every string number against the string table; what does not fit is a ValueError.

Format: https://wiki.openstreetmap.org/wiki/PBF_Format (fileformat.proto, osmformat.proto).
"""

from libc.stdint cimport INT32_MAX, INT32_MIN

from osm_things cimport *
from protobuf cimport *
from types cimport *

# rows of `counts`
cdef enum:
    STRINGS = 0
    NODES = 1
    NODE_TAGS = 2
    WAYS = 3
    WAY_TAGS = 4
    REFS = 5
    RELATIONS = 6
    RELATION_TAGS = 7
    MEMBERS = 8

cdef struct Scale:                 # of a block's coordinates, in nanodegrees
    int64_t granularity
    int64_t x
    int64_t y



cdef inline int64_t _pairs(Cursor packed, int64_t ids) noexcept nogil:
    """Tags of dense nodes: key, value, ... 0 for each node; one 0 a node, the rest in pairs."""
    cdef int64_t numbers = _length(packed)
    return (numbers - ids) // 2 if numbers > ids else 0


cdef int _measure(Cursor block, int64_t* counts) noexcept nogil:
    cdef Cursor group, message
    cdef Dense d
    cdef Thing t
    cdef int field, wire = 0
    cdef int64_t n
    while True:
        field = _field(&block, &wire)
        if field == 0:
            return block.bad
        if field == 1:
            group = _bytes(&block, wire)
            while True:
                field = _field(&group, &wire)
                if field == 0:
                    break
                _skip(&group, wire)
                counts[STRINGS] += field == 1
            if group.bad:
                return 1
        elif field == 2:
            group = _bytes(&block, wire)
            while True:
                field = _field(&group, &wire)
                if field == 0:
                    break
                if field > 4:
                    _skip(&group, wire)
                    continue
                message = _bytes(&group, wire)
                if field == 2:
                    d = _dense(&message)
                    n = _length(d.id)
                    counts[NODES] += n
                    counts[NODE_TAGS] += _pairs(d.tags, n)
                else:
                    t = _thing(&message, field)
                    n = _length(t.keys)
                    if field == 1:
                        counts[NODES] += 1
                        counts[NODE_TAGS] += n
                    elif field == 3:
                        counts[WAYS] += 1
                        counts[WAY_TAGS] += n
                        counts[REFS] += _length(t.refs)
                    else:
                        counts[RELATIONS] += 1
                        counts[RELATION_TAGS] += n
                        counts[MEMBERS] += _length(t.refs)
                if message.bad:
                    return 1
            if group.bad:
                return 1
        else:
            _skip(&block, wire)


def measure(const uint8_t[::1] block, int64_t[::1] counts):
    """Fill `counts` (9,): strings, nodes, their tags, ways, their tags and nodes, relations, their tags and members."""
    cdef Cursor c = _whole(block)
    cdef int bad
    counts[:] = 0
    with nogil:
        bad = _measure(c, &counts[0])
    if bad:
        raise ValueError("a block is damaged")


def strings(const uint8_t[::1] block, int64_t[::1] start, int64_t[::1] stop):
    """Where each string of the block's table lies in the block."""
    cdef Cursor c = _whole(block), table, one
    cdef int field, wire = 0
    cdef int64_t n = 0
    cdef const uint8_t* origin = c.at
    while True:
        field = _field(&c, &wire)
        if field == 0:
            break
        if field != 1:
            _skip(&c, wire)
            continue
        table = _bytes(&c, wire)
        while True:
            field = _field(&table, &wire)
            if field == 0:
                break
            if field != 1:
                _skip(&table, wire)
                continue
            one = _bytes(&table, wire)
            if n == start.shape[0] or table.bad:
                raise ValueError("a block's strings are damaged")
            start[n] = one.at - origin
            stop[n] = one.end - origin
            n += 1
    if n != start.shape[0] or c.bad:
        raise ValueError("a block's strings are damaged")


cdef Scale _scale(Cursor block) noexcept nogil:
    cdef Scale s
    cdef int field, wire = 0
    s.granularity = 100
    s.x = s.y = 0
    while True:
        field = _field(&block, &wire)
        if field == 0:
            return s
        if field == 17 and wire == VARINT:
            s.granularity = <int32_t> _varint(&block)
        elif field == 19 and wire == VARINT:
            s.y = <int64_t> _varint(&block)
        elif field == 20 and wire == VARINT:
            s.x = <int64_t> _varint(&block)
        else:
            _skip(&block, wire)


cdef inline int32_t _degrees(int64_t steps, int64_t granularity, int64_t offset) noexcept nogil:
    """Coordinate in ten-millionths of a degree; the largest number where it has none."""
    cdef int64_t nano = _plus(<int64_t> (<uint64_t> steps * <uint64_t> granularity), offset) / 100
    return <int32_t> nano if INT32_MIN < nano < INT32_MAX else INT32_MAX


cdef struct Tags:                  # tags of things, as they are filled
    int32_t* key
    int32_t* value
    int64_t room
    int64_t used
    const uint8_t* wanted          # of each string: a thing with this key is kept
    int64_t strings


cdef inline int _tag(Tags* tags, uint64_t key, uint64_t value) noexcept nogil:
    """Append a tag: 1 where it makes its thing wanted, -1 where it does not fit."""
    if key >= <uint64_t> tags.strings or value >= <uint64_t> tags.strings or tags.used == tags.room:
        return -1
    tags.key[tags.used] = <int32_t> key
    tags.value[tags.used] = <int32_t> value
    tags.used += 1
    return tags.wanted[key]


cdef inline int _tags(Tags* tags, Thing* t) noexcept nogil:
    """Append a thing's tags: 1 where it is wanted, 0 where not (its tags are taken back), -1 where one does not fit."""
    cdef int64_t before = tags.used
    cdef int wanted = 0, found
    while t.keys.at < t.keys.end:
        found = _tag(tags, _varint(&t.keys), _varint(&t.values))
        if found < 0 or t.keys.bad or t.values.bad:
            return -1
        wanted |= found
    if not wanted:
        tags.used = before
    return wanted


cdef struct Nodes:
    int64_t* id
    int32_t* x
    int32_t* y
    int64_t* row                   # of each kept node, its row among the nodes
    int64_t* tag_start
    int64_t room
    int64_t used
    int64_t kept


cdef int _dense_nodes(Dense* d, Scale* s, Nodes* out, Tags* tags) noexcept nogil:
    cdef int64_t id = 0, x = 0, y = 0, before
    cdef uint64_t key
    cdef int wanted, found
    while d.id.at < d.id.end:
        if out.used == out.room:
            return -1
        id = _plus(id, _signed(&d.id))
        x = _plus(x, _signed(&d.x))
        y = _plus(y, _signed(&d.y))
        if d.id.bad or d.x.bad or d.y.bad:
            return -1
        out.id[out.used] = id
        out.x[out.used] = _degrees(x, s.granularity, s.x)
        out.y[out.used] = _degrees(y, s.granularity, s.y)
        before, wanted = tags.used, 0
        while d.tags.at < d.tags.end:
            key = _varint(&d.tags)
            if key == 0:
                break
            found = _tag(tags, key, _varint(&d.tags))
            if found < 0 or d.tags.bad:
                return -1
            wanted |= found
        if wanted:
            out.row[out.kept] = out.used
            out.kept += 1
            out.tag_start[out.kept] = tags.used
        else:
            tags.used = before
        out.used += 1
    return 0


cdef int _nodes(Cursor block, Nodes* out, Tags* tags) noexcept nogil:
    cdef Cursor group, message
    cdef Scale s = _scale(block)
    cdef Dense d
    cdef Thing t
    cdef int field, wire = 0, wanted
    while True:
        field = _field(&block, &wire)
        if field == 0:
            return -block.bad
        if field != 2:
            _skip(&block, wire)
            continue
        group = _bytes(&block, wire)
        while True:
            field = _field(&group, &wire)
            if field == 0:
                break
            if field > 2:
                _skip(&group, wire)
                continue
            message = _bytes(&group, wire)
            if field == 2:
                d = _dense(&message)
                if _dense_nodes(&d, &s, out, tags) < 0:
                    return -1
                continue
            t = _thing(&message, 1)
            if out.used == out.room:
                return -1
            out.id[out.used] = t.id
            out.x[out.used] = _degrees(t.x, s.granularity, s.x)
            out.y[out.used] = _degrees(t.y, s.granularity, s.y)
            wanted = _tags(tags, &t)
            if wanted < 0:
                return -1
            if wanted:
                out.row[out.kept] = out.used
                out.kept += 1
                out.tag_start[out.kept] = tags.used
            out.used += 1
        if group.bad:
            return -1


def nodes(const uint8_t[::1] block, const uint8_t[::1] wanted, int64_t[::1] ids, int32_t[::1] x, int32_t[::1] y,
          int64_t[::1] row, int64_t[::1] tag_start, int32_t[::1] key, int32_t[::1] value):
    """Fill `ids`, `x`, `y` (n,) [1e-7 degrees] of all nodes, and of those with a wanted key `row` and their tags.

    `wanted` (s,) marks strings; tags of kept node k are rows ``tag_start[k]:tag_start[k + 1]`` of `key` and `value`.
    Returns how many are kept.
    """
    cdef Cursor c = _whole(block)
    cdef Nodes out
    cdef Tags tags
    cdef int status
    if ids.shape[0] == 0:
        return 0
    if min(x.shape[0], y.shape[0], row.shape[0], tag_start.shape[0] - 1) < ids.shape[0] \
            or value.shape[0] < key.shape[0]:
        raise ValueError("arrays are too short")
    out.id, out.x, out.y, out.row, out.tag_start = &ids[0], &x[0], &y[0], &row[0], &tag_start[0]
    out.room, out.used, out.kept = ids.shape[0], 0, 0
    tag_start[0] = 0
    tags.key = &key[0] if key.shape[0] else NULL
    tags.value = &value[0] if value.shape[0] else NULL
    tags.room, tags.used = key.shape[0], 0
    tags.wanted = &wanted[0] if wanted.shape[0] else NULL
    tags.strings = wanted.shape[0]
    with nogil:
        status = _nodes(c, &out, &tags)
    if status < 0 or out.used != out.room:
        raise ValueError("a block's nodes are damaged")
    return out.kept


def ways(const uint8_t[::1] block, const uint8_t[::1] wanted, int64_t[::1] ids, int64_t[::1] ref_start,
         int64_t[::1] ref, int64_t[::1] tag_start, int32_t[::1] key, int32_t[::1] value):
    """Fill `ids` (n,), the nodes of way w as ``ref[ref_start[w]:ref_start[w + 1]]``, and its tags likewise.

    A way without a wanted key has no tags, but its nodes: an area may be made of it.
    """
    cdef Cursor c = _whole(block), group, message
    cdef Thing t
    cdef Tags tags
    cdef int field, wire = 0, status = 0
    cdef int64_t n = 0, refs = 0, last
    if ids.shape[0] == 0:
        return
    if min(ref_start.shape[0], tag_start.shape[0]) <= ids.shape[0] or value.shape[0] < key.shape[0]:
        raise ValueError("arrays are too short")
    tags.key = &key[0] if key.shape[0] else NULL
    tags.value = &value[0] if value.shape[0] else NULL
    tags.room, tags.used = key.shape[0], 0
    tags.wanted = &wanted[0] if wanted.shape[0] else NULL
    tags.strings = wanted.shape[0]
    ref_start[0] = tag_start[0] = 0
    with nogil:
        while status == 0:
            field = _field(&c, &wire)
            if field == 0:
                break
            if field != 2:
                _skip(&c, wire)
                continue
            group = _bytes(&c, wire)
            while status == 0:
                field = _field(&group, &wire)
                if field == 0:
                    break
                if field != 3:
                    _skip(&group, wire)
                    continue
                message = _bytes(&group, wire)
                t = _thing(&message, 3)
                if message.bad or n == ids.shape[0] or _tags(&tags, &t) < 0:
                    status = -1
                    break
                ids[n] = t.id
                last = 0
                while t.refs.at < t.refs.end:
                    last = _plus(last, _signed(&t.refs))
                    if t.refs.bad or refs == ref.shape[0]:
                        status = -1
                        break
                    ref[refs] = last
                    refs += 1
                n += 1
                ref_start[n] = refs
                tag_start[n] = tags.used
            if group.bad:
                status = -1
    if status < 0 or c.bad or n != ids.shape[0]:
        raise ValueError("a block's ways are damaged")


def relations(const uint8_t[::1] block, const uint8_t[::1] wanted, int64_t[::1] ids, int64_t[::1] member_start,
              int64_t[::1] member, uint8_t[::1] kind, int32_t[::1] role, int64_t[::1] tag_start, int32_t[::1] key,
              int32_t[::1] value):
    """Fill `ids` (n,), the members of relation r as rows ``member_start[r]:member_start[r + 1]``, and its tags so too.

    `kind` of a member is 0 for a node, 1 for a way, 2 for a relation; `role` is a string. A relation without a wanted
    key has neither members nor tags.
    """
    cdef Cursor c = _whole(block), group, message
    cdef Thing t
    cdef Tags tags
    cdef int field, wire = 0, found
    cdef int64_t n = 0, members = 0, last
    cdef uint64_t one, said
    if ids.shape[0] == 0:
        return
    if min(member_start.shape[0], tag_start.shape[0]) <= ids.shape[0] or value.shape[0] < key.shape[0]:
        raise ValueError("arrays are too short")
    if min(kind.shape[0], role.shape[0]) < member.shape[0]:
        raise ValueError("arrays are too short")
    tags.key = &key[0] if key.shape[0] else NULL
    tags.value = &value[0] if value.shape[0] else NULL
    tags.room, tags.used = key.shape[0], 0
    tags.wanted = &wanted[0] if wanted.shape[0] else NULL
    tags.strings = wanted.shape[0]
    member_start[0] = tag_start[0] = 0
    while True:
        field = _field(&c, &wire)
        if field == 0:
            break
        if field != 2:
            _skip(&c, wire)
            continue
        group = _bytes(&c, wire)
        while True:
            field = _field(&group, &wire)
            if field == 0:
                break
            if field != 4:
                _skip(&group, wire)
                continue
            message = _bytes(&group, wire)
            t = _thing(&message, 4)
            found = _tags(&tags, &t)
            if message.bad or n == ids.shape[0] or found < 0:
                raise ValueError("a block's relations are damaged")
            ids[n] = t.id
            last = 0
            while found and t.refs.at < t.refs.end:
                last = _plus(last, _signed(&t.refs))
                one, said = _varint(&t.kinds), _varint(&t.roles)
                if t.refs.bad or t.kinds.bad or t.roles.bad or members == member.shape[0] or one > 2 \
                        or said >= <uint64_t> tags.strings:
                    raise ValueError("a block's relations are damaged")
                member[members], kind[members], role[members] = last, <uint8_t> one, <int32_t> said
                members += 1
            n += 1
            member_start[n] = members
            tag_start[n] = tags.used
        if group.bad:
            raise ValueError("a block's relations are damaged")
    if c.bad or n != ids.shape[0]:
        raise ValueError("a block's relations are damaged")


cdef inline uint64_t _mix(uint64_t hash, uint64_t value) noexcept nogil:
    hash = (hash ^ value) * <uint64_t> 0x9E3779B97F4A7C15
    return hash ^ (hash >> 29)


def alike(const int64_t[::1] start, const int64_t[::1] pair, int64_t[::1] slot, int64_t[::1] which, int64_t[::1] first):
    """Which rows hold the same pairs in the same order: fill `which` (n,) and the `first` (n,) row of each; how many.

    `slot` is room for the search, at least twice as long as there are rows and a power of two.
    """
    cdef int64_t n = start.shape[0] - 1, row, i, size, other, found = 0
    cdef uint64_t hash, mask = <uint64_t> slot.shape[0] - 1
    cdef bint same
    slot[:] = -1
    with nogil:
        for row in range(n):
            hash = 0x51ED270B
            size = start[row + 1] - start[row]
            for i in range(start[row], start[row + 1]):
                hash = _mix(hash, <uint64_t> pair[i])
            hash &= mask
            while True:
                other = slot[hash]
                if other < 0:
                    slot[hash] = found
                    first[found] = row
                    which[row] = found
                    found += 1
                    break
                other = first[other]
                same = start[other + 1] - start[other] == size
                i = 0
                while same and i < size:
                    same = pair[start[row] + i] == pair[start[other] + i]
                    i += 1
                if same:
                    which[row] = slot[hash]
                    break
                hash = (hash + 1) & mask
    return found
