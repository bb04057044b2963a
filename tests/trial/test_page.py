"""The trial report and ``trial.json``: both languages, everything that was found, and what was not with its reason."""

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner

import twin
from tests.trial.conftest import clause
from tests.trial.test_trial import NEAR
from twin.cli.terminal import twin_group
from twin.errors import DataError
from twin.gis.grid import grid_city
from twin.trial.page import render
from twin.trial.write import as_table

ROOT = Path(__file__).parents[2]
EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Two cities and clauses of several kinds, one of them unknown and one with a limit that is never met."""
    import tests.trial.conftest as place

    path = tmp_path_factory.mktemp("draft") / "draft.toml"
    clauses = [
        clause("1", "distance_within", NEAR, "at_least = 0.5"),
        clause("2", "area_per_head", '{ facility = "clinic" }', "at_least = 5.0"),
        clause("3", "distance_within", NEAR.replace("clinic", "museum"), "at_least = 0.5"),
        clause("4", "sized", '{ facility = "clinic", least = 1000 }', "at_least = 1.0"),
        clause("5", "response_time", '{ facility = "bus_stop", network = "walk" }', "at_most = 100"),
    ]
    path.write_text(place.HEAD + "".join(clauses), encoding="utf-8")
    return twin.trial(str(path), [grid_city(5), grid_city(8)], runs=3)


@pytest.fixture(scope="module")
def html(done):
    """The page of it."""
    return render(done)


class Seen(HTMLParser):
    """Texts and tags of a page, with what opens and closes."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.ids, self.links, self.open = [], [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        found = dict(attrs)
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found["href"]] if tag == "a" else []
        if tag not in {"meta", "link", "br", "img", "input", "path", "use", "image", "rect"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in self.open:
            while self.open and self.open.pop() != tag:
                pass


def test_the_page_has_a_section_for_each_clause_and_leads_there(html):
    seen = Seen(html)
    assert [f"#{each}" for each in seen.ids if each.startswith("clause-")] == [
        link for link in seen.links if link.startswith("#clause-")
    ]
    assert sum(each.startswith("clause-") for each in seen.ids) == 5
    assert seen.open == []
    # what opens without a network: nothing is fetched
    assert not re.findall(r"""(?:src|href)=["'](?!#|data:)""", html)


def test_each_language_says_the_same_numbers(html):
    pairs = re.findall(r'<span class="en" lang="en">(.*?)</span><span class="zh" lang="zh-CN">(.*?)</span>', html)
    assert len(pairs) > 150
    for en, zh in pairs:
        assert re.search(r"[\u4e00-\u9fff。；²³µ]", zh), zh
        assert "{" not in en + zh
        numbers = [
            re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?(?= ?%| (?:m|min|s)(?![a-z0-9/²³]))", text) for text in (en, zh)
        ]
        assert sorted(numbers[0]) == sorted(numbers[1]), (en, zh)


def test_charts_show_the_curve_the_limit_and_the_knee(done, html):
    charts = re.findall(r'<svg role="img" aria-label="([^"]*)"', html)
    assert any("distance along the streets, share of the people" in label for label in charts)
    assert sum("路网距离" in label for label in charts) == sum(
        "distance along the streets" in label for label in charts
    )
    assert "limit 300 m" in html
    assert "限值 300 m" in html
    alone = render(twin.trial(done.packs[0], grid_city(5), clauses="1", runs=2))
    assert "knee 700 m, 83.3 %" in alone  # where cities share a chart, rings alone mark the knees


def test_what_is_not_there_says_why(html):
    assert "no museum in the data" in html
    assert "facilities that would have to grow: 1" in html
    assert html.count("280 m2") >= 2


def test_the_page_is_the_same_each_time(done, html):
    assert render(done) == html


def test_names_of_a_city_are_no_markup(write):
    import dataclasses

    city = dataclasses.replace(grid_city(3), name=EVIL)
    html = render(twin.trial(write(clause("1", "distance_within", NEAR, "at_least = 0.5")), city, runs=2))
    assert EVIL not in html


def test_json_holds_every_part_and_its_fields_are_described(done):
    table = json.loads(json.dumps(as_table(done), allow_nan=False))
    assert [each["clause"]["id"] for each in table["outcomes"]] == [n for n in "12345" for _ in range(2)]
    first = table["outcomes"][0]
    assert first["curve"]["needed"] == 500
    assert first["cost"]["count"] == 1
    assert first["groups"][0]["left"] == 60
    assert "museum" in table["outcomes"][4]["curve"]["missing"]["en"]
    guide = (ROOT / "docs" / "trial.md").read_text(encoding="utf-8")

    def keys(value):
        if isinstance(value, dict):
            for key, each in value.items():
                yield key
                if key not in {"given", "limits", "options"}:
                    yield from keys(each)
        elif isinstance(value, list):
            for each in value:
                yield from keys(each)

    described = set(re.findall(r"`([a-z_0-9]+)`", guide))
    assert set(keys(table)) - described == set()


def test_a_folder_is_written_whole_and_never_over_something_else(done, tmp_path):
    folder = done.write(tmp_path / "out", language="zh")
    names = ["dictionary.csv", "metadata.xml", "outcomes.csv", "report.html", "trial.json"]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert '<html lang="zh-CN">' in (folder / "report.html").read_text(encoding="utf-8")
    done.write(folder)  # its own is replaced
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(DataError, match="no trial of twin"):
        done.write(tmp_path / "mine")


def test_from_the_command_line(write, tmp_path):
    path = write(clause("1", "distance_within", NEAR, "at_least = 0.5"))
    place = tmp_path / "town"
    twin.write(grid_city(5), place)
    run = CliRunner().invoke(twin_group, ["trial", path, str(place), "-o", str(tmp_path / "out"), "--lang", "zh"])
    assert run.exit_code == 0, run.output
    assert "条文1" in run.output
    assert "500 m" in run.output
    assert (tmp_path / "out" / "trial.json").is_file()


def test_a_draft_with_mistakes_is_said_line_by_line(write, tmp_path):
    path = write(
        clause("1", "distance_within", NEAR, "at_lest = 0.5"),
        clause("2", "distance_within", NEAR, "measures = 3"),
    )
    run = CliRunner().invoke(twin_group, ["trial", path, "gis_data/harbour"])
    assert run.exit_code == 1
    assert f"{path}:16: clause 1: no key 'at_lest'; did you mean 'at_least'?" in run.output
    assert f"{path}:27: clause 2: " in run.output


@pytest.mark.browser
@pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed")
def test_in_a_browser(done, tmp_path):
    playwright = pytest.importorskip("playwright.sync_api")
    path = done.write(tmp_path / "out") / "report.html"
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        context = browser.new_context(offline=True, viewport={"width": 1280, "height": 900})
        tab = context.new_page()
        errors = []
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        tab.goto(path.as_uri())
        assert tab.inner_text("h1").startswith("Clauses on trial")
        tab.click('[data-language="zh"]')
        assert "试验报告" in tab.inner_text("h1")
        assert tab.evaluate("document.documentElement.scrollWidth") <= 1280
        bars = tab.eval_on_selector_all(".track .served", "all => all.map(each => each.getBoundingClientRect().width)")
        assert max(bars) > 50
        browser.close()
    assert errors == []
