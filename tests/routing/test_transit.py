"""Travel by timetable: by hand, against a time-expanded graph, and on two cities' real feeds, to the hundredth."""

import copy
import dataclasses
import datetime as dt
from math import inf

import numpy as np
import pandas as pd
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st
from town import DATE, EIGHT, ONE, TRAM, town

from twin import routing
from twin.errors import DataError, MissingData, UnknownName
from twin.model import City, Network, Timetable
from twin.routing import Transit, itinerary, matrix, profile, within
from twin.routing.footways import Footways, Rows
from twin.routing.service import NEVER, Service, seconds
from twin.units import day, hour, minute

STOPS = 5
PLACES = 4


# ── random timetables against the time-expanded graph ────────────────────────────────────────────────────────────────

TIMES = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 4)), min_size=2, max_size=5)


@st.composite
def runs(draw):
    """Trips of a few lines: some follow each other along the same stops, overtake, or ran on past midnight."""
    found = []
    for line in range(draw(st.integers(0, 3))):
        many = draw(st.integers(2, 5))
        stops = draw(st.lists(st.integers(0, STOPS - 1), min_size=many, max_size=many))
        may = draw(
            st.lists(st.sampled_from([(1, 1), (1, 1), (1, 1), (0, 1), (1, 0), (0, 0)]), min_size=many, max_size=many)
        )
        for _ in range(draw(st.integers(1, 4))):
            now = draw(st.integers(0, 60))
            yesterday = draw(st.booleans()) and draw(st.booleans())
            calls = []
            for stop, (pickup, drop_off) in zip(stops, may, strict=True):
                arrive = now + draw(st.integers(0, 20))
                now = arrive + draw(st.sampled_from([0, 0, 1, 5]))
                calls.append((stop, arrive, now, pickup, drop_off))
            found.append((line, yesterday, calls))
    return found


def timetable(trips, transfers=()):
    """A timetable of (line, whether it left the day before, calls); two services: of the day before, and of the day."""
    rows = [
        (number, stop, arrive + day * late, depart + day * late, pickup, drop_off)
        for number, (_, late, calls) in enumerate(trips)
        for stop, arrive, depart, pickup, drop_off in calls
    ]
    columns = ("trip", "stop", "arrive", "depart", "pickup", "drop_off")
    return Timetable.build(
        stops=pd.DataFrame({"id": [f"s{i}" for i in range(STOPS)], "x": 0.0, "y": 0.0}),
        lines=pd.DataFrame({"id": ["a", "b", "c"], "mode": "bus"}),
        trips=pd.DataFrame(
            {
                "id": [f"t{i}" for i in range(len(trips))],
                "line": np.array([line for line, _, _ in trips], dtype=np.int32),
                "service": np.array([int(not late) for _, late, _ in trips], dtype=np.int32),
            }
        ),
        times={c: np.array([row[i] for row in rows], dtype=np.int32) for i, c in enumerate(columns)},
        calendar=(["before", "today"], DATE - dt.timedelta(days=1), [[True, False], [False, True]]),
        transfers=pd.DataFrame(list(transfers), columns=["from_stop", "to_stop", "seconds"]).astype(np.int32),
    )


def walks(most):
    """{(stop, place): hundredths of a second}, some pairs only."""
    return st.dictionaries(
        st.tuples(st.integers(0, STOPS - 1), st.integers(0, most - 1)), st.integers(0, 2500), max_size=8
    )


def rows(ways):
    """Ways as the kernel takes them, and as the reference does, in seconds."""
    found = sorted(ways)
    begin = np.searchsorted([a for a, _ in found], np.arange(STOPS + 1)).astype(np.int32)
    held = Rows(begin, *(np.array(c, dtype=np.int32) for c in ([b for _, b in found], [ways[w] for w in found])))
    told = {stop: {b: ways[a, b] / 100 for a, b in found if a == stop} for stop in range(STOPS)}
    return held, told


def changes(feet, transfers):
    """{stop: {stop: seconds}} of every change: the shorter of the feed's and the walk, none where it is forbidden."""
    found = {a: {a: 0, **{b: w for b, w in feet[a].items() if b != a}} for a in range(STOPS)}
    for a in range(STOPS):
        found[a][a] = max([0, *(w for i, j, w in transfers if i == j == a)])
    for a, b, least in transfers:
        if a != b and least >= 0:
            found[a][b] = min(least, found[a].get(b, inf))
    for a, b, least in transfers:
        if a != b and least < 0:
            found[a].pop(b, None)
    return found


