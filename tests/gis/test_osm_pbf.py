"""The decoder against libosmium, against messages written by hand, and against damage of every sort."""

import struct
import zlib

import numpy as np
import osmium
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twin._kernels import osm_pbf
from twin.errors import DataError
from twin.gis.osm import read_osm
from twin.gis.osm.pbf import OtherFormat, read_pbf

KEYS = frozenset({"highway", "name", "type", "a", ""})
TYPES = "nwr"


def contents(raw):
    """What `read_pbf` found, in plain Python: nodes, tagged nodes, ways, relations."""
    texts = ["", *raw.strings.texts()]
    spots = {int(raw.node[row]): raw.spot_tags[i] for i, row in enumerate(raw.spot.tolist())}
    nodes = list(zip(raw.node.tolist(), raw.x.tolist(), raw.y.tolist(), strict=True))
    ways = [
        (each, raw.ref[raw.ref_start[i] : raw.ref_start[i + 1]].tolist(), raw.way_tags[i])
        for i, each in enumerate(raw.way.tolist())
    ]
    relations = []
    for i, each in enumerate(raw.relation.tolist()):
        rows = range(raw.member_start[i], raw.member_start[i + 1])
        members = [(TYPES[raw.member_kind[k]], int(raw.member[k]), texts[raw.member_role[k] + 1]) for k in rows]
        relations.append((each, members, raw.relation_tags[i]))
    return nodes, spots, ways, relations


def by_osmium(path, keys=KEYS):
    """The same by libosmium: tags of what has one of the keys, members of relations that have one."""
    nodes, spots, ways, relations = [], {}, [], []
    for each in osmium.FileProcessor(str(path)):
        tags = dict(each.tags)
        tags = tags if keys & tags.keys() else {}
        if each.is_node():
            nodes.append((each.id, each.location.x, each.location.y))
            if tags:
                spots[each.id] = tags
        elif each.is_way():
            ways.append((each.id, [node.ref for node in each.nodes], tags))
        elif each.is_relation():
            members = [(member.type, member.ref, member.role) for member in each.members] if tags else []
            relations.append((each.id, members, tags))
    return nodes, spots, ways, relations


@pytest.mark.real
@pytest.mark.parametrize("name", ["porto_alegre/poa_osm.pbf", "las_palmas/las_palmas_2023.osm.pbf"])
def test_real_files_hold_what_libosmium_finds(data, name):
    path = data(name)
    for mine, theirs in zip(contents(read_pbf(path, KEYS, KEYS, KEYS)), by_osmium(path), strict=True):
        assert mine == theirs


ids = st.integers(-(2**40), 2**40)
words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=4)
tags = st.dictionaries(st.sampled_from(["highway", "name", "type", "a", "b"]) | words.filter(bool), words, max_size=3)
places = st.tuples(st.integers(-1_800_000_000, 1_800_000_000), st.integers(-900_000_000, 900_000_000))
files = st.tuples(
    st.lists(st.tuples(ids, places, tags), max_size=6),
    st.lists(st.tuples(ids, st.lists(ids, max_size=5), tags), max_size=4),
    st.lists(st.tuples(ids, st.lists(st.tuples(st.sampled_from(TYPES), ids, words), max_size=3), tags), max_size=3),
)


@given(files)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_file_that_libosmium_writes(tmp_path, things):
    path = tmp_path / "any.osm.pbf"
    nodes, ways, relations = things
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for each, (x, y), said in nodes:
            writer.add_node(osmium.osm.mutable.Node(id=each, location=(x / 1e7, y / 1e7), tags=said))
        for each, refs, said in ways:
            writer.add_way(osmium.osm.mutable.Way(id=each, nodes=refs, tags=said))
        for each, members, said in relations:
            writer.add_relation(osmium.osm.mutable.Relation(id=each, members=members, tags=said))
    assert contents(read_pbf(path, KEYS, KEYS, KEYS)) == by_osmium(path)


