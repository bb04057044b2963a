"""What a measure is: a pure function of a city, with its unit, labels and parameters known to the registry."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import inf
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from twin.registry import Registry

__all__ = ["Measure", "Share", "Statistic", "measure", "measures", "weighted_percentile"]

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, eq=False)
class Measure:
    """A registered measure.

    Attributes
    ----------
    name, function : what a clause calls it, and what it runs.
    unit : SI unit of its value.
    en, zh : labels.
    given : SI unit of each parameter that has one, by name.
    reads : layers whose doubts (estimated, default speeds) are doubts of the value.
    """

    name: str
    function: Callable[..., Any]
    unit: str
    en: str
    zh: str
    given: Mapping[str, str] = field(default_factory=dict)
    reads: tuple[str, ...] = ()

    @cached_property
    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """Parameters after the city, by name."""
        return dict(list(inspect.signature(self.function).parameters.items())[1:])

    @cached_property
    def bounds(self) -> tuple[float, float]:
        """Smallest and largest value that it can have: a share lies from 0 to 1, an amount is not negative."""
        if inspect.signature(self.function).return_annotation in {Share, "Share"}:
            return 0.0, 1.0
        return (-inf if self.unit in {"1", "dB"} else 0.0), inf

    @property
    def about(self) -> str:
        """First line of the docstring."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]


def _load() -> None:
    pass


#: Every measure that a clause may name.
measures: Registry[Measure] = Registry("measure", "twin.measures", _load)


def measure(
    *, unit: str, en: str, zh: str, given: Mapping[str, str] | None = None, reads: tuple[str, ...] = ()
) -> Callable[[F], F]:
    """Register a function as a measure; the function itself stays as it is."""

    def register(function: F) -> F:
        measures.add(function.__name__, Measure(function.__name__, function, unit, en, zh, given or {}, reads))
        return function

    return register


@dataclass(frozen=True, eq=False)
class Share:
    """A share of a weighted whole.

    Attributes
    ----------
    value : weight of the rows that are reached over the weight of all [1].
    reached : (n,) bool, aligned with the layer.
    weight : (n,) weight of each row: persons, or m2 of land.
    layer : whose rows they are.
    persons : whether the weight counts persons.
    """

    value: float
    reached: NDArray[np.bool_]
    weight: NDArray[np.float64]
    layer: str = "population"
    persons: bool = True

    @classmethod
    def of(
        cls, reached: NDArray[np.bool_], weight: NDArray[np.float64], *, layer: str = "population", persons: bool = True
    ) -> Share:
        """Share of the weight that is reached; NaN where there is no weight at all.

        >>> Share.of(np.array([True, False]), np.array([30.0, 10.0])).value
        0.75
        """
        total = float(np.nansum(weight))
        value = float(np.nansum(weight[reached])) / total if total > 0 else float("nan")
        return cls(value, reached, weight, layer, persons)

    @property
    def people(self) -> float:
        """Persons left out; NaN where the weight counts something else."""
        return float(np.nansum(self.weight[~self.reached])) if self.persons else float("nan")


@dataclass(frozen=True, eq=False)
class Statistic:
    """One number over many rows, such as the 90th percentile of a response time.

    Attributes
    ----------
    value : the statistic, in the measure's unit.
    rows : (n,) value of each row, in the same unit; the rows beyond a limit are where a clause fails.
    weight, layer, persons : as in `Share`.
    """

    value: float
    rows: NDArray[np.float64]
    weight: NDArray[np.float64]
    layer: str = "population"
    persons: bool = True


def weighted_percentile(rows: NDArray[np.float64], weight: NDArray[np.float64], share: float) -> float:
    """The smallest value such that at least a share of the weight has that value or less.

    >>> weighted_percentile(np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 2.0]), 0.75)
    2.0
    """
    order = np.argsort(rows, kind="stable")
    part = np.cumsum(weight[order]) / weight.sum()
    return float(rows[order][np.searchsorted(part, share - 1e-12)])
