"""The schema as data (``schema.toml``) and the one door where a table is checked against it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from twin.errors import DataError, UnknownName, listed

__all__ = ["Column", "Layer", "layer_of", "schema", "validate"]

_TRUE = frozenset({"true", "t", "yes", "y", "1", "1.0"})
_FALSE = frozenset({"false", "f", "no", "n", "0", "0.0", ""})


@dataclass(frozen=True)
class Column:
    """One column of a layer: what it holds, in which unit, and what may stand in it."""

    name: str
    dtype: str
    en: str
    zh: str
    about: str
    about_zh: str
    unit: str = ""
    required: bool = False
    default: Any = None
    least: float | None = None


@dataclass(frozen=True)
class Layer:
    """One layer of a city: its labels, its meaning and its columns."""

    name: str
    en: str
    zh: str
    about: str
    about_zh: str
    columns: Mapping[str, Column]


@cache
def schema() -> Mapping[str, Layer]:
    """Every layer that `twin` knows, by name, in the order of ``schema.toml``."""
    table = tomllib.loads((files("twin.model") / "schema.toml").read_text(encoding="utf-8"))
    layers = {}
    for name, entry in table.items():
        columns = {key: Column(name=key, **_told(value)) for key, value in entry["columns"].items()}
        layers[name] = Layer(name, **_told(entry) | {"columns": MappingProxyType(columns)})
    return MappingProxyType(layers)


def _told(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry with what is told about it in each language."""
    return {**entry, "about": entry["about"]["en"], "about_zh": entry["about"]["zh"]}


@cache
def _named() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    return tomllib.loads((files("twin.model") / "layers.toml").read_text(encoding="utf-8"))


def labels(name: str, *, network: bool = False) -> tuple[str, str]:
    """What a layer or network is called in English and Chinese; its own name where nobody named it.

    >>> labels("flood_50"), labels("walk", network=True), labels("facilities")
    (('Depth of a flood, 1 in 50 years', '50年一遇洪水水深'), ('Walking network', '步行网络'), ('Facilities', '设施'))
    """
    networks, own = _named()["network"], _named()["layer"]
    stem, _, number = name.rpartition("_")
    if name in schema() and not network:
        return schema()[name].en, schema()[name].zh
    if stem in own and number.isdigit():
        return own[stem]["en"].format(n=number), own[stem]["zh"].format(n=number)
    found = networks.get(name) or own.get(name) or {"en": name, "zh": name}
    return found["en"], found["zh"]


def layer_of(name: str) -> Layer:
    """Look a layer up by name; `UnknownName` says which there are."""
    if name not in schema():
        raise UnknownName("layer", name, schema())
    return schema()[name]


def validate(frame: pd.DataFrame, layer: str, *, where: str = "") -> pd.DataFrame:
    """Check a table against the schema; return it with types cast and missing columns filled.

    Parameters
    ----------
    frame : table as it was read; it is not changed.
    layer : name of the schema's layer.
    where : file that the table came from, for error messages.

    Returns
    -------
    (Geo)DataFrame : a shallow copy with a plain 0..n-1 index; columns that the schema does not know are kept.

    Raises
    ------
    DataError : a required column is missing or has gaps, ids repeat, a number is below its least value, a value
        is of the wrong type, a geometry is missing. The error carries `layer`, `column` and `rows`.
    """
    known = layer_of(layer)
    checked = frame.reset_index(drop=True).copy(deep=False)
    if "geometry" in known.columns and known.columns["geometry"].required:
        _check_geometry(checked, layer, where)
    for column in known.columns.values():
        if column.dtype in {"geometry", "point"}:
            continue
        if column.name not in checked.columns:
            _fill(checked, column, known, where)
            continue
        values = _cast(checked[column.name], column, layer, where)
        _check_values(values, column, layer, where)
        if values is not checked[column.name]:
            checked[column.name] = values
    return checked


def _place(layer: str, column: str, where: str) -> str:
    return f"{where + ': ' if where else ''}{layer}.{column}"


def _fill(frame: pd.DataFrame, column: Column, layer: Layer, where: str) -> None:
    if column.required:
        near = UnknownName("column", column.name, [c for c in frame.columns if c not in layer.columns])
        hint = str(near).partition(";")[2] or " the table has no other column"
        raise DataError(
            f"{where + ': ' if where else ''}layer '{layer.name}' has no column '{column.name}' ({column.about});"
            f"{hint}",
            layer=layer.name,
            column=column.name,
        )
    if column.default is not None:
        frame[column.name] = np.full(len(frame), column.default, dtype=object if column.dtype == "str" else None)


