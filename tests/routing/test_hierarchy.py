"""The customizable hierarchy: by hand, against plain Dijkstra and elimination by the book, and by what must hold."""

import lzma
import os

import numpy as np
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra
from strategies import networks

from twin.errors import DataError
from twin.routing.dissection import neighbours, order
from twin.routing.hierarchy import Hierarchy

FAR = 0xFFFFFFFF


def rows(count, tail, head, *columns):
    """Compressed rows of arcs, and their columns in the same order."""
    tail, head = np.asarray(tail, dtype=np.int64), np.asarray(head, dtype=np.int64)
    by = np.argsort(tail, kind="stable")
    indptr = np.concatenate([[0], np.cumsum(np.bincount(tail, minlength=count))]).astype(np.int32)
    return indptr, head[by].astype(np.int32), *(np.asarray(column)[by] for column in columns)


def line(*costs):
    """0 -> 1 -> 2 …, one way."""
    return rows(len(costs) + 1, range(len(costs)), range(1, len(costs) + 1), np.array(costs, dtype=np.uint32))


def plain(indptr, target, cost, origins):
    """scipy's Dijkstra on the cheapest of parallel arcs; scipy takes an explicit zero for an arc of no cost."""
    count = len(indptr) - 1
    tail = np.repeat(np.arange(count), np.diff(indptr))
    by = np.lexsort((cost, target, tail))
    tail, head, value = tail[by], target[by], cost[by].astype(float)
    keep = np.concatenate([[True], (np.diff(tail) != 0) | (np.diff(head) != 0)]) if len(tail) else np.zeros(0, bool)
    keep &= value < FAR
    graph = csr_matrix((value[keep], (tail[keep], head[keep])), shape=(count, count))
    found = dijkstra(graph, indices=origins)
    return np.where(found < FAR, found, FAR).astype(np.uint32)


