"""Runs from their beginning to their end: one, or many at once that differ by chance."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from math import inf
from threading import Event

from twin.errors import DataError, SimulationError
from twin.model import City, Trace
from twin.routing.paths import cores
from twin.simulation.agents import Agents
from twin.simulation.engine import Change, Simulation

__all__ = ["replicate", "simulate"]

_STEPS = 100


def simulate(
    city: City,
    agents: Iterable[Agents],
    *,
    until: float,
    events: Iterable[tuple[float, Change]] = (),
    seed: int = 0,
    progress: Callable[[float, float], None] | None = None,
) -> Trace:
    """Let agents live in a city.

    Parameters
    ----------
    agents : crowds.
    until : end of the run [s].
    events : (time [s], change): the engine swaps its city and asks the agents concerned again.
    seed : of everything random; the same seed gives the same trace.
    progress : called with the time that the run has come to and that of its end [s], a hundred times a run.

    Returns
    -------
    Trace : ``trips``, ``end``, ``visits`` and ``gridlock``; marked partial where Ctrl-C ended the run.

    Raises
    ------
    SimulationError : a decision raised; says which crowd, agents, method and time. Its `trace` is what happened so far.
    DataError : `until` or an event's time is no time.
    """
    return _through(_begun(city, agents, until, events, seed), until, progress=progress)


def replicate(
    city: City,
    agents: Iterable[Agents],
    *,
    until: float,
    runs: int,
    events: Iterable[tuple[float, Change]] = (),
    seed: int = 0,
) -> list[Trace]:
    """Simulate several times, on all cores: run k has the seed `seed` + k, and is what `simulate` makes of that seed.

    Parameters
    ----------
    runs : how many; for the others see `simulate`.

    Raises
    ------
    KeyboardInterrupt : Ctrl-C, once the runs under way have come to a stop.
    """
    if runs < 1:
        raise DataError(f"runs: at least one, not {runs}")
    crowds, changes, stop = list(agents), list(events), Event()

    def one(run: int) -> Trace:
        return _through(_begun(city, crowds, until, changes, seed + run), until, stop=stop)

    with ThreadPoolExecutor(min(cores(), runs)) as pool:
        try:
            return list(pool.map(one, range(runs)))
        except BaseException:
            stop.set()  # the pool waits for the runs under way
            raise


def _begun(
    city: City, agents: Iterable[Agents], until: float, events: Iterable[tuple[float, Change]], seed: int
) -> Simulation:
    if not 0 <= until < inf:
        raise DataError(f"until: a time from 0 s on, not {until}")
    changes = list(events)
    for time, _ in changes:
        if not 0 <= time < inf:
            raise DataError(f"events: a time from 0 s on, not {time}")
    sim = Simulation(city, list(agents), seed=seed)
    for time, change in changes:
        sim.change_later(float(time), change)
    return sim


def _through(
    sim: Simulation, until: float, *, progress: Callable[[float, float], None] | None = None, stop: Event | None = None
) -> Trace:
    steps = 1 if progress is None and stop is None else _STEPS
    try:
        for step in range(1, steps + 1):
            sim.until(until if step == steps else until * step / steps)
            if progress is not None:
                progress(sim.time, until)
            if stop is not None and stop.is_set():
                return sim.trace(until, partial=True)
    except KeyboardInterrupt:
        return sim.trace(until, partial=True)
    except SimulationError as error:
        error.trace = sim.trace(until, partial=True)
        raise
    return sim.trace(until)
