"""Measures: pure functions that read a quantity off a city, one per published definition."""

from twin.measures.access import (
    distance_within,
    response_time,
    share_within,
    straight_within,
    travel_distance,
    travel_time,
    walk_within,
)
from twin.measures.equity import access_gini, gini, worst_group
from twin.measures.measure import Measure, Share, Statistic, measure, measures
from twin.measures.redundancy import choices_within, open_length, ways_out
from twin.measures.space import facility_density, network_density, open_space_share, separation, spacing
from twin.measures.supply import amount_per_head, area_per_head, facilities_per_head, room_for_share, sized

__all__ = [
    "Measure",
    "Share",
    "Statistic",
    "access_gini",
    "amount_per_head",
    "area_per_head",
    "choices_within",
    "distance_within",
    "facilities_per_head",
    "facility_density",
    "gini",
    "measure",
    "measures",
    "network_density",
    "open_length",
    "open_space_share",
    "response_time",
    "room_for_share",
    "separation",
    "share_within",
    "sized",
    "spacing",
    "straight_within",
    "travel_distance",
    "travel_time",
    "walk_within",
    "ways_out",
    "worst_group",
]
