"""Verdicts over many runs: only a clear interval passes."""

import numpy as np
import pytest

import twin
from twin.gis.grid import grid_city
from twin.hazards import Blockage
from twin.interventions import AddFacility
from twin.standards.ensemble import interval


def test_interval_is_students():
    # t(0.975, 9 degrees) = 2.262157; mean 5.5, standard deviation 3.027650, over the root of 10: half width 2.165852
    low, mean, high = interval(np.arange(1.0, 11.0))
    assert (low, mean, high) == pytest.approx((5.5 - 2.165852, 5.5, 5.5 + 2.165852), abs=1e-5)
    assert interval(np.array([1.0]))[0] == -np.inf


@pytest.fixture
def pack(tmp_path):
    def write(limit):
        path = tmp_path / "trial.toml"
        path.write_text(
            f"""
name = "trial"
title = {{ en = "Trial", zh = "试" }}
about = {{ en = "For tests", zh = "测试用" }}
[standard."T"]
title = {{ en = "Trial standard", zh = "试行标准" }}
[[clause]]
id = "1"
standard = "T"
title = {{ en = "Clause", zh = "条文" }}
domain = [7]
strength = "mandatory"
measure = "distance_within"
given = {{ facility = "clinic", within = {{ value = 600, unit = "m" }} }}
at_least = {limit}
source = {{ ref = "T, 1", evidence = "read" }}
""",
            encoding="utf-8",
        )
        return str(path)

    return write


def runs_of(limit, pack, runs):
    storm = twin.Scenario("storm", Blockage(share=0.2, seed=0))
    return twin.study(grid_city(8), under=[storm], standards=pack(limit), runs=runs, seed=5)


def test_a_pass_needs_the_whole_interval(pack):
    found = runs_of(0.0, pack, 20).cells[1].verdicts[0]
    values = [
        twin.check(Blockage(share=0.2, seed=(5 + run) * 1_000_003)(grid_city(8)), pack(0.0))[0].value
        for run in range(20)
    ]
    low, mean, high = interval(np.array(values))
    assert found.status == "pass"
    assert found.value == pytest.approx(mean)
    assert found.margin == pytest.approx(low)
    assert runs_of((low + high) / 2, pack, 20).cells[1].verdicts[0].status == "unknown"
    assert "too close to call" in runs_of((low + high) / 2, pack, 20).cells[1].verdicts[0].reason
    assert runs_of(high + 0.01, pack, 20).cells[1].verdicts[0].status == "fail"
    assert runs_of(low - 0.01, pack, 20).cells[1].verdicts[0].status == "pass"


def test_cells_without_chance_are_run_once(pack):
    base = runs_of(0.1, pack, 20).cells[0].verdicts[0]
    assert "runs" not in base.reason


def test_every_plan_meets_the_same_storms(pack):
    storm = twin.Scenario("storm", Blockage(share=0.3, seed=0))
    post = twin.Scenario("fire post", AddFacility("fire_station", at=(100.0, 100.0)))
    done = twin.study(grid_city(8), [twin.Scenario("as is"), post], under=[storm], standards=pack(0.5), runs=6, seed=3)
    assert done.cells[1].verdicts[0].value == done.cells[3].verdicts[0].value  # a fire post blocks no way to the clinic
    edges = [cell.city.networks["walk"].open for cell in (done.cells[1], done.cells[3])]
    assert (edges[0] == edges[1]).all()


def test_the_same_seed_gives_the_same_verdicts(pack):
    first, second = runs_of(0.1, pack, 5), runs_of(0.1, pack, 5)
    assert first.verdicts.equals(second.verdicts)
