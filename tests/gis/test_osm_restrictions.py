"""Turn restrictions of hand-made crossings, and those of real extracts."""

import numpy as np
import pytest
import shapely

import twin
from twin import routing
from twin.gis.build import network_of
from twin.gis.osm import read_osm

ROAD = {"highway": "residential"}
# A crossing: 1 west, 3 east, 4 north and 5 south of 2.
NODES = {1: (0, 0), 2: (1, 0), 3: (2, 0), 4: (1, 1), 5: (1, -1)}
WEST, EAST, NORTH, SOUTH = 10, 11, 12, 13
ARMS = [(WEST, [1, 2], ROAD), (EAST, [2, 3], ROAD), (NORTH, [2, 4], ROAD), (SOUTH, [5, 2], ROAD)]


def relation(come, go, via=((2, "node"),), number=1, **tags):
    ends = [("from", each) for each in np.atleast_1d(come).tolist()]
    ends += [("via", *each) for each in via] + [("to", each) for each in np.atleast_1d(go).tolist()]
    return (number, ends, {"type": "restriction"} | {key.replace("__", ":"): said for key, said in tags.items()})


def forbidden(extract):
    """Forbidden turns as (way, OSM node, way, OSM node one comes from, OSM node one goes to)."""
    streets, found = extract.drive, []
    edges = streets.edges
    for row in extract.drive.turns.itertuples():
        ends = []
        for edge in (row.from_edge, row.to_edge):
            pair = edges["tail"][edge], edges["head"][edge]
            ends.append(int(streets.ids[pair[0] if pair[1] == row.node else pair[1]]))
        ways = edges["osm"][row.from_edge], edges["osm"][row.to_edge]
        found.append((int(ways[0]), int(streets.ids[row.node]), int(ways[1]), *ends))
        assert row.cost == np.inf
    return sorted(found)


def said(extract):
    return [note for note in extract.notes if "turn restriction" in note]


def test_a_forbidden_turn(osm):
    extract = osm(NODES, ARMS, [relation(WEST, NORTH, restriction="no_left_turn")])
    assert forbidden(extract) == [(WEST, 2, NORTH, 1, 4)]
    assert said(extract) == ["1 turn restrictions forbid 1 turns of the drive network"]
    assert extract.walk.turns.empty


def test_of_a_prescribed_turn_all_others_are_forbidden_the_one_back_too(osm):
    extract = osm(NODES, ARMS, [relation(WEST, EAST, restriction="only_straight_on")])
    assert forbidden(extract) == [(WEST, 2, WEST, 1, 1), (WEST, 2, NORTH, 1, 4), (WEST, 2, SOUTH, 1, 5)]


def test_two_prescriptions_allow_both(osm):
    both = [
        relation(WEST, EAST, restriction="only_straight_on"),
        relation(WEST, SOUTH, number=2, restriction="only_right_turn"),
    ]
    assert forbidden(osm(NODES, ARMS, both)) == [(WEST, 2, WEST, 1, 1), (WEST, 2, NORTH, 1, 4)]


def test_a_u_turn_and_several_ways(osm):
    assert forbidden(osm(NODES, ARMS, [relation(WEST, WEST, restriction="no_u_turn")])) == [(WEST, 2, WEST, 1, 1)]
    entry = relation([WEST, SOUTH], NORTH, restriction="no_entry")
    assert forbidden(osm(NODES, ARMS, [entry])) == [(WEST, 2, NORTH, 1, 4), (SOUTH, 2, NORTH, 5, 4)]
    leaving = relation(WEST, [NORTH, SOUTH], restriction="no_exit")
    assert forbidden(osm(NODES, ARMS, [leaving])) == [(WEST, 2, NORTH, 1, 4), (WEST, 2, SOUTH, 1, 5)]


@pytest.mark.parametrize(
    ("tags", "note"),
    [
        ({"restriction": "no_left_turn", "except": "bicycle;bus"}, None),
        ({"restriction": "no_left_turn", "except": "psv; motorcar"}, "do not hold for cars"),
        ({"restriction__hgv": "no_left_turn"}, "do not hold for cars"),
        ({"restriction__motorcar": "no_left_turn", "restriction": "no_u_turn"}, None),
        ({"restriction__conditional": "no_left_turn @ (Mo-Fr 07:00-09:00)"}, "at certain hours"),
        ({"restriction": "no_left_turn", "hour_on": "07:00"}, "at certain hours"),
        ({"restriction": "no_loitering"}, "something else"),
    ],
)
def test_whom_it_holds_for(osm, tags, note):
    extract = osm(NODES, ARMS, [relation(WEST, NORTH, **tags)])
    if note is None:
        assert forbidden(extract) == [(WEST, 2, NORTH, 1, 4)]
    else:
        assert forbidden(extract) == []
        (sentence,) = said(extract)
        assert sentence.startswith("1 turn restrictions ")
        assert note in sentence


