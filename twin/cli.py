"""The command line: ``twin …``. Nothing of the GIS stack is imported before a command needs it."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from twin import __version__
from twin.errors import TwinError

if TYPE_CHECKING:
    import pandas as pd

    from twin.model import City, Verdict
    from twin.scenario import Scenario
    from twin.study import Study

__all__ = ["main"]

_PACK = click.option("--pack", "packs", multiple=True, help="Standards pack by name or file; all where not given.")
_LANG = click.option("--lang", type=click.Choice(["en", "zh"]), default="en", help="Language of what is printed.")
_OUT = click.option("-o", "--out", type=click.Path(path_type=Path), help="Where to write the results.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
@click.option("-q", "--quiet", is_flag=True, help="Print results only, no progress.")
@click.option("-v", "--verbose", is_flag=True, help="Show the whole trace of an error.")
@click.pass_context
def _twin(context: click.Context, *, quiet: bool, verbose: bool) -> None:
    """Judge a city against its standards, at rest and under stress."""
    context.obj = {"quiet": quiet, "verbose": verbose}


def main() -> None:
    """Run the command line; an error is one sentence on the standard error, and the exit code is not 0."""
    verbose = any(word in {"-v", "--verbose"} for word in sys.argv[1:])
    try:
        _twin(standalone_mode=False)
    except click.exceptions.Abort:
        _fail("interrupted", 130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except TwinError as error:
        if verbose:
            raise
        _fail("\n      ".join([str(error), *getattr(error, "__notes__", [])]), 1)
    except KeyboardInterrupt:
        _fail("interrupted; what was being written is not there", 130)


def _fail(message: str, code: int) -> None:
    click.echo(f"twin: {message}", err=True)
    sys.exit(code)


@contextmanager
def _progress(what: str) -> Iterator[Callable[[str, int, int], None]]:
    """A line that moves on the standard error, on a terminal and unless ``--quiet`` was said."""
    quiet = click.get_current_context().find_root().obj["quiet"]
    if quiet or not sys.stderr.isatty():
        yield lambda _name, _number, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)

        def step(name: str, number: int, total: int) -> None:
            bar.update(task, description=f"{what}: {name}", completed=number, total=total)

        yield step


def _say(text: str) -> None:
    if not click.get_current_context().find_root().obj["quiet"]:
        click.echo(text, err=True)


@_twin.command()
@click.argument("source")
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--name", default="", help="What to call the city.")
@click.option(
    "--population",
    help="A total to spread over homes, or a layer of people (a CSV with lon, lat, people will do); else estimated.",
)
@click.option("--boundary", help="A layer of polygons: the land that the city answers for.")
@click.option("--gtfs", "feeds", multiple=True, help="A GTFS feed (.zip or folder) of its lines; may be given again.")
@click.option(
    "--prepare", is_flag=True, help="Prepare the streets for large matrices now, and keep that in a city folder."
)
@click.option(
    "--replace", is_flag=True, help="Replace a city that is there already, with what was added to its city.toml."
)
def read(
    source: str,
    target: Path,
    name: str,
    population: str | None,
    boundary: str | None,
    feeds: tuple[str, ...],
    *,
    prepare: bool,
    replace: bool,
) -> None:
    """Bring a city in: from OpenStreetMap, GeoPackage or GraphML to a city folder (or a .gpkg)."""
    import twin

    if target.exists() and not replace:
        raise click.UsageError(f"{target}: there is something already; name another target, or say --replace")
    options: dict[str, Any] = {"name": name} if name else {}
    if population:
        options["population"] = _number(population.replace(",", "").replace("_", "")) or population
    if boundary:
        options["boundary"] = boundary
    if feeds:
        options["gtfs"] = feeds
    with _progress(f"reading {source}"):
        city = twin.read(source, **options)
    for network in ("walk", "drive") if prepare else ():
        if network in city.networks:
            with _progress(f"preparing {network}"):
                twin.routing.prepare(city.networks[network])
    with _progress(f"writing {target}"):
        twin.write(city, target)
    for note in _notes(city):
        _say(f"note: {note}")
    click.echo(f"{target}: {_summary(city)}")


def _number(text: str) -> float | None:
    """A total of people; None for the name of a file."""
    try:
        total = float(text)
    except ValueError:
        return None
    if not 0 < total < float("inf"):
        raise click.UsageError(f"--population: a total above 0, or a layer's file, not {text}")
    return total


def _summary(city: City) -> str:
    networks = ", ".join(f"{name} {len(net.graph.tail):,} edges" for name, net in city.networks.items())
    parts = [
        f"{city.people:,.0f} people",
        f"{len(city.facilities):,} facilities",
        networks,
        f"{len(city.layers)} layers",
    ]
    return f"{city.name}: {'; '.join(parts)}"


def _notes(city: City) -> list[str]:
    notes = [note for source in city.about.sources.values() for note in source.notes]
    for layer in ("population", "facilities"):
        if "walk" in city.networks and len(city.table(layer)):
            lost = city.unsnapped(layer, "walk")
            if len(lost):
                notes.append(f"{len(lost)} rows of {layer} lie more than 250 m from every walkable street")
    return list(dict.fromkeys(notes))


@_twin.command()
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option("--city", help="City folder; a TOML scenario may name it itself.")
@_PACK
@_OUT
def run(scenario: Path, city: str | None, packs: tuple[str, ...], out: Path | None) -> None:
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

    shock, said = _loaded(scenario)
    place = city or said["city"]
    if not place:
        raise click.UsageError(f'{scenario} names no city; say --city FOLDER, or city = "…" in the file')
    with _progress(f"reading {place}"):
        before = twin.read(place)
    with _progress("judging") as step:
        done = twin.study(before, under=[shock], standards=packs or said["standards"] or "all", progress=step)
    _finish(done, out)


def _loaded(path: Path) -> tuple[Scenario, dict[str, Any]]:
    import tomllib

    from twin.scenario import Scenario

    shock = Scenario.load(path)
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    city = table.get("city", "")
    return shock, {"city": str(path.parent / city) if city else "", "standards": table.get("standards", [])}


def _finish(done: Study, out: Path | None) -> None:
    if out is not None and out.suffix in {".html", ".csv", ".json"}:
        raise click.UsageError(f"-o {out}: name a folder; it will hold report.html and the tables")
    _table(_changes(done))
    if out is not None:
        with _progress(f"writing {out}"):
            done.write(out)
        click.echo(f"{out / 'report.html'}")
    if done.partial:
        _say("partial: it was interrupted; what is missing is said in the report")


def _changes(done: Study) -> pd.DataFrame:
    """Status and value by clause, those that differ first."""
    import pandas as pd

    columns = {cell.name: [f"{v.status} {_shown(v)}".strip() for v in cell.verdicts] for cell in done.cells}
    frame = pd.DataFrame(columns, index=pd.Index([v.key for v in done.cells[0].verdicts], name="clause"))
    differs = frame.ne(frame.iloc[:, 0], axis=0).any(axis=1)
    return pd.concat([frame[differs], frame[~differs]])


def _shown(verdict: Verdict) -> str:
    from twin.units import shown

    return shown(verdict.value, verdict.unit) if abs(verdict.value) < float("inf") else ""


@_twin.command()
@click.argument("city")
@_PACK
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="Date whose law holds; today where not given.")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="CSV file to write the verdicts to.")
@_LANG
def check(city: str, packs: tuple[str, ...], on: dt.datetime | None, out: Path | None, lang: str) -> None:
    """Judge a city, clause by clause."""
    import pandas as pd

    import twin

    with _progress(f"judging {city}"):
        verdicts = twin.check(twin.read(city), packs or "all", on=None if on is None else on.date())
    rows = [(v.status, v.standard, v.clause, v.reason_zh if lang == "zh" else v.reason) for v in verdicts]
    _table(pd.DataFrame(rows, columns=["status", "standard", "clause", "reason"]).set_index("status"))
    counts = ", ".join(f"{verdicts.count(status)} {status}" for status in twin.model.verdict.STATUSES)
    click.echo(counts)
    if out is not None:
        from twin.report.results import write_csv

        write_csv(verdicts.to_frame(), out)


@_twin.command()
@click.argument("city")
@click.argument("layouts", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--facility", required=True, help="Kind that the layouts place.")
@_PACK
@_OUT
def compare(city: str, layouts: tuple[Path, ...], facility: str, packs: tuple[str, ...], out: Path | None) -> None:
    """Compare facility layouts, each a file of sites: a layout closes all sites of the kind and opens its own."""
    import twin
    from twin.interventions import Layout

    plans = [twin.Scenario("as it is")]
    plans += [twin.Scenario(path.stem, Layout(facility, twin.read_layer(path))) for path in layouts]
    with _progress("comparing") as step:
        done = twin.study(twin.read(city), plans, standards=packs or "all", progress=step)
    _finish(done, out)


@_twin.command()
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
    with _progress("siting"):
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


@_twin.command()
@click.argument("name", required=False)
@click.option("--lint", type=click.Path(path_type=Path), help="Check a pack's file instead.")
@click.option("--conflicts", is_flag=True, help="List clauses that ask different things of the same measure.")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="Date whose law the conflicts are those of.")
@_LANG
def packs(name: str | None, lint: Path | None, on: dt.datetime | None, lang: str, *, conflicts: bool) -> None:
    """List the standards packs, or the clauses of one."""
    import pandas as pd

    from twin.standards import load, side_by_side
    from twin.standards import packs as known

    if lint is not None:
        _lint(lint)
        return
    if conflicts:
        found = side_by_side(name or "all", on=None if on is None else on.date())
        _table(found.set_index("question"))
        return
    if name is None:
        rows = [(p.name, len(p.clause), getattr(p.title, lang)) for p in load(list(known))]
        _table(pd.DataFrame(rows, columns=["pack", "clauses", "title"]).set_index("pack"))
        return
    (pack,) = load(name)
    clauses = [
        (c.standard, c.id, c.strength, c.source.evidence, c.measure, getattr(c.title, lang)) for c in pack.clause
    ]
    _table(
        pd.DataFrame(clauses, columns=["standard", "clause", "strength", "evidence", "measure", "title"]).set_index(
            "standard"
        )
    )


def _lint(path: Path) -> None:
    """Say every mistake of a pack's file with its line."""
    from twin.standards import lint

    pack, mistakes = lint(path)
    for mistake in mistakes:
        what = str(mistake.error).removeprefix(str(path)).lstrip(":, ")
        click.echo(f"{path}:{mistake.line or 1}: {what}", err=True)
    if mistakes:
        sys.exit(1)
    click.echo(f"{path}: {len(pack.clause) if pack else 0} clauses, well formed")


