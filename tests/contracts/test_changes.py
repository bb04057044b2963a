"""What every registered change keeps, ours and those of other packages: input, rows, schema, seed, memory."""

import dataclasses
import datetime as dt
import hashlib
import re
from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

from twin.errors import ScenarioError
from twin.hazards import Blockage, Flood
from twin.interventions import (
    AddEdge,
    AddFacility,
    ChangeActivity,
    ChangeHeadway,
    ChangeQueue,
    ChangeRecord,
    CloseFacility,
    CloseStop,
    Equip,
    GrowPopulation,
    Layout,
    RemoveLine,
)
from twin.measures.carbon import with_activities
from twin.measures.records import with_records
from twin.measures.waiting import with_calls
from twin.model import City, Network, Raster, Timetable
from twin.model.schema import schema, validate
from twin.scenario import Scenario, change, changes

UTM = 32631
WATER = Raster(np.full((2, 1), 0.35, dtype="f4"), -100.0, 600.0, 350.0, pyproj.CRS(UTM))
SITES = gpd.GeoDataFrame({"name": ["甲"], "capacity": [9.0]}, geometry=[shapely.Point(200, 300)], crs=UTM)

#: An example of every change, for the city of `tests/conftest.py`, and what it touches.
EXAMPLES: dict[str, tuple[object, set[str]]] = {
    "add_edge": (AddEdge("drive", ((0.0, 0.0), (500.0, 500.0)), speed=15.0), {"drive"}),
    "add_facility": (AddFacility("clinic", at=(300.0, 200.0), capacity=40.0), {"facilities"}),
    "blockage": (Blockage(share=0.3, seed=5), {"walk", "drive"}),
    "change_activity": (ChangeActivity("0", times=0.8), {"activities"}),
    "change_headway": (ChangeHeadway("二路", 300.0, between=("07:00", "08:00")), {"transit"}),
    "change_queue": (ChangeQueue("hotline", times=1.5, staff=2.0), {"hotline"}),
    "change_record": (ChangeRecord("buses", add=3.0), {"records"}),
    "close_facility": (CloseFacility("bus_stop"), {"facilities"}),
    "close_stop": (CloseStop("b2"), {"transit", "facilities"}),
    "equip": (Equip("clinic", "nursing_beds", of="capacity", share=0.1), {"facilities"}),
    "flood": (Flood(WATER), {"walk", "drive", "facilities"}),
    "grow_population": (GrowPopulation(1.5, districts=("西区",)), {"population"}),
    "layout": (Layout("clinic", SITES), {"facilities"}),
    "remove_line": (RemoveLine("L1"), {"transit"}),
}

every = pytest.mark.parametrize("kind", sorted(changes))


@pytest.fixture(scope="module")
def rich(rich: City) -> City:
    """The rich city with two bus lines between three stops, one the facility 'b2', with records and activities."""
    rich = with_calls(with_activities(with_records(rich))).with_columns(
        "facilities", nursing_beds=[1.0, np.nan, np.nan, np.nan]
    )
    starts = [(0, 7 * 3600 + k * 1200) for k in range(4)] + [(1, 7 * 3600 + k * 900) for k in range(5)]
    stops = ((0, 1, 2), (2, 1))
    calls = [(k, stop, start + 60 * n) for k, (line, start) in enumerate(starts) for n, stop in enumerate(stops[line])]
    trip, stop, time = np.array(calls).T
    table = Timetable.build(
        stops=pd.DataFrame({"id": ["s1", "b2", "s3"], "x": [0.0, 200.0, 400.0], "y": [5.0, 5.0, 5.0]}),
        lines=pd.DataFrame({"id": ["L1", "L2"], "name": ["一路", "二路"], "mode": "bus"}),
        trips=pd.DataFrame({"id": [f"t{k}" for k in range(9)], "line": [line for line, _ in starts], "service": 0}),
        times={"trip": trip, "stop": stop, "arrive": time, "depart": time, "hop": [0, 1, -1] * 4 + [2, -1] * 5},
        calendar=(["daily"], dt.date(2026, 11, 20), [[True, True]]),
    )
    net = Network.from_arrays(
        table.stops["x"], table.stops["y"], [0, 1, 2], [1, 2, 1], directed=True, ids=list(table.stops["id"]),
        crs=UTM, time=60.0, name=["一路", "一路", "二路"],
    )  # fmt: skip
    return rich.with_network("transit", dataclasses.replace(net, timetable=table))


