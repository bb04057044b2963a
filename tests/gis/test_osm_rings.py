"""Rings of relations are those that libosmium makes of the whole file."""

import osmium
import pytest

from twin.gis.osm.source import scan

KEYS = frozenset({"building", "landuse", "natural", "leisure", "boundary"})


def mine(path):
    source = scan(path, frozenset(), KEYS)
    rings = [
        source.rings.ref[source.rings.start[i] : source.rings.start[i + 1]].tolist() for i in range(len(source.rings))
    ]
    of = [source.area_id[row] for row in source.ring_area]
    return source.area_id, list(zip(of, source.ring_outer.tolist(), rings, strict=True))


def by_libosmium(path):
    areas, rings = [], []
    wanted = osmium.filter.KeyFilter(*sorted(KEYS))
    for each in osmium.FileProcessor(str(path)).with_locations().with_areas(wanted).with_filter(wanted):
        if not each.is_area() or each.from_way():
            continue
        found = [
            (each.orig_id(), ring is outer, [node.ref for node in ring])
            for outer in each.outer_rings()
            for ring in (outer, *each.inner_rings(outer))
        ]
        areas += [each.orig_id()] if found else []
        rings += found
    return areas, rings


@pytest.mark.real
@pytest.mark.parametrize("name", ["monaco/monaco.osm.gz", "las_palmas/las_palmas_2023.osm.pbf"])
def test_real_files(data, name):
    assert mine(data(name)) == by_libosmium(data(name))


SQUARE = {"1": (0, 0), "2": (4, 0), "3": (4, 4), "4": (0, 4), "5": (1, 1), "6": (2, 1), "7": (2, 2), "8": (4, 0)}


def written(tmp_path, ways, relations):
    """A file in the line format; the binary one is made of it."""
    lines = [f"n{ref} x{x / 1000} y{y / 1000}" for ref, (x, y) in SQUARE.items()]
    lines += [f"w{ref} N" + ",".join(f"n{each}" for each in refs) for ref, refs in ways.items()]
    lines += [
        f"r{ref} Ttype=multipolygon,landuse=grass M" + ",".join(f"w{way}@{role}" for role, way in members)
        for ref, members in relations.items()
    ]
    path = tmp_path / "rings.osm.pbf"
    with osmium.SimpleWriter(str(path)) as writer:
        for each in osmium.FileProcessor(osmium.io.FileBuffer("\n".join([*lines, ""]).encode(), "opl")):
            writer.add(each)
    return path


@pytest.mark.parametrize(
    ("ways", "members", "count"),
    [
        ({1: "12341", 2: "5675"}, [("outer", 1), ("inner", 2)], 2),
        ({1: "123", 2: "341", 3: "5675"}, [("", 1), ("", 2), ("", 3)], 2),  # in two halves, and without roles
        ({1: "12", 2: "8341"}, [("outer", 1), ("outer", 2)], 1),  # two nodes at one place
        ({1: "123", 2: "341"}, [("outer", 1), ("outer", 9)], 0),  # a way is not there
        ({1: "123", 2: "34"}, [("outer", 1), ("outer", 2)], 0),  # open
        ({1: "1341", 2: "12341"}, [("outer", 1), ("outer", 2)], None),  # a side is there twice
        ({1: "13241"}, [("outer", 1)], 0),  # crosses itself
        ({1: "12341", 2: "129341"}, [("outer", 2)], None),  # a node is not there
    ],
)
def test_by_hand(tmp_path, ways, members, count):
    path = written(tmp_path, ways, {7: members, 8: [("outer", 1)]})
    found = mine(path)
    assert found == by_libosmium(path)
    if count is not None:
        assert sum(area == 7 for area, _, _ in found[1]) == count


def test_no_way_at_all(tmp_path):
    assert mine(written(tmp_path, {}, {7: [("outer", 1)], 8: []})) == ([], [])
