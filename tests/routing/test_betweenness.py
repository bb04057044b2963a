"""Betweenness and efficiency: published values, every way listed, networkx, and what a sample's errors promise."""

import os
from math import inf, log, sqrt

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import networks, weights

from twin.errors import DataError, MissingData
from twin.model import Network
from twin.routing import betweenness, efficiency
from twin.routing.nx import to_networkx


def network(graph, length=1.0):
    graph = nx.convert_node_labels_to_integers(graph)
    ends = np.array(list(graph.edges)).reshape(-1, 2)
    count = graph.number_of_nodes()
    return Network.from_arrays(np.zeros(count), np.zeros(count), ends[:, 0], ends[:, 1], length=length)


def town(seed=0, side=15):
    """Most of a grid of streets with lengths of 80 to 120, ties and all."""
    rng = np.random.default_rng(seed)
    ends = np.array(nx.convert_node_labels_to_integers(nx.grid_2d_graph(side, side)).edges)
    ends = ends[rng.random(len(ends)) < 0.9]
    return Network.from_arrays(
        np.zeros(side**2), np.zeros(side**2), *ends.T, length=rng.integers(8, 13, len(ends)) * 10.0
    )


# ── published values ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_florentine_families():
    # Medici, the most central family of Padgett & Ansell's marriages
    graph = nx.florentine_families_graph()
    found = betweenness(network(graph)).node
    assert list(graph)[int(np.argmax(found))] == "Medici"
    assert found.max() == pytest.approx(0.5219780, abs=5e-8)


def test_karate_club():
    graph = nx.karate_club_graph()  # its weights are left out
    found = betweenness(network(graph))
    assert found.node[0] == pytest.approx(0.4376353, abs=5e-8)
    assert found.edge[list(graph.edges).index((0, 31))] == pytest.approx(0.1272600, abs=5e-8)


@pytest.mark.parametrize(
    ("graph", "value"),
    [
        (nx.path_graph(5), 0.6416667),
        (nx.cycle_graph(6), 2 / 3),
        (nx.star_graph(5), 2 / 3),
        (nx.grid_2d_graph(5, 5), 0.4046429),
        (nx.karate_club_graph(), 0.4920083),
    ],
)
def test_efficiency_of_known_graphs(graph, value):
    found = efficiency(network(graph))
    assert found.value == pytest.approx(value, abs=5e-8)
    assert found.error == 0
    assert efficiency(network(graph, length=10.0)).value == pytest.approx(value / 10, abs=5e-9)


# ── by hand ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_parallel_edges_share_and_dearer_ones_get_nothing():
    #  0 ==2== 1 --- 2: two edges of 5 and one of 6 between 0 and 1
    net = Network.from_arrays([0] * 3, [0] * 3, [0, 1, 0, 1], [1, 0, 1, 2], length=[5, 5, 6, 1])
    found = betweenness(net)
    assert found.edge.tolist() == pytest.approx([1 / 3, 1 / 3, 0, 2 / 3])  # 4 of 6 journeys pass between 0 and 1
    assert found.node.tolist() == pytest.approx([0, 1, 0])


def test_people_and_one_way_edges():
    # 0 -> 1 -> 2 -> 0, nobody at 1: journeys 0-2 (by 1) and 2-0 (straight), 3 x 2 each
    net = Network.from_arrays([0] * 3, [0] * 3, [0, 1, 2], [1, 2, 0], length=1.0, directed=True)
    found = betweenness(net, weights=[3, 0, 2])
    assert found.edge.tolist() == [0.5, 0.5, 0.5]
    assert found.node.tolist() == [0, 0.5, 0]
    assert found.journeys == 12


def test_ways_of_no_cost_do_not_turn_in_circles():
    #  0 -5- 1, and 1, 2, 3 at one place (a triangle of no cost), 3 -5- 4
    net = Network.from_arrays([0] * 5, [0] * 5, [0, 1, 2, 1, 3], [1, 2, 3, 3, 4], length=[5, 0, 0, 0, 5])
    found = betweenness(net)
    assert found.node.tolist() == pytest.approx([0, 6 / 12, 0, 6 / 12, 0])
    assert found.edge.tolist() == pytest.approx([8 / 20, 4 / 20, 4 / 20, 8 / 20, 8 / 20])


def test_a_forbidden_turn():
    # arms 1 to 4 of 100, 100, 100 and 130 around 0; from arm 1 one may not turn into arm 2, nor turn round in arm 1
    banned = pd.DataFrame({"from_edge": [0, 0], "node": 0, "to_edge": [1, 0], "cost": inf})
    net = Network.from_arrays([0] * 5, [0] * 5, [1, 2, 3, 4], [0] * 4, length=[100, 100, 100, 130], turns=banned)
    found = betweenness(net)
    # of 20 journeys each arm sees the 4 from its end and the 4 to it; those from 1 to 2 turn round at the end of arm 3
    assert found.edge.tolist() == pytest.approx([8 / 20, 8 / 20, 10 / 20, 8 / 20])
    # 12 journeys neither begin nor end at 0, and that one passes it twice; the end of arm 3 has 12 of others, too
    assert found.node.tolist() == pytest.approx([13 / 12, 0, 0, 1 / 12, 0])
    assert efficiency(net).value == pytest.approx(((3 * 2) / 100 + 2 / 130 + 5 / 200 + 1 / 400 + 6 / 230) / 20)


