"""Figures of samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.errors import DataError

__all__ = ["percentile"]


def percentile(values: NDArray[np.float64], share: float, *, what: str) -> float:
    """Least value that at least a share of all do not exceed; NaN where there is none, `inf` counts.

    Parameters
    ----------
    share : above 0 and up to 1; 0.9 is the 90th percentile [1].
    what : name of the measure, for errors.

    Examples
    --------
    >>> percentile(np.array([5.0, 1.0, 3.0, 2.0, 4.0]), 0.6, what="")
    3.0
    """
    if not 0 < share <= 1:
        raise DataError(f"{what}: a share above 0 and up to 1, not {share}", column="share")
    if not len(values):
        return float("nan")
    rank = int(np.ceil(share * len(values) - 1e-9))
    return float(np.sort(values)[rank - 1])
