"""Facilities, buildings and land, on small files with the expected tables written out."""

import numpy as np
import pytest

EAST, NORTH = 111.3195, 110.5743  # a thousandth of a degree at the equator [m]
CELL = EAST * NORTH  # 12,309.07 m2 on the ground
ROAD = (1, [1, 2], {"highway": "residential"})
ROADS = {1: (-5, -5), 2: (-4, -5)}


def ring(first, column, row, size=1.0):
    """Nodes and the closed list of a square, counter-clockwise from its lower left corner."""
    corners = [(column, row), (column + size, row), (column + size, row + size), (column, row + size)]
    return {first + i: corner for i, corner in enumerate(corners)}, [first, first + 1, first + 2, first + 3, first]


@pytest.fixture
def squares(osm):
    """Reads closed ways given as id -> (column, row, size, tags), and single nodes as id -> (column, row, tags)."""

    def read(areas, nodes=None):
        places, ways, tags = dict(ROADS), [ROAD], {}
        for ref, (column, row, size, said) in areas.items():
            corners, members = ring(ref * 100, column, row, size)
            places |= corners
            ways.append((ref, members, said))
        for ref, (column, row, said) in (nodes or {}).items():
            places[ref] = (column, row)
            tags[ref] = said
        return osm(places, ways, tags=tags)

    return read


def test_nodes_and_areas_become_facilities(squares):
    extract = squares(
        {
            10: (0, 0, 1, {"amenity": "school", "name": "École", "capacity": "120", "name:en": "School"}),
            11: (2, 0, 1, {"amenity": "hospital", "building": "hospital", "building:levels": "4", "beds": "300"}),
        },
        {50: (5, 5, {"amenity": "pharmacy", "name": "Apotheke", "name:zh": "药店"})},
    )
    found = extract.facilities.set_index("id")
    assert found.index.tolist() == ["n50", "w10", "w11"]
    assert found["kind"].tolist() == ["pharmacy", "school", "hospital"]
    assert found["name"].tolist() == ["Apotheke", "École", ""]
    assert found["name_en"].tolist() == ["", "School", ""]
    assert found["name_zh"].tolist() == ["药店", "", ""]
    np.testing.assert_allclose(found["capacity"], [np.nan, 120, 300])
    np.testing.assert_allclose(found["area"], [np.nan, CELL, CELL], rtol=1e-5)  # on the ground, not on the map
    np.testing.assert_allclose(found["floor_area"], [np.nan, np.nan, 4 * CELL], rtol=1e-5)
    assert found.geometry.geom_type.tolist() == ["Point", "Polygon", "Polygon"]
    assert extract.facilities.crs == extract.crs


def test_one_thing_of_two_kinds_has_two_rows_with_their_own_ids(squares):
    tags = {"amenity": "school", "isced:level": "1;2"}
    found = squares({10: (0, 0, 1, tags)}).facilities
    assert found[["id", "kind"]].to_numpy().tolist() == [
        ["w10", "primary_school"],
        ["w10:middle_school", "middle_school"],
    ]


def test_what_lies_within_the_same_is_the_same(squares):
    extract = squares(
        {
            10: (0, 0, 4, {"leisure": "park"}),
            11: (1, 1, 1, {"leisure": "park"}),  # a park mapped within a park
            12: (2, 2, 1, {"leisure": "playground"}),  # another kind
            13: (8, 0, 1, {"amenity": "school"}),
            14: (8, 0, 1, {"amenity": "school"}),  # the same rim twice: the first stays
        },
        {
            50: (8.5, 0.5, {"amenity": "school"}),
            51: (8.5, 0.5, {"amenity": "library"}),
            52: (20, 20, {"amenity": "school"}),
        },
    )
    assert sorted(extract.facilities["id"]) == ["n51", "n52", "w10", "w12", "w13"]
    assert "3 facilities lie within another of their kind and were taken as the same one" in extract.notes


def test_what_is_closed_to_the_public_or_gone(squares):
    private = {"access": "private"}
    extract = squares(
        {
            10: (0, 0, 1, {"leisure": "playground"} | private),
            11: (2, 0, 1, {"leisure": "swimming_pool"}),  # of a home, as far as anybody knows
            12: (4, 0, 1, {"leisure": "swimming_pool", "access": "customers"}),
            13: (6, 0, 1, {"power": "substation"} | private),  # serves without being entered
            14: (8, 0, 1, {"amenity": "hospital", "disused": "yes"}),
            15: (10, 0, 1, {"amenity": "parking"} | private),
        }
    )
    assert extract.facilities["kind"].tolist() == ["swimming_pool", "substation"]
    assert "2 parks, sports and parking places are not open to the public and are no facilities" in extract.notes
    assert "1 facilities are tagged as disused or abandoned and were left out" in extract.notes


