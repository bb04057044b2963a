"""Decisions as they are asked for: what a method of a crowd raises, or answers wrongly, is said with whose and when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from twin.errors import SimulationError, TwinError, listed

if TYPE_CHECKING:
    from twin.simulation.agents import Agents
    from twin.simulation.crowd import Goals

__all__ = ["ask", "goals", "named", "placed"]


def ask(agents: Agents, method: str, time: float, ids: Sequence[int] | NDArray[np.int64], *what: Any) -> Any:
    """Call a method of a crowd; an error says whose, which, when, and of which agents it was asked.

    Parameters
    ----------
    time : of the run [s].
    ids : numbers within the crowd of those concerned.
    what : its arguments.
    """
    try:
        return getattr(agents, method)(*what)
    except (SimulationError, KeyboardInterrupt):
        raise
    except Exception as error:
        if method == "spawn" and isinstance(error, TwinError):
            raise  # of the city's data, which nobody has lived in yet: it says by itself what is missing
        whom = f" (asked of agents {listed(ids, most=4)})" if len(ids) else ""
        said = str(error) or type(error).__name__
        raise SimulationError(
            f"{named(agents)}.{method} failed at {time:.1f} s: {said}{whom}", time=time, agents=named(agents)
        ) from error


def named(agents: Agents) -> str:
    """What a crowd is called in an error: its class."""
    return type(agents).__name__


def goals(answer: Any, agents: Agents, ids: NDArray[np.int64], nodes: int, time: float) -> Goals:
    """What `choose` answered, once it is known to name nodes: one each, from 0 to nodes - 1, or -1 for nowhere.

    Raises
    ------
    SimulationError : it does not.
    """
    from twin.simulation.crowd import Goals

    given = answer if isinstance(answer, Goals) else Goals(np.asarray(answer), np.full(len(ids), -1, np.int64))
    name, node = f"{named(agents)}.choose", np.asarray(given.node)
    if node.shape != ids.shape:
        problem = f"{name} returned {node.size} goals for {len(ids)} agents"
        raise SimulationError(problem, time=time, agents=named(agents))
    with np.errstate(invalid="ignore"):
        good = (node >= -1) & (node < nodes) & (node == np.floor(node))
    if not good.all():
        raise SimulationError(
            f"{name} at {time:.1f} s: a goal is the position of a node, 0 to {nodes - 1}, or -1 for nowhere; "
            f"not {listed(node[~good], most=3)} (agents {listed(ids[~good], most=4)})",
            time=time,
            agents=named(agents),
        )
    return Goals(node.astype(np.int32), np.asarray(given.facility, dtype=np.int64))


def placed(agents: Agents, ids: NDArray[np.int64], node: NDArray[np.int32], nodes: int, time: float) -> None:
    """Raise where `spawn` put somebody at a node that there is not."""
    bad = node >= nodes
    if bad.any():
        raise SimulationError(
            f"{named(agents)}.spawn: node of agents {listed(ids[bad], most=4)} is {node[bad][0]}; "
            f"network '{agents.network}' has positions 0 to {nodes - 1}",
            time=time,
            agents=named(agents),
        )
