"""The schema as data, and the door: messages name layer, column, rows and values, and say what to do."""

import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from twin.errors import DataError, UnknownName
from twin.model.schema import layer_of, schema, validate
from twin.units import UNITS


def facilities(count=3, **columns):
    given = {"id": range(count), "kind": ["clinic"] * count, **columns}
    return gpd.GeoDataFrame(given, geometry=[shapely.Point(i, 0) for i in range(count)], crs=32631)


def population(count=3, **columns):
    given = {"id": range(count), "people": [1.0] * count, **columns}
    return gpd.GeoDataFrame(given, geometry=[shapely.Point(i, 0) for i in range(count)], crs=32631)


def refused(frame, layer, *parts, where=""):
    """The error of a table that must not pass, whose message has every one of `parts`."""
    with pytest.raises(DataError) as error:
        validate(frame, layer, where=where)
    for part in parts:
        assert part in str(error.value)
    assert error.value.layer == layer
    return error.value


# ── the schema itself ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("layer", list(schema()))
def test_every_column_is_described(layer):
    described = schema()[layer]
    assert described.en
    assert described.zh
    assert described.about
    for name, column in described.columns.items():
        assert column.name == name
        assert column.dtype in {"float", "int", "bool", "str", "id", "point", "geometry"}
        assert column.unit in {"", *UNITS}
        assert column.en
        assert re.search("[\u4e00-\u9fff]", column.zh) or column.zh in {"x", "y"}
        assert column.about


def test_the_schema_cannot_be_changed():
    with pytest.raises(TypeError):
        schema()["roads"] = schema()["edges"]
    with pytest.raises(TypeError):
        schema()["edges"].columns["x"] = None


def test_an_unknown_layer():
    with pytest.raises(UnknownName, match=r"no layer 'facilites'; did you mean 'facilities'\?"):
        layer_of("facilites")
    with pytest.raises(UnknownName):
        validate(facilities(), "roads")


# ── what passes ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_types_are_cast_and_defaults_filled_on_a_copy():
    given = facilities(capacity=["3", None, " 4.5 "], beds=[1, 2, 3]).set_index(pd.Index([7, 8, 9]))
    before = given.copy(deep=True)
    found = validate(given, "facilities")
    assert found["capacity"].tolist()[::2] == [3.0, 4.5]
    assert np.isnan(found["capacity"][1])
    assert found["open"].tolist() == [True] * 3
    assert found["name"].tolist() == [""] * 3
    assert found["beds"].tolist() == [1, 2, 3]  # what the schema does not know is kept
    assert found.index.tolist() == [0, 1, 2]
    assert found.crs == given.crs
    pd.testing.assert_frame_equal(pd.DataFrame(given), pd.DataFrame(before))


def test_an_empty_table_passes():
    assert len(validate(population(0), "population")) == 0


def test_unknown_is_not_an_error():
    found = validate(facilities(capacity=[np.nan, 1, 2], area=[None, None, 1]), "facilities")
    assert found["capacity"].isna().tolist() == [True, False, False]
    assert found["area"].isna().tolist() == [True, True, False]


@pytest.mark.parametrize(
    "given",
    [
        ["yes", "No", "TRUE "],
        ["1", "0", "t"],
        [1, 0, 1],
        [1.0, 0.0, 1.0],
        [True, False, True],
        pd.array([True, False, True], dtype="boolean"),
        np.array([True, False, True], dtype=object),
    ],
)
def test_yes_and_no_in_every_spelling(given):
    found = validate(facilities(open=given), "facilities")["open"]
    assert found.dtype == bool
    assert found.tolist() == [True, False, True]


@pytest.mark.parametrize(
    "given", [[None, "no", ""], [np.nan, 0.0, np.nan], pd.array([None, False, None], dtype="boolean")]
)
def test_neither_yes_nor_no_takes_the_default(given):
    found = validate(facilities(open=given), "facilities")["open"]
    assert found.dtype == bool
    assert found.tolist()[1] is False
    assert found.tolist()[0] is True  # a facility is open unless something says otherwise


def test_text_is_text():
    found = validate(facilities(name=["A", None, 7]), "facilities")["name"]
    assert found.tolist() == ["A", "", "7"]


