"""Who lives in a city and where they go: persons from margins, choices of place and mode, and ready crowds."""

from __future__ import annotations

from twin.people.commuters import Commuters
from twin.people.evacuees import Evacuees, evacuation
from twin.people.persons import persons
from twin.people.residents import Errands, Pupils
from twin.people.riders import Riders
from twin.people.visitors import Clients, Patients

__all__ = ["Clients", "Commuters", "Errands", "Evacuees", "Patients", "Pupils", "Riders", "evacuation", "persons"]
