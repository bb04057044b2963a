"""The scripts of the README run as they stand, from a folder of their own, and say something true."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = sorted(path.name for path in (ROOT / "scenarios").glob("*.py"))


@pytest.fixture
def run(tmp_path):
    """Run a script in a folder where the bundled cities are, and nothing else."""
    (tmp_path / "gis_data").symlink_to(ROOT / "gis_data")

    def go(name):
        done = subprocess.run(
            [sys.executable, "-W", "error", str(ROOT / "scenarios" / name)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout, tmp_path

    return go


def test_all_scripts_are_tested():
    assert SCRIPTS == [
        "clinic_layouts.py",
        "commute_day.py",
        "fire_response.py",
        "flood_access.py",
        "monaco_tunnels.py",
        "shelter_seekers.py",
        "transit_access.py",
        "trial_kindergarten.py",
    ]


def test_flood_access(run):
    out, folder = run("flood_access.py")
    assert "health care on foot" in out
    report = (folder / "reports" / "flood_access.html").read_text(encoding="utf-8")
    assert "This city is synthetic" in report


def test_shelter_seekers(run):
    out, _ = run("shelter_seekers.py")
    assert re.search(r"count\s+\d{3,}", out)


def test_clinic_layouts(run):
    out, _ = run("clinic_layouts.py")
    assert out.split()[:6] == ["limit", "unit", "centre", "corridors", "spread", "computed"]
    line = next(line for line in out.splitlines() if "health care on foot " in line)
    *drawn, computed = map(float, line.split()[-4:])
    assert computed >= max(drawn)  # it was computed for just that: people within 15 minutes


def test_monaco_tunnels(run):
    out, folder = run("monaco_tunnels.py")
    table = {
        line.split("  ")[0].strip(): float(line.split()[-1])
        for line in out.splitlines()
        if re.search(r"\d\.\d\d$", line)
    }
    calm, post = table["as it is"], table["fire post in La Rousse"]
    assert 120 < calm < 240  # Monaco is two kilometres long and has two stations
    assert post < calm
    assert all(value >= calm for name, value in table.items() if name.startswith("as it is"))
    assert "La Rousse" in out
    assert (folder / "reports" / "monaco_tunnels" / "report.html").stat().st_size < 1.2e7  # 620 clauses, 8 situations


def test_fire_response(run):
    """The flood turns the verdict on the ninth decile of travel, one more station turns it back."""
    out, folder = run("fire_response.py")
    lines = {line.split("  ")[0]: line for line in out.splitlines()}
    assert re.findall(r"pass|fail|unknown", lines["NFPA 1710 (240 s)"]) == ["pass", "fail", "pass", "pass"]
    dry, wet, more, both = map(int, re.findall(r"\d+", lines["travel, 90th percentile [s]"])[1:])
    assert more < dry <= 240 < wet
    assert both <= 240
    calls = re.findall(r"\d+", lines["calls"])
    assert len(set(calls)) == 1  # every plan meets the same calls
    assert int(calls[0]) > 300
    cut = list(map(int, re.findall(r"\d+", lines["cut off"])))
    assert cut[0] == cut[2] == 0 < cut[1] == cut[3]
    assert "by one simulated run of 168 h, seed 1" in out
    assert (folder / "reports" / "fire_response.html").is_file()


def test_transit_access(run):
    out, _ = run("transit_access.py")
    head, *lines = out.splitlines()
    assert re.findall(r"within (\d+) min \[%\]", head) == ["15", "20", "30", "45"]
    built, without, more = (np.array(line.split()[-4:], dtype=float) for line in lines)
    for shares in (built, without, more):
        assert (np.diff(shares) >= 0).all()  # who is there within 15 minutes is there within 20
        assert 0 < shares[0] < shares[-1] <= 100
    assert (without <= built).all()  # on foot and by bus only
    assert without[1] < built[1] < more[1]


def test_trial_kindergarten(run):
    out, folder = run("trial_kindergarten.py")
    shares = [float(share) for share in re.findall(r"(?:pass|fail)\s+([\d.]+) %", out)]
    assert shares == sorted(shares)  # a longer way serves no fewer children
    assert 0 < shares[0] < shares[-1] <= 100
    sites = [int(number) for number in re.findall(r"(\d+) new kindergartens", out)]
    assert sites == sorted(sites, reverse=True)
    assert len(re.findall(r"Under stress: [\d.]+%", out)) == 3
    assert (folder / "reports" / "trial_kindergarten" / "trial.json").is_file()


def test_the_readme_shows_the_script_as_it_is():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    script = (ROOT / "scenarios" / "flood_access.py").read_text(encoding="utf-8").split('"""\n\n', 1)[1]
    assert script.strip() in readme


def test_the_readme_has_one_command_to_run_and_one_to_test():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^```sh (\w+)$", readme, re.MULTILINE) == ["run", "test"]


def test_commute_day(run):
    out, _ = run("commute_day.py")
    rows = {line[:38].strip(): [float(x) for x in line[38:].split()] for line in out.splitlines()[1:]}
    assert rows["to work"] == [27_360, 27_360]
    usual, closed = rows["mean time by car [min]"]
    assert closed > usual
    usual, closed = rows["within 45 min [%]"]
    assert 90 < closed < usual <= 100
