from numpy import float64, int32, int64, uint8, uint32
from numpy.typing import NDArray

Ints = NDArray[int32]
Longs = NDArray[int64]
Costs = NDArray[uint32]
Flags = NDArray[uint8]
Three = tuple[Ints, Ints, Ints]

def settle(
    first: Ints,
    head: Ints,
    rows: Three,
    given: Three,
    cost: Costs,
    low: int,
    high: int,
    arc_to: Ints,
    up: Costs,
    down: Costs,
) -> None: ...
def settle_again(
    first: Ints,
    head: Ints,
    rows: Three,
    given: Three,
    cost: Costs,
    stale: Flags,
    arc_to: Ints,
    old: Costs,
    up: Costs,
    down: Costs,
) -> None: ...
def ancestors(parent: Ints, some: Ints, marked: Flags) -> int: ...
def lanes(
    first: Ints,
    head: Ints,
    up: Costs,
    down: Costs,
    parent: Ints,
    origins: Ints,
    rows: Longs,
    nodes: Ints,
    ends: Ints,
    scale: float,
    climbed: Ints,
    marked: Flags,
    label: Ints,
    result: Costs | NDArray[float64],
) -> None: ...
def tallies(
    first: Ints,
    head: Ints,
    up: Costs,
    down: Costs,
    parent: Ints,
    begin: Longs,
    sites: Ints,
    ends: Ints,
    weight: NDArray[float64],
    limit: int,
    climbed: Ints,
    marked: Flags,
    label: Ints,
    result: NDArray[float64],
) -> None: ...