# Messages by hand: a field is (number, value), a message a list of fields.


def varint(value):
    value &= 2**64 - 1
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def zigzag(value):
    return varint(value << 1 if value >= 0 else (-value << 1) - 1)


def message(*fields):
    found = b""
    for number, value in fields:
        if isinstance(value, int):
            found += varint(number << 3) + varint(value)
        else:
            found += varint(number << 3 | 2) + varint(len(value)) + value
    return found


def blob(kind, content, **more):
    inside = message(*more["fields"]) if "fields" in more else message((2, len(content)), (3, zlib.compress(content)))
    header = message((1, kind), (3, len(inside)))
    return struct.pack(">I", len(header)) + header + inside


HEADER = blob(b"OSMHeader", message((4, b"OsmSchema-V0.6"), (4, b"DenseNodes")))
TEXTS = message((1, b""), (1, b"highway"), (1, b"residential"))


def block(*groups, **more):
    return message((1, TEXTS), *((2, group) for group in groups), *more.get("after", ()))


def packed(*numbers, by=varint):
    return b"".join(by(each) for each in numbers)


NODE = message((1, 14), (2, packed(1)), (3, packed(2)), (8, 20), (9, 40))  # id 7; zigzag(10), zigzag(20)
DENSE = message(
    (1, packed(3, 1, by=zigzag)), (8, packed(1, 2, by=zigzag)), (9, packed(5, -6, by=zigzag)), (10, packed(1, 2, 0, 0))
)
WAY = message((1, 9), (2, packed(1)), (3, packed(2)), (8, packed(3, 1, 3, by=zigzag)))
RELATION = message((1, 5), (2, packed(1)), (3, packed(2)), (8, packed(2)), (9, packed(9, by=zigzag)), (10, packed(1)))
WHOLE = block(message((1, NODE), (2, DENSE)), message((3, WAY)), message((4, RELATION)))


def written(tmp_path, *blobs):
    path = tmp_path / "hand.osm.pbf"
    path.write_bytes(b"".join([HEADER, *blobs]))
    return path


def test_every_field_by_hand(tmp_path):
    street = {"highway": "residential"}
    found = contents(read_pbf(written(tmp_path, blob(b"OSMData", WHOLE)), KEYS, KEYS, KEYS))
    # dense ids 3 and 3 + 1; latitudes 1 and 1 + 2; longitudes 5 and 5 - 6, in steps of 100 nanodegrees
    assert found == (
        [(7, 20, 10), (3, 5, 1), (4, -1, 3)],
        {7: street, 3: street},
        [(9, [3, 4, 7], street)],
        [(5, [("w", 9, "residential")], street)],
    )


def test_steps_and_offsets_of_a_block_may_come_last(tmp_path):
    # 1000 nanodegrees a step, from 1 degree north and 2 degrees west
    moved = block(message((1, NODE)), after=[(17, 1000), (19, 10**9), (20, -2 * 10**9)])
    nodes = contents(read_pbf(written(tmp_path, blob(b"OSMData", moved)), KEYS, KEYS, KEYS))[0]
    assert nodes == [(7, 200 - 20_000_000, 100 + 10_000_000)]


def test_blocks_that_are_not_compressed_and_blobs_of_other_sorts(tmp_path):
    path = written(tmp_path, blob(b"Index", b""), blob(b"OSMData", b"", fields=[(1, WHOLE)]))
    assert len(read_pbf(path, KEYS, KEYS, KEYS).node) == 3


@pytest.mark.parametrize("what", [(4, b"lzma"), (6, b"lz4"), (7, b"zstd")])
def test_other_compressions_are_left_to_libosmium(tmp_path, what):
    with pytest.raises(OtherFormat):
        read_pbf(written(tmp_path, blob(b"OSMData", b"", fields=[what])), KEYS, KEYS, KEYS)


