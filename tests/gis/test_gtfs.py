"""GTFS feeds written by hand: what is read, and what is said of a feed that is not as it should be."""

import datetime as dt
import zipfile

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import twin
from twin.errors import DataError, MissingData
from twin.gis import gtfs
from twin.gis.grid import grid_city
from twin.gis.gtfs import calendar, stations
from twin.gis.gtfs import source as sources
from twin.gis.gtfs.calls import clock, clock_text
from twin.gis.gtfs.network import cut

UTM = 32631
# 3° E is the middle of UTM zone 31: a thousandth of a degree there is 111.3195 m * 0.9996 east (WGS 84, at the equator)
EAST = 111.3195 * 0.9996

PLAIN = {
    "agency.txt": """agency_id,agency_name,agency_url,agency_timezone
a,Town Buses,https://example.org,Africa/Lagos
""",
    "stops.txt": """stop_id,stop_name,stop_lat,stop_lon
A,Alpha,0,3.000
B,Beta,0,3.001
C,Gamma,0,3.003
""",
    "routes.txt": """route_id,agency_id,route_short_name,route_long_name,route_type
r1,a,1,"Alpha, Beta and Gamma",3
""",
    "trips.txt": """route_id,service_id,trip_id,direction_id
r1,wk,t1,0
r1,wk,t2,0
r1,we,t3,0
""",
    "stop_times.txt": """trip_id,arrival_time,departure_time,stop_id,stop_sequence
t1,08:00:00,08:00:00,A,1
t1,08:02:00,08:02:30,B,2
t1,08:05:00,08:05:00,C,3
t2, 9:00:00,9:00:00,A,1
t2,09:02:00,09:02:00,B,2
t2,09:05:00,09:05:00,C,3
t3,23:58:00,23:58:00,A,1
t3,24:00:30,24:01:00,B,2
t3,25:10:00,25:10:00,C,30
""",
    "calendar.txt": """service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
wk,1,1,1,1,1,0,0,20261102,20261129
we,0,0,0,0,0,1,1,20261102,20261129
""",
    "calendar_dates.txt": """service_id,date,exception_type
wk,20261120,2
we,20261120,1
xx,20261201,1
""",
}


@pytest.fixture
def read(tmp_path):
    """Reads a feed made of `PLAIN` and what is given in its stead; None takes a file out."""

    def make(files=None, *, folder=False, name="feed", **more):
        every = {k: v for k, v in {**PLAIN, **(files or {})}.items() if v is not None}
        if folder:
            home = tmp_path / name
            home.mkdir()
            for key, text in every.items():
                (home / key).write_bytes(text if isinstance(text, bytes) else text.encode())
            return gtfs.read_feed(home, UTM, **more)
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as target:
            for key, text in every.items():
                target.writestr(key, text)
        return gtfs.read_feed(tmp_path / f"{name}.zip", UTM, **more)

    return make


def changed(file, old, new):
    """The plain feed with one thing changed."""
    assert old in PLAIN[file]
    return {file: PLAIN[file].replace(old, new)}


def said(feed):
    """Problems as tuples."""
    return list(feed.problems[["problem", "file", "line", "value"]].itertuples(index=False, name=None))


def trips_on(table, date):
    return sorted(table.trips["id"].iloc[table.on(date).trip])


def times_of(table, trip):
    """Arrivals and departures of a trip, by stop."""
    row = table.trips["id"].tolist().index(trip)
    p = table.pattern_of[row]
    first, last = table.pattern_indptr[p : p + 2]
    start = table.time_indptr[p] + (row - table.trip_indptr[p]) * (last - first)
    stops = table.stops["id"].iloc[table.pattern_stop[first:last]]
    return {stop: (int(table.arrive[start + k]), int(table.depart[start + k])) for k, stop in enumerate(stops)}


# ── a feed as it should be ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("folder", [False, True])
def test_a_plain_feed(read, folder):
    feed = read(folder=folder)
    assert said(feed) == []
    assert feed.notes == ()
    table = feed.timetable
    assert table.stops["id"].tolist() == ["A", "B", "C"]
    np.testing.assert_allclose(table.stops["x"], 500_000 + np.array([0, 1, 3]) * EAST, atol=0.01)
    assert table.lines.iloc[0].to_dict() == {
        "id": "r1",
        "name": "1",
        "mode": "bus",
        "agency": "Town Buses",
        "open": True,
    }
    assert table.timezone == "Africa/Lagos"
    assert (table.first_day, table.last_day) == (dt.date(2026, 11, 2), dt.date(2026, 12, 1))
    assert times_of(table, "t1") == {"A": (28800, 28800), "B": (28920, 28950), "C": (29100, 29100)}
    assert times_of(table, "t2")["A"] == (32400, 32400)
    assert times_of(table, "t3") == {"A": (86280, 86280), "B": (86430, 86460), "C": (90600, 90600)}


