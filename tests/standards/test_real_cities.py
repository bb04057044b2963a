"""Clauses on real cities, against what other programs make of the same data."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components, dijkstra

from twin.errors import CRSError
from twin.gis.build import city_of
from twin.gis.osm import read_osm
from twin.interventions import CloseFacility
from twin.measures import travel_distance
from twin.model import City, Network
from twin.standards import check

pytestmark = [pytest.mark.real]

STOPS = ("bus_stop", "bus_station", "tram_stop")


def hung(net, shapes, usable):
    """Nearest usable edge of each point within 250 m, by shapely: edge, share of it from its tail, gap [m]."""
    lines = net.shapes[usable]
    (which, line), gap = shapely.STRtree(lines).query_nearest(
        shapes, max_distance=250.0, return_distance=True, all_matches=False
    )
    share = shapely.line_locate_point(lines[line], shapes[which], normalized=True)
    edge, at, far = np.full(len(shapes), -1), np.full(len(shapes), np.nan), np.full(len(shapes), np.inf)
    edge[which], at[which], far[which] = np.flatnonzero(usable)[line], share, gap
    return edge, at, far


def distances(net, homes, stops):
    """Distance along the streets from each home to the nearest stop, by a sweep of scipy from all stops at once [m]."""
    tail, head, length = net.graph.tail, net.graph.head, net.columns["length"]
    count = net.graph.count
    either = coo_matrix((np.ones(len(tail)), (tail, head)), shape=(count, count))
    _, part = connected_components(either, directed=False)
    total = np.bincount(part[tail], weights=length)
    main = total >= min(1000.0, total.max())  # places hang on no splinter of the network
    usable = main[part[tail]] & ~net.columns["tunnel"] & ~net.columns["fixed"] & (shapely.length(net.shapes) > 0)
    where, share, gap = hung(net, stops, usable)
    found = where >= 0
    from_stop = [(tail[where[found]], gap[found] + share[found] * length[where[found]])]
    from_stop += [(head[where[found]], gap[found] + (1 - share[found]) * length[where[found]])]
    ends = np.concatenate([node for node, _ in from_stop])
    costs = np.concatenate([cost for _, cost in from_stop])
    start = np.full(count, np.inf)
    np.minimum.at(start, ends, costs)
    seeds = np.flatnonzero(np.isfinite(start))
    rows = np.concatenate([tail, head, np.full(len(seeds), count)])
    columns = np.concatenate([head, tail, seeds])
    weights = np.maximum(np.concatenate([length, length, start[seeds]]), 1e-9)  # scipy takes 0 for no edge
    order = np.lexsort((weights, columns, rows))
    first = np.ones(len(order), dtype=bool)  # of several edges between two nodes the shortest counts, not their sum
    same = (np.diff(rows[order]) == 0) & (np.diff(columns[order]) == 0)
    first[1:] = ~same
    kept = order[first]
    graph = coo_matrix((weights[kept], (rows[kept], columns[kept])), shape=(count + 1, count + 1)).tocsr()
    to_node = dijkstra(graph, indices=count)[:count]
    edge, at, off = hung(net, homes, usable)
    out = np.full(len(homes), np.inf)
    there = edge >= 0
    by_tail = to_node[tail[edge[there]]] + at[there] * length[edge[there]]
    by_head = to_node[head[edge[there]]] + (1 - at[there]) * length[edge[there]]
    out[there] = off[there] + np.minimum(by_tail, by_head)
    for stop in np.flatnonzero(found):  # who lives along the stop's own street goes straight there
        along = np.flatnonzero(edge == where[stop])
        straight = off[along] + gap[stop] + np.abs(at[along] - share[stop]) * length[where[stop]]
        out[along] = np.minimum(out[along], straight)
    return out


@pytest.mark.parametrize(
    ("file", "boundary", "count"),
    [("monaco/monaco.osm.gz", "", 18), ("las_palmas/las_palmas_2023.osm.pbf", "boundary.geojson", 578)],
)
def test_access_to_transport_agrees_with_scipy_and_shapely(data, file, boundary, count):
    """SDG 11.2.1 along the streets of two cities, by another program from the streets up."""
    path = data(file)
    outline = path.parent / boundary if boundary else None
    city = city_of(read_osm(path), name="real", year="2023", boundary=outline)
    points = (city.facilities.geom_type == "Point").to_numpy()
    kept = city.facilities["kind"].isin(STOPS).to_numpy() & points
    city = city.with_layer("facilities", city.facilities[kept].reset_index(drop=True))
    stops, homes = (table.geometry.to_numpy() for table in (city.facilities, city.population))
    assert len(stops) == count
    theirs = distances(city.networks["walk"], homes, stops)
    people = city.population["people"].to_numpy(dtype=float)
    share = people[theirs <= 500.0].sum() / people.sum()
    found = {each.key: each for each in check(city, "sdg-11")}["UN SDG, 11.2.1 low capacity"]
    assert 0.5 < share < 1.0
    assert found.value == pytest.approx(share, abs=1e-4)
    ours = travel_distance(city, facility=STOPS, network="walk").to_numpy()
    near = np.isfinite(theirs)
    assert np.array_equal(near, np.isfinite(ours))
    assert np.mean(np.abs(ours[near] - theirs[near]) < 0.1) > 0.999  # centimetres are rounded on each edge
    (which, _), gap = shapely.STRtree(stops).query_nearest(homes, return_distance=True, all_matches=False)
    by_air = people[which[gap <= 500.0]].sum() / people.sum()
    assert by_air > share, "by air more people are near than along the streets"
    assert f"share within a straight distance: {100 * by_air:.1f} %" in found.reason


#: What stands in the communities, by the number that their files use, and how many of each the plan asks for.
ASKED = {
    "dhm": {5: 4, 6: 4, 7: 3, 9: 8, 10: 1, 11: 4, 12: 6},
    "hlg": {5: 4, 6: 6, 7: 2, 9: 6, 10: 2, 11: 4, 12: 6},
}
NAMED = {
    5: ("supermarket", "business"),
    6: ("office", "office"),
    7: ("park", "green_l"),
    9: ("school", "school"),
    10: ("hospital", "hospital_l"),
    11: ("clinic", "hospital_s"),
    12: ("sports_ground", "recreation"),
}
PACK = """
name = "community"
title = {{ en = "Community", zh = "社区" }}
about = {{ en = "What the plan of a community asks for", zh = "社区规划要求" }}
[standard."Plan"]
title = {{ en = "Plan of the community", zh = "社区规划" }}
{clauses}
"""
CLAUSE = """
[[clause]]
id = "{name}"
standard = "Plan"
title = {{ en = "{name}", zh = "设施" }}
domain = [7]
strength = "mandatory"
measure = "facility_density"
given = {{ facility = "{kind}" }}
at_least = {least!r}
source = {{ ref = "objectives of the data set", evidence = "read" }}
"""


@pytest.mark.parametrize("name", sorted(ASKED))
def test_two_communities_of_beijing_have_what_their_plan_asks_for(data, tmp_path, name):
    """Land use of 91 and 104 plots in local metres that the file calls degrees; every clause just holds."""
    path = data(f"beijing_community/{name}.geojson")
    table = gpd.read_file(path)
    with pytest.raises(CRSError, match="these are metres of some local system"):
        City.build(name, 4547, networks={}, layers={"plots": table})
    table = table.set_crs(4547, allow_override=True)
    plan = data(f"beijing_community/objectives_{name}.yaml").read_text(encoding="utf-8")
    plots = table[table.geom_type == "Polygon"]
    kept = plots[plots["type"].isin(NAMED)]
    facilities = gpd.GeoDataFrame(
        {"id": kept["id"].to_numpy(), "kind": [NAMED[code][0] for code in kept["type"]], "area": kept.area.to_numpy()},
        geometry=kept.geometry.to_numpy(),
        crs=4547,
    )
    homes = plots[plots["type"] == 4]
    people = gpd.GeoDataFrame(
        {"id": range(len(homes)), "people": homes.area.to_numpy() / 30}, geometry=homes.geometry.to_numpy(), crs=4547
    )
    land = shapely.box(*table.total_bounds)
    city = City.build(
        name,
        4547,
        networks={"walk": _streets(table[table.geom_type == "LineString"])},
        facilities=facilities,
        population=people,
        layers={"boundary": gpd.GeoDataFrame({"id": [0]}, geometry=[land], crs=4547)},
    )
    clauses = ""
    for code, count in ASKED[name].items():
        kind, said = NAMED[code]
        assert f"    {said}: {count}\n" in plan.split("constraints")[0]
        clauses += CLAUSE.format(name=said, kind=kind, least=count / land.area)
    file = tmp_path / "community.toml"
    file.write_text(PACK.format(clauses=clauses), encoding="utf-8")
    for verdict in check(city, file):
        assert verdict.status == "pass", verdict
        assert verdict.margin * land.area == pytest.approx(0.0, abs=1e-6)
    one_less = CloseFacility("school", ids=(facilities["id"][facilities["kind"] == "school"].iloc[0],))(city)
    failed = [verdict.clause for verdict in check(one_less, file) if verdict.status == "fail"]
    assert failed == ["school"]
    walked = travel_distance(city, facility="school", network="walk").to_numpy()
    assert np.isfinite(walked).mean() > 0.9, "the plots hang on the streets of the community"


def _streets(lines):
    """The roads of a community as a network: their ends are its nodes."""
    ends = np.array([[line.coords[0], line.coords[-1]] for line in lines.geometry]).round(2)
    nodes, position = np.unique(ends.reshape(-1, 2), axis=0, return_inverse=True)
    tail, head = position.reshape(-1, 2).T
    return Network.from_arrays(
        nodes[:, 0],
        nodes[:, 1],
        tail,
        head,
        length=lines.length.to_numpy(),
        shapes=lines.geometry.to_numpy(),
        crs=4547,
        approach=4 / 3,
    )
