from numpy import float64, int32, int64, uint32
from numpy.typing import NDArray

Ints = NDArray[int32]
Costs = NDArray[uint32]
Floats = NDArray[float64]

def forest(
    indptr: Ints,
    target: Ints,
    cost: Costs,
    edge: Ints,
    seed: Ints,
    label: Costs,
    up: Ints,
    node: Ints,
    place: Ints,
    size: Ints,
    first: Ints,
    again: Ints,
) -> int: ...
def closures(
    indptr: Ints,
    target: Ints,
    cost: Costs,
    edge: Ints,
    indptr_in: Ints,
    target_in: Ints,
    cost_in: Costs,
    edge_in: Ints,
    label: Costs,
    up: Ints,
    node: Ints,
    place: Ints,
    size: Ints,
    first: Ints,
    again: Ints,
    weight: Floats,
    before: Ints,
    low: int,
    high: int,
    added: Floats,
    cut: Floats,
) -> None: ...
def journeys(
    indptr: Ints,
    target: Ints,
    cost: Costs,
    edge: Ints,
    indptr_in: Ints,
    target_in: Ints,
    cost_in: Costs,
    edge_in: Ints,
    origin: Ints,
    first: NDArray[int64],
    end: Ints,
    people: Floats,
    added: Floats,
    cut: Floats,
    total: Floats,
) -> None: ...
