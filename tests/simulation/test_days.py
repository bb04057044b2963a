"""Days: trips that follow each other, by hand and by what must always hold."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import twin
from twin.errors import SimulationError
from twin.gis.grid import grid_city
from twin.simulation import Diaries, Mode, Queued

WALK = {"walk": Mode("walk")}
BOTH = {"walk": Mode("walk"), "car": Mode("drive", Queued())}


def diary(*trips, **columns):
    names = ("person", "mode", "node", "goal", "depart")
    return pd.DataFrame(trips, columns=names).assign(**columns)


def run(table, modes=WALK, city=None, until=1e6, **more):
    return twin.simulate(grid_city(3) if city is None else city, [Diaries(table, modes)], until=until, **more)


def test_a_day_of_two_trips_by_hand():
    """An edge of the grid takes 75 s. Out at 100 s over two edges; back at 1,000 s, since one was there by then."""
    trips = run(diary((7, "walk", 0, 2, 100.0), (7, "walk", 2, 0, 1000.0)))["trips"]
    assert trips["agent"].tolist() == [7, 7]
    assert trips["depart"].tolist() == [100, 1000]
    assert trips["arrive"].tolist() == [250, 1150]


def test_who_comes_late_leaves_late_and_stays_as_long():
    """It arrives at 250 s and stays 600 s at the least, so that it leaves at 850 s rather than at 300 s."""
    table = diary((0, "walk", 0, 2, 100.0), (0, "walk", 2, 0, 300.0), stay=[0.0, 600.0], purpose=["work", "home"])
    trips = run(table)["trips"]
    assert trips["depart"].tolist() == [100, 850]
    assert trips["purpose"].tolist() == ["work", "home"]
    assert run(table, until=849.0)["trips"]["depart"].tolist() == [100]


def test_a_ride_takes_its_time():
    table = diary((0, "walk", 0, 2, 100.0), (0, "walk", 2, 0, 300.0), ride=[500.0, 0.0])
    trace = run(table)
    assert trace["trips"]["arrive"].tolist() == [600, 750]
    under_way = run(table, until=400.0)
    assert under_way["trips"]["arrive"].isna().all()
    assert under_way["end"]["status"].tolist() == ["on the way"]


def test_modes_meet_in_one_day():
    city = grid_city(3)
    home, work = city.networks["drive"].positions([0, 2])
    table = diary((0, "car", home, work, 0.0), (0, "walk", 2, 0, 10.0), (1, "walk", 0, 1, 5.0))
    trace = run(table, BOTH, city)
    trips = trace["trips"].sort_values(["agent", "depart"])
    assert trips["mode"].tolist() == ["car", "walk", "walk"]
    assert trips["depart"].iloc[1] == trips["arrive"].iloc[0]
    assert len(trace["end"]) == 2
    assert set(trace["end"]["status"]) == {"finished"}


def test_who_is_stranded_makes_no_further_trip():
    def close_all(city):
        net = city.networks["walk"]
        return city.with_network("walk", net.close(np.ones(len(net.graph.tail), bool)))

    table = diary((0, "walk", 0, 2, 100.0), (0, "walk", 2, 0, 1000.0))
    trace = run(table, events=[(400.0, close_all)])
    assert trace["trips"]["arrive"].tolist() == [250]
    assert trace["end"]["status"].tolist() == ["stranded"]


def test_a_way_that_closes_is_walked_around_and_the_day_goes_on():
    city = grid_city(3)
    net = city.networks["walk"]
    tail, head = net.graph.tail, net.graph.head
    shut = ((tail == 1) & (head == 2)) | ((tail == 2) & (head == 1))
    table = diary((0, "walk", 0, 2, 0.0), (0, "walk", 2, 0, 10.0))
    trips = run(table, city=city, events=[(1.0, lambda c: c.with_network("walk", c.networks["walk"].close(shut)))])[
        "trips"
    ]
    assert trips["arrive"].notna().all()
    assert trips["arrive"].iloc[-1] == 75 + 225 + 300  # on to 1, around in three edges, and back in four


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mode": "ski"}, r"trips by \['ski'\], modes are \['walk'\]"),
        ({"depart": np.nan}, "depart is nan, not a time"),
        ({"stay": -1.0}, "stay is -1.0"),
        ({"goal": -1}, "no goal on the network"),
    ],
)
def test_a_day_that_makes_no_sense(change, message):
    with pytest.raises(SimulationError, match=message):
        run(diary((0, "walk", 0, 2, 1.0)).assign(**change))


def test_trips_of_a_person_stand_together():
    with pytest.raises(SimulationError, match="one below the other"):
        run(diary((0, "walk", 0, 2, 1.0), (1, "walk", 0, 2, 1.0), (0, "walk", 2, 0, 9.0)))


@settings(max_examples=40)
@given(st.data())
def test_days_hang_together(data):
    """Each trip begins after the last one ended, and not before its time; all are made; in any order of people."""
    city = grid_city(3)
    trips = []
    for person in range(data.draw(st.integers(1, 5))):
        places = data.draw(st.lists(st.integers(0, 8), min_size=2, max_size=5))
        for a, b in pairwise(places):
            trips.append((person, data.draw(st.sampled_from(["walk", "car"])), a, b, data.draw(st.floats(0, 2000))))
    table = diary(*trips)
    table["stay"] = data.draw(st.lists(st.floats(0, 500), min_size=len(table), max_size=len(table)))
    trace = run(table, BOTH, city)
    made = trace["trips"].sort_values(["agent", "depart", "arrive"], kind="stable").reset_index(drop=True)
    assert len(made) == len(table)
    assert made["arrive"].notna().all()
    for person, mine in made.groupby("agent"):
        asked = table[table["person"] == person].reset_index(drop=True)
        assert (mine["depart"].to_numpy() >= asked["depart"].to_numpy() - 1e-9).all()
        rest = mine["depart"].to_numpy()[1:] - mine["arrive"].to_numpy()[:-1]
        assert (rest >= asked["stay"].to_numpy()[1:] - 1e-6).all()
    whole = [part for _, part in table.groupby("person")]
    turned = run(pd.concat(whole[::-1]), BOTH, city)["trips"]
    key = ["agent", "depart", "arrive"]
    walked = turned["mode"] == "walk"
    assert len(turned) == len(made)
    if not (~walked).any():  # vehicles of one time enter a street in the order in which they were named
        pd.testing.assert_frame_equal(
            turned.sort_values(key).reset_index(drop=True)[key], made.sort_values(key).reset_index(drop=True)[key]
        )