def test_errors_of_a_sample_that_turns():
    # every draw of a source is known: the mean square over all of them, against what many draws find
    banned = pd.DataFrame({"from_edge": [0, 0], "node": 0, "to_edge": [1, 0], "cost": inf})
    net = Network.from_arrays([0] * 5, [0] * 5, [1, 2, 3, 4], [0] * 4, length=[100, 100, 100, 130], turns=banned)
    every = [betweenness(net, sample=1, seed=seed) for seed in range(60)]
    draws = np.unique([np.append(each.edge, each.node) for each in every], axis=0)
    assert len(draws) == 5
    found = betweenness(net, sample=4000, seed=1)
    spread = draws.std(axis=0) / sqrt(4000)
    assert np.allclose(np.append(found.edge_error, found.node_error), spread, rtol=0.1, atol=1e-9)
    assert found.bound == 2 * sqrt(log(2 * 4 / 0.05) / 8000)


def row_of_rings(many, sides):
    """Nodes 0, sides + 1, … in a row, each joined to the next by as many ways of two edges."""
    at = np.repeat(np.arange(many) * (sides + 1), sides)
    side = at + np.tile(np.arange(1, sides + 1), many)
    return np.concatenate([at, side]), np.concatenate([side, at + sides + 1])


@pytest.mark.parametrize("sides", [2, 3])
def test_more_ways_than_a_float_can_count(sides):
    # 2**1200 or 3**1200 ways from end to end; as many pass by each side, all along
    many, count = 1200, 1200 * (sides + 1) + 1
    people = np.zeros(count)
    people[[0, -1]] = 1
    tail, head = row_of_rings(many, sides)
    found = betweenness(Network.from_arrays(np.zeros(count), np.zeros(count), tail, head, length=1.0), weights=people)
    assert np.allclose(found.edge, 1 / sides, rtol=1e-12)
    assert np.allclose(found.node[sides + 1 : -1 : sides + 1], 1, rtol=1e-12)
    # one more edge from end to end, as cheap: of all the ways it is but one
    tail, head = np.append(tail, 0), np.append(head, count - 1)
    length = np.append(np.ones(len(tail) - 1), 2.0 * many)
    found = betweenness(
        Network.from_arrays(np.zeros(count), np.zeros(count), tail, head, length=length), weights=people
    )
    assert np.allclose(found.edge[:-1], 1 / sides, rtol=1e-12)
    assert found.edge[-1] == 0


def test_nobody_travels():
    for net in (
        Network.from_arrays([], [], [], []),
        Network.from_arrays([0], [0], [0], [0]),
        Network.from_arrays([0, 1], [0, 0], [], []),
    ):
        found = betweenness(net)
        assert not found.edge.any()
        assert not found.node.any()
        assert efficiency(net).value == 0
    line = network(nx.path_graph(3))
    assert not betweenness(line, weights=[0, 1, 0]).edge.any()
    assert betweenness(line.close([0, 1])).edge.tolist() == [0, 0]
    assert efficiency(line.close([0, 1])).value == 0


def test_bad_arguments():
    line = network(nx.path_graph(3))
    for many in (0, -1, 1.5):
        with pytest.raises(DataError, match="whole number of sources"):
            betweenness(line, sample=many)
        with pytest.raises(DataError, match="whole number of sources"):
            efficiency(line, sample=many)
    with pytest.raises(DataError, match="at least 0"):
        betweenness(line, weights=[1, -1, 1])
    with pytest.raises(MissingData, match="duration"):
        betweenness(line, cost="duration")


# ── oracles ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.data(), networks(most=6, edges=9, back=True))
def test_every_way_listed(data, net):
    people = data.draw(weights(net))
    found = betweenness(net, weights=people)
    edges, nodes = reference.betweenness(net, people)
    assert np.allclose(found.edge, edges, rtol=0, atol=1e-12)
    assert np.allclose(found.node, nodes, rtol=0, atol=1e-10)


@settings(max_examples=150)
@given(st.data(), networks(most=5, edges=7, back=True, turns=True), st.sampled_from(["length", "time"]))
def test_every_way_listed_that_turns_permit(data, net, cost):
    cost = cost if cost in net.columns else "length"
    people = data.draw(weights(net))
    found = betweenness(net, weights=people, cost=cost)
    edges, nodes = reference.betweenness(net, people, cost)
    assert np.allclose(found.edge, edges, rtol=0, atol=1e-12)
    assert np.allclose(found.node, nodes, rtol=0, atol=1e-10)
    assert found.edge.max(initial=0) <= found.passes


