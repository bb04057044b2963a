"""The clauses of the packs that come with `twin`."""

from pathlib import Path

import pytest

import twin
from twin.standards import load


@pytest.fixture(scope="session")
def clauses():
    """Every clause of our own packs, by key."""
    ours = ("emergency-cover", "living-circle", "parks", "sdg-11", "service-coverage")
    return {clause.key: clause for pack in load(ours) for clause in pack.clause}


@pytest.fixture(scope="session")
def harbour():
    """The synthetic town, read once."""
    return twin.read(Path(__file__).resolve().parents[2] / "gis_data" / "harbour")


@pytest.fixture(scope="session")
def every_clause():
    """Every clause of all our packs, by key."""
    return {clause.key: clause for pack in load("all") for clause in pack.clause}
