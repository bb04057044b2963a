"""Make the bundled city of Monaco from the OpenStreetMap extract in the source distribution of `quackosm` (0.5 MB).

    pip download --no-deps --no-binary :all: quackosm==0.19.0
    tar xzf quackosm-0.19.0.tar.gz
    python gis_data/monaco/make.py quackosm-0.19.0/tests/test_files/monaco.osm.pbf

The wards' boundaries come from the same extract. Three of the nine lack a stretch of the border with France (one way
each, 32 m, 197 m and 468 m from end to end); it is drawn straight. Harbour basins inside the wards are cut off along
the coastline; what is left measures 2.08 km2, as the official figure (recalled).
"""

import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import osmium
import shapely

import twin
from twin.gis.build import city_of
from twin.gis.osm import read_osm
from twin.model import About, Source

#: Residents at the end of 2023 in round figures; the official count was 38,367 (IMSEE; recalled).
PEOPLE = 38_400
HERE = Path(__file__).parent


#: An assumption for scenarios, not a model: water on the quays of Port Hercule, so deep so near to the basin [m].
FRONT = ((0.6, 20.0), (0.4, 40.0), (0.2, 60.0))


def front(basin: shapely.Geometry, land: shapely.Geometry, crs) -> gpd.GeoDataFrame:
    """Bands of water around the harbour basin, shallower inland [m]."""
    rings, inner = [], basin
    for depth, width in FRONT:
        outer = shapely.buffer(basin, width)
        rings.append((depth, shapely.intersection(shapely.difference(outer, inner), land)))
        inner = outer
    return gpd.GeoDataFrame(rings, columns=["depth", "geometry"], crs=crs)


def wards(path: Path, crs) -> tuple[gpd.GeoDataFrame, shapely.Geometry]:
    """The nine wards, on land, and the harbour basins that were cut off them."""
    members, names, coast = {}, {}, set()
    for relation in osmium.FileProcessor(str(path), osmium.osm.RELATION):
        if relation.tags.get("boundary") == "administrative" and relation.tags.get("admin_level") == "10":
            names[relation.id] = relation.tags["name"]
            members[relation.id] = {member.ref for member in relation.members if member.type == "w"}
    lines = {}
    wanted = set().union(*members.values())
    for way in osmium.FileProcessor(str(path)).with_locations().with_filter(osmium.filter.EntityFilter(osmium.osm.WAY)):
        if way.tags.get("natural") == "coastline":
            coast.add(way.id)
        if way.id in wanted or way.id in coast:
            lines[way.id] = shapely.LineString([(node.lon, node.lat) for node in way.nodes])
    frame = gpd.GeoSeries(lines, crs=4326).to_crs(crs)
    shore = shapely.union_all(frame[list(coast)].to_numpy())
    rows = [
        (number, names[number], _ring(frame[[w for w in ways if w in frame.index]].to_numpy()))
        for number, ways in members.items()
    ]
    table = gpd.GeoDataFrame(rows, columns=["id", "name", "geometry"], crs=crs).sort_values("name", ignore_index=True)
    whole = shapely.union_all(table.geometry.to_numpy())
    table["geometry"] = [shapely.union_all(_dry(ward, shore, path, crs)) for ward in table.geometry]
    return table, shapely.difference(whole, shapely.union_all(table.geometry.to_numpy()))


def _ring(lines) -> shapely.Geometry:
    """Polygon of a ward's boundary; where one stretch is missing its ends are joined straight."""
    merged = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(list(lines))))
    return shapely.union_all([shapely.make_valid(shapely.polygons(shapely.get_coordinates(part))) for part in merged])


_STREETS = {}


def _dry(ward, shore, path: Path, crs) -> list:
    """The parts of a ward, cut along the coastline, with more than one street or building a hectare."""
    if path not in _STREETS:
        extract = read_osm(path, crs=crs)
        _STREETS[path] = shapely.STRtree(np.concatenate([extract.walk.edges.geometry, extract.buildings.geometry]))
    parts = shapely.get_parts(
        shapely.polygonize([shapely.union_all([shapely.boundary(ward), shapely.intersection(shore, ward)])])
    )
    inside = [part for part in parts if shapely.buffer(ward, 0.5).contains(part)]
    here = [len(_STREETS[path].query(part, predicate="contains")) for part in inside]
    return [part for part, count in zip(inside, here, strict=True) if count > shapely.area(part) / 10_000]


def main(path: Path) -> None:
    """Read the extract, cut it to the wards, and write the city folder beside this script."""
    extract = read_osm(path)
    districts, basins = wards(path, extract.crs)
    boundary = gpd.GeoDataFrame(geometry=[shapely.union_all(districts.geometry.to_numpy())], crs=extract.crs)
    city = city_of(extract, name="Monaco", year="2023", population=PEOPLE, boundary=boundary)
    about = About(
        description="The Principality of Monaco, from OpenStreetMap; an official total of people spread over homes.",
        attribution=city.about.attribution,
        traits={"size_class": "small"},
        sources={
            **city.about.sources,
            "districts": Source(
                "OpenStreetMap", "2023", "ODbL 1.0", notes=("three stretches of the border are drawn straight",)
            ),
        },
    )
    city = type(city).build(
        city.name,
        city.crs,
        networks=city.networks,
        facilities=city.facilities,
        population=city.population,
        layers={**city.layers, "districts": districts},
        about=about,
    )
    print(
        f"{city.name}: {shapely.area(city.land()) / 1e6:.3f} km2, {len(city.facilities)} facilities, "
        f"{city.people:,.0f} people"
    )
    twin.write(city, HERE)
    hercule = max(shapely.get_parts(basins), key=shapely.area)
    front(hercule, city.land(), extract.crs).to_file(HERE / "harbour_front.gpkg", driver="GPKG")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