def example(kind: str) -> tuple[Callable[[City], City], set[str]]:
    assert kind in EXAMPLES, f"give EXAMPLES an example of the change '{kind}'"
    return EXAMPLES[kind]


def digest(city: City) -> str:
    """Everything that a city holds, as one number."""
    seen = hashlib.sha256()

    def add(*parts):
        for part in parts:
            seen.update(part if isinstance(part, bytes) else repr(part).encode())

    def table(frame):
        for column in frame.columns:
            values = frame[column]
            shapes = column in {"geometry", "entrances"}
            add(
                column,
                str(values.dtype),
                repr(shapely.to_wkb(values.to_numpy()).tolist() if shapes else values.tolist()),
            )
        add(frame.index.tolist())

    add(city.name, city.crs, city.log, city.about)
    table(city.dependencies)
    for name, layer in {"facilities": city.facilities, "population": city.population, **city.layers}.items():
        add(name)
        if isinstance(layer, Raster):
            add(
                layer.values.tobytes(),  # noqa: PD011
                layer.west,
                layer.north,
                layer.cell,
            )
        else:
            table(layer)
    for name, net in city.networks.items():
        add(name, net.ids.tolist(), net.x.tobytes(), net.y.tobytes(), shapely.to_wkb(net.shapes).tolist())
        table(net.edges)
        if net.timetable is not None:
            for field in dataclasses.fields(net.timetable):
                value = getattr(net.timetable, field.name)
                add(value.tobytes() if isinstance(value, np.ndarray) and value.dtype != object else "")
            for frame in (net.timetable.stops, net.timetable.lines, net.timetable.trips):
                table(frame)
    return seen.hexdigest()


def layers(city: City) -> dict[str, pd.DataFrame]:
    tables = {"facilities": city.facilities, "population": city.population, **city.layers}
    return {name: layer for name, layer in tables.items() if isinstance(layer, pd.DataFrame)}


def network_arrays(net: Network):
    return {"x": net.x, "y": net.y, "ids": net.ids, **net.columns}


@every
def test_the_input_is_untouched(rich, kind):
    apply, _ = example(kind)
    before = digest(rich)
    after = apply(rich)
    assert digest(rich) == before
    assert digest(after) != before  # and the example does something
    assert after.log == rich.log  # the scenario writes the log, not the change


@every
def test_same_city_same_fields_same_result(rich, kind):
    apply, _ = example(kind)
    assert digest(apply(rich)) == digest(apply(rich))


@every
def test_rows_are_kept_and_appended_at_the_end(rich, kind):
    apply, _ = example(kind)
    after = apply(rich)
    assert set(layers(after)) == set(layers(rich))
    for name, frame in layers(rich).items():
        now = layers(after)[name]
        assert now["id"].tolist()[: len(frame)] == frame["id"].tolist()
        assert now.index.tolist() == list(range(len(now)))
        if isinstance(frame, gpd.GeoDataFrame):
            assert shapely.equals(now.geometry.to_numpy()[: len(frame)], frame.geometry.to_numpy()).all()
    assert list(after.networks) == list(rich.networks)
    for name, net in rich.networks.items():
        now = after.networks[name]
        count = len(net.graph.tail)
        assert now.ids.tolist()[: len(net.ids)] == net.ids.tolist()
        assert now.graph.tail[:count].tolist() == net.graph.tail.tolist()
        assert now.graph.head[:count].tolist() == net.graph.head.tolist()
        assert (now.open[:count] <= net.open).all()  # closed stays closed
        assert shapely.equals(now.shapes[:count], net.shapes).all()


