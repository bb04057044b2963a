"""One registry for everything that plugs in: readers, changes, agents, measures, packs.

A plug-in of another package is announced by an entry point (``twin.readers``, ``twin.changes``, ``twin.agents``,
``twin.measures``, ``twin.packs``) and loaded when a name is first asked for that nobody registered yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from twin.errors import UnknownName

__all__ = ["Registry"]

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """Names to plug-ins of one sort; read like a mapping, filled by `add`.

    Parameters
    ----------
    what : the sort in the singular, as error messages say it (``"measure"``).
    group : the entry-point group that other packages announce theirs in.
    load : imports our own modules that register on import; called once, before the first look-up.
    """

    def __init__(self, what: str, group: str, load: Callable[[], object] = lambda: None) -> None:
        self.what = what
        self.group = group
        self._load: Callable[[], object] | None = load
        self._known: dict[str, T] = {}

    def add(self, name: str, plugin: T) -> T:
        """Register `plugin` under `name`; the same name twice is a mistake."""
        if self._known.get(name, plugin) is not plugin:
            raise ValueError(f"{self.what} '{name}' is registered twice")
        self._known[name] = plugin
        return plugin

    def _loaded(self) -> dict[str, T]:
        if self._load is not None:
            load, self._load = self._load, None  # what is loaded may look names up itself
            try:
                load()
                for entry in entry_points(group=self.group):
                    self._known.setdefault(entry.name, entry.load())
            except BaseException:
                self._load = load  # the next look-up fails as loudly, instead of finding half the names
                raise
        return self._known

    def __getitem__(self, name: str) -> T:
        known = self._loaded()
        if name not in known:
            raise UnknownName(self.what, name, known)
        return known[name]

    def __contains__(self, name: object) -> bool:
        return name in self._loaded()

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._loaded()))

    def __len__(self) -> int:
        return len(self._loaded())
