// The events as a table, for readers of the screen, of the keyboard, and of text. Only the rows in sight exist.

const SPARE_ROWS = 6;
/** The height of a row, as the style sheet has it. */
const ROW_REM = 1.625;

const SHOWN = [
  ["all", "all events", () => true],
  ["learnt", "what was learnt", (event) => event.learnt.length > 0],
  ["calls", "calls", (event) => event.call !== null && event.kind !== "fault"],
  ["faults", "faults and services", (event) => ["fault", "service", "blind", "phase"].includes(event.kind)],
];

let tables = 0;

/** `select`: an event was chosen. */
class EventTable {
  constructor(history, run, select) {
    Object.assign(this, { number: (tables += 1), history, run, select, rows: history.events, selected: null, entity: null, text: "" });
    this.body = el("div", { class: "rows-body", role: "rowgroup" });
    this.grid = el("div", { class: "events", role: "grid", tabindex: "0", "aria-label": "Events", "aria-colcount": "3" },
      el("div", { role: "rowgroup", class: "heads" }, el("div", { role: "row", class: "row head", "aria-rowindex": "1" },
        ["time", "number", "what happened"].map((name) => el("span", { role: "columnheader" }, name)))),
      this.body);
    this.grid.addEventListener("scroll", () => this.draw());
    this.grid.addEventListener("keydown", (event) => this.key(event));
    this.body.addEventListener("click", (event) => {
      const row = event.target.closest("[data-seq]");
      if (row) this.select(Number(row.dataset.seq));
    });
    this.kind = el("select", { "aria-label": "Which events" }, SHOWN.map(([value, name]) => el("option", { value }, name)));
    this.kind.addEventListener("change", () => this.filter());
    this.search = el("input", { type: "search", placeholder: "words in events", "aria-label": "Only events with these words" });
    this.search.addEventListener("input", () => this.filter());
    this.count = el("span", { class: "dim" });
    this.element = el("section", { class: "event-table", "aria-label": "Events as a table" },
      el("div", { class: "toolbar" }, el("h5", {}, "Events"), this.kind, this.search, this.count), this.grid);
    new ResizeObserver(() => this.draw()).observe(this.grid);
    this.filter();
  }

  get height() {
    return rem() * ROW_REM;
  }

  /** Keeps what is to be shown. */
  filter() {
    const [, , wanted] = SHOWN[this.kind.selectedIndex] || SHOWN[0];
    const text = this.search.value.trim().toLowerCase();
    const entity = this.entity;
    this.rows = this.history.events.filter((event) => wanted(event)
      && (!entity || entitiesOf(event).has(entity))
      && (!text || line(event, this.run.faults).toLowerCase().includes(text)));
    this.count.textContent = many(this.rows.length, "event");
    this.grid.setAttribute("aria-rowcount", this.rows.length + 1);
    this.draw(true);
    this.reveal();
  }

  follow(entity) {
    this.entity = entity;
    this.filter();
  }

  show(seq) {
    this.selected = seq;
    this.reveal();
    this.draw(true);
  }

  /** Scrolls to the chosen event, if it is among those shown. */
  reveal() {
    const at = this.rows.findIndex((event) => event.seq === this.selected);
    if (at < 0) return;
    const top = at * this.height;
    const { scrollTop, clientHeight } = this.grid;
    if (top < scrollTop || top + 3 * this.height > scrollTop + clientHeight) this.grid.scrollTop = top - clientHeight / 3;
  }

  draw(anew) {
    const height = this.height;
    const first = Math.max(0, Math.floor(this.grid.scrollTop / height) - SPARE_ROWS);
    const count = Math.ceil((this.grid.clientHeight || 300) / height) + 2 * SPARE_ROWS;
    if (!anew && first === this.first && count === this.drawn) return;
    Object.assign(this, { first, drawn: count });
    this.body.style.height = `${this.rows.length * ROW_REM}rem`;
    const rows = this.rows.slice(first, first + count).map((event, i) => this.row(event, first + i));
    this.body.replaceChildren(...rows);
    const current = rows.find((row) => row.dataset.seq === String(this.selected));
    if (current) this.grid.setAttribute("aria-activedescendant", current.id);
    else this.grid.removeAttribute("aria-activedescendant");
  }

  row(event, at) {
    const selected = event.seq === this.selected;
    const text = line(event, this.run.faults);
    const row = el("div", { role: "row", id: `row-${this.number}-${event.seq}`, class: `row ${event.kind}`, "data-seq": event.seq, "aria-rowindex": at + 2, "aria-selected": String(selected) },
      el("span", { role: "gridcell", class: "when" }, moment(event.us)),
      el("span", { role: "gridcell", class: "seq" }, `#${event.seq}`),
      el("span", { role: "gridcell", class: "what", title: text }, sign(event), text));
    row.style.top = `${at * ROW_REM}rem`;
    return row;
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.grid.clientHeight / this.height) - 2);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    const step = steps[event.key];
    if (step === undefined || event.ctrlKey || event.metaKey || event.altKey || !this.rows.length) return;
    event.preventDefault();
    const at = this.rows.findIndex((row) => row.seq === this.selected);
    const to = Math.min(this.rows.length - 1, Math.max(0, (at < 0 && step > 0 ? -1 : at) + step));
    this.select(this.rows[to].seq);
  }
}

/** What kind of event it is, as a sign. */
function sign(event) {
  const call = event.call;
  if (event.kind === "fault") return el("span", { class: "sign fault" }, "◆");
  if (call && event.kind === "asked") return el("span", { class: "sign" }, "→");
  if (call) return el("span", { class: `sign ${grade(call)}` }, grade(call) === "fine" ? "←" : grade(call) === "refused" ? "!" : "✗");
  if (event.kind === "observed") return el("span", { class: "sign" }, "○");
  return el("span", { class: "sign" }, "·");
}
