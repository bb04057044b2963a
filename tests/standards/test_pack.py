"""Loading packs: what is wrong with a file is said by clause and key, with the name that was probably meant."""

import datetime as dt
from pathlib import Path

import pytest

from twin.errors import StandardError, UnknownName
from twin.gis.grid import grid_city
from twin.standards import check, load
from twin.standards.pack import limits_of

HEAD = """
name = "town"
title = { en = "Town", zh = "城镇" }
about = { en = "A pack for tests.", zh = "测试用。" }
[standard."TS 1-2020"]
title = { en = "Test standard", zh = "测试标准" }
"""

CLAUSE = """
[[clause]]
id = "1.1 clinic"
standard = "TS 1-2020"
title = { en = "Clinic near home", zh = "就近就医" }
domain = [7]
strength = "mandatory"
measure = "distance_within"
given = { facility = "clinic", network = "walk", within = { value = 1, unit = "km" } }
at_least = 0.5
source = { ref = "TS 1-2020, 1.1", evidence = "read" }
"""


@pytest.fixture
def write(tmp_path: Path):
    """Writes a pack in which some text is replaced by another; gives its path."""

    def file(*swaps: tuple[str, str], extra: str = "") -> Path:
        text = HEAD + CLAUSE + extra
        for old, new in swaps:
            assert old in text, old
            text = text.replace(old, new)
        path = tmp_path / "town.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return file


