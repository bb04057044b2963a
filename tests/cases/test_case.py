"""Dossiers: the same from a file and from a run's folder, numbers as counted by hand, gaps said."""

import dataclasses
import json
import math
import re
import tomllib
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import twin
from twin.cases import Cost, Told
from twin.cases.again import page_from
from twin.cases.page import render
from twin.cases.tell import moving, section_of, totals
from twin.cases.told import told_in
from twin.cli.terminal import twin_group
from twin.errors import DataError, ScenarioError, UnknownName
from twin.report.content import Text
from twin.report.dictionary import columns
from twin.standards.clause import Label


def statuses(case, clause):
    frame = case.verdicts[case.verdicts["clause"] == clause]
    keys = zip(frame["plan"], frame["shock"].fillna(""), strict=True)
    return dict(zip(keys, frame["status"], strict=True))


def test_today_shock_and_plan_as_counted_by_hand(case):
    # 21 of 81 corners lie within 5 blocks of a corner of the grid: 25.9 %; of two opposite corners 42.
    frame = case.verdicts[case.verdicts["clause"] == "1 clinic"]
    assert frame["value"].tolist() == pytest.approx([21 / 81, 0.0, 42 / 81, 21 / 81])
    assert statuses(case, "1 clinic") == {
        ("as it is", ""): "pass",
        ("as it is", "first clinic shut"): "fail",
        ("second clinic", ""): "pass",
        ("second clinic", "first clinic shut"): "pass",
    }
    assert moving(case.page) == [0]


def test_what_is_told_and_what_is_not(case):
    part = section_of(case)
    assert part["problem"] == Text("One clinic for all.", "全镇仅一家诊所。")
    assert part["lesson"] is None
    html = render(case)
    assert html.count("not stated") >= 3  # context, lesson, contact, the price of the land
    assert "1,200,000 CNY" in html
    assert "A. Writer" in html


def test_totals_are_by_how_often_and_say_where_they_are_partial(case):
    said = [(name.en, amount) for name, amount in totals(case.told.cost)]
    assert said == [("Total of what is stated, once", "1,200,000 CNY"), ("Total, each year", "300,000 CNY")]
    label = {"en": "x", "zh": "某"}  # two currencies are never added up
    mixed = [Cost(item=label, amount=2, currency="EUR"), Cost(item=label, amount=3)]
    assert [amount for _, amount in totals(mixed)] == ["2 EUR", "3 CNY"]


def test_values_that_change_without_their_verdict_are_listed(case):
    page = case.page
    assert section_of(case)["shifts"] == []  # the stops stay, and the clinics change their verdict
    shifted = [
        dataclasses.replace(cell, value=cell.value * (1.5 if cell.scenario == 1 else 1.0)) for cell in page.verdicts
    ]
    stops = [dataclasses.replace(cell, value_text=Text(str(cell.value), "")) for cell in shifted]
    other = dataclasses.replace(case, page=dataclasses.replace(page, verdicts=tuple(stops)))
    assert [row["clause"].clause for row in section_of(other)["shifts"]] == ["3 stops"]


def test_the_guide_tells_keys_that_exist():
    text = (Path(__file__).parents[2] / "docs" / "cases.md").read_text(encoding="utf-8")
    bundle, told = (tomllib.loads(block) for block in re.findall(r"```toml\n(.*?)```", text, re.DOTALL))
    assert set(bundle) == {"name", "city", "standards", "shock", "plan"}
    made = Told.model_validate(told["case"])
    assert set(told["case"]) == set(Told.model_fields)
    assert set(told["case"]["cost"][0]) == set(Cost.model_fields)
    assert made.cost[0].amount == 18_000_000


def test_counts_by_standard_and_domain(case):
    part = section_of(case)
    (standard,) = part["standards"]
    assert standard["title"] == Text("Town norm", "本镇标准")
    assert standard["counts"] == {
        "clauses": 3, "judged": 2, "pass": 1, "fail": 0, "value": 1, "unknown": 1, "na": 0
    }  # fmt: skip
    assert standard["recalled"] == 1
    assert {row["number"]: row["counts"]["judged"] for row in part["domains"]} == {7: 1, 8: 1, 11: 1}


