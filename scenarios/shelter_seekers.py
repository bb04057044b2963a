"""A custom agent: residents who try shelters in turn until one has room."""

from dataclasses import dataclass

import twin
from twin.units import hour, minute


@dataclass(frozen=True)
class ShelterSeekers(twin.Agents):
    share: float = 0.2  # of population points [1]
    patience: float = 5 * minute  # wait at a full shelter before trying another [s]

    def spawn(self, city, rng):
        homes = city.snap("population", self.network).sample(frac=self.share, random_state=rng)
        return homes[["node"]].assign(depart=rng.uniform(0, 30 * minute, len(homes)))

    def choose(self, who, sim):
        return sim.nearest("shelter", who.node, self.network, room=True)

    def arrive(self, who, sim):
        inside = sim.admit(who)
        who[inside].finish()
        who[~inside].retry(after=self.patience)


trace = twin.simulate(twin.read("gis_data/harbour"), [ShelterSeekers()], until=4 * hour, seed=7)
print(trace["end"].describe())
