"""Who gains and who is left out: by age, and by part of the city."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from twin.errors import TwinError
from twin.measures import Share, Statistic
from twin.measures.places import places
from twin.model import City, Raster
from twin.model.schema import schema
from twin.report.content import Text
from twin.standards import Clause
from twin.standards.check import holds, measured
from twin.trial.near import Near, reduced
from twin.trial.parts import Gap, Group
from twin.trial.words import word

__all__ = ["PARTS", "PartValue", "groups_of", "part_values", "reached_of"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
_NAN = float("nan")

#: Layer, name of the part, persons there, and the measure's value in it alone.
PartValue = tuple[str, Text, float, float]

#: Layers of polygons that divide a city.
PARTS = ("districts", "communities")
#: Layers that a part of a city can be cut out of by its outline.
_CUT = ("population", "facilities", "buildings")


def reached_of(found: Any, limits: Mapping[str, float], near: Near | None) -> Mask | None:
    """For whom a clause holds, row by row; None where the measure has no rows."""
    if near is not None and near.asks == "share":
        return np.asarray(near.costs() <= near.within)
    if isinstance(found, Share):
        return found.reached
    if isinstance(found, Statistic) and limits:
        return np.array([holds(float(row), limits) if not np.isnan(row) else False for row in found.rows])
    return None


def groups_of(
    city: City,
    clause: Clause,
    found: Any,
    limits: Mapping[str, float],
    reached: Mask | None,
    then: Mask | None,
    *,
    parts: Sequence[PartValue] = (),
) -> tuple[Group, ...] | Gap:
    """The groups of the people, or the parts of the city, that a clause serves and leaves out.

    Parameters
    ----------
    reached : for whom it holds today.
    then : for whom it holds once the sites of the trial stand; None where there are none.
    parts : of `part_values`.
    """
    if reached is None:
        return _by_part(parts, limits)
    if not isinstance(found, Share | Statistic):
        return Gap(word("gap_no_rows"))
    if found.layer in PARTS and found.layer in city.layers and len(reached) == len(city.table(found.layer)):
        names = _names(city.table(found.layer))
        return tuple(
            Group(found.layer, name, 1.0, float(here), unit="count", holds=bool(here))
            for name, here in zip(names, reached, strict=True)
        )
    rows = list(_ages(city, clause, reached, then)) if found.layer == "population" else []
    table = _table(city, found.layer)
    if table is not None and len(table) == len(reached):
        land = found.layer in {"area", "residential_land"}
        unit = "person" if found.persons else "count" if found.layer == "facilities" else "m2" if land else "weight"
        rows += [replace(row, unit=unit) for row in _places(city, table, found.weight, reached, then)]
    return tuple(rows) if rows else Gap(word("gap_no_groups"))


def _table(city: City, layer: str) -> gpd.GeoDataFrame | None:
    """The rows that a measure speaks of, points of land for an area."""
    if layer in {"area", "residential_land"}:
        return places(city, layer).table
    if layer in {"population", "facilities"} or layer in city.layers:
        found = city.layer(layer)
        return None if isinstance(found, Raster) or layer in PARTS else found
    return None


def _ages(city: City, clause: Clause, reached: Mask, then: Mask | None) -> Iterator[Group]:
    """One group a column of persons; the clause's own people first."""
    columns = schema()["population"].columns
    of = str(clause.arguments().get("of", "people"))
    names = [n for n in columns if (n == "people" or n.startswith("age_")) and n in city.population.columns]
    for name in dict.fromkeys([*(n for n in (of,) if n in columns), *names]):
        weight = np.nan_to_num(city.population[name].to_numpy(dtype=float))
        if weight.sum() > 0:
            label = Text(columns[name].en, columns[name].zh)
            yield _group("age", label, weight, reached, then)


def _group(by: str, name: Text, weight: Floats, reached: Mask, then: Mask | None) -> Group:
    served = float(weight[reached].sum())
    gained = _NAN if then is None else float(weight[then & ~reached].sum())
    return Group(by, name, float(weight.sum()), served, gained)


