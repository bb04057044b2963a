"""A timetable and one day of it: by hand, and by what must hold for any."""

import datetime as dt
from collections import Counter

import numpy as np
import pandas as pd
import pytest
import strategies  # noqa: F401 -- its settings
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import DataError, MissingData, UnknownName
from twin.model import Network, Timetable
from twin.model.patterns import chains

FRIDAY, SATURDAY = "2026-11-20", "2026-11-21"


def timetable(trips, *, runs=((1, 1),), first=dt.date(2026, 11, 20), stops=4, **more):
    """Trips as (line, service, [(stop, arrive, depart), …]); lines and services are as many as are named."""
    calls = [(t, *call) for t, (_, _, each) in enumerate(trips) for call in each]
    columns = np.array(calls).reshape(-1, 4)
    lines = 1 + max((line for line, _, _ in trips), default=0)
    return Timetable.build(
        stops=pd.DataFrame({"id": list("abcdefgh"[:stops]), "x": np.arange(stops) * 100.0, "y": np.zeros(stops)}),
        lines=pd.DataFrame({"id": [f"L{i}" for i in range(lines)], "name": [f"{i + 1}路" for i in range(lines)]}),
        trips=pd.DataFrame(
            {
                "id": [f"t{i}" for i in range(len(trips))],
                "line": [line for line, _, _ in trips],
                "service": [service for _, service, _ in trips],
            }
        ),
        times={
            **dict(zip(("trip", "stop", "arrive", "depart"), columns.T.copy(), strict=True)),
            **more.pop("times", {}),
        },
        calendar=([f"s{i}" for i in range(len(runs))], first, np.array(runs, dtype=bool)),
        **more,
    )


def at(*pairs):
    """Calls without a wait."""
    return [(stop, time, time) for stop, time in pairs]


def runs_of(day):
    """Every trip of a day: line, row in the timetable, and its calls (stop, arrive, depart)."""
    found = []
    for p, line in enumerate(day.pattern_line.tolist()):
        first, last = day.pattern_indptr[p : p + 2]
        size = last - first
        for k, trip in enumerate(day.trip[day.trip_indptr[p] : day.trip_indptr[p + 1]].tolist()):
            start = day.time_indptr[p] + k * size
            times = (a[start : start + size].tolist() for a in (day.arrive, day.depart))
            found.append((line, trip, tuple(zip(day.pattern_stop[first:last].tolist(), *times, strict=True))))
    return found


def ids_on(table, day):
    return sorted(table.trips["id"].iloc[day.trip])


def never_overtakes(day):
    for p in range(len(day.pattern_line)):
        size = day.pattern_indptr[p + 1] - day.pattern_indptr[p]
        for times in (day.arrive, day.depart):
            rows = times[day.time_indptr[p] : day.time_indptr[p + 1]].reshape(-1, size)
            assert (np.diff(rows, axis=0) >= 0).all()


# ── patterns ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_trips_of_the_same_stops_share_a_pattern_sorted_by_departure():
    table = timetable(
        [(0, 0, at((0, 600), (1, 660))), (0, 0, at((0, 0), (1, 60))), (0, 0, at((0, 300), (1, 360), (2, 400)))]
    )
    assert table.pattern_stop.tolist() == [0, 1, 0, 1, 2]
    assert table.pattern_indptr.tolist() == [0, 2, 5]
    assert table.trips["id"].tolist() == ["t1", "t0", "t2"]
    assert table.trip_indptr.tolist() == [0, 2, 3]
    assert table.time_indptr.tolist() == [0, 4, 7]
    assert table.arrive.tolist() == [0, 60, 600, 660, 300, 360, 400]
    assert table.leaves.tolist() == [0, 600, 300]
    assert table.reaches.tolist() == [60, 660, 400]


def test_lines_directions_and_what_one_may_do_keep_patterns_apart():
    both = at((0, 0), (1, 60))
    assert len(timetable([(0, 0, both), (1, 0, both)]).pattern_line) == 2
    table = timetable([(0, 0, both), (0, 0, both)], times={"pickup": [1, 0, 0, 0], "drop_off": [0, 1, 0, 1]})
    assert table.pickup.tolist() == [True, False, False, False]
    assert table.drop_off.tolist() == [False, True, False, True]


