"""The trial report: one HTML file that needs nothing beside itself, in both languages."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from importlib.resources import files
from itertools import groupby
from math import isfinite
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from twin.report.content import LANGUAGES, Text
from twin.report.embed import script_json
from twin.report.page import POLICY, SIGNS, say
from twin.report.words import filled, grouped, joined, named, told
from twin.report.words import words as report_words
from twin.standards import domains
from twin.standards.words import limit_words
from twin.trial.charts import Row, cost_chart, curve_chart, range_chart
from twin.trial.cost import MOST
from twin.trial.parts import Cost, Curve, Gap, Group, Outcome, Trial
from twin.trial.places import site_map
from twin.trial.words import word, words

__all__ = ["question_of", "render", "title_of"]

#: Sites that are listed; the others are counted, and stand in trial.json.
LISTED = 12


def render(trial: Trial, *, language: str = "en") -> str:
    """Write a trial as the text of one HTML file, the same text for the same trial on the same day.

    Parameters
    ----------
    language : shown first; the page holds both.
    """
    environment = Environment(
        loader=DictLoader({"page.html": _file("twin.trial", "page.html")}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"say": say, "fill": filled, "grouped": grouped}
    title = title_of(trial)
    data = {"language": language, "words": {}, "title": asdict(title)}
    html = environment.get_template("page.html").render(
        trial=trial,
        title=title,
        question=question_of(trial),
        w={**report_words(), **words()},
        language=language,
        policy=POLICY,
        signs=SIGNS,
        style=Markup(_file("twin.report", "page.css") + _file("twin.trial", "page.css")),  # noqa: S704
        script=Markup('"use strict";\n' + _file("twin.report", "language.js") + _file("twin.report", "start.js")),  # noqa: S704
        data=Markup(script_json(data)),  # noqa: S704
        written=dt.date.today().isoformat(),
        clauses=[_section(number, list(some)) for number, (_, some) in enumerate(_by_clause(trial))],
        doubts=list(_doubts(trial)),
        domains={number: Text(label.en, label.zh) for number, label in domains().items()},
    )
    return html.encode("utf-8", "replace").decode("utf-8")


def _file(package: str, name: str) -> str:
    return (files(package) / name).read_text(encoding="utf-8")


def _by_clause(trial: Trial) -> Any:
    return groupby(trial.outcomes, key=lambda each: each.clause.key)


def title_of(trial: Trial) -> Text:
    """Names of the cities."""
    names = [named(city) for city in trial.cities]
    return word("title", cities=joined(names, ", ", "、"))


def question_of(trial: Trial) -> Text:
    """How many clauses were tried, by the law of which day."""
    count = len({each.clause.key for each in trial.outcomes})
    return word("question_trial_one" if count == 1 else "question_trial", n=count, day=trial.on)


def _doubts(trial: Trial) -> Any:
    for city in trial.cities:
        if city.about.synthetic:
            yield word("doubt_synthetic", city=named(city))
        if city.about.source("population").estimated:
            yield word("doubt_estimated", city=named(city))
    recalled = {each.clause.key for each in trial.outcomes if each.clause.source.evidence == "recalled"}
    if recalled:
        yield word("doubt_recalled", n=len(recalled))
    yield word("doubt_greedy")


def _svg(draw: Any) -> dict[str, Markup] | None:
    """A chart in both languages; None where it has nothing to show."""
    found = {language: draw(language) for language in LANGUAGES}
    return {language: Markup(text) for language, text in found.items()} if any(found.values()) else None  # noqa: S704


def _section(number: int, outcomes: list[Outcome]) -> dict[str, Any]:
    """What a clause's page shows."""
    first = outcomes[0]
    missing = next((each.curve.why for each in outcomes if isinstance(each.curve, Gap)), None)
    return {
        "anchor": f"clause-{number}",
        "clause": first.clause,
        "title": Text(first.clause.title.en, first.clause.title.zh),
        "measure": Text(first.clause.meter.en, first.clause.meter.zh),
        "validity": first.validity,
        "chart": _svg(lambda language: curve_chart(outcomes, language)),
        "no_chart": missing,
        "cities": [_city(each) for each in outcomes],
    }


