import csv
import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from twin.benchmark.align import Alignment, alignments
from twin.standards import load

REFERENCE = Path(os.environ.get("TWIN_REFERENCE", Path(__file__).resolve().parents[3] / "shared" / "reference"))


def test_every_alignment_names_a_clause_that_there_is():
    known = {clause.key for pack in load("all") for clause in pack.clause}
    assert set(alignments()) <= known
    assert len({each.id for each in alignments().values()}) == len(alignments())


def test_what_differs_is_said_in_both_languages():
    for each in alignments().values():
        for code in each.code:
            assert bool(code.note.en) == bool(code.note.zh)
            assert code.note.en, f"{each.id}: {code.framework} {code.code} says nothing of why it is {code.match}"


def test_ends_of_a_share_are_natural_ones():
    units = {clause.key: clause.meter.unit for pack in load("all") for clause in pack.clause}
    for key, each in alignments().items():
        if each.worst is not None:
            assert {each.worst, each.best} == {0.0, 1.0}
            assert units[key] == "1"


@pytest.mark.parametrize(
    "wrong", [{"worst": 0.0}, {"worst": 1.0, "best": 1.0}, {"worst": 0.0, "best": 1.0}, {"better": "most"}, {"x": 1}]
)
def test_half_a_yardstick_is_refused(wrong):
    with pytest.raises(ValidationError):
        Alignment.model_validate({"id": "a", "clause": "b", **wrong})


@pytest.mark.real
def test_codes_that_are_not_recalled_stand_in_the_reference_table():
    path = REFERENCE / "standards_intl.csv"
    if not path.is_file():
        pytest.skip(f"{path} is not here")
    with path.open(encoding="utf-8") as file:
        ids = {row["id"] for row in csv.DictReader(file)}
    prefix = {"ISO 37120:2018": "ISO37120-", "UN SDG": "SDG-"}
    checked = 0
    for each in alignments().values():
        for code in each.code:
            if code.evidence != "recalled" and code.framework in prefix:
                assert any(i.startswith(prefix[code.framework] + code.code) for i in ids), code
                checked += 1
    assert checked >= 4
