"""A working day of the harbour town, and the same day with four of its six bridges closed before the rush hour."""

import numpy as np
import pandas as pd

import twin
from twin.people import Clients, Commuters, Errands, Patients, Pupils
from twin.units import hour, minute

BRIDGES = ("Parkway", "Dock Road", "Mill Road", "Station Road")
city = twin.read("gis_data/harbour")
crowds = [Commuters(day="2026-03-03"), Pupils(), Errands(), Patients(), Clients()]
closed = city
for mode in ("walk", "drive"):
    streets = city.networks[mode]
    shut = streets.columns["bridge"].astype(bool) & np.isin(streets.columns["name"].astype(str), BRIDGES)
    closed = closed.with_network(mode, streets.close(shut))

table = {}
for name, events in {"as usual": [], "bridges close at 7:00": [(7 * hour, lambda _: closed)]}.items():
    trace = twin.simulate(city, crowds, until=24 * hour, events=events, seed=1)
    work = trace["trips"].query("crowd == 0 and purpose == 'work'")  # who turns round on the way has two rows
    way = work.groupby("agent").agg(mode=("mode", "first"), depart=("depart", "first"), arrive=("arrive", "last"))
    time = (way["arrive"] - way["depart"]) / minute
    wait = (trace["visits"]["begin"] - trace["visits"]["arrive"]) / minute
    table[name] = {
        "to work": len(way),
        **{f"by {mode} [%]": 100 * np.mean(way["mode"] == mode) for mode in ("walk", "car", "transit")},
        "mean time [min]": time.mean(),
        "mean time by car [min]": time[way["mode"] == "car"].mean(),
        "longest time [min]": time.max(),
        "within 45 min [%]": 100 * np.mean(time <= 45),
        "on foot to a counter, mean wait [min]": wait.mean(),
    }
print(pd.DataFrame(table).round(1).to_string())
