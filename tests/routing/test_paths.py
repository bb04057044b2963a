"""Nearest sites and matrices: by hand, against slow oracles, scipy and networkx, and by what must always hold."""

import os
from math import inf

import networkx as nx
import numpy as np
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra
from strategies import closures, networks, sites

from twin.errors import DataError, MissingData, UnknownName
from twin.model import Network
from twin.routing import matrix, nearest, nearest_each, within
from twin.routing.paths import fixed, in_chunks


def line(*lengths, **more):
    """Nodes 0, 1, 2, … in a row."""
    count = len(lengths) + 1
    return Network.from_arrays(
        np.arange(count), np.zeros(count), np.arange(count - 1), np.arange(1, count), length=lengths, **more
    )


def town(seed=0, count=400, edges=900):
    """A random network with costs of 1 to 50, some one-way edges and some small parts."""
    rng = np.random.default_rng(seed)
    return Network.from_arrays(
        rng.uniform(0, 1000, count),
        rng.uniform(0, 1000, count),
        rng.integers(0, count, edges),
        rng.integers(0, count, edges),
        length=rng.integers(1, 51, edges).astype(float),
        directed=rng.random(edges) < 0.3,
        open=rng.random(edges) < 0.95,
    )


def csgraph(net):
    """The open arcs for scipy, of parallel ones the cheapest (scipy would add them up)."""
    cheapest = {}
    for start, end, cost, _ in reference.arcs(net):
        cheapest[start, end] = min(cost, cheapest.get((start, end), inf))
    start, end = np.array(list(cheapest)).T
    return csr_matrix((list(cheapest.values()), (start, end)), shape=(net.graph.count,) * 2)


# ── by hand ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_four_nodes_by_hand():
    #   0 --100-- 1 --100-- 2      3 (island); a second edge 0-1 of 40
    net = Network.from_arrays([0, 100, 200, 900], [0] * 4, [0, 1, 0], [1, 2, 1], length=[100, 100, 40])
    found = nearest(net, [0])
    assert found.cost[:, 0].tolist() == [0, 40, 140, inf]
    assert found.site[:, 0].tolist() == [0, 0, 0, -1]
    assert found.cost.dtype == np.float64
    assert matrix(net, [2, 3]).tolist() == [[140, 100, 0, inf], [inf, inf, inf, 0]]
    assert matrix(net, [2], [0, 3, 0]).tolist() == [[140, inf, 140]]


def test_people_travel_to_the_site_by_one_way_edges():
    net = line(5, 7, directed=True)  # 0 -> 1 -> 2
    assert nearest(net, [2]).cost[:, 0].tolist() == [12, 7, 0]
    assert nearest(net, [0]).cost[:, 0].tolist() == [0, inf, inf]
    assert matrix(net, [0]).tolist() == [[0, 5, 12]]
    assert matrix(net, [2]).tolist() == [[inf, inf, 0]]


def test_a_cost_against_the_direction_has_its_own_column():
    net = line(5, 7, length_back=[50, 70])
    assert matrix(net, [0, 2]).tolist() == [[0, 5, 12], [120, 70, 0]]
    assert nearest(net, [0]).cost[:, 0].tolist() == [0, 50, 120]  # towards the site: against the direction
    assert nearest(net, [0], k=2).cost[:, 0].tolist() == [0, 50, 120]


def test_ties_go_to_the_site_given_first():
    net = line(10, 10)
    assert nearest(net, [0, 2]).site[:, 0].tolist() == [0, 0, 1]
    assert nearest(net, [2, 0]).site[:, 0].tolist() == [1, 0, 0]
    assert nearest(net, [2, 0], k=2).site.tolist() == [[1, 0], [0, 1], [0, 1]]
    nothing = line(0, 0, 0)  # every node is as near to every site
    assert nearest(nothing, [3, 1, 0]).site[:, 0].tolist() == [0, 0, 0, 0]
    assert nearest(nothing, [3, 1, 0], k=3).site.tolist() == [[0, 1, 2]] * 4


def test_several_sites_at_one_node_are_several_sites():
    found = nearest(line(10), [1, 1, 0], k=3)
    assert found.site.tolist() == [[2, 0, 1], [0, 1, 2]]
    assert found.cost.tolist() == [[0, 10, 10], [0, 0, 10]]


def test_fewer_sites_than_asked_for():
    found = nearest(line(10), [1], k=3)
    assert found.site.tolist() == [[0, -1, -1], [0, -1, -1]]
    assert found.cost.tolist() == [[10, inf, inf], [0, inf, inf]]