@given(
    trips=runs(),
    transfers=st.lists(
        st.tuples(st.integers(0, STOPS - 1), st.integers(0, STOPS - 1), st.sampled_from([-1, 0, 3, 12])), max_size=4
    ),
    feet=walks(STOPS),
    egress=walks(PLACES),
    access=st.lists(
        st.dictionaries(st.integers(0, STOPS - 1), st.integers(0, 2000), max_size=3), min_size=1, max_size=3
    ),
    direct=st.lists(st.sampled_from([4500, 10_000, inf]), min_size=PLACES, max_size=PLACES),
    departures=st.lists(st.integers(0, 80), min_size=1, max_size=6, unique=True).map(sorted),
    limits=st.tuples(st.integers(1, 4), st.sampled_from([NEVER, 9000, 3000])),
)
def test_the_kernel_is_the_time_expanded_graph(trips, transfers, feet, egress, access, direct, departures, limits):
    most, latest = limits
    feet = {(a, b): w for (a, b), w in feet.items() if a != b}
    feet, walked = rows(feet)
    egress, out = rows(egress)
    made = timetable(trips, transfers).on(DATE)
    net = Network.from_arrays([0], [0], [], [])
    service = Service.of(made, Footways(net, PLACES, STOPS, np.array([]), feet, egress), most)
    start = np.full((len(access), STOPS), NEVER, dtype=np.int32)
    for row, walk in enumerate(access):
        start[row, list(walk)] = list(walk.values())
    afoot = np.array([[NEVER if w == inf else w for w in direct]] * len(access), dtype=np.int32)
    ticks = np.array(departures, dtype=np.int32) * 100
    ranks = np.arange(len(ticks), dtype=np.int32)
    found = np.empty((len(access), len(ticks), PLACES), dtype=np.int32)
    ranked = np.empty_like(found)
    service.kernel.travel_times(start, afoot, ticks, latest, ranks[:0], found)
    service.kernel.travel_times(start, afoot, ticks, latest, ranks, ranked)
    for row, walk in enumerate(access):
        wanted = np.array(
            reference.journeys(
                [calls for _, _, calls in trips],
                departures,
                {stop: w / 100 for stop, w in walk.items()},
                changes(walked, transfers),
                out,
                [w / 100 for w in direct],
                most,
            )
        )
        near = wanted <= latest / 100  # beyond it, a time may be missing
        assert np.allclose(seconds(found[row])[near], wanted[near], rtol=0, atol=1e-6)
        assert (seconds(found[row])[~near] > latest / 100).all()
    assert np.array_equal(ranked, np.sort(found, axis=1))


# ── by hand ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_tram_by_hand():
    transit = Transit(town(TRAM), DATE, window=0, **ONE)
    # to C: wait 600, ride 600; to node 3: alight at C, walk 1000; to node 1: on foot in 1000 (tram to B: 900 + 1000)
    assert matrix(transit, [0]).tolist() == [[0, 1000, 900, 1900, 1200, inf]]
    # from node 1 one walks 1000 to A for the tram of 8:30 (1800 + 600) or to B for that of 8:35 (2100 + 300)
    assert matrix(transit, [1], [4, 1, 4]).tolist() == [[2400, 0, 2400]]
    assert matrix(transit, [5]).tolist() == [[inf] * 5 + [0]]
    # no tram goes back
    assert matrix(transit, [4], [0]).tolist() == [[4000]]


def test_the_median_and_the_percentiles_of_a_window_by_hand():
    transit = Transit(town(TRAM), DATE, window=1 * hour, step=10 * minute, **ONE)
    # 8:00 waits 10 min for the tram, 8:10 none, 8:20 10, 8:30 none, 8:40 10, 8:50 none; all ride 10
    assert transit.departures.tolist() == [EIGHT + 600 * i for i in range(6)]
    assert profile(transit, 0, [4])[:, 0].tolist() == [1200, 600, 1200, 600, 1200, 600]
    for percentile, value in ((50, 600), (51, 1200), (100, 1200), (1, 600)):
        assert matrix(dataclasses.replace(transit, percentile=percentile), [0], [4]).tolist() == [[value]]


