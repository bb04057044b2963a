"""Networks as values: built from arrays, closed without a copy, asked by id."""

import numpy as np
import pandas as pd
import pytest
import shapely

from twin.errors import DataError, MissingData, UnknownName
from twin.model import Network
from twin.model.network import CLOSED
from twin.routing import matrix, nearest


def three(**more):
    return Network.from_arrays([0, 30, 30], [0, 40, 0], [0, 1], [1, 2], **more)


def test_straight_lengths_and_shapes_where_none_are_given():
    net = three(crs=32631)
    assert net.columns["length"].tolist() == [50, 40]
    assert [s.wkt for s in net.shapes] == ["LINESTRING (0 0, 30 40)", "LINESTRING (30 40, 30 0)"]
    frame = net.to_frame()
    assert frame.crs.to_epsg() == 32631
    assert frame["length"].tolist() == [50, 40]
    bent = three(shapes=[shapely.LineString([(0, 0), (0, 40), (30, 40)]), shapely.LineString([(30, 40), (30, 0)])])
    assert bent.shapes[0].length == 70
    assert bent.close([0]).shapes is bent.shapes


def test_columns_of_one_value_or_of_one_an_edge():
    net = three(time=[5, 6], speed=10.0, name="Street", directed=[False, True], fixed=True)
    assert net.columns["time"].tolist() == [5, 6]
    assert net.columns["speed"].tolist() == [10, 10]
    assert net.columns["name"].tolist() == ["Street"] * 2
    assert net.graph.oneway.tolist() == [False, True]
    assert net.columns["fixed"].dtype == bool
    assert net.columns["open"].tolist() == [True, True]
    assert net.edges["time"].tolist() == [5, 6]


def test_the_network_keeps_copies():
    x, y = np.array([0.0, 30, 30]), np.array([0.0, 40, 0])
    tail, length, ids = np.array([0, 1]), np.array([1.0, 2.0]), np.array(["a", "b", "c"])
    net = Network.from_arrays(x, y, tail, [1, 2], length=length, ids=ids)
    for array in (x, y, tail, length):
        array[:] = 2
    ids[:] = "z"
    assert net.x.tolist() == [0, 30, 30]
    assert net.graph.tail.tolist() == [0, 1]
    assert matrix(net, ["a"]).tolist() == [[0, 1, 3]]


def test_nothing_in_it_can_be_changed():
    net = three()
    for array in (net.x, net.y, net.ids, net.graph.tail, net.graph.head, net.graph.oneway, *net.columns.values(),
                  net.fixed_cost(), net.arc_cost("length")):  # fmt: skip
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    with pytest.raises(TypeError):
        net.columns["length"] = np.zeros(2)
    with pytest.raises(AttributeError):
        net.x = np.zeros(3)
    looked_at = net.edges
    looked_at["length"] = 0
    assert net.columns["length"].tolist() == [50, 40]


def test_closing_shares_everything_else():
    net = three(time=[1, 2])
    shut = net.close([1])
    assert shut.open.tolist() == [True, False]
    assert net.open.tolist() == [True, True]
    assert shut.close(np.array([True, False])).open.tolist() == [False, False]  # what was shut stays shut
    assert net.close([]).open.tolist() == [True, True]
    assert net.close(pd.Series([False, True])).open.tolist() == [True, False]
    assert net.close(np.array([1, 1], dtype=np.uint8)).open.tolist() == [True, False]
    for column in ("length", "time", "name"):
        assert np.shares_memory(shut.columns[column], net.columns[column])
    assert shut.x is net.x
    assert net.fixed_cost().tolist() == [5000, 4000]
    assert shut.fixed_cost().tolist() == [5000, int(CLOSED)]


@pytest.mark.parametrize(
    ("edges", "says"),
    [
        ([2], "run from 0 to 1, not to 2"),
        ([0, -1], "run from 0 to 1, not to -1"),
        ([True], "the mask has 1 values, the network 2 edges"),
        ([1.5], "not by float64"),
        (np.array([True, False], dtype=object), "not by object"),
        (["0"], "by a boolean mask or by positions"),
    ],
)
def test_closing_what_is_not_there(edges, says):
    with pytest.raises(DataError, match=says):
        three().close(edges)


def test_columns_are_replaced_not_topology():
    net = three()
    slow = net.with_columns(length=[7, 8], time=3)
    assert matrix(slow, [0], cost="time").tolist() == [[0, 3, 6]]
    assert matrix(slow, [0]).tolist() == [[0, 7, 15]]
    assert "time" not in net.columns
    with pytest.raises(ValueError, match="topology is not a column"):
        net.with_columns(tail=[0, 0])
    with pytest.raises(DataError, match=r"edges\.length: 3 values for 2 edges") as error:
        net.with_columns(length=[1, 2, 3])
    assert error.value.column == "length"
    fresh = np.array([7.0, 8.0])
    slow = net.with_columns(length=fresh)
    fresh[:] = 0
    assert slow.columns["length"].tolist() == [7, 8]


def test_open_given_as_numbers_is_a_mask():
    for given in ([1, 0], [1.0, 0.0], np.array([True, False], dtype=object)):
        net = three().with_columns(open=given)
        assert net.open.dtype == bool
        assert matrix(net, [0]).tolist() == [[0, 50, np.inf]]
    with pytest.raises(DataError, match=r"edges\.open: values are true or false"):
        three().with_columns(open=[2, 0])


