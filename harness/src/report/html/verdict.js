// The head of the page: what it came to, why, and how to see it again.

const MAX_REASONS = 6;

const SAID = {
  "held": "Every invariant held with a witness, and every fault was felt.",
  "violated": "An invariant broke.",
  "inconclusive": "Nothing broke that was seen, but something that a verdict needs is missing.",
  "environment failed": "The stack could not be brought up or kept up. This says nothing about the product.",
};

function verdict() {
  const [result, sentence] = DATA.matrix ? caught() : [DATA.verdict, SAID[DATA.verdict]];
  document.title = `${result}: shakedown`;
  const head = document.getElementById("verdict");
  head.className = kind(result);
  put(head,
    el("div", { class: "headline" },
      el("h1", {}, el("span", { class: "mark", "aria-hidden": "true" }, MARKS[result]), " ", result),
      el("p", { class: "counts" }, counts())),
    el("p", { class: "sentence" }, sentence),
    why(),
    again(),
    facts(),
  );
}

/** Planted bugs: what they came to. */
function caught() {
  const { mutants, false_alarms: alarms } = DATA.matrix;
  const killed = mutants.filter((mutant) => mutant.killed).length;
  const failed = mutants.some((mutant) => mutant.failed) || DATA.verdict === "environment failed";
  const full = killed === mutants.length && alarms.length === 0;
  const result = full ? DATA.verdict : failed ? "environment failed" : "violated";
  const raised = alarms.length ? `${many(alarms.length, "false alarm")} without a planted bug` : "no false alarm without a planted bug";
  return [result, `${killed} of ${many(mutants.length, "planted bug")} turned an invariant red that was to catch it; ${raised}.`];
}

function counts() {
  const scenarios = judged();
  const each = VERDICTS.map((one) => [scenarios.filter((scenario) => scenario.verdict === one).length, one]);
  const felt = scenarios.flatMap((one) => one.own.faults).reduce((sum, fault) => sum + fault.felt, 0);
  const seen = scenarios.flatMap((one) => one.own.findings).reduce((sum, finding) => sum + finding.witnesses, 0);
  const told = each.filter(([n]) => n).map(([n, one]) => `${n} ${one}`);
  return `${many(scenarios.length, "scenario")}: ${told.join(", ")} · ${many(felt, "fault")} felt · ${many(seen, "witness", "witnesses")}`;
}

/** The reasons, each with a link to its scenario. */
function why() {
  const items = [];
  for (const mutant of DATA.matrix ? DATA.matrix.mutants.filter((one) => !one.killed) : []) {
    items.push(el("li", {}, "The planted bug ", el("code", {}, mutant.name), mutant.failed ? " was not judged: " : " survived: ", rich(mutant.reason)));
  }
  const bad = judged().filter((one) => one.verdict !== "held");
  bad.sort((a, b) => VERDICTS.indexOf(a.verdict) - VERDICTS.indexOf(b.verdict));
  for (const scenario of bad) {
    const [first, ...more] = reasons(scenario);
    items.push(el("li", {},
      el("a", { href: anchor(scenario) }, scenario.scenario), ": ", rich(first || scenario.verdict),
      more.length ? el("span", { class: "dim" }, ` (and ${many(more.length, "more reason")})`) : null));
  }
  for (const one of DATA.not_repeatable) {
    const each = Object.entries(one.verdicts).map(([name, n]) => `${name} ${n} times`);
    items.push(el("li", {}, "Not repeatable: ", one.scenario, ` came to ${each.join(", ")}.`));
  }
  const missing = Object.entries(DATA.unwitnessed);
  for (const [stack, names] of missing) items.push(unwitnessed(stack, names, items.length === 0));
  if (!items.length) return null;
  const shown = items.slice(0, MAX_REASONS);
  const hidden = items.slice(MAX_REASONS);
  return el("div", { class: "why" }, el("h2", {}, "Why"),
    el("ul", {}, shown),
    hidden.length ? el("details", {}, el("summary", {}, `${hidden.length} more`), el("ul", {}, hidden)) : null);
}

function unwitnessed(stack, names, alone) {
  const all = judged().filter((one) => one.stack === stack).flatMap((one) => one.own.findings);
  const reason = (name) => (all.find((one) => one.name === name && one.reason) || {}).reason;
  return el("li", {},
    `No scenario of ${stack} witnessed ${many(names.length, "invariant")}, so nobody knows whether ${names.length === 1 ? "it holds" : "they hold"}. `,
    el("span", { class: "dim" }, "Play a scenario in which each has something to say, or name the invariants that count in the last step."),
    el("details", { open: alone }, el("summary", {}, "Which, and what never came"),
      el("ul", {}, names.map((name) => el("li", {}, el("code", {}, name), ": ", rich(reason(name) || "no reason was given"))))));
}

function again() {
  const bad = judged().filter((one) => one.verdict !== "held");
  const first = VERDICTS.map((one) => bad.find((scenario) => scenario.verdict === one)).find(Boolean);
  const single = first && first.repeat !== DATA.again ? first : null;
  return el("div", { class: "again" },
    single ? [el("h2", {}, `Repeat “${single.scenario}”`), command(single.repeat, "command that repeats this scenario")] : null,
    single ? el("details", {}, el("summary", {}, "Repeat everything"), command(DATA.again, "command that repeats everything"))
      : [el("h2", {}, "Repeat"), command(DATA.again, "command that repeats everything")]);
}

function facts() {
  const began = DATA.began && new Date(DATA.began);
  const all = [
    ["seed", DATA.seed],
    ["runtime", DATA.runtime],
    ["began", began && el("time", { datetime: DATA.began }, `${began.toISOString().slice(0, 19).replace("T", " ")} UTC`)],
    ["took", DATA.took_ms === null ? null : time(DATA.took_ms * 1000)],
    ["exit code", String(DATA.exit_code)],
    ["run", DATA.run],
  ];
  const told = all.filter(([, value]) => value);
  return el("dl", { class: "facts" }, told.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

/** The foot: what wrote this, and what it leaves out. */
function about_page() {
  const { heads, parts, none } = DATA.left_out;
  const left = [];
  if (heads) left.push(`${many(heads, "history", "histories")} without headers and bodies`);
  if (parts) left.push(`${many(parts, "history", "histories")} in part`);
  if (none) left.push(`${many(none, "history", "histories")} not at all`);
  put(document.getElementById("about"),
    left.length ? el("p", { class: "notice" }, `To stay quick to load, this page shows ${left.join(", ")}; what is violated or inconclusive came first. Each scenario names its history.jsonl, which has everything.`) : null,
    el("p", { class: "dim" }, `Written by shakedown ${DATA.version}. This page is one file and asks the network for nothing.`));
}