def test_the_calendar_and_its_exceptions(read):
    table = read().timetable
    assert trips_on(table, "2026-11-19") == ["t1", "t2"]  # a Thursday
    assert trips_on(table, "2026-11-20") == ["t3"]  # a Friday, run as a Saturday
    assert trips_on(table, "2026-11-21") == ["t3", "t3"]  # the night before's, and its own
    assert trips_on(table, "2026-11-23") == ["t1", "t2", "t3"]  # Monday, and Sunday's night
    assert trips_on(table, "2026-12-01") == []  # a service without trips runs
    assert table.trips_by_day.tolist()[:7] == [2, 2, 2, 2, 2, 1, 1]


def test_without_calendar_or_without_exceptions(read):
    only = read(
        {"calendar.txt": None, "calendar_dates.txt": "service_id,date,exception_type\nwk,20261105,1\nwe,20261107,1\n"}
    )
    assert only.timetable.first_day == dt.date(2026, 11, 5)
    assert trips_on(only.timetable, "2026-11-05") == ["t1", "t2"]
    assert trips_on(only.timetable, "2026-11-06") == []
    weekly = read({"calendar_dates.txt": None}, name="weekly")
    assert trips_on(weekly.timetable, "2026-11-20") == ["t1", "t2"]


def test_neither_calendar(read):
    with pytest.raises(DataError, match=r"neither calendar.txt nor calendar_dates.txt in it") as caught:
        read({"calendar.txt": None, "calendar_dates.txt": None})
    assert caught.value.layer == "calendar.txt"


def test_times_as_text():
    assert clock("25:10:00") == 90_600
    assert clock(" 8:05:00") == clock("08:05:00") == 29_100
    assert clock_text(90_600) == "25:10:00"
    for wrong in ("8:05", "08:61:00", "x", "-1:00:00", "٠8:05:00:00"):
        with pytest.raises(ValueError, match="is no time"):
            clock(wrong)


def test_frequencies_stand_for_departures(read):
    rows = "trip_id,start_time,end_time,headway_secs,exact_times\n"
    table = read({"frequencies.txt": f"{rows}t1,06:00:00,06:30:00,600,0\nt1,07:00:00,07:10:00,300,1\n"}).timetable
    assert trips_on(table, "2026-11-19") == [
        "t1@06:00:00",
        "t1@06:10:00",
        "t1@06:20:00",
        "t1@07:00:00",
        "t1@07:05:00",
        "t2",
    ]
    assert times_of(table, "t1@06:10:00") == {"A": (22200, 22200), "B": (22320, 22350), "C": (22500, 22500)}


def test_what_one_may_do_at_a_stop(read):
    text = PLAIN["stop_times.txt"].replace("stop_sequence\n", "stop_sequence,pickup_type,drop_off_type\n")
    rows = [
        line + (",1,0" if ",C,3" in line else ",0,1" if ",A," in line else ",2,3") for line in text.splitlines()[1:]
    ]
    table = read({"stop_times.txt": "\n".join([text.splitlines()[0], *rows])}).timetable
    assert table.pickup.tolist() == [True, True, False]  # by phone or a word to the driver is allowed
    assert table.drop_off.tolist() == [False, True, True]


# ── how files are written ────────────────────────────────────────────────────────────────────────────────────────────


def test_bom_quotes_blanks_crlf_and_columns_in_any_order(read):
    stops = (
        '\ufeff"stop_lon" , stop_name,stop_id, stop_lat,extra',
        '3.000,"Alpha, ""the"" first",A,0,',
        " 3.001 ,Beta, B ,0,x",
        "3.003,Γ,C,0,",
    )
    feed = read({"stops.txt": "\r\n".join([*stops, ""])})
    assert said(feed) == []
    assert feed.stops["id"].tolist() == ["A", "B", "C"]
    assert feed.stops["name"].tolist() == ['Alpha, "the" first', "Beta", "Γ"]


