"""Plans under shocks: the grid of cells, comparison, losses by district, and what is written."""

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

import twin
from twin.errors import DataError, ScenarioError, UnknownName
from twin.gis.grid import grid_city
from twin.hazards import Blockage, Flood
from twin.interventions import AddFacility, CloseFacility


@pytest.fixture
def city():
    """A grid of 8 x 8 blocks in two districts, west of x = 250 and east of it."""
    halves = [shapely.box(-1, -1, 250, 999), shapely.box(250, -1, 999, 999)]
    districts = gpd.GeoDataFrame({"id": [1, 2], "name": ["West", "东区"]}, geometry=halves, crs=32631)
    return grid_city(8).with_layer("districts", districts)


@pytest.fixture
def study(city):
    clinic = twin.Scenario("second clinic", AddFacility("clinic", at=(800.0, 800.0), capacity=10))
    shut = twin.Scenario("clinic shut", CloseFacility("clinic", ("c1",)))
    return twin.study(city, [twin.Scenario("as it is"), clinic], under=[shut], standards=["service-coverage"])


def test_cells_are_plans_times_shocks(study):
    assert [cell.name for cell in study.cells] == [
        "as it is",
        "as it is + clinic shut",
        "second clinic",
        "second clinic + clinic shut",
    ]
    assert study.cells[3].city.log == ("second clinic + clinic shut",)
    assert len(study.verdicts) == 4 * len(study.cells[0].verdicts)
    assert not study.partial


def test_building_comes_before_breaking(city):
    shut_all = twin.Scenario("all clinics shut", CloseFacility("clinic"))
    clinic = twin.Scenario("new", AddFacility("clinic", at=(0.0, 0.0)))
    done = twin.study(city, [clinic], under=[shut_all], standards=["service-coverage"])
    assert not done.cells[1].city.facilities.query("kind == 'clinic'")["open"].any()


def test_compare_puts_what_differs_first(study):
    frame = study.compare()
    key = "TD/T 1063-2021, health care on foot"
    assert list(frame.columns[:2]) == ["limit", "unit"]
    values = frame.loc[key, [cell.name for cell in study.cells]].tolist()
    assert values[1] == 0.0  # the only clinic is shut
    assert values[2] > values[0]
    differs = frame.iloc[:, 2:].ne(frame.iloc[:, 2], axis=0).any(axis=1) & frame.iloc[:, 2].notna()
    assert differs.tolist() == sorted(differs, reverse=True)


def test_losses_add_up_by_district(study):
    lost = study.lost()
    mine = lost.query("plan == 'as it is' and clause == 'health care on foot'").set_index("district")["people"]
    base, after = (study.cells[i].verdicts["health care on foot"] for i in (0, 1))
    assert mine.sum() == after.people - base.people
    # all 81 corners lie within 15 min of (0, 0)? 15 min at 80 m/min is 1,200 m: those with x + y <= 1200 m do
    x, y = np.meshgrid(np.arange(9) * 100, np.arange(9) * 100)
    served = x + y <= 1200
    assert mine["West"] == 10 * (served & (x < 250)).sum()
    assert mine["东区"] == 10 * (served & (x >= 250)).sum()


def test_what_is_written(study, tmp_path):
    folder = study.write(tmp_path / "run")
    assert sorted(path.name for path in folder.iterdir()) == [
        "dictionary.csv",
        "measures.csv",
        "metadata.xml",
        "page.json",
        "report.html",
        "results.gpkg",
        "run.json",
        "verdicts.csv",
    ]
    verdicts = pd.read_csv(folder / "verdicts.csv", keep_default_na=False)
    assert list(verdicts.columns) == list(study.verdicts.columns)
    assert len(verdicts) == len(study.verdicts)
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert run["cells"][1]["changes"] == ["close facility (facility: clinic; ids: c1)"]
    assert run["packs"][0]["name"] == "service-coverage"
    assert len(run["packs"][0]["sha256"]) == len(run["city"]["sha256"]) == 64
    layers = [name for name, _ in pyogrio.list_layers(folder / "results.gpkg")]
    assert {"cells", "falls_short", "facilities"} <= set(layers)
    short = gpd.read_file(folder / "results.gpkg", layer="falls_short")
    assert short["1: health care on foot"].sum() == 81
    places = gpd.read_file(folder / "results.gpkg", layer="facilities").set_index("id")
    assert places.loc["c1", ["0: open", "1: open"]].tolist() == [True, False]
    assert places.loc["new clinic 4", [f"{i}: open" for i in range(4)]].tolist() == [False, False, True, True]
    study.write(folder)  # a run may be written again …
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep me", encoding="utf-8")
    with pytest.raises(DataError, match="no run of twin"):  # … but nothing else is overwritten
        study.write(tmp_path / "mine")
    assert (tmp_path / "mine" / "letter.txt").read_text(encoding="utf-8") == "keep me"


