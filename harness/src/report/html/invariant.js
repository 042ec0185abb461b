// What invariants came to: the story of one that broke, what is missing of one that cannot be told, and all in a table.

const definition = (scenario, finding) => stackOf(scenario).invariants[finding.name] || {};

/** How one broke: its text, what proves it, and what would have been right. */
function violation(finding, scenario, control) {
  const { text, place } = definition(scenario, finding);
  const link = (seq, ...words) => el("a", { href: anchor(scenario, control, seq), class: "moment" }, ...words);
  const steps = finding.proof.map((proof, i) => el("li", {},
    link(proof.seq, el("span", { class: "when" }, moment(proof.us)), " ", el("span", { class: "seq" }, `#${proof.seq}`)), " ",
    rich(proof.text), i === finding.proof.length - 1 && finding.late_us === null ? el("strong", { class: "said violated" }, " ✗ here it broke") : null));
  if (finding.late_us !== null) {
    steps.push(el("li", {}, el("span", { class: "when" }, moment(finding.late_us)), " ", el("strong", { class: "said violated" }, "✗ the time that is granted had run out")));
  }
  if (finding.right) {
    const from = finding.late_us ?? (finding.proof.length ? finding.proof[finding.proof.length - 1].us : finding.right.us);
    steps.push(el("li", { class: "right" },
      link(finding.right.seq, el("span", { class: "when" }, moment(finding.right.us)), " ", el("span", { class: "seq" }, `#${finding.right.seq}`)), " ",
      rich(finding.right.text), " ", el("strong", { class: "said held" }, `✓ only now it would have been right, ${time(finding.right.us - from)} later`)));
  }
  return el("article", { class: "finding violated" },
    el("h4", {}, badge("violated", finding.name), " ", el("span", { class: "dim" }, `broke for ${whom(finding)}`)),
    text ? el("pre", { class: "source", title: place, tabindex: "0" }, text) : null,
    finding.reason ? el("p", {}, rich(capital(finding.reason)), ".") : null,
    el("p", { class: "label" }, "Proof"),
    el("ol", { class: "proof" }, steps),
    el("dl", { class: "rows" },
      pair("expected", rich(finding.expected)),
      finding.faults.length ? pair("under", finding.faults.map((fault) => el("div", {}, fault))) : null,
      finding.entities.length > 1 ? pair("also", others(finding)) : null,
      finding.sight ? pair("sight", `${finding.sight}: what came and went in between was not seen`) : null),
    plot(finding.measure));
}

function others(finding) {
  const shown = finding.entities.slice(1, 13);
  const more = finding.broken - 1 - shown.length;
  return shown.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

const pair = (name, ...value) => [el("dt", {}, name), el("dd", {}, ...value)];

const capital = (text) => (/^[a-z]/.test(text) ? text[0].toUpperCase() + text.slice(1) : text);

/** Something that is missing, and what would supply it. */
function missing(title, reason, supply, more) {
  return el("article", { class: "finding inconclusive" },
    el("h4", {}, badge("inconclusive", title)),
    more,
    el("dl", { class: "rows" }, pair("missing", rich(reason)), supply ? pair("supply", rich(capital(supply)), ".") : null));
}

function untold(finding, scenario) {
  const { text } = definition(scenario, finding);
  return missing(finding.name, finding.reason || "no reason was given", finding.supply,
    [text ? el("pre", { class: "source", tabindex: "0" }, text) : null, plot(finding.measure)]);
}

/** All invariants that count, the worst first. */
function invariants(run, scenario) {
  if (!run.findings.length) return null;
  const rank = (finding) => (finding.verdict === "inconclusive" && finding.lent ? 4 : VERDICTS.indexOf(finding.verdict));
  const sorted = [...run.findings].sort((a, b) => rank(a) - rank(b));
  const rows = sorted.map((finding) => {
    const { text } = definition(scenario, finding);
    const verdict = finding.lent && finding.verdict === "inconclusive" ? "not witnessed here" : finding.verdict;
    return el("tr", { class: finding.lent ? "lent" : null },
      el("td", {}, badge(finding.verdict, verdict)),
      el("th", { scope: "row" }, finding.name, text ? el("pre", { class: "source" }, withoutKey(text, finding.name)) : null, finding.verdict === "violated" ? null : plot(finding.measure)),
      el("td", { class: "number" }, String(finding.witnesses)),
      el("td", {}, note(finding)));
  });
  const told = VERDICTS.map((one) => [run.findings.filter((f) => f.verdict === one && !(f.lent && one === "inconclusive")).length, one]);
  const lent = run.findings.filter((f) => f.lent && f.verdict === "inconclusive").length;
  const counts = [...told.filter(([n]) => n).map(([n, one]) => `${n} ${one}`), lent ? `${lent} not witnessed here` : null].filter(Boolean);
  return el("details", { class: "fold" },
    el("summary", {}, el("h4", {}, "All invariants"), ` ${counts.join(", ")}`),
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "All invariants" },
      el("table", { class: "invariants" },
        el("thead", {}, el("tr", {}, ["verdict", "invariant", "witnesses", "why, and how well it was seen"].map((name) => el("th", { scope: "col" }, name)))),
        el("tbody", {}, rows))));
}

/** The text of an entry, where its name stands beside it anyway. */
const withoutKey = (text, name) => (text.startsWith(`${name}:`) ? text.slice(name.length + 1).trimStart() : text);

function note(finding) {
  const parts = [];
  if (finding.verdict !== "held" && finding.reason) parts.push(el("div", {}, rich(finding.reason)));
  if (finding.lent && finding.verdict === "inconclusive") parts.push(el("div", { class: "dim" }, "Another scenario of the same invocation may witness it."));
  if (finding.untold && finding.verdict === "held") parts.push(el("div", {}, "It held, but ", rich(finding.untold), "."));
  if (finding.sight) parts.push(el("div", { class: "dim" }, finding.sight));
  return parts;
}
