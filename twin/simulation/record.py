"""The tables of a trace: trips, where everybody is in the end, visits to places that serve, and gridlock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.simulation.crowd import Crowd
from twin.simulation.movement import STATUS
from twin.simulation.physics import Queued

if TYPE_CHECKING:
    from twin.model import City
    from twin.simulation.engine import Simulation

__all__ = ["end", "gridlock", "own", "trips", "visits"]


def trips(sim: Simulation) -> pd.DataFrame:
    """One row a trip, with the ids of the nodes where it began and ended."""
    table = sim.legs.to_frame(sim.time)
    for state in sim.crowds:
        mine = table["crowd"].to_numpy() == state.place
        if not mine.any():
            continue
        ids = sim.city.network(state.agents.network).ids
        table.loc[mine, "agent"] += state.begins
        for column in ("origin", "destination"):
            if table[column].dtype != ids.dtype:
                table[column] = table[column].astype(object)
            table.loc[mine, column] = ids[table.loc[mine, column].to_numpy(dtype=np.int64)]
    table = sim.sequel.trips(table)
    table["crowd"] = np.array([state.of for state in sim.crowds], dtype=np.int64)[table["crowd"].to_numpy(np.int64)]
    return table


def end(sim: Simulation) -> pd.DataFrame:
    """One row an agent: what it does, where it is, since when [s], and its group where its crowd tells one."""
    parts = []
    for state in sim.crowds:
        if state.sequel:
            continue
        ids = sim.city.network(state.agents.network).ids
        back = np.argsort(state.row)
        told = {"group": state.column("group")[back]} if "group" in state.names() else {}
        parts.append(
            pd.DataFrame(
                {
                    "crowd": state.name,
                    "agent": np.arange(len(state)) + state.begins,
                    "number": state.of,
                    "status": STATUS[state.status[back]],
                    "node": ids[state.where()[back]],
                    "facility": _ids(sim.city, state.facility[back]),
                    "time": np.where(state.changed > sim.time, 0.0, state.changed)[back],
                    **told,
                }
            )
        )
    parts += [sim.sequel.end(days) for days in sim.sequel.parts]
    columns = ["crowd", "agent", "number", "status", "node", "facility", "time"]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    return table.set_index(["crowd", "agent"])


def visits(sim: Simulation) -> pd.DataFrame:
    """Visits that are over, and those of agents who are in line or being served, by facility id."""
    log = sim.desks.visits.copy()
    for state in sim.crowds:
        rows = np.flatnonzero(sim.desks.unfinished(state.numbers(np.arange(len(state)))))
        sim.desks.enter(log, state.numbers(rows), state.of, state.row[rows], state.facility[rows])
    table = log.to_frame()
    table["facility"] = _ids(sim.city, table["facility"].to_numpy())
    return table


def gridlock(sim: Simulation) -> pd.DataFrame:
    """Edges on which vehicles wait for each other in a circle, and those that stand behind them, for good.

    The first vehicle of each waits to enter another that is full; where that leads back to where it began, nobody will
    ever move, whatever goes on elsewhere.
    """
    before, since = sim.movement.engine.stands()
    on = sim.movement.engine.on()
    circle = _circles(before)
    lanes = np.flatnonzero(circle >= 0)
    tables = []
    for name, layer in ((key[0], layer) for key, layers in sim.networks.items() for layer in layers):
        mine = lanes[(lanes >= layer.lanes) & (lanes < layer.lanes + 2 * layer.ways.edges)]
        if len(mine) and isinstance(layer.physics, Queued):
            place = mine - layer.lanes
            tables.append(
                pd.DataFrame(
                    {
                        "network": name,
                        "edge": place // 2,
                        "backward": place % 2 == 1,
                        "vehicles": on[mine],
                        "circle": np.where(circle[mine] % 2 == 0, circle[mine] // 2, -1),
                        "behind": np.where(circle[mine] % 2 == 1, circle[mine] // 2, -1),
                        "since": since[mine],
                    }
                )
            )
    columns = ["network", "edge", "backward", "vehicles", "circle", "behind", "since"]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)


def _circles(before: NDArray[np.int32]) -> NDArray[np.int64]:
    """(l,) of lanes that each wait for one other (-1: none): 2 k in circle k, 2 k + 1 behind it, -1 neither."""
    found = np.full(len(before), -1, dtype=np.int64)
    seen = np.zeros(len(before), dtype=np.int64)  # by the walk that first came here
    circles = 0
    for start in np.flatnonzero(before >= 0):
        way, lane = [], int(start)
        while lane >= 0 and not seen[lane]:
            seen[lane] = start + 1
            way.append(lane)
            lane = int(before[lane])
        if lane < 0:
            continue
        if seen[lane] == start + 1:  # back on its own way: what follows is a circle
            ring = way.index(lane)
            found[way[ring:]] = 2 * circles
            found[way[:ring]] = 2 * circles + 1
            circles += 1
        elif found[lane] >= 0:
            found[way] = found[lane] | 1
    return found


def _ids(city: City, rows: NDArray[np.int64]) -> NDArray[Any]:
    """Ids of facilities; None where there is none."""
    ids = city.facilities["id"].to_numpy(dtype=object)
    return np.array([ids[row] if row >= 0 else None for row in rows], dtype=object)


def own(sim: Simulation) -> dict[str, pd.DataFrame]:
    """Tables that crowds keep of their own; those of one name stand one below the other."""
    parts: dict[str, list[pd.DataFrame]] = {}
    for state in sim.crowds:
        for name, table in state.agents.tables(Crowd(state, np.arange(len(state)), sim), sim).items():
            table.insert(0, "crowd", state.of)
            parts.setdefault(name, []).append(table)
    return {name: pd.concat(tables, ignore_index=True) for name, tables in parts.items()}
