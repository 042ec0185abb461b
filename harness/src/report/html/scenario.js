// One scenario, opened: what broke or is missing, its steps with their receipts, the timeline, and all invariants.

const timelines = new Set();
/** So many violations are told in full at once. */
const MAX_VIOLATIONS = 3;

/** The content of a scenario, and how links find their way in it. */
class Opened {
  constructor(scenario) {
    this.scenario = scenario;
    this.control = decisive(scenario) === scenario.control;
    this.views = new Map();
    this.place = el("div", { class: "run" });
    this.element = el("div", { class: "opened" }, this.switch(), this.place);
    this.show(this.control);
  }

  /** Between the scenario's own run and its control run. */
  switch() {
    const { scenario } = this;
    if (!scenario.control) return null;
    const button = (control, words) => el("button", { type: "button", "data-control": String(control), onclick: () => this.show(control) }, words);
    this.buttons = [button(false, "The run"), button(true, "Control run, without faults")];
    const worse = scenario.control.verdict !== "held" ? el("span", {}, "The control run, the same work without any fault, came to ", badge(scenario.control.verdict),
      scenario.control.verdict === "violated" ? ": no fault was needed." : ".") : el("span", { class: "dim" }, "The control run, the same work without any fault, held.");
    return el("div", { class: "switch" }, el("div", { role: "group", "aria-label": "Which run", class: "pair" }, this.buttons), worse);
  }

  show(control) {
    this.control = control;
    for (const button of this.buttons || []) button.setAttribute("aria-pressed", String(button.dataset.control === String(control)));
    if (!this.views.has(control)) this.views.set(control, runView(this.scenario, control));
    const view = this.views.get(control);
    this.place.replaceChildren(view.element);
    return view;
  }

  jump(control, seq) {
    const { timeline } = this.show(control);
    if (!timeline) return;
    timeline.jump(seq);
    timeline.element.scrollIntoView({ block: "start", behavior: calm() ? "auto" : "smooth" });
    timeline.canvas.focus({ preventScroll: true });
  }
}

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** One run of a scenario. */
function runView(scenario, control) {
  const run = control ? scenario.control : scenario.own;
  const told = history(run, scenario);
  const timeline = told && new Timeline(scenario, run, control, told);
  if (timeline) timelines.add(timeline);
  const element = el("div", {},
    el("div", { class: "columns" }, explanation(scenario, run, control), steps(scenario, run)),
    el("section", { class: "timeline-section", "aria-label": "Timeline" }, el("h4", {}, "Timeline"), kept(run), timeline ? timeline.element : null),
    timeline ? completion(told, scenario) : null,
    invariants(run, scenario),
    notes(run),
    files(scenario, run));
  return { element, timeline };
}

/** What is to be said first: why it is what it is. */
function explanation(scenario, run, control) {
  const parts = [
    run.failure ? failure(run.failure) : null,
    violations(run, scenario, control),
    short(run).map((tally) => el("article", { class: "finding violated" }, el("h4", {}, badge("violated", tally.text)), el("p", {}, `Only ${tally.seen} of ${tally.wanted} did (line ${tally.line}).`))),
    run.verdict === "violated" ? null : gaps(scenario, run),
  ].flat().filter(Boolean);
  const title = { "held": "Why it held", "violated": "What broke", "inconclusive": "What is missing", "environment failed": "What failed" }[run.verdict];
  return el("section", { class: "story" }, el("h4", { class: "unseen" }, title), parts.length ? parts : held(run));
}

/** The first few in full, the others folded. */
function violations(run, scenario, control) {
  const all = broken(run).map((finding) => violation(finding, scenario, control));
  const [shown, more] = [all.slice(0, MAX_VIOLATIONS), all.slice(MAX_VIOLATIONS)];
  return more.length ? [...shown, el("details", {}, el("summary", {}, `${many(more.length, "more invariant")} broke`), more)] : shown;
}

function held(run) {
  const witnessed = run.findings.filter((finding) => finding.witnesses > 0).length;
  const witnesses = run.findings.reduce((sum, finding) => sum + finding.witnesses, 0);
  const felt = run.faults.reduce((sum, fault) => sum + fault.felt, 0);
  return el("article", { class: "finding held" }, el("h4", {}, badge("held")),
    el("p", {}, `${many(witnessed, "invariant")} held, with ${many(witnesses, "witness", "witnesses")}. ${run.faults.length ? `${many(run.faults.length, "fault")}, felt ${many(felt, "time")}.` : "No fault was asked for."}`),
    run.findings.filter((finding) => finding.measure).map((finding) => el("div", {}, el("h5", {}, finding.name), plot(finding.measure))));
}