def _places(city: City, table: gpd.GeoDataFrame, weight: Floats, reached: Mask, then: Mask | None) -> list[Group]:
    found = []
    for layer in PARTS:
        parts = _named(city, layer)
        if parts is None:
            continue
        which = _which(parts, table)
        for number, name in enumerate(_names(parts)):
            here = which == number
            if weight[here].sum() > 0:
                found.append(_group(layer, name, weight * here, reached, then))
    return found


def _named(city: City, layer: str) -> gpd.GeoDataFrame | None:
    table = city.layers.get(layer)
    return table if isinstance(table, gpd.GeoDataFrame) and len(table) and "name" in table.columns else None


def _names(parts: gpd.GeoDataFrame) -> list[Text]:
    chinese = parts["name_zh"] if "name_zh" in parts.columns else parts["name"]
    return [Text(str(en), str(zh) or str(en)) for en, zh in zip(parts["name"], chinese, strict=True)]


def _which(parts: gpd.GeoDataFrame, table: gpd.GeoDataFrame) -> NDArray[np.intp]:
    """Position of the part that each row lies in, the first where they overlap; -1 outside of all."""
    points = shapely.point_on_surface(table.geometry.to_numpy())
    inside, which = shapely.STRtree(parts.geometry.to_numpy()).query(points, predicate="intersects")
    found = np.full(len(points), -1, dtype=np.intp)
    order = np.argsort(which, kind="stable")[::-1]
    found[inside[order]] = which[order]
    return found


def part_values(city: City, clause: Clause) -> list[PartValue]:
    """The measure's value in each part of the city alone: layer, name, persons there, value.

    Only for a measure of people, facilities and buildings, which an outline cuts: what lies across it does not count.
    Empty where the measure reads something else.
    """
    reads = set(clause.meter.reads)
    if not reads & {"population", "facilities"} or not reads <= set(_CUT):
        return []
    if {"network", "layer", "record"} & set(clause.meter.parameters):
        return []
    found: list[PartValue] = []
    city = reduced(city, clause)
    for layer in PARTS:
        parts = _named(city, layer)
        if parts is None or not len(city.population):
            continue
        tables = ("population", "facilities", *(("buildings",) if "buildings" in reads & set(city.layers) else ()))
        which = {name: _which(parts, city.table(name)) for name in tables}
        for number, name in enumerate(_names(parts)):
            people = float(np.nansum(city.population["people"].to_numpy(dtype=float)[which["population"] == number]))
            if people > 0:
                found.append((layer, name, people, _value(_cut(city, parts, number, which), clause)))
    return found


def _cut(city: City, parts: gpd.GeoDataFrame, number: int, which: Mapping[str, NDArray[np.intp]]) -> City:
    """One part as a city of its own; a kind that the city has and the part has not is missing there, not unknown."""
    sources = {**city.about.sources, "facilities": replace(city.about.source("facilities"), complete=True)}
    part = replace(city, about=replace(city.about, sources=sources))
    for name, where in which.items():
        part = part.with_layer(name, city.table(name)[where == number].reset_index(drop=True))
    return part.with_layer("boundary", parts.iloc[[number]].reset_index(drop=True))


def _value(city: City, clause: Clause) -> float:
    try:
        got = measured(city, clause, clause.meter)
    except TwinError:
        return _NAN
    return float(getattr(got, "value", got))


def _by_part(values: Sequence[PartValue], limits: Mapping[str, float]) -> tuple[Group, ...] | Gap:
    if not values:
        return Gap(word("gap_one_number"))
    found = []
    for layer, name, people, value in values:
        meets = None if np.isnan(value) or not limits else holds(value, limits)
        served = _NAN if meets is None else people * meets
        found.append(Group(layer, name, people, served, value=value, holds=meets))
    return tuple(found)
