"""Who lives and works where: people, households, ages and jobs, building by building."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from twin.gis.synthetic.ground import CRS
from twin.gis.synthetic.houses import Building

__all__ = ["AGES", "JOBS", "PEOPLE", "buildings_table", "live", "population_table", "whole"]

#: Residents and jobs of the town, exactly.
PEOPLE, JOBS = 60_480, 27_360
#: Floor area a resident has, by what fills the zone [m2].
_ROOM = {"organic": 44.0, "grid": 42.0, "estate": 34.0, "suburb": 52.0}
#: Floor area of a job by use [m2].
_DESK = {"commercial": 34.0, "industrial": 90.0}
AGES = ("age_0_2", "age_3_5", "age_6_11", "age_12_14", "age_15_59", "age_60")
#: Share of each age group, by what fills the zone [1].
_SHARE = {
    "organic": (0.018, 0.020, 0.044, 0.024, 0.644, 0.250),
    "grid": (0.022, 0.026, 0.058, 0.030, 0.634, 0.230),
    "estate": (0.024, 0.028, 0.064, 0.032, 0.662, 0.190),
    "suburb": (0.024, 0.030, 0.070, 0.037, 0.629, 0.210),
}
#: Persons a household [person].
_HOUSEHOLD = {"organic": 2.0, "grid": 2.3, "estate": 2.5, "suburb": 2.9}

Numbers = NDArray[np.float64]


def floor_area(building: Building) -> float:
    """Footprint times storeys [m2]."""
    return float(building.plot.shape.area) * building.levels


def live(buildings: list[Building], given: list[float]) -> tuple[Numbers, Numbers]:
    """People and jobs of each building; jobs of the facilities' own buildings are given and come last.

    Returns
    -------
    people, jobs : (n,) whole numbers that sum to `PEOPLE` and `JOBS`.
    """
    area = np.array([floor_area(b) for b in buildings])
    homes = np.array([b.use == "residential" for b in buildings])
    room = np.array([_ROOM.get(b.pattern, 40.0) for b in buildings])
    people = whole(np.where(homes, area / room, 0.0), PEOPLE)
    jobs = np.array(
        [
            a / _DESK[b.use] if b.use in _DESK and b.pattern != "plot" else 0.0
            for a, b in zip(area, buildings, strict=True)
        ]
    )
    fixed = np.zeros(len(buildings))
    if given:
        fixed[-len(given) :] = whole(np.array(given), round(sum(given)))
    jobs = whole(jobs, JOBS - int(fixed.sum())) + fixed
    return people, jobs


def buildings_table(buildings: list[Building]) -> gpd.GeoDataFrame:
    """Layer of buildings."""
    levels = np.array([b.levels for b in buildings], dtype=float)
    tall = np.array([{"industrial": 5.0, "commercial": 3.8}.get(b.use, 3.0) for b in buildings])
    return gpd.GeoDataFrame(
        {
            "id": [f"b{i + 1}" for i in range(len(buildings))],
            "use": [b.use for b in buildings],
            "levels": levels,
            "height": np.round(levels * tall + 1.5, 1),
            "floor_area": np.round([floor_area(b) for b in buildings]),
            "street": [b.plot.street for b in buildings],
        },
        geometry=[b.plot.shape for b in buildings],
        crs=CRS,
    )


def population_table(
    buildings: list[Building], people: Numbers, jobs: Numbers, rng: np.random.Generator
) -> gpd.GeoDataFrame:
    """One row a building in which somebody lives or works; a point inside it."""
    rows = np.flatnonzero((people > 0) | (jobs > 0))
    ages = np.zeros((len(buildings), len(AGES)))
    households = np.zeros(len(buildings))
    for i in rows[people[rows] > 0]:
        pattern = buildings[i].pattern if buildings[i].pattern in _SHARE else "grid"
        share = np.array(_SHARE[pattern])
        ages[i] = rng.multinomial(int(people[i]), share / share.sum())
        households[i] = max(1.0, np.round(people[i] / _HOUSEHOLD[pattern]))
    spot = np.round(
        shapely.get_coordinates(shapely.centroid(np.array([buildings[i].plot.shape for i in rows], dtype=object))), 1
    )
    table = {
        "id": [f"p{i + 1}" for i in range(len(rows))],
        "people": people[rows],
        "jobs": jobs[rows],
        "households": households[rows],
        **{name: ages[rows, k] for k, name in enumerate(AGES)},
        "building": [f"b{i + 1}" for i in rows],
    }
    return gpd.GeoDataFrame(table, geometry=shapely.points(spot), crs=CRS)


def whole(shares: Numbers, total: int) -> Numbers:
    """Whole numbers in proportion to shares that sum exactly to a total (largest remainders)."""
    exact = shares / shares.sum() * total
    low: Numbers = np.floor(exact)
    short = int(total - low.sum())
    order = np.argsort(-(exact - low), kind="stable")[:short]
    low[order] += 1
    return low
