"""Standards as data, and the checker that judges a city by them."""

from twin.standards.check import check
from twin.standards.pack import Clause, Pack, domains, load, packs

__all__ = ["Clause", "Pack", "check", "domains", "load", "packs"]
