from numpy import float64, int32, int64, uint32, uint64
from numpy.typing import NDArray

def draws(seed: int, run: int, number: NDArray[float64]) -> None: ...
def splitmix(state: int, number: NDArray[uint64]) -> None: ...
def failures(
    indptr: NDArray[int32],
    target: NDArray[int32],
    arc_cost: NDArray[uint32],
    along: NDArray[int32],
    arc_of: NDArray[int32],
    row: NDArray[int32],
    tail: NDArray[int32],
    head: NDArray[int32],
    chance: NDArray[uint64],
    seed_node: NDArray[int32],
    weight: NDArray[float64],
    limit: int,
    seed: int,
    first: int,
    reached: NDArray[float64],
    mean: NDArray[float64],
    cut: NDArray[float64],
    largest: NDArray[int32],
    within: NDArray[int64],
) -> None: ...
