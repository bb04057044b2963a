"""Fire engines, ambulances and patrols: calls come in, the nearest free unit is sent, drives, stays, and drives back.

Units and calls are the agents of one crowd. A call asks for so many units; each *request* is an agent that does not
move and waits until a unit was there. All that changes stands in columns of the crowd.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.errors import DataError, MissingData
from twin.model import City
from twin.simulation.agents import Agents
from twin.simulation.control import IDLE, NOBODY, ROUND, Control
from twin.simulation.incidents import doors, incidents
from twin.simulation.services import Service

if TYPE_CHECKING:
    from twin.simulation.crowd import Crowd
    from twin.simulation.engine import Simulation

__all__ = ["Ambulances", "Emergency", "FireEngines", "Patrols"]

_MINUTE, _DAY = 60.0, 86_400.0


@dataclass(frozen=True)
class Emergency(Agents):
    """Units that answer calls; override `Emergency.fitness` to send others than the nearest.

    A call is put through after `handling`. The free unit that would be there first is sent, units on their way back
    too; where there is none the call waits, the most urgent first, then the oldest. Who starts at a station needs
    `turn_out` first. Units drive along a cheapest way of the network as it is when they start, and look for another
    when it closes. Calls that nobody can reach wait until the city changes. Stations that are closed send nobody.

    Units are those that stand at the stations when the run begins: what opens later sends none.

    Attributes
    ----------
    station : kind of facility that units stand at, as many as its ``servers``.
    calls, share, span : see `twin.simulation.incidents.incidents`; calls a year for 1,000 persons, or a layer.
    mix : shares of drawn calls by priority, 1 (the most urgent) first [1].
    units : that a call asks for, where a log does not say.
    handling : from the call until it is put through [s].
    turn_out : from the order until a unit leaves its station [s].
    scene : how long a unit stays; each of several stays a time of its own.
    brings, handover : kind of facility that somebody is brought to, and how long a unit stays there.
    held : calls that may wait when all are out; one more is left to others; any number where None.
    beats : places that free units go round between, drawn by people (patrols); 0: they wait at their stations.
    """

    network: str = "drive"
    station: str = "fire_station"
    calls: str | float = "emergency_calls"
    share: float = 1.0
    span: float = _DAY
    mix: tuple[float, ...] = (1.0,)
    units: int = 1
    handling: float = 0.0
    turn_out: float = 60.0
    scene: Service = Service(30 * _MINUTE)
    brings: str = ""
    handover: Service = Service(20 * _MINUTE)
    held: int | None = None
    beats: int = 0

    def __post_init__(self) -> None:
        if not (0 <= self.handling < inf and 0 <= self.turn_out < inf):
            raise DataError(f"{type(self).__name__}: handling and turn_out are times from 0 s on")
        if self.units < 1 or self.beats < 0 or (self.held is not None and self.held < 0):
            raise DataError(f"{type(self).__name__}: at least one unit a call, and no fewer than 0 beats or calls held")
        if abs(sum(self.mix) - 1.0) > 1e-9 or min(self.mix) < 0:
            raise DataError(f"{type(self).__name__}: the shares of a mix are 1 together, not {sum(self.mix):g}")

    def spawn(self, city: City, rng: np.random.Generator) -> pd.DataFrame:
        """Units, then a request for each unit that a call asks for."""
        return pd.concat([self._units(city), self._requests(city, rng)], ignore_index=True)

    def _units(self, city: City) -> pd.DataFrame:
        table, hung = city.facilities, doors(city, "facilities", self.network)
        rows = np.flatnonzero(city.rows("facilities", kind=self.station))
        rows = rows[np.isin(rows, hung.index)]
        if not len(rows):
            raise MissingData(f"{city.name}: no {self.station} on '{self.network}'", layer="facilities", column="kind")
        servers = table["servers"].to_numpy(dtype=float)[rows] if "servers" in table.columns else rows * np.nan
        if np.isnan(servers).any():
            gone = rows[np.isnan(servers)]
            raise MissingData(
                f"facilities.servers: nobody knows how many units stand at {table['id'].iloc[gone[0]]}; "
                "give the column",
                layer="facilities",
                column="servers",
            )
        base = np.repeat(rows, servers.astype(int))
        node = hung.reindex(base).to_numpy()
        return _columns(node, depart=0.0, base=base, phase=ROUND) if self.beats else _columns(node, base=base)

    def _requests(self, city: City, rng: np.random.Generator) -> pd.DataFrame:
        found = incidents(city, self.calls, self.network, rng, share=self.share, span=self.span)
        if "priority" not in found.columns:
            found["priority"] = 1 + rng.choice(len(self.mix), size=len(found), p=self.mix)
        many = found["units"].to_numpy() if "units" in found.columns else np.full(len(found), self.units)
        table = found.loc[np.repeat(np.arange(len(found)), many)]
        called = table["time"].to_numpy()
        return _columns(
            table["node"].to_numpy(),
            depart=called + self.handling,
            call=table.index.to_numpy(),
            priority=table["priority"].to_numpy(),
            called=called,
        )

    def fitness(
        self, time: NDArray[np.float64], base: NDArray[np.int64], priority: int, sim: Simulation
    ) -> NDArray[np.float64]:
        """How well each free unit suits a call; the least is sent, `inf` never.

        Parameters
        ----------
        time : (k,) that each unit would take to be there [s]; inf where it has no way.
        base : (k,) row of the facility that each unit stands at.
        priority : of the call.
        """
        del base, priority, sim
        return time

    def choose(self, who: Crowd, sim: Simulation) -> NDArray[np.int32]:
        """Calls come in, units start, leave the scene, or look for another way."""
        return Control(self, who.columns, sim).choose(who.rows)

    def arrive(self, who: Crowd, sim: Simulation) -> None:
        """Units are at the scene, where they bring somebody to, at a beat, or back."""
        Control(self, who.columns, sim).arrive(who.rows)

    def tables(self, who: Crowd, sim: Simulation) -> dict[str, pd.DataFrame]:
        """``calls``: a row a unit that a call asked for; see `twin.model.Trace`."""
        return {"calls": Control(self, who.columns, sim).to_frame()}


def _columns(node: NDArray[np.int32], **columns: Any) -> pd.DataFrame:
    """Agents of the crowd, with all its columns."""
    blank = {"depart": inf, "base": -1, "call": -1, "priority": 0, "called": np.nan, "phase": IDLE, "job": NOBODY}
    table = pd.DataFrame({"node": node, "home": node})
    for name, value in (blank | columns).items():
        table[name] = value
    for name in ("order", "start", "there", "leave", "free"):
        table[name] = np.nan
    return table.assign(round=0, due=False, lost=False, cut=False)


@dataclass(frozen=True)
class FireEngines(Emergency):
    """Fire engines: 80 s to turn out (NFPA 1710); half an hour on scene on the mean is ours."""

    turn_out: float = 80.0


@dataclass(frozen=True)
class Ambulances(Emergency):
    """Ambulances: 60 s to turn out (NFPA 1710), patients are brought to hospital; times on scene and there are ours."""

    station: str = "ambulance_station"
    scene: Service = Service(20 * _MINUTE, variation=0.5)
    brings: str = "hospital"


@dataclass(frozen=True)
class Patrols(Emergency):
    """Patrol cars, which go round and start at once; places and times on scene are ours."""

    station: str = "police_station"
    turn_out: float = 0.0
    beats: int = 12