@given(networks(most=7, back=True, turns=True), st.sampled_from(["length", "time"]))
def test_efficiency_is_the_oracle(net, cost):
    cost = cost if cost in net.columns else "length"
    assert efficiency(net, cost=cost).value == pytest.approx(reference.efficiency(net, cost))


@pytest.mark.parametrize("seed", range(4))
def test_networkx_on_multigraphs(seed):
    rng = np.random.default_rng(seed)
    count, edges = 60, 150
    net = Network.from_arrays(
        np.zeros(count),
        np.zeros(count),
        rng.integers(0, count, edges),
        rng.integers(0, count, edges),
        length=rng.integers(1, 6, edges).astype(float),
        directed=rng.random(edges) < 0.3,
        open=rng.random(edges) < 0.95,
    )
    graph = to_networkx(net)
    found = betweenness(net)
    nodes = nx.betweenness_centrality(graph, weight="length")
    assert np.allclose(found.node, [nodes[node] for node in range(count)], rtol=0, atol=1e-12)
    both = nx.edge_betweenness_centrality(graph, weight="length")  # an arc each way
    expected = np.zeros(edges)
    for ends, value in both.items():
        expected[graph.edges[ends]["edge"]] += value
    assert np.allclose(found.edge, expected, rtol=0, atol=1e-12)


# ── samples ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_errors_of_a_sample():
    net = town()
    people = np.random.default_rng(1).integers(0, 50, net.graph.count)
    exact = betweenness(net, weights=people)
    assert exact.bound == 0
    assert not exact.margin.any()
    assert not exact.edge_error.any()
    runs, many = 200, 150
    found = [betweenness(net, weights=people, sample=many, seed=seed) for seed in range(runs)]
    off = np.array([each.edge - exact.edge for each in found])
    error = np.array([each.edge_error for each in found])
    # unbiased: the mean of 200 samples lies within 5 standard errors of the truth
    assert np.all(np.abs(off.mean(axis=0)) <= 5 * off.std(axis=0) / sqrt(runs) + 1e-12)
    # the standard error is the spread, where many journeys pass
    busy = exact.edge > np.quantile(exact.edge, 0.8)
    assert np.allclose(off.std(axis=0)[busy], np.sqrt((error**2).mean(axis=0))[busy], rtol=0.25)
    assert 0.92 <= np.mean(np.abs(off)[:, busy] <= 1.96 * error[:, busy]) <= 0.97
    nodes = np.array([each.node - exact.node for each in found])
    node_error = np.array([each.node_error for each in found])
    busy = exact.node > np.quantile(exact.node, 0.8)
    assert 0.92 <= np.mean(np.abs(nodes)[:, busy] <= 1.96 * node_error[:, busy]) <= 0.97
    # the bounds hold for every edge, however few its journeys
    margin = np.array([each.margin for each in found])
    assert np.mean(np.abs(off) <= margin, axis=0).min() >= 0.95
    assert np.mean([np.abs(each).max() <= found[0].bound for each in off]) >= 0.95
    assert found[0].bound == sqrt(log(2 * len(exact.edge) / 0.05) / (2 * many))


def test_one_draw_says_nothing_of_its_error():
    found = betweenness(town(), sample=1)
    assert np.all(found.edge_error == inf)
    assert np.all(found.margin == inf)


def test_a_sample_of_the_efficiency():
    net = town(side=10)
    truth = efficiency(net).value
    found = [efficiency(net, sample=20, seed=seed) for seed in range(300)]
    off = np.array([each.value - truth for each in found])
    error = np.array([each.error for each in found])
    assert abs(off.mean()) <= 4 * off.std() / sqrt(300)
    assert np.mean(np.abs(off) <= 2.09 * error) == pytest.approx(0.95, abs=0.04)  # t of 19 degrees
    assert efficiency(net, sample=net.graph.count) == efficiency(net)
    assert efficiency(net, sample=1).error == inf


def test_threads_change_nothing(monkeypatch):
    net = town()
    results = []
    for cores in ({0}, {0, 1, 2, 3}):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, cores=cores: cores, raising=False)
        found = betweenness(net), betweenness(net, sample=100, seed=3)
        results.append([found[0].edge, found[0].node, found[1].edge, found[1].node, found[1].edge_error])
    for one, other in zip(*results, strict=True):
        assert np.array_equal(one, other)


@settings(max_examples=30)
@given(networks(most=7), st.integers(0, 2**32))
def test_a_sample_stays_within_its_bound(net, seed):
    # 50 draws of a bound of 95 %: it fails far more rarely than that
    found = betweenness(net, sample=50, seed=seed)
    assert np.all((found.edge >= 0) & (found.edge <= 1 + 1e-9))
    assert np.all(np.abs(found.edge - betweenness(net).edge) <= 2 * found.bound)
