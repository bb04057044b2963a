"""A city that notes what is read of it, so that what was derived is known again while none of that changes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, fields
from threading import Lock
from typing import Any, TypeVar
from weakref import ref

from twin.model.city import City

__all__ = ["Known", "Noted", "Reading"]

T = TypeVar("T")

#: Fields that are mappings, whose entries are noted one by one.
_OPENED = ("networks", "layers")
_FIELDS = frozenset(each.name for each in fields(City)) - {*_OPENED, "memory"}


@dataclass(frozen=True, eq=False)
class Reading:
    """Parts of a city and what they were: (field, name within it or None, value).

    Tables and networks are held weakly: a reading keeps none alive, and one of which a part is gone fits no city.
    """

    parts: tuple[tuple[str, str | None, Any], ...]

    def same(self, city: City) -> bool:
        """Whether every part is still the very same one."""
        return all(_is(value, _now(city, field, name)) for field, name, value in self.parts)

    @property
    def gone(self) -> bool:
        """Whether some part exists no more."""
        return any(isinstance(value, ref) and value() is None for _, _, value in self.parts)


class Noted(City):
    """A city that notes what is read of it; make one by `of`."""

    @classmethod
    def of(cls, city: City) -> Noted:
        """The same city, noting from now on."""
        seen: dict[tuple[str, str | None], Any] = {}
        own = {each.name: getattr(city, each.name) for each in fields(City)}
        noted = cls(**(own | {name: _Opened(own[name], name, seen) for name in _OPENED}))
        object.__setattr__(noted, "_seen", seen)
        return noted

    def __getattribute__(self, name: str) -> Any:
        value = object.__getattribute__(self, name)
        if name in _FIELDS:  # a city that is made of this one has no notes of its own, only those of the mappings
            object.__getattribute__(self, "__dict__").get("_seen", {})[name, None] = value
        return value

    @property
    def reading(self) -> Reading:
        """What was read so far."""
        seen = object.__getattribute__(self, "_seen")
        return Reading(tuple((field, name, _weak(value)) for (field, name), value in list(seen.items())))


class _Opened(Mapping[str, Any]):
    """A mapping that notes which of its entries are asked for, there or not."""

    def __init__(self, inside: Mapping[str, Any], field: str, seen: dict[tuple[str, str | None], Any]) -> None:
        self._inside, self._field, self._seen = inside, field, seen

    def __getitem__(self, name: str) -> Any:
        self._seen[self._field, name] = self._inside.get(name)
        return self._inside[name]

    def __iter__(self) -> Iterator[str]:
        self._seen[self._field, None] = tuple(self._inside)
        return iter(self._inside)

    def __len__(self) -> int:
        return len(tuple(self))


class Known:
    """Results by what they are of, each with the reading that it rests on.

    Of each are kept the first two, as scenarios leave from the same city again and again, and the last.
    """

    def __init__(self, most: int = 4096) -> None:
        self._most = most
        self._held: dict[Hashable, tuple[tuple[Reading, Any, object], ...]] = {}
        self._lock = Lock()

    def of(self, key: Hashable, city: City, compute: Callable[[City], T], *, keep: object = None) -> T:
        """The result that is known for such a city, else what `compute` says, which must rest on the city alone.

        `keep` is kept alive with the result: for keys that hold identities.
        """
        for reading, known, _ in self._held.get(key, ()):
            if reading.same(city):
                return known  # type: ignore[no-any-return]
        noted = Noted.of(city)
        result = compute(noted)
        with self._lock:
            kept = [each for each in self._held.pop(key, ()) if not each[0].gone]
            self._held[key] = (*kept[:2], (noted.reading, result, keep))
            while len(self._held) > self._most:
                del self._held[next(iter(self._held))]
        return result


def _now(city: City, field: str, name: str | None) -> Any:
    value = getattr(city, field)
    if field not in _OPENED:
        return value
    return tuple(value) if name is None else value.get(name)


def _is(held: Any, now: Any) -> bool:
    if isinstance(held, ref):
        return now is not None and held() is now
    return held is now or (isinstance(held, tuple | str) and held == now)


def _weak(value: Any) -> Any:
    try:
        return ref(value)
    except TypeError:  # a text, a tuple, None
        return value
