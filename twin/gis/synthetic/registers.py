"""Registers: figures, logs and marks that no plan of a town holds, drawn for Harbour with a seed of their own."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.gis.synthetic.drawing import table
from twin.model import City, Network

__all__ = ["with_registers"]

#: Cases of each matter in the log, and communities that the land is parted into.
CASES, COMMUNITIES = 60, 12
#: Arrivals of each hour over those of the busiest.
DAY = (
    *(0.05, 0.03, 0.02, 0.02, 0.03, 0.07, 0.2, 0.45, 0.8, 1.0, 0.98, 0.85),
    *(0.6, 0.75, 0.95, 0.9, 0.8, 0.6, 0.45, 0.4, 0.3, 0.22, 0.14, 0.08),
)
#: Hours that the service hall is open.
OPEN = range(9, 17)


def with_registers(city: City, seed: int) -> City:
    """The town with its registers; its streets, houses and people stay as they were drawn."""
    rng = np.random.default_rng([seed, 12])
    told = table("registers.toml")
    city = city.with_layer("records", _records(told["records"]))
    city = city.with_layer("activities", _activities(told["activities"]))
    city = city.with_layer("cases", _cases(told["matters"], rng))
    for name, figures in told["hours"].items():
        city = city.with_layer(name, _hours(figures, name == "service_hall"))
    city = city.with_layer("outages", _outages(rng)).with_layer("rain", _rain(rng))
    city = city.with_layer("traffic", _traffic(told["traffic"]))
    city = city.with_layer("communities", _communities(city))
    city = city.with_layer("trees", _trees(city, rng))
    city = city.with_layer("historic_districts", _historic(city))
    kind = city.facilities["kind"]
    city = city.with_columns("facilities", grade=kind.map(told["grades"]).fillna("").to_numpy())
    return _marked(city, told["marks"], told["columns"], rng)


def _records(told: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": list(told),
            "value": [float(value) for value, _ in told.values()],
            "unit": [unit for _, unit in told.values()],
            "year": "-",
            "source": "synthetic (twin.gis.synthetic)",
        }
    )


def _activities(told: dict[str, Any]) -> pd.DataFrame:
    frame = pd.DataFrame(list(told.values()), columns=["sector", "scope", "amount", "unit", "factor"])
    return frame.assign(id=list(told), amount=frame["amount"].astype(float))


def _cases(told: dict[str, Any], rng: np.random.Generator) -> pd.DataFrame:
    """Working days of each case; some are still open, and have been so for a part of them."""
    parts = []
    for matter, (mean, spread, pending) in told.items():
        days = np.maximum(np.round(rng.gamma((mean / spread) ** 2, spread**2 / mean, CASES)), 1.0)
        still = rng.random(CASES) < pending
        days[still] = np.maximum(np.round(days[still] * rng.random(int(still.sum()))), 1.0)
        parts.append(pd.DataFrame({"matter": matter, "days": days, "closed": ~still}))
    every = pd.concat(parts, ignore_index=True)
    return every.assign(id=[f"case-{i + 1}" for i in range(len(every))])


def _hours(figures: list[float], only_open: bool) -> pd.DataFrame:
    most, handling, by_day, by_night, patience = figures
    hours = list(OPEN) if only_open else list(range(24))
    frame = pd.DataFrame(
        {
            "id": hours,
            "calls": [round(most * DAY[hour], 1) for hour in hours],
            "handling": handling,
            "agents": [float(by_day if 7 <= hour < 20 else by_night) for hour in hours],
        }
    )
    return frame.assign(patience=patience) if patience else frame


def _outages(rng: np.random.Generator) -> pd.DataFrame:
    count = {"power": 42, "water": 9}
    network = np.repeat(list(count), list(count.values()))
    hours = np.round(rng.gamma(1.4, 1.1, len(network)) + 0.1, 1)
    return pd.DataFrame(
        {
            "id": [f"outage-{i + 1}" for i in range(len(network))],
            "network": network,
            "hours": hours,
            "customers": np.round(rng.gamma(1.2, 420.0, len(network))) + 1.0,
        }
    )


def _rain(rng: np.random.Generator) -> pd.DataFrame:
    """Thirty years of rain, events above 2 mm."""
    depth = np.round(2.1 + rng.gamma(0.75, 14.0, 30 * 55), 1)
    return pd.DataFrame({"id": range(len(depth)), "depth": depth})


def _traffic(told: dict[str, Any]) -> pd.DataFrame:
    frame = pd.DataFrame(list(told.values()), columns=["flow", "speed", "heavy"]).astype(float)
    return frame.assign(id=range(len(frame)), street=list(told))


def _communities(city: City) -> gpd.GeoDataFrame:
    """The land parted among so many middles that each has about as many people: cells of the nearest middle."""
    points = shapely.get_coordinates(shapely.point_on_surface(city.population.geometry.to_numpy()))
    weight = city.population["people"].to_numpy(dtype=float)
    middle = points[np.argsort(points[:, 0])[np.linspace(0, len(points) - 1, COMMUNITIES).astype(int)]]
    for _ in range(40):
        near = np.argmin(((points[:, None] - middle) ** 2).sum(axis=2), axis=1)
        for i in range(COMMUNITIES):
            here = near == i
            if weight[here].sum() > 0:
                middle[i] = np.average(points[here], axis=0, weights=weight[here])
    land = city.land()
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(middle), extend_to=land, ordered=True))
    shapes = shapely.set_precision(shapely.intersection(cells, land), 0.1)
    numbers = range(1, COMMUNITIES + 1)
    names = {"name": [f"Community {i}" for i in numbers], "name_zh": [f"第{i}社区" for i in numbers]}
    return gpd.GeoDataFrame({"id": [f"q{i}" for i in numbers], **names}, geometry=shapes, crs=city.crs)


def _trees(city: City, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Trees along the better streets, and some in every park."""
    net = city.network("drive")
    kind = np.asarray(net.columns["class"]).astype(str)
    spots: list[NDArray[np.float64]] = []
    for line in net.shapes[np.isin(kind, ["primary", "secondary", "tertiary", "living_street"])]:
        side = line.offset_curve(6.5 if rng.random() < 0.5 else -6.5)
        if side.is_empty or side.length < 12:
            continue
        spots.append(shapely.get_coordinates(shapely.line_interpolate_point(side, np.arange(6.0, side.length, 12.0))))
    at = np.round(np.concatenate(spots), 1)
    return gpd.GeoDataFrame({"id": range(len(at))}, geometry=shapely.points(at), crs=city.crs)


