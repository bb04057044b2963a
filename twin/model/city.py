"""The city: one immutable value that scenarios turn into another."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import ArrayLike, NDArray

from twin.errors import CRSError, DataError, MissingData, UnknownName, listed
from twin.model.crs import check_same, projected, to_crs
from twin.model.memory import Memory
from twin.model.network import Network
from twin.model.raster import Raster
from twin.model.schema import schema, validate
from twin.model.snap import LIMIT, snap_table

__all__ = ["About", "City", "Source"]


@dataclass(frozen=True)
class Source:
    """Where a layer comes from.

    Attributes
    ----------
    source, year, licence : who made it, of when it is, under which terms.
    estimated : true where a model stands in for data; every verdict that rests on it says so.
    complete : true where a kind of facility that is not in the layer is not in the city either.
    notes : what was repaired, dropped or doubted on the way in.
    """

    source: str = ""
    year: str = ""
    licence: str = ""
    estimated: bool = False
    complete: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class About:
    """What a city says of itself: attribution, classes that select a standard's grade, and its layers' sources."""

    description: str = ""
    synthetic: bool = False
    attribution: tuple[str, ...] = ()
    traits: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)

    def source(self, layer: str) -> Source:
        """Source of a layer; an empty one where nothing is said."""
        return self.sources.get(layer, Source())


def _empty(layer: str, crs: pyproj.CRS | None) -> gpd.GeoDataFrame:
    columns = {
        c.name: pd.Series(dtype=object if c.dtype in {"id", "str"} else float) for c in schema()[layer].columns.values()
    }
    columns.pop("geometry")
    columns.pop("entrances", None)
    frame = gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries([], crs=crs), crs=crs)
    return frame.astype({"open": bool}) if "open" in frame.columns else frame


def _placed(layer: Any, crs: pyproj.CRS | None, name: str) -> Any:
    """A layer in the city's CRS; `CRSError` where it has none, or is a raster in another."""
    if crs is None or not isinstance(layer, Raster | gpd.GeoDataFrame):
        return layer
    if isinstance(layer, Raster):
        if layer.crs != crs:
            raise CRSError(
                f"layer {name}: the raster is in {layer.crs.to_string()}, the city in {crs.to_string()}; "
                f"read it with crs='{crs.to_string()}'",
                layer=name,
            )
        return layer
    return layer if layer.empty else to_crs(layer, crs, where=f"layer {name}")


