"""Being served: counters, beds and lines before them.

A facility with so many ``servers`` serves as many at a time, first come, first served, those with an appointment
before those without. The compiled engine keeps the lines; how long a service takes is drawn by name
(`twin.simulation.chance`).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log1p, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from twin.errors import DataError, MissingData
from twin.simulation.chance import uniform
from twin.simulation.movement import Movement

if TYPE_CHECKING:
    from twin.model import City

__all__ = ["Desks", "Service", "Visits"]

IN_LINE, IN_SERVICE, SERVED, LEFT, TURNED_AWAY = range(4, 9)
_DESK = np.dtype(
    [("servers", "i4"), ("busy", "i4"), ("waiting", "i4"), ("first", "i4", 2), ("last", "i4", 2), ("served", "i4")],
    align=True,
)
_OUTCOME = {IN_LINE: "in line", IN_SERVICE: "in service", SERVED: "served", LEFT: "left", TURNED_AWAY: "turned away"}


@dataclass(frozen=True)
class Service:
    """How long one is served, and how long one waits for it.

    Attributes
    ----------
    mean : of the time that a service takes [s].
    variation : standard deviation over mean [1]: 1 draws exponential times, 0 takes the mean, all else lognormal ones.
    patience : how long one stands in line before one leaves [s].
    bears : as many may wait before one turns round at the door [persons]; any number where None.
    """

    mean: float
    variation: float = 1.0
    patience: float = inf
    bears: int | None = None

    def __post_init__(self) -> None:
        if not (0 < self.mean < inf and 0 <= self.variation < inf and self.patience >= 0):
            raise DataError(
                f"Service: a mean above 0 s, a variation and a patience of at least 0, not {self.mean}, "
                f"{self.variation} and {self.patience}"
            )
        if self.bears is not None and self.bears < 0:
            raise DataError(f"Service.bears: at least 0 persons, not {self.bears}")

    def times(self, chance: NDArray[np.float64]) -> NDArray[np.float64]:
        """Times [s] at uniform chances: the inverse of the distribution function.

        >>> Service(600.0).times(np.array([0.5])).round(3).tolist()
        [415.888]
        """
        if self.variation == 0:
            return np.full(chance.shape, self.mean)
        if self.variation == 1:
            return np.asarray(-self.mean * np.log1p(-chance))
        width = sqrt(log1p(self.variation**2))
        return np.asarray(self.mean * np.exp(width * ndtri(np.maximum(chance, 2.0**-53)) - width**2 / 2))


class Visits:
    """One row a visit: crowd, agent, facility (row), arrive, begin, end [s], outcome (number)."""

    columns = ("crowd", "agent", "facility", "arrive", "begin", "end", "outcome")

    def __init__(self) -> None:
        self._parts: list[NDArray[np.float64]] = []

    def add(self, *columns: NDArray[Any] | float) -> None:
        """Enter visits, a column each."""
        self._parts.append(np.stack([np.asarray(c, dtype=float) for c in np.broadcast_arrays(*columns)]))

    def whole(self) -> NDArray[np.float64]:
        """(7, k) all of them, as they were entered."""
        return np.concatenate([np.zeros((len(self.columns), 0)), *self._parts], axis=1)

    def copy(self) -> Visits:
        """The same visits, to which others can be added."""
        other = Visits()
        other._parts = list(self._parts)
        return other

    def to_frame(self) -> pd.DataFrame:
        """All of them, in the order of arrival, crowd and agent; begin is NaN where one was not served."""
        whole = self.whole()
        whole = whole[:, np.lexsort((whole[1], whole[0], whole[3]))]
        table = pd.DataFrame(dict(zip(self.columns, whole, strict=True)))
        for name in ("crowd", "agent", "facility"):
            table[name] = table[name].astype("int64")
        table["outcome"] = table["outcome"].map(_OUTCOME).astype(object)
        return table


class Desks:
    """The desks of a run: one a facility that somebody came to be served at."""

    def __init__(self, movement: Movement, seed: int) -> None:
        self.movement, self.seed = movement, seed
        self.desk = np.zeros(0, dtype=_DESK)
        self.number: dict[int, int] = {}  # of the desk of each facility, by row
        self.visits = Visits()
        self._size = 0  # agents that there is room for in what follows: none before the first visit
        self.whole = np.full((3, 0), -1, dtype=np.int32)  # desk, who stands before one, how many waiting one bears
        self.times = np.full((4, 0), inf)  # how long one is served, when patience ends, since when, when it began
        self.walks_in = np.ones(0, dtype=np.uint8)
        self.count = np.zeros(0, dtype=np.uint64)  # visits of each agent so far

    def join(
        self,
        city: City,
        who: NDArray[np.int64],
        places: tuple[int, NDArray[np.int64], NDArray[np.int64]],
        service: Service,
        *,
        appointment: NDArray[np.bool_],
        time: float,
    ) -> NDArray[np.bool_]:
        """Agents come to facilities to be served; who is turned away at the door.

        Parameters
        ----------
        who : (n,) numbers of the agents.
        places : number of the crowd, (n,) rows of the agents in it, (n,) rows of the facilities.
        """
        crowd, agent, facility = places
        if (facility < 0).any():
            raise DataError("queue: somebody is at no facility; choose one by sim.nearest before")
        self._widen(len(self.movement.time))
        for row in np.unique(facility):
            if int(row) not in self.number:
                self._open(city, int(row))
        at = np.array([self.number[int(row)] for row in facility], dtype=np.int32)
        chance = uniform(self.seed, crowd, agent, self.count[who])
        self.count[who] += np.uint64(1)
        self.whole[0, who] = at
        self.whole[2, who] = -1 if service.bears is None else service.bears
        self.times[0, who] = service.times(chance)
        self.times[1, who] = time + service.patience
        self.walks_in[who] = ~appointment
        self.movement.ordered = True
        self.movement.engine.join(who.astype(np.uint32), time)
        away = self.movement.state[who] == TURNED_AWAY
        return np.asarray(away)

    def _widen(self, size: int) -> None:
        """Room for so many agents."""
        more = size - self._size
        if more <= 0:
            return
        self._size = size
        self.whole = np.pad(self.whole, ((0, 0), (0, more)), constant_values=-1)
        self.times = np.pad(self.times, ((0, 0), (0, more)), constant_values=inf)
        self.walks_in = np.pad(self.walks_in, (0, more), constant_values=1)
        self.count = np.pad(self.count, (0, more))
        self.movement.engine.desks(self.desk, self.whole, self.times, self.walks_in)

    def _open(self, city: City, row: int) -> None:
        table = city.facilities
        self.number[row] = len(self.desk)
        fresh = np.zeros(1, dtype=_DESK)
        fresh["first"] = fresh["last"] = -1
        fresh["servers"] = _servers(table, row)
        self.desk = np.concatenate([self.desk, fresh])
        self.movement.engine.desks(self.desk, self.whole, self.times, self.walks_in)

    def over(self, who: NDArray[np.int64], crowd: int, agent: NDArray[np.int64], facility: NDArray[np.int64]) -> None:
        """Enter the visits of agents that have just ended."""
        self.enter(self.visits, who, crowd, agent, facility)

    def enter(
        self,
        log: Visits,
        who: NDArray[np.int64],
        crowd: int,
        agent: NDArray[np.int64],
        facility: NDArray[np.int64],
    ) -> None:
        """Enter the visits of agents as they are now."""
        state, begin = self.movement.state[who], self.times[3, who]
        end = np.where(np.isin(state, (IN_LINE, IN_SERVICE)), np.nan, self.movement.time[who])
        log.add(crowd, agent, facility, self.times[2, who], np.where(np.isfinite(begin), begin, np.nan), end, state)

    def change(self, city: City, time: float) -> NDArray[np.int64]:
        """The city is another: desks have its servers, and lines before what has closed go home; who stood in them."""
        table = city.facilities
        shut = ~table["open"].to_numpy(dtype=bool)
        gone = []
        for row, number in self.number.items():
            self.desk["servers"][number] = 0 if shut[row] else _servers(table, row)
            if shut[row]:
                gone.append(np.flatnonzero((self.whole[0] == number) & (self.movement.state[: self._size] == IN_LINE)))
            else:
                self.movement.engine.call(number, time)
        who = np.sort(np.concatenate([np.zeros(0, dtype=np.int64), *gone]))
        self.movement.engine.send_off(who.astype(np.uint32), time)
        return who

    def restore(self, columns: dict[str, NDArray[Any]], number: dict[int, int], visits: NDArray[np.float64]) -> None:
        """Take the columns of another run of the same agents for one's own."""
        for name, column in columns.items():
            setattr(self, name, column.copy())
        self.number, self._size = number, len(self.walks_in)
        self.visits = Visits()
        self.visits.add(*visits)
        if self._size:
            self.movement.engine.desks(self.desk, self.whole, self.times, self.walks_in)

    def unfinished(self, who: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of some agents are in line or being served."""
        return np.isin(self.movement.state[who], (IN_LINE, IN_SERVICE))


def _servers(table: pd.DataFrame, row: int) -> int:
    """How many a facility serves at a time."""
    value = float(table["servers"].iloc[row]) if "servers" in table.columns else np.nan
    if np.isnan(value):
        raise MissingData(
            f"facilities.servers: nobody knows how many {table['id'].iloc[row]} serves at a time; give the column",
            layer="facilities",
            column="servers",
        )
    return int(value)
