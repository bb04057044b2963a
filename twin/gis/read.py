"""The door for whole cities: what a source is, and which reader takes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from twin.errors import DataError, UnknownName
from twin.gis.layers import read_layer
from twin.model import City
from twin.registry import Registry

__all__ = ["read", "read_layer", "readers", "write"]


def _folder(path: Path, **options: Any) -> City:
    from twin.gis.folder import read_folder

    _known(options, (), path)
    return read_folder(path)


def _geopackage(path: Path, **options: Any) -> City:
    from twin.gis.geopackage import read_geopackage

    _known(options, (), path)
    return read_geopackage(path)


def _osm(path: Path, **options: Any) -> City:
    from twin.gis.build import city_of
    from twin.gis.osm import read_osm

    _known(options, ("boundary", "name", "population"), path)
    name = options.pop("name", "") or path.name.split(".")[0].replace("_", " ").title()
    return city_of(read_osm(path), name=name, year=_osm_date(path), **options)


def _graphml(path: Path, **options: Any) -> City:
    import networkx

    from twin.routing.nx import from_networkx

    _known(options, ("name",), path)
    try:
        graph = networkx.read_graphml(path)
    except (networkx.NetworkXError, SyntaxError) as error:
        raise DataError(f"{path}: not readable as GraphML ({error})") from None
    try:
        net = from_networkx(graph)
    except DataError as error:
        raise DataError(f"{path}: {error}", layer=error.layer, column=error.column, rows=error.rows) from None
    return City.from_network(net, options.get("name") or path.stem)


def _known(options: dict[str, Any], known: tuple[str, ...], path: Path) -> None:
    for name in options:
        if name not in known:
            raise UnknownName("option", name, known, where=str(path))


def _osm_date(path: Path) -> str:
    import osmium

    # of the header alone: otherwise the reader begins to decode the whole file
    with osmium.io.Reader(str(path), osmium.osm.osm_entity_bits.NOTHING) as source:
        return str(source.header().get("osmosis_replication_timestamp"))[:10]


#: Readers of whole cities, by the ending of the source.
readers: Registry[Callable[..., City]] = Registry("reader", "twin.readers")
for _ending, _reader in {
    "": _folder,
    ".gpkg": _geopackage,
    ".graphml": _graphml,
    ".osm": _osm,
    ".osm.bz2": _osm,
    ".osm.gz": _osm,
    ".osm.pbf": _osm,
    ".pbf": _osm,
}.items():
    readers.add(_ending, _reader)


def read(source: str | Path, **options: Any) -> City:
    """Read a city.

    Parameters
    ----------
    source : a city folder, an OpenStreetMap file (``.osm.pbf``, ``.osm``), a GeoPackage, a GraphML street graph.
    **options : for OpenStreetMap: `name`; `population` (a layer's file, or a total to spread over homes); `boundary`
        (a layer's file). For every source: `gtfs`, one or several GTFS feeds (.zip or folder) whose lines become the
        network ``transit``.

    Raises
    ------
    DataError : no such source, or it is not as it should be; says file, layer, column, rows and what to do.
    UnknownName : no reader for such a file.

    Examples
    --------
    >>> city = read("gis_data/monaco")  # doctest: +SKIP
    >>> city = read("porto.osm.pbf", gtfs=["bus.zip", "rail.zip"])  # doctest: +SKIP
    """
    feeds = options.pop("gtfs", None)
    city = _read(source, **options)
    if feeds is None or (isinstance(feeds, list | tuple) and not feeds):
        return city
    from twin.gis.gtfs import with_transit

    return with_transit(city, feeds)


def _read(source: str | Path, **options: Any) -> City:
    path = Path(source)
    if "://" in str(source):
        raise UnknownName("reader for", str(source).partition("://")[0], readers)
    if not path.exists():
        raise DataError(f"{path}: no such file or folder")
    if path.is_dir():
        return readers[""](path, **options)
    endings = ["".join(path.suffixes[i:]).lower() for i in range(len(path.suffixes))]
    ending = next((e for e in endings if e in readers), None)
    if ending is None:
        raise UnknownName("reader for", path.name, [e for e in readers if e])
    return readers[ending](path, **options)


def write(city: City, target: str | Path) -> None:
    """Write a city as a folder, or as a GeoPackage where the target ends so; what was there is replaced at the end."""
    path = Path(target)
    if path.suffix.lower() == ".gpkg":
        from twin.gis.geopackage import write_geopackage

        write_geopackage(city, path)
    else:
        from twin.gis.folder import write_folder

        write_folder(city, path)
