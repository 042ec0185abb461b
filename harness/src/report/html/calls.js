// Calls on a timeline. Of what would cover the same pixels only one is drawn.

/** Calls closer to each other than this are one mark. */
const MERGE_PX = 2;
const MAX_MARKS = 6000;
const MAX_LABELS = 400;

function drawCalls(p) {
  // Where too many would be drawn, what is near to each other is one.
  let apart = MERGE_PX;
  while (!drawCallsApart(p, apart)) apart *= 2;
}

/** False: they are too many. */
function drawCallsApart(p, apart) {
  const { at, view, calls } = p;
  const last = new Map();
  const hits = [];
  const marks = { fine: [], refused: [], wrong: [], lost: [] };
  const dimmed = { fine: [], refused: [], wrong: [], lost: [] };
  for (let i = firstInSight(calls, view.from); i < calls.length && calls[i].begin <= view.to; i += 1) {
    const call = calls[i];
    const [from, to] = [at.lanes.get(call.from), at.lanes.get(call.to)];
    if (call.end < view.from || !from || !to) continue;
    const [x, done] = [p.x(call.begin), Math.max(p.x(call.done), p.x(call.begin) + 3)];
    const level = grade(call);
    const dim = p.about !== null && !p.about.has(call);
    const key = `${call.from} ${call.to} ${level} ${call.slot} ${call.faults.length > 0} ${dim}`;
    const before = last.get(key);
    if (before && x - before.x < apart && done - before.done < apart) continue;
    if (hits.length >= 2 * MAX_MARKS) return false;
    last.set(key, { x, done });
    const height = (to.h - at.unit * 0.5) / SLOTS;
    const y = to.y + at.unit * 0.25 + call.slot * height;
    const mark = { call, x, done, y, dim, h: height - 2, from: from.mid, down: to.mid > from.mid, back: p.x(call.end) };
    (dim ? dimmed : marks)[level].push(mark);
    hits.push({ seq: call.seq, x0: x - 3, x1: Math.max(done, x + 4) + 2, y0: y - 1, y1: y + height, near: 0 });
    hits.push({ seq: call.seq, x0: x - 3, x1: x + 3, y0: Math.min(from.mid, y), y1: Math.max(from.mid, y), near: 1 });
  }
  p.drawn += hits.length / 2;
  p.hits.push(...hits);
  for (const [level, all] of Object.entries(dimmed)) drawGrade(p, level, all, 0.3);
  for (const [level, all] of Object.entries(marks)) drawGrade(p, level, all, 1);
  return true;
}

/** All calls of one grade: a line from who asks, a bar until the answer, a dashed line back. */
function drawGrade(p, level, marks, alpha) {
  if (!marks.length) return;
  const { c, colours, at } = p;
  const colour = colours[level];
  const edge = (mark) => (mark.down ? mark.y : mark.y + mark.h);
  c.lineWidth = 1;
  c.strokeStyle = colour;
  c.globalAlpha = 0.55 * alpha;
  c.beginPath();
  for (const mark of marks) {
    c.moveTo(mark.x + 0.5, mark.from);
    c.lineTo(mark.x + 0.5, edge(mark));
  }
  c.stroke();
  c.setLineDash([2, 3]);
  c.beginPath();
  for (const mark of marks) {
    if (mark.back - mark.x < 8) continue;
    c.moveTo(mark.back - 0.5, edge(mark));
    c.lineTo(mark.back - 0.5, mark.from);
  }
  c.stroke();
  c.setLineDash([]);
  c.globalAlpha = alpha;
  c.fillStyle = colour;
  c.beginPath();
  for (const mark of marks) {
    // One pixel keeps a bar apart from the next.
    const wide = mark.done - mark.x;
    c.rect(mark.x, mark.y, wide > 5 ? wide - 1 : wide, mark.h);
    c.rect(mark.x - 1.5, mark.from - 1.5, 4, 4);
  }
  // Who got no whole answer has an empty bar.
  if (level === "lost") {
    c.fillStyle = colours.bg;
    c.fill();
    c.stroke();
  } else {
    c.fill();
  }
  c.globalAlpha = 1;
  for (const mark of marks) drawLabel(p, level, mark, at, colours);
}

function drawLabel(p, level, { call, x, done, y, h, dim }, at, colours) {
  const middle = y + h / 2;
  if (call.faults.length) p.diamond(x, middle, h * 0.55, colours.fault);
  if (dim || p.labels >= MAX_LABELS) return;
  const start = Math.max(done, at.gutter) + 4;
  const room = Math.min(p.x(call.next), at.width) - start - 4;
  if (room < at.unit * (level === "fine" ? 3.2 : 0.8) || start > at.width) return;
  const sign = { fine: "", refused: "! ", wrong: "✗ ", lost: "✗ " }[level];
  const long = `${sign}${call.call || call.path.split("?")[0]} · ${call.method} ${outcome(call)} · ${time(call.end - call.begin)}`;
  const brief = `${sign}${call.method} ${outcome(call)} · ${time(call.end - call.begin)}`;
  const size = p.font * 0.9;
  const fits = (words) => words.length * size * 0.55 <= room;
  const words = [long, brief, `${sign}${outcome(call)}`, sign.trim()].find((one) => one && fits(one));
  if (!words) return;
  p.labels += 1;
  p.text(words, start, middle, level === "fine" ? colours.text : colours[level], { size });
}

/** What has one moment only: statements, and the ends of connections without calls. */
function drawPoints(p) {
  const { c, at, colours, history } = p;
  history.points ||= history.events.filter((event) => event.kind === "statement" || event.kind === "stream");
  let before = -Infinity;
  c.lineWidth = 1;
  for (const event of history.points) {
    const x = Math.round(p.x(event.us)) + 0.5;
    const [from, to] = [at.lanes.get(event.from), at.lanes.get(event.to)];
    if (!from || !to || x < at.gutter || x > at.width || x - before < MERGE_PX) continue;
    before = x;
    c.strokeStyle = c.fillStyle = event.kind === "statement" ? colours.fine : colours.dim;
    c.beginPath();
    c.moveTo(x, from.mid);
    c.lineTo(x, to.mid);
    c.stroke();
    c.fillRect(x - 3, to.mid - 3, 6, 6);
    p.drawn += 1;
    p.hits.push({ seq: event.seq, x0: x - 4, x1: x + 4, y0: Math.min(from.mid, to.mid - 4), y1: Math.max(from.mid, to.mid + 4), near: 1 });
  }
}
