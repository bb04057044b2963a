"""A Mesa model around a running simulation. With `mesa_view`, the only file that touch Mesa, imported on first use.

Mesa counts steps; `CityModel.now` is the time in seconds, in every version of Mesa (3.5 and later have a ``model.time``
of their own, which counts steps as well).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import Any, ClassVar

import mesa
import numpy as np

from twin.errors import DataError, UnknownName
from twin.model import City, Trace
from twin.simulation.agents import Agents
from twin.simulation.crowd_set import CrowdSet
from twin.simulation.engine import Change, Simulation
from twin.simulation.movement import STATUS
from twin.simulation.physics import Freely, Physics
from twin.simulation.watch import Members, Watch

__all__ = ["CityModel", "Individual"]

_METHODS = ("on_depart", "on_enter_edge", "on_arrive", "on_event")


class CityModel(mesa.Model):  # type: ignore[misc]
    """A simulation that steps: ``model.step()`` runs all events of the next `dt` seconds; a `DataCollector` can watch.

    Crowds are given; individuals (`Individual`, which is a `mesa.Agent`) are made, before the run or during it.

    Parameters
    ----------
    dt : length of a step [s].
    rng : seed of everything random.
    events : (time [s], change): the city changes, as in `twin.simulate`.

    Attributes
    ----------
    agents : the individuals, an `AgentSet` of Mesa.
    running : whether anything is still to happen.
    """

    def __init__(
        self,
        city: City,
        crowds: Sequence[Agents] = (),
        *,
        dt: float = 60.0,
        rng: Any = 0,
        events: Iterable[tuple[float, Change]] = (),
    ) -> None:
        super().__init__(rng=rng)
        if not 0 < dt < inf:
            raise DataError(f"dt: a step is longer than 0 s, not {dt}")
        self.dt = dt
        seed = int(rng) if isinstance(rng, int | np.integer) else int(self.rng.integers(2**31))
        self.simulation = Simulation(city, crowds, seed=seed)
        for time, change in events:
            self.simulation.change_later(float(time), change)
        self.watch = self.simulation.watch = Watch(self.simulation)
        self._kinds: dict[type, Members] = {}

    @property
    def city(self) -> City:
        """The city as it is now."""
        return self.simulation.city

    @property
    def now(self) -> float:
        """The time, also within the methods of an individual [s]."""
        return Watch.now(self.simulation)

    def step(self) -> None:
        """Run until the next multiple of `dt`."""
        self.simulation.until(self.simulation.time + self.dt)
        self.running = self.simulation.busy

    def crowd(self, name: str) -> CrowdSet:
        """A crowd by the name of its class, to be read and set in bulk, with the verbs of Mesa's `AgentSet`."""
        crowds = {state.name: state for state in self.simulation.crowds if not isinstance(state.agents, Members)}
        if name not in crowds:
            raise UnknownName("crowd", name, list(crowds))
        return CrowdSet(crowds[name], self.simulation)

    def counts(self) -> dict[str, int]:
        """Agents by status, individuals among them."""
        found = sum(
            (np.bincount(state.status, minlength=len(STATUS)) for state in self.simulation.crowds),
            np.zeros(len(STATUS), int),
        )
        return {str(status): int(number) for status, number in zip(STATUS, found, strict=True)}

    def trace(self) -> Trace:
        """What has happened so far."""
        return self.simulation.trace(self.simulation.time)

    def report(self, status: str) -> Callable[[CityModel], int]:
        """A reporter for a `DataCollector`: how many agents have this status."""
        if status not in STATUS:
            raise UnknownName("status", status, STATUS.tolist())
        return lambda model: model.counts()[status]

    def place(self, individual: Individual, node: Any) -> tuple[Members, int]:
        """Put an individual at a node; where its columns stand."""
        kind = type(individual)
        block = self._kinds.get(kind)
        if block is None or block.state is not None:
            methods = {name for name in _METHODS if getattr(kind, name) is not getattr(Individual, name)}
            begins = 0 if block is None else block.begins + len(block.who)
            block = Members(kind.__name__, methods, (kind.network, kind.physics, kind.speed), begins=begins)
            self._kinds[kind] = block
            self.watch.waiting.append(block)
        [position] = self.city.network(kind.network).positions(np.array([node]))
        return block, block.add(individual, int(position))


