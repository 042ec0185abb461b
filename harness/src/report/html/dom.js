// Elements, and values in words. Everything that a run said is put in as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes (`on...`: listeners) and children; what is null or false is left out. */
function el(name, attributes, ...children) {
  return fill(document.createElement(name), attributes, children);
}

function svg(name, attributes, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Adds children; what is null or false is left out. */
const put = (element, ...children) => fill(element, {}, children);

/** Text in which `words` between backticks are code. */
function rich(text) {
  const parts = String(text ?? "").split("`");
  // An odd one out is no pair.
  if (parts.length % 2 === 0) return [String(text)];
  return parts.map((part, i) => (i % 2 ? el("code", {}, part) : part)).filter((part) => part !== "");
}

/** A moment or a time in microseconds, as exact as a reader needs it. */
function time(us) {
  if (us < 10_000) return `${(us / 1000).toFixed(us < 1000 ? 2 : 1)} ms`;
  if (us < 1_000_000) return `${Math.round(us / 1000)} ms`;
  if (us < 120_000_000) return `${(us / 1e6).toFixed(us < 10_000_000 ? 2 : 1)} s`;
  return `${Math.floor(us / 6e7)} min ${Math.round((us % 6e7) / 1e6)} s`;
}

/** A moment, counted from the beginning of its run. */
const moment = (us) => `+${(us / 1e6).toFixed(3)} s`;

function bytes(n) {
  if (n < 1024) return `${n} B`;
  return n < 1024 * 1024 ? `${(n / 1024).toFixed(1)} KiB` : `${(n / 1024 / 1024).toFixed(1)} MiB`;
}

const many = (n, noun, nouns) => `${n} ${n === 1 ? noun : nouns || `${noun}s`}`;

const MARKS = { "held": "✓", "violated": "✗", "inconclusive": "?", "environment failed": "!" };
/** From the worst to the best. */
const VERDICTS = ["violated", "environment failed", "inconclusive", "held"];

const kind = (verdict) => verdict.split(" ")[0];

/** A verdict as a sign and a word. */
function badge(verdict, word) {
  return el("span", { class: `badge ${kind(verdict)}` },
    el("span", { "aria-hidden": "true", class: "mark" }, MARKS[verdict]), " ", word || verdict);
}

/** A line to copy, with a button that does it. */
function command(text, label) {
  const line = el("code", { class: "line", tabindex: "0", "aria-label": label || "command" }, unbroken(text));
  const button = el("button", { type: "button", class: "copy" }, "Copy");
  button.addEventListener("click", async () => {
    const done = await copied(text, line);
    button.textContent = done ? "Copied" : "Press Ctrl+C";
    announce(done ? "copied" : "selected, press Ctrl+C");
    button.addEventListener("blur", () => (button.textContent = "Copy"), { once: true });
  });
  return el("div", { class: "command" }, line, button);
}

/** A command whose options are not parted from what they are set to, where a line ends. */
function unbroken(command) {
  const [start, ...options] = command.split(/ (?=--)/);
  return [start, options.map((option) => [" ", el("span", { class: "option" }, option)])];
}

async function copied(text, line) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection().selectAllChildren(line);
    return document.execCommand("copy");
  }
}

/** Says something to those who do not see it. */
function announce(text) {
  let live = document.getElementById("live");
  if (!live) {
    live = el("div", { id: "live", class: "unseen", role: "status", "aria-live": "polite" });
    document.body.append(live);
  }
  live.textContent = text;
}

/** The size of text that the reader has chosen, in pixels. */
const rem = () => parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
