"""Travel by the real timetables of Porto Alegre and Coquimbo, against a time-expanded graph, to the hundredth."""

import dataclasses
import sqlite3
import struct
import zipfile
from math import inf

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import reference
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

import twin
from twin.gis.gtfs import read_feed, transit_network, with_transit
from twin.model import Network
from twin.model.snap import snap_table
from twin.routing import Transit, itinerary, matrix, profile
from twin.units import hour, minute

pytestmark = [pytest.mark.real, pytest.mark.slow]


class Truth:
    """Walks by scipy between both ends of the edges that stops hang on, and rides through every event of a day.

    Whole hundredths of a second throughout: streets and parts of streets are rounded as the definition says.
    """

    def __init__(self, transit):
        self.transit = transit
        walk, table = transit.walk, transit.timetable
        self.limit = round(transit.max_walk * 100)
        cost = np.rint(walk.columns["length"] / transit.walk_speed * 100)
        cheapest = {}
        for tail, head, oneway, is_open, c in zip(
            walk.graph.tail.tolist(), walk.graph.head.tolist(), walk.graph.oneway, walk.open, cost.tolist(), strict=True
        ):
            for a, b in ((tail, head), (head, tail))[: 1 if oneway else 2]:
                if is_open:
                    cheapest[a, b] = min(c, cheapest.get((a, b), inf))
        start, end = np.array(list(cheapest)).T
        # scipy takes 0 for no way: a way of no length is given one too short to matter
        weight = np.maximum(np.array(list(cheapest.values())), 1e-6)
        self.streets = csr_matrix((weight, (start, end)), shape=(walk.graph.count,) * 2)
        points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(table.stops["x"], table.stops["y"]), crs=walk.crs)
        hung = snap_table(walk, points)
        self.stop = hung.index.to_numpy()
        edge = hung["edge"].to_numpy()
        assert not walk.graph.oneway[edge].any()
        assert not len(table.entrances)
        assert walk.open.all()
        self.edge = edge
        self.tail, self.head = walk.graph.tail[edge], walk.graph.head[edge]
        self.done = np.rint(cost[edge] * hung["start"].to_numpy())
        self.rest = cost[edge] - self.done
        self.gap = np.rint(hung["offset"].to_numpy() / transit.walk_speed * 100)
        made = transit.lines.day(transit.date)
        self.trips = []
        for p in range(len(made.pattern_line)):
            part = slice(made.pattern_indptr[p], made.pattern_indptr[p + 1])
            length = part.stop - part.start
            for k in range(made.trip_indptr[p + 1] - made.trip_indptr[p]):
                low = made.time_indptr[p] + k * length
                times = (a[low : low + length].tolist() for a in (made.arrive, made.depart))
                stop, pickup, drop = (a[part].tolist() for a in (made.pattern_stop, made.pickup, made.drop_off))
                arrive, depart = ([t * 100 for t in each] for each in times)
                self.trips.append(list(zip(stop, arrive, depart, pickup, drop, strict=True)))
        assert not len(made.transfer_stop)
        assert not len(made.forbidden)
        self.feet = self._feet(made.stops)

    def _near(self, start, extra, limit):
        """(len(start), n) from some nodes, each at an extra cost."""
        found = dijkstra(self.streets, indices=start, limit=limit + 1)
        return np.rint(found) + np.asarray(extra)[:, None]

    def out_of(self, rows):
        """(rows, n) from stops to nodes."""
        found = np.minimum(
            self._near(self.tail[rows], self.done[rows], self.limit),
            self._near(self.head[rows], self.rest[rows], self.limit),
        )
        return found + self.gap[rows][:, None]

    def into(self, to_node):
        """To every stop, from the times to all nodes."""
        return np.minimum(to_node[..., self.tail] + self.done, to_node[..., self.head] + self.rest) + self.gap

    def _feet(self, stops):
        feet = {stop: {stop: 0} for stop in range(stops)}
        for low in range(0, len(self.stop), 200):
            rows = np.arange(low, min(low + 200, len(self.stop)))
            found = self.into(self.out_of(rows))
            same = self.edge[rows][:, None] == self.edge
            along = np.abs(self.done[rows][:, None] - self.done) + self.gap[rows][:, None] + self.gap
            found = np.where(same, np.minimum(found, along), found)
            for row, other in zip(*np.nonzero(found <= self.limit), strict=True):
                a, b = int(self.stop[rows[row]]), int(self.stop[other])
                if a != b:
                    feet[a][b] = int(found[row, other])
        return feet

    def travel_times(self, origin, departures, places, until):
        """(departures, places) in hundredths; inf where there is no way."""
        afoot = np.rint(dijkstra(self.streets, indices=[origin])[0])
        access = self.into(afoot)
        near = {int(s): int(w) for s, w in zip(self.stop, access, strict=True) if w <= self.limit}
        rows = np.arange(len(self.stop))
        egress = self.egress(rows, tuple(places))
        result = []
        for departure in departures:
            there = reference.rides(self.trips, departure, near, self.feet, self.transit.max_rides, departure + until)
            arrival = np.array([there.get(int(s), inf) for s in self.stop])
            by_line = (arrival[:, None] + egress).min(axis=0) - departure
            result.append(np.minimum(by_line, afoot[list(places)]))
        return np.array(result)

    def egress(self, rows, places):
        if not hasattr(self, "_egress"):
            parts = [self.out_of(rows[low : low + 200])[:, list(places)] for low in range(0, len(rows), 200)]
            found = np.concatenate(parts)
            self._egress = np.where(found <= self.limit, found, inf)
        return self._egress


