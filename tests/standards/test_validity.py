"""Which law holds on a day: editions that follow each other, limits with a date, goals, circles; and line numbers."""

import datetime as dt

import pytest
from click.testing import CliRunner

import twin
from twin.cli.terminal import twin_group
from twin.errors import StandardError
from twin.gis.grid import grid_city
from twin.hazards import Blockage
from twin.report.gather import page_of
from twin.standards import check, lint, load, rivals, side_by_side

HEAD = """name = "town"
title = { en = "Town", zh = "城镇" }
about = { en = "A pack for tests.", zh = "测试用。" }
[standard."T 1-2012"]
title = { en = "Old edition", zh = "旧版" }
[standard."T 1-2026"]
title = { en = "New edition", zh = "新版" }
"""


def clause(number, *lines, standard="T 1-2012", within=200):
    return (
        f'\n[[clause]]\nid = "{number}"\nstandard = "{standard}"\n'
        'title = { en = "Clinic near home", zh = "就近就医" }\ndomain = [7]\nstrength = "mandatory"\n'
        f'measure = "distance_within"\ngiven = {{ facility = "clinic", within = {within} }}\n'
        'source = { ref = "T 1", evidence = "read" }\n' + "".join(f"{line}\n" for line in lines)
    )


@pytest.fixture
def write(tmp_path):
    def file(*clauses):
        path = tmp_path / "town.toml"
        path.write_text(HEAD + "".join(clauses), encoding="utf-8")
        return path

    return file


def said(path):
    """Line and text of each mistake."""
    return [(mistake.line, str(mistake.error)) for mistake in lint(path)[1]]


def test_on_each_day_one_edition_holds(write):
    """Of 36 corners 6 lie within 200 m: the old edition asks for 15 % of them, the new one for 20 %."""
    path = write(
        clause("1", "at_least = 0.15", 'valid = { until = 2026-02-28, replaced_by = "T 1-2026, 1" }'),
        clause("1", "at_least = 0.20", "valid = { from = 2026-03-01 }", standard="T 1-2026"),
    )
    days = [dt.date(2026, 2, 28), dt.date(2026, 3, 1)]
    found = [[verdict.status for verdict in check(grid_city(5), path, on=day)] for day in days]
    assert found == [["pass", "not applicable"], ["not applicable", "fail"]]


def test_a_limit_that_changes_with_a_date(write):
    path = write(
        clause("1", "phase = [{ until = 2026-12-31, at_least = 0.15 }, { from = 2027-06-01, at_least = 0.2 }]"),
    )
    days = [dt.date(2026, 12, 31), dt.date(2027, 1, 1), dt.date(2027, 6, 1)]
    found = [check(grid_city(5), path, on=day)[0] for day in days]
    assert [(each.status, each.limit) for each in found] == [
        ("pass", ">= 0.15"),
        ("not applicable", ""),
        ("fail", ">= 0.2"),
    ]
    assert found[1].reason == "sets no limit for 2027-01-01"


def test_a_goal_expires_and_stays_as_a_level(write):
    path = write(clause("1", "at_least = 0.2", "valid = { goal = 2025 }"))
    (during,), (after,) = (check(grid_city(5), path, on=dt.date(year, 1, 1)) for year in (2025, 2026))
    assert (during.status, during.limit) == ("fail", ">= 0.2")
    assert (after.status, after.limit) == ("value", "")
    assert "at least 20.0 % was the goal, its year has passed" in after.reason
    assert "目标为不低于20.0 %，目标年已过" in after.reason_zh


def test_the_command_line_takes_the_day(write, tmp_path):
    import twin

    path = write(
        clause("1", "phase = [{ until = 2026-12-31, at_least = 0.15 }, { from = 2027-01-01, at_least = 0.2 }]")
    )
    twin.write(grid_city(5), tmp_path / "city")
    for day, status in (("2026-12-31", "1 pass"), ("2027-06-01", "1 fail")):
        done = CliRunner().invoke(
            twin_group, ["-q", "check", str(tmp_path / "city"), "--pack", str(path), "--on", day], obj={}
        )
        assert status in done.output, done.output


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ("valid = { from = 2026-01-01, until = 2025-01-01 }", "it ends on 2025-01-01, before it begins on 2026-01-01"),
        ('valid = { replaced_by = "T 1-2026" }', "'replaced_by' needs 'until'"),
        (
            "phase = [{ until = 2026-12-31, at_least = 0.1 }, { from = 2026-12-31, at_least = 0.2 }]",
            "phase: on 2026-12-31 two limits hold",
        ),
        ("phase = [{ from = 2027-01-01, until = 2026-01-01, at_least = 0.1 }]", "phase: it ends on 2026-01-01"),
        ("at_least = 0.1\nphase = [{ until = 2026-12-31, at_least = 0.1 }]", "give one of a limit"),
    ],
)
def test_validity_that_cannot_be(write, lines, text):
    ((line, found),) = said(write(clause("1", lines)))
    assert text in found
    assert line == 9  # where the clause begins
    with pytest.raises(StandardError, match="clause 1"):
        load(write(clause("1", lines)))


def test_overlapping_validity_is_refused(write):
    path = write(
        clause("1", 'valid = { until = 2026-03-01, replaced_by = "T 1-2026, 1" }'),
        clause("1", "valid = { from = 2026-03-01 }", standard="T 1-2026"),
    )
    ((line, text),) = said(path)
    assert line == 18
    assert path.read_text(encoding="utf-8").splitlines()[line - 1].startswith("valid = { until")
    assert "T 1-2026, 1, which replaces it, from 2026-03-01: their validity overlaps" in text


