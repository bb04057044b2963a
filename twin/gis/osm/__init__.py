"""Our own OpenStreetMap reader: streets, facilities, buildings and land, as tables.

>>> from twin.gis.osm import read_osm
>>> extract = read_osm("monaco.osm.pbf")  # doctest: +SKIP
>>> extract.walk.edges["length"].sum() / 1000  # doctest: +SKIP
"""

from twin.gis.osm.extract import Extract, read_osm
from twin.gis.osm.streets import Streets

__all__ = ["Extract", "Streets", "read_osm"]