def test_unknown_features_are_left_to_libosmium(tmp_path):
    path = tmp_path / "history.osm.pbf"
    path.write_bytes(blob(b"OSMHeader", message((4, b"OsmSchema-V0.6"), (4, b"HistoricalInformation"))))
    with pytest.raises(OtherFormat, match="HistoricalInformation"):
        read_pbf(path, KEYS, KEYS, KEYS)


@pytest.mark.parametrize(
    "bad",
    [
        block(message((2, message((1, packed(3, by=zigzag)))))),  # a node without a place
        block(message((2, message((1, packed(3)), (8, packed(1)), (9, packed(1)), (10, packed(9, 2, 0)))))),
        block(message((1, message((1, 2), (2, packed(1)), (8, 0), (9, 0))))),  # a key without a value
        block(message((3, message((1, 9), (2, packed(1)), (3, packed(77)))))),  # a value beyond the table
        block(message((4, message((1, 9), (2, packed(1)), (3, packed(2)), (8, packed(77)), (9, b"\2"), (10, b"\1"))))),
        block(message((4, message((1, 9), (2, packed(1)), (3, packed(2)), (8, b"\1"), (9, b"\2"), (10, b"\7"))))),
        block(message((3, message((1, 9), (8, b"\x80"))))),  # a number that does not end
        message((1, TEXTS), (2, b"\x1a\x7f")),  # a way that is longer than its group
        b"\xff" * 20,
    ],
)
def test_damaged_messages(tmp_path, bad):
    with pytest.raises(ValueError, match=r"damaged|does not end"):
        read_pbf(written(tmp_path, blob(b"OSMData", bad)), KEYS, KEYS, KEYS)


@pytest.mark.parametrize(
    "fields",
    [
        [(2, 5), (3, zlib.compress(bytes(100)))],  # longer than it says
        [(2, 0), (3, zlib.compress(bytes(100)))],
        [(2, 100), (3, zlib.compress(bytes(100))[:-6])],  # cut short
        [(2, 2**31), (3, zlib.compress(b""))],
        [(2, 10), (3, b"no deflate")],
    ],
)
def test_bombs_and_stumps(tmp_path, fields):
    with pytest.raises(ValueError, match="block"):
        read_pbf(written(tmp_path, blob(b"OSMData", b"", fields=fields)), KEYS, KEYS, KEYS)


def test_every_file_that_is_cut_short(tmp_path):
    whole = HEADER + blob(b"OSMData", WHOLE)
    path = tmp_path / "short.osm.pbf"
    for size in range(len(whole)):
        if size == len(HEADER):
            continue  # a file without data is whole
        path.write_bytes(whole[:size])
        with pytest.raises(ValueError, match=r"."):
            read_pbf(path, KEYS, KEYS, KEYS)
        with pytest.raises(DataError, match=r"short\.osm\.pbf: .*download it again"):
            read_osm(path)


@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=4))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_flipped_bytes_are_an_error_or_another_file(tmp_path, flips):
    changed = bytearray(WHOLE)
    for at, value in flips:
        changed[at] = value
    path = written(tmp_path, blob(b"OSMData", bytes(changed)))
    try:
        raw = read_pbf(path, KEYS, KEYS, KEYS)
    except ValueError:
        return
    assert len(raw.x) == len(raw.node)
    assert raw.ref_start[-1] == len(raw.ref)


pairs = st.lists(st.lists(st.integers(0, 3), max_size=4), max_size=30)


@given(pairs)
def test_alike(rows):
    start = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    pair = np.array([each for row in rows for each in row], np.int64)
    slot = np.empty(1 << (2 * len(rows) + 1).bit_length(), np.int64)
    which, first = np.empty(len(rows), np.int64), np.empty(len(rows), np.int64)
    count = osm_pbf.alike(start, pair, slot, which, first)
    seen = list(dict.fromkeys(map(tuple, rows)))
    assert count == len(seen)
    assert which.tolist() == [seen.index(tuple(row)) for row in rows]
    assert first[:count].tolist() == [list(map(tuple, rows)).index(each) for each in seen]