def test_line_breaks_in_quotes_do_not_shift_the_lines(read):
    stops = 'stop_id,stop_name,stop_lat,stop_lon\nA,"Al\npha",0,3\nB,Beta,0,3.001\n\nC,Gamma,0,3.003\nC,again,0,3.003\n'
    feed = read({"stops.txt": stops})
    assert feed.stops["name"].tolist() == ["Al\npha", "Beta", "Gamma"]
    assert said(feed) == [("stop is there twice", "stops.txt", 7, "C")]


def test_rows_of_another_length(read):
    stops = "stop_id,stop_name,stop_lat,stop_lon,zone\nA,Alpha,0,3\nB,Beta,0,3.001,,\nC,Gamma,0,3.003,1,spare\n"
    assert said(read({"stops.txt": stops})) == [
        ("a row is of another length", "stops.txt", 2, "4 values for 5 columns"),
        ("a row is of another length", "stops.txt", 4, "6 values for 5 columns"),
    ]


def test_text_that_is_not_utf_8(read):
    stops = PLAIN["stops.txt"].replace("Beta", "Béta").encode("latin-1")
    feed = read({"stops.txt": stops})
    assert feed.stops["name"].tolist()[1] == "Béta"
    assert [row[:3] for row in said(feed)] == [("the text is not UTF-8", "stops.txt", 3)]
    with pytest.raises(DataError, match=r"stops.txt, line 1: it is no text in UTF-8"):
        read({"stops.txt": PLAIN["stops.txt"].encode("utf-16")}, name="wide")


def test_a_feed_in_a_folder_of_its_zip(tmp_path):
    path = tmp_path / "f.zip"
    with zipfile.ZipFile(path, "w") as target:
        for name, text in PLAIN.items():
            target.writestr(f"my feed/{name}", text)
        target.writestr("__MACOSX/my feed/stops.txt.bin", "x")
    feed = gtfs.read_feed(path, UTM)
    assert said(feed) == [("the files lie in a folder of the zip", "f.zip", 0, "my feed")]
    assert len(feed.trips) == 3


# ── what is wrong is listed, with its line ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("stop_times.txt", "t1,08:02:00,08:02:30,B", "t1,8h02,08:02:30,B", ("arrival_time is no time", 3, "8h02")),
        (
            "stop_times.txt",
            "t1,08:00:00,08:00:00,A,1",
            "t1,08:00:00,08:00:00,A,x",
            ("stop_sequence is no whole number", 2, "x"),
        ),
        ("stop_times.txt", "08:02:30,B,2", "08:02:30,Z,2", ("stop is not known", 3, "Z")),
        ("stop_times.txt", "t1,08:05:00", "t9,08:05:00", ("trip is not known", 4, "t9")),
        ("stop_times.txt", "C,30", "C,2", ("stop_sequence is there twice in a trip", 10, "2")),
        ("stop_times.txt", "t2,09:02:00,09:02:00", "t2,08:59:00,08:59:00", ("times run backwards", 6, "t2")),
        ("trips.txt", "r1,wk,t2", "r9,wk,t2", ("route_id is not known", 3, "r9")),
        ("trips.txt", "r1,wk,t2", "r1,zz,t2", ("service_id is not known", 3, "zz")),
        ("trips.txt", "r1,wk,t2,0", "r1,wk,t2,7", ("direction_id is no 0 or 1", 3, "7")),
        ("trips.txt", "r1,we,t3,0\n", "r1,we,t3,0\nr1,wk,t1,0\n", ("trip is there twice", 5, "t1")),
        ("routes.txt", ",3\n", ",99\n", ("route_type is no route type", 2, "99")),
        ("stops.txt", "B,Beta,0,3.001", "B,Beta,,", ("the stop has no coordinates", 3, "B")),
        ("stops.txt", "B,Beta,0,3.001", "B,Beta,0,0", ("the coordinates are nowhere", 3, "0 0")),
        ("stops.txt", "B,Beta,0,3.001", "B,Beta,north,3", ("stop_lat is no coordinate", 3, "north")),
        ("calendar.txt", "we,0,0", "we,2,0", ("monday is no 0 or 1", 3, "2")),
        (
            "calendar.txt",
            "20261102,20261129\nwe",
            "20261130,20261129\nwe",
            ("the service ends before it starts", 2, "wk"),
        ),
        ("calendar_dates.txt", "we,20261120,1", "we,2026-11-20,1", ("date is no date", 3, "2026-11-20")),
        ("calendar_dates.txt", "we,20261120,1", "we,20261120,3", ("exception_type is no 1 or 2", 3, "3")),
    ],
)
def test_a_problem_is_listed_with_its_line(read, file, old, new, expected):
    feed = read(changed(file, old, new))
    problem, line, value = expected
    assert (problem, file, line, value) in said(feed)
    row = feed.problems[feed.problems["problem"] == problem].iloc[0]
    assert row["fix"]
    assert any(problem in note and f"line {line}" in note for note in feed.notes)
    assert len(feed.timetable.trips) >= 1  # it stays usable
    feed.timetable.on("2026-11-19")


