"""Agents in a city: crowds by their decisions, compiled events for the rest. Mesa is imported when `CityModel` is."""

from __future__ import annotations

from typing import Any

from twin.simulation.agents import Agents, Trips
from twin.simulation.crowd import Crowd, Goals
from twin.simulation.engine import Simulation, simulate
from twin.simulation.physics import Crowded, Freely, Queued
from twin.simulation.services import Service

__all__ = [
    "Agents",
    "CityModel",
    "Crowd",
    "Crowded",
    "Freely",
    "Goals",
    "Queued",
    "Service",
    "Simulation",
    "Trips",
    "simulate",
]


def __getattr__(name: str) -> Any:
    if name == "CityModel":
        from twin.simulation.mesa_model import CityModel

        return CityModel
    raise AttributeError(f"module 'twin.simulation' has no attribute '{name}'")
