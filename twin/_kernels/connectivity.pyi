from numpy import float64, int32, uint8
from numpy.typing import NDArray

def bridges(
    tail: NDArray[int32],
    head: NDArray[int32],
    open: NDArray[uint8],  # noqa: A002
    weight: NDArray[float64],
    bridge: NDArray[uint8],
    articulation: NDArray[uint8],
    cut: NDArray[float64],
) -> None: ...
def disjoint(
    tail: NDArray[int32],
    head: NDArray[int32],
    oneway: NDArray[uint8],
    open: NDArray[uint8],  # noqa: A002
    origin: NDArray[int32],
    end: NDArray[int32],
    count: int,
    ways: NDArray[int32],
) -> None: ...