def test_what_is_done_about_it(read):
    dropped = read(changed("stop_times.txt", "t2,09:02:00,09:02:00", "t2,08:59:00,08:59:00"))
    assert trips_on(dropped.timetable, "2026-11-19") == ["t1"]
    passed = read(changed("stops.txt", "B,Beta,0,3.001", "B,Beta,,"), name="passed")
    assert times_of(passed.timetable, "t1") == {"A": (28800, 28800), "C": (29100, 29100)}
    single = read(changed("stop_times.txt", "t1,08:02:00,08:02:30,B,2\nt1,08:05:00,08:05:00,C,3\n", ""), name="single")
    assert ("the trip has fewer than two stops", "stop_times.txt", 2, "t1") in said(single)
    assert trips_on(single.timetable, "2026-11-19") == ["t2"]


def test_an_expired_calendar(read):
    assert said(read(today=dt.date(2026, 12, 1))) == []
    feed = read(today=dt.date(2026, 12, 2), name="late")
    assert said(feed) == [("the calendar has expired", "late.zip", 0, "2026-12-01")]


def test_a_calendar_without_end(read):
    feed = read(changed("calendar.txt", "wk,1,1,1,1,1,0,0,20261102,20261129", "wk,1,1,1,1,1,0,0,20261102,99991231"))
    assert [row[0] for row in said(feed)] == ["the calendar goes on too long"]
    assert feed.timetable.runs.shape == (3, 7305)
    assert trips_on(feed.timetable, "2030-01-01") == ["t1", "t2"]


def test_frequencies_that_are_wrong(read):
    rows = (
        "t1,06:00:00,06:30:00,0",
        "t9,06:00:00,06:30:00,600",
        "t1,06:00:00,06:10:00,600",
        "t2,00:00:00,999:00:00,1",
        "t2,09:00:00,09:00:01,1",
    )
    feed = read({"frequencies.txt": "\n".join(["trip_id,start_time,end_time,headway_secs", *rows])})
    assert said(feed) == [
        ("headway_secs is no number of seconds above 0", "frequencies.txt", 2, "0"),
        ("trip is not known", "frequencies.txt", 3, "t9"),
        ("more than 17,280 departures", "frequencies.txt", 5, "t2"),
    ]
    assert trips_on(feed.timetable, "2026-11-19") == ["t1@06:00:00", "t2@09:00:00"]


# ── blank times ──────────────────────────────────────────────────────────────────────────────────────────────────────


def stop_times(*rows, columns="trip_id,arrival_time,departure_time,stop_id,stop_sequence"):
    return {"stop_times.txt": "\n".join([columns, *rows]) + "\n"}


def test_blank_times_are_interpolated_evenly(read):
    feed = read(
        stop_times(
            "t1,08:00:00,08:01:00,A,1", "t1,,,B,2", "t1,,,C,3", "t1,08:04:00,08:05:00,A,4", "t1,,08:10:00,B,5",
            "t2,,,A,1", "t2,09:00:00,,B,2", "t2,09:05:00,,C,3", "t2,,,A,4",
        )
    )  # fmt: skip
    table = feed.timetable
    row = table.trips["id"].tolist().index("t1")
    p = table.pattern_of[row]
    times = table.arrive[table.time_indptr[p] : table.time_indptr[p + 1]]
    assert (times - 8 * 3600).tolist() == [0, 120, 180, 240, 600]  # 60 to 240 s in three even steps
    assert times_of(table, "t2") == {"B": (32400, 32400), "C": (32700, 32700)}
    assert [r for r in said(feed) if r[0].startswith("no time")] == [
        ("no time before or after it in the trip", "stop_times.txt", 7, "t2"),
        ("no time before or after it in the trip", "stop_times.txt", 10, "t2"),
    ]


