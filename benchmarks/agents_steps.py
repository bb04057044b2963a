"""Walkers a second at a time, in numpy: what is written where no simulator is at hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from agents_cases import Case
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra


def ways(given: Case, goals: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], Any]:
    """The goals, for each of them the next node from every node, and lengths against the direction, by scipy."""
    tail, head, edge = given.arcs()
    matrix = csr_matrix((given.length[edge], (head, tail)), shape=(len(given.x),) * 2)  # against the way one goes
    places = np.unique(goals)
    _, before = dijkstra(matrix, indices=places, return_predecessors=True)
    return places, before, matrix


def prepare(side: str, workload: str, given: Case) -> Callable[[Any], Callable[[], dict[str, Any]]]:
    """Nothing but the arrays."""
    del side, workload

    def run(clock: Any) -> Callable[[], dict[str, Any]]:
        with clock:
            clocks = _walk(given)
        return lambda: {"sum": int(np.ceil(clocks - 1e-9).sum()), "events": 0}

    return run


def _walk(given: Case) -> NDArray[np.float64]:
    places, before, _ = ways(given, given.goal)
    goal, count = given.goal.astype(np.int64), len(given.origin)
    table = np.searchsorted(places, goal)
    step = {1: 0, -1: 1, 100: 2, -100: 3}  # of a grid 100 nodes wide
    tail, head, edge = given.arcs()
    cost = np.zeros((10_000, 4))
    cost[tail, [step[d] for d in (head - tail).tolist()]] = given.length[edge] / 1.4
    shift = np.zeros(201, dtype=np.int64)
    for difference, place in step.items():
        shift[difference + 100] = place
    node, clock, tick, active = given.origin.astype(np.int64), np.zeros(count), 0, given.origin != goal
    target = node.copy()
    while active.any():
        due = np.flatnonzero(active & (clock <= tick + 1e-9))
        while len(due):
            node[due] = target[due]
            there = node[due] == goal[due]
            active[due[there]] = False
            due = due[~there]
            target[due] = before[table[due], node[due]]
            clock[due] += cost[node[due], shift[target[due] - node[due] + 100]]
            due = due[clock[due] <= tick + 1e-9]
        tick += 1
    return clock
