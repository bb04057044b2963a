"""Verdicts over an ensemble of runs: a pass only where the confidence bound clears the limit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from twin.model import City, Verdict, Verdicts
from twin.standards.clause import Clause, limits_of
from twin.standards.pack import load
from twin.standards.words import doubts
from twin.units import shown

__all__ = ["CONFIDENCE", "combine", "interval", "settled"]

#: Confidence of the interval of the mean [1].
CONFIDENCE = 0.95


def interval(values: NDArray[np.float64], confidence: float = CONFIDENCE) -> tuple[float, float, float]:
    """Mean and two-sided Student interval of the mean (Student 1908).

    >>> low, mean, high = interval(np.array([1.0, 2.0, 3.0]))
    >>> round(low, 4), mean, round(high, 4)
    (-0.4841, 2.0, 4.4841)
    """
    mean = float(values.mean())
    if len(values) < 2:
        return -np.inf, mean, np.inf
    half = float(stdtrit(len(values) - 1, 0.5 + confidence / 2) * values.std(ddof=1) / np.sqrt(len(values)))
    return mean - half, mean, mean + half


def combine(
    runs: Sequence[Verdicts], packs: Iterable[str | Path], city: City, *, on: dt.date | None = None
) -> Verdicts:
    """One verdict a clause from many runs, by the limits of a day (today where not given); see `settled`."""
    clauses = [clause for pack in load(packs) for clause in pack.clause]
    return Verdicts(tuple(settled([run[i] for run in runs], clause, city, on=on) for i, clause in enumerate(clauses)))


def settled(verdicts: Sequence[Verdict], clause: Clause, city: City, *, on: dt.date | None = None) -> Verdict:
    """One verdict of a clause from those of many runs.

    Pass where the whole interval of the mean is on the good side of the limit, fail where all of it is on the bad side,
    else *unknown*: so many runs do not settle it. Unknown in any run is unknown. A row falls short where it does so in
    more than half of the runs.
    """
    first = verdicts[0]
    statuses = {verdict.status for verdict in verdicts}
    if "not applicable" in statuses:
        return first
    if "unknown" in statuses:
        return next(verdict for verdict in verdicts if verdict.status == "unknown")
    values = np.array([verdict.value for verdict in verdicts])
    if not np.isfinite(values).all():
        gone = int((~np.isfinite(values)).sum())
        return replace(
            first,
            status="fail" if statuses == {"fail"} else "unknown",
            reason=f"beyond reach in {gone} of {len(values)} runs",
        )
    low, mean, high = interval(values)
    limits = limits_of(clause, city.about.traits, on) or {}
    margins = [
        min(low - v, high - v) if k in {"at_least", "more_than"} else min(v - low, v - high) for k, v in limits.items()
    ]
    hopes = [
        max(low - v, high - v) if k in {"at_least", "more_than"} else max(v - low, v - high) for k, v in limits.items()
    ]
    slack = 1e-9
    status = (
        "value" if not limits else "pass" if min(margins) >= -slack else "fail" if min(hopes) < -slack else "unknown"
    )
    if status == "pass" and statuses == {"fail"}:  # a strict limit that every run touches
        status = "fail"
    unit = clause.meter.unit
    bounds = f"{shown(low, unit)} to {shown(high, unit)}"
    text = f"mean {shown(mean, unit)} over {len(values)} runs, {CONFIDENCE:.0%} interval {bounds}"
    said = [shown(value, unit, language="zh") for value in (mean, low, high)]
    text_zh = f"{len(values)}次运行均值{said[0]}，{CONFIDENCE:.0%}置信区间{said[1]}至{said[2]}"
    if status == "unknown":
        text, text_zh = f"{text}: too close to call", f"{text_zh}，尚不能判定"
    tail, tail_zh = doubts(city, clause)
    shorts = [verdict.short for verdict in verdicts if verdict.short is not None]
    same = bool(shorts) and len({len(short) for short in shorts}) == 1
    return replace(
        first,
        status=status,
        value=mean,
        margin=min(margins) if margins else float("nan"),
        people=float(np.mean([verdict.people for verdict in verdicts])),
        reason="; ".join(filter(None, (text, tail))),
        reason_zh="；".join(filter(None, (text_zh, tail_zh))),
        short=np.mean(shorts, axis=0) > 0.5 if same else None,
    )
