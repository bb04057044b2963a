"""Remembering what was derived from values that do not change."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock, RLock
from typing import Any, TypeVar

__all__ = ["Memory"]

T = TypeVar("T")


class Memory:
    """A capped store of results, keyed by a name and by the identity of the values they were derived from.

    The values are kept alive with the result, so that an identity is never reused while it is a key.
    The oldest result is dropped when there are more than `most`. Safe to share between threads: where several want the
    same thing, one computes it and the others wait.
    """

    def __init__(self, most: int = 256) -> None:
        self._most = most
        self._held: OrderedDict[Hashable, tuple[tuple[object, ...], Any]] = OrderedDict()
        self._lock = Lock()
        self._busy: dict[Hashable, RLock] = {}

    def of(self, name: Hashable, owners: tuple[object, ...], compute: Callable[[], T], *, keep: object = None) -> T:
        """Return the remembered result for (`name`, identity of each of `owners`), computing it if need be.

        `keep` is kept alive with the result without being part of the key: for names that hold identities themselves.
        """
        key = (name, *(id(owner) for owner in owners))
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key][1]  # type: ignore[no-any-return]
            turn = self._busy.setdefault(key, RLock())
        with turn:
            try:
                return self._computed(key, (*owners, keep), compute)
            finally:
                with self._lock:
                    self._busy.pop(key, None)

    def held(self, name: Hashable, owners: tuple[object, ...] = ()) -> Any:
        """What is remembered for (`name`, identity of each of `owners`); None where nothing is."""
        with self._lock:
            found = self._held.get((name, *(id(owner) for owner in owners)))
            return None if found is None else found[1]

    def _computed(self, key: Hashable, alive: tuple[object, ...], compute: Callable[[], T]) -> T:
        """The result that another thread has meanwhile put there, else a fresh one."""
        with self._lock:
            if key in self._held:
                return self._held[key][1]  # type: ignore[no-any-return]
        result = compute()
        with self._lock:
            first = self._held.setdefault(key, (alive, result))[1]
            while len(self._held) > self._most:
                self._held.popitem(last=False)
        return first  # type: ignore[no-any-return]
