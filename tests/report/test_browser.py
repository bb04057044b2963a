"""The page in a real browser: from a file, with no network, in both languages."""

from __future__ import annotations

import dataclasses
import io
import shutil
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

import twin
from twin.hazards import Blockage, Flood
from twin.report.gather import page_of
from twin.report.page import MapData, Points, render
from twin.report.summary import opening

pytestmark = [pytest.mark.browser]
CHROMIUM = shutil.which("chromium")
ARGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]
EVIL = "</script><script>alert(1)</script>"


class Watched:
    """A tab that notes all it should not do."""

    def __init__(self, browser, path, *, locale="en-US", width=1280):
        self.context = browser.new_context(locale=locale, offline=True, viewport={"width": width, "height": 900})
        self.tab = self.context.new_page()
        self.requests, self.errors, self.dialogs = [], [], []
        self.tab.on("request", lambda request: self.requests.append(request.url))
        self.tab.on("pageerror", lambda error: self.errors.append(str(error)))
        self.tab.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        self.tab.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))
        self.tab.goto(path.as_uri())

    def idle(self):
        self.tab.wait_for_selector('#map[data-state="idle"]')
        return self.tab

    def legend(self):
        """Points and people of each class, as the legend says."""
        read = "all => all.map(li => [li.dataset.class, [Number(li.dataset.points), Number(li.dataset.people)]])"
        return {name: tuple(pair) for name, pair in self.tab.eval_on_selector_all("#legend li", read)}

    def view(self, name):
        self.tab.locator(f'#map-view label:has(input[value="{name}"])').click()
        self.idle()


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield browser
        browser.close()


@pytest.fixture
def opened(browser, page, tmp_path):
    """Opens a page, by default the town's, and checks at the end that it asked for nothing and broke nothing."""
    tabs = []

    def open_it(content=page, **options):
        path = tmp_path / "report.html"
        path.write_text(render(content), encoding="utf-8")
        tabs.append((Watched(browser, path, **options), path))
        return tabs[-1][0]

    yield open_it
    for watched, path in tabs:
        assert [url for url in watched.requests if not url.startswith(("blob:", "data:"))] == [path.as_uri()]
        assert watched.errors == []
        assert watched.dialogs == []
        watched.context.close()


def pixels(shot):
    return matplotlib.image.imread(io.BytesIO(shot))[..., :3]


def near(image, colour, within=0.06):
    """Number of pixels of about a colour."""
    wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return int((np.abs(image - wanted).max(axis=-1) < within).sum())


def counts(page, scenario, clause):
    """The classes of the difference, counted by numpy."""
    before, after = page.map.unserved[0, clause], page.map.unserved[scenario, clause]
    masks = {"lost": after & ~before, "gained": before & ~after, "unserved_both": after & before}
    masks["served_both"] = ~(after | before)
    return {name: (int(mask.sum()), float(page.map.points.people[mask].sum())) for name, mask in masks.items()}


def test_map_is_drawn(opened):
    tab = opened().idle()
    image = pixels(tab.locator("#map canvas").first.screenshot())
    assert image.std() > 0.05
    assert near(image, "#d55e00") > 1000  # people who lost a service
    assert near(image, "#f8f7f3") > 10_000  # land


def test_views_count_as_numpy_does(opened, page):
    watched = opened()
    tab = watched.idle()
    for scenario, clause in ((1, 0), (2, 2), (1, 11)):
        tab.select_option("#map-clause", str(clause))
        tab.select_option("#map-scenario", str(scenario))
        watched.view("difference")
        assert watched.legend() == counts(page, scenario, clause)
        shown = tab.locator('#legend [data-class="lost"] b').inner_text()
        assert shown == f"{counts(page, scenario, clause)['lost'][1]:,.0f} people"
        for view, index in (("before", 0), ("after", scenario)):
            watched.view(view)
            mask, people = page.map.unserved[index, clause], page.map.points.people
            assert watched.legend() == {
                "unserved": (int(mask.sum()), float(people[mask].sum())),
                "served": (int((~mask).sum()), float(people[~mask].sum())),
            }


def test_views_look_different(opened):
    watched = opened()
    watched.tab.select_option("#map-clause", "0")
    watched.tab.select_option("#map-scenario", "1")
    shots = {}
    for view in ("before", "after", "difference"):
        watched.view(view)
        shots[view] = pixels(watched.tab.locator("#map").screenshot())
    assert near(shots["after"], "#d55e00") > 2 * near(shots["before"], "#d55e00")
    served = "#45b797"  # the green of the served at 72 % over land
    assert near(shots["before"], served) > 1000
    assert near(shots["difference"], served) < 100