def test_numbers_that_are_missing_take_their_default():
    edges = pd.DataFrame({"tail": [0, 1], "head": [1, 0], "length": [1.0, 2.0], "level": [np.nan, -1.0]})
    found = validate(edges, "edges")
    assert found["level"].tolist() == [0, -1]
    assert found["level"].dtype == np.int64
    assert found["tail"].dtype == np.int64


# ── what is refused ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_negative_and_infinite_people_are_named_by_row_and_value():
    error = refused(
        population(4, people=[-5, 1, -1.5, np.inf]),
        "population",
        "town.gpkg: population.people: 3 values are below 0 or infinite (rows 0, 2, 3: -5, -1.5, inf)",
        "People is in person at least 0",
        where="town.gpkg",
    )
    assert (error.column, error.rows) == ("people", (0, 2, 3))


def test_negative_capacity():
    error = refused(
        facilities(capacity=[1, -20, np.nan]), "facilities", "rows 1: -20", "leave it empty where it is unknown"
    )
    assert (error.column, error.rows) == ("capacity", (1,))


def test_people_that_are_missing():
    error = refused(
        population(people=[1, np.nan, np.nan]), "population", "population.people: 2 values are missing (rows 1, 2)"
    )
    assert (error.column, error.rows) == ("people", (1, 2))


def test_ids_that_repeat_or_are_missing():
    error = refused(facilities(id=["a", "b", "a"]), "facilities", "2 rows share an id (rows 0, 2: a, a)", "its own")
    assert (error.column, error.rows) == ("id", (0, 2))
    assert refused(facilities(id=["a", None, "b"]), "facilities", "1 values are missing").rows == (1,)


def test_a_column_that_is_missing():
    frame = population().rename(columns={"people": "peopel"})
    error = refused(
        frame, "population", "layer 'population' has no column 'people' (residents); did you mean 'peopel'?"
    )
    assert error.column == "people"
    refused(
        population()[["id", "geometry"]], "population", "no column 'people' (residents); the table has no other column"
    )
    frame = population().rename(columns={"people": "pop2020"})
    frame["zzz"] = 1
    refused(frame, "population", "; there is pop2020, zzz")


def test_text_among_numbers():
    error = refused(
        population(people=["1", "many", "3,5"]), "population", "2 values are not numbers (rows 1, 2: many, 3,5)"
    )
    assert (error.column, error.rows) == ("people", (1, 2))


def test_whole_numbers_are_whole():
    edges = pd.DataFrame({"tail": [0, 1.7], "head": [1, 0], "length": [1.0, 2.0]})
    error = refused(edges, "edges", "edges.tail: 1 values are not whole numbers (rows 1: 1.7)")
    assert (error.column, error.rows) == ("tail", (1,))


def test_neither_yes_nor_no():
    error = refused(facilities(open=["yes", "maybe", 2]), "facilities", "neither yes nor no (rows 1, 2: maybe, 2)")
    assert (error.column, error.rows) == ("open", (1, 2))


def test_coordinates_are_finite():
    nodes = pd.DataFrame({"id": [1, 2], "x": [0.0, np.inf], "y": [0.0, 1.0]})
    assert refused(nodes, "nodes", "nodes.x: 1 values are infinite (rows 1: inf)", "finite").rows == (1,)


def test_geometry_that_is_missing_or_empty():
    frame = facilities()
    frame.loc[1, "geometry"] = None
    frame.loc[2, "geometry"] = shapely.Point()
    error = refused(frame, "facilities", "2 rows have no geometry (rows 1, 2)")
    assert (error.column, error.rows) == ("geometry", (1, 2))
    refused(pd.DataFrame({"id": [1], "people": [1]}), "population", "layer 'population' has no geometry")
    bare = gpd.GeoDataFrame({"id": [1], "people": [1]})
    refused(bare, "population", "f.csv: layer 'population' has no geometry", where="f.csv")


def test_many_rows_are_counted_not_listed():
    error = refused(population(100, people=[-1.0] * 100), "population", "100 values", "6, 7 and 92 more")
    assert len(error.rows) == 100


def test_the_installed_schema_is_the_one_in_the_tree():
    import twin.model

    assert (Path(twin.model.__file__).parent / "schema.toml").is_file()
