"""Real feeds, against their own tables read with pandas alone, and against the figures of gtfs-kit 13.0.1."""

import datetime as dt
import importlib.util
import zipfile

import numpy as np
import pandas as pd
import pytest
import shapely

import twin
from twin.gis import gtfs

pytestmark = pytest.mark.real

FEEDS = {
    "las_palmas/gtfs_guaguas_20230222.zip": (32628, "2023-02-22"),
    "porto_alegre/poa_eptc.zip": (32722, "2019-05-15"),
    "porto_alegre/poa_trensurb.zip": (32722, "2019-05-18"),
}

#: What gtfs-kit 13.0.1 says of these days: trips and vehicle hours of all lines; those of some lines are trips, first
#: departure, least, mean and largest headway [minute] from 07:00 to 19:00, hours and kilometres of the line.
#: (`compute_trip_stats`, `compute_route_stats(split_directions=True)`; Python 3.11, pandas 3.1.1)
GTFS_KIT = {
    ("las_palmas/gtfs_guaguas_20230222.zip", "2023-02-22"): (
        3759,
        2294.2,
        32_682.923,
        {
            ("1", 0): (83, "05:30:00", 11.0, 11.655738, 17.0, 55.333333, 562.471618),
            ("1", 1): (81, "05:30:00", 11.0, 11.655738, 16.0, 52.65, 565.606329),
            ("10", 0): (52, "06:40:00", 15.0, 17.317073, 30.0, 26.0, 311.262811),
            ("11", 0): (66, "06:00:00", 10.0, 14.591837, 20.0, 42.9, 569.354804),
        },
    ),
    ("las_palmas/gtfs_guaguas_20230222.zip", "2023-02-25"): (
        2161,
        1212.416667,
        18_442.115,
        {("12", 0): (71, "06:40:00", 10.0, 13.333333, 20.0, 52.066667, 925.570261)},
    ),
    ("porto_alegre/poa_eptc.zip", "2019-05-15"): (
        2374,
        1916.4,
        38_270.419,
        {
            ("149", 0): (15, "12:32:00", 14.0, 14.857143, 15.0, 8.75, 165.083644),
            ("165", 1): (21, "12:22:00", 10.0, 10.5, None, 14.0, 312.606452),
        },
    ),
}


