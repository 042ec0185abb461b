// One history as the timeline reads it: events in order, exchanges, entities with their lives, faults with their spans.

const histories = new Map();

/** The history of a run, decoded once; null if the page has none of it. */
function history(run, scenario) {
  const packed = run.history === null ? null : DATA.histories[run.history];
  if (!packed || !packed.events) return null;
  if (!histories.has(packed)) histories.set(packed, decode(packed, stackOf(scenario)));
  return histories.get(packed);
}

const word = (n) => DATA.words[n];

function decode(packed, stack) {
  const exchanges = new Map();
  for (const one of packed.exchanges) exchanges.set(one.x, exchange(one));
  const events = packed.events.map((line) => decodeEvent(line, exchanges));
  const bySeq = new Map(events.map((event) => [event.seq, event]));
  const entities = new Map();
  for (const one of exchanges.values()) {
    for (const [of, id] of Object.entries(one.about)) about(entities, of, id);
  }
  for (const [seq, lessons] of Object.entries(packed.learnt)) {
    const event = bySeq.get(Number(seq));
    event.learnt = lessons.map((lesson) => learn(entities, lesson, event));
  }
  const calls = [...exchanges.values()].filter((one) => one.asked).sort((a, b) => a.begin - b.begin);
  return {
    file: packed.file, total: packed.total, kept: packed.kept, events, bySeq, calls, exchanges,
    entities: [...entities.values()],
    faults: faultSpans(events),
    phases: spans(events.filter((event) => event.kind === "phase").map((event) => [event.us, event.name]), events),
    begin: events.length ? events[0].us : 0,
    end: events.length ? events[events.length - 1].us : 1,
    services: stack.services,
  };
}

function exchange(one) {
  const told = one.delivered || one.answered || one.unanswered;
  const done = one.answered || one.unanswered || one.delivered;
  const begin = (one.asked || done)[1];
  return {
    x: one.x, asked: one.asked, answered: one.answered, unanswered: one.unanswered, delivered: one.delivered,
    from: word(one.from) || "?", to: word(one.to) || "?", port: one.port,
    method: word(one.method) || "", path: word(one.path) || "", call: one.call === undefined ? null : word(one.call),
    about: one.about || {}, status: one.status, saw: one.saw || null,
    request: message(one.request), response: message(one.response), told: message(one.saw && one.saw.told),
    begin, done: done ? done[1] : begin, end: told ? told[1] : begin, seq: (one.asked || done)[0],
    open: !one.delivered, faults: [],
  };
}

function message(packed) {
  if (!packed) return null;
  const [size, headers, body, cut] = packed;
  return { size, headers: headers && headers.map(word), body: body === undefined ? "" : word(body), cut: cut === true };
}

/** What the caller got, in a word. */
function outcome(call) {
  const saw = call.saw;
  if (!saw) return call.answered ? String(call.status) : "no answer";
  if (saw.as === "answer") return String(saw.status);
  if (saw.as === "cut") return `${saw.status}, cut`;
  if (saw.as === "copy") return `${call.status || "no"} (copy)`;
  return saw.as;
}

/** `fine`, `refused` (4xx), `wrong` (5xx) or `lost` (no whole answer). */
function grade(call) {
  const saw = call.saw;
  const status = saw ? saw.status || (saw.as === "copy" ? call.status : 0) : call.status;
  if (!status || (saw && saw.as === "cut")) return "lost";
  return status < 400 ? "fine" : status < 500 ? "refused" : "wrong";
}

const SHAPES = {
  started: [], phase: ["name#"], service: ["service#", "state", "detail"],
  asked: ["x"], answered: ["x"], unanswered: ["x"], delivered: ["x"],
  stream: ["from#", "to#", "port", "sent", "received", "x", "reason", "open"],
  statement: ["from#", "to#", "port", "text#", "outcome"],
  fault: ["fault", "moment", "x"], observed: ["of#", "id#", "source#"],
  blind: ["source#", "blind", "over", "reason#"], misread: ["rule#", "reason#"],
  worked: ["workload#", "n", "accepted", "detail#"],
};

function decodeEvent([kind, seq, us, ...rest], exchanges) {
  const event = { kind, seq, us, learnt: [] };
  (SHAPES[kind] || []).forEach((name, i) => {
    const value = rest[i];
    if (name.endsWith("#")) event[name.slice(0, -1)] = word(value);
    else event[name] = value;
  });
  event.call = event.x === undefined || event.x === null ? null : exchanges.get(event.x) || null;
  if (kind === "fault" && event.call && event.moment === "applied") event.call.faults.push(event.fault);
  return event;
}

function about(entities, of, id) {
  const name = `${of} ${id}`;
  if (!entities.has(name)) entities.set(name, { of, id, name, statuses: [], happened: [] });
  return entities.get(name);
}

function learn(entities, [of, id, source, fields, statuses, happened], event) {
  const entity = about(entities, word(of), word(id));
  for (const status of statuses) entity.statuses.push([event.us, word(status), event.seq]);
  if (happened !== null) entity.happened.push([event.us, word(happened), event.seq]);
  return { entity, source: word(source), fields, statuses: statuses.map(word), event: happened === null ? null : word(happened) };
}

/** Marks that last until the next one, the last until the end: `[from, to, name]`. */
function spans(marks, events) {
  const end = events.length ? events[events.length - 1].us : 0;
  return marks.map(([us, name], i) => [us, i + 1 < marks.length ? marks[i + 1][0] : end, name]);
}

/** By fault: when it was armed, and from when to when it was active. */
function faultSpans(events) {
  const faults = [];
  const end = events.length ? events[events.length - 1].us : 0;
  for (const event of events) {
    if (event.kind !== "fault") continue;
    const fault = (faults[event.fault] ||= { armed: null, ended: null, active: [], moments: [] });
    fault.moments.push(event);
    if (event.moment === "armed") fault.armed ??= event.us;
    const last = fault.active[fault.active.length - 1];
    if (event.moment === "applied" && (!last || last.over)) fault.active.push({ from: event.us, to: end, over: false });
    if (event.moment === "ended") {
      fault.ended = event.us;
      if (last) Object.assign(last, { to: last.over ? last.to : event.us, over: true });
    }
  }
  return faults;
}

/** The entities that an event is about, by name. */
function entitiesOf(event) {
  const names = new Set(event.learnt.map((lesson) => lesson.entity.name));
  if (event.call) for (const [of, id] of Object.entries(event.call.about)) names.add(`${of} ${id}`);
  if (event.kind === "observed") names.add(`${event.of} ${event.id}`);
  return names;
}
