"""Comparison and publication: ``twin benchmark``, ``twin case``, ``twin whitepaper``."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twin.cli.terminal import LANG, PACK, progress, say, table, twin_group

if TYPE_CHECKING:
    from twin.cases import Case, Whitepaper


@twin_group.command()
@click.argument("cities", nargs=-1, required=True)
@PACK
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="Date whose law holds; today where not given.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the draws behind the intervals.")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Folder for report.html and the tables.")
@LANG
def benchmark(
    cities: tuple[str, ...], packs: tuple[str, ...], on: dt.datetime | None, seed: int, out: Path | None, lang: str
) -> None:
    """Put the same indicators to several cities: values with intervals, places as intervals, no score over all."""
    import twin
    from twin.benchmark.tables import summary

    with progress("reading"):
        places = [twin.read(city) for city in cities]
    with progress("measuring") as step:
        done = twin.benchmark(places, packs or "all", on=None if on is None else on.date(), seed=seed, progress=step)
    found = summary(done, lang)
    table(found.set_index(found.columns[0]), lang)
    for note in done.notes:
        say(note.get(lang))
    if out is not None:
        with progress(f"writing {out}"):
            done.write(out, language=lang)
        click.echo(f"{out / 'report.html'}")


PDF = click.option("--pdf/--no-pdf", default=True, help="Whether to print it to PDF, with Chromium.", show_default=True)
FOLDER = click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="Folder to write it to.")


@twin_group.command()
@click.argument("study", type=click.Path(path_type=Path))
@click.option("--told", type=click.Path(path_type=Path), help="TOML file whose [case] says what is told of the study.")
@click.option("--city", help="City folder; a scenario file may name it itself.")
@PACK
@FOLDER
@PDF
@LANG
def case(
    study: Path, told: Path | None, city: str | None, packs: tuple[str, ...], out: Path, lang: str, *, pdf: bool
) -> None:
    """Write the dossier of a typical case: from a scenario file, or from the folder that twin run wrote."""
    import twin

    with progress("judging") as step:
        made = twin.case(study, told=told, city=city, packs=packs, progress=step)
    _written(made, out, "dossier", lang, pdf=pdf)


@twin_group.command()
@click.argument("cases", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--title", help="Title of the paper; made of the cities' names where not given.")
@click.option("--title-zh", help="Its title in Chinese; the same one where not given.")
@FOLDER
@PDF
@LANG
def whitepaper(
    cases: tuple[Path, ...], title: str | None, title_zh: str | None, out: Path, lang: str, *, pdf: bool
) -> None:
    """Bind cases to a white paper, with a matrix of the domains and cities that they cover."""
    import twin
    from twin.report.content import Text

    named = Text(title or title_zh or "", title_zh or title or "")
    with progress("reading"):
        paper = twin.whitepaper(cases, title=named if named.en else None)
    _written(paper, out, "whitepaper", lang, pdf=pdf)


def _written(made: Case | Whitepaper, out: Path, name: str, lang: str, *, pdf: bool) -> None:
    """Write it, with a word where there is no browser to print with."""
    from twin.cases.print import NoBrowser, browser

    if pdf:
        try:
            browser()
        except NoBrowser as gap:
            say(f"no PDF: {gap}")
            pdf = False
    with progress(f"writing {out}"):
        made.write(out, language=lang, pdf=pdf)
    click.echo(f"{out / name}.html")
    for each in ("en", "zh") if pdf else ():
        click.echo(f"{out / name}.{each}.pdf")