def test_a_place_out_of_reach_half_of_the_time():
    walk, lines = town(TRAM)
    cut = walk.close([1])  # nobody walks from 1 to 2
    window = {"depart": EIGHT + 30 * minute, "step": 10 * minute, **ONE}
    # from 8:30 there are the trams of 8:30 and 8:50; who comes after 8:50 gets nowhere
    half = Transit((cut, lines), DATE, window=60 * minute, **window)
    assert profile(half, 0, [4])[:, 0].tolist() == [600, 1200, 600, inf, inf, inf]
    assert matrix(half, [0], [4]).tolist() == [[1200]]
    most = Transit((cut, lines), DATE, window=70 * minute, **window)
    assert matrix(most, [0], [4]).tolist() == [[inf]]


def test_within_counts_what_the_matrix_does():
    transit = Transit(town(TRAM), DATE, window=20 * minute, step=5 * minute, **ONE)
    weights = np.array([1, 10, 100, 0, 1000, 10_000], dtype=float)
    for limit in (0, 899.99, 900, 1000, 1200, 1900, 5000, inf):
        wanted = (matrix(transit, transit.walk.ids) <= limit) & (matrix(transit, transit.walk.ids) < inf)
        assert within(transit, weights, limit).tolist() == (wanted @ weights).tolist()
        faded = np.where(wanted, np.exp(-np.where(wanted, matrix(transit, transit.walk.ids), 0) / 600), 0) @ weights
        assert within(transit, weights, limit, decay=lambda c: np.exp(-c / 600)) == pytest.approx(faded)
        assert within(transit, weights, limit, origins=[4, 0]).tolist() == (wanted @ weights)[[4, 0]].tolist()


def test_closing_a_street_or_a_line_never_shortens_a_trip():
    walk, lines = town(TRAM)
    before = Transit((walk, lines), DATE, window=0, **ONE)
    shut = Transit((walk.close([3]), lines), DATE, window=0, **ONE)
    assert matrix(shut, [0]).tolist() == [[0, 1000, 900, 1900, 1200, inf]]  # C is at the node, which stays
    assert matrix(Transit((walk.close([2, 3]), lines), DATE, window=0, **ONE), [0]).tolist() == [
        [0, 1000, 900, inf, 1200, inf]
    ]
    without = dataclasses.replace(lines, timetable=lines.timetable.with_closed(lines=[0]))
    slower = Transit((walk, without), DATE, window=0, **ONE)
    assert matrix(slower, [0]).tolist() == [[0, 1000, 2000, 3000, 4000, inf]]
    assert slower.footways is before.footways  # the streets are prepared once


def test_a_stop_that_is_first_walked_to_and_then_ridden_to_earlier():
    # B is 2000 s on foot, the tram is there after 900; the bus leaves B after 1200, and nobody on foot catches it
    bus = (1, ((1, EIGHT + 1200, EIGHT + 1200), (2, EIGHT + 1500, EIGHT + 1500)))
    transit = Transit(town([TRAM[0], bus]), DATE, window=0, walk_speed=1.0, max_walk=2000.0)
    assert matrix(transit, [0], [4]).tolist() == [[1200]]
    short = (0, TRAM[0][1][:2])
    transit = Transit(town([short, bus]), DATE, window=0, walk_speed=1.0, max_walk=2000.0)
    assert matrix(transit, [0], [4]).tolist() == [[1500]]


def test_a_stop_that_more_rides_reach_earlier():
    # one ride to C takes an hour, two take twenty minutes, in time for the boat to the island after half an hour
    calls = (
        (0, (0, 60, 60), (2, 3600, 3600)),
        (0, (0, 60, 60), (1, 300, 300)),
        (1, (1, 600, 600), (2, 1200, 1200)),
        (1, (2, 1800, 1800), (3, 2400, 2400)),
    )
    trips = [(line, tuple((stop, EIGHT + a, EIGHT + d) for stop, a, d in rest)) for line, *rest in calls]
    _, lines = town(trips, island=(90_000.0, 0.0))
    walk = Network.from_arrays(
        [0, 1000, 2000, 3000, 4000, 90_000, 91_000], [0] * 7, [0, 1, 2, 3, 5], [1, 2, 3, 4, 6], crs=32631
    )
    assert matrix(Transit((walk, lines), DATE, window=0, **ONE), [0], [5, 6]).tolist() == [[2400, 3400]]
    assert matrix(Transit((walk, lines), DATE, window=0, max_rides=2, **ONE), [0], [5]).tolist() == [[inf]]


