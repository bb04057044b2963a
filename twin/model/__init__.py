"""What a city is: schema → graph → network → city; traces and verdicts are data and live here too.

Words, one per thing
--------------------
node, edge : a junction and a stretch between two of them. An *arc* is an edge passed in one direction.
network : nodes and edges with their state; its topology alone is a *graph*.
facility : what serves, of some *kind*. Population: people at places, by *group*.
city : networks, facilities, population, layers and dependencies, as one value.
scenario : a change from a city to another; a *plan* builds, a *shock* breaks.
measure : a quantity read off a city. Clause: what a standard asks of it. *Verdict*: whether it holds, and by which
    *margin*.
open : may be passed or used. Closed rows stay, so that row *i* means the same in every variant.
unreachable : cost `inf`, site -1.
"""

from twin.model.city import About, City, Source
from twin.model.graph import Graph
from twin.model.network import Network
from twin.model.raster import Raster
from twin.model.trace import Trace
from twin.model.turns import Turns
from twin.model.verdict import Verdict, Verdicts

__all__ = ["About", "City", "Graph", "Network", "Raster", "Source", "Trace", "Turns", "Verdict", "Verdicts"]
