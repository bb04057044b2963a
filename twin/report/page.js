// Start: join the table, the map and the language switch.

function startMap() {
  const data = page.map;
  if (!data) return null;
  data.masks = data.sets.map(readBits);
  const box = document.getElementById("map");
  const clauseField = document.getElementById("map-clause");
  const scenarioField = document.getElementById("map-scenario");
  const views = [...document.querySelectorAll('input[name="view"]')];
  const map = openMap(data, box);
  box.hidden = !map;
  document.getElementById("map-message").hidden = Boolean(map);
  let ready = false;

  /** What the controls say now; before is the baseline whatever scenario is chosen. */
  function state() {
    const view = views.find((each) => each.checked)?.value || "before";
    const scenario = Number(scenarioField.value || 0);
    return { view, clause: Number(clauseField.value || 0), scenario, shown: view === "before" ? 0 : scenario };
  }

  function draw() {
    const { view, clause, scenario, shown } = state();
    const classes = classify(data, view, clause, scenario);
    const hazard = shown > 0 ? data.hazards[shown] || data.base.hazard : data.hazards[0];
    document.getElementById("not-mapped").hidden = Boolean(classes);
    document.getElementById("legend").replaceChildren(...[...tally(data, classes, view)].map(([name, n]) => legendEntry(name, n)));
    document.getElementById("legend-things").replaceChildren(...legendThings(data, clause, shown, hazard));
    document.getElementById("chosen").replaceChildren(...(page.clauses.length ? chosenClause(clause, shown) : []));
    markRow(clause);
    if (!ready) return;
    box.dataset.state = "drawing";
    map.getSource("points").setData(pointFeatures(data, classes));
    map.getSource("facilities").setData(facilityFeatures(map, data, clause, shown));
    map.getSource("closed").setData(data.closed[shown] || NOTHING);
    map.getSource("hazard").setData(hazard || NOTHING);
  }

  for (const field of [clauseField, scenarioField, ...views]) field.addEventListener("change", draw);
  relabel.push(draw);
  if (map) {
    map.on("idle", () => { box.dataset.state = "idle"; });
    map.on("styledata", () => {
      if (ready || !map.getSource("points")) return;
      ready = true;
      startPopups(map);
      draw();
    });
    startPrint(map, data);
  }
  if (page.scenarios.length > 1) views.find((each) => each.value === "difference").checked = true;

  return (clause, scenario) => {
    clauseField.value = String(clause);
    if (scenario === 0 && page.scenarios.length > 1) views.find((each) => each.value === "before").checked = true;
    else if (scenario) {
      scenarioField.value = String(scenario);
      if (state().view === "before") views.find((each) => each.value === "after").checked = true;
    }
    draw();
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    document.getElementById("map-section").scrollIntoView({ behavior: still ? "auto" : "smooth", block: "start" });
  };
}

/** For paper the map is a picture with its labels on it: a canvas is not drawn again at the width of a sheet. */
function startPrint(map, data) {
  const picture = document.getElementById("map-print");
  addEventListener("beforeprint", () => {
    const drawn = map.getCanvas();
    const sheet = document.createElement("canvas");
    [sheet.width, sheet.height] = [drawn.width, drawn.height];
    const ink = sheet.getContext("2d");
    ink.drawImage(drawn, 0, 0);
    const scale = drawn.width / drawn.clientWidth;
    ink.font = `600 ${12 * scale}px "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif`;
    ink.textAlign = "center";
    ink.lineWidth = 3 * scale;
    ink.strokeStyle = "#ffffff";
    ink.fillStyle = "#4b4460";
    for (const label of map.labels || []) {
      const { x, y } = map.project(label.getLngLat());
      ink.strokeText(label.getElement().textContent, x * scale, y * scale);
      ink.fillText(label.getElement().textContent, x * scale, y * scale);
    }
    picture.src = sheet.toDataURL("image/png");
    picture.hidden = false;
  });
  addEventListener("afterprint", () => { picture.hidden = true; });
}

/** What is folded on the screen is not left out on paper; the manifest is, unless its reader opened it. */
function unfoldForPrint() {
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("main > section:not(.manifest) details:not([open])")];
    for (const each of opened) each.open = true;
  });
  addEventListener("afterprint", () => { for (const each of opened) each.open = false; });
}

unfoldForPrint();
const choose = startMap();
startTable(choose);
document.getElementById("chosen")?.addEventListener("click", (event) => {
  if (event.target.id !== "to-table") return;
  event.preventDefault();
  const row = document.querySelector("#verdict-table tr.chosen");
  if (row?.hidden) document.getElementById("filters").reset();
  (row || document.getElementById("verdicts")).scrollIntoView({ block: "center" });
  row?.querySelector("button.pick")?.focus({ preventScroll: true });
});
for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => setLanguage(button.dataset.language));
}
setLanguage(readersLanguage());
