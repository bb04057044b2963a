"""What OpenStreetMap tags say: rules, texts, numbers, speeds, lengths, durations; a bad tag says nothing."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from twin.errors import DataError
from twin.units import kmh

__all__ = ["Rules", "Tags", "duration", "length", "level", "number", "settings", "speed", "text", "values"]

Tags = Mapping[str, str]
Term = tuple[str, str, str]  # key, operator, value

NAN = float("nan")
OPERATORS = ("!=", "!~", "=", "~")  # longest first
MPH = 0.44704  # [m/s]
KNOT = 1852 / 3600  # [m/s]

#: marks that turn the direction of what follows; a name must not rearrange the page that shows it
TURNING = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])


@cache
def settings() -> Mapping[str, Any]:
    """Contents of `osm.toml`."""
    return tomllib.loads(files("twin.gis.osm").joinpath("osm.toml").read_text(encoding="utf-8"))


def text(raw: str | None) -> str:
    """A tag's value as it may be shown: NFC, one line, no control characters; empty where there is none."""
    if not raw:
        return ""
    if raw.isascii() and raw.isprintable():
        return raw.strip()
    flat = " ".join(unicodedata.normalize("NFC", raw).translate(TURNING).split())
    if flat.isprintable():
        return flat
    return "".join(each for each in flat if unicodedata.category(each) not in {"Cc", "Cs"})


def values(raw: str) -> list[str]:
    """Items of a list value, ``"1;2"``."""
    return [each.strip() for each in raw.split(";")] if ";" in raw else [raw]


class Rules:
    """Tag rules with an outcome each, looked up by their first term.

    Parameters
    ----------
    table : outcome -> rules, as `kinds.toml` explains them. The order of outcomes is the order of answers.

    Raises
    ------
    DataError : a term that has no operator.

    Attributes
    ----------
    keys : the keys of the first terms: a thing with none of them has no outcome.
    reads : the keys of all terms.

    Examples
    --------
    >>> rules = Rules({"primary": ["amenity=school & isced:level=1"], "school": ["amenity=school"]})
    >>> rules.all({"amenity": "school", "isced:level": "1;2"}), rules.all({"amenity": "school"})
    (['primary'], ['school'])
    """

    def __init__(self, table: Mapping[str, Iterable[str]]) -> None:
        self._by_value: dict[str, dict[str, list[tuple[int, str, list[Term]]]]] = {}
        for order, (outcome, rules) in enumerate(table.items()):
            for rule in rules:
                first, *rest = [_term(each, rule) for each in rule.split(" & ")]
                if first[1] != "=":
                    raise DataError(f"rule '{rule}': the first term has to be key=value; put it in front")
                self._by_value.setdefault(first[0], {}).setdefault(first[2], []).append((order, outcome, rest))
        self.keys = frozenset(self._by_value)
        parts = [rule.split(" & ") for rules in table.values() for rule in rules]
        self.reads = frozenset(_term(each, "")[0] for terms in parts for each in terms)

    def all(self, tags: Tags) -> list[str]:
        """Every outcome that has a rule which holds; a bare rule gives way to longer ones that start like it."""
        found: dict[str, int] = {}
        for key in self.keys & tags.keys():
            by_value = self._by_value[key]
            items = values(tags[key])
            if items != ["no"] and "*" in by_value:
                items = [*items, "*"]
            for item in items:
                held = [rule for rule in by_value.get(item, ()) if all(_holds(term, tags) for term in rule[2])]
                longer = [rule for rule in held if rule[2]]
                found.update({outcome: order for order, outcome, _ in longer or held})
        return sorted(found, key=found.__getitem__)

    def first(self, tags: Tags) -> str:
        """The first outcome of `all`; empty where no rule holds."""
        found = self.all(tags)
        return found[0] if found else ""


def _term(given: str, rule: str) -> Term:
    for operator in OPERATORS:
        key, found, value = given.partition(operator)
        if found and key and value:
            return key.strip(), operator, value.strip()
    raise DataError(f"rule '{rule}': '{given}' is no term; write key=value, key=*, key!=value, key~text or key!~text")


def _holds(term: Term, tags: Tags) -> bool:
    key, operator, value = term
    raw = tags.get(key, "")
    if operator == "=":
        return (value in values(raw)) if value != "*" else raw not in {"", "no"}
    if operator == "!=":
        return value not in values(raw)
    return (value in raw) is (operator == "~")


