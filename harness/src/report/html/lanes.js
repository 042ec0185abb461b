// Where everything stands on a timeline: rows from top to bottom, and a view that maps time to pixels.

const WORKLOAD = "workload";
/** So many calls to a service at once have a row of their own within its lane. */
const SLOTS = 3;
const MAX_FAULT_ROWS = 8;
const MAX_BANDS = 8;
/** The shortest time that can fill the width, in microseconds. */
const MIN_SPAN = 200;

/** The names of the lanes: the workload, services as the stack has them, whoever else calls. */
function laneNames(history) {
  const callers = new Set(history.calls.flatMap((call) => [call.from, call.to]));
  const known = [WORKLOAD, ...history.services];
  const others = [...callers].filter((name) => !known.includes(name));
  return [...(callers.has(WORKLOAD) ? [WORKLOAD] : []), ...history.services, ...others];
}

/** Gives each call its row within a lane, and tells it when the next one there begins. */
function arrange(calls) {
  const lanes = new Map();
  let latest = -Infinity;
  for (const call of calls) {
    if (!lanes.has(call.to)) lanes.set(call.to, Array.from({ length: SLOTS }, () => ({ until: -Infinity, last: null })));
    const slots = lanes.get(call.to);
    const free = slots.findIndex((slot) => slot.until <= call.begin);
    const slot = slots[free < 0 ? SLOTS - 1 : free];
    call.slot = slots.indexOf(slot);
    call.next = Infinity;
    if (slot.last) slot.last.next = call.begin;
    slot.last = call;
    slot.until = Math.max(slot.until, call.end);
    latest = Math.max(latest, call.end);
    // The end of all that began so far: where to start looking for what is in sight.
    call.latest = latest;
  }
  return calls;
}

/** The first of these calls that may be in sight from a moment on. */
function firstInSight(calls, from) {
  let [low, high] = [0, calls.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (calls[middle].latest < from) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Rows from top to bottom, in pixels. */
function layout(history, { width, entity, first }) {
  const unit = rem();
  const names = laneNames(history);
  const shown = shownEntities(history, entity, first);
  const longest = Math.max(...[...names, ...shown.map((one) => one.name)].map((name) => name.length), 6);
  const gutter = Math.min(width * 0.28, Math.max(unit * 4.5, longest * unit * 0.46 + unit));
  let y = 0;
  const row = (height) => {
    const at = { y, h: height * unit, mid: y + (height * unit) / 2 };
    y += at.h;
    return at;
  };
  const flags = row(1.35);
  const axis = row(1.4);
  const phases = row(1);
  const faults = history.faults.slice(0, MAX_FAULT_ROWS).map((fault, n) => ({ ...row(1.25), fault, n })).filter((one) => one.fault);
  const busy = new Set(history.calls.map((call) => call.to));
  const lanes = new Map(names.map((name) => [name, row(busy.has(name) ? 2.6 : 1.5)]));
  y += unit * 0.4;
  const bands = shown.map((one) => ({ ...row(entity ? 1.7 : 1.2), entity: one }));
  return { unit, gutter, width, flags, axis, phases, faults, lanes, bands, height: Math.ceil(y + unit * 0.4) };
}

/** The entities that have a band: the one that is followed, or those that matter most. */
function shownEntities(history, entity, first) {
  const lives = history.entities.filter((one) => one.statuses.length || one.happened.length);
  if (entity) return lives.filter((one) => one.name === entity);
  const rank = (one) => (first.includes(one.name) ? first.indexOf(one.name) : first.length);
  return lives.sort((a, b) => rank(a) - rank(b)).slice(0, MAX_BANDS);
}

/** A part of a run on so many pixels. */
class View {
  constructor(history) {
    const length = Math.max(history.end - history.begin, MIN_SPAN);
    Object.assign(this, { least: history.begin - length * 0.02, most: history.end + length * 0.03 });
    this.all();
  }

  get span() {
    return this.to - this.from;
  }

  all() {
    [this.from, this.to] = [this.least, this.most];
  }

  /** Shows from one moment to another, with some room around. */
  show(from, to, room = 0.25) {
    const length = Math.max(to - from, MIN_SPAN * 5);
    this.set(from - length * room, from + length * (1 + room));
  }

  set(from, to) {
    const span = Math.min(Math.max(to - from, MIN_SPAN), this.most - this.least);
    const middle = (from + to) / 2;
    this.from = Math.min(Math.max(middle - span / 2, this.least), this.most - span);
    this.to = this.from + span;
  }

  /** Above 1: closer. The moment `at` stays where it is. */
  zoom(factor, at) {
    const span = Math.min(Math.max(this.span / factor, MIN_SPAN), this.most - this.least);
    const share = (at - this.from) / this.span;
    const from = Math.min(Math.max(at - share * span, this.least), this.most - span);
    [this.from, this.to] = [from, from + span];
  }

  pan(us) {
    this.set(this.from + us, this.to + us);
  }
}

/** Round moments for an axis. */
function ticks(view, pixels, unit) {
  const wanted = (view.span / pixels) * unit * 6;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= wanted) || power * 10;
  const all = [];
  for (let at = Math.ceil(view.from / step) * step; at <= view.to; at += step) all.push(at);
  return { step, all };
}

function tickWords(us, step) {
  if (step < 1000) return `${(us / 1000).toFixed(1)} ms`;
  const digits = Math.max(0, 6 - Math.floor(Math.log10(step)));
  return `${(us / 1e6).toFixed(Math.min(3, digits))} s`;
}
