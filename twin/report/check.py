"""The door of the report: what cannot be drawn truthfully is refused here, with the place and the fix."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable

from twin.errors import DataError, listed
from twin.report.content import BASE_LAYERS, EVIDENCE, LANGUAGES, STATUSES, STRENGTHS, MapData, Page

__all__ = ["checked"]


def checked(page: Page) -> Page:
    """Return the page itself, once its indices, words and arrays fit together.

    Raises
    ------
    DataError : an index out of range, a word that the page has no sign for, or arrays of different lengths.
    """
    if not page.scenarios:
        raise DataError("the page has no scenario; give at least the baseline", layer="scenarios")
    _among("language", [page.language], LANGUAGES)
    _among("strength", [clause.strength for clause in page.clauses], STRENGTHS)
    _among("evidence", [clause.evidence for clause in page.clauses], EVIDENCE)
    _among("status", [cell.status for cell in page.verdicts], STATUSES)
    _inside(page, "verdicts", [(cell.scenario, cell.clause) for cell in page.verdicts])
    _inside(page, "losses", [(loss.scenario, loss.clause) for loss in page.losses])
    seen: set[tuple[int, int]] = set()
    for row, cell in enumerate(page.verdicts):
        if (cell.scenario, cell.clause) in seen:
            raise DataError(
                f"verdicts: scenario {cell.scenario}, clause {cell.clause} is judged twice; give one verdict each",
                layer="verdicts",
                rows=[row],
            )
        seen.add((cell.scenario, cell.clause))
    if page.map is not None:
        _map(page, page.map)
    return page


def _among(column: str, given: Iterable[str], known: Collection[str]) -> None:
    """Every word is one that the page has a sign for."""
    bad = [(row, word) for row, word in enumerate(given) if word not in known]
    if bad:
        rows = [row for row, _ in bad]
        raise DataError(
            f"{column}: no such word: {listed(repr(word) for _, word in bad)} (rows {listed(rows)}); "
            f"use one of {listed(known)}",
            column=column,
            rows=rows,
        )


def _inside(page: Page, layer: str, keys: Iterable[tuple[int, int]]) -> None:
    """Every (scenario, clause) exists."""
    bad = [
        (row, key)
        for row, key in enumerate(keys)
        if not (0 <= key[0] < len(page.scenarios) and 0 <= key[1] < len(page.clauses))
    ]
    if bad:
        rows = [row for row, _ in bad]
        raise DataError(
            f"{layer}: (scenario, clause) {listed(key for _, key in bad)} do not exist (rows {listed(rows)}); there "
            f"are {len(page.scenarios)} scenarios and {len(page.clauses)} clauses, counted from 0",
            layer=layer,
            rows=rows,
        )


def _map(page: Page, data: MapData) -> None:
    """Arrays of one length, bounds in degrees, an ``open`` sign for each scenario."""
    _among("base", data.base, BASE_LAYERS)
    _inside(page, "unserved", data.unserved)
    west, south, east, north = data.bounds
    if not all(map(math.isfinite, data.bounds)) or west > east or south > north or max(-south, north) > 90:
        raise DataError(
            f"map: bounds {data.bounds} are not west, south, east, north in degrees; project to EPSG:4326", layer="map"
        )
    n = len(data.points.lon)
    sizes = {"lat": len(data.points.lat), "people": len(data.points.people)}
    sizes |= {f"unserved {key}": len(array) for key, array in data.unserved.items()}
    for name, size in sizes.items():
        if size != n:
            raise DataError(
                f"map: {name} has {size} values for {n} points; align it with lon", layer="map", column=name
            )
    for layer, given in {"closed": data.closed, "hazards": data.hazards}.items():
        bad = [index for index in given if not 0 <= index < len(page.scenarios)]
        if bad:
            raise DataError(f"map: {layer} names scenarios {listed(bad)} that do not exist", layer=layer)
    features = (data.facilities or {}).get("features", [])
    short = [
        row
        for row, feature in enumerate(features)
        if len(str(feature["properties"].get("open", ""))) != len(page.scenarios)
    ]
    if short:
        raise DataError(
            f"facilities: 'open' needs one 0 or 1 for each of {len(page.scenarios)} scenarios (rows {listed(short)})",
            layer="facilities",
            column="open",
            rows=short,
        )
