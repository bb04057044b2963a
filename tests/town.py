"""A town of one street and three tram stops, small enough that its travel times are worked out by hand."""

import dataclasses
import datetime as dt

import numpy as np
import pandas as pd

from twin.model import Network, Timetable
from twin.units import hour

DATE = dt.date(2026, 3, 3)


def town(trips=(), *, island=(2000.0, 9000.0), **more):
    """Streets 0 --1000-- 1 --1000-- 2 --1000-- 3 --1000-- 4 (m), an island 5; 1 m/s; stops at nodes 0, 2 and 4, and 9
    km away. Trips are (line, ((stop, arrive, depart), …)), all days of March 2026.
    """
    walk = Network.from_arrays([0, 1000, 2000, 3000, 4000, 90_000], [0] * 6, [0, 1, 2, 3], [1, 2, 3, 4], crs=32631)
    rows = [(n, *call) for n, (_, calls) in enumerate(trips) for call in calls]
    table = Timetable.build(
        stops=pd.DataFrame(
            {
                "id": ["A", "B", "C", "D"],
                "name": ["West", "Mid", "East", "Far"],
                "x": [0.0, 2000.0, 4000.0, island[0]],
                "y": [0.0, 0.0, 0.0, island[1]],
            }
        ),
        lines=pd.DataFrame({"id": ["1", "2"], "name": ["Red", "Blue"], "mode": ["tram", "bus"]}),
        trips=pd.DataFrame(
            {
                "id": [f"t{n}" for n in range(len(trips))],
                "line": np.array([line for line, _ in trips], dtype=int),
                "service": 0,
            }
        ),
        times={
            c: np.array([row[i] for row in rows], dtype=np.int32)
            for i, c in enumerate(("trip", "stop", "arrive", "depart"))
        },
        calendar=(["all"], dt.date(2026, 3, 1), np.ones((1, 31), dtype=bool)),
        **more,
    )
    lines = Network.from_arrays(table.stops["x"], table.stops["y"], [], [], crs=32631)
    return walk, dataclasses.replace(lines, timetable=table)


EIGHT = int(8 * hour)
#: A tram from A over B to C at 8:10, 8:30, 8:50: ten minutes in all, five to B.
TRAM = [
    (0, ((0, EIGHT + t, EIGHT + t), (1, EIGHT + t + 300, EIGHT + t + 300), (2, EIGHT + t + 600, EIGHT + t + 600)))
    for t in (600, 1800, 3000)
]
ONE = {"walk_speed": 1.0, "max_walk": 1000.0}
