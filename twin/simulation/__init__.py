"""Agents in a city: crowds by their decisions, compiled events for the rest. Mesa comes with `CityModel`."""

from __future__ import annotations

from typing import Any

from twin.simulation.agents import Agents, Trips
from twin.simulation.callers import Callers
from twin.simulation.checkpoint import load, save
from twin.simulation.crowd import Crowd, Goals
from twin.simulation.days import Days, Diaries, Mode
from twin.simulation.emergency import Ambulances, Emergency, FireEngines, Patrols
from twin.simulation.engine import Simulation
from twin.simulation.physics import Compiled, Crowded, Freely, Queued, include
from twin.simulation.rerouting import Rerouting
from twin.simulation.runs import replicate, simulate
from twin.simulation.services import Service

__all__ = [
    "Agents",
    "Ambulances",
    "Callers",
    "CityModel",
    "Compiled",
    "Crowd",
    "Crowded",
    "Days",
    "Diaries",
    "Emergency",
    "FireEngines",
    "Freely",
    "Goals",
    "Individual",
    "Mode",
    "Patrols",
    "Queued",
    "Rerouting",
    "Service",
    "Simulation",
    "Trips",
    "include",
    "load",
    "replicate",
    "save",
    "simulate",
]


def __getattr__(name: str) -> Any:
    if name in ("CityModel", "Individual"):
        from twin.simulation import mesa_model

        return getattr(mesa_model, name)
    raise AttributeError(f"module 'twin.simulation' has no attribute '{name}'")
