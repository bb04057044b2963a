"""What the page says, against numbers counted by hand, and what it does with names that try to break it."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import DataError
from twin.report.charts import people_chart, status_chart
from twin.report.embed import bits, payload, plain, rounded, script_json, unbits
from twin.report.page import Cell, CityCard, ClauseCard, Loss, MapData, Page, Points, ScenarioCard, Text, render
from twin.report.summary import moved, sentences, statuses
from twin.report.words import grouped, words

EVIL = "</script><script>alert(1)</script>"
NAN = float("nan")


class Read(HTMLParser):
    """The elements of a page, the texts of its scripts, and all other text."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.scripts, self.text, self._open = [], [], [], False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._open = tag == "script"
        if self._open:
            self.scripts.append((dict(attrs), ""))

    def handle_endtag(self, tag):
        self._open = self._open and tag != "script"

    def handle_data(self, data):
        if self._open:
            attrs, text = self.scripts[-1]
            self.scripts[-1] = (attrs, text + data)
        else:
            self.text.append(data)

    @property
    def data(self):
        return json.loads(next(text for attrs, text in self.scripts if attrs.get("type") == "application/json"))


def clause(number, **more):
    given = {"key": str(number), "standard": "S", "clause": str(number), "title": Text(f"T{number}", f"题{number}")}
    given |= {"domains": (1,), "strength": "mandatory", "evidence": "read", "measure": Text("", "")}
    return ClauseCard(**given | {"limit": Text("≥ 80 %", "≥ 80 %")} | more)


def small(rows, *, people=(), **more):
    """A page of one clause a row; `rows` hold the status in each scenario, `people` likewise."""
    count = len(rows[0])
    cells = [
        Cell(s, c, rows[c][s], people=people[c][s] if people else NAN)
        for c in range(len(rows))
        for s in range(count)
        if rows[c][s]
    ]
    scenarios = tuple(ScenarioCard(f"p{s}", "", Text(f"Scenario {s}", f"情景{s}")) for s in range(count))
    given = {"title": Text("T", "题"), "question": Text("Q?", "问?"), "city": CityCard("C", 100.0, 1.0, "EPSG:3857")}
    given |= {"scenarios": scenarios, "clauses": tuple(clause(c) for c in range(len(rows))), "verdicts": tuple(cells)}
    return Page(**given | more)


def points(people, unserved):
    n = len(people)
    data = Points(np.linspace(0, 1, n), np.zeros(n), np.asarray(people, dtype=float))
    masks = {key: np.array(mask, dtype=bool) for key, mask in unserved.items()}
    return MapData((0.0, 0.0, 1.0, 1.0), {}, data, masks)


# --- what the sentences say


def test_sentences_by_hand():
    page = small(
        [("pass", "fail"), ("pass", "fail"), ("fail", "pass"), ("value", "unknown"), ("unknown", "fail")],
        people=[(0, 10), (5, 25), (70, 0), (NAN, NAN), (NAN, 3)],
        # 10 + 20 lose in clause 0, 20 + 40 in clause 1: 10 + 20 + 40 = 70 people in all; 80 gain by clause 2
        map=points(
            [10, 20, 40, 80],
            {
                (0, 0): [0, 0, 0, 0], (1, 0): [1, 1, 0, 0],
                (0, 1): [0, 0, 0, 0], (1, 1): [0, 1, 1, 0],
                (0, 2): [0, 0, 0, 1], (1, 2): [0, 0, 0, 0],
                (1, 3): [1, 1, 1, 1],
            },
        ),
    )  # fmt: skip
    before, after = sentences(page)
    assert before.en == (
        "Of 5 clauses 2 pass, 1 fails, 1 is a value without a limit, 1 is unknown; "
        "the largest gap: 70 people unserved (T2)."
    )
    assert before.zh == "5 条中，2 条达标、1 条不达标、1 条仅报数值、1 条无法判断；最大缺口：70 人未被服务（题2）。"
    assert after.en == (
        "3 clauses newly fail (T0; T1 …); 1 failing clause now passes; 1 clause can no longer be judged; "
        "70 people lose a service; 80 people gain a service."
    )
    assert after.zh == (
        "3 条由此不达标（题0；题1 …）；1 条原不达标、现已达标；1 条变得无法判断；"
        "70 人失去至少一项服务；80 人新获至少一项服务。"
    )


def test_sentence_is_in_the_page_in_both_languages():
    html = render(small([("pass", "fail")], people=[(0.0, 4210.0)]))
    assert "1 clause newly fails (T0); at least 4,210 people lose a service." in html
    assert "1 条由此不达标（题0）；至少 4,210 人失去一项服务。" in html


def test_without_points_the_largest_clause_is_a_lower_bound():
    page = small(
        [("fail", "fail"), ("fail", "fail"), ("fail", "fail")],
        people=[(100, 160), (50, 20), (NAN, 9)],
        losses=(Loss(1, 0, "A", 50.0), Loss(1, 0, "B", 45.0), Loss(1, 1, "A", 70.0), Loss(1, 2, "A", NAN)),
    )
    # clause 0: 160 - 100 = 60, but its districts lose 50 + 45 = 95 while others gain; clause 1 gains 30 net
    assert moved(page, 1) == (95.0, 30.0, False)
    assert sentences(page)[1].en == (
        "No verdict changes; at least 95 people lose a service; at least 30 people gain a service."
    )


