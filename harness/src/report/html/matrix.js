// Planted bugs, or the rows of the catalogue that they stand for, against scenarios.

const CELLS = {
  killed: ["✓", "killed"], other: ["~", "red, but not what was to catch it"], survived: ["✗", "survived"],
  inconclusive: ["?", "inconclusive"], failed: ["!", "environment failed"], untried: ["·", "not tried"],
};

function matrix() {
  if (!DATA.matrix) return;
  const section = document.getElementById("matrix");
  section.hidden = false;
  const place = el("div");
  const draw = (byRow) => place.replaceChildren(...Object.keys(DATA.matrix.scenarios).map((stack) => matrixOf(stack, byRow)).filter(Boolean));
  const button = (byRow, words) => {
    const one = el("button", { type: "button", "aria-pressed": String(!byRow) }, words);
    one.addEventListener("click", () => {
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === one));
      draw(byRow);
    });
    return one;
  };
  const buttons = [button(false, "Planted bugs"), button(true, "Rows of the catalogue")];
  put(section,
    el("h2", { id: "matrix-title" }, "Planted bugs against scenarios"),
    el("div", { class: "toolbar" }, el("div", { role: "group", "aria-label": "Rows of the table", class: "pair" }, buttons)),
    el("p", { class: "legend" }, Object.entries(CELLS).map(([name, [mark, words]]) => el("span", { class: "key" }, el("span", { class: `cell ${name}`, "aria-hidden": "true" }, mark), words))),
    DATA.matrix.false_alarms.length ? el("ul", { class: "notes" }, DATA.matrix.false_alarms.map((alarm) => el("li", {}, "False alarm without a planted bug: ", rich(alarm)))) : null,
    place);
  draw(false);
}

/** The rows of a table: a name, what became of it, and its cells by column. */
function matrixRows(mutants, byRow) {
  const cells = (mutant) => new Map(mutant.cells.map((cell) => [cell[0], cell]));
  if (!byRow) return mutants.map((one) => ({ name: one.name, more: one.catalogue.join(", "), killed: one.killed, cells: cells(one) }));
  const rows = new Map();
  for (const mutant of mutants) {
    for (const name of mutant.catalogue) {
      const row = rows.get(name) || { name, more: [], killed: true, cells: new Map() };
      row.more.push(mutant.name);
      row.killed &&= mutant.killed;
      for (const [column, cell] of cells(mutant)) {
        const known = row.cells.get(column);
        const order = Object.keys(CELLS);
        if (!known || order.indexOf(cell[1]) < order.indexOf(known[1])) row.cells.set(column, cell);
      }
      rows.set(name, row);
    }
  }
  const key = (name) => [name.replace(/\d.*/, ""), Number(name.replace(/\D/g, ""))];
  const sorted = [...rows.values()].sort((a, b) => key(a.name)[0].localeCompare(key(b.name)[0]) || key(a.name)[1] - key(b.name)[1]);
  return sorted.map((row) => ({ ...row, more: row.more.join(", ") }));
}

function matrixOf(stack, byRow) {
  const mutants = DATA.matrix.mutants.filter((one) => one.stack === stack);
  const columns = DATA.matrix.scenarios[stack];
  const rows = matrixRows(mutants, byRow);
  if (!rows.length) return null;
  const killed = rows.filter((row) => row.killed).length;
  const files = columns.map(([file]) => file.split("/").pop());
  const head = columns.map(([file, line, name], n) => el("th", { scope: "col", class: n && files[n] !== files[n - 1] ? "begins" : null },
    el("abbr", { title: `${name} (${file}:${line})` }, el("span", { "aria-hidden": "true" }, String(n + 1)), el("span", { class: "unseen" }, name))));
  const cell = (row, n) => {
    const [, what, scenario, red] = row.cells.get(n) || [n, "untried", null, []];
    const [mark, words] = CELLS[what];
    const title = `${row.name}, ${columns[n][2]}: ${words}${red.length ? ` (${red.join(", ")})` : ""}`;
    const inside = scenario === null ? el("span", { title }, el("span", { "aria-hidden": "true" }, mark), el("span", { class: "unseen" }, words))
      : el("a", { href: anchor(DATA.scenarios[scenario]), title, "aria-label": title }, mark);
    return el("td", { class: `cell ${what}${n && files[n] !== files[n - 1] ? " begins" : ""}` }, inside);
  };
  return el("section", { class: "matrix-of" },
    el("h3", {}, stack, el("span", { class: "dim" }, ` ${killed} of ${many(rows.length, byRow ? "row" : "planted bug")} killed`)),
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Matrix of ${stack}` },
      el("table", { class: "matrix" },
        el("thead", {}, el("tr", {}, el("th", { scope: "col" }, byRow ? "row" : "bug"), el("th", { scope: "col" }, byRow ? "bugs" : "rows"), head)),
        el("tbody", {}, rows.map((row) => el("tr", { class: row.killed ? "killed" : "survived" },
          el("th", { scope: "row" }, el("span", { class: `said ${row.killed ? "held" : "violated"}` }, row.killed ? "✓ " : "✗ ", el("span", { class: "unseen" }, row.killed ? "killed " : "survived ")), row.name),
          el("td", { class: "dim more" }, row.more),
          columns.map((_, n) => cell(row, n))))))),
    el("details", {}, el("summary", {}, "Scenarios by number"),
      el("ol", { class: "numbered" }, columns.map(([file, line, name]) => el("li", {}, name, el("span", { class: "dim" }, ` ${file}:${line}`))))));
}
