"""The words of dossiers and white papers, read from ``words.toml``."""

from __future__ import annotations

from collections.abc import Mapping

from twin.report import words as held
from twin.report.content import Text

__all__ = ["word", "words"]


def words() -> Mapping[str, Text]:
    """Every word by name, in both languages."""
    return held.words("twin.cases")


def word(name: str, **values: object) -> Text:
    """A word with its names in braces filled in.

    >>> word("matrix_judged", n=3).zh
    '3条有结论'
    """
    return held.worded("twin.cases", name, **values)
