// The verdict table: filters with a live count, and rows that choose the clause of the map.

const rows = [...document.querySelectorAll("#verdict-table tbody tr")];
const searched = new Map(rows.map((row) => [row, row.textContent.toLowerCase().replace(/\s+/g, " ")]));

function startTable(choose) {
  const form = document.getElementById("filters");
  if (!form) return;
  const field = (name) => document.getElementById("f-" + name);

  /** Whether a row passes every filter that is set. */
  function passes(row) {
    const statuses = [...row.querySelectorAll("[data-status]")].map((cell) => cell.dataset.status);
    const words = field("text").value.toLowerCase().split(/\s+/).filter(Boolean);
    return (
      words.every((word) => searched.get(row).includes(word)) &&
      (!field("standard").value || row.dataset.standard === field("standard").value) &&
      (!field("domain").value || row.dataset.domains.split(" ").includes(field("domain").value)) &&
      (!field("status").value || statuses.includes(field("status").value)) &&
      (!field("strength").value || row.dataset.strength === field("strength").value) &&
      (!field("changes").checked || row.dataset.changes === "1")
    );
  }

  function apply() {
    let shown = 0;
    for (const row of rows) {
      row.hidden = !passes(row);
      shown += row.hidden ? 0 : 1;
    }
    document.getElementById("row-count").textContent = fill("rows_shown", { n: shown, total: rows.length });
    document.getElementById("none-shown").hidden = shown > 0;
    document.getElementById("f-reset").hidden = shown === rows.length;
  }

  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply)); // the fields are cleared after this event
  relabel.push(apply);
  if (choose) startRows(choose);
}

/** A click on a row, or its button by keyboard, chooses the clause; a click on a verdict its scenario too. */
function startRows(choose) {
  document.getElementById("verdict-table").addEventListener("click", (event) => {
    const row = event.target.closest("tbody tr");
    if (!row || String(getSelection())) return; // selecting text to copy is no choice
    const cell = event.target.closest("td.cell");
    choose(Number(row.dataset.clause), cell ? Number(cell.dataset.scenario) : null);
  });
}

/** Mark the row of the clause that the map shows. */
function markRow(clause) {
  for (const row of rows) {
    const chosen = Number(row.dataset.clause) === clause;
    row.classList.toggle("chosen", chosen);
    row.querySelector("button.pick")?.setAttribute("aria-pressed", String(chosen));
  }
}
