// The data of the page, and questions to it.

const DATA = JSON.parse(document.getElementById("data").textContent);

const stackOf = (scenario) => DATA.stacks[scenario.stack] || { services: [], entities: {}, invariants: {} };

/** The name by which links lead to a scenario, its control run, and an event of it. */
const anchor = (scenario, control, seq) =>
  `#s${scenario.id}${control ? "c" : ""}${seq === undefined ? "" : `-e${seq}`}`;

/** What an anchor leads to; null if to nothing of this kind. */
function target(hash) {
  const found = /^#s(\d+)(c?)(?:-e(\d+))?$/.exec(hash);
  if (!found || !DATA.scenarios[found[1]]) return null;
  return { scenario: DATA.scenarios[found[1]], control: found[2] === "c", seq: found[3] && Number(found[3]) };
}

/** The scenarios that make up the verdict; those with planted bugs are another matter where each is to be caught. */
const judged = () => DATA.scenarios.filter((one) => !planted(one));

const planted = (scenario) => DATA.matrix !== null && scenario.mutant !== null;

const worst = (verdicts) => VERDICTS.find((verdict) => verdicts.includes(verdict)) || "held";

/** When an invariant broke. */
const brokeAt = (finding) => finding.late_us ?? (finding.proof.length ? finding.proof[finding.proof.length - 1].us : Infinity);

/** The invariants that broke: what came first explains most. */
function broken(run) {
  const all = run.findings.filter((finding) => finding.verdict === "violated");
  return all.sort((a, b) => brokeAt(a) - brokeAt(b) || (b.right !== null) - (a.right !== null));
}

/** Invariants that keep a run from a verdict: not those that another scenario may witness. */
const undecided = (run) => run.findings.filter((finding) => finding.verdict === "inconclusive" && !finding.lent);

const short = (run) => run.tallies.filter((tally) => tally.seen < tally.wanted);

/** Who broke an invariant: "submission 1 and 9 more". */
function whom(finding) {
  const more = finding.broken - 1;
  return `${finding.entity || "the run"}${more > 0 ? ` and ${more} more` : ""}`;
}

/** The run that decided about a scenario. */
const decisive = (scenario) =>
  scenario.control && scenario.control.verdict !== scenario.own.verdict && scenario.control.verdict === scenario.verdict
    ? scenario.control
    : scenario.own;

/** Why a scenario came to what it did, in one sentence each. */
function reasons(scenario) {
  const run = decisive(scenario);
  const prefix = run === scenario.control ? "control run: " : "";
  const all = [];
  if (run.failure) all.push(run.failure.what);
  for (const finding of broken(run)) all.push(`\`${finding.name}\` broke for ${whom(finding)}: ${finding.reason || ""}`);
  for (const tally of short(run)) all.push(`${tally.text}: only ${tally.seen} did`);
  if (run.verdict !== "violated") {
    for (const finding of undecided(run)) all.push(`cannot tell whether \`${finding.name}\` holds: ${finding.reason || ""}`);
    all.push(...run.reasons);
  }
  return all.map((reason) => prefix + reason);
}

/** All words of a scenario in which one may look for it. */
function searched(scenario) {
  const runs = [scenario.own, scenario.control].filter(Boolean);
  const names = runs.flatMap((run) => run.findings.filter((one) => one.verdict !== "held").map((one) => one.name));
  return [scenario.scenario, scenario.feature, scenario.file, scenario.stack, scenario.mutant, ...scenario.tags,
    ...scenario.steps.map((step) => step.text), ...names].join("\n").toLowerCase();
}
