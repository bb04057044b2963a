"""What a plan builds, takes away, runs otherwise, or assumes: each a change that a scenario names."""

from twin.interventions.built import (
    AddEdge,
    AddFacility,
    ChangeHeadway,
    CloseFacility,
    CloseStop,
    GrowPopulation,
    Layout,
    RemoveLine,
)
from twin.interventions.figures import ChangeActivity, ChangeQueue, ChangeRecord, Equip

__all__ = [
    "AddEdge",
    "AddFacility",
    "ChangeActivity",
    "ChangeHeadway",
    "ChangeQueue",
    "ChangeRecord",
    "CloseFacility",
    "CloseStop",
    "Equip",
    "GrowPopulation",
    "Layout",
    "RemoveLine",
]
