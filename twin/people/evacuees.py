"""Evacuees: warned, they prepare, leave with their household, and go from shelter to shelter until one has room."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt

import numpy as np
import pandas as pd

from twin.errors import DataError
from twin.model import City
from twin.people.persons import bands, persons
from twin.simulation import Agents, Crowd, Goals, Simulation
from twin.units import minute

__all__ = ["Evacuees", "evacuation"]


@dataclass(frozen=True)
class Evacuees(Agents):
    """People of some ages who walk to the nearest shelter with room; those of one household leave together.

    Attributes
    ----------
    kind : of shelter.
    warning : until everybody is warned, the middle of the city's households after half of it [s].
    preparation, variation : between warning and leaving, mean [s] and standard deviation over mean [1]; lognormal.
    household : persons who leave together.
    youngest, oldest : of these ages, from the first up to the second [years]; where a band begins counts.
    speed : on foot, of everybody in this crowd [m/s]; a household of several crowds leaves together and walks apart.
    patience : wait at a full shelter before one asks for another [s].
    share : of the households that leave at all [1].
    draw : number of the draw of who leaves and when; crowds with the same one share their households.

    Notes
    -----
    Lognormal preparation times as in Gwynne & Boyce, SFPE Handbook (2016), ch. 64, whose figures are for buildings: the
    defaults are assumptions. 1.34 m/s is the mean of Weidmann (1993); 0.9 m/s for those over 60 is an assumption.
    """

    kind: str = "shelter"
    warning: float = 10 * minute
    preparation: float = 15 * minute
    variation: float = 0.6
    household: int = 3
    youngest: int = 0
    oldest: int = 200
    speed: float = 1.34
    patience: float = 2 * minute
    share: float = 1.0
    draw: int = 0

    def __post_init__(self) -> None:
        if self.household < 1 or self.preparation <= 0 or self.warning < 0:
            raise DataError("Evacuees: a household of at least 1, preparation above 0 s, warning from 0 s on")

    def spawn(self, city: City, rng: np.random.Generator) -> pd.DataFrame:
        """One row a person; households of one home leave at one time each."""
        del rng  # of each crowd its own, but a household leaves together
        rng = np.random.default_rng([self.draw, 6])
        begins = bands(city)
        who = persons(city)
        household = np.arange(len(who)) - np.searchsorted(who["home"].to_numpy(), who["home"].to_numpy())
        group = pd.MultiIndex.from_arrays([who["home"], household // self.household])
        number, first = pd.factorize(group)
        width = sqrt(log(1 + self.variation**2))
        ready = rng.uniform(0, self.warning, len(first)) + self.preparation * np.exp(
            width * rng.standard_normal(len(first)) - width**2 / 2
        )
        goes = rng.random(len(first)) < self.share
        ages = [name for name, begin in begins.items() if self.youngest <= begin < self.oldest]
        mine = who["age"].isin(ages).to_numpy() & goes[number]
        hung = city.snap("population", self.network)["node"].reindex(who["home"]).to_numpy()
        table = pd.DataFrame({"node": hung, "depart": ready[number], "household": number})[mine]
        return table.dropna().astype({"node": np.int32}).reset_index(drop=True)

    def choose(self, who: Crowd, sim: Simulation) -> Goals:
        """The nearest shelter that has room when they set out."""
        return sim.nearest(self.kind, who.node, self.network, room=True)

    def arrive(self, who: Crowd, sim: Simulation) -> None:
        """Some get in, the others ask for another shelter."""
        inside = sim.admit(who)
        who[inside].finish()
        who[~inside].retry(after=self.patience)


def evacuation(**figures: float | str) -> list[Evacuees]:
    """Everybody: those under 60 at 1.34 m/s, those over at 0.9 m/s; `figures` are fields of `Evacuees` for both."""
    common = dict(figures)
    return [
        Evacuees(oldest=60, **common),  # type: ignore[arg-type]
        Evacuees(youngest=60, **{"speed": 0.9, **common}),  # type: ignore[arg-type]
    ]
