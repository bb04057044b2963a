"""Ways that share no edge: published connectivities, the brute oracle, networkx."""

import networkx as nx
import numpy as np
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import closures, networks, sites

from twin.errors import DataError, UnknownName
from twin.model import Network
from twin.routing import disjoint_ways, edge_connectivity
from twin.routing.nx import to_networkx


def network(graph):
    ends = np.array(list(graph.edges)).reshape(-1, 2)
    count = graph.number_of_nodes()
    return Network.from_arrays(np.zeros(count), np.zeros(count), ends[:, 0], ends[:, 1], length=1.0)


def ways(net, origins, exits):
    return disjoint_ways(net, np.array(origins, dtype=np.int32), np.array(exits, dtype=np.int32))


@pytest.mark.parametrize(
    ("graph", "connectivity"),
    [
        (nx.karate_club_graph(), 1),
        (nx.petersen_graph(), 3),
        (nx.cycle_graph(7), 2),
        (nx.complete_graph(6), 5),
        (nx.balanced_tree(2, 3), 1),
        (nx.grid_2d_graph(4, 4), 2),
    ],
)
def test_edge_connectivity_of_known_graphs(graph, connectivity):
    # Menger: the edge connectivity is the least number of ways between one node and any other
    graph = nx.convert_node_labels_to_integers(graph)
    net = network(graph)
    assert min(ways(net, [0], [end]) for end in range(1, net.graph.count)) == connectivity


def test_every_edge_of_a_tree_is_a_bridge():
    net = network(nx.balanced_tree(2, 3))
    for edge, (tail, head) in enumerate(zip(net.graph.tail, net.graph.head, strict=True)):
        assert ways(net, [tail], [head]) == 1
        assert ways(net.close([edge]), [tail], [head]) == 0


def test_by_hand():
    # two parallel edges and a detour from 0 to 1; the detour is one-way; a loop is no way
    net = Network.from_arrays(
        [0] * 3, [0] * 3, [0, 0, 0, 2, 0], [1, 1, 2, 1, 0], directed=[False, False, True, True, False]
    )
    assert ways(net, [0], [1]) == 3
    assert ways(net, [1], [0]) == 2
    assert ways(net.close([0]), [0], [1]) == 2
    assert ways(net.close([0, 1, 3]), [0], [1]) == 0
    assert ways(net, [0, 2], [1]) == 3
    assert ways(net, [0], [1, 2]) == 3


def test_origins_are_no_exits_and_count_once():
    net = network(nx.cycle_graph(4))
    assert ways(net, [0, 1], [0, 1]) == 0
    assert ways(net, [0, 1], [1, 2]) == 2
    assert ways(net, [], [1]) == ways(net, [1], []) == 0
    assert ways(net, np.zeros(100_000, dtype=np.int32), [2]) == 2


def test_a_network_without_edges():
    assert ways(Network.from_arrays([0, 1], [0, 0], [], []), [0], [1]) == 0


@settings(max_examples=40)
@given(st.data(), networks(least=2, most=6, edges=7))
def test_as_many_ways_as_edges_to_shut(data, net):
    start, end = data.draw(sites(net, least=1, most=3)), data.draw(sites(net, most=3))
    assert ways(net, start, end) == reference.disjoint_ways(net, start, end)


@given(st.data(), networks(least=2, edges=25))
def test_max_flow_of_networkx(data, net):
    start, end = data.draw(st.permutations(range(net.graph.count)))[:2]
    graph = nx.DiGraph()
    graph.add_nodes_from(range(net.graph.count))
    for tail, head, _ in to_networkx(net).edges(keys=True):
        many = graph.get_edge_data(tail, head, {"capacity": 0})["capacity"]
        graph.add_edge(tail, head, capacity=many + 1)
    assert ways(net, [start], [end]) == nx.maximum_flow_value(graph, start, end)


@given(st.data(), networks(least=2))
def test_closing_an_edge_never_opens_a_way(data, net):
    shut = net.close(np.array(data.draw(closures(net)), dtype=bool))
    start, end = data.draw(sites(net, most=2)), data.draw(sites(net, most=2))
    assert ways(shut, start, end) <= ways(net, start, end)


# ── pair by pair ─────────────────────────────────────────────────────────────────────────────────────────────────────


@given(networks(least=2, edges=25))
def test_pairs_are_ways(net):
    pairs = [(a, b) for a in range(net.graph.count) for b in range(net.graph.count)]
    found = edge_connectivity(net, *np.array(pairs).T)
    assert found.tolist() == [ways(net, [a], [b]) for a, b in pairs]


def test_pairs_of_networkx():
    graph = nx.gnm_random_graph(80, 200, seed=4)
    pairs = np.random.default_rng(0).integers(0, 80, (60, 2))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    expected = [nx.edge_connectivity(graph, a, b) for a, b in pairs.tolist()]
    assert edge_connectivity(network(graph), *pairs.T).tolist() == expected
    assert max(expected) > 4


def test_pairs_by_hand():
    net = network(nx.petersen_graph())
    assert edge_connectivity(net, [0, 0, 3], [7, 0, 1]).tolist() == [3, 0, 3]
    assert edge_connectivity(net, [], []).tolist() == []
    with pytest.raises(DataError, match="are pairs: there are 2 and 1"):
        edge_connectivity(net, [0, 1], [2])
    with pytest.raises(UnknownName, match="99"):
        edge_connectivity(net, [0], [99])