def test_layers_of_one_source_stand_in_one_row(case):
    rows = {row["source"]: row for row in section_of(case)["sources"]}
    assert rows["census"]["layers"] == Text("Population", "人口")
    assert rows["census"]["year"] == "2020"
    assert "Facilities" in rows[""]["layers"].en


def test_the_page_holds_both_languages_and_nothing_of_the_file_is_markup(case):
    html = render(case, language="zh")
    assert '<html lang="zh-CN">' in html
    assert "Clinic shut &amp; &lt;b&gt;" in html
    assert "诊所停业" in html
    assert "方格镇" in html
    assert "<b>" not in html
    paper = render(case, language="en", printed=True)
    assert "<script" not in paper
    assert 'content: "Gridtown \\b7  Clinic shut \\26  \\3c b\\3e "' in paper


def test_every_word_is_there_in_both_languages(case):
    from twin.cases.words import words

    for name, text in words().items():
        assert text.en, name
        assert text.zh, name
        assert set(re.findall(r"{\w+}", text.en)) == set(re.findall(r"{\w+}", text.zh)), name


def test_what_is_written(case, tmp_path):
    folder = case.write(tmp_path / "case", pdf=False)
    assert {path.name for path in folder.iterdir()} == {
        "case.json", "dictionary.csv", "dossier.html", "metadata.xml", "page.json", "run.json", "scenario.toml",
        "verdicts.csv",
    }  # fmt: skip
    told = pd.read_csv(folder / "dictionary.csv")
    assert set(told["column"]) == set(pd.read_csv(folder / "verdicts.csv").columns) == set(columns()["verdicts.csv"])
    assert told[["meaning_en", "meaning_zh"]].notna().all(axis=None)
    metadata = (folder / "metadata.xml").read_text(encoding="utf-8")
    assert "Typical case: Clinic shut" in metadata
    assert "典型案例：诊所停业" in metadata
    assert "Gridtown, population: census" in metadata
    assert "distance_within" in metadata
    assert "add facility (" in metadata


def test_a_case_is_read_again_as_it_was(case, tmp_path):
    folder = case.write(tmp_path / "case", pdf=False)
    again = twin.case(folder)
    assert render(again) == render(case)
    assert again.place == case.place
    assert again.told == case.told
    again.write(folder, pdf=False)  # over itself


def test_a_run_becomes_a_case(home, case, tmp_path):
    done = CliRunner().invoke(twin_group, ["run", str(home / "shut.toml"), "-o", str(tmp_path / "run")])
    assert done.exit_code == 0, done.output
    made = twin.case(tmp_path / "run")
    assert made.title == case.title
    assert statuses(made, "1 clinic") == statuses(case, "1 clinic")
    bare = dataclasses.replace(made.page, map=None, manifest={})
    same = dataclasses.replace(case.page, map=None, manifest={})
    assert repr(bare) == repr(same)  # NaN are NaN in both


def test_a_study_at_hand_becomes_a_case(home, tmp_path):
    study = twin.study(twin.read(home / "grid"), standards=home / "town.toml")
    made = twin.case(study)
    assert made.told == Told()
    assert "made in a script" in render(made)
    assert made.title.zh == "方格镇：标准符合性评估"


def test_from_the_command_line(home, tmp_path):
    out = tmp_path / "out"
    done = CliRunner().invoke(twin_group, ["case", str(home / "shut.toml"), "-o", str(out), "--no-pdf", "--lang", "zh"])
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-1] == str(out / "dossier.html")
    assert '<html lang="zh-CN">' in (out / "dossier.html").read_text(encoding="utf-8")


