"""How a clause's value moves with what is doubtful: the walking speed, the kind of distance, the data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
import shapely.affinity
from numpy.typing import NDArray

from twin.errors import TwinError
from twin.model import City
from twin.report.content import Text
from twin.standards import Clause
from twin.standards.check import holds, measured
from twin.trial.near import Near, reduced
from twin.trial.parts import Gap, Variant
from twin.trial.words import word

__all__ = ["DRAWS", "MISSING", "OFF", "SPEEDS", "variants_of"]

_NAN = float("nan")
#: Factors on the speed [1].
SPEEDS = (0.7, 0.85, 1.0, 1.15, 1.3)
#: Draws of the data's doubts, share of the facilities that is missing in each [1], and how far each is moved: the
#: standard deviation in easting and in northing [m].
DRAWS, MISSING, OFF = 20, 0.1, 50.0
#: Facilities are closed one at a time where there are no more than so many.
ONE_BY_ONE = 40


def variants_of(
    city: City, clause: Clause, found: Any, limits: Mapping[str, float], near: Near | None, *, seed: int = 0
) -> tuple[Variant, ...] | Gap:
    """The value of a clause where the speed, the distance, or the data are otherwise."""
    value = float(getattr(found, "value", found))
    rows: list[Variant] = []
    if near is not None:
        rows += [*_speeds(near, limits), *_distances(near, limits)]
    if clause.kinds and "facilities" in clause.meter.reads:
        try:
            rows += _facilities(reduced(city, clause), clause, limits, value, seed)
        except TwinError as error:
            rows.append(Variant("missing", Text(str(error), str(error)), _NAN, _NAN, _NAN, "unknown"))
    elif near is None:
        rows += _figure(value, limits)
    return tuple(rows) if rows else Gap(word("gap_no_doubt"))


def _status(values: list[float], limits: Mapping[str, float]) -> str:
    if not limits:
        return "value"
    met = {holds(value, limits) for value in values}
    return "unsure" if len(met) > 1 else "pass" if met == {True} else "fail"


def _variant(kind: str, label: Text, value: float, limits: Mapping[str, float]) -> Variant:
    return Variant(kind, label, value, _NAN, _NAN, _status([value], limits))


def _speeds(near: Near, limits: Mapping[str, float]) -> Iterator[Variant]:
    """A slower walk or drive; the part of a time that passes before anybody moves stays."""
    if near.unit != "s":
        return
    costs = near.costs() - near.start
    for factor in SPEEDS:
        label = word("speed_own") if factor == 1 else word("speed_factor", share=f"{100 * (factor - 1):+.0f} %")
        yield _variant("speed", label, near.value(costs / factor + near.start), limits)


def _distances(near: Near, limits: Mapping[str, float]) -> Iterator[Variant]:
    """Straight and along the streets, with the same figure asked for."""
    city = near.city
    if near.way == "straight":
        yield _variant("distance", word("distance_straight"), near.value(near.costs()), limits)
        if "walk" in city.networks:
            other = near.counted("length", 1.0)
            yield _variant("distance", word("distance_walk"), near.value(other.costs()), limits)
        return
    net = city.network(near.network)
    yield _variant("distance", word("distance_network"), near.value(near.costs()), limits)
    speed = float(net.columns["length"].sum() / net.columns["time"].sum()) if near.way == "time" else 1.0
    straight = near.counted("straight", speed)
    label = (
        word("distance_straight_at", speed=f"{speed * 3.6:.3g}") if near.way == "time" else word("distance_straight")
    )
    yield _variant("distance", label, near.value(straight.costs()), limits)


def _facilities(city: City, clause: Clause, limits: Mapping[str, float], today: float, seed: int) -> Iterator[Variant]:
    """Facilities missing at random, one at a time, and in another place than the data says."""
    mine = city.rows("facilities", kind=clause.kinds) & city.facilities["open"].to_numpy(dtype=bool)
    rows = np.flatnonzero(mine)
    if not len(rows):
        return
    rng = np.random.default_rng(seed)

    def value(variant: City) -> float:
        got = measured(variant, clause, clause.meter)
        return float(getattr(got, "value", got))

    def without(gone: NDArray[np.intp]) -> City:
        is_open = city.facilities["open"].to_numpy(dtype=bool).copy()
        is_open[gone] = False
        return city.with_columns("facilities", open=is_open)

    count = max(1, round(MISSING * len(rows)))
    if len(rows) > 1:
        drawn = [value(without(rng.choice(rows, count, replace=False))) for _ in range(DRAWS)]
        yield _drawn("missing", word("doubt_missing", n=count, of=len(rows)), drawn, limits)
    if 1 < len(rows) <= ONE_BY_ONE:
        alone = np.array([value(without(np.array([row]))) for row in rows])
        worst = int(np.nanargmax(np.abs(np.where(np.isinf(alone), 1e300, alone) - today)))
        name = str(city.facilities["name"].iloc[rows[worst]]) or str(city.facilities["id"].iloc[rows[worst]])
        yield _variant("critical", word("doubt_critical", site=name), float(alone[worst]), limits)
    drawn = [value(_moved(city, rows, rng.normal(0.0, OFF, (len(rows), 2)))) for _ in range(DRAWS)]
    yield _drawn("position", word("doubt_position", off=f"{OFF:.0f}"), drawn, limits)


def _moved(city: City, rows: NDArray[np.intp], steps: NDArray[np.float64]) -> City:
    """The city with some facilities moved, their entrances with them."""
    table = city.facilities.copy(deep=False)
    for column in (table.geometry.name, "entrances"):
        if column in table.columns:
            shapes = table[column].to_numpy(dtype=object).copy()
            for row, step in zip(rows, steps, strict=True):
                if isinstance(shapes[row], shapely.Geometry):
                    shapes[row] = shapely.affinity.translate(shapes[row], *step)
            table[column] = gpd.GeoSeries(shapes, index=table.index, crs=city.crs)
    return city.with_layer("facilities", table)


def _drawn(kind: str, label: Text, values: list[float], limits: Mapping[str, float]) -> Variant:
    return Variant(kind, label, float(np.mean(values)), min(values), max(values), _status(values, limits))


def _figure(value: float, limits: Mapping[str, float]) -> Iterator[Variant]:
    """By how much a single figure would have to be wrong for the verdict to turn."""
    gaps = [limit / value - 1.0 for limit in limits.values()] if value and np.isfinite(value) else []
    if gaps:
        off = min(gaps, key=abs)
        label = word("doubt_figure", off=f"{100 * off:+.1f} %")
        yield Variant("figure", label, value * (1 + off), _NAN, _NAN, _status([value], limits))
