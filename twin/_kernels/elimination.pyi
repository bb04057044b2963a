from numpy import int32, int64
from numpy.typing import NDArray

Ints = NDArray[int32]
Longs = NDArray[int64]

def simple(indptr: Ints, target: Ints, seen: Ints, first: Ints, near: Ints) -> int: ...
def hops(indptr: Ints, near: Ints, seeds: Ints, queue: Ints, found: Ints) -> None: ...
def peel(indptr: Ints, near: Ints, degree: Ints, order: Ints, waiting: Ints, later: Ints, touched: Ints) -> int: ...
def tree(indptr: Ints, near: Ints, order: Ints, place: Ints, above: Ints, parent: Ints, rank: Ints) -> None: ...
def count_arcs(
    indptr: Ints, near: Ints, rank: Ints, node: Ints, parent: Ints, seen: Ints, first: Longs, row: Longs
) -> None: ...
def fill_arcs(
    indptr: Ints,
    near: Ints,
    rank: Ints,
    node: Ints,
    parent: Ints,
    seen: Ints,
    free: Ints,
    row: Ints,
    head: Ints,
    row_tail: Ints,
    row_arc: Ints,
) -> None: ...
def subtrees(parent: Ints, lowest: Ints) -> None: ...
def slots(indptr: Ints, target: Ints, rank: Ints, first: Ints, head: Ints, slot: Ints) -> None: ...
