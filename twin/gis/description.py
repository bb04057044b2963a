"""The description of a city on disk (``city.toml``): what it may hold, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pyproj
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from twin.errors import DataError, UnknownName
from twin.model import About, City, Source

__all__ = ["FORMAT", "Description", "described"]

#: Format of a city on disk; a reader refuses a newer one than it knows.
FORMAT = 1


class _Origin(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    source: str = ""
    year: str = ""
    licence: str = ""
    estimated: bool = False
    complete: bool = False
    notes: tuple[str, ...] = ()


class _Streets(BaseModel):
    approach: float = float("inf")


class Description(BaseModel):
    """What ``city.toml`` holds; entries that it does not know are passed over.

    ``mixed`` lists, by table, the columns whose values are of several types: they are stored as JSON.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True)

    format: int = FORMAT
    name: str
    crs: str
    description: str = ""
    synthetic: bool = False
    attribution: tuple[str, ...] = ()
    log: tuple[str, ...] = ()
    traits: dict[str, str] = Field(default_factory=dict)
    sources: dict[str, _Origin] = Field(default_factory=dict)
    networks: dict[str, _Streets] = Field(default_factory=dict)
    mixed: dict[str, tuple[str, ...]] = Field(default_factory=dict)

    @classmethod
    def of(cls, meta: Mapping[str, Any], *, where: str) -> Description:
        """Check what was read.

        Raises
        ------
        DataError : an entry is missing, of another type or unknown, or the format is newer than this version's.
        """
        written = meta.get("format", FORMAT)
        if isinstance(written, int) and written > FORMAT:
            raise DataError(f"{where}: written in format {written}, this version reads up to {FORMAT}; update twin")
        try:
            return cls.model_validate(dict(meta))
        except ValidationError as error:
            raise DataError(_explained(error, where)) from None

    def about(self, notes: Mapping[str, tuple[str, ...]]) -> About:
        """What the city says of itself; `notes` are added to those of each layer's source."""
        sources = {layer: Source(**origin.model_dump()) for layer, origin in self.sources.items()}
        for layer, more in notes.items():
            old = sources.get(layer, Source())
            sources[layer] = Source(**{**asdict(old), "notes": (*old.notes, *(n for n in more if n not in old.notes))})
        return About(self.description, self.synthetic, self.attribution, self.traits, sources)


def described(city: City) -> dict[str, Any]:
    """The description of a city, as `Description` reads it."""
    about = city.about
    return {
        "format": FORMAT,
        "name": city.name,
        "crs": "" if city.crs is None else _crs_text(city.crs),
        "description": about.description,
        "synthetic": about.synthetic,
        "attribution": list(about.attribution),
        "log": list(city.log),
        "traits": dict(about.traits),
        "sources": {layer: _plain(asdict(source)) for layer, source in about.sources.items()},
        "networks": {name: {"approach": net.approach} for name, net in city.networks.items()},
    }


def _explained(error: ValidationError, where: str) -> str:
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"]))
    if first["type"] == "missing":
        return f"{where}: '{place}' is missing; write {place} = \"…\""
    if first["type"] == "extra_forbidden":
        section, _, key = place.rpartition(".")
        return str(UnknownName("key", key, _Origin.model_fields, where=f"{where}: {section}"))
    return f"{where}: '{place}' is {first['input']!r}: {first['msg'].lower()}"


def _plain(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in entry.items()
        if value not in ("", (), False)
    }


def _crs_text(crs: pyproj.CRS) -> str:
    authority = crs.to_authority()
    if authority and pyproj.CRS.from_authority(*authority) == crs:  # a likeness is not enough
        return ":".join(authority)
    return str(crs.to_wkt())
