"""Names of small streets, drawn without repetition."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from twin.gis.synthetic.drawing import Street, table

__all__ = ["Namer"]


class Namer:
    """Gives out names such as Anchor Lane; each once, in a seeded order."""

    def __init__(self, rng: np.random.Generator) -> None:
        words = table("words.toml")
        self.left = {}
        for pattern, lasts in words["last"].items():
            every = [f"{first} {last}" for last in lasts for first in words["first"]]
            self.left[pattern] = [every[i] for i in rng.permutation(len(every))]

    def name(self, streets: list[Street], pattern: str) -> list[Street]:
        """Name the streets of a zone; footpaths stay without a name, pieces of one line share theirs."""
        shared: dict[str, str] = {}
        found = []
        for street in streets:
            if street.kind in {"footway", "path"}:
                found.append(replace(street, name=""))
            elif street.name:  # a line's mark, see filling
                if street.name not in shared:
                    shared[street.name] = self.left[pattern].pop()
                found.append(replace(street, name=shared[street.name]))
            else:
                found.append(replace(street, name=self.left["stem" if street.end else pattern].pop()))
        return found
