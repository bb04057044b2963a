"""Standards: ``twin check``, ``twin trial``, ``twin packs``, ``twin measures``."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import click

from twin.cli.terminal import LANG, PACK, progress, table, twin_group, word


@twin_group.command()
@click.argument("city")
@PACK
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="Date whose law holds; today where not given.")
@click.option("--conflicts", is_flag=True, help="Show the clauses that ask different things of the same side by side.")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="CSV file to write the verdicts to.")
@LANG
def check(
    city: str, packs: tuple[str, ...], on: dt.datetime | None, out: Path | None, lang: str, *, conflicts: bool
) -> None:
    """Judge a city, clause by clause."""
    import pandas as pd

    import twin

    day = None if on is None else on.date()
    with progress(f"judging {city}"):
        place = twin.read(city)
        verdicts = twin.check(place, packs or "all", on=day)
    if conflicts:
        from twin.standards import side_by_side

        traits = place.about.traits
        found = side_by_side(packs or "all", on=day, traits=traits, verdicts=verdicts, language=lang)
        table(found.set_index("question"), lang)
        return
    rows = [(v.status, v.standard, v.clause, v.reason_zh if lang == "zh" else v.reason) for v in verdicts]
    table(pd.DataFrame(rows, columns=["status", "standard", "clause", "reason"]).set_index("status"), lang)
    counts = [(verdicts.count(status), word(status, lang)) for status in twin.model.verdict.STATUSES]
    click.echo(
        "，".join(f"{name}{n}条" for n, name in counts) if lang == "zh" else ", ".join(f"{n} {s}" for n, s in counts)
    )
    if out is not None:
        from twin.report.results import write_csv

        write_csv(verdicts.to_frame(), out)


@twin_group.command()
@click.argument("pack")
@click.argument("cities", nargs=-1, required=True)
@click.option(
    "--clause", "clauses", multiple=True, help="Clause to try, by key or id; all of the pack where not given."
)
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="Date whose law holds; today where not given.")
@click.option("--shock", "shocks", multiple=True, type=click.Path(path_type=Path), help="Scenario file to try under.")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Folder for report.html and trial.json.")
@LANG
def trial(
    pack: str,
    cities: tuple[str, ...],
    clauses: tuple[str, ...],
    on: dt.datetime | None,
    shocks: tuple[Path, ...],
    out: Path | None,
    lang: str,
) -> None:
    """Try the clauses of a pack, or of a draft's file, on one or several cities before they bind."""
    import twin
    from twin.scenario import Scenario

    if pack.endswith(".toml"):
        _lint(Path(pack), quiet=True)
    with progress("reading"):
        places = [twin.read(city) for city in cities]
    with progress("trying") as step:
        done = twin.trial(
            pack,
            places,
            clauses=clauses,
            on=None if on is None else on.date(),
            under=[Scenario.load(shock) for shock in shocks] or None,
            progress=step,
        )
    table(done.summary(language=lang).set_index("clause"), lang)
    if out is not None:
        with progress(f"writing {out}"):
            done.write(out, language=lang)
        click.echo(f"{out / 'report.html'}")


@twin_group.command()
@click.argument("name", required=False)
@click.option("--lint", type=click.Path(path_type=Path), help="Check a pack's file instead.")
@click.option("--conflicts", is_flag=True, help="List clauses that ask different things of the same measure.")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="Date whose law the conflicts are those of.")
@LANG
def packs(name: str | None, lint: Path | None, on: dt.datetime | None, lang: str, *, conflicts: bool) -> None:
    """List the standards packs, or the clauses of one."""
    import pandas as pd

    from twin.standards import load, side_by_side
    from twin.standards import packs as known

    if lint is not None:
        _lint(lint)
        return
    if conflicts:
        found = side_by_side(name or "all", on=None if on is None else on.date(), language=lang)
        table(found.set_index("question"), lang)
        return
    if name is None:
        rows = [(p.name, len(p.clause), getattr(p.title, lang)) for p in load(list(known))]
        table(pd.DataFrame(rows, columns=["pack", "clauses", "title"]).set_index("pack"), lang)
        return
    (pack,) = load(name)
    clauses = [
        (c.standard, c.id, c.strength, c.source.evidence, c.measure, getattr(c.title, lang)) for c in pack.clause
    ]
    table(
        pd.DataFrame(clauses, columns=["standard", "clause", "strength", "evidence", "measure", "title"]).set_index(
            "standard"
        ),
        lang,
    )


def _lint(path: Path, *, quiet: bool = False) -> None:
    """Say every mistake of a pack's file with its line, and end there; `quiet` where there is none."""
    from twin.standards import lint

    pack, mistakes = lint(path)
    for mistake in mistakes:
        what = str(mistake.error).removeprefix(str(path)).lstrip(":, ")
        click.echo(f"{path}:{mistake.line or 1}: {what}", err=True)
    if mistakes:
        sys.exit(1)
    if not quiet:
        click.echo(f"{path}: {len(pack.clause) if pack else 0} clauses, well formed")


@twin_group.command()
@LANG
def measures(lang: str) -> None:
    """List the measures that a clause may name."""
    import pandas as pd

    from twin.measures import measures as known

    rows = [(name, known[name].unit, getattr(known[name], lang), ", ".join(known[name].parameters)) for name in known]
    table(pd.DataFrame(rows, columns=["measure", "unit", "label", "parameters"]).set_index("measure"), lang)
