"""Which clinic layout serves best: the three drawn ones, or the computed one?"""

from pathlib import Path

import twin
from twin.interventions import Layout
from twin.units import minute

city = twin.read("gis_data/harbour")
sites = {p.stem: twin.read_layer(p) for p in sorted(Path("gis_data/harbour/layouts").glob("*.gpkg"))}
sites["computed"] = twin.site(city, "clinic", count=6, within=15 * minute)
plans = [twin.Scenario(name, Layout("clinic", layer)) for name, layer in sites.items()]
print(twin.study(city, plans, standards=["service-coverage"]).compare())
