"""Cities: ``twin read``, ``twin schema``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from twin.cli.terminal import LANG, progress, say, table, twin_group

if TYPE_CHECKING:
    from twin.model import City


@twin_group.command()
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
    with progress(f"reading {source}"):
        city = twin.read(source, **options)
    for network in ("walk", "drive") if prepare else ():
        if network in city.networks:
            with progress(f"preparing {network}"):
                twin.routing.prepare(city.networks[network])
    with progress(f"writing {target}"):
        twin.write(city, target)
    for note in _notes(city):
        say(f"note: {note}")
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


@twin_group.command()
@click.argument("layer", required=False)
@LANG
def schema(layer: str | None, lang: str) -> None:
    """List the layers of a city, the columns of one, or the facility kinds (``twin schema kinds``)."""
    import pandas as pd

    from twin.gis.kinds import kinds
    from twin.model.schema import layer_of
    from twin.model.schema import schema as known

    if layer is None:
        rows = [
            (name, getattr(each, lang), each.about_zh if lang == "zh" else each.about) for name, each in known().items()
        ]
        table(pd.DataFrame(rows, columns=["layer", "label", "about"]).set_index("layer"), lang)
    elif layer == "kinds":
        rows = [(kind.group, name, getattr(kind, lang)) for name, kind in kinds().items()]
        table(pd.DataFrame(rows, columns=["group", "kind", "label"]).set_index("group"), lang)
    else:
        columns = [
            (
                c.name,
                c.dtype,
                c.unit,
                "required" if c.required else "",
                getattr(c, lang),
                c.about_zh if lang == "zh" else c.about,
            )
            for c in layer_of(layer).columns.values()
        ]
        table(
            pd.DataFrame(columns, columns=["column", "dtype", "unit", "", "label", "about"]).set_index("column"), lang
        )
