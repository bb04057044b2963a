"""A Mesa model around a running simulation; the only file that touches Mesa, which is imported on first use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mesa

from twin.model import City, Trace
from twin.simulation.agents import Agents
from twin.simulation.engine import Simulation

__all__ = ["CityModel"]


class CityModel(mesa.Model):  # type: ignore[misc]
    """A simulation that steps: ``model.step()`` runs all events of the next `dt` seconds; a `DataCollector` can watch.

    Parameters
    ----------
    dt : length of a step [s].
    rng : seed of everything random.
    """

    def __init__(self, city: City, crowds: Sequence[Agents], *, dt: float = 60.0, rng: int = 0) -> None:
        super().__init__(rng=rng)
        self.dt = dt
        self.simulation = Simulation(city, crowds, seed=rng)

    def step(self) -> None:
        """Run until the next multiple of `dt`."""
        self.simulation.until(self.simulation.time + self.dt)

    def counts(self) -> dict[str, int]:
        """Agents by status."""
        end = self.trace()["end"]
        return {str(status): int(number) for status, number in end["status"].value_counts().items()}

    def trace(self) -> Trace:
        """What has happened so far."""
        return self.simulation.trace(self.simulation.time)

    def report(self, name: str) -> Any:
        """A reporter for a `DataCollector`: how many agents have this status."""
        return lambda model: model.counts().get(name, 0)
