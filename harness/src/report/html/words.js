// Events in words.

const quoted = (value) => (typeof value === "string" ? value : JSON.stringify(value));

/** What an event taught, one line for each entity. */
function lessonWords(lesson) {
  const parts = [
    ...lesson.statuses.map((status) => `status became ${status}`),
    ...Object.entries(lesson.fields).map(([name, value]) => `${name} became ${quoted(value)}`),
  ];
  if (lesson.event) parts.push(lesson.event);
  return parts.join(", ");
}

const callName = (call) => (call.call ? `“${call.call}”` : `${call.method} ${call.path}`);

function sawWords(call) {
  const saw = call.saw;
  if (!saw) return "nothing yet";
  switch (saw.as) {
    case "answer": return `${saw.status}${saw.altered ? ", which is not what was answered" : ""}`;
    case "cut": return `${saw.status} and ${bytes(saw.bytes)} of the body, then the end of the connection`;
    case "copy": return "nothing: the gateway asked once more than the caller did";
    case "reset": return "a reset of its connection";
    case "left": return "nothing: it left before there was an answer";
    case "unreachable": return `a reset: the callee could not be reached (${saw.reason})`;
    default: return saw.as;
  }
}

const STATES = {
  starting: "is being started", ready: "is ready", killed: "is killed", stopped: "is stopped", paused: "stands still",
  resumed: "goes on", exited: "ended by itself",
};

function outcomeWords(outcome) {
  switch (outcome.as) {
    case "passed": return "whatever the database said";
    case "failed": return `the error ${outcome.sqlstate}, made by the gateway`;
    case "skipped": return "an error: a statement before it had failed";
    case "reset": return "a reset of its connection";
    default: return "nothing: the connection ended";
  }
}

/** What happened, without what it taught. `faults`: the faults of the run. */
function eventWords(event, faults) {
  const call = event.call;
  switch (event.kind) {
    case "started": return "the run began";
    case "phase": return `phase: ${event.name}`;
    case "service": return `${event.service} ${STATES[event.state] || event.state}${event.detail ? ` (${event.detail})` : ""}`;
    case "asked": return call ? `${call.from} asks ${call.to}: ${call.method} ${call.path}${call.call ? ` “${call.call}”` : ""}` : "a request";
    case "answered": return call ? `${call.to} answers ${call.status} to ${callName(call)} of ${call.from}, after ${time(call.done - call.begin)}` : "an answer";
    case "unanswered": return call ? `${call.to} gave no whole answer to ${callName(call)}: nobody knows whether it did the work` : "no answer";
    case "delivered": return call ? `${call.from} sees of ${callName(call)}: ${sawWords(call)}` : "an answer was seen";
    case "stream": return `a connection ${event.from} → ${event.to}:${event.port} ${event.open ? "is open to the end" : "ended"}: ${bytes(event.sent)} sent, ${bytes(event.received)} received${event.reason ? `; ${event.reason}` : ""}`;
    case "statement": return `statement ${event.from} → ${event.to}: ${event.text}; its client saw ${outcomeWords(event.outcome)}`;
    case "fault": return `fault ${event.moment}: ${faults[event.fault] ? faults[event.fault].text : `number ${event.fault + 1}`}`;
    case "observed": return `${event.source} sees ${event.of} ${event.id}`;
    case "blind": return `${event.source} could not look for ${time(event.blind)}${event.over ? "" : ", until the end"}: ${event.reason}`;
    case "misread": return `the rule at ${event.rule} could not be applied: ${event.reason}`;
    case "worked": return `workload ${event.workload}, request ${event.n}: ${event.accepted ? "accepted" : "not accepted"} (${event.detail})`;
    default: return event.kind;
  }
}

/** All of it in one line. */
function line(event, faults) {
  const lessons = event.learnt.map((lesson) => `${lesson.entity.name}: ${lessonWords(lesson)}`);
  if (event.kind === "observed" && lessons.length) return `${lessons.join("; ")} (${event.source})`;
  return [...lessons, eventWords(event, faults)].join(" — ");
}
