"""Data inside an HTML file: JSON that cannot leave its script element, and bool arrays as bits.

The page's own script reads what stands here; the layout of `payload` and ``page.js``, ``map.js`` go together.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.report.content import GeoJSON, MapData, Page
from twin.report.words import words

__all__ = ["bits", "payload", "plain", "rounded", "script_json", "unbits"]

#: characters that could end a script element or a JavaScript line, and what JSON writes in their place
_HARMLESS = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def bits(mask: NDArray[np.bool_]) -> str:
    """Write a bool array as base64 of its bits, element *i* in bit ``i % 8`` of byte ``i // 8``.

    >>> bits(np.array([True, False, False, True]))
    'CQ=='
    """
    packed = np.packbits(np.asarray(mask, dtype=bool), bitorder="little")
    return base64.b64encode(packed.tobytes()).decode("ascii")


def unbits(text: str, count: int) -> NDArray[np.bool_]:
    """Read the array of `count` elements that `bits` wrote."""
    packed = np.frombuffer(base64.b64decode(text), dtype=np.uint8)
    return np.unpackbits(packed, count=count, bitorder="little").astype(bool)


def script_json(value: Any) -> str:
    """Write JSON that is safe inside ``<script type="application/json">``, whatever its strings hold."""
    text = json.dumps(plain(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.translate(_HARMLESS)


def plain(value: Any) -> Any:
    """Reduce to what JSON can hold: numpy numbers and arrays unpacked, NaN and infinity as null, others as text."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    return str(value)


def rounded(layer: GeoJSON | None) -> dict[str, Any]:
    """Round a feature collection to coordinates of six decimals (0.1 m), and leave out empty geometries."""
    features = [
        {
            "type": "Feature",
            "properties": dict(feature.get("properties") or {}),
            "geometry": _shorter(feature["geometry"]),
        }
        for feature in (layer or {}).get("features", [])
        if feature.get("geometry")
    ]
    return {"type": "FeatureCollection", "features": features}


def _shorter(geometry: Mapping[str, Any]) -> dict[str, Any]:
    """Shorten the coordinates of a geometry; the parts of a collection too."""
    if "geometries" in geometry:
        return {"type": geometry["type"], "geometries": [_shorter(part) for part in geometry["geometries"]]}
    return {"type": geometry["type"], "coordinates": _short(geometry["coordinates"])}


def _short(coordinates: Any) -> Any:
    if isinstance(coordinates, int | float | np.number):
        return round(float(coordinates), 6)
    return [_short(each) for each in coordinates]


def payload(page: Page) -> dict[str, Any]:
    """Gather what the page's script needs: words, titles, verdicts and the map."""
    clauses = [
        {"title": asdict(c.title), "name": f"{c.standard} {c.clause}".strip(), "limit": asdict(c.limit)}
        | {"measure": asdict(c.measure), "note": asdict(c.note), "kinds": c.kinds}
        for c in page.clauses
    ]
    verdicts = {
        f"{v.scenario},{v.clause}": {"status": v.status, "value": asdict(v.value_text), "margin": asdict(v.margin_text)}
        | {"people": v.people, "reason": asdict(v.reason)}
        for v in page.verdicts
    }
    return {
        "language": page.language,
        "words": {name: asdict(text) for name, text in words().items()},
        "title": asdict(page.title),
        "scenarios": [asdict(scenario.label) for scenario in page.scenarios],
        "clauses": clauses,
        "verdicts": verdicts,
        "map": None if page.map is None else _map(page.map),
    }


def _map(data: MapData) -> dict[str, Any]:
    """Gather the map's data; equal bit sets, as of a clause that a scenario leaves alone, are written once."""
    sets: dict[str, int] = {}
    unserved: dict[str, int] = {
        f"{scenario},{clause}": sets.setdefault(bits(mask), len(sets))
        for (scenario, clause), mask in data.unserved.items()
    }
    return {
        "bounds": [round(float(each), 6) for each in data.bounds],
        "base": {name: rounded(layer) for name, layer in data.base.items()},
        "facilities": rounded(data.facilities),
        "closed": {index: rounded(layer) for index, layer in data.closed.items()},
        "hazards": {index: rounded(layer) for index, layer in data.hazards.items()},
        "lon": np.round(np.asarray(data.points.lon, dtype=float), 6),
        "lat": np.round(np.asarray(data.points.lat, dtype=float), 6),
        "people": np.round(np.nan_to_num(np.asarray(data.points.people, dtype=float)), 3),
        "sets": list(sets),
        "unserved": unserved,
    }
