"""A study: plans under shocks, judged by standards, compared and reported."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.errors import MissingData, ScenarioError
from twin.model import City, Raster, Trace, Verdict, Verdicts
from twin.model.verdict import COLUMNS
from twin.report.results import write_report, write_results
from twin.routing.paths import in_chunks
from twin.scenario import Scenario
from twin.simulation import Agents, simulate
from twin.standards import check, load
from twin.standards.ensemble import combine

__all__ = ["Cell", "Comparison", "Study", "study"]


@dataclass(frozen=True, eq=False)
class Cell:
    """One plan under one shock: the city, its verdicts, the trace of the first run, how long it took [s], the names."""

    plan: str
    shock: str
    scenario: Scenario
    city: City
    verdicts: Verdicts
    trace: Trace | None = None
    seconds: float = 0.0
    plan_zh: str = ""
    shock_zh: str = ""

    @property
    def name(self) -> str:
        """Plan and shock in one."""
        return f"{self.plan} + {self.shock}" if self.shock else self.plan

    def name_in(self, language: str) -> str:
        """The name in English or Chinese (``zh``)."""
        if language != "zh":
            return self.name
        plan, shock = self.plan_zh or self.plan, self.shock_zh or self.shock
        return f"{plan} + {shock}" if shock else plan


class Comparison(pd.DataFrame):
    """Values by clause and cell; printed whole, because what is cut off is what was asked."""

    def __str__(self) -> str:
        """All rows and columns, however wide the screen."""
        plain = pd.DataFrame(self)
        return plain.to_string(float_format=lambda value: f"{value:.4g}", na_rep="", line_width=10_000)


@dataclass(frozen=True, eq=False)
class Study:
    """Plans × shocks, every cell judged; the others are held against cell 0, the first plan without a shock.

    ``partial`` is true where Ctrl-C ended it before all cells were done; its outputs say so.
    """

    city: City
    cells: tuple[Cell, ...]
    packs: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    partial: bool = False

    def __repr__(self) -> str:
        """City, cells and packs, without their tables."""
        return f"Study({self.city.name}: {', '.join(cell.name for cell in self.cells)}; {', '.join(self.packs)})"

    @cached_property
    def verdicts(self) -> pd.DataFrame:
        """Every verdict of every cell, with the columns of ``verdicts.csv``."""
        frames = [cell.verdicts.to_frame(plan=cell.plan, shock=cell.shock) for cell in self.cells]
        frames = [frame for frame in frames if len(frame)]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(COLUMNS))

    def compare(self) -> Comparison:
        """One row a clause, one column a cell with its value, beside limit and unit; clauses that differ come first."""
        columns: dict[str, list[Any]] = {"limit": [], "unit": []}
        columns |= {cell.name: [] for cell in self.cells}
        keys = []
        for position, first in enumerate(self.cells[0].verdicts):
            keys.append(first.key)
            columns["limit"].append(first.limit)
            columns["unit"].append(first.unit)
            for cell in self.cells:
                columns[cell.name].append(cell.verdicts[position].value)
        frame = pd.DataFrame(columns, index=pd.Index(keys, name="clause"))
        values = frame[[cell.name for cell in self.cells]].to_numpy(dtype=float)
        differs = np.array([len(np.unique(row[~np.isnan(row)])) > 1 for row in values], dtype=bool)
        return Comparison(frame.iloc[np.argsort(~differs, kind="stable")])

    def lost(self, by: str = "districts") -> pd.DataFrame:
        """People who lose a service against cell 0, by clause and part of the city [persons].

        Parameters
        ----------
        by : layer of polygons with a name.

        Returns
        -------
        DataFrame : plan, shock, standard, clause, the part's name (empty: outside of all), people; gains are negative.
        """
        part = self._parts(by)
        base, rows = self.cells[0], []
        weight = self.city.population["people"].to_numpy(dtype=float) if len(self.city.population) else np.zeros(0)
        for cell in self.cells[1:]:
            for before, after in zip(base.verdicts, cell.verdicts, strict=True):
                change = _change(before, after, len(weight))
                if change is None:
                    continue
                moved = pd.Series(change * weight).groupby(part).sum()
                rows += [
                    (cell.plan, cell.shock, after.standard, after.clause, name, people)
                    for name, people in moved.items()
                    if abs(people) >= 0.5
                ]
        return pd.DataFrame(rows, columns=["plan", "shock", "standard", "clause", by.rstrip("s"), "people"])

    def _parts(self, by: str) -> NDArray[np.object_]:
        table = self.city.table(by)
        if isinstance(table, Raster) or "name" not in table.columns:
            raise MissingData(f"{self.city.name}: layer '{by}' has no names to sum by", layer=by, column="name")
        points = shapely.point_on_surface(self.city.population.geometry.to_numpy())
        inside, which = shapely.STRtree(table.geometry.to_numpy()).query(points, predicate="intersects")
        found = np.full(len(points), "", dtype=object)
        found[inside[::-1]] = table["name"].to_numpy()[which[::-1]]  # where parts overlap the first counts
        return found

    def report(self, path: str | Path) -> Path:
        """Write the report as one HTML file that opens with no network; returns its path."""
        return write_report(self, Path(path))

    def write(self, folder: str | Path) -> Path:
        """Write report.html, verdicts.csv, measures.csv, results.gpkg and run.json into a folder; returns its path."""
        return write_results(self, Path(folder))


def _change(before: Verdict, after: Verdict, count: int) -> NDArray[np.float64] | None:
    """Per population row: 1 where it fell short only after, -1 only before; None where the clause names no people."""
    if after.layer != "population" or before.layer != "population" or before.short is None or after.short is None:
        return None
    if len(before.short) != count or len(after.short) != count:
        return None
    lost: NDArray[np.float64] = np.subtract(after.short, before.short, dtype=np.float64)
    return lost


def study(  # noqa: PLR0913 -- the contract of section 13
    city: City,
    plans: Scenario | Iterable[Scenario] = (),
    *,
    under: Scenario | Iterable[Scenario] = (),
    standards: str | Path | Iterable[str | Path] = (),
    agents: Sequence[Agents] = (),
    runs: int = 1,
    seed: int = 0,
    executor: Executor | None = None,
    until: float = 6 * 3600.0,
    on: dt.date | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Study:
    """Judge every plan at rest and under every shock.

    Parameters
    ----------
    plans : scenarios that build; the city as it is where none is given. The first is what the others are held against.
    under : scenarios that break, applied after each plan.
    standards : packs, as `twin.check` takes them.
    agents : crowds to simulate in every cell, for clauses that need a trace.
    runs : replications of cells with a random change, each with its own seed; a verdict then rests on all of them.
    seed : of the first run.
    executor : where cells run, such as a `ThreadPoolExecutor`; in turn where not given.
    until : end of the simulations [s].
    on : date whose law holds; today where not given.
    progress : called with a cell's name, its number and the number of all.

    Raises
    ------
    ScenarioError : two cells have one name.

    Notes
    -----
    Ctrl-C ends the study after the cells that are done and gives back a partial one; without any it is passed on.
    """
    if not isinstance(city, City):
        raise ScenarioError(f"study: it takes a city, not {type(city).__name__}; read one with twin.read")
    rows = (plans,) if isinstance(plans, Scenario) else tuple(plans) or (Scenario("as it is", zh="现状"),)
    shocks = (None, *((under,) if isinstance(under, Scenario) else under))
    names = [(plan.name, shock.name if shock else "") for plan in rows for shock in shocks]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ScenarioError(
            f"study: two scenarios are called '{' + '.join(filter(None, min(twice)))}'; give each its own name"
        )
    if runs < 1:
        raise ScenarioError(f"study: at least one run, not {runs}")
    day, packs = on or dt.date.today(), [standards] if isinstance(standards, str | Path) else list(standards)
    load(packs)  # a misspelt pack is found before anything runs
    task = _Task(city, packs, tuple(agents), runs, seed, until, day)
    jobs = [(plan, shock) for plan in rows for shock in shocks]
    cells = []
    partial = False
    try:
        for number, cell in enumerate((executor.map if executor else map)(task, jobs)):
            cells.append(cell)
            if progress is not None:
                progress(cell.name, number + 1, len(jobs))
    except KeyboardInterrupt:
        if not cells:
            raise
        partial = True
    options = {
        "runs": runs,
        "seed": seed,
        "until": until,
        "on": day.isoformat(),
        "agents": [repr(crowd) for crowd in agents],
    }
    return Study(city, tuple(cells), tuple(str(pack) for pack in packs), options, partial)


def _replica(plan: Scenario, shock: Scenario | None, seed: int) -> Scenario:
    """One run of a cell; plan and shock are seeded apart, so that every plan meets the same storms."""
    return plan.seeded(seed) if shock is None else plan.seeded(seed) + shock.seeded(seed)


@dataclass(frozen=True, eq=False)
class _Task:
    """What is done in every cell."""

    city: City
    packs: list[str | Path]
    agents: tuple[Agents, ...]
    runs: int
    seed: int
    until: float
    day: dt.date

    def __call__(self, job: tuple[Scenario, Scenario | None]) -> Cell:
        plan, shock = job
        start = time.perf_counter()
        scenario = plan if shock is None else plan + shock
        results: list[tuple[City, Verdicts, Trace | None]] = []

        def one(part: slice) -> tuple[City, Verdicts, Trace | None]:
            seed = self.seed + part.start
            city = (scenario if self.runs == 1 else _replica(plan, shock, seed))(self.city)
            trace = simulate(city, self.agents, until=self.until, seed=seed) if self.agents else None
            return city, check(city, self.packs, trace=trace, on=self.day) if self.packs else Verdicts(()), trace

        count = self.runs if scenario.random or self.agents else 1
        in_chunks(one, count, least=1, most=1, then=lambda _, result: results.append(result))
        city, verdicts, trace = results[0]
        if len(results) > 1:
            verdicts = combine([each for _, each, _ in results], self.packs, city, on=self.day)
        return Cell(
            plan.name, shock.name if shock else "", scenario, city, verdicts, trace, time.perf_counter() - start,
            plan.zh, shock.zh if shock else "",
        )  # fmt: skip
