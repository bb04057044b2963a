"""Small OpenStreetMap files, written by hand: nodes on a grid of a thousandth of a degree at the equator."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
import pandas as pd
import pytest
import shapely

from twin import routing
from twin.gis.osm import Extract, read_osm
from twin.model import City, Raster, Timetable

# The grid starts at 3° E, the middle of UTM zone 31, a thousandth of a degree north of the equator. On the WGS 84
# ellipsoid a thousandth of a degree there is 6378137 m * pi / 180000 = 111.3195 m east and 110.5743 m north.
EAST, NORTH = 111.3195, 110.5743


def osm_xml(nodes, ways=(), relations=(), tags=None) -> str:
    """Text of a file: node -> (column, row), (id, nodes, tags) a way, (id, [(role, way)], tags) a relation.

    A member that is no way says so: (role, id, "node").
    """
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6" generator="test">']
    for ref, (column, row) in nodes.items():
        place = f'lon="{3 + column / 1000:.7f}" lat="{0.001 + row / 1000:.7f}"'
        lines += [f'<node id="{ref}" version="1" {place}>', *_tags((tags or {}).get(ref, {})), "</node>"]
    for ref, members, said in ways:
        lines += [f'<way id="{ref}" version="1">', *(f'<nd ref="{each}"/>' for each in members), *_tags(said), "</way>"]
    for ref, members, said in relations:
        sorts = [(role, each, *(sort or ["way"])) for role, each, *sort in members]
        inside = [f'<member type="{sort}" ref="{each}" role="{role}"/>' for role, each, sort in sorts]
        lines += [f'<relation id="{ref}" version="1">', *inside, *_tags(said), "</relation>"]
    return "\n".join([*lines, "</osm>"])


def _tags(said) -> list[str]:
    return [f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in said.items()]


@pytest.fixture
def osm(tmp_path: Path) -> Callable[..., Extract]:
    """Reads what `osm_xml` writes."""

    def read(nodes, ways=(), relations=(), tags=None) -> Extract:
        path = tmp_path / "city.osm"
        path.write_text(osm_xml(nodes, ways, relations, tags), encoding="utf-8")
        return read_osm(path)

    return read


@pytest.fixture
def street(osm):
    """One way of two nodes with the given tags: its edge by mode, None where the mode may not use it."""

    def read(tags):
        # way 1 keeps the file from having no street at all
        away = (1, [8, 9], {"highway": "residential"})
        extract = osm({1: (0, 0), 2: (1, 0), 8: (0, 5), 9: (1, 5)}, [away, (7, [1, 2], tags)])
        found = {}
        for mode in ("walk", "drive"):
            edges = getattr(extract, mode).edges
            rows = edges[edges["osm"] == 7]
            assert len(rows) <= 1
            found[mode] = rows.iloc[0] if len(rows) else None
        return found

    return read


def same_table(a: pd.DataFrame, b: pd.DataFrame, without=()) -> None:
    shared = [c for c in a.columns if c not in {"geometry", "entrances", *without}]
    assert set(shared) == set(b.columns) - {"geometry", "entrances", *without}
    assert len(a) == len(b)
    for column in shared:
        mine, theirs = a[column], b[column]
        assert mine.isna().tolist() == theirs.isna().tolist(), column
        assert mine.dropna().tolist() == theirs.dropna().tolist(), column
        assert list(map(type, mine.dropna())) == list(map(type, theirs.dropna())), column
    for column in {"geometry", "entrances"} & set(a.columns):
        pairs = zip(a[column], b[column], strict=True)
        assert all((x is None and y is None) or shapely.equals_exact(x, y) for x, y in pairs), column


def same_timetable(a: Timetable | None, b: Timetable | None) -> None:
    assert (a is None) == (b is None)
    for field in dataclasses.fields(Timetable) if a is not None else ():
        mine, theirs = getattr(a, field.name), getattr(b, field.name)
        if isinstance(mine, pd.DataFrame):
            pd.testing.assert_frame_equal(mine, theirs)
        elif isinstance(mine, np.ndarray):
            assert mine.dtype == theirs.dtype, field.name
            np.testing.assert_array_equal(mine, theirs)
        elif field.name != "memory":
            assert mine == theirs, field.name


def same_city(a: City, b: City, *, rasters: bool = True) -> None:
    """Two cities hold the same, to the last bit."""
    assert (a.name, a.crs, a.log, a.about) == (b.name, b.crs, b.log, b.about)
    for layer in ("facilities", "population", "dependencies"):
        same_table(getattr(a, layer), getattr(b, layer))
    kept = {name: layer for name, layer in a.layers.items() if rasters or not isinstance(layer, Raster)}
    assert set(kept) == set(b.layers)
    for name, layer in kept.items():
        if isinstance(layer, Raster):
            other = b.layers[name]
            np.testing.assert_array_equal(layer.values, other.values)
            assert [getattr(layer, k) for k in ("west", "north", "cell", "crs", "unit")] == [
                getattr(other, k) for k in ("west", "north", "cell", "crs", "unit")
            ]
        else:
            same_table(layer, b.layers[name])
            assert layer.crs == b.layers[name].crs
    assert set(a.networks) == set(b.networks)
    for name, net in a.networks.items():
        other = b.networks[name]
        assert (net.crs, net.approach) == (other.crs, other.approach)
        assert net.ids.tolist() == other.ids.tolist()
        np.testing.assert_array_equal([net.x, net.y], [other.x, other.y])
        same_table(net.edges, other.edges)
        assert shapely.equals_exact(net.shapes, other.shapes).all()
        same_timetable(net.timetable, other.timetable)
        for cost in ("length", "time"):
            np.testing.assert_array_equal(
                routing.matrix(net, net.ids.tolist(), cost=cost), routing.matrix(other, other.ids.tolist(), cost=cost)
            )
        for layer in ("facilities", "population"):
            pd.testing.assert_frame_equal(a.snap(layer, name), b.snap(layer, name))


@pytest.fixture
def same() -> Callable[..., None]:
    return same_city
