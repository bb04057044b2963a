"""Persons out of a population layer: ages as they are known, and who works, by fitting what is known of both."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.errors import MissingData
from twin.model import City
from twin.people.fitting import fit, whole

__all__ = ["EMPLOYMENT", "bands", "persons"]

#: Assumed share of workers by the age at which a band begins; a band takes that of the last age not above its own.
EMPLOYMENT = {0: 0.0, 15: 0.72, 60: 0.12}
_BAND = re.compile(r"age_(\d+)(?:_(\d+))?")


def bands(city: City) -> dict[str, int]:
    """Columns of the population that hold ages, with the age at which each begins."""
    found = {name: _BAND.fullmatch(str(name)) for name in city.population.columns}
    return {name: int(match[1]) for name, match in sorted(found.items(), key=lambda x: str(x[0])) if match}


def persons(city: City, *, seed: int = 0) -> pd.DataFrame:
    """One row a person, in the order of homes: ``home`` (row of the population), ``age`` (band), ``works``.

    How many work in each band is fitted (`fit`) to two margins: persons by age, and as many workers as there are jobs
    in the city or, if that is less, as `EMPLOYMENT` lets expect. Who they are is drawn. Whoever asks with the same seed
    gets the same persons: the table is remembered, and not to be changed.

    Raises
    ------
    MissingData : the population has no ages or no jobs.
    """
    return city.memory.of(("persons", seed), (city.population,), lambda: _persons(city, np.random.default_rng(seed)))


def _persons(city: City, rng: np.random.Generator) -> pd.DataFrame:
    known = bands(city)
    if not known:
        raise MissingData(
            f"{city.name}: population has no ages: give columns such as age_0_14, age_15_59 and age_60",
            layer="population",
            column="age_0_14",
        )
    ages = list(known)
    counts = whole(np.nan_to_num(city.population[ages].to_numpy(dtype=float)), rng)
    rate = _rates(list(known.values()))
    by_age = counts.sum(axis=0).astype(float)
    workers = min(float(np.nansum(city.column("population", "jobs"))), float((rate * by_age).sum()))
    names = np.array(ages, dtype=object)
    table = pd.DataFrame(
        {
            "home": np.repeat(np.arange(len(counts)), counts.sum(axis=1)),
            "age": np.repeat(np.tile(names, len(counts)), counts.ravel()),
        }
    )
    works = np.zeros(len(table), dtype=bool)
    if workers >= 1:
        seed = np.stack([rate, 1.0 - rate], axis=1) * (by_age > 0)[:, None]
        fitted = fit(seed, [by_age, [workers, by_age.sum() - workers]])
        many = np.minimum(whole(fitted[:, 0], rng), counts.sum(axis=0))
        for age, number in zip(ages, many, strict=True):
            works[rng.choice(np.flatnonzero(table["age"] == age), size=number, replace=False)] = True
    return table.assign(works=works)


def _rates(begins: list[int]) -> NDArray[np.float64]:
    ages = np.array(sorted(EMPLOYMENT))
    return np.array([EMPLOYMENT[age] for age in ages])[np.searchsorted(ages, begins, side="right") - 1]