def test_entrances_lie_on_the_own_rim(squares):
    extract = squares(
        {
            10: (0, 0, 1, {"leisure": "park"}),
            11: (1, 0, 1, {"amenity": "school"}),
            12: (4, 0, 1, {"amenity": "school"}),
        },
        {
            1000: (0, 0, {"barrier": "gate"}),
            1001: (1, 0, {"entrance": "main"}),
            1002: (1, 1, {"entrance": "exit"}),
            1003: (0, 1, {"entrance": "no"}),
            60: (0.5, 0, {"entrance": "yes"}),  # on the line, but no vertex of the rim
        },
    )
    found = extract.facilities.set_index("id")["entrances"]
    park = extract.facilities.set_index("id").geometry["w10"]
    assert found["w10"].geom_type == "MultiPoint"
    corners = {tuple(np.round(each, 3)) for each in park.exterior.coords[:2]}
    assert {tuple(np.round(each.coords[0], 3)) for each in found["w10"].geoms} == corners
    assert found["w11"] is None
    assert found["w12"] is None


def test_a_relation_with_a_hole_and_two_parts(osm):
    outer, a = ring(100, 0, 0, 3)
    hole, b = ring(200, 1, 1, 1)
    second, c = ring(300, 5, 0, 1)
    tags = {"type": "multipolygon", "leisure": "park", "name": "Parc"}
    members = [("outer", 10), ("inner", 11), ("outer", 12)]
    ways = [ROAD, (10, a, {}), (11, b, {}), (12, c, {})]
    extract = osm(ROADS | outer | hole | second, ways, [(7, members, tags)], {200: {"barrier": "gate"}})
    park = extract.facilities.iloc[0]
    assert (park["id"], park["kind"], park["name"]) == ("r7", "park", "Parc")
    assert park["area"] == pytest.approx((9 - 1 + 1) * CELL, rel=1e-5)
    assert len(park["entrances"].geoms) == 1
    green = extract.green.iloc[0]
    assert (green["id"], green["kind"], bool(green["public"])) == ("r7", "park", True)


def test_relations_that_cannot_be_assembled_are_counted(osm):
    corners, members = ring(100, 0, 0)
    ways = [ROAD, (10, members[:3], {}), (11, members, {})]
    tags = {"type": "multipolygon", "leisure": "park"}
    relations = [(7, [("outer", 10)], tags), (8, [("outer", 11)], tags), (9, [("outer", 99)], tags)]
    extract = osm(ROADS | corners, ways, relations)
    assert extract.facilities["id"].tolist() == ["r8"]
    assert "2 of 3 multipolygons could not be assembled and were left out" in extract.notes


def test_areas_that_cross_themselves_are_repaired(osm):
    # a bow tie: two triangles of half a cell each, over a cell of the grid
    corners, (a, b, c, d, _) = ring(100, 0, 0)
    extract = osm(ROADS | corners, [ROAD, (10, [a, b, d, c, a], {"natural": "water", "name": "See"})])
    lake = extract.water.iloc[0]
    assert lake.geometry.is_valid
    assert lake.geometry.geom_type == "MultiPolygon"
    assert lake.geometry.area == pytest.approx(CELL / 2 * 0.9996**2, rel=1e-4)
    assert "1 of 1 areas crossed themselves and were repaired" in extract.notes


BUILDINGS = [  # tags, use, levels, height, storeys that count
    ({"building": "yes"}, "residential", None, None, 2),
    ({"building": "apartments", "building:levels": "5"}, "residential", 5, None, 5),
    ({"building": "yes", "height": "12 m"}, "residential", None, 12, 4),
    ({"building": "yes", "height": "12", "building:levels": "3"}, "residential", 3, 12, 3),
    ({"building": "yes", "height": "2"}, "residential", None, 2, 1),
    ({"building": "retail"}, "commercial", None, None, 2),
    ({"building": "yes", "shop": "bakery"}, "commercial", None, None, 2),
    ({"building": "yes", "office": "lawyer"}, "commercial", None, None, 2),
    ({"building": "yes", "office": "government"}, "public", None, None, 2),
    ({"building": "yes", "tourism": "hotel"}, "commercial", None, None, 2),
    ({"building": "yes", "tourism": "museum"}, "public", None, None, 2),
    ({"building": "yes", "amenity": "townhall"}, "public", None, None, 2),
    ({"building": "yes", "amenity": "restaurant"}, "commercial", None, None, 2),
    ({"building": "apartments", "shop": "bakery"}, "residential", None, None, 2),
    ({"building": "warehouse"}, "industrial", None, None, 2),
    ({"building": "school"}, "public", None, None, 2),
    ({"building": "garage"}, "other", None, None, 2),
    ({"building": "wigwam"}, "residential", None, None, 2),
]


