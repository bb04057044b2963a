"""Every string that people see exists in English and in Chinese, and the two say the same."""

import dataclasses
import re
import tomllib
from importlib import import_module
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import CliRunner

import twin
from twin.benchmark.align import alignments
from twin.cli.terminal import twin_group, words
from twin.gis.grid import grid_city
from twin.gis.kinds import kinds
from twin.measures import measures
from twin.model.schema import labels, schema
from twin.model.verdict import STATUSES
from twin.report.words import noted
from twin.scenario import changes
from twin.standards import domains, load
from twin.standards.words import trait_words, traits

ROOT = Path(__file__).parents[1]
CHINESE = re.compile(r"[\u3400-\u9fff]")
PACKS = load("all")
each_pack = pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.name)

#: Names that stay as they are in Chinese: frameworks, institutions, and codes of places and lines.
KEPT = re.compile(r"^[A-Z0-9][\w./ -]*$")


def missing(name, en, zh, *, kept=False):
    """Why a pair of texts is no pair; None where it is one."""
    if not en.strip() or not zh.strip():
        return f"{name}: one language is empty: {en!r}, {zh!r}"
    if CHINESE.search(en):
        return f"{name}: Chinese in the English text {en!r}"
    if not CHINESE.search(zh) and not (kept and KEPT.match(zh)):
        return f"{name}: no Chinese in {zh!r}"
    return None


def faults(pairs):
    return list(filter(None, (missing(*pair) for pair in pairs)))


@each_pack
def test_titles_and_texts_of_packs(pack):
    pairs = [("title", pack.title.en, pack.title.zh), ("about", pack.about.en, pack.about.zh)]
    pairs += [(key, each.title.en, each.title.zh) for key, each in pack.standard.items()]
    pairs += [(clause.key, clause.title.en, clause.title.zh) for clause in pack.clause]
    assert faults(pairs) == []


@each_pack
def test_notes_of_clauses(pack):
    noted = [clause for clause in pack.clause if clause.source.note]
    one = [clause.key for clause in noted if isinstance(clause.source.note, str)]
    assert one == [], f"{pack.name}: write note = {{ en = …, zh = … }}"
    assert faults((clause.key, clause.source.said.en, clause.source.said.zh) for clause in noted) == []


@each_pack
def test_notes_say_the_same_numbers(pack):
    """Every number of the English note stands in the Chinese one, at least where it is written with three digits."""
    for clause in pack.clause:
        said = clause.source.said
        wanted = {number.replace(",", "") for number in re.findall(r"\d[\d,]*\d{2}(?:\.\d+)?", said.en)}
        chinese = said.zh.replace(",", "")
        lost = {number for number in wanted if number not in chinese and not _in_ten_thousands(number, chinese)}
        assert not lost, f"{clause.key}: {lost} of {said.en!r} is not in {said.zh!r}"


def _in_ten_thousands(number, text):
    """Whether a number is written with 万, 千 or 百 (20万 for 200000, 百年 for 100 years)."""
    value = float(number)
    return f"{value / 1e4:g}万" in text or {100: "百", 1000: "千", 10_000: "万"}.get(value, number) in text


def test_a_note_in_one_language_is_found():
    assert missing("x", "a value", "a value") == "x: no Chinese in 'a value'"
    assert missing("x", "仅报数值", "仅报数值") == "x: Chinese in the English text '仅报数值'"
    assert missing("x", "a value", " ") == "x: one language is empty: 'a value', ' '"
    assert missing("x", "a value", "仅报数值") is None


def test_measures_domains_and_kinds():
    pairs = [(name, measures[name].en, measures[name].zh) for name in measures]
    pairs += [(str(number), label.en, label.zh) for number, label in domains().items()]
    pairs += [(name, kind.en, kind.zh) for name, kind in kinds().items()]
    assert faults(pairs) == []


def test_layers_and_their_columns():
    pairs = [(name, layer.en, layer.zh) for name, layer in schema().items()]
    pairs += [
        (f"{name}.{c}", column.en, column.zh) for name, each in schema().items() for c, column in each.columns.items()
    ]
    pairs += [(name, layer.about, layer.about_zh) for name, layer in schema().items()]
    pairs += [(f"{n}.{c}", col.about, col.about_zh) for n, each in schema().items() for c, col in each.columns.items()]
    assert faults(pairs) == []
    harbour = twin.read(ROOT / "gis_data" / "harbour")
    pairs = [(name, *labels(name)) for name in harbour.layers]
    pairs += [(name, *labels(name, network=True)) for name in harbour.networks]
    assert faults(pairs) == []


