"""A small city whose every number is worked out by hand, and packs of one clause to try on it."""

import geopandas as gpd
import pytest
import shapely

from twin.gis.grid import grid_city

HEAD = """name = "draft"
title = { en = "Draft", zh = "草案" }
about = { en = "A draft for tests.", zh = "测试用草案。" }
[standard."D 1"]
title = { en = "Draft standard", zh = "标准草案" }
"""


def clause(number, measure, given, *lines):
    return (
        f'\n[[clause]]\nid = "{number}"\nstandard = "D 1"\ntitle = {{ en = "Clause {number}", zh = "条文{number}" }}\n'
        f'domain = [7]\nstrength = "recommended"\nmeasure = "{measure}"\ngiven = {given}\n'
        'source = { ref = "D 1", evidence = "read" }\n' + "".join(f"{line}\n" for line in lines)
    )


@pytest.fixture
def write(tmp_path):
    """Write a draft of some clauses; returns the file's name."""

    def file(*clauses):
        path = tmp_path / "draft.toml"
        path.write_text(HEAD + "".join(clauses), encoding="utf-8")
        return str(path)

    return file


@pytest.fixture(scope="session")
def town():
    """The grid of 6 x 6 corners, 100 m apart, 10 people each, a clinic at (0, 0), in a western and an eastern half.

    West are the corners with x of 0, 100 and 200 m, 18 of them, as many as east.
    """
    halves = gpd.GeoDataFrame(
        {"id": [0, 1], "name": ["West", "East"], "name_zh": ["西区", "东区"]},
        geometry=[shapely.box(-1, -1, 250, 501), shapely.box(250, -1, 501, 501)],
        crs=32631,
    )
    return grid_city(5).with_layer("districts", halves)
