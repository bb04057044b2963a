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
