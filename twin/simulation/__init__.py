"""Agents in a city: crowds by their decisions, an event loop for the rest. Mesa is imported when `CityModel` is."""

from __future__ import annotations

from typing import Any

from twin.simulation.agents import Agents, Trips
from twin.simulation.engine import Crowd, Goals, Simulation, simulate

__all__ = ["Agents", "CityModel", "Crowd", "Goals", "Simulation", "Trips", "simulate"]


def __getattr__(name: str) -> Any:
    if name == "CityModel":
        from twin.simulation.mesa_model import CityModel

        return CityModel
    raise AttributeError(f"module 'twin.simulation' has no attribute '{name}'")