def table(path, name):
    with zipfile.ZipFile(path) as feed, feed.open(name) as stream:
        frame = pd.read_csv(stream, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    return frame.rename(columns=str.strip)


def seconds(text):
    parts = text.str.split(":", expand=True).astype(int)
    return parts[0] * 3600 + parts[1] * 60 + parts[2]


def services_on(path, date):
    """Services of a day, straight from the definition."""
    day = dt.date.fromisoformat(date)
    stamp, weekday = day.strftime("%Y%m%d"), day.strftime("%A").lower()
    week = table(path, "calendar.txt")
    runs = set(
        week.loc[(week[weekday] == "1") & (week["start_date"] <= stamp) & (stamp <= week["end_date"]), "service_id"]
    )
    try:
        single = table(path, "calendar_dates.txt")
    except KeyError:
        return runs
    today = single[single["date"] == stamp]
    gone = set(today.loc[today["exception_type"] == "2", "service_id"])
    return (runs - gone) | set(today.loc[today["exception_type"] == "1", "service_id"])


def calls_of(day):
    """Calls of a day: trip (its row), number of the run, stop, arrive, depart."""
    found = []
    for p in range(len(day.pattern_line)):
        first, last = day.pattern_indptr[p : p + 2]
        trips = day.trip[day.trip_indptr[p] : day.trip_indptr[p + 1]]
        span = slice(day.time_indptr[p], day.time_indptr[p + 1])
        found.append(
            pd.DataFrame(
                {
                    "trip": np.repeat(trips, last - first),
                    "run": np.repeat(np.arange(day.trip_indptr[p], day.trip_indptr[p + 1]), last - first),
                    "stop": np.tile(day.pattern_stop[first:last], len(trips)),
                    "arrive": day.arrive[span],
                    "depart": day.depart[span],
                }
            )
        )
    return pd.concat(found, ignore_index=True)


@pytest.mark.parametrize("name", FEEDS)
def test_a_day_holds_what_the_tables_say(data, name):
    path, (crs, date) = data(name), FEEDS[name]
    feed = gtfs.read_feed(path, crs)
    assert feed.problems.empty
    timetable = feed.timetable
    trips = table(path, "trips.txt")
    expected = trips[trips["service_id"].isin(services_on(path, date))]
    day = timetable.on(date)
    calls = calls_of(day)
    ids = timetable.trips["id"].to_numpy()[calls["trip"]]
    before = trips[trips["service_id"].isin(services_on(path, str(dt.date.fromisoformat(date) - dt.timedelta(1))))]
    assert set(expected["trip_id"]) <= set(ids) <= set(expected["trip_id"]) | set(before["trip_id"])
    told = table(path, "stop_times.txt")
    told = told[told["trip_id"].isin(expected["trip_id"]) & (told["arrival_time"] != "")]
    told["key"] = told["trip_id"] + "|" + told["stop_id"] + "|" + seconds(told["arrival_time"]).astype(str)
    stops = timetable.stops["id"].to_numpy()[calls["stop"]]
    keys = pd.Series(ids) + "|" + pd.Series(stops) + "|" + calls["arrive"].astype(str)
    assert set(told["key"]) <= set(keys)
    own = calls.groupby("run")["depart"].transform("first") == timetable.leaves[calls["trip"]]  # not the day before's
    sizes = table(path, "stop_times.txt").groupby("trip_id").size()
    assert own.sum() == sizes[sizes.index.isin(expected["trip_id"])].sum()  # and nothing besides


@pytest.mark.parametrize("name", FEEDS)
def test_nobody_overtakes(data, name):
    crs, date = FEEDS[name]
    timetable = gtfs.read_feed(data(name), crs).timetable
    for each in (timetable, timetable.on(date)):
        for p in range(len(each.pattern_line)):
            size = each.pattern_indptr[p + 1] - each.pattern_indptr[p]
            for times in (each.arrive, each.depart):
                rows = times[each.time_indptr[p] : each.time_indptr[p + 1]].reshape(-1, size)
                assert (np.diff(rows, axis=0) >= 0).all()
                assert (np.diff(rows, axis=1) >= 0).all()


def test_what_the_readme_of_the_data_counts(data):
    bus = gtfs.read_feed(data("porto_alegre/poa_eptc.zip"), 32722).timetable
    assert (len(bus.stops), len(bus.trips), len(bus.arrive)) == (3986, 2374, 130_019)
    rail = gtfs.read_feed(data("porto_alegre/poa_trensurb.zip"), 32722).timetable
    assert (len(rail.stops), len(rail.trips)) == (24, 1248)


def compared(ours, theirs):
    """Statistics of a line of ours with those of gtfs-kit."""
    trips, first, least, mean, most, hours, kilometres = theirs
    assert ours["trips"] == trips
    assert ours["first"] == int(pd.Timedelta(first).total_seconds())
    assert ours["duration"] / 3600 == pytest.approx(hours, abs=1e-5)
    # it measures along the shape from the first stop to the last, we to each stop beside it
    assert ours["distance"] / 1000 == pytest.approx(kilometres, rel=0.02)
    if most is not None:
        assert least * 60 <= ours["headway"] <= most * 60
        assert ours["headway"] == pytest.approx(mean * 60, rel=0.3)  # a median against a mean


@pytest.mark.parametrize(("name", "date"), GTFS_KIT)
def test_statistics_are_those_of_gtfs_kit(data, name, date):
    crs = FEEDS[name][0]
    net = gtfs.transit_network(gtfs.read_feed(data(name), crs), crs)
    frame = net.lines_on(date)
    trips, hours, kilometres, some = GTFS_KIT[name, date]
    assert frame["trips"].sum() == trips
    assert frame["duration"].sum() / 3600 == pytest.approx(hours, abs=1e-4)
    assert frame["distance"].sum() / 1000 == pytest.approx(kilometres, rel=0.005)
    for (line, way), theirs in some.items():
        rows = frame[(frame["id"] == line) & (frame["direction"] == way)]
        assert len(rows) == 1
        compared(rows.iloc[0], theirs)


@pytest.mark.skipif(importlib.util.find_spec("gtfs_kit") is None, reason="gtfs-kit is not installed")
def test_statistics_of_every_line_with_gtfs_kit_itself(data):
    import gtfs_kit

    name, date = "las_palmas/gtfs_guaguas_20230222.zip", "2023-02-22"
    feed = gtfs_kit.read_feed(data(name), dist_units="km")
    theirs = feed.compute_route_stats([date.replace("-", "")], feed.compute_trip_stats(), split_directions=True)
    net = gtfs.transit_network(gtfs.read_feed(data(name), 32628), 32628)
    both = net.lines_on(date).merge(theirs, left_on=["id", "direction"], right_on=["route_id", "direction_id"])
    assert len(both) == len(theirs) == 84
    assert (both["trips"] == both["num_trips"]).all()
    np.testing.assert_allclose(both["duration"] / 3600, both["service_duration"])
    np.testing.assert_allclose(both["distance"] / 1000, both["service_distance"], rtol=0.02)


def test_bus_and_rail_of_porto_alegre_in_its_city(data, tmp_path):
    feeds = [data("porto_alegre/poa_eptc.zip"), data("porto_alegre/poa_trensurb.zip")]
    city = twin.read(data("porto_alegre/poa_osm.pbf"), gtfs=feeds)
    net = city.networks["transit"]
    assert len(net.ids) == 3986 + 24
    assert len(net.timetable.lines) == 115 + 2
    assert not net.timetable.stops["id"].str.contains(":").any()  # nothing clashes
    assert set(net.timetable.lines["mode"]) == {"bus", "rail"}
    ends = shapely.get_point(net.shapes, 0), shapely.get_point(net.shapes, -1)
    for points, nodes in zip(ends, (net.graph.tail, net.graph.head), strict=True):
        assert np.hypot(shapely.get_x(points) - net.x[nodes], shapely.get_y(points) - net.y[nodes]).max() < 1e-6
    notes = city.about.source("transit").notes
    assert any("not valid on the same days" in note for note in notes)
    assert any("from every walkable street" in note for note in notes)
    assert len(net.day("2019-05-15").trip) == 2374 + 529
    twin.write(city, tmp_path / "poa")
    again = twin.read(tmp_path / "poa")
    pd.testing.assert_frame_equal(again.networks["transit"].lines_on("2019-05-15"), net.lines_on("2019-05-15"))