def _at_points(population: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """People of a polygon stand at its representative point: they do not live along its rim."""
    shapes = population.geometry.to_numpy()
    if (shapely.get_dimensions(shapes) == 0).all():
        return population
    return population.set_geometry(gpd.GeoSeries(shapely.point_on_surface(shapes), crs=population.crs))


@dataclass(frozen=True, eq=False)
class City:
    """Networks, facilities, people and layers of one place.

    Rows are closed, never removed, and appended, never renumbered: row *i* means the same in every variant.
    ``with_…`` methods return another city that shares whatever they did not touch.
    """

    name: str
    crs: pyproj.CRS | None
    networks: Mapping[str, Network]
    facilities: gpd.GeoDataFrame
    population: gpd.GeoDataFrame
    layers: Mapping[str, gpd.GeoDataFrame | Raster]
    dependencies: pd.DataFrame
    log: tuple[str, ...] = ()
    about: About = field(default_factory=About)
    memory: Memory = field(default_factory=Memory, repr=False)

    @classmethod
    def build(cls, name: str, crs: Any, *, networks: Mapping[str, Network], **parts: Any) -> City:
        """Check every table against the schema and make a city of them.

        Parameters
        ----------
        networks : by name: walk, drive, transit, power, water, drainage, telecom.
        **parts : facilities, population, layers, dependencies, about; what is left out is empty.

        Raises
        ------
        DataError : a table is not as the schema says.
        CRSError : the city's CRS is not projected in metres, or a network or table is in another one.
        """
        system = None if crs is None else projected(crs)
        layers = {
            key: _placed(
                validate(value, key) if key in schema() and not isinstance(value, Raster) else value, system, key
            )
            for key, value in parts.get("layers", {}).items()
        }
        for key, net in networks.items():
            check_same(net.crs, system, where=f"{name}: network '{key}'")
        tables = {}
        for layer in ("facilities", "population"):
            given = parts.get(layer)
            tables[layer] = _empty(layer, system) if given is None else _placed(validate(given, layer), system, layer)
        needs = parts.get("dependencies")
        needs = validate(
            pd.DataFrame(columns=list(schema()["dependencies"].columns)) if needs is None else needs, "dependencies"
        )
        return cls(
            name=name,
            crs=system,
            networks=MappingProxyType(dict(networks)),
            layers=MappingProxyType(layers),
            dependencies=needs,
            about=parts.get("about") or About(),
            facilities=tables["facilities"],
            population=_at_points(tables["population"]),
        )

    @classmethod
    def from_network(cls, net: Network, name: str = "city") -> City:
        """A city that is one network, called ``walk`` (and ``drive``); facilities and people come by scenarios."""
        return cls.build(name, net.crs, networks={"walk": net, "drive": net})

    # ── looking things up ────────────────────────────────────────────────────────────────────────────────────────

    def network(self, name: str) -> Network:
        """A network by name; `MissingData` where the city has none such."""
        if name not in self.networks:
            raise MissingData(f"{self.name}: {UnknownName('network', name, self.networks)}", layer=name)
        return self.networks[name]

    def layer(self, name: str) -> gpd.GeoDataFrame | Raster:
        """A layer by name, facilities and population included; `MissingData` where the city has none such."""
        if name in {"facilities", "population"}:
            return cast("gpd.GeoDataFrame", getattr(self, name))
        if name not in self.layers:
            raise MissingData(f"{self.name}: {UnknownName('layer', name, self.layers)}", layer=name)
        return self.layers[name]

    def table(self, name: str) -> gpd.GeoDataFrame:
        """A layer that is a table."""
        found = self.layer(name)
        if isinstance(found, Raster):
            raise MissingData(f"{self.name}: layer '{name}' is a raster, a table is needed", layer=name)
        return found

    def column(self, layer: str, name: str) -> NDArray[np.float64]:
        """A column of numbers; `MissingData` where the layer does not have it, or where it has no value at all."""
        frame = self.table(layer)
        if name in frame.columns and frame[name].dtype.kind in "fiu":
            values = np.asarray(frame[name], dtype=np.float64)
            if not np.isnan(values).all():
                return values
        known = [c for c in frame.columns if frame[c].dtype.kind in "fiu" and not frame[c].isna().all()]
        raise MissingData(f"{self.name}: {layer} has {UnknownName('column', name, known)}", layer=layer, column=name)

    def rows(self, layer: str, *, kind: str | Sequence[str] = (), ids: Iterable[Hashable] = ()) -> NDArray[np.bool_]:
        """Which rows of a layer are of a kind and, where given, have one of these ids."""
        frame = self.table(layer)
        kinds = (kind,) if isinstance(kind, str) else tuple(kind)
        chosen = np.ones(len(frame), dtype=bool) if not kinds else frame["kind"].isin(kinds).to_numpy()
        wanted = list(ids)
        if wanted:
            here = frame["id"].isin(wanted).to_numpy() & chosen
            gone = set(wanted) - set(frame["id"][here])
            if gone:
                raise UnknownName(f"{listed(kinds) or layer} with id", min(map(str, gone)), frame["id"][chosen])
            chosen = here
        return chosen

    @property
    def people(self) -> float:
        """Residents of the city [persons]."""
        return float(self.population["people"].sum()) if len(self.population) else 0.0

    # ── where things hang on networks ────────────────────────────────────────────────────────────────────────────

    def snap(self, layer: str, network: str, *, limit: float = LIMIT) -> pd.DataFrame:
        """Where each row of a layer hangs on a network; see `twin.model.snap.snap_shapes`.

        Rows beyond the limit [m] are absent: `unsnapped` lists them.
        """
        return snap_table(self.network(network), self.table(layer), limit=limit)

    def unsnapped(self, layer: str, network: str, *, limit: float = LIMIT) -> pd.DataFrame:
        """Rows of a layer that hang on no edge of the network within the limit, as a table to list."""
        frame = self.table(layer)
        lost = np.setdiff1d(np.arange(len(frame)), self.snap(layer, network, limit=limit).index)
        columns = [c for c in ("id", "kind", "name", "people") if c in frame.columns]
        return pd.DataFrame(frame[columns].iloc[lost])

    def cut_off(self, network: str) -> pd.DataFrame:
        """Parts of a network from which one cannot go to its largest part and come back, as a table to list.

        Returns
        -------
        DataFrame : nodes, edges, length [m] of each part, the longest first; closed edges count as if they were open.
        """
        net = self.network(network)
        part = net.graph.parts
        inside = np.flatnonzero(part[net.graph.tail] == part[net.graph.head])
        count, of = int(part.max(initial=-1)) + 1, part[net.graph.tail[inside]]
        table = pd.DataFrame(
            {
                "nodes": np.bincount(part, minlength=count),
                "edges": np.bincount(of, minlength=count),
                "length": np.bincount(of, weights=net.columns["length"][inside], minlength=count),
            }
        )
        return table.sort_values(["length", "nodes"], ascending=False, kind="stable", ignore_index=True).iloc[1:]

    # ── other cities ─────────────────────────────────────────────────────────────────────────────────────────────

    def _with(self, **changes: Any) -> City:
        return replace(self, **changes)

    def with_network(self, name: str, net: Network) -> City:
        """The city with one network replaced."""
        return self._with(networks=MappingProxyType({**self.networks, name: net}))

    def with_layer(self, name: str, layer: gpd.GeoDataFrame | Raster) -> City:
        """The city with one layer replaced or added."""
        layer = _placed(layer, self.crs, name)
        if name == "population":
            return self._with(population=_at_points(cast("gpd.GeoDataFrame", layer)))
        if name == "facilities":
            return self._with(facilities=layer)
        return self._with(layers=MappingProxyType({**self.layers, name: layer}))

    def with_columns(self, layer: str, **columns: ArrayLike) -> City:
        """The city with some columns of a layer replaced; the other columns are shared, not copied."""
        frame = self.table(layer).copy(deep=False)
        for name, values in columns.items():
            array = np.asarray(values)
            if array.shape not in {(), (len(frame),)}:
                raise DataError(
                    f"{layer}.{name}: {array.size} values for {len(frame)} rows; give one a row, or one for all",
                    layer=layer,
                    column=name,
                )
            frame[name] = array
        return self.with_layer(layer, frame)

    def with_rows(self, layer: str, rows: gpd.GeoDataFrame) -> City:
        """The city with rows appended to a layer, at its end."""
        frame = self.table(layer)
        checked = validate(rows, layer, where="appended rows")
        fresh = cast("gpd.GeoDataFrame", _placed(checked, self.crs, f"{layer}, appended rows"))
        if frame.empty:
            return self.with_layer(layer, fresh)
        twice = set(frame["id"]) & set(fresh["id"])
        if twice:
            raise UnknownName(f"free id in {layer}: already taken is", min(map(str, twice)))
        joined = {}
        for column in dict.fromkeys([*frame.columns, *fresh.columns]):
            if column in {frame.geometry.name, fresh.geometry.name}:
                continue
            told = [t[column].to_numpy(dtype=object) if column in t else np.full(len(t), None) for t in (frame, fresh)]
            values = pd.Series(np.concatenate(told))
            dtype = (frame if column in frame else fresh)[column].dtype
            if dtype.kind in "fiu":
                values = pd.to_numeric(values, errors="coerce")
            joined[column] = values.astype(dtype) if dtype.kind in "bfiu" and values.notna().all() else values
        shapes = np.concatenate([frame.geometry.to_numpy(), fresh.geometry.to_numpy()])
        return self.with_layer(layer, gpd.GeoDataFrame(joined, geometry=shapes, crs=self.crs))

    def renamed(self, name: str) -> City:
        """The city after a scenario of this name."""
        return self._with(log=(*self.log, name))

    def land(self) -> shapely.Geometry:
        """The land that the city answers for: its boundary, else the hull of its people."""
        if "boundary" in self.layers:
            return shapely.union_all(self.table("boundary").geometry.to_numpy())
        if not len(self.population):
            raise MissingData(
                f"{self.name}: there is neither a boundary nor a population to take the land from", layer="boundary"
            )
        hull = shapely.convex_hull(shapely.union_all(self.population.geometry.to_numpy()))
        if not shapely.area(hull) > 0:
            raise MissingData(
                f"{self.name}: there is no boundary, and its people stand on a line or at one place, which is no land; "
                "add a boundary",
                layer="boundary",
            )
        return hull
