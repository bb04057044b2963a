from numpy import float64, int32, int64, uint32
from numpy.typing import NDArray

def betweenness(
    indptr: NDArray[int32],
    target: NDArray[int32],
    cost: NDArray[uint32],
    first: NDArray[int32],
    along: NDArray[int32],
    edge: NDArray[int32],
    source: NDArray[int32],
    rest: NDArray[float64],
    part: NDArray[float64],
    weight: NDArray[float64],
    whole: float,
    arc: NDArray[int64],
    node: NDArray[int64],
    edge_square: NDArray[int64],
    node_square: NDArray[int64],
) -> None: ...
