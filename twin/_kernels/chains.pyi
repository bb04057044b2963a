from numpy import int32, int64, uint32
from numpy.typing import NDArray

Ints = NDArray[int32]
Costs = NDArray[uint32]

class Chains:
    def __init__(
        self,
        out: tuple[Ints, Ints],
        into: tuple[Ints, Ints, Ints],
        source: Ints,
        cost: Costs,
        shape: tuple[int, int],
        first: int,
    ) -> None: ...
    def search(self, root: int, ends: Ints, inward: bool, most: int) -> bool: ...
    def forget(self) -> None: ...
    def take(self, label: Costs, inward: bool) -> None: ...
    def write(self, root: int, ends: Ints, row: NDArray[int64]) -> bool: ...
    def taken(self) -> Ints: ...
