"""A scenario turns a city into another city: a list of changes with a name, which adds up and can be saved.

A *change* is any pure function ``City -> City``; those that plug in are frozen dataclasses registered with `change`, so
that TOML files can name them. A plan builds, a shock breaks; both are scenarios, and ``plan + shock`` builds first.
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import geopandas as gpd

from twin.errors import ScenarioError, TwinError, UnknownName, listed
from twin.model import City, Raster
from twin.registry import Registry
from twin.units import quantity

__all__ = ["Bundle", "Change", "Scenario", "change", "changes", "named", "option"]

Change = Callable[[City], City]
T = TypeVar("T", bound=type)


def _load() -> None:
    import twin.hazards
    import twin.interventions  # noqa: F401


#: Every change that a scenario file may name.
changes: Registry[type] = Registry("change", "twin.changes", _load)


def change(cls: T) -> T:
    """Register a frozen dataclass as a change, under its name in snake_case (``AddFacility`` -> ``add_facility``)."""
    changes.add(named(cls), cls)
    return cls


def named(cls: type) -> str:
    """The name of a change in files.

    >>> class AddFacility: ...
    >>> named(AddFacility)
    'add_facility'
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()


def option(default: Any = dataclasses.MISSING, *, unit: str = "", layer: bool = False) -> Any:
    """A field of a change: its default, its unit (SI), and whether it holds a layer that a file names by path."""
    return dataclasses.field(default=default, metadata={"unit": unit, "layer": layer})


