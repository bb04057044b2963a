from numpy import float64, int32, uint32, uint64
from numpy.typing import NDArray

Ints = NDArray[int32]
Costs = NDArray[uint32]
Labels = NDArray[uint64]

def shape(arc_cost: Costs) -> tuple[int, int]: ...
def sweep(
    indptr: Ints,
    target: Ints,
    arc_cost: Costs,
    shift: int,
    buckets: int,
    seed_node: Ints,
    seed_cost: Costs,
    seed_root: Ints,
    limit: int,
    label: Labels,
    via: Ints | None = None,
) -> None: ...
def read(label: Labels, at: Ints, scale: float, cost: NDArray[float64], root: Ints) -> None: ...
def distances(
    indptr: Ints, target: Ints, arc_cost: Costs, shift: int, buckets: int, origins: Ints, label: Labels, cost: Costs
) -> None: ...
def nearest_k(
    indptr: Ints,
    target: Ints,
    arc_cost: Costs,
    shift: int,
    buckets: int,
    seed_node: Ints,
    seed_cost: Costs,
    seed_root: Ints,
    limit: int,
    held: Labels,
) -> None: ...
def tally(label: Labels, weight: NDArray[float64], limit: int) -> tuple[float, float, float]: ...