@pytest.mark.parametrize("k", [1, 2])
def test_the_limit_is_inclusive(k):
    net = line(10, 10, 0.01)
    assert nearest(net, [0], k=k, limit=20).cost[:, 0].tolist() == [0, 10, 20, inf]
    assert nearest(net, [0], k=k, limit=20.01).cost[:, 0].tolist() == [0, 10, 20, 20.01]
    assert nearest(net, [0], k=k, limit=0).cost[:, 0].tolist() == [0, inf, inf, inf]


def test_a_limit_that_binary_cannot_hold_is_inclusive_too():
    assert 3 * 0.1 > 0.3  # the reason for this test
    assert nearest(line(0.1, 0.1, 0.1), [0], limit=0.3).cost[:, 0].tolist() == [0, 0.1, 0.2, 0.3]
    assert fixed(0.29) == 29
    assert fixed(inf) == fixed(1e300) == 2**32 - 2


def test_costs_are_kept_to_hundredths():
    assert matrix(line(0.004, 0.006), [0]).tolist() == [[0, 0, 0.01]]


def test_closed_edges_and_loops():
    net = Network.from_arrays([0, 1], [0, 0], [0, 0, 1], [0, 1, 1], length=[5, 3, 0])
    assert matrix(net, [0, 1]).tolist() == [[0, 3], [3, 0]]
    assert matrix(net.close([1]), [0, 1]).tolist() == [[0, inf], [inf, 0]]
    assert matrix(net, [0, 1]).tolist() == [[0, 3], [3, 0]]


def test_every_column_can_be_the_cost():
    net = line(10, 20, time=[3, 1], toll=2)
    assert matrix(net, [0], cost="time").tolist() == [[0, 3, 4]]
    assert nearest(net, [2], cost="toll").cost[:, 0].tolist() == [4, 2, 0]


def test_manhattan_distance_on_a_grid():
    side = 7
    x, y = (each.ravel() for each in np.meshgrid(np.arange(side), np.arange(side)))
    node = np.arange(side * side).reshape(side, side)
    tail = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
    head = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
    net = Network.from_arrays(x, y, tail, head)
    assert nearest(net, [0]).cost[:, 0].tolist() == (x + y).tolist()
    assert matrix(net, [24]).tolist() == [(abs(x - 3) + abs(y - 3)).tolist()]


def test_ways_beyond_the_fixed_point_are_no_ways():
    # uint32 holds 42,949,672.94: a third edge would wrap round to a short way
    longest = 21_000_000.0
    net = line(longest, longest, longest)
    assert matrix(net, [0]).tolist() == [[0, longest, 2 * longest, inf]]
    assert nearest(net, [0]).cost[:, 0].tolist() == [0, longest, 2 * longest, inf]
    assert nearest(net, [0], k=2).cost[:, 0].tolist() == [0, longest, 2 * longest, inf]


def test_a_chain_of_diamonds_beside_long_edges_is_no_trap():
    # Long edges make the buckets wide; then, last in first out, each diamond would double the corrections: 2**40.
    diamonds, far = 40, 60
    tail, head, length = [], [], []
    for i in range(diamonds):
        for a, b, c in ((0, 1, 0), (1, 2, 0), (0, 2, 2.0 ** min(diamonds - i, 18) / 100)):
            tail, head, length = [*tail, 2 * i + a], [*head, 2 * i + b], [*length, c]
    for i in range(far):
        tail, head, length = [*tail, 2 * diamonds + i], [*head, 2 * diamonds + i + 1], [*length, 21_000_000.0]
    count = 2 * diamonds + far + 1
    for order in (slice(None), slice(None, None, -1)):
        net = Network.from_arrays(
            np.zeros(count), np.zeros(count), tail[order], head[order], length=length[order], directed=True
        )
        assert matrix(net, [0])[0, : 2 * diamonds + 3].tolist() == [0] * (2 * diamonds + 1) + [21e6, 42e6]


# ── nothing there ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_empty_network():
    net = Network.from_arrays([], [], [], [])
    assert nearest(net, []).cost.shape == (0, 1)
    assert nearest(net, [], k=2).site.shape == (0, 2)
    assert matrix(net, []).shape == (0, 0)


def test_a_network_without_edges():
    net = Network.from_arrays([0, 1], [0, 0], [], [])
    assert nearest(net, [1]).cost.tolist() == [[inf], [0]]
    assert nearest(net, [1], k=2).site.tolist() == [[-1, -1], [0, -1]]
    assert matrix(net, [0, 1]).tolist() == [[0, inf], [inf, 0]]


@pytest.mark.parametrize("k", [1, 2])
def test_no_sites(k):
    found = nearest(line(10), [], k=k)
    assert found.cost.tolist() == [[inf] * k] * 2
    assert found.site.tolist() == [[-1] * k] * 2
    assert matrix(line(10), []).shape == (0, 2)
    assert matrix(line(10), [0], []).shape == (1, 0)


