"""Cases: what a study found, told so that others can judge and repeat it, and the white paper that binds several."""

from twin.cases.bind import Whitepaper, whitepaper
from twin.cases.read import Case, case
from twin.cases.told import Cost, Told

__all__ = ["Case", "Cost", "Told", "Whitepaper", "case", "whitepaper"]
