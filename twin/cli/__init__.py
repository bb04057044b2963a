"""The command line: ``twin …``. Nothing of the GIS stack is imported before a command needs it."""

from __future__ import annotations

import sys

import click

from twin.cli import cases, city, plans, standards  # noqa: F401  they add their commands to the group
from twin.cli.terminal import twin_group
from twin.errors import TwinError

__all__ = ["main"]


def main() -> None:
    """Run the command line; an error is one sentence on the standard error, and the exit code is not 0."""
    verbose = any(word in {"-v", "--verbose"} for word in sys.argv[1:])
    try:
        twin_group(standalone_mode=False)
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
