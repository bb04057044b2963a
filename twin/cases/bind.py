"""A white paper: several cases under one cover, with what they cover and their contents."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from twin.cases.read import Case, case
from twin.cases.words import word
from twin.errors import DataError
from twin.report.content import Text
from twin.report.words import joined
from twin.standards import domains

__all__ = ["Whitepaper", "whitepaper"]


@dataclass(frozen=True)
class Covered:
    """Clauses of a domain that were put to a city, by their verdict in the first situation."""

    judged: int = 0
    passed: int = 0
    failed: int = 0
    unknown: int = 0
    cases: int = 0


@dataclass(frozen=True, eq=False)
class Whitepaper:
    """Cases under one title; `written` is the day of the latest."""

    title: Text
    cases: tuple[Case, ...]

    @property
    def written(self) -> dt.date:
        """Day of the latest case."""
        return max(dt.date.fromisoformat(each.page.written) for each in self.cases)

    @property
    def cities(self) -> tuple[Text, ...]:
        """Each city once, in the order of the cases."""
        return tuple(dict.fromkeys(each.page.city.label for each in self.cases))

    @cached_property
    def matrix(self) -> Mapping[tuple[str, int], Covered]:
        """(city, domain) -> what was judged; a clause of several cases of a city counts once, by the first of them."""
        found: dict[tuple[str, int], dict[str, str]] = defaultdict(dict)
        count: dict[tuple[str, int], set[int]] = defaultdict(set)
        for number, each in enumerate(self.cases):
            page = each.page
            for cell in page.verdicts:
                clause = page.clauses[cell.clause]
                if cell.scenario:
                    continue
                for domain in clause.domains:
                    key = page.city.name, domain
                    found[key].setdefault(clause.key, cell.status)
                    count[key].add(number)
        return {key: _covered(list(statuses.values()), len(count[key])) for key, statuses in found.items()}

    def coverage(self) -> pd.DataFrame:
        """One row a city and domain, with the columns of ``coverage.csv``; zeros where nothing was put to the city."""
        rows = []
        for city in self.cities:
            for number, label in domains().items():
                cell = self.matrix.get((city.en, number), Covered())
                rows.append((city.en, number, label.en, label.zh, *astuple(cell)))
        names = ["city", "domain", "domain_en", "domain_zh", "judged", "passed", "failed", "unknown", "cases"]
        return pd.DataFrame(rows, columns=names)

    def write(self, folder: str | Path, *, language: str = "en", pdf: bool = True) -> Path:
        """Write the paper as HTML and PDF, its matrix, dictionary and metadata; returns the folder."""
        from twin.cases.paper import write_paper

        return write_paper(self, Path(folder), language=language, pdf=pdf)


def _covered(statuses: Sequence[str], cases: int) -> Covered:
    passed, failed, value = (statuses.count(name) for name in ("pass", "fail", "value"))
    return Covered(passed + failed + value, passed, failed, statuses.count("unknown"), cases)


def whitepaper(cases: Iterable[Case | str | Path], *, title: Text | str | None = None) -> Whitepaper:
    """Bind cases.

    Parameters
    ----------
    cases : cases, folders that `twin case` or `twin run` wrote, or scenario files, which are run.
    title : of the paper; one made of the cities' names where not given.

    Raises
    ------
    DataError : no case, two with one title, or a folder that holds none.
    """
    made = tuple(each if isinstance(each, Case) else case(each) for each in cases)
    if not made:
        raise DataError("whitepaper: it binds at least one case; name the folders that twin case wrote")
    titles = [(each.title, each.page.city.name) for each in made]
    twice = next((title for title in titles if titles.count(title) > 1), None)
    if twice is not None:
        raise DataError(f"whitepaper: two cases are called '{twice[0].en}' in {twice[1]}; give each its own title")
    cities = list(dict.fromkeys(each.page.city.label for each in made))
    if title is None:
        title = word("paper_title", cities=joined(cities, ", ", "、"))
    return Whitepaper(Text(title, title) if isinstance(title, str) else title, made)