class Individual(mesa.Agent):  # type: ignore[misc]
    """An agent with a will of its own: an ordinary `mesa.Agent` that stands on nodes and moves on edges.

    Override what it should hear of; a method that is not overridden costs nothing. They are called at the time of the
    event, in the order of (time, number of the agent). What one says in them (`go`, `remove`) takes effect when the
    events of that time are through. An error in one ends the run, and says whose, which and when; the trace stays.

    Parameters
    ----------
    model : the `CityModel`.
    node : id of the node at which it stands.

    Attributes
    ----------
    network, physics, speed : of the class: what it moves on, how, and at what speed [m/s] (None: the network's own).
    """

    network: ClassVar[str] = "walk"
    physics: ClassVar[Physics] = Freely()
    speed: ClassVar[float | None] = None

    def __init__(self, model: CityModel, node: Any, **columns: Any) -> None:
        super().__init__(model)
        for name, value in columns.items():
            setattr(self, name, value)
        self._block, self._row = model.place(self, node)

    # ── what it hears of ─────────────────────────────────────────────────────────────────────────────────────────

    def on_depart(self) -> None:
        """It sets out."""

    def on_enter_edge(self, edge: int) -> None:
        """It enters an edge: a row of ``city.network(self.network).edges``."""

    def on_arrive(self) -> None:
        """It has come to where it was going."""

    def on_event(self) -> None:
        """The city changed; ``self.model.city`` is what it is now. Whose way ahead is closed turns by itself."""

    # ── what it does ─────────────────────────────────────────────────────────────────────────────────────────────

    def go(self, node: Any, *, after: float = 0.0) -> None:
        """Go to a node by a cheapest way: set out after a while [s], or on the way, turn to it at the next node.

        One that finds no way is stranded: see `status`.

        Raises
        ------
        UnknownName : the network has no such node.
        DataError : `after` is no time, or it is on its way already.
        """
        if not 0 <= after < inf or (after > 0 and self.status == "on the way"):
            raise DataError(f"go(after={after}): from 0 s on, and 0 for who is on the way: it turns at the next node")
        [goal] = self.model.city.network(self.network).positions([node])
        self.model.watch.go(self.model.simulation, self._block, self._row, int(goal), after)

    def remove(self) -> None:
        """Leave the model; whoever is on the way leaves the streets at the next node."""
        self.model.watch.remove(self._block, self._row)
        super().remove()

    # ── where it is ──────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def now(self) -> float:
        """The time [s]."""
        return float(self.model.now)

    @property
    def status(self) -> str:
        """Waiting (it stands, and may have a plan), on the way, finished (it has arrived), or stranded."""
        state = self._block.state
        return str(STATUS[0 if state is None else state.status[self._row]])

    @property
    def node(self) -> Any:
        """Id of the node at which it is, or was last."""
        found = self._on()
        if found is None:
            return self.model.city.network(self.network).ids[self._at()]
        layer, arc, *_ = found
        return layer.net.ids[layer.ways.node[layer.ways.source[arc]]]

    @property
    def edge(self) -> int | None:
        """Row of the edge that it is on; None at a node."""
        found = self._on()
        return None if found is None else int(found[0].ways.edge[found[1]])

    @property
    def position(self) -> tuple[float, float]:
        """Where it is [m], in the coordinates of the city; on an edge by the share of its time that has passed."""
        net, found = self.model.city.network(self.network), self._on()
        if found is None:
            return float(net.x[self._at()]), float(net.y[self._at()])
        layer, arc, since, till = found
        share = min(1.0, (self.now - since) / (till - since)) if till > since else 1.0
        if layer.ways.backward[arc]:
            share = 1.0 - share
        point = layer.net.shapes[layer.ways.edge[arc]].interpolate(share, normalized=True)
        return float(point.x), float(point.y)

    def _at(self) -> int:
        state = self._block.state
        return self._block.at[self._row] if state is None else int(state.where(self._row))

    def _on(self) -> tuple[Any, int, float, float] | None:
        found: tuple[Any, int, float, float] | None = self.model.watch.arc(self._block, self._row)
        return found
