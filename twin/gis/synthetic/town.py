"""The town put together, layer by layer, from one seed."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from twin.gis.gtfs import attached, read_feed
from twin.gis.synthetic import networks, people, places, transit, utilities
from twin.gis.synthetic.blocks import Blocks, bend, cells, shores
from twin.gis.synthetic.curves import Warp, spread
from twin.gis.synthetic.drawing import EXTENT, Drawing
from twin.gis.synthetic.filling import fill
from twin.gis.synthetic.ground import CRS, Ground, floods
from twin.gis.synthetic.gtfs import write_gtfs
from twin.gis.synthetic.houses import Lots, build
from twin.gis.synthetic.junctions import Web, weave
from twin.gis.synthetic.names import Namer
from twin.gis.synthetic.paths import park_paths
from twin.gis.synthetic.registers import with_registers
from twin.model import About, City, Network, Source

__all__ = ["Town", "make"]

_DISTRICTS = {
    "Old Town": "老城区", "Northgate": "北门区", "Southgate": "南门区", "Westfield": "西田区", "Meadows": "草地区",
    "The Levels": "河湾区", "Eastfield": "东田区", "Port": "港口区", "Green Belt": "绿带",
}  # fmt: skip
#: Height of a lamp and its flux by class of street [m], [lm], and the distance between two poles [m].
_LAMPS = {"primary": (10.0, 16_000, 32), "secondary": (9.0, 12_000, 32), "tertiary": (8.0, 9000, 30)}
_SMALL_LAMP = (5.0, 4500, 34)


@dataclass(frozen=True, eq=False)
class Town:
    """A city and what goes beside it into its folder."""

    city: City
    lines: list[transit.Line]
    places: places.Places
    warp: Warp


def make(seed: int) -> Town:
    """Make the town of a seed."""
    rng = np.random.default_rng(seed)
    drawing, warp = Drawing.read(), Warp(rng)
    namer = Namer(rng)
    streets = list(drawing.avenues)
    for zone in drawing.zones:
        streets += namer.name(fill(zone, rng), zone.pattern)
    dry = shapely.difference(drawing.boundary, shapely.union(drawing.sea, drawing.river.polygon))
    web = networks.with_oneways(weave(streets, dry).bent(warp), rng)
    blocks = cells(drawing, web, warp, rng)
    chosen = places.choose(blocks)
    web = blocks.clear(web)
    sea, river, edge = shores(drawing, warp)
    hill = {**drawing.hill, "at": warp(np.array([drawing.hill["at"]]))[0]}
    ground = Ground.shape(sea, river, warp(drawing.river.centre), hill, rng)
    lots = Lots(web, blocks)
    sites = places.settle(lots, chosen, rng)
    houses = build(lots, rng) + sites.buildings
    living, jobs = people.live(houses, sites.jobs)
    population = people.population_table(houses, living, jobs, rng)
    drive = networks.drive(web, ground, drawing.names)
    lines = transit.lines(drive, warp, sites)
    places.doors(sites, houses, living, web, rng)
    places.hydrants(sites, web, np.array([h.plot.door for h in houses]))
    supply = _utilities(drive, sites, population, warp)
    land = shapely.difference(edge, shapely.union(sea, river))
    city = City.build(
        "Harbour",
        CRS,
        networks={
            "walk": networks.walk(park_paths(web, blocks), ground, drawing.names),
            "drive": drive,
            "transit": _scheduled(lines, sites),
            **{name: utility.network() for name, utility in supply.items()},
        },
        facilities=places.frame(sites),
        population=population,
        dependencies=utilities.dependencies(supply, sites),
        layers={
            "boundary": _table({"id": ["harbour"], "name": ["Harbour"]}, [_tidy(land)]),
            "districts": _districts(drawing, warp, land),
            "water": _water(sea, river),
            "land_use": _land_use(blocks),
            "green": _green(blocks),
            "buildings": people.buildings_table(houses),
            "street_lamps": _lamps(web, houses),
            "railway": _table({"id": ["r1"], "name": ["Harbour Branch"]}, [_railway(drawing, warp)]),
            "terrain": ground.terrain,
            **floods(ground),
            **{f"{name}_nodes": utility.nodes(ground) for name, utility in supply.items()},
        },
    )
    city = with_registers(city, seed)
    return Town(replace(city, about=_about(city, seed)), lines, sites, warp)


def _scheduled(lines: list[transit.Line], sites: places.Places) -> Network:
    """The network of the lines with the timetable that stands in the town's feed, as everybody reads it from there."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gtfs.zip"
        write_gtfs(lines, sites, path)
        return attached(transit.network(lines, sites), read_feed(path, CRS).timetable)


def _table(columns: dict[str, Any], shapes: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=np.array(shapes, dtype=object), crs=CRS)


def _tidy(shape: Any) -> Any:
    return shapely.set_precision(shapely.simplify(shape, 0.3), 0.1)


def _railway(drawing: Drawing, warp: Warp) -> Any:
    return _tidy(shapely.intersection(shapely.LineString(warp(drawing.railway)), shapely.box(*EXTENT)))


def _districts(drawing: Drawing, warp: Warp, land: Any) -> gpd.GeoDataFrame:
    """Zones of a district joined; the green belt takes what is left, so that the districts cover the land."""
    shapes, left = [], _tidy(land)
    for name in list(_DISTRICTS)[:-1]:
        zones = shapely.union_all(
            [bend(z.shape, warp).buffer(1.0, quad_segs=1) for z in drawing.zones if z.district == name]
        )
        shape = _solid(shapely.intersection(left, zones))
        left = _solid(shapely.difference(left, shape))
        shapes.append(shape)
    ids = [name.lower().replace(" ", "_") for name in _DISTRICTS]
    return _table({"id": ids, "name": list(_DISTRICTS), "name_zh": list(_DISTRICTS.values())}, [*shapes, left])


