"""Who may use a street, which way round, how fast: one way of 111.3 m for every rule."""

import pytest

HOME = {"highway": "residential"}
FOOT = {"highway": "footway"}

OPEN = [  # tags, walk, drive
    (HOME, True, True),
    ({"highway": "motorway"}, False, True),
    ({"highway": "trunk"}, True, True),
    ({"highway": "trunk", "motorroad": "yes"}, False, True),
    ({"highway": "trunk", "motorroad": "yes", "foot": "yes"}, True, True),
    (FOOT, True, False),
    ({"highway": "steps"}, True, False),
    ({"highway": "cycleway"}, False, False),
    ({"highway": "cycleway", "foot": "designated"}, True, False),
    ({"highway": "track"}, True, False),
    ({"highway": "track", "motor_vehicle": "yes"}, True, True),
    ({"highway": "track", "access": "yes"}, True, False),
    ({"highway": "pedestrian"}, True, False),
    ({"highway": "pedestrian", "motor_vehicle": "destination"}, True, True),
    ({"highway": "construction"}, False, False),
    ({"highway": "proposed"}, False, False),
    ({"highway": "busway", "bus": "designated"}, False, False),
    ({"highway": "service", "service": "driveway"}, True, True),
    ({"highway": "service", "service": "parking_aisle"}, True, True),
    ({"highway": "service", "service": "emergency_access"}, True, False),
    ({"highway": "service", "area": "yes"}, False, False),
    (HOME | {"access": "no"}, False, False),
    (HOME | {"access": "private"}, False, False),
    (HOME | {"access": "destination"}, True, True),
    (HOME | {"access": "customers"}, True, True),
    (HOME | {"access": "permissive"}, True, True),
    (HOME | {"access": "no", "foot": "yes"}, True, False),
    (HOME | {"access": "private", "motor_vehicle": "yes"}, False, True),
    (HOME | {"vehicle": "no"}, True, False),
    (HOME | {"vehicle": "no", "motor_vehicle": "yes"}, True, True),
    (HOME | {"motor_vehicle": "yes", "motorcar": "no"}, True, False),
    (HOME | {"motor_vehicle": "agricultural"}, True, False),
    (HOME | {"motor_vehicle": "delivery"}, True, False),
    (HOME | {"foot": "use_sidepath"}, False, True),
    (HOME | {"bicycle": "no", "bus": "no"}, True, True),
    ({"highway": "platform"}, True, False),
    ({"railway": "platform"}, True, False),
    ({"man_made": "pier"}, True, False),
    ({"highway": "elevator"}, True, False),
    ({"route": "ferry"}, True, False),
    ({"route": "ferry", "motor_vehicle": "yes"}, True, True),
    ({"route": "ferry", "foot": "no", "motorcar": "yes"}, False, True),
    ({"route": "bus"}, False, False),
]


@pytest.mark.parametrize(("tags", "walk", "drive"), OPEN)
def test_open_to(street, tags, walk, drive):
    found = street(tags)
    assert {mode: edge is not None for mode, edge in found.items()} == {"walk": walk, "drive": drive}


ONE_WAY = [  # tags, along (1), against (-1), both (0) by car
    (HOME, 0),
    (HOME | {"oneway": "yes"}, 1),
    (HOME | {"oneway": "1"}, 1),
    (HOME | {"oneway": "-1"}, -1),
    (HOME | {"oneway": "reverse"}, -1),
    (HOME | {"oneway": "no"}, 0),
    (HOME | {"oneway": "reversible"}, 0),
    (HOME | {"oneway": "alternating"}, 0),
    (HOME | {"junction": "roundabout"}, 1),
    (HOME | {"junction": "roundabout", "oneway": "-1"}, -1),
    ({"highway": "motorway"}, 1),
    ({"highway": "motorway", "oneway": "no"}, 0),
    ({"highway": "motorway_link"}, 0),
    (HOME | {"oneway": "yes", "oneway:bicycle": "no"}, 1),
    (HOME | {"oneway": "yes", "oneway:bus": "no", "busway": "opposite_lane"}, 1),
    (HOME | {"oneway": "yes", "oneway:motor_vehicle": "no"}, 0),
    (HOME | {"oneway": "yes", "oneway:vehicle": "no"}, 0),
    (HOME | {"oneway:motorcar": "yes"}, 1),
    (HOME | {"vehicle:backward": "no"}, 1),
    (HOME | {"motor_vehicle:forward": "no"}, -1),
]


@pytest.mark.parametrize(("tags", "direction"), ONE_WAY)
def test_one_way_by_car(street, tags, direction):
    found = street(tags)
    edge = found["drive"]
    east = edge.geometry.coords[-1][0] > edge.geometry.coords[0][0]  # the way runs east
    assert (bool(edge["oneway"]), east) == (direction != 0, direction >= 0)
    if found["walk"] is not None:
        assert not found["walk"]["oneway"]


