"""What a shock breaks: floods and blockages."""

from twin.hazards.blockage import Blockage
from twin.hazards.flood import Flood, safe_speed

__all__ = ["Blockage", "Flood", "safe_speed"]
