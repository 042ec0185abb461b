// The ground of a timeline: lanes with their names, the axis, phases, and where a service was not there.

function drawLanes(p) {
  const { c, at, colours } = p;
  let odd = false;
  for (const lane of at.lanes.values()) {
    if ((odd = !odd)) {
      c.fillStyle = colours.panel;
      c.fillRect(0, lane.y, at.width, lane.h);
    }
  }
}

function drawGrid(p) {
  const { c, at, colours, view } = p;
  const { step, all } = ticks(view, at.width - at.gutter, at.unit);
  c.strokeStyle = colours.line;
  c.lineWidth = 1;
  c.beginPath();
  for (const us of all) {
    const x = Math.round(p.x(us)) + 0.5;
    c.moveTo(x, at.axis.y + at.axis.h * 0.75);
    c.lineTo(x, at.height);
  }
  c.stroke();
  for (const us of all) p.text(tickWords(us, step), p.x(us), at.axis.mid, colours.dim, { align: "center" });
  // Where the view is in the whole run.
  const whole = (us) => at.gutter + ((us - view.least) / (view.most - view.least)) * (at.width - at.gutter);
  c.fillStyle = colours.line;
  c.fillRect(at.gutter, at.height - 4, at.width - at.gutter, 4);
  c.fillStyle = colours.dim;
  c.fillRect(whole(view.from), at.height - 4, Math.max(3, whole(view.to) - whole(view.from)), 4);
}

function drawPhases(p) {
  const { c, at, colours } = p;
  for (const [from, to, name] of p.history.phases) {
    const [a, b] = [Math.max(p.x(from), at.gutter), Math.min(p.x(to), at.width)];
    if (b < at.gutter || a > at.width) continue;
    c.fillStyle = colours.line;
    c.fillRect(p.x(from), at.phases.y, 1, at.phases.h);
    const words = p.fit(name, b - a - 6);
    if (words) p.text(words, a + 4, at.phases.mid, colours.dim, { size: p.font * 0.92 });
  }
}

/** Where a service was not there to answer. */
function drawDowntimes(p) {
  const { c, at, colours } = p;
  const since = new Map();
  const close = (service, until) => {
    const lane = at.lanes.get(service);
    if (!since.has(service) || !lane) return;
    const [from, state] = since.get(service);
    const [a, b] = [Math.max(p.x(from), at.gutter), Math.min(p.x(until), at.width)];
    if (b - a > 1) {
      c.globalAlpha = 0.5;
      c.fillStyle = colours.line;
      c.fillRect(a, lane.y + 2, b - a, lane.h - 4);
      c.globalAlpha = 1;
      const words = p.fit(state, b - a - 8);
      if (words) p.text(words, a + 4, lane.y + lane.h - p.font * 0.8, colours.dim, { size: p.font * 0.92 });
    }
    since.delete(service);
  };
  p.history.states ||= p.history.events.filter((event) => event.kind === "service");
  for (const event of p.history.states) {
    close(event.service, event.us);
    if (!["ready", "resumed"].includes(event.state)) since.set(event.service, [event.us, event.state]);
  }
  for (const service of [...since.keys()]) close(service, p.history.end);
}

/** The names at the left, over everything. */
function drawNames(p) {
  const { c, at, colours } = p;
  const name = (words, row, bold) => {
    const short = p.fit(words, at.gutter - at.unit * 0.8);
    p.text(short, at.unit * 0.4, row.y + row.h / 2, bold ? colours.text : colours.dim, { bold });
  };
  for (const [words, lane] of at.lanes) name(words, lane, true);
  for (const band of at.bands) name(band.entity.name, band, false);
  if (at.faults.length) p.text("faults", at.unit * 0.4, at.faults[0].y + at.faults[0].h / 2, colours.dim);
  c.fillStyle = colours.line;
  c.fillRect(at.gutter - 1, at.axis.y, 1, at.height);
}
