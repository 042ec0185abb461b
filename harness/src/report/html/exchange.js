// One event in full; of a call, the whole exchange with headers and bodies.

/** `go`: selects another event. `follow`: follows an entity. */
function details(event, run, { go, follow, stack }) {
  if (!event) return [el("p", { class: "dim" }, "Point at a mark or choose an event: all that is known of it appears here.")];
  const call = event.call;
  const title = call ? `${call.method} ${call.path}` : eventWords(event, run.faults);
  return [
    el("h5", {}, title),
    call ? exchangeRows(call, event, run, go) : el("dl", { class: "rows" }, pair("when", moment(event.us), ` #${event.seq}`), event.source ? pair("source", event.source) : null),
    lessons(event, call),
    entityButtons(event, follow),
    call ? [
      messageBlock("Request", call.request, call),
      messageBlock(`Answer of ${call.to}${call.status ? `: ${call.status}` : ""}`, call.response, call),
      call.told ? messageBlock(`What ${call.from} was told instead: ${call.saw.status}`, call.told, call) : null,
    ] : null,
  ];
}

function exchangeRows(call, event, run, go) {
  const at = (mark, name) => mark && el("button", { type: "button", class: `link${mark[0] === event.seq ? " current" : ""}`, onclick: () => go(mark[0]) }, `${name} ${moment(mark[1])} #${mark[0]}`);
  const faults = [...new Set(call.faults)].map((n) => (run.faults[n] ? run.faults[n].text : `fault ${n + 1}`));
  return el("dl", { class: "rows" },
    pair("link", `${call.from} → ${call.to}:${call.port}`),
    call.call ? pair("call", call.call) : null,
    pair("moments", el("span", { class: "stack" }, at(call.asked, "asked"), at(call.answered, "answered"), at(call.unanswered, "unanswered"), at(call.delivered, "delivered"))),
    call.answered ? pair("took", `${time(call.done - call.begin)} to the answer${call.delivered ? `, ${time(call.end - call.begin)} in all` : ""}`) : null,
    pair("answer", call.answered ? String(call.status) : call.unanswered ? "none: nobody knows whether the work was done" : "none"),
    pair("caller saw", sawWords(call)),
    faults.length ? pair("fault", faults.map((fault) => el("div", { class: "fault" }, "◆ ", fault))) : null);
}

function lessons(event, call) {
  if (!event.learnt.length) return null;
  return el("dl", { class: "rows learnt" }, event.learnt.map((lesson) =>
    pair(lesson.entity.name, lessonWords(lesson), el("span", { class: "dim" }, ` (${lesson.source})`))));
}

function entityButtons(event, follow) {
  const names = [...entitiesOf(event)];
  if (!names.length) return null;
  return el("p", { class: "buttons" }, names.slice(0, 4).map((name) =>
    el("button", { type: "button", onclick: () => follow(name) }, `Follow ${name}`)));
}

function messageBlock(title, message, call) {
  if (!message) return null;
  const size = bytes(message.size);
  if (!message.headers) return el("p", { class: "dim" }, `${title}: a body of ${size}. Headers and bodies are in the history file.`);
  return el("section", { class: "message" },
    el("h6", {}, title),
    el("dl", { class: "headers" }, message.headers.map((header) => {
      const colon = header.indexOf(":", 1);
      return [el("dt", {}, header.slice(0, colon)), el("dd", {}, header.slice(colon + 1).trim())];
    })),
    message.body ? el("pre", { tabindex: "0", "aria-label": `${title}, body` }, pretty(message.body, message.cut)) : null,
    el("p", { class: "dim" }, message.cut ? `The first ${bytes(new Blob([message.body]).size)} of a body of ${size}; the history file has more.` : message.size ? `Body of ${size}.` : "No body."));
}

/** JSON on several lines; everything else as it is. */
function pretty(body, cut) {
  if (cut || !/^\s*[[{]/.test(body)) return body;
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
