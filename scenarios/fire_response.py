"""How soon fire engines are there in a week of calls: as it is, in a flood, and with one more station."""

import pandas as pd

import twin
from twin.hazards import Flood
from twin.interventions import AddFacility
from twin.simulation import FireEngines
from twin.units import day

city = twin.read("gis_data/harbour")

built = twin.Scenario("as built")
station = twin.Scenario("third station", AddFacility("fire_station", at=(2300.0, 9300.0), name="Westfield", servers=2))
flood = twin.Scenario("1-in-50-year flood", Flood(twin.read_layer("gis_data/harbour/flood_50.tif")))

# The town's emergency calls by the hour; that three in ten of them are for the engines is an assumption.
engines = FireEngines(calls="emergency_calls", share=0.3, handling=30.0, span=7 * day)

study = twin.study(
    city, [built, station], under=[flood], standards=["response"], agents=[engines], until=7 * day, seed=1
)

rows = {}
for cell in study.cells:
    calls = cell.trace["calls"]
    first, order = (
        cell.verdicts["4.1.2.1 first engine in a run"],
        cell.verdicts["4.1.3(1) fire crew in five minutes in a run"],
    )
    rows[cell.name] = {
        "calls": len(calls),
        "cut off": (calls["outcome"] == "cut off").sum(),
        "waited for an engine": (calls["order"] > calls["time"] + 30.0).sum(),
        "travel, 90th percentile [s]": round(first.value),
        "NFPA 1710 (240 s)": first.status,
        "within 5 min of the order [%]": round(100 * order.value, 1),
    }
print(f"Fire engines in a simulated week (seed {study.options['seed']}):")
print(pd.DataFrame(rows).to_string())
for cell in study.cells:
    print(f"{cell.name}: {cell.verdicts['4.1.2.1 first engine in a run'].reason}")

study.report("reports/fire_response.html")
