"""A benchmark's own words, read from ``words.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from twin.report.content import Text
from twin.report.words import filled

__all__ = ["word", "words"]


@cache
def words() -> Mapping[str, Text]:
    """Every word by name, in both languages."""
    table = tomllib.loads((files("twin.benchmark") / "words.toml").read_text(encoding="utf-8"))
    return {name: Text(en=each["en"], zh=each["zh"]) for name, each in table.items()}


def word(name: str, **values: object) -> Text:
    """A word with its names in braces filled in.

    >>> word("title", cities="A, B").en
    'A, B: beside each other'
    """
    found = words()[name]
    return filled(found, **values) if values else found
