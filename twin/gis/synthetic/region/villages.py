"""Villages: founded by the seed on free land, each run by the nearest town of its unit."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from twin.gis.synthetic.region.ground import CORNER, Plan, Settlement

__all__ = ["found"]


def found(plan: Plan, busy: list[Any], rng: np.random.Generator) -> list[Settlement]:
    """Villages of each unit, so far apart, off the water, the roads and the other settlements.

    Parameters
    ----------
    busy : lines that no village is built on: roads, railway, expressway.
    """
    told = plan.told["villages"]
    names = [(f"{a}{b}", f"{c}{d}村") for a, c in told["first"] for b, d in told["last"]]
    names = [names[k] for k in rng.permutation(len(names))]
    kept = [place.shape for place in plan.settlements]
    taken = shapely.union_all([shapely.buffer(plan.river, 350), shapely.buffer(plan.reservoir, 350)])
    lines = shapely.STRtree(busy)
    middles = [place.middle for place in plan.settlements]
    made: list[Settlement] = []
    for unit, count in told["count"].items():
        land = shapely.buffer(plan.units[unit], -1300.0)
        towns = [p for p in plan.settlements if p.unit == unit and p.rank != "village"]
        west, south, east, north = shapely.bounds(land)
        here = 0
        while here < count:
            at = np.round([rng.uniform(west, east), rng.uniform(south, north)])
            spot = shapely.Point(at)
            near = float(lines.query_nearest(spot, return_distance=True)[1][0])
            if not shapely.contains(land, spot) or shapely.distance(taken, spot) < 400 or not 420 < near < 5200:
                continue
            if (
                min(np.hypot(*(m - at)) for m in middles) < 1000 * told["apart"]
                or min(shapely.distance(shape, spot) for shape in kept) < 1500
            ):
                continue
            low, high = told["people"]
            people = int(np.clip(round(low * np.exp(rng.exponential(0.55))), low, high))
            name, name_zh = names[len(made)]
            town = towns[int(np.argmin([np.hypot(*(place.middle - at)) for place in towns]))]
            entry = {
                "id": name.lower(),
                "name": name,
                "name_zh": name_zh,
                "rank": "village",
                "unit": unit,
                "town": town.id,
                "at": (at - CORNER) / 1000,
                "cells": [4, 3] if people < 1700 else [5, 4],
                "step": 130 if people < 1700 else 140,
                "turn": float(rng.uniform(-40, 40)),
                "people": people,
                "jobs": round(0.16 * people),
            }
            made.append(Settlement.found(entry, rng))
            middles.append(at)
            here += 1
    return made