# ── bad input ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (-1.0, "negative or missing"),
        (np.nan, "negative or missing"),
        (21_474_836.48, "21,474,836"),
        (inf, "21,474,836"),
    ],
)
@pytest.mark.parametrize("call", [lambda n: nearest(n, [0], cost="toll"), lambda n: matrix(n, [0], cost="toll")])
def test_costs_that_cannot_be_travelled_are_named(bad, says, call):
    net = line(1, 1, 1, toll=[1, bad, bad])
    with pytest.raises(DataError, match=rf"edges\.toll: 2 costs are .*{says}.*edges 1, 2") as error:
        call(net)
    assert (error.value.layer, error.value.column, error.value.rows) == ("edges", "toll", (1, 2))
    assert nearest(net.close([1, 2]), [0], cost="toll").cost[:, 0].tolist() == [0, 1, inf, inf]  # closed: not asked


def test_unknown_names():
    with pytest.raises(UnknownName, match="no node '7'; there is 0, 1"):
        nearest(line(1), [0, 7])
    with pytest.raises(UnknownName, match="no node '-1'"):
        matrix(line(1), [-1])
    with pytest.raises(UnknownName, match=r"no node '0\.5'"):
        matrix(line(1), [0], [0.5])
    with pytest.raises(MissingData, match=r"no cost 'lenght'; did you mean 'length'\?"):
        nearest(line(1), [0], cost="lenght")
    with pytest.raises(MissingData, match="no cost 'name'; there is length") as error:
        matrix(line(1), [0], cost="name")
    assert (error.value.layer, error.value.column) == ("edges", "name")


@pytest.mark.parametrize("k", [0, -1, 1.5, np.nan])
def test_k_is_whole_and_at_least_one(k):
    with pytest.raises(DataError, match=f"at least 1, not {k}"):
        nearest(line(1), [0], k=k)


@pytest.mark.parametrize("limit", [-1, -0.001, np.nan, -inf])
def test_a_limit_is_at_least_zero(limit):
    with pytest.raises(DataError, match=f"a limit is at least 0, not {limit}"):
        nearest(line(1), [0], limit=limit)


# ── the oracles ──────────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.data(), networks(back=True))
def test_nearest_is_bellman_ford(data, net):
    given_sites = data.draw(sites(net))
    limit = data.draw(st.sampled_from([0, 4, 10, 5000, 20_000_000, inf]))
    costs, which = reference.nearest(net, given_sites, limit=limit)
    found = nearest(net, given_sites, limit=limit)
    assert found.cost.tolist() == costs
    assert found.site.tolist() == which


@given(st.data(), networks(back=True), st.integers(2, 4))
def test_k_nearest_are_the_first_k(data, net, k):
    given_sites = data.draw(sites(net))
    limit = data.draw(st.sampled_from([0, 4, 10, 5000, 20_000_000, inf]))
    costs, which = reference.nearest(net, given_sites, k=k, limit=limit)
    found = nearest(net, given_sites, k=k, limit=limit)
    assert found.cost.tolist() == costs
    assert found.site.tolist() == which


@given(st.data(), networks(back=True))
def test_nearest_each_is_nearest_group_by_group(data, net):
    groups = data.draw(st.lists(sites(net), max_size=4))
    found = nearest_each(net, groups, limit=5000)
    assert found.cost.shape == found.site.shape == (net.graph.count, len(groups))
    for column, group in enumerate(groups):
        alone = nearest(net, group, limit=5000)
        assert found.cost[:, column].tolist() == alone.cost[:, 0].tolist()
        assert found.site[:, column].tolist() == alone.site[:, 0].tolist()


@given(st.data(), networks(back=True))
def test_matrix_is_bellman_ford(data, net):
    start, end = data.draw(sites(net)), data.draw(sites(net))
    assert matrix(net, start).tolist() == reference.matrix(net, start)
    assert matrix(net, start, end).tolist() == reference.matrix(net, start, end)


@given(networks(least=2, back=True))
def test_matrix_is_networkx(net):
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(range(net.graph.count))
    graph.add_weighted_edges_from(arc[:3] for arc in reference.arcs(net))
    found = matrix(net, np.arange(net.graph.count))
    for start, row in nx.all_pairs_dijkstra_path_length(graph):
        known = [row.get(end, inf) for end in range(net.graph.count)]
        assert found[start].tolist() == [cost if cost <= reference.FARTHEST else inf for cost in known]


