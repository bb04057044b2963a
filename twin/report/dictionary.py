"""The data dictionary that goes with written tables: each column with type, unit and meaning in both languages."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import pandas as pd

from twin.errors import UnknownName

__all__ = ["columns", "dictionary"]


@cache
def columns() -> Mapping[str, Mapping[str, Any]]:
    """Every file that is written, and what its columns mean."""
    found: dict[str, Any] = tomllib.loads((files("twin.report") / "dictionary.toml").read_text(encoding="utf-8"))
    return found


def dictionary(tables: Mapping[str, Sequence[str] | None]) -> pd.DataFrame:
    """One row a column of the files, to be written as ``dictionary.csv``.

    Parameters
    ----------
    tables : file -> its columns, or None for all that the dictionary knows of it.

    Raises
    ------
    UnknownName : a file or a column that the dictionary does not explain.

    Examples
    --------
    >>> dictionary({"frameworks.csv": ["city"]}).iloc[0].tolist()
    ['frameworks.csv', 'city', 'text', '', 'city', '城市']
    """
    rows = []
    for file, wanted in tables.items():
        if file not in columns():
            raise UnknownName("table of the data dictionary", file, columns())
        known = columns()[file]
        for name in known if wanted is None else wanted:
            if name not in known:
                raise UnknownName("column of the data dictionary", name, known, where=file)
            entry = known[name]
            rows.append((file, name, entry["type"], entry.get("unit", ""), entry["en"], entry["zh"]))
    return pd.DataFrame(rows, columns=["file", "column", "type", "unit", "meaning_en", "meaning_zh"])