def _historic(city: City) -> gpd.GeoDataFrame:
    """The core of the old town: what lies within 220 m of its middle, less the water."""
    old = city.table("districts")
    shape = old.geometry[(old["id"] == "old_town").to_numpy()].to_numpy()[0]
    core = shapely.intersection(shapely.buffer(shapely.centroid(shape), 220.0), shape)
    return gpd.GeoDataFrame(
        {"id": ["h1"], "name": ["Old Town"], "name_zh": ["老城区"]},
        geometry=[shapely.set_precision(core, 0.1)],
        crs=city.crs,
    )


def _marked(city: City, marks: dict[str, float], columns: dict[str, Any], rng: np.random.Generator) -> City:
    """Yes and no of buildings, lamps and pipes, and figures of facilities by kind."""
    built = len(city.table("buildings"))
    said = {
        name: (rng.random(built) < marks[name]).astype(float)
        for name in ("smart_power", "smart_water", "solar", "weak")
    }
    core = city.table("historic_districts").geometry.to_numpy()[0]
    old = shapely.intersects(core, shapely.point_on_surface(city.table("buildings").geometry.to_numpy()))
    said["protected"] = (old & (rng.random(built) < 0.62)).astype(float)
    city = city.with_columns("buildings", **said)
    lamps = len(city.table("street_lamps"))
    city = city.with_columns(
        "street_lamps", **{name: (rng.random(lamps) < marks[name]).astype(float) for name in ("lit", "managed")}
    )
    kind = city.facilities["kind"].to_numpy().astype(str)
    found = {}
    for name, told in columns.items():
        values = np.full(len(kind), np.nan)
        for which, figure in told.items():
            values[kind == which] = figure
        of = {"nursing_beds": "capacity", "residents_area": "floor_area"}.get(name)
        found[name] = values if of is None else np.round(values * city.facilities[of].to_numpy(dtype=float))
    live = np.where(kind == "parking", (rng.random(len(kind)) < 0.6).astype(float), np.nan)
    city = city.with_columns("facilities", **found, live=live)
    water, drive = city.network("water"), city.network("drive")
    wide = np.asarray(water.columns["class"]).astype(str)
    big = np.isin(wide, ["trunk main", "tie"]) | (np.asarray(water.columns["capacity"], dtype=float) >= 30.0)
    city = city.with_network("water", _told(water, monitored=big & (rng.random(len(wide)) < 0.8), fire_main=big))
    main = np.isin(np.asarray(drive.columns["class"]).astype(str), ["trunk", "primary", "secondary"])
    return city.with_network("drive", _told(drive, traffic_live=main))


def _told(net: Network, **columns: NDArray[np.bool_]) -> Network:
    return net.with_columns(**{name: values.astype(float) for name, values in columns.items()})