def refusal(path: Path, error: type[Exception] = StandardError) -> str:
    """What is said of the file, which has to be named with it."""
    with pytest.raises(error) as caught:
        load(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_a_sound_pack_is_loaded(write):
    (pack,) = load(write())
    (clause,) = pack.clause
    assert clause.key == "TS 1-2020, 1.1 clinic"
    assert clause.arguments() == {"facility": "clinic", "network": "walk", "within": 1000.0}
    assert limits_of(clause, {}) == {"at_least": 0.5}


def test_the_same_pack_named_twice_is_loaded_once(write):
    path = write()
    assert len(load([path, str(path)])) == 1


def test_an_edited_file_is_read_again(write):
    (before,) = load(write())
    (after,) = load(write(("at_least = 0.5", "at_least = 0.75")))
    assert (before.clause[0].at_least, after.clause[0].at_least) == (0.5, 0.75)


def test_all_packs_come_with_the_package():
    assert {pack.name for pack in load("all")} >= {
        "emergency-cover",
        "living-circle",
        "parks",
        "sdg-11",
        "service-coverage",
    }


def test_a_pack_that_does_not_exist():
    with pytest.raises(UnknownName, match="no standards pack 'living-circel'; did you mean 'living-circle'"):
        load("living-circel")


def test_a_file_that_does_not_exist(tmp_path):
    assert "no such file" in refusal(tmp_path / "nowhere.toml")


@pytest.mark.parametrize(
    ("swap", "said"),
    [
        (("domain = [7]", "domian = [7]\ndomain = [7]"), "clause 1.1 clinic: no key 'domian'; did you mean 'domain'?"),
        (("at_least = 0.5", "at_lest = 0.5"), "clause 1.1 clinic: no key 'at_lest'; did you mean 'at_least'?"),
        (
            ('evidence = "read"', 'evidence = "read", not = "x"'),
            "clause 1.1 clinic: no key 'not'; did you mean 'note'?",
        ),
        (
            ("domain = [7]", "domain = [7]\nvalid = { form = 2020-01-01 }"),
            "clause 1.1 clinic: no key 'form'; did you mean 'from'?",
        ),
        (('name = "town"', 'name = "town"\nabuot = "x"'), "no key 'abuot'; did you mean 'about'?"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest(write, swap, said):
    assert said in refusal(write(swap))


@pytest.mark.parametrize(
    ("swap", "said"),
    [
        (
            ('measure = "distance_within"', 'measure = "distance_withn"'),
            "no measure 'distance_withn'; did you mean 'distance_within'?",
        ),
        (("at_least = 0.5", 'beside = "strait_within"'), "no measure 'strait_within'; did you mean 'straight_within'?"),
        (("network =", "netwrok ="), "no parameter of distance_within 'netwrok'; did you mean 'network'?"),
        (('standard = "TS 1-2020"', 'standard = "TS 1-2002"'), "no standard 'TS 1-2002'; did you mean 'TS 1-2020'?"),
    ],
)
def test_an_unknown_name_is_named_with_the_nearest(write, swap, said):
    text = refusal(write(swap), UnknownName)
    assert "clause 1.1 clinic" in text
    assert said in text


@pytest.mark.parametrize(
    ("swap", "said"),
    [
        (('unit = "km"', 'unit = "kilometer"'), "no unit 'kilometer'; did you mean 'kilometre'?"),
        (('unit = "km"', 'unit = "minute"'), "given.within: 'minute' is not a unit of [m]"),
        (("at_least = 0.5", 'at_least = { value = 50, unit = "m" }'), "'m' is not a unit of [1]"),
        (("at_least = 0.5", 'at_least = "half"'), "'half' is not a number"),
        (("at_least = 0.5", 'at_least = { value = 50, units = "%" }'), "has the keys 'value' and 'unit'"),
        ((', within = { value = 1, unit = "km" }', ""), "given.within is missing; distance_within needs it"),
        (('"walk"', '{ value = 1, unit = "m" }'), "given.network: a plain value is expected, it has no unit"),
        (("at_least = 0.5", "at_least = 0.5\nclasses = [{ name = 'A', least = 0.9 }]"), "give one of a limit"),
        (
            ("at_least = 0.5", "at_least = 0.5\ngrade = [{ when = { size_class = ['small'] }, at_least = 1 }]"),
            "give one of a limit",
        ),
        (("domain = [7]", "domain = [13]"), "domain: numbers from 1 to 12, not [13]"),
        (("domain = [7]", "domain = []"), "domain: Tuple should have at least 1 item"),
        (('strength = "mandatory"', 'strength = "strict"'), "strength: Input should be 'mandatory', 'recommended'"),
        (
            ('evidence = "read"', 'evidence = "guessed"'),
            "source.evidence: Input should be 'read', 'partly read' or 'recalled'",
        ),
        (('source = { ref = "TS 1-2020, 1.1", evidence = "read" }', ""), "source: Field required"),
        (('zh = "就近就医"', 'cn = "就近就医"'), "title.zh: Field required"),
    ],
)
def test_a_clause_that_is_not_sound(write, swap, said):
    text = refusal(write(swap))
    assert "clause 1.1 clinic" in text
    assert said in text


def test_units_of_the_measure_beside_are_checked_when_loaded(write):
    path = write(
        ('measure = "distance_within"', 'measure = "walk_within"\nbeside = "straight_within"'),
        (
            'within = { value = 1, unit = "km" }',
            'speed = { value = 4.8, unit = "km/h" }, within = { value = 15, unit = "minute" }',
        ),
    )
    assert "given.within: 'minute' is not a unit of [m]" in refusal(path)


def test_a_parameter_may_belong_to_the_measure_beside_alone(write):
    path = write(('measure = "distance_within"', 'measure = "straight_within"\nbeside = "distance_within"'))
    city = grid_city(5)
    # straight, all 36 corners lie within 1,000 m of the clinic's corner: 707 m is the farthest
    found = check(city, path)["1.1 clinic"]
    assert found.value == 1.0
    assert "share within a network distance: 100.0 %" in found.reason


def test_the_same_clause_twice(write):
    assert "clause TS 1-2020, 1.1 clinic stands there twice" in refusal(write(extra=CLAUSE))


def test_one_number_in_two_standards_is_not_twice(write):
    more = '\n[standard."TS 1-2024"]\ntitle = { en = "Test standard", zh = "测试标准" }\n'
    (pack,) = load(write(extra=CLAUSE.replace("TS 1-2020", "TS 1-2024") + more))
    assert [clause.key for clause in pack.clause] == ["TS 1-2020, 1.1 clinic", "TS 1-2024, 1.1 clinic"]


def test_a_file_that_is_not_toml(write):
    text = refusal(write(("domain = [7]", "domain = [7")))
    assert "not readable as TOML" in text
    assert "line" in text


def test_a_file_that_is_not_text(tmp_path):
    path = tmp_path / "town.toml"
    path.write_bytes(b'name = "\xff\xfe"')
    assert "not readable as TOML" in refusal(path)


def test_a_table_where_a_list_of_clauses_belongs(write):
    assert "clause: Input should be a valid" in refusal(write(("[[clause]]", "[clause]")))


def test_a_clause_is_not_applicable_before_it_comes_into_force(write):
    tomorrow = dt.date.today() + dt.timedelta(days=1)
    path = write(("domain = [7]", f"domain = [7]\nvalid = {{ from = {tomorrow} }}"))
    found = check(grid_city(5), path)["1.1 clinic"]
    assert (found.status, found.reason) == ("not applicable", f"in force from {tomorrow}")
    assert check(grid_city(5), path, on=tomorrow)["1.1 clinic"].status == "pass"


def test_a_clause_is_not_applicable_after_it_ended(write):
    path = write(("domain = [7]", 'domain = [7]\nvalid = { until = 2020-12-31, replaced_by = "TS 2-2021" }'))
    found = check(grid_city(5), path, on=dt.date(2021, 1, 1))["1.1 clinic"]
    assert (found.status, found.reason) == ("not applicable", "ended on 2020-12-31, replaced by TS 2-2021")
    assert check(grid_city(5), path, on=dt.date(2020, 12, 31))["1.1 clinic"].status == "pass"


def test_a_clause_that_is_not_in_force_overrides_nothing(write):
    new = CLAUSE.replace(
        'id = "1.1 clinic"', 'id = "2.1 clinic"\noverrides = ["TS 1-2020, 1.1 clinic"]\nvalid = { from = 2030-01-01 }'
    )
    path = write(extra=new)
    old = "TS 1-2020, 1.1 clinic"
    assert check(grid_city(5), path, on=dt.date(2029, 12, 31))[old].status == "pass"
    assert check(grid_city(5), path, on=dt.date(2030, 1, 1))[old].status == "not applicable"


def test_a_recalled_figure_and_a_goal_are_said_in_the_reason(write):
    path = write(
        ('evidence = "read"', 'evidence = "recalled"'), ("domain = [7]", "domain = [7]\nvalid = { goal = 2025 }")
    )
    found = check(grid_city(5), path)["1.1 clinic"]
    assert "the figure is recalled, not read; a goal for 2025" in found.reason
    assert "限值凭记忆，未核对原文；2025年目标值" in found.reason_zh
