"""Random networks, sites, closures and places for the property tests: small, and as awkward as they come."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from twin.model import Network

__all__ = ["EIGHTH", "closures", "hung", "networks", "sites", "weights"]

#: Places hang at eighths of edges whose cost is an even number: every sum is exact in hundredths.
EIGHTH = 1 / 8

#: Zero-length edges, ties, and edges so long beside short ones that the queue's buckets are wide.
COSTS = st.one_of(st.sampled_from([0, 2, 2, 4, 6, 8, 10]), st.sampled_from([0, 2, 100, 4096, 250_000, 20_000_000]))


@st.composite
def networks(draw, *, least=1, most=9, edges=16, back=False, shut=True, turns=False):
    """Any multigraph: parts that do not meet, loops, parallel, one-way and closed edges, edges of no length."""
    count = draw(st.integers(least, most))
    many = draw(st.integers(0, edges))
    node = st.integers(0, count - 1)
    tail = draw(st.lists(node, min_size=many, max_size=many))
    head = draw(st.lists(node, min_size=many, max_size=many))
    flag = st.lists(st.booleans(), min_size=many, max_size=many)
    cost = st.lists(COSTS, min_size=many, max_size=many)
    further = {"length_back": np.array(draw(cost), dtype=float)} if back else {}
    if turns and many:
        further["turns"] = draw(_turns(tail, head))
        further["time"] = np.array(draw(cost), dtype=float)
    return Network.from_arrays(
        np.arange(count) * 10.0,
        np.zeros(count),
        tail,
        head,
        length=np.array(draw(cost), dtype=float),
        directed=np.array(draw(flag), dtype=bool),
        open=~np.array(draw(flag), dtype=bool) | (not shut),
        **further,
    )


@st.composite
def _turns(draw, tail, head):
    """Turns at junctions, forbidden or dear, some listed twice."""
    edge = st.integers(0, len(tail) - 1)
    rows = []
    for come in draw(st.lists(edge, max_size=12)):
        node = draw(st.sampled_from([tail[come], head[come]]))
        go = draw(st.sampled_from([e for e in range(len(tail)) if node in (tail[e], head[e])]))
        rows.append((come, node, go, draw(st.sampled_from([np.inf, np.inf, 0.0, 2.0, 30.0]))))
    table = pd.DataFrame(rows, columns=["from_edge", "node", "to_edge", "cost"])
    return table.astype({"from_edge": np.int32, "node": np.int32, "to_edge": np.int32, "cost": float})


def sites(net, *, least=0, most=5):
    """Positions of nodes (ids, where these are plain), the same one more than once if it so happens."""
    return st.lists(st.integers(0, net.graph.count - 1), min_size=least, max_size=most)


def weights(net):
    """Whole numbers, one a node."""
    return st.lists(st.integers(0, 20), min_size=net.graph.count, max_size=net.graph.count)


def closures(net):
    """A mask of edges to close."""
    return st.lists(st.booleans(), min_size=len(net.graph.tail), max_size=len(net.graph.tail))


@st.composite
def hung(draw, net, *, most=5):
    """A table as `City.snap` gives it: places at points or stretches of edges, some with several ways in."""
    many = draw(st.integers(0, most)) if len(net.graph.tail) else 0
    rows = []
    for _ in range(many):
        low, high = sorted(draw(st.tuples(st.integers(0, 8), st.integers(0, 8))))
        stretch = draw(st.booleans())
        rows.append(
            {
                "row": draw(st.integers(0, most)),
                "edge": draw(st.integers(0, len(net.graph.tail) - 1)),
                "start": low * EIGHTH,
                "end": (high if stretch else low) * EIGHTH,
                "offset": float(draw(st.integers(0, 3))),
            }
        )
    table = pd.DataFrame(rows, columns=["row", "edge", "start", "end", "offset"])
    table = table.astype({"row": np.int64, "edge": np.int32, "start": float, "end": float, "offset": float})
    return table.sort_values("row", kind="stable").set_index("row")
