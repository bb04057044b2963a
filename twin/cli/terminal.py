"""What every command shares: the group, its options, progress, and tables."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twin import __version__

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LANG", "OUT", "PACK", "progress", "say", "table", "twin_group", "word", "words"]

#: Columns of tables that hold fixed words; the one without a name says whether a column is required.
_WORDED = {"", "evidence", "status", "strength", "then"}

PACK = click.option("--pack", "packs", multiple=True, help="Standards pack by name or file; all where not given.")
LANG = click.option("--lang", type=click.Choice(["en", "zh"]), default="en", help="Language of what is printed.")
OUT = click.option("-o", "--out", type=click.Path(path_type=Path), help="Where to write the results.")


@click.group("twin", context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
@click.option("-q", "--quiet", is_flag=True, help="Print results only, no progress.")
@click.option("-v", "--verbose", is_flag=True, help="Show the whole trace of an error.")
@click.pass_context
def twin_group(context: click.Context, *, quiet: bool, verbose: bool) -> None:
    """Judge a city against its standards, at rest and under stress."""
    context.obj = {"quiet": quiet, "verbose": verbose}


@contextmanager
def progress(what: str) -> Iterator[Callable[[str, int, int], None]]:
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


def say(text: str) -> None:
    """A line on the standard error, unless ``--quiet`` was said."""
    if not click.get_current_context().find_root().obj["quiet"]:
        click.echo(text, err=True)


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    """Headings and fixed words of tables in Chinese."""
    import tomllib

    return tomllib.loads((files("twin.cli") / "words.toml").read_text(encoding="utf-8"))


def word(text: str, lang: str) -> str:
    """A fixed word such as a status, in the language that was asked for."""
    return words()["word"].get(text, text) if lang == "zh" else text


def table(frame: pd.DataFrame, lang: str = "en") -> None:
    """Print a table, as wide as the terminal; plain tab-separated where the output is no terminal."""
    plain = frame.reset_index()
    if lang == "zh":
        for name in _WORDED & set(plain.columns):
            plain[name] = [word(str(cell), lang) for cell in plain[name]]
        plain = plain.rename(columns=words()["heading"])
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
