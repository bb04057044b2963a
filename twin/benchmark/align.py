"""Codes of one value in several frameworks, read from ``alignments.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

from twin.standards.clause import Label

__all__ = ["Alignment", "Code", "alignments"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Code(_Strict):
    """A place in a framework of indicators.

    `match` is "same" or "near" where the value fills the code, "related" where it does not; `note` says what differs.
    """

    framework: str
    code: str
    match: Literal["same", "near", "related"] = "same"
    evidence: Literal["read", "partly read", "recalled"] = "read"
    note: Label = Label(en="", zh="")


class Alignment(_Strict):
    """What is told of one indicator: the clause that computes it, its better end, its yardstick, its codes."""

    id: str
    clause: str
    better: Literal["more", "less"] | None = None
    worst: float | None = None
    best: float | None = None
    scale: Label = Label(en="", zh="")
    code: tuple[Code, ...] = ()

    @model_validator(mode="after")
    def _sound(self) -> Alignment:
        ends = self.worst, self.best
        if (None in ends) != (ends == (None, None)) or (self.worst is not None and self.worst == self.best):
            raise ValueError("give both ends of the yardstick, 'worst' and 'best', and let them differ")
        if self.worst is not None and self.best is not None and not self.scale.en:
            raise ValueError("a yardstick needs 'scale': where its ends come from")
        return self


@cache
def alignments() -> Mapping[str, Alignment]:
    """Every alignment, by the key of the clause that computes it."""
    table = tomllib.loads((files("twin.benchmark") / "alignments.toml").read_text(encoding="utf-8"))
    return {each.clause: each for each in map(Alignment.model_validate, table["indicator"])}
