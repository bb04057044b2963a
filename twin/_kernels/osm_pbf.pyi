from numpy import int32, int64, uint8
from numpy.typing import NDArray

Flags = NDArray[uint8]
Ints = NDArray[int32]
Longs = NDArray[int64]

def measure(block: Flags, counts: Longs) -> None: ...
def strings(block: Flags, start: Longs, stop: Longs) -> None: ...
def nodes(
    block: Flags,
    wanted: Flags,
    ids: Longs,
    x: Ints,
    y: Ints,
    row: Longs,
    tag_start: Longs,
    key: Ints,
    value: Ints,
) -> int: ...
def ways(
    block: Flags, wanted: Flags, ids: Longs, ref_start: Longs, ref: Longs, tag_start: Longs, key: Ints, value: Ints
) -> None: ...
def relations(
    block: Flags,
    wanted: Flags,
    ids: Longs,
    member_start: Longs,
    member: Longs,
    kind: Flags,
    role: Ints,
    tag_start: Longs,
    key: Ints,
    value: Ints,
) -> None: ...
def alike(start: Longs, pair: Longs, slot: Longs, which: Longs, first: Longs) -> int: ...