def test_blank_times_follow_the_distance_where_it_is_told(read):
    columns = "trip_id,arrival_time,departure_time,stop_id,stop_sequence,shape_dist_traveled"
    feed = read(
        stop_times("t1,08:00:00,08:00:00,A,1,0", "t1,,,B,2,900", "t1,08:10:00,08:10:00,C,3,1000", columns=columns)
    )
    assert times_of(feed.timetable, "t1")["B"] == (8 * 3600 + 540, 8 * 3600 + 540)
    wrong = read(
        stop_times("t1,08:00:00,08:00:00,A,1,0", "t1,,,B,2,1900", "t1,08:10:00,08:10:00,C,3,1000", columns=columns),
        name="wrong",
    )
    assert times_of(wrong.timetable, "t1")["B"] == (8 * 3600 + 300, 8 * 3600 + 300)


def test_rows_in_any_order(read):
    head, *rows = PLAIN["stop_times.txt"].splitlines()
    feed = read({"stop_times.txt": "\n".join([head, *rows[::-1]])})
    assert times_of(feed.timetable, "t1") == times_of(read(name="plain").timetable, "t1")
    assert said(feed) == []


# ── what makes a feed useless ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["stops.txt", "routes.txt", "trips.txt", "stop_times.txt"])
def test_a_required_file(read, name):
    with pytest.raises(DataError, match=rf"feed.zip: no {name} in it, which GTFS requires") as caught:
        read({name: None})
    assert caught.value.layer == name


@pytest.mark.parametrize(
    ("file", "column"),
    [
        ("stops.txt", "stop_lat"),
        ("trips.txt", "service_id"),
        ("stop_times.txt", "stop_sequence"),
        ("routes.txt", "route_type"),
        ("calendar.txt", "start_date"),
    ],
)
def test_a_required_column(read, file, column):
    with pytest.raises(DataError, match=rf"{file}, line 1: no column '{column}'.*GTFS requires it") as caught:
        read(changed(file, column, "other"))
    assert (caught.value.layer, caught.value.column) == (file, column)


def test_a_feed_of_nothing(read, tmp_path):
    with pytest.raises(DataError, match="no trip in it can be used"):
        read({"stop_times.txt": PLAIN["stop_times.txt"].splitlines()[0]})
    with pytest.raises(DataError, match=r"stops.txt, line 1: the file is empty"):
        read({"stops.txt": ""}, name="empty")
    with pytest.raises(DataError, match=r"no stop with coordinates"):
        read({"stops.txt": "stop_id,stop_lat,stop_lon\nA,,\n"}, name="nowhere")
    with pytest.raises(DataError, match="no such file or folder"):
        gtfs.read_feed(tmp_path / "none.zip", UTM)
    (tmp_path / "text.zip").write_text("no zip")
    with pytest.raises(DataError, match="not readable as a zip file"):
        gtfs.read_feed(tmp_path / "text.zip", UTM)


def test_members_that_could_do_harm(tmp_path, monkeypatch):
    path = tmp_path / "evil.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, text in PLAIN.items():
            target.writestr(name, text)
        target.writestr("../stops.txt", "x")
        target.writestr("/etc/trips.txt", "x")
    before = sorted(tmp_path.rglob("*"))
    assert len(gtfs.read_feed(path, UTM).trips) == 3  # they are not looked at, and nothing is unpacked
    assert sorted(tmp_path.rglob("*")) == before
    monkeypatch.setattr(sources, "LARGEST", 100)
    with pytest.raises(DataError, match=r"txt: it unpacks to \d+ bytes; at most 100 are read"):
        gtfs.read_feed(path, UTM)


def test_a_zip_that_lies_about_its_sizes(tmp_path, monkeypatch):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, text in PLAIN.items():
            target.writestr(name, text + ("\n" * 100_000 if name == "stops.txt" else ""))
    data = bytearray(path.read_bytes())
    size = len(PLAIN["stops.txt"]) + 100_000
    data = bytes(data).replace(size.to_bytes(4, "little"), (99).to_bytes(4, "little"))
    path.write_bytes(data)
    monkeypatch.setattr(sources, "LARGEST", 5000)
    with pytest.raises(DataError, match=r"stops.txt"):
        gtfs.read_feed(path, UTM)


# ── stations ─────────────────────────────────────────────────────────────────────────────────────────────────────────

