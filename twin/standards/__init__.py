"""Standards as data, and the checker that judges a city by them."""

from twin.standards.check import check
from twin.standards.conflicts import rivals, side_by_side
from twin.standards.pack import Clause, Pack, domains, lint, load, packs

__all__ = ["Clause", "Pack", "check", "domains", "lint", "load", "packs", "rivals", "side_by_side"]