def test_the_manifest_tells_cities_apart(city):
    from twin.report.manifest import digest

    same = grid_city(8).with_layer("districts", city.layers["districts"])
    assert digest(city) == digest(same)
    assert digest(city) != digest(CloseFacility("clinic")(city))
    assert digest(city) != digest(Blockage(share=0.1, seed=1)(city))


def test_a_report_of_flood_and_closed_streets(city, tmp_path):
    water = gpd.GeoDataFrame({"depth": [0.5]}, geometry=[shapely.box(-50, 150, 450, 250)], crs=32631)
    done = twin.study(city, under=[twin.Scenario("<b>flood</b>", Flood(water))], standards="all")
    text = done.report(tmp_path / "deep" / "report.html").read_text(encoding="utf-8")
    assert "<b>flood</b>" not in text
    assert "&lt;b&gt;flood&lt;/b&gt;" in text
    assert "This city is synthetic" in text
    assert "东区" in text


def test_ctrl_c_leaves_a_partial_study_that_says_so(city, tmp_path):
    def interrupt(_city):
        raise KeyboardInterrupt

    later = [twin.Scenario("interrupted", interrupt)]
    done = twin.study(city, under=later, standards=["parks"])
    assert done.partial
    assert [cell.name for cell in done.cells] == ["as it is"]
    folder = done.write(tmp_path / "run")
    assert json.loads((folder / "run.json").read_text(encoding="utf-8"))["partial"] is True
    assert "This run is partial" in (folder / "report.html").read_text(encoding="utf-8")
    with pytest.raises(KeyboardInterrupt):
        twin.study(city, later, standards=["parks"])


def test_threads_give_the_same_verdicts(city):
    from concurrent.futures import ThreadPoolExecutor

    shocks = [twin.Scenario(f"storm {i}", Blockage(share=0.1, seed=i)) for i in range(4)]
    alone = twin.study(city, under=shocks, standards="all").verdicts
    with ThreadPoolExecutor(4) as pool:
        together = twin.study(
            grid_city(8).with_layer("districts", city.layers["districts"]), under=shocks, standards="all", executor=pool
        )
    pd.testing.assert_frame_equal(alone, together.verdicts)


def test_a_comparison_is_printed_whole(study):
    text = str(study.compare())
    assert "..." not in text
    assert all(cell.name in text for cell in study.cells)
    assert len(repr(study)) < 300


def test_one_scenario_needs_no_list(city):
    assert [cell.name for cell in twin.study(city, twin.Scenario("a"), under=twin.Scenario("b")).cells] == [
        "a",
        "a + b",
    ]


def test_a_change_that_fails_is_named(city):
    with pytest.raises(ScenarioError, match="scenario 'slip': <lambda> failed: ZeroDivisionError"):
        twin.Scenario("slip", lambda c: 1 / 0)(city)


def test_mistakes_are_found_before_anything_runs(city):
    with pytest.raises(ScenarioError, match="two scenarios are called 'a'"):
        twin.study(city, [twin.Scenario("a"), twin.Scenario("a")])
    with pytest.raises(UnknownName, match="did you mean 'parks'"):
        twin.study(city, standards=["park"])
    with pytest.raises(ScenarioError, match="at least one run"):
        twin.study(city, runs=0)


def test_a_scenario_copy_shares_memory(city):
    after = CloseFacility("clinic")(city)
    assert np.shares_memory(after.population["people"].to_numpy(), city.population["people"].to_numpy())
    assert np.shares_memory(after.facilities["area"].to_numpy(), city.facilities["area"].to_numpy())
    shut = Blockage(share=0.5, seed=1)(city)
    assert shut.networks["walk"].graph is city.networks["walk"].graph
    assert shut.networks["walk"].columns["length"] is city.networks["walk"].columns["length"]
