"""A timetable on disk: what is written is read, and damage is found before routing trusts the arrays."""

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import twin
from twin.errors import DataError
from twin.gis.timetables import TABLES, tables_of, timetable_of
from twin.interventions import ChangeHeadway, CloseStop, RemoveLine

HARBOUR = Path(__file__).parents[2] / "gis_data" / "harbour"


@pytest.fixture(scope="module")
def city():
    return twin.read(HARBOUR)


@pytest.fixture(scope="module")
def table(city):
    return city.networks["transit"].timetable


def test_a_city_with_what_a_plan_did(tmp_path, city, same):
    small = twin.City.build("a", city.crs, networks={"transit": city.networks["transit"]}, facilities=city.facilities)
    after = CloseStop("bus_stop-4")(ChangeHeadway("1", 400.0)(RemoveLine("T")(small)))
    twin.write(after, tmp_path / "plan")
    again = twin.read(tmp_path / "plan")
    same(after, again)
    times = again.networks["transit"].timetable.arrive
    assert any(isinstance(each, np.memmap) for each in bases(times))  # they stay on disk
    twin.write(again, tmp_path / "plan")  # onto what it is read from
    same(after, twin.read(tmp_path / "plan"))


def bases(array):
    while array is not None:
        yield array
        array = getattr(array, "base", None)


def test_through_a_geopackage(tmp_path, city, same):
    small = twin.City.build("lines", city.crs, networks={"transit": city.networks["transit"]})
    twin.write(small, tmp_path / "a.gpkg")
    same(small, twin.read(tmp_path / "a.gpkg"))


def test_ids_of_any_type(tmp_path):
    net = twin.Network.from_arrays([0, 100], [0, 0], [0], [1], crs=32631, ids=np.array([7, "b"], dtype=object))
    table = twin.model.Timetable.build(
        stops=pd.DataFrame({"id": np.array([7, "b"], dtype=object), "x": [0.0, 100], "y": [0.0, 0]}),
        lines=pd.DataFrame({"id": [1]}),
        trips=pd.DataFrame({"id": [11], "line": [0], "service": [0]}),
        times={"trip": [0, 0], "stop": [0, 1], "arrive": [0, 60], "depart": [0, 60], "hop": [0, -1]},
        calendar=(["all"], dt.date(2026, 11, 20), [[True]]),
    )
    import dataclasses

    city = twin.City.build("c", 32631, networks={"transit": dataclasses.replace(net, timetable=table)})
    twin.write(city, tmp_path / "c")
    got = twin.read(tmp_path / "c").networks["transit"].timetable
    assert got.stops["id"].tolist() == [7, "b"]
    assert got.trips["id"].tolist() == [11]
    assert len(got.on("2026-11-20").trip) == 1


def test_every_table_has_its_columns(table):
    tables = tables_of(table)
    assert {name: tuple(frame.columns) for name, frame in tables.items()} == dict(TABLES)


def test_nothing_at_all(table):
    empty = table.with_arrays(
        table.trips.iloc[:0],
        **{k: getattr(table, k)[:1] for k in ("pattern_indptr", "trip_indptr", "time_indptr")},
        **{k: getattr(table, k)[:0] for k in ("pattern_stop", "pickup", "drop_off", "hop", "arrive", "depart")},
        **{k: getattr(table, k)[:0] for k in ("pattern_line", "pattern_direction")},
    )
    again = timetable_of(tables_of(empty), edges=0, where="x")
    assert len(again.on(again.first_day).trip) == 0


@pytest.mark.parametrize(
    ("name", "column", "value", "says"),
    [
        ("calls", "stop", 79, "numbers from 0 to 78 are needed"),
        ("calls", "stop", -1, "numbers from 0 to 78 are needed"),
        ("calls", "hop", 10_000, "numbers from -1 to"),
        ("patterns", "line", 8, "numbers from 0 to 7 are needed"),
        ("patterns", "calls", 1, "numbers from 2 to"),
        ("patterns", "calls", 3, "rows, .* belong to the patterns"),
        ("patterns", "trips", 10**9, "rows, .* belong to the patterns|numbers"),
        ("patterns", "trips", 0, "numbers from 1 to"),
        ("trips", "service", 2, "numbers from 0 to 1 are needed"),
        ("stops", "station", 0, "numbers from -1 to -1 are needed"),
        ("services", "runs", "01x", "a 0 or 1 a day is needed"),
        ("services", "first_day", "soon", "a date is needed"),
    ],
)
def test_damage(table, name, column, value, says):
    tables = {key: frame.copy() for key, frame in tables_of(table).items()}
    tables[name][column] = tables[name][column].astype(object if isinstance(value, str) else np.int64)
    tables[name].loc[0, column] = value
    with pytest.raises(DataError, match=rf"town, timetable, {name if 'rows' not in says else ''}.*{says}"):
        timetable_of(tables, edges=len(table.hop), where="town")


@pytest.mark.parametrize("name", sorted(TABLES))
def test_what_is_missing(table, name):
    tables = tables_of(table)
    for column in TABLES[name]:
        less = tables | {name: tables[name].drop(columns=column)}
        with pytest.raises(DataError, match=rf"timetable, {name}: column '{column}': it is missing"):
            timetable_of(less, edges=10**6, where="town")
    with pytest.raises(DataError, match=rf"timetable, {name}: the table is missing"):
        timetable_of({k: v for k, v in tables.items() if k != name}, edges=10**6, where="town")


def test_files_that_are_missing_or_no_such_files(tmp_path, city):
    twin.write(twin.City.build("lines", city.crs, networks={"transit": city.networks["transit"]}), tmp_path / "a")
    home = tmp_path / "a" / "networks" / "transit" / "timetable"
    times = (home / "arrive.npy").read_bytes()
    np.save(home / "arrive.npy", np.array([object()], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match=r"arrive\.npy: not readable as NumPy"):
        twin.read(tmp_path / "a")
    (home / "arrive.npy").write_bytes(times[:-400])
    with pytest.raises(DataError, match=r"arrive"):
        twin.read(tmp_path / "a")
    (home / "arrive.npy").unlink()
    with pytest.raises(DataError, match=r"arrive\.npy: missing; write the city again"):
        twin.read(tmp_path / "a")
    (home / "arrive.npy").write_bytes(times)
    (home / "stops.parquet").unlink()
    with pytest.raises(DataError, match=r"stops\.parquet: missing"):
        twin.read(tmp_path / "a")


def test_a_timetable_of_another_network(tmp_path, city):
    net = city.networks["transit"]
    twin.write(twin.City.build("lines", city.crs, networks={"transit": net}), tmp_path / "a")
    nodes = tmp_path / "a" / "networks" / "transit" / "nodes.parquet"
    frame = pd.read_parquet(nodes)
    frame["id"] = frame["id"].to_numpy()[::-1]
    frame.to_parquet(nodes)
    with pytest.raises(DataError, match="stops of the timetable are the first nodes, in their order"):
        twin.read(tmp_path / "a")