def test_nothing_changes():
    served = points([3.0, 4.0], {(0, 0): [0, 1], (1, 0): [0, 1]})
    assert sentences(small([("pass", "pass")], map=served))[1].en == (
        "No verdict changes; nobody loses or gains a service."
    )
    assert sentences(small([("pass", "pass")]))[1].en == "No verdict changes."


def test_missing_verdicts_are_counted_apart():
    page = small([("pass", "pass"), ("", "fail")])
    assert statuses(page, 0) == {"pass": 1, "fail": 0, "value": 0, "unknown": 0, "not applicable": 0, "missing": 1}
    first, second = sentences(page)
    assert first.en == "Of 2 clauses 1 passes, 1 was not judged."
    assert second.en == "No verdict changes."  # nobody knows what it was before


def test_people_that_are_not_numbers_count_as_nobody():
    page = small([("pass", "fail")], map=points([NAN, 2.0, 3.0], {(0, 0): [0, 0, 0], (1, 0): [1, 1, 0]}))
    assert moved(page, 1) == (2.0, 0.0, True)
    assert Read(render(page)).data["map"]["people"] == [0.0, 2.0, 3.0]


# --- what the file holds


def test_bits_by_hand():
    assert bits(np.array([1, 0, 0, 0, 0, 0, 0, 0, 1, 1], dtype=bool)) == "AQM="  # bytes 1 and 3


@given(st.lists(st.booleans(), max_size=70))
def test_bits_come_back(mask):
    assert unbits(bits(np.array(mask, dtype=bool)), len(mask)).tolist() == mask


@given(st.text())
def test_json_cannot_leave_its_script(text):
    written = script_json({"name": text})
    assert not set(written) & set("<>&\u2028\u2029")
    assert json.loads(written) == {"name": text}


def test_plain_numbers():
    given = {"a": np.float64("nan"), "b": np.int64(3), "c": [np.inf, np.bool_(True)], "d": (1, {2: None}), "e": Text}
    assert plain(given) == {"a": None, "b": 3, "c": [None, True], "d": [1, {"2": None}], "e": str(Text)}


def test_coordinates_have_six_decimals():
    line = {"type": "LineString", "coordinates": [[1.23456789, 2], [np.float64(3.00000049), 4.5]]}
    nothing = {"type": "Feature", "properties": None, "geometry": None}
    layer = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": None, "geometry": line}, nothing],
    }
    found = rounded(layer)["features"]
    assert [each["geometry"]["coordinates"] for each in found] == [[[1.234568, 2.0], [3.0, 4.5]]]


def test_names_are_text(page):
    read = Read(render(page))
    assert len(read.scripts) == 3  # data, library, the page's own
    assert "alert(1)" not in read.scripts[1][1] + read.scripts[2][1]
    assert sum(tag in {"i", "script"} for tag, _ in read.elements) == 3
    assert any(EVIL in text for text in read.text)  # the clause's number, readable as it is
    names = [each["properties"]["name"] for each in read.data["map"]["facilities"]["features"]]
    assert names[0] == EVIL
    assert names[1] == 'Dr. "O\'Neil" & <b>Søns</b> 🏥'
    assert not [name for _, attrs in read.elements for name in attrs if name.startswith("on")]


def test_charts_hold_names_as_text():
    title = Text(EVIL + ' $x_1$ & "q"', "<b>题</b> $")
    page = small([("pass", "fail")], people=[(1.0, 5.0)])
    page = dataclasses.replace(
        page,
        clauses=(clause(0, title=title),),
        scenarios=(page.scenarios[0], ScenarioCard("", "", Text("<i>$a$</i>", "<i>乙</i>"))),
    )
    for draw in (status_chart, people_chart):
        for language in ("en", "zh"):
            svg = draw(page, language)
            tags = {tag for tag, _ in Read(svg).elements}
            assert tags <= {"svg", "g", "path", "text", "defs", "use", "clippath", "pattern", "rect"}
    assert "$x_1$" in people_chart(page, "en")
    assert "题" in people_chart(page, "zh")


