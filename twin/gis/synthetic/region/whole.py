"""The region put together from one seed, and its folder."""

from __future__ import annotations

import shutil
import tempfile
import tomllib
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from twin.gis.folder import replacing, write_folder
from twin.gis.gtfs import with_transit
from twin.gis.synthetic.gtfs import write_gtfs
from twin.gis.synthetic.places import Places
from twin.gis.synthetic.region import filled, villages
from twin.gis.synthetic.region.ground import CRS, Plan
from twin.gis.synthetic.region.lines import lines, railway
from twin.gis.synthetic.region.roads import Web, roads, rural, streets, threaded
from twin.gis.synthetic.transit import Line
from twin.model import About, City, Source

__all__ = ["Region", "make", "write"]

NAME, NAME_ZH = "Mingchuan", "明川"


@dataclass(frozen=True, eq=False)
class Region:
    """A region as a city, and what goes beside it into its folder."""

    city: City
    lines: list[Line]
    places: Places


def make(seed: int) -> Region:
    """Make the region of a seed."""
    rng = np.random.default_rng([seed, 7])
    plan = Plan(rng)
    country = roads(plan)
    track, _ = railway(plan)
    express = [shapely.LineString(part) for part in threaded(plan, plan.told["expressway"]["points"])]
    busy = [road.line for road in country] + [track, *express]
    plan.settlements += villages.found(plan, busy, rng)
    drawn = [road for place in plan.settlements for road in streets(place)]
    web = Web.woven(plan, drawn + country + rural(plan, country, rng)).with_expressway(plan)
    drive, walk = web.network(wheels=True), web.network(wheels=False)
    plots = filled.blocks(plan, rng)
    places = filled.sites(plan, rng)
    every = lines(plan, drive, places)
    city = City.build(
        NAME,
        CRS,
        networks={"walk": walk, "drive": drive},
        facilities=_facilities(places),
        population=filled.population(plan, plots, rng),
        layers={
            "boundary": _table({"id": ["mingchuan"], "name": [NAME]}, [_tidy(plan.land)]),
            "districts": _units(plan),
            "townships": _townships(plan),
            "villages": _villages(plan),
            "land_use": _land(plan, plots),
            "green": _green(plan, places),
            "water": _table(
                {
                    "id": ["river", "reservoir"],
                    "name": ["Ming River", "Upper Reservoir"],
                    "name_zh": ["明江", "上游水库"],
                },
                [_tidy(plan.river), _tidy(plan.reservoir)],
            ),
            "buildings": filled.buildings(plots, rng),
            "railway": _table({"id": ["r1"], "name": [plan.told["railway"]["name"]]}, [track]),
            "records": _records(plan),
        },
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gtfs.zip"
        write_gtfs(every, places, path, of=NAME, what="region")
        city = with_transit(city, path)
    net = city.network("transit")
    headway = {line.id: 60.0 * line.headway for line in every}
    told = np.array([headway[str(name)] for name in net.columns["line"]])
    city = city.with_network("transit", net.with_columns(headway=told))
    return Region(replace(city, about=_about(city, seed)), every, places)


def write(region: Region, folder: Path) -> None:
    """Write the folder in one go; ``make.py`` is kept where it stood there."""
    kept = [path for path in (folder / "make.py",) if path.is_file()]
    with replacing(folder) as fresh:
        write_folder(region.city, fresh)
        write_gtfs(region.lines, region.places, fresh / "gtfs.zip", of=NAME, what="region")
        (fresh / "README.md").write_text(_readme(region), encoding="utf-8")
        for path in kept:
            shutil.copy2(path, fresh / path.name)


def _table(columns: dict[str, Any], shapes: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=np.array(shapes, dtype=object), crs=CRS)


def _tidy(shape: Any) -> Any:
    return shapely.set_precision(shapely.simplify(shape, 3.0), 0.1)


def _facilities(places: Places) -> gpd.GeoDataFrame:
    table = gpd.GeoDataFrame(pd.DataFrame(places.rows), geometry="geometry", crs=CRS)
    for name in ("name", "name_zh", "grade"):
        table[name] = table[name].fillna("").astype(str)
    return table


def _units(plan: Plan) -> gpd.GeoDataFrame:
    told = plan.told["unit"]
    return _table(
        {key: [unit[key] for unit in told] for key in ("id", "name", "name_zh", "rank")},
        [shapely.set_precision(plan.units[unit["id"]], 0.1) for unit in told],
    )


def _townships(plan: Plan) -> gpd.GeoDataFrame:
    """Land of each seat and town: of its unit, what is nearer to it than to the others."""
    seats = [place for place in plan.settlements if place.rank != "village"]
    shapes = []
    for place in seats:
        mine = [each for each in seats if each.unit == place.unit]
        middles = shapely.MultiPoint([each.middle for each in mine])
        cells = shapely.get_parts(shapely.voronoi_polygons(middles, extend_to=plan.land, ordered=True))
        own = cells[mine.index(place)]
        shapes.append(shapely.set_precision(shapely.intersection(own, plan.units[place.unit]), 0.1))
    columns = {key: [getattr(place, key) for place in seats] for key in ("id", "name", "name_zh", "unit")}
    return _table(columns, shapes)


def _villages(plan: Plan) -> gpd.GeoDataFrame:
    found = [place for place in plan.settlements if place.rank == "village"]
    columns = {key: [getattr(place, key) for place in found] for key in ("id", "name", "name_zh", "unit", "town")}
    columns["people"] = [float(place.people) for place in found]
    return _table(columns, [shapely.set_precision(place.shape, 0.1) for place in found])


def _land(plan: Plan, plots: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Blocks by use, and the country between the settlements: hills are green, what is left is farmed."""
    built = shapely.union_all([place.shape for place in plan.settlements])
    wet = shapely.union(plan.river, plan.reservoir)
    wood = shapely.difference(plan.hills, shapely.union(built, wet))
    farm = shapely.difference(plan.land, shapely.union_all([built, wet, plan.hills]))
    country = _table({"id": ["wood", "farm"], "use": ["green", "farmland"]}, [_tidy(wood), _tidy(farm)])
    frame = gpd.pd.concat([plots[["id", "use", "geometry"]], country], ignore_index=True)
    return frame.set_geometry(shapely.set_precision(frame.geometry.to_numpy(), 0.1), crs=CRS)


def _green(plan: Plan, places: Places) -> gpd.GeoDataFrame:
    parks = [row for row in places.rows if row["kind"] == "park"]
    built = shapely.union_all([place.shape for place in plan.settlements])
    wood = shapely.get_parts(
        _tidy(shapely.difference(plan.hills, shapely.union_all([built, plan.river, plan.reservoir])))
    )
    rows = [("park", row["name"], row["geometry"]) for row in parks] + [("forest", "", shape) for shape in wood]
    return _table(
        {
            "id": [f"g{k + 1}" for k in range(len(rows))],
            "kind": [row[0] for row in rows],
            "name": [row[1] for row in rows],
            "public": [True] * len(rows),
        },
        [row[2] for row in rows],
    )


def _records(plan: Plan) -> pd.DataFrame:
    """Figures of registers: those that follow from the plan, and some that are made up."""
    rural_people = sum(place.people for place in plan.settlements if place.rank == "village")
    people = sum(place.people for place in plan.settlements)
    count = float(sum(place.rank == "village" for place in plan.settlements))
    rows = [
        ("people_urban", round(100.0 * (1 - rural_people / people), 2), "%"),
        ("counties", float(len(plan.units)), "count"),
        ("counties_platform", 2.0, "count"),
        ("villages", count, "count"),
        ("villages_parcels", count - 2, "count"),
        ("villages_5g", count - 5, "count"),
        ("villages_sewage", round(0.46 * count), "count"),
        ("rural_large_schemes", 66.0, "%"),
        ("time_cluster", 1.7, "h"),
        ("time_main_cities", 2.8, "h"),
        ("flow_between_cities", 21_400.0, "count"),
        ("income_town_over_country", 2.2, "1"),
    ]
    return pd.DataFrame(rows, columns=["id", "value", "unit"]).assign(year="-", source="synthetic (twin.gis.synthetic)")


def _about(city: City, seed: int) -> About:
    source = Source(f"synthetic, seed {seed} (twin.gis.synthetic.region)", "-", "CC0-1.0", complete=True)
    return About(
        description=f"{NAME}, a synthetic region of {city.people:,.0f} people: a prefecture in miniature with a "
        f"central city, two county towns, five towns and {len(city.table('villages'))} villages. It is no real place: "
        "every road, house and person is drawn by a seeded generator, and its coordinates lie in the open sea.",
        synthetic=True,
        attribution=(f"{NAME} is synthetic (twin.gis.synthetic.region), CC0-1.0",),
        traits={
            "size_class": "small",
            "climate": "III",
            "water_zone": "2",
            "heated": "no",
            "name_zh": f"{NAME_ZH}地区",
            "terrain": "river plain and hills",
            "language": "zh",
        },
        sources=dict.fromkeys(["facilities", "population", *city.networks, *city.layers], source),
    )


def _readme(region: Region) -> str:
    words = tomllib.loads(files("twin.gis.synthetic.region").joinpath("readme.toml").read_text(encoding="utf-8"))
    city = region.city
    tables = {"facilities": city.facilities, "population": city.population, **city.layers}
    rows = "\n".join(f"| `{name}.parquet` | {len(frame):,} |" for name, frame in tables.items())
    nets = "\n".join(
        f"| `networks/{name}/` | {len(net.x):,} | {len(net.graph.tail):,} | {net.columns['length'].sum() / 1000:,.0f} |"
        for name, net in city.networks.items()
    )
    return str(words["text"]).format(
        people=city.people,
        area=shapely.area(city.land()) / 1e6,
        rows=rows,
        nets=nets,
        lines=len(region.lines),
        source=city.about.source("walk").source,
    )