def test_language(opened, page):
    watched = opened()
    tab = watched.idle()
    assert tab.evaluate("document.documentElement.lang") == "en"
    assert tab.title() == page.title.en
    tab.click('[data-language="zh"]')
    watched.idle()
    assert tab.evaluate("document.documentElement.lang") == "zh-CN"
    assert tab.title() == page.title.zh
    assert tab.locator("h1").inner_text() == page.title.zh
    assert tab.locator("#row-count").inner_text() == "显示 12 / 12 条"
    assert tab.locator("#legend .name").first.inner_text() == "失去服务"
    assert tab.locator("#map-scenario option").first.inner_text() == "隧道关闭"
    assert "隧道关闭" in tab.locator(".chart svg:visible").first.text_content()
    clause, scenario = opening(page)  # the map opens on what most people lose
    assert page.clauses[clause].title.zh in tab.locator("#chosen").inner_text()
    assert tab.locator("#map-scenario").input_value() == str(scenario)
    assert not tab.locator(".en:visible").count()
    tab.click('[data-language="en"]')
    assert not tab.locator(".zh:visible").count()


def test_language_of_the_reader(opened, page):
    assert opened(locale="zh-CN").tab.title() == page.title.zh
    assert opened(dataclasses.replace(page, language="zh"), locale="en-GB").tab.title() == page.title.en
    assert opened(dataclasses.replace(page, language="zh"), locale="fr-FR").tab.title() == page.title.zh


def test_filters(opened, page):
    tab = opened().tab
    visible = tab.locator("#verdict-table tbody tr:visible")

    def ends_with(number):
        said = f"{number} of 12 clauses"
        tab.wait_for_function("said => document.getElementById('row-count').textContent === said", arg=said)
        assert visible.count() == number

    ends_with(12)
    tab.fill("#f-text", "shelter GB")
    ends_with(2)
    tab.fill("#f-text", "幼儿园")  # the other language is found as well
    ends_with(1)
    tab.fill("#f-text", "no such thing")
    ends_with(0)
    assert tab.locator("#none-shown").is_visible()
    tab.click("#f-reset")
    ends_with(12)
    tab.select_option("#f-standard", "GB 50180-2018")
    ends_with(3)
    tab.select_option("#f-strength", "recommended")
    ends_with(1)
    tab.click("#f-reset")
    tab.select_option("#f-domain", "5")
    ends_with(2)
    tab.click("#f-reset")
    tab.select_option("#f-status", "unknown")
    ends_with(1)
    tab.click("#f-reset")
    tab.check("#f-changes")
    shown = {
        (v.scenario, v.clause): (v.status, v.value_text.en, round(v.people, 0) if v.people >= 0 else None)
        for v in page.verdicts
    }
    ends_with(sum(len({shown[s, c] for s in range(3)}) > 1 for c in range(12)))


def test_a_row_chooses_the_clause_of_the_map(opened):
    watched = opened()
    tab = watched.idle()
    tab.click('#verdict-table tr[data-clause="4"] .ref')
    assert tab.input_value("#map-clause") == "4"
    assert tab.locator("#chosen h3").inner_text() == "Shelter within 1 km"
    assert tab.locator("#verdict-table tr.chosen").get_attribute("data-clause") == "4"
    tab.click('#verdict-table tr[data-clause="2"] td[data-scenario="2"]')  # a verdict brings its scenario along
    assert (tab.input_value("#map-clause"), tab.input_value("#map-scenario")) == ("2", "2")
    tab.focus('#verdict-table tr[data-clause="1"] button')
    tab.keyboard.press("Enter")
    assert tab.input_value("#map-clause") == "1"
    watched.idle()


def test_a_clause_without_points_says_so(opened):
    watched = opened()
    tab = watched.idle()
    assert not tab.locator("#not-mapped").is_visible()
    tab.select_option("#map-clause", "8")
    assert tab.locator("#not-mapped").is_visible()
    assert list(watched.legend()) == ["population"]


def test_names_are_harmless(opened):
    watched = opened()
    tab = watched.idle()
    tab.select_option("#map-clause", "0")  # the clause that speaks of the clinic, which is drawn from afar
    tab.select_option("#map-scenario", "1")
    watched.idle()
    assert tab.locator(".verdicts .ref", has_text=EVIL).count() == 1
    assert tab.locator(".district", has_text='<i>"Old" Town</i>').count() == 1
    assert tab.locator(".district i").count() == 0
    # The clinic that carries the script as its name: a click on it shows the name.
    box = tab.locator("#map").bounding_box()
    seen = tab.evaluate("JSON.parse(document.getElementById('page-data').textContent).map")
    (lon, lat), (west, south, east, north) = (
        seen["facilities"]["features"][0]["geometry"]["coordinates"],
        seen["bounds"],
    )
    corners = tab.locator(".district").all()
    assert len(corners) == 4
    # The bounds are fitted with equal scale around the middle of the box.
    stretch = np.cos(np.radians((south + north) / 2))
    scale = min((box["width"] - 36) / (east - west), (box["height"] - 36) * stretch / (north - south))
    x = box["width"] / 2 + (lon - (west + east) / 2) * scale
    y = box["height"] / 2 - (lat - (south + north) / 2) * scale / stretch
    tab.locator("#map canvas").first.click(position={"x": x, "y": y})
    assert tab.locator(".popup b").inner_text() == EVIL
    assert tab.locator(".popup p").inner_text() == "Clinic · not open"
    tab.click('[data-language="zh"]')
    assert tab.locator(".popup p").inner_text() == "卫生站 · 未开放"


