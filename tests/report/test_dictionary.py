import pandas as pd
import pyogrio
import pytest

import twin
from twin.errors import UnknownName
from twin.gis.grid import grid_city
from twin.report.dictionary import columns, dictionary


def test_every_column_has_type_and_meaning_in_both_languages():
    for file, known in columns().items():
        for name, entry in known.items():
            assert set(entry) <= {"type", "unit", "en", "zh"}, f"{file}: {name}"
            assert entry["en"], f"{file}: {name}"
            assert entry["zh"], f"{file}: {name}"
            assert any("一" <= sign <= "鿿" for sign in entry["zh"]), f"{file}: {name}"
            assert entry["type"] in {"text", "number", "integer", "boolean", "JSON"}, f"{file}: {name}"


def test_what_is_not_explained_is_refused():
    with pytest.raises(UnknownName, match=r"verdict\.csv"):
        dictionary({"verdict.csv": None})
    with pytest.raises(UnknownName, match="statos"):
        dictionary({"verdicts.csv": ["statos"]})


def test_a_run_explains_every_column_that_it_writes(tmp_path):
    folder = twin.study(grid_city(8), standards="sdg-11").write(tmp_path / "run")
    meanings = pd.read_csv(folder / "dictionary.csv")
    for name in ("verdicts.csv", "measures.csv"):
        assert list(meanings[meanings["file"] == name]["column"]) == list(pd.read_csv(folder / name).columns)
    told = set(meanings[meanings["file"] == "results.gpkg"]["column"])
    for layer, _ in pyogrio.list_layers(folder / "results.gpkg"):
        for column in pyogrio.read_info(folder / "results.gpkg", layer=layer)["fields"]:
            number, dots, rest = column.partition(": ")
            name = f"CELL: {'open' if rest == 'open' else 'CLAUSE'}" if dots else number
            assert f"{layer}.{name}" in told
    assert (folder / "metadata.xml").read_text(encoding="utf-8").startswith("<?xml")
