"""A map of a `CityModel` for Mesa's SolaraViz; needs what ``pip install "mesa[viz]"`` brings."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from twin.simulation.movement import STATUS, TRAVELLING
from twin.simulation.watch import Members

if TYPE_CHECKING:
    from twin.simulation.crowd import Columns
    from twin.simulation.mesa_model import CityModel

__all__ = ["city_map", "draw"]

_COLOURS = dict(zip(STATUS.tolist(), ("#7b8794", "#1f77b4", "#2a9d3f", "#d1495b", "#e69f00", "#cc79a7"), strict=True))


def city_map(network: str = "walk") -> Callable[[CityModel], Any]:
    """A component for ``SolaraViz(model, components=[city_map()])``: the streets, and everybody by status."""
    import solara
    from mesa.visualization.utils import update_counter

    @solara.component  # type: ignore[untyped-decorator, unused-ignore]
    def CityMap(model: CityModel) -> None:  # noqa: N802 -- a component of solara is written like a class
        update_counter.get()  # drawn anew after each step
        solara.FigureMatplotlib(draw(model, network), format="png", bbox_inches="tight")

    return CityMap  # type: ignore[no-any-return, unused-ignore]


def draw(model: CityModel, network: str = "walk") -> Figure:
    """Streets, crowds and individuals. Of a crowd, who is on the way is drawn at the node that it comes to next."""
    figure = Figure(figsize=(7, 7), layout="constrained")
    axes = figure.add_subplot()
    net = model.city.network(network)
    ends = np.stack([net.graph.tail, net.graph.head], axis=1)
    streets = np.stack([net.x[ends], net.y[ends]], axis=2)
    axes.add_collection(
        LineCollection(list(streets), colors=np.where(net.open, "#c9ced4", "#e8b4b8"), linewidths=0.8, zorder=1)
    )
    seen = [_places(model, state) for state in model.simulation.crowds if len(state)]
    alone = [(one.position, one.status) for one in model.agents if hasattr(one, "position")]
    points = np.concatenate([*[at for at, _ in seen], np.array([at for at, _ in alone]).reshape(-1, 2)])
    status = np.concatenate([*[by for _, by in seen], np.array([by for _, by in alone], dtype=object)])
    single = np.arange(len(points)) >= len(points) - len(alone)
    for name, colour in _COLOURS.items():
        mine = status == name
        if not mine.any():
            continue
        size = np.where(single[mine], 60.0, 12.0)
        axes.scatter(
            points[mine, 0], points[mine, 1], s=size, c=colour, label=f"{name}: {mine.sum():,}", zorder=2, linewidths=0
        )
    axes.autoscale_view()
    axes.set_aspect("equal")
    axes.set_title(f"{model.city.name}, {model.now / 3600:.2f} h")
    axes.set_xlabel("m")
    axes.set_ylabel("m")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.08), ncols=4, frameon=False)
    return figure


def _places(model: CityModel, state: Columns) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """Where the agents of a crowd are [m], and their status; individuals are drawn apart."""
    if isinstance(state.agents, Members):
        return np.zeros((0, 2)), np.zeros(0, dtype=object)
    net, at = model.city.network(state.agents.network), state.where().copy()
    moving = state.status == TRAVELLING
    if moving.any():
        moves = model.simulation.movement
        part = slice(state.first, state.first + len(state))
        at[moving] = moves.nodes(moves.engine.rows()[part][moving])
    return np.stack([net.x[at], net.y[at]], axis=1), np.asarray(STATUS[state.status])