def number(raw: str | None, *, most: float = 1e6) -> float:
    """First number of a value, NaN where there is none, it is negative or above `most`.

    >>> number("3"), number("2;3"), number("2,5"), number("many")
    (3.0, 2.0, 2.5, nan)
    """
    found = re.match(r"\s*(\d{1,9}(?:[.,]\d{1,6})?)\s*(?:;|$)", raw or "", re.ASCII)
    value = float(found[1].replace(",", ".")) if found else NAN
    return value if value <= most else NAN


def level(raw: str | None) -> int:
    """The `layer` of a way, 0 where it is not a whole number between -20 and 20.

    >>> level("-1"), level("1;2"), level("ground"), level(None)
    (-1, 1, 0, 0)
    """
    found = re.match(r"\s*([+-]?\d{1,2})\s*(?:;|$)", raw or "", re.ASCII)
    return int(found[1]) if found and abs(int(found[1])) <= 20 else 0


LENGTH_UNITS = {"": 1.0, "m": 1.0, "metre": 1.0, "metres": 1.0, "cm": 0.01, "km": 1000.0, "ft": 0.3048, "feet": 0.3048}


def length(raw: str | None, *, most: float = 1e6) -> float:
    r"""A width or height [m], NaN where it cannot be read.

    >>> length("3.5"), length("3,5 m"), length("10 ft"), round(length("9'6\""), 4)
    (3.5, 3.5, 3.048, 2.8956)
    """
    given = (raw or "").partition(";")[0].strip().replace(",", ".")
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?)\s*([a-z]*)", given, re.ASCII)
    feet = re.fullmatch(r"(\d{1,6})'\s*(?:(\d{1,2}(?:\.\d{1,3})?)\")?", given, re.ASCII)
    value = NAN
    if found and found[2] in LENGTH_UNITS:
        value = float(found[1]) * LENGTH_UNITS[found[2]]
    elif feet:
        value = (float(feet[1]) + float(feet[2] or 0) / 12) * 0.3048
    return value if value <= most else NAN


def duration(raw: str | None) -> float:
    """A duration [s]: ``"20"`` (minutes), ``"1:20"``, ``"1:20:30"``, ``"PT1H20M"``; NaN where it cannot be read.

    >>> duration("20"), duration("0:20"), duration("1:00:30"), duration("PT1H20M")
    (1200.0, 1200.0, 3630.0, 4800.0)
    """
    given = (raw or "").strip()
    seconds = 0.0
    if clock := re.fullmatch(r"(?:(\d{1,3}):)?(\d{1,4})(?::(\d{2}))?", given, re.ASCII):
        hours, minutes, rest = (float(part or 0) for part in clock.groups())
        seconds = 3600 * hours + 60 * minutes + rest
    elif iso := re.fullmatch(r"P(?:(\d{1,3})D)?T?(?:(\d{1,3})H)?(?:(\d{1,4})M)?(?:(\d{1,5})S)?", given, re.ASCII):
        days, hours, minutes, rest = (float(part or 0) for part in iso.groups())
        seconds = 86400 * days + 3600 * hours + 60 * minutes + rest
    return seconds if seconds > 0 else NAN


SPEED_UNITS = {"": kmh, "km/h": kmh, "kmh": kmh, "kph": kmh, "mph": MPH, "knots": KNOT, "knot": KNOT}


def speed(raw: str | None) -> float:
    """A speed limit [m/s]; of several the lowest, NaN where none can be read.

    >>> [round(speed(each) / kmh, 1) for each in ("50", "30 mph", "50;30", "none", "FR:urban", "DE:zone:30", "signals")]
    [50.0, 48.3, 30.0, 130.0, 50.0, 30.0, nan]
    """
    found = [each for each in map(_one_speed, re.split(r"[;|,]", raw or "")) if MPH <= each <= 200 * kmh]
    return min(found) if found else NAN


def _one_speed(raw: str) -> float:
    given = raw.strip()
    if found := re.fullmatch(r"(\d{1,3}(?:\.\d{1,3})?)\s*([a-z/]*)", given, re.ASCII):
        return float(found[1]) * SPEED_UNITS.get(found[2], NAN)
    words, countries = settings()["speed_words"], settings()["speed_country"]
    if given in countries:
        return _one_speed(str(countries[given]))
    country, _, zone = given.partition(":")
    word = zone or given
    if word in words:
        return float(words[word]) * kmh
    if found := re.fullmatch(r"(?:zone)?:?(\d{1,3})", word, re.ASCII):
        return float(found[1]) * (MPH if country[:2] in {"GB", "US"} else kmh)
    return NAN
