"""Tables that fit their margins: iterative proportional fitting, whole numbers of it, and the gravity model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.errors import DataError

__all__ = ["fit", "gravity", "impedance", "whole"]


def fit(
    seed: ArrayLike, margins: Sequence[ArrayLike], *, within: float = 1e-9, rounds: int = 10_000
) -> NDArray[np.float64]:
    """Scale a table until its sums along each axis are the margins; odds ratios of the seed stay as they are.

    Parameters
    ----------
    seed : table of d axes, at least 0; a cell of 0 stays 0.
    margins : d arrays, the sums wanted for each position of an axis, at least 0; all have the same total.
    within : largest relative difference from a margin that is left.

    Raises
    ------
    DataError : margins of different totals, a margin above 0 over cells that are all 0, or cells of 0 in such places
        that no table fits: then the scaling does not come to an end.

    References
    ----------
    Deming & Stephan (1940), Ann. Math. Statist. 11(4), 427-444.

    Examples
    --------
    >>> fit([[1, 1], [1, 3]], [[30, 70], [40, 60]]).round(3).tolist()
    [[17.574, 12.426], [22.426, 47.574]]
    """
    table = np.array(seed, dtype=float)
    wanted = [np.asarray(margin, dtype=float) for margin in margins]
    if tuple(len(margin) for margin in wanted) != table.shape:
        raise DataError(f"fit: a table of {table.shape} and margins of {[len(m) for m in wanted]}")
    if not (np.isfinite(table).all() and (table >= 0).all() and all((np.isfinite(m) & (m >= 0)).all() for m in wanted)):
        raise DataError("fit: cells and margins are numbers from 0 on")
    totals = np.array([margin.sum() for margin in wanted])
    if np.abs(totals - totals[0]).max(initial=0.0) > 1e-6 * max(totals[0], 1.0):
        raise DataError(f"fit: margins with totals {totals.tolist()}: they count the same people, so make them equal")
    others = [tuple(a for a in range(table.ndim) if a != axis) for axis in range(table.ndim)]
    for axis, margin in enumerate(wanted):
        empty = (table.sum(axis=others[axis]) == 0) & (margin > 0)
        if empty.any():
            raise DataError(
                f"fit: axis {axis}, positions {np.flatnonzero(empty)[:5].tolist()}: a margin above 0 over cells of 0; "
                "give the seed a small number there if the case can occur"
            )
    for _ in range(rounds):
        worst = 0.0
        for axis, margin in enumerate(wanted):
            have = table.sum(axis=others[axis])
            worst = max(worst, float((np.abs(have - margin) / np.maximum(margin, 1e-300))[margin > 0].max(initial=0.0)))
            factor = np.divide(margin, have, out=np.zeros_like(margin), where=have > 0)
            table *= np.expand_dims(factor, others[axis])
        if worst <= within:
            return table
    raise DataError(
        f"fit: after {rounds} rounds a margin is still {worst:.2g} of itself off: cells of 0 leave no table that fits"
    )


def whole(table: ArrayLike, rng: np.random.Generator) -> NDArray[np.int64]:
    """Whole numbers with the table's total: what is cut off is given to cells at random, by what they lost.

    No cell gets more than one: truncate, replicate, sample (Lovelace & Ballas 2013, Comput. Environ. Urban Syst. 41).

    Examples
    --------
    >>> int(whole([[0.5, 0.5], [1.25, 0.75]], np.random.default_rng(1)).sum())
    3
    """
    exact = np.asarray(table, dtype=float)
    down = np.floor(exact + 1e-9)
    lost = np.maximum(exact - down, 0.0).ravel()
    more = round(lost.sum())
    with np.errstate(divide="ignore"):
        key = np.log(lost) + rng.gumbel(size=lost.shape)  # the largest of these are drawn by weight, none twice
    extra = np.zeros(len(lost))
    extra[np.argsort(-key, kind="stable")[:more]] = 1
    return np.asarray((down.ravel() + extra).reshape(exact.shape), dtype=np.int64)


def impedance(cost: ArrayLike, *, beta: float, alpha: float = 0.0) -> NDArray[np.float64]:
    """How a cost deters: cost^alpha exp(-beta cost), 0 where there is no way.

    Examples
    --------
    >>> impedance([0.0, 10.0, np.inf], beta=0.1).round(4).tolist()
    [1.0, 0.3679, 0.0]
    """
    c = np.asarray(cost, dtype=float)
    known = np.isfinite(c)
    safe = np.where(known, c, 0.0)
    power = safe**alpha if alpha else 1.0
    return np.asarray(np.where(known, power * np.exp(-beta * safe), 0.0))


def gravity(
    origins: ArrayLike, destinations: ArrayLike, deterrence: ArrayLike, *, both: bool = True
) -> NDArray[np.float64]:
    """Trips between places: T_ij = A_i O_i B_j D_j f(c_ij).

    Parameters
    ----------
    origins, destinations : (o,) and (d,) trips that begin and end at each place; of the same total where `both` hold.
    deterrence : (o, d) f(c), see `impedance`.
    both : trips fit both (doubly constrained); else the origins alone, and destinations are how much they attract.

    References
    ----------
    Wilson (1967), Transp. Res. 1(3), 253-269; Furness (1965), Traffic Eng. Control 7, 458-460.

    Examples
    --------
    >>> gravity([10, 10], [10, 10], impedance([[1, 3], [3, 1]], beta=np.log(3) / 2)).round(3).tolist()
    [[7.5, 2.5], [2.5, 7.5]]
    """
    pull = np.asarray(deterrence, dtype=float)
    start, end = np.asarray(origins, dtype=float), np.asarray(destinations, dtype=float)
    if both:
        return fit(pull, [start, end], within=1e-6)
    weight = pull * end
    total = weight.sum(axis=1)
    lost = (total == 0) & (start > 0)
    if lost.any():
        raise DataError(f"gravity: origins {np.flatnonzero(lost)[:5].tolist()} reach no destination")
    return np.asarray(weight * np.divide(start, total, out=np.zeros_like(start), where=total > 0)[:, None])