@pytest.fixture(scope="module")
def porto_alegre(data):
    city = twin.read(data("porto_alegre/poa_osm.pbf"))
    feeds = [data("porto_alegre/poa_eptc.zip"), data("porto_alegre/poa_trensurb.zip")]
    return with_transit(city, feeds)


def points(blobs):
    """Coordinates of SpatiaLite points: a header of 43 bytes, then x and y."""
    return np.array([struct.unpack("<dd", blob[43:59]) for blob in blobs])


@pytest.fixture(scope="module")
def coquimbo(data, tmp_path_factory):
    """Streets and feed of the example that comes with AequilibraE."""
    folder = tmp_path_factory.mktemp("coquimbo")
    with zipfile.ZipFile(data("coquimbo/coquimbo.zip")) as archive:
        archive.extract("project_database.sqlite", folder)
        archive.extract("gtfs_coquimbo.zip", folder)
    base = sqlite3.connect(folder / "project_database.sqlite")
    nodes = base.execute("SELECT node_id, geometry FROM nodes ORDER BY node_id").fetchall()
    links = base.execute(
        "SELECT a_node, b_node, distance FROM links WHERE link_type <> 'centroid_connector'"
    ).fetchall()
    base.close()
    place = {node: row for row, (node, _) in enumerate(nodes)}
    degrees = points([blob for _, blob in nodes])
    x, y = pyproj.Transformer.from_crs(4326, 32719, always_xy=True).transform(*degrees.T)
    walk = Network.from_arrays(
        x,
        y,
        [place[a] for a, _, _ in links],
        [place[b] for _, b, _ in links],
        length=np.array([length for _, _, length in links]),
        ids=[node for node, _ in nodes],
        crs=32719,
    )
    feed = read_feed(folder / "gtfs_coquimbo.zip", walk.crs)
    return walk, transit_network(feed, walk.crs)


def sampled(transit, seed, origins, places):
    """Some origins near stops, and places anywhere, as positions."""
    rng = np.random.default_rng(seed)
    service = transit.service
    near = np.unique(service.ways.egress.to)
    return rng.choice(near, origins, replace=False), rng.choice(near, places, replace=False)


