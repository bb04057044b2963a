"""A city of square blocks: small enough for every answer to be checked with a pencil."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from twin.model import About, City, Network, Source

__all__ = ["grid_city"]


def grid_city(blocks: int = 5, *, block: float = 100.0, people: float = 10.0) -> City:
    """A synthetic square of blocks with people at every corner.

    A clinic (capacity 50, 720 m2) stands at the corner (0, 0); bus stops one block east of it and, on grids of more
    than 6 blocks, six blocks east, on smaller ones at the far end of its street north; a park of 50 m x 50 m stands
    in the middle of the first block. Streets are walked at 4/3 m/s and driven at 10 m/s.

    Parameters
    ----------
    blocks : number of blocks along a side.
    block : length of a block [m].
    people : people, and half as many jobs, at every corner [persons].
    """
    side = blocks + 1
    x, y = (each.ravel() * block for each in np.meshgrid(np.arange(side), np.arange(side)))
    node = np.arange(side * side).reshape(side, side)
    tail = np.concatenate([node[:, :-1].ravel(), node[:-1, :].ravel()])
    head = np.concatenate([node[:, 1:].ravel(), node[1:, :].ravel()])
    length = np.full(len(tail), block)
    walk = Network.from_arrays(x, y, tail, head, length=length, crs=32631, approach=4 / 3, time=length * 0.75)
    drive = Network.from_arrays(x, y, tail, head, length=length, crs=32631, time=length / 10.0, speed=10.0)
    size = blocks * block
    second = (6 * block, 0.0) if blocks > 6 else (block, size)
    points = [shapely.Point(0, 0), shapely.Point(block, 0), shapely.Point(second)]
    square = shapely.box(block / 2 - 25, block / 2 - 25, block / 2 + 25, block / 2 + 25)
    facilities = gpd.GeoDataFrame(
        {
            "id": ["c1", "b1", "b2", "p1"],
            "kind": ["clinic", "bus_stop", "bus_stop", "park"],
            "name": ["Corner clinic", "First stop", "Second stop", "Square"],
            "capacity": [50.0, np.nan, np.nan, np.nan],
            "area": [720.0, np.nan, np.nan, 2500.0],
        },
        geometry=[*points, square],
        crs=32631,
    )
    crowd = np.full(len(x), people)
    population = gpd.GeoDataFrame(
        {"id": node.ravel(), "people": crowd, "jobs": crowd / 2}, geometry=shapely.points(x, y), crs=32631
    )
    layers = {
        "boundary": gpd.GeoDataFrame({"id": [0]}, geometry=[shapely.box(0, 0, size, size)], crs=32631),
        "green": gpd.GeoDataFrame({"id": [0], "kind": ["park"]}, geometry=[square], crs=32631),
        "land_use": gpd.GeoDataFrame(
            {"id": [0], "use": ["residential"]}, geometry=[shapely.box(0, 0, size, size)], crs=32631
        ),
    }
    return City.build(
        f"grid of {blocks} x {blocks}",
        32631,
        networks={"walk": walk, "drive": drive},
        facilities=facilities,
        population=population,
        layers=layers,
        about=About(synthetic=True, sources={"facilities": Source("synthetic")}),
    )
