"""What Monaco's people lose when tunnels and a viaduct close and the harbour front floods; what one post buys back."""

import pandas as pd

import twin
from twin.hazards import Blockage, Flood
from twin.interventions import AddFacility

city = twin.read("gis_data/monaco")

built = twin.Scenario("as it is")
post = twin.Scenario(
    "fire post in La Rousse", AddFacility("fire_station", at=(373_880.0, 4_845_040.0), name="La Rousse")
)

tunnels = twin.Scenario(
    "tunnels and viaduct closed",
    Blockage(names=("Tunnel Rainier III", "Tunnel Albert II", "Tunnel Dorsale", "Tunnel de Serravalle")),
    Blockage(names=("Tunnel Rocher Antoine 1er", "Tunnel Rocher Palais", "Tunnel Rocher Canton")),
    Blockage(names=("Boulevard du Larvotto",), only="bridge"),
)
front = twin.Scenario("harbour front under water", Flood(twin.read_layer("gis_data/monaco/harbour_front.gpkg")))

study = twin.study(city, [built, post], under=[tunnels, front, tunnels + front], standards="all")

lost = study.lost(by="districts")
table = lost.pivot_table(index=["plan", "shock", "clause"], columns="district", values="people", aggfunc="sum")
with pd.option_context("display.width", 200, "display.max_columns", None, "display.max_rows", None):
    print("People who lose a service against today, clause by clause and district by district:")
    print(table[table.sum(axis=1) >= 2500].round(0).fillna(0).astype(int))
    print("\nTime in which 90 % of the people are reached by a fire engine [s]:")
    print(study.compare().filter(regex="first engine$", axis=0).drop(columns=["limit", "unit"]).T)

folder = study.write("reports/monaco_tunnels")
print(f"\nThe report: {folder / 'report.html'}")