def test_a_walk_between_two_rides_but_not_two_in_a_row():
    # line 2 leaves from B only; C is reached from A by no line
    trips = [
        (0, ((0, EIGHT + 60, EIGHT + 60), (1, EIGHT + 120, EIGHT + 120))),
        (1, ((2, EIGHT + 2200, EIGHT + 2200), (3, EIGHT + 2300, EIGHT + 2300))),
    ]
    places = town(trips)
    transit = Transit(places, DATE, window=0, walk_speed=1.0, max_walk=2000.0)
    legs = itinerary(transit, 0, 4)
    assert legs["mode"].tolist() == ["walk", "tram", "walk"]
    # a change from B (8:02) to C takes 2000: in time for line 2 at 2200 with a walk of 2000, not with one of 1999
    ride = np.empty((4, 6), dtype=np.int32)
    reach = ride.copy()
    for limit, arrives in ((2000.0, 2300), (1999.0, None)):
        service = dataclasses.replace(transit, max_walk=limit).service
        access, _ = service.walks(np.array([0], dtype=np.int32), limit)
        service.kernel.labels(access[0], EIGHT * 100, ride, reach)
        assert ride[3, 5] == (NEVER if arrives is None else (EIGHT + arrives) * 100)


def test_the_feeds_transfers_count_where_shorter_and_forbid_where_they_say_so():
    trips = [
        (0, ((0, EIGHT + 60, EIGHT + 60), (1, EIGHT + 120, EIGHT + 120))),
        (1, ((1, EIGHT + 130, EIGHT + 130), (2, EIGHT + 200, EIGHT + 200))),
    ]
    trips.append((1, ((1, EIGHT + 430, EIGHT + 430), (2, EIGHT + 500, EIGHT + 500))))
    options = {"window": 0, **ONE}
    assert matrix(Transit(town(trips), DATE, **options), [0], [4]).tolist() == [[200]]
    slow = pd.DataFrame({"from_stop": [1], "to_stop": [1], "seconds": [60]})
    assert matrix(Transit(town(trips, transfers=slow), DATE, **options), [0], [4]).tolist() == [[500]]
    assert matrix(Transit(town(trips), DATE, max_rides=1, **options), [0], [4]).tolist() == [[4000]]


def test_entrances_take_their_time():
    doors = pd.DataFrame(
        {"id": ["e"], "name": ["door"], "x": [3000.0], "y": [0.0], "stop": [2], "enter": [50], "leave": [70]}
    )
    transit = Transit(town(TRAM, entrances=doors), DATE, window=0, walk_speed=1.0, max_walk=1070.0)
    # East is left at node 3: 1200 and 70 s; then 1000 m on to node 4
    assert matrix(transit, [0], [3, 4]).tolist() == [[1270, 2270]]


def test_past_midnight():
    late = [(0, ((0, 86_000, 86_000), (1, 87_000, 87_000), (2, 88_000, 88_000)))]
    places = town(late)
    # the trip of the second of March, met at B at 0:10 of the third
    assert matrix(Transit(places, DATE, depart=0, window=0, **ONE), [2], [4]).tolist() == [[1600]]
    # on the first day of the calendar nothing comes over from the day before
    assert matrix(Transit(places, "2026-03-01", depart=0, window=0, **ONE), [2], [4]).tolist() == [[2000]]
    assert matrix(Transit(places, DATE, depart=day - 500, window=0, **ONE), [0], [4]).tolist() == [[2100]]


def test_stops_beyond_every_street_are_listed():
    transit = Transit(town(TRAM), DATE, **ONE)
    assert transit.unsnapped["id"].tolist() == ["D"]


def test_a_city_takes_the_place_of_two_networks():
    walk, lines = town(TRAM)
    city = City.build("town", 32631, networks={"walk": walk, "transit": lines})
    assert matrix(Transit(city, "2026-03-03", window=0, **ONE), [0], [4]).tolist() == [[1200]]
    with pytest.raises(MissingData, match="network 'transit'"):
        Transit(City.from_network(walk), DATE)


def test_the_journey_leg_by_leg():
    transit = Transit(town(TRAM), DATE, window=0, **ONE)
    legs = itinerary(transit, 0, 3, at=EIGHT + 60)
    assert legs.to_dict("list") == {
        "mode": ["walk", "tram", "walk"],
        "line": ["", "Red", ""],
        "trip": ["", "t0", ""],
        "start": [0, "West", "Mid"],
        "end": ["West", "Mid", 3],
        "depart": [EIGHT + 60, EIGHT + 600, EIGHT + 900],
        "arrive": [EIGHT + 60, EIGHT + 900, EIGHT + 1900],
    }
    assert itinerary(transit, 0, 1)["mode"].tolist() == ["walk"]
    assert itinerary(transit, 0, 5).empty
    with pytest.raises(DataError, match="within the day"):
        itinerary(transit, 0, 1, at=-1)
    with pytest.raises(UnknownName, match="no node '77'"):
        itinerary(transit, 0, 77)


