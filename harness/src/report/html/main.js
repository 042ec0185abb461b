// Puts the page together, and follows links into it.

verdict();
matrix();
const list = new ScenarioList();
about_page();

function visit() {
  const found = target(location.hash);
  if (found) list.visit(found);
}

addEventListener("hashchange", visit);
// A link that is followed twice leads there twice.
addEventListener("click", (event) => {
  const link = event.target.closest && event.target.closest('a[href^="#s"]');
  if (link && link.getAttribute("href") === location.hash) visit();
});

/** Everything that is drawn is drawn anew: colours are others. */
function redraw() {
  for (const timeline of timelines) {
    timeline.stale = true;
    timeline.paint();
  }
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
addEventListener("beforeprint", () => {
  document.documentElement.classList.add("printing");
  redraw();
});
addEventListener("afterprint", () => {
  document.documentElement.classList.remove("printing");
  redraw();
});

if (target(location.hash)) visit();
else {
  // What is to be explained is open already.
  const [first] = sorted();
  if (first && (DATA.scenarios.length === 1 || (!planted(first) && first.verdict !== "held"))) list.open(first);
}
