from numpy import int32, uint32, uint64
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
