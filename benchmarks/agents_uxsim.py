"""One of the vehicle workloads of `agents.py` in UXsim, single vehicles, each on its cheapest way when empty.

    python agents_uxsim.py WORKLOAD.npz

Runs in an environment of UXsim's own; prints seconds of the run and the mean travel time.
"""

import json
import sys
import time

import numpy as np
import uxsim


def main(path: str) -> None:
    given = np.load(path)
    start = time.perf_counter()
    world = uxsim.World(
        deltan=1, reaction_time=1, duo_update_time=1e9, duo_update_weight=0, duo_noise=0, tmax=float(given["until"]),
        print_mode=0, save_mode=0, show_mode=0, show_progress=0, random_seed=0, cpp=True,
    )  # fmt: skip
    for node, (x, y) in enumerate(zip(given["x"], given["y"], strict=True)):
        world.addNode(str(node), float(x), float(y))
    for edge, (tail, head, length) in enumerate(zip(given["tail"], given["head"], given["length"], strict=True)):
        world.addLink(
            str(edge), str(tail), str(head), length=float(length), free_flow_speed=float(given["speed"]),
            jam_density_per_lane=0.2, number_of_lanes=int(given["lanes"]),
        )  # fmt: skip
    for origin, goal, depart in zip(given["origin"], given["goal"], given["depart"], strict=True):
        if origin != goal:
            world.addVehicle(str(origin), str(goal), float(depart))
    ready = time.perf_counter()
    world.exec_simulation()
    done = time.perf_counter()
    world.analyzer.basic_analysis()
    mean = world.analyzer.average_travel_time
    print(
        json.dumps(
            {
                "build": ready - start,
                "run": done - ready,
                "mean": float(mean),
                "made": int(world.analyzer.trip_completed),
                "of": int(world.analyzer.trip_all),
                "version": uxsim.__version__,
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1])
