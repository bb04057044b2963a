from numpy import float64, int32, uint32
from numpy.typing import NDArray

Ints = NDArray[int32]
Costs = NDArray[uint32]
Floats = NDArray[float64]

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
def collect(
    indptr: Ints,
    target: Ints,
    arc_cost: Costs,
    origins: Ints,
    weight: Floats,
    step_limit: Costs,
    step_weight: Floats,
    total: Floats,
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
    cost: Costs,
    root: Ints,
) -> None: ...
