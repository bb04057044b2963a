"""What a verdict says in words, in English and Chinese."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import pandas as pd

from twin.errors import MissingData
from twin.measures import Measure
from twin.model import City
from twin.model.schema import Column, Layer, labels, schema
from twin.standards.clause import Clause
from twin.units import shown

__all__ = [
    "SIGNS",
    "beside",
    "compared",
    "doubts",
    "limit_text",
    "limit_words",
    "missed",
    "missing",
    "trait_words",
    "traits",
]

NETWORKS = frozenset({"walk", "drive", "transit", "power", "water", "drainage", "telecom"})

SIGNS = {"at_least": ">=", "at_most": "<=", "more_than": ">", "less_than": "<"}
_ASKED = {
    "at_least": ("at least", "不低于"),
    "at_most": ("at most", "不超过"),
    "more_than": ("more than", "大于"),
    "less_than": ("less than", "小于"),
}


def _zh(value: float, unit: str) -> str:
    return shown(value, unit, language="zh")


@cache
def traits() -> Mapping[str, Mapping[str, Any]]:
    """Traits that clauses ask for, with what they and their values are called in Chinese."""
    return tomllib.loads((files("twin.standards") / "traits.toml").read_text(encoding="utf-8"))


def trait_words(trait: str, *values: str) -> tuple[str, str]:
    """A trait and some of its values, in English as ``city.toml`` has them, and in Chinese.

    >>> trait_words("size_class", "small", "medium")
    ('size_class small or medium', '城市规模为小城市、中等城市')
    """
    told = traits().get(trait, {"zh": trait, "values": {}})
    named = [told["values"].get(value, value) for value in values]
    if not values:
        return trait, told["zh"]
    return f"{trait} {' or '.join(values)}", f"{told['zh']}为{'、'.join(named)}"


def limit_text(limits: Mapping[str, float]) -> str:
    """Limits for machines, in SI.

    >>> limit_text({"at_least": 0.8})
    '>= 0.8'
    """
    return " and ".join(f"{SIGNS[key]} {value:.6g}" for key, value in limits.items())


def limit_words(limits: Mapping[str, float], unit: str) -> tuple[str, str]:
    """Limits for people, in English and Chinese.

    >>> limit_words({"at_least": 0.8}, "1")
    ('at least 80.0 %', '不低于80.0 %')
    """
    en = " and ".join(f"{_ASKED[key][0]} {shown(value, unit)}" for key, value in limits.items())
    return en, "且".join(f"{_ASKED[key][1]}{_zh(value, unit)}" for key, value in limits.items())


def compared(clause: Clause, value: float, limits: Mapping[str, float], people: float) -> tuple[str, str]:
    """Value against limit, and how many people it does not hold for."""
    unit = clause.meter.unit
    far = not value < float("inf")
    en, zh = ["beyond reach" if far else shown(value, unit)], ["不可达" if far else _zh(value, unit)]
    if limits:
        asked = limit_words(limits, unit)
        en.append(f"{asked[0]} is asked")
        zh.append(f"要求{asked[1]}")
    who = missed(people)
    return ", ".join(filter(None, (*en, who[0]))), "，".join(filter(None, (*zh, who[1])))


def missed(people: float) -> tuple[str, str]:
    """How many people are left out; nothing where nobody is counted."""
    if not people >= 0.5:
        return "", ""
    return f"{people:,.0f} people are left out", f"{people:,.0f}人未被覆盖"


def beside(meter: Measure, value: float) -> tuple[str, str]:
    """The value by another kind of distance."""
    return f"{meter.en}: {shown(value, meter.unit)}", f"{meter.zh}：{_zh(value, meter.unit)}"


def missing(city: City, gap: MissingData) -> tuple[str, str]:
    """What data a clause lacks, and how to add it."""
    layer, column, known = gap.layer, gap.column, schema().get(gap.layer)
    label = f"（{known.zh}）" if known else ""
    if layer and layer not in city.layers and layer not in {"facilities", "population"}:
        if layer in city.networks:
            return str(gap), _lacking(gap)
        if layer in NETWORKS:
            return f"{gap}; add a network of that name", f"缺少网络“{layer}”；请为城市添加该网络"
        table, needs = f"{layer}.parquet", ", ".join(_columns(known)) if known else ""
        file = table if known else f"{layer}.tif, or {table} where it is a table,"
        file_zh = table if known else f"{layer}.tif（表格为{table}）"
        told, told_zh = f" with {needs} (twin schema {layer})", f"，字段{needs}（twin schema {layer}）"
        return (
            f"{gap}; add {file} to the city's folder{told if needs else ''}",
            f"缺少图层“{layer}”{label}；请在城市文件夹中添加{file_zh}{told_zh if needs else ''}",
        )
    if column and layer and layer != "records" and column not in getattr(city.layer(layer), "columns", (column,)):
        about = known.columns[column] if known and column in known.columns else None
        unit = _unit(about) if about else ""
        named = f"{column}（{about.zh}{unit}）" if about else column
        return (
            f"{gap}; add it to {layer}.parquet{unit}",
            f"图层“{layer}”{label}缺少字段{named}；请补充到{layer}.parquet",
        )
    return str(gap), _lacking(gap)


def _lacking(gap: MissingData) -> str:
    """Which data a city lacks, in Chinese, where no more can be told; in English the error says it.

    >>> _lacking(MissingData("x", layer="facilities", column="floor_area"))
    '缺少数据：“设施”（facilities）的“建筑面积”（floor_area）缺失或不全'
    >>> _lacking(MissingData("Harbour: no record 'ports'", layer="records"))
    '缺少数据：“登记与统计”（records）中没有“ports”'
    """
    if not gap.layer:
        return f"缺少数据：{gap}"
    label = f"“{labels(gap.layer)[1]}”（{gap.layer}）"
    record = re.search(r"no record '([^']+)'", str(gap))
    if record:
        return f"缺少数据：{label}中没有“{record.group(1)}”"
    if not gap.column:
        return f"缺少数据：{label}缺失或不全"
    known = schema()[gap.layer].columns.get(gap.column) if gap.layer in schema() else None
    column = f"“{known.zh}”（{gap.column}）" if known else f"“{gap.column}”"
    return f"缺少数据：{label}的{column}缺失或不全"


def _columns(layer: Layer) -> list[str]:
    """Columns that a layer cannot do without, and their units."""
    return [f"{each.name}{_unit(each)}" for each in layer.columns.values() if each.required]


def _unit(column: Column) -> str:
    return f" [{column.unit}]" if column.unit not in {"", "1"} else ""


def doubts(city: City, clause: Clause) -> tuple[str, str]:
    """What the value rests on that is estimated or recalled."""
    en, zh = [], []
    of_people = "population" in clause.meter.reads and clause.given.get("of") not in {"area", "residential_land"}
    if of_people and city.about.source("population").estimated:
        en.append("the population is estimated")
        zh.append("人口为估算值")
    layer = clause.given.get("layer", "")
    if layer and city.about.source(layer).estimated:
        by = city.about.source(layer).source
        en.append(f"{layer} is estimated{f' ({by})' if by else ''}")
        zh.append(f"{layer}为估算值")
    if clause.given.get("network") == "drive" and clause.meter.name in {"share_within", "response_time"}:
        columns = city.network("drive").columns if "drive" in city.networks else {}
        if "estimated" in columns and columns["estimated"].any():
            share = float(columns["length"][columns["estimated"]].sum() / columns["length"].sum())
            en.append(f"speeds of {share:.0%} of the streets are class defaults, free of traffic")
            zh.append(f"{share:.0%}的道路车速为分级默认值，未计拥堵")
    if "records" in clause.meter.reads and "records" in city.layers:
        told = _told(city, clause)
        en += [f"by the records: {each}" for each in told]
        zh += [f"据登记：{each}" for each in told]
    if clause.source.evidence == "recalled":
        en.append("the figure is recalled, not read")
        zh.append("限值凭记忆，未核对原文")
    if clause.valid.goal is not None:
        en.append(f"a goal for {clause.valid.goal}")
        zh.append(f"{clause.valid.goal}年目标值")
    return "; ".join(en), "；".join(zh)


def _told(city: City, clause: Clause) -> list[str]:
    """Source and year of the records that a clause names, each once."""
    table = city.table("records")
    origins: dict[str, str] = city.memory.of("origins", (table,), lambda: _origins(table))
    names = (value for value in clause.given.values() if isinstance(value, str))
    return list(dict.fromkeys(origins[name] for name in names if name in origins))


def _origins(table: pd.DataFrame) -> dict[str, str]:
    """Source and year of each record."""
    rows = zip(table["id"], table["source"].astype(str), table["year"].astype(str), strict=True)
    return {str(name): f"{source}, {year}" if year.strip("-") else source for name, source, year in rows}
