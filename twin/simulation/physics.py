"""How agents move: freely, in a crowd on foot, or as vehicles that queue."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.errors import DataError, listed

__all__ = ["Compiled", "Crowded", "Freely", "Physics", "Queued", "figures", "include"]


@dataclass(frozen=True)
class Freely:
    """Nobody is in anybody's way."""


@dataclass(frozen=True)
class Crowded:
    """On foot: whoever enters an edge walks along it at the speed of the density there, and overtakes nobody.

    v = speed (1 - exp(-shape (1 / density - 1 / jam))), density counting those on the edge in the same direction,
    oneself among them (Weidmann 1993, Transporttechnik der Fussgänger, ETH Zürich, IVT 90).

    Attributes
    ----------
    width : of every edge in each direction [m].
    floor : the least speed, at any density [m/s].
    speed, shape, jam : free speed [m/s], exponent [1/m2] and jam density [1/m2] of the fundamental diagram.
    """

    width: float = 4.0
    floor: float = 0.1
    speed: float = 1.34
    shape: float = 1.913
    jam: float = 5.4

    def __post_init__(self) -> None:
        _above_zero(self, ("width", "floor", "speed", "shape", "jam"))

    def speed_at(self, density: ArrayLike) -> NDArray[np.float64]:
        """Speed [m/s] at densities above 0 [persons/m2].

        >>> Crowded().speed_at([0.5, 1.0, 2.0]).round(4).tolist()
        [1.2984, 1.0581, 0.6062]
        """
        inverse = 1.0 / np.asarray(density, dtype=float)
        speed = self.speed * (1.0 - np.exp(-self.shape * (inverse - 1.0 / self.jam)))
        return np.asarray(np.maximum(speed, self.floor))


@dataclass(frozen=True)
class Compiled(Crowded):
    """On foot, as a compiled function says: whoever enters an edge leaves it when `walk` answers, and overtakes nobody.

    Attributes
    ----------
    walk : a capsule named ``twin.Walk``, with the function; see `include` and ``moving.pxd``.
    speed, shape, jam : three figures that the function finds in the lane; at `speed` [m/s] ways are chosen.
    """

    walk: Any = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if type(self.walk).__name__ != "PyCapsule" or '"twin.Walk"' not in repr(self.walk):
            raise DataError(f"Compiled.walk is a capsule named 'twin.Walk', not {self.walk!r}")


def include() -> str:
    """The folder of the ``.pxd`` files that a compiled behaviour cimports: an ``include_path`` for Cython."""
    from twin import _kernels

    inside = Path(_kernels.__path__[0])
    return str(inside if (inside / "moving.pxd").exists() else inside.parents[1] / "ext")


@dataclass(frozen=True)
class Queued:
    """Vehicles: a spatial queue with storage and backward waves, the triangular diagram of Newell (1993).

    A lane passes at most jam u w / (u + w) vehicles a second at either end, u its free speed; it holds at most
    jam x length; and a free place takes length / w from its end to its start. First in, first out. Who sets out waits
    beside the road until there is room. Where several edges lead into one, they take turns as they came.

    Attributes
    ----------
    jam : vehicles on a metre of a standing lane [1/m].
    wave : speed of the backward wave, w [m/s].
    lanes : of an edge in each direction, where the network's column ``lanes`` (of both together) tells none [1].

    Notes
    -----
    A signal at the end of an edge is a share of its capacity: where the network has a column ``green`` (and
    ``green_back``, against the direction of the edge), only that share of the time lets vehicles out.
    """

    jam: float = 0.2
    wave: float = 5.0
    lanes: float = 1.0

    def __post_init__(self) -> None:
        _above_zero(self, ("jam", "wave", "lanes"))


Physics = Freely | Crowded | Queued


def figures(
    physics: Crowded | Queued,
    length: NDArray[np.float64],
    free: NDArray[np.float64],
    lanes: NDArray[np.float64] | None = None,
    green: NDArray[np.float64] | None = None,
) -> tuple[NDArray[np.uint8], NDArray[np.float64], NDArray[np.int32]]:
    """What the engine keeps of each lane: its kind, its nine figures and its storage.

    Parameters
    ----------
    length, free : (l,) of each lane [m], and how long it takes when empty [s].
    lanes : (l,) how many lie side by side; those of the physics where None or NaN. Two follow each other for an edge.
    green : (l,) share of the time in which a signal at its end lets vehicles out; always where None or NaN.
    """
    table = np.zeros((len(length), 9))
    table[:, 0] = length
    if isinstance(physics, Crowded):
        table[:, 1] = np.maximum(length, 1e-3) * physics.width
        table[:, 2:6] = physics.speed, physics.shape, physics.jam, physics.floor
        kind = 3 if isinstance(physics, Compiled) else 1
        return np.full(len(length), kind, np.uint8), table, np.zeros(len(length), np.int32)
    many = np.full(len(length), np.nan) if lanes is None else lanes
    density = physics.jam * np.where(np.isnan(many), physics.lanes, many)
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = np.where((length > 0) & (free > 0), free / length, 0.0)  # of the free speed
        table[:, 6] = (1.0 + physics.wave * inverse) / (density * physics.wave)
    table[:, 7] = length / physics.wave
    open_for = np.ones(len(length)) if green is None else np.where(np.isnan(green), 1.0, green)
    if not ((open_for > 0) & (open_for <= 1)).all():
        rows = np.unique(np.flatnonzero(~((open_for > 0) & (open_for <= 1))) // 2)
        raise DataError(
            f"edges.green: a share of the time, above 0 and at most 1; it is not on {len(rows)} edges "
            f"(rows {listed(rows)})",
            layer="edges",
            column="green",
            rows=rows.tolist(),
        )
    table[:, 8] = table[:, 6] / open_for
    if not (density > 0).all():
        rows = np.flatnonzero(~(density > 0))[::2] // 2
        raise DataError(
            f"edges.lanes: vehicles need lanes above 0; they are not on {len(rows)} edges (rows {listed(rows)})",
            layer="edges",
            column="lanes",
            rows=rows.tolist(),
        )
    storage = np.maximum(1, np.rint(density * length))
    return np.full(len(length), 2, np.uint8), table, np.minimum(storage, 2**20).astype(np.int32)


def _above_zero(physics: object, names: tuple[str, ...]) -> None:
    for name in names:
        value = getattr(physics, name)
        if not 0 < value < float("inf"):
            raise DataError(f"{type(physics).__name__}.{name} is above 0, not {value}")
