"""What every test may ask for: real data that nobody of this project wrote, and a city with all there can be."""

import os
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from hypothesis import HealthCheck, settings

from twin.gis.grid import grid_city
from twin.model import About, City, Network, Raster, Source

# No deadline: machines are shared, and the first example pays for what is imported. The same examples each time, so
# that a test fails for everybody or for nobody; ``HYPOTHESIS=explore`` looks for others.
settings.register_profile(
    "twin",
    deadline=None,
    max_examples=80,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=os.environ.get("HYPOTHESIS") != "explore",
)
settings.load_profile("twin")

BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"
DATA = [Path(each) for each in os.environ.get("TWIN_DATA", str(BESIDE)).split(os.pathsep)]


@pytest.fixture(scope="session")
def data() -> Callable[[str], Path]:
    """Path of a file of the real data; the test is skipped where it is missing."""

    def find(name: str) -> Path:
        found = [folder / name for folder in DATA if (folder / name).is_file()]
        if not found:
            pytest.skip(f"{name} is not in {', '.join(map(str, DATA))}; set TWIN_DATA to the folders that hold it")
        return found[0]

    return find


@pytest.fixture(scope="session")
def rich() -> City:
    """The grid city of 5 x 5 blocks of 100 m, with what a real one has: Chinese names, a bridge, a tunnel, a one-way
    street, closed edges, ids of mixed type, mapped entrances, a raster, districts, dependencies, traits and a log.
    """
    plain = grid_city(5)
    drive = plain.networks["drive"]
    edges = drive.edges
    count = len(edges)
    names = np.array([f"{'东' if i % 2 else '西'}大街{i}号" for i in range(count)], dtype=object)
    flags = {key: np.arange(count) == at for key, at in (("bridge", 0), ("tunnel", 2), ("fixed", 4))}
    ids: list[object] = list(range(36))
    ids[3], ids[5] = "三号路口", 2**40
    bent = [shapely.LineString([line.coords[0], _off(line), line.coords[-1]]) for line in drive.shapes]
    streets = Network.from_arrays(
        drive.x,
        drive.y,
        edges["tail"],
        edges["head"],
        length=edges["length"],
        directed=np.arange(count) == 7,
        crs=32631,
        ids=np.array(ids, dtype=object),
        shapes=bent,
        time=edges["time"],
        speed=np.where(np.arange(count) == 9, np.nan, 10.0),
        name=names,
        **flags,
    ).close([11, 12])
    facilities = plain.facilities.assign(
        id=["c1", 7, "b2", "公园"],
        name=["街角诊所", "第一站", "", "广场 <b>&amp;</b>"],
        ground=[0.5, np.nan, np.nan, np.nan],
        entrances=np.array([None, None, None, shapely.MultiPoint([(25, 25), (75, 75)])], dtype=object),
        open=[True, False, True, True],
    )
    halves = [shapely.box(0, 0, 250, 500), shapely.box(250, 0, 500, 500)]
    districts = gpd.GeoDataFrame({"id": [1, 2], "name": ["西区", "东区"]}, geometry=halves, crs=32631)
    depth = np.zeros((10, 10), dtype="float32")
    depth[:, 5:], depth[0, 0] = 0.15, np.nan
    raster = Raster(depth, -25.0, 525.0, 55.0, pyproj.CRS(32631))
    about = About(
        description="一座用于测试的城市",
        synthetic=True,
        attribution=("nobody",),
        traits={"climate": "IV", "size_class": "small"},
        sources={"population": Source("counted", "2020", "CC0", estimated=True, complete=True, notes=("a", "乙"))},
    )
    city = City.build(
        "测试城",
        32631,
        networks={"walk": plain.networks["walk"], "drive": streets},
        facilities=facilities,
        population=plain.population.assign(age_60=1.0, households=4.0),
        layers={**plain.layers, "districts": districts, "flood": raster},
        dependencies=pd.DataFrame(
            {"network": ["walk"], "node": [1], "needs_network": ["drive"], "needs_node": ["三号路口"]}
        ),
        about=about,
    )
    return city.renamed("as built").renamed("暴雨")


def _off(line: shapely.LineString) -> tuple[float, float]:
    middle = line.interpolate(0.5, normalized=True)
    return (middle.x + 3.0, middle.y + 4.0)