# ── ids ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "ids",
    [
        ["a", "b", "c"],
        [10, 5, -3],
        [2, 1, 0],
        [0.5, 1.5, 2.5],
        [("x", 1), ("x", 2), ("y", 1)],
        ["a", 1, ("b", 2)],
        np.array([2**40, 2**41, 7]),
        pd.Series(["u", "v", "w"]),
        np.array(["a", "b", "c"], dtype=object),
    ],
)
def test_ids_of_any_sort(ids):
    net = three(ids=ids)
    given = list(ids)
    assert net.positions(ids).tolist() == [0, 1, 2]
    assert net.positions(given[::-1]).tolist() == [2, 1, 0]
    assert net.positions([given[1]]).dtype == np.int32
    assert [net.positions([each]).tolist() for each in ids] == [[0], [1], [2]]  # one by one is the same
    assert net.node_ids([2, 0]) == [given[2], given[0]]
    assert nearest(net, [given[2]]).cost[:, 0].tolist() == [90, 40, 0]
    with pytest.raises(UnknownName, match="no node"):
        net.positions(["nowhere"])


def test_plain_ids():
    net = three()
    assert net.positions([2, 0, 2]).tolist() == [2, 0, 2]
    assert net.positions(np.array([2], dtype=np.uint8)).tolist() == [2]
    assert net.positions(1).tolist() == [1]
    assert net.positions([]).tolist() == []
    for bad in (3, -1, 2**40, 0.5):
        with pytest.raises(UnknownName, match=f"no node '{bad}'"):
            net.positions([0, bad])
    with pytest.raises(DataError, match="one dimension"):
        net.positions(np.zeros((2, 2), dtype=int))


@pytest.mark.parametrize("ids", [["a", "b", "a"], ["a", "b"], []])
def test_ids_are_as_many_as_nodes_and_different(ids):
    with pytest.raises(DataError, match=r"nodes\.id: 3 nodes need as many different ids"):
        three(ids=ids)


# ── bad input ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"length": [1, -2]}, r"edges\.length: 1 values are below 0.*rows 1: -2"),
        ({"length": [1, np.nan]}, r"edges\.length: 1 values are missing \(rows 1\)"),
        ({"length": [1, np.inf]}, r"edges\.length: 1 values are below 0 or infinite"),
        ({"length": [1, 2, 3]}, r"edges\.length: 3 values for 2 edges"),
        ({"length": ["long", 2]}, r"edges\.length: 1 values are not numbers \(rows 0: long\)"),
        ({"time": [1]}, r"edges\.time: 1 values for 2 edges"),
        ({"time": [-1, 1]}, r"edges\.time: 1 values are below 0"),
        ({"directed": [True]}, r"edges\.directed: 1 values for 2 edges"),
        ({"shapes": [shapely.LineString([(0, 0), (1, 1)])]}, r"edges\.shapes: 1 values for 2 edges"),
        ({"approach": 0}, "approach is a speed above 0"),
        ({"approach": np.nan}, "approach is a speed above 0"),
    ],
)
def test_edges_that_cannot_be(given, says):
    with pytest.raises(DataError, match=says):
        three(**given)


@pytest.mark.parametrize(
    ("x", "y", "tail", "head", "says"),
    [
        ([0, 1], [0, 0], [0], [2], r"edges\.head: positions of nodes run from 0 to 1"),
        ([0, 1], [0, 0], [-1], [1], r"edges\.tail: positions"),
        ([0, 1], [0, 0], [0.5], [1], r"edges\.tail: positions"),
        ([0, 1], [0, 0], ["0"], [1], r"edges\.tail: positions"),
        ([0, 1], [0], [0], [1], "x and y have 2 and 1 values"),
        ([0, 1], [0, 0], [0, 1], [1], "tail and head 2 and 1"),
        ([0, np.nan], [0, 0], [0], [1], r"nodes\.x: .* 1 are not finite \(nodes 1\)"),
        ([0, 1], [-np.inf, np.nan], [0], [1], r"nodes\.y: .* 2 are not finite \(nodes 0, 1\)"),
        ([[0, 1]], [0, 0], [0], [1], r"nodes\.x: .*not of shape \(1, 2\)"),
    ],
)
def test_nodes_that_cannot_be(x, y, tail, head, says):
    with pytest.raises(DataError, match=says):
        Network.from_arrays(x, y, tail, head, length=1.0)


def test_costs():
    net = three(time=[0.005, 0.015], class_=["a", "b"])
    assert net.fixed_cost("time").tolist() == [0, 2]  # to the nearest hundredth, halves to even
    assert net.fixed_cost("time") is net.fixed_cost("time")
    with pytest.raises(MissingData, match=r"no cost 'tmie'; did you mean 'time'\?"):
        net.fixed_cost("tmie")
    with pytest.raises(MissingData):
        net.fixed_cost("class_")
    assert three(length=21_474_836.47).fixed_cost().tolist() == [2**31 - 1] * 2
    with pytest.raises(DataError, match="21,474,836"):
        three(length=21_474_836.48).fixed_cost()


def test_an_empty_network():
    net = Network.from_arrays([], [], [], [])
    assert net.close([]).open.tolist() == []
    assert net.positions([]).tolist() == []
    assert len(net.shapes) == 0
    assert net.to_frame().empty
