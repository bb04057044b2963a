"""What tags say, one by one."""

import math

import pytest

from twin.errors import DataError
from twin.gis.kinds import GROUPS, SERVICES, kinds
from twin.gis.osm.tags import Rules, duration, length, number, settings, speed, text

NAN = math.nan

SPEEDS = [  # km/h
    ("50", 50), ("50 km/h", 50), ("30 mph", 48.28032), ("10 knots", 18.52), ("50;30", 30), ("30|50|50", 30),
    ("none", 130), ("walk", 6), ("FR:urban", 50), ("FR:rural", 80), ("DE:rural", 100), ("DE:zone:30", 30),
    ("IT:zone30", 30), ("GB:zone20", 32.18688), ("GB:nsl_single", 96.56064), ("CN:urban", 50), ("XX:rural", 90),
    ("signals", NAN), ("variable", NAN), ("", NAN), ("0", NAN), ("-50", NAN), ("5000", NAN), ("50 furlongs", NAN),
    ("٥٠", NAN), (None, NAN),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "kmh"), SPEEDS)
def test_speed(raw, kmh):
    assert speed(raw) * 3.6 == pytest.approx(kmh, nan_ok=True)


@pytest.mark.parametrize(
    ("raw", "metres"),
    [("3.5", 3.5), ("3,5", 3.5), ("3 m", 3), ("350 cm", 3.5), ("10 ft", 3.048), ("10'", 3.048), ("9'6\"", 2.8956),
     ("12;14", 12), ("wide", NAN), ("", NAN), (None, NAN), ("-3", NAN), ("1e400", NAN)],
)  # fmt: skip
def test_length(raw, metres):
    assert length(raw) == pytest.approx(metres, nan_ok=True)


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [("20", 1200), ("00:20", 1200), ("1:20", 4800), ("1:00:30", 3630), ("PT20M", 1200), ("PT1H", 3600),
     ("P1D", 86400), ("P", NAN), ("0", NAN), ("soon", NAN), (None, NAN)],
)  # fmt: skip
def test_duration(raw, seconds):
    assert duration(raw) == pytest.approx(seconds, nan_ok=True)


@pytest.mark.parametrize(
    ("raw", "value"),
    [("3", 3), ("2;3", 2), ("2,5", 2.5), (" 4 ", 4), ("-1", NAN), ("1e9", NAN), ("9999999", NAN), ("四", NAN)],
)
def test_number(raw, value):
    assert number(raw) == pytest.approx(value, nan_ok=True)


def test_texts_are_composed_and_without_control_characters():
    assert text("Cafe\u0301 Zoë") == "Café Zoë"
    assert text("深圳\u0000市\u202e图\n书馆") == "深圳市图 书馆"
    assert text("<b>&amp;") == "<b>&amp;"  # escaping is the business of what draws it
    assert text("  two\twords ") == "two words"
    assert text(None) == ""


def test_a_bare_rule_gives_way_to_longer_ones():
    rules = Rules(
        {
            "primary": ["amenity=school & isced:level=1"],
            "middle": ["amenity=school & isced:level=2", "amenity=school & name~中学 & name!~高级中学"],
            "school": ["amenity=school"],
            "listed": ["heritage=*"],
            "open": ["leisure=garden & garden:type!=residential"],
        }
    )
    assert rules.all({"amenity": "school"}) == ["school"]
    assert rules.all({"amenity": "school", "isced:level": "1;2"}) == ["primary", "middle"]
    assert rules.all({"amenity": "school", "name": "第二中学", "heritage": "2"}) == ["middle", "listed"]
    assert rules.all({"amenity": "school", "name": "第二高级中学"}) == ["school"]
    assert rules.all({"amenity": "school;library", "heritage": "no"}) == ["school"]
    assert rules.first({"leisure": "garden"}) == "open"
    assert rules.first({"leisure": "garden", "garden:type": "residential"}) == ""


@pytest.mark.parametrize("rule", ["school", "amenity~school", "amenity=school & public"])
def test_a_rule_that_cannot_be_read(rule):
    with pytest.raises(DataError, match="rule"):
        Rules({"school": [rule]})


def test_kinds_are_whole():
    known = kinds()
    assert len(known) >= 70
    assert {kind.group for kind in known.values()} == set(GROUPS)
    assert set(SERVICES) <= set(GROUPS)
    assert all(kind.en and any("\u4e00" <= each <= "\u9fff" for each in kind.zh) for kind in known.values())
    assert len({kind.zh for kind in known.values()}) == len({kind.en for kind in known.values()}) == len(known)
    Rules({name: kind.tags for name, kind in known.items()})  # every rule can be read


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"amenity": "school"}, ["school"]),
        ({"amenity": "school", "isced:level": "1"}, ["primary_school"]),
        ({"amenity": "school", "name": "莲花小学"}, ["primary_school"]),
        ({"amenity": "school", "school:FR": "lycée"}, ["high_school"]),
        ({"amenity": "school", "name": "高级中学"}, ["high_school"]),
        ({"amenity": "clinic", "name": "福田社区卫生服务站"}, ["health_station"]),
        (
            {"amenity": "social_facility", "social_facility": "nursing_home", "social_facility:for": "senior"},
            ["nursing_home"],
        ),
        ({"office": "government"}, ["government_office"]),
        ({"office": "government", "name": "园岭街道办事处"}, ["street_office"]),
        ({"leisure": "swimming_pool"}, []),
        ({"leisure": "swimming_pool", "access": "customers"}, ["swimming_pool"]),
        ({"highway": "bus_stop", "public_transport": "platform", "bus": "yes"}, ["bus_stop"]),
        ({"disused:amenity": "school"}, []),
    ],
)
def test_kinds_by_their_tags(tags, kind):
    assert Rules({name: each.tags for name, each in kinds().items()}).all(tags) == kind


def test_every_class_that_is_driven_on_has_a_speed():
    rules = settings()
    assert set(rules["drive"]["classes"] + rules["drive"]["explicit"]) <= set(rules["speed"])
