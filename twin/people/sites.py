"""Where homes and facilities hang on the streets, and which facility is nearest to each home."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.model import City
from twin.routing import nearest

__all__ = ["nearest_site", "nodes_of", "whole_days"]


def nodes_of(city: City, layer: str, network: str) -> NDArray[np.int64]:
    """(rows,) node of each row of a layer; -1 where it hangs on no street."""
    hung = city.snap(layer, network)
    found = np.full(len(city.table(layer)), -1, dtype=np.int64)
    found[hung.index.to_numpy()] = hung["node"].to_numpy()
    return found


def nearest_site(city: City, kinds: str | Sequence[str], network: str) -> NDArray[np.int64]:
    """(population rows,) node of the open facility of some kinds that is nearest by time; -1: none can be reached."""
    mine = city.rows("facilities", kind=kinds) & city.facilities["open"].to_numpy(dtype=bool)
    hung = city.snap("facilities", network)
    doors = hung[mine[hung.index]]["node"].unique()
    home = nodes_of(city, "population", network)
    if not len(doors):
        return np.full(len(home), -1, dtype=np.int64)
    net = city.network(network)
    site = nearest(net, net.ids[doors], cost="time").site[:, 0]
    node = np.where(site >= 0, doors[np.maximum(site, 0)], -1)
    return np.where(home >= 0, node[np.maximum(home, 0)], -1)


def whole_days(trips: pd.DataFrame) -> pd.DataFrame:
    """Trips without those of persons who have one from or to a place on no street: they stay at home."""
    known = (trips["node"] >= 0) & (trips["goal"] >= 0)
    return trips[known.groupby(trips["person"]).transform("all")].reset_index(drop=True)