def test_a_circle_of_replacements_is_refused(write):
    path = write(
        clause("1", 'valid = { from = 2020-01-01, until = 2020-12-31, replaced_by = "T 1-2012, 2" }'),
        clause("2", 'valid = { from = 2021-01-01, until = 2021-12-31, replaced_by = "T 1-2012, 3" }'),
        clause("3", 'valid = { from = 2022-01-01, until = 2022-12-31, replaced_by = "T 1-2012, 1" }'),
    )
    circles = [text for _, text in said(path) if "goes in a circle" in text]
    assert len(circles) == 3
    assert "T 1-2012, 1 -> T 1-2012, 2 -> T 1-2012, 3 -> T 1-2012, 1" in circles[0]


def test_every_mistake_is_said_with_its_line(write):
    path = write(
        clause("1", "at_lest = 0.5"),
        clause("2", "valid = { form = 2020-01-01 }"),
        clause("3", 'measures = "x"'),
    )
    assert [line for line, _ in said(path)] == [18, 29, 40]
    path = write(clause("1"), clause("2", within='{ value = 1, unit = "minute" }'), clause("2"))
    assert [line for line, _ in said(path)] == [26, 30]
    assert "'minute' is not a unit of [m]" in said(path)[0][1]
    assert "stands there twice" in said(path)[1][1]
    done = CliRunner().invoke(twin_group, ["packs", "--lint", str(path)])
    assert done.exit_code == 1
    assert f"{path}:26: clause 2: " in done.output
    assert f"{path}:30: clause T 1-2012, 2 stands there twice" in done.output
    path.write_text(HEAD + "x = [1 2]", encoding="utf-8")
    assert said(path)[0][0] == 8


def test_clauses_that_ask_different_things_stand_side_by_side(write):
    path = write(
        clause("1", "at_least = 0.15"),
        clause("1", "at_least = 0.15", standard="T 1-2026", within=400),
        clause("2", "at_least = 0.15", "valid = { from = 2030-01-01 }", within=900),
        clause("3", within=1200),
    )
    found = side_by_side(path, on=dt.date(2026, 6, 1))
    assert found["clause"].tolist() == ["T 1-2012, 1", "T 1-2026, 1"]
    assert found["asks"].tolist() == ["distance_within, within 200 m", "distance_within, within 400 m"]
    assert set(found["of"]) == {"clinic"}
    judged = side_by_side(path, on=dt.date(2026, 6, 1), verdicts=check(grid_city(5), path, on=dt.date(2026, 6, 1)))
    assert judged["status"].tolist() == ["pass", "pass"]
    same = write(clause("1", "at_least = 0.15"), clause("2", "at_least = 0.15"))
    assert side_by_side(same).empty


def test_what_a_code_overrides_does_not_stand_beside_it():
    found = side_by_side(["living-circle", "service-coverage"])
    assert "GB 50180-2018, C.0.3 waste collection point" not in set(found["clause"])
    alone = side_by_side("parks")
    assert {
        "straight_within, within 300 m, least_area 20,000 m2",
        "distance_within, within 300 m, least_area 5,000 m2",
    } <= set(alone["asks"])


def test_rivals_are_those_that_ask_something_else_of_the_same(write):
    path = write(
        clause("draft", "at_least = 0.5", "valid = { from = 2030-01-01 }", within=300),
        clause("1", "at_least = 0.15"),
        clause("2", "at_least = 0.5", within=300),  # the same question and the same figure
        clause("3", within=1200),  # no limit
        clause("4", "at_least = 0.15", "valid = { until = 2020-01-01 }", within=900),
    )
    (pack,) = load(path)
    draft = pack.clause[0]
    assert [each.key for each in rivals(draft, pack.clause, on=dt.date(2026, 6, 1))] == ["T 1-2012, 1"]
    assert [each.id for each in rivals(draft, pack.clause, on=dt.date(2019, 6, 1))] == ["1", "4"]


def test_an_ensemble_is_judged_by_the_law_of_its_day(write):
    path = write(
        clause(
            "1",
            "phase = [{ until = 2029-12-31, at_least = 0.0 }, { from = 2030-01-01, at_least = 1.0 }]",
        )
    )
    storm = twin.Scenario("storm", Blockage(share=0.2, seed=0))
    for year, status in ((2026, "pass"), (2031, "fail")):
        done = twin.study(grid_city(5), under=[storm], standards=path, runs=4, on=dt.date(year, 6, 1))
        assert done.cells[1].verdicts[0].status == status


def test_a_report_shows_the_limits_of_its_day(write):
    path = write(clause("1", "phase = [{ until = 2029-12-31, at_least = 0.1 }, { from = 2030-01-01, at_least = 0.2 }]"))
    for year, limit in ((2026, "at least 10.0 %"), (2031, "at least 20.0 %")):
        done = twin.study(grid_city(5), standards=path, on=dt.date(year, 6, 1))
        assert page_of(done).clauses[0].limit.en == limit


def test_a_city_is_shown_where_clauses_ask_different_things(write, tmp_path):
    path = write(
        clause("1", "at_least = 0.15"),
        clause("1", "at_least = 0.5", standard="T 1-2026", within=400),
        clause("2", within=1200),
    )
    twin.write(grid_city(5), tmp_path / "town")
    asked = ["check", str(tmp_path / "town"), "--pack", str(path), "--conflicts"]
    done = CliRunner().invoke(twin_group, asked)
    assert done.exit_code == 0, done.output
    rows = [line.split("\t") for line in done.output.strip().splitlines()]
    assert [row[2] for row in rows[1:]] == ["T 1-2012, 1", "T 1-2026, 1"]
    assert [row[-2:] for row in rows[1:]] == [["pass", "16.7 %"], ["fail", "41.7 %"]]
    assert "可达范围" in CliRunner().invoke(twin_group, [*asked, "--lang", "zh"]).output