@pytest.mark.parametrize(("tags", "use", "levels", "height", "storeys"), BUILDINGS)
def test_buildings(squares, tags, use, levels, height, storeys):
    house = squares({10: (0, 0, 0.1, tags)}).buildings.iloc[0]
    nan = float("nan")
    assert house["use"] == use
    assert house["levels"] == pytest.approx(levels or nan, nan_ok=True)
    assert house["height"] == pytest.approx(height or nan, nan_ok=True)
    assert house["floor_area"] == pytest.approx(storeys * CELL / 100, rel=1e-4)


def test_parts_and_what_is_no_building(squares):
    extract = squares({10: (0, 0, 1, {"building:part": "yes"}), 11: (2, 0, 1, {"building": "no"})})
    assert not len(extract.buildings)
    assert extract.buildings.columns.tolist() == ["id", "use", "levels", "height", "floor_area", "geometry"]


@pytest.mark.parametrize(
    ("land", "use"),
    [
        ({"landuse": "residential"}, "residential"), ({"landuse": "industrial"}, "industrial"),
        ({"landuse": "retail"}, "commercial"), ({"landuse": "railway"}, "other"), ({"landuse": "military"}, "other"),
        ({"landuse": "port"}, "industrial"), ({"landuse": "farmland"}, "residential"),
        ({"amenity": "school"}, "public"), ({"leisure": "park"}, "other"),
    ],
)  # fmt: skip
def test_a_building_that_says_nothing_takes_the_use_of_its_land(squares, land, use):
    extract = squares(
        {10: (0, 0, 1, land), 11: (0.2, 0.2, 0.1, {"building": "yes"}), 12: (0.5, 0.5, 0.1, {"building": "retail"})}
    )
    assert extract.buildings["use"].tolist() == [use, "commercial"]


def test_the_smallest_land_decides(squares):
    plots = {10: (0, 0, 4, {"landuse": "industrial"}), 11: (1, 1, 1, {"landuse": "residential"})}
    extract = squares(plots | {12: (1.2, 1.2, 0.1, {"building": "yes"}), 13: (3, 3, 0.1, {"building": "yes"})})
    assert extract.buildings.set_index("id")["use"].to_dict() == {"w12": "residential", "w13": "industrial"}


def test_land_green_and_water(squares):
    extract = squares(
        {
            10: (0, 0, 1, {"landuse": "commercial"}),
            11: (2, 0, 1, {"landuse": "forest", "name": "Wald"}),
            12: (4, 0, 1, {"leisure": "garden", "garden:type": "residential"}),
            13: (6, 0, 1, {"landuse": "grass", "access": "private"}),
            14: (8, 0, 1, {"place": "square", "name": "Plaza"}),
            15: (10, 0, 1, {"landuse": "reservoir"}),
            16: (12, 0, 1, {"natural": "wood", "area": "no"}),
            17: (14, 0, 1, {"landuse": "village_green"}),
        }
    )
    assert extract.land_use[["id", "use"]].to_numpy().tolist() == [
        ["w10", "commercial"], ["w11", "green"], ["w12", "green"], ["w13", "green"], ["w17", "green"],
    ]  # fmt: skip
    assert extract.green[["id", "kind", "name", "public"]].to_numpy().tolist() == [
        ["w11", "forest", "Wald", True], ["w12", "garden", "", False], ["w13", "grass", "", False],
        ["w14", "square", "Plaza", True], ["w17", "park", "", True],
    ]  # fmt: skip
    assert extract.water[["id", "name"]].to_numpy().tolist() == [["w15", ""]]


def test_districts_that_are_complete(osm):
    corners, members = ring(100, 0, 0, 4)
    tags = {"type": "boundary", "boundary": "administrative", "admin_level": "9", "name": "福田区"}
    relations = [
        (7, [("outer", 10)], tags),
        (8, [("outer", 99)], tags | {"name": "南山区"}),  # its way is not in the extract
        (
            9,
            [("outer", 10)],
            {key: tags[key] for key in ("type", "boundary", "admin_level")},
        ),  # nobody calls it anything
    ]
    extract = osm(ROADS | corners, [ROAD, (10, members, {})], relations)
    assert extract.districts[["id", "name", "admin_level"]].to_numpy().tolist() == [["r7", "福田区", 9]]
    assert "1 of 3 administrative boundaries are not complete in the extract and were left out" in extract.notes


def test_layers_without_rows_have_their_columns(osm):
    extract = osm(ROADS, [ROAD])
    assert extract.facilities.columns.tolist() == [
        "id", "kind", "name", "name_en", "name_zh", "capacity", "area", "floor_area", "entrances", "geometry",
    ]  # fmt: skip
    for layer in ("facilities", "buildings", "land_use", "green", "water", "districts"):
        frame = getattr(extract, layer)
        assert len(frame) == 0
        assert frame.crs == extract.crs
    assert extract.notes == ()