def _city(each: Outcome) -> dict[str, Any]:
    """What a clause's page shows of one city."""
    variants = () if isinstance(each.variants, Gap) else each.variants
    stress = () if isinstance(each.stress, Gap) else each.stress
    varied = [Row(v.label, v.value, v.low, v.high, v.status) for v in variants]
    shaken = [Row(s.name, s.value, s.low, s.high, s.status) for s in stress]
    limit = limit_words(each.limits, each.verdict.unit) if each.limits else None
    return {
        "outcome": each,
        "name": named(each.city),
        "blank": each.verdict.status in {"unknown", "not applicable"},
        "value": told(each.verdict.value, each.verdict.unit),
        "limit": Text(*limit) if limit else word("no_limit"),
        "sentences": list(_sentences(each)),
        "groups": _groups(each),
        "cost": _cost(each),
        "site_map": Markup(site_map(each)) if isinstance(each.cost, Cost) and each.cost.sites else None,  # noqa: S704
        "cost_chart": _svg(lambda language: cost_chart(each, language)),
        "variants": _svg(lambda language: range_chart(each, varied, language, salt="doubt")),
        "stress": _svg(lambda language: range_chart(each, shaken, language, salt="shock")),
        "stress_people": [(s.name, grouped(s.people), s.runs) for s in stress if isfinite(s.people)],
        "rivals": [(r, told(r.verdict.value, r.verdict.unit)) for r in each.rivals],
        "gaps": {name: getattr(each, name).why if isinstance(getattr(each, name), Gap) else None for name in _PARTS},
        "knee": _limit(each, "knee"),
        "needed": _limit(each, "needed"),
    }


_PARTS = ("curve", "groups", "cost", "variants", "stress")


def _limit(each: Outcome, what: str) -> Text:
    if not isinstance(each.curve, Curve):
        return Text("–", "–")
    value = each.curve.needed if what == "needed" else each.curve.knee.x if each.curve.knee else float("nan")
    return told(value, each.curve.unit)


def _sentences(each: Outcome) -> Any:
    """The curve in plain words."""
    curve = each.curve
    if not isinstance(curve, Curve):
        return
    if curve.method == "step":
        yield word("say_step", value=told(each.verdict.value, each.verdict.unit), limit=told(curve.at, curve.unit))
    elif isfinite(curve.at):
        yield word("say_today", limit=told(curve.at, curve.unit), share=told(curve.today, "1"), of=curve.of)
    if isfinite(curve.asked):
        if curve.needed == float("inf"):
            yield word("say_never", asked=told(curve.asked, "1"))
        elif isfinite(curve.needed):
            yield word("say_needed", asked=told(curve.asked, "1"), needed=told(curve.needed, curve.unit))
    if curve.knee is not None:
        way = "rising" if curve.y[-1] >= curve.y[0] else "falling"
        name = f"say_{way}_{'above' if curve.knee.early else 'below'}"
        yield word(name, knee=told(curve.knee.x, curve.unit), share=told(curve.knee.y, "1"))
    elif curve.method != "step":
        yield word("say_no_knee")


def _groups(each: Outcome) -> list[dict[str, Any]]:
    """Tables of groups, one a division; bars are shares of each group."""
    if isinstance(each.groups, Gap):
        return []
    tables = []
    for by, some in groupby(each.groups, key=lambda group: group.by):
        mine = list(some)
        rows = [_group(group, each) for group in mine]
        tables.append(
            {
                "by": word(f"by_{by}"),
                "unit": mine[0].unit,
                "valued": any(row["value"] is not None for row in rows),
                "gains": any(row["gained"] is not None for row in rows),
                "rows": rows,
            }
        )
    return tables


def _group(group: Group, each: Outcome) -> dict[str, Any]:
    valued = isfinite(group.value) or group.holds is not None
    whole = group.weight or 1.0
    gained = group.gained if isfinite(group.gained) else 0.0
    return {
        "name": group.name,
        "weight": grouped(group.weight),
        "served": grouped(group.served),
        "share": 0.0 if not isfinite(group.served) else 100 * group.served / whole,
        "gain_share": 100 * gained / whole,
        "gained": grouped(group.gained) if isfinite(group.gained) else None,
        "left": grouped(group.left),
        "judged": isfinite(group.served),
        "value": told(group.value, each.verdict.unit) if valued else None,
        "holds": group.holds,
    }


def _cost(each: Outcome) -> dict[str, Any] | None:
    cost = each.cost
    if not isinstance(cost, Cost):
        return None
    amount = told(cost.amount, cost.unit) if isfinite(cost.amount) else None
    unit = each.verdict.unit
    milestones = []
    if unit == "1" and len(cost.sites) > LISTED:
        for share in (0.5, 0.8, 0.9, 0.95, 0.99):
            count = next((n for n, site in enumerate(cost.sites, 1) if site.value >= share), None)
            if count is not None and each.verdict.value < share:
                milestones.append((f"{100 * share:.0f} %", count))
    ended = "cost_most" if len(cost.sites) == MOST else "cost_stuck"
    return {
        "count": len(cost.sites),
        "least": cost.least,
        "holds": cost.holds,
        "value": told(cost.value, unit),
        "amount": amount,
        "method": cost.method,
        "ended": None if cost.holds or not cost.sites else word(ended),
        "milestones": milestones,
        "sites": [(n, f"{s.x:,.0f}", f"{s.y:,.0f}", told(s.value, unit)) for n, s in enumerate(cost.sites[:LISTED], 1)],
        "more": max(0, len(cost.sites) - LISTED),
    }