def test_an_express_that_overtakes_gets_a_pattern_of_its_own():
    slow, fast = at((0, 0), (1, 600), (2, 1200)), at((0, 300), (1, 500), (2, 700))
    table = timetable([(0, 0, slow), (0, 0, fast), (0, 0, at((0, 900), (1, 1500), (2, 2100)))])
    assert table.trip_indptr.tolist() == [0, 2, 3]
    assert table.trips["id"].tolist() == ["t0", "t2", "t1"]
    assert table.family_of.tolist() == [0, 0]
    # on different days nobody overtakes anybody: on each there is one pattern
    apart = timetable([(0, 0, slow), (0, 1, fast)], runs=((1, 0), (0, 1)))
    assert len(apart.pattern_line) == 2
    assert len(apart.on(FRIDAY).pattern_line) == len(apart.on(SATURDAY).pattern_line) == 1


times = st.integers(0, 40)


@given(st.lists(st.lists(times, min_size=3, max_size=3).map(sorted), max_size=9))
def test_chains_take_every_trip_once_and_nobody_overtakes(rows):
    arrive = np.array(rows, dtype=np.int32).reshape(-1, 3)
    depart = arrive + np.array([1, 0, 2], dtype=np.int32)
    found = chains(arrive, depart) if len(rows) else []
    assert sorted(k for chain in found for k in chain.tolist()) == list(range(len(rows)))
    for chain in found:
        assert (np.diff(arrive[chain], axis=0) >= 0).all()
        assert (np.diff(depart[chain], axis=0) >= 0).all()


# ── days ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_only_what_runs_and_the_night_before():
    trips = [
        (0, 0, at((0, 80_000), (1, 80_600))),  # fridays
        (0, 0, at((0, 86_000), (1, 87_000))),  # fridays, past midnight
        (0, 0, at((0, 88_000), (1, 89_000))),  # fridays, but after midnight
        (0, 1, at((0, 500), (1, 700))),  # saturdays
    ]
    table = timetable(trips, runs=((1, 0), (0, 1)))
    friday, saturday = table.on(FRIDAY), table.on(SATURDAY)
    assert ids_on(table, friday) == ["t0", "t1", "t2"]
    assert friday.arrive.max() == 89_000
    assert ids_on(table, saturday) == ["t1", "t2", "t3"]
    assert saturday.arrive.tolist() == [-400, 600, 500, 700, 1600, 2600]
    assert table.trips_by_day.tolist() == [3, 1]
    assert table.busiest == dt.date(2026, 11, 20)
    never_overtakes(saturday)


def test_a_trip_that_ends_at_midnight_sharp_is_there_the_day_after():
    table = timetable([(0, 0, at((0, 86_000), (1, 86_400)))], runs=((1, 0),))
    assert table.on(SATURDAY).arrive.tolist() == [-400, 0]
    earlier = timetable([(0, 0, at((0, 86_000), (1, 86_399)))], runs=((1, 0),))
    assert len(earlier.on(SATURDAY).trip) == 0


def test_the_night_bus_of_both_days_never_overtakes():
    # every day: 24:10 -> 24:30; and an early trip that would be overtaken by it, 00:05 -> 00:40
    trips = [(0, 0, at((0, 87_000), (1, 88_200))), (0, 0, at((0, 300), (1, 2400)))]
    day = timetable(trips).on(SATURDAY)
    never_overtakes(day)
    assert len(day.pattern_line) == 2
    assert len(day.trip) == 3


def test_dates():
    table = timetable([(0, 0, at((0, 0), (1, 60)))])
    assert table.on(dt.date(2026, 11, 20)) is table.on("2026-11-20") is table.on(dt.datetime(2026, 11, 20, 8, 0))
    with pytest.raises(
        DataError, match=r"valid from 2026-11-20 to 2026-11-21, not on 2026-11-22; choose .* 2026-11-20"
    ):
        table.on("2026-11-22")
    with pytest.raises(DataError, match="valid from"):
        table.on("2026-11-19")
    with pytest.raises(DataError, match=r"'tomorrow' is no date; write it as 2026-11-20"):
        table.on("tomorrow")


