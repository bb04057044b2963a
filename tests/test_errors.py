"""Errors: what they are, what they carry, and that they travel."""

import copy
import pickle

import pytest

from twin import errors
from twin.errors import (
    CRSError,
    DataError,
    MissingData,
    ScenarioError,
    SimulationError,
    StandardError,
    TwinError,
    UnknownName,
    listed,
)

EXAMPLES = [
    DataError("bad", layer="facilities", column="capacity", rows=[3, 5]),
    CRSError("feet", layer="x"),
    MissingData("none", layer="green"),
    ScenarioError("no", scenario="flood", change="Flood"),
    SimulationError("no", time=60.0, agents="Trips"),
    StandardError("no", pack="parks", clause="4.1"),
    UnknownName("measure", "share_withn", ["share_within", "people"], where="parks.toml"),
    UnknownName("node", 7),
]


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (DataError, ValueError),
        (CRSError, DataError),
        (MissingData, DataError),
        (ScenarioError, ValueError),
        (SimulationError, RuntimeError),
        (StandardError, ValueError),
        (UnknownName, LookupError),
    ],
)
def test_the_tree(error, builtin):
    assert issubclass(error, TwinError)
    assert issubclass(error, builtin)


def test_every_error_is_public():
    made = {n for n, v in vars(errors).items() if isinstance(v, type) and issubclass(v, TwinError)}
    assert errors.__all__ == sorted(made | {"listed"})


def test_what_they_carry():
    error = EXAMPLES[0]
    assert str(error) == "bad"
    assert (error.layer, error.column, error.rows) == ("facilities", "capacity", (3, 5))
    assert DataError("bad").rows == ()
    assert (EXAMPLES[3].scenario, EXAMPLES[3].change) == ("flood", "Flood")
    assert (EXAMPLES[4].time, EXAMPLES[4].agents) == (60.0, "Trips")
    assert SimulationError("no").time != SimulationError("no").time  # NaN: at no time
    assert (EXAMPLES[5].pack, EXAMPLES[5].clause) == ("parks", "4.1")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("measure", "share_withn", ["share_within"]), "no measure 'share_withn'; did you mean 'share_within'?"),
        (("kind", "zzz", ["clinic", "bus_stop"]), "no kind 'zzz'; there is bus_stop, clinic"),
        (("node", 7, [0, 1, 2]), "no node '7'; there is 0, 1, 2"),
        (("node", 7), "no node '7'"),
        (("node", "x", range(20)), "no node 'x'; there is 0, 1, 10, 11, 12, 13, 14, 15 and 12 more"),
        (("unit", None, []), "no unit 'None'"),
    ],
)
def test_unknown_names_offer_the_nearest(given, says):
    assert str(UnknownName(*given)) == says
    assert str(UnknownName(*given, where="f.toml")) == f"f.toml: {says}"
    assert UnknownName(*given).name == given[1]


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("travel", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy])  # noqa: S301
def test_they_travel_between_processes(error, travel):
    error.add_note("in scenario 'flood'")
    arrived = travel(error)
    assert type(arrived) is type(error)
    assert str(arrived) == str(error)
    assert arrived.__notes__ == error.__notes__
    mine, theirs = vars(error), vars(arrived)
    assert set(mine) == set(theirs)
    assert all(repr(theirs[key]) == repr(value) for key, value in mine.items())


def test_listed():
    assert listed([]) == ""
    assert listed([1]) == "1"
    assert listed(range(8)) == "0, 1, 2, 3, 4, 5, 6, 7"
    assert listed(range(9)) == "0, 1, 2, 3, 4, 5, 6, 7 and 1 more"
    assert listed("abc", most=1) == "a and 2 more"
    assert listed(str(i) for i in range(2)) == "0, 1"
