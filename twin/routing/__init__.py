"""Algorithms on a `Network`: nearest sites, catchments, matrices, routes, isochrones, layouts, and robustness.

`Transit` takes the place of a network in `matrix`, `within` and `isochrones`: streets and timetables at a time of day.
"""

from twin.routing.betweenness import Betweenness, Efficiency, betweenness, efficiency
from twin.routing.bridges import articulation, bridges, cut_off
from twin.routing.catchment import three_step, two_step, within
from twin.routing.criticality import Criticality, criticality
from twin.routing.faces import faces
from twin.routing.failures import Failures, failed, failures
from twin.routing.isochrones import isochrones
from twin.routing.itinerary import itinerary
from twin.routing.layouts import layouts
from twin.routing.matrix import matrix, prepare
from twin.routing.paths import Nearest, nearest, nearest_each
from twin.routing.reach import Reach, reach
from twin.routing.robustness import disjoint_ways, edge_connectivity
from twin.routing.routes import Route, routes
from twin.routing.transit import Transit, profile

__all__ = [
    "Betweenness",
    "Criticality",
    "Efficiency",
    "Failures",
    "Nearest",
    "Reach",
    "Route",
    "Transit",
    "articulation",
    "betweenness",
    "bridges",
    "criticality",
    "cut_off",
    "disjoint_ways",
    "edge_connectivity",
    "efficiency",
    "faces",
    "failed",
    "failures",
    "isochrones",
    "itinerary",
    "layouts",
    "matrix",
    "nearest",
    "nearest_each",
    "prepare",
    "profile",
    "reach",
    "routes",
    "three_step",
    "two_step",
    "within",
]
