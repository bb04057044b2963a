"""Who reaches a hospital or clinic by public transport at eight: as built, with no tram, with twice as many trams."""

import numpy as np
import pandas as pd

import twin
from twin.interventions import ChangeHeadway, RemoveLine
from twin.routing import Transit, matrix
from twin.units import hour, minute

city = twin.read("gis_data/harbour")
plans = [
    twin.Scenario("as built"),
    twin.Scenario("no tram", RemoveLine("T")),
    twin.Scenario("a tram every 4 minutes", ChangeHeadway("T", 4 * minute)),
]
homes, doors = city.snap("population", "walk"), city.snap("facilities", "walk")
care = doors[city.rows("facilities", kind=("hospital", "clinic"))[doors.index]]
people = city.population["people"].to_numpy()[homes.index]
# journeys begin and end at the junction nearest to each door
start, home = np.unique(homes["node"], return_inverse=True)

table = {}
for plan in plans:
    transit = Transit(plan(city), "2026-03-03", depart=8 * hour, window=1 * hour)  # the median of 60 departures
    ids = transit.walk.ids
    time = matrix(transit, ids[start], ids[care["node"].unique()]).min(axis=1)[home]
    within = {f"within {limit} min [%]": people[time <= limit * minute].sum() for limit in (15, 20, 30, 45)}
    table[plan.name] = {name: 100 * reached / people.sum() for name, reached in within.items()}
print(pd.DataFrame(table).T.round(1).to_string())