def test_nothing_is_fetched(page):
    read = Read(render(page))
    links = [attrs[name] for _, attrs in read.elements for name in ("src", "href", "xlink:href") if name in attrs]
    assert all(link.startswith(("#", "data:")) for link in links)
    policy = next(
        attrs["content"] for _, attrs in read.elements if attrs.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy
    assert "sourceMappingURL" not in render(page)


def test_the_same_page_is_the_same_file(page):
    assert render(page) == render(page)


def test_size_without_map_data(page):
    empty = MapData(page.map.bounds, {}, Points(*(np.zeros(0) for _ in range(3))))
    assert len(render(dataclasses.replace(page, map=empty)).encode()) < 1_500_000


def test_equal_bits_are_written_once(page):
    written = payload(page)["map"]
    assert len(written["sets"]) == len(set(written["sets"])) < len(written["unserved"])
    for (scenario, index), mask in page.map.unserved.items():
        text = written["sets"][written["unserved"][f"{scenario},{index}"]]
        np.testing.assert_array_equal(unbits(text, len(mask)), mask)


def test_table_says_what_the_verdicts_say(page):
    cells = [attrs for tag, attrs in Read(render(page)).elements if tag == "td" and "data-status" in attrs]
    expected = {(v.scenario, v.clause): v.status for v in page.verdicts}
    assert [attrs["data-status"] for attrs in cells] == [
        expected.get((s, c), "") for c in range(len(page.clauses)) for s in range(len(page.scenarios))
    ]


def test_losses_are_summed_by_district_and_clause():
    page = small([("pass", "fail")], losses=(Loss(1, 0, "Ost", 1200.0), Loss(1, 0, "Ost", 34.0), Loss(1, 0, "W", NAN)))
    html = render(page)
    assert "1,234" in html
    assert ">W<" not in html  # nobody is known to have lost anything there


def test_every_word_is_there_in_both_languages():
    assert all(text.en.strip() and text.zh.strip() for text in words().values())
    assert [grouped(value) for value in (4210.4, NAN, -0.2, -1234.0)] == ["4,210", "–", "0", "-1,234"]


# --- pages with little in them


def test_a_page_with_nothing():
    bare = Page(Text("T", "题"), Text("", ""), CityCard("C", NAN, NAN, ""), (ScenarioCard("", "", Text("S", "甲")),))
    html = render(bare)
    read = Read(html)
    assert read.data["map"] is None
    assert len(read.scripts) == 2  # no map, no library
    assert "No clause was checked." in html
    assert "nan" not in "".join(read.text).lower()
    assert len(html) < 120_000


@pytest.mark.parametrize("language", ["en", "zh"])
def test_one_scenario(language):
    page = small([("pass",), ("unknown",)], people=[(NAN,), (NAN,)], language=language)
    read = Read(render(page))
    assert ("html", {"lang": {"en": "en", "zh": "zh-CN"}[language]}) in read.elements
    assert people_chart(page, language) == ""
    assert len(sentences(page)) == 1


def test_no_losses_no_table(page):
    assert 'id="h-losses"' in render(page)
    assert 'id="h-losses"' not in render(dataclasses.replace(page, losses=()))


def test_clauses_without_verdicts():
    page = dataclasses.replace(small([("pass", "fail")]), verdicts=())
    assert [text.en for text in sentences(page)] == ["No clause was checked."] * 2
    assert render(page).count("not judged") >= 2


def test_lone_surrogates_can_be_written(page):
    render(dataclasses.replace(page, written="\udc80")).encode("utf-8")


# --- the door


@pytest.mark.parametrize(
    ("change", "words_of_it"),
    [
        ({"scenarios": ()}, "no scenario"),
        ({"language": "de"}, "'de'"),
        ({"verdicts": (Cell(0, 7, "pass"),)}, r"\(0, 7\) do not exist"),
        ({"verdicts": (Cell(0, 0, "passed"),)}, "'passed'"),
        ({"verdicts": (Cell(0, 0, "pass"), Cell(0, 0, "fail"))}, "judged twice"),
        ({"losses": (Loss(3, 0, "d", 1.0),)}, r"\(3, 0\)"),
        ({"clauses": (clause(0, strength="must"),)}, "'must'"),
        ({"clauses": (clause(0, evidence="heard"),)}, "'heard'"),
        ({"map": points([1.0, 2.0], {(0, 0): [True]})}, r"unserved \(0, 0\) has 1 values for 2 points"),
        ({"map": dataclasses.replace(points([1.0], {}), bounds=(5e5, 4e6, 5.1e5, 4.1e6))}, "EPSG:4326"),
        ({"map": dataclasses.replace(points([1.0], {}), closed={9: {}})}, "closed names scenarios 9"),
        (
            {"map": dataclasses.replace(points([1.0], {}), facilities={"features": [{"properties": {"open": ""}}]})},
            "'open' needs one 0 or 1",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused(change, words_of_it):
    page = small([("pass", "fail")])
    with pytest.raises(DataError, match=words_of_it):
        render(dataclasses.replace(page, **change))


def test_no_global_state_is_touched():
    code = (
        "import sys, matplotlib; before = repr(matplotlib.rcParams.copy())\n"  # dict() would choose a backend
        "from twin.report.page import *\n"
        "page = Page(Text('T','题'), Text('',''), CityCard('C', 1.0, 1.0, ''),\n"
        "  (ScenarioCard('','',Text('甲','甲')),),\n"
        "  (ClauseCard('k','S','1',Text('T','题'),(),'mandatory','read',Text('',''),Text('','')),),\n"
        "  (Cell(0, 0, 'fail', people=3.0),))\n"
        "render(page)\n"
        "assert repr(matplotlib.rcParams.copy()) == before\n"
        "bad = {'matplotlib.pyplot', 'twin.model', 'twin.study', 'geopandas', 'pandas'} & set(sys.modules)\n"
        "assert not bad, bad\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, capture_output=True)
