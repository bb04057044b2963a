"""What a facility can be: the names of `kinds.toml`, with their labels, groups and OpenStreetMap rules."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from twin.errors import DataError, UnknownName

__all__ = ["GROUPS", "SERVICES", "Kind", "kinds", "known_kind"]

#: the seven basic services: the young, learning, work, health, the old, housing, the weak
SERVICES = ("childcare", "schooling", "work", "health", "old_age", "housing", "weak")
GROUPS = (*SERVICES, "emergency", "culture", "sport", "commerce", "green", "transport", "government", "utilities")


@dataclass(frozen=True)
class Kind:
    """One kind of facility.

    Parameters
    ----------
    name : as it stands in ``facilities.kind``.
    en, zh : labels.
    group : one of `GROUPS`.
    tags : OpenStreetMap rules, any of which makes the kind; empty where there is no tag for it.
    """

    name: str
    en: str
    zh: str
    group: str
    tags: tuple[str, ...]


@cache
def kinds() -> Mapping[str, Kind]:
    """All kinds, in the order of `kinds.toml`.

    Raises
    ------
    DataError : a kind has a group that does not exist.

    Examples
    --------
    >>> kinds()["fire_station"].zh
    '消防站'
    """
    tables = tomllib.loads(files("twin.gis").joinpath("kinds.toml").read_text(encoding="utf-8"))["kind"]
    known = {
        name: Kind(name, table["en"], table["zh"], table["group"], tuple(table["tags"]))
        for name, table in tables.items()
    }
    for kind in known.values():
        if kind.group not in GROUPS:
            raise DataError(f"kinds.toml: kind '{kind.name}' has the group '{kind.group}'; a group is one of {GROUPS}")
    return MappingProxyType(known)


def known_kind(name: str, here: Iterable[str] = ()) -> None:
    """Refuse a kind that is a slip of the pen: one that is almost, but not quite, a kind that exists.

    A kind of one's own is welcome, as long as it is not taken for another.

    Parameters
    ----------
    name : the kind as it was given.
    here : kinds that a city has besides those of the table.

    Raises
    ------
    UnknownName : with the kind that was probably meant.
    """
    known = {*kinds(), *here}
    if name not in known and difflib.get_close_matches(name, known, n=1, cutoff=0.8):
        raise UnknownName("kind of facility", name, known)
