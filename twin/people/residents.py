"""Pupils, and those who neither work nor learn: a trip out and a trip home."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.model import City
from twin.people.persons import bands, persons
from twin.people.sites import nearest_site, nodes_of, whole_days
from twin.simulation import Days, Freely, Mode
from twin.units import hour, minute

__all__ = ["Errands", "Pupils"]

_WALK = {"walk": Mode("walk", Freely(), 1.34)}


def _out_and_home(
    home: NDArray[np.int64], goal: NDArray[np.int64], depart: NDArray[np.float64], stay: float, purpose: str
) -> pd.DataFrame:
    """Two trips a person, on foot."""
    out = pd.DataFrame({"person": np.arange(len(home)), "mode": "walk", "node": home, "goal": goal, "depart": depart})
    out = out.assign(stay=0.0, purpose=purpose)
    back = out.assign(node=goal, goal=home, stay=stay, purpose="home")
    return whole_days(pd.concat([out, back]).sort_values("person", kind="stable", ignore_index=True))


@dataclass(frozen=True)
class Pupils(Days):
    """Children who walk to the nearest school of their age and home again; the times are assumptions.

    Attributes
    ----------
    schools : kinds of school by the ages [years] of a band that go there, from the first up to the second.
    leave, spread : when one sets out, mean and standard deviation since midnight [s].
    school : how long one stays at school [s].
    """

    schools: Mapping[tuple[int, int], Sequence[str]] = field(
        default_factory=lambda: {(6, 12): ("primary_school",), (12, 15): ("middle_school",)}
    )
    leave: float = 7.4 * hour
    spread: float = 10 * minute
    school: float = 7.5 * hour
    modes: ClassVar[Mapping[str, Mode]] = _WALK

    def spawn(self, city: City, rng: np.random.Generator) -> pd.DataFrame:
        """Two trips a pupil: to school and home."""
        begins, who, home = bands(city), persons(city), nodes_of(city, "population", "walk")
        parts = []
        for (youngest, oldest), kinds in self.schools.items():
            ages = [name for name, begin in begins.items() if youngest <= begin < oldest]
            rows = who["home"].to_numpy()[who["age"].isin(ages).to_numpy()]
            parts.append(np.stack([home[rows], nearest_site(city, kinds, "walk")[rows]]))
        start, goal = np.concatenate(parts, axis=1)
        depart = np.clip(rng.normal(self.leave, self.spread, len(start)), 0.0, None)
        return _out_and_home(start, goal, depart, self.school, "school")


@dataclass(frozen=True)
class Errands(Days):
    """Grown people who are at home by day and go out once, to the nearest of some places; the shares are assumptions.

    Attributes
    ----------
    share : of those of at least `age` years who do not work, that goes out on a day [1].
    age : youngest [years]; where the band of somebody begins counts.
    places : share of errands by kind of place [1].
    opens, closes : one sets out at a time between, all equally likely [s].
    stay : how long it takes [s].
    """

    share: float = 0.6
    age: int = 15
    places: Mapping[str, float] = field(
        default_factory=lambda: {"convenience_store": 0.4, "supermarket": 0.3, "park": 0.2, "post_office": 0.1}
    )
    opens: float = 8.5 * hour
    closes: float = 18 * hour
    stay: float = 30 * minute
    modes: ClassVar[Mapping[str, Mode]] = _WALK

    def spawn(self, city: City, rng: np.random.Generator) -> pd.DataFrame:
        """Two trips for everybody who goes out."""
        begins, who, home = bands(city), persons(city), nodes_of(city, "population", "walk")
        grown = who["age"].isin([name for name, begin in begins.items() if begin >= self.age])
        rows = who["home"].to_numpy()[(grown & ~who["works"]).to_numpy()]
        rows = rows[rng.random(len(rows)) < self.share]
        weight = np.array(list(self.places.values()))
        place = rng.choice(len(weight), size=len(rows), p=weight / weight.sum())
        goal = np.stack([nearest_site(city, kind, "walk") for kind in self.places])[place, rows]
        return _out_and_home(home[rows], goal, rng.uniform(self.opens, self.closes, len(rows)), self.stay, "errand")
