"""Real extracts that stand beside the checkout: Monaco and Las Palmas. Figures from outside where there are some."""

from pathlib import Path

import numpy as np
import osmium
import pytest

from twin.gis.kinds import kinds
from twin.gis.osm import Extract, read_osm

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def monaco(data) -> Extract:
    return read_osm(data("monaco/monaco.osm.gz"))


@pytest.fixture(scope="module")
def las_palmas(data) -> Extract:
    return read_osm(data("las_palmas/las_palmas_2023.osm.pbf"))


def counted(path: Path, key: str, *values: str) -> set[str]:
    """Nodes, closed ways and multipolygons that carry a tag, counted by osmium alone."""
    found = set()
    for each in osmium.FileProcessor(str(path)).with_areas().with_filter(osmium.filter.KeyFilter(key)):
        if values and each.tags[key] not in values:
            continue
        if each.is_node():
            found.add(f"n{each.id}")
        elif each.is_area() and next(iter(each.outer_rings()), None) is not None:
            found.add(f"{'w' if each.from_way() else 'r'}{each.orig_id()}")
    return found


def whole(extract: Extract) -> None:
    """What holds for every extract."""
    for streets in (extract.walk, extract.drive):
        edges = streets.edges
        tail, head = edges["tail"].to_numpy(), edges["head"].to_numpy()
        places = np.column_stack([streets.x, streets.y])
        assert len(np.unique(streets.ids)) == len(streets.ids)
        assert set(np.unique([tail, head])) == set(range(len(streets.ids)))
        assert (tail != head).all()
        assert np.isfinite(edges[["length", "time", "speed"]]).all(axis=None)
        assert (edges["length"] > 0).mean() > 0.999
        # the map stretches by less than 1 in 1000 anywhere in a zone
        assert np.allclose(edges["length"], edges.geometry.length, rtol=1e-3)
        assert np.allclose(edges.geometry.get_coordinates().groupby(level=0).first(), places[tail])
        assert np.allclose(edges.geometry.get_coordinates().groupby(level=0).last(), places[head])
    assert set(extract.facilities["kind"]) <= set(kinds())
    for layer in ("facilities", "buildings", "land_use", "green", "water", "districts"):
        frame = getattr(extract, layer)
        assert frame["id"].is_unique
        assert frame.geometry.is_valid.all()
        assert not frame.geometry.is_empty.any()
    assert (extract.buildings["floor_area"] >= 0).all()


def test_monaco(monaco, data):
    whole(monaco)
    assert monaco.crs.to_epsg() == 32632
    areas = {each for each in counted(data("monaco/monaco.osm.gz"), "building") if each[0] != "n"}
    assert set(monaco.buildings["id"]) == areas
    assert len(monaco.districts) == 4
    assert "14 of 18 administrative boundaries are not complete in the extract and were left out" in monaco.notes


def test_las_palmas(las_palmas, data):
    whole(las_palmas)
    path = data("las_palmas/las_palmas_2023.osm.pbf")
    assert las_palmas.crs.to_epsg() == 32628
    # closed ways that libosmium refuses are repaired here, so that there may be some more
    ours, theirs = set(las_palmas.buildings["id"]), counted(path, "building")
    assert {each for each in theirs - ours if each[0] != "n"} <= counted(path, "building", "no", "proposed", "entrance")
    assert len(ours - theirs) <= 20
    kind = las_palmas.facilities["kind"].value_counts()
    assert kind["hospital"] <= len(counted(path, "amenity", "hospital") | counted(path, "healthcare", "hospital"))
    assert kind["fire_station"] == 2
    assert kind["kindergarten"] == 23
    assert kind["clinic"] >= 80
    # the municipality has about 100 km2 and the extract a margin around it
    assert 600 < las_palmas.drive.edges["length"].sum() / 1000 < 3000


def test_most_of_las_palmas_hangs_together(las_palmas):
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    for streets in (las_palmas.walk, las_palmas.drive):
        edges, size = streets.edges, len(streets.ids)
        graph = coo_array((np.ones(len(edges)), (edges["tail"], edges["head"])), shape=(size, size))
        label = connected_components(graph, directed=False)[1]
        length = np.bincount(label[edges["tail"]], weights=edges["length"])
        assert length.max() / length.sum() > 0.95
