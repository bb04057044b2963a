"""White papers: what the cases cover, side by side; and both kinds on paper."""

import re
import shutil
import subprocess

import pandas as pd
import pytest
from click.testing import CliRunner

import twin
from twin.cases.paper import render_paper
from twin.cases.print import NoBrowser, browser, to_pdf
from twin.cli.terminal import twin_group
from twin.errors import DataError
from twin.report.content import Text
from twin.standards import domains

pdfinfo = shutil.which("pdftotext")


@pytest.fixture(scope="module")
def paper(home, case):
    other = (home / "shut.toml").read_text(encoding="utf-8")
    renamed = other.replace('"Clinic shut & <b>"', '"Stops as well"').replace("诊所停业", "车站也看")
    (home / "stops.toml").write_text(renamed, encoding="utf-8")
    return twin.whitepaper([case, home / "stops.toml"], title=Text("Town cases", "镇案例"))


def test_a_clause_counts_once_in_a_city_and_in_each_of_its_domains(paper):
    # Two cases of one city put the same three clauses: 7 has the clinic and the school that is unknown, 8 the clinic.
    frame = paper.coverage().set_index("domain")
    assert list(frame.index) == list(domains())
    assert frame.loc[7, ["judged", "passed", "failed", "unknown", "cases"]].tolist() == [1, 1, 0, 1, 2]
    assert frame.loc[8, ["judged", "passed", "failed", "unknown", "cases"]].tolist() == [1, 1, 0, 0, 2]
    assert frame.loc[11, ["judged", "passed", "failed", "unknown", "cases"]].tolist() == [1, 0, 0, 0, 2]
    assert frame.loc[1, ["judged", "passed", "failed", "unknown", "cases"]].tolist() == [0, 0, 0, 0, 0]


def test_the_page_has_contents_matrix_and_both_cases(paper):
    html = render_paper(paper)
    assert [text for text in ("What the cases cover", "Clinic shut &amp; &lt;b&gt;", "Stops as well") if text in html]
    anchors = set(re.findall(r'<a href="#([\w-]+)"', html))
    assert anchors == {"coverage", "case-2", "case-3"}
    assert all(f'id="{anchor}"' in html for anchor in anchors)
    assert "2 cases from one city: 3 clauses of 1 standards were judged." in html
    row = re.search(r"Stops as well.*?</tr>", html[html.index("The cases side by side") :], re.DOTALL).group()
    assert re.findall(r'class="number \w+">(\d+)<', row) == ["3", "1", "0", "1", "1", "1"]  # one lost, one won back
    assert "Total of what is stated, once: 1,200,000 CNY" in row


def test_what_is_written_and_bound_again(paper, tmp_path):
    folders = [each.write(tmp_path / f"case{n}", pdf=False) for n, each in enumerate(paper.cases)]
    out = tmp_path / "paper"
    run = CliRunner().invoke(twin_group, ["whitepaper", *map(str, folders), "-o", str(out), "--no-pdf"])
    assert run.exit_code == 0, run.output
    more = ["--title", "Two", "--title-zh", "两例"]
    other = CliRunner().invoke(
        twin_group, ["whitepaper", *map(str, folders), "-o", str(tmp_path / "x"), "--no-pdf", *more]
    )
    assert other.exit_code == 0, other.output
    html = (tmp_path / "x" / "whitepaper.html").read_text(encoding="utf-8")
    assert '<span class="en" lang="en">Two</span><span class="zh" lang="zh-CN">两例</span>' in html
    names = {path.name for path in out.iterdir()}
    assert names == {"coverage.csv", "dictionary.csv", "metadata.xml", "whitepaper.html", "whitepaper.json"}
    table = pd.read_csv(out / "coverage.csv")
    pd.testing.assert_frame_equal(table, paper.coverage(), check_dtype=False)
    assert list(pd.read_csv(out / "dictionary.csv")["column"]) == list(table.columns)
    metadata = (out / "metadata.xml").read_text(encoding="utf-8")
    assert metadata.count("Gridtown, population: census") == 1
    assert "方格镇：标准试验验证案例" in metadata


def test_what_cannot_be_bound(case, tmp_path):
    with pytest.raises(DataError, match="it binds at least one case"):
        twin.whitepaper([])
    with pytest.raises(DataError, match="two cases are called 'Clinic shut & <b>' in Gridtown"):
        twin.whitepaper([case, case])
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(DataError, match="something that is no white paper"):
        twin.whitepaper([case]).write(tmp_path)


def test_a_browser_that_is_named_and_is_not_there(monkeypatch):
    monkeypatch.setenv("TWIN_CHROMIUM", "no-such-program")
    with pytest.raises(NoBrowser, match="install it"):
        browser()


@pytest.mark.browser
@pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed")
def test_on_paper(paper, tmp_path):
    folder = paper.write(tmp_path / "paper")
    for language in ("en", "zh"):
        data = (folder / f"whitepaper.{language}.pdf").read_bytes()
        assert data.startswith(b"%PDF-")
        sizes = set(re.findall(rb"/MediaBox ?\[([\d. ]+)\]", data))
        assert {tuple(round(float(part)) for part in size.split()) for size in sizes} == {
            (0, 0, 595, 842)
        }  # A4 in points
    if pdfinfo is None:
        pytest.skip("pdftotext is not installed: sizes were looked at, words were not")
    for language, words in (("en", ("Town cases", "Stops as well")), ("zh", ("镇案例", "车站也看", "未说明"))):
        path = str(folder / f"whitepaper.{language}.pdf")
        text = subprocess.run([pdfinfo, "-layout", path, "-"], capture_output=True, text=True, check=True).stdout
        assert all(word in text for word in words)
        pages = text.split("\f")[:-1]
        for number, page in enumerate(pages, 1):
            assert page.rstrip().endswith(f"{number} / {len(pages)}")
        other = "not stated" if language == "zh" else "未说明"
        assert other not in text.split("name = {")[0]


def test_a_browser_that_fails_says_its_last_line(tmp_path, monkeypatch):
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\necho first >&2\necho 'no room left' >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("TWIN_CHROMIUM", str(program))
    with pytest.raises(DataError, match=r"it wrote no PDF \(no room left\)"):
        to_pdf("<p>x</p>", tmp_path / "x.pdf")
    assert not (tmp_path / "x.pdf").exists()
