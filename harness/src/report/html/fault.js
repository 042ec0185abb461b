// Faults and their receipts: each link of the chain from armed to reached.

const LINKS = [
  ["armed", "the gateway stops for it"],
  ["matched", "its call or moment came by"],
  ["applied", "it was done"],
  ["felt", "the caller saw it"],
  ["reached", "the callee did the work all the same"],
];

/** A chain of counts; the first link that is missing is marked. */
function receipt(fault) {
  const empty = LINKS.find(([name]) => name !== "reached" && fault[name] === 0);
  const gap = !fault.missing ? null : empty ? empty[0] : fault.felt < fault.applied ? "felt" : null;
  return el("ul", { class: "receipt", "aria-label": "receipt" }, LINKS.map(([name, meaning]) =>
    el("li", { class: name === gap ? "gap" : fault[name] ? "there" : "none", title: meaning },
      el("span", {}, name), " ", el("b", {}, String(fault[name])),
      name === gap ? el("span", { class: "said inconclusive" }, " ? missing here") : null)));
}

/** The steps of a scenario, each fault with its receipt. */
function steps(scenario, run) {
  const faults = [...run.faults];
  const receiptOf = (step) => {
    if (step.kind !== "fault") return null;
    const at = faults.findIndex((fault) => fault.text === step.text);
    if (at < 0) return null;
    const [fault] = faults.splice(at, 1);
    return [receipt(fault), fault.missing ? el("p", { class: "gap-words" }, rich(capital(fault.missing)), ".") : null];
  };
  return el("section", { class: "steps" },
    el("h4", {}, "Steps"),
    el("ol", {}, scenario.steps.map((step) => el("li", { class: step.kind },
      el("span", { class: "lineno", title: `${scenario.file}:${step.line}` }, String(step.line)), " ",
      el("span", { class: "words" }, step.keyword ? el("span", { class: "keyword" }, `${step.keyword} `) : null, step.text),
      receiptOf(step)))));
}