def _cast(values: pd.Series, column: Column, layer: str, where: str) -> pd.Series:
    if column.dtype in {"float", "int"}:
        if values.dtype.kind not in "biuf":
            values = values.map(lambda v: None if isinstance(v, str) and not v.strip() else v)  # an empty cell of a CSV
        number = pd.to_numeric(values, errors="coerce").astype("float64")
        bad = np.flatnonzero(number.isna().to_numpy() & values.notna().to_numpy())
        if len(bad):
            raise DataError(
                f"{_place(layer, column.name, where)}: {len(bad)} values are not numbers (rows {listed(bad)}: "
                f"{listed(values.iloc[bad])}); write numbers{' in ' + column.unit if column.unit else ''} "
                "or leave them empty where unknown",
                layer=layer,
                column=column.name,
                rows=bad,
            )
        return _whole(number, column, layer, where) if column.dtype == "int" else number
    if column.dtype == "bool":
        return values if values.dtype == bool else _as_bool(values, column, layer, where)
    if column.dtype == "str":
        text = values.astype(object).where(values.notna(), "")
        return text.map(str)
    return values


def _whole(number: pd.Series, column: Column, layer: str, where: str) -> pd.Series:
    """Whole numbers as int64; where some are missing and none stands in for them they stay floats."""
    with np.errstate(invalid="ignore"):
        bad = np.flatnonzero((number % 1 != 0).to_numpy() & number.notna().to_numpy())
    if len(bad):
        raise DataError(
            f"{_place(layer, column.name, where)}: {len(bad)} values are not whole numbers (rows {listed(bad)}: "
            f"{listed(f'{v:g}' for v in number.iloc[bad])}); {column.about}",
            layer=layer,
            column=column.name,
            rows=bad,
        )
    if column.default is not None:
        number = number.fillna(column.default)
    return number if number.isna().any() else number.astype("int64")


def _as_bool(values: pd.Series, column: Column, layer: str, where: str) -> pd.Series:
    text = values.astype(object).where(values.notna(), "").map(lambda v: str(v).strip().lower())
    truth = text.isin(_TRUE).to_numpy()
    empty = (text == "").to_numpy()
    bad = np.flatnonzero(~truth & ~text.isin(_FALSE).to_numpy())
    if len(bad):
        raise DataError(
            f"{_place(layer, column.name, where)}: {len(bad)} values are neither yes nor no (rows {listed(bad)}: "
            f"{listed(values.iloc[bad])}); write true or false",
            layer=layer,
            column=column.name,
            rows=bad,
        )
    return pd.Series(np.where(empty, bool(column.default), truth).astype(bool), index=values.index, name=column.name)


def _check_values(values: pd.Series, column: Column, layer: str, where: str) -> None:
    place = _place(layer, column.name, where)
    if column.required and (gaps := np.flatnonzero(values.isna().to_numpy())).size:
        raise DataError(
            f"{place}: {gaps.size} values are missing (rows {listed(gaps)}); {column.about} is needed in every row",
            layer=layer,
            column=column.name,
            rows=gaps,
        )
    if column.name == "id" and (twice := np.flatnonzero(values.duplicated(keep=False).to_numpy())).size:
        raise DataError(
            f"{place}: {twice.size} rows share an id (rows {listed(twice)}: {listed(values.iloc[twice])}); "
            "give every row its own",
            layer=layer,
            column=column.name,
            rows=twice,
        )
    if column.dtype in {"float", "int"}:
        number = values.to_numpy(dtype=float)
        least = -np.inf if column.least is None else column.least
        with np.errstate(invalid="ignore"):
            low = np.flatnonzero((number < least) | np.isinf(number))
        if low.size:
            bound, floor = ("", "finite") if column.least is None else (f"below {least:g} or ", f"at least {least:g}")
            raise DataError(
                f"{place}: {low.size} values are {bound}infinite (rows {listed(low)}: "
                f"{listed(f'{v:g}' for v in number[low])}). {column.en.capitalize()} is"
                f"{' in ' + column.unit if column.unit else ''} {floor}"
                + ("" if column.required else "; leave it empty where it is unknown"),
                layer=layer,
                column=column.name,
                rows=low,
            )


def _check_geometry(frame: pd.DataFrame, layer: str, where: str) -> None:
    if not isinstance(frame, gpd.GeoDataFrame) or frame._geometry_column_name not in frame.columns:  # noqa: SLF001
        raise DataError(
            f"{where + ': ' if where else ''}layer '{layer}' has no geometry; give it points, lines or polygons, "
            "or for a table the columns that hold the coordinates",
            layer=layer,
            column="geometry",
        )
    shapes = frame.geometry.to_numpy()
    gone = np.flatnonzero(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    if gone.size:
        raise DataError(
            f"{_place(layer, 'geometry', where)}: {gone.size} rows have no geometry (rows {listed(gone)}); "
            "delete these rows or draw them",
            layer=layer,
            column="geometry",
            rows=gone,
        )
