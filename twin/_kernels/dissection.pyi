from numpy import int32
from numpy.typing import NDArray

Ints = NDArray[int32]

def cut(indptr: Ints, near: Ints, along: Ints, node: Ints, room: Ints, low: int, high: int) -> tuple[int, int]: ...
def dissect(indptr: Ints, near: Ints, along: Ints, node: Ints, room: Ints, low: int, high: int) -> None: ...
