"""To networkx and back."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from strategies import networks

from twin.errors import CRSError, DataError
from twin.model import Network
from twin.routing import matrix, nearest
from twin.routing.nx import from_networkx, to_networkx


def square():
    return Network.from_arrays(
        [0, 100, 100, 0],
        [0, 0, 100, 100],
        [0, 1, 2, 3, 0],
        [1, 2, 3, 0, 0],
        directed=[False, True, False, False, False],
        crs=32631,
        ids=["a", "b", "c", "d"],
        name=["north", "east", "south", "west", "round"],
    ).close([2])


def test_open_edges_with_their_columns():
    graph = to_networkx(square())
    assert set(graph.nodes) == {"a", "b", "c", "d"}
    assert graph.nodes["c"] == {"x": 100.0, "y": 100.0}
    assert graph.graph["crs"] == square().crs
    assert sorted((u, v, d["edge"]) for u, v, d in graph.edges(data=True)) == [
        ("a", "a", 4), ("a", "a", 4), ("a", "b", 0), ("a", "d", 3), ("b", "a", 0), ("b", "c", 1), ("d", "a", 3)
    ]  # fmt: skip
    assert graph["b"]["c"][0]["length"] == 100
    assert graph["b"]["c"][0]["name"] == "east"


def test_columns_named_like_parameters_of_networkx():
    net = Network.from_arrays(
        [0, 1], [0, 0], [0, 0], [1, 1], key="same", edge=7, u_for_edge=1, v_for_edge=2, weight=[3, 4]
    )
    graph = to_networkx(net)
    assert graph.number_of_edges("0", "1") == 0
    assert graph.number_of_edges(0, 1) == graph.number_of_edges(1, 0) == 2  # parallel edges stay apart
    assert sorted(data["edge"] for data in graph[0][1].values()) == [0, 1]


@given(networks(least=2))
def test_there_and_back_is_as_far(net):
    other = from_networkx(to_networkx(net))
    every = np.arange(net.graph.count)
    assert np.array_equal(matrix(other, every), matrix(net, every))


def test_ids_of_any_sort():
    graph = nx.grid_2d_graph(3, 3)
    for node in graph:
        graph.nodes[node].update(x=10.0 * node[0], y=10.0 * node[1])
    net = from_networkx(graph)
    assert nearest(net, [(2, 2)]).cost[net.positions([(0, 0)])[0], 0] == 40
    assert net.node_ids([0, 8]) == [(0, 0), (2, 2)]
    mixed = nx.Graph([("a", 1)])
    nx.set_node_attributes(mixed, {"a": 0.0, 1: 3.0}, "x")
    nx.set_node_attributes(mixed, {"a": 0.0, 1: 4.0}, "y")
    assert nearest(from_networkx(mixed), ["a"]).cost[:, 0].tolist() == [0, 5]
    assert from_networkx(mixed).positions([1, "a"]).tolist() == [1, 0]


def test_directed_and_undirected_lengths_and_names():
    graph = nx.MultiDiGraph()
    graph.add_node(1, x=0, y=0)
    graph.add_node(2, x=30, y=40)
    graph.add_edge(1, 2, length=70, name=["High Street", "A1"])
    graph.add_edge(1, 2)
    graph.add_edge(2, 1, length="60.5", name="Back Lane")
    net = from_networkx(graph)
    assert net.columns["length"].tolist() == [70, 50, 60.5]  # straight where none is given
    assert net.columns["name"].tolist() == ["High Street; A1", "", "Back Lane"]
    assert matrix(net, [1]).tolist() == [[0, 50]]
    assert matrix(net, [2]).tolist() == [[60.5, 0]]
    assert matrix(from_networkx(graph.to_undirected()), [2])[0, 0] == 50


def test_degrees_become_metres():
    graph = nx.MultiDiGraph(crs="EPSG:4326")
    graph.add_node(1, x=3.0, y=0.001)
    graph.add_node(2, x=3.001, y=0.001)
    graph.add_edge(1, 2)
    net = from_networkx(graph)
    assert net.crs.to_epsg() == 32631
    # a thousandth of a degree at the equator, 111.3195 m, times UTM's 0.9996 at its middle meridian
    assert net.columns["length"][0] == pytest.approx(111.3195 * 0.9996, abs=0.001)


def test_bad_graphs_are_named():
    graph = nx.Graph([(1, 2)])
    with pytest.raises(DataError, match="nodes have no 'x'") as error:
        from_networkx(graph)
    assert (error.value.layer, error.value.column) == ("nodes", "x")
    nx.set_node_attributes(graph, 0.0, "x")
    nx.set_node_attributes(graph, "north", "y")
    with pytest.raises(DataError, match=r"'y'.*not a number.*north"):
        from_networkx(graph)
    nx.set_node_attributes(graph, 0.0, "y")
    graph.edges[1, 2]["length"] = "far"
    with pytest.raises(DataError, match=r"'length'.*not a number.*far"):
        from_networkx(graph)
    graph.edges[1, 2]["length"] = -3.0
    with pytest.raises(DataError, match=r"edges\.length: 1 values are below 0"):
        from_networkx(graph)
    graph.edges[1, 2]["length"] = 3.0
    with pytest.raises(CRSError, match="no CRS that PROJ knows"):
        from_networkx(graph, crs="nowhere")


def test_an_empty_graph():
    assert to_networkx(from_networkx(nx.Graph(), crs=4326)).number_of_nodes() == 0
    assert to_networkx(Network.from_arrays([], [], [], [])).number_of_edges() == 0
