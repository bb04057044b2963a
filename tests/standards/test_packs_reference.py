"""The figures of the packs against the reference tables that they were taken from, row by row."""

import csv
import json
import os
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from twin.units import dimension_of, quantity

ROOT = Path(__file__).resolve().parents[2]

#: Clause to the rows of the reference tables that it rests on. Each: row, column, unit and the place in the clause
#: where the figure stands. A column "(text)" is a piece of the row's free text; "" where the row sets no figure.
#: ``grades:a`` is entry a of the row's grades, ``1/x`` the inverse of x, ``x-60`` a minute less, ``3*:x`` three x.
ROWS = {
    "GB 50180-2018, C.0.2 nursery": [("CN-07-47", "value_high", "m", "within")],
    "GB 50180-2018, C.0.2 kindergarten": [("CN-07-05", "value_high", "m", "within")],
    "GB 50180-2018, C.0.1 primary school": [("CN-07-06", "value_high", "m", "within")],
    "GB 50180-2018, C.0.1 junior middle school": [("CN-07-07", "value_high", "m", "within")],
    "GB 50180-2018, App. C community health centre": [("CN-07-09", "value_high", "m", "within")],
    "GB 50180-2018, App. C health station": [("CN-07-10", "value_high", "m", "within")],
    "GB 50180-2018, C.0.1 outpatient clinic": [("CN-07-42", "value_high", "m", "within")],
    "GB 50180-2018, App. C elderly day care": [("CN-07-11", "value_high", "m", "within")],
    "GB 50180-2018, App. C market": [("CN-07-12", "value_high", "m", "within")],
    "GB 50180-2018, C.0.1 shopping": [("CN-06-11", "value_high", "m", "within")],
    "GB 50180-2018, App. C community service station": [("CN-07-13", "value_high", "m", "within")],
    "GB 50180-2018, C.0.1 street office": [("CN-05-14", "value_high", "m", "within")],
    "GB 50180-2018, C.0.1 police station": [("CN-07-51", "value_high", "m", "within")],
    "GB 50180-2018, App. C small sports ground": [("CN-07-14", "value_high", "m", "within")],
    "GB 50180-2018, C.0.1 medium sports ground": [
        ("CN-07-38", "value_high", "m", "within"),
        ("CN-07-38", "grades:land_m2:0", "m2", "least_area"),
    ],
    "GB 50180-2018, C.0.2 outdoor fitness ground": [("CN-07-40", "value_high", "m", "within")],
    "GB 50180-2018, C.0.1 sports centre": [("CN-07-36", "value_high", "m", "within")],
    "GB 50180-2018, App. C cultural centre": [("CN-10-16", "grades:centre", "m", "within")],
    "GB 50180-2018, App. C cultural station": [("CN-10-16", "grades:station", "m", "within")],
    "GB 50180-2018, C.0.1 bus stop": [("CN-11-19", "value_high", "m", "within")],
    "GB 50180-2018, C.0.1 rail station": [("CN-11-20", "value_high", "m", "within")],
    "GB 50180-2018, C.0.3 waste collection point": [("CN-11-21", "value_high", "m", "within")],
    "GB 50180-2018, C.0.2 waste collection station": [("CN-11-22", "grades:vehicle_m", "m", "within")],
    "GB 50180-2018, 4.0.4 green of the 15-minute circle": [
        ("CN-07-31", "grades:15min", "m2/person", "at_least"),
        ("CN-07-32", "grades:15min", "ha", "least_area"),
    ],
    "GB 50180-2018, 4.0.4 green of the 10-minute circle": [
        ("CN-07-31", "grades:10min", "m2/person", "at_least"),
        ("CN-07-32", "grades:10min", "ha", "least_area"),
    ],
    "GB 50180-2018, 6.0.2 road density": [("CN-11-08", "value_low", "km/km2", "at_least")],
    "GB 51080-2015, 4.1.3(1) fire crew in five minutes": [("CN-08-01", "x-60:value_high", "min", "within")],
    "GB 51080-2015, 4.1.3(2) area of one fire station": [("CN-08-02", "1/x:value_high", "1/km2", "at_least")],
    "GB 51080-2015, 4.1.5 crowded places": [("CN-08-04", "value_low", "m", "at_least")],
    "GB 51080-2015, 4.1.5 flammable goods": [("CN-08-05", "value_low", "m", "at_least")],
    "TD/T 1063-2021, fire reach in five minutes": [("CN-08-07", "value_high", "min", "within")],
    "GB 50974-2014, 7.2 hydrant radius": [("CN-08-08", "value_high", "m", "within")],
    "GB 50974-2014, 7.2 hydrant spacing": [("CN-08-09", "value_high", "m", "at_most")],
    "EMS-2020, station radius in town": [("CN-08-48", "value_high", "km", "within")],
    "EMS-2020, ambulances": [("CN-08-52", "value_low", "1/50,000 persons", "at_least")],
    "GB 55028-2022, 4.2.2 room in fixed shelters": [("CN-08-16", "value_low", "%", "at_least")],
    "GB 55028-2022, 4.2.4 secondary fire": [("CN-08-18", "value_low", "m", "at_least")],
    "GB 50413-2007, 8.2.3 ways out": [
        ("CN-08-31", "grades:small/medium city", "count", "grade:small"),
        ("CN-08-31", "grades:small/medium city", "count", "grade:medium"),
        ("CN-08-31", "grades:large/mega city", "count", "grade:large"),
        ("CN-08-31", "grades:large/mega city", "count", "grade:mega"),
        ("CN-08-31", "grades:large/mega city", "count", "grade:super-large"),
    ],
    "GB 50413-2007, 8.2.8 room in emergency shelters": [("CN-08-27", "grades:emergency", "m2/person", "area_each")],
    "GB 50413-2007, 8.2.8 room in fixed shelters": [("CN-08-27", "grades:fixed", "m2/person", "area_each")],
    "GB 50413-2007, 8.2.9 size of emergency shelters": [("CN-08-28", "grades:emergency", "ha", "least")],
    "GB 50413-2007, 8.2.9 size of fixed shelters": [("CN-08-28", "grades:fixed", "ha", "least")],
    "GB 50413-2007, 8.2.10 emergency shelter": [("CN-08-29", "value_high", "m", "within")],
    "GB 50413-2007, 8.2.10 fixed shelter": [("CN-08-30", "value_high", "km", "within")],
    "NFPA 1710, 4.1.2.1 first engine": [
        ("NFPA1710-1st", "(240 s)", "s", "at_most"),
        ("NFPA1710-1st", "(90 %)", "%", "share"),
    ],
    "NFPA 1710, 4.1.2.1 first responder with defibrillator": [
        ("NFPA1710-AED", "(240 s)", "s", "at_most"),
        ("NFPA1710-AED", "(90 %)", "%", "share"),
    ],
    "NFPA 1710, 4.1.2.1 advanced life support": [
        ("NFPA1710-ALS", "(480 s)", "s", "at_most"),
        ("NFPA1710-ALS", "(90 %)", "%", "share"),
    ],
    "ISO 37123:2019, shelter capacity": [("ISO37123-12.1", "", "", "")],
    "GB 55014-2021, 2.1.3 park area per person": [("CN-09-01", "value_low", "m2/person", "more_than")],
    "GB 55014-2021, 2.1.3 park coverage": [
        ("CN-09-02", "value_low", "%", "more_than"),
        ("CN-09-05", "grades:>=5000 m2", "m", "within"),
    ],
    "HC-2021, radius of small parks": [("CN-09-05", "grades:2000-5000 m2", "m", "within")],
    "TD/T 1063-2021, park on foot": [("CN-07-64", "value_high", "min", "within")],
    "WHO Europe 2016/2017, green space near home": [
        ("WHO-GREEN", "(300 m)", "m", "within"),
        ("WHO-GREEN", "(0.5 ha)", "ha", "least_area"),
    ],
    "Natural England ANGSt, 2 ha within 300 m": [
        ("ANGSt-2", "(300 m)", "m", "within"),
        ("ANGSt-2", "(2 ha)", "ha", "least_area"),
    ],
    "Natural England ANGSt, 20 ha within 2 km": [
        ("ANGSt-20", "(2 km)", "km", "within"),
        ("ANGSt-20", "(20 ha)", "ha", "least_area"),
    ],
    "Natural England ANGSt, 100 ha within 5 km": [
        ("ANGSt-100", "(5 km)", "km", "within"),
        ("ANGSt-100", "(100 ha)", "ha", "least_area"),
    ],
    "3-30-300, 300 nearest green": [
        ("330300-300", "(300 m)", "m", "within"),
        ("330300-300", "(0.5-1 ha)", "ha", "least_area"),
    ],
    "UN SDG, 11.2.1 low capacity": [("SDG-11.2.1", "(500 m)", "m", "within")],
    "UN SDG, 11.2.1 high capacity": [("SDG-11.2.1", "(1 000 m)", "m", "within")],
    "UN SDG, 11.7.1 share of open public space": [("SDG-11.7.1a", "", "", "")],
    "UN SDG, 11.7.1 open public space on foot": [("SDG-11.7.1b", "(400 m)", "m", "within")],
    "TD/T 1063-2021, health care on foot": [("CN-07-20", "value_high", "min", "within")],
    "TD/T 1063-2021, health care on foot from residential land": [("CN-07-20", "value_high", "min", "within")],
    "TD/T 1063-2021, primary school on foot": [("CN-07-15", "value_high", "min", "within")],
    "TD/T 1063-2021, middle school on foot": [("CN-07-16", "value_high", "min", "within")],
    "TD/T 1063-2021, elderly care on foot": [("CN-07-17", "value_high", "min", "within")],
    "TD/T 1063-2021, market on foot": [("CN-07-18", "value_high", "min", "within")],
    "TD/T 1063-2021, sports on foot": [("CN-07-19", "value_high", "min", "within")],
    "TD/T 1063-2021, culture on foot": [("CN-10-15", "value_high", "min", "within")],
    "TD/T 1063-2021, hospital within 2 km": [("CN-07-62", "value_high", "km", "within")],
    "TD/T 1063-2021, rail station within 800 m": [("CN-01-10", "(800 m)", "m", "within")],
    "TD/T 1063-2021, culture venues per head": [("CN-10-14", "", "", "")],
    "TD/T 1063-2021, beds for the old": [("CN-07-67", "", "", "")],
    "PS-145, nursery places": [("CN-07-22", "value_low", "1/1,000 persons", "at_least")],
    "PS-145, sports ground per person": [("CN-07-29", "value_low", "m2/person", "at_least")],
    "HC-2021, hospital within 4 km": [("CN-07-21", "value_high", "km", "within")],
    "NHC-15, health care in a quarter of an hour": [("CN-12-17", "value_high", "min", "within")],
    "CONV-2021, convenience store on foot": [("CN-06-01", "value_high", "min", "within")],
    "LIB-LAND, libraries per head": [("CN-10-04", "1/x:(200,000 persons)", "1/person", "at_least")],
    "GB 55013-2021, 5.0.1 public toilet": [("CN-11-01", "value_high", "m", "within")],
    "GB 55013-2021, 3.2.2 waste collection point": [("CN-11-02", "value_high", "m", "within")],
    "ISO 37120:2018, 11.2 hospital beds": [("ISO37120-11.2", "", "", "")],
    "ISO 37120:2018, 17.1 culture and sport": [("ISO37120-17.1", "", "", "")],
    "ISO 37120:2018, 21.1 green area": [("ISO37120-21.1", "", "", "")],
    "ISO 37123:2019, grocery within 1 km": [("ISO37123-20.2", "(1 km)", "km", "within")],
}

with (Path(__file__).parent / "rows.csv").open(encoding="utf-8", newline="") as table:
    for line in csv.DictReader(table):  # the packs by domain: the same, as a table
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
    told = tomllib.loads((ROOT / "twin" / "standards" / "not_computed.toml").read_text(encoding="utf-8"))["reason"]
    listed = {each["row"]: reason["name"] for reason in told for each in reason["rows"]}
    used = {row for checks in ROWS.values() for row, *_ in checks}
    assert set(reference) - used - set(listed) == set()
    assert set(listed) <= set(reference)
    assert {row for row, reason in listed.items() if reason == "unsure"} >= UNSURE
    assert not used & {row for row, reason in listed.items() if reason in {"unsure", "nation", "factor"}}


def test_reasons_are_said_in_both_languages():
    told = tomllib.loads((ROOT / "twin" / "standards" / "not_computed.toml").read_text(encoding="utf-8"))["reason"]
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
