"""Comparison and publication: ``twin benchmark``, ``twin case``, ``twin whitepaper``."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from twin.cli.terminal import LANG, PACK, progress, say, table, twin_group


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
    table(found.set_index(found.columns[0]))
    for note in done.notes:
        say(note.get(lang))
    if out is not None:
        with progress(f"writing {out}"):
            done.write(out, language=lang)
        click.echo(f"{out / 'report.html'}")
