// The panel beside the map: the legend with its counts, and the verdict on the clause that is shown.

function legendEntry(name, { points, people }) {
  const swatch = make("span", "swatch");
  swatch.style.background = CLASSES[name].fill;
  swatch.style.borderColor = CLASSES[name].ring === "#ffffff" ? CLASSES[name].fill : CLASSES[name].ring;
  const count = make("span", "counts", make("b", "", fill("class_people", { n: grouped(people) })),
    make("span", "small muted", fill("class_points", { n: grouped(points) })));
  const entry = make("li", "", swatch, make("span", "name", say(name)), count);
  entry.dataset.class = name;
  entry.dataset.people = String(people);
  entry.dataset.points = String(points);
  return entry;
}

/** What else the map shows now: facilities of the clause, closed streets, the hazard and the background. */
function legendThings(data, clause, scenario, hazard) {
  const entries = [];
  const sign = (canvas, text) => entries.push(make("li", "", canvas, make("span", "name", text)));
  const kinds = new Set(page.clauses[clause]?.kinds || []);
  const seen = new Set();
  let others = false, shut = false;
  for (const { properties: given } of data.facilities.features) {
    if (String(given.open)[scenario] === "-") continue;
    if (!kinds.has(given.kind)) others = true;
    else {
      if (!seen.has(given.kind)) sign(drawSign([...kindOf(given)][0].toUpperCase(), true, true).canvas, kindOf(given));
      seen.add(given.kind);
      shut ||= String(given.open)[scenario] === "0" ? kindOf(given) : false;
    }
  }
  if (shut) sign(drawSign([...shut][0].toUpperCase(), false, true).canvas, shut + " · " + say("facility_closed"));
  if (others) sign(drawSign("", true, false).canvas, say("other_facilities"));
  const patch = (className, text) => sign(make("span", "patch " + className), text);
  if (data.closed[scenario]?.features.length) patch("closed", say("closed_streets"));
  if (hazard?.features.length) {
    const deepest = Math.max(...hazard.features.map((feature) => Number(feature.properties.depth) || 0));
    const steps = DEPTHS.filter(([from], i) => i === 0 || from <= deepest);
    const ramp = make("span", "ramp", ...steps.map(([from, colour]) => {
      const step = make("span", "", String(from));
      step.style.setProperty("--depth", colour);
      return step;
    }));
    entries.push(make("li", "depths", make("span", "name", say("hazard") + " [m]"), ramp));
  }
  for (const name of ["green", "water", "buildings"]) {
    if (data.base[name]?.features.length) patch(name, say(name));
  }
  return entries;
}

/** The clause that is shown and its verdicts, the scenario in view marked. */
function chosenClause(clause, scenario) {
  const card = page.clauses[clause];
  const line = (name, text) => (text ? make("div", "", make("dt", "", say(name)), make("dd", "", text)) : null);
  const verdicts = page.scenarios.map((label, index) => {
    const cell = page.verdicts[index + "," + clause];
    const item = make("li", index === scenario ? "now" : "", make("span", "name", say(label)));
    if (!cell) return item.append(make("span", "muted", say("no_verdict"))), item;
    const source = document.querySelector(`#verdict-table tr[data-clause="${clause}"] td[data-scenario="${index}"] .chip`);
    item.append(make("span", "row", source.cloneNode(true), make("span", "amount", say(cell.value))));
    if (cell.people !== null) item.append(make("span", "small muted", fill("unserved_people", { n: grouped(cell.people) })));
    if (say(cell.margin)) item.append(make("span", "small muted", say("margin") + " " + say(cell.margin)));
    if (say(cell.reason)) item.append(make("span", "small muted", say(cell.reason)));
    return item;
  });
  const link = make("a", "small", say("to_table"));
  link.href = "#verdicts";
  link.id = "to-table";
  const about = make("div", "about", make("h3", "", say(card.title)), make("p", "small muted", card.name),
    make("dl", "facts", line("limit", say(card.limit)), line("measure", say(card.measure))),
    card.note.en ? make("p", "small muted", say(card.note)) : null, link);
  return [about, make("ul", "verdict-list", ...verdicts)];
}
