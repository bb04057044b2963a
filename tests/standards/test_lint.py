"""Every mistake in a pack is told with the line that it stands in, and with what would be right."""

import pytest
from click.testing import CliRunner

from twin.cli.terminal import twin_group
from twin.standards import lint, packs

PACK = """name = "town"
title = { en = "Town", zh = "城镇" }
about = { en = "A pack for tests.", zh = "测试用。" }

[standard."T 1-2012"]
title = { en = "Old edition", zh = "旧版" }

[standard."T 1-2026"]
title = { en = "New edition", zh = "新版" }

[[clause]]
id = "1 clinic"
standard = "T 1-2012"
title = { en = "Clinic near home", zh = "就近就医" }
domain = [7]
strength = "mandatory"
valid = { from = 2012-01-01, until = 2025-12-31, replaced_by = "T 1-2026, 1 clinic" }
measure = "distance_within"
given = { facility = "clinic", within = { value = 1, unit = "km" } }
at_least = 0.5
source = { ref = "T 1-2012, 1", evidence = "read" }

[[clause]]
id = "1 clinic"
standard = "T 1-2026"
title = { en = "Clinic near home", zh = "就近就医" }
domain = [7]
strength = "mandatory"
valid = { from = 2026-01-01 }
measure = "response_time"
given = { facility = "clinic" }
at_most = { value = 15, unit = "minute" }
source = { ref = "T 1-2026, 1", evidence = "read" }
"""


@pytest.fixture
def mistakes(tmp_path):
    """Line, text of that line and what is said of it, of each mistake in the pack with some of its text replaced."""

    def found(*swaps):
        text = PACK
        for old, new in swaps:
            assert text.count(old) >= 1, old
            text = text.replace(old, new)
        path = tmp_path / "town.toml"
        path.write_text(text, encoding="utf-8")
        lines = text.splitlines()
        told = [(each.line, lines[each.line - 1], str(each.error)) for each in lint(path)[1]]
        shown = CliRunner().invoke(twin_group, ["packs", "--lint", str(path)])
        assert shown.exit_code == (1 if told else 0), shown.output
        for line, _, _ in told:
            assert f"{path}:{line}: " in shown.output
        return told

    return found


def test_the_pack_itself_is_sound(mistakes):
    assert mistakes() == []


@pytest.mark.parametrize(
    ("swap", "line", "said"),
    [
        pytest.param(
            ('measure = "response_time"', 'measure = "respons_time"'),
            'measure = "respons_time"',
            "no measure 'respons_time'; did you mean 'response_time'?",
            id="unknown measure",
        ),
        pytest.param(
            ('facility = "clinic", within', 'facilty = "clinic", within'),
            "given = { facilty",
            "no parameter of distance_within 'facilty'; did you mean 'facility'?",
            id="unknown parameter",
        ),
        pytest.param(
            ('unit = "km"', 'unit = "minute"'),
            "given = {",
            "'minute' is not a unit of [m]",
            id="wrong unit of a parameter",
        ),
        pytest.param(
            ('unit = "minute"', 'unit = "m"'), "at_most = {", "at_most: 'm' is not a unit of [s]", id="wrong unit"
        ),
        pytest.param(
            ("at_least = 0.5", "at_least = 80"),
            "at_least = 80",
            "at_least: 80 can never be met, distance_within gives a share from 0 to 1; write a percentage",
            id="impossible share",
        ),
        pytest.param(
            ("at_least = 0.5", "more_than = 1"), "more_than = 1", "more_than: 1 can never be met", id="more than all"
        ),
        pytest.param(
            ("at_least = 0.5", "at_most = -0.1"),
            "at_most = -0.1",
            "at_most: -10.0 % can never be met",
            id="less than none",
        ),
        pytest.param(
            ("value = 15,", "value = -15,"),
            "at_most = {",
            "can never be met, response_time is never below 0",
            id="negative",
        ),
        pytest.param(
            ("at_least = 0.5", "between = [0.8, 0.2]"),
            "between = [0.8, 0.2]",
            "between: no value is above 80.0 % and below 20.0 %",
            id="ends the wrong way round",
        ),
        pytest.param(
            ("at_least = 0.5", "more_than = 0.5\nat_most = 0.5"),
            "at_most = 0.5",
            "no value is above 50.0 % and below 50.0 %",
            id="nothing between",
        ),
        pytest.param(
            ("at_least = 0.5", "at_least = nan"), "at_least = nan", "'nan' is not a number", id="not a number"
        ),
        pytest.param(
            ("at_least = 0.5", "at_least = inf"), "at_least = inf", "inf is no limit; leave it out", id="infinite"
        ),
        pytest.param(
            ("at_least = 0.5", "classes = [{ name = 'A', least = 1.5 }, { name = 'B', least = 'half' }]"),
            "classes = [",
            "least: 'half' is not a number",
            id="class",
        ),
        pytest.param(
            ('title = { en = "New edition", zh = "新版" }', 'title = { en = "New edition" }'),
            'title = { en = "New edition" }',
            "title.zh: Field required",
            id="missing language of a standard",
        ),
        pytest.param(
            ('about = { en = "A pack for tests.", zh = "测试用。" }', 'about = { zh = "测试用。" }'),
            'about = { zh = "测试用。" }',
            "about.en: Field required",
            id="missing language of the pack",
        ),
        pytest.param(
            ("from = 2026-01-01", "from = 2025-12-31"),
            "valid = { from = 2012-01-01, until = 2025-12-31",
            "their validity overlaps; end it a day before",
            id="overlapping validity",
        ),
        pytest.param(
            ("until = 2025-12-31", "until = 2011-12-31"),
            "[[clause]]",
            "it ends on 2011-12-31, before",
            id="ends before it begins",
        ),
        pytest.param(
            ('standard = "T 1-2026"', 'standard = "T 1-2036"'), 'standard = "T 1-2036"', "no standard", id="standard"
        ),
        pytest.param(
            ("domain = [7]\nstrength", "domain = [7\nstrength"), "strength", "not readable as TOML", id="TOML"
        ),
    ],
)
def test_a_mistake_and_its_line(mistakes, swap, line, said):
    told = mistakes(swap)
    assert told
    assert said in told[0][2]
    assert told[0][1].startswith(line)


def test_a_missing_language_of_each_clause(mistakes):
    told = mistakes(('title = { en = "Clinic near home", zh = "就近就医" }', 'title = { en = "Clinic near home" }'))
    assert [line for line, _, _ in told] == [14, 26]
    assert all("clause 1 clinic: title.zh: Field required" in text for _, _, text in told)


def test_clauses_that_replace_each_other(mistakes):
    told = mistakes(
        (
            "valid = { from = 2026-01-01 }",
            'valid = { from = 2026-01-01, until = 2030-12-31, replaced_by = "T 1-2012, 1 clinic" }',
        )
    )
    circles = [(line, text) for line, _, text in told if "goes in a circle" in text]
    assert [line for line, _ in circles] == [17, 29]
    assert "T 1-2012, 1 clinic -> T 1-2026, 1 clinic -> T 1-2012, 1 clinic" in circles[0][1]


def test_all_mistakes_are_told_at_once(mistakes):
    told = mistakes(("at_least = 0.5", "at_least = 80"), ('unit = "minute"', 'unit = "m"'))
    assert [line for line, _, _ in told] == [20, 32]


def test_our_own_packs_ask_for_nothing_impossible():
    for name in packs:
        assert lint(packs[name])[1] == ()
