"""Random numbers by name: what is drawn for an agent depends on the seed, the agent and its count alone.

The same numbers as in the kernels (``ext/random.pxd``): SplitMix64 (Steele, Lea & Flood 2014, OOPSLA) entered at any
count, so that neither threads nor the order in which agents are asked change anything.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["uniform"]

_STEP, _APART = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1B54A32D192ED03)


def _mixed(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _drawn(stream: NDArray[np.uint64], count: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return _mixed(stream + (count + np.uint64(1)) * _STEP)


def uniform(seed: int, crowd: int, agent: ArrayLike, count: ArrayLike) -> NDArray[np.float64]:
    """Draw number `count` of each agent of a crowd, uniform in [0, 1).

    Parameters
    ----------
    seed, crowd : of the run, and number of the crowd in it.
    agent, count : (n,) or one, number of the agent and of its draw.

    Examples
    --------
    >>> whole = uniform(7, 0, [0, 1, 2], 0)
    >>> bool((uniform(7, 0, [2, 0], 0) == whole[[2, 0]]).all())
    True
    """
    start = np.full(1, seed & 0xFFFFFFFFFFFFFFFF, dtype=np.uint64)
    who = np.atleast_1d(np.asarray(agent, dtype=np.uint64))
    of_crowd = _mixed(_drawn(start, np.full(1, crowd, dtype=np.uint64)) ^ _APART)
    stream = _mixed(_drawn(of_crowd, who) ^ _APART)
    return np.asarray(
        (_drawn(stream, np.atleast_1d(np.asarray(count, dtype=np.uint64))) >> np.uint64(11)) * 2.0**-53, dtype=float
    )
