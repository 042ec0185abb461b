// The tools over a timeline, and the legend below it.

/** So many entities are offered to be followed. */
const MAX_OFFERED = 1000;

const KEYS = "Arrow keys go from event to event, up and down zoom, Shift with an arrow moves, 0 shows the whole run, v the violation, f follows the entity, Enter reads the details.";

/** What to follow, which violation is explained, and buttons to zoom. */
function tools(timeline) {
  const names = timeline.history.entities.map((one) => one.name);
  const first = timeline.first().filter((name) => names.includes(name));
  const offered = [...new Set([...first, ...names])].slice(0, MAX_OFFERED);
  timeline.chooser = el("select", {}, el("option", { value: "" }, "everything"), offered.map((name) => el("option", { value: name }, name)));
  timeline.chooser.addEventListener("change", () => timeline.follow(timeline.chooser.value || null));
  const button = (words, label, act) => el("button", { type: "button", "aria-label": label, title: label, onclick: act }, words);
  const findings = timeline.findings.length > 1 ? el("select", { "aria-label": "Violation" }, timeline.findings.map((one) => el("option", {}, one.name))) : null;
  if (findings) findings.addEventListener("change", () => timeline.explain(timeline.findings[findings.selectedIndex]));
  timeline.findingChooser = findings;
  return el("div", { class: "toolbar" },
    el("label", {}, "Follow ", timeline.chooser),
    findings ? el("label", {}, "Violation ", findings) : null,
    el("span", { class: "spread" }),
    button("−", "Zoom out", () => timeline.zoomIn(1 / KEY_ZOOM)), button("+", "Zoom in", () => timeline.zoomIn(KEY_ZOOM)),
    button("Whole run", "Show the whole run", () => timeline.whole()),
    timeline.finding ? button("The violation", "Show the violation", () => timeline.violation()) : null);
}

/** What the marks mean. */
function legend(timeline) {
  const kinds = Object.entries(timeline.statuses).filter(([of, one]) => one.statuses.length && timeline.history.entities.some((entity) => entity.of === of));
  const item = (name, words) => el("span", { class: "key" }, el("span", { class: `swatch ${name}`, "aria-hidden": "true" }), words);
  return el("div", { class: "legend" },
    el("p", {}, item("fine", "a call: a bar from request to answer"), item("refused", "! 4xx"), item("wrong", "✗ 5xx"), item("lost", "✗ no whole answer"),
      item("fault", "◆ a fault; shaded while it is active"), item("event", "▼ something happened")),
    kinds.map(([of, one]) => el("p", {}, `${of}: `, one.statuses.map((status, n) => item(`s${n % 8}`, status)))),
    el("p", { class: "dim keys", id: timeline.keys }, "Drag to move. Ctrl and wheel, or pinch, to zoom; after a click the wheel alone zooms. ", KEYS));
}
