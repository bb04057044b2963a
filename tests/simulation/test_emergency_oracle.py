"""Dispatch on random networks against the plain oracle, call by call."""

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely
from simulation.dispatch import dispatched

import twin
from twin.model import City, Network
from twin.simulation import Emergency, Service


def some_town(seed, nodes=25, calls=60, units=4):
    """A random network with ways round, units at two or three nodes, and calls that soon have to wait."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, 5000, (2, nodes))
    tail = [int(rng.integers(node)) for node in range(1, nodes)] + rng.integers(nodes, size=nodes).tolist()
    head = [*range(1, nodes), *rng.integers(nodes, size=nodes).tolist()]
    keep = [i for i, (a, b) in enumerate(zip(tail, head, strict=True)) if a != b]
    tail, head = np.array(tail)[keep], np.array(head)[keep]
    time = rng.integers(2000, 30_000, len(keep)) / 100.0
    net = Network.from_arrays(x, y, tail, head, length=1000.0, crs=32631, time=time)
    graph = nx.Graph()
    for a, b, seconds in zip(tail.tolist(), head.tolist(), time.tolist(), strict=True):
        if not graph.has_edge(a, b) or graph[a][b]["time"] > seconds:
            graph.add_edge(a, b, time=seconds)
    at = rng.choice(nodes, 3, replace=False)
    servers = np.array([2.0, 1.0, units - 3.0])
    facilities = gpd.GeoDataFrame(
        {"id": ["a", "b", "c"], "kind": "fire_station", "name": "", "servers": servers},
        geometry=shapely.points(x[at], y[at]),
        crs=32631,
    )
    log = gpd.GeoDataFrame(
        {
            "id": range(calls),
            "time": rng.exponential(250.0, calls).cumsum(),
            "priority": rng.integers(1, 4, calls),
            "units": rng.choice([1, 1, 2], calls),
        },
        geometry=shapely.points(*np.array([x, y])[:, rng.integers(nodes, size=calls)]),
        crs=32631,
    )
    people = gpd.GeoDataFrame({"id": range(nodes), "people": 1.0}, geometry=shapely.points(x, y), crs=32631)
    city = City.build(
        "random", 32631, networks={"drive": net}, facilities=facilities, population=people, layers={"log": log}
    )
    home = city.snap("facilities", "drive")["node"].to_numpy()
    node = city.snap("log", "drive")["node"].to_numpy()
    requests = [
        (float(log["time"][call]), int(node[call]), int(log["priority"][call]))
        for call in range(calls)
        for _ in range(int(log["units"][call]))
    ]
    return city, graph, np.repeat(home, servers.astype(int)).tolist(), requests


@pytest.mark.parametrize("seed", range(6))
def test_every_call_as_the_oracle_says(seed):
    city, graph, units, requests = some_town(seed)
    crowd = Emergency(calls="log", turn_out=60.0, scene=Service(700.0, variation=0.0))
    calls = twin.simulate(city, [crowd], until=500_000.0)["calls"]
    known = dispatched(graph, units, requests, turn_out=60.0, scene=700.0)
    assert len(calls) == len(known) == len(requests)
    told = [known[request] for request in range(len(requests))]
    assert calls["unit"].tolist() == [unit for _, _, unit in told]
    assert np.allclose(calls["order"], [order for order, _, _ in told], atol=1e-6)
    assert np.allclose(calls["arrive"], [arrive for _, arrive, _ in told], atol=1e-6)
    waited = (calls["order"] > calls["time"] + 1.0).sum()
    turned = (calls["start"] == calls["order"]).sum()
    assert waited > 5
    assert turned > 5  # sent from the road
