"""Tags of many things in flat arrays: what they say is worked out once for all things that say the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin._kernels import osm_pbf

__all__ = ["Strings", "Tagged", "spans"]

Longs = NDArray[np.int64]

KEY = 32  # a tag is its key's number and, in the lower bits, its value's


def spans(start: NDArray[Any], count: NDArray[Any]) -> NDArray[np.int64]:
    """Positions ``start[i] ... start[i] + count[i] - 1``, row after row."""
    ends = np.cumsum(count, dtype=np.int64)
    if not len(ends):
        return np.zeros(0, np.int64)
    found: Longs = np.arange(ends[-1]) + np.repeat(start - (ends - count), count)
    return found


class Strings:
    """Texts by number, each of them once."""

    def __init__(self) -> None:
        self._number: dict[bytes, int] = {}
        self._text: list[str] = []

    def __len__(self) -> int:
        return len(self._number)

    def number(self, raw: bytes) -> int:
        """Number of a text, a new one where it has not been seen."""
        return self._number.setdefault(raw, len(self._number))

    def known(self, text: str) -> int:
        """Number of a text, -1 where it occurs nowhere."""
        return self._number.get(text.encode(), -1)

    def texts(self) -> list[str]:
        """All texts, decoded; a text that is not UTF-8 is a `UnicodeDecodeError`."""
        if len(self._text) < len(self._number):
            self._text = [raw.decode() for raw in self._number]
        return self._text


@dataclass(frozen=True)
class Tagged:
    """Tags of things, row by row.

    Parameters
    ----------
    start : (n + 1,) the tags of thing *i* are ``tag[start[i]:start[i + 1]]``.
    tag : number of the key, shifted by 32 bits, and of the value.
    strings : the texts behind the numbers.
    """

    start: Longs
    tag: Longs
    strings: Strings

    def __len__(self) -> int:
        return len(self.start) - 1

    def __getitem__(self, row: int) -> dict[str, str]:
        return self._dicts(self.start[row : row + 2], self.tag)[0]

    def take(self, rows: NDArray[Any]) -> Tagged:
        """Some things (mask or positions)."""
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows
        count = np.diff(self.start)[rows]
        return Tagged(
            np.concatenate([[0], np.cumsum(count)]), self.tag[spans(self.start[:-1][rows], count)], self.strings
        )

    def __add__(self, other: Tagged) -> Tagged:
        start = np.concatenate([self.start, self.start[-1] + other.start[1:]])
        return Tagged(start, np.concatenate([self.tag, other.tag]), self.strings)

    def only(self, keys: Iterable[str]) -> Tagged:
        """The same things with the tags of some keys."""
        return self._keep(self._under(keys))

    def without(self, *keys: str) -> Tagged:
        """The same things without the tags of some keys."""
        return self._keep(~self._under(keys))

    def _under(self, keys: Iterable[str]) -> NDArray[np.bool_]:
        chosen = np.zeros(len(self.strings) + 1, bool)  # the last is for keys that nothing has
        chosen[[self.strings.known(key) for key in keys]] = True
        chosen[-1] = False
        under: NDArray[np.bool_] = chosen[self.tag >> KEY]
        return under

    def _keep(self, kept: NDArray[np.bool_]) -> Tagged:
        return Tagged(np.concatenate([[0], np.cumsum(kept)])[self.start], self.tag[kept], self.strings)

    def has(self, key: str, *values: str) -> NDArray[np.bool_]:
        """Things that have a key, or one of some values of it."""
        number, texts = self.strings.known(key), [self.strings.known(value) for value in values]
        hit = self.tag >> KEY == number
        if values:
            hit &= np.isin(self.tag & ((1 << KEY) - 1), texts)
        found = np.zeros(len(self), bool)
        found[np.searchsorted(self.start, np.flatnonzero(hit), side="right") - 1] = True
        return found

    def distinct(self, keys: Iterable[str]) -> tuple[list[dict[str, str]], NDArray[np.int64]]:
        """What things say under some keys: each saying once, and which of them each thing says (n,)."""
        said = self.only(keys)
        slots = np.empty(1 << (2 * len(self) + 1).bit_length(), np.int64)
        which, first = np.empty(len(self), np.int64), np.empty(len(self), np.int64)
        count = osm_pbf.alike(said.start, said.tag, slots, which, first)
        one = said.take(first[:count])
        return self._dicts(one.start, one.tag), which

    def each(self, ask: Callable[[dict[str, str]], Any], keys: Iterable[str], kind: Any = object) -> NDArray[Any]:
        """What `ask` makes of each thing's tags (n,), of which it may look at `keys` alone."""
        said, which = self.distinct(keys)
        found = np.empty(len(said), kind)
        found[:] = [ask(tags) for tags in said]
        return found[which]

    def _dicts(self, start: Longs, tag: Longs) -> list[dict[str, str]]:
        text = self.strings.texts()
        first, last = int(start[0]), int(start[-1])
        part = tag[first:last]
        keys = [text[number] for number in (part >> KEY).tolist()]
        values = [text[number] for number in (part & ((1 << KEY) - 1)).tolist()]
        cuts = (start - first).tolist()
        return [dict(zip(keys[a:b], values[a:b], strict=True)) for a, b in pairwise(cuts)]