STATION = """stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station
A,Platform 1,0,3.000,0,S
B,Platform 2,0,3.001,,S
C,Gamma,0,3.003,0,
S,Central,0,3.0005,1,
E,Door,0,3.0002,2,S
N,Hall,,,3,S
"""


def between(feed):
    ids = feed.stops["id"].to_numpy()
    frame = feed.transfers
    return {(ids[a], ids[b]): s for a, b, s in zip(frame["from_stop"], frame["to_stop"], frame["seconds"], strict=True)}


def test_stops_of_a_station_are_a_walk_apart(read):
    feed = read({"stops.txt": STATION})
    assert said(feed) == []
    assert feed.stations["name"].tolist() == ["Central"]
    assert feed.timetable.stops["station"].tolist() == [0, 0, -1]
    walk = int(np.ceil(1.3 * EAST / (4.8 / 3.6)))
    assert between(feed) == {("A", "B"): walk, ("B", "A"): walk}
    assert feed.timetable.stop("S").tolist() == [0, 1]


def test_a_station_of_too_many_stops_is_none(read, monkeypatch):
    monkeypatch.setattr(stations, "LARGEST", 1)
    feed = read({"stops.txt": STATION})
    assert between(feed) == {}
    assert said(feed) == [("a station has more than 1 stops", "stops.txt", 0, "S")]


def test_a_calendar_of_too_many_days(read, monkeypatch):
    monkeypatch.setattr(calendar, "LARGEST", 89)
    with pytest.raises(DataError, match=r"3 services over 30 days are too many"):
        read()


def test_stated_transfers(read):
    rows = "from_stop_id,to_stop_id,transfer_type,min_transfer_time\n"
    feed = read(
        {"stops.txt": STATION, "transfers.txt": rows + "A,B,2,45\nB,A,3,\nC,S,2,300\nA,A,2,120\nB,C,0,\nC,Z,0,\n"}
    )
    far = int(np.ceil(1.3 * 2 * EAST / (4.8 / 3.6)))
    assert between(feed) == {
        ("A", "A"): 120,
        ("A", "B"): 45,
        ("B", "A"): -1,
        ("B", "C"): far,
        ("C", "A"): 300,
        ("C", "B"): 300,
    }
    assert said(feed) == [("stop is not known", "transfers.txt", 7, "Z")]
    day = feed.timetable.on("2026-11-19")
    assert day.forbidden.tolist() == [[1, 0]]
    assert day.change.tolist() == [120, 0, 0]


def test_transfers_of_some_lines_only_are_left_out(read):
    rows = "from_stop_id,to_stop_id,transfer_type,min_transfer_time,from_route_id\nA,C,2,45,r1\n"
    feed = read({"transfers.txt": rows})
    assert between(feed) == {}
    assert said(feed) == [("a transfer is for some lines or trips only", "transfers.txt", 2, "A")]


def test_pathways_are_walked_the_shortest_way(read):
    rows = "pathway_id,from_stop_id,to_stop_id,pathway_mode,is_bidirectional,traversal_time,length\n"
    ways = rows + "1,E,N,1,1,20,\n2,N,A,2,1,30,\n3,N,B,4,0,15,\n4,A,B,1,0,,40\n5,E,Z,1,1,5,\n"
    feed = read({"stops.txt": STATION, "pathways.txt": ways})
    # A to B: 40 m at 4/3 m/s are 30 s, by the hall 30 + 15 = 45 s; B to A: no way back, but the straight walk
    assert between(feed)["A", "B"] == 30
    assert between(feed)["B", "A"] == int(np.ceil(1.3 * EAST / (4.8 / 3.6)))
    doors = feed.timetable.entrances
    assert doors[["id", "stop", "enter", "leave"]].to_numpy().tolist() == [["E", 0, 50, 50], ["E", 1, 35, -1]]
    assert said(feed) == [("stop is not known", "pathways.txt", 6, "E")]


