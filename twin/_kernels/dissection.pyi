from numpy import int32, uint8
from numpy.typing import NDArray

Ints = NDArray[int32]
Flags = NDArray[uint8]

def cut(indptr: Ints, near: Ints, along: Ints, work: Ints, flags: Flags, low: int, high: int) -> tuple[int, int]: ...
def dissect(indptr: Ints, near: Ints, along: Ints, work: Ints, flags: Flags, low: int, high: int) -> None: ...