# ── bad input ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"date": "2026-04-01"}, "from 2026-03-01 to 2026-03-31, not on 2026-04-01"),
        ({"date": "tomorrow"}, "no date"),
        ({"percentile": 0}, "percentile is above 0 and up to 100, not 0"),
        ({"percentile": 101}, "percentile"),
        ({"percentile": float("nan")}, "percentile"),
        ({"depart": -1}, "within the day"),
        ({"depart": 23.5 * hour, "window": hour}, "give the date that follows"),
        ({"window": -1}, "window is at least 0"),
        ({"step": 0}, "step is at least"),
        ({"walk_speed": 0}, "walk_speed"),
        ({"max_walk": inf}, "max_walk"),
        ({"max_rides": 0}, "max_rides"),
        ({"max_rides": 1.5}, "max_rides"),
    ],
)
def test_options_out_of_range(options, says):
    with pytest.raises(DataError, match=says):
        Transit(town(TRAM), **{"date": DATE, **options})


def test_networks_that_do_not_fit():
    walk, lines = town(TRAM)
    with pytest.raises(MissingData, match="no timetable"):
        Transit((walk, walk), DATE)
    with pytest.raises(DataError, match="different CRS"):
        Transit((dataclasses.replace(walk, crs=None), lines), DATE)
    transit = Transit((walk, lines), DATE, **ONE)
    with pytest.raises(UnknownName, match="no node '9'"):
        matrix(transit, [9])
    with pytest.raises(DataError, match="6 nodes and 1 weights"):
        within(transit, [1.0], 600)
    assert matrix(transit, [], [0]).shape == (0, 1)
    assert matrix(transit, [0], []).shape == (1, 0)


@pytest.mark.parametrize(
    "ask",
    [
        lambda it: routing.nearest(it, [0]),
        lambda it: routing.nearest(it, [0], k=2),
        lambda it: routing.nearest_each(it, [[0]]),
        lambda it: routing.nearest_each(it, []),
        lambda it: routing.two_step(it, [1], [0], [1], 60),
        lambda it: routing.three_step(it, [1], [0], [1], 60),
        lambda it: routing.layouts(it, [[0]], [1], 60),
        lambda it: routing.routes(it, [0], [1]),
        lambda it: routing.reach(it, pd.DataFrame(), pd.DataFrame(), count=0),
        routing.betweenness,
        routing.efficiency,
        routing.bridges,
        routing.articulation,
        routing.cut_off,
        lambda it: routing.criticality(it, [1], sites=[0]),
        lambda it: routing.failures(it, [0]),
        routing.failed,
        lambda it: routing.edge_connectivity(it, [0], [1]),
        lambda it: routing.disjoint_ways(it, np.array([0]), np.array([1])),
    ],
)
def test_what_takes_streets_only_says_so(ask):
    with pytest.raises(DataError, match=r"a network in `matrix`, `within` and `isochrones` only; give its streets"):
        ask(Transit(town(TRAM), DATE))


def test_a_transit_is_otherwise_a_value_like_any():
    transit = Transit(town(TRAM), DATE, **ONE)
    assert not hasattr(transit, "speed")
    assert copy.copy(transit).walk is transit.walk
    with pytest.raises(AttributeError, match="'Transit' object has no attribute 'windw'"):
        transit.windw  # noqa: B018


def test_a_timetable_on_which_nothing_runs():
    walk, lines = town()
    assert matrix(Transit((walk, lines), DATE, **ONE), [0], [4]).tolist() == [[4000]]


def test_results_do_not_depend_on_how_the_work_is_cut(monkeypatch):
    transit = Transit(town(TRAM), DATE, **ONE)
    nodes = np.tile(transit.walk.ids, 9)
    at_once = matrix(transit, nodes)
    monkeypatch.setattr("twin.routing.transit._BATCH", 7)
    monkeypatch.setattr("twin.routing.transit._HOLD", 30)
    assert np.array_equal(matrix(transit, nodes), at_once)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0}, raising=False)
    assert np.array_equal(matrix(transit, nodes), at_once)
