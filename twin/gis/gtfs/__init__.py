"""GTFS feeds: read, several merged, and made into the transit network of a city.

A feed is somebody else's data: what is wrong with it is listed with file and line (`Feed.problems`), and what is done
about it is said there; only what makes it useless is an error.
"""

from twin.gis.gtfs.feed import Feed, merged, read_feed
from twin.gis.gtfs.network import attached, transit_network, with_transit

__all__ = ["Feed", "attached", "merged", "read_feed", "transit_network", "with_transit"]
