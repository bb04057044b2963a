"""Algorithms on a `Network`: the nearest site, catchments, matrices, reach between places on edges, robustness."""

from twin.routing.catchment import three_step, two_step, within
from twin.routing.isochrones import isochrones
from twin.routing.layouts import layouts
from twin.routing.paths import Nearest, matrix, nearest, nearest_each
from twin.routing.reach import Reach, reach
from twin.routing.robustness import disjoint_ways
from twin.routing.routes import Route, routes

__all__ = [
    "Nearest",
    "Reach",
    "Route",
    "disjoint_ways",
    "isochrones",
    "layouts",
    "matrix",
    "nearest",
    "nearest_each",
    "reach",
    "routes",
    "three_step",
    "two_step",
    "within",
]