def town(seed, count=500, arcs=1300, *, dearest=5000):
    """Points in a plane joined to others near by, one way or both; loops, twins, free and closed arcs, islands."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, 1000, (2, count))
    tail = rng.integers(0, count, arcs)
    near = np.argsort(np.hypot(x[:, None] - x, y[:, None] - y), axis=1)
    head = near[tail, rng.integers(0, 6, arcs)]
    cost = rng.integers(0, dearest, arcs).astype(np.uint32)
    cost[rng.random(arcs) < 0.1] = 0
    cost[rng.random(arcs) < 0.05] = FAR
    both = rng.random(arcs) < 0.6
    back = rng.permutation(cost)[both]
    arrays = np.concatenate([tail, head[both]]), np.concatenate([head, tail[both]]), np.concatenate([cost, back])
    return *rows(count, *arrays), x, y


def same(one, other):
    return np.array_equal(one.up, other.up) and np.array_equal(one.down, other.down)


# ── by hand ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_three_nodes_by_hand():
    #   0 --5--> 1 --7--> 2, and back 2 --1--> 0
    indptr, target, cost = rows(3, [0, 1, 2], [1, 2, 0], np.array([5, 7, 1], dtype=np.uint32))
    metric = Hierarchy.build(indptr, target).customise(cost)
    assert metric.table([0, 1, 2]).tolist() == [[0, 5, 12], [8, 0, 7], [1, 6, 0]]
    assert metric.table([2, 0], [1, 1, 2]).tolist() == [[6, 6, 0], [5, 5, 12]]
    assert metric.table([0]).dtype == np.uint32


def test_closed_is_no_way_and_floats_have_their_unit():
    indptr, target, cost = line(150, FAR, 25)
    metric = Hierarchy.build(indptr, target).customise(cost)
    assert metric.table([0, 2]).tolist() == [[0, 150, FAR, FAR], [FAR, FAR, 0, 25]]
    result = metric.fill(np.empty((2, 4)), [0, 2])
    assert result.tolist() == [[0, 1.5, np.inf, np.inf], [np.inf, np.inf, 0, 0.25]]


def test_the_cheapest_of_parallel_arcs_and_no_loop():
    indptr, target, cost = rows(2, [0, 0, 0, 1], [1, 1, 0, 1], np.array([9, 4, 0, 3], dtype=np.uint32))
    assert Hierarchy.build(indptr, target).customise(cost).table([0, 1]).tolist() == [[0, 4], [FAR, 0]]


def test_ways_up_to_the_last_of_the_fixed_point_and_none_beyond():
    for last, expected in ((2**31 - 2, FAR - 1), (2**31 - 1, FAR), (2**31, FAR), (FAR - 1, FAR)):
        indptr, target, cost = line(2**31, last, 2**31)
        metric = Hierarchy.build(indptr, target).customise(cost)
        assert metric.table([0])[0].tolist() == [0, 2**31, expected, FAR]
        assert metric.table([1])[0].tolist() == [FAR, 0, last, min(last + 2**31, FAR)]


def test_nothing_there():
    empty = Hierarchy.build(np.zeros(1, np.int32), np.zeros(0, np.int32)).customise(np.zeros(0, np.uint32))
    assert empty.table([]).shape == (0, 0)
    assert empty.update([], []).table([], []).shape == (0, 0)
    islands = Hierarchy.build(np.zeros(4, np.int32), np.zeros(0, np.int32)).customise(np.zeros(0, np.uint32))
    assert islands.table([2, 0]).tolist() == [[FAR, FAR, 0], [0, FAR, FAR]]
    assert islands.table([], [1]).shape == (0, 1)
    assert islands.table([1], []).shape == (1, 0)


# ── elimination ──────────────────────────────────────────────────────────────────────────────────────────────────────


def by_the_book(h, count, first, near):
    """(tail, head) by rank of every arc that elimination in the order of the ranks leaves."""
    pairs = [(int(h.rank[u]), int(h.rank[v])) for u in range(count) for v in near[first[u] : first[u + 1]]]
    return reference.eliminate(count, pairs)


@given(st.data())
def test_the_arcs_are_those_of_elimination(data):
    graph = data.draw(networks(most=12, edges=30)).graph
    h = Hierarchy.build(graph.arcs.indptr, graph.arcs.target)
    first, near = neighbours(graph.arcs.indptr, graph.arcs.target)
    tail = np.repeat(np.arange(graph.count), np.diff(h.first))
    assert sorted(h.rank.tolist()) == list(range(graph.count))
    assert list(zip(tail.tolist(), h.head.tolist(), strict=True)) == by_the_book(h, graph.count, first, near)


@pytest.mark.parametrize("seed", range(4))
def test_the_arcs_are_those_of_elimination_in_a_town(seed):
    indptr, target, _, x, y = town(seed)
    first, near = neighbours(indptr, target)
    for h in (Hierarchy.build(indptr, target), Hierarchy.build(indptr, target, x, y)):
        tail = np.repeat(np.arange(len(x)), np.diff(h.first))
        assert list(zip(tail.tolist(), h.head.tolist(), strict=True)) == by_the_book(h, len(x), first, near)
        rest = np.flatnonzero(np.diff(h.first) > 0)
        assert np.array_equal(h.parent[rest], h.head[h.first[rest]])


def grid(side):
    node = np.arange(side * side).reshape(side, side)
    tail = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
    head = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
    y, x = np.divmod(np.arange(side * side), side)
    return *rows(side * side, np.concatenate([tail, head]), np.concatenate([head, tail])), x, y


def test_a_grid_takes_few_arcs():
    # George (1973): nested dissection of a k x k grid fills in at most 31/4 k^2 log2 k; row by row it would be k^3.
    side = 64
    indptr, target, x, y = grid(side)
    for h in (Hierarchy.build(indptr, target, x, y), Hierarchy.build(indptr, target)):
        assert len(h.head) < 31 / 4 * side**2 * np.log2(side) / 2
    assert len(Hierarchy.build(indptr, target, x, y).head) < 60_000


def test_a_chain_becomes_a_flat_tree():
    count = 4096
    indptr, target, _ = line(*[1] * (count - 1))
    h = Hierarchy.build(indptr, target)
    depth = np.zeros(count, dtype=int)
    for r in range(count - 2, -1, -1):
        depth[r] = depth[h.parent[r]] + 1 if h.parent[r] >= 0 else 0
    assert depth.max() <= 2 * np.log2(count)


def test_a_hub_and_a_clique():
    count = 300
    hub = rows(count, [0] * (count - 1), range(1, count), np.arange(1, count, dtype=np.uint32))
    assert Hierarchy.build(*hub[:2]).customise(hub[2]).table([0])[0].tolist() == list(range(count))
    tail, head = (each.ravel() for each in np.mgrid[:count, :count])
    cost = np.random.default_rng(0).integers(0, 1000, count * count).astype(np.uint32)
    indptr, target, cost = rows(count, tail, head, cost)
    metric = Hierarchy.build(indptr, target).customise(cost)
    assert len(metric.up) == count * (count - 1) // 2
    assert np.array_equal(metric.table(range(9)), plain(indptr, target, cost, range(9)))


def test_the_order_does_not_depend_on_threads(monkeypatch):
    indptr, target, x, y = grid(90)
    first, near = neighbours(indptr, target)
    many = order(first, near, x.astype(float), y.astype(float))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    assert np.array_equal(order(first, near, x.astype(float), y.astype(float)), many)


@pytest.mark.parametrize("x", [np.full(400, np.nan), np.full(400, 7.0), np.full(400, np.inf)])
def test_useless_coordinates_are_as_none(x):
    indptr, target, _, _ = grid(20)
    assert np.array_equal(Hierarchy.build(indptr, target, x, x).rank, Hierarchy.build(indptr, target).rank)


# ── against plain Dijkstra ───────────────────────────────────────────────────────────────────────────────────────────


@given(st.data())
def test_any_multigraph(data):
    net = data.draw(networks(most=10, edges=24, back=True))
    arcs, cost = net.graph.arcs, net.arc_cost("length")
    metric = Hierarchy.build(arcs.indptr, arcs.target, net.x, net.y).customise(cost)
    everywhere = range(net.graph.count)
    assert np.array_equal(metric.table(everywhere), plain(arcs.indptr, arcs.target, cost, everywhere))
    shut = np.array(data.draw(st.lists(st.booleans(), min_size=len(cost), max_size=len(cost))), dtype=bool)
    other = metric.update(np.flatnonzero(shut), FAR)
    assert np.array_equal(other.table(everywhere), plain(arcs.indptr, arcs.target, other.cost, everywhere))
    assert same(other, metric.hierarchy.customise(other.cost))


@pytest.mark.parametrize("seed", range(6))
def test_a_town(seed):
    indptr, target, cost, x, y = town(seed, dearest=(5000, 2**31)[seed % 2])
    metric = Hierarchy.build(indptr, target, x, y).customise(cost)
    origins = np.random.default_rng(seed).integers(0, len(x), 70)  # some twice, and no multiple of sixteen
    truth = plain(indptr, target, cost, origins)
    assert (truth == FAR).any()
    assert np.array_equal(metric.table(origins), truth)
    ends = np.random.default_rng(seed + 1).integers(0, len(x), 33)
    assert np.array_equal(metric.table(origins, ends), truth[:, ends])
    with np.errstate(invalid="ignore"):
        floats = np.where(truth == FAR, np.inf, truth / 100)
    assert np.array_equal(metric.fill(np.empty((70, len(x))), origins), floats)


@pytest.mark.parametrize("seed", range(6))
def test_after_closures_and_other_costs_in_turn(seed):
    indptr, target, cost, x, y = town(seed)
    rng = np.random.default_rng(seed)
    metric = Hierarchy.build(indptr, target, x, y).customise(cost)
    before = metric.up.copy(), metric.down.copy(), metric.cost.copy()
    first = metric
    for share in (0.001, 0.01, 0.3, 0.001, 1):
        some = rng.choice(len(cost), max(1, int(share * len(cost))), replace=False)
        value = np.where(rng.random(len(some)) < 0.5, FAR, rng.integers(0, 9000, len(some))).astype(np.uint32)
        metric = metric.update(some, value)
        assert np.array_equal(metric.cost[some], value)
        assert same(metric, metric.hierarchy.customise(metric.cost))
        assert np.array_equal(metric.table(range(40)), plain(indptr, target, metric.cost, range(40)))
    assert all(np.array_equal(a, b) for a, b in zip(before, (first.up, first.down, first.cost), strict=True))


def test_one_arc_takes_the_partial_way(monkeypatch):
    indptr, target, x, y = grid(60)
    cost = np.random.default_rng(0).integers(1, 100, len(target)).astype(np.uint32)
    metric = Hierarchy.build(indptr, target, x, y).customise(cost)
    changed = [metric.update([arc], FAR) for arc in (0, 5000, 14_000)]
    full = [metric.hierarchy.customise(each.cost) for each in changed]
    assert all(same(a, b) for a, b in zip(changed, full, strict=True))
    monkeypatch.setattr(Hierarchy, "customise", None)  # a change in a corner does not come near all that there is
    assert metric.update([0], FAR).cost[0] == FAR
    assert metric.update([3], cost[3]) is metric


def test_results_do_not_depend_on_threads(monkeypatch):
    indptr, target, cost, x, y = town(8, 3000, 8000)
    h = Hierarchy.build(indptr, target, x, y)
    many = h.customise(cost)
    table = many.table(range(100))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    one = h.customise(cost)
    assert same(one, many)
    assert np.array_equal(one.table(range(100)), table)


# ── kept on disk ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_saved_and_loaded_again(tmp_path):
    indptr, target, cost, x, y = town(3)
    h = Hierarchy.build(indptr, target, x, y)
    for name, array in h.arrays().items():
        np.save(tmp_path / f"{name}.npy", array)
    mapped = {path.stem: np.load(path, mmap_mode="r", allow_pickle=False) for path in tmp_path.glob("*.npy")}
    again = Hierarchy.from_arrays(mapped, indptr, target)
    assert same(again.customise(cost), h.customise(cost))
    assert np.array_equal(again.customise(cost).table(range(30)), plain(indptr, target, cost, range(30)))
    assert np.array_equal(again.customise(cost).update([7], 3).up, h.customise(cost).update([7], 3).up)


def test_another_topology_is_refused():
    indptr, target, _, x, y = town(3)
    h = Hierarchy.build(indptr, target, x, y)
    other = target.copy()
    other[0] = (other[0] + 1) % len(x)
    for pair in ((indptr, other), (indptr[:-1], target[: indptr[-2]])):
        with pytest.raises(DataError, match="another topology"):
            Hierarchy.from_arrays(h.arrays(), *pair)
    with pytest.raises(DataError, match="no head, rank"):
        Hierarchy.from_arrays({k: v for k, v in h.arrays().items() if k not in ("rank", "head")}, indptr, target)


@pytest.mark.parametrize(
    "name", ["rank", "parent", "first", "head", "row", "row_tail", "row_arc", "given", "given_arc", "given_slot"]
)
def test_a_damaged_file_is_refused(name):
    indptr, target, _, x, y = town(3)
    arrays = Hierarchy.build(indptr, target, x, y).arrays()
    for damage in (
        lambda a: a[:-1],
        lambda a: a.astype(np.int64),
        lambda a: np.where(np.arange(len(a)) == 9, 10**6, a),
    ):
        broken = damage(arrays[name])
        with pytest.raises(DataError, match="damaged"):
            Hierarchy.from_arrays({**arrays, name: broken}, indptr, target)


@pytest.mark.parametrize("size", [0, 3, 10**4])
def test_costs_are_one_an_arc(size):
    indptr, target, _, x, y = town(3)
    with pytest.raises(DataError, match="costs"):
        Hierarchy.build(indptr, target, x, y).customise(np.zeros(size, np.uint32))


# ── New York ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.real
def test_new_york(data):
    with lzma.open(data("dimacs/NY.gr.xz"), "rt") as file:
        pairs = np.array([text.split()[-2:] for text in file if text[:1].isdigit()], dtype=np.int64) - 1
    count = int(pairs.max()) + 1
    rng = np.random.default_rng(0)
    length = rng.integers(2000, 30_000, 2 * len(pairs)).astype(np.uint32)  # another each way
    indptr, target, cost = rows(count, np.concatenate(pairs.T), np.concatenate(pairs.T[::-1]), length)
    h = Hierarchy.build(indptr, target)
    assert len(h.head) < 5.5 * count
    metric = h.customise(cost)
    origins, ends = rng.choice(count, (2, 20), replace=False)
    assert np.array_equal(metric.table(origins), plain(indptr, target, cost, origins))
    shut = metric.update(rng.choice(len(cost), len(cost) // 100, replace=False), FAR)
    one = metric.update([12345], FAR)
    for other in (shut, one):
        assert same(other, h.customise(other.cost))
        assert np.array_equal(other.table(origins, ends), plain(indptr, target, other.cost, origins)[:, ends])
