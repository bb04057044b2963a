"""The command line as a person uses it: real processes, real files."""

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pandas as pd
import pytest

import twin
from twin.gis.grid import grid_city

ROOT = Path(__file__).parents[1]


def run(*words, cwd=None):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "twin.cli", *map(str, words)], capture_output=True, text=True, cwd=cwd, env=environment
    )


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cities") / "town"
    twin.write(grid_city(8), folder)
    return folder


def test_help_imports_no_gis_stack():
    code = (
        "import sys; from twin import cli; sys.argv = ['twin', '--help']; cli.main(); "
        "print(sorted({'numpy', 'pandas', 'geopandas', 'mesa', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert done.stdout.strip().endswith("[]")
    assert "Judge a city against its standards" in done.stdout


def test_check(town, tmp_path):
    done = run("check", town, "--pack", "parks", "-o", tmp_path / "verdicts.csv")
    assert done.returncode == 0
    lines = done.stdout.strip().splitlines()
    assert lines[0] == "status\tstandard\tclause\treason"
    assert lines[-1].endswith("not applicable")
    frame = pd.read_csv(tmp_path / "verdicts.csv")
    assert len(frame) == len(lines) - 2
    assert "未被覆盖" in run("check", town, "--pack", "parks", "--lang", "zh").stdout


def test_read_and_write_back(town, tmp_path):
    done = run("read", town, tmp_path / "copy.gpkg")
    assert done.returncode == 0, done.stderr
    twice = run("read", town, tmp_path / "copy.gpkg")
    assert (twice.returncode, "say --replace" in twice.stderr) == (2, True)
    assert "810 people; 4 facilities; walk 144 edges, drive 144 edges" in done.stdout
    again = run("read", tmp_path / "copy.gpkg", tmp_path / "copy")
    assert again.returncode == 0, again.stderr
    assert run("check", tmp_path / "copy", "--pack", "parks").stdout == run("check", town, "--pack", "parks").stdout


def test_read_with_feeds(town, tmp_path):
    harbour = ROOT / "gis_data" / "harbour"
    done = run("read", harbour, tmp_path / "copy", "--gtfs", harbour / "gtfs.zip")
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(harbour / "gtfs.zip") as feed:
        trips, times = (pd.read_csv(feed.open(f"{name}.txt"), dtype=str) for name in ("trips", "stop_times"))
    calls = times.merge(trips, on="trip_id")  # as they stand in the file: trip by trip, in order
    calls["next"] = calls.groupby("trip_id")["stop_id"].shift(-1)
    hops = calls.dropna(subset="next")[["route_id", "stop_id", "next"]].drop_duplicates()
    assert f"transit {len(hops)} edges" in done.stdout
    net = twin.read(tmp_path / "copy").networks["transit"]
    assert len(net.day("2026-11-20").trip) == len(twin.read(harbour).networks["transit"].day("2026-11-20").trip)
    away = run("read", town, tmp_path / "away", "--gtfs", harbour / "gtfs.zip")
    assert away.returncode == 1
    assert "none of its 79 stops lies within 250 m of a street" in away.stderr


def test_run_a_toml_scenario(town, tmp_path):
    scenario = tmp_path / "storm.toml"
    lines = [
        'name = "storm"',
        f'city = "{os.path.relpath(town, tmp_path)}"',
        'standards = ["parks"]',
        "[[change]]",
        'kind = "blockage"',
        "share = 0.5",
        "seed = 3",
    ]
    scenario.write_text("\n".join(lines), encoding="utf-8")
    done = run("run", scenario, "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "report.html").is_file()
    manifest = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert manifest["cells"][1]["changes"] == ["blockage (share: 0.5; seed: 3)"]


def test_compare_and_site(town, tmp_path):
    done = run("site", town, "clinic", "--count", 2, "--within", "10 minute", "-o", tmp_path / "computed.gpkg")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("status optimal, objective")
    done = run("compare", town, tmp_path / "computed.gpkg", "--facility", "clinic", "--pack", "service-coverage")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "clause\tas it is\tcomputed"


def test_lists():
    assert "living-circle" in run("packs").stdout
    assert "GB 55014-2021" in run("packs", "parks").stdout
    assert "share_within\t1\t行程时间覆盖率" in run("measures", "--lang", "zh").stdout
    assert "childcare\tkindergarten\t幼儿园" in run("schema", "kinds", "--lang", "zh").stdout
    assert "people\tfloat\tperson\trequired" in run("schema", "population").stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["check", "nowhere"], "twin: nowhere: no such file or folder"),
        (["check", "{town}", "--pack", "park"], "twin: no standards pack 'park'; did you mean 'parks'?"),
        (["schema", "peple"], "twin: no layer 'peple'; did you mean 'people'?"),
        (
            ["site", "{town}", "clinic", "--count", "1", "--within", "10 lightyears"],
            "twin: --within: no unit 'lightyears'",
        ),
        (["site", "{town}", "clinic"], "twin: site: say how many (count), how near (within), or both"),
        (["packs", "--lint", "nowhere.toml"], "twin: nowhere.toml: no such file"),
        (["run", "storm.txt"], "twin: storm.txt: no such file"),
    ],
)
def test_an_error_is_one_sentence(town, words, sentence):
    done = run(*[word.format(town=town) for word in words])
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1].startswith(sentence.split(" did")[0][:60])
    assert "Traceback" not in done.stderr


def test_a_wrong_word_is_a_usage_error(town):
    done = run("chek", town)
    assert done.returncode == 2
    assert "No such command" in done.stderr


def test_verbose_shows_the_trace():
    done = run("-v", "check", "nowhere")
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_quiet_prints_results_only(town):
    done = run("--quiet", "check", town, "--pack", "parks")
    assert done.stderr == ""
    assert done.stdout.startswith("status\t")


def test_ctrl_c_leaves_nothing_half_written(tmp_path):
    """A run that is interrupted while a change sleeps: exit code 130, no output folder."""
    script = tmp_path / "slow.py"
    script.write_text(
        "import time\nimport twin\nfrom twin.gis.grid import grid_city\n\n"
        "def slow(city):\n    print('sleeping', flush=True)\n    time.sleep(60)\n    return city\n\n"
        "study = twin.study(grid_city(3), [twin.Scenario('slow', slow)], standards='parks')\nstudy.write('out')\n",
        encoding="utf-8",
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "twin.cli", "run", str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "sleeping"
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted" in errors
    assert sorted(path.name for path in tmp_path.iterdir()) == ["slow.py"]
