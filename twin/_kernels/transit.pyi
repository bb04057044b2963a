from numpy import int32, int64, uint8, uint32
from numpy.typing import NDArray

Ints = NDArray[int32]
Flags = NDArray[uint8]
Rows = tuple[Ints, Ints, Ints]

class Service:
    def __init__(
        self,
        patterns: tuple[Ints, Ints, Flags, Flags, Ints, NDArray[int64], Ints, Ints],
        calls: Rows,
        feet: Rows,
        egress: Rows,
        rides: int,
    ) -> None: ...
    def travel_times(
        self, access: Ints, direct: Ints, departures: Ints, latest: int, ranks: Ints, result: Ints
    ) -> None: ...
    def labels(self, access: Ints, departure: int, ride: Ints, reach: Ints) -> None: ...

def near(
    indptr: Ints,
    target: Ints,
    arc_cost: NDArray[uint32],
    sources: Ints,
    wanted: Ints,
    limit: int,
    begin: Ints,
    found: Ints,
    cost: Ints,
) -> int: ...