@pytest.mark.parametrize(
    ("given", "note"),
    [
        (relation(WEST, NORTH, via=((EAST, "way"),), restriction="no_u_turn"), "not modelled"),
        (relation(WEST, NORTH, via=(), restriction="no_left_turn"), "lack a from"),
        (relation(WEST, NORTH, via=((2, "node"), (3, "node")), restriction="no_left_turn"), "lack a from"),
        (relation([WEST, SOUTH], NORTH, restriction="no_left_turn"), "lack a from"),
        (relation(WEST, 99, restriction="no_left_turn"), "does not have"),
        (relation(WEST, NORTH, via=((3, "node"),), restriction="no_left_turn"), "does not have"),
    ],
)
def test_what_is_left_out_is_counted(osm, given, note):
    extract = osm(NODES, ARMS, [given])
    assert forbidden(extract) == []
    (sentence,) = said(extract)
    assert note in sentence


def through(**tags):
    """West and east are one way."""
    return [(20, [1, 2, 3], ROAD | tags), *ARMS[2:]]


def test_a_way_that_goes_on_through_the_junction_arrives_twice(osm):
    turn = relation(20, NORTH, restriction="no_left_turn")
    extract = osm(NODES, through(), [turn])
    assert forbidden(extract) == [(20, 2, NORTH, 1, 4), (20, 2, NORTH, 3, 4)]
    assert "1 turn restrictions name a two-way street" in said(extract)[1]
    one_way = osm(NODES, through(oneway="yes"), [turn])
    assert forbidden(one_way) == [(20, 2, NORTH, 1, 4)]
    assert len(said(one_way)) == 1
    assert forbidden(osm(NODES, through(oneway="-1"), [turn])) == [(20, 2, NORTH, 3, 4)]


def test_within_one_way_back_is_not_straight_on(osm):
    assert forbidden(osm(NODES, through(), [relation(20, 20, restriction="no_u_turn")])) == [
        (20, 2, 20, 1, 1),
        (20, 2, 20, 3, 3),
    ]
    assert forbidden(osm(NODES, through(), [relation(20, 20, restriction="no_straight_on")])) == [
        (20, 2, 20, 1, 3),
        (20, 2, 20, 3, 1),
    ]


def test_ways_on_and_routes_know_of_it(osm):
    # without the left turn one goes straight on, around the block by 3 and 6: the other ways end blind
    nodes = NODES | {6: (2, 1)}
    block = [*ARMS[:3], (14, [3, 6], ROAD), (15, [6, 4], ROAD)]
    turns = [relation(WEST, NORTH, restriction="no_left_turn"), relation(EAST, EAST, restriction="no_u_turn", number=2)]
    turns[1][1][1] = ("via", 3, "node")
    free, barred = osm(nodes, block), osm(nodes, block, turns)
    to = [routing.matrix(network_of(each.drive, each.crs), [1], [4])[0, 0] for each in (free, barred)]
    assert to[0] == pytest.approx(111.3195 + 110.5743, abs=0.5)
    assert to[1] == pytest.approx(3 * 111.3195 + 110.5743, abs=0.5)


def test_turns_follow_their_edges_into_a_part(osm):
    away = [(8, [8, 9], ROAD)]
    extract = osm(
        NODES | {8: (-20, 0), 9: (-19, 0)}, [*away, *ARMS], [relation(WEST, NORTH, restriction="no_left_turn")]
    )
    here = shapely.box(*extract.drive.edges[extract.drive.edges["osm"] == WEST].total_bounds).buffer(1)
    net = network_of(extract.drive, extract.crs, here)
    turns = net.graph.turns
    ways = net.columns["osm"]
    assert (ways[turns.from_edge].tolist(), ways[turns.to_edge].tolist()) == ([WEST], [NORTH])
    assert net.ids[turns.node].tolist() == [2]
    far = shapely.box(*extract.drive.edges[extract.drive.edges["osm"] == 8].total_bounds).buffer(1)
    assert network_of(extract.drive, extract.crs, far).graph.turns is None


@pytest.mark.real
def test_las_palmas(data):
    path = data("las_palmas/las_palmas_2023.osm.pbf")
    extract = read_osm(path)
    edges, turns = extract.drive.edges, extract.drive.turns
    counted = [int(note.split()[0]) for note in said(extract) if "forbid" in note or "left out" in note]
    assert sum(counted) == _counted(path)
    assert len(turns) >= 700
    assert not turns.duplicated().any()
    for name in ("from_edge", "to_edge"):
        ends = edges.loc[turns[name], ["tail", "head"]].to_numpy()
        assert (ends == turns["node"].to_numpy()[:, None]).any(axis=1).all()
    one_way = edges["oneway"].to_numpy()
    come, go = turns["from_edge"].to_numpy(), turns["to_edge"].to_numpy()
    assert (edges["head"].to_numpy()[come] == turns["node"])[one_way[come]].all()
    assert (edges["tail"].to_numpy()[go] == turns["node"])[one_way[go]].all()
    assert len(twin.read(path).networks["drive"].graph.turns.cost) == len(turns)


def _counted(path):
    import osmium

    kept = osmium.FileProcessor(str(path), osmium.osm.RELATION).with_filter(
        osmium.filter.TagFilter(("type", "restriction"))
    )
    return sum(1 for _ in kept)
