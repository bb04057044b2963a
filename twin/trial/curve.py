"""Compliance against the limit, swept over a range; and the knee of the curve."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.errors import TwinError
from twin.measures import Statistic
from twin.measures.measure import weighted_percentile
from twin.model import City
from twin.report.content import Text
from twin.standards import Clause
from twin.standards.check import holds
from twin.trial.near import Near
from twin.trial.parts import Curve, Gap, Knee
from twin.trial.words import word

__all__ = ["knee_of", "sweep", "swept_parameter"]

Floats = NDArray[np.float64]
_NAN = float("nan")
_UP = ("at_least", "more_than")

#: Parameters of measures that are limits in themselves, the first that a clause gives is swept.
_THRESHOLDS = ("within", "least", "over", "at_most", "days", "depth", "width", "storeys", "most")
#: Units of sizes that a measure leaves to the column it reads.
_SIZES = {"area": "m2", "floor_area": "m2", "capacity": "person"}
#: A curve whose gap from its chord is smaller than this has no knee [1].
STRAIGHT = 0.05


def sweep(
    city: City,
    clause: Clause,
    found: Any,
    limits: Mapping[str, float],
    near: Near | None,
    *,
    points: int = 50,
    span: tuple[float, float] | None = None,
    parts: tuple[Floats, Floats] | None = None,
) -> Curve | Gap:
    """Sweep a clause's limit, by one distribution where the measure has one.

    Where the clause asks for a share of those near enough, the distance (time) is swept and the share is what
    complies. Where it limits a percentile or a mean, that limit is swept, and the share is that of the places whose own
    value meets it. Where the measure is one number for the city, the number complies or does not; if its parts have
    numbers of their own, the share is that of the people who live in parts that comply.

    Parameters
    ----------
    found : what the measure gave.
    points : number of limits tried.
    span : smallest and largest limit, in the unit of what is swept; around the clause's limit where not given.
    parts : value and weight of each part of the city.
    """
    if near is not None and near.asks == "share":
        return _near(near, limits, points, span)
    if isinstance(found, Statistic):
        return _statistic(clause, found, limits, points, span)
    name = swept_parameter(clause)
    if name:
        return _evaluated(city, clause, name, limits, points, span)
    return _step(clause, float(getattr(found, "value", found)), limits, points, span, parts)


def swept_parameter(clause: Clause) -> str:
    """The parameter of a share that is a limit in itself; empty where there is none."""
    given = clause.arguments()
    if clause.meter.unit != "1":
        return ""
    number = (n for n in _THRESHOLDS if isinstance(given.get(n), int | float) and 0 < given[n] < inf)
    return next(number, "")


def knee_of(x: Floats, y: Floats) -> Knee | None:
    r"""The point farthest from the chord between the ends, both axes scaled to 1.

    .. math:: i^* = \arg\max_i |\hat y_i - \hat x_i|

    On a falling curve the horizontal axis is turned round first. This is the offline form of Kneedle without
    smoothing, which takes the vertical distance; that from the chord itself is smaller by :math:`\sqrt 2` everywhere.

    Returns
    -------
    Knee : None where the curve is flat, or nearly straight (largest gap below `STRAIGHT`).

    References
    ----------
    Satopää, Albrecht, Irwin & Raghavan (2011), 31st ICDCS Workshops, 166–171.

    Examples
    --------
    >>> knee_of(np.array([0.0, 1.0, 2.0, 3.0, 4.0]), np.array([0.0, 0.6, 0.9, 1.0, 1.0])).x
    2.0
    """
    if len(x) < 3 or not np.ptp(x) > 0 or not np.ptp(y) > 0:
        return None
    across, up = (x - x.min()) / np.ptp(x), (y - y.min()) / np.ptp(y)
    gap = up - (across if y[-1] >= y[0] else 1.0 - across)
    at = int(np.argmax(np.abs(gap)))
    if abs(gap[at]) < STRAIGHT:
        return None
    return Knee(float(x[at]), float(y[at]), float(abs(gap[at])), early=bool(gap[at] > 0))


def _grid(at: float, reach: float, points: int, span: tuple[float, float] | None, most: float = inf) -> Floats:
    """Limits to try: even steps from one step upwards that meet the clause's own limit and go on to `reach`.

    None goes beyond `most`.
    """
    if span is not None:
        return np.linspace(*span, points)
    if not 0 < at < inf:
        top = reach if 0 < reach < inf else 1.0
        return np.linspace(top / points, top, points)
    needed = at if not reach > at else reach
    before = int(np.clip(points * at / needed, points // 10 or 1, points // 2))  # steps up to the clause's limit
    x = at * np.arange(1, points + 1) / max(before, int(np.ceil(points * at / most)) if most < inf else 0)
    return np.asarray(x)


def _share_at(rows: Floats, weight: Floats, x: Floats, key: str) -> Floats:
    """Share of the weight whose value meets a limit of this kind at each of `x`; NaN meets none."""
    known = ~np.isnan(rows)
    order = np.argsort(rows[known], kind="stable")
    value, sums = rows[known][order], np.concatenate([[0.0], np.cumsum(weight[known][order])])
    slack = 1e-9 * np.maximum(1.0, np.abs(x))  # a value on an inclusive limit meets it in spite of rounding
    if key in {"at_most", "more_than"}:
        below = sums[np.searchsorted(value, x + slack, side="right")]
    else:
        below = sums[np.searchsorted(value, x - slack, side="left")]
    return np.asarray((sums[-1] - below if key in _UP else below) / weight.sum())


def _asked(limits: Mapping[str, float]) -> float:
    return next((limits[key] for key in (*_UP, "at_most", "less_than") if key in limits), _NAN)


def _near(near: Near, limits: Mapping[str, float], points: int, span: tuple[float, float] | None) -> Curve:
    costs, weight, asked = near.costs(), near.who.weight, _asked(limits)
    finite = costs[np.isfinite(costs) & (weight > 0)]
    most = float(np.quantile(finite, 0.99)) if len(finite) else near.within
    x = _grid(near.within, most, points, span)
    y = _share_at(costs, weight, x, "at_most")
    needed = weighted_percentile(costs, weight, asked) if 0 < asked <= 1 else _NAN
    unit = near.unit
    today = near.value(costs)
    label = word("swept_time" if unit == "s" else "swept_straight" if near.way == "straight" else "swept_distance")
    who = word("of_people" if near.who.persons else "of_land")
    return Curve(label, unit, x, y, near.within, asked, today, needed, knee_of(x, y), who, "distribution")


def _statistic(
    clause: Clause, found: Statistic, limits: Mapping[str, float], points: int, span: tuple[float, float] | None
) -> Curve | Gap:
    here = ~np.isnan(found.rows) & (found.weight > 0)
    rows, weight = found.rows[here], found.weight[here]
    finite = rows[np.isfinite(rows)]
    if not len(finite):
        return Gap(word("gap_no_rows"))
    key = _binding(float(found.value), limits)
    at = limits[key] if key else _NAN
    x = _grid(at, float(np.quantile(finite, 0.99)), points, span)
    y = _share_at(rows, weight, x, key or "at_most")
    parameter = clause.meter.parameters.get("share")
    given = clause.arguments().get("share", parameter.default if parameter else _NAN)
    asked = float(given) if key and parameter else _NAN
    today = float(_share_at(rows, weight, np.array([at]), key)[0]) if key else _NAN
    of = word("of_people" if found.persons else f"of_{found.layer}" if found.layer == "facilities" else "of_rows")
    label = Text(clause.meter.en, clause.meter.zh)
    return Curve(
        label, clause.meter.unit, x, y, at, asked, today, float(found.value), knee_of(x, y), of, "distribution"
    )


def _binding(value: float, limits: Mapping[str, float]) -> str:
    """The limit that is nearest to being broken, or is broken most; empty where there is none."""
    gaps = {key: value - limit if key in _UP else limit - value for key, limit in limits.items()}
    return min(gaps, key=lambda key: gaps[key]) if gaps else ""


def _evaluated(
    city: City, clause: Clause, name: str, limits: Mapping[str, float], points: int, span: tuple[float, float] | None
) -> Curve | Gap:
    given = clause.arguments()
    at = float(given[name])
    x = _grid(at, 2 * at, points, span)
    if name in {"days", "storeys"}:
        x = np.unique(np.ceil(x - 1e-9))  # whole ones

    def value(limit: float) -> float:
        got = clause.meter.function(city, **(given | {name: limit}))
        return float(getattr(got, "value", got))

    try:
        y = np.array([value(float(each)) for each in x])
    except TwinError as error:
        return Gap(Text(str(error), str(error)))
    meets = [float(each) for each, share in zip(x, y, strict=True) if limits and holds(float(share), limits)]
    needed = (meets[0] if y[-1] >= y[0] else meets[-1]) if meets else (inf if limits else _NAN)
    unit = clause.meter.given.get(name) or _SIZES.get(str(given.get("size", "area")), "1") if name else ""
    if name in {"days", "storeys"}:
        unit = "count"
    label = word(f"swept_{name}")
    today = value(at)
    return Curve(label, unit, x, y, at, _asked(limits), today, needed, knee_of(x, y), word("of_counted"), "evaluated")


def _step(
    clause: Clause,
    value: float,
    limits: Mapping[str, float],
    points: int,
    span: tuple[float, float] | None,
    parts: tuple[Floats, Floats] | None,
) -> Curve | Gap:
    key = _binding(value, limits)
    if not key:
        return Gap(word("gap_no_limit"))
    at = limits[key]
    if not abs(value) < inf:
        return Gap(word("gap_beyond"))
    share = clause.meter.unit == "1" and value <= 1 and at <= 1
    x = _grid(at, max(value, 2 * at) * 1.1, points, span, most=1.0 if share else inf)
    if parts is None:
        y = np.array([float(holds(value, {key: float(each)})) for each in x])
        of, method = word("of_city"), "step"
    else:
        y = _share_at(*parts, x, key)
        of, method = word("of_parts"), "distribution"
    today = float(holds(value, {key: at}) if parts is None else _share_at(*parts, np.array([at]), key)[0])
    label = Text(clause.meter.en, clause.meter.zh)
    knee = None if parts is None else knee_of(x, y)
    return Curve(label, clause.meter.unit, x, y, at, _NAN, today, value, knee, of, method)
