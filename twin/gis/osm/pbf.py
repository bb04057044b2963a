"""A file in OpenStreetMap's binary format, whole, as flat arrays: `read_pbf`."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from twin._kernels import osm_pbf
from twin.gis.osm.tagged import KEY, Strings, Tagged

__all__ = ["OtherFormat", "Raw", "read_pbf"]

MOST_HEADER, MOST_BLOCK = 64 * 1024, 32 * 1024 * 1024  # what the format allows [bytes]
KNOWN = {b"OsmSchema-V0.6", b"DenseNodes"}

Longs = NDArray[np.int64]
Ints = NDArray[np.int32]


class OtherFormat(ValueError):
    """A file of the format with a compression or a feature that is not read here."""


@dataclass(frozen=True)
class Raw:
    """What a file holds, in its order.

    Parameters
    ----------
    node, x, y : ids and coordinates [1e-7 degrees] of all nodes.
    spot, spot_tags : rows of the nodes that have a wanted key, and their tags.
    way, ref_start, ref : ids of all ways and the node ids along them.
    way_tags : of ways that have a wanted key; the others have none.
    relation, member_start, member, member_kind, member_role : likewise; 0 is a node, 1 a way, 2 a relation, and a role
        the number of its text.
    strings : the texts of tags and roles.
    """

    node: Longs
    x: Ints
    y: Ints
    spot: Longs
    spot_tags: Tagged
    way: Longs
    ref_start: Longs
    ref: Longs
    way_tags: Tagged
    relation: Longs
    member_start: Longs
    member: Longs
    member_kind: NDArray[np.uint8]
    member_role: Longs
    relation_tags: Tagged
    strings: Strings


@dataclass(frozen=True)
class Wanted:
    """Keys that make a node, a way or a relation worth keeping."""

    node: frozenset[bytes]
    way: frozenset[bytes]
    relation: frozenset[bytes]


def read_pbf(path: Path, node_keys: frozenset[str], way_keys: frozenset[str], relation_keys: frozenset[str]) -> Raw:
    """Decode a file; its blocks are inflated and decoded by as many threads as there are processors.

    Raises
    ------
    OtherFormat : compressed otherwise than by zlib, or with required features that are not known here.
    ValueError : damaged or cut short.
    """
    wanted = _Wanted(*(frozenset(key.encode() for key in keys) for keys in (node_keys, way_keys, relation_keys)))
    with path.open("rb") as file, ThreadPoolExecutor(min(os.cpu_count() or 1, 8)) as pool:
        return _joined(list(pool.map(lambda blob: _decode(blob, wanted), _blobs(file))))


def _blobs(file: IO[bytes]) -> Iterator[bytes]:
    """The blobs of data; the header that comes first is checked on the way."""
    seen = False
    while size := file.read(4):
        length = struct.unpack(">I", size)[0] if len(size) == 4 else MOST_HEADER + 1
        if length > MOST_HEADER:
            raise ValueError("a blob's header is too long")
        said = dict(_fields(_exactly(file, length)))
        kind, length = said.get(1), said.get(3)
        if not isinstance(length, int) or length > MOST_BLOCK:
            raise ValueError("a blob is too long")
        blob = _exactly(file, length)
        if kind == b"OSMHeader":
            seen = True
            needs = {value for field, value in _fields(_inflate(blob)) if field == 4}
            if needs - KNOWN:
                raise OtherFormat(f"needs {sorted(map(str, needs - KNOWN))}")
        elif kind == b"OSMData":
            if not seen:
                raise ValueError("there is no header")
            yield blob
    if not seen:
        raise ValueError("there is no header")


def _exactly(file: IO[bytes], size: int) -> bytes:
    found = file.read(size)
    if len(found) < size:
        raise ValueError("the file ends too early")
    return found


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Fields of a short message: numbers and texts."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        value, at = _varint(message, at)
        if key & 7 == 0:
            yield key >> 3, value
        elif key & 7 == 2 and at + value <= len(message):
            yield key >> 3, message[at : at + value]
            at += value
        else:
            raise ValueError("a header is damaged")


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(message) and shift < 64:
        value |= (message[at] & 0x7F) << shift
        shift += 7
        at += 1
        if message[at - 1] < 0x80:
            return value, at
    raise ValueError("a number is damaged")


def _inflate(blob: bytes) -> bytes:
    """What a blob holds."""
    said = dict(_fields(blob))
    if isinstance(raw := said.get(1), bytes):
        return raw
    packed = said.get(3)
    if not isinstance(packed, bytes):
        raise OtherFormat("compressed otherwise than by zlib")
    size = said.get(2, MOST_BLOCK)
    if not isinstance(size, int) or size > MOST_BLOCK:
        raise ValueError("a block is too long")
    stream = zlib.decompressobj()
    try:
        found = stream.decompress(packed, size + 1)
    except zlib.error as why:
        raise ValueError(f"a block cannot be inflated: {why}") from None
    if len(found) > size or not stream.eof:
        raise ValueError("a block is longer than it says, or cut short")
    return found


@dataclass(frozen=True)
class _Wanted:
    """Keys that make a node, a way or a relation worth keeping."""

    node: frozenset[bytes]
    way: frozenset[bytes]
    relation: frozenset[bytes]


@dataclass(frozen=True)
class _Block:
    """One block; keys, values and roles are numbers of its own `texts`. Starts are those within the block."""

    texts: list[bytes]
    node: tuple[Longs, Ints, Ints]
    spot: Longs
    way: tuple[Longs, Longs, Longs]  # ids, starts, nodes
    relation: tuple[Longs, Longs, Longs, NDArray[np.uint8], Ints]  # ids, starts, members, their kinds and roles
    tags: tuple[_Tags, _Tags, _Tags]  # of nodes, ways and relations


_Tags = tuple[Longs, Ints, Ints]  # starts, keys, values


def _decode(blob: bytes, wanted: _Wanted) -> _Block:
    inside = _inflate(blob)
    block = np.frombuffer(inside, np.uint8)
    count = np.empty(9, np.int64)
    osm_pbf.measure(block, count)
    strings, nodes, node_tags, ways, way_tags, refs, relations, relation_tags, members = count.tolist()
    start, stop = _longs(strings), _longs(strings)
    osm_pbf.strings(block, start, stop)
    texts = [inside[a:b] for a, b in zip(start.tolist(), stop.tolist(), strict=True)]
    node = _longs(nodes), _ints(nodes), _ints(nodes)
    spot, spot_tags = _longs(nodes), _room(nodes, node_tags)
    kept = osm_pbf.nodes(block, _marks(texts, wanted.node, nodes), *node, spot, *spot_tags)
    way, said = (_longs(ways), _longs(ways + 1), _longs(refs)), _room(ways, way_tags)
    osm_pbf.ways(block, _marks(texts, wanted.way, ways), *way, *said)
    relation = _longs(relations), _longs(relations + 1), _longs(members), np.zeros(members, np.uint8), _ints(members)
    told = _room(relations, relation_tags)
    osm_pbf.relations(block, _marks(texts, wanted.relation, relations), *relation, *told)
    used = int(relation[1][-1])
    return _Block(
        texts,
        node,
        spot[:kept].copy(),
        way,
        (*relation[:2], relation[2][:used].copy(), relation[3][:used].copy(), relation[4][:used].copy()),
        (_cut(spot_tags, kept), _cut(said, ways), _cut(told, relations)),
    )


def _longs(size: int) -> Longs:
    return np.zeros(size, np.int64)


def _ints(size: int) -> Ints:
    return np.zeros(size, np.int32)


def _room(things: int, tags: int) -> _Tags:
    return _longs(things + 1), _ints(tags), _ints(tags)


def _cut(tags: _Tags, things: int) -> _Tags:
    """Without the room that was not used; copied, so that the room is given back."""
    start, key, value = tags
    used = int(start[things])
    return start[: things + 1].copy(), key[:used].copy(), value[:used].copy()


def _marks(texts: list[bytes], wanted: frozenset[bytes], things: int) -> NDArray[np.uint8]:
    """Which texts are wanted; most blocks have things of one sort, and of the others no text need be looked at."""
    if not things:
        return np.zeros(0, np.uint8)
    return np.fromiter((text in wanted for text in texts), np.uint8, len(texts))


def _joined(blocks: list[_Block]) -> Raw:
    strings = Strings()
    numbers = [_numbered(block, strings) for block in blocks]
    spots = np.cumsum([0] + [len(block.node[0]) for block in blocks])
    roles = [number[block.relation[4]] for block, number in zip(blocks, numbers, strict=True)]
    return Raw(
        node=_stack([block.node[0] for block in blocks], np.int64),
        x=_stack([block.node[1] for block in blocks], np.int32),
        y=_stack([block.node[2] for block in blocks], np.int32),
        spot=_stack([block.spot + before for block, before in zip(blocks, spots, strict=False)], np.int64),
        spot_tags=_tagged([block.tags[0] for block in blocks], numbers, strings),
        way=_stack([block.way[0] for block in blocks], np.int64),
        ref_start=_starts([block.way[1] for block in blocks]),
        ref=_stack([block.way[2] for block in blocks], np.int64),
        way_tags=_tagged([block.tags[1] for block in blocks], numbers, strings),
        relation=_stack([block.relation[0] for block in blocks], np.int64),
        member_start=_starts([block.relation[1] for block in blocks]),
        member=_stack([block.relation[2] for block in blocks], np.int64),
        member_kind=_stack([block.relation[3] for block in blocks], np.uint8),
        member_role=_stack(roles, np.int64),
        relation_tags=_tagged([block.tags[2] for block in blocks], numbers, strings),
        strings=strings,
    )


def _numbered(block: _Block, strings: Strings) -> Longs:
    """The file's number of each of the block's texts that is used."""
    used = np.zeros(len(block.texts), bool)
    for _, key, value in block.tags:
        used[key] = used[value] = True
    used[block.relation[4]] = True
    number = np.zeros(len(block.texts), np.int64)
    rows = np.flatnonzero(used)
    number[rows] = [strings.number(block.texts[row]) for row in rows.tolist()]
    return number


def _tagged(tags: list[_Tags], numbers: list[Longs], strings: Strings) -> Tagged:
    pairs = [number[key] << KEY | number[value] for (_, key, value), number in zip(tags, numbers, strict=True)]
    return Tagged(_starts([start for start, _, _ in tags]), _stack(pairs, np.int64), strings)


def _starts(parts: list[Longs]) -> Longs:
    """Starts of stacked blocks."""
    return np.concatenate([_longs(1), np.cumsum(_stack([np.diff(part) for part in parts], np.int64))])


def _stack(parts: list[NDArray[Any]], kind: Any) -> NDArray[Any]:
    return np.concatenate([np.zeros(0, kind), *parts])
