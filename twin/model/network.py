"""A network: shared topology, columns of state, and the one place where ids become positions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import ArrayLike, NDArray

from twin.errors import DataError, MissingData, UnknownName, listed
from twin.model.crs import projected
from twin.model.graph import Graph
from twin.model.memory import Memory
from twin.model.schema import validate
from twin.model.service import lines_on
from twin.model.timetable import Day, Timetable
from twin.model.turns import Turns

__all__ = ["CLOSED", "SCALE", "Network"]

#: Fixed point of the kernels: hundredths of the cost's unit (centimetres, hundredths of a second) in uint32.
SCALE = 100.0
#: Fixed-point cost of what cannot be passed.
CLOSED = np.uint32(0xFFFFFFFF)


@dataclass(frozen=True, eq=False)
class Network:
    """A graph of places and the ways between them; a value that is never changed.

    Rows of `columns` are edges and stay where they are in every variant: a closed edge has ``open = False``.

    Attributes
    ----------
    graph : topology, shared with every variant of the network.
    x, y : (n,) float64 coordinates of the nodes [m].
    ids : (n,) ids of the nodes; positions are rows.
    columns : read-only arrays by name, one value an edge; the schema's ``edges``.
    crs : projected CRS in metres, or None for an abstract network.
    approach : speed at which the gap between a place and the network is crossed [m/s]; inf: the gap costs no time.
    timetable : when vehicles run, where the network is one of lines: its stops are the first nodes, in their order.
    """

    graph: Graph
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    ids: NDArray[Any]
    columns: Mapping[str, NDArray[Any]]
    crs: pyproj.CRS | None = None
    approach: float = float("inf")
    load_shapes: Callable[[], NDArray[Any]] | None = field(default=None, repr=False)
    memory: Memory = field(default_factory=Memory, repr=False)
    timetable: Timetable | None = field(default=None, repr=False)

    @classmethod
    def from_arrays(  # noqa: PLR0913 -- the contract of section 13
        cls,
        x: ArrayLike,
        y: ArrayLike,
        tail: ArrayLike,
        head: ArrayLike,
        *,
        length: ArrayLike | None = None,
        directed: bool | ArrayLike = False,
        crs: Any = None,
        ids: ArrayLike | None = None,
        shapes: ArrayLike | None = None,
        approach: float = float("inf"),
        turns: pd.DataFrame | None = None,
        **edge_columns: ArrayLike,
    ) -> Network:
        """Build a network from arrays.

        Parameters
        ----------
        x, y : (n,) coordinates of the nodes [m].
        tail, head : (m,) positions of the nodes that each edge joins.
        length : (m,) lengths [m]; straight lines between the nodes where not given.
        directed : True: every edge runs from tail to head only; False: both ways; (m,) bool: edge by edge.
        crs : anything that pyproj understands; projected, in metres.
        ids : (n,) node ids; 0..n-1 where not given.
        shapes : (m,) shapely lines; straight lines between the nodes where not given.
        approach : see the class.
        turns : columns from_edge, node, to_edge (positions) and cost [s], inf where the turn is forbidden; see `Turns`.
        **edge_columns : further columns, (m,) or one value for all.

        Raises
        ------
        DataError : lengths of the arrays differ, an edge names a node that is not there, a cost is negative or NaN.
        CRSError : the CRS is geographic.
        """
        x, y = _coordinates(x, "x"), _coordinates(y, "y")
        tail, head = _positions(tail, "tail", len(x)), _positions(head, "head", len(x))
        if len(y) != len(x) or len(tail) != len(head):
            raise DataError(f"x and y have {len(x)} and {len(y)} values, tail and head {len(tail)} and {len(head)}")
        if not approach > 0:
            raise DataError(f"approach is a speed above 0 in m/s, not {approach}")
        oneway = _spread(np.asarray(directed, dtype=bool), "directed", len(tail))
        if length is None:
            length = np.hypot(x[tail] - x[head], y[tail] - y[head])
        given = {"tail": tail, "head": head, "length": length, "oneway": oneway, **edge_columns}
        frame = validate(pd.DataFrame({k: _spread(v, k, len(tail)) for k, v in given.items()}), "edges")
        gaps = np.flatnonzero(~np.isfinite(frame["length"].to_numpy(dtype=float)))
        if gaps.size:
            raise DataError(f"edges.length: {gaps.size} lengths are not finite (edges {listed(gaps)})", layer="edges")
        names = np.arange(len(x)) if ids is None else _flat(ids).copy()
        if len(names) != len(x) or len(pd.unique(names)) != len(x):
            raise DataError(f"nodes.id: {len(x)} nodes need as many different ids", layer="nodes", column="id")
        fixed_shapes = None if shapes is None else _spread(np.array(shapes, dtype=object), "shapes", len(tail))
        listed_turns = None if turns is None or not len(turns) else Turns.from_frame(turns, tail, head)
        return cls(
            graph=Graph(len(x), _frozen(tail), _frozen(head), _frozen(oneway), listed_turns),
            x=_frozen(x),
            y=_frozen(y),
            ids=_frozen(names),
            columns=MappingProxyType({str(c): _frozen(frame[c].to_numpy()) for c in frame.columns}),
            crs=_projected(crs),
            approach=float(approach),
            load_shapes=None if fixed_shapes is None else lambda: fixed_shapes,
        )

    @property
    def open(self) -> NDArray[np.bool_]:
        """(m,) bool, which edges can be passed."""
        return self.columns["open"]

    @property
    def edges(self) -> pd.DataFrame:
        """The edges as a table without geometry; a copy to look at."""
        return pd.DataFrame(dict(self.columns))

    @cached_property
    def _shapes(self) -> NDArray[Any]:
        if self.load_shapes is not None:
            return self.load_shapes()
        ends = np.stack([np.c_[self.x, self.y][self.graph.tail], np.c_[self.x, self.y][self.graph.head]], axis=1)
        return np.asarray(shapely.linestrings(ends), dtype=object)

    @property
    def shapes(self) -> NDArray[Any]:
        """(m,) shapely lines from tail to head; read from disk when first asked for."""
        return self.graph.memory.of("shapes", (self.graph,), lambda: self._shapes)

    def to_frame(self) -> gpd.GeoDataFrame:
        """The edges as a GeoDataFrame, for drawing and exchange."""
        return gpd.GeoDataFrame(self.edges, geometry=self.shapes, crs=self.crs)

    @cached_property
    def _index(self) -> pd.Index:
        index: pd.Index[Any] = pd.Index(self.ids, tupleize_cols=False)
        return index

    def positions(self, ids: ArrayLike) -> NDArray[np.int32]:
        """Positions of nodes by id; `UnknownName` for an id that the network does not have."""
        wanted = _flat(ids)
        if wanted.dtype == self.ids.dtype and self.ids.dtype.kind in "iu" and self._plain:
            found = np.where((wanted >= 0) & (wanted < len(self.ids)), wanted, -1)
        elif len(wanted) == 1:  # one agent's: to make an index of it would take a hundred times as long
            found = np.array([self._position(wanted[0])])
        else:
            found = self._index.get_indexer(pd.Index(wanted, tupleize_cols=False))
        if len(found) and found.min() < 0:
            raise UnknownName("node", wanted[int(np.argmin(found))], self.ids[:6])
        return found.astype(np.int32)

    def _position(self, name: Hashable) -> int:
        try:
            return int(cast("int", self._index.get_loc(name)))
        except KeyError:
            return -1

    @cached_property
    def _plain(self) -> bool:
        return bool(np.array_equal(self.ids, np.arange(len(self.ids))))

    def with_columns(self, **columns: ArrayLike) -> Network:
        """The same network with some edge columns replaced; everything else is shared."""
        if set(columns) & {"tail", "head", "oneway"}:
            raise ValueError("topology is not a column: build another network")
        fresh = {name: _spread(values, name, len(self.graph.tail)) for name, values in columns.items()}
        for name, values in fresh.items():
            if name in self.columns and self.columns[name].dtype == bool and values.dtype != bool:
                # as numbers they would be taken for positions wherever a mask is meant
                if not np.isin(values, (0, 1)).all():
                    raise DataError(f"edges.{name}: values are true or false", layer="edges", column=name)
                fresh[name] = values.astype(bool)
        fresh = {name: _frozen(values) for name, values in fresh.items()}
        return replace(self, columns=MappingProxyType({**self.columns, **fresh}), memory=Memory())

    def close(self, edges: ArrayLike) -> Network:
        """Close edges, given as a boolean mask or as positions; shares the topology.

        >>> line = Network.from_arrays([0, 1, 2], [0, 0, 0], [0, 1], [1, 2])
        >>> line.close([1]).open.tolist(), line.open.tolist()
        ([True, False], [True, True])
        """
        shut = np.asarray(edges)
        size = len(self.graph.tail)
        mask = np.zeros(size, dtype=bool)
        if shut.dtype == bool:
            if shut.shape != mask.shape:
                raise DataError(f"the mask has {shut.size} values, the network {size} edges", layer="edges")
            mask |= shut
        elif shut.size:
            if shut.dtype.kind not in "iu":
                raise DataError(
                    f"edges are closed by a boolean mask or by positions, not by {shut.dtype}", layer="edges"
                )
            beyond = shut[(shut < 0) | (shut >= size)]
            if beyond.size:
                raise DataError(f"edge positions run from 0 to {size - 1}, not to {beyond[0]}", layer="edges")
            mask[shut] = True
        return self.with_columns(open=self.open & ~mask)

    def day(self, date: dt.date | str) -> Day:
        """The timetable of one day, trips cut where an edge is closed; see `Timetable.on`.

        Raises
        ------
        MissingData : the network has no timetable.
        DataError : the date lies outside of the calendar.
        """
        return self._timetable().on(date, blocked=None if self.open.all() else ~self.open)

    def lines_on(self, date: dt.date | str) -> pd.DataFrame:
        """Trips, headways and speed of every line on a day; see `twin.model.service.lines_on`."""
        return lines_on(self._timetable(), date, self.columns["length"])

    def _timetable(self) -> Timetable:
        if self.timetable is None:
            raise MissingData(
                "the network has no timetable; read the city with gtfs=[…], a feed of its lines", layer="transit"
            )
        return self.timetable

    def fixed_cost(self, cost: str = "length", *, shut: bool = True) -> NDArray[np.uint32]:
        """(m,) cost of each edge in fixed point (`SCALE`); `CLOSED` where it cannot be passed.

        With ``shut=False`` as if every edge were open; then `CLOSED` where there is no cost.

        Raises
        ------
        MissingData : the network has no such column.
        DataError : a cost is negative, NaN, or beyond the range of the fixed point.
        """
        if not shut:
            return self._fixed_column(cost)
        return self.memory.of(("fixed", cost), (self,), lambda: self._fixed_cost(cost))

    def _fixed_cost(self, cost: str) -> NDArray[np.uint32]:
        self.check_cost(cost)
        return _frozen(np.where(self.open, self._fixed_column(cost), CLOSED))

    def check_cost(self, cost: str) -> None:
        """See that every open edge has a cost; raises as `fixed_cost` does."""
        missing = self.graph.memory.of("no cost", (self._fixed_column(cost),), lambda: self._missing(cost))
        if len(missing) and self.open[missing].any():
            self._refuse(cost)

    def _missing(self, cost: str) -> NDArray[np.intp]:
        return np.flatnonzero(self._fixed_column(cost) == CLOSED)

    def _fixed_column(self, cost: str) -> NDArray[np.uint32]:
        if cost not in self.columns or self.columns[cost].dtype.kind not in "iuf":
            hint = str(UnknownName("cost", cost, [c for c, v in self.columns.items() if v.dtype.kind == "f"]))
            raise MissingData(f"the network has {hint}", layer="edges", column=cost)
        column = self.columns[cost]
        return self.graph.memory.of("fixed", (column,), lambda: _frozen(_fixed(column)))

    def _refuse(self, cost: str) -> None:
        """Say which open edges have no cost."""
        value = np.asarray(self.columns[cost], dtype=float)
        with np.errstate(invalid="ignore"):
            bad = np.flatnonzero(~(value >= 0) & self.open)
            far = np.flatnonzero((value * SCALE >= 2**31) & self.open)
        for rows, what in ((bad, "negative or missing"), (far, f"at or beyond {2**31 / SCALE:,.0f}")):
            if rows.size:
                raise DataError(
                    f"edges.{cost}: {rows.size} costs are {what} (edges {listed(rows)}); give each open edge a cost "
                    "within the range",
                    layer="edges",
                    column=cost,
                    rows=rows,
                )

    def arc_cost(self, cost: str, *, inward: bool = False) -> NDArray[np.uint32]:
        """Fixed-point cost of each arc of ``graph.arcs`` (or ``arcs_in``), in their order."""
        arcs = self.graph.arcs_in if inward else self.graph.arcs
        back = f"{cost}_back"  # a cost that differs against the edge's direction stands in its own column

        def gather() -> NDArray[np.uint32]:
            forward = self.fixed_cost(cost)[arcs.edge]
            if back in self.columns:
                forward = np.where(arcs.backward, self.fixed_cost(back)[arcs.edge], forward)
            return _frozen(forward)

        alike = arcs.edge is self.graph.arcs.edge and back not in self.columns  # the same either way: kept once
        return self.memory.of(("arcs", cost, inward and not alike), (self,), gather)

    def node_ids(self, positions: ArrayLike) -> list[Hashable]:
        """Ids of nodes by position."""
        return list(self.ids[np.asarray(positions)].tolist())


def _fixed(column: NDArray[Any]) -> NDArray[np.uint32]:
    """Costs in fixed point; `CLOSED` where a cost is negative, missing or beyond the range."""
    value = column * SCALE
    with np.errstate(invalid="ignore"):
        sound = (value >= 0) & (value < 2**31)
    value[~sound] = 0.0
    fixed = np.rint(value).astype(np.uint32)
    fixed[~sound] = CLOSED
    return fixed


def _positions(values: ArrayLike, name: str, count: int) -> NDArray[np.int32]:
    array = np.asarray(values)
    if array.size and (array.dtype.kind not in "iu" or array.min() < 0 or array.max() >= count):
        raise DataError(f"edges.{name}: positions of nodes run from 0 to {count - 1}", layer="edges", column=name)
    return array.astype(np.int32)


def _coordinates(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """A copy, so that the caller's array may change afterwards."""
    array = np.array(values, dtype=np.float64)
    bad = np.flatnonzero(~np.isfinite(array))
    if array.ndim != 1 or bad.size:
        what = f"{bad.size} are not finite (nodes {listed(bad)})" if bad.size else f"not of shape {array.shape}"
        raise DataError(
            f"nodes.{name}: one finite coordinate a node is needed; {what}", layer="nodes", column=name, rows=bad
        )
    return array


def _spread(values: ArrayLike, name: str, count: int) -> NDArray[Any]:
    """A copy of one value an edge, or of one for all."""
    array = np.asarray(values)
    if array.shape not in {(), (count,)}:
        raise DataError(
            f"edges.{name}: {array.size} values for {count} edges; give one an edge, or one for all",
            layer="edges",
            column=name,
        )
    return np.broadcast_to(array, (count,)).copy()


def _flat(ids: ArrayLike) -> NDArray[Any]:
    """Ids as they are, in one dimension: numpy alone would make columns of tuples, and text of a number beside text."""
    if isinstance(ids, list):
        kinds = set(map(type, ids))
        if tuple in kinds or (str in kinds and len(kinds) > 1):
            return np.fromiter(ids, dtype=object, count=len(ids))
    array = np.atleast_1d(np.asarray(ids))
    if array.ndim != 1:
        raise DataError(f"ids of nodes come in one dimension, not {array.ndim}", layer="nodes", column="id")
    return array


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    """View an array as read-only: what is shared between variants must not change under them."""
    view = array.view()
    view.flags.writeable = False
    return view


def _projected(crs: Any) -> pyproj.CRS | None:
    return None if crs is None else projected(crs)