# ── several feeds ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_ids_are_prefixed_only_where_they_clash(read):
    bus = read(name="bus")
    rail = read(
        {
            "stops.txt": PLAIN["stops.txt"].replace("A,Alpha", "R,Rho"),
            "stop_times.txt": PLAIN["stop_times.txt"].replace(",A,", ",R,").replace("t1", "u1"),
            "trips.txt": PLAIN["trips.txt"].replace("t1", "u1"),
            "calendar.txt": PLAIN["calendar.txt"].replace("20261102", "20261001"),
        },
        name="rail",
    )
    both = gtfs.merged([bus, rail])
    assert both.stops["id"].tolist() == ["A", "B", "C", "R", "rail:B", "rail:C"]
    assert both.lines["id"].tolist() == ["r1", "rail:r1"]
    assert sorted(both.trips["id"]) == ["rail:t2", "rail:t3", "t1", "t2", "t3", "u1"]
    table = both.timetable
    assert table.first_day == dt.date(2026, 10, 1)
    assert trips_on(table, "2026-10-29") == ["rail:t2", "u1"]
    assert trips_on(table, "2026-11-19") == ["rail:t2", "t1", "t2", "u1"]
    assert times_of(table, "u1") == {"R": (28800, 28800), "rail:B": (28920, 28950), "rail:C": (29100, 29100)}
    assert any("not valid on the same days" in note for note in both.notes)
    assert gtfs.merged([bus]) is bus


# ── the network ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_network_of_hops(read):
    net = gtfs.transit_network(read(), UTM)
    assert net.ids.tolist() == ["A", "B", "C"]
    edges = net.edges
    assert edges[["tail", "head", "oneway", "name", "line", "class"]].to_numpy().tolist() == [
        [0, 1, True, "1", "r1", "bus"],
        [1, 2, True, "1", "r1", "bus"],
    ]
    np.testing.assert_allclose(edges["length"], [EAST, 2 * EAST], atol=0.01)
    # A to B takes 120, 120 and 150 s; B to C 150, 180 and 25:10:00 - 24:01:00 = 4140 s
    assert edges["time"].tolist() == [120, 180]
    assert net.timetable.hop.tolist() == [0, 1, -1, 0, 1, -1] or net.timetable.hop.tolist() == [0, 1, -1]
    assert len(net.day("2026-11-19").trip) == 2
    assert len(net.close([1]).day("2026-11-19").arrive) == 4


def test_hops_follow_the_shape(read):
    points = ("w,0.0003,3.003,4", "w,0,3.0005,1", "w,0,2.999,0", "w,0.0003,3.0005,2", "w,0.0003,3.0012,3")
    shape = "\n".join(["shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence", *points])
    trips = PLAIN["trips.txt"].replace("direction_id", "direction_id,shape_id").replace(",0\n", ",0,w\n")
    net = gtfs.transit_network(read({"shapes.txt": shape, "trips.txt": trips}), UTM)
    first, second = (np.round((shapely.get_coordinates(s) - [500_000, 0]) / EAST, 2).tolist() for s in net.shapes)
    assert first[0] == [0, 0]
    assert [0.5, 0] in first
    assert [0.5, 0.3] in first  # a degree of latitude is a little shorter
    assert first[-1] == [1, 0]
    assert second == [[1, 0], [1.2, 0.3], [3, 0]]


def test_a_line_that_runs_back_along_itself_is_cut_at_the_right_passage():
    out_and_back = np.array([[0.0, 0], [100, 0], [100, 50], [100, 0], [0, 0]])
    stops = np.array([[10.0, 1], [90, 1], [101, 50], [90, -1], [10, -1]])
    pieces = [p.tolist() for p in cut(out_and_back, stops)]
    assert pieces[0] == [[10, 1], [90, 1]]
    assert pieces[1] == [[90, 1], [100, 0], [101, 50]]
    assert pieces[2] == [[101, 50], [100, 0], [90, -1]] or pieces[2] == [[101, 50], [100, 50], [100, 0], [90, -1]]
    assert pieces[3] == [[90, -1], [10, -1]]
    far = cut(out_and_back, np.array([[10.0, 0], [50, 500], [90, 0]]))
    assert far == [None, None]


# ── the city ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def feed(tmp_path):
    """Three stops along the lower rim of the grid city, the last one far out."""
    to_degrees = __import__("pyproj").Transformer.from_crs(UTM, 4326, always_xy=True)
    rows = []
    for name, x in (("A", 0), ("B", 250), ("C", 5000)):
        lon, lat = to_degrees.transform(x, 10.0)
        rows.append(f"{name},{name},{lat:.8f},{lon:.8f}")
    path = tmp_path / "town.zip"
    with zipfile.ZipFile(path, "w") as target:
        for key, text in PLAIN.items():
            target.writestr(key, text if key != "stops.txt" else "\n".join([text.splitlines()[0], *rows]))
    return path