@every
def test_the_schema_is_kept(rich, kind):
    apply, _ = example(kind)
    after = apply(rich)
    for name, frame in layers(after).items():
        assert not isinstance(frame, gpd.GeoDataFrame) or frame.crs == rich.crs
        if name in schema():
            checked = validate(frame, name)
            pd.testing.assert_frame_equal(pd.DataFrame(checked), pd.DataFrame(frame), check_dtype=False)
        old = layers(rich)[name]
        assert set(old.columns) <= set(frame.columns)
        for column in old.columns:
            if old[column].dtype.kind in "bfiu":
                assert frame[column].dtype.kind == old[column].dtype.kind, column
    for name, net in after.networks.items():
        validate(net.edges, "edges")
        assert set(rich.networks[name].columns) <= set(net.columns)
        assert net.fixed_cost("time").dtype == np.uint32  # whatever is open can be passed


@every
def test_what_it_did_not_touch_is_shared(rich, kind):
    apply, touched = example(kind)
    after = apply(rich)
    for name, layer in {"facilities": rich.facilities, "population": rich.population, **rich.layers}.items():
        if name not in touched:
            assert after.layer(name) is layer, name
    for name, net in rich.networks.items():
        now = after.networks[name]
        if name not in touched:
            assert now is net, name
        elif kind != "add_edge":
            assert now.graph is net.graph  # routing hierarchies, trees and shapes with it
            shared = [key for key, array in network_arrays(net).items() if now_shares(array, network_arrays(now)[key])]
            assert set(network_arrays(net)) - set(shared) <= {"open", "time", "time_back"}
    assert after.dependencies is rich.dependencies
    assert after.about is rich.about


def now_shares(a, b) -> bool:
    return a is b or np.shares_memory(a, b)


@every
def test_untouched_columns_of_a_touched_table_are_shared(rich, kind):
    apply, touched = example(kind)
    after = apply(rich)
    for name in touched & set(layers(rich)):
        old, new = layers(rich)[name], layers(after)[name]
        if len(old) != len(new):
            continue  # rows were appended: this one table is new
        for column in old.columns:
            same = old[column].equals(new[column]) if column not in {"geometry", "entrances"} else True
            if same and old[column].dtype.kind in "bfiu" and column not in {"open", *schema()["population"].columns}:
                assert np.shares_memory(old[column].to_numpy(), new[column].to_numpy()), column


@every
def test_it_is_said_in_both_languages_and_survives_a_file(tmp_path, rich, kind):
    apply, _ = example(kind)
    scenario = Scenario("a", apply)
    english, chinese = scenario.describe(), scenario.describe("zh")
    assert english[0].startswith(kind.replace("_", " "))
    assert not chinese[0].startswith(kind.replace("_", " "))
    scenario.save(tmp_path / "a.toml")
    assert digest(Scenario.load(tmp_path / "a.toml")(rich)) == digest(scenario(rich))


@every
def test_it_is_documented(kind):
    cls = changes[kind]
    assert cls.__doc__
    for field in dataclasses.fields(cls):
        line = rf"^ +([\w, ]+, )?{field.name}(, [\w, ]+)? : "
        assert re.search(line, cls.__doc__, re.MULTILINE), f"{kind}.{field.name}"
    assert cls.__dataclass_params__.frozen


def test_a_change_without_an_example_fails():
    with pytest.raises(AssertionError, match="give EXAMPLES an example of the change 'meteor'"):
        example("meteor")


def test_a_name_is_registered_once():
    class Flood:
        pass

    with pytest.raises(ValueError, match="change 'flood' is registered twice"):
        change(Flood)
    with pytest.raises(ScenarioError):
        Scenario("a", "flood")