@pytest.mark.parametrize(
    ("tags", "direction"),
    [
        (FOOT | {"oneway": "yes"}, 0),  # meant for those who ride on it
        (FOOT | {"oneway:foot": "yes"}, 1),
        (FOOT | {"oneway:foot": "-1"}, -1),
        ({"highway": "steps", "conveying": "forward"}, 1),
        ({"highway": "steps", "conveying": "backward"}, -1),
        (FOOT | {"foot:backward": "no"}, 1),
    ],
)
def test_one_way_on_foot(street, tags, direction):
    edge = street(tags)["walk"]
    east = edge.geometry.coords[-1][0] > edge.geometry.coords[0][0]
    assert (bool(edge["oneway"]), east) == (direction != 0, direction >= 0)


@pytest.mark.parametrize(
    ("tags", "kmh", "estimated"),
    [
        (HOME, 30, True),
        (HOME | {"maxspeed": "50"}, 50, False),
        (HOME | {"maxspeed": "20 mph"}, 32.18688, False),
        (HOME | {"maxspeed": "signals"}, 30, True),
        (HOME | {"maxspeed:forward": "50", "maxspeed:backward": "30"}, 30, False),
        (HOME | {"maxspeed:type": "FR:urban"}, 50, False),
        (HOME | {"source:maxspeed": "DE:zone:30"}, 30, False),
        ({"highway": "primary"}, 50, True),
        ({"highway": "motorway"}, 100, True),
    ],
)
def test_speed_by_car(street, tags, kmh, estimated):
    edge = street(tags)["drive"]
    assert edge["speed"] * 3.6 == pytest.approx(kmh)
    assert edge["time"] == pytest.approx(111.3195 / (kmh / 3.6), rel=1e-5)
    assert edge["estimated"] == estimated


def test_speed_on_foot(street):
    flat, stairs = street(HOME | {"maxspeed": "50"})["walk"], street({"highway": "steps"})["walk"]
    assert flat["time"] == pytest.approx(111.3195 / (4.8 / 3.6), rel=1e-5)
    assert stairs["time"] == pytest.approx(111.3195 / ((0.610 + 0.694) / 2), rel=2e-3)  # Weidmann 1993
    assert flat["estimated"]
    assert stairs["estimated"]


def test_a_ferry_takes_as_long_as_it_says(street):
    known, unknown = street({"route": "ferry", "duration": "00:10"})["walk"], street({"route": "ferry"})["walk"]
    assert (known["class"], known["fixed"], known["time"], known["estimated"]) == ("ferry", True, 600.0, False)
    assert unknown["time"] == pytest.approx(111.3195 / (15 / 3.6), rel=1e-5)
    assert unknown["estimated"]


def test_a_lift_takes_half_a_minute(street):
    edge = street({"highway": "elevator"})["walk"]
    assert (edge["class"], edge["fixed"], edge["time"]) == ("elevator", True, 30.0)


@pytest.mark.parametrize(
    ("tags", "bridge", "tunnel", "level", "fixed"),
    [
        ({}, False, False, 0, False),
        ({"bridge": "yes", "layer": "1"}, True, False, 1, True),
        ({"bridge": "viaduct"}, True, False, 0, True),
        ({"bridge": "no"}, False, False, 0, False),
        ({"tunnel": "yes", "layer": "-2"}, False, True, -2, True),
        ({"tunnel": "building_passage"}, False, False, 0, False),
        ({"covered": "yes"}, False, False, 0, False),
        ({"motorroad": "yes"}, False, False, 0, True),
        ({"layer": "ground"}, False, False, 0, False),
        ({"layer": "-"}, False, False, 0, False),
        ({"layer": "--1"}, False, False, 0, False),
    ],
)
def test_bridges_tunnels_levels(street, tags, bridge, tunnel, level, fixed):
    edge = street({"highway": "primary"} | tags)["drive"]
    assert (edge["bridge"], edge["tunnel"], edge["level"], edge["fixed"]) == (bridge, tunnel, level, fixed)


@pytest.mark.parametrize(
    ("tags", "lanes", "width"),
    [
        ({"lanes": "3", "width": "7.5"}, 3, 7.5),
        ({"lanes:forward": "2", "lanes:backward": "1"}, 3, None),
        ({"lanes": "many"}, None, None),
        ({"lanes": "2;3", "width": "20'"}, 2, 6.096),
    ],
)
def test_lanes_and_width(street, tags, lanes, width):
    edge = street(HOME | tags)["drive"]
    nan = float("nan")
    assert edge["lanes"] == pytest.approx(lanes or nan, nan_ok=True)
    assert edge["width"] == pytest.approx(width or nan, nan_ok=True)