def test_a_feed_added_to_a_city(feed, tmp_path, same):
    city = gtfs.with_transit(grid_city(5), feed)
    assert list(city.networks) == ["walk", "drive", "transit"]
    told = city.about.source("transit")
    assert (told.source, told.year) == ("GTFS town.zip", "2026-11-02 to 2026-12-01")
    assert told.notes == ("1 stops lie more than 250 m from every walkable street (C)",)
    twin.write(city, tmp_path / "city")
    again = twin.read(tmp_path / "city")
    same(city, again)
    added = twin.read(tmp_path / "city", gtfs=feed)
    same(city, added)


def test_a_feed_of_another_place(feed):
    city = grid_city(5)
    away = twin.Network.from_arrays([9e5, 9e5], [9e6, 9e6 + 100], [0], [1], crs=UTM)
    with pytest.raises(DataError, match=r"none of its 3 stops lies within 250 m of a street"):
        gtfs.with_transit(city.with_network("walk", away), feed)
    with pytest.raises(MissingData, match="has no CRS"):
        gtfs.with_transit(twin.City.from_network(twin.Network.from_arrays([0, 1], [0, 0], [0], [1])), feed)


def test_the_same_feed_gives_the_same(feed):
    one, two = (gtfs.with_transit(grid_city(5), feed).networks["transit"] for _ in "ab")
    pd.testing.assert_frame_equal(one.edges, two.edges)
    assert one.timetable.arrive.tolist() == two.timetable.arrive.tolist()


# ── any feed ─────────────────────────────────────────────────────────────────────────────────────────────────────────

FULL = {
    **PLAIN,
    "stops.txt": STATION,
    "transfers.txt": "from_stop_id,to_stop_id,transfer_type,min_transfer_time\nA,B,2,45\nB,C,3,\n",
    "pathways.txt": "from_stop_id,to_stop_id,is_bidirectional,traversal_time,length\nE,N,1,20,\nN,A,0,,30\n",
    "frequencies.txt": "trip_id,start_time,end_time,headway_secs,exact_times\nt1,06:00:00,06:30:00,600,0\n",
    "shapes.txt": "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\nw,0,3.000,1\nw,0,3.003,2\n",
    "trips.txt": PLAIN["trips.txt"].replace("direction_id", "direction_id,shape_id").replace(",0\n", ",0,w\n"),
}
SPOILT = ("", " ", "x", "-1", "0", "1", "2", "99999999999999999999", "1e999", "nan", "inf", "A", "S", "E", "t1", "wk",
          "24:00:00", "00:00:00", "999:59:59", "20261120", "00000000", "１",
          "\x00", '"', "a,b", "\r", "é\ud7ff", "A\nB")  # fmt: skip


@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(FULL)), st.integers(0, 9), st.integers(0, 9), st.sampled_from(SPOILT)),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=150, deadline=None)
def test_whatever_stands_in_it_a_feed_is_read_or_refused(tmp_path_factory, spoilt):
    files = {name: [line.split(",") for line in text.splitlines()] for name, text in FULL.items()}
    for name, row, column, value in spoilt:
        cells = files[name][row % len(files[name])]
        cells[column % len(cells)] = value
    path = tmp_path_factory.mktemp("feed") / "feed.zip"
    with zipfile.ZipFile(path, "w") as target:
        for name, rows in files.items():
            target.writestr(name, "\n".join(",".join(row) for row in rows) + "\n")
    try:
        feed = gtfs.read_feed(path, UTM)
    except DataError as refused:
        if str(path) not in str(refused):
            raise
        return
    net = gtfs.transit_network(feed, UTM)
    table = net.timetable
    assert np.isfinite(net.columns["length"]).all()
    never_backwards(table)
    assert len(table.on(table.busiest).trip) >= table.trips_by_day.max()
    lines = {name: len("\n".join(",".join(r) for r in rows).splitlines()) for name, rows in files.items()}
    for _, file, line, _ in said(feed):
        assert 0 <= line <= lines.get(file, 0) + 1


def never_backwards(table):
    assert (table.depart >= table.arrive).all()
    on = np.ones(len(table.arrive), dtype=bool)
    for p in range(len(table.pattern_line)):
        size = table.pattern_indptr[p + 1] - table.pattern_indptr[p]
        on[table.time_indptr[p] : table.time_indptr[p + 1] : size] = False
    assert (table.arrive[1:] >= table.depart[:-1])[on[1:]].all()
