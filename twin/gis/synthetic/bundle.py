"""The town's folder: the city, its timetable, the drawn clinic layouts and a README that says what is in it."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from twin.errors import DataError
from twin.gis.folder import replacing, write_folder
from twin.gis.synthetic.curves import Warp
from twin.gis.synthetic.drawing import table
from twin.gis.synthetic.ground import CRS, STAGES
from twin.gis.synthetic.gtfs import write_gtfs
from twin.gis.synthetic.town import Town
from twin.model import City, Raster

__all__ = ["layouts", "readme", "write"]

#: Patients a day that each clinic of a layout serves [person].
CAPACITY = 300.0
#: What GeoPackages say they were changed at: never a clock, so that the same town gives the same bytes.
_STAMP = "2000-01-01T00:00:00.000Z"


def write(town: Town, folder: Path) -> None:
    """Write the folder in one go; files that stood there and that are not generated are kept."""
    there = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if (folder.exists() and not folder.is_dir()) or (there - {"make.py", "README.md"} and "city.toml" not in there):
        raise DataError(f"{folder}: there is something that is no city folder; name another target or remove it")
    kept = [folder / "make.py"] if "make.py" in there else []
    with replacing(folder) as fresh:
        write_folder(town.city, fresh)
        write_gtfs(town.lines, town.places, fresh / "gtfs.zip")
        (fresh / "layouts").mkdir()
        for name, sites in layouts(town.warp).items():
            target = fresh / "layouts" / f"{name}.gpkg"
            sites.to_file(target, layer="sites", driver="GPKG", engine="pyogrio")
            _timeless(target)
        (fresh / "README.md").write_text(readme(town.city), encoding="utf-8")
        for path in kept:
            shutil.copy2(path, fresh / path.name)


def layouts(warp: Warp) -> dict[str, gpd.GeoDataFrame]:
    """The drawn layouts by name: six clinics each."""
    found = {}
    for name, sites in table("layouts.toml").items():
        at = np.round(warp(np.array(list(sites.values()), dtype=float)), 1)
        columns = {
            "id": [f"{name}-{i + 1}" for i in range(len(sites))],
            "name": [f"{place} Clinic" for place in sites],
            "capacity": [CAPACITY] * len(sites),
        }
        found[name] = gpd.GeoDataFrame(columns, geometry=shapely.points(at), crs=CRS)
    return found


def readme(city: City) -> str:
    """What the folder holds, in words and numbers."""
    tables = {"facilities": city.facilities, "population": city.population, "dependencies": city.dependencies}
    tables |= {name: layer for name, layer in city.layers.items() if not isinstance(layer, Raster)}
    rasters = [name for name, layer in city.layers.items() if isinstance(layer, Raster)]
    rows = "\n".join(f"| `{name}.parquet` | {len(frame):,} |" for name, frame in tables.items())
    nets = "\n".join(
        f"| `networks/{name}/` | {len(net.x):,} | {len(net.graph.tail):,} | {net.columns['length'].sum() / 1000:,.0f} |"
        for name, net in city.networks.items()
    )
    stages = "\n".join(f"| `flood_{year}.tif` | {bay:.2f} | {rise:.2f} |" for year, (bay, rise) in STAGES.items())
    return f"""# Harbour

**This town is synthetic.** No street, house, person or timetable in it is real. It is made by a seeded generator
(`twin.gis.synthetic`), and its coordinates (EPSG:32631) lie in the open sea of the Gulf of Guinea. Licence: CC0-1.0.

A harbour town of {city.people:,.0f} people: an old centre inside the line of its walls, a grid beyond them, estates and suburbs, a
port on the bay, a river with bridges, low quarters that flood, a hill with a road tunnel, and a green belt.

| table | rows |
|---|---|
{rows}

| network | nodes | edges | length [km] |
|---|---|---|---|
{nets}

Rasters ({", ".join(f"`{name}.tif`" for name in rasters)}): cells of 20 m; heights in metres over the mean level of the bay, depths in metres.
`gtfs.zip` is the timetable of the buses and the tram; its stop ids are those of the facilities. `layouts/` holds three drawn
ways to place six clinics (`centre`, `spread`, `corridors`).

## What is simplified

- People and jobs follow floor areas; ages are drawn by kind of quarter; all sum exactly to the totals.
- Facilities are plausible per head and short on purpose here and there: no clinic in the north of Westfield, few
  kindergartens, too few places in fixed shelters.
- Floods are a bathtub: the water stands level with the nearest reach of river or bay and wets the ground that is joined to it.

| raster | height of the bay [m] | rise of the river [m] |
|---|---|---|
{stages}

- Power (MW), water and drainage (L/s) and telecom (Gbit/s) follow the streets; `capacity` of an edge is that of its largest
  load with a margin. `power_nodes` and the like hold role, demand and people served. Drainage runs one way, to the plant.
- `dependencies` joins them; power's substations need telecom and telecom needs power. Facilities that need a network stand
  there with the network name `facilities`.
- `deck` of `walk` and `drive` is the height of a bridge's deck in metres; bridges stay above every flood, their approaches need not.

## Make it again

```
python gis_data/harbour/make.py
```

The same seed gives the same tables; another seed gives another town on the same plan.
"""


def _timeless(path: Path) -> None:
    """Take the clock out of a GeoPackage."""
    with sqlite3.connect(path) as file:
        file.execute("UPDATE gpkg_contents SET last_change = ?", (_STAMP,))
    file.close()
