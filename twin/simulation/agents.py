"""Who lives in a simulation: crowds described by their decisions; the engine does the walking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from twin.model import City
from twin.simulation.physics import Freely, Physics
from twin.simulation.rerouting import Rerouting

if TYPE_CHECKING:
    from twin.simulation.crowd import Crowd, Goals
    from twin.simulation.engine import Simulation

__all__ = ["Agents", "Trips"]


@dataclass(frozen=True)
class Agents:
    """A crowd: a frozen description of decisions, asked in batches. Subclass it and override what differs.

    Attributes
    ----------
    network : network that the crowd moves on, at the network's own speed.
    """

    network: str = "walk"
    physics: ClassVar[Physics] = Freely()  #: how they move; a subclass may move `Crowded` on foot, or `Queued`
    rerouting: ClassVar[Rerouting | None] = None  #: who of them hears of delays on the way

    def spawn(self, city: City, rng: np.random.Generator) -> pd.DataFrame:
        """One row an agent, with columns ``node`` (position) and ``depart`` [s]; further columns are kept for it.

        Who departs at `inf` waits until a decision of the crowd calls: ``Crowd.retry``.

        The default is one agent a row of the population, leaving at once.
        """
        del rng
        return city.snap("population", self.network)[["node"]].assign(depart=0.0)

    def choose(self, who: Crowd, sim: Simulation) -> Goals | ArrayLike:
        """Where these agents go from here: what `sim.nearest` returned, or node positions (-1: nowhere)."""
        del sim
        return np.full(len(who), -1)

    def arrive(self, who: Crowd, sim: Simulation) -> None:
        """What they do on arrival: `who.finish()`, `who.retry(after=…)`; by default they are done."""
        del sim
        who.finish()

    def tables(self, who: Crowd, sim: Simulation) -> dict[str, pd.DataFrame]:
        """Tables of its own for the trace, by name, from all its agents; by default none."""
        del who, sim
        return {}

    def served(self, who: Crowd, sim: Simulation) -> None:
        """What they do once they were served where they queued (`who.queue`); by default they are done."""
        del sim
        who.finish()

    def gave_up(self, who: Crowd, sim: Simulation) -> None:
        """What they do when they were turned away, or lost patience in line; by default they are done."""
        del sim
        who.finish()

    def enter(self, who: Crowd, edge: NDArray[np.int32], time: NDArray[np.float64], sim: Simulation) -> None:
        """They entered edges (rows of ``network.edges``) at times [s]: to be counted or noted, since it is past.

        Asked only where a subclass overrides it, with some ten thousand entries at a time, in their order; an agent
        that entered several edges is among them several times.
        """


class Trips(Agents):
    """Agents whose decisions are given in arrays: one trip each.

    Parameters
    ----------
    network : name of the network.
    origin, destination : (n,) node ids.
    depart : (n,) or one for all [s].
    speed : constant speed [m/s]; the network's travel time counts where not given.
    physics : how they move: `Freely`, `Crowded` on foot, or `Queued` as vehicles.
    rerouting : who of them hears of delays on the way, and goes by what is quickest then; nobody where not given.
    """

    origin: NDArray[Any]
    destination: NDArray[Any]
    depart: NDArray[np.float64]
    speed: float | None
    physics: Physics  # type: ignore[misc]
    rerouting: Rerouting | None  # type: ignore[misc]

    def __init__(
        self,
        network: str,
        origin: ArrayLike,
        destination: ArrayLike,
        depart: ArrayLike = 0.0,
        *,
        speed: float | None = None,
        physics: Physics | None = None,
        rerouting: Rerouting | None = None,
    ) -> None:
        start, end = np.atleast_1d(np.asarray(origin)), np.atleast_1d(np.asarray(destination))
        if start.shape != end.shape:
            raise ValueError(f"{len(start)} origins and {len(end)} destinations: one of each a trip")
        leave = np.broadcast_to(np.asarray(depart, dtype=float), start.shape).copy()
        if not np.isfinite(leave).all() or (leave < 0).any():
            raise ValueError("departures are finite and not before the start of the run (0 s)")
        if speed is not None and not speed > 0:
            raise ValueError(f"a speed above 0 m/s, not {speed}")
        for name, value in (
            ("network", network),
            ("origin", start),
            ("destination", end),
            ("depart", leave),
            ("speed", speed),
            ("physics", Freely() if physics is None else physics),
            ("rerouting", rerouting),
        ):
            object.__setattr__(self, name, value)

    def spawn(self, city: City, rng: np.random.Generator) -> pd.DataFrame:
        """One agent a trip."""
        del rng
        net = city.network(self.network)
        return pd.DataFrame(
            {"node": net.positions(self.origin), "depart": self.depart, "goal": net.positions(self.destination)}
        )

    def choose(self, who: Crowd, sim: Simulation) -> NDArray[np.int32]:
        """Everybody goes where the array says."""
        del sim
        return np.asarray(who["goal"], dtype=np.int32)
