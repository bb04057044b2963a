from numpy import float64, int32, uint32
from numpy.typing import NDArray

Ints = NDArray[int32]
Costs = NDArray[uint32]
Floats = NDArray[float64]

def collect(
    indptr: Ints,
    target: Ints,
    arc_cost: Costs,
    ring: int,
    buckets: int,
    origins: Ints,
    weight: Floats,
    step_limit: Ints,
    step_weight: Floats,
    table: Floats,
    shift: int,
    slot: Ints,
    total: Floats,
) -> None: ...
def catchments(
    indptr: Ints,
    target: Ints,
    arc_cost: Costs,
    ring: int,
    buckets: int,
    sites: Ints,
    supply: Floats,
    people: Floats,
    pull: Floats,
    step_limit: Ints,
    step_weight: Floats,
    table: Floats,
    shift: int,
    label: Costs,
    given: Floats,
) -> tuple[Ints, Floats]: ...