def test_without_a_browser_it_says_so_and_writes_the_rest(home, tmp_path, monkeypatch):
    monkeypatch.setenv("TWIN_CHROMIUM", "no-such-program")
    done = CliRunner().invoke(twin_group, ["case", str(home / "shut.toml"), "-o", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert "no PDF: no Chromium to write the PDF with; install it" in done.output
    assert (tmp_path / "out" / "dossier.html").is_file()
    assert not list((tmp_path / "out").glob("*.pdf"))


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ('[case]\nproblem = "bad air"', r"case\.problem: 'bad air' is in one language; write \{ en = "),
        ("[case]\nproblems = 3", r"no key 'case\.problems'; docs/cases\.md lists the keys"),
        ('[case]\nproblem = { en = "x" }', r"case\.problem\.zh is missing; texts are given in both languages"),
        ('[[case.cost]]\nitem = { en = "x", zh = "y" }\namount = -1', r"case\.cost\.1\.amount: .*, not -1"),
        ('[[case.cost]]\nitem = { en = "x", zh = "y" }\neach = "month"', r"case\.cost\.1\.each: .*, not 'month'"),
    ],
)
def test_mistakes_in_what_is_told(home, written, says):
    text = (home / "shut.toml").read_text(encoding="utf-8")
    path = home / "bad.toml"
    path.write_text(text[: text.index("[case]")] + written, encoding="utf-8")
    with pytest.raises(DataError, match=says):
        twin.case(path)


def test_what_the_file_is_about_is_the_problem_where_none_is_told(home):
    text = (home / "shut.toml").read_text(encoding="utf-8")
    bare = text[: text.index("[case]")]
    path = home / "about.toml"
    path.write_text('about = { en = "Too far.", zh = "太远。" }\n' + bare, encoding="utf-8")
    assert told_in(path).problem == Label(en="Too far.", zh="太远。")
    path.write_text('about = { en = "Too far.", zh = "太远。" }\n' + text, encoding="utf-8")
    assert told_in(path).problem.en == "One clinic for all."
    path.write_text('about = "Too far."\n' + bare, encoding="utf-8")
    assert told_in(path).problem is None


def test_a_cost_of_a_plan_that_is_not_there(home):
    text = (home / "shut.toml").read_text(encoding="utf-8").replace('plan = "second clinic"', 'plan = "second clinc"')
    (home / "bad.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UnknownName, match=r"case\.cost\.1: no plan 'second clinc'; did you mean 'second clinic'\?"):
        twin.case(home / "bad.toml")
    with pytest.raises(DataError, match="it takes a study, a scenario file or a run's folder, not City"):
        twin.case(twin.read(home / "grid"))


def test_folders_that_are_none(home, case, tmp_path):
    with pytest.raises(DataError, match=r"it holds no run of twin \(page\.json and run\.json are not there\)"):
        twin.case(tmp_path)
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(DataError, match="there is something that is no case of twin"):
        case.write(tmp_path)
    with pytest.raises(ScenarioError, match="no such file"):
        twin.case(tmp_path / "no.toml")
    text = (home / "shut.toml").read_text(encoding="utf-8").replace('city = "grid"', "")
    (home / "nowhere.toml").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="it names no city"):
        twin.case(home / "nowhere.toml")


def test_an_edited_page_is_refused(case, tmp_path):
    folder = case.write(tmp_path / "case", pdf=False)
    table = json.loads((folder / "page.json").read_text(encoding="utf-8"))
    assert page_from(table).clauses == case.page.clauses
    for key, value, says in (
        ("clauses", 3, "page.json, clauses: a list is expected, not 3"),
        ("title", "x", "page.json, title: a table is expected"),
        ("written", 3, "page.json, written: 3 is no str"),
        ("city", {**table["city"], "people": "many"}, "city, people: 'many' is no number"),
    ):
        with pytest.raises(DataError, match=re.escape(says)):
            page_from({**table, key: value})
    with pytest.raises(DataError, match="districts is missing, as of an older run"):
        page_from({name: value for name, value in table.items() if name != "districts"})
    assert math.isnan(page_from(table).verdicts[1].value)  # the school that is not there
