"""Two grids that are no guess: how many of their people are near what is counted by hand."""

import dataclasses

import pytest

from twin.gis.grid import grid_city
from twin.model import Source


def stated(city, name, **about):
    """The city under another name, saying other things of itself."""
    return dataclasses.replace(city, name=name, about=dataclasses.replace(city.about, **about))


@pytest.fixture(scope="session")
def pair():
    """Blocks of 100 m, 20 and 24 along a side: both with one stop at (100, 0) and one at (600, 0)."""
    small = stated(grid_city(20), "North", sources={"facilities": Source("survey", "2020", "CC0")})
    large = stated(
        grid_city(24),
        "South",
        synthetic=False,
        traits={"name_zh": "南城"},
        sources={
            "facilities": Source("survey", "2024", "CC BY 4.0"),
            "population": Source("model", "2024", "CC BY 4.0", estimated=True),
        },
    )
    return small, large
