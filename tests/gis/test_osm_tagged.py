"""Tags in flat arrays against plain dictionaries, and that whoever asks them looks at no other key than it names."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.gis.kinds import kinds
from twin.gis.osm import access, areas, places, streets
from twin.gis.osm.tagged import KEY, Strings, Tagged, spans
from twin.gis.osm.tags import Rules, settings

KEYS = ["highway", "name", "oneway", "größe"]
tables = st.lists(st.dictionaries(st.sampled_from(KEYS), st.sampled_from(["", "a", "道"]), max_size=4), max_size=12)


def tagged(rows, strings=None):
    strings = strings or Strings()
    number = strings.number
    tag = [number(k.encode()) << KEY | number(v.encode()) for row in rows for k, v in row.items()]
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum([len(row) for row in rows], dtype=np.int64)])
    return Tagged(start, np.array(tag, np.int64), strings)


@given(tables, st.sets(st.sampled_from([*KEYS, "elsewhere"])), st.data())
def test_against_dictionaries(rows, keys, data):
    table = tagged(rows)
    assert [table[i] for i in range(len(table))] == rows
    part = [{k: v for k, v in row.items() if k in keys} for row in rows]
    said, which = table.distinct(keys)
    assert [said[i] for i in which] == part
    assert table.each(len, keys, int).tolist() == [len(row) for row in part]
    rest = table.without(*keys)
    assert [rest[i] for i in range(len(rest))] == [{k: v for k, v in row.items() if k not in keys} for row in rows]
    assert table.has("name").tolist() == ["name" in row for row in rows]
    assert table.has("name", "a", "b").tolist() == [row.get("name") == "a" for row in rows]
    chosen = np.array(data.draw(st.lists(st.sampled_from(range(len(rows))) if rows else st.nothing())), np.intp)
    both = table.take(chosen) + table
    assert [both[i] for i in range(len(both))] == [rows[i] for i in chosen] + rows


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 5))))
def test_spans(given):
    start, count = np.array(given, np.int64).reshape(-1, 2).T
    assert spans(start, count).tolist() == [i for s, c in given for i in range(s, s + c)]


def test_a_text_that_is_no_utf8():
    strings = Strings()
    strings.number(b"\xff")
    with pytest.raises(UnicodeDecodeError):
        strings.texts()


class Watched(dict):
    """Tags that note which keys are asked for."""

    def __init__(self, tags):
        super().__init__(tags)
        self.asked = set()

    def get(self, key, default=None):
        self.asked.add(key)
        return super().get(key, default)

    def __getitem__(self, key):
        self.asked.add(key)
        return super().__getitem__(key)

    def __contains__(self, key):
        self.asked.add(key)
        return super().__contains__(key)


def asked(ask, given):
    tags = Watched(given)
    ask(tags)
    return tags.asked


@pytest.mark.parametrize("kind", ["residential", "motorway", "footway", "busway", "steps", None])
@pytest.mark.parametrize("mode", access.MODES)
def test_a_use_asks_for_the_keys_it_names(kind, mode):
    bare = {"highway": kind} if kind else {"route": "ferry", "foot": "yes", "motorcar": "yes"}
    for more in ({}, {"service": "alley"}, {"conveying": "yes"}, {"maxspeed:type": "FR:urban"}, {"foot": "yes"}):
        assert asked(lambda tags: access.use(tags, mode), bare | more) <= access.USE_KEYS


def test_others_ask_for_the_keys_they_name():
    for mode in access.MODES:
        said = {"barrier": "gate"}
        assert asked(lambda tags, mode=mode: access.stops(tags, mode), said) <= access.BARRIER_KEYS
        assert set(settings()[mode]["keys"]) <= access.BARRIER_KEYS & access.USE_KEYS
    assert asked(areas._is_area, {}) <= set(areas.AREA_KEYS)
    assert asked(places._capacity, {}) <= set(places.CAPACITY_KEYS)
    for ask in (streets._lanes, streets.is_bridge, streets.is_tunnel):
        assert asked(ask, {}) <= set(streets.BUILT_KEYS)


def test_rules_read_the_keys_they_name():
    for rules in (
        Rules({"x": ["a=1 & b!=2 & c~3", "d=*"]}),
        Rules({name: kind.tags for name, kind in kinds().items()}),
    ):
        assert rules.keys <= rules.reads
        assert asked(rules.all, {"a": "1", "d": "yes", "amenity": "school", "leisure": "park"}) <= rules.reads
    assert Rules({"x": ["a=1 & b!=2 & c~3", "d=*"]}).reads == {"a", "b", "c", "d"}
