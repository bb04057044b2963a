"""Towns along one street or round one ring, for runs that can be checked with a pencil."""

import geopandas as gpd
import numpy as np
import shapely

from twin.model import City, Network


def town(stations, calls, *, ring=False, count=6, seconds=100.0, servers=1.0, others=(), **columns):
    """Nodes 1 km apart along a street, each 100 s of driving away from the next; in a ring the last meets the first.

    Parameters
    ----------
    stations : nodes with a fire station each, with so many servers.
    calls : (time, node) of each call in the layer ``log``; `columns` are further columns of it.
    others : (kind, node) of further facilities.
    """
    x, y = np.arange(count) * 1000.0, np.zeros(count)
    if ring:
        angle = 2 * np.pi * np.arange(count) / count
        x, y = 1000.0 * np.cos(angle), 1000.0 * np.sin(angle)
    tail = np.arange(count if ring else count - 1)
    net = Network.from_arrays(
        x, y, tail, (tail + 1) % count, length=1000.0, crs=32631, time=np.full(len(tail), float(seconds))
    )
    at = shapely.points(x, y)
    kinds = [("fire_station", node) for node in stations] + list(others)
    facilities = gpd.GeoDataFrame(
        {
            "id": [f"{kind}-{node}" for kind, node in kinds],
            "kind": [kind for kind, _ in kinds],
            "name": "",
            "servers": servers,
        },
        geometry=at[[node for _, node in kinds]],
        crs=32631,
    )
    times, nodes = (list(each) for each in zip(*calls, strict=True)) if len(calls) else ([], [])
    log = gpd.GeoDataFrame(
        {"id": range(len(calls)), "time": np.array(times, dtype=float), **columns},
        geometry=at[np.array(nodes, dtype=int)],
        crs=32631,
    )
    people = gpd.GeoDataFrame({"id": range(count), "people": 10.0}, geometry=at, crs=32631)
    return City.build(
        "town", 32631, networks={"drive": net}, facilities=facilities, population=people, layers={"log": log}
    )
