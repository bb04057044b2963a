"""Algorithms on a `Network`: the nearest site, catchments, matrices, reach between places on edges, robustness."""

from twin.routing.catchment import three_step, two_step, within
from twin.routing.paths import Nearest, matrix, nearest, nearest_each
from twin.routing.reach import Reach, reach
from twin.routing.robustness import disjoint_ways

__all__ = [
    "Nearest",
    "Reach",
    "disjoint_ways",
    "matrix",
    "nearest",
    "nearest_each",
    "reach",
    "three_step",
    "two_step",
    "within",
]
