"""Which distance should a clause on kindergartens ask for? A draft of three wordings, tried out before it binds."""

from pathlib import Path

import pandas as pd

import twin
from twin.trial import Cost

city = twin.read("gis_data/harbour")
draft = Path(__file__).parent / "drafts" / "kindergarten.toml"
done = twin.trial(str(draft), city)

with pd.option_context("display.width", 200, "display.max_columns", None, "display.max_colwidth", 60):
    print(done.summary().drop(columns=["clause", "city"]).to_string(index=False))

first = done["4.1 a"]
print(f"\nThe curve bends at {first.curve.knee.x:,.0f} m: beyond it each further metre brings little.")
print(f"Nine of ten children are reached today at {first.curve.needed:,.0f} m.")

for wording in done.outcomes:
    if isinstance(wording.cost, Cost):
        print(f"\n{wording.clause.title.en}: {len(wording.cost.sites)} new kindergartens (greedy).")
    districts = [group for group in wording.groups if group.by == "districts"]
    worst = min(districts, key=lambda group: group.served / group.weight)
    print(f"Worst served today: {worst.name.en}, {worst.served / worst.weight:.0%} of {worst.weight:.0f} children.")
    storm = min(wording.stress, key=lambda shock: shock.value)
    print(f"Under stress: {storm.value:.1%} after {storm.name.en}, {wording.verdict.value:.1%} at rest.")

print(f"\nThe report: {done.write('reports/trial_kindergarten') / 'report.html'}")
