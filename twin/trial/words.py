"""A trial's own words, read from ``words.toml``."""

from __future__ import annotations

from collections.abc import Mapping

from twin.report import words as held
from twin.report.content import Text

__all__ = ["word", "words"]


def words() -> Mapping[str, Text]:
    """Every word by name, in both languages."""
    return held.words("twin.trial")


def word(name: str, **values: object) -> Text:
    """A word with its names in braces filled in.

    >>> word("shock_flood", years=100).en
    'flood, 1 in 100 years'
    """
    return held.worded("twin.trial", name, **values)
