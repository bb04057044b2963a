import html
import json
import re
import tomllib
from importlib.resources import files
from xml.etree import ElementTree

import pandas as pd
import pytest
from benchmark.conftest import stated

from twin.benchmark import benchmark
from twin.benchmark.page import render
from twin.errors import DataError

EVIL = "</script><script>alert(1)</script> & Söhne"


@pytest.fixture(scope="module")
def done(pair):
    return benchmark([stated(pair[0], EVIL), pair[1]], ["sdg-11", "city-indicators"])


def test_the_folder_is_whole(done, tmp_path):
    folder = done.write(tmp_path / "out")
    assert sorted(p.name for p in folder.iterdir()) == [
        "benchmark.json", "dictionary.csv", "frameworks.csv", "indicators.csv", "metadata.xml", "report.html",
    ]  # fmt: skip
    meanings = pd.read_csv(folder / "dictionary.csv")
    for name in ("indicators.csv", "frameworks.csv"):
        written = pd.read_csv(folder / name)
        assert list(meanings[meanings["file"] == name]["column"]) == list(written.columns)
    root = ElementTree.parse(folder / "metadata.xml").getroot()  # noqa: S314  it is our own
    assert EVIL in "".join(root.itertext())
    assert json.loads((folder / "benchmark.json").read_text(encoding="utf-8"))["options"]["draws"] == 1000
    done.write(folder)  # its own folder may be replaced
    assert not [p for p in tmp_path.iterdir() if p.name != "out"], "nothing half written stays"


def test_what_is_no_benchmark_is_not_overwritten(done, tmp_path):
    (tmp_path / "letters.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(DataError, match="no benchmark"):
        done.write(tmp_path)
    assert (tmp_path / "letters.txt").read_text(encoding="utf-8") == "dear"


def test_names_are_escaped_and_both_languages_are_there(done):
    page = render(done, language="zh")
    assert EVIL not in page
    assert html.escape(EVIL) in page
    assert '<html lang="zh-CN">' in page
    for text in ("Before you compare", "比较之前请注意", "沿路网500米内有公交或电车站的人口"):
        assert text in page
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", page), "nothing is fetched"


def test_every_word_stands_in_both_languages():
    words = tomllib.loads((files("twin.benchmark") / "words.toml").read_text(encoding="utf-8"))
    for name, each in words.items():
        assert set(each) == {"en", "zh"}, name
        holes = [sorted(re.findall(r"\{(\w+)\}", text)) for text in (each["en"], each["zh"])]
        assert holes[0] == holes[1], name
        if name != "missing":
            assert re.search(r"[\u4e00-\u9fff]", each["zh"]), name