def test_types_and_that_nothing_can_be_written_to():
    table = timetable(
        [(0, 0, at((0, 0), (1, 60)))], transfers=pd.DataFrame({"from_stop": [0], "to_stop": [1], "seconds": [9]})
    )
    day = table.on(FRIDAY)
    assert day.stops == 4
    for name, value in vars(day).items():
        if isinstance(value, np.ndarray):
            assert value.dtype == (np.uint8 if name in {"pickup", "drop_off"} else np.int32), name
            assert value.flags.c_contiguous, name
            assert not value.flags.writeable, name
    for name, value in vars(table).items():
        if isinstance(value, np.ndarray):
            assert not value.flags.writeable, name


# ── what a scenario closes ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def row():
    """Two lines along four stops, one each way, every stop a minute apart."""
    there = at((0, 0), (1, 60), (2, 120), (3, 180))
    back = at((3, 0), (2, 60), (1, 120), (0, 180))
    hops = [0, 1, 2, -1, 5, 4, 3, -1]
    return timetable([(0, 0, there), (1, 0, back)], times={"hop": hops})


def test_a_closed_stop_is_passed(row):
    shut = row.with_closed(stops=[1])
    assert [calls for _, _, calls in runs_of(shut.on(FRIDAY))] == [
        ((0, 0, 0), (2, 120, 120), (3, 180, 180)),
        ((3, 0, 0), (2, 60, 60), (0, 180, 180)),
    ]
    assert row.stops["open"].all()
    assert shut.arrive is row.arrive
    assert len(row.on(FRIDAY).arrive) == 8


def test_a_closed_line_is_left_out(row):
    shut = row.with_closed(lines=row.line("L0"))
    assert [line for line, _, _ in runs_of(shut.on(FRIDAY))] == [1]
    assert shut.trips_by_day.tolist() == [1, 1]
    assert row.line("2路").tolist() == [1]
    assert row.stop("c").tolist() == [2]
    with pytest.raises(UnknownName, match="no line 'L7'; did you mean 'L"):
        row.line("L7")
    with pytest.raises(UnknownName, match="no stop 'z'"):
        row.stop("z")


def test_a_blocked_hop_cuts_a_trip_in_two(row):
    blocked = np.zeros(6, dtype=bool)
    blocked[1] = True  # from b to c, there only
    day = row.on(FRIDAY, blocked=blocked)
    assert runs_of(day) == [
        (0, 0, ((0, 0, 0), (1, 60, 60))),
        (0, 0, ((2, 120, 120), (3, 180, 180))),
        (1, 1, ((3, 0, 0), (2, 60, 60), (1, 120, 120), (0, 180, 180))),
    ]
    blocked[0] = True  # nothing is left of the first part
    assert [calls[0][0] for _, _, calls in runs_of(row.on(FRIDAY, blocked=blocked))] == [2, 3]
    assert row.on(FRIDAY, blocked=np.zeros(6, dtype=bool)) is row.on(FRIDAY)
    assert row.on(FRIDAY, blocked=blocked) is row.on(FRIDAY, blocked=blocked.copy())


def test_a_blocked_hop_beside_a_closed_stop_cuts_too(row):
    blocked = np.zeros(6, dtype=bool)
    blocked[1] = True
    shut = row.with_closed(stops=[1])
    assert [calls for line, _, calls in runs_of(shut.on(FRIDAY, blocked=blocked)) if line == 0] == [
        ((2, 120, 120), (3, 180, 180))
    ]


def test_a_network_blocks_its_closed_edges(row):
    tail, head = [0, 1, 2, 1, 2, 3], [1, 2, 3, 0, 1, 2]
    net = Network.from_arrays(np.arange(4) * 100.0, np.zeros(4), tail, head, directed=True, ids=list("abcd"))
    with pytest.raises(MissingData, match="no timetable"):
        net.day(FRIDAY)
    import dataclasses

    lines = dataclasses.replace(net, timetable=row)
    assert lines.day(FRIDAY) is row.on(FRIDAY)
    cut = lines.close([1])
    assert cut.timetable is row
    assert len(cut.day(FRIDAY).pattern_line) == 3
    assert len(lines.day(FRIDAY).pattern_line) == 2


