"""Several cities beside each other: comparable indicators, reference values that are stated, ranks with intervals."""

from twin.benchmark.parts import Benchmark, Indicator, Reading
from twin.benchmark.run import benchmark

__all__ = ["Benchmark", "Indicator", "Reading", "benchmark"]
