"""Callers of a hotline: they go nowhere, they wait until somebody answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from twin.errors import MissingData
from twin.model import City
from twin.simulation.agents import Agents
from twin.simulation.crowd import Crowd, Goals
from twin.simulation.engine import Simulation
from twin.simulation.incidents import incidents
from twin.simulation.services import Service

__all__ = ["Callers"]


@dataclass(frozen=True)
class Callers(Agents):
    """People who ring a call centre, whose ``servers`` answer first come, first served.

    The trace tells who was answered when in ``visits``. Let `twin.interventions.AddFacility` build a centre, and
    events change its ``servers`` from shift to shift.

    Attributes
    ----------
    calls, share, span : see `twin.simulation.incidents.incidents`.
    centre : kind of the facility that answers; the first open one does.
    service : how long a call takes, and how long callers wait before they ring off; four minutes are ours.
    """

    calls: str | float = "hotline"
    share: float = 1.0
    span: float = 86_400.0
    centre: str = "call_centre"
    service: Service = Service(240.0)

    def spawn(self, city: City, rng: np.random.Generator) -> pd.DataFrame:
        """One agent a call, where the caller is."""
        found = incidents(city, self.calls, self.network, rng, share=self.share, span=self.span)
        return pd.DataFrame({"node": found["node"], "depart": found["time"]})

    def choose(self, who: Crowd, sim: Simulation) -> Goals:
        """They ring, from where they are."""
        open_ = sim.city.facilities["open"].to_numpy(dtype=bool)
        row = np.flatnonzero(sim.city.rows("facilities", kind=self.centre) & open_)
        if not len(row):
            raise MissingData(f"{sim.city.name}: no open {self.centre}; build one", layer="facilities", column="kind")
        who.columns.facility[who.rows] = row[0]
        who.queue(self.service)
        return Goals(np.full(len(who), -1, dtype=np.int32), who.facility)