def compared(transit, seed, *, origins, places, departures, until):
    """Every pair of a sample, for some departures of the window, to the hundredth."""
    truth = Truth(transit)
    start, end = sampled(transit, seed, origins, places)
    ids = transit.walk.ids
    some = np.linspace(0, len(transit.ticks) - 1, departures).astype(int)
    by_line = 0
    for origin in start.tolist():
        found = np.rint(profile(transit, ids[origin], ids[end])[some] * 100)
        wanted = truth.travel_times(origin, transit.ticks[some].tolist(), end.tolist(), round(until * 100))
        sure = wanted <= until * 100  # events beyond were not followed
        assert np.array_equal(found[sure], wanted[sure])
        assert (found[~sure] > until * 100).all()
        afoot = matrix(
            truth.transit.walk.with_columns(time=transit.walk.columns["length"] / transit.walk_speed),
            [ids[origin]],
            ids[end],
            cost="time",
        )
        by_line += int((wanted < np.rint(afoot * 100)).sum())
    return by_line


def test_porto_alegre_to_the_hundredth(porto_alegre):
    transit = Transit(porto_alegre, "2019-05-13", depart=14 * hour)
    assert compared(transit, 0, origins=2, places=300, departures=2, until=1 * hour) > 500


def test_coquimbo_to_the_hundredth(coquimbo):
    transit = Transit(coquimbo, "2018-03-14", depart=8 * hour, max_walk=10 * minute)
    assert compared(transit, 1, origins=4, places=300, departures=3, until=1 * hour) > 100


def test_every_journey_is_one_that_can_be_made(porto_alegre):
    """Legs follow one another, rides are trips of the feed with these calls, and the sum is the travel time."""
    transit = Transit(porto_alegre, "2019-05-13", depart=14 * hour, window=0)
    start, end = sampled(transit, 2, 15, 15)
    ids = transit.walk.ids
    table = transit.timetable
    times = matrix(transit, ids[start], ids[end])
    rides = 0
    for row, column in zip(range(15), range(15), strict=True):
        legs = itinerary(transit, ids[start[row]], ids[end[column]])
        if not len(legs):
            assert times[row, column] == inf
            continue
        assert legs["arrive"].iloc[-1] - 14 * hour == pytest.approx(times[row, column], abs=1e-6)
        assert legs["depart"].iloc[0] == 14 * hour
        assert (legs["arrive"].to_numpy()[:-1] <= legs["depart"].to_numpy()[1:]).all()
        assert (legs["end"].to_numpy()[:-1] == legs["start"].to_numpy()[1:]).all()
        assert not ((legs["mode"] == "walk").to_numpy()[:-1] & (legs["mode"] == "walk").to_numpy()[1:]).any()
        for leg in legs[legs["mode"] != "walk"].itertuples():
            trip = int(np.flatnonzero(table.trips["id"] == leg.trip)[0])
            pattern = int(table.pattern_of[trip])
            stops = table.pattern_stop[table.pattern_indptr[pattern] : table.pattern_indptr[pattern + 1]]
            low = table.time_indptr[pattern] + (trip - table.trip_indptr[pattern]) * len(stops)
            names = table.stops["name"].to_numpy()[stops]
            on = np.flatnonzero((names == leg.start) & (table.depart[low : low + len(stops)] == leg.depart))
            off = np.flatnonzero((names == leg.end) & (table.arrive[low : low + len(stops)] == leg.arrive))
            assert on.size
            assert off.size
            assert on.min() < off.max()
            assert table.lines["name"].iloc[table.pattern_line[pattern]] == leg.line
            rides += 1
    assert rides > 10


def test_a_later_start_never_arrives_earlier_and_more_rides_never_later(porto_alegre):
    transit = Transit(porto_alegre, "2019-05-13", depart=13.5 * hour)
    start, _ = sampled(transit, 3, 3, 3)
    for origin in transit.walk.ids[start]:
        before = None
        for most in (1, 2, 3, 6):
            found = profile(dataclasses.replace(transit, max_rides=most), origin)
            arrival = found + transit.departures[:, None]
            assert (np.diff(np.where(np.isinf(arrival), 1e9, arrival), axis=0) >= -1e-6).all()
            assert before is None or (found <= before).all()
            before = found