@pytest.mark.parametrize("width", [390, 768, 1280])
@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_nothing_is_wider_than_the_screen(opened, width, locale):
    tab = opened(locale=locale, width=width).idle()
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    cut = """() => [...document.querySelectorAll('h1, h2, h3, .sentence, .doubts li, .figure dd, .chip, .pick')]
        .filter(e => e.offsetParent && e.clientWidth && e.scrollWidth > e.clientWidth + 1).map(e => e.textContent)"""
    assert tab.evaluate(cut) == []


def test_without_webgl_the_counts_stand(browser, page, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(render(page), encoding="utf-8")
    context = browser.new_context(offline=True, locale="en-US")
    tab = context.new_page()
    errors = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.add_init_script(
        "const get = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...more) {"
        "  return /webgl/.test(kind) ? null : get.call(this, kind, ...more); };"
    )
    tab.goto(path.as_uri())
    assert tab.locator("#map-message").is_visible()
    clause, scenario = opening(page)
    lost = counts(page, scenario, clause)["lost"][0]
    assert tab.locator('#legend [data-class="lost"]').get_attribute("data-points") == str(lost)
    tab.click('#verdict-table tr[data-clause="2"] .ref')
    assert tab.input_value("#map-clause") == "2"
    assert errors == []
    context.close()


def test_pages_without_map_or_clauses(opened, page):
    tab = opened(dataclasses.replace(page, map=None)).tab
    assert tab.locator("#row-count").inner_text() == "12 of 12 clauses"
    bare = dataclasses.replace(page, clauses=(), verdicts=(), losses=(), map=dataclasses.replace(page.map, unserved={}))
    watched = opened(bare)
    watched.idle()
    assert list(watched.legend()) == ["population"]


def test_one_scenario_and_no_points(opened, page):
    empty = MapData(page.map.bounds, {}, Points(*(np.zeros(0) for _ in range(3))))
    cells = tuple(cell for cell in page.verdicts if cell.scenario == 0)
    one = dataclasses.replace(page, scenarios=page.scenarios[:1], verdicts=cells, losses=(), map=empty)
    watched = opened(one)
    watched.idle()
    assert watched.legend() == {"population": (0, 0)}
    assert not watched.tab.locator("#map-view").is_visible()


def test_print_has_the_map(opened):
    tab = opened().idle()
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    tab.emulate_media(media="print")
    image = pixels(tab.locator("#map-print").screenshot())
    assert near(image, "#d55e00") > 1000
    tab.evaluate("dispatchEvent(new Event('afterprint'))")


@pytest.mark.parametrize(("language", "width"), [("en-US", 1280), ("zh-CN", 390)])
def test_the_real_city(opened, language, width):
    """Monaco with a tunnel closed and the harbour front under water, as a planner would open it."""
    root = Path(__file__).parents[2]
    city = twin.read(root / "gis_data" / "monaco")
    water = Flood(twin.read_layer(root / "gis_data" / "monaco" / "harbour_front.gpkg"))
    shock = twin.Scenario("隧道关闭", Blockage(names=("Tunnel Rainier III",)), water)
    content = page_of(twin.study(city, under=[shock], standards=["emergency-cover", "living-circle"]))
    watched = opened(content, locale=language, width=width)
    tab = watched.idle()
    assert tab.evaluate("document.documentElement.lang") == ("zh-CN" if language == "zh-CN" else "en")
    assert "OpenStreetMap" in tab.locator("#map-section").inner_text()
    assert pixels(tab.locator("#map canvas").first.screenshot()).std() > 0.05
    clause, scenario = opening(content)
    assert (scenario, content.clauses[clause].standard) == (1, "NFPA 1710")
    shown, expected = watched.legend(), counts(content, scenario, clause)
    assert {name: points for name, (points, _) in shown.items()} == {
        name: points for name, (points, _) in expected.items()
    }
    assert [people for _, people in shown.values()] == pytest.approx(
        [people for _, people in expected.values()], abs=0.5
    )
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    tab.select_option("#f-standard", "GB 51080-2015")
    rows = tab.locator("#verdict-table tbody tr:visible").count()
    assert rows == sum(card.standard == "GB 51080-2015" for card in content.clauses) > 0
