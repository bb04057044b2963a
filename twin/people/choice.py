"""Discrete choice: logit and nested logit, and drawing from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.errors import DataError

__all__ = ["draw", "logit", "logsum", "nested"]


def logsum(utility: ArrayLike) -> NDArray[np.float64]:
    """What a choice is worth in units of utility: ln sum exp V along the last axis.

    Examples
    --------
    >>> float(logsum([0.0, -0.5, -1.0]).round(6))
    0.68027
    """
    v = np.asarray(utility, dtype=float)
    top = v.max(axis=-1, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.exp(v - top).sum(axis=-1)) + top[..., 0])


def logit(utility: ArrayLike) -> NDArray[np.float64]:
    """Shares exp V / sum exp V along the last axis; an alternative of minus infinity is never chosen.

    References
    ----------
    McFadden (1974), Conditional logit analysis of qualitative choice behavior.

    Examples
    --------
    >>> logit([0.0, -0.5, -1.0]).round(6).tolist()
    [0.50648, 0.307196, 0.186324]
    """
    v = np.asarray(utility, dtype=float)
    if np.isnan(v).any():
        raise DataError("logit: a utility is NaN")
    total = logsum(v)
    if np.isneginf(total).any():
        raise DataError(f"logit: {int(np.isneginf(total).sum())} choosers have no alternative at all")
    return np.asarray(np.exp(v - total[..., None]))


def nested(utility: Sequence[ArrayLike], scale: Sequence[float]) -> list[NDArray[np.float64]]:
    """Shares where alternatives of one nest are more alike: P(nest) from scale x logsum(V / scale).

    Parameters
    ----------
    utility : of the alternatives, an array a nest.
    scale : of each nest, above 0 and up to 1; 1 is logit.

    References
    ----------
    Train (2009), Discrete Choice Methods with Simulation, ch. 4.

    Examples
    --------
    >>> [shares.round(6).tolist() for shares in nested([[1.0], [0.8, 0.9]], [1.0, 0.5])]
    [[0.450396], [0.247413, 0.302191]]
    """
    if not all(0 < s <= 1 for s in scale):
        raise DataError(f"nested: scales above 0 and up to 1, not {list(scale)}")
    inner = [np.asarray(v, dtype=float) / s for v, s in zip(utility, scale, strict=True)]
    outer = logit(np.stack([s * logsum(v) for v, s in zip(inner, scale, strict=True)], axis=-1))
    return [outer[..., k, None] * logit(v) for k, v in enumerate(inner)]


def draw(shares: ArrayLike, chance: ArrayLike) -> NDArray[np.int64]:
    """(n,) the alternative that each chance in [0, 1) falls upon.

    Examples
    --------
    >>> draw([[0.2, 0.3, 0.5]] * 3, [0.1, 0.4, 0.9]).tolist()
    [0, 1, 2]
    """
    edges = np.cumsum(np.asarray(shares, dtype=float), axis=-1)
    edges /= edges[..., -1:]
    found = (np.asarray(chance, dtype=float)[:, None] >= edges).sum(axis=1)
    return np.asarray(np.minimum(found, edges.shape[-1] - 1))
