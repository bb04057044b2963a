"""Values on a yardstick: the limit of a clause, or two ends whose source is stated; never the cities themselves.

Normalising by the best and worst of the cities at hand would change every score when a city is added.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan, nan

from twin.benchmark.align import Alignment
from twin.benchmark.words import word
from twin.report.content import Text
from twin.standards.words import limit_words
from twin.units import shown

__all__ = ["attained", "better_of", "on_scale", "scored"]


def attained(value: float, limits: Mapping[str, float]) -> float:
    """How much of a limit is attained [1]: 1 where it is met, else the ratio of value and limit, 0 to 1.

    >>> attained(0.4, {"at_least": 0.8}), attained(480.0, {"at_most": 240.0}), attained(0.9, {"at_least": 0.8})
    (0.5, 0.5, 1.0)
    """
    if isnan(value) or not limits:
        return nan
    return min(_one(value, key, limit) for key, limit in limits.items())


def _one(value: float, key: str, limit: float) -> float:
    over, under = (value, limit) if key in {"at_least", "more_than"} else (limit, value)
    if over >= under:
        return 1.0
    return max(0.0, over / under) if under > 0 else 0.0


def on_scale(value: float, worst: float, best: float) -> float:
    """Place between two ends [1], cut off at both.

    >>> on_scale(0.25, worst=1.0, best=0.0)
    0.75
    """
    return nan if isnan(value) else min(1.0, max(0.0, (value - worst) / (best - worst)))


def better_of(limits: Mapping[str, float], told: Alignment | None) -> str:
    """Which end is better: as the alignment says, or the side that the limit is on; "" where neither tells."""
    if told is not None and told.better is not None:
        return told.better
    ways = {"more" if key in {"at_least", "more_than"} else "less" for key in limits}
    return ways.pop() if len(ways) == 1 else ""


def scored(
    value: float, unit: str, limits: Mapping[str, float], source: str, told: Alignment | None
) -> tuple[float, Text]:
    """Score and the yardstick in words: the limit where there is one, else the ends of the alignment, else none."""
    if limits:
        en, zh = limit_words(limits, unit)
        return attained(value, limits), Text(f"{en} ({source})", f"{zh}（{source}）")
    if told is not None and told.worst is not None and told.best is not None:
        ends = {"worst": shown(told.worst, unit), "best": shown(told.best, unit)}
        scale = Text(told.scale.en, told.scale.zh)
        return on_scale(value, told.worst, told.best), word("scale", scale=scale, **ends)
    return nan, Text("", "")