/** What keeps a run from a verdict. */
function gaps(scenario, run) {
  const faults = run.faults.filter((fault) => fault.missing);
  const told = new Set(faults.map((fault) => `the fault \`${fault.text}\` proves nothing: ${fault.missing}`));
  return [
    faults.map((fault) => missing(fault.text, fault.missing, fault.supply, receipt(fault))),
    run.reasons.filter((reason) => !told.has(reason)).map((reason) => missing("evidence", reason, null, null)),
    undecided(run).map((finding) => untold(finding, scenario)),
  ].flat();
}

function failure({ what, service, last, help }) {
  return el("article", { class: "finding environment" },
    el("h4", {}, badge("environment failed", service || "environment failed")),
    el("p", {}, rich(capital(what)), "."),
    last ? el("pre", { class: "source", tabindex: "0", "aria-label": "the last thing that was seen" }, last) : null,
    help ? el("dl", { class: "rows" }, pair("help", rich(help))) : null);
}

/** What the page has of a history. */
function kept(run) {
  const packed = run.history === null ? null : DATA.histories[run.history];
  if (!packed) return el("p", { class: "notice" }, "Nothing was recorded.");
  const file = el("a", { href: packed.file }, packed.file);
  const says = {
    heads: ["Headers and bodies are left out here, to keep the page quick to load. They are in ", file, "."],
    part: [`Of ${packed.total} events, ${packed.events ? packed.events.length : 0} are shown, those nearest to what matters. All are in `, file, "."],
    none: ["The events are left out here, to keep the page quick to load. They are in ", file, "."],
    unread: ["This is no history with events to draw: ", file, "."],
  }[packed.kept];
  return says ? el("p", { class: "notice" }, says) : null;
}

function notes(run) {
  if (!run.notes.length) return null;
  return el("section", {}, el("h4", {}, "Notes"), el("ul", { class: "notes" }, run.notes.map((one) => el("li", {}, rich(one)))));
}

function files(scenario, run) {
  const packed = run.history === null ? null : DATA.histories[run.history];
  return el("section", { class: "files" }, el("h4", {}, "Repeat"),
    command(scenario.repeat, "command that repeats this scenario"),
    el("p", { class: "dim" }, `${scenario.file}:${scenario.line}`,
      packed ? [" · ", el("a", { href: packed.file }, "history.jsonl")] : null,
      run.logs ? [" · ", el("a", { href: `${run.logs}/` }, "logs")] : null));
}

/** How many entities had which status at each moment. */
function completion(told, scenario) {
  const kinds = stackOf(scenario).entities;
  const plots = Object.entries(kinds).map(([of, { statuses }]) => {
    const lives = told.entities.filter((one) => one.of === of && one.statuses.length);
    return lives.length > 1 && statuses.length ? stacked(of, lives, statuses, told) : null;
  }).filter(Boolean);
  if (!plots.length) return null;
  return el("details", { class: "fold" }, el("summary", {}, el("h4", {}, "Completion"), " how many had come how far, by time"), el("div", { class: "plots" }, plots));
}

function stacked(of, lives, statuses, told) {
  const [width, height, floor] = [460, 190, 160];
  const points = 92;
  const at = (i) => told.begin + ((told.end - told.begin) * i) / points;
  const x = (i) => 8 + (i / points) * (width - 16);
  const statusAt = (life, us) => life.statuses.reduce((last, [since, name]) => (since <= us ? name : last), null);
  const counts = Array.from({ length: points + 1 }, (_, i) => {
    const count = new Map();
    for (const life of lives) {
      const name = statusAt(life, at(i));
      if (name !== null) count.set(name, (count.get(name) || 0) + 1);
    }
    return count;
  });
  const order = [...statuses].reverse();
  const below = (i, n) => order.slice(0, n).reduce((sum, name) => sum + (counts[i].get(name) || 0), 0);
  const y = (n) => floor - (n / lives.length) * (floor - 10);
  const areas = order.map((name, n) => {
    const top = counts.map((_, i) => `${x(i).toFixed(1)},${y(below(i, n + 1)).toFixed(1)}`);
    const bottom = counts.map((_, i) => `${x(i).toFixed(1)},${y(below(i, n)).toFixed(1)}`).reverse();
    return svg("polygon", { class: `s${statuses.indexOf(name) % 8}`, points: [...top, ...bottom].join(" ") }, svg("title", {}, name));
  });
  const last = counts[points];
  const caption = `${of}: at the end ${statuses.filter((name) => last.get(name)).map((name) => `${last.get(name)} ${name}`).join(", ")} of ${lives.length}.`;
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": caption }, areas,
    svg("text", { x: 8, y: floor + 18 }, moment(told.begin)), svg("text", { x: width - 8, y: floor + 18, "text-anchor": "end" }, moment(told.end)));
  const keys = statuses.filter((name) => lives.some((life) => life.statuses.some(([, status]) => status === name)));
  return el("div", { class: "plot" }, figure(picture, caption),
    el("p", { class: "legend" }, keys.map((name) => el("span", { class: "key" }, el("span", { class: `swatch s${statuses.indexOf(name) % 8}`, "aria-hidden": "true" }), name))));
}
