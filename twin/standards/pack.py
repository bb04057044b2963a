"""Packs: standards as TOML files, checked when they are loaded."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path

from twin.errors import StandardError
from twin.registry import Registry
from twin.standards.clause import Clause, Label, Limit, Pack, domains, in_unit, limits_of
from twin.standards.lint import Mistake, examined

__all__ = ["Clause", "Label", "Limit", "Pack", "domains", "in_unit", "limits_of", "lint", "load", "packs", "sources"]


def _load_own() -> None:
    for entry in sorted(files("twin.standards").joinpath("packs").iterdir(), key=lambda each: each.name):
        path = Path(str(entry))
        if path.suffix == ".toml":
            packs.add(path.stem, path)


#: Names of the packs to the files that hold them.
packs: Registry[Path] = Registry("standards pack", "twin.packs", _load_own)


def load(names: str | Path | Iterable[str | Path]) -> tuple[Pack, ...]:
    """Load packs by name, by file, or ``"all"`` of them.

    Raises
    ------
    UnknownName : no such pack, standard, measure or parameter, with the nearest that exists.
    StandardError : a file that is no pack, or an unknown key or unit; says which clause and what is wrong.
    """
    return tuple(sources(names).values())


def sources(names: str | Path | Iterable[str | Path]) -> dict[Path, Pack]:
    """Packs as `load` finds them, by the file that each stands in."""
    wanted = [names] if isinstance(names, str | Path) else list(names)
    found: dict[Path, Pack] = {}
    for name in wanted:
        if name == "all":
            found |= {packs[each]: _load(packs[each]) for each in packs}
            continue
        path = Path(name) if str(name).endswith(".toml") else packs[str(name)]
        found[path] = _load(path)
    return found


@cache
def _parsed(path: Path, changed: int) -> Pack:
    del changed  # part of the cache's key: an edited file is read again
    pack, mistakes = examined(path)
    if pack is None or mistakes:
        raise mistakes[0].error
    return pack


def _load(path: Path) -> Pack:
    if not path.is_file():
        raise StandardError(f"{path}: no such file", pack=path.stem)
    return _parsed(path, path.stat().st_mtime_ns)


def lint(path: str | Path) -> tuple[Pack | None, tuple[Mistake, ...]]:
    """A pack's file and every mistake in it, with its line; the pack is None where it cannot be read at all.

    Raises
    ------
    StandardError : there is no such file.
    """
    path = Path(path)
    if not path.is_file():
        raise StandardError(f"{path}: no such file", pack=path.stem)
    return examined(path)
