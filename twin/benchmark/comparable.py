"""What keeps cities from being compared as they stand: years, projections, estimates, other limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyproj

from twin.benchmark.parts import Reading
from twin.benchmark.words import word
from twin.model import City
from twin.report.content import Text
from twin.report.words import joined, layer_label, named
from twin.standards import Clause

__all__ = ["STRETCH", "city_notes", "indicator_notes", "stretch"]

#: A projection that stretches lengths by more than this is spoken of [1]; UTM stays below 0.001 within its zone.
STRETCH = 0.002


def stretch(city: City) -> float:
    """By how much the city's projection lengthens what lies at its middle [1]; NaN where it has no CRS or no place.

    The square root of the area scale of the projection, less 1 (Snyder 1987, section 4).
    """
    xy = [(net.x, net.y) for net in city.networks.values() if len(net.x)]
    if city.crs is None or not xy:
        return float("nan")
    x, y = (float(np.median(np.concatenate([pair[axis] for pair in xy]))) for axis in (0, 1))
    lon, lat = pyproj.Transformer.from_crs(city.crs, city.crs.geodetic_crs, always_xy=True).transform(x, y)
    if not (np.isfinite(lon) and np.isfinite(lat)):
        return float("nan")
    return float(np.sqrt(abs(pyproj.Proj(city.crs).get_factors(lon, lat).areal_scale))) - 1.0


def city_notes(cities: Sequence[City]) -> Iterator[Text]:
    """What is to be known of whole cities before any value is compared."""
    if len({city.crs.to_string() if city.crs else "" for city in cities}) > 1:
        yield word("crs_differ", each=_each(cities, [city.crs.to_string() if city.crs else "–" for city in cities]))
    for city in cities:
        off = stretch(city)
        if abs(off) > STRETCH:
            yield word("crs_stretched", city=named(city), off=f"{100 * off:+.1f} %")
        if city.crs is None:
            yield word("crs_none", city=named(city))
        if city.about.synthetic:
            yield word("synthetic", city=named(city))
        if city.about.source("population").estimated:
            yield word("estimated", city=named(city))
        if city.log:
            yield word("changed", city=named(city), log=", ".join(city.log))
    years = [_years(city) for city in cities]
    if len(set(years)) > 1:
        yield word("years_differ", each=_each(cities, years))


def indicator_notes(
    cities: Sequence[City], clause: Clause, readings: Sequence[Reading], asked: Sequence[str]
) -> Iterator[Text]:
    """What is to be known of one indicator: other years of the same layer, other limits, a recalled figure."""
    known = [n for n, reading in enumerate(readings) if reading.status != "unknown"]
    for layer in clause.meter.reads:
        years = [readings[n].years.get(layer, "") for n in known]
        years = [year if _dated(year) else "" for year in years]
        if len(set(years)) > 1:
            said = [year or word("no_year") for year in years]
            yield word("layer_years", layer=layer_label(layer), each=_each([cities[n] for n in known], said))
    if len({asked[n] for n in known}) > 1:
        yield word("limits_differ")
    if clause.source.evidence == "recalled":
        yield word("recalled")


def _dated(year: str) -> bool:
    return any(sign.isdigit() for sign in year)


def _years(city: City) -> str:
    """Years of a city's layers, as a span; a dash where none is stated."""
    stated = sorted({source.year for source in city.about.sources.values() if _dated(source.year)})
    return "–" if not stated else stated[0] if len(stated) == 1 else f"{stated[0]} … {stated[-1]}"


def _each(cities: Sequence[City], what: Sequence[object]) -> Text:
    texts = [each if isinstance(each, Text) else Text(str(each), str(each)) for each in what]
    pairs = [(named(city), text) for city, text in zip(cities, texts, strict=True)]
    return joined([Text(f"{name.en} {text.en}", f"{name.zh} {text.zh}") for name, text in pairs], ", ", "、")