@pytest.mark.parametrize("seed", range(5))
def test_a_town_is_scipy(seed):
    net = town(seed)
    far = dijkstra(csgraph(net))
    weight = np.arange(net.graph.count, dtype=float)
    for limit in (0, 150, 1000, 10_000):
        assert within(net, weight, limit).tolist() == ((far <= limit) @ weight).tolist()
    assert np.array_equal(matrix(net, np.arange(400)), far)
    some = np.random.default_rng(seed).choice(400, 12)
    found = nearest(net, some, k=12)
    assert np.array_equal(found.cost, np.sort(far[:, some], axis=1))
    order = np.argsort(far[:, some], axis=1, kind="stable")
    assert np.array_equal(found.site, np.where(np.isfinite(found.cost), order, -1))
    one = nearest(net, some, limit=60)
    assert np.array_equal(one.cost[:, 0], np.where(found.cost[:, 0] <= 60, found.cost[:, 0], inf))
    assert np.array_equal(one.site[:, 0], np.where(found.cost[:, 0] <= 60, found.site[:, 0], -1))


# ── what must always hold ────────────────────────────────────────────────────────────────────────────────────────────


@given(st.data(), networks())
def test_closing_an_edge_never_shortens_a_trip(data, net):
    every = np.arange(net.graph.count)
    before = matrix(net, every)
    shut = net.close(np.array(data.draw(closures(net)), dtype=bool))
    assert (matrix(shut, every) >= before).all()
    assert np.array_equal(matrix(net, every), before)


@given(st.data(), networks())
def test_another_site_never_lengthens_a_trip(data, net):
    some = data.draw(sites(net))
    more = some + data.draw(sites(net))
    assert (nearest(net, more).cost <= nearest(net, some).cost).all()
    assert (nearest(net, more, k=3).cost <= nearest(net, some, k=3).cost).all()


@given(st.data(), networks())
def test_numbering_means_nothing(data, net):
    count, edges = net.graph.count, len(net.graph.tail)
    order = np.array(data.draw(st.permutations(range(count))), dtype=int)
    rows = np.array(data.draw(st.permutations(range(edges))), dtype=int)
    place = np.argsort(order)  # old position -> new
    name = data.draw(st.sampled_from([str, lambda i: ("n", i), lambda i: i + 0.5, lambda i: i * 1000 - 7]))
    other = Network.from_arrays(
        net.x[order],
        net.y[order],
        place[net.graph.tail[rows]],
        place[net.graph.head[rows]],
        length=net.columns["length"][rows],
        directed=net.graph.oneway[rows],
        open=net.open[rows],
        ids=[name(int(i)) for i in order],
    )
    some = data.draw(sites(net))
    for k in (1, 2):
        before, after = nearest(net, some, k=k), nearest(other, [name(i) for i in some], k=k)
        assert np.array_equal(after.cost, before.cost[order])
        assert np.array_equal(after.site, before.site[order])


@given(st.data(), networks())
def test_splitting_an_edge_changes_nothing(data, net):
    columns = net.columns
    count, many = net.graph.count, len(net.graph.tail)
    cut = np.flatnonzero(data.draw(closures(net)))
    fresh = count + np.arange(len(cut))
    tail = np.concatenate([net.graph.tail, fresh])
    head = np.concatenate([net.graph.head, net.graph.head[cut]])
    head[cut] = fresh
    length = np.concatenate([columns["length"], columns["length"][cut] / 2])
    length[cut] /= 2
    other = Network.from_arrays(
        np.zeros(count + len(cut)),
        np.zeros(count + len(cut)),
        tail,
        head,
        length=length,
        directed=np.concatenate([net.graph.oneway, net.graph.oneway[cut]]),
        open=np.concatenate([net.open, net.open[cut]]),
    )
    assert len(other.graph.tail) == many + len(cut)
    every = np.arange(count)
    assert np.array_equal(matrix(other, every, every), matrix(net, every))
    some = data.draw(sites(net))
    for k in (1, 2):
        assert np.array_equal(nearest(other, some, k=k).site[:count], nearest(net, some, k=k).site)


# ── threads ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def with_cores(monkeypatch, count):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(count)), raising=False)


def test_any_number_of_threads_gives_the_same(monkeypatch):
    net, found = town(3), []
    for cores in (1, 2, 7, 64):
        with_cores(monkeypatch, cores)
        found.append(matrix(net, np.arange(400)))
    assert all(np.array_equal(found[0], other) for other in found[1:])


@pytest.mark.parametrize("cores", [1, 4])
@pytest.mark.parametrize("count", [0, 1, 16, 17, 1000])
def test_chunks_cover_everything_once(monkeypatch, cores, count):
    with_cores(monkeypatch, cores)
    done = np.zeros(count, dtype=int)

    def mark(part):
        done[part] += 1

    in_chunks(mark, count)
    assert (done == 1).all()


def test_an_error_in_a_chunk_is_raised_and_the_rest_is_dropped(monkeypatch):
    with_cores(monkeypatch, 2)
    begun = []

    def fail(part):
        begun.append(part)
        raise DataError("no")

    with pytest.raises(DataError, match="no"):
        in_chunks(fail, 100_000, least=1)
    assert begun
