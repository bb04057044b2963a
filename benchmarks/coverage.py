"""Write docs/coverage.md: domains x standards x clauses x computed from what x evidence x tested how x status.

Statuses are those on harbour; a clause that is unknown there and speaks of seats or villages says that on the region too.

python benchmarks/coverage.py          # writes docs/coverage.md
python benchmarks/coverage.py --check  # fails where the file is not what would be written
"""

from __future__ import annotations

import csv
import datetime as dt
import re
import sys
import tomllib
from collections import Counter, defaultdict
from pathlib import Path

import twin
from twin.measures import measures
from twin.model.verdict import STATUSES, Verdict
from twin.standards import Clause, check, domains, load

ROOT = Path(__file__).resolve().parents[1]
#: Clause to the rows of the reference tables that it rests on.
ROWS = ROOT / "tests" / "standards" / "rows.csv"
TARGET = ROOT / "docs" / "coverage.md"
#: The law of one fixed day, so that the table changes with the packs and not with the calendar.
DAY = dt.date(2026, 11, 20)
FOUND = ("pass", "fail", "value")


def main() -> int:
    text = table()
    if "--check" in sys.argv[1:]:
        if TARGET.read_text(encoding="utf-8") != text:
            print(f"{TARGET}: not up to date; run python benchmarks/coverage.py", file=sys.stderr)
            return 1
        return 0
    TARGET.write_text(text, encoding="utf-8")
    return 0


def table() -> str:
    packs = load("all")
    clauses = [(pack.name, clause) for pack in packs for clause in pack.clause]
    statuses, wider = (
        {each.key: each for each in check(twin.read(ROOT / "gis_data" / name), "all", on=DAY)}
        for name in ("harbour", "region")
    )
    standards = len({clause.standard for _, clause in clauses})
    register = sum("records" in clause.meter.reads for _, clause in clauses)
    said = f"In all: {len(clauses)} clauses of {standards} standards in {len(packs)} packs. {register} of them are read off"
    said += "\nthe city's records, statistics that no map holds; the others are computed from maps, networks, logs and hours."
    out = [
        "# What the standards packs cover",
        "",
        f"Written by `benchmarks/coverage.py`: the law of {DAY}, judged on harbour, the synthetic town. A clause of several",
        "domains stands in each of them. *Recalled* figures are marked in every verdict; harbour's records are made up.",
        "Tested how: *figure*, the limit is held against its row of the tables it was taken from; *by hand*, tests of that name hold",
        "the measure against numbers worked out by hand or by another program; *example*, the worked example of the measure does.",
        "Every measure is also held to its contract, and every clause is judged on harbour.",
        "",
        said,
        "",
        "| domain | standards | clauses | pass, fail or value on harbour | unknown | not applicable | read | partly read | recalled |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    figures, used = held_rows(), used_measures()
    by_domain: dict[int, list[tuple[str, Clause]]] = defaultdict(list)
    for name, clause in clauses:
        for number in clause.domain:
            by_domain[number].append((name, clause))
    for number, label in domains().items():
        here = by_domain[number]
        status = Counter(statuses[clause.key].status for _, clause in here)
        evidence = Counter(clause.source.evidence for _, clause in here)
        cells = (
            f"{number} {label.en} {label.zh}",
            len({clause.standard for _, clause in here}),
            len(here),
            sum(status[each] for each in FOUND),
            status["unknown"],
            status["not applicable"],
            *(evidence[each] for each in ("read", "partly read", "recalled")),
        )
        out.append("| " + " | ".join(map(str, cells)) + " |")
    total = Counter(statuses[clause.key].status for _, clause in clauses)
    more = sum(_only_there(statuses[clause.key], wider[clause.key]) for _, clause in clauses)
    out += ["", "On harbour: " + ", ".join(f"{total[status]} {status}" for status in STATUSES) + ".", ""]
    out += [f"Of those unknown on harbour {more} are judged on the synthetic region ([region.md](region.md)).", ""]
    for number, label in domains().items():
        out += [f"## {number} {label.en} {label.zh}", ""]
        out += [
            "| standard, clause | title | strength | measure | computed from | evidence | tested how | status on harbour | pack |"
        ]
        out += ["|---|---|---|---|---|---|---|---|---|"]
        for name, clause in sorted(by_domain[number], key=lambda each: each[1].key):
            found = statuses[clause.key]
            cells = (
                clause.key,
                clause.title.en,
                clause.strength,
                clause.measure,
                reads(clause),
                clause.source.evidence,
                tested(clause, figures, used),
                found.status
                + (f": {found.reason}" if found.status in {"unknown", "not applicable"} else "")
                + (f"; on the region {wider[clause.key].status}" if _only_there(found, wider[clause.key]) else ""),
                name,
            )
            out.append("| " + " | ".join(str(cell).replace("|", "/") for cell in cells) + " |")
        out.append("")
    return "\n".join([*out, *left_out()]) + "\n"


def _only_there(here: Verdict, there: Verdict) -> bool:
    """Whether a clause is unknown on harbour and judged on the region."""
    return here.status == "unknown" and there.status in FOUND


def left_out() -> list[str]:
    """Rows of the reference tables that no clause rests on, by the reason."""
    told = tomllib.loads((ROOT / "twin" / "standards" / "not_computed.toml").read_text(encoding="utf-8"))
    with ROWS.open(encoding="utf-8", newline="") as file:
        used = {line["row"] for line in csv.DictReader(file)}
    out = ["## Not computed 未计算", "", "Rows of the reference tables that no clause rests on, and why.", ""]
    out += ["| row | of | what | 内容 | why |", "|---|---|---|---|---|"]
    for reason in told["reason"]:
        for each in reason["rows"]:
            if each["row"] not in used:
                cells = (each["row"], each["of"], each["en"], each["zh"], reason["name"])
                out.append("| " + " | ".join(cells) + " |")
    out += ["", *(f"- *{each['name']}*: {each['why']['en']} {each['why']['zh']}" for each in told["reason"])]
    return out


def held_rows() -> set[str]:
    """Clauses whose figures are held against a row of the reference tables."""
    with ROWS.open(encoding="utf-8", newline="") as file:
        return {line["clause"] for line in csv.DictReader(file) if line["column"]}


def used_measures() -> dict[str, list[str]]:
    """Test files that call each measure."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        if path.parent.name == "contracts":
            continue
        called = set(re.findall(r"\b(\w+)\(", path.read_text(encoding="utf-8")))
        for name in called & set(measures):
            found[name].append(path.stem.removeprefix("test_"))
    return found


def tested(clause: Clause, figures: set[str], used: dict[str, list[str]]) -> str:
    """What holds a clause: its figures against the tables, its measure by hand in tests, or by its worked example."""
    by = ", ".join(used.get(clause.measure, [])[:3])
    return "; ".join(filter(None, ["figure" if clause.key in figures else "", f"by hand: {by}" if by else "example"]))


def reads(clause: Clause) -> str:
    """Layers and networks that a clause is computed from."""
    named = [*clause.meter.reads, *(str(clause.given[key]) for key in ("network", "layer") if key in clause.given)]
    if clause.kinds and "facilities" not in named:
        named.append("facilities")
    if clause.given.get("of") in {"area", "residential_land"}:
        named = [each for each in named if each != "population"] + [str(clause.given["of"])]
    default = clause.meter.parameters.get("network")
    if "network" not in clause.given and default is not None and isinstance(default.default, str):
        named.append(default.default)
    return ", ".join(dict.fromkeys(named))


if __name__ == "__main__":
    sys.exit(main())
