"""Judge a city against its standards, at rest and under stress.

Read a *city*. A *scenario* turns a city into another city. *Agents* live in it. *Measures* read it. *Standards* judge
the measures. A *study* does that for many scenarios and writes the report.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twin import measures, routing, units
    from twin.benchmark import benchmark
    from twin.cases import case, whitepaper
    from twin.gis.read import read, read_layer, write
    from twin.model import City, Network, Raster, Trace, Verdicts
    from twin.scenario import Scenario
    from twin.simulation import Agents, Trips, simulate
    from twin.siting import site
    from twin.standards import check
    from twin.study import Study, study
    from twin.trial import trial

__all__ = [
    "Agents",
    "City",
    "Network",
    "Raster",
    "Scenario",
    "Study",
    "Trace",
    "Trips",
    "Verdicts",
    "benchmark",
    "case",
    "check",
    "measures",
    "read",
    "read_layer",
    "routing",
    "simulate",
    "site",
    "study",
    "trial",
    "units",
    "whitepaper",
    "write",
]

__version__ = "0.1.0"

#: Where each public name lives: heavy parts are loaded when they are first asked for (PEP 562).
_HOMES = {
    "Agents": "twin.simulation",
    "City": "twin.model",
    "Network": "twin.model",
    "Raster": "twin.model",
    "Scenario": "twin.scenario",
    "Study": "twin.study",
    "Trace": "twin.model",
    "Trips": "twin.simulation",
    "Verdicts": "twin.model",
    "benchmark": "twin.benchmark",
    "case": "twin.cases",
    "check": "twin.standards",
    "read": "twin.gis.read",
    "read_layer": "twin.gis.read",
    "simulate": "twin.simulation",
    "site": "twin.siting",
    "study": "twin.study",
    "trial": "twin.trial",
    "whitepaper": "twin.cases",
    "write": "twin.gis.read",
}
_MODULES = ("measures", "routing", "units")


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"twin.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'twin' has no attribute '{name}'")
    found = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found
    return found


class _Package(ModuleType):
    """A package whose public names win: importing the module ``twin.study`` does not hide the function `twin.study`."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _HOMES or not isinstance(value, ModuleType):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
