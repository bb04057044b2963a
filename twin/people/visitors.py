"""Who comes to be served: patients of clinics, clients of service halls."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.model import City
from twin.people.persons import bands
from twin.simulation import Agents, Crowd, Goals, Service, Simulation
from twin.units import hour, minute

__all__ = ["Clients", "Patients"]


@dataclass(frozen=True)
class _Visitors(Agents):
    """People who go on foot to the nearest open place of a kind, and wait there for their turn.

    Attributes
    ----------
    kind : of facility; it needs the column ``servers``.
    rate : visits for each resident and day [1].
    opens, closes : walk-ins set out at a time between, all equally likely [s].
    service : how long it takes, and how long they wait.
    booked : share with an appointment [1]; they go before the others.
    """

    kind: str = "clinic"
    rate: float = 0.01
    opens: float = 8 * hour
    closes: float = 17 * hour
    service: Service = field(default_factory=lambda: Service(10 * minute))
    booked: float = 0.0
    speed: float = 1.34

    def spawn(self, city: City, rng: np.random.Generator) -> pd.DataFrame:
        """As many as a Poisson draw for each home gives; ``group`` is an age band of the home, where it tells ages."""
        homes = city.snap("population", self.network)
        people = city.population["people"].to_numpy(dtype=float)[homes.index]
        many = rng.poisson(self.rate * np.nan_to_num(people))
        node = np.repeat(homes["node"].to_numpy(), many)
        depart = rng.uniform(self.opens, self.closes, len(node))
        table = pd.DataFrame({"node": node, "depart": depart, "booked": rng.random(len(node)) < self.booked})
        ages = list(bands(city))
        if ages:
            table["group"] = _drawn(city.population[ages], np.repeat(homes.index.to_numpy(), many), rng)
        return table

    def choose(self, who: Crowd, sim: Simulation) -> Goals:
        """The nearest that is open."""
        return sim.nearest(self.kind, who.node, self.network)

    def arrive(self, who: Crowd, sim: Simulation) -> None:
        """They stand in line."""
        del sim
        who.queue(self.service, appointment=who["booked"])


def _drawn(ages: pd.DataFrame, homes: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.object_]:
    """The age band of somebody of each home (row), all its people equally likely."""
    names = np.array(ages.columns, dtype=object)
    upto = np.cumsum(np.nan_to_num(ages.to_numpy(dtype=float)), axis=1)[homes]
    chance = rng.random(len(homes)) * upto[:, -1]
    return np.asarray(names[np.minimum((upto <= chance[:, None]).sum(axis=1), len(names) - 1)])


@dataclass(frozen=True)
class Patients(_Visitors):
    """Patients who walk to the nearest clinic; rate and times are assumptions: 0.015 is 5.5 visits a year.

    Attributes
    ----------
    kind, rate, opens, closes, service, booked : see `Clients`, of which these differ in their values.
    """

    kind: str = "clinic"
    rate: float = 0.015
    service: Service = field(default_factory=lambda: Service(8 * minute, patience=2 * hour))


@dataclass(frozen=True)
class Clients(_Visitors):
    """Clients of government service halls, with appointments and without; rate and times are assumptions.

    Attributes
    ----------
    kind : of facility; it needs the column ``servers``.
    rate : visits for each resident and day [1].
    opens, closes : they set out at a time between, all equally likely [s].
    service : how long it takes, and how long they wait.
    booked : share with an appointment [1]; they go before the others.
    speed : on foot [m/s].
    """

    kind: str = "government_service_hall"
    rate: float = 0.012
    opens: float = 8.5 * hour
    closes: float = 16.5 * hour
    service: Service = field(default_factory=lambda: Service(15 * minute, variation=0.8, patience=1 * hour))
    booked: float = 0.4