# ── transfers ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_transfers_in_rows_by_stop():
    transfers = pd.DataFrame(
        {"from_stop": [2, 0, 0, 1, 3, 0], "to_stop": [0, 3, 1, 1, 2, 0], "seconds": [50, 30, 40, 120, -1, 0]}
    )
    table = timetable([(0, 0, at((0, 0), (1, 60)))], transfers=transfers)
    day = table.on(FRIDAY)
    assert day.transfer_indptr.tolist() == [0, 2, 2, 3, 3]
    assert day.transfer_stop.tolist() == [1, 3, 0]
    assert day.transfer_time.tolist() == [40, 30, 50]
    assert day.change.tolist() == [0, 120, 0, 0]
    assert day.forbidden.tolist() == [[3, 2]]
    shut = table.with_closed(stops=[0]).on(FRIDAY)
    assert shut.transfer_stop.tolist() == []


# ── any timetable ────────────────────────────────────────────────────────────────────────────────────────────────────


@st.composite
def trips(draw):
    """Trips of two lines over four stops with waits, some past midnight, on two services."""
    found = []
    for _ in range(draw(st.integers(0, 8))):
        stops = draw(st.lists(st.integers(0, 3), min_size=2, max_size=4))
        steps = draw(st.lists(st.integers(0, 500), min_size=2 * len(stops), max_size=2 * len(stops)))
        start = draw(st.sampled_from([0, 100, 85_900, 86_400]))
        passed = (start + np.cumsum(steps)).tolist()
        calls = list(zip(stops, passed[::2], passed[1::2], strict=True))
        found.append((draw(st.integers(0, 1)), draw(st.integers(0, 1)), calls))
    return found


@given(trips(), st.lists(st.booleans(), min_size=6, max_size=6), st.sets(st.integers(0, 3)), st.data())
def test_a_day_is_what_a_list_of_trips_would_give(given_trips, flags, shut, data):
    runs = np.array(flags).reshape(2, 3)
    edges = data.draw(st.lists(st.booleans(), min_size=16, max_size=16))
    hops = [
        calls[k][0] * 4 + calls[k + 1][0] if k + 1 < len(calls) else -1
        for _, _, calls in given_trips
        for k in range(len(calls))
    ]
    table = timetable(given_trips, runs=runs, times={"hop": hops}).with_closed(stops=list(shut))
    expected = Counter()
    for line, service, calls in given_trips:
        for day, shift in ((1, 0), (0, 86_400)):
            if not runs[service, day] or calls[-1][1] < shift:
                continue
            part = []
            for k, (stop, arrive, depart) in enumerate(calls):
                if stop not in shut:
                    part.append((stop, arrive - shift, depart - shift))
                if k + 1 == len(calls) or edges[stop * 4 + calls[k + 1][0]]:
                    expected[line, tuple(part)] += len(part) > 1
                    part = []
    day = table.on("2026-11-21", blocked=edges)
    never_overtakes(day)
    assert Counter((line, calls) for line, _, calls in runs_of(day)) == +expected
    assert day.time_indptr[-1] == len(day.arrive) == len(day.depart)


@given(trips())
def test_no_trip_overtakes_within_a_pattern_of_the_timetable(given_trips):
    table = timetable(given_trips, runs=((1,), (1,)))
    never_overtakes(table)
    assert sorted(table.trips["id"]) == [f"t{i}" for i in range(len(given_trips))]


# ── bad input ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_cannot_be_a_timetable():
    with pytest.raises(DataError, match=r"times of 1 calls run backwards \(calls 1\)"):
        timetable([(0, 0, at((0, 60), (1, 0)))])
    with pytest.raises(DataError, match="run backwards"):
        timetable([(0, 0, [(0, 0, 10), (1, 20, 15)])])
    with pytest.raises(DataError, match="fewer than two stops"):
        timetable([(0, 0, at((0, 60)))])
    with pytest.raises(DataError, match="stop 9 is not there; rows run from 0 to 3"):
        timetable([(0, 0, at((0, 60), (9, 70)))])
    with pytest.raises(DataError, match="service 1 is not there"):
        timetable([(0, 1, at((0, 60), (1, 70)))])
    with pytest.raises(DataError, match="each trip once"):
        timetable([(0, 0, at((0, 60), (1, 70)))] * 2, times={"trip": [0, 1, 1, 0]})


def test_a_timetable_of_nothing():
    table = timetable([])
    day = table.on(FRIDAY)
    assert day.pattern_indptr.tolist() == day.trip_indptr.tolist() == [0]
    assert len(day.arrive) == 0