@dataclass(frozen=True, eq=False)
class Scenario:
    """Changes under a name, applied in order; `zh` is its name in Chinese, the same one where not given.

    Examples
    --------
    >>> calm = Scenario("as built", zh="现状")
    >>> (calm + Scenario("storm")).name
    'as built + storm'
    >>> (calm + Scenario("storm")).zh
    '现状 + storm'
    """

    name: str
    changes: tuple[Change, ...]
    zh: str

    def __init__(self, name: str, *changes: Change, zh: str = "") -> None:
        for each in changes:
            if not callable(each):
                raise ScenarioError(
                    f"scenario '{name}': {each!r} is no change; a change is a function from city to city", scenario=name
                )
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "changes", tuple(changes))
        object.__setattr__(self, "zh", zh or name)

    def __add__(self, other: Scenario) -> Scenario:
        """Build this, then apply the other to it."""
        return Scenario(f"{self.name} + {other.name}", *self.changes, *other.changes, zh=f"{self.zh} + {other.zh}")

    def __call__(self, city: City) -> City:
        """The city after all changes; the city given stays as it was.

        Raises
        ------
        ScenarioError : a change did not return a city, or failed.
        TwinError : what a change raised; a note says in which scenario.
        """
        for each in self.changes:
            try:
                after = each(city)
            except TwinError as error:
                error.add_note(f"in scenario '{self.name}', change {_label(each)}")
                raise
            except Exception as error:
                raise ScenarioError(
                    f"scenario '{self.name}': {_label(each)} failed: {type(error).__name__}: {error}",
                    scenario=self.name,
                    change=_label(each),
                ) from error
            if not isinstance(after, City):
                raise ScenarioError(
                    f"scenario '{self.name}': {_label(each)} returned {type(after).__name__}, not a city",
                    scenario=self.name,
                    change=_label(each),
                )
            city = after
        return city.renamed(self.name)

    def describe(self, language: str = "en") -> list[str]:
        """One line a change, with its fields, as reports and manifests show it; in English or Chinese (``zh``)."""
        return [_described(each, language) for each in self.changes]

    def seeded(self, seed: int) -> Scenario:
        """A replication: the same scenario with the seed of every random change replaced, each by its own."""
        fresh: list[Change] = []
        for position, each in enumerate(self.changes):
            drawn: Any = each
            if dataclasses.is_dataclass(drawn) and getattr(drawn, "seed", None) is not None:
                drawn = dataclasses.replace(drawn, seed=seed * 1_000_003 + position)  # type: ignore[type-var]
            fresh.append(drawn)
        return Scenario(self.name, *fresh, zh=self.zh)

    @property
    def random(self) -> bool:
        """True where some change draws from a seed."""
        return any(getattr(each, "seed", None) is not None for each in self.changes)

    @classmethod
    def load(cls, path: str | Path) -> Scenario:
        """Read a scenario from a TOML file; layers it names are read from beside it.

        A scenario file may come from anybody: the files it names lie in its own folder or below (links are followed
        first). Layers of the city are named as the city names them, without an ending.

        A file that holds a study, with its own plans and shocks, is read with `Bundle.load`.

        Raises
        ------
        ScenarioError : not TOML, no name, a change with a key that it does not have or a value of the wrong type, a
            file that is not there or lies outside of the folder.
        DataError : a number in a unit of another dimension, or a layer that is not as it should be.
        UnknownName : a change or unit that does not exist, with the nearest that does.
        """
        path = Path(path)
        table = _table(path)
        if "plan" in table or "shock" in table:
            raise ScenarioError(f"{path}: it holds a study with its own plans and shocks; run it with twin run")
        return _scenario(table, path, str(path))

    def save(self, path: str | Path) -> None:
        """Write the scenario as TOML; layers held in memory are written beside it."""
        import tomli_w

        path = Path(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            entries = [_entry(each, path, number) for number, each in enumerate(self.changes, 1)]
            fresh = path.with_name(f".{path.name}.partial")
            name = self.name if self.zh == self.name else {"en": self.name, "zh": self.zh}
            fresh.write_text(tomli_w.dumps({"name": name, "change": entries}), encoding="utf-8")
            fresh.replace(path)
        except OSError as error:
            reason = error.strerror or error
            raise ScenarioError(f"{path}: cannot be written ({reason}); name a place that you may write to") from None


@dataclass(frozen=True, eq=False)
class Bundle:
    """What a scenario file asks for: plans and shocks, on which city, by which standards.

    Attributes
    ----------
    scenario : the file's name in both languages, with the changes that stand under ``[[change]]``.
    plans : what is built, each judged at rest and under every shock; empty: the city as it is alone.
    shocks : what happens; the file's own changes are the first of them.
    city : the city's folder, beside the file; None where the file names none.
    standards : packs by name.
    """

    scenario: Scenario
    plans: tuple[Scenario, ...]
    shocks: tuple[Scenario, ...]
    city: Path | None
    standards: tuple[str, ...]

    @classmethod
    def load(cls, path: str | Path) -> Bundle:
        """Read a scenario file; its keys stand in ``docs/cases.md``, the errors are those of `Scenario.load`."""
        path = Path(path)
        table = _table(path)
        own = _scenario(table, path, str(path))
        plans, shocks = (_parts(table, key, path) for key in ("plan", "shock"))
        if plans:
            plans = (Scenario("as it is", zh="现状"), *plans)
        if own.changes:
            shocks = (own, *shocks)
        city, standards = table.get("city", ""), table.get("standards", [])
        if not isinstance(city, str) or not isinstance(standards, list) or not all(type(n) is str for n in standards):
            raise ScenarioError(f'{path}: write city = "…" and standards = ["…"]', scenario=own.name)
        return cls(own, plans, shocks, path.parent / city if city else None, tuple(standards))


#: Keys of a scenario file; ``case`` is what a dossier tells beside the numbers (`twin.cases`).
_FILE = {"about", "case", "change", "city", "name", "plan", "shock", "standards"}


def _table(path: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ScenarioError(f"{path}: no such file") from None
    except OSError as error:
        raise ScenarioError(f"{path}: not readable ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path}: not readable as TOML ({error}); correct that line") from None
    _keys(table, _FILE, str(path), path.stem)
    return table


def _parts(table: Mapping[str, Any], key: str, path: Path) -> tuple[Scenario, ...]:
    """The scenarios under ``[[plan]]`` or ``[[shock]]``."""
    entries = table.get(key, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ScenarioError(f"{path}: write each {key} under [[{key}]], with two brackets", scenario=path.stem)
    for number, entry in enumerate(entries, 1):
        _keys(entry, {"about", "change", "name"}, f"{path}, {key} {number}", path.stem)
    return tuple(_scenario(entry, path, f"{path}, {key} {number}") for number, entry in enumerate(entries, 1))


def _scenario(table: Mapping[str, Any], path: Path, where: str) -> Scenario:
    name = table.get("name")
    names: Any = name if isinstance(name, dict) else {"en": name, "zh": name}
    if set(names) != {"en", "zh"} or not all(isinstance(text, str) and text for text in names.values()):
        raise ScenarioError(f'{where}: a scenario needs a name; write name = "…", or name = {{ en = "…", zh = "…" }}')
    entries = table.get("change", [])
    if not isinstance(entries, list):
        raise ScenarioError(f"{where}: write each change under [[change]], with two brackets", scenario=names["en"])
    built = (_build(entry, path, f"{where}, change {number}") for number, entry in enumerate(entries, 1))
    return Scenario(names["en"], *built, zh=names["zh"])


def _label(each: Change) -> str:
    return named(type(each)) if dataclasses.is_dataclass(each) else getattr(each, "__name__", type(each).__name__)


def _described(each: Change, language: str) -> str:
    label = getattr(each, "zh", _label(each)) if language == "zh" else _label(each).replace("_", " ")
    if not dataclasses.is_dataclass(each):
        return label
    texts = []
    for field in dataclasses.fields(each):
        value = getattr(each, field.name)
        if isinstance(value, Raster | gpd.GeoDataFrame):
            value = (
                f"{len(value)} rows"
                if isinstance(value, gpd.GeoDataFrame)
                else f"raster of {value.values.size:,} cells"
            )
        elif isinstance(value, tuple) and all(isinstance(v, str) for v in value):
            value = listed(value)
        if value is False or value in ("", (), None) or value != value:  # noqa: PLR0124 -- NaN
            continue
        if value == field.default and field.name in {"add", "share", "times"}:
            continue
        unit = field.metadata.get("unit", "")
        said = "yes" if value is True else f"{value}{' ' + unit if unit and unit != '1' else ''}"
        texts.append((field.name, said))
    if language == "zh":
        texts = [(name, "是" if value == "yes" else value.replace(" person", " 人")) for name, value in texts]
        told = "；".join(f"{_chinese().get(name, name)}：{_kind(name, value)}" for name, value in texts)
        return f"{label}（{told}）" if told else label
    told = "; ".join(f"{name}: {value}" for name, value in texts)
    return f"{label} ({told})" if told else label


@cache
def _chinese() -> Mapping[str, str]:
    table: dict[str, str] = tomllib.loads((files("twin") / "changes.toml").read_text(encoding="utf-8"))
    return table


def _kind(field: str, value: str) -> str:
    """A kind of facility, or a column of the facilities, by its Chinese name."""
    from twin.gis.kinds import kinds
    from twin.model.schema import schema

    known = {"facility": kinds(), "column": schema()["facilities"].columns, "of": schema()["facilities"].columns}
    found: Any = known.get(field, {}).get(value)
    return found.zh if found else value


def _keys(table: Mapping[str, Any], known: Sequence[str] | set[str], where: str, name: str) -> None:
    for key in table:
        if key not in known:
            error = UnknownName("key", key, known, where=where)
            raise ScenarioError(str(error), scenario=name)


def _build(entry: Any, path: Path, where: str) -> Change:
    if not isinstance(entry, dict) or not isinstance(entry.get("kind"), str):
        raise ScenarioError(f'{where}: a change names its kind; write kind = "flood" (or {listed(changes)})')
    try:
        cls = changes[entry["kind"]]
    except UnknownName as error:
        raise UnknownName("change", error.name, error.known, where=where) from None
    fields = {field.name: field for field in dataclasses.fields(cls)}
    given = {key: value for key, value in entry.items() if key != "kind"}
    _keys(given, set(fields), f"{where} ({entry['kind']})", path.stem)
    values = {key: _value(value, fields[key], path, f"{where}, {key}") for key, value in given.items()}
    missing = [
        n
        for n, f in fields.items()
        if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING and n not in values
    ]
    if missing:
        raise ScenarioError(f"{where} ({entry['kind']}): {listed(missing)} must be given", change=entry["kind"])
    try:
        made: Change = cls(**values)
    except TwinError as error:
        raise ScenarioError(f"{where}: {error}", change=entry["kind"]) from None
    return made


def _value(value: Any, field: dataclasses.Field[Any], path: Path, where: str) -> Any:
    if field.metadata.get("layer"):
        return _layer(value, path, where)
    if isinstance(value, dict) or (field.metadata.get("unit") and not isinstance(value, list)):
        return quantity(value, unit=field.metadata.get("unit") or "1", where=where)
    kind = re.match(r"\w+", getattr(field.type, "__name__", str(field.type)))
    want, words = _WRITTEN.get(kind.group() if kind else "", (object, ""))
    if not isinstance(value, want) or (want is int and isinstance(value, bool)):
        raise ScenarioError(f"{where}: {value!r} is no {words}", change=field.name)
    return _tuples(value)


#: How a field is written in TOML, by the name of its type.
_WRITTEN: Mapping[str, tuple[type, str]] = {
    "bool": (bool, "true or false"),
    "int": (int, "whole number"),
    "str": (str, 'text; write it in quotes, "…"'),
    "tuple": (list, "list; write it in brackets, […]"),
}


def _layer(value: Any, path: Path, where: str) -> Any:
    """The layer that a file beside the scenario holds, or the name of a layer of the city."""
    if not isinstance(value, str) or not value.isprintable():
        raise ScenarioError(f"{where}: {value!r} is no layer; name a file beside the scenario, or a layer of the city")
    home, beside = path.parent.resolve(), (path.parent / value).resolve()
    if not beside.is_file() and not Path(value).suffix and Path(value).name == value:
        return value
    if not beside.is_relative_to(home):
        raise ScenarioError(
            f"{where}: '{value}' lies outside of the scenario's folder {home}; put the file there, or name a layer of "
            "the city"
        )
    if not beside.is_file():
        raise ScenarioError(f"{where}: no file {beside}; give it relative to the scenario file, or a layer's name")
    from twin.gis.read import read_layer

    return read_layer(beside)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(each) for each in value) if isinstance(value, list) else value


def _entry(each: Change, path: Path, number: int) -> dict[str, Any]:
    if not dataclasses.is_dataclass(each) or named(type(each)) not in changes:
        raise ScenarioError(
            f"{_label(each)} is a plain function; only registered changes can be saved to a file", change=_label(each)
        )
    entry: dict[str, Any] = {"kind": named(type(each))}
    for field in dataclasses.fields(each):
        value = getattr(each, field.name)
        if isinstance(value, Raster | gpd.GeoDataFrame):
            value = _beside(value, path, f"{path.stem}_{number}_{field.name}")
        value = _written(value)
        if value is None or value == [] or value != value or (value == "" and field.default == ""):  # noqa: PLR0124
            continue
        unit = field.metadata.get("unit")
        entry[field.name] = {"value": value, "unit": unit} if unit else value
    return entry


def _written(value: Any) -> Any:
    """A value as TOML knows it: lists for tuples, plain numbers for NumPy's."""
    if isinstance(value, tuple | list):
        return [_written(each) for each in value]
    return value.item() if hasattr(value, "item") else value


def _beside(layer: Raster | gpd.GeoDataFrame, path: Path, stem: str) -> str:
    if isinstance(layer, Raster):
        from twin.gis.raster import write_raster

        write_raster(layer, path.parent / f"{stem}.tif")
        return f"{stem}.tif"
    plain = layer.drop(columns="entrances", errors="ignore")  # a file has one geometry
    plain.to_file(path.parent / f"{stem}.gpkg", driver="GPKG")
    return f"{stem}.gpkg"
