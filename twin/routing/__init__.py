"""Algorithms on a `Network`: the nearest site, catchments, matrices, reach between places on edges, robustness."""

from twin.routing.betweenness import Betweenness, Efficiency, betweenness, efficiency
from twin.routing.bridges import articulation, bridges, cut_off
from twin.routing.catchment import two_step, within
from twin.routing.criticality import Criticality, criticality
from twin.routing.failures import Failures, failed, failures
from twin.routing.paths import Nearest, matrix, nearest
from twin.routing.reach import Reach, reach
from twin.routing.robustness import disjoint_ways, edge_connectivity

__all__ = [
    "Betweenness",
    "Criticality",
    "Efficiency",
    "Failures",
    "Nearest",
    "Reach",
    "articulation",
    "betweenness",
    "bridges",
    "criticality",
    "cut_off",
    "disjoint_ways",
    "edge_connectivity",
    "efficiency",
    "failed",
    "failures",
    "matrix",
    "nearest",
    "reach",
    "two_step",
    "within",
]
