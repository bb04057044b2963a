"""Layouts: sums over everybody, against the nearest site of each node."""

from math import isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import networks, sites, weights

from twin.errors import DataError
from twin.model import Network
from twin.routing import layouts, nearest


def test_by_hand():
    line = Network.from_arrays([0, 100, 200, 900], [0] * 4, [0, 1], [1, 2])
    found = layouts(line, [[0], [2, 0], [3], []], [10, 30, 10, 50], 100)
    # the first: 0 x 10, 100 x 30, 200 x 10 over 50 people; 40 of all 100 are near; 50 reach nothing
    assert found["mean"][:3].tolist() == [(3000 + 2000) / 50, 3000 / 50, 0]
    assert isnan(found["mean"][3])
    assert found["share"].tolist() == [0.4, 0.5, 0.5, 0]
    assert found["unreached"].tolist() == [50, 50, 50, 100]


@given(st.data(), networks(back=True, turns=True))
def test_it_is_nearest_summed_up(data, net):
    people = np.array(data.draw(weights(net)), dtype=float)
    people[0] += 1
    groups = data.draw(st.lists(sites(net), max_size=20))
    found = layouts(net, groups, people, 10)
    for row, group in enumerate(groups):
        cost = nearest(net, group).cost[:, 0]
        reached = np.isfinite(cost) & (people > 0)
        assert found["share"][row] == people[cost <= 10].sum() / people.sum()
        assert found["unreached"][row] == people.sum() - people[reached].sum()
        if reached.any():
            mean = (people[reached] * cost[reached]).sum() / people[reached].sum()
            assert found["mean"][row] == pytest.approx(mean, rel=1e-12)
        else:
            assert isnan(found["mean"][row])


def test_bad_weights_are_named():
    line = Network.from_arrays([0, 100], [0, 0], [0], [1])
    for bad in ([1, np.nan], [1, -1], [0, 0]):
        with pytest.raises(DataError, match="weights are finite, at least 0, and not all 0"):
            layouts(line, [[0]], bad, 100)
    with pytest.raises(DataError, match="2 nodes and 3 weights"):
        layouts(line, [[0]], [1, 1, 1], 100)
