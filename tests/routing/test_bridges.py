"""Bridges and articulation nodes: by hand, known graphs, the oracle, networkx."""

import networkx as nx
import numpy as np
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st
from strategies import networks, weights

from twin.errors import DataError
from twin.model import Network
from twin.routing import articulation, bridges, cut_off


def network(graph, **columns):
    ends = np.array(list(graph.edges))[:, :2].reshape(-1, 2)
    count = graph.number_of_nodes()
    return Network.from_arrays(np.zeros(count), np.zeros(count), ends[:, 0], ends[:, 1], length=1.0, **columns)


def test_by_hand():
    #  0 -- 1 == 2 -- 3 <- 4    5    (two edges between 1 and 2, a loop at 3, one-way 4 to 3, an island)
    net = Network.from_arrays(
        np.zeros(6), np.zeros(6), [0, 1, 1, 2, 3, 4], [1, 2, 2, 3, 3, 3], directed=[False] * 5 + [True]
    )
    assert bridges(net).tolist() == [True, False, False, True, False, True]
    assert articulation(net).tolist() == [False, True, True, True, False, False]
    assert cut_off(net, [1, 2, 4, 8, 16, 32]).tolist() == [1, 0, 0, 7, 0, 15]
    one = net.close([1])
    assert bridges(one).tolist() == [True, False, True, True, False, True]
    assert cut_off(one, [1, 2, 4, 8, 16, 32]).tolist() == [1, 0, 3, 7, 0, 15]
    assert cut_off(one).tolist() == [1, 0, 2, 2, 0, 1]


def test_known_graphs():
    tree = network(nx.balanced_tree(2, 3))
    assert bridges(tree).all()
    assert articulation(tree).tolist() == [True] * 7 + [False] * 8
    assert cut_off(tree)[:2].tolist() == [7, 7]
    for graph in (nx.petersen_graph(), nx.cycle_graph(6), nx.complete_graph(5)):
        assert not bridges(network(graph)).any()
        assert not articulation(network(graph)).any()
    # karate: the one bridge leads to node 11, and node 0 holds it
    karate = nx.karate_club_graph()
    net = network(karate)
    assert np.flatnonzero(bridges(net)).tolist() == [list(karate.edges).index((0, 11))]
    assert np.flatnonzero(articulation(net)).tolist() == [0]


def test_a_million_nodes_in_a_row():
    count = 1_000_000
    net = Network.from_arrays(np.arange(count), np.zeros(count), np.arange(count - 1), np.arange(1, count))
    assert bridges(net).all()
    assert cut_off(net)[[0, count // 2 - 1, count - 2]].tolist() == [1, count // 2, 1]
    assert articulation(net)[1:-1].all()


def test_nothing_to_part():
    for net in (Network.from_arrays([], [], [], []), Network.from_arrays([0, 1], [0, 0], [], [])):
        assert bridges(net).tolist() == cut_off(net).tolist() == []
        assert not articulation(net).any()


def test_bad_weights():
    net = network(nx.path_graph(3))
    for bad, says in (([1, 2], "3 nodes and 2 weights"), ([1, -1, 1], "at least 0"), ([1, np.nan, 1], "finite")):
        with pytest.raises(DataError, match=says):
            cut_off(net, bad)


def test_what_is_remembered_cannot_be_written():
    found = bridges(network(nx.path_graph(3)))
    with pytest.raises(ValueError, match="read-only"):
        found[0] = False


@given(st.data(), networks())
def test_the_oracle(data, net):
    people = data.draw(weights(net))
    assert bridges(net).tolist() == reference.bridges(net)
    assert articulation(net).tolist() == reference.articulation(net)
    assert cut_off(net, people).tolist() == reference.cut_off(net, people)


@pytest.mark.parametrize("seed", range(6))
def test_networkx(seed):
    graph = nx.gnm_random_graph(300, 330, seed=seed)
    net = network(graph)
    expected = {frozenset(ends) for ends in nx.bridges(graph)}
    found = {frozenset(ends) for ends, is_one in zip(graph.edges, bridges(net), strict=True) if is_one}
    assert found == expected
    assert set(np.flatnonzero(articulation(net)).tolist()) == set(nx.articulation_points(graph))
