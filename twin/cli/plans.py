"""Scenarios and layouts: ``twin run``, ``twin compare``, ``twin site``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from twin.cli.terminal import LANG, OUT, PACK, progress, say, table, twin_group, word

if TYPE_CHECKING:
    import pandas as pd

    from twin.model import Verdict
    from twin.study import Study


@twin_group.command()
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option("--city", help="City folder; a TOML scenario may name it itself.")
@PACK
@OUT
@LANG
def run(scenario: Path, city: str | None, packs: tuple[str, ...], out: Path | None, lang: str) -> None:
    """Run a scenario: a Python script as it stands, or a TOML file against a city."""
    if scenario.suffix == ".py":
        import runpy

        if city or packs or out:
            raise click.UsageError("--city, --pack and -o belong to a TOML scenario; a script says them itself")
        if not scenario.is_file():
            raise click.UsageError(f"{scenario}: no such file")
        runpy.run_path(str(scenario), run_name="__main__")
        return
    import twin
    from twin.scenario import Bundle

    asked = Bundle.load(scenario)
    place = city or asked.city
    if not place:
        raise click.UsageError(f'{scenario} names no city; say --city FOLDER, or city = "…" in the file')
    with progress(f"reading {place}"):
        before = twin.read(place)
    with progress("judging") as step:
        wanted = packs or asked.standards or "all"
        done = twin.study(before, asked.plans, under=asked.shocks, standards=wanted, progress=step)
    _finish(done, out, lang, scenario)


def _finish(done: Study, out: Path | None, lang: str, scenario: Path | None = None) -> None:
    """Print what changes; write the results, with the scenario file beside them, by which `twin case` tells of it."""
    if out is not None and out.suffix in {".html", ".csv", ".json"}:
        raise click.UsageError(f"-o {out}: name a folder; it will hold report.html and the tables")
    table(_changes(done, lang), lang)
    if out is not None:
        with progress(f"writing {out}"):
            done.write(out)
            if scenario is not None:
                (out / "scenario.toml").write_bytes(scenario.read_bytes())
        click.echo(f"{out / 'report.html'}")
    if done.partial:
        say("partial: it was interrupted; what is missing is said in the report")


def _changes(done: Study, lang: str) -> pd.DataFrame:
    """Status and value by clause, those that differ first."""
    import pandas as pd

    names = [cell.name_in(lang) for cell in done.cells]
    if len(set(names)) < len(names):  # only the English ones have to differ
        names = [cell.name for cell in done.cells]
    columns = {
        name: [f"{word(v.status, lang)} {_shown(v, lang)}".strip() for v in cell.verdicts]
        for name, cell in zip(names, done.cells, strict=True)
    }
    frame = pd.DataFrame(columns, index=pd.Index([v.key for v in done.cells[0].verdicts], name="clause"))
    differs = frame.ne(frame.iloc[:, 0], axis=0).any(axis=1)
    return pd.concat([frame[differs], frame[~differs]])


def _shown(verdict: Verdict, lang: str) -> str:
    from twin.report.words import told

    return told(verdict.value, verdict.unit).get(lang) if verdict.value == verdict.value else ""  # NaN is not itself


@twin_group.command()
@click.argument("city")
@click.argument("layouts", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--facility", required=True, help="Kind that the layouts place.")
@PACK
@OUT
@LANG
def compare(
    city: str, layouts: tuple[Path, ...], facility: str, packs: tuple[str, ...], out: Path | None, lang: str
) -> None:
    """Compare facility layouts, each a file of sites: a layout closes all sites of the kind and opens its own."""
    import twin
    from twin.interventions import Layout

    plans = [twin.Scenario("as it is", zh="现状")]
    plans += [twin.Scenario(path.stem, Layout(facility, twin.read_layer(path))) for path in layouts]
    with progress("comparing") as step:
        done = twin.study(twin.read(city), plans, standards=packs or "all", progress=step)
    _finish(done, out, lang)


@twin_group.command()
@click.argument("city")
@click.argument("kind")
@click.option("--count", type=int, help="Number of sites.")
@click.option("--within", help='Largest travel time that counts, such as "15 minute".')
@click.option("-o", "--out", type=click.Path(path_type=Path), help="GeoPackage to write the sites to.")
def site(city: str, kind: str, count: int | None, within: str | None, out: Path | None) -> None:
    """Compute where to put facilities of a kind, for people on foot, as if there were none yet.

    With --count and --within the most people are served, with --count alone the mean time is least, with --within alone
    the fewest sites serve everybody.
    """
    import twin
    from twin.units import quantity

    if within is not None and " " not in within.strip():
        raise click.UsageError(f'--within: say the unit too, such as "{within} minute"')
    limit = None if within is None else quantity(within, unit="s", where="--within")
    with progress("siting"):
        sites = twin.site(twin.read(city), kind, count=count, within=limit)
    facts = ", ".join(
        f"{key} {value:,.6g}" if isinstance(value, float) else f"{key} {value}" for key, value in sites.attrs.items()
    )
    click.echo(facts)
    click.echo(f"id\teasting\tnorthing ({sites.crs.to_string() if sites.crs is not None else 'no CRS'}, m)")
    for row in sites.itertuples():
        click.echo(f"{row.id}\t{row.geometry.x:.1f}\t{row.geometry.y:.1f}")
    if out is not None:
        sites.to_file(out, driver="GPKG", layer="sites")
