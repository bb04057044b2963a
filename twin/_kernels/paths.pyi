from numpy import float64, int32, uint32, uint64
from numpy.typing import NDArray

Ints = NDArray[int32]
Costs = NDArray[uint32]

def sweep(
    indptr: Ints,
    target: Ints,
    arc_cost: Costs,
    seed_node: Ints,
    seed_cost: Costs,
    seed_root: Ints,
    limit: int,
    cost: Costs,
    root: Ints,
    via: Ints | None = None,
) -> None: ...
def distances(indptr: Ints, target: Ints, arc_cost: Costs, origins: Ints, cost: Costs) -> None: ...
def nearest_k(
    indptr: Ints,
    target: Ints,
    arc_cost: Costs,
    seed_node: Ints,
    seed_cost: Costs,
    seed_root: Ints,
    limit: int,
    held: NDArray[uint64],
) -> None: ...
def tally(cost: Costs, weight: NDArray[float64], limit: int) -> tuple[float, float, float]: ...
