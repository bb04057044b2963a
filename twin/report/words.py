"""The page's own words, read from ``words.toml``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from twin.report.content import Text
from twin.units import shown

if TYPE_CHECKING:
    from twin.model import City

__all__ = ["counted", "filled", "grouped", "joined", "layer_label", "named", "noted", "told", "worded", "words"]


@cache
def words(room: str = "twin.report") -> Mapping[str, Text]:
    """Every word of the page, or of another package that has a ``words.toml``, by name, in both languages."""
    table = tomllib.loads((files(room) / "words.toml").read_text(encoding="utf-8"))
    return {name: Text(en=each["en"], zh=each["zh"]) for name, each in table.items()}


def worded(room: str, name: str, **values: object) -> Text:
    """A word of a package, with its names in braces filled in.

    >>> worded("twin.trial", "shock_flood", years=100).en
    'flood, 1 in 100 years'
    """
    found = words(room)[name]
    return filled(found, **values) if values else found


def named(city: City) -> Text:
    """A city's name; in Chinese too where its traits have one."""
    return Text(city.name, city.about.traits.get("name_zh", city.name))


def told(value: float, unit: str) -> Text:
    """A value as people read it; beyond reach where it is infinite.

    >>> told(0.5, "1").en, told(float("inf"), "s").zh
    ('50.0 %', '不可达')
    """
    if value == float("inf"):
        return Text("beyond reach", "不可达")
    return Text(shown(value, unit), shown(value, unit, language="zh"))


def layer_label(name: str, *, network: bool = False) -> Text:
    """What a layer or network is called; its own name where nobody named it.

    >>> layer_label("flood_50").zh, layer_label("walk", network=True).zh, layer_label("facilities").en
    ('50年一遇洪水水深', '步行网络', 'Facilities')
    """
    from twin.model.schema import labels  # a page is drawn without the model

    return Text(*labels(name, network=network))


@cache
def _notes() -> tuple[tuple[re.Pattern[str], str, tuple[int, ...]], ...]:
    table = tomllib.loads((files("twin.report") / "notes.toml").read_text(encoding="utf-8"))
    found = []
    for each in table["note"]:
        parts = [re.escape(part) for part in each["en"].split("{}")]
        order = each.get("order", range(len(parts) - 1))
        found.append((re.compile("(.+?)".join(parts)), each["zh"], tuple(order)))
    return tuple(found)


def noted(note: str) -> Text:
    """A note of a data source in both languages, where it is one that readers leave; as it stands where it is not.

    >>> noted("3 of 56 areas crossed themselves and were repaired").zh, noted("my own note").zh
    ('3/56个面自相交，已修复', 'my own note')
    """
    for pattern, zh, order in _notes():
        match = pattern.fullmatch(note)
        if match:
            return Text(note, zh.format(*(match.groups()[place] for place in order)))
    return Text(note, note)


def filled(text: Text, **values: object) -> Text:
    """`text` with its names in braces filled in; a `Text` is filled in by language.

    >>> filled(Text("{n} people", "{n} 人"), n=3).zh
    '3 人'
    """

    def one(language: str) -> str:
        each = {name: value.get(language) if isinstance(value, Text) else value for name, value in values.items()}
        return text.get(language).format(**each)

    return Text(en=one("en"), zh=one("zh"))


def counted(known: Mapping[str, Text], name: str, count: int) -> Text:
    """Choose the phrase `name` for a count; its form for one where there is one."""
    return filled(known[f"{name}_one" if count == 1 else name], n=f"{count:,}")


def joined(parts: Iterable[Text], en: str, zh: str) -> Text:
    """Phrases in a row, with the mark that each language puts between them."""
    given = list(parts)
    return Text(en=en.join(part.en for part in given), zh=zh.join(part.zh for part in given))


def grouped(value: float, digits: int = 0) -> str:
    """Write a number with thousands apart, a dash for NaN; never ``-0``.

    >>> grouped(4210.4), grouped(float("nan")), grouped(-0.2)
    ('4,210', '–', '0')
    """
    if value != value:  # NaN  # noqa: PLR0124
        return "–"
    text = f"{value:,.{digits}f}"
    return text.removeprefix("-") if not text.strip("-0.,") else text
