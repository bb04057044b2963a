"""The figures of the packs against the reference tables that they were taken from, row by row."""

import csv
import json
import os
import re
import tomllib
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from twin.units import dimension_of, quantity

ROOT = Path(__file__).resolve().parents[2]

#: Clause to the rows of the reference tables that it rests on. Each: row, column, unit and the place in the clause
#: where the figure stands. A column "(text)" is a piece of the row's free text; "" where the row sets no figure.
#: ``grades:a`` is entry a of the row's grades, ``1/x`` the inverse of x, ``x-60`` a minute less, ``3*:x`` three x.
ROWS: dict[str, list[tuple[str, str, str, str]]] = {}
with (Path(__file__).parent / "rows.csv").open(encoding="utf-8", newline="") as table:
    for line in csv.DictReader(table):
        ROWS.setdefault(line["clause"], []).append((line["row"], line["column"], line["unit"], line["place"]))

#: Rows that are unsure, contradicted by another edition or not traceable; no clause may rest on them.
UNSURE = {
    *("CN-02-11", "CN-02-12", "CN-04-09", "CN-05-11", "CN-07-35", "CN-11-14", "CN-12-24"),
    *("CN-08-17", "CN-08-21", "CN-08-22", "CN-08-57", "CN-08-58"),
    *("ISO37120-21.4", "WHO-9M2", "CPI-LAS", "HBEFA", "P2/7", "SPUR", "WALK"),
}

#: Words of the reference tables on how sure a figure is, and what a clause says then; the least sure word counts.
SURENESS = [
    (r"RISKY|MU|unsure", "never"),
    (r"^MH|memory-high", "recalled"),
    (r"/MH|partly", "partly read"),
    (r"^V|verified", "read"),
]

#: Said of rows whose title is recalled and whose clause number is unsure: the number then stays out of our key.
NUMBER = " / MU clause no."


@pytest.fixture(scope="module")
def reference():
    """Rows of the reference tables, which stand beside the checkout, by id."""
    beside = [Path(each).parent for each in os.environ.get("TWIN_DATA", "").split(os.pathsep) if each]
    folders = [folder / "reference" for folder in (*beside, ROOT.parent / "shared")]
    folder = next((each for each in folders if (each / "standards_cn.csv").is_file()), None)
    if folder is None:
        pytest.skip("no reference tables beside the checkout")
    rows = {}
    for name in ("standards_cn.csv", "standards_intl.csv"):
        with (folder / name).open(encoding="utf-8-sig", newline="") as file:
            rows |= {row["id"]: row for row in csv.DictReader(file)}
    return rows


def stands(clause, place, unit):
    """The figure at a place of a clause, in SI of the unit that the reference table uses."""
    if place.startswith("grade:"):
        (found,) = [each.at_least for each in clause.grade if place[6:] in each.when["size_class"]]
    elif place.startswith("between:"):
        found = clause.between[int(place[8:])]
    elif place.startswith("phase:"):
        _, number, key = place.split(":")
        found = getattr(clause.phase[int(number)], key)
    else:
        found = clause.given.get(place) if place in clause.given else getattr(clause, place)
    return quantity(found, unit=dimension_of(unit))


def figure(row, column, unit):
    """The figure of a row, in SI."""
    times = re.match(r"([\d.]+)\*:", column)
    if times:
        return quantity(
            {"value": float(times[1]) * written(row, column[times.end() :]), "unit": unit}, unit=dimension_of(unit)
        )
    how, name = "", column
    if column.startswith(("x-60:", "1/x:")):
        how, name = column.split(":", 1)
    number = written(row, name)
    value = quantity({"value": 1 / number if how == "1/x" else number, "unit": unit}, unit=dimension_of(unit))
    return value - 60 if how == "x-60" else value


def written(row, name):
    """The number in a column of a row, in a piece of its text or in its grades."""
    if name.startswith("("):
        text = name[1:-1]
        assert text in (row["threshold_unit"] if "threshold_unit" in row else row["requirement"])
        return float(re.sub(r"[ ,]", "", re.match(r"[\d., ]+", text)[0]))
    if not name.startswith("grades:"):
        return float(row[name])
    inner = json.loads(row["grades"])
    for key in name.split(":", 1)[1].split(":"):
        inner = inner[int(key)] if isinstance(inner, list) else inner[key]
    return float(inner)


def test_every_clause_names_its_rows_and_none_is_unsure(every_clause):
    assert set(every_clause) == set(ROWS)
    used = {row for checks in ROWS.values() for row, *_ in checks}
    assert not used & UNSURE


@pytest.mark.real
def test_figures_are_those_of_the_reference_tables(every_clause, reference):
    wrong = []
    for key, checks in ROWS.items():
        for row, column, unit, place in checks:
            if not column:
                continue
            said, known = stands(every_clause[key], place, unit), figure(reference[row], column, unit)
            if not np.isclose(said, known, rtol=1e-5, atol=0):
                wrong.append((key, place, said, known))
    assert wrong == []


@pytest.mark.real
def test_clause_numbers_standards_and_strength_are_those_of_the_reference_tables(every_clause, reference):
    for key, checks in ROWS.items():
        clause, row = every_clause[key], reference[checks[0][0]]
        assert row["standard"].startswith(clause.standard), key
        number = clause.id.split(" ")[0]
        if re.fullmatch(r"(C\.)?\d+(\.\d+)+(\(\d\))?", number):
            assert number in f"{row['clause']} {row['standard']}", key
        elif row["clause"].startswith("App. C"):
            assert number == "App.", key
        if "strength" in row:  # the international table has none
            assert clause.strength == row["strength"], key
            assert int(row["domain"]) in clause.domain, key


@pytest.mark.real
def test_evidence_is_that_of_the_reference_tables(every_clause, reference):
    order = ["read", "partly read", "recalled", "never"]
    for key, checks in ROWS.items():
        told = [reference[row]["confidence"].removesuffix(NUMBER) for row, *_ in checks]
        words = [next(said for sign, said in SURENESS if re.search(sign, each)) for each in told]
        if any(reference[row]["confidence"].endswith(NUMBER) for row, *_ in checks):
            assert not every_clause[key].id[0].isdigit(), f"{key}: its number is unsure and is not printed"
        assert every_clause[key].source.evidence == max(words, key=order.index), key


@pytest.mark.real
def test_every_row_of_the_reference_tables_is_a_clause_or_listed_with_a_reason(reference):
    told = tomllib.loads((files("twin.standards") / "not_computed.toml").read_text(encoding="utf-8"))["reason"]
    listed = {each["row"]: reason["name"] for reason in told for each in reason["rows"]}
    used = {row for checks in ROWS.values() for row, *_ in checks}
    assert set(reference) - used - set(listed) == set()
    assert set(listed) <= set(reference)
    assert {row for row, reason in listed.items() if reason == "unsure"} >= UNSURE
    assert not used & {row for row, reason in listed.items() if reason in {"unsure", "nation", "factor"}}


def test_reasons_are_said_in_both_languages():
    told = tomllib.loads((files("twin.standards") / "not_computed.toml").read_text(encoding="utf-8"))["reason"]
    for reason in told:
        for label in (reason["why"], *reason["rows"]):
            assert label["en"].isascii(), label
            assert re.search(r"[\u4e00-\u9fff]", label["zh"]), label


@pytest.mark.real
def test_what_we_call_unsure_is_in_the_reference_tables(reference):
    said = {row["id"] for row in reference.values() if re.search(r"unsure|^MU|RISKY", row["confidence"])}
    used = {row for checks in ROWS.values() for row, *_ in checks}
    assert not used & said
    assert set(reference) >= UNSURE
