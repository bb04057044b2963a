"""Trial verification: clauses tried out on cities before they bind."""

from twin.trial.parts import Cost, Curve, Gap, Group, Knee, Outcome, Rival, Site, Stress, Trial, Variant
from twin.trial.run import trial

__all__ = [
    "Cost",
    "Curve",
    "Gap",
    "Group",
    "Knee",
    "Outcome",
    "Rival",
    "Site",
    "Stress",
    "Trial",
    "Variant",
    "trial",
]
