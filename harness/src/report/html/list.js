// The list of scenarios with its filters.

class ScenarioList {
  constructor() {
    this.rows = new Map();
    this.on = new Set(VERDICTS);
    this.stack = "";
    this.text = "";
    const stacks = [...new Set(DATA.scenarios.map((one) => one.stack))];
    this.count = el("p", { class: "dim", role: "status" });
    this.none = el("p", { class: "notice", hidden: true }, "No scenario passes these filters.");
    this.list = el("ol", { class: "scenarios" }, sorted().map((scenario) => this.row(scenario)));
    put(document.getElementById("scenarios"),
      el("h2", { id: "scenarios-title" }, "Scenarios"),
      DATA.scenarios.length > 1 ? this.filters(stacks) : null, this.count, this.none, this.list);
    this.filter();
  }

  filters(stacks) {
    const verdicts = VERDICTS.map((verdict) => [verdict, DATA.scenarios.filter((one) => one.verdict === verdict).length]).filter(([, n]) => n);
    const boxes = verdicts.map(([verdict, n]) => {
      const box = el("input", { type: "checkbox", checked: true, value: verdict });
      box.addEventListener("change", () => {
        if (box.checked) this.on.add(verdict);
        else this.on.delete(verdict);
        this.filter();
      });
      return el("label", { class: "check" }, box, " ", badge(verdict), ` ${n}`);
    });
    const system = el("select", {}, el("option", { value: "" }, "all systems"), stacks.map((name) => el("option", {}, name)));
    system.addEventListener("change", () => {
      this.stack = system.value;
      this.filter();
    });
    const text = el("input", { type: "search", placeholder: "scenario, step, invariant", autocomplete: "off" });
    text.addEventListener("input", () => {
      this.text = text.value.trim().toLowerCase();
      this.filter();
    });
    return el("form", { class: "filters", role: "search", "aria-label": "Filter scenarios", onsubmit: (event) => event.preventDefault() },
      el("fieldset", {}, el("legend", { class: "unseen" }, "Verdicts"), boxes),
      stacks.length > 1 ? el("label", {}, "System ", system) : null,
      el("label", {}, "Text ", text));
  }

  filter() {
    let shown = 0;
    for (const scenario of DATA.scenarios) {
      const fits = this.on.has(scenario.verdict) && (!this.stack || scenario.stack === this.stack)
        && (!this.text || (scenario.searched ||= searched(scenario)).includes(this.text));
      this.rows.get(scenario.id).element.hidden = !fits;
      shown += fits ? 1 : 0;
    }
    this.none.hidden = shown > 0;
    this.count.textContent = shown === DATA.scenarios.length ? many(shown, "scenario") : `${shown} of ${many(DATA.scenarios.length, "scenario")}`;
  }

  row(scenario) {
    const body = el("div", { class: "body", id: `body-${scenario.id}`, hidden: true });
    const button = el("button", { type: "button", "aria-expanded": "false", "aria-controls": body.id },
      badge(scenario.verdict), el("span", { class: "name" }, scenario.scenario,
        scenario.mutant ? el("span", { class: "tag" }, `bug: ${scenario.mutant}`) : null,
        scenario.round > 1 ? el("span", { class: "tag" }, `round ${scenario.round}`) : null),
      el("span", { class: "where dim" }, scenario.stack, " · ", `${scenario.file.split("/").pop()}:${scenario.line}`),
      el("span", { class: "took dim" }, time(scenario.own.took_ms * 1000)));
    button.addEventListener("click", () => this.toggle(scenario));
    const element = el("li", { id: `s${scenario.id}`, class: `scenario ${kind(scenario.verdict)}` }, el("h3", {}, button), body);
    this.rows.set(scenario.id, { element, button, body, opened: null });
    return element;
  }

  toggle(scenario) {
    const { body, button } = this.rows.get(scenario.id);
    if (body.hidden) this.open(scenario);
    else {
      body.hidden = true;
      button.setAttribute("aria-expanded", "false");
    }
  }

  open(scenario) {
    const row = this.rows.get(scenario.id);
    row.body.hidden = false;
    row.button.setAttribute("aria-expanded", "true");
    if (!row.opened) {
      row.opened = new Opened(scenario);
      row.body.append(row.opened.element);
    }
    return row;
  }

  /** Follows a link. */
  visit({ scenario, control, seq }) {
    const row = this.open(scenario);
    row.element.hidden = false;
    if (seq !== undefined) row.opened.jump(control, seq);
    else {
      if (control) row.opened.show(true);
      row.element.scrollIntoView({ block: "start" });
      row.button.focus({ preventScroll: true });
    }
  }
}

/** The worst first; those with planted bugs last, where each is to be caught. */
function sorted() {
  const rank = (one) => (planted(one) ? 10 : 0) + VERDICTS.indexOf(one.verdict);
  return [...DATA.scenarios].sort((a, b) => rank(a) - rank(b));
}