def test_changes_and_their_fields():
    told = tomllib.loads((files("twin") / "changes.toml").read_text(encoding="utf-8"))
    for name in changes:
        assert CHINESE.search(changes[name].zh), name
        fields = {field.name for field in dataclasses.fields(changes[name])}
        assert fields <= set(told), f"{name}: say in changes.toml what {fields - set(told)} is called"
    assert all(CHINESE.search(text) for text in told.values())


@pytest.mark.parametrize("room", ["report", "trial", "benchmark", "cases"])
def test_words_of_pages(room):
    for name, text in import_module(f"twin.{room}.words").words().items():
        same = {"part_twin", "part_python", "semicolon", "full_stop"}
        assert name in same or missing(name, text.en, text.zh) is None, missing(name, text.en, text.zh)
        assert set(re.findall(r"{\w+}", text.en)) == set(re.findall(r"{\w+}", text.zh)), name


def test_traits_that_packs_ask_for():
    asked = {
        (trait, value) for pack in PACKS for c in pack.clause for trait, some in c.applies.items() for value in some
    }
    asked |= {
        (trait, value)
        for pack in PACKS
        for clause in pack.clause
        for grade in clause.grade
        for trait, some in grade.when.items()
        for value in some
    }
    assert len(asked) > 10
    for trait, value in asked:
        assert value in traits()[trait]["values"], f"say in traits.toml what {trait} = {value} is called"
        assert CHINESE.search(trait_words(trait, value)[1])


def test_alignments_of_frameworks():
    codes = [code for each in alignments().values() for code in each.code if code.note.en]
    assert faults((f"{code.framework} {code.code}", code.note.en, code.note.zh) for code in codes) == []


def test_reasons_of_verdicts_are_chinese():
    """On a city that lacks most of what is asked for, and on one that has it."""
    for city in (grid_city(5), twin.read(ROOT / "gis_data" / "harbour")):
        for verdict in twin.check(city, "all"):
            text = verdict.reason_zh
            assert CHINESE.search(text) or re.match(r"^[\d.,%–]", text), f"{verdict.key}: {text!r}"
            assert " is asked" not in text, verdict.key
            assert "no layer" not in text, verdict.key


COMMANDS = {
    "packs": ["packs"],
    "pack": ["packs", "parks"],
    "conflicts": ["packs", "--conflicts"],
    "measures": ["measures"],
    "schema": ["schema"],
    "columns": ["schema", "population"],
    "kinds": ["schema", "kinds"],
    "check": ["check", "{city}", "--pack", "parks"],
}


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_tables_of_the_command_line(name, tmp_path):
    city = tmp_path / "city"
    if "{city}" in COMMANDS[name]:
        twin.write(grid_city(5), city)
    run = [word.format(city=city) for word in COMMANDS[name]]
    printed = {}
    for language in ("en", "zh"):
        done = CliRunner().invoke(twin_group, [*run, "--lang", language])
        assert done.exit_code == 0, done.output
        printed[language] = done.output.splitlines()
    assert len(printed["en"]) == len(printed["zh"])
    english, chinese = (printed[language][0].split("\t") for language in ("en", "zh"))
    assert [words()["heading"][heading] for heading in english if heading] == [
        heading for heading in chinese if heading
    ]
    for line in printed["zh"][1:]:
        assert not set(line.split("\t")) & set(words()["word"]), line


def test_fixed_words_of_tables():
    assert set(STATUSES) <= set(words()["word"])
    assert all(CHINESE.search(text) for part in words().values() for text in part.values())


def test_notes_that_readers_leave():
    known = tomllib.loads((files("twin.report") / "notes.toml").read_text(encoding="utf-8"))["note"]
    assert faults((each["en"], each["en"], each["zh"]) for each in known) == []
    assert all(each["en"].count("{}") == each["zh"].count("{}") for each in known)
    said = [note for source in twin.read(ROOT / "gis_data" / "monaco").about.sources.values() for note in source.notes]
    assert len(said) > 5
    for note in said:
        text = noted(note)
        assert CHINESE.search(text.zh), note
        assert re.findall(r"\d+", text.zh.replace(",", "")) == re.findall(r"\d+", note.replace(",", ""))
    assert noted("my own note").zh == "my own note"
    assert noted("5 streets of the drive network change direction by turns and were taken as two-way").zh.startswith(
        "drive网络中有5条"
    )
