"""Stops on streets: by hand, and against streets cut where doors are, one door after the other."""

from math import inf

import numpy as np
import pandas as pd
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import EIGHTH, networks

from twin.model import Network
from twin.routing import matrix
from twin.routing.footways import _footways, _streets

STOPS = 3


@st.composite
def doors(draw, net):
    """Doors at eighths of edges, some stops with several and some with none, as `_hung` gives them."""
    many = draw(st.integers(0, 5)) if len(net.graph.tail) else 0
    whole = st.integers(0, 6)
    rows = [
        {
            "stop": draw(st.integers(0, STOPS - 1)),
            "enter": draw(whole),
            "leave": draw(whole),
            "edge": draw(st.integers(0, len(net.graph.tail) - 1)),
            "share": draw(st.integers(0, 8)) * EIGHTH,
            "gap": float(draw(whole)),
            "x": 0.0,
            "y": 0.0,
        }
        for _ in range(many)
    ]
    table = pd.DataFrame(rows, columns=["stop", "enter", "leave", "edge", "share", "gap", "x", "y"])
    table = table.astype({"stop": int, "enter": int, "leave": int, "edge": int, "share": float, "gap": float})
    return table.sort_values(["edge", "share", "stop"], kind="stable", ignore_index=True)


def ways(net, hung):
    """The streets cut at every door, and from each stop out to its doors and from these in to it."""
    cuts = {edge: set(part["share"]) for edge, part in hung.groupby("edge")}
    cuts = {edge: cuts.get(edge, set()) for edge in range(len(net.graph.tail))}
    found = reference._cut_edges(net, cuts, "length")
    for side, leaves in (("in", False), ("out", True)):
        seconds = hung["gap"] + hung["leave" if leaves else "enter"]
        table = pd.DataFrame(
            {"edge": hung["edge"], "start": hung["share"], "end": hung["share"], "gap": seconds}
        ).set_index(pd.Index(hung["stop"]))
        found += reference._touches(net, cuts, side, table, leaves=leaves)
    return found


@settings(max_examples=40)
@given(st.data(), networks(), st.sampled_from([0.0, 3.0, 17.5, 10_000.0]))
def test_every_walk_is_that_of_the_cut_streets(draw, net, limit):
    hung = draw.draw(doors(net))
    unsnapped = sorted(set(range(STOPS)) - set(hung["stop"]))
    arcs = ways(net, hung)
    streets = _streets(net, hung, STOPS, 1.0)
    n = net.graph.count
    found = matrix(streets, np.arange(n), np.arange(n + STOPS), cost="time")
    ends = [*range(n), *(("in", s) for s in range(STOPS))]
    for origin in range(n):
        there = reference.bellman_ford(origin, arcs)
        assert found[origin].tolist() == [there.get(end, inf) for end in ends]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("twin.routing.footways._hung", lambda *_: hung)
        made = _footways(net, hung, STOPS, 1.0, limit)
    assert made.unsnapped.tolist() == unsnapped
    for stop in range(STOPS):
        there = reference.bellman_ford(("out", stop), arcs)
        near = {end: cost for end, cost in there.items() if cost <= limit}
        for rows, wanted in (
            (made.egress, {node: near[node] for node in range(n) if node in near}),
            (made.feet, {s: near["in", s] for s in range(STOPS) if s != stop and ("in", s) in near}),
        ):
            part = slice(rows.begin[stop], rows.begin[stop + 1])
            assert dict(zip(rows.to[part].tolist(), (rows.time[part] / 100).tolist(), strict=True)) == wanted


def test_nobody_walks_through_a_station():
    # 0 --100-- 1 --100-- 2; a station with doors at both ends, 10 s through either: 20 s from end to end
    net = Network.from_arrays([0, 100, 200], [0, 0, 0], [0, 1], [1, 2])
    hung = pd.DataFrame(
        {
            "stop": [0, 0],
            "enter": [10, 10],
            "leave": [10, 10],
            "edge": [0, 1],
            "share": [0.0, 1.0],
            "gap": [0.0, 0.0],
            "x": 0.0,
            "y": 0.0,
        }
    )
    found = matrix(_streets(net, hung, 1, 1.0), [0], [1, 2, 3], cost="time")
    assert found.tolist() == [[100, 200, 10]]  # node 3 is the stop as the end of a walk
