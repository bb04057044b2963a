"""What a 1-in-100-year flood does to access to clinics, and what one new clinic buys back."""

import twin
from twin.hazards import Flood
from twin.interventions import AddFacility

city = twin.read("gis_data/harbour")
built = twin.Scenario("as built")
clinic = twin.Scenario("new clinic", AddFacility("clinic", at=(2000.0, 9100.0), capacity=300))
flood = twin.Scenario("1-in-100-year flood", Flood(twin.read_layer("gis_data/harbour/flood_100.tif")))

study = twin.study(city, [built, clinic], under=[flood], standards=["service-coverage"])
print(study.compare())
study.report("reports/flood_access.html")
