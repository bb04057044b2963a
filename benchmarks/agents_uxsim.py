"""UXsim's sides of the vehicle workloads of `agents.py`, its C++ engine: single vehicles, and platoons of five.

Runs in an environment of UXsim's own. Everybody takes the cheapest way of the empty network, as on the other sides; of
five vehicles one goes with its platoon. Vehicles are not logged: that would take memory and time. The world is built
before the time starts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import uxsim
from agents_cases import JAM, WAVE, Case


def prepare(side: str, workload: str, given: Case) -> Callable[[Any], Callable[[], dict[str, Any]]]:
    """Nothing: a world cannot run twice."""
    del workload
    platoon = 5 if side.endswith("of 5") else 1
    return lambda clock: _run(given, platoon, clock)


def _run(given: Case, platoon: int, clock: Any) -> Callable[[], dict[str, Any]]:
    world = uxsim.World(
        deltan=platoon, reaction_time=1 / (JAM * WAVE), duo_update_time=1e9, duo_update_weight=0, duo_noise=0, tmax=6000.0,
        print_mode=0, save_mode=0, show_mode=0, show_progress=0, random_seed=0, vehicle_logging_timestep_interval=0,
        cpp=True,
    )  # fmt: skip
    for node, (x, y) in enumerate(zip(given.x, given.y, strict=True)):
        world.addNode(str(node), float(x), float(y))
    for arc, (tail, head, edge) in enumerate(zip(*given.arcs(), strict=True)):
        world.addLink(
            str(arc), str(tail), str(head), length=float(given.length[edge]), jam_density_per_lane=JAM,
            free_flow_speed=float(given.length[edge] / given.seconds[edge]), number_of_lanes=int(given.lanes[edge]),
        )  # fmt: skip
    some = np.flatnonzero(given.origin != given.goal)[::platoon]
    for one in some:
        world.addVehicle(str(given.origin[one]), str(given.goal[one]), float(given.depart[one]))
    with clock:
        world.exec_simulation()
    times = np.array([vehicle.travel_time for vehicle in world.VEHICLES.values()])
    made = times > 0
    return lambda: {"mean": float(times[made].mean()), "made": int(made.sum()) * platoon, "version": uxsim.__version__}
