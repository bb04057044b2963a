"""A benchmark's own words, read from ``words.toml``."""

from __future__ import annotations

from collections.abc import Mapping

from twin.report import words as held
from twin.report.content import Text

__all__ = ["word", "words"]


def words() -> Mapping[str, Text]:
    """Every word by name, in both languages."""
    return held.words("twin.benchmark")


def word(name: str, **values: object) -> Text:
    """A word with its names in braces filled in.

    >>> word("title", cities="A, B").en
    'A, B: beside each other'
    """
    return held.worded("twin.benchmark", name, **values)
