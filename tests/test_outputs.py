"""Whatever twin writes says what its columns mean and where its numbers come from, in both languages."""

import dataclasses
import shutil
from xml.etree import ElementTree

import pandas as pd
import pyogrio
import pytest
from iso19139 import NAMES, faults

import twin
from twin.gis.grid import grid_city
from twin.hazards import Blockage
from twin.model import Source


@pytest.fixture(scope="module")
def city():
    plain = grid_city(8)
    about = dataclasses.replace(
        plain.about,
        sources={"population": Source("census", "2020", "CC BY 4.0"), "walk": Source("map", "2021", "ODbL 1.0")},
        attribution=("© nobody",),
        traits={"name_zh": "方格镇"},
    )
    return dataclasses.replace(plain, about=about)


@pytest.fixture(scope="module")
def written(city, tmp_path_factory):
    """A folder of every kind of output."""
    home = tmp_path_factory.mktemp("outputs")
    shock = twin.Scenario("blocked", Blockage(share=0.1, seed=1), zh="阻断")
    study = twin.study(city, under=[shock], standards="service-coverage")
    twin.write(city, home / "city")
    case = twin.case(study)
    return {
        "run": study.write(home / "run"),
        "trial": twin.trial("service-coverage", city, clauses="health care on foot").write(home / "trial"),
        "benchmark": twin.benchmark([city, dataclasses.replace(city, name="B")], "service-coverage").write(home / "b"),
        "case": case.write(home / "case", pdf=False),
        "whitepaper": twin.whitepaper([case]).write(home / "paper", pdf=False),
        "report": study.report(home / "report" / "one.html").parent,
    }


KINDS = ("run", "trial", "benchmark", "case", "whitepaper")
PAGES = {
    "trial": "report.html",
    "benchmark": "report.html",
    "case": "dossier.html",
    "whitepaper": "whitepaper.html",
    "report": "one.html",
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_column_is_explained(written, kind):
    told = pd.read_csv(written[kind] / "dictionary.csv", keep_default_na=False)
    assert (told[["type", "meaning_en", "meaning_zh"]] != "").all(axis=None)
    tables = {path.name for path in written[kind].glob("*.csv")} - {"dictionary.csv"}
    assert tables
    for name in tables:
        columns = list(pd.read_csv(written[kind] / name, nrows=0).columns)
        assert set(columns) <= set(told.loc[told["file"] == name, "column"]), name
    for path in written[kind].glob("*.gpkg"):
        layers = {layer for layer, _ in pyogrio.list_layers(path)}
        assert layers <= {column.split(".")[0] for column in told.loc[told["file"] == path.name, "column"]}


@pytest.mark.parametrize("kind", [*KINDS, "report"])
def test_metadata_tells_sources_years_terms_and_lineage(written, kind):
    (path,) = written[kind].glob("*metadata.xml")
    root = ElementTree.parse(path).getroot()  # noqa: S314  it is our own
    assert faults(root) == []
    text = path.read_text(encoding="utf-8")
    assert ": census" in text
    assert "CC BY 4.0 (population" in text
    assert "© nobody" in text
    steps = root.findall(".//gmd:LI_ProcessStep/gmd:description", NAMES)
    assert any("health care on foot" in step[0].text for step in steps)
    for title in root.iterfind(".//gmd:citation//gmd:title", NAMES):
        local = title.find(".//gmd:LocalisedCharacterString", NAMES)
        assert local.text != title[0].text


def test_lists_of_the_command_line_have_the_same_rows_in_both_languages(city, tmp_path):
    frames = [
        twin.trial("service-coverage", city, clauses="health care on foot").summary(language=language)
        for language in ("en", "zh")
    ]
    assert frames[0]["clause"].tolist() == frames[1]["clause"].tolist()
    assert frames[0]["title"].tolist() != frames[1]["title"].tolist()


@pytest.mark.browser
@pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed")
def test_every_page_changes_its_language_and_asks_for_nothing(written):
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for kind, name in PAGES.items():
            context = browser.new_context(offline=True, locale="en-US", viewport={"width": 1280, "height": 900})
            tab = context.new_page()
            said = []
            tab.on("pageerror", lambda error, said=said: said.append(str(error)))
            tab.on("console", lambda line, said=said: said.append(line.text) if line.type == "error" else None)
            tab.on("request", lambda asked, said=said: said.append(asked.url) if asked.url.startswith("http") else None)
            tab.goto((written[kind] / name).as_uri())
            assert tab.evaluate("document.documentElement.lang") == "en", kind
            english = tab.inner_text("h1")
            tab.click('[data-language="zh"]')
            assert tab.evaluate("document.documentElement.lang") == "zh-CN", kind
            assert tab.inner_text("h1") != english, kind
            assert tab.evaluate("document.documentElement.scrollWidth") <= 1280, kind
            if kind in {"case", "whitepaper"}:
                tab.set_viewport_size({"width": 390, "height": 900})
                assert tab.evaluate("document.documentElement.scrollWidth") <= 390, kind
            context.close()
            assert said == [], kind
        browser.close()
