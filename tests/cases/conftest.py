"""A grid of 9 x 9 corners with a clinic at one of them: whom it reaches is counted by hand."""

import dataclasses
import json

import pytest

import twin
from twin.gis.grid import grid_city
from twin.model import Source

PACK = """
name = "town"
title = { en = "The town's norms", zh = "本镇规范" }
about = { en = "For this test.", zh = "供测试使用" }

[standard."T 1-2026"]
title = { en = "Town norm", zh = "本镇标准" }

[[clause]]
id = "1 clinic"
standard = "T 1-2026"
title = { en = "Clinic within 500 m", zh = "500米内有诊所" }
domain = [7, 8]
strength = "mandatory"
measure = "distance_within"
given = { facility = "clinic", within = { value = 500, unit = "m" } }
at_least = 0.25
source = { ref = "T 1-2026, 1", evidence = "recalled", note = { en = "of this test", zh = "测试用" } }

[[clause]]
id = "2 school"
standard = "T 1-2026"
title = { en = "School within 500 m", zh = "500米内有学校" }
domain = [7]
strength = "mandatory"
measure = "distance_within"
given = { facility = "primary_school", within = { value = 500, unit = "m" } }
at_least = 0.5
source = { ref = "T 1-2026, 2", evidence = "read" }

[[clause]]
id = "3 stops"
standard = "T 1-2026"
title = { en = "Stop within 200 m", zh = "200米内有车站" }
domain = [11]
strength = "indicative"
measure = "distance_within"
given = { facility = "bus_stop", within = { value = 200, unit = "m" } }
source = { ref = "T 1-2026, 3", evidence = "read" }
"""

FILE = """
name = { en = "Clinic shut & <b>", zh = "诊所停业" }
city = "grid"
standards = STANDARDS

[[plan]]
name = { en = "second clinic", zh = "第二诊所" }
[[plan.change]]
kind = "add_facility"
facility = "clinic"
at = [800.0, 800.0]

[[shock]]
name = { en = "first clinic shut", zh = "第一诊所停业" }
[[shock.change]]
kind = "close_facility"
facility = "clinic"
ids = ["c1"]

[case]
problem = { en = "One clinic for all.", zh = "全镇仅一家诊所。" }
assumptions = [{ en = "People walk along streets.", zh = "居民沿街步行。" }]
authors = ["A. Writer"]

[[case.cost]]
item = { en = "Building", zh = "建设" }
plan = "second clinic"
amount = 1200000
year = 2026
source = { en = "a tender", zh = "招标" }

[[case.cost]]
item = { en = "Staff", zh = "人员" }
amount = 300000
each = "year"

[[case.cost]]
item = { en = "Land", zh = "土地" }
"""


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """A folder with the city, the pack and the scenario file."""
    folder = tmp_path_factory.mktemp("home")
    city = grid_city(8)
    about = dataclasses.replace(
        city.about,
        synthetic=True,
        traits={"name_zh": "方格镇"},
        attribution=("© nobody",),
        sources={"population": Source("census", "2020", "CC BY 4.0"), "walk": Source("map", "2021", "ODbL 1.0")},
    )
    twin.write(dataclasses.replace(city, name="Gridtown", about=about), folder / "grid")
    (folder / "town.toml").write_text(PACK, encoding="utf-8")
    packs = json.dumps([str(folder / "town.toml")])
    (folder / "shut.toml").write_text(FILE.replace("STANDARDS", packs), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def case(home):
    """The case of the scenario file."""
    return twin.case(home / "shut.toml")