def _solid(shape: Any) -> Any:
    """Parts of a shape that are land worth the name, on the grid of the tables."""
    parts = shapely.get_parts(_tidy(shape))
    return shapely.union_all(parts[shapely.area(parts) > 2000.0])


def _water(sea: Any, river: Any) -> gpd.GeoDataFrame:
    frame = shapely.box(*EXTENT)
    bay = shapely.intersection(sea, frame)
    stream = shapely.intersection(shapely.difference(river, sea), frame)
    return _table(
        {"id": ["bay", "river"], "name": ["Harbour Bay", "River Wend"], "name_zh": ["港湾", "温德河"]},
        [_tidy(bay), _tidy(stream)],
    )


def _land_use(blocks: Blocks) -> gpd.GeoDataFrame:
    kept = [b for b in blocks.every if b.area > 100]
    names = [b.taken.partition(":")[2] for b in kept]
    return _table(
        {"id": [f"l{i + 1}" for i in range(len(kept))], "use": [b.use for b in kept], "name": names},
        [b.ground for b in kept],
    )


def _green(blocks: Blocks) -> gpd.GeoDataFrame:
    kinds = {"park", "square", "garden", "forest", "cemetery", "grass"}
    rows = []
    for block in blocks.every:
        kind, _, name = block.taken.partition(":")
        if kind in kinds:
            rows.append((kind, name, "Allotments" not in name, block.ground))
        elif block.use == "green":
            rows.append(("forest" if block.pattern == "rural" else "grass", "", True, block.ground))
    columns = dict(zip(("kind", "name", "public"), zip(*rows, strict=True), strict=False))
    return _table({"id": [f"g{i + 1}" for i in range(len(rows))], **columns}, [row[-1] for row in rows])


def _lamps(web: Web, houses: list[Any]) -> gpd.GeoDataFrame:
    """Poles on one side of the carriageways that houses stand at."""
    near = shapely.STRtree(shapely.points(np.array([h.plot.door for h in houses])))
    spots, tall, flux = [], [], []
    for street, line in zip(web.streets, web.lines, strict=True):
        if street.kind in {"trunk", "path", "footway"} or street.tunnel or line.length < 20:
            continue
        height, lumen, gap = _LAMPS.get(street.kind, _SMALL_LAMP)
        if not street.bridge and not len(near.query(line, predicate="dwithin", distance=40)):
            continue
        side = line.offset_curve(3.0 if street.kind == "living_street" else 4.5)
        found = np.empty((0, 2)) if shapely.is_empty(side) else spread(side, gap)
        spots += list(np.round(found, 1))
        tall += [height] * len(found)
        flux += [float(lumen)] * len(found)
    ids = [f"s{i + 1}" for i in range(len(spots))]
    return _table({"id": ids, "height": tall, "flux": flux}, shapely.points(np.array(spots)))


def _utilities(
    drive: Any, sites: places.Places, population: gpd.GeoDataFrame, warp: Warp
) -> dict[str, utilities.Utility]:
    """Where each utility is fed from; towers are added to the facilities where masts stand."""

    def at(name: str) -> Any:
        return shapely.get_coordinates(shapely.centroid(sites.named(name)["geometry"]))[0]

    def plan(x: float, y: float) -> Any:
        return warp(np.array([[x, y]]))[0]

    def of(role: str, *names: str) -> list[tuple[str, Any, str]]:
        return [(role, at(name), sites.named(name)["id"]) for name in names]

    stations = ("Westgate", "Dock Road", "Northgate", "Meadows", "Levels", "Westfield")
    plants = {
        "power": [("intake", plan(2330, 10700), ""), *of("substation", *(f"{s} Substation" for s in stations))],
        "water": [
            *of("works", "Hillfoot Water Works"),
            ("reservoir", plan(2480, 6200), ""),
            *of("pump", "Beacon Booster Station", "Riverside Pumping Station"),
        ],
        "drainage": [
            *of("plant", "Port Wastewater Plant"),
            *of("pump", "Levels Pumping Station", "Quay Pumping Station"),
        ],
        "telecom": [
            ("gateway", plan(4800, 8000), ""),
            ("exchange", plan(3500, 8000), ""),
            ("exchange", plan(2700, 7100), ""),
        ],
    }
    grown = {name: utilities.grow(name, drive, population, plant) for name, plant in plants.items()}
    telecom = grown["telecom"]
    for i, role in enumerate(telecom.role):
        if role == "mast":
            sites.add("telecom_tower", shapely.Point(telecom.xy[i]), name="")
            telecom.facility[i] = sites.rows[-1]["id"]
    return grown


def _about(city: City, seed: int) -> About:
    source = Source(source=f"synthetic, seed {seed} (twin.gis.synthetic)", year="-", licence="CC0-1.0", complete=True)
    names = ["facilities", "population", "dependencies", *city.networks, *city.layers]
    return About(
        description=f"Harbour, a synthetic town of {people.PEOPLE:,} people. It is no real place: every street, house "
        "and person is drawn by a seeded generator, and its coordinates lie in the open sea.",
        synthetic=True,
        attribution=("Harbour is synthetic (twin.gis.synthetic), CC0-1.0",),
        traits={
            "size_class": "small",
            "climate": "III",
            "water_zone": "3",
            "supply_area": "B",
            "historic": "yes",
            "heated": "no",
            "name_zh": "海港镇",
            "seismic_intensity": "7",
            "terrain": "coastal plain",
            "language": "en",
        },
        sources=dict.fromkeys(names, source),
    )