@_twin.command()
@_LANG
def measures(lang: str) -> None:
    """List the measures that a clause may name."""
    import pandas as pd

    from twin.measures import measures as known

    rows = [(name, known[name].unit, getattr(known[name], lang), ", ".join(known[name].parameters)) for name in known]
    _table(pd.DataFrame(rows, columns=["measure", "unit", "label", "parameters"]).set_index("measure"))


@_twin.command()
@click.argument("layer", required=False)
@_LANG
def schema(layer: str | None, lang: str) -> None:
    """List the layers of a city, the columns of one, or the facility kinds (``twin schema kinds``)."""
    import pandas as pd

    from twin.gis.kinds import kinds
    from twin.model.schema import layer_of
    from twin.model.schema import schema as known

    if layer is None:
        rows = [(name, getattr(each, lang), each.about) for name, each in known().items()]
        _table(pd.DataFrame(rows, columns=["layer", "label", "about"]).set_index("layer"))
    elif layer == "kinds":
        rows = [(kind.group, name, getattr(kind, lang)) for name, kind in kinds().items()]
        _table(pd.DataFrame(rows, columns=["group", "kind", "label"]).set_index("group"))
    else:
        columns = [
            (c.name, c.dtype, c.unit, "required" if c.required else "", getattr(c, lang), c.about)
            for c in layer_of(layer).columns.values()
        ]
        _table(pd.DataFrame(columns, columns=["column", "dtype", "unit", "", "label", "about"]).set_index("column"))


def _table(frame: pd.DataFrame) -> None:
    """Print a table, as wide as the terminal; plain tab-separated where the output is no terminal."""
    plain = frame.reset_index()
    if not sys.stdout.isatty():
        click.echo(plain.to_csv(sep="\t", index=False).rstrip("\n"))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(show_edge=False, header_style="bold")
    for column in plain.columns:
        table.add_column(str(column), overflow="fold")
    for row in plain.astype(str).itertuples(index=False):
        table.add_row(*(Text(str(value)) for value in row))  # Text: brackets in names are no markup
    Console().print(table)


if __name__ == "__main__":
    main()
