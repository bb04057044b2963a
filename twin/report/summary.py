"""What the verdicts come to, in counts and in one plain sentence a scenario."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from twin.report.content import STATUSES, Cell, Page, Text
from twin.report.words import counted, filled, grouped, joined, words

__all__ = ["changed", "moved", "opening", "sentences", "statuses", "table"]

Table = Mapping[tuple[int, int], Cell]


def table(page: Page) -> dict[tuple[int, int], Cell]:
    """Verdicts by (scenario, clause)."""
    return {(cell.scenario, cell.clause): cell for cell in page.verdicts}


def statuses(page: Page, scenario: int) -> dict[str, int]:
    """Count the clauses of each status in a scenario; those without a verdict under ``"missing"``."""
    count = Counter(cell.status for cell in page.verdicts if cell.scenario == scenario)
    found = {status: count[status] for status in STATUSES}
    return found | {"missing": len(page.clauses) - sum(found.values())}


def changed(page: Page, clause: int) -> bool:
    """Whether any scenario's verdict, shown value or whole people differ from the baseline's."""
    cells = table(page)
    shown = {_shown(cells.get((scenario, clause))) for scenario in range(len(page.scenarios))}
    return len(shown) > 1


def _shown(cell: Cell | None) -> tuple[str, str, str]:
    return ("", "", "") if cell is None else (cell.status, cell.value_text.en, grouped(cell.people))


def moved(page: Page, scenario: int) -> tuple[float, float, bool]:
    """People who lose a service and people who gain one against the baseline, and whether each is counted once.

    Returns
    -------
    lost, gained : persons; NaN where nothing was counted in both.
    exact : True where the map's points say it person by person; False where it is the largest of the clauses'
        counts, a lower bound, because the same people may be in several.
    """
    if page.map is not None:
        pairs = [
            (page.map.unserved[0, clause], after)
            for (index, clause), after in page.map.unserved.items()
            if index == scenario and (0, clause) in page.map.unserved
        ]
        if pairs:
            people = np.nan_to_num(page.map.points.people)
            lost = _anywhere(after & ~before for before, after in pairs)
            gained = _anywhere(before & ~after for before, after in pairs)
            return float(people[lost].sum()), float(people[gained].sum()), True
    cells = table(page)
    steps = [
        cells[scenario, clause].people - cells[0, clause].people
        for clause in range(len(page.clauses))
        if (scenario, clause) in cells and (0, clause) in cells
    ]
    steps = [step for step in steps if not math.isnan(step)]
    by_clause: Counter[int] = Counter()
    for loss in page.losses:
        if loss.scenario == scenario and not math.isnan(loss.people):
            by_clause[loss.clause] += loss.people  # type: ignore[assignment]  # a Counter adds floats as well
    drops = [float(people) for people in by_clause.values()]
    if not steps and not drops:
        return math.nan, math.nan, False
    return max([0.0, *steps, *drops]), max([0.0, *(-step for step in steps)]), False


def _anywhere(masks: Iterable[NDArray[np.bool_]]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = np.logical_or.reduce(list(masks))
    return found


def opening(page: Page) -> tuple[int, int]:
    """Clause and scenario that the map opens on: where most people lose a service, else the first that is mapped."""
    if page.map is None:
        return 0, min(1, len(page.scenarios) - 1)
    first = min((clause for _, clause in page.map.unserved), default=0)
    best, most = (first, min(1, len(page.scenarios) - 1)), 0.5
    for (scenario, clause), after in page.map.unserved.items():
        before = page.map.unserved.get((0, clause))
        if scenario == 0 or before is None:
            continue
        lost = float(page.map.points.people[after & ~before].sum())
        if lost > most:
            best, most = (clause, scenario), lost
    return best


def sentences(page: Page) -> tuple[Text, ...]:
    """One sentence a scenario: how the baseline stands, then what each other scenario changes."""
    known = words()
    if not page.verdicts:
        return tuple(_sentence([known["sum_none"]]) for _ in page.scenarios)
    return (_standing(page, known), *(_change(page, index, known) for index in range(1, len(page.scenarios))))


def _standing(page: Page, known: Mapping[str, Text]) -> Text:
    """How many clauses pass, fail and so on in the baseline, and the widest gap."""
    count = statuses(page, 0)
    names = ("pass", "fail", "value", "unknown", "na", "missing")
    parts = [
        counted(known, f"sum_{name}", number) for name, number in zip(names, count.values(), strict=True) if number > 0
    ]
    text = joined([filled(known["sum_of"], n=len(page.clauses)), joined(parts, ", ", "、")], "", "")
    gaps = [cell for cell in page.verdicts if cell.scenario == 0 and cell.people >= 0.5]  # NaN compares false
    if gaps:
        worst = max(gaps, key=lambda cell: cell.people)
        title = page.clauses[worst.clause].title
        text = joined([text, filled(known["sum_gap"], people=grouped(worst.people), clause=title)], "", "")
    return _sentence([text])


def _change(page: Page, scenario: int, known: Mapping[str, Text]) -> Text:
    """Say what a scenario changes against the baseline."""
    cells = table(page)
    moves: Counter[str] = Counter()
    failing: list[Text] = []
    for clause in range(len(page.clauses)):
        before, after = cells.get((0, clause)), cells.get((scenario, clause))
        if before is None or after is None or before.status == after.status:
            continue
        if after.status == "fail":
            moves["sum_new_fail"] += 1
            failing.append(page.clauses[clause].title)
        elif after.status == "unknown":
            moves["sum_new_unknown"] += 1
        elif after.status == "pass" and before.status == "fail":
            moves["sum_new_pass"] += 1
    order = ("sum_new_fail", "sum_new_pass", "sum_new_unknown")
    parts = [counted(known, name, moves[name]) for name in order if moves[name]] or [known["sum_same"]]
    if failing:
        more = " …" if len(failing) > 2 else ""
        names = joined(failing[:2], "; ", "；")
        parts[0] = Text(f"{parts[0].en} ({names.en}{more})", f"{parts[0].zh}（{names.zh}{more}）")
    lost, gained, exact = moved(page, scenario)
    ending = "" if exact else "_least"
    for name, people in (("sum_lose", lost), ("sum_gain", gained)):
        if people >= 0.5:
            parts.append(filled(known[name + ending], people=grouped(people)))
    if exact and lost < 0.5 and gained < 0.5:
        parts.append(known["sum_same_people"])
    return _sentence(parts)


def _sentence(parts: list[Text]) -> Text:
    """Phrases as a sentence, with a capital and a full stop."""
    text = joined(parts, "; ", "；")
    return Text(en=text.en[:1].upper() + text.en[1:] + ".", zh=text.zh + "。")
